//! Tests of catalog rule prices. Today is the 15th of June 2024 everywhere, at noon in UTC.

use serde_json::{Value as Json, json};

use super::{GROUP_0, GROUP_1, body, check, on_sale, shirt, tier};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

const TODAY: &str = "2024-06-15";
const ZONE: &str = "general/locale/timezone";

/// A catalog rule price of [`PRODUCT`].
pub(super) fn rule(rows: ShopRows, date: &str, group: u32, website: u32, price: &str) -> ShopRows {
    let cells = json!({
        "rule_date": date, "customer_group_id": group, "product_id": PRODUCT,
        "rule_price": price, "website_id": website,
    });
    rows.row(Table::CatalogRuleProductPrice, cells)
}

/// The shirt at 20, for General at `price` by a catalog rule of this date.
pub(super) fn ruled(date: &str, price: &str) -> ShopRows {
    rule(shirt(), date, 1, 1, price)
}

fn books(rows: &ShopRows) -> Vec<String> {
    rows.last_parts(Feed::Prices, PRODUCT)
}

fn by_rule(price: u32) -> Json {
    json!([{"code": "catalog_rule", "price": price}])
}

#[test]
fn catalog_rule_gives_its_group_an_item_and_leaves_everybodys_alone() {
    let rows = ruled(TODAY, "12.345600");
    let expected = json!({
        "sku": "shirt", "priceBookId": GROUP_1, "regular": 20,
        "discounts": [{"code": "catalog_rule", "price": 12.3456}], "tierPrices": [],
    });
    assert_eq!(body(&rows, GROUP_1), expected);
    check(&rows, "discounts", &json!([]));
    assert_eq!(books(&rows), ["base", GROUP_1]);
}

#[test]
fn catalog_rule_of_visitors_is_for_group_zero_and_not_for_everybody() {
    let rows = rule(shirt(), TODAY, 0, 1, "12.000000");
    assert_eq!(body(&rows, GROUP_0)["discounts"], by_rule(12));
    check(&rows, "discounts", &json!([]));
}

#[test]
fn zero_is_a_legal_catalog_rule_price() {
    let rows = ruled(TODAY, "0.000000");
    assert_eq!(body(&rows, GROUP_1)["discounts"], by_rule(0));
}

#[test]
fn group_with_a_catalog_rule_alone_starts_from_what_everybody_gets() {
    let rows = tier(on_sale(Json::Null, Json::Null), None, 0, "1.0000", "19.000000");
    let rows = tier(rows, None, 0, "5.0000", "18.000000");
    let rows = rule(rows, TODAY, 1, 1, "12.000000");
    let body = body(&rows, GROUP_1);
    let expected = json!([
        {"code": "special_price", "price": 15.5}, {"code": "group", "price": 19},
        {"code": "catalog_rule", "price": 12},
    ]);
    assert_eq!(body["discounts"], expected);
    assert_eq!(body["tierPrices"], json!([{"qty": 5, "price": 18}]));
}

#[test]
fn catalog_rule_stands_beside_a_tier_price_of_the_same_group() {
    let rows = tier(ruled(TODAY, "12.000000"), Some(1), 0, "1.0000", "10%");
    let expected =
        json!([{"code": "group", "percentage": 10}, {"code": "catalog_rule", "price": 12}]);
    assert_eq!(body(&rows, GROUP_1)["discounts"], expected);
    assert_eq!(books(&rows), ["base", GROUP_1]);
}

#[test]
fn catalog_rule_rows_of_yesterday_and_tomorrow_do_not_count() {
    let rows = rule(ruled("2024-06-14", "11.000000"), "2024-06-16", 1, 1, "13.000000");
    assert_eq!(books(&rows), ["base"]);
    let rows = rule(rows, TODAY, 1, 1, "12.000000");
    assert_eq!(body(&rows, GROUP_1)["discounts"], by_rule(12));
}

#[test]
fn catalog_rule_counts_in_its_own_website() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    let rows = rule(rows, TODAY, 1, 2, "12.000000");
    assert_eq!(books(&rows), ["base", "outlet", &GROUP_1.replace("base", "outlet")]);
}

#[test]
fn catalog_rule_in_a_website_the_product_is_not_in_does_not_count() {
    let rows = rule(shirt(), TODAY, 1, 2, "12.000000");
    assert_eq!(books(&rows), ["base"]);
    assert_eq!(rows.until(Feed::Prices, PRODUCT), None);
}

