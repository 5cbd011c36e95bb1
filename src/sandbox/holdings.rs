//! Owns what the sandbox holds: per feed and identity the body of the last create.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::endpoint::{ItemIdentity, SandboxFeed, Verb};

/// Everything held. A body is kept as text: it takes a fraction of the parsed form's memory.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    bodies: BTreeMap<SandboxFeed, BTreeMap<ItemIdentity, Box<str>>>,
    /// Per held price book its parent; `None` for a base book.
    parents: BTreeMap<String, Option<String>>,
}

impl Holdings {
    /// Carries out a valid request.
    pub(crate) fn apply(&mut self, feed: SandboxFeed, verb: Verb, items: &[Json]) {
        for item in items {
            let identity = feed.identity(item);
            match verb {
                Verb::Create => self.hold(feed, identity, item),
                Verb::Delete => self.delete(feed, &identity),
            }
        }
    }

    /// The bodies of a feed, sorted by identity.
    pub(crate) fn items(&self, feed: SandboxFeed) -> Vec<Json> {
        // Every text here was written from a parsed value, so none fails to parse again.
        self.texts(feed).filter_map(|text| serde_json::from_str(text).ok()).collect()
    }

    /// The bodies of a feed, sorted by identity, one a line.
    pub(crate) fn ndjson(&self, feed: SandboxFeed) -> String {
        self.texts(feed).flat_map(|text| [text, "\n"]).collect()
    }

    pub(crate) fn has_price_book(&self, id: &str) -> bool {
        self.parents.contains_key(id)
    }

    pub(crate) fn has_base_price_book(&self, id: &str) -> bool {
        self.parents.get(id).is_some_and(Option::is_none)
    }

    /// Whether a product with this sku and with configurations is held in any catalog source.
    pub(crate) fn is_configurable(&self, sku: &str) -> bool {
        let Some(products) = self.bodies.get(&SandboxFeed::Products) else { return false };
        products
            .range(vec![sku.to_owned()]..)
            .take_while(|(identity, _)| identity.first().is_some_and(|held| held == sku))
            .filter_map(|(_, text)| serde_json::from_str::<Json>(text).ok())
            .any(|body| {
                let configurations = body.get("configurations").and_then(Json::as_array);
                configurations.is_some_and(|list| !list.is_empty())
            })
    }

    fn texts(&self, feed: SandboxFeed) -> impl Iterator<Item = &str> {
        self.bodies.get(&feed).into_iter().flat_map(BTreeMap::values).map(AsRef::as_ref)
    }

    fn hold(&mut self, feed: SandboxFeed, identity: ItemIdentity, item: &Json) {
        if let (SandboxFeed::PriceBooks, Some(id)) = (feed, identity.first()) {
            let parent = item.get("parentId").and_then(Json::as_str).map(str::to_owned);
            self.parents.insert(id.clone(), parent);
        }
        self.bodies.entry(feed).or_default().insert(identity, item.to_string().into_boxed_str());
    }

    fn delete(&mut self, feed: SandboxFeed, identity: &ItemIdentity) {
        match (feed, identity.as_slice()) {
            (SandboxFeed::Categories, [slug, locale]) => self.delete_branch(slug, locale),
            (SandboxFeed::PriceBooks, [id]) => self.delete_price_book(id),
            _ => {
                if let Some(bodies) = self.bodies.get_mut(&feed) {
                    bodies.remove(identity);
                }
            }
        }
    }

    fn delete_branch(&mut self, slug: &str, locale: &str) {
        let Some(categories) = self.bodies.get_mut(&SandboxFeed::Categories) else { return };
        let below = format!("{slug}/");
        categories.retain(|identity, _| match identity.as_slice() {
            [held, of] => of != locale || (held != slug && !held.starts_with(&below)),
            _ => true,
        });
    }

    fn delete_price_book(&mut self, id: &str) {
        let mut doomed = vec![id.to_owned()];
        while let Some(book) = doomed.pop() {
            self.parents.remove(&book);
            let is_child = |parent: &Option<String>| parent.as_ref() == Some(&book);
            doomed
                .extend(self.parents.iter().filter(|(_, p)| is_child(p)).map(|(id, _)| id.clone()));
            if let Some(books) = self.bodies.get_mut(&SandboxFeed::PriceBooks) {
                books.remove(&vec![book.clone()]);
            }
            if let Some(prices) = self.bodies.get_mut(&SandboxFeed::Prices) {
                prices.retain(|identity, _| identity.get(1) != Some(&book));
            }
        }
    }
}
