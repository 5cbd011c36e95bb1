//! Tests of what can be chosen of a configurable product.

use serde_json::{Value as Json, json};

use super::stock::{THRESHOLD, stock_item};
use super::{body, check, check_absent, check_attributes, check_stock, with_color};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// A configurable shirt, chosen by color, with variants red (21, enabled) and blue (22).
fn configurable() -> ShopRows {
    let mut rows = ShopRows::two_websites()
        .product(PRODUCT, "configurable", "shirt", &[1])
        .select(601, "color", &[(61, "Red"), (62, "Blue"), (63, "Green")])
        .row(
            Table::ProductSuperAttribute,
            json!({"product_id": PRODUCT, "attribute_id": 601, "position": 0}),
        );
    for (id, option) in [(21, 62), (22, 61)] {
        rows = rows
            .product(id, "simple", &format!("shirt-{id}"), &[1])
            .eav_of(id, "color", 0, &json!(option))
            .row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": id}))
            .row(Table::ProductSuperLink, json!({"product_id": id, "parent_id": PRODUCT}));
    }
    rows
}

/// base64 of `configurable/601/61` and `configurable/601/62`.
const RED: &str = "Y29uZmlndXJhYmxlLzYwMS82MQ==";
const BLUE: &str = "Y29uZmlndXJhYmxlLzYwMS82Mg==";

#[test]
fn configurations_are_the_options_that_variants_have_by_option_id() {
    let expected = json!([{
        "attributeCode": "color", "label": "COLOR", "type": "CONFIGURABLE",
        "values": [
            {"variantReferenceId": RED, "label": "Red"},
            {"variantReferenceId": BLUE, "label": "Blue"},
        ],
    }]);
    check(&configurable(), "configurations", &expected);
    check(&configurable(), "status", &json!("ENABLED"));
    check(&configurable(), "links", &json!([]));
}

#[test]
fn variant_that_is_not_enabled_in_the_store_view_offers_nothing() {
    let labels = |rows: &ShopRows, store: &str| {
        let values = body(rows, store)["configurations"][0]["values"].clone();
        let values = values.as_array().cloned().unwrap_or_default();
        values.iter().map(|value| value["label"].clone()).collect::<Vec<_>>()
    };
    let rows = configurable().eav_of(21, "status", 1, &json!(2));
    assert_eq!(labels(&rows, "en"), ["Red"]);
    assert_eq!(labels(&rows, "de"), ["Red", "Blue"]);
    let null = configurable().eav_of(21, "status", 1, &Json::Null);
    assert_eq!(labels(&null, "en"), ["Red"]);
}

#[test]
fn variant_offers_its_default_option_whatever_the_store_view_says() {
    let rows = configurable().eav_of(21, "color", 1, &json!(63));
    let values = body(&rows, "en")["configurations"][0]["values"].clone();
    assert_eq!(values[1]["label"], "Blue");
    assert_eq!(values.as_array().unwrap().len(), 2);
}

#[test]
fn stock_and_websites_of_variants_do_not_matter_for_what_can_be_chosen() {
    let rows = configurable()
        .product(23, "simple", "shirt-23", &[])
        .eav_of(23, "color", 0, &json!(63))
        .row(Table::ProductSuperLink, json!({"product_id": 23, "parent_id": PRODUCT}));
    let values = body(&rows, "en")["configurations"][0]["values"].clone();
    assert_eq!(values.as_array().unwrap().len(), 3);
}

#[test]
fn configurable_that_nothing_can_be_chosen_of_is_disabled_and_has_no_configurations() {
    let rows = configurable().eav_of(21, "status", 0, &json!(2)).eav_of(22, "status", 0, &json!(2));
    check(&rows, "status", &json!("DISABLED"));
    check_absent(&rows, "configurations");
    let childless = ShopRows::two_websites().product(PRODUCT, "configurable", "shirt", &[1]);
    check(&childless, "status", &json!("DISABLED"));
}

#[test]
fn configurations_are_ordered_by_position_and_empty_ones_are_left_out() {
    let super_attribute = |attribute: u32, position: u32| json!({"product_id": PRODUCT, "attribute_id": attribute, "position": position});
    let rows = configurable()
        .select(602, "size", &[(71, "L")])
        .select(603, "cut", &[(81, "slim")])
        .select(604, "unused", &[(91, "x")])
        .eav_of(21, "size", 0, &json!(71))
        .eav_of(21, "cut", 0, &json!(81))
        .row(Table::ProductSuperAttribute, super_attribute(602, 2))
        .row(Table::ProductSuperAttribute, super_attribute(603, 1))
        .row(Table::ProductSuperAttribute, super_attribute(604, 3));
    let configurations = body(&rows, "en")["configurations"].clone();
    let codes: Vec<&Json> =
        configurations.as_array().unwrap().iter().map(|it| &it["attributeCode"]).collect();
    assert_eq!(codes, ["color", "cut", "size"]);
}

