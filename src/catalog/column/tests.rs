//! Tests that the column indexes name the columns they stand for.

use crate::catalog::Table;
use crate::decode::TableLayout;

const FILES: [&str; 4] = [
    include_str!("../column.rs"),
    include_str!("categories.rs"),
    include_str!("composites.rs"),
    include_str!("inventory.rs"),
];

/// What the files say: table name, then its columns with their indexes.
fn written() -> Vec<(String, Vec<(String, usize)>)> {
    let mut tables: Vec<(String, Vec<(String, usize)>)> = Vec::new();
    for line in FILES.into_iter().flat_map(str::lines) {
        let name = line
            .trim()
            .strip_prefix("/// `")
            .and_then(|rest| rest.strip_suffix("`.").or_else(|| rest.strip_suffix("`, staged.")));
        match name {
            Some(name) if line.starts_with("///") => tables.push((name.to_owned(), Vec::new())),
            Some(name) => tables.last_mut().unwrap().1.push((name.to_owned(), usize::MAX)),
            None => {}
        }
        if let Some((constant, index)) = line
            .trim()
            .strip_prefix("pub const ")
            .and_then(|rest| rest.strip_suffix(';').and_then(|rest| rest.split_once(": usize = ")))
        {
            let column = tables.last_mut().unwrap().1.last_mut().unwrap();
            assert_eq!(constant, column.0.to_uppercase(), "a constant is named after its column");
            column.1 = index.parse().unwrap();
        }
    }
    tables
}

#[test]
fn every_index_stands_for_the_column_it_names() {
    // The other staged tables are read by their twins' indexes.
    let has_own = |table: &&Table| {
        table.watched().layout != Some(TableLayout::Staged)
            || matches!(table, Table::StagedProductEntity | Table::StagedCategoryEntity)
            || table.name().starts_with("sequence_")
    };
    let mut listed: Vec<(String, Vec<(String, usize)>)> = Table::ALL
        .iter()
        .filter(has_own)
        .map(|table| {
            let table = table.watched();
            let columns = table.columns.iter().enumerate();
            let columns = columns.map(|(index, column)| (column.name.to_owned(), index));
            (table.name.to_owned(), columns.collect())
        })
        .collect();
    let mut written = written();
    written.sort();
    listed.sort();
    assert_eq!(written, listed);
}
