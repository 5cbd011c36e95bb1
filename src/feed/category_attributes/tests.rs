//! Tests of the metadata of category attributes, field by field, in both editions.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::ShopRows;

/// A user-defined category attribute 411 with these columns.
fn attribute(cells: Json) -> ShopRows {
    let mut all = json!({
        "attribute_id": 411, "entity_type_id": 3, "attribute_code": "season",
        "backend_type": "varchar", "frontend_input": "text", "frontend_label": "Season",
        "is_user_defined": 1,
    });
    let Json::Object(cells) = cells else { panic!("an object of columns") };
    for (column, cell) in cells {
        all[column.as_str()] = cell;
    }
    ShopRows::two_websites().row(Table::EavAttribute, all)
}

fn body(rows: &ShopRows, store: &str) -> Json {
    rows.body(Feed::CategoryAttributes, 411, store)
}

fn labelled(rows: ShopRows, id: u32, store: u32, label: Json) -> ShopRows {
    let mut cells = json!({"attribute_label_id": id, "attribute_id": 411, "store_id": store});
    cells["value"] = label;
    rows.row(Table::EavAttributeLabel, cells)
}

#[test]
fn category_attribute_has_code_source_label_and_type_and_nothing_else() {
    let flags = json!({
        "attribute_id": 411, "is_visible": 1, "is_searchable": 1, "is_filterable": 1,
        "used_for_sort_by": 1, "search_weight": "5",
    });
    let rows = attribute(json!({})).row(Table::CatalogEavAttribute, flags);
    let expected = json!({
        "code": "season", "source": {"locale": "de"}, "label": "Season", "dataType": "TEXT",
    });
    assert_eq!(body(&rows, "de"), expected);
}

#[test]
fn category_attribute_is_an_item_in_every_store_view_that_is_not_switched_off() {
    let mut rows = attribute(json!({}));
    assert_eq!(rows.last_parts(Feed::CategoryAttributes, 411), ["de", "en", "out"]);
    rows.options.disabled_store_views.insert("de".to_owned());
    assert_eq!(rows.last_parts(Feed::CategoryAttributes, 411), ["en", "out"]);
}

#[test]
fn label_of_a_category_attribute_is_the_store_views_then_the_default_one_then_the_code() {
    let rows = labelled(attribute(json!({})), 1, 2, json!("Jahreszeit"));
    let rows = labelled(rows, 2, 3, Json::Null);
    assert_eq!(body(&rows, "de")["label"], "Jahreszeit");
    assert_eq!(body(&rows, "en")["label"], "Season");
    assert_eq!(body(&rows, "out")["label"], "Season", "a NULL label of a store counts as none");
    let bare = attribute(json!({"frontend_label": null}));
    assert_eq!(body(&bare, "en")["label"], "season");
}

#[test]
fn type_of_a_category_attribute_follows_backend_and_input() {
    for (backend, input, expected) in [
        ("int", json!("boolean"), "BOOLEAN"),
        ("int", json!("select"), "TEXT"),
        ("int", json!("text"), "TEXT"),
        ("int", Json::Null, "INTEGER"),
        ("decimal", json!("text"), "DECIMAL"),
        ("datetime", json!("date"), "TEXT"),
        ("varchar", json!("multiselect"), "TEXT"),
        ("text", json!("textarea"), "TEXT"),
    ] {
        let rows = attribute(json!({"backend_type": backend, "frontend_input": input}));
        assert_eq!(body(&rows, "en")["dataType"], expected, "{backend} {input}");
    }
}

#[test]
fn static_category_attribute_has_metadata_though_no_category_has_values_of_it() {
    let rows = attribute(json!({"backend_type": "static"}));
    assert_eq!(body(&rows, "en")["dataType"], "TEXT");
}

#[test]
fn built_in_and_sorting_attributes_of_categories_have_no_metadata() {
    for cells in [json!({"is_user_defined": 0}), json!({"attribute_code": "automatic_sorting"})] {
        assert_eq!(attribute(cells).items(Feed::CategoryAttributes, 411), []);
    }
}

#[test]
fn attribute_of_products_and_unknown_attribute_are_no_category_attributes() {
    assert_eq!(attribute(json!({"entity_type_id": 7})).items(Feed::CategoryAttributes, 411), []);
    assert_eq!(attribute(json!({})).items(Feed::CategoryAttributes, 412), []);
}
