//! Ranges that are read again, for any table, range and change of the database.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::catalog::database::{Database, absorb, exact_references};
use crate::catalog::random_rows::{cases, edit_in, inserted, row};
use crate::catalog::{CONFIG_PATHS, MemoryCatalog, rows};
use crate::decode::TableLayout;

fn copy_of<'a>(rows: impl Iterator<Item = (Table, &'a Row)>) -> MemoryCatalog {
    let changes: Vec<_> = rows.map(|(table, row)| inserted(table, row.clone())).collect();
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &changes, FoldMode::GateOpen);
    catalog
}

/// Replaces until nothing is left to replace; how many rows were removed.
fn replaced(
    catalog: &mut MemoryCatalog,
    table: Table,
    range: KeyRange,
    rows: Vec<Row>,
) -> Result<usize, FoldError> {
    let (mut removed, mut rest) = (0, Some((range, rows)));
    while let Some((range, rows)) = rest {
        let replaced = replace(table, range, rows, catalog, FoldMode::GateOpen)?;
        assert!(replaced.edits.sheets.len() < CHANGED_OWNERS_MAX + OWNERS_PER_PAGE);
        removed += replaced.removed_rows;
        replaced.edits.apply_to(catalog);
        rest = replaced.rest;
    }
    Ok(removed)
}

/// A table of either layout, and two states of a database that has it.
fn states() -> impl Strategy<Value = (Table, Database, Database)> {
    let layout = prop::sample::select(vec![TableLayout::Plain, TableLayout::Staged]);
    layout.prop_flat_map(|layout| {
        let table = prop::sample::select(Table::of_layout(layout).collect::<Vec<_>>());
        let edits = proptest::collection::vec(edit_in(layout), 1..60);
        (table, edits, any::<prop::sample::Index>()).prop_map(move |(table, edits, at)| {
            let mut database = match layout {
                TableLayout::Plain => Database::small_shop(),
                TableLayout::Staged => Database::staged_shop(),
            };
            let (before, after) = edits.split_at(at.index(edits.len()));
            for edit in before {
                database.edit(edit);
            }
            let old = database.clone();
            for edit in after {
                database.edit(edit);
            }
            (table, old, database)
        })
    })
}

fn ranges() -> impl Strategy<Value = KeyRange> {
    // Owners of the shop have ids up to 30, and attributes from 500 to 710.
    let bound = || proptest::option::of(prop_oneof![0..35_u64, 500..720_u64]);
    (bound(), bound()).prop_map(|(after, upto)| KeyRange { after, upto })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(128), ..ProptestConfig::default()
    })]

    #[test]
    fn range_becomes_what_was_read_and_nothing_else_changes(
        states in states(), range in ranges(),
    ) {
        let (table, old, new) = states;
        let is_in = |of: Table, row: &Row| {
            of == table && chunk_key(table, row).is_some_and(|key| range.holds(key))
        };
        let read: Vec<Row> =
            new.of(table).map(|(_, row)| row.clone()).filter(|row| is_in(table, row)).collect();
        let kept = old.rows().filter(|(of, row)| !is_in(*of, row));
        let expected = copy_of(kept.chain(read.iter().map(|row| (table, row))));
        let mut catalog = copy_of(old.rows());
        let removed = replaced(&mut catalog, table, range, read.clone()).unwrap();
        prop_assert_eq!(&catalog.sheets, &expected.sheets);
        prop_assert_eq!(exact_references(&catalog), exact_references(&expected));
        let place = |row: &Row| (Owner::of(table, row), RowKey::of(table, row));
        let is_used = |row: &Row| super::place(table, Some(row)).unwrap().is_some();
        let gone = old.of(table).filter(|(_, row)| is_in(table, row) && is_used(row)).filter(
            |(_, row)| !read.iter().any(|it| place(it) == place(row) && is_used(it)),
        );
        prop_assert_eq!(removed, gone.count());
        // Once more: nothing is left to do.
        let again = replace(table, range, read, &catalog, FoldMode::GateOpen).unwrap();
        prop_assert_eq!(again, Replaced::default());
    }

    #[test]
    fn every_table_read_again_makes_the_copy_equal_the_database(states in states()) {
        let (of, old, new) = states;
        let mut catalog = copy_of(old.rows());
        let layout = of.watched().layout.unwrap_or(TableLayout::Plain);
        for table in Table::ALL {
            let read = new.of(table).map(|(_, row)| row.clone()).collect();
            replaced(&mut catalog, table, KeyRange::default(), read).unwrap();
        }
        let expected = copy_of(new.rows());
        prop_assert_eq!(&catalog.sheets, &expected.sheets, "{:?}", layout);
        prop_assert_eq!(exact_references(&catalog), exact_references(&expected));
    }

    #[test]
    fn sweep_leaves_what_was_seen(states in states(), limit in 1..4_usize) {
        let (table, old, new) = states;
        let seen: BTreeSet<RowKey> = new.of(table).map(|(key, _)| key).collect();
        let kept = |(of, row): &(Table, &Row)| {
            *of != table || seen.contains(&RowKey::of(table, row).unwrap())
        };
        let expected = copy_of(old.rows().filter(kept));
        let mut catalog = copy_of(old.rows());
        let mut after = None;
        loop {
            let mode = FoldMode::GateOpen;
            let page = sweep_page(table, &seen, after, limit, &catalog, mode).unwrap();
            prop_assert!(page.0.sheets.len() <= limit);
            page.0.apply_to(&mut catalog);
            let Some(reached) = page.1 else { break };
            after = Some(reached);
        }
        prop_assert_eq!(&catalog.sheets, &expected.sheets);
        prop_assert_eq!(exact_references(&catalog), exact_references(&expected));
    }

    #[test]
    fn rows_of_every_table_are_listed_once_by_owner(states in states()) {
        let (_, database, _) = states;
        let catalog = copy_of(database.rows());
        for table in Table::ALL {
            let mut listed = Vec::new();
            rows(&catalog, table, &mut |row| listed.push(row.clone())).unwrap();
            let place = |row: &Row| (Owner::of(table, row), RowKey::of(table, row));
            prop_assert!(listed.is_sorted_by_key(place));
            let is_used = |row: &Row| super::place(table, Some(row)).unwrap().is_some();
            let mut held: Vec<Row> =
                database.of(table).map(|(_, row)| row.clone()).filter(is_used).collect();
            held.sort_by_key(place);
            prop_assert_eq!(listed, held);
        }
    }
}

