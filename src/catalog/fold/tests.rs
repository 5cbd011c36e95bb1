//! Folding: row by row, and what holds for any history.

mod touches;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::catalog::database::{self, Database};
use crate::catalog::random_rows::{Edit, cases, edit_in, inserted, row};
use crate::catalog::{FOREIGN_KEYS, ForeignKey, references_in};
use crate::decode::{ColumnKind, TableLayout, Value};

fn copy_of(database: &Database) -> MemoryCatalog {
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &database.snapshot());
    catalog
}

/// Absorbs changes; what they touched.
fn absorb(catalog: &mut MemoryCatalog, changes: &[RowChange]) -> BTreeSet<Touch> {
    database::absorb(catalog, changes, FoldMode::GateOpen).into_keys().collect()
}

fn update(table: Table, before: Json, after: Json) -> RowChange {
    RowChange {
        table: table.id(),
        before: Some(row(table, before)),
        after: Some(row(table, after)),
        cascades: true,
    }
}

fn deleted(table: Table, row: Row) -> RowChange {
    RowChange { table: table.id(), before: Some(row), after: None, cascades: true }
}

/// What a statement on the small shop touches.
fn touched_by(statement: impl FnOnce(&mut Database) -> Vec<RowChange>) -> BTreeSet<Touch> {
    let mut database = Database::small_shop();
    let mut catalog = copy_of(&database);
    let changes = statement(&mut database);
    assert!(!changes.is_empty(), "the statement changes nothing");
    absorb(&mut catalog, &changes)
}

/// A row of each table that no other row depends on, and its owner.
fn one_of_each() -> Vec<(Table, Json, Owner)> {
    let mut rows = one_of_each_plain();
    rows.extend(one_of_each_staged());
    rows.push((Table::ProductLinkType, json!({"link_type_id": 9}), Owner::LinkType(9)));
    rows.push((Table::Stock, json!({"stock_id": 9}), Owner::Stock(9)));
    let known: BTreeSet<Table> = rows.iter().map(|(table, ..)| *table).collect();
    rows.extend(Table::ALL.into_iter().filter(|it| !known.contains(it)).map(one_of));
    rows
}

/// A row whose key and owner columns hold 9, or the text `nine`.
fn one_of(table: Table) -> (Table, Json, Owner) {
    let watched = table.watched();
    let mut cells = json!({});
    for at in watched.primary_key.iter().chain([&watched.chunk_column]) {
        let column = watched.columns[*at];
        let is_text = column.kind == ColumnKind::Text;
        cells[column.name] = if is_text { json!("nine") } else { json!(9) };
    }
    (table, cells, Owner::of_table(table)(9))
}

