//! Choosing the keys of the next request.
//!
//! The live lane goes before the mass lane. Within a lane deletes go first (prices, price books,
//! products, categories, metadata), then the live lane's price changes, and a mass load in first-sync order.
//! A live batch with free places takes mass entries of the same endpoint along, and after
//! [`LIVE_RUN_MAX`] live batches in a row one mass batch has its turn: a shop with a steady
//! trickle of changes would otherwise spend every request on it.

use jiff::Timestamp;

use super::{Batch, Lane, Outbox, OutboxEntry, Queue, Verb};
use crate::feed::{Feed, FeedKey};

/// Live batches in a row after which a waiting mass batch has its turn.
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
    /// how many items of a feed the budgets admit at this moment.
    ///
    /// A suspect group is one batch of its own and goes before anything else of its endpoint;
    /// only if `room` is smaller does a part of it go.
    pub fn pick(&mut self, now: Timestamp, room: &dyn Fn(Feed) -> usize) -> Option<Batch> {
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
                let items_max = room(feed).min(feed.batch_items_max());
                let keys = self.choose(lane, (verb, feed), now, items_max);
                if !keys.is_empty() {
                    self.live_run = match lane {
                        Lane::Live => self.live_run.saturating_add(1),
                        Lane::Mass => 0,
                    };
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
        items_max: usize,
    ) -> Vec<FeedKey> {
        let mut keys = Vec::new();
        if items_max == 0 {
            return keys;
        }
        self.collect(self.queues.get(&(lane, feed, verb)), now, items_max, &mut keys);
        let group = self.suspect_group((verb, feed), now);
        if let Some((group_lane, group)) = group
            && (group_lane == lane || !keys.is_empty())
        {
            return group.iter().take(items_max).map(|(_, key)| key.clone()).collect();
        }
        if lane == Lane::Live && !keys.is_empty() {
            self.collect(self.queues.get(&(Lane::Mass, feed, verb)), now, items_max, &mut keys);
        }
        keys
    }

    /// Adds the entries of a queue that may be sent now, oldest first.
    fn collect(
        &self,
        queue: Option<&Queue>,
        now: Timestamp,
        items_max: usize,
        keys: &mut Vec<FeedKey>,
    ) {
        for (_, key) in queue.into_iter().flatten() {
            if keys.len() >= items_max {
                return;
            }
            let entry = self.entries.get(key);
            if entry.is_some_and(|entry| is_due(entry, now) && !self.holds.hold_up(entry)) {
                keys.push(key.clone());
            }
        }
    }

    /// The oldest suspect group of an endpoint that is due as a whole, with its most urgent lane.
    fn suspect_group(&self, (verb, feed): (Verb, Feed), now: Timestamp) -> Option<(Lane, &Queue)> {
        self.suspects.values().find_map(|group| {
            let mut lane = Lane::Mass;
            for (_, key) in group {
                let entry = self.entries.get(key)?;
                if key.feed != feed || entry.intent.verb() != verb || !is_due(entry, now) {
                    return None;
                }
                lane = lane.min(entry.lane);
            }
            Some((lane, group))
        })
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

fn is_due(entry: &OutboxEntry, now: Timestamp) -> bool {
    entry.not_before.is_none_or(|at| at <= now)
}
