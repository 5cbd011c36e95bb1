//! `categories`: a category as a store view shows it.
//!
//! Field mapping: categories. The owner is the category. Its slug is made of the url keys of the
//! categories above it, so it is read together with them: a [`Branch`].

mod branch;
mod image;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::catalog::column::category_entity;
use crate::catalog::{
    Attribute, CatalogRead, Horizon, Owner, ReadError, Shop, StoreView, Table, Visible,
};
use crate::decode::Value;
use crate::feed::category_attributes::is_sent;
use crate::feed::directives::expand;
use crate::feed::eav::Values;
use crate::feed::meta_tags::meta_tags;
use crate::feed::options::{Options, option_ids};
use crate::feed::product_attributes::exported_store_views;
use crate::feed::{
    AssembleFault, AssembleOptions, Assembled, DisabledRules, FeedKey, Identity, Rule, row,
};

pub(crate) use branch::{Branch, path_of};

/// The longest name that the service takes, in characters.
const NAME_LENGTH_MAX: usize = 128;
/// The longest slug that the service takes, in characters.
const SLUG_LENGTH_MAX: usize = 1024;

/// The items of a category: one for every store view below whose root it is. The root has none.
pub(crate) fn assemble<C: CatalogRead>(
    category_id: u32,
    shop: &Shop,
    catalog: &C,
    options: &AssembleOptions,
) -> Result<Vec<Assembled>, ReadError> {
    let Some(branch) = Branch::read(category_id, catalog)? else { return Ok(Vec::new()) };
    let values = Values::of_category(&branch.category().sheet, shop);
    let sent = |attribute: &Attribute| is_sent(attribute);
    let held = values.all().filter(|(attribute, _)| sent(attribute));
    let ids: BTreeSet<u32> =
        held.flat_map(|(attribute, value)| option_ids(attribute, value)).collect();
    let labels = Options::read(ids, catalog)?;
    let scenes = exported_store_views(shop, options).filter_map(|store| {
        let slug = branch.slug(category_id, shop, store)?;
        let (branch, values, labels) = (&branch, &values, &labels);
        let rules = &options.disabled_rules;
        Some(Scene { branch, values, labels, shop, store, slug, rules }.item())
    });
    Ok(scenes.collect())
}

/// The categories above one at an instant, from the root of all categories down.
///
/// # Errors
/// The catalog copy could not be read.
pub fn categories_above<C: CatalogRead>(
    category_id: u32,
    catalog: &C,
    now: Timestamp,
) -> Result<Vec<u32>, ReadError> {
    let horizon = Horizon::default();
    let catalog = Visible::new(catalog, now.as_second(), &horizon);
    let sheet = catalog.sheet(Owner::Category(category_id))?.unwrap_or_default();
    let mut path = path_of(&sheet);
    path.retain(|id| *id != category_id);
    Ok(path)
}

/// One category in one store view.
struct Scene<'a> {
    branch: &'a Branch,
    values: &'a Values<'a>,
    labels: &'a Options,
    shop: &'a Shop,
    store: &'a StoreView,
    slug: String,
    rules: &'a DisabledRules,
}

impl Scene<'_> {
    fn item(&self) -> Assembled {
        let (slug, store) = (self.slug.clone(), self.store.code.clone());
        let key = FeedKey::new(Identity::Category { slug, store });
        Assembled { key, body: self.body() }
    }

    fn body(&self) -> Result<Json, AssembleFault> {
        self.check_slug()?;
        let is_in_menu = self.branch.is_in_menu(self.shop, self.store);
        let families: &[&str] = if is_in_menu { &["top_menu"] } else { &[] };
        let mut body = json!({
            "slug": self.slug,
            "source": { "locale": self.store.code },
            "name": self.name()?,
            "families": families,
            "images": self.images(),
        });
        let Json::Object(fields) = &mut body else { return Ok(body) };
        if let Some(text) = self.values.text("description", self.store.id) {
            let text = expand(text, self.shop, self.store);
            fields.insert("description".to_owned(), Json::String(text));
        }
        let main = self.branch.category().sheet.first(Table::CategoryEntity);
        if let Some(position) = main.and_then(|main| row::int(main, category_entity::POSITION)) {
            let position = i64::try_from(position).unwrap_or_default();
            fields.insert("position".to_owned(), json!(position));
        }
        let meta_tags = meta_tags(self.values, self.store.id, "meta_keywords");
        if !meta_tags.is_empty() {
            fields.insert("metaTags".to_owned(), Json::Object(meta_tags));
        }
        let attributes = self.attributes();
        if !attributes.is_empty() {
            fields.insert("attributes".to_owned(), Json::Array(attributes));
        }
        Ok(body)
    }

    fn name(&self) -> Result<String, AssembleFault> {
        const TABLE: &str = "catalog_category_entity_varchar";
        let scope = || format!("store view {}", self.store.code);
        let name = self.values.text("name", self.store.id).filter(|name| !name.is_empty());
        let Some(name) = name else {
            let (field, table, what) = ("name", TABLE, "name");
            return Err(AssembleFault::RequiredMissing { field, table, what, scope: scope() });
        };
        let length = name.chars().count();
        if length > NAME_LENGTH_MAX && self.rules.is_on(Rule::CategoryName) {
            return Err(AssembleFault::TextTooLong {
                field: "name",
                table: TABLE,
                id: self.branch.category().id,
                scope: scope(),
                length,
                limit: NAME_LENGTH_MAX,
            });
        }
        Ok(name)
    }

    /// The service takes lower-case letters, digits and hyphens, with slashes between the levels.
    fn check_slug(&self) -> Result<(), AssembleFault> {
        let is_key = |key: &str| {
            let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !key.is_empty() && key.chars().all(is_allowed)
        };
        let is_fine = self.slug.len() <= SLUG_LENGTH_MAX && self.slug.split('/').all(is_key);
        if is_fine || !self.rules.is_on(Rule::CategorySlug) {
            return Ok(());
        }
        Err(AssembleFault::SlugInvalid {
            slug: self.slug.clone(),
            id: self.branch.category().id,
            store: self.store.code.clone(),
            limit: SLUG_LENGTH_MAX,
        })
    }

    fn images(&self) -> Vec<Json> {
        let value = self.values.text("image", self.store.id).filter(|value| !value.is_empty());
        let url = value.map(|value| image::url(&value, self.shop, self.store));
        url.into_iter().map(|url| json!({ "url": url, "roles": ["BASE"] })).collect()
    }

    /// The values of the attributes that the shop's people defined, by code.
    fn attributes(&self) -> Vec<Json> {
        let sent = self.shop.category_attributes_by_code().filter(|attribute| is_sent(attribute));
        let attributes = sent.filter_map(|attribute| {
            let value: &Value = self.values.value(attribute, self.store.id)?;
            let values = self.labels.texts(attribute, value, self.store.id);
            Some(json!({ "code": attribute.code, "values": values }))
        });
        attributes.collect()
    }
}
