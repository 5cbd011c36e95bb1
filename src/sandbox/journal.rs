//! Owns what the sandbox saw: the bounded log of ingestion requests, and the counts per feed.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::endpoint::{ItemIdentity, SandboxFeed, Verb};

/// Most requests in the log.
const REQUESTS_MAX: usize = 100_000;
/// Most identities in the log: bounds its memory to some 100 MB.
const IDENTITIES_MAX: usize = 1_000_000;

/// What was counted for one feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedStats {
    /// Requests of any outcome.
    pub requests: u64,
    /// Items of accepted requests, creates and deletes.
    pub accepted_items: u64,
    /// Items that were themselves refused.
    pub refused_items: u64,
    /// Requests answered 429.
    pub throttled: u64,
}

/// One ingestion request.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) feed: SandboxFeed,
    pub(crate) verb: Verb,
    pub(crate) identities: Vec<ItemIdentity>,
    /// The status answered; `None` when no answer was given.
    pub(crate) status: Option<u16>,
    pub(crate) received_at: Timestamp,
    /// The body's length as it came over the wire.
    pub(crate) body_bytes: usize,
    pub(crate) request_id: String,
    /// What the sender calls itself: the `user-agent` header, or empty.
    pub(crate) sender: String,
}

/// The log and the counts.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<(u64, Entry)>,
    identities: usize,
    sequence: u64,
    stats: BTreeMap<SandboxFeed, FeedStats>,
}

impl Journal {
    /// Logs a request, forgetting the oldest when there are too many.
    pub(crate) fn log(&mut self, entry: Entry) {
        self.sequence += 1;
        self.identities += entry.identities.len();
        self.entries.push_back((self.sequence, entry));
        while self.entries.len() > REQUESTS_MAX || self.identities > IDENTITIES_MAX {
            let Some((_, oldest)) = self.entries.pop_front() else { break };
            self.identities -= oldest.identities.len();
        }
    }

    /// Forgets the log; the sequence and the counts go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.identities = 0;
    }

    /// The counts of one feed, to be changed.
    pub(crate) fn feed(&mut self, feed: SandboxFeed) -> &mut FeedStats {
        self.stats.entry(feed).or_default()
    }

    pub(crate) fn stats(&self) -> BTreeMap<&'static str, FeedStats> {
        let of_feed = |feed| self.stats.get(&feed).copied().unwrap_or_default();
        SandboxFeed::ALL.into_iter().map(|feed| (feed.name(), of_feed(feed))).collect()
    }

    /// The log, one request a line, oldest first.
    pub(crate) fn ndjson(&self) -> String {
        let line = |request: Json| format!("{request}\n");
        self.requests().map(line).collect()
    }

    /// The log, oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Json> {
        self.entries.iter().map(|(sequence, entry)| {
            json!({
                "sequence": sequence,
                "feed": entry.feed.name(),
                "verb": entry.verb.name(),
                "items": entry.identities.len(),
                "identities": entry.identities,
                "status": entry.status,
                "receivedAtMs": entry.received_at.as_millisecond(),
                "bytes": entry.body_bytes,
                "requestId": entry.request_id,
                "sender": entry.sender,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest_within_both_bounds() {
        let mut journal = Journal::default();
        let entry = |identities: usize| Entry {
            feed: SandboxFeed::PriceBooks,
            verb: Verb::Create,
            identities: vec![Vec::new(); identities],
            status: Some(200),
            received_at: Timestamp::UNIX_EPOCH,
            body_bytes: 0,
            request_id: String::new(),
            sender: String::new(),
        };
        (0..=REQUESTS_MAX).for_each(|_| journal.log(entry(0)));
        assert_eq!(journal.entries.len(), REQUESTS_MAX);
        assert_eq!(journal.entries.front().map(|(sequence, _)| *sequence), Some(2));
        journal.log(entry(IDENTITIES_MAX));
        journal.log(entry(1));
        assert_eq!((journal.entries.len(), journal.identities), (1, 1));
    }
}
