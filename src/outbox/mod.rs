//! Owns outbox entries: durable intents waiting or in flight, and what an answer does to them.
//!
//! `put` takes an intent in, `pick` chooses the keys of the next request, and `settle` turns the
//! answer into new ledger records and entries. [`Outbox`] mirrors the stored entries (or the
//! oldest window of them) in memory; the caller commits what changes.
//!
//! Pure: no I/O, no clock. Must not know HTTP codes' meaning nor the database engine.

mod answer;
mod entry;
mod holds;
mod outage;
mod pick;
mod queue;
mod settle;
mod suspects;
mod waits;

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::Timestamp;

pub use answer::{Answer, Batch, Effect, ItemFault, Settlement, StopReason, Verdict};
pub use entry::{Intent, Lane, OutboxEntry, Verb};
pub use waits::Wait;

use crate::feed::{Feed, FeedKey};
use holds::Holds;
use outage::Outage;
use queue::{InOrder, Queue};

/// The entries that wait or are in flight, in memory.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Every entry, waiting or in flight.
    entries: BTreeMap<FeedKey, OutboxEntry>,
    /// The keys in flight and the batch they are in.
    in_flight: BTreeMap<FeedKey, u64>,
    /// Waiting entries without a suspect group.
    queues: BTreeMap<(Lane, Feed, Verb), Queue>,
    /// Waiting entries with a suspect group, by group.
    suspects: BTreeMap<u32, InOrder>,
    /// How many waiting entries are not to be sent before an instant.
    due: BTreeMap<Timestamp, usize>,
    holds: Holds,
    outage: Outage,
    next_sequence: u64,
    last_batch: u64,
    last_suspect_group: u32,
    /// Batches of the live lane since the last one of the mass lane.
    live_run: u32,
    /// Whether another process sends what is put in here, unseen by us.
    is_anothers: bool,
}

impl Outbox {
    /// The outbox after a start: nothing is in flight.
    pub fn from_entries(entries: impl IntoIterator<Item = OutboxEntry>) -> Self {
        let mut outbox = Self::default();
        for entry in entries {
            outbox.load(entry);
        }
        outbox
    }

    /// The outbox of a process that stands by: another one assembles the same items and sends them, so
    /// everything put in here counts as tried, with an unknown outcome. Nothing is picked from it.
    pub fn of_standby() -> Self {
        Self { is_anothers: true, ..Self::default() }
    }

    /// Whether it is that of a process that stands by.
    pub fn is_of_standby(&self) -> bool {
        self.is_anothers
    }

    /// Takes in an entry that was stored by an earlier run. It may have been in flight when that
    /// run ended, so it counts as attempted: `diff` must not conclude from the ledger alone what
    /// the service has. A key that already has an entry here keeps that one.
    pub fn load(&mut self, mut entry: OutboxEntry) {
        if self.entries.contains_key(&entry.key) {
            return;
        }
        entry.attempts = entry.attempts.max(1);
        self.put(entry);
    }

    /// Takes in an intent and coalesces it with a waiting one for the same key: the older
    /// sequence and the more urgent lane stay. An unchanged intent keeps its attempts, its
    /// backoff and its suspect group; a changed one starts afresh, except that it remembers
    /// whether there was an attempt at all, since its outcome may be unknown.
    ///
    /// # Panics
    ///
    /// If the key is in flight: its entry changes only with the answer.
    pub fn put(&mut self, mut entry: OutboxEntry) {
        assert!(!self.is_in_flight(&entry.key), "an entry in flight is not replaced");
        self.next_sequence = self.next_sequence.max(entry.sequence.saturating_add(1));
        if let Some(old) = self.entries.get(&entry.key) {
            entry.sequence = entry.sequence.min(old.sequence);
            entry.lane = entry.lane.min(old.lane);
            if entry.intent == old.intent {
                entry.attempts = old.attempts;
                entry.not_before = old.not_before;
                entry.suspect_group = old.suspect_group;
            } else {
                entry.attempts = old.attempts.min(1);
                entry.not_before = None;
                entry.suspect_group = 0;
            }
        }
        if self.is_anothers {
            entry.attempts = entry.attempts.max(1);
        }
        self.cancel(&entry.key);
        self.last_suspect_group = self.last_suspect_group.max(entry.suspect_group);
        self.insert(entry);
    }

    /// Drops a waiting entry that is no longer needed. A key in flight, or without an entry, is
    /// left alone.
    pub fn cancel(&mut self, key: &FeedKey) {
        if self.is_in_flight(key) {
            return;
        }
        if let Some(entry) = self.entries.remove(key) {
            self.dequeue(&entry);
            self.holds.remove(&entry);
        }
    }

