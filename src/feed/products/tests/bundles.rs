//! Tests of what a bundle is put together from.

use serde_json::{Value as Json, json};

use super::{body, check, check_absent};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// A bundle, and the products 21 `strap`, 22 `buckle` and 23 `box`, of which nothing is chosen yet.
fn bundle() -> ShopRows {
    let mut rows = ShopRows::two_websites().product(PRODUCT, "bundle", "kit", &[1]);
    for (id, sku) in [(21, "strap"), (22, "buckle"), (23, "box")] {
        rows = rows.product(id, "simple", sku, &[1]);
    }
    rows
}

fn option(rows: ShopRows, id: u32, cells: Json) -> ShopRows {
    let cells = with(json!({"option_id": id, "parent_id": PRODUCT, "type": "select"}), cells);
    rows.row(Table::BundleOption, cells)
}

fn title(rows: ShopRows, option: u32, store: u32, title: impl Into<Json>) -> ShopRows {
    let title: Json = title.into();
    let cells = json!({"option_id": option, "parent_product_id": PRODUCT, "store_id": store});
    rows.row(Table::BundleOptionValue, with(cells, json!({ "title": title })))
}

fn selection(rows: ShopRows, id: u32, option: u32, product: u32, cells: Json) -> ShopRows {
    let known = json!({
        "selection_id": id, "option_id": option, "parent_product_id": PRODUCT,
        "product_id": product,
    });
    rows.row(Table::BundleSelection, with(known, cells))
}

fn with(mut cells: Json, more: Json) -> Json {
    let Json::Object(more) = more else { panic!("a row is an object of columns") };
    cells.as_object_mut().unwrap().extend(more);
    cells
}

/// The bundle with option 7, `Straps`, of one strap.
fn straps() -> ShopRows {
    let rows = title(option(bundle(), 7, json!({"required": 1})), 7, 0, "Straps");
    selection(rows, 71, 7, 21, json!({"selection_qty": "1.0000"}))
}

/// One field of every bundle in store view `en`.
fn each(rows: &ShopRows, field: &str) -> Vec<Json> {
    let bundles = body(rows, "en")["bundles"].as_array().cloned().unwrap_or_default();
    bundles.iter().map(|bundle| bundle[field].clone()).collect()
}

/// The skus of the items of every bundle in store view `en`.
fn skus(rows: &ShopRows) -> Vec<Vec<Json>> {
    let skus = |items: &Json| {
        items.as_array().unwrap().iter().map(|item| item["sku"].clone()).collect::<Vec<_>>()
    };
    each(rows, "items").iter().map(skus).collect()
}

#[test]
fn bundle_has_every_field() {
    let rows = selection(
        straps(),
        72,
        7,
        22,
        json!({
            "selection_qty": "2.5000", "selection_can_change_qty": 1, "is_default": 1,
            "position": 1,
        }),
    );
    let expected = json!([{
        "group": "Straps", "required": true, "multiSelect": false, "defaultItemSkus": ["buckle"],
        "items": [
            {"sku": "strap", "qty": 1, "userDefinedQty": false},
            {"sku": "buckle", "qty": 2.5, "userDefinedQty": true},
        ],
    }]);
    check(&rows, "bundles", &expected);
    check(&rows, "status", &json!("ENABLED"));
    check_absent(&rows, "configurations");
}

#[test]
fn bundle_group_is_the_title_of_the_store_view_then_the_default_one() {
    let group = |rows: &ShopRows, store: &str| body(rows, store)["bundles"][0]["group"].clone();
    let rows = title(straps(), 7, 2, "Riemen");
    assert_eq!((group(&rows, "de"), group(&rows, "en")), (json!("Riemen"), json!("Straps")));
    assert_eq!(group(&title(straps(), 7, 2, Json::Null), "de"), "Straps");
}

#[test]
fn bundle_group_without_a_title_is_named_bundle_group() {
    let untitled = selection(option(bundle(), 7, json!({})), 71, 7, 21, json!({}));
    assert_eq!(each(&untitled, "group"), ["Bundle group"]);
    assert_eq!(each(&title(untitled.clone(), 7, 0, ""), "group"), ["Bundle group"]);
    let of_another =
        json!({"option_id": 8, "parent_product_id": PRODUCT, "store_id": 0, "title": "X"});
    assert_eq!(
        each(&untitled.row(Table::BundleOptionValue, of_another), "group"),
        ["Bundle group"]
    );
}

#[test]
fn bundle_option_is_required_if_it_says_so() {
    assert_eq!(each(&straps(), "required"), [true]);
    assert_eq!(each(&option(straps(), 7, json!({"required": 0})), "required"), [false]);
    assert_eq!(each(&option(straps(), 7, json!({})), "required"), [false]);
}