fn one_of_each_plain() -> Vec<(Table, Json, Owner)> {
    use Table as T;
    vec![
        (T::StoreWebsite, json!({"website_id": 9, "code": "x"}), Owner::Website(9)),
        (T::StoreGroup, json!({"group_id": 9}), Owner::StoreGroup(9)),
        (T::Store, json!({"store_id": 9, "code": "x"}), Owner::Store(9)),
        (T::CustomerGroup, json!({"customer_group_id": 9}), Owner::CustomerGroup(9)),
        (
            T::CoreConfigData,
            json!({"config_id": 9, "path": "web/unsecure/base_url"}),
            Owner::Config,
        ),
        (T::EavEntityType, json!({"entity_type_id": 9}), Owner::EntityType(9)),
        (T::EavAttribute, json!({"attribute_id": 9}), Owner::Attribute(9)),
        (T::CatalogEavAttribute, json!({"attribute_id": 9}), Owner::Attribute(9)),
        (
            T::EavAttributeLabel,
            json!({"attribute_label_id": 1, "attribute_id": 9}),
            Owner::Attribute(9),
        ),
        (T::EavAttributeOption, json!({"option_id": 9}), Owner::AttributeOption(9)),
        (
            T::EavAttributeOptionValue,
            json!({"value_id": 1, "option_id": 9}),
            Owner::AttributeOption(9),
        ),
        (
            T::EavAttributeOptionSwatch,
            json!({"swatch_id": 1, "option_id": 9}),
            Owner::AttributeOption(9),
        ),
        (T::MediaGallery, json!({"value_id": 9}), Owner::Media(9)),
        (T::ProductEntity, json!({"entity_id": 9}), Owner::Product(9)),
        (T::ProductVarchar, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::ProductInt, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::ProductDecimal, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::ProductText, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::ProductDatetime, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::ProductWebsite, json!({"product_id": 9, "website_id": 1}), Owner::Product(9)),
        (T::ProductRelation, json!({"parent_id": 9, "child_id": 8}), Owner::Product(9)),
        (
            T::ProductSuperLink,
            json!({"link_id": 1, "product_id": 8, "parent_id": 9}),
            Owner::Product(9),
        ),
        (
            T::ProductSuperAttribute,
            json!({"product_super_attribute_id": 1, "product_id": 9}),
            Owner::Product(9),
        ),
        (T::ProductLink, json!({"link_id": 1, "product_id": 9}), Owner::Product(9)),
        (T::ProductTierPrice, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::MediaGalleryValue, json!({"record_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::MediaGalleryValueToEntity, json!({"value_id": 1, "entity_id": 9}), Owner::Product(9)),
        (T::StockItem, json!({"item_id": 1, "product_id": 9}), Owner::Product(9)),
    ]
}

fn one_of_each_staged() -> Vec<(Table, Json, Owner)> {
    use Table as T;
    vec![
        (T::SequenceProduct, json!({"sequence_value": 9}), Owner::Product(9)),
        (T::StagedProductEntity, json!({"row_id": 7, "entity_id": 9}), Owner::ProductVersion(7)),
        (T::StagedProductVarchar, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (T::StagedProductInt, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (T::StagedProductDecimal, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (T::StagedProductText, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (T::StagedProductDatetime, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (
            T::StagedProductRelation,
            json!({"parent_id": 7, "child_id": 8}),
            Owner::ProductVersion(7),
        ),
        (
            T::StagedProductSuperLink,
            json!({"link_id": 1, "product_id": 8, "parent_id": 7}),
            Owner::ProductVersion(7),
        ),
        (
            T::StagedProductSuperAttribute,
            json!({"product_super_attribute_id": 1, "product_id": 7}),
            Owner::ProductVersion(7),
        ),
        (T::StagedProductLink, json!({"link_id": 1, "product_id": 7}), Owner::ProductVersion(7)),
        (T::StagedProductTierPrice, json!({"value_id": 1, "row_id": 7}), Owner::ProductVersion(7)),
        (
            T::StagedMediaGalleryValue,
            json!({"record_id": 1, "row_id": 7}),
            Owner::ProductVersion(7),
        ),
        (
            T::StagedMediaGalleryValueToEntity,
            json!({"value_id": 1, "row_id": 7}),
            Owner::ProductVersion(7),
        ),
    ]
}

#[test]
fn row_of_every_table_comes_changes_and_goes_with_its_owner() {
    let rows = one_of_each();
    let tables: Vec<Table> = rows.iter().map(|(table, ..)| *table).collect();
    assert_eq!(tables, Table::ALL);
    for (table, cells, owner) in rows {
        let before = row(table, cells);
        let mut after = before.clone();
        let free = (0..after.len())
            .find(|nth| {
                let watched = table.watched();
                let refers = |key: &ForeignKey| key.child == table && key.column == *nth;
                !watched.primary_key.contains(nth)
                    && *nth != watched.chunk_column
                    && !FOREIGN_KEYS.iter().any(refers)
            })
            .filter(|_| table != Table::CoreConfigData);
        if let Some(free) = free {
            after[free] = Value::Text("changed".to_owned());
        }
        let mut catalog = MemoryCatalog::default();
        absorb(&mut catalog, &[inserted(table, before.clone())]);
        assert_eq!(catalog.sheets.get(&owner).map(Sheet::row_count), Some(1), "{table:?}");
        let change = RowChange {
            table: table.id(),
            before: Some(before),
            after: Some(after.clone()),
            cascades: true,
        };
        absorb(&mut catalog, &[change]);
        assert_eq!(catalog.sheets[&owner].first(table), Some(&after), "{table:?}");
        absorb(&mut catalog, &[deleted(table, after)]);
        assert_eq!(catalog, MemoryCatalog::default(), "{table:?}");
    }
}

#[test]
fn row_that_moves_to_another_owner_leaves_the_old_one() {
    let at = |product| json!({"value_id": 1, "entity_id": product, "value": "x"});
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &[inserted(Table::ProductVarchar, row(Table::ProductVarchar, at(8)))]);
    let touches = absorb(&mut catalog, &[update(Table::ProductVarchar, at(8), at(9))]);
    assert_eq!(touches, [Touch::Product(8), Touch::Product(9)].into());
    let owners: Vec<Owner> = catalog.sheets.keys().copied().collect();
    assert_eq!(owners, [Owner::Product(9)]);
}

#[test]
fn configuration_that_nothing_reads_is_dropped() {
    let cells =
        |path: &str| json!({"config_id": 9, "scope": "default", "scope_id": 0, "path": path});
    let table = Table::CoreConfigData;
    let (used, unused) = ("web/unsecure/base_url", "dev/log/active");
    let mut catalog = MemoryCatalog::default();
    let touches = absorb(&mut catalog, &[inserted(table, row(table, cells(unused)))]);
    assert_eq!((catalog.sheets.len(), touches.len()), (0, 0));
    absorb(&mut catalog, &[update(table, cells(unused), cells(used))]);
    assert_eq!(catalog.sheets.len(), 1);
    let touches = absorb(&mut catalog, &[update(table, cells(used), cells(unused))]);
    assert_eq!(catalog.sheets.len(), 0);
    assert!(touches.contains(&Touch::EveryProduct));
}

#[test]
fn row_without_a_usable_key_stops_the_fold() {
    let bad = row(Table::ProductEntity, json!({"entity_id": -1, "sku": "x"}));
    let folded =
        fold(&[inserted(Table::ProductEntity, bad)], &MemoryCatalog::default(), FoldMode::GateOpen);
    let message = folded.unwrap_err().to_string();
    assert!(message.starts_with("fold a row of catalog_product_entity"), "{message}");
    let unknown = RowChange { table: TableId(200), before: None, after: None, cascades: true };
    let folded = fold(&[unknown], &MemoryCatalog::default(), FoldMode::GateOpen);
    assert!(matches!(folded, Err(FoldError::UnknownTable(TableId(200)))));
}

#[test]
fn deleted_product_takes_its_rows_and_the_rows_that_refer_to_it_logged_or_not() {
    let mut copies = Vec::new();
    for logs_cascades in [false, true] {
        let mut database = Database::small_shop();
        let mut catalog = copy_of(&database);
        database.logs_cascades = logs_cascades;
        let changes = database.delete(Table::ProductEntity, RowKey(12, 0));
        assert_eq!(changes.len() == 1, !logs_cascades);
        let touches = absorb(&mut catalog, &changes);
        for touch in [11, 12, 15].map(Touch::Product).into_iter().chain([Touch::Price(12)]) {
            assert!(touches.contains(&touch), "{touch:?}");
        }
        assert_eq!(catalog, copy_of(&database));
        copies.push(catalog);
    }
    assert_eq!(copies[0], copies[1]);
}

/// A shop without the foreign keys of one table.
struct Lacking<'a>(&'a MemoryCatalog, Table);

impl CatalogRead for Lacking<'_> {
    fn sheet(&self, owner: Owner) -> Result<Option<Sheet>, ReadError> {
        self.0.sheet(owner)
    }

    fn referrers(&self, reference: Reference) -> Result<Vec<u32>, ReadError> {
        self.0.referrers(reference)
    }

    fn owner_ids_after(&self, after: Owner, limit: usize) -> Result<Vec<u32>, ReadError> {
        self.0.owner_ids_after(after, limit)
    }

    fn lacks(&self, key: &ForeignKey) -> bool {
        key.child == self.1
    }
}

#[test]
fn rows_of_a_table_without_foreign_keys_stay_when_their_product_goes() {
    let mut database = Database::small_shop();
    let catalog = copy_of(&database);
    let changes = database.delete(Table::ProductEntity, RowKey(12, 0));
    let shop = Lacking(&catalog, Table::ProductVarchar);
    let edits = fold(&changes, &shop, FoldMode::GateOpen).unwrap();
    let before = catalog.sheet(Owner::Product(12)).unwrap().unwrap();
    let kept: Vec<&Row> = before.rows(Table::ProductVarchar).collect();
    let left = edits.sheets[&Owner::Product(12)].as_ref().unwrap();
    assert!(!kept.is_empty(), "the product has texts");
    assert_eq!(left.rows(Table::ProductVarchar).collect::<Vec<_>>(), kept);
    // Nor has any shop a foreign key from the prices of catalog rules.
    let mut others = Table::ALL.iter().filter(|table| **table != Table::CatalogRuleProductPrice);
    let is_gone = |table: &Table| *table == Table::ProductVarchar || left.first(*table).is_none();
    assert!(others.all(is_gone), "{left:?}");
}

#[test]
fn product_that_is_linked_and_deleted_in_one_transaction_leaves_no_link() {
    let mut database = Database::small_shop();
    let mut catalog = copy_of(&database);
    let cells = json!({"parent_id": 14, "child_id": 15});
    let mut changes = database.put(Table::ProductRelation, cells);
    let cells =
        json!({"link_id": 200, "product_id": 14, "linked_product_id": 15, "link_type_id": 1});
    changes.extend(database.put(Table::ProductLink, cells));
    changes.extend(database.delete(Table::ProductEntity, RowKey(15, 0)));
    absorb(&mut catalog, &changes);
    assert_eq!(catalog, copy_of(&database));
}

#[test]
fn row_without_foreign_key_checks_is_kept_and_doubtful_where_its_parent_is_missing() {
    let label = |option: u32| {
        let cells = json!({"value_id": 900, "option_id": option, "store_id": 0, "value": "Red"});
        let row = row(Table::EavAttributeOptionValue, cells);
        RowChange { cascades: false, ..RowChange::read(Table::EavAttributeOptionValue.id(), row) }
    };
    let database = Database::small_shop();
    let catalog = copy_of(&database);
    let known = fold(&[label(1)], &catalog, FoldMode::GateClosed).unwrap();
    let missing = fold(&[label(999)], &catalog, FoldMode::GateClosed).unwrap();
    assert_eq!(known.doubtful, BTreeSet::new());
    assert_eq!(missing.doubtful, [Table::EavAttributeOptionValue].into());
    assert!(!known.sheets.is_empty() && !missing.sheets.is_empty() && missing.orphans.is_empty());
}

/// A shop of either layout, with or without logged cascades, and what happens to it: statements, each
/// with `foreign_key_checks` or, `unchecked` times in ten, without.
fn histories(unchecked: u32) -> impl Strategy<Value = (Database, Vec<(Edit, bool)>)> {
    let layout = prop::sample::select(vec![TableLayout::Plain, TableLayout::Staged]);
    (layout, any::<bool>()).prop_flat_map(move |(layout, logs_cascades)| {
        let checks = (0..10_u32).prop_map(move |it| it >= unchecked);
        let edits = proptest::collection::vec((edit_in(layout), checks), 1..60);
        edits.prop_map(move |edits| {
            let mut database = match layout {
                TableLayout::Plain => Database::small_shop(),
                TableLayout::Staged => Database::staged_shop(),
            };
            database.logs_cascades = logs_cascades;
            (database, edits)
        })
    })
}

/// The sheets in which a copy is not what it should be: what it has, and what it should have.
fn differences(
    copy: &MemoryCatalog,
    expected: &BTreeMap<Owner, Sheet>,
) -> Vec<(Owner, Option<Sheet>, Option<Sheet>)> {
    let owners: BTreeSet<Owner> = copy.sheets.keys().chain(expected.keys()).copied().collect();
    let of = |owner| (owner, copy.sheets.get(&owner).cloned(), expected.get(&owner).cloned());
    owners.into_iter().map(of).filter(|(_, ours, theirs)| ours != theirs).collect()
}

/// The rows of a history, as a binlog holds them.
fn carry_out(database: &mut Database, edits: &[(Edit, bool)]) -> Vec<RowChange> {
    let mut changes = Vec::new();
    for (edit, checks) in edits {
        database.foreign_key_checks = *checks;
        changes.extend(database.edit(edit));
    }
    changes
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(64), ..ProptestConfig::default()
    })]

    #[test]
    fn copy_equals_the_database_however_changes_are_cut_into_commits(
        history in histories(2), cuts in proptest::collection::vec(1..12_usize, 1..60),
    ) {
        let (mut database, edits) = history;
        let start = copy_of(&database);
        let changes = carry_out(&mut database, &edits);
        let expected = copy_of(&database).sheets;
        let mut at_once = start.clone();
        absorb(&mut at_once, &changes);
        prop_assert_eq!(differences(&at_once, &expected), vec![]);
        let (mut one_by_one, mut in_pieces) = (start.clone(), start);
        for change in &changes {
            absorb(&mut one_by_one, std::slice::from_ref(change));
        }
        prop_assert_eq!(differences(&one_by_one, &expected), vec![]);
        let mut rest = changes.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, left) = rest.split_at((*cut).min(rest.len()));
            absorb(&mut in_pieces, piece);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(differences(&in_pieces, &expected), vec![]);
    }

    #[test]
    fn stretch_of_the_binlog_replayed_over_newer_rows_converges(
        history in histories(0), snapshot_at in any::<prop::sample::Index>(),
    ) {
        let (mut database, edits) = history;
        // The snapshot was read somewhere within the stretch that is replayed.
        let (before, after) = edits.split_at(snapshot_at.index(edits.len()));
        let mut changes = carry_out(&mut database, before);
        let mut catalog = copy_of(&database);
        changes.extend(carry_out(&mut database, after));
        let expected = copy_of(&database).sheets;
        absorb(&mut catalog, &changes);
        prop_assert_eq!(differences(&catalog, &expected), vec![]);
        absorb(&mut catalog, &changes);
        prop_assert_eq!(differences(&catalog, &expected), vec![]);
    }

    #[test]
    fn reverse_indexes_hold_what_a_rebuild_would(history in histories(1)) {
        let (mut database, edits) = history;
        let mut catalog = copy_of(&database);
        for edit in edits {
            let touches = absorb(&mut catalog, &carry_out(&mut database, std::slice::from_ref(&edit)));
            let mut rebuilt = BTreeSet::new();
            for (owner, sheet) in &catalog.sheets {
                for reference in references_in(sheet, &catalog).unwrap() {
                    prop_assert_eq!(reference.referrer(owner.id()), *owner);
                    rebuilt.insert((reference, owner.id()));
                }
            }
            if touches.contains(&Touch::EveryProduct) || touches.contains(&Touch::EveryCategory) {
                // The walk over every product and category adds what an attribute's new kind brings.
                catalog.references.extend(rebuilt.iter().copied());
            }
            prop_assert!(rebuilt.is_subset(&catalog.references), "{:?}", edit);
            let expected = MemoryCatalog { references: rebuilt, ..MemoryCatalog::default() };
            let held = database::exact_references(&catalog);
            prop_assert_eq!(held, database::exact_references(&expected));
        }
    }
}