    /// The entry of a key, waiting or in flight.
    pub fn get(&self, key: &FeedKey) -> Option<&OutboxEntry> {
        self.entries.get(key)
    }

    /// Whether a request with this key is on its way.
    pub fn is_in_flight(&self, key: &FeedKey) -> bool {
        self.in_flight.contains_key(key)
    }

    /// How many entries of a feed wait, those in backoff included and those in flight not.
    pub fn waiting_count(&self, feed: Feed) -> usize {
        let queued = self.queues.iter().filter(|((_, of, _), _)| *of == feed);
        let suspects = self
            .suspects
            .values()
            .filter(|group| group.first().is_some_and(|(_, key)| key.feed == feed));
        queued.map(|(_, queue)| queue.len()).sum::<usize>()
            + suspects.map(InOrder::len).sum::<usize>()
    }

    /// How many entries of a feed are in flight.
    pub fn in_flight_count(&self, feed: Feed) -> usize {
        self.in_flight.keys().filter(|key| key.feed == feed).count()
    }

    /// Whether there is no entry at all, neither waiting nor in flight.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The sequence for the next new entry: one more than the highest seen here.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The earliest instant after `now` at which a waiting entry's backoff ends, or a service that is
    /// out of order is asked again.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let later = (Bound::Excluded(now), Bound::Unbounded);
        let due = self.due.range(later).next().map(|(at, _)| *at);
        due.into_iter().chain(self.outage.probe_at(now).filter(|at| *at > now)).min()
    }

    /// When a service that is out of order is asked again; `None` while it is not known to be.
    pub fn probe_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.outage.probe_at(now)
    }

    /// Takes keys out of a picked batch that were not sent after all: they wait again. Keys that
    /// are not in flight in this batch are ignored. The caller takes them out of `batch.keys`
    /// too before it settles the rest.
    pub fn unpick(&mut self, batch: &Batch, keys: &[FeedKey]) {
        for key in keys {
            if let Some(entry) = self.land(key, batch.id) {
                self.insert(entry);
            }
        }
    }

    /// Lets a waiting entry wait until an instant, in this process. A key in flight, or without an
    /// entry, is left alone.
    pub fn defer(&mut self, key: &FeedKey, until: Timestamp) {
        let waiting = self.entries.get(key).filter(|_| !self.is_in_flight(key)).cloned();
        if let Some(entry) = waiting {
            self.cancel(key);
            self.insert(OutboxEntry { not_before: Some(until), ..entry });
        }
    }

    /// Takes an entry out that is in flight in this batch.
    fn land(&mut self, key: &FeedKey, batch_id: u64) -> Option<OutboxEntry> {
        if self.in_flight.get(key) != Some(&batch_id) {
            return None;
        }
        self.in_flight.remove(key);
        let entry = self.entries.remove(key)?;
        self.holds.remove(&entry);
        Some(entry)
    }

    /// Adds a waiting entry whose key has none.
    fn insert(&mut self, entry: OutboxEntry) {
        self.holds.add(&entry);
        self.enqueue(&entry);
        self.entries.insert(entry.key.clone(), entry);
    }

    fn enqueue(&mut self, entry: &OutboxEntry) {
        if let Some(at) = entry.not_before {
            *self.due.entry(at).or_default() += 1;
        }
        let (sequence, key) = (entry.sequence, entry.key.clone());
        if entry.suspect_group == 0 {
            let queue = (entry.lane, entry.key.feed, entry.intent.verb());
            self.queues.entry(queue).or_default().insert(sequence, key);
        } else {
            self.suspects.entry(entry.suspect_group).or_default().insert((sequence, key));
        }
    }

    fn dequeue(&mut self, entry: &OutboxEntry) {
        if let Some(at) = entry.not_before
            && let Some(count) = self.due.get_mut(&at)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.due.remove(&at);
            }
        }
        if entry.suspect_group == 0 {
            let queue = (entry.lane, entry.key.feed, entry.intent.verb());
            if let Some(queue) = self.queues.get_mut(&queue) {
                queue.remove(entry.sequence, &entry.key);
            }
        } else if let Some(group) = self.suspects.get_mut(&entry.suspect_group) {
            group.remove(&(entry.sequence, entry.key.clone()));
            if group.is_empty() {
                self.suspects.remove(&entry.suspect_group);
            }
        }
    }
}

#[cfg(test)]
mod tests;
