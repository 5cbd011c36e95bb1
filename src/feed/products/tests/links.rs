//! Tests of the links to other products.

use serde_json::json;

use super::{body, check};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

fn link(rows: ShopRows, to: u32, kind: u32) -> ShopRows {
    let cells = json!({"product_id": PRODUCT, "linked_product_id": to, "link_type_id": kind});
    rows.row(Table::ProductLink, cells)
}

fn parent(rows: ShopRows, id: u32, kind: &str, websites: &[u32]) -> ShopRows {
    rows.product(id, kind, &format!("{kind}-{id}"), websites)
        .row(Table::ProductRelation, json!({"parent_id": id, "child_id": PRODUCT}))
}

#[test]
fn links_are_related_upsell_and_crosssell_products_by_type_and_sku() {
    let mut rows = ShopRows::with_shirt();
    for (id, sku) in [(21, "tie"), (22, "belt")] {
        rows = rows.product(id, "simple", sku, &[1]);
    }
    rows = link(link(link(link(link(rows, 21, 1), 22, 1), 21, 4), 21, 5), 22, 3);
    let expected = json!([
        {"type": "CROSSSELL", "sku": "tie"},
        {"type": "RELATED", "sku": "belt"},
        {"type": "RELATED", "sku": "tie"},
        {"type": "UPSELL", "sku": "tie"},
    ]);
    check(&rows, "links", &expected);
}

#[test]
fn linked_product_must_be_on_the_website_and_need_not_be_enabled() {
    let rows = ShopRows::two_websites()
        .product(PRODUCT, "simple", "shirt", &[1, 2])
        .product(21, "simple", "tie", &[2])
        .eav_of(21, "status", 0, &json!(2));
    let rows = link(link(rows, 21, 1), 404, 1);
    check(&rows, "links", &json!([]));
    assert_eq!(body(&rows, "out")["links"], json!([{"type": "RELATED", "sku": "tie"}]));
}

#[test]
fn parents_are_links_named_by_what_they_are() {
    let rows = ShopRows::with_shirt();
    let rows = parent(parent(rows, 21, "configurable", &[1]), 22, "bundle", &[1]);
    let rows = parent(parent(rows, 23, "grouped", &[1]), 24, "bundle", &[2]);
    let expected = json!([
        {"type": "GROUPED", "sku": "grouped-23"},
        {"type": "IN_BUNDLE", "sku": "bundle-22"},
        {"type": "VARIANT_OF", "sku": "configurable-21"},
    ]);
    check(&rows, "links", &expected);
}

#[test]
fn parent_by_super_link_alone_is_no_link() {
    let rows = ShopRows::with_shirt()
        .product(21, "configurable", "set", &[1])
        .row(Table::ProductSuperLink, json!({"product_id": PRODUCT, "parent_id": 21}));
    check(&rows, "links", &json!([]));
}

#[test]
fn members_of_a_grouped_product_are_linked_to_it_by_the_relation_and_it_does_not_link_to_them() {
    let rows = link(ShopRows::two_websites(), 21, 3)
        .product(PRODUCT, "grouped", "set", &[1])
        .product(21, "simple", "cup", &[1]);
    let links = |rows: &ShopRows, id: u32| rows.body(Feed::Products, id, "en")["links"].clone();
    assert_eq!(links(&rows, 21), json!([]));
    let rows = rows.row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": 21}));
    assert_eq!(links(&rows, 21), json!([{"type": "GROUPED", "sku": "set"}]));
    assert_eq!(links(&rows, PRODUCT), json!([]));
    assert_eq!(rows.body(Feed::Products, PRODUCT, "en")["status"], "ENABLED");
}
