//! Which entries hold up which others: what has to arrive before what it belongs to.
//!
//! An entry holds up its dependents while it waits or is in flight, however long that takes:
//! the service refuses or loses items whose precondition is missing.

use std::collections::BTreeMap;

use super::{OutboxEntry, Verb};
use crate::feed::{Feed, FeedKey};

/// Counts of the entries that hold up others, by what they hold up.
#[derive(Debug, Default)]
pub(super) struct Holds {
    /// First attribute metadata by store view code: holds up the products of the store view.
    first_attributes: BTreeMap<String, usize>,
    /// First category attribute metadata by store view code: holds up the categories of the store
    /// view.
    first_category_attributes: BTreeMap<String, usize>,
    /// First categories by store view code: holds up the products of the store view, whose routes
    /// name them.
    first_categories: BTreeMap<String, usize>,
    /// First categories by store view code and slug: holds up the categories below.
    first_slugs: BTreeMap<(String, String), usize>,
    /// Categories that come or go, by store view code and slug: holds up the deletes of those above,
    /// since the service deletes everything below a category with it.
    slugs: BTreeMap<(String, String), usize>,
    /// First products by owner: holds up the owner's prices.
    first_products: BTreeMap<u32, usize>,
    /// First price books by id: holds up child books and prices.
    first_books: BTreeMap<String, usize>,
    /// Prices that come or go, by price book: holds up the book's delete, since the service deletes the
    /// book's prices with it.
    prices_by_book: BTreeMap<String, usize>,
    /// Deletes of prices by owner: holds up the deletes of the owner's products.
    price_deletes_by_owner: BTreeMap<u32, usize>,
    /// Child books that come or go, by base book: holds up the base book's delete.
    child_books: BTreeMap<String, usize>,
}

/// Whether an entry comes or goes.
#[derive(Clone, Copy)]
enum Step {
    Up,
    Down,
}

impl Holds {
    /// An entry came into the outbox.
    pub(super) fn add(&mut self, entry: &OutboxEntry) {
        self.count(entry, Step::Up);
    }

    /// An entry left the outbox.
    pub(super) fn remove(&mut self, entry: &OutboxEntry) {
        self.count(entry, Step::Down);
    }

    /// Whether another entry has to be settled before this one is sent.
    pub(super) fn hold_up(&self, entry: &OutboxEntry) -> bool {
        let key = &entry.key;
        match (entry.intent.verb(), key.feed) {
            (_, Feed::ProductAttributes | Feed::CategoryAttributes)
            | (Verb::Delete, Feed::Prices) => false,
            (Verb::Replace, Feed::Categories) => {
                let (slug, store) = (part(key, 0), part(key, 1).to_owned());
                self.first_category_attributes.contains_key(&store)
                    || slug.rsplit_once('/').is_some_and(|(above, _)| {
                        self.first_slugs.contains_key(&(store, above.to_owned()))
                    })
            }
            (Verb::Delete, Feed::Categories) => {
                let (slug, store) = (part(key, 0), part(key, 1));
                // `0` follows `/`: everything that begins with the slug and a slash.
                let below =
                    (store.to_owned(), format!("{slug}/"))..(store.to_owned(), format!("{slug}0"));
                self.slugs.range(below).next().is_some()
            }
            (Verb::Replace, Feed::Products) => {
                self.first_attributes.contains_key(part(key, 1))
                    || self.first_categories.contains_key(part(key, 1))
            }
            (Verb::Replace, Feed::PriceBooks) => {
                base_of(part(key, 0)).is_some_and(|base| self.first_books.contains_key(base))
            }
            (Verb::Replace, Feed::Prices) => {
                self.first_products.contains_key(&entry.owner)
                    || self.first_books.contains_key(part(key, 1))
            }
            (Verb::Delete, Feed::Products) => {
                self.price_deletes_by_owner.contains_key(&entry.owner)
            }
            (Verb::Delete, Feed::PriceBooks) => {
                self.prices_by_book.contains_key(part(key, 0))
                    || self.child_books.contains_key(part(key, 0))
            }
        }
    }

    fn count(&mut self, entry: &OutboxEntry, step: Step) {
        let key = &entry.key;
        let place = || (part(key, 1).to_owned(), part(key, 0).to_owned());
        match key.feed {
            Feed::Categories => step_count(&mut self.slugs, place(), step),
            Feed::Prices => step_count(&mut self.prices_by_book, part(key, 1).to_owned(), step),
            Feed::PriceBooks => {
                if let Some(base) = base_of(part(key, 0)) {
                    step_count(&mut self.child_books, base.to_owned(), step);
                }
            }
            Feed::ProductAttributes | Feed::CategoryAttributes | Feed::Products => {}
        }
        match (entry.intent.verb(), key.feed) {
            (Verb::Replace, _) if !entry.is_first => {}
            (Verb::Replace, Feed::ProductAttributes) => {
                step_count(&mut self.first_attributes, part(key, 1).to_owned(), step);
            }
            (Verb::Replace, Feed::CategoryAttributes) => {
                step_count(&mut self.first_category_attributes, part(key, 1).to_owned(), step);
            }
            (Verb::Replace, Feed::Categories) => {
                step_count(&mut self.first_categories, part(key, 1).to_owned(), step);
                step_count(&mut self.first_slugs, place(), step);
            }
            (Verb::Replace, Feed::Products) => {
                step_count(&mut self.first_products, entry.owner, step);
            }
            (Verb::Replace, Feed::PriceBooks) => {
                step_count(&mut self.first_books, part(key, 0).to_owned(), step);
            }
            (Verb::Delete, Feed::Prices) => {
                step_count(&mut self.price_deletes_by_owner, entry.owner, step);
            }
            (Verb::Replace, Feed::Prices)
            | (
                Verb::Delete,
                Feed::PriceBooks
                | Feed::Products
                | Feed::ProductAttributes
                | Feed::CategoryAttributes
                | Feed::Categories,
            ) => {}
        }
    }
}

/// The base book of a child book's id.
fn base_of(price_book: &str) -> Option<&str> {
    price_book.split_once("::").map(|(base, _)| base)
}

fn part(key: &FeedKey, nth: usize) -> &str {
    key.parts().get(nth).map_or("", String::as_str)
}

fn step_count<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K, step: Step) {
    match step {
        Step::Up => *counts.entry(key).or_default() += 1,
        Step::Down => {
            if let Some(count) = counts.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&key);
                }
            }
        }
    }
}
