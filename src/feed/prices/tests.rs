//! Tests of the prices feed, one per rule.

mod days;
mod groups;
mod rules;
mod types;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{Feed, SpecialPriceDates};

const GROUP_0: &str = "base::b6589fc6ab0dc82cf12099d1c2d40ab994e8410c";
const GROUP_1: &str = "base::356a192b7913b04c54574d18c28d46e6395428ab";

/// The shirt at 20.
fn shirt() -> ShopRows {
    ShopRows::with_shirt().eav("price", 0, json!("20.000000"))
}

/// The shirt at 20, with these cells of a special price in the default rows.
fn on_sale(from: Json, to: Json) -> ShopRows {
    shirt().eav("special_price", 0, json!("15.500000")).eav("special_from_date", 0, from).eav(
        "special_to_date",
        0,
        to,
    )
}

/// A tier row of everybody, or of one group; the amount is a price, or a percentage with `%`.
fn tier(rows: ShopRows, group: Option<u32>, website: u32, qty: &str, amount: &str) -> ShopRows {
    let percentage = amount.strip_suffix('%');
    rows.row(
        Table::ProductTierPrice,
        json!({
            "entity_id": PRODUCT, "all_groups": i32::from(group.is_none()),
            "customer_group_id": group.unwrap_or(0), "qty": qty,
            "value": if percentage.is_some() { "0.000000" } else { amount },
            "website_id": website, "percentage_value": percentage,
        }),
    )
}

fn body(rows: &ShopRows, price_book: &str) -> Json {
    rows.body(Feed::Prices, PRODUCT, price_book)
}

fn check(rows: &ShopRows, field: &str, expected: &Json) {
    assert_eq!(&body(rows, "base")[field], expected);
}

fn check_fault(rows: &ShopRows, part: &str) {
    let fault = body(rows, "base");
    assert!(fault.as_str().is_some_and(|fault| fault.contains(part)), "{fault}");
}

#[test]
fn item_has_all_fields_even_when_there_is_nothing_but_a_price() {
    let expected = json!({
        "sku": "shirt", "priceBookId": "base", "regular": 20, "discounts": [], "tierPrices": [],
    });
    assert_eq!(body(&shirt(), "base"), expected);
    assert_eq!(shirt().last_parts(Feed::Prices, PRODUCT), ["base"]);
}

#[test]
fn product_without_a_price_costs_nothing_and_is_still_an_item() {
    check(&ShopRows::with_shirt(), "regular", &json!(0));
    check(&ShopRows::with_shirt().eav("price", 0, Json::Null), "regular", &json!(0));
}

#[test]
fn disabled_product_keeps_its_price() {
    check(&shirt().eav("status", 0, json!(2)), "regular", &json!(20));
}

#[test]
fn product_has_prices_in_the_websites_it_is_assigned_to() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base", "outlet"]);
    let mut rows = rows;
    rows.options.disabled_websites.insert("base".to_owned());
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["outlet"]);
}

#[test]
fn price_of_a_store_view_is_its_websites_price_and_no_other_websites() {
    let rows = ShopRows::two_websites()
        .product(PRODUCT, "simple", "shirt", &[1, 2])
        .eav("price", 0, json!("20.000000"))
        .eav("price", 3, json!("12.990000"));
    assert_eq!(body(&rows, "base")["regular"], json!(20));
    assert_eq!(body(&rows, "outlet")["regular"], json!(12.99));
}

#[test]
fn null_price_of_a_store_view_leaves_the_price_but_takes_the_special_price_away() {
    let rows = on_sale(Json::Null, Json::Null).eav("price", 2, Json::Null);
    check(&rows, "regular", &json!(20));
    check(&rows, "discounts", &json!([]));
}

#[test]
fn special_price_is_a_discount_with_the_final_price() {
    let rows = on_sale(Json::Null, Json::Null);
    check(&rows, "discounts", &json!([{"code": "special_price", "price": 15.5}]));
}

#[test]
fn special_price_of_a_store_view_wins_and_its_null_row_takes_it_away() {
    let rows = on_sale(Json::Null, Json::Null);
    let own = rows.clone().eav("special_price", 1, json!("0.000000"));
    check(&own, "discounts", &json!([{"code": "special_price", "price": 0}]));
    let none = rows.eav("special_price", 1, Json::Null);
    check(&none, "discounts", &json!([]));
}

