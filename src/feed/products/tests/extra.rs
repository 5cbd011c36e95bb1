//! Tests of the extra attributes: which are sent, and the short ones.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::stock::stock_item;
use super::{body, check_attributes};
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{ExtraAttribute, ExtraAttributes};

/// Registers an attribute as the shop's packages do.
pub(super) fn registered(rows: ShopRows, id: u32, code: &str) -> ShopRows {
    rows.attribute(json!({
        "attribute_id": id, "attribute_code": code, "backend_type": "static",
        "frontend_input": "text", "is_user_defined": 0,
    }))
}

/// The shirt with only this extra attribute.
fn with_extra(mut rows: ShopRows, attribute: ExtraAttribute) -> ShopRows {
    rows.options.extra_attributes = ExtraAttributes::These([attribute].into());
    rows
}

/// The codes after the first, which is always stock and weight.
fn codes(rows: &ShopRows) -> Vec<String> {
    let attributes = body(rows, "en")["attributes"].as_array().unwrap().clone();
    let codes = attributes.iter().skip(1).map(|it| it["code"].as_str().unwrap().to_owned());
    codes.collect()
}

/// The shirt, of which every extra attribute has something to say.
fn rich() -> ShopRows {
    let rows = ShopRows::two_websites()
        .row(
            Table::EavAttributeSet,
            json!({"attribute_set_id": 4, "entity_type_id": 7, "attribute_set_name": "Clothes"}),
        )
        .product(PRODUCT, "simple", "shirt", &[1])
        .row(Table::StockItem, stock_item(PRODUCT, json!({})))
        .row(
            Table::ProductOption,
            json!({"option_id": 51, "product_id": PRODUCT, "type": "field"}),
        );
    let main = json!({
        "entity_id": PRODUCT, "attribute_set_id": 4, "type_id": "simple", "sku": "shirt",
    });
    rows.row(Table::ProductEntity, main)
}

#[test]
fn extra_attributes_are_sent_by_themselves_if_the_shop_has_registered_them() {
    assert_eq!(codes(&rich()), [""; 0]);
    let two = registered(registered(rich(), 541, "ac_tax_class"), 542, "ac_inventory");
    assert_eq!(codes(&two), ["ac_inventory", "ac_tax_class"]);
    let all = registered(registered(two, 543, "ac_customizable_options"), 544, "ac_attribute_set");
    let every = ["ac_attribute_set", "ac_customizable_options", "ac_inventory", "ac_tax_class"];
    assert_eq!(codes(&all), every);
}

#[test]
fn extra_attributes_that_are_listed_are_sent_registered_or_not_and_no_others() {
    let mut rows = registered(rich(), 541, "ac_tax_class");
    rows.options.extra_attributes = ExtraAttributes::These([ExtraAttribute::Inventory].into());
    assert_eq!(codes(&rows), ["ac_inventory"]);
    rows.options.extra_attributes = ExtraAttributes::These(BTreeSet::new());
    assert_eq!(codes(&rows), [""; 0]);
}

#[test]
fn extra_attributes_stand_among_the_others_by_code() {
    let rows = with_extra(rich(), ExtraAttribute::TaxClass)
        .select(601, "aa", &[(61, "First")])
        .select(602, "color", &[(62, "Red")])
        .eav("aa", 0, json!(61))
        .eav("color", 0, json!(62));
    assert_eq!(codes(&rows), ["aa", "ac_tax_class", "color"]);
}

#[test]
fn attribute_set_is_sent_by_name() {
    let rows = with_extra(rich(), ExtraAttribute::AttributeSet);
    check_attributes(&rows, "en", &json!([{"code": "ac_attribute_set", "values": ["Clothes"]}]));
    let of_none = with_extra(ShopRows::with_shirt(), ExtraAttribute::AttributeSet);
    check_attributes(&of_none, "en", &json!([]));
}

#[test]
fn tax_class_is_sent_by_name_and_as_no_without_one() {
    let rows = ShopRows::with_shirt()
        .attribute(json!({
            "attribute_id": 532, "attribute_code": "tax_class_id", "backend_type": "int",
            "frontend_input": "select", "is_user_defined": 0,
        }))
        .row(Table::TaxClass, json!({"class_id": 2, "class_name": "Taxable Goods"}));
    let rows = with_extra(rows, ExtraAttribute::TaxClass);
    let check = |rows: &ShopRows, store: &str, expected: &str| {
        let expected = json!([{"code": "ac_tax_class", "values": [expected]}]);
        check_attributes(rows, store, &expected);
    };
    check(&rows, "en", "no");
    let taxed = rows.eav("tax_class_id", 0, json!(2));
    check(&taxed, "en", "Taxable Goods");
    check(&taxed.clone().eav("tax_class_id", 1, json!(0)), "en", "no");
    check(&taxed.clone().eav("tax_class_id", 1, json!(0)), "de", "Taxable Goods");
    check(&taxed.clone().eav("tax_class_id", 1, Json::Null), "en", "no");
    check(&taxed.eav("tax_class_id", 1, json!(77)), "en", "no");
}

