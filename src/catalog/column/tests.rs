//! Tests that the column indexes name the columns they stand for.

use crate::catalog::Table;
use crate::catalog::tables::WATCHED_TABLES;

/// What the file says: table name, then its columns with their indexes.
fn written() -> Vec<(String, Vec<(String, usize)>)> {
    let mut tables: Vec<(String, Vec<(String, usize)>)> = Vec::new();
    for line in include_str!("../column.rs").lines() {
        let name = line.trim().strip_prefix("/// `").and_then(|rest| rest.strip_suffix("`."));
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
    let listed: Vec<(String, Vec<(String, usize)>)> = WATCHED_TABLES
        .iter()
        .map(|table| {
            let columns = table.columns.iter().enumerate();
            let columns = columns.map(|(index, column)| (column.name.to_owned(), index));
            (table.name.to_owned(), columns.collect())
        })
        .collect();
    assert_eq!(written(), listed);
}

#[test]
fn every_table_finds_its_own_entry_in_the_list() {
    assert_eq!(Table::ALL.len(), WATCHED_TABLES.len());
    for (number, table) in Table::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(table.id().0), number, "{table:?}");
        assert_eq!(Table::from_id(table.id()), Some(table));
        let watched = table.watched();
        assert!(watched.chunk_column < watched.columns.len(), "{}", watched.name);
        assert!(matches!(watched.primary_key.len(), 1 | 2), "{}", watched.name);
    }
}