#[test]
fn of_store_views_of_a_website_that_disagree_the_last_one_by_id_wins() {
    let price = |rows: ShopRows| rows.eav("price", 2, json!("22.000000"));
    let rows = price(shirt()).eav("price", 1, json!("21.000000"));
    check(&rows, "regular", &json!(22));
    let special = |first: Json, last: Json| {
        let rows = shirt().eav("special_price", 2, last).eav("special_price", 1, first);
        body(&rows, "base")["discounts"].clone()
    };
    let of = |price: u32| json!([{"code": "special_price", "price": price}]);
    assert_eq!(special(json!("11.000000"), json!("12.000000")), of(12));
    assert_eq!(special(json!("11.000000"), Json::Null), json!([]));
    assert_eq!(special(Json::Null, json!("12.000000")), of(12));
}

#[test]
fn special_price_of_a_store_view_holds_in_its_own_website_only() {
    let rows = ShopRows::two_websites()
        .product(PRODUCT, "simple", "shirt", &[1, 2])
        .eav("special_price", 0, json!("15.500000"))
        .eav("special_price", 3, Json::Null);
    assert_eq!(body(&rows, "outlet")["discounts"], json!([]));
    check(&rows, "discounts", &json!([{"code": "special_price", "price": 15.5}]));
}

#[test]
fn special_price_counts_from_its_first_to_its_last_day_inclusive() {
    // Noon in UTC on the 15th is the 15th in Los Angeles, too.
    let day = |day: u8| json!(format!("2024-06-{day:02} 00:00:00"));
    let is_on = |from: Json, to: Json| body(&on_sale(from, to), "base")["discounts"] != json!([]);
    assert!(is_on(day(15), day(15)));
    assert!(is_on(day(1), Json::Null));
    assert!(is_on(Json::Null, day(30)));
    assert!(!is_on(day(16), day(30)));
    assert!(!is_on(day(1), day(14)));
    assert!(is_on(json!("0000-00-00 00:00:00"), json!("0000-00-00 00:00:00")));
}

#[test]
fn special_price_day_begins_in_the_time_zone_of_the_websites_default_store_view() {
    let mut rows = on_sale(json!("2024-06-16 00:00:00"), Json::Null);
    rows.options.now = "2024-06-15T22:30:00Z".parse().unwrap();
    let zone = "general/locale/timezone";
    check(&rows, "discounts", &json!([]));
    let berlin = rows.clone().config("stores", 1, zone, json!("Europe/Berlin"));
    check(&berlin, "discounts", &json!([{"code": "special_price", "price": 15.5}]));
    let other_store = rows.config("stores", 2, zone, json!("Europe/Berlin"));
    check(&other_store, "discounts", &json!([]));
}

#[test]
fn special_price_dates_of_a_store_view_win_over_the_default_ones() {
    let rows = on_sale(Json::Null, json!("2024-06-01 00:00:00"));
    check(&rows, "discounts", &json!([]));
    let open = json!([{"code": "special_price", "price": 15.5}]);
    check(
        &rows.clone().eav("special_to_date", 1, json!("2024-07-01 00:00:00")),
        "discounts",
        &open,
    );
    check(&rows.eav("special_to_date", 1, Json::Null), "discounts", &open);
}

#[test]
fn special_price_dates_can_be_ignored() {
    let mut rows = on_sale(Json::Null, json!("2020-01-01 00:00:00"));
    rows.options.special_price_dates = SpecialPriceDates::Ignore;
    check(&rows, "discounts", &json!([{"code": "special_price", "price": 15.5}]));
}

#[test]
fn unknown_time_zone_is_a_fault_only_where_a_date_needs_it() {
    let zone =
        |rows: ShopRows| rows.config("default", 0, "general/locale/timezone", json!("Mars/X"));
    let rows = zone(on_sale(json!("2024-01-01 00:00:00"), Json::Null));
    check_fault(&rows, "general/locale/timezone is \"Mars/X\"");
    check(&zone(on_sale(Json::Null, Json::Null)), "regular", &json!(20));
}

