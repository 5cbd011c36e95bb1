//! Tests of what customers say about the product that they want.

use serde_json::{Value as Json, json};

use super::{body, check_attributes};
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{ExtraAttribute, ExtraAttributes};

/// The shirt with the extra attribute `ac_customizable_options`, and no options.
fn shirt() -> ShopRows {
    let mut rows = ShopRows::with_shirt();
    let extra = [ExtraAttribute::CustomizableOptions];
    rows.options.extra_attributes = ExtraAttributes::These(extra.into());
    rows
}

fn option(rows: ShopRows, id: u32, kind: &str, mut cells: Json) -> ShopRows {
    cells["option_id"] = json!(id);
    cells["product_id"] = json!(PRODUCT);
    cells["type"] = json!(kind);
    rows.row(Table::ProductOption, cells)
}

/// A title and a price of an option in a store.
fn option_texts(rows: ShopRows, id: u32, store: u32, title: &str, price: (&str, &str)) -> ShopRows {
    let title = json!({"option_id": id, "store_id": store, "title": title});
    let price =
        json!({"option_id": id, "store_id": store, "price": price.0, "price_type": price.1});
    rows.row(Table::ProductOptionTitle, title).row(Table::ProductOptionPrice, price)
}

fn choice(rows: ShopRows, id: u32, option: u32, mut cells: Json) -> ShopRows {
    cells["option_type_id"] = json!(id);
    cells["option_id"] = json!(option);
    rows.row(Table::ProductOptionTypeValue, cells)
}

/// A title and a price of a choice in a store.
fn choice_texts(rows: ShopRows, id: u32, store: u32, title: &str, price: (&str, &str)) -> ShopRows {
    let title = json!({"option_type_id": id, "store_id": store, "title": title});
    let price =
        json!({"option_type_id": id, "store_id": store, "price": price.0, "price_type": price.1});
    rows.row(Table::ProductOptionTypeTitle, title).row(Table::ProductOptionTypePrice, price)
}

/// The shirt with a drop-down 51 of the choice 61.
fn gift_wrap() -> ShopRows {
    let rows = option(shirt(), 51, "drop_down", json!({"is_require": 1, "sort_order": 2}));
    let rows = option_texts(rows, 51, 0, "Wrapping", ("0.000000", "fixed"));
    let rows = choice(rows, 61, 51, json!({"sku": "wrap-p", "sort_order": 3}));
    choice_texts(rows, 61, 0, "Paper", ("1.500000", "fixed"))
}

/// The shirt with a text field 52.
fn monogram() -> ShopRows {
    let cells = json!({"is_require": 0, "sku": "mono", "max_characters": 3, "sort_order": 1});
    option_texts(option(shirt(), 52, "field", cells), 52, 0, "Monogram", ("10.000000", "percent"))
}