#[test]
fn checkboxes_and_multiple_selects_are_for_several_items() {
    for (kind, expected) in
        [("select", false), ("radio", false), ("checkbox", true), ("multi", true)]
    {
        let rows = option(straps(), 7, json!({ "type": kind }));
        assert_eq!(each(&rows, "multiSelect"), [expected], "{kind}");
    }
    assert_eq!(each(&option(straps(), 7, json!({"type": null})), "multiSelect"), [false]);
}

#[test]
fn default_items_are_the_selections_that_are_default_in_the_order_of_the_items() {
    let is_default = json!({"is_default": 1});
    let rows = selection(straps(), 73, 7, 23, is_default.clone());
    let rows = selection(rows, 72, 7, 22, is_default);
    assert_eq!(each(&rows, "defaultItemSkus"), [json!(["buckle", "box"])]);
    assert_eq!(each(&straps(), "defaultItemSkus"), [json!([])]);
}

#[test]
fn item_without_a_quantity_has_quantity_0() {
    let rows = selection(straps(), 71, 7, 21, json!({}));
    let expected = json!([{"sku": "strap", "qty": 0, "userDefinedQty": false}]);
    assert_eq!(each(&rows, "items"), [expected]);
}

#[test]
fn bundles_and_items_are_ordered_by_position_and_then_by_id() {
    let mut rows = bundle();
    for (id, position) in [(9, 0), (8, 1), (7, 1)] {
        rows =
            title(option(rows, id, json!({ "position": position })), id, 0, json!(id.to_string()));
        rows = selection(rows, id * 10 + 1, id, 21, json!({"position": 5}));
        rows = selection(rows, id * 10 + 3, id, 22, json!({"position": 2}));
        rows = selection(rows, id * 10 + 2, id, 23, json!({"position": 2}));
    }
    assert_eq!(each(&rows, "group"), ["9", "7", "8"]);
    assert_eq!(skus(&rows), [["box", "buckle", "strap"]; 3]);
}

#[test]
fn sku_is_once_in_an_option_the_first_time_and_may_be_in_another() {
    let again = json!({"position": 4, "is_default": 1, "selection_qty": "9.0000"});
    let rows = selection(straps(), 70, 7, 21, again);
    let rows = selection(option(rows, 8, json!({})), 81, 8, 21, json!({"selection_qty": "1.0000"}));
    let item = json!([{"sku": "strap", "qty": 1, "userDefinedQty": false}]);
    assert_eq!(each(&rows, "items"), [item.clone(), item]);
    assert_eq!(each(&rows, "defaultItemSkus"), [json!([]), json!([])]);
}

#[test]
fn product_that_does_not_exist_is_no_item() {
    let rows = selection(selection(straps(), 72, 7, 404, json!({})), 73, 7, 22, json!({}));
    assert_eq!(skus(&rows), [["strap", "buckle"]]);
}

#[test]
fn status_websites_and_stock_of_items_do_not_matter() {
    let rows = straps().product(24, "simple", "spare", &[]).eav_of(24, "status", 0, &json!(2));
    assert_eq!(skus(&selection(rows, 74, 7, 24, json!({}))), [["strap", "spare"]]);
}

#[test]
fn option_without_items_is_left_out() {
    let rows = option(option(straps(), 8, json!({})), 9, json!({}));
    assert_eq!(skus(&selection(rows, 91, 9, 404, json!({}))), [["strap"]]);
}

#[test]
fn bundle_without_items_is_disabled_and_has_no_bundles() {
    let rows = selection(option(bundle(), 7, json!({})), 71, 7, 404, json!({}));
    for rows in [bundle(), rows] {
        check(&rows, "status", &json!("DISABLED"));
        check_absent(&rows, "bundles");
    }
}

#[test]
fn bundle_whose_items_are_all_disabled_stays_enabled() {
    check(&straps().eav_of(21, "status", 0, &json!(2)), "status", &json!("ENABLED"));
}

#[test]
fn only_bundles_have_bundles() {
    let rows = straps().product(PRODUCT, "simple", "kit", &[1]);
    check_absent(&rows, "bundles");
    check(&rows, "status", &json!("ENABLED"));
}

#[test]
fn item_of_a_bundle_is_linked_to_it_by_the_relation() {
    let of_strap = |rows: &ShopRows| rows.body(Feed::Products, 21, "en")["links"].clone();
    assert_eq!(of_strap(&straps()), json!([]));
    let related =
        straps().row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": 21}));
    assert_eq!(of_strap(&related), json!([{"type": "IN_BUNDLE", "sku": "kit"}]));
    let fixed = related.eav("price_type", 0, json!(1));
    assert_eq!(of_strap(&fixed), json!([{"type": "IN_BUNDLE", "sku": "kit"}]));
}
