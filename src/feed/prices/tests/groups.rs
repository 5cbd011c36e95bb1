//! Tests of which customer groups have prices of their own, and of what these start from.

use serde_json::{Value as Json, json};

use super::{GROUP_0, GROUP_1, body, check, on_sale, shirt, tier};
use crate::feed::Feed;
use crate::feed::shop_rows::PRODUCT;

#[test]
fn group_with_rows_of_its_own_starts_from_what_everybody_gets() {
    let rows = on_sale(Json::Null, Json::Null);
    let rows = tier(rows, None, 0, "1.0000", "19.000000");
    let rows = tier(rows, None, 0, "5.0000", "18.000000");
    let rows = tier(rows, Some(1), 0, "5.0000", "10%");
    let rows = tier(rows, Some(1), 0, "8.0000", "16.000000");
    let expected = json!({
        "sku": "shirt", "priceBookId": GROUP_1, "regular": 20,
        "discounts": [{"code": "special_price", "price": 15.5}, {"code": "group", "price": 19}],
        "tierPrices": [{"qty": 5, "percentage": 10}, {"qty": 8, "price": 16}],
    });
    assert_eq!(body(&rows, GROUP_1), expected);
    check(&rows, "tierPrices", &json!([{"qty": 5, "price": 18}]));
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base", GROUP_1]);
}

#[test]
fn group_zero_is_a_group_like_any_other_and_not_everybody() {
    let rows = tier(shirt(), Some(0), 0, "1.0000", "17.000000");
    check(&rows, "discounts", &json!([]));
    assert_eq!(body(&rows, GROUP_0)["discounts"], json!([{"code": "group", "price": 17}]));
}

#[test]
fn disabled_and_vanished_groups_have_no_prices() {
    let mut rows = tier(shirt(), Some(1), 0, "1.0000", "17.000000");
    rows = tier(rows, Some(44), 0, "1.0000", "17.000000");
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base", GROUP_1]);
    rows.options.disabled_customer_groups.insert("General".to_owned());
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base"]);
}

#[test]
fn tier_of_everybody_shows_in_every_groups_item() {
    let rows = |everybody: &str| {
        let rows = tier(shirt(), None, 0, "5.0000", everybody);
        let rows = tier(rows, Some(0), 0, "8.0000", "16.000000");
        tier(rows, Some(1), 0, "8.0000", "15.000000")
    };
    for (amount, everybodys) in [("18.000000", 18), ("17.000000", 17)] {
        let rows = rows(amount);
        for (price_book, own) in [(GROUP_0, 16), (GROUP_1, 15)] {
            let expected = json!([{"qty": 5, "price": everybodys}, {"qty": 8, "price": own}]);
            assert_eq!(body(&rows, price_book)["tierPrices"], expected);
        }
    }
}

#[test]
fn groups_price_replaces_everybodys_percentage_and_the_other_way_round() {
    let rows = tier(shirt(), None, 0, "1.0000", "10%");
    let rows = tier(rows, None, 0, "5.0000", "18.000000");
    let rows = tier(rows, Some(1), 0, "1.0000", "17.000000");
    let rows = tier(rows, Some(1), 0, "5.0000", "20%");
    let body = body(&rows, GROUP_1);
    assert_eq!(body["discounts"], json!([{"code": "group", "price": 17}]));
    assert_eq!(body["tierPrices"], json!([{"qty": 5, "percentage": 20}]));
}

#[test]
fn groups_tier_of_every_website_wins_over_everybodys_of_one() {
    let rows = tier(shirt(), None, 1, "5.0000", "11.000000");
    let rows = tier(rows, Some(1), 0, "5.0000", "12.000000");
    assert_eq!(body(&rows, GROUP_1)["tierPrices"], json!([{"qty": 5, "price": 12}]));
}

#[test]
fn groups_tier_of_less_than_one_is_no_price_of_its_own() {
    let rows = tier(shirt(), Some(1), 0, "0.5000", "12.000000");
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base"]);
}

#[test]
fn group_and_everybody_may_both_have_a_tier_of_the_same_quantity_in_one_website() {
    let rows = tier(shirt(), Some(1), 1, "5.0000", "12.000000");
    let rows = tier(rows, None, 1, "5.0000", "13.000000");
    check(&rows, "tierPrices", &json!([{"qty": 5, "price": 13}]));
    assert_eq!(body(&rows, GROUP_1)["tierPrices"], json!([{"qty": 5, "price": 12}]));
}
