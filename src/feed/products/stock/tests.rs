//! Tests of inStock and lowStock, one per rule; those of the default stock alone are beside the
//! other fields of products.

mod composites;
mod sources;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

const THRESHOLD: &str = "cataloginventory/options/stock_threshold_qty";
const MANAGE_STOCK: &str = "cataloginventory/item_options/manage_stock";
const BACKORDERS: &str = "cataloginventory/item_options/backorders";
const MIN_QTY: &str = "cataloginventory/item_options/min_qty";

/// A stock item of the default stock: in stock, all settings left to the configuration but for
/// these cells.
fn item(rows: ShopRows, product: u32, cells: Json) -> ShopRows {
    let mut item = json!({
        "product_id": product, "stock_id": 1, "website_id": 0, "qty": "0.0000", "is_in_stock": 1,
        "manage_stock": 1, "use_config_manage_stock": 1, "backorders": 0,
        "use_config_backorders": 1, "min_qty": "0.0000", "use_config_min_qty": 1,
    });
    let Json::Object(cells) = cells else { panic!("a row is an object of columns") };
    item.as_object_mut().unwrap().extend(cells);
    rows.row(Table::StockItem, item)
}

/// Two stocks: website `base` sells from stock 2, which the sources `north` and `south` fill, and
/// `closed`, which is disabled; website `outlet` sells from the default stock. `east` fills none.
fn two_stocks(mut rows: ShopRows) -> ShopRows {
    for (source, enabled) in [("north", 1), ("south", 1), ("closed", 0), ("east", 1)] {
        rows = rows.row(Table::InventorySource, json!({"source_code": source, "enabled": enabled}));
    }
    for (stock, name) in [(1, "Default Stock"), (2, "Stock of Base")] {
        rows = rows.row(Table::InventoryStock, json!({"stock_id": stock, "name": name}));
    }
    for (stock, source) in [(1, "north"), (2, "north"), (2, "south"), (2, "closed")] {
        let cells = json!({"stock_id": stock, "source_code": source});
        rows = rows.row(Table::InventorySourceStockLink, cells);
    }
    channel(channel(rows, "website", "base", 2), "website", "outlet", 1)
}

fn channel(rows: ShopRows, kind: &str, code: &str, stock: u32) -> ShopRows {
    let cells = json!({"type": kind, "code": code, "stock_id": stock});
    rows.row(Table::InventoryStockSalesChannel, cells)
}

/// What a source has of a sku that is in stock there.
fn at(rows: ShopRows, source: &str, sku: &str, quantity: &str) -> ShopRows {
    source_item(rows, source, sku, quantity, 1)
}

fn source_item(rows: ShopRows, source: &str, sku: &str, quantity: &str, status: u32) -> ShopRows {
    let cells = json!({"source_code": source, "sku": sku, "quantity": quantity, "status": status});
    rows.row(Table::InventorySourceItem, cells)
}

/// The shirt in both websites, with a stock item, in a shop with two stocks.
fn shirt(cells: Json) -> ShopRows {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    two_stocks(item(rows, PRODUCT, cells))
}

fn facts(rows: &ShopRows, store: &str) -> Json {
    let body = rows.body(Feed::Products, PRODUCT, store);
    serde_json::from_str(body["attributes"][0]["values"][0].as_str().unwrap()).unwrap()
}

fn check_in_stock(rows: &ShopRows, store: &str, expected: bool) {
    assert_eq!(facts(rows, store)["inStock"], expected.to_string());
}

/// The quantity is this: below any larger threshold, and below none that is not larger.
fn check_qty(rows: &ShopRows, store: &str, qty: u32) {
    let is_low = |threshold: u32| {
        let rows = rows.clone().config("default", 0, THRESHOLD, json!(threshold.to_string()));
        facts(&rows, store)["lowStock"] == "true"
    };
    assert!(!is_low(qty), "at least {qty}");
    assert!(is_low(qty + 1), "at most {qty}");
}

/// There is no quantity: low for every threshold, negative ones too, but 0.
fn check_no_qty(rows: &ShopRows, store: &str) {
    for (threshold, expected) in [("0", "false"), ("1", "true"), ("-1", "true")] {
        let rows = rows.clone().config("default", 0, THRESHOLD, json!(threshold));
        assert_eq!(facts(&rows, store)["lowStock"], expected, "threshold {threshold}");
    }
}
