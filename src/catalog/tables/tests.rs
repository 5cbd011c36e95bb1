//! Tests that the watched tables are those of the shops.

use super::*;
use crate::catalog::schema;

const LAYOUTS: [TableLayout; 2] = [TableLayout::Plain, TableLayout::Staged];

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

#[test]
fn every_layout_has_each_name_once() {
    for layout in LAYOUTS {
        let mut names: Vec<&str> = Table::of_layout(layout).map(Table::name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{layout:?}");
    }
    let (plain, staged) = (watched_tables(LAYOUTS[0]), watched_tables(LAYOUTS[1]));
    assert_eq!((plain.len(), staged.len()), (60, 64), "the four sequence tables are the more");
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn watched_columns_and_keys_are_those_of_the_shops() {
    for layout in LAYOUTS {
        let shop = schema::tables(layout);
        for watched in watched_tables(layout) {
            let table = &shop[watched.name];
            for column in watched.columns {
                let is_there = table.columns.iter().any(|there| there == column.name);
                assert!(is_there, "{layout:?}: {} has no {}", watched.name, column.name);
            }
            let key: Vec<&str> =
                watched.primary_key.iter().map(|column| watched.columns[*column].name).collect();
            let is_unique = table.primary_key == key || table.unique_keys.contains(&names(&key));
            assert!(is_unique, "{layout:?}: {} by {key:?}", watched.name);
        }
    }
}

#[test]
fn staged_table_has_the_columns_of_its_twin_in_the_same_places() {
    let entities = [Table::StagedProductEntity.name(), Table::StagedCategoryEntity.name()];
    for staged in watched_tables(TableLayout::Staged) {
        let of_name = |table: &&WatchedTable| table.name == staged.name;
        let plain = watched_tables(TableLayout::Plain);
        let Some(plain) = plain.iter().find(of_name) else { continue };
        if entities.contains(&staged.name) {
            continue;
        }
        let twin = |name| if name == "row_id" { "entity_id" } else { name };
        let of_staged: Vec<_> = staged.columns.iter().map(|it| (twin(it.name), it.kind)).collect();
        let of_plain: Vec<_> = plain.columns.iter().map(|it| (it.name, it.kind)).collect();
        assert_eq!(of_staged, of_plain, "{}", staged.name);
        assert_eq!(staged.chunk_column, plain.chunk_column, "{}", staged.name);
        // A bundle's option is in several versions: its own id comes first all the same.
        assert_eq!(staged.primary_key[..1], plain.primary_key[..1], "{}", staged.name);
    }
}

#[test]
fn staged_table_is_found_by_its_twin() {
    for table in Table::ALL {
        let plain = table.plain();
        assert_eq!(plain.name(), table.name());
        let is_staged = table.watched().layout == Some(TableLayout::Staged);
        let has_twin = watched_tables(TableLayout::Plain).iter().any(|it| it.name == table.name());
        assert_eq!(plain != table, is_staged && has_twin, "{table:?}");
    }
}
