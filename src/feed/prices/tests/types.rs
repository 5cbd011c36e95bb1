//! Tests of how types of products are priced.

use serde_json::{Value as Json, json};

use super::{GROUP_1, body, check, shirt, tier};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

fn product(kind: &str) -> ShopRows {
    ShopRows::two_websites().product(PRODUCT, kind, "thing", &[1])
}

#[test]
fn configurables_and_gift_cards_have_no_prices() {
    assert_eq!(product("configurable").items(Feed::Prices, PRODUCT), []);
    assert_eq!(product("giftcard").items(Feed::Prices, PRODUCT), []);
}

#[test]
fn grouped_products_and_dynamic_bundles_cost_nothing_by_themselves() {
    for kind in ["grouped", "bundle"] {
        let rows = product(kind).eav("price", 0, json!("20.000000"));
        check(&rows, "regular", &json!(0));
    }
    let dynamic =
        product("bundle").eav("price", 0, json!("20.000000")).eav("price_type", 0, json!(0));
    check(&dynamic, "regular", &json!(0));
}

#[test]
fn fixed_bundle_has_its_own_price() {
    let rows = product("bundle").eav("price", 0, json!("20.000000")).eav("price_type", 0, json!(1));
    check(&rows, "regular", &json!(20));
}

#[test]
fn special_price_of_a_bundle_is_what_remains_to_be_paid_in_percent() {
    let rows = |percent: &str| product("bundle").eav("special_price", 0, json!(percent));
    let off = |off: Json| json!([{"code": "special_price", "percentage": off}]);
    check(&rows("80.000000"), "discounts", &off(json!(20)));
    check(&rows("0.010000"), "discounts", &off(json!(99.99)));
    check(&rows("100.000000"), "discounts", &json!([]));
    check(&rows("0.000000"), "discounts", &json!([]));
    check(&rows("120.000000"), "discounts", &json!([]));
}

#[test]
fn price_type_of_a_store_view_does_not_matter() {
    let rows = product("bundle").eav("price", 0, json!("20.000000")).eav("price_type", 1, json!(1));
    check(&rows, "regular", &json!(0));
    let rows = rows.eav("price_type", 0, json!(1)).eav("price_type", 1, json!(0));
    check(&rows, "regular", &json!(20));
}

#[test]
fn special_price_of_a_fixed_bundle_is_a_percentage_too() {
    let rows = product("bundle").eav("price", 0, json!("20.000000")).eav("price_type", 0, json!(1));
    let rows = rows.eav("special_price", 0, json!("75.500000"));
    check(&rows, "discounts", &json!([{"code": "special_price", "percentage": 24.5}]));
}

#[test]
fn group_and_tier_percentages_of_a_bundle_are_percent_off_already() {
    let rows = tier(product("bundle"), None, 0, "1.0000", "15%");
    let rows = tier(rows, None, 0, "3.0000", "20%");
    check(&rows, "discounts", &json!([{"code": "group", "percentage": 15}]));
    check(&rows, "tierPrices", &json!([{"qty": 3, "percentage": 20}]));
}

#[test]
fn every_other_type_has_its_own_price() {
    for kind in ["simple", "virtual", "downloadable", "a-type-of-an-extension"] {
        check(&product(kind).eav("price", 0, json!("20.000000")), "regular", &json!(20));
    }
}

#[test]
fn price_of_a_variant_does_not_name_its_parents() {
    let rows = shirt().product(12, "configurable", "shirts", &[1]);
    let rows = rows.row(Table::ProductRelation, json!({"parent_id": 12, "child_id": PRODUCT}));
    let rows = tier(rows, Some(1), 0, "2.0000", "5.000000");
    for price_book in ["base", GROUP_1] {
        let Json::Object(body) = body(&rows, price_book) else { panic!("an item") };
        let fields: Vec<&str> = body.keys().map(String::as_str).collect();
        assert_eq!(fields, ["discounts", "priceBookId", "regular", "sku", "tierPrices"]);
    }
}
