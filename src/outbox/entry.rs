//! The stored words of the outbox: what should happen to a key, how urgently, and why.

use jiff::Timestamp;

use crate::feed::{Digest, FeedKey};
use crate::ledger::Cause;

/// What should happen to a key at the service. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Create or replace the item by the body with this digest.
    Replace(Digest),
    /// Delete the item.
    Delete,
}

impl Intent {
    /// The endpoint that takes it.
    pub const fn verb(self) -> Verb {
        match self {
            Self::Replace(_) => Verb::Replace,
            Self::Delete => Verb::Delete,
        }
    }

    /// The digest of the body to send; `None` for a delete.
    pub const fn digest(self) -> Option<Digest> {
        match self {
            Self::Replace(digest) => Some(digest),
            Self::Delete => None,
        }
    }
}

/// Which of a feed's two endpoints takes a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Create or replace.
    Replace,
    /// Delete.
    Delete,
}

/// Why an entry is here, which decides what overtakes what. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A change that was just committed in the shop.
    Live,
    /// A mass load: first sync, a change that touches everything of a kind.
    Mass,
}

impl Lane {
    /// Both lanes, the more urgent first.
    pub const ALL: [Self; 2] = [Self::Live, Self::Mass];
}

/// A durable intent for one key. Stored; at most one per key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The key.
    pub key: FeedKey,
    /// The owner that assembles it.
    pub owner: u32,
    /// What should happen.
    pub intent: Intent,
    /// Live or mass.
    pub lane: Lane,
    /// Whether the service never accepted this key: others may depend on it.
    pub is_first: bool,
    /// Order of arrival; grows by one per entry.
    pub sequence: u64,
    /// Attempts so far.
    pub attempts: u32,
    /// Not to be sent before this instant.
    pub not_before: Option<Timestamp>,
    /// A batch that was refused without naming items is split: entries of the same suspect group
    /// are sent together and apart from others. 0: none.
    pub suspect_group: u32,
    /// Why.
    pub cause: Cause,
}
