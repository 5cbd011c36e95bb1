//! Choosing the keys of the next request.
//!
//! The live lane goes before the mass lane. Within a lane deletes go first (prices, price books,
//! products, categories, metadata), then the live lane's price changes, and a mass load in first-sync order.
//! A live batch with free places takes mass entries of the same endpoint along, and after
//! [`LIVE_RUN_MAX`] batches in a row that took none one mass batch has its turn: a shop with a steady
//! trickle of changes would otherwise spend every request on it.

use jiff::Timestamp;

use super::{Batch, Lane, Outbox, OutboxEntry, Verb};
use crate::feed::{Feed, FeedKey, Identity};
use crate::retry::latest_next_attempt;

/// Live batches in a row without a mass entry, after which a waiting mass batch has its turn.
pub(super) const LIVE_RUN_MAX: u32 = 8;

/// Deletes: nothing goes before what depends on it.
const DELETES: [(Verb, Feed); 6] = [
    (Verb::Delete, Feed::Prices),
    (Verb::Delete, Feed::PriceBooks),
    (Verb::Delete, Feed::Products),
    (Verb::Delete, Feed::Categories),
    (Verb::Delete, Feed::CategoryAttributes),
    (Verb::Delete, Feed::ProductAttributes),
];

/// Live changes: prices first, as they matter most and cost least.
const LIVE_REPLACES: [(Verb, Feed); 6] = [
    (Verb::Replace, Feed::Prices),
    (Verb::Replace, Feed::PriceBooks),
    (Verb::Replace, Feed::ProductAttributes),
    (Verb::Replace, Feed::CategoryAttributes),
    (Verb::Replace, Feed::Categories),
    (Verb::Replace, Feed::Products),
];

/// Mass loads: the order of a first sync.
const MASS_REPLACES: [(Verb, Feed); 6] = [
    (Verb::Replace, Feed::ProductAttributes),
    (Verb::Replace, Feed::CategoryAttributes),
    (Verb::Replace, Feed::Categories),
    (Verb::Replace, Feed::Products),
    (Verb::Replace, Feed::PriceBooks),
    (Verb::Replace, Feed::Prices),
];

impl Outbox {
    /// The next batch, its keys now in flight; `None` when nothing may be sent now. `room` tells
    /// how many items of a feed the budgets admit at this moment, for a lane.
    ///
    /// A group of suspects that is tested is one batch of its own and goes before anything else of its
    /// endpoint; only if `room` is smaller does a part of it go. Of a service that is out of order a
    /// single item asks now and then whether it works again.
    pub fn pick(&mut self, now: Timestamp, room: &dyn Fn(Feed, Lane) -> usize) -> Option<Batch> {
        let is_probe = match self.outage.probe_at(now) {
            Some(at) if at > now || !self.in_flight.is_empty() => return None,
            probe_at => probe_at.is_some(),
        };
        let room = |feed, lane| room(feed, lane).min(if is_probe { 1 } else { usize::MAX });
        let lanes = if self.live_run >= LIVE_RUN_MAX {
            [Lane::Mass, Lane::Live]
        } else {
            [Lane::Live, Lane::Mass]
        };
        for lane in lanes {
            let replaces = match lane {
                Lane::Live => LIVE_REPLACES,
                Lane::Mass => MASS_REPLACES,
            };
            for (verb, feed) in DELETES.into_iter().chain(replaces) {
                let keys = self.choose(lane, (verb, feed), now, &room);
                if !keys.is_empty() {
                    let is_mass =
                        |key| self.entries.get(key).is_some_and(|it| it.lane == Lane::Mass);
                    let has_mass = keys.iter().any(is_mass);
                    self.live_run = if has_mass { 0 } else { self.live_run.saturating_add(1) };
                    return Some(self.dispatch((verb, feed), keys));
                }
            }
        }
        None
    }

