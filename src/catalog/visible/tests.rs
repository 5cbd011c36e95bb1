//! Versions at, before and after their instants, and what a shop looks like through them.

use serde_json::json;

use super::*;
use crate::catalog::column::product_varchar;
use crate::catalog::database::{Database, absorb};
use crate::catalog::{FoldMode, MemoryCatalog, RowKey, Table};
use crate::decode::{TableLayout, Value};

const NEVER_S: i64 = 2_147_483_647;

/// Versions of products: `row_id`, `entity_id`, `created_in`, `updated_in`; each with its `row_id`
/// for a name and a sku.
fn products(versions: &[(u32, u32, i64, i64)]) -> MemoryCatalog {
    let mut shop = Database::new(TableLayout::Staged);
    shop.foreign_key_checks = false;
    for (row_id, product, from, until) in versions {
        shop.put(
            Table::StagedProductEntity,
            json!({
                "row_id": row_id, "entity_id": product, "sku": format!("s{row_id}"),
                "created_in": from, "updated_in": until,
            }),
        );
        let cells = json!({
            "value_id": row_id, "attribute_id": 501, "store_id": 0, "row_id": row_id,
            "value": format!("Version {row_id}"),
        });
        shop.put(Table::StagedProductVarchar, cells);
    }
    copy_of(&shop)
}

fn copy_of(database: &Database) -> MemoryCatalog {
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &database.snapshot(), FoldMode::GateClosed);
    catalog
}

/// The name of the version of a product that counts, and when that ends, as far as is known.
fn seen(catalog: &MemoryCatalog, product: u32, now_s: i64) -> (Option<String>, Option<i64>) {
    let horizon = Horizon::default();
    let sheet = Visible::new(catalog, now_s, &horizon).sheet(Owner::Product(product)).unwrap();
    let name = sheet.as_ref().and_then(|sheet| sheet.first(Table::ProductVarchar));
    let name = name.map(|row| row[product_varchar::VALUE].as_text().unwrap().to_owned());
    (name, horizon.first_change_s())
}

fn version(id: u32, until_s: impl Into<Option<i64>>) -> (Option<String>, Option<i64>) {
    (Some(format!("Version {id}")), until_s.into())
}

#[test]
fn version_counts_from_its_first_second_on_and_no_more_at_its_end() {
    let catalog = products(&[(21, 11, 1, 100), (22, 11, 100, 200), (23, 11, 200, NEVER_S)]);
    assert_eq!(seen(&catalog, 11, 99), version(21, 100));
    assert_eq!(seen(&catalog, 11, 100), version(22, 200), "at the second itself");
    assert_eq!(seen(&catalog, 11, 101), version(22, 200));
    assert_eq!(seen(&catalog, 11, 199), version(22, 200));
    assert_eq!(seen(&catalog, 11, 200), version(23, None));
    assert_eq!(seen(&catalog, 11, NEVER_S + 5), version(23, None), "it has no end");
}

#[test]
fn product_without_a_version_that_counts_has_what_its_versions_share_and_no_row_of_its_own() {
    let catalog = products(&[(21, 11, 100, 200)]);
    assert_eq!(seen(&catalog, 11, 99), (None, Some(100)), "not yet");
    assert_eq!(seen(&catalog, 11, 150), version(21, 200));
    assert_eq!(seen(&catalog, 11, 200), (None, None), "no more");
    assert_eq!(seen(&catalog, 12, 150), (None, None), "there is no such product");

    let mut shared = catalog;
    let website = vec![Value::Int(11), Value::Int(1)];
    let sheet = shared.sheets.entry(Owner::Product(11)).or_default();
    sheet.insert(Table::ProductWebsite, RowKey(11, 1), website.clone());
    let horizon = Horizon::default();
    for (now_s, rows) in [(99, 1), (150, 3)] {
        let sheet = Visible::new(&shared, now_s, &horizon).sheet(Owner::Product(11)).unwrap();
        let sheet = sheet.unwrap();
        assert_eq!(sheet.row_count(), rows);
        assert_eq!(sheet.first(Table::ProductWebsite), Some(&website));
    }
}

#[test]
fn gap_between_versions_is_a_time_without_the_product() {
    let catalog = products(&[(21, 11, 1, 100), (22, 11, 300, NEVER_S)]);
    assert_eq!(seen(&catalog, 11, 99), version(21, 100));
    assert_eq!(seen(&catalog, 11, 100), (None, Some(300)));
    assert_eq!(seen(&catalog, 11, 300), version(22, None));
}

#[test]
fn of_two_versions_that_claim_an_instant_the_later_one_counts() {
    let catalog = products(&[(22, 11, 50, NEVER_S), (21, 11, 1, NEVER_S), (23, 11, 50, NEVER_S)]);
    assert_eq!(seen(&catalog, 11, 49), version(21, 50));
    assert_eq!(seen(&catalog, 11, 50), version(23, None), "that with the higher row_id");
}

#[test]
fn horizon_is_the_first_instant_to_come_of_all_that_was_read() {
    let catalog =
        products(&[(21, 11, 1, 300), (22, 11, 300, 400), (23, 12, 1, 200), (24, 12, 200, 250)]);
    let horizon = Horizon::default();
    let at = |now_s: i64| Visible::new(&catalog, now_s, &horizon);
    assert_eq!(horizon.first_change_s(), None);
    at(150).sheet(Owner::Product(11)).unwrap();
    assert_eq!(horizon.first_change_s(), Some(300));
    at(150).sheet(Owner::Product(12)).unwrap();
    assert_eq!(horizon.first_change_s(), Some(200));
    at(150).sheet(Owner::Website(1)).unwrap();
    assert_eq!(horizon.first_change_s(), Some(200), "others have no versions");
    let horizon = Horizon::default();
    for at_s in [100, 150, 140] {
        horizon.note(at_s, 140);
    }
    assert_eq!(horizon.first_change_s(), Some(150), "what is past, or now, does not count");
}

#[test]
fn version_that_was_moved_to_another_product_counts_there_and_no_more_here() {
    let mut catalog = products(&[(21, 11, 1, NEVER_S), (22, 12, 50, NEVER_S)]);
    assert_eq!(seen(&catalog, 11, 60), version(21, None));
    let moved = |product: u32| {
        crate::catalog::random_rows::row(
            Table::StagedProductEntity,
            json!({
                "row_id": 21, "entity_id": product, "sku": "s21", "created_in": 1,
                "updated_in": NEVER_S,
            }),
        )
    };
    let change = crate::decode::RowChange {
        table: Table::StagedProductEntity.id(),
        before: Some(moved(11)),
        after: Some(moved(12)),
        cascades: true,
    };
    let stale = catalog.references.clone();
    absorb(&mut catalog, &[change], FoldMode::GateOpen);
    // Whatever the index says, the version's own row decides.
    for references in [catalog.references.clone(), stale] {
        catalog.references.extend(references);
        assert_eq!(seen(&catalog, 11, 60), (None, None));
        assert_eq!(seen(&catalog, 12, 40), version(21, 50));
        assert_eq!(seen(&catalog, 12, 60), version(22, None));
    }
}
