//! The foreign keys by which the server deletes rows of watched tables together with others.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{TableColumns, TableId, Watch};
use crate::source::params::quoted;
use crate::source::{Connection, SourceError};

/// A foreign key with ON DELETE CASCADE from one watched table to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cascade {
    /// The table whose rows go with those that they refer to.
    pub child: TableId,
    /// The watched column of `child` that refers.
    pub column: &'static str,
    /// The table that is referred to.
    pub parent: TableId,
}

/// The foreign keys of the watched tables whose definitions could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cascades {
    /// The tables that were there.
    pub tables: BTreeSet<TableId>,
    /// Their foreign keys.
    pub keys: BTreeSet<Cascade>,
}

/// The foreign keys that the watched tables have now. `information_schema` shows them only to
/// accounts that may do more than read, so the definitions of the tables that are there are asked for.
///
/// # Errors
/// A definition can't be read.
pub async fn cascades(
    conn: &mut Connection,
    watch: &Watch,
    there: &BTreeMap<TableId, TableColumns>,
) -> Result<Cascades, SourceError> {
    let mut found = Cascades::default();
    for (id, table) in watch.tables().filter(|(id, _)| there.contains_key(id)) {
        let name = format!("{}.{}", quoted(&watch.schema), quoted(&watch.full_name(table)));
        let sql = format!("SHOW CREATE TABLE {name}");
        let rows = match conn.rows("read the watched tables' foreign keys", &sql).await {
            Ok(rows) => rows,
            // It went a moment ago.
            Err(error) if error.is_no_such_table() => continue,
            Err(error) => return Err(error),
        };
        let text = rows.first().and_then(|row| row.at(1)).unwrap_or_default();
        found.tables.insert(id);
        found.keys.extend(text.lines().filter_map(|line| cascade(watch, id, line)));
    }
    Ok(found)
}

/// The foreign key that a line of a definition is about.
fn cascade(watch: &Watch, child: TableId, line: &str) -> Option<Cascade> {
    let (_, key) = line.split_once("FOREIGN KEY")?;
    let quotes: &[char] = &['`', '"'];
    // Names stand between quotes: the column, the table and its column.
    let mut parts = key.split(quotes);
    let (column, parent) = (parts.nth(1)?, parts.nth(1)?);
    let rules = parts.nth(2)?.to_ascii_uppercase();
    let is_one_column = parts.next().is_none();
    if !is_one_column || !rules.contains("ON DELETE CASCADE") {
        return None;
    }
    let is_column = |name: &&str| name.eq_ignore_ascii_case(column);
    let column = watch.table(child)?.columns.iter().map(|column| column.name).find(is_column)?;
    let mut tables = watch.tables();
    let (parent, _) = tables.find(|(_, it)| watch.full_name(it).eq_ignore_ascii_case(parent))?;
    Some(Cascade { child, column, parent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{ColumnKind, TableLayout, WatchedColumn, WatchedTable};

    const fn table(name: &'static str, columns: &'static [WatchedColumn]) -> WatchedTable {
        let primary_key = &[0];
        WatchedTable { name, columns, chunk_column: 0, primary_key, optional: false, layout: None }
    }

    static TABLES: [WatchedTable; 2] = [
        table("store", &[WatchedColumn { name: "store_id", kind: ColumnKind::Int }]),
        table(
            "label",
            &[
                WatchedColumn { name: "label_id", kind: ColumnKind::Int },
                WatchedColumn { name: "store_id", kind: ColumnKind::Int },
            ],
        ),
    ];

    fn read(line: &str) -> Option<Cascade> {
        let (schema, table_prefix) = ("shop".to_owned(), "m2_".to_owned());
        let watch = Watch { schema, table_prefix, tables: &TABLES, layout: TableLayout::Plain };
        cascade(&watch, TableId(1), line)
    }

    #[test]
    fn cascading_key_between_watched_tables_is_found() {
        let key = Cascade { child: TableId(1), column: "store_id", parent: TableId(0) };
        for line in [
            "  CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `m2_store` (`store_id`) ON DELETE \
             CASCADE,",
            "CONSTRAINT \"a\" FOREIGN KEY (\"store_id\") REFERENCES \"M2_STORE\" (\"store_id\") ON \
             DELETE CASCADE ON UPDATE CASCADE",
        ] {
            assert_eq!(read(line), Some(key), "{line}");
        }
    }

    #[test]
    fn other_lines_are_no_cascading_key() {
        for line in [
            "  KEY `store_id` (`store_id`),",
            "CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `m2_store` (`store_id`)",
            "CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `m2_store` (`store_id`) ON DELETE SET \
             NULL",
            "CONSTRAINT `a` FOREIGN KEY (`other`) REFERENCES `m2_store` (`store_id`) ON DELETE CASCADE",
            "CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `store` (`store_id`) ON DELETE CASCADE",
            "CONSTRAINT `a` FOREIGN KEY (`store_id`, `b`) REFERENCES `m2_store` (`store_id`, `b`) ON \
             DELETE CASCADE",
            "CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `x`.`m2_store` (`store_id`) ON DELETE \
             CASCADE",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