    /// The keys of a batch for this endpoint, if this lane has something for it.
    fn choose(
        &self,
        lane: Lane,
        (verb, feed): (Verb, Feed),
        now: Timestamp,
        room: &dyn Fn(Feed, Lane) -> usize,
    ) -> Vec<FeedKey> {
        let mut keys = Vec::new();
        let items_max = room(feed, lane).min(feed.batch_items_max());
        if items_max == 0 {
            return keys;
        }
        let entry = |key: &FeedKey| self.entries.get(key);
        let is_held = |it: &OutboxEntry| self.holds.hold_up(it) || self.is_being_deleted_above(it);
        let may_go = |key: &FeedKey| entry(key).is_some_and(|it| is_due(it, now) && !is_held(it));
        let add = |lane: Lane, keys: &mut Vec<FeedKey>| {
            if let Some(queue) = self.queues.get(&(lane, feed, verb)) {
                queue.take(items_max.min(room(feed, lane)), &may_go, keys);
            }
        };
        if lane == Lane::Mass && self.live_run >= LIVE_RUN_MAX {
            let mut mass = Vec::new();
            add(Lane::Mass, &mut mass);
            if !mass.is_empty() {
                // It is the mass load's turn; what is urgent comes along.
                add(Lane::Live, &mut keys);
            }
        }
        add(lane, &mut keys);
        let group = self.group_to_send((verb, feed), &|it| is_due(it, now), &may_go);
        // To ask whether the service works again, an item that it has not failed at is the better one.
        let is_probe = self.outage.probe_at(now).is_some() && !keys.is_empty();
        if let Some(group) = group.filter(|_| !is_probe)
            && (group.iter().any(|entry| entry.lane <= lane) || !keys.is_empty())
        {
            return group.iter().take(items_max).map(|entry| entry.key.clone()).collect();
        }
        let rides_along = !keys.is_empty();
        let of_lane = |key: &FeedKey| entry(key).is_some_and(|it| it.lane == lane);
        let may_return = |key: &FeedKey| (rides_along || of_lane(key)) && may_go(key);
        self.cleared((verb, feed), &is_held).take(items_max, &may_return, &mut keys);
        if lane == Lane::Live && !keys.is_empty() {
            add(Lane::Mass, &mut keys);
        }
        keys
    }

    /// Whether a delete is on its way that takes what is below it with it, and this item would be below.
    /// Which of the two the service does first is unknown.
    fn is_being_deleted_above(&self, entry: &OutboxEntry) -> bool {
        let is_on_its_way = |identity| {
            let above = FeedKey::new(identity);
            let is_delete = |it: &OutboxEntry| it.intent.verb() == Verb::Delete;
            self.is_in_flight(&above) && self.entries.get(&above).is_some_and(is_delete)
        };
        let book = |id: &str| is_on_its_way(Identity::PriceBook { id: id.to_owned() });
        match entry.key.identity() {
            _ if self.in_flight.is_empty() || entry.intent.verb() == Verb::Delete => false,
            Identity::Category { slug, store } => slug.match_indices('/').any(|(end, _)| {
                let slug = slug.get(..end).unwrap_or_default().to_owned();
                is_on_its_way(Identity::Category { slug, store: store.clone() })
            }),
            Identity::PriceBook { id } => id.split_once("::").is_some_and(|(base, _)| book(base)),
            Identity::Price { price_book: id, .. } => {
                book(&id) || id.split_once("::").is_some_and(|(base, _)| book(base))
            }
            Identity::Attribute { .. }
            | Identity::CategoryAttribute { .. }
            | Identity::Product { .. } => false,
        }
    }

    fn dispatch(&mut self, (verb, feed): (Verb, Feed), keys: Vec<FeedKey>) -> Batch {
        self.last_batch += 1;
        for key in &keys {
            if let Some(entry) = self.entries.get(key).cloned() {
                self.dequeue(&entry);
                self.in_flight.insert(key.clone(), self.last_batch);
            }
        }
        Batch { id: self.last_batch, feed, verb, keys }
    }
}

/// Whether an entry's backoff is over. One that is longer than any backoff was given before the clock
/// was set back.
pub(super) fn is_due(entry: &OutboxEntry, now: Timestamp) -> bool {
    entry.not_before.is_none_or(|at| at <= now || at > latest_next_attempt(now))
}