fn entity(id: u32) -> Row {
    row(Table::ProductEntity, json!({"entity_id": id, "sku": format!("s{id}")}))
}

#[test]
fn range_in_which_much_changed_is_replaced_in_parts() {
    let table = Table::ProductEntity;
    let old: Vec<Row> = (0..13_000).map(entity).collect();
    let new: Vec<Row> = (0..13_000).step_by(2).map(entity).collect();
    let mut catalog = copy_of(old.iter().map(|row| (table, row)));
    let first = replace(table, KeyRange::default(), new.clone(), &catalog, FoldMode::GateClosed);
    assert!(first.unwrap().rest.is_some());
    let removed = replaced(&mut catalog, table, KeyRange::default(), new.clone()).unwrap();
    assert_eq!(removed, 6_500);
    assert_eq!(catalog, copy_of(new.iter().map(|row| (table, row))));
}

#[test]
fn row_outside_of_the_range_is_refused() {
    let range = KeyRange { after: Some(5), upto: Some(9) };
    for id in [5, 10] {
        let result = replaced(
            &mut MemoryCatalog::default(),
            Table::ProductEntity,
            range,
            vec![entity(9), entity(id)],
        );
        assert!(matches!(result, Err(FoldError::OutsideRange { .. })), "{id}");
    }
}

#[test]
fn ranges_of_ids_end_where_ids_end() {
    let ids = |after, upto| KeyRange { after, upto }.ids();
    assert_eq!(ids(None, None), Some(0..=u32::MAX));
    assert_eq!(ids(Some(0), Some(7)), Some(1..=7));
    assert_eq!(ids(Some(7), Some(7)), None);
    assert_eq!(ids(Some(u32::MAX.into()), None), None);
    assert_eq!(ids(Some(u64::MAX), None), None);
    assert_eq!(ids(None, Some(u64::MAX)), Some(0..=u32::MAX));
}

#[test]
fn range_of_the_configuration_leaves_the_rest_of_it() {
    let table = Table::CoreConfigData;
    let config = |id: u32, path: &str| {
        row(table, json!({"config_id": id, "scope": "default", "scope_id": 0, "path": path}))
    };
    let old = [config(1, CONFIG_PATHS[0]), config(2, CONFIG_PATHS[1]), config(3, CONFIG_PATHS[2])];
    let mut catalog = copy_of(old.iter().map(|row| (table, row)));
    let read = vec![config(4, CONFIG_PATHS[3]), config(5, "unused/path")];
    let range = KeyRange { after: Some(1), upto: None };
    assert_eq!(replaced(&mut catalog, table, range, read.clone()).unwrap(), 2);
    let expected = [old[0].clone(), read[0].clone()];
    assert_eq!(catalog, copy_of(expected.iter().map(|row| (table, row))));
}