/// The shirt with the extra attribute `ac_inventory` and these stock items.
fn stocked(items: &[Json]) -> ShopRows {
    let rows = with_extra(ShopRows::with_shirt(), ExtraAttribute::Inventory);
    items
        .iter()
        .fold(rows, |rows, cells| rows.row(Table::StockItem, stock_item(PRODUCT, cells.clone())))
}

/// What `ac_inventory` says.
fn settings(rows: &ShopRows) -> Json {
    let text = body(rows, "en")["attributes"][1]["values"][0].clone();
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

/// Settings of a stock item's own.
fn own() -> Json {
    json!({
        "manage_stock": 1, "use_config_manage_stock": 0,
        "min_sale_qty": "3.0000", "use_config_min_sale_qty": 0,
        "max_sale_qty": "100.5000", "use_config_max_sale_qty": 0,
        "backorders": 2, "use_config_backorders": 0,
        "enable_qty_increments": 1, "use_config_enable_qty_inc": 0,
        "qty_increments": "2.0000", "use_config_qty_increments": 0,
    })
}

/// The same with every setting left to the configuration.
fn left() -> Json {
    let mut item = own();
    for (key, value) in item.as_object_mut().unwrap() {
        if key.starts_with("use_config") {
            *value = json!(1);
        }
    }
    item
}

#[test]
fn inventory_is_json_text_of_the_stock_items_own_settings_with_sorted_keys() {
    let text = concat!(
        r#"{"backorders":"allow_and_notify","cartMaxQty":100.5,"cartMinQty":3,"#,
        r#""enableQtyIncrements":true,"manageStock":true,"qtyIncrements":2}"#
    );
    check_attributes(
        &stocked(&[own()]),
        "en",
        &json!([{"code": "ac_inventory", "values": [text]}]),
    );
}

#[test]
fn inventory_settings_left_to_the_configuration_have_its_values_and_else_the_shops_defaults() {
    let rows = stocked(&[left()]);
    let defaults = json!({
        "backorders": "no", "cartMaxQty": 10000, "cartMinQty": 1, "enableQtyIncrements": false,
        "manageStock": true, "qtyIncrements": 1,
    });
    assert_eq!(settings(&rows), defaults);
    let configured = [
        ("manage_stock", "0"),
        ("min_sale_qty", "2"),
        ("max_sale_qty", "50"),
        ("backorders", "1"),
        ("enable_qty_increments", "1"),
        ("qty_increments", "0.5"),
    ];
    let rows = configured.into_iter().fold(rows, |rows, (name, value)| {
        rows.config("default", 0, &format!("cataloginventory/item_options/{name}"), value)
    });
    let expected = json!({
        "backorders": "allow", "cartMaxQty": 50, "cartMinQty": 2, "enableQtyIncrements": true,
        "manageStock": false, "qtyIncrements": 0.5,
    });
    assert_eq!(settings(&rows), expected);
}

#[test]
fn backorders_have_three_names() {
    for (backorders, name) in [(0, "no"), (1, "allow"), (2, "allow_and_notify"), (3, "no")] {
        let item = json!({"backorders": backorders, "use_config_backorders": 0});
        assert_eq!(settings(&stocked(&[item]))["backorders"], name);
    }
}

#[test]
fn least_quantity_by_customer_group_is_that_of_visitors_then_that_of_all_groups() {
    let least = |configured: &str| {
        let path = "cataloginventory/item_options/min_sale_qty";
        settings(&stocked(&[left()]).config("default", 0, path, configured))["cartMinQty"].clone()
    };
    assert_eq!(least(r#"{"32000":"4","0":"2"}"#), 2);
    assert_eq!(least(r#"{"32000":4,"1":7}"#), 4);
    assert_eq!(least(r#"{"1":"7"}"#), 3, "the stock item's own");
    assert_eq!(least("a:1:{}"), 3, "the stock item's own");
}

#[test]
fn inventory_is_that_of_the_website_then_that_of_the_admin_website() {
    let item = |website: u32, stock: u32, least: &str| {
        json!({
            "website_id": website, "stock_id": stock, "min_sale_qty": least,
            "use_config_min_sale_qty": 0,
        })
    };
    let least = |items: &[Json]| settings(&stocked(items))["cartMinQty"].clone();
    assert_eq!(least(&[item(0, 1, "2.0000"), item(2, 1, "9.0000")]), 2);
    assert_eq!(least(&[item(0, 1, "2.0000"), item(1, 2, "5.0000")]), 5);
    assert_eq!(least(&[item(0, 2, "3.0000"), item(0, 1, "2.0000")]), 2);
}

#[test]
fn product_without_a_stock_item_has_no_inventory() {
    check_attributes(&stocked(&[]), "en", &json!([]));
    let elsewhere = stocked(&[json!({"website_id": 2})]);
    check_attributes(&elsewhere, "en", &json!([]));
}
