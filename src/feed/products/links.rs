//! `links`: related products, and the products that this one is a part of.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::column::product_link;
use crate::feed::products::Scene;
use crate::feed::products::surroundings::Relative;
use crate::feed::row;

impl Scene<'_> {
    /// The links to products of the same website, by type and sku.
    pub(super) fn links(&self) -> Vec<Json> {
        let linked = self.product.sheet.rows(Table::ProductLink).filter_map(|row| {
            let kind = link_type(row::id(row, product_link::LINK_TYPE_ID)?)?;
            let id = row::id(row, product_link::LINKED_PRODUCT_ID)?;
            Some((kind.to_owned(), self.around.linked.get(&id)?))
        });
        let parents = self.around.parents.iter();
        let parents = parents
            .filter(|parent| parent.is_parent_of(self.product.id))
            .map(|parent| (parent_type(&parent.type_id), parent));
        let is_here = |it: &Relative| it.is_on(self.store.website_id) && !it.sku.is_empty();
        let links: BTreeSet<(String, &str)> = linked
            .chain(parents)
            .filter(|(_, other)| is_here(other))
            .map(|(kind, other)| (kind, other.sku.as_str()))
            .collect();
        links.into_iter().map(|(kind, sku)| json!({ "type": kind, "sku": sku })).collect()
    }
}

/// The links that are sent. What a grouped product consists of (3) is said by its parts.
fn link_type(id: u32) -> Option<&'static str> {
    match id {
        1 => Some("RELATED"),
        4 => Some("UPSELL"),
        5 => Some("CROSSSELL"),
        _ => None,
    }
}

fn parent_type(type_id: &str) -> String {
    match type_id {
        "configurable" => "VARIANT_OF".to_owned(),
        "bundle" => "IN_BUNDLE".to_owned(),
        other => other.to_uppercase(),
    }
}
