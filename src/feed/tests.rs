//! Price books, attribute metadata, and what holds for every feed.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{Digest, Feed};

const GROUP_0: &str = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c";
const GROUP_1: &str = "356a192b7913b04c54574d18c28d46e6395428ab";

fn price_books(rows: &ShopRows, website: u32) -> Vec<Json> {
    rows.items(Feed::PriceBooks, website).into_iter().map(|(_, body)| body).collect()
}

#[test]
fn website_has_a_base_book_and_a_child_book_per_customer_group() {
    let expected = [
        json!({"priceBookId": "base", "name": "Main", "currency": "USD"}),
        json!({"priceBookId": format!("base::{GROUP_1}"), "name": "General (Main)", "parentId": "base"}),
        json!({
            "priceBookId": format!("base::{GROUP_0}"), "name": "NOT LOGGED IN (Main)",
            "parentId": "base",
        }),
    ];
    assert_eq!(price_books(&ShopRows::two_websites(), 1), expected);
}

#[test]
fn currency_is_the_websites_base_currency() {
    let rows = ShopRows::two_websites()
        .config("default", 0, "currency/options/base", json!("EUR"))
        .config("websites", 2, "currency/options/base", json!("CHF"))
        .config("stores", 1, "currency/options/base", json!("GBP"));
    assert_eq!(price_books(&rows, 1)[0]["currency"], "EUR");
    assert_eq!(price_books(&rows, 2)[0]["currency"], "CHF");
}

#[test]
fn currency_is_the_built_in_one_without_a_row_or_with_an_emptied_one() {
    let rows = ShopRows::two_websites();
    assert_eq!(price_books(&rows, 1)[0]["currency"], "USD");
    let emptied = rows.config("default", 0, "currency/options/base", Json::Null);
    assert_eq!(price_books(&emptied, 1)[0]["currency"], "USD");
}

#[test]
fn website_without_a_code_is_a_fault_of_all_its_books() {
    let cells = json!({"website_id": 5, "name": "Codeless", "default_group_id": 0});
    let books = price_books(&ShopRows::two_websites().row(Table::StoreWebsite, cells), 5);
    assert_eq!(books.len(), 3);
    for book in books {
        assert!(book.as_str().unwrap().contains("store_website has no code"), "{book}");
    }
}

#[test]
fn admin_website_and_unknown_website_have_no_price_books() {
    assert_eq!(price_books(&ShopRows::two_websites(), 0), [Json::Null; 0]);
    assert_eq!(price_books(&ShopRows::two_websites(), 77), [Json::Null; 0]);
}

#[test]
fn disabled_website_and_disabled_group_have_no_price_books() {
    let mut rows = ShopRows::two_websites();
    rows.options.disabled_websites.insert("outlet".to_owned());
    rows.options.disabled_customer_groups.insert("General".to_owned());
    assert_eq!(price_books(&rows, 2), [Json::Null; 0]);
    let ids = rows.last_parts(Feed::PriceBooks, 1);
    assert_eq!(ids, ["base".to_owned(), format!("base::{GROUP_0}")]);
}

#[test]
fn price_book_id_over_64_characters_is_a_fault_of_the_child_books_only() {
    let code = "a_website_code_of_23_ch";
    let cells = json!({"website_id": 5, "code": code, "name": "Long", "default_group_id": 0});
    let books = price_books(&ShopRows::two_websites().row(Table::StoreWebsite, cells), 5);
    assert_eq!(books[0]["priceBookId"], code);
    let fault = books[1].as_str().unwrap();
    assert!(fault.contains("65 characters, and the service takes 64"), "{fault}");
}

#[test]
fn website_without_a_name_is_a_fault_of_its_base_book() {
    let cells = json!({"website_id": 5, "code": "nameless", "default_group_id": 0});
    let books = price_books(&ShopRows::two_websites().row(Table::StoreWebsite, cells), 5);
    let expected = "fill name: store_website has no name for website_id 5, and the service \
                    requires one";
    assert_eq!(books[0], expected);
}

