//! Tests that the foreign keys are those of the shops.

use std::collections::BTreeSet;

use super::*;
use crate::catalog::references::indexed_columns;
use crate::catalog::schema;
use crate::decode::TableLayout;

/// The keys between watched tables as the fixture shop's SQL has them: child, column, parent.
fn of_schema(layout: TableLayout) -> BTreeSet<(Table, String, Table)> {
    let tables = schema::tables(layout);
    let watched = |name: &str| Table::of_layout(layout).find(|table| table.name() == name);
    let mut keys = BTreeSet::new();
    for child in Table::of_layout(layout) {
        for (column, parent, parent_column) in &tables[child.name()].cascades {
            let parent = watched(parent).unwrap_or_else(|| panic!("{parent} is not watched"));
            let key = parent.watched().primary_key;
            let key: Vec<&str> = key.iter().map(|at| parent.watched().columns[*at].name).collect();
            assert_eq!(key, [parent_column.as_str()], "{}", parent.name());
            keys.insert((child, column.clone(), parent));
        }
    }
    keys
}

#[test]
fn foreign_keys_are_those_of_the_shops() {
    for layout in [TableLayout::Plain, TableLayout::Staged] {
        let has = |table: Table| Table::of_layout(layout).any(|it| it == table);
        let ours: BTreeSet<(Table, String, Table)> = FOREIGN_KEYS
            .iter()
            .filter(|key| has(key.child) && has(key.parent))
            .map(|key| {
                let column = key.child.watched().columns[key.column].name;
                (key.child, column.to_owned(), key.parent)
            })
            .collect();
        assert_eq!(ours, of_schema(layout), "{layout:?}");
    }
}

#[test]
fn every_parent_is_narrow_or_wide_and_narrow_ones_find_their_children() {
    for key in FOREIGN_KEYS {
        assert_ne!(is_narrow(key.parent), is_wide(key.parent), "{key:?}");
        let is_of_owner = key.column == key.child.watched().chunk_column;
        let is_indexed = indexed_columns(key.child).iter().any(|(column, _)| *column == key.column);
        assert!(is_wide(key.parent) || is_of_owner || is_indexed, "{key:?}");
    }
    for table in Table::ALL {
        let is_parent = FOREIGN_KEYS.iter().any(|key| key.parent == table);
        assert_eq!(is_parent, is_narrow(table) || is_wide(table), "{table:?}");
        let is_child = FOREIGN_KEYS.iter().any(|key| key.child == table);
        assert_eq!(is_parent && is_child, BETWEEN.contains(&table), "{table:?}");
    }
}

#[test]
fn children_are_found_however_far_down() {
    let children = cascade_children(Table::StoreWebsite);
    for table in [
        Table::StoreGroup,
        Table::Store,
        Table::EavAttributeOptionSwatch,
        Table::ProductText,
        Table::StagedMediaGalleryValue,
    ] {
        assert!(children.contains(&table), "{table:?}");
    }
    assert!(!children.contains(&Table::EavAttribute) && !children.contains(&Table::StoreWebsite));
    assert_eq!(cascade_children(Table::Stock), [Table::StockItem]);
    assert_eq!(cascade_children(Table::StockItem), []);
}
