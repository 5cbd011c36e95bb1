//! Owns the rules that a schema can't say. Pure: items and what is held go in, problems come out.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::endpoint::{SandboxFeed, Verb};
use super::holdings::Holdings;
use super::validate::{Problem, text_of};

/// Largest product, as compact JSON (ACO boundaries and limits: 200 KB).
const PRODUCT_BYTES_MAX: usize = 200_000;

/// One broken rule of one item.
struct Breach {
    field: &'static str,
    message: String,
    value: String,
}

impl Breach {
    fn new(field: &'static str, message: impl Into<String>, value: impl Into<String>) -> Self {
        Self { field, message: message.into(), value: value.into() }
    }
}

/// What is wrong with items that the schema found valid.
pub(crate) fn check(
    feed: SandboxFeed,
    verb: Verb,
    items: &[Json],
    holdings: &Holdings,
) -> Vec<Problem> {
    let check_item: fn(&Json, &[Json], &Holdings) -> Vec<Breach> = match (feed, verb) {
        (SandboxFeed::Products, Verb::Create) => |item, _, _| check_product(item),
        (SandboxFeed::PriceBooks, Verb::Create) => check_price_book,
        (SandboxFeed::Prices, Verb::Create) => |item, _, holdings| check_price(item, holdings),
        _ => return Vec::new(),
    };
    let mut problems = Vec::new();
    for (index, item) in items.iter().enumerate() {
        problems.extend(check_item(item, items, holdings).into_iter().map(|breach| Problem {
            item_index: Some(index),
            code: breach.field.to_owned(),
            message: breach.message,
            value: breach.value,
        }));
    }
    problems
}

fn check_product(item: &Json) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let bytes = item.to_string().len();
    if bytes > PRODUCT_BYTES_MAX {
        let message = format!("Product has {bytes} bytes, more than {PRODUCT_BYTES_MAX}");
        breaches.push(Breach::new("sku", message, text(item, "sku")));
    }
    for bundle in list(item, "bundles") {
        if let Some(sku) = first_repeated(list(bundle, "items").iter().map(|i| text(i, "sku"))) {
            breaches.push(Breach::new("bundles", "Duplicate SKU found in bundle items", sku));
        }
    }
    breaches
}

fn check_price_book(item: &Json, items: &[Json], holdings: &Holdings) -> Vec<Breach> {
    let (id, parent) = (text(item, "priceBookId"), text(item, "parentId"));
    if parent.is_empty() {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    let comes_along =
        || parent != id && items.iter().any(|other| text(other, "priceBookId") == parent);
    if !holdings.has_price_book(parent) && !comes_along() {
        breaches.push(Breach::new("parentId", "Parent price book does not exist", parent));
    }
    if holdings.has_base_price_book(id) {
        breaches.push(Breach::new("parentId", "Base price book cannot get a parent", parent));
    }
    breaches
}

fn check_price(item: &Json, holdings: &Holdings) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let (sku, book) = (text(item, "sku"), text(item, "priceBookId"));
    if !holdings.has_price_book(book) {
        breaches.push(Breach::new("priceBookId", "Price book does not exist", book));
    }
    if holdings.is_configurable(sku) {
        let message = "Price of a configurable product follows from its variants";
        breaches.push(Breach::new("sku", message, sku));
    }
    if let Some(code) = first_repeated(list(item, "discounts").iter().map(|d| text(d, "code"))) {
        breaches.push(Breach::new("discounts", "Duplicate discount code", code));
    }
    let quantities: Vec<&Json> =
        list(item, "tierPrices").iter().filter_map(|t| t.get("qty")).collect();
    let falls = |pair: &&[&Json]| match pair {
        [earlier, later] => earlier.as_f64() >= later.as_f64(),
        _ => false,
    };
    if let Some([_, quantity]) = quantities.windows(2).find(falls) {
        let message = "Tier quantities must ascend";
        breaches.push(Breach::new("tierPrices", message, text_of(quantity)));
    }
    breaches
}

fn text<'a>(item: &'a Json, field: &str) -> &'a str {
    item.get(field).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(item: &'a Json, field: &str) -> &'a [Json] {
    item.get(field).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn first_repeated<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    values.find(|value| !seen.insert(*value))
}
