//! `categoryAttributes`: the metadata of the category attributes that the shop's people defined.
//!
//! Field mapping: category attributes. The owner is the attribute.

use serde_json::json;

use crate::catalog::{Attribute, Shop};
use crate::feed::product_attributes::{data_type, exported_store_views};
use crate::feed::{AssembleOptions, Assembled, FeedKey, Identity};

/// Written by the shop's own sorting feature, and of no use outside of it.
const NOT_SENT: &str = "automatic_sorting";

/// The items of an attribute: none unless it is a user-defined category attribute.
pub(crate) fn assemble(
    attribute_id: u32,
    shop: &Shop,
    options: &AssembleOptions,
) -> Vec<Assembled> {
    let attribute = shop.category_attribute(attribute_id).filter(|it| is_described(it));
    let Some(attribute) = attribute else { return Vec::new() };
    let items = exported_store_views(shop, options).map(|store| {
        let (code, locale) = (attribute.code.clone(), store.code.clone());
        let body = json!({
            "code": code,
            "source": { "locale": locale },
            "label": attribute.label(store.id),
            "dataType": data_type(attribute),
        });
        let key = FeedKey::new(Identity::CategoryAttribute { code, store: locale });
        Assembled { key, body: Ok(body) }
    });
    items.collect()
}

/// Whether the attribute has metadata.
fn is_described(attribute: &Attribute) -> bool {
    attribute.is_user_defined && attribute.code != NOT_SENT
}

/// Whether categories carry the attribute's values: a static one has none in the value tables.
pub(crate) fn is_sent(attribute: &Attribute) -> bool {
    is_described(attribute) && attribute.backend_type != "static"
}

#[cfg(test)]
mod tests;
