//! One entry for all feeds: from an owner to every item that it should have now.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::catalog::{CatalogRead, Horizon, ReadError, Shop, Visible};
use crate::feed::{
    AssembleFault, DisabledRules, ExtraAttributes, Feed, FeedKey, FeedOwner, Rule, categories,
    category_attributes, price_books, prices, product_attributes, products,
};

/// The most bytes a body may have (ACO boundaries: 200 KB for a product, not expandable).
const BODY_BYTES_MAX: usize = 200_000;

/// Whether `special_from_date` and `special_to_date` decide if a special price counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpecialPriceDates {
    /// They do, as in the shop itself.
    #[default]
    Respect,
    /// They don't: what the official connector does.
    Ignore,
}

/// What assembly depends on besides the shop's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssembleOptions {
    /// The instant for which items are assembled; decides which special prices count.
    pub now: Timestamp,
    /// Whether special price dates are looked at.
    pub special_price_dates: SpecialPriceDates,
    /// Which extra attributes products carry.
    pub extra_attributes: ExtraAttributes,
    /// Rules of the service that items are not held to.
    pub disabled_rules: DisabledRules,
    /// Codes of store views that get no products and no attribute metadata.
    pub disabled_store_views: BTreeSet<String>,
    /// Codes of websites that get no price books and no prices.
    pub disabled_websites: BTreeSet<String>,
    /// Names of customer groups that get no price books and no prices.
    pub disabled_customer_groups: BTreeSet<String>,
}

/// An item that should exist, or why it can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// The item's key.
    pub key: FeedKey,
    /// Its body in canonical form. A fault parks this key and no other.
    pub body: Result<Json, AssembleFault>,
}

/// The items of an owner at an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assembly {
    /// Every item that should exist, by key.
    pub items: Vec<Assembled>,
    /// The instant from which on they may be others without any row having changed: then the owner
    /// is to be assembled again.
    pub until: Option<Timestamp>,
}

/// Every item of `owner` that should exist now. An owner whose main row is gone has none.
///
/// # Errors
/// The catalog copy could not be read.
pub fn assemble<C: CatalogRead>(
    owner: FeedOwner,
    shop: &Shop,
    catalog: &C,
    options: &AssembleOptions,
) -> Result<Assembly, ReadError> {
    let horizon = Horizon::default();
    let catalog = &Visible::new(catalog, options.now.as_second(), &horizon);
    let mut items = match owner.feed {
        Feed::ProductAttributes => product_attributes::assemble(owner.id, shop, catalog, options)?,
        Feed::CategoryAttributes => category_attributes::assemble(owner.id, shop, options),
        Feed::Categories => categories::assemble(owner.id, shop, catalog, options)?,
        Feed::Products => products::assemble(owner.id, shop, catalog, options)?,
        Feed::PriceBooks => price_books::assemble(owner.id, shop, options),
        Feed::Prices => prices::assemble(owner.id, shop, catalog, options, &horizon)?,
    };
    for item in &mut items {
        let bytes = item.body.as_ref().map_or(0, |body| body.to_string().len());
        if bytes > BODY_BYTES_MAX && options.disabled_rules.is_on(Rule::BodySize) {
            item.body = Err(AssembleFault::BodyTooLarge { bytes, limit: BODY_BYTES_MAX });
        }
    }
    items.sort_by(|a, b| a.key.cmp(&b.key));
    let until = horizon.first_change_s().and_then(|at_s| Timestamp::from_second(at_s).ok());
    Ok(Assembly { items, until })
}
