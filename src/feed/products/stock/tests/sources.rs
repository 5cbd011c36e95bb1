//! Tests of stocks that are the sum of sources, and of which stock a website sells from.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    BACKORDERS, MANAGE_STOCK, MIN_QTY, at, channel, check_in_stock, check_no_qty, check_qty, item,
    shirt, source_item, two_stocks,
};
use crate::catalog::{Table, sku_hash};
use crate::feed::shop_rows::{PRODUCT, ShopRows};

fn reserve(rows: ShopRows, stock: u32, sku: &str, quantity: &str) -> ShopRows {
    let cells = json!({"stock_id": stock, "sku": sku, "quantity": quantity});
    rows.row(Table::InventoryReservation, cells)
}

#[test]
fn stock_is_the_sum_of_its_enabled_sources_that_have_the_product_in_stock() {
    let rows = at(at(shirt(json!({})), "north", "shirt", "2.0000"), "south", "shirt", "3.0000");
    let rows = at(at(rows, "closed", "shirt", "100.0000"), "east", "shirt", "100.0000");
    check_in_stock(&rows, "en", true);
    check_qty(&rows, "en", 5);
    let out_in_the_south = at(shirt(json!({})), "north", "shirt", "2.0000");
    let out_in_the_south = source_item(out_in_the_south, "south", "shirt", "3.0000", 0);
    check_qty(&out_in_the_south, "en", 2);
}

#[test]
fn product_that_no_source_has_in_stock_is_out_of_stock() {
    let rows = source_item(shirt(json!({})), "north", "shirt", "5.0000", 0);
    check_in_stock(&rows, "en", false);
    check_qty(&rows, "en", 0);
    check_in_stock(&at(shirt(json!({})), "north", "shirt", "0.0000"), "en", false);
}

#[test]
fn product_that_no_source_of_the_stock_knows_is_out_of_stock_without_a_quantity() {
    let rows = at(shirt(json!({"qty": "9.0000"})), "east", "shirt", "5.0000");
    let rows = at(rows, "closed", "shirt", "5.0000");
    check_in_stock(&rows, "en", false);
    check_no_qty(&rows, "en");
    let unmanaged = shirt(json!({"manage_stock": 0, "use_config_manage_stock": 0}));
    check_in_stock(&unmanaged, "en", false);
}

#[test]
fn website_of_the_default_stock_goes_by_the_stock_item_whatever_sources_have() {
    let rows = at(shirt(json!({"qty": "9.0000"})), "north", "shirt", "2.0000");
    check_in_stock(&rows, "out", true);
    check_qty(&rows, "out", 9);
    check_qty(&rows, "en", 2);
    let rows = at(shirt(json!({"is_in_stock": 0})), "north", "shirt", "2.0000");
    check_in_stock(&rows, "out", false);
    check_in_stock(&rows, "en", true);
}

#[test]
fn every_store_view_of_a_website_sells_from_its_stock() {
    let rows = at(shirt(json!({})), "north", "shirt", "2.0000");
    for store in ["en", "de"] {
        check_in_stock(&rows, store, true);
        check_qty(&rows, store, 2);
    }
}

#[test]
fn website_without_a_sales_channel_has_nothing_in_stock_and_no_quantity() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    let rows = item(rows, PRODUCT, json!({"qty": "9.0000"}));
    let rows = channel(channel(rows, "website", "base", 1), "shop", "outlet", 1);
    check_in_stock(&rows, "en", true);
    check_in_stock(&rows, "out", false);
    check_no_qty(&rows, "out");
}

#[test]
fn stock_items_decide_alone_without_any_row_of_multi_source_inventory() {
    let rows = ShopRows::with_shirt();
    let rows = at(item(rows, PRODUCT, json!({"qty": "9.0000"})), "north", "shirt", "2.0000");
    check_in_stock(&rows, "en", true);
    check_qty(&rows, "en", 9);
}

#[test]
fn codes_and_skus_are_compared_as_the_database_compares_them() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "Shirt", &[1]);
    let rows = item(rows, PRODUCT, json!({}))
        .row(Table::InventorySource, json!({"source_code": "NORTH", "enabled": 1}))
        .row(Table::InventorySourceStockLink, json!({"stock_id": 2, "source_code": "north "}));
    let rows = channel(rows, "Website", "BASE", 2);
    let rows = at(rows, "North", "SHIRT ", "3.0000");
    check_qty(&rows, "en", 3);
    check_in_stock(&rows, "en", true);
    check_in_stock(&reserve(rows, 2, "sHIRT", "-3.0000"), "en", false);
}

