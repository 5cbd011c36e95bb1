//! Owns the record of what the service last accepted per key, and of its last answer.
//!
//! Pure. Must not know how it is stored, nor how an item got accepted.

use jiff::Timestamp;

use crate::feed::Digest;

/// Why a key was assembled again: the change that made it dirty. Stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The table whose row changed; empty for a first sync.
    pub table: String,
    /// The changed row's primary key, as in `entity_id=42`; empty for a first sync.
    pub key: String,
    /// The source position of the change, as text; empty for a first sync.
    pub position: String,
    /// When the source committed it, in Unix seconds; 0 when unknown.
    pub committed_at_s: i64,
}

/// Where a key stands. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemState {
    /// Waiting for its first answer. Set by `diff`.
    Pending,
    /// The service accepted the newest body we know. Set by `settle`.
    Accepted,
    /// The service accepted the delete: a tombstone. Set by `settle`.
    Deleted,
    /// The last attempt failed for a passing reason and is repeated. Set by `settle`.
    Retrying,
    /// Refused by the service; not resent until the digest changes or an operator asks. Set by
    /// `settle`.
    Parked,
}

impl ItemState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Accepted, Self::Deleted, Self::Retrying, Self::Parked];

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state's name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Deleted => "deleted",
            Self::Retrying => "retrying",
            Self::Parked => "parked",
        }
    }
}

/// What we know of one key. Stored, one per feed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    /// The owner whose assembly last produced (or last lost) this key.
    pub owner: u32,
    /// Where the key stands.
    pub state: ItemState,
    /// The digest the service last accepted; `None` if it never did or accepted a delete since.
    pub accepted: Option<Digest>,
    /// The digest the service last refused while parked; `None` otherwise, for a delete, and for a
    /// key that was parked without an answer (its `code` is 0).
    pub refused: Option<Digest>,
    /// HTTP status of the last answer; 0 when there was none.
    pub code: u16,
    /// The service's or the transport's words; empty when accepted.
    pub message: String,
    /// `x-request-id` of the last answer; empty when there was none.
    pub request_id: String,
    /// Attempts since the last acceptance that may have changed the item at the service, or were
    /// refused because of it. Answers that spare the item (429, 401, 403, 404, a refusal that
    /// names other items) do not count.
    pub attempts: u32,
    /// When the key was first heard of.
    pub first_at: Timestamp,
    /// When the record last changed.
    pub last_at: Timestamp,
    /// Why it was last sent.
    pub cause: Cause,
}

/// What a person asked for when a feed or some of its items are to be sent again. Stored. The later
/// includes the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// What differs from what the service accepted is sent, and what is parked gets one more try.
    Retry,
    /// Everything is sent, deletes included, whatever the service accepted.
    Force,
    /// What is known of the service is forgotten, then everything is sent.
    Forget,
}

impl LedgerRecord {
    /// The record as it has to be taken once a person asked: `diff` then sends what was asked for,
    /// and goes on to until it is accepted, whatever changes meanwhile.
    #[must_use]
    pub fn asked_for(self, ask: Ask) -> Self {
        let is_refused = self.state == ItemState::Parked && self.code != 0;
        let state = if is_refused { ItemState::Pending } else { self.state };
        let (refused, code) = if is_refused { (None, 0) } else { (self.refused, self.code) };
        match ask {
            Ask::Retry => Self { state, refused, code, ..self },
            Ask::Force => Self { state, refused, code, ..self }.doubted(),
            Ask::Forget => Self::first(self.owner, self.cause, self.last_at),
        }
    }

    /// As after an attempt without an answer: nobody knows what the service holds.
    #[must_use]
    pub fn doubted(self) -> Self {
        Self { attempts: self.attempts.max(1), ..self }
    }

    /// The record of a key that was never sent.
    pub const fn first(owner: u32, cause: Cause, now: Timestamp) -> Self {
        Self {
            owner,
            state: ItemState::Pending,
            accepted: None,
            refused: None,
            code: 0,
            message: String::new(),
            request_id: String::new(),
            attempts: 0,
            first_at: now,
            last_at: now,
            cause,
        }
    }
}
