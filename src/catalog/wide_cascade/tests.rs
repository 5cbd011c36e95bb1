//! Every foreign key, and walks that are broken off.

use serde_json::json;

use super::*;
use crate::catalog::database::{Database, absorb, cascades, exact_references};
use crate::catalog::random_rows::inserted;
use crate::catalog::{MemoryCatalog, RowKey, fold};
use crate::decode::{ColumnKind, Row, RowChange, TableLayout, Value};

const LAYOUTS: [TableLayout; 2] = [TableLayout::Plain, TableLayout::Staged];

fn copy_of(database: &Database) -> MemoryCatalog {
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &database.snapshot(), FoldMode::GateOpen);
    catalog
}

fn shop(layout: TableLayout) -> Database {
    match layout {
        TableLayout::Plain => Database::small_shop(),
        TableLayout::Staged => Database::staged_shop(),
    }
}

/// A row whose key and owner columns hold `key`, one column `id`, and the others nothing.
fn row(table: Table, key: i128, (column, id): (usize, i128)) -> Row {
    let watched = table.watched();
    let is_key = |at: usize| watched.primary_key.contains(&at) || at == watched.chunk_column;
    let of = |at: usize, id: i128| match watched.columns[at].kind {
        ColumnKind::Text => Value::Text(format!("code {id}")),
        ColumnKind::Int | ColumnKind::Decimal | ColumnKind::Temporal | ColumnKind::Float => {
            Value::Int(id)
        }
    };
    let cell = |at: usize| if is_key(at) { of(at, key) } else { Value::Null };
    let mut row: Row = (0..watched.columns.len()).map(cell).collect();
    row[column] = of(column, id);
    row
}

fn deleted(table: Table, row: &Row, cascades: bool) -> RowChange {
    RowChange { table: table.id(), before: Some(row.clone()), after: None, cascades }
}

#[test]
fn every_foreign_key_takes_its_rows_along_logged_or_not_and_none_without_foreign_key_checks() {
    let mut checked = 0;
    for layout in LAYOUTS {
        for (child, column, parent) in cascades(layout) {
            let key = parent.watched().primary_key[0];
            let gone = row(parent, 9, (key, 9));
            let (goes, stays) = (row(child, 7, (column, 9)), row(child, 6, (column, 8)));
            let mut before = MemoryCatalog::default();
            let rows = [(parent, &gone), (child, &goes), (child, &stays)];
            let rows = rows.map(|(table, row)| inserted(table, row.clone()));
            absorb(&mut before, &rows, FoldMode::GateOpen);
            let mut expected = MemoryCatalog::default();
            absorb(&mut expected, &rows[2..], FoldMode::GateOpen);

            let at = format!("{layout:?}: {child:?} column {column} to {parent:?}");
            let parent_row = deleted(parent, &gone, true);
            let mut unlogged = before.clone();
            absorb(&mut unlogged, std::slice::from_ref(&parent_row), FoldMode::GateOpen);
            assert_eq!(unlogged, expected, "{at}");

            let mut logged = before.clone();
            let changes = [deleted(child, &goes, true), parent_row];
            absorb(&mut logged, &changes, FoldMode::GateClosed);
            assert_eq!(logged, expected, "{at}, logged");

            let mut unchecked = before;
            absorb(&mut unchecked, &[deleted(parent, &gone, false)], FoldMode::GateOpen);
            absorb(&mut expected, &rows[1..], FoldMode::GateOpen);
            assert_eq!(unchecked, expected, "{at}, without checks");
            checked += 1;
        }
    }
    assert_eq!(checked, 190);
}

#[test]
fn every_row_of_a_shop_goes_with_what_refers_to_it_however_far_down() {
    for layout in LAYOUTS {
        let full = shop(layout);
        let copy = copy_of(&full);
        let parents: BTreeSet<Table> = cascades(layout).iter().map(|(.., it)| *it).collect();
        for parent in parents {
            let keys: Vec<RowKey> = full.of(parent).map(|(key, _)| key).collect();
            assert!(!keys.is_empty(), "{parent:?}");
            for key in keys {
                for logs_cascades in [false, true] {
                    let mut database = full.clone();
                    database.logs_cascades = logs_cascades;
                    let changes = database.delete(parent, key);
                    assert!(logs_cascades || changes.len() == 1);
                    let mut catalog = copy.clone();
                    absorb(&mut catalog, &changes, FoldMode::GateOpen);
                    assert_eq!(catalog.sheets, copy_of(&database).sheets, "{parent:?} {key:?}");
                    let (held, expected) = (exact_references(&catalog), copy_of(&database));
                    assert_eq!(held, exact_references(&expected), "{parent:?} {key:?}");
                }
            }
        }
    }
}