#[test]
fn another_sku_with_the_same_hash_does_not_count() {
    let mut known = BTreeMap::new();
    let mut skus = (0_u32..).map(|number| format!("sku-{number}"));
    let (sku, other) =
        skus.find_map(|sku| Some((known.insert(sku_hash(&sku), sku.clone())?, sku))).unwrap();
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", &sku, &[1]);
    let rows = two_stocks(item(rows, PRODUCT, json!({})));
    let rows = at(at(rows, "north", &sku, "2.0000"), "south", &other, "3.0000");
    check_qty(&rows, "en", 2);
    let rows = reserve(rows, 2, &other, "-3.0000");
    check_in_stock(&rows, "en", true);
    check_in_stock(&reserve(rows, 2, &sku, "-2.0000"), "en", false);
}

#[test]
fn reservations_of_the_stock_can_use_up_what_there_is_but_are_not_part_of_the_quantity() {
    let rows = at(shirt(json!({})), "north", "shirt", "5.0000");
    let rows = reserve(rows, 2, "shirt", "-4.0000");
    let rows = reserve(rows, 1, "shirt", "-100.0000");
    check_in_stock(&rows, "en", true);
    let rows = reserve(rows, 2, "shirt", "-1.0000");
    check_in_stock(&rows, "en", false);
    check_qty(&rows, "en", 5);
    check_in_stock(&reserve(rows, 2, "shirt", "4.0000"), "en", true);
}

#[test]
fn product_is_in_stock_only_above_its_minimum_quantity() {
    let own = |min: &str| {
        at(shirt(json!({"min_qty": min, "use_config_min_qty": 0})), "north", "shirt", "5.0000")
    };
    check_in_stock(&own("4.0000"), "en", true);
    check_in_stock(&own("5.0000"), "en", false);
    let configured = |min: &str| {
        let rows = at(shirt(json!({"min_qty": "9.0000"})), "north", "shirt", "5.0000");
        rows.config("default", 0, MIN_QTY, json!(min))
    };
    check_in_stock(&configured("4.5"), "en", true);
    check_in_stock(&configured("5"), "en", false);
}

#[test]
fn stock_that_is_not_managed_is_always_there_where_a_source_knows_the_product() {
    let own = |manage: u32| {
        let cells = json!({"manage_stock": manage, "use_config_manage_stock": 0});
        source_item(shirt(cells), "north", "shirt", "0.0000", 0)
    };
    check_in_stock(&own(0), "en", true);
    check_in_stock(&own(1), "en", false);
    check_in_stock(&own(1).config("default", 0, MANAGE_STOCK, json!("0")), "en", false);
    let configured = source_item(shirt(json!({"manage_stock": 1})), "north", "shirt", "0.0000", 0);
    check_in_stock(&configured, "en", false);
    check_in_stock(&configured.config("default", 0, MANAGE_STOCK, json!("0")), "en", true);
}

#[test]
fn backorders_need_a_source_that_has_the_product_in_stock() {
    let own = |status: u32| {
        let cells = json!({"backorders": 1, "use_config_backorders": 0});
        source_item(shirt(cells), "north", "shirt", "0.0000", status)
    };
    check_in_stock(&own(1), "en", true);
    check_in_stock(&own(0), "en", false);
    let configured = |backorders: &str| {
        let rows = source_item(shirt(json!({})), "north", "shirt", "0.0000", 1);
        rows.config("default", 0, BACKORDERS, json!(backorders))
    };
    for (backorders, expected) in [("0", false), ("1", true), ("2", true), ("", false)] {
        check_in_stock(&configured(backorders), "en", expected);
    }
    let never = shirt(json!({"backorders": 0, "use_config_backorders": 0}));
    let never = source_item(never, "north", "shirt", "0.0000", 1);
    check_in_stock(&never.config("default", 0, BACKORDERS, json!("1")), "en", false);
}

#[test]
fn negative_minimum_quantity_limits_how_much_can_be_on_backorder() {
    let rows = |reserved: &str| {
        let cells = json!({
            "backorders": 1, "use_config_backorders": 0, "min_qty": "-3.0000",
            "use_config_min_qty": 0,
        });
        reserve(at(shirt(cells), "north", "shirt", "0.0000"), 2, "shirt", reserved)
    };
    check_in_stock(&rows("-2.0000"), "en", true);
    check_in_stock(&rows("-3.0000"), "en", false);
}

#[test]
fn product_without_a_stock_item_can_be_sold_only_where_stock_is_not_managed() {
    let rows = two_stocks(ShopRows::with_shirt());
    let rows = at(rows, "north", "shirt", "5.0000");
    check_in_stock(&rows, "en", false);
    check_qty(&rows, "en", 5);
    check_in_stock(&rows.config("default", 0, MANAGE_STOCK, json!("0")), "en", true);
}
