//! Tests of what a downloadable product lets people download and try.

use serde_json::{Value as Json, json};

use super::{body, check_attributes};
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{ExtraAttribute, ExtraAttributes};

/// A downloadable product in a shop at `http://shop.test/`.
fn charts() -> ShopRows {
    ShopRows::two_websites()
        .config("default", 0, "web/unsecure/base_url", "http://shop.test/")
        .attribute(json!({
            "attribute_id": 531, "attribute_code": "links_purchased_separately",
            "backend_type": "int", "frontend_input": null, "is_user_defined": 0,
        }))
        .product(PRODUCT, "downloadable", "charts", &[1])
}

fn link(rows: ShopRows, id: u32, mut cells: Json) -> ShopRows {
    cells["link_id"] = json!(id);
    cells["product_id"] = json!(PRODUCT);
    rows.row(Table::DownloadableLink, cells)
}

fn link_title(rows: ShopRows, id: u32, store: u32, title: &str) -> ShopRows {
    let cells = json!({"link_id": id, "store_id": store, "title": title});
    rows.row(Table::DownloadableLinkTitle, cells)
}

fn link_price(rows: ShopRows, id: u32, website: u32, price: &str) -> ShopRows {
    let cells = json!({"link_id": id, "website_id": website, "price": price});
    rows.row(Table::DownloadableLinkPrice, cells)
}

fn sample(rows: ShopRows, id: u32, mut cells: Json) -> ShopRows {
    cells["sample_id"] = json!(id);
    cells["product_id"] = json!(PRODUCT);
    rows.row(Table::DownloadableSample, cells)
}

/// What `ac_downloadable` says in a store view.
fn downloads(rows: &ShopRows, store: &str) -> Json {
    let attributes = body(rows, store)["attributes"].as_array().unwrap().clone();
    let found = attributes.into_iter().find(|it| it["code"] == "ac_downloadable").unwrap();
    serde_json::from_str(found["values"][0].as_str().unwrap()).unwrap()
}

#[test]
fn downloads_are_one_attribute_of_json_text_with_sorted_keys() {
    let rows =
        link_price(link_title(link(charts(), 31, json!({})), 31, 0, "North"), 31, 0, "4.500000");
    let text = concat!(
        r#"{"links":[{"label":"North","number_of_downloads":0,"price":4.5,"sample_url":null,"#,
        r#""uid":"ZG93bmxvYWRhYmxlLzMx"}],"purchase_separately":false,"samples":[]}"#
    );
    check_attributes(&rows, "en", &json!([{"code": "ac_downloadable", "values": [text]}]));
}

#[test]
fn downloadable_product_without_links_and_samples_says_so_and_other_products_say_nothing() {
    let nothing = json!({"links": [], "purchase_separately": false, "samples": []});
    assert_eq!(downloads(&charts(), "en"), nothing);
    let simple = link(charts(), 31, json!({})).product(PRODUCT, "simple", "charts", &[1]);
    check_attributes(&simple, "en", &json!([]));
}

#[test]
fn link_title_is_the_store_views_then_the_default_one_then_its_number() {
    let rows = link(link(charts(), 31, json!({"sort_order": 1})), 32, json!({"sort_order": 2}));
    let rows = link_title(link_title(rows, 31, 0, "North"), 31, 2, "Norden");
    let labels = |store: &str| {
        let links = downloads(&rows, store)["links"].as_array().unwrap().clone();
        links.iter().map(|link| link["label"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(labels("en"), ["North", "Link 1"]);
    assert_eq!(labels("de"), ["Norden", "Link 1"]);
}

#[test]
fn link_price_is_the_websites_then_the_default_one_then_0() {
    let price = |rows: &ShopRows| downloads(rows, "en")["links"][0]["price"].clone();
    let rows = link_price(link(charts(), 31, json!({})), 31, 2, "9.000000");
    assert_eq!(price(&rows), 0);
    let rows = link_price(rows, 31, 0, "4.000000");
    assert_eq!(price(&rows), 4);
    assert_eq!(price(&link_price(rows, 31, 1, "3.250000")), 3.25);
}

#[test]
fn number_of_downloads_is_0_for_any_number() {
    let number = |cells: Json| {
        downloads(&link(charts(), 31, cells), "en")["links"][0]["number_of_downloads"].clone()
    };
    assert_eq!(number(json!({"number_of_downloads": 5})), 5);
    assert_eq!(number(json!({"number_of_downloads": null})), 0);
}

#[test]
fn link_with_a_sample_has_its_url_in_the_shop() {
    let url =
        |cells: Json| downloads(&link(charts(), 31, cells), "en")["links"][0]["sample_url"].clone();
    let expected = "http://shop.test/downloadable/download/linkSample/link_id/31";
    assert_eq!(url(json!({"sample_url": "http://else.test/a.mp3"})), expected);
    assert_eq!(url(json!({"sample_file": "/a/b.mp3"})), expected);
    assert_eq!(url(json!({"sample_url": "", "sample_file": "/a/b.mp3"})), expected);
    assert_eq!(url(json!({"sample_url": "", "sample_file": null})), Json::Null);
}

#[test]
fn samples_have_a_url_and_the_title_of_the_store_view_or_null() {
    let title = |rows: ShopRows, store: u32, title: &str| {
        let cells = json!({"sample_id": 41, "store_id": store, "title": title});
        rows.row(Table::DownloadableSampleTitle, cells)
    };
    let rows = sample(sample(charts(), 41, json!({"sort_order": 2})), 42, json!({"sort_order": 1}));
    let rows = title(title(rows, 0, "Excerpt"), 2, "Auszug");
    let samples = |label: &str| {
        let url = "http://shop.test/downloadable/download/sample/sample_id/";
        json!([
            {"label": null, "url": format!("{url}42")},
            {"label": label, "url": format!("{url}41")},
        ])
    };
    assert_eq!(downloads(&rows, "en")["samples"], samples("Excerpt"));
    assert_eq!(downloads(&rows, "de")["samples"], samples("Auszug"));
}

#[test]
fn links_are_ordered_by_sort_order_and_then_by_id() {
    let mut rows = charts();
    for (id, order) in [(33, 0), (32, 0), (31, 1)] {
        rows = link_title(link(rows, id, json!({ "sort_order": order })), id, 0, &id.to_string());
    }
    let links = downloads(&rows, "en")["links"].as_array().unwrap().clone();
    let labels: Vec<&Json> = links.iter().map(|link| &link["label"]).collect();
    assert_eq!(labels, ["32", "33", "31"]);
}

#[test]
fn links_are_purchased_separately_if_the_product_says_so() {
    let separately = |value: Json| {
        let rows = charts().eav("links_purchased_separately", 0, value);
        downloads(&rows, "en")["purchase_separately"].clone()
    };
    assert_eq!((separately(json!(1)), separately(json!(0))), (json!(true), json!(false)));
    assert_eq!(separately(Json::Null), false);
}

#[test]
fn downloads_are_not_sent_where_other_extra_attributes_are_listed_only() {
    let mut rows = charts();
    rows.options.extra_attributes = ExtraAttributes::These([ExtraAttribute::TaxClass].into());
    check_attributes(&rows, "en", &json!([{"code": "ac_tax_class", "values": ["no"]}]));
    let listed = [ExtraAttribute::Downloadable].into();
    rows.options.extra_attributes = ExtraAttributes::These(listed);
    assert_eq!(downloads(&rows, "en")["links"], json!([]));
}