#[test]
fn catalog_rule_of_a_disabled_or_vanished_group_makes_no_item() {
    let mut rows = rule(ruled(TODAY, "12.000000"), TODAY, 44, 1, "12.000000");
    assert_eq!(books(&rows), ["base", GROUP_1]);
    rows.options.disabled_customer_groups.insert("General".to_owned());
    assert_eq!(books(&rows), ["base"]);
}

/// Rows of the 14th (11) and the 15th (12) when it is the 14th in the website and the 15th in the
/// default scope.
fn between_two_days(dates: &[(&str, &str)]) -> ShopRows {
    let mut rows = shirt();
    for (date, price) in dates {
        rows = rule(rows, date, 1, 1, price);
    }
    rows.options.now = "2024-06-15T02:00:00Z".parse().unwrap();
    let rows = rows.config("default", 0, ZONE, json!("Europe/Berlin"));
    rows.config("stores", 1, ZONE, json!("America/Chicago"))
}

#[test]
fn catalog_rule_of_the_websites_own_today_wins_over_that_of_the_default_scope() {
    let dates = [("2024-06-15", "12.000000"), ("2024-06-14", "11.000000")];
    let rows = between_two_days(&dates);
    assert_eq!(body(&rows, GROUP_1)["discounts"], by_rule(11));
}

#[test]
fn catalog_rule_of_the_default_scopes_today_counts_where_the_websites_own_has_none() {
    let rows = between_two_days(&[("2024-06-15", "12.000000")]);
    assert_eq!(body(&rows, GROUP_1)["discounts"], by_rule(12));
    let rows = between_two_days(&[("2024-06-16", "13.000000")]);
    assert_eq!(books(&rows), ["base"]);
}

#[test]
fn items_with_a_catalog_rule_hold_until_the_next_midnight_of_either_calendar() {
    let mut rows = between_two_days(&[("2024-06-15", "12.000000")]);
    let mut until = |now: &str| {
        rows.options.now = now.parse().unwrap();
        rows.until(Feed::Prices, PRODUCT).unwrap().to_string()
    };
    // Midnight in Chicago, then in Berlin, then in Chicago again.
    assert_eq!(until("2024-06-15T02:00:00Z"), "2024-06-15T05:00:00Z");
    assert_eq!(until("2024-06-15T05:00:00Z"), "2024-06-15T22:00:00Z");
    assert_eq!(until("2024-06-15T22:00:00Z"), "2024-06-16T05:00:00Z");
}

#[test]
fn items_without_a_catalog_rule_hold_for_ever() {
    assert_eq!(shirt().until(Feed::Prices, PRODUCT), None);
}

#[test]
fn group_loses_its_item_with_its_last_row() {
    let mut rows = ruled(TODAY, "12.000000");
    assert_eq!(books(&rows), ["base", GROUP_1]);
    let midnight = rows.until(Feed::Prices, PRODUCT).unwrap();
    rows.options.now = midnight;
    assert_eq!(books(&rows), ["base"]);
    let with_a_tier = tier(rows, Some(1), 0, "5.0000", "18.000000");
    assert_eq!(books(&with_a_tier), ["base", GROUP_1]);
    assert_eq!(body(&with_a_tier, GROUP_1)["discounts"], json!([]));
}

#[test]
fn unknown_time_zone_is_a_fault_of_the_groups_that_have_a_catalog_rule_of_any_day() {
    for (scope, id) in [("stores", 1), ("default", 0)] {
        let rows = tier(ruled("2024-06-01", "12.000000"), Some(0), 0, "1.0000", "17.000000");
        let rows = rows.config("stores", 1, ZONE, json!("Europe/Berlin"));
        let rows = rows.config(scope, id, ZONE, json!("Mars/X"));
        let fault = body(&rows, GROUP_1);
        let hint = "general/locale/timezone is \"Mars/X\"";
        assert!(fault.as_str().is_some_and(|fault| fault.contains(hint)), "{scope}: {fault}");
        check(&rows, "regular", &json!(20));
        assert_eq!(body(&rows, GROUP_0)["discounts"], json!([{"code": "group", "price": 17}]));
    }
}
