//! How many items a full sync has: of the catalog copy by assembling each, or of the database's
//! counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::{CatalogRead as _, Shop};
use crate::engine::{DeliverParams, EngineError};
use crate::feed::{AssembleOptions, Feed, FeedOwner, assemble};
use crate::source::ShopCounts;
use crate::store::{Phase, Store};

/// Items by feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCounts {
    /// Items that would be sent, by the feed's name.
    pub items: BTreeMap<String, u64>,
    /// Items that can't be made and are parked without a request.
    pub faulty: u64,
    /// Feeds of which there may be fewer items, by name.
    pub upper_bounds: Vec<String>,
}

impl ItemCounts {
    /// The items by feed.
    pub fn by_feed(&self) -> BTreeMap<Feed, u64> {
        let named = self.items.iter();
        named.filter_map(|(name, items)| Some((Feed::from_name(name)?, *items))).collect()
    }

    /// Whether a feed may have fewer items.
    pub fn is_upper_bound(&self, feed: Feed) -> bool {
        self.upper_bounds.iter().any(|name| name == feed.name())
    }
}

/// Counts the items of the catalog copy, one owner in memory at a time; `None` while the copy is not
/// complete.
///
/// # Errors
/// The store can't be read.
pub fn count_items(
    store: &Store,
    options: &AssembleOptions,
) -> Result<Option<ItemCounts>, EngineError> {
    let state = store.snapshot().map_err(EngineError::Store)?;
    if state.is_none_or(|state| state.phase != Phase::Open) {
        return Ok(None);
    }
    let shop = Shop::read(store).map_err(EngineError::Read)?;
    let mut counts = ItemCounts::default();
    for feed in Feed::ALL {
        let mut items = 0;
        // Of several categories that assemble one key the first has it (O6). SKUs are unique in the
        // database, and there may be millions: their keys are not held.
        let is_unique = matches!(feed, Feed::Products | Feed::Prices);
        let mut seen = BTreeSet::new();
        for id in store.owner_ids(feed.owner_kind()).map_err(EngineError::Read)? {
            let assembly = assemble(FeedOwner { feed, id }, &shop, store, options);
            for item in assembly.map_err(EngineError::Read)?.items {
                if !is_unique && !seen.insert(item.key) {
                    continue;
                }
                match item.body {
                    Ok(_) => items += 1,
                    Err(_) => counts.faulty += 1,
                }
            }
        }
        counts.items.insert(feed.name().to_owned(), items);
    }
    Ok(Some(counts))
}

/// The items that the database's counts come to, without what is not exported. Pure.
pub fn count_of_shop(shop: &ShopCounts, params: &DeliverParams) -> ItemCounts {
    let count = |counts: &BTreeMap<u64, u64>, id: u64| counts.get(&id).copied().unwrap_or(0);
    let stores = || {
        let all = shop.stores.iter();
        all.filter(|store| !params.disabled_store_views.contains(&store.code))
    };
    let websites: Vec<u64> = shop
        .websites
        .iter()
        .filter(|(_, code)| !params.disabled_websites.contains(*code))
        .map(|(id, _)| *id)
        .collect();
    let groups: Vec<u64> = shop
        .groups
        .iter()
        .filter(|(_, name)| !params.disabled_customer_groups.contains(*name))
        .map(|(id, _)| *id)
        .collect();
    let of = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let (store_count, website_count) = (of(stores().count()), of(websites.len()));
    let group_prices: u64 = shop
        .group_prices
        .iter()
        .filter(|((_, group), _)| groups.contains(group))
        .map(|((website, _), count)| match website {
            0 => count.saturating_mul(website_count),
            id if websites.contains(id) => *count,
            _ => 0,
        })
        .sum();
    let base_prices: u64 = websites.iter().map(|id| count(&shop.priced_products, *id)).sum();
    let items = [
        (Feed::ProductAttributes, shop.attributes * store_count),
        (Feed::CategoryAttributes, shop.category_attributes * store_count),
        (
            Feed::Categories,
            stores().map(|store| count(&shop.categories, store.root_category_id)).sum(),
        ),
        (Feed::Products, stores().map(|store| count(&shop.products, store.website_id)).sum()),
        (Feed::PriceBooks, website_count * (1 + of(groups.len()))),
        (Feed::Prices, base_prices.saturating_add(group_prices)),
    ];
    let bounds = [Feed::Categories, Feed::Products, Feed::Prices];
    ItemCounts {
        items: items.into_iter().map(|(feed, items)| (feed.name().to_owned(), items)).collect(),
        faulty: 0,
        upper_bounds: bounds.iter().map(|feed| feed.name().to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests;