#[test]
fn tier_of_quantity_one_is_the_group_discount_and_larger_ones_are_tier_prices_by_quantity() {
    let rows = tier(shirt(), None, 0, "10.0000", "15.000000");
    let rows = tier(rows, None, 0, "2.5500", "18.500000");
    let rows = tier(rows, None, 0, "1.0000", "19.000000");
    let rows = tier(rows, None, 0, "0.5000", "1.000000");
    check(&rows, "discounts", &json!([{"code": "group", "price": 19}]));
    let expected = json!([{"qty": 2.55, "price": 18.5}, {"qty": 10, "price": 15}]);
    check(&rows, "tierPrices", &expected);
}

#[test]
fn discounts_are_listed_side_by_side_special_price_first() {
    let rows = tier(on_sale(Json::Null, Json::Null), None, 0, "1.0000", "19.000000");
    let expected =
        json!([{"code": "special_price", "price": 15.5}, {"code": "group", "price": 19}]);
    check(&rows, "discounts", &expected);
}

#[test]
fn percentage_wins_over_a_price_in_the_same_tier_row() {
    let cells = json!({
        "entity_id": PRODUCT, "all_groups": 1, "customer_group_id": 0, "qty": "5.0000",
        "value": "12.000000", "website_id": 0, "percentage_value": "12.50",
    });
    let rows = shirt().row(Table::ProductTierPrice, cells);
    check(&rows, "tierPrices", &json!([{"qty": 5, "percentage": 12.5}]));
}

#[test]
fn zero_is_a_legal_tier_price() {
    let rows = tier(shirt(), None, 0, "5.0000", "0.000000");
    check(&rows, "tierPrices", &json!([{"qty": 5, "price": 0}]));
}

#[test]
fn tier_of_a_website_wins_over_the_one_of_every_website_whichever_is_older() {
    let expected = json!([{"qty": 5, "price": 11}]);
    let general_first = tier(shirt(), None, 0, "5.0000", "12.000000");
    check(&tier(general_first, None, 1, "5.0000", "11.000000"), "tierPrices", &expected);
    let own_first = tier(shirt(), None, 1, "5.0000", "11.000000");
    check(&tier(own_first, None, 0, "5.0000", "12.000000"), "tierPrices", &expected);
}

#[test]
fn tier_of_another_website_does_not_count() {
    let rows = tier(shirt(), None, 2, "5.0000", "12.000000");
    check(&rows, "tierPrices", &json!([]));
    assert_eq!(
        tier(rows, Some(1), 2, "5.0000", "12.000000").last_parts(Feed::Prices, PRODUCT),
        ["base"]
    );
}

#[test]
fn percentage_that_the_service_refuses_is_a_fault_that_names_the_row() {
    for percentage in ["0.00%", "100.00%"] {
        let rows = tier(shirt(), None, 0, "5.0000", percentage);
        check_fault(&rows, "catalog_product_entity_tier_price value_id 9");
    }
    for percentage in ["0.01%", "99.99%"] {
        let rows = tier(shirt(), None, 0, "5.0000", percentage);
        assert!(body(&rows, "base").is_object(), "{percentage}");
    }
}

#[test]
fn fault_in_a_groups_own_row_does_not_hold_up_everybodys_prices() {
    let rows = tier(shirt(), Some(1), 0, "5.0000", "100.00%");
    check(&rows, "regular", &json!(20));
    assert!(body(&rows, GROUP_1).is_string());
}

#[test]
fn price_book_id_that_is_too_long_is_a_fault_of_that_price() {
    let code = "a_website_code_of_23_ch";
    let website = json!({"website_id": 5, "code": code, "name": "Long", "default_group_id": 0});
    let rows = ShopRows::two_websites().row(Table::StoreWebsite, website).product(
        PRODUCT,
        "simple",
        "shirt",
        &[5],
    );
    let items = tier(rows, Some(1), 0, "1.0000", "5.000000").items(Feed::Prices, PRODUCT);
    assert!(items[0].1.is_object(), "{:?}", items[0]);
    assert!(items[1].1.as_str().unwrap().contains("65 characters"), "{:?}", items[1]);
}
