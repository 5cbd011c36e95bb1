//! Tests of products that consist of others: configurables, grouped products, bundles.

use serde_json::{Value as Json, json};

use super::{
    BACKORDERS, MANAGE_STOCK, at, check_in_stock, check_no_qty, check_qty, item, two_stocks,
};
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

const ONE: u32 = 21;
const TWO: u32 = 22;

/// A product of this type in both websites, and the simple products `one` and `two`.
fn composite(kind: &str) -> ShopRows {
    let mut rows = ShopRows::two_websites().product(PRODUCT, kind, "whole", &[1, 2]);
    for (id, sku) in [(ONE, "one"), (TWO, "two")] {
        rows = rows.product(id, "simple", sku, &[1, 2]);
        if kind == "configurable" {
            let cells = json!({"product_id": id, "parent_id": PRODUCT});
            rows = rows.row(Table::ProductSuperLink, cells);
        }
        rows = rows.row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": id}));
    }
    rows
}

/// Stock items of the whole and of its parts; `None` for none.
fn stocked(mut rows: ShopRows, whole: Option<u32>, parts: [u32; 2]) -> ShopRows {
    if let Some(is_in_stock) = whole {
        rows = item(rows, PRODUCT, json!({"is_in_stock": is_in_stock}));
    }
    for (id, is_in_stock) in [ONE, TWO].into_iter().zip(parts) {
        rows = item(rows, id, json!({"is_in_stock": is_in_stock, "qty": "4.0000"}));
    }
    rows
}

/// In a shop with two stocks, with these quantities at source `north`.
fn at_north(rows: ShopRows, quantities: [Option<&str>; 2]) -> ShopRows {
    let mut rows = two_stocks(rows);
    for (sku, quantity) in ["one", "two"].into_iter().zip(quantities) {
        if let Some(quantity) = quantity {
            rows = at(rows, "north", sku, quantity);
        }
    }
    rows
}

fn disable(rows: ShopRows, product: u32) -> ShopRows {
    rows.eav_of(product, "status", 0, &json!(2))
}

#[test]
fn configurable_or_grouped_is_in_stock_if_it_is_itself_and_any_part_is() {
    for kind in ["configurable", "grouped"] {
        let rows = |whole, parts| stocked(composite(kind), whole, parts);
        check_in_stock(&rows(Some(1), [0, 1]), "en", true);
        check_in_stock(&rows(Some(1), [0, 0]), "en", false);
        check_in_stock(&rows(Some(0), [1, 1]), "en", false);
        check_in_stock(&rows(None, [1, 1]), "en", false);
    }
}

#[test]
fn configurable_or_grouped_of_sources_is_in_stock_if_its_stock_item_does_not_object_and_any_part_is()
 {
    for kind in ["configurable", "grouped"] {
        let rows =
            |whole, quantities| at_north(stocked(composite(kind), whole, [0, 0]), quantities);
        let (none, some) = (Some("0.0000"), Some("3.0000"));
        check_in_stock(&rows(Some(1), [none, some]), "en", true);
        check_in_stock(&rows(Some(1), [none, none]), "en", false);
        check_in_stock(&rows(Some(1), [None, None]), "en", false);
        check_in_stock(&rows(Some(0), [some, some]), "en", false);
        check_in_stock(&rows(None, [None, some]), "en", true);
        // The default stock of the other website goes by the stock items.
        check_in_stock(&rows(Some(1), [some, some]), "out", false);
    }
}

#[test]
fn quantity_of_a_composite_of_sources_is_the_sum_of_its_parts() {
    for kind in ["configurable", "grouped"] {
        let rows = |quantities| at_north(stocked(composite(kind), Some(1), [1, 1]), quantities);
        check_qty(&rows([Some("2.0000"), Some("3.0000")]), "en", 5);
        check_qty(&rows([Some("2.0000"), None]), "en", 2);
        check_no_qty(&rows([None, None]), "en");
    }
}

#[test]
fn quantity_in_the_default_stock_is_that_of_a_configurables_variants_and_of_other_wholes_themselves()
 {
    check_qty(&stocked(composite("configurable"), Some(1), [1, 0]), "en", 8);
    check_no_qty(&stocked(composite("configurable"), None, [1, 1]), "en");
    for kind in ["grouped", "bundle"] {
        check_qty(&stocked(composite(kind), Some(1), [1, 1]), "en", 0);
        check_no_qty(&stocked(composite(kind), None, [1, 1]), "en");
    }
}

#[test]
fn disabled_parts_do_not_count() {
    for kind in ["configurable", "grouped"] {
        let rows = stocked(composite(kind), Some(1), [1, 0]);
        check_in_stock(&disable(rows.clone(), TWO), "en", true);
        check_in_stock(&disable(rows.clone(), ONE), "en", false);
        let in_german = rows.eav_of(ONE, "status", 2, &json!(2));
        check_in_stock(&in_german, "en", true);
        check_in_stock(&in_german, "de", false);
        let rows = at_north(composite(kind), [Some("2.0000"), Some("3.0000")]);
        check_qty(&disable(rows, ONE), "en", 3);
    }
}

