//! Tests of the products feed, one per rule.

mod attributes;
mod bundles;
mod configurations;
mod custom_options;
mod downloads;
mod extra;
mod images;
mod links;
mod stock;

use serde_json::{Value as Json, json};

use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

fn body(rows: &ShopRows, store: &str) -> Json {
    rows.body(Feed::Products, PRODUCT, store)
}

/// Compares one field of the product's item in store view `en`.
fn check(rows: &ShopRows, field: &str, expected: &Json) {
    assert_eq!(&body(rows, "en")[field], expected);
}

fn check_absent(rows: &ShopRows, field: &str) {
    assert_eq!(body(rows, "en").get(field), None);
}

fn check_fault(rows: &ShopRows, message: &str) {
    assert_eq!(body(rows, "en"), message);
}

/// Compares the attributes after the first, which is always stock and weight.
fn check_attributes(rows: &ShopRows, store: &str, expected: &Json) {
    let attributes = body(rows, store)["attributes"].as_array().unwrap()[1..].to_vec();
    assert_eq!(&Json::Array(attributes), expected);
}

/// Compares the JSON text of stock and weight.
fn check_stock(rows: &ShopRows, store: &str, expected: &str) {
    let first = body(rows, store)["attributes"][0].clone();
    assert_eq!(first, json!({"code": "aco_ac_attributes", "values": [expected]}));
}

/// The shirt, and a select attribute `color` with options 61 and 62.
fn with_color() -> ShopRows {
    ShopRows::with_shirt().select(601, "color", &[(61, "Red"), (62, "Blue")])
}

// Main fields

#[test]
fn item_of_a_bare_product_has_every_field_that_is_always_there() {
    let expected = json!({
        "sku": "shirt",
        "source": {"locale": "en"},
        "name": "Name of shirt",
        "slug": "shirt",
        "status": "ENABLED",
        "description": "",
        "shortDescription": "",
        "visibleIn": ["CATALOG", "SEARCH"],
        "attributes": [{
            "code": "aco_ac_attributes",
            "values": [r#"{"inStock":"false","lowStock":"false"}"#],
        }],
        "images": [],
        "links": [], "routes": [],
        "externalIds": [{"id": "11", "origin": "AdobeCommerce"}],
    });
    assert_eq!(body(&ShopRows::with_shirt(), "en"), expected);
}

#[test]
fn product_is_an_item_in_every_store_view_of_its_websites_enabled_or_not() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    let rows = rows.eav("status", 0, json!(2)).eav("visibility", 0, json!(1));
    assert_eq!(rows.last_parts(Feed::Products, PRODUCT), ["de", "en", "out"]);
    assert_eq!(ShopRows::with_shirt().last_parts(Feed::Products, PRODUCT), ["de", "en"]);
    let nowhere = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[]);
    assert_eq!(nowhere.items(Feed::Products, PRODUCT), []);
}

#[test]
fn value_of_the_store_view_wins_over_the_default_and_needs_none() {
    let rows = ShopRows::with_shirt().eav("name", 2, json!("Hemd")).eav(
        "description",
        2,
        json!("<p>Nur hier</p>"),
    );
    assert_eq!(body(&rows, "de")["name"], "Hemd");
    assert_eq!(body(&rows, "de")["description"], "<p>Nur hier</p>");
    assert_eq!(body(&rows, "en")["name"], "Name of shirt");
    assert_eq!(body(&rows, "en")["description"], "");
}

#[test]
fn null_row_of_the_store_view_wins_over_the_default() {
    let rows = ShopRows::with_shirt().eav("short_description", 0, json!("everywhere")).eav(
        "short_description",
        1,
        Json::Null,
    );
    assert_eq!(body(&rows, "en")["shortDescription"], "");
    assert_eq!(body(&rows, "de")["shortDescription"], "everywhere");
}

#[test]
fn missing_or_empty_name_and_slug_are_faults_of_their_store_view() {
    let fault = |field: &str, code: &str| {
        format!(
            "fill {field}: catalog_product_entity_varchar has no {code} for store view en, and \
             the service requires one"
        )
    };
    check_fault(&ShopRows::with_shirt().eav("name", 1, Json::Null), &fault("name", "name"));
    check_fault(&ShopRows::with_shirt().eav("url_key", 1, json!("")), &fault("slug", "url_key"));
    let rows = ShopRows::with_shirt().eav("name", 1, Json::Null);
    assert_eq!(body(&rows, "de")["name"], "Name of shirt");
}

#[test]
fn status_is_disabled_unless_a_row_says_enabled() {
    let status = |status: Json| ShopRows::with_shirt().eav("status", 1, status);
    check(&status(json!(1)), "status", &json!("ENABLED"));
    check(&status(json!(2)), "status", &json!("DISABLED"));
    check(&status(Json::Null), "status", &json!("DISABLED"));
}

#[test]
fn status_without_a_meaning_is_a_fault() {
    for status in [0, 3] {
        let rows = ShopRows::with_shirt().eav("status", 1, json!(status));
        let fault = format!(
            "read the status: catalog_product_entity_int has {status} for store view en, and only \
             1 (enabled) and 2 (disabled) have a meaning"
        );
        check_fault(&rows, &fault);
    }
}

#[test]
fn visibility_says_where_a_product_is_found() {
    let visibility = |value: Json| ShopRows::with_shirt().eav("visibility", 0, value);
    check(&visibility(json!(1)), "visibleIn", &json!([]));
    check(&visibility(json!(2)), "visibleIn", &json!(["CATALOG"]));
    check(&visibility(json!(3)), "visibleIn", &json!(["SEARCH"]));
    check(&visibility(json!(4)), "visibleIn", &json!(["CATALOG", "SEARCH"]));
    check(&visibility(Json::Null), "visibleIn", &json!([]));
}

#[test]
fn meta_tags_are_what_there_is_and_keywords_are_lines() {
    let rows = ShopRows::with_shirt().eav("meta_title", 0, json!("Shirts"));
    check(&rows, "metaTags", &json!({"title": "Shirts"}));
    let rows = rows.eav("meta_description", 0, json!("All of them")).eav(
        "meta_keyword",
        0,
        json!(" red, blue \r\n\n green\n"),
    );
    let expected = json!({
        "title": "Shirts", "description": "All of them", "keywords": ["red, blue", "green"],
    });
    check(&rows, "metaTags", &expected);
    check_absent(&ShopRows::with_shirt().eav("meta_keyword", 0, json!("\n")), "metaTags");
}