#[test]
fn walk_that_is_broken_off_anywhere_ends_alike_when_the_delete_is_absorbed_again() {
    for layout in LAYOUTS {
        for parent in [Table::StoreWebsite, Table::EavEntityType, Table::EavAttribute] {
            let mut database = shop(layout);
            let start = copy_of(&database);
            let (key, _) = database.of(parent).last().unwrap();
            let changes = database.delete(parent, key);
            let expected = copy_of(&database).sheets;
            for pages in 0.. {
                let mut catalog = start.clone();
                let edits = fold(&changes, &catalog, FoldMode::GateOpen).unwrap();
                edits.apply_to(&mut catalog);
                let cascade = wide_cascade(&changes[0], &catalog).unwrap().unwrap();
                let mut after = None;
                for _ in 0..pages {
                    let page = cascade.page(&catalog, FoldMode::GateOpen, after, 1).unwrap();
                    page.0.apply_to(&mut catalog);
                    after = page.1;
                    if after.is_none() {
                        break;
                    }
                }
                let is_whole = pages > 0 && after.is_none();
                if is_whole {
                    assert_eq!(catalog.sheets, expected, "{parent:?}");
                }
                absorb(&mut catalog, &changes, FoldMode::GateOpen);
                assert_eq!(catalog.sheets, expected, "{parent:?} after {pages} pages");
                if is_whole {
                    break;
                }
            }
        }
    }
}

#[test]
fn page_looks_at_no_more_owners_than_it_is_told_and_touches_what_it_changes() {
    let mut database = Database::small_shop();
    database.value(Table::ProductVarchar, 12, 501, 2, &json!("Zwei"));
    database.value(Table::ProductVarchar, 15, 501, 2, &json!("Fünf"));
    let mut catalog = copy_of(&database);
    let changes = database.delete(Table::Store, RowKey(2, 0));
    let edits = fold(&changes, &catalog, FoldMode::GateOpen).unwrap();
    edits.apply_to(&mut catalog);
    let cascade = wide_cascade(&changes[0], &catalog).unwrap().unwrap();
    let (mut after, mut written) = (None, Vec::new());
    loop {
        let (edits, reached) = cascade.page(&catalog, FoldMode::GateOpen, after, 2).unwrap();
        assert!(edits.sheets.len() <= 2);
        for owner in edits.sheets.keys() {
            written.push(*owner);
            assert!(edits.touches.contains_key(&crate::catalog::Touch::Product(owner.id())));
        }
        edits.apply_to(&mut catalog);
        let Some(reached) = reached else { break };
        assert!(after.is_none_or(|after| after != reached));
        after = Some(reached);
    }
    assert_eq!(written, [Owner::Product(12), Owner::Product(15)]);
    assert_eq!(catalog.sheets, copy_of(&database).sheets);
}

#[test]
fn only_a_delete_of_a_wide_parent_with_foreign_keys_is_wide() {
    let store = row(Table::Store, 9, (0, 9));
    let copy = MemoryCatalog::default();
    let narrow = row(Table::ProductEntity, 9, (0, 9));
    let updated = RowChange { after: Some(store.clone()), ..deleted(Table::Store, &store, true) };
    for change in [
        deleted(Table::Store, &store, false),
        deleted(Table::ProductEntity, &narrow, true),
        inserted(Table::Store, store.clone()),
        updated,
    ] {
        assert!(!is_wide_delete(&change));
        assert_eq!(wide_cascade(&change, &copy).unwrap(), None);
    }
    let change = deleted(Table::Store, &store, true);
    assert!(is_wide_delete(&change));
    assert!(wide_cascade(&change, &copy).unwrap().is_some());
    let bad = deleted(Table::Store, &row(Table::Store, 9, (0, -1)), true);
    assert!(matches!(wide_cascade(&bad, &copy), Err(FoldError::BadKey { .. })));
}