#[test]
fn configuration_labels_are_those_of_the_store_view() {
    let rows = configurable().label(61, 2, json!("Rot")).row(
        Table::EavAttributeLabel,
        json!({"attribute_id": 601, "store_id": 2, "value": "Farbe"}),
    );
    let color = body(&rows, "de")["configurations"][0].clone();
    assert_eq!(color["label"], "Farbe");
    assert_eq!(color["values"][0]["label"], "Rot");
    assert_eq!(color["values"][1]["label"], "Blue");
}

#[test]
fn swatches_are_colors_or_images_and_text_swatches_are_not_sent() {
    let swatch = |option: u32, store: u32, kind: u32, value: Json| json!({"option_id": option, "store_id": store, "type": kind, "value": value});
    let flags =
        json!({"attribute_id": 601, "additional_data": "{\"swatch_input_type\":\"visual\"}"});
    let rows = configurable()
        .eav_of(22, "color", 0, &json!(61))
        .product(23, "simple", "shirt-23", &[1])
        .eav_of(23, "color", 0, &json!(63))
        .row(Table::ProductSuperLink, json!({"product_id": 23, "parent_id": PRODUCT}))
        .row(Table::CatalogEavAttribute, flags)
        .row(Table::EavAttributeOptionSwatch, swatch(61, 0, 1, json!("#ff0000")))
        .row(Table::EavAttributeOptionSwatch, swatch(61, 1, 1, Json::Null))
        .row(Table::EavAttributeOptionSwatch, swatch(62, 0, 1, json!("#0000ff")))
        .row(Table::EavAttributeOptionSwatch, swatch(62, 1, 2, json!("/blue.png")))
        .row(Table::EavAttributeOptionSwatch, swatch(63, 0, 0, json!("Gr")));
    let color = body(&rows, "en")["configurations"][0].clone();
    assert_eq!(color["type"], "SWATCH");
    let expected = json!([
        {"variantReferenceId": RED, "label": "Red", "colorHex": "#ff0000"},
        {
            "variantReferenceId": BLUE, "label": "Blue",
            "imageUrl": "http://localhost/media/attribute/swatch/blue.png",
        },
        {"variantReferenceId": "Y29uZmlndXJhYmxlLzYwMS82Mw==", "label": "Green"},
    ]);
    assert_eq!(color["values"], expected);
}

#[test]
fn only_configurables_have_configurations() {
    let rows = with_color().row(
        Table::ProductSuperAttribute,
        json!({"product_id": PRODUCT, "attribute_id": 601, "position": 0}),
    );
    check_absent(&rows, "configurations");
}

#[test]
fn attribute_by_which_a_variant_is_chosen_refers_to_its_option() {
    let rows = configurable().eav_of(21, "color", 1, &json!(63));
    let child = rows.body(Feed::Products, 21, "en");
    let expected = json!({"code": "color", "values": ["Green"], "variantReferenceId": BLUE});
    assert_eq!(child["attributes"][1], expected);
    assert_eq!(child["links"], json!([{"type": "VARIANT_OF", "sku": "shirt"}]));
}

#[test]
fn attribute_of_a_product_that_is_no_variant_refers_to_nothing() {
    let rows = with_color().eav("color", 0, json!(61));
    check_attributes(&rows, "en", &json!([{"code": "color", "values": ["Red"]}]));
}

#[test]
fn configurable_is_in_stock_if_it_is_itself_and_a_variant_is() {
    let stocked = |own: u32, children: [u32; 2]| {
        configurable()
            .row(Table::StockItem, stock_item(PRODUCT, json!({"is_in_stock": own, "qty": null})))
            .row(Table::StockItem, stock_item(21, json!({"is_in_stock": children[0]})))
            .row(Table::StockItem, stock_item(22, json!({"is_in_stock": children[1]})))
    };
    check_stock(&stocked(1, [0, 1]), "en", r#"{"inStock":"true","lowStock":"false"}"#);
    check_stock(&stocked(1, [0, 0]), "en", r#"{"inStock":"false","lowStock":"false"}"#);
    check_stock(&stocked(0, [1, 1]), "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let threshold = |qty: &str| stocked(1, [1, 1]).config("default", 0, THRESHOLD, json!(qty));
    check_stock(&threshold("10"), "en", r#"{"inStock":"true","lowStock":"false"}"#);
    check_stock(&threshold("11"), "en", r#"{"inStock":"true","lowStock":"true"}"#);
}
