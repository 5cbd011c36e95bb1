//! Why an entry waits, for a person who asks.

use jiff::Timestamp;

use super::holds::Holds;
use super::pick::is_due;
use super::suspects::{Role, role};
use super::{Lane, Outbox};
use crate::feed::FeedKey;

/// Why an entry was not sent yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// A request with it is on its way.
    InFlight,
    /// The last attempt failed; the next one is at this instant.
    Backoff(Timestamp),
    /// These other keys have to be settled first; ten at most are named.
    HeldBy(Vec<FeedKey>),
    /// Its batch was refused without naming an item, and the bad one is being looked for.
    Search,
    /// The service is out of order or shuts us out; it is asked again at this instant.
    Probe(Timestamp),
    /// Others are before it, in the same lane or a more urgent one: so many.
    Turn(usize),
}

/// How many keys that hold up another are named.
const HOLDERS_MAX: usize = 10;

impl Outbox {
    /// Why the entry of a key was not sent yet; `None` if it has none.
    pub fn why_waits(&self, key: &FeedKey, now: Timestamp) -> Option<Wait> {
        let entry = self.entries.get(key)?;
        if self.is_in_flight(key) {
            return Some(Wait::InFlight);
        }
        if let Some(at) = self.outage.probe_at(now).filter(|at| *at > now) {
            return Some(Wait::Probe(at));
        }
        if let Some(at) = entry.not_before.filter(|_| !is_due(entry, now)) {
            return Some(Wait::Backoff(at));
        }
        let holds = |other: &&super::OutboxEntry| {
            let mut alone = Holds::default();
            alone.add(other);
            other.key != *key && alone.hold_up(entry)
        };
        let holders: Vec<FeedKey> = self
            .entries
            .values()
            .filter(holds)
            .take(HOLDERS_MAX)
            .map(|it| it.key.clone())
            .collect();
        if !holders.is_empty() {
            return Some(Wait::HeldBy(holders));
        }
        if role(entry.suspect_group) == Some(Role::Rest) {
            return Some(Wait::Search);
        }
        let is_before = |other: &&super::OutboxEntry| {
            let is_of_lane = match entry.lane {
                Lane::Live => other.lane == Lane::Live,
                Lane::Mass => true,
            };
            is_of_lane
                && other.key.feed == key.feed
                && (other.lane, other.sequence) < (entry.lane, entry.sequence)
        };
        Some(Wait::Turn(self.entries.values().filter(is_before).count()))
    }
}
