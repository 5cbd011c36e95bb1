//! `reconcile` on real servers: with a copy that is right, one that was damaged, and a writer at work.

use std::collections::BTreeMap;

use aco_stream::catalog::{CatalogEdits, CatalogRead as _, Owner, RowKey, Sheet, Table};
use aco_stream::decode::{TableLayout, Value};
use aco_stream::store::{Store, StoreParams, WriteBatch};
use serde_json::Value as Json;

use crate::program::{COMMAND_LIMIT, Finished};
use crate::servers::{User, both_servers};
use crate::shop::Shop;

/// What differs, by table: key, what, columns.
fn differing(finished: &Finished) -> BTreeMap<String, Vec<Json>> {
    let mut found = BTreeMap::new();
    for line in finished.stdout.lines() {
        let line: Json = serde_json::from_str(line).expect("JSON");
        let table = line.get("table").and_then(Json::as_str).expect("a table").to_owned();
        let differences = line.get("differences").and_then(Json::as_array).expect("a list");
        if differences.is_empty() {
            found.remove(&table);
        } else {
            found.insert(table, differences.clone());
        }
    }
    found
}

/// Takes a row out of the copy, puts one in, and changes a sku.
#[expect(clippy::indexing_slicing, reason = "the fixture shop is known to have these")]
fn damage(shop: &Shop, layout: TableLayout) {
    let path = shop.directory.path().join("store");
    let store = Store::open(&StoreParams { path, cache_bytes: 16 << 20 }).expect("it opens");
    // The rows of a shop with content staging belong to versions of products, `row_id` before all else.
    let (of, entities, texts, sku): (fn(u32) -> Owner, _, _, _) = match layout {
        TableLayout::Plain => (Owner::Product, Table::ProductEntity, Table::ProductVarchar, 3),
        TableLayout::Staged => {
            (Owner::ProductVersion, Table::StagedProductEntity, Table::StagedProductVarchar, 4)
        }
    };
    let ids = store.owner_ids(of).expect("readable");
    let sheet = |id: u32| -> (Owner, Sheet) {
        let owner = of(id);
        (owner, store.sheet(owner).expect("readable").expect("a product"))
    };
    let mut edits = CatalogEdits::default();
    let (owner, mut lacking) = sheet(ids[0]);
    let key = lacking.keys(texts)[0];
    let row = lacking.remove(texts, key).expect("a row");
    edits.sheets.insert(owner, Some(lacking));
    let (owner, mut other) = sheet(ids[1]);
    let key = other.keys(entities)[0];
    let mut main = other.get(entities, key).expect("a row").clone();
    main[sku] = Value::Text("another".into());
    other.insert(entities, key, main);
    let mut surplus = row;
    surplus[0] = Value::Int(4_000_000);
    other.insert(texts, RowKey(4_000_000, 0), surplus);
    edits.sheets.insert(owner, Some(other));
    let mut batch = WriteBatch::default();
    batch.catalog(&edits);
    store.commit(batch).expect("committed");
    store.flush().expect("flushed");
}

fn damaged_copy_is_named_row_by_row_and_repaired(layout: TableLayout) {
    both_servers(|server| {
        let shop = Shop::of_edition(server, layout);
        shop.settle();
        let equal = shop.aco.run(&["reconcile", "--json"]);
        assert_eq!(equal.code, Some(0), "{} {}", equal.stdout, equal.stderr);
        assert!(equal.stdout.lines().count() > 30, "{}", equal.stdout);
        damage(&shop, layout);
        let differs = shop.aco.run(&["reconcile", "--json"]);
        assert_eq!(differs.code, Some(1), "{}", differs.stderr);
        let found = differing(&differs);
        let what = |table: &str| -> Vec<String> {
            let rows = found.get(table).expect("it differs").iter();
            rows.map(|row| format!("{} {}", row["what"], row["columns"])).collect()
        };
        assert_eq!(what("catalog_product_entity"), [r#""columns" ["sku"]"#]);
        let mut values = what("catalog_product_entity_varchar");
        values.sort();
        assert_eq!(values, [r#""missing in copy" []"#, r#""too many in copy" []"#]);
        assert_eq!(found.len(), 2, "{found:?}");
        let repaired = shop.aco.run(&["reconcile", "--json", "--repair"]);
        assert_eq!(repaired.code, Some(0), "{} {}", repaired.stdout, repaired.stderr);
        assert_eq!(differing(&repaired), BTreeMap::new());
        shop.settle();
        shop.assert_sandbox_holds_what_a_fresh_start_delivers();
    });
}

#[test]
fn damaged_copy_of_a_plain_shop_is_named_row_by_row_and_repaired() {
    damaged_copy_is_named_row_by_row_and_repaired(TableLayout::Plain);
}

#[test]
fn damaged_copy_of_a_staged_shop_is_named_row_by_row_and_repaired() {
    damaged_copy_is_named_row_by_row_and_repaired(TableLayout::Staged);
}

#[test]
fn running_process_compares_while_the_shop_is_written_to() {
    both_servers(|server| {
        let shop = Shop::open(server);
        shop.settle();
        damage(&shop, TableLayout::Plain);
        let running = shop.stream();
        let writer = shop.database.session(User::App);
        let mut comparing = shop.aco.start(&["reconcile", "--json"]);
        let mut written = 0;
        while comparing.is_running() {
            written += 1;
            writer.exec(&format!(
                "UPDATE catalog_product_entity_varchar SET value = CONCAT('v', {written}) \
                 WHERE value_id % 3 = {} LIMIT 5",
                written % 3
            ));
        }
        let finished = comparing.wait(COMMAND_LIMIT);
        assert!(written > 3, "{written} writes");
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let found = differing(&finished);
        let rows: usize = found.values().map(Vec::len).sum();
        assert!((2..=3).contains(&rows), "only what was damaged: {found:?}");
        let repaired = shop.aco.run(&["reconcile", "--json", "--repair"]);
        assert_eq!(repaired.code, Some(0), "{} {}", repaired.stdout, repaired.stderr);
        Shop::stop(running);
    });
}
