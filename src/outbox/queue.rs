//! Waiting entries of one lane and endpoint, in order of arrival and fair between scopes.
//!
//! A scope is what a merchant sees as one: a store view, or for prices a price book. Within a scope
//! the oldest goes first; between scopes they take turns, so that a mass change of one store view
//! does not hold up the single change of another.

use std::collections::{BTreeMap, BTreeSet};

use crate::feed::FeedKey;

/// Entries in order of arrival: sequence and key.
pub(super) type InOrder = BTreeSet<(u64, FeedKey)>;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Queue {
    scopes: BTreeMap<String, InOrder>,
}

impl Queue {
    pub(super) fn insert(&mut self, sequence: u64, key: FeedKey) {
        self.scopes.entry(scope(&key).to_owned()).or_default().insert((sequence, key));
    }

    pub(super) fn remove(&mut self, sequence: u64, key: &FeedKey) {
        let name = scope(key);
        if let Some(entries) = self.scopes.get_mut(name) {
            entries.remove(&(sequence, key.clone()));
            if entries.is_empty() {
                self.scopes.remove(name);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.scopes.values().map(BTreeSet::len).sum()
    }

    /// Fills `keys` up to `items_max` with entries that `may_go`: one of each scope in turn, the
    /// scope whose next entry is the oldest first.
    pub(super) fn take(
        &self,
        items_max: usize,
        may_go: &dyn Fn(&FeedKey) -> bool,
        keys: &mut Vec<FeedKey>,
    ) {
        // One scope, as most shops have while nothing is wrong: no turns to take.
        if let (1, Some(entries)) = (self.scopes.len(), self.scopes.values().next()) {
            let room = items_max.saturating_sub(keys.len());
            let oldest = entries.iter().map(|(_, key)| key).filter(|key| may_go(key)).take(room);
            keys.extend(oldest.cloned());
            return;
        }
        let going = |(_, key): &&(u64, FeedKey)| may_go(key);
        let mut scopes: Vec<_> =
            self.scopes.values().map(|entries| entries.iter().filter(going).peekable()).collect();
        while keys.len() < items_max {
            let mut turns: Vec<(u64, usize)> = Vec::new();
            for (nth, entries) in scopes.iter_mut().enumerate() {
                turns.extend(entries.peek().map(|(sequence, _)| (*sequence, nth)));
            }
            if turns.is_empty() {
                return;
            }
            turns.sort_unstable();
            for (_, nth) in turns.into_iter().take(items_max.saturating_sub(keys.len())) {
                let next = scopes.get_mut(nth).and_then(Iterator::next);
                keys.extend(next.map(|(_, key)| key.clone()));
            }
        }
    }
}

/// The store view, or the price book; empty for price books themselves.
fn scope(key: &FeedKey) -> &str {
    key.parts().get(1).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Identity;

    fn product(n: u32, store: &str) -> FeedKey {
        FeedKey::new(Identity::Product { sku: format!("sku-{n:03}"), store: store.into() })
    }

    fn taken(queue: &Queue, items_max: usize) -> Vec<FeedKey> {
        let mut keys = Vec::new();
        queue.take(items_max, &|_| true, &mut keys);
        keys
    }

    #[test]
    fn store_views_take_turns_and_within_one_the_oldest_goes_first() {
        let mut queue = Queue::default();
        for n in 1..=1_000 {
            queue.insert(u64::from(n), product(n, "de"));
        }
        queue.insert(2_000, product(1, "en"));
        queue.insert(3_000, product(1, "fr"));
        let keys = taken(&queue, 5);
        let expected = [
            product(1, "de"),
            product(1, "en"),
            product(1, "fr"),
            product(2, "de"),
            product(3, "de"),
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn more_scopes_than_places_are_served_by_age() {
        let mut queue = Queue::default();
        for n in 0..50_u32 {
            queue.insert(u64::from(100 - n), product(1, &format!("store-{n:02}")));
        }
        assert_eq!(taken(&queue, 2), [product(1, "store-49"), product(1, "store-48")]);
    }

    #[test]
    fn what_may_not_go_leaves_its_place_to_the_next_of_its_scope() {
        let mut queue = Queue::default();
        for n in 1..=3 {
            queue.insert(u64::from(n), product(n, "de"));
            queue.insert(u64::from(10 + n), product(n, "en"));
        }
        let mut keys = vec![product(9, "de")];
        queue.take(3, &|key| *key != product(1, "de"), &mut keys);
        assert_eq!(keys, [product(9, "de"), product(2, "de"), product(1, "en")]);
        queue.remove(2, &product(2, "de"));
        assert_eq!(queue.len(), 5);
    }
}
