//! The report: what an operator wants to see at a glance, from the store and a running process.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::feed::{Feed, FeedKey};
use crate::ledger::{ItemState, LedgerRecord};
use crate::status::{RoleState, SourceState};
use crate::store::{Phase, Store, StoreError};

/// Where the process and its feeds stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When the report was made.
    pub at: String,
    /// The source position that is absorbed; `None` before the first snapshot.
    pub position: Option<String>,
    /// `none`, `reading`, `catching up` or `open`.
    pub snapshot: String,
    /// Rows the snapshot read.
    pub snapshot_rows: u64,
    /// Where the process stands with its source; `None` when none runs.
    pub source: Option<SourceState>,
    /// Whether the process delivers; `None` when none runs, or it is not known yet.
    #[serde(default)]
    pub delivery: Option<RoleState>,
    /// The feeds, in first-sync order.
    pub feeds: Vec<FeedReport>,
}

/// Where a feed's items stand. Deleted items are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedReport {
    /// The feed's name.
    pub feed: String,
    /// Items the shop has, as far as they were assembled.
    pub source: u64,
    /// Items whose newest body the service accepted.
    pub accepted: u64,
    /// Items waiting to be sent.
    pub pending: u64,
    /// Items whose last attempt failed and is repeated.
    pub retrying: u64,
    /// Items refused, by the service or by our own checks.
    pub parked: u64,
    /// Owners (products, attributes, websites) waiting to be assembled again.
    pub dirty: u64,
    /// Whether every item of the feed is being assembled again.
    pub is_mass_load: bool,
}

/// One item and its last answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemReport {
    /// The feed's name.
    pub feed: String,
    /// The identity's parts.
    pub key: Vec<String>,
    /// The state.
    pub state: String,
    /// HTTP status of the last answer; 0 when there was none.
    pub code: u16,
    /// The service's words, or our own check's.
    pub message: String,
    /// The last answer's request id.
    pub request_id: String,
    /// Attempts since the last acceptance.
    pub attempts: u32,
    /// The digest the service last accepted, in hexadecimal.
    pub accepted_digest: Option<String>,
    /// When the key was first heard of.
    pub first_at: String,
    /// When its record last changed.
    pub last_at: String,
    /// The table whose change caused the last send; empty for a first sync.
    pub cause_table: String,
    /// The primary key of the changed row, as in `entity_id=42`.
    #[serde(default)]
    pub cause_key: String,
    /// The source position of that change.
    pub cause_position: String,
}

impl Report {
    /// Reads the report from the store. `source` is what a running process adds to it.
    pub fn read(
        store: &Store,
        source: Option<SourceState>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let snapshot = store.snapshot()?;
        let phase = snapshot.as_ref().map_or("none", |state| match state.phase {
            Phase::Reading { .. } => "reading",
            Phase::CatchingUp { .. } => "catching up",
            Phase::Open => "open",
        });
        let ranges = store.ranges()?;
        let mut feeds = Vec::new();
        for feed in Feed::ALL {
            let mut report = FeedReport::of(feed);
            store.each_ledger_record(feed, &mut |_, record| report.count(&record))?;
            report.dirty = u64::try_from(store.dirty_count(feed)?).unwrap_or(u64::MAX);
            report.is_mass_load = ranges.contains_key(&feed) || store.feed_resync(feed)?.is_some();
            feeds.push(report);
        }
        Ok(Self {
            at: now.to_string(),
            position: store.position()?.map(|position| position.to_string()),
            snapshot: phase.to_owned(),
            snapshot_rows: snapshot.map_or(0, |state| state.rows_read),
            source,
            delivery: None,
            feeds,
        })
    }

    /// Items parked in all feeds.
    pub fn parked(&self) -> u64 {
        self.feeds.iter().map(|feed| feed.parked).sum()
    }
}

impl FeedReport {
    fn of(feed: Feed) -> Self {
        Self {
            feed: feed.name().to_owned(),
            source: 0,
            accepted: 0,
            pending: 0,
            retrying: 0,
            parked: 0,
            dirty: 0,
            is_mass_load: false,
        }
    }

    fn count(&mut self, record: &LedgerRecord) {
        let counter = match record.state {
            ItemState::Pending => &mut self.pending,
            ItemState::Accepted => &mut self.accepted,
            ItemState::Retrying => &mut self.retrying,
            ItemState::Parked => &mut self.parked,
            ItemState::Deleted => return,
        };
        *counter += 1;
        self.source += 1;
    }
}

impl ItemReport {
    /// The report on one key.
    pub fn of(key: &FeedKey, record: &LedgerRecord) -> Self {
        Self {
            feed: key.feed.name().to_owned(),
            key: key.parts().to_vec(),
            state: record.state.name().to_owned(),
            code: record.code,
            message: record.message.clone(),
            request_id: record.request_id.clone(),
            attempts: record.attempts,
            accepted_digest: record.accepted.map(|digest| digest.to_string()),
            first_at: record.first_at.to_string(),
            last_at: record.last_at.to_string(),
            cause_table: record.cause.table.clone(),
            cause_key: record.cause.key.clone(),
            cause_position: record.cause.position.clone(),
        }
    }
}