/// What `ac_customizable_options` says in a store view.
fn options(rows: &ShopRows, store: &str) -> Json {
    let text = body(rows, store)["attributes"][1]["values"][0].clone();
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[test]
fn custom_options_are_one_attribute_of_json_text_with_sorted_keys() {
    let text = concat!(
        r#"{"schemaVersion":1,"shopperInput":[{"id":"Y3VzdG9tLW9wdGlvbi81Mg==","label":"Monogram","#,
        r#""price":10,"priceType":"percent","productSku":"shirt","range":{"to":3},"#,
        r#""renderType":"field","required":false,"sku":"mono","sortOrder":1}]}"#
    );
    let expected = json!([{"code": "ac_customizable_options", "values": [text]}]);
    check_attributes(&monogram(), "en", &expected);
}

#[test]
fn product_without_custom_options_has_no_such_attribute() {
    check_attributes(&shirt(), "en", &json!([]));
    check_attributes(&option(shirt(), 59, "engraver_by_acme", json!({})), "en", &json!([]));
}

#[test]
fn selectable_option_has_every_field_and_its_choices() {
    let expected = json!({
        "schemaVersion": 1,
        "selectable": [{
            "id": "51", "label": "Wrapping", "renderType": "drop_down", "required": true,
            "sortOrder": 2, "type": "custom_option",
            "values": [{
                // base64 of custom-option/51/61
                "id": "Y3VzdG9tLW9wdGlvbi81MS82MQ==", "isDefault": false, "label": "Paper",
                "price": 1.5, "priceType": "fixed", "sku": "wrap-p", "sortOrder": 3,
            }],
        }],
    });
    assert_eq!(options(&gift_wrap(), "en"), expected);
}

#[test]
fn kind_of_option_decides_whether_it_is_selected_or_entered() {
    for kind in ["drop_down", "radio", "checkbox", "multiple"] {
        let found = options(&option(shirt(), 51, kind, json!({})), "en");
        assert_eq!(found["selectable"][0]["renderType"], kind);
        assert_eq!(found.get("shopperInput"), None);
    }
    for kind in ["field", "area", "file", "date", "date_time", "time"] {
        let found = options(&option(shirt(), 51, kind, json!({})), "en");
        assert_eq!(found["shopperInput"][0]["renderType"], kind);
        assert_eq!(found.get("selectable"), None);
    }
}

#[test]
fn entered_option_says_what_files_it_takes() {
    let cells = json!({"file_extension": "png, jpg", "image_size_x": 300, "image_size_y": 200});
    let found = options(&option(shirt(), 53, "file", cells), "en")["shopperInput"][0].clone();
    let expected = json!({
        "id": "Y3VzdG9tLW9wdGlvbi81Mw==", "fileExtension": "png, jpg", "imageSizeX": 300,
        "imageSizeY": 200, "productSku": "shirt", "renderType": "file", "required": false,
        "sortOrder": 0,
    });
    assert_eq!(found, expected);
}

#[test]
fn titles_and_prices_of_options_and_choices_are_those_of_the_store_view_then_the_default_ones() {
    let rows = choice_texts(gift_wrap(), 61, 2, "Papier", ("20.000000", "percent"));
    let rows = option_texts(rows, 51, 2, "Verpackung", ("0.000000", "fixed"));
    let german = options(&rows, "de")["selectable"][0].clone();
    assert_eq!(german["label"], "Verpackung");
    let paper = &german["values"][0];
    assert_eq!((&paper["label"], &paper["price"]), (&json!("Papier"), &json!(20)));
    assert_eq!(paper["priceType"], "percent");
    assert_eq!(options(&rows, "en"), options(&gift_wrap(), "en"));

    let rows = option_texts(monogram(), 52, 2, "Monogramm", ("5.000000", "fixed"));
    let german = options(&rows, "de")["shopperInput"][0].clone();
    assert_eq!((&german["label"], &german["price"]), (&json!("Monogramm"), &json!(5)));
    assert_eq!(german["priceType"], "fixed");
}

#[test]
fn options_and_choices_are_ordered_by_sort_order_and_then_by_id() {
    let mut rows = shirt();
    for (id, order) in [(53, 0), (52, 0), (51, 1)] {
        rows = option(rows, id, "radio", json!({ "sort_order": order }));
        for (nth, order) in [(1, 5), (3, 2), (2, 2)] {
            rows = choice(
                rows,
                id * 10 + nth,
                id,
                json!({ "sort_order": order, "sku": nth.to_string() }),
            );
        }
    }
    let found = options(&rows, "en")["selectable"].as_array().unwrap().clone();
    let ids: Vec<&Json> = found.iter().map(|option| &option["id"]).collect();
    assert_eq!(ids, ["52", "53", "51"]);
    for option in &found {
        let values = option["values"].as_array().unwrap();
        let skus: Vec<&Json> = values.iter().map(|value| &value["sku"]).collect();
        assert_eq!(skus, ["2", "3", "1"]);
    }
}

#[test]
fn selectable_option_without_choices_has_an_empty_list() {
    let found = options(&option(shirt(), 51, "radio", json!({})), "en");
    assert_eq!(found["selectable"][0]["values"], json!([]));
}