/// A colour attribute, its flags, and a German label.
fn with_color() -> ShopRows {
    ShopRows::two_websites()
        .select(601, "color", &[])
        .row(
            Table::CatalogEavAttribute,
            json!({
                "attribute_id": 601, "is_visible": 1, "is_searchable": 1, "is_filterable": 2,
                "is_comparable": 1, "is_visible_on_front": 0, "used_in_product_listing": 1,
                "used_for_sort_by": 0, "search_weight": "1",
            }),
        )
        .row(
            Table::EavAttributeLabel,
            json!({"attribute_id": 601, "store_id": 2, "value": "Farbe"}),
        )
        .row(Table::EavAttributeLabel, json!({"attribute_id": 601, "store_id": 2, "value": "Ton"}))
        .row(Table::EavAttributeLabel, json!({"attribute_id": 601, "store_id": 3, "value": null}))
}

#[test]
fn attribute_metadata_has_every_field_in_every_store_view() {
    let expected = json!({
        "code": "color", "source": {"locale": "de"}, "label": "Farbe", "dataType": "TEXT",
        "visibleIn": ["PRODUCT_DETAIL", "PRODUCT_LISTING", "PRODUCT_COMPARE"],
        "filterable": true, "sortable": false, "searchable": true, "searchWeight": 1,
    });
    assert_eq!(with_color().body(Feed::ProductAttributes, 601, "de"), expected);
    assert_eq!(with_color().last_parts(Feed::ProductAttributes, 601), ["de", "en", "out"]);
}

#[test]
fn attribute_label_falls_back_to_the_default_label_and_then_to_the_code() {
    let label =
        |store: &str| with_color().body(Feed::ProductAttributes, 601, store)["label"].clone();
    assert_eq!(label("en"), "COLOR");
    assert_eq!(label("out"), "COLOR", "a NULL label of a store counts as none");
    let flags = json!({"attribute_id": 501, "is_visible": 1, "search_weight": "5"});
    let rows = ShopRows::two_websites().row(Table::CatalogEavAttribute, flags);
    assert_eq!(rows.body(Feed::ProductAttributes, 501, "en")["label"], "name");
}

#[test]
fn attribute_is_shown_in_search_results_by_the_flag_of_the_product_page() {
    let flags = json!({"attribute_id": 501, "is_visible_on_front": 1, "search_weight": "2.5"});
    let rows = ShopRows::two_websites().row(Table::CatalogEavAttribute, flags);
    let body = rows.body(Feed::ProductAttributes, 501, "en");
    assert_eq!(body["visibleIn"], json!(["SEARCH_RESULTS"]));
    assert_eq!(body["searchWeight"], json!(2.5));
}

#[test]
fn attribute_data_type_follows_backend_and_input() {
    let check = |backend: &str, input: Json, expected: &str| {
        let rows = ShopRows::two_websites()
            .attribute(json!({
                "attribute_id": 700, "attribute_code": "x", "backend_type": backend,
                "frontend_input": input,
            }))
            .row(Table::CatalogEavAttribute, json!({"attribute_id": 700}));
        let body = rows.body(Feed::ProductAttributes, 700, "en");
        assert_eq!(body["dataType"], expected, "{backend}");
    };
    check("int", json!("boolean"), "BOOLEAN");
    check("int", json!("select"), "TEXT");
    check("int", json!("text"), "TEXT");
    check("int", json!("hidden"), "INTEGER");
    check("int", Json::Null, "INTEGER");
    check("decimal", json!("price"), "DECIMAL");
    check("datetime", json!("date"), "TEXT");
    check("static", json!("text"), "TEXT");
}

#[test]
fn search_weight_is_1_without_one_and_a_fault_if_it_is_no_number() {
    let metadata = |weight: Json| {
        let flags = json!({"attribute_id": 501, "search_weight": weight});
        let rows = ShopRows::two_websites().row(Table::CatalogEavAttribute, flags);
        rows.body(Feed::ProductAttributes, 501, "en")
    };
    assert_eq!(metadata(Json::Null)["searchWeight"], 1);
    assert_eq!(metadata(json!("1e1"))["searchWeight"], 10);
    let fault = "read search_weight: catalog_eav_attribute has \"much\", which is no number";
    assert_eq!(metadata(json!("much")), fault);
}

