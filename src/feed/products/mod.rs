//! `products`: a product as a store view shows it.
//!
//! Field mapping: products. The owner is the product. Everything an item depends on is read first,
//! into [`Surroundings`]; bodies are then computed from values.

mod attributes;
mod bundles;
mod configurations;
mod custom_options;
mod downloads;
mod images;
mod inventory_settings;
mod links;
mod parts;
mod routes;
mod stock;
mod surroundings;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::{CatalogRead, ReadError, Shop, StoreView};
use crate::decode::Value;
use crate::feed::directives::expand;
use crate::feed::eav::Values;
use crate::feed::meta_tags::meta_tags;
use crate::feed::product_attributes::exported_store_views;
use crate::feed::products::surroundings::{Relative, Surroundings};
use crate::feed::urls::Urls;
use crate::feed::{AssembleFault, AssembleOptions, Assembled, ExtraAttribute, FeedKey, Identity};

/// The items of a product: one for every store view of the websites it is assigned to.
pub(crate) fn assemble<C: CatalogRead>(
    product_id: u32,
    shop: &Shop,
    catalog: &C,
    options: &AssembleOptions,
) -> Result<Vec<Assembled>, ReadError> {
    let Some(product) = Relative::read(product_id, catalog)? else { return Ok(Vec::new()) };
    let values = Values::of(&product.sheet, shop);
    let extra = &options.extra_attributes.of(shop);
    let surroundings = Surroundings::read(&product, &values, shop, extra, catalog)?;
    let store_views = exported_store_views(shop, options);
    Ok(store_views
        .filter(|store| product.is_on(store.website_id))
        .map(|store| {
            let (product, values, around) = (&product, &values, &surroundings);
            Scene { product, values, around, extra, shop, store }.item()
        })
        .collect())
}

/// One product in one store view, and all that its item is computed from.
struct Scene<'a> {
    product: &'a Relative,
    values: &'a Values<'a>,
    around: &'a Surroundings,
    extra: &'a BTreeSet<ExtraAttribute>,
    shop: &'a Shop,
    store: &'a StoreView,
}

impl Scene<'_> {
    fn item(&self) -> Assembled {
        let sku = self.product.sku.clone();
        let identity = Identity::Product { sku, store: self.store.code.clone() };
        Assembled { key: FeedKey::new(identity), body: self.body() }
    }

    fn body(&self) -> Result<Json, AssembleFault> {
        let (configurations, bundles) = (self.configurations(), self.bundles());
        let mut body = json!({
            "sku": self.product.sku,
            "source": { "locale": self.store.code },
            "name": self.required("name", "name")?,
            "slug": self.required("slug", "url_key")?,
            "status": self.status(!configurations.is_empty() || !bundles.is_empty())?,
            "description": self.page_text("description"),
            "shortDescription": self.page_text("short_description"),
            "visibleIn": self.visible_in(),
            "attributes": self.attributes(),
            "images": self.images(),
            "links": self.links(),
            "routes": self.routes(),
            "externalIds": [{ "id": self.product.id.to_string(), "origin": "AdobeCommerce" }],
        });
        if let Json::Object(fields) = &mut body {
            let meta_tags = meta_tags(self.values, self.store.id, "meta_keyword");
            if !meta_tags.is_empty() {
                fields.insert("metaTags".to_owned(), Json::Object(meta_tags));
            }
            for (field, choices) in [("configurations", configurations), ("bundles", bundles)] {
                if !choices.is_empty() {
                    fields.insert(field.to_owned(), Json::Array(choices));
                }
            }
        }
        Ok(body)
    }

    /// The attribute's value in this store view, as text.
    fn text(&self, code: &str) -> Option<String> {
        self.values.text(code, self.store.id)
    }

    /// A text that the shop shows on a page, with its directives replaced; empty without one.
    fn page_text(&self, code: &str) -> String {
        let text = self.text(code).unwrap_or_default();
        expand(text, self.shop, self.store)
    }

    /// Where the store view is reached.
    const fn urls(&self) -> Urls<'_> {
        Urls::of(self.shop, self.store)
    }

    fn required(&self, field: &'static str, what: &'static str) -> Result<String, AssembleFault> {
        self.text(what).filter(|text| !text.is_empty()).ok_or_else(|| {
            let scope = format!("store view {}", self.store.code);
            let table = "catalog_product_entity_varchar";
            AssembleFault::RequiredMissing { field, table, what, scope }
        })
    }

    /// A configurable or bundle that nothing can be chosen of can't be bought, so it counts as
    /// disabled. Whether a bundle lacks something for a required option depends on its products'
    /// own status, which the service has.
    fn status(&self, is_choosable: bool) -> Result<&'static str, AssembleFault> {
        let is_enabled = match self.values.value_by_code("status", self.store.id) {
            None => false,
            Some(value) => match value.as_int() {
                Some(1) => true,
                Some(2) => false,
                Some(_) | None => {
                    let value = value.to_char().unwrap_or_default();
                    let store = self.store.code.clone();
                    return Err(AssembleFault::StatusUnknown { value, store });
                }
            },
        };
        let is_whole = !self.product.is_configurable() && !self.product.is_bundle();
        let is_offered = is_whole || is_choosable;
        Ok(if is_enabled && is_offered { "ENABLED" } else { "DISABLED" })
    }

    fn visible_in(&self) -> &'static [&'static str] {
        let visibility = self.values.value_by_code("visibility", self.store.id);
        match visibility.and_then(Value::as_int) {
            Some(2) => &["CATALOG"],
            Some(3) => &["SEARCH"],
            Some(4) => &["CATALOG", "SEARCH"],
            Some(_) | None => &[],
        }
    }
}
