//! Finding the one bad item of a batch that was refused without naming it.
//!
//! The batch is cut in two: the first half is **tested** by a request of its own, the second is its
//! **rest** and waits. A test that is taken clears its half, so the bad item is in the rest, which is
//! cut in two without being sent. A test that is refused is cut in two itself, and its rest is no
//! longer suspected. So each halving costs one request, and when the search is over everything that
//! is not suspected any more goes in ordinary batches again. An item that fails alone for a passing
//! reason stays **alone**: it holds up nobody.
//!
//! What an entry is shows in the number of its group, which is stored with it.

use super::{InOrder, Outbox, OutboxEntry, Queue, Settlement, Verb};
use crate::feed::{Feed, FeedKey};

/// What a group of suspects is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Goes as a request of its own, before anything else of its endpoint.
    Tested,
    /// The other half of the tested group with the number before.
    Rest,
    /// One item that goes alone.
    Alone,
}

/// The role of a group; 0 is none and has none.
pub(super) fn role(group: u32) -> Option<Role> {
    (group != 0).then_some(match group % 4 {
        0 => Role::Tested,
        2 => Role::Alone,
        _ => Role::Rest,
    })
}

impl Outbox {
    /// The number of a tested group that was not used yet; the next one is its rest's, the one after
    /// it an item's that goes alone.
    pub(super) fn next_suspect_group(&mut self) -> u32 {
        // Four billion splits: numbers that are used again then belong to nobody any more.
        let group = (self.last_suspect_group / 4).checked_add(1).and_then(|n| n.checked_mul(4));
        self.last_suspect_group = group.unwrap_or(4);
        self.last_suspect_group
    }

    /// The group of each of `count` suspected items, in order.
    pub(super) fn halves(&mut self, count: usize) -> impl Iterator<Item = u32> + use<> {
        let tested = self.next_suspect_group();
        let middle = count.div_ceil(2);
        (0..count).map(move |nth| if nth < middle { tested } else { tested + 1 })
    }

    /// The tested group that a batch in flight is of.
    pub(super) fn tested_by(&self, keys: &[FeedKey]) -> Option<u32> {
        let group = self.entries.get(keys.first()?)?.suspect_group;
        (role(group) == Some(Role::Tested)).then_some(group)
    }

    /// Whether a batch in flight is an item that goes alone.
    pub(super) fn is_alone(&self, keys: &[FeedKey]) -> bool {
        let entry = keys.first().and_then(|key| self.entries.get(key));
        entry.is_some_and(|entry| role(entry.suspect_group) == Some(Role::Alone))
    }

    /// A tested group was taken. If that was all of it, the bad item is in its rest, which is tested
    /// now.
    pub(super) fn convict_rest_of(&mut self, tested: u32, settlement: &mut Settlement) {
        let is_in_flight = |key: &FeedKey| {
            self.entries.get(key).is_some_and(|entry| entry.suspect_group == tested)
        };
        if self.suspects.contains_key(&tested) || self.in_flight.keys().any(is_in_flight) {
            return;
        }
        let rest: Vec<FeedKey> = self
            .suspects
            .get(&(tested + 1))
            .into_iter()
            .flatten()
            .map(|(_, key)| key.clone())
            .collect();
        let groups: Vec<u32> = self.halves(rest.len()).collect();
        for (key, suspect_group) in rest.into_iter().zip(groups) {
            let Some(entry) = self.entries.get(&key).cloned() else { continue };
            self.cancel(&key);
            let entry = OutboxEntry { suspect_group, ..entry };
            settlement.entries.push((key, Some(entry.clone())));
            self.insert(entry);
        }
    }

    /// What may go of the oldest group of an endpoint that goes as a request of its own and is due as a
    /// whole.
    pub(super) fn group_to_send(
        &self,
        endpoint: (Verb, Feed),
        is_due: &dyn Fn(&OutboxEntry) -> bool,
        may_go: &dyn Fn(&FeedKey) -> bool,
    ) -> Option<Vec<&OutboxEntry>> {
        let groups = self.suspects.iter().filter(|(group, _)| role(**group) != Some(Role::Rest));
        let mut groups = groups.filter(|(_, keys)| self.is_of(keys, endpoint));
        groups.find_map(|(_, keys)| {
            let mut entries = self.of(keys);
            if !entries.iter().all(|entry| is_due(entry)) {
                return None;
            }
            entries.retain(|entry| may_go(&entry.key));
            (!entries.is_empty()).then_some(entries)
        })
    }

    /// The rests of an endpoint, unless a search goes on there: what is in them is suspected no more.
    pub(super) fn cleared(
        &self,
        endpoint: (Verb, Feed),
        is_held: &dyn Fn(&OutboxEntry) -> bool,
    ) -> Queue {
        let mut cleared = Queue::default();
        let rests = self.suspects.iter().filter(|(group, _)| role(**group) == Some(Role::Rest));
        let mut rests = rests.filter(|(_, keys)| self.is_of(keys, endpoint)).peekable();
        if rests.peek().is_some() && !self.is_searching(endpoint, is_held) {
            for (sequence, key) in rests.flat_map(|(_, keys)| keys) {
                cleared.insert(*sequence, key.clone());
            }
        }
        cleared
    }

    /// Whether a test of an endpoint is on its way or can go. One whose items all wait for others must
    /// not hold those others up.
    fn is_searching(&self, endpoint: (Verb, Feed), is_held: &dyn Fn(&OutboxEntry) -> bool) -> bool {
        let waiting = self.suspects.iter().filter(|(group, _)| role(**group) == Some(Role::Tested));
        let mut waiting = waiting.filter(|(_, keys)| self.is_of(keys, endpoint));
        let is_tested = |entry: &OutboxEntry| {
            role(entry.suspect_group) == Some(Role::Tested)
                && (entry.intent.verb(), entry.key.feed) == endpoint
        };
        waiting.any(|(_, keys)| !self.of(keys).into_iter().all(is_held))
            || self.in_flight.keys().any(|key| self.entries.get(key).is_some_and(is_tested))
    }

    /// Whether a group is of an endpoint; all its entries are of one.
    fn is_of(&self, keys: &InOrder, endpoint: (Verb, Feed)) -> bool {
        let first = keys.first().and_then(|(_, key)| self.entries.get(key));
        first.is_some_and(|entry| (entry.intent.verb(), entry.key.feed) == endpoint)
    }

    fn of(&self, keys: &InOrder) -> Vec<&OutboxEntry> {
        keys.iter().filter_map(|(_, key)| self.entries.get(key)).collect()
    }
}
