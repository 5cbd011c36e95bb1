//! Tests of the attributes that the shop's people defined.

use serde_json::{Value as Json, json};

use super::{check_attributes, with_color};
use crate::catalog::Table;
use crate::feed::shop_rows::ShopRows;

fn with_attribute(backend: &str, input: &str, source: Option<&str>) -> ShopRows {
    with_color().attribute(json!({
        "attribute_id": 602, "attribute_code": "extra", "backend_type": backend,
        "frontend_input": input, "is_user_defined": 1, "source_model": source,
    }))
}

#[test]
fn user_defined_attributes_and_the_news_dates_are_sent_by_code() {
    let rows = with_attribute("varchar", "text", None)
        .eav("news_to_date", 0, json!("2024-07-01 00:00:00"))
        .eav("news_from_date", 0, json!("2024-06-01 00:00:00"))
        .eav("extra", 0, json!("a, b"))
        .eav("color", 0, json!(61))
        .eav("price", 0, json!("20.000000"));
    let expected = json!([
        {"code": "color", "values": ["Red"]},
        {"code": "extra", "values": ["a, b"]},
        {"code": "news_from_date", "values": ["2024-06-01 00:00:00"]},
        {"code": "news_to_date", "values": ["2024-07-01 00:00:00"]},
    ]);
    check_attributes(&rows, "en", &expected);
}

#[test]
fn attribute_without_a_value_in_the_store_view_is_left_out() {
    let rows = with_color().eav("color", 0, json!(61)).eav("color", 1, Json::Null);
    check_attributes(&rows, "en", &json!([]));
    check_attributes(&rows, "de", &json!([{"code": "color", "values": ["Red"]}]));
}

#[test]
fn option_label_is_the_store_views_then_the_default_one_then_the_id() {
    let label = |rows: ShopRows, store: &str, expected: &str| {
        let rows = rows.eav("color", 0, json!(61));
        check_attributes(&rows, store, &json!([{"code": "color", "values": [expected]}]));
    };
    let german = || with_color().label(61, 2, json!("Rot"));
    label(german(), "de", "Rot");
    label(german(), "en", "Red");
    label(with_color().label(61, 2, Json::Null), "de", "Red");
    let bare = json!({"option_id": 61, "attribute_id": 603});
    let rows = ShopRows::with_shirt().select(603, "color", &[]);
    label(rows.row(Table::EavAttributeOption, bare), "en", "61");
}

#[test]
fn multiselect_is_split_at_commas_and_each_id_falls_back_on_its_own() {
    let rows = with_attribute("text", "multiselect", None)
        .row(Table::EavAttributeOption, json!({"option_id": 71, "attribute_id": 602}))
        .label(71, 0, json!("Wool"))
        .eav("extra", 0, json!("71,99"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["Wool", "99"]}]));
    let empty = rows.eav("extra", 0, json!(""));
    check_attributes(&empty, "en", &json!([{"code": "extra", "values": [""]}]));
}

#[test]
fn option_of_another_attribute_is_no_label_of_this_one() {
    let rows = with_attribute("int", "select", None).eav("extra", 0, json!(61));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["61"]}]));
}

#[test]
fn yes_and_no_come_from_the_boolean_source_model_not_from_the_input() {
    let source = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";
    let yes_no = with_attribute("int", "boolean", Some(source));
    let values = |values: Json| json!([{"code": "extra", "values": values}]);
    check_attributes(&yes_no.clone().eav("extra", 0, json!(1)), "en", &values(json!(["yes"])));
    check_attributes(&yes_no.eav("extra", 0, json!(0)), "en", &values(json!(["no"])));
    let raw = with_attribute("int", "boolean", Some(r"Acme\Flag")).eav("extra", 0, json!(1));
    check_attributes(&raw, "en", &values(json!(["1"])));
}

#[test]
fn values_of_a_foreign_source_model_stay_as_they_are_stored() {
    let rows = with_attribute("varchar", "multiselect", Some(r"Acme\Countries"));
    let rows = rows.eav("extra", 0, json!("DE,AT"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["DE,AT"]}]));
}

#[test]
fn decimals_keep_their_stored_text() {
    let rows = with_attribute("decimal", "price", None).eav("extra", 0, json!("12.500000"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["12.500000"]}]));
}

#[test]
fn empty_text_is_a_value() {
    let rows = with_attribute("varchar", "text", None).eav("extra", 0, json!(""));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": [""]}]));
}

#[test]
fn value_of_the_store_view_alone_is_enough() {
    let rows = with_attribute("varchar", "text", None).eav("extra", 2, json!("nur hier"));
    check_attributes(&rows, "de", &json!([{"code": "extra", "values": ["nur hier"]}]));
    check_attributes(&rows, "en", &json!([]));
}

#[test]
fn select_of_a_foreign_source_model_that_has_options_all_the_same_shows_their_labels() {
    let rows = with_attribute("int", "select", Some(r"Acme\Source"))
        .row(Table::EavAttributeOption, json!({"option_id": 71, "attribute_id": 602}))
        .label(71, 0, json!("Wool"));
    let labelled = rows.clone().eav("extra", 0, json!(71));
    check_attributes(&labelled, "en", &json!([{"code": "extra", "values": ["Wool"]}]));
    let unknown = rows.eav("extra", 0, json!(99));
    check_attributes(&unknown, "en", &json!([{"code": "extra", "values": ["99"]}]));
}

#[test]
fn static_and_built_in_attributes_are_not_sent() {
    let rows = with_attribute("static", "text", None).eav("meta_title", 0, json!("Built in"));
    check_attributes(&rows, "en", &json!([]));
}

#[test]
fn codes_that_the_first_attribute_stands_for_are_not_sent_again() {
    for code in ["categories", "inStock", "lowStock", "weightType"] {
        let rows = ShopRows::with_shirt().attribute(json!({
            "attribute_id": 603, "attribute_code": code, "backend_type": "varchar",
            "frontend_input": "text", "is_user_defined": 1,
        }));
        check_attributes(&rows.eav(code, 0, json!("x")), "en", &json!([]));
    }
}

#[test]
fn text_that_looks_like_option_ids_stays_one_value() {
    let rows = with_attribute("varchar", "text", None).eav("extra", 0, json!("61,62"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["61,62"]}]));
}
