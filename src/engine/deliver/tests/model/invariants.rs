//! The invariants, by the names that `docs/ARCHITECTURE.md` gives them.

use super::world::{KEYS, World, key};
use crate::feed::{Feed, FeedKey, Identity};
use crate::ledger::ItemState;
use crate::outbox::{OutboxEntry, Verb};

/// What must hold after every step.
pub(super) fn check(world: &World) {
    for key in (0..KEYS).map(key) {
        let (entry, record) = (world.outbox.get(&key), world.ledger.get(&key));
        // What a crash would leave is what there is.
        let stored = world.stored.get(&key);
        let essence = |entry: &OutboxEntry| (entry.intent, entry.sequence, entry.lane);
        assert_eq!(stored.map(essence), entry.map(essence), "{key:?}");
        // D1
        let accepted = record.and_then(|record| record.accepted);
        let is_parked = record.is_some_and(|record| record.state == ItemState::Parked);
        let is_open = entry.is_some() || world.dirty.contains_key(&key);
        assert!(
            is_open || is_parked || accepted == world.shop.get(&key).copied(),
            "{key:?} is neither open nor what it should be (D1): {record:?}"
        );
        // L1
        if let Some(digest) = accepted {
            assert!(world.taken.contains(&(key.clone(), digest)), "{key:?}: {record:?} (L1)");
        }
        // O1
        let flights = world.on_the_way.iter().filter(|(batch, _)| batch.keys.contains(&key));
        assert!(flights.count() <= 1, "{key:?} is in flight twice (O1)");
    }
}

/// What must hold once the shop is quiet and the service well (Q1).
pub(super) fn check_end(world: &World) {
    for key in (0..KEYS).map(key) {
        let record = world.ledger.get(&key);
        if record.is_some_and(|record| record.state == ItemState::Parked) {
            continue;
        }
        assert_eq!(world.service.get(&key), world.shop.get(&key), "{key:?} (Q1): {record:?}");
    }
}

/// Whether the service deletes `held` together with `key`.
pub(super) fn is_below(held: &FeedKey, key: &FeedKey) -> bool {
    match (held.identity(), key.identity()) {
        (Identity::Category { slug: held, store: of }, Identity::Category { slug, store }) => {
            of == store && held.starts_with(&format!("{slug}/"))
        }
        (Identity::PriceBook { id: held }, Identity::PriceBook { id }) => {
            held.starts_with(&format!("{id}::"))
        }
        (Identity::Price { price_book, .. }, Identity::PriceBook { id }) => {
            price_book == id || price_book.starts_with(&format!("{id}::"))
        }
        _ => false,
    }
}

/// Whatever has to be at the service, or gone from it, before an entry is sent has no open entry
/// (O4, O5).
pub(super) fn check_order(world: &World, entry: &OutboxEntry) {
    for other in (0..KEYS).map(key) {
        let Some(open) = world.outbox.get(&other).filter(|open| open.key != entry.key) else {
            continue;
        };
        let is_first = open.is_first && open.intent.verb() == Verb::Replace;
        let is_delete = open.intent.verb() == Verb::Delete;
        let is_deleted_above =
            is_delete && world.outbox.is_in_flight(&other) && is_below(&entry.key, &other);
        let waits = match entry.intent.verb() {
            Verb::Replace if is_deleted_above => true,
            Verb::Replace => is_first && needs(entry, open),
            Verb::Delete if entry.key.feed == Feed::Categories => is_below(&other, &entry.key),
            Verb::Delete if entry.key.feed == Feed::PriceBooks => goes_with(open, entry),
            Verb::Delete => is_delete && goes_with(open, entry),
        };
        assert!(!waits, "{entry:?} is sent before {open:?} (O4, O5)");
    }
}

fn store(key: &FeedKey) -> Option<String> {
    match key.identity() {
        Identity::Attribute { store, .. }
        | Identity::CategoryAttribute { store, .. }
        | Identity::Category { store, .. }
        | Identity::Product { store, .. } => Some(store),
        Identity::PriceBook { .. } | Identity::Price { .. } => None,
    }
}

/// Whether a new or changed item refers to what another entry brings for the first time.
fn needs(entry: &OutboxEntry, first: &OutboxEntry) -> bool {
    let same_store = store(&entry.key) == store(&first.key);
    match (entry.key.identity(), first.key.identity()) {
        (Identity::Product { .. }, Identity::Attribute { .. } | Identity::Category { .. })
        | (Identity::Category { .. }, Identity::CategoryAttribute { .. }) => same_store,
        (Identity::Category { slug, .. }, Identity::Category { slug: above, .. }) => {
            same_store && slug.rsplit_once('/').is_some_and(|(parent, _)| parent == above)
        }
        (Identity::PriceBook { id }, Identity::PriceBook { id: base }) => {
            id.split_once("::").is_some_and(|(of, _)| of == base)
        }
        (Identity::Price { price_book, .. }, Identity::PriceBook { id }) => price_book == id,
        (Identity::Price { .. }, Identity::Product { .. }) => entry.owner == first.owner,
        _ => false,
    }
}

/// Whether another entry deletes something that belongs to what this one deletes.
fn goes_with(other: &OutboxEntry, entry: &OutboxEntry) -> bool {
    match (other.key.identity(), entry.key.identity()) {
        (Identity::Price { .. }, Identity::Product { .. }) => other.owner == entry.owner,
        (Identity::Price { price_book, .. }, Identity::PriceBook { id }) => price_book == id,
        (Identity::PriceBook { id: child }, Identity::PriceBook { id }) => {
            child.split_once("::").is_some_and(|(base, _)| base == id)
        }
        _ => false,
    }
}