/// A bundle with an option for each part, required or not; its selections have a fixed quantity
/// unless the customer `may_change` it.
fn bundle(required: [u32; 2], qty: &str, may_change: u32) -> ShopRows {
    let mut rows = composite("bundle");
    for ((option, required), part) in (1_u32..).zip(required).zip([ONE, TWO]) {
        let cells = json!({"option_id": option, "parent_id": PRODUCT, "required": required});
        rows = rows.row(Table::BundleOption, cells);
        rows = selection(rows, option, part, qty, may_change);
    }
    rows
}

fn selection(rows: ShopRows, option: u32, part: u32, qty: &str, may_change: u32) -> ShopRows {
    let cells = json!({
        "option_id": option, "parent_product_id": PRODUCT, "product_id": part,
        "selection_qty": qty, "selection_can_change_qty": may_change,
    });
    rows.row(Table::BundleSelection, cells)
}

/// Checks a bundle whose parts are in stock or not: in the default stock, and in one of sources.
fn check_bundle(rows: &ShopRows, parts: [u32; 2], expected: bool) {
    check_in_stock(&stocked(rows.clone(), Some(1), parts), "en", expected);
    let quantities = parts.map(|part| Some(if part == 1 { "4.0000" } else { "0.0000" }));
    let of_sources = at_north(stocked(rows.clone(), Some(1), [1, 1]), quantities);
    check_in_stock(&of_sources, "en", expected);
}

#[test]
fn bundle_is_in_stock_if_something_is_for_every_required_option_and_anything_at_all() {
    let rows = bundle([1, 0], "1.0000", 0);
    check_bundle(&rows, [1, 1], true);
    check_bundle(&rows, [1, 0], true);
    check_bundle(&rows, [0, 1], false);
    let rows = bundle([0, 0], "1.0000", 0);
    check_bundle(&rows, [0, 1], true);
    check_bundle(&rows, [0, 0], false);
    let rows = selection(bundle([1, 1], "1.0000", 0), 1, TWO, "1.0000", 0);
    check_bundle(&rows, [0, 1], true);
    check_bundle(&rows, [1, 0], false);
    check_bundle(&composite("bundle"), [1, 1], false);
}

#[test]
fn bundle_that_is_out_of_stock_itself_is_out_of_stock() {
    let rows = stocked(bundle([1, 1], "1.0000", 0), Some(0), [1, 1]);
    check_in_stock(&rows, "en", false);
    check_in_stock(&at_north(rows, [Some("4.0000"); 2]), "en", false);
}

#[test]
fn disabled_or_vanished_selections_of_a_bundle_do_not_count() {
    check_bundle(&disable(bundle([1, 0], "1.0000", 0), ONE), [1, 1], false);
    check_bundle(&disable(bundle([1, 0], "1.0000", 0), TWO), [1, 1], true);
    let vanished = selection(bundle([0, 0], "1.0000", 0), 1, 77, "1.0000", 0);
    check_bundle(&vanished, [0, 0], false);
}

#[test]
fn selection_of_a_fixed_quantity_needs_as_much_unless_it_can_be_on_backorder() {
    check_bundle(&bundle([1, 1], "4.0000", 0), [1, 1], true);
    let too_much = bundle([1, 1], "5.0000", 0);
    check_bundle(&too_much, [1, 1], false);
    check_bundle(&bundle([1, 1], "5.0000", 1), [1, 1], true);
    let configured = |path: &str, value: &str| {
        too_much.clone().config("default", 0, path, Json::String(value.to_owned()))
    };
    check_bundle(&configured(BACKORDERS, "1"), [1, 1], true);
    check_bundle(&configured(MANAGE_STOCK, "0"), [1, 1], true);
}

#[test]
fn reservations_and_the_minimum_quantity_leave_less_for_a_fixed_quantity() {
    let rows = |qty: &str| {
        let rows = composite("bundle");
        let rows = rows
            .row(Table::BundleOption, json!({"option_id": 1, "parent_id": PRODUCT, "required": 1}));
        let rows = selection(rows, 1, ONE, qty, 0);
        let rows = item(
            item(rows, PRODUCT, json!({})),
            ONE,
            json!({
                "min_qty": "2.0000", "use_config_min_qty": 0,
            }),
        );
        let rows = at_north(rows, [Some("9.0000"), None]);
        let reservation = json!({"stock_id": 2, "sku": "one", "quantity": "-4.0000"});
        rows.row(Table::InventoryReservation, reservation)
    };
    check_in_stock(&rows("3.0000"), "en", true);
    check_in_stock(&rows("4.0000"), "en", false);
}

#[test]
fn quantity_of_a_bundle_of_sources_counts_every_selection() {
    let rows = selection(bundle([1, 1], "1.0000", 0), 1, TWO, "1.0000", 0);
    let rows = at_north(stocked(rows, Some(1), [1, 1]), [Some("2.0000"), Some("3.0000")]);
    check_qty(&rows, "en", 8);
}
