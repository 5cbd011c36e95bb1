//! What the service said about a batch, in our words, and what follows from it.

use std::time::Duration;

use jiff::Timestamp;

use super::{OutboxEntry, Verb};
use crate::feed::{Feed, FeedKey};
use crate::ledger::LedgerRecord;

/// The keys that go out in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Names the batch within this process.
    pub id: u64,
    /// The feed.
    pub feed: Feed,
    /// The endpoint.
    pub verb: Verb,
    /// The keys, in the order of the items in the request.
    pub keys: Vec<FeedKey>,
}

/// The service's words about one refused item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// The name of the bad field; may be empty.
    pub code: String,
    /// What is wrong with it; may be empty.
    pub message: String,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every item was taken.
    Accepted,
    /// Nothing was taken because of these items: indexes into [`Batch::keys`], perhaps repeated.
    ItemsRefused(Vec<(usize, ItemFault)>),
    /// Nothing was taken, and the answer names no item.
    BatchRefused,
    /// The request is too large for the service.
    TooLarge,
    /// The service refuses even a fresh token.
    TokenRefused,
    /// The token is valid but has no right to do this.
    Forbidden,
    /// The address or the tenant does not exist.
    NoSuchEndpoint,
    /// Too many requests or items; nothing was taken.
    TooManyRequests {
        /// How long the service wants to be left alone.
        retry_after: Duration,
    },
    /// A passing failure; what was taken is unknown.
    Unavailable,
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it means.
    pub verdict: Verdict,
    /// The HTTP status; 0 when there was none.
    pub code: u16,
    /// The service's or the transport's words; may be empty.
    pub message: String,
    /// `x-request-id`; empty when there was none.
    pub request_id: String,
}

/// Why delivery can't go on without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The token is refused, and so is a fresh one.
    TokenRefused,
    /// The credentials lack the right to ingest.
    Forbidden,
    /// The ingestion address is wrong.
    NoSuchEndpoint,
}

impl StopReason {
    /// What an operator can do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::TokenRefused => {
                "check optimizer.client_id and the client secret, then restart delivery"
            }
            Self::Forbidden => {
                "give the credentials access to the ingestion API of this tenant's organization"
            }
            Self::NoSuchEndpoint => "check optimizer.ingestion_url and the tenant id in it",
        }
    }
}

/// What delivery as a whole does after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Go on.
    Continue,
    /// Send nothing before this instant.
    PauseUntil(Timestamp),
    /// Send nothing until a person has acted.
    Stop(StopReason),
}

/// What an answer changes: to be committed as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The new record of every key of the batch.
    pub ledger: Vec<(FeedKey, LedgerRecord)>,
    /// The entries that changed; `None`: the entry is gone.
    pub entries: Vec<(FeedKey, Option<OutboxEntry>)>,
    /// What delivery does next.
    pub effect: Effect,
}
