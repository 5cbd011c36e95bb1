//! Tests of stock and weight, which are the first attribute.

use serde_json::{Value as Json, json};

use super::check_stock;
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

pub(super) fn stock_item(product: u32, cells: Json) -> Json {
    let mut item = json!({
        "product_id": product, "stock_id": 1, "qty": "5.0000", "is_in_stock": 1, "manage_stock": 1,
        "use_config_manage_stock": 0, "website_id": 0,
    });
    let Json::Object(cells) = cells else { panic!("a row is an object of columns") };
    item.as_object_mut().unwrap().extend(cells);
    item
}

fn with_stock(cells: Json) -> ShopRows {
    ShopRows::with_shirt().row(Table::StockItem, stock_item(PRODUCT, cells))
}

pub(super) const THRESHOLD: &str = "cataloginventory/options/stock_threshold_qty";

#[test]
fn weight_and_its_unit_are_there_only_when_the_product_has_a_weight() {
    let rows = with_stock(json!({})).eav("weight", 0, json!("1.500000"));
    let expected = r#"{"inStock":"true","lowStock":"false","weight":1.5,"weightType":"lbs"}"#;
    check_stock(&rows, "en", expected);
    let rows = rows.eav("weight", 0, json!("2.000000")).config(
        "stores",
        1,
        "general/locale/weight_unit",
        json!("kgs"),
    );
    let expected = r#"{"inStock":"true","lowStock":"false","weight":2,"weightType":"kgs"}"#;
    check_stock(&rows, "en", expected);
    let rows = rows.eav("weight", 1, Json::Null);
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}

#[test]
fn stock_that_is_not_managed_is_always_there() {
    let not_managed = with_stock(json!({"is_in_stock": 0, "manage_stock": 0}));
    check_stock(&not_managed, "en", r#"{"inStock":"true","lowStock":"false"}"#);
    let managed = with_stock(json!({"is_in_stock": 0}));
    check_stock(&managed, "en", r#"{"inStock":"false","lowStock":"false"}"#);
}

#[test]
fn product_may_leave_stock_management_to_the_configuration() {
    let cells = json!({"is_in_stock": 0, "manage_stock": 0, "use_config_manage_stock": 1});
    let rows = with_stock(cells);
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let rows = rows.config("default", 0, "cataloginventory/item_options/manage_stock", json!("0"));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}

#[test]
fn low_stock_is_strictly_below_the_threshold_of_the_store_view() {
    let rows = with_stock(json!({})).config("stores", 1, THRESHOLD, json!("5"));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
    let rows = rows.config("stores", 2, THRESHOLD, json!("5.5"));
    check_stock(&rows, "de", r#"{"inStock":"true","lowStock":"true"}"#);
}

#[test]
fn product_without_a_stock_item_is_out_of_stock_and_low_where_a_threshold_is_set() {
    let rows = ShopRows::with_shirt();
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let rows = rows.config("default", 0, THRESHOLD, json!("1"));
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"true"}"#);
}

#[test]
pub(super) fn stock_item_of_the_default_stock_for_every_website_counts() {
    let out = |cells: Json| stock_item(PRODUCT, cells);
    let rows = ShopRows::with_shirt()
        .row(Table::StockItem, out(json!({"stock_id": 2, "is_in_stock": 0})))
        .row(Table::StockItem, out(json!({"website_id": 1, "is_in_stock": 0})))
        .row(Table::StockItem, out(json!({})));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}