#[test]
fn attributes_made_of_json_text_are_objects_on_product_pages_only() {
    let metadata = |code: &str| {
        let rows = ShopRows::two_websites()
            .attribute(json!({
                "attribute_id": 700, "attribute_code": code, "backend_type": "static",
                "frontend_input": "text",
            }))
            .row(
                Table::CatalogEavAttribute,
                json!({
                    "attribute_id": 700, "is_visible": 0, "is_visible_on_front": 1,
                    "is_comparable": 1,
                }),
            );
        let body = rows.body(Feed::ProductAttributes, 700, "en");
        (body["dataType"].clone(), body["visibleIn"].clone())
    };
    let on_product_pages = json!(["PRODUCT_DETAIL", "PRODUCT_COMPARE"]);
    for code in ["ac_downloadable", "ac_inventory", "ac_customizable_options"] {
        assert_eq!(metadata(code), (json!("OBJECT"), on_product_pages.clone()), "{code}");
    }
    assert_eq!(metadata("ac_attribute_set"), (json!("TEXT"), on_product_pages));
    let as_flagged = json!(["SEARCH_RESULTS", "PRODUCT_COMPARE"]);
    assert_eq!(metadata("ac_tax_class"), (json!("TEXT"), as_flagged));
}

#[test]
fn attribute_of_categories_and_attribute_without_catalog_row_have_no_metadata() {
    let cells = json!({"attribute_id": 40, "entity_type_id": 3, "attribute_code": "is_anchor"});
    let rows = with_color()
        .row(Table::EavAttribute, cells)
        .row(Table::CatalogEavAttribute, json!({"attribute_id": 40, "is_visible": 1}));
    assert_eq!(rows.items(Feed::ProductAttributes, 40), []);
    assert_eq!(rows.items(Feed::ProductAttributes, 501), []);
}

#[test]
fn disabled_store_view_gets_neither_metadata_nor_products_but_its_website_keeps_prices() {
    let mut rows = with_color().product(PRODUCT, "simple", "shirt", &[1]);
    rows.options.disabled_store_views.insert("de".to_owned());
    assert_eq!(rows.last_parts(Feed::ProductAttributes, 601), ["en", "out"]);
    assert_eq!(rows.last_parts(Feed::Products, PRODUCT), ["en"]);
    assert_eq!(rows.last_parts(Feed::Prices, PRODUCT), ["base"]);
}

#[test]
fn owner_without_its_main_row_has_no_items() {
    let rows = ShopRows::two_websites().eav("name", 0, json!("left behind"));
    let rows = rows.row(Table::ProductWebsite, json!({"product_id": PRODUCT, "website_id": 1}));
    assert_eq!(rows.items(Feed::Products, PRODUCT), []);
    assert_eq!(rows.items(Feed::Prices, PRODUCT), []);
}

#[test]
fn body_over_200_kilobytes_is_a_fault_of_its_own_store_view_only() {
    let rows = ShopRows::with_shirt().eav("description", 2, json!("x".repeat(200 * 1024)));
    assert_eq!(rows.body(Feed::Products, PRODUCT, "en")["status"], "ENABLED");
    let fault = rows.body(Feed::Products, PRODUCT, "de");
    assert!(
        fault.as_str().unwrap().ends_with("bytes, and the service takes 200000 (rule body-size)"),
        "{fault}"
    );
}

#[test]
fn order_in_which_rows_were_written_does_not_change_the_digest() {
    let tier = |rows: ShopRows, id: u32, qty: &str| {
        rows.row(
            Table::ProductTierPrice,
            json!({
                "value_id": id, "entity_id": PRODUCT, "all_groups": 1, "customer_group_id": 0,
                "qty": qty, "value": "9.000000", "website_id": 0,
            }),
        )
    };
    let one = tier(tier(ShopRows::with_shirt(), 1, "2.0000"), 2, "10.0000");
    let other = tier(tier(ShopRows::with_shirt(), 1, "10.0000"), 2, "2.0000");
    let digest = |rows: &ShopRows| Digest::of(&rows.body(Feed::Prices, PRODUCT, "base"));
    assert_eq!(digest(&one), digest(&other));
    assert_ne!(digest(&one), digest(&ShopRows::with_shirt()));
}
