//! The tables of the fixture shops as their SQL defines them, for tests: what the watched tables and
//! the foreign keys between them are held to.

use std::collections::BTreeMap;

use crate::decode::TableLayout;

/// A table of the fixture shop.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableDefinition {
    /// Its columns, in order.
    pub(crate) columns: Vec<String>,
    /// The columns of its primary key.
    pub(crate) primary_key: Vec<String>,
    /// The columns of each of its unique keys.
    pub(crate) unique_keys: Vec<Vec<String>>,
    /// Its foreign keys with ON DELETE CASCADE: column, parent table, column of the parent.
    pub(crate) cascades: Vec<(String, String, String)>,
}

/// The tables of the fixture shop of this layout, by name.
pub(crate) fn tables(layout: TableLayout) -> BTreeMap<String, TableDefinition> {
    let sql = match layout {
        TableLayout::Plain => include_str!("../../fixtures/shop/schema-opensource.sql"),
        TableLayout::Staged => include_str!("../../fixtures/shop/schema-commerce.sql"),
    };
    let mut tables = BTreeMap::new();
    for statement in sql.split("CREATE TABLE ").skip(1) {
        let mut lines = statement.lines();
        let name = quoted(lines.next().unwrap()).remove(0);
        let mut table = TableDefinition::default();
        for line in lines.map(str::trim).take_while(|line| !line.starts_with(')')) {
            let mut names = quoted(line);
            if line.starts_with('`') {
                table.columns.push(names.remove(0));
            } else if line.starts_with("PRIMARY KEY") {
                table.primary_key = names;
            } else if line.starts_with("UNIQUE KEY") {
                table.unique_keys.push(names);
            } else if line.starts_with("FOREIGN KEY") {
                assert!(line.contains("ON DELETE CASCADE"), "{name}: {line}");
                let [column, parent, key] = names.try_into().unwrap();
                table.cascades.push((column, parent, key));
            }
        }
        tables.insert(name, table);
    }
    tables
}

/// The names between backticks.
fn quoted(line: &str) -> Vec<String> {
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
