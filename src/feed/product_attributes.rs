//! `productAttributes`: the metadata of every product attribute in every store view.
//!
//! Field mapping: product attributes. The owner is the attribute.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::column::catalog_eav_attribute as column;
use crate::catalog::{Attribute, CatalogRead, Owner, ReadError, Shop, StoreView, Table};
use crate::decode::{Row, Value};
use crate::feed::number::number;
use crate::feed::{AssembleFault, AssembleOptions, Assembled, FeedKey, Identity, extra, row};

/// Where an attribute is shown, and the flag that says so. Results are governed by the flag of the
/// product page, whatever its name says: the official mapping does the same.
const VISIBLE_IN: [(&str, usize); 4] = [
    ("PRODUCT_DETAIL", column::IS_VISIBLE),
    ("SEARCH_RESULTS", column::IS_VISIBLE_ON_FRONT),
    ("PRODUCT_LISTING", column::USED_IN_PRODUCT_LISTING),
    ("PRODUCT_COMPARE", column::IS_COMPARABLE),
];

/// The items of an attribute: none unless it is a product attribute with a catalog row.
pub(crate) fn assemble<C: CatalogRead>(
    attribute_id: u32,
    shop: &Shop,
    catalog: &C,
    options: &AssembleOptions,
) -> Result<Vec<Assembled>, ReadError> {
    let Some(attribute) = shop.attribute(attribute_id) else { return Ok(Vec::new()) };
    let sheet = catalog.sheet(Owner::Attribute(attribute_id))?.unwrap_or_default();
    let Some(flags) = sheet.first(Table::CatalogEavAttribute) else { return Ok(Vec::new()) };
    let store_views = exported_store_views(shop, options);
    Ok(store_views.map(|store| item(attribute, flags, store)).collect())
}

/// The store views that are not the admin's and not disabled, by id.
pub(crate) fn exported_store_views<'a>(
    shop: &'a Shop,
    options: &'a AssembleOptions,
) -> impl Iterator<Item = &'a StoreView> {
    let all = shop.store_views.values();
    all.filter(|store| store.id != 0 && !options.disabled_store_views.contains(&store.code))
}

fn item(attribute: &Attribute, flags: &Row, store: &StoreView) -> Assembled {
    let identity = Identity::Attribute { code: attribute.code.clone(), store: store.code.clone() };
    Assembled { key: FeedKey::new(identity), body: body(attribute, flags, store) }
}

fn body(attribute: &Attribute, flags: &Row, store: &StoreView) -> Result<Json, AssembleFault> {
    let is_for_product_pages = extra::is_for_product_pages(&attribute.code);
    let visible = VISIBLE_IN.iter().filter(|(place, flag)| match *place {
        "PRODUCT_DETAIL" if is_for_product_pages => true,
        "SEARCH_RESULTS" if is_for_product_pages => false,
        _ => row::flag(flags, *flag),
    });
    let visible_in: Vec<&str> = visible.map(|(place, _)| *place).collect();
    let is_object = extra::is_object(&attribute.code);
    Ok(json!({
        "code": attribute.code,
        "source": { "locale": store.code },
        "label": attribute.label(store.id),
        "dataType": if is_object { "OBJECT" } else { data_type(attribute) },
        "visibleIn": visible_in,
        "filterable": row::flag(flags, column::IS_FILTERABLE),
        "sortable": row::flag(flags, column::USED_FOR_SORT_BY),
        "searchable": row::flag(flags, column::IS_SEARCHABLE),
        "searchWeight": search_weight(flags)?,
    }))
}

pub(crate) fn data_type(attribute: &Attribute) -> &'static str {
    match (attribute.backend_type.as_str(), attribute.frontend_input.as_str()) {
        ("int", "boolean") => "BOOLEAN",
        ("int", "text" | "select") => "TEXT",
        ("int", _) => "INTEGER",
        ("decimal", _) => "DECIMAL",
        _ => "TEXT",
    }
}

fn search_weight(flags: &Row) -> Result<Json, AssembleFault> {
    let Some(value) = flags.get(column::SEARCH_WEIGHT).and_then(Value::to_char) else {
        // The column's default.
        return Ok(number(Decimal::ONE));
    };
    Decimal::from_str(&value)
        .or_else(|_| Decimal::from_scientific(&value))
        .ok()
        .map(number)
        .ok_or(AssembleFault::SearchWeightUnreadable { value })
}
