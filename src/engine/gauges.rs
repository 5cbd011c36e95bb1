//! What the loops are doing, for people: counters that the loops bump and others read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::feed::Feed;

/// What the absorb loop is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Activity {
    /// Connecting, checking.
    #[default]
    Starting,
    /// Reading this table for the snapshot.
    Snapshot(&'static str),
    /// Absorbing the binlog up to the snapshot's end.
    CatchingUp,
    /// Following the binlog.
    Following,
    /// Absorbing binlog files.
    Replaying,
    /// All binlog files are absorbed.
    Replayed,
    /// Waiting before the next attempt; the reason.
    Reconnecting(String),
    /// Stopped for good; the reason.
    Stopped(String),
}

/// What was found wrong with the source while it is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceChecks {
    /// Settings and privileges that are not what they must be.
    pub alerts: Vec<SourceAlert>,
    /// Whole hours until the server may purge what was not read yet; `None` when it keeps its binlog
    /// for good, or was not asked yet.
    pub hours_until_purged: Option<u64>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAlert {
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The last failure of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFailure {
    /// When it happened; of several in a row, the first.
    pub since: Timestamp,
    /// What happened.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Which part a process has among those with the same configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Role {
    /// Not known yet, or it was not to deliver.
    #[default]
    None,
    /// It delivers.
    Leader,
    /// It will deliver in some seconds, when nothing of the leader before it can arrive any more.
    TakingOver,
    /// It absorbs and sends nothing.
    Standby {
        /// Why.
        reason: String,
        /// What to do about it, or what will happen.
        hint: String,
    },
}

/// Why hardly anything is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTrouble {
    /// Since when.
    pub since: Timestamp,
    /// What the service answers.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
    /// When it is tried again.
    pub next_try: Timestamp,
}

/// Counters and states of a running process. All of it is for display: nothing depends on it.
#[derive(Debug, Default)]
pub struct Gauges {
    activity: Mutex<Activity>,
    delivery_stopped: Mutex<Option<String>>,
    delivery_trouble: Mutex<Option<DeliveryTrouble>>,
    rereads: Mutex<Vec<&'static str>>,
    source_checks: Mutex<SourceChecks>,
    source_failure: Mutex<Option<SourceFailure>>,
    role: Mutex<(Role, Timestamp)>,
    /// Rows the snapshot has read.
    pub rows_read: AtomicU64,
    /// The server's estimate of the rows the snapshot will read.
    pub rows_estimate: AtomicU64,
    /// Source transactions absorbed.
    pub transactions: AtomicU64,
    /// Row changes of watched tables absorbed.
    pub row_changes: AtomicU64,
    /// Unix seconds of the last absorbed commit.
    pub last_commit_s: AtomicU64,
    /// How many seconds after its commit the last transaction was absorbed.
    pub seconds_behind: AtomicU64,
    /// Whether the gate is open.
    pub is_gate_open: AtomicBool,
    feeds: [FeedGauges; Feed::ALL.len()],
}

/// Counters of one feed.
#[derive(Debug, Default)]
pub struct FeedGauges {
    /// Items assembled.
    pub assembled: AtomicU64,
    /// Items accepted.
    pub accepted: AtomicU64,
    /// Items refused.
    pub parked: AtomicU64,
    /// Requests sent.
    pub requests: AtomicU64,
    /// Milliseconds from the first request to the last answer.
    pub busy_ms: AtomicU64,
    /// Items known to wait: outbox entries, those in flight included.
    pub waiting: AtomicU64,
}

impl Gauges {
    /// The counters of a feed.
    pub fn feed(&self, feed: Feed) -> &FeedGauges {
        let place = Feed::ALL.iter().position(|known| *known == feed).unwrap_or_default();
        #[expect(clippy::indexing_slicing, reason = "one entry per feed")]
        &self.feeds[place]
    }

    /// What the absorb loop is doing.
    pub fn activity(&self) -> Activity {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why delivery stopped; `None` while it goes on.
    pub fn delivery_stopped(&self) -> Option<String> {
        self.delivery_stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why hardly anything is delivered; `None` while all is well.
    pub fn delivery_trouble(&self) -> Option<DeliveryTrouble> {
        self.delivery_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets what is wrong with delivery, or that nothing is. One that lasts keeps its beginning. Whether
    /// it began or ended with this.
    pub(crate) fn set_delivery_trouble(&self, trouble: Option<DeliveryTrouble>) -> bool {
        let mut kept = self.delivery_trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = kept.is_some() != trouble.is_some();
        let since = kept.as_ref().map(|kept| kept.since);
        *kept = trouble.map(|it| DeliveryTrouble { since: since.unwrap_or(it.since), ..it });
        is_other
    }

    /// What was found wrong with the source while it is followed.
    pub fn source_checks(&self) -> SourceChecks {
        self.source_checks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last failure of the source, mended or not.
    pub fn source_failure(&self) -> Option<SourceFailure> {
        self.source_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which part the process has, and since when.
    pub fn role(&self) -> (Role, Timestamp) {
        self.role.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the role; of several alike in a row, the first counts. Whether it is another one.
    pub(crate) fn set_role(&self, role: Role, now: Timestamp) -> bool {
        let mut kept = self.role.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = kept.0 != role;
        if is_other {
            *kept = (role, now);
        }
        is_other
    }

    pub(crate) fn set_source_checks(&self, checks: SourceChecks) {
        *self.source_checks.lock().unwrap_or_else(PoisonError::into_inner) = checks;
    }

    pub(crate) fn set_source_failure(&self, failure: SourceFailure) {
        *self.source_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// The watched tables that wait to be read again.
    pub fn rereads(&self) -> Vec<&'static str> {
        self.rereads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_rereads(&self, tables: Vec<&'static str>) {
        *self.rereads.lock().unwrap_or_else(PoisonError::into_inner) = tables;
    }

    pub(crate) fn set_activity(&self, activity: Activity) {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner) = activity;
    }

    pub(crate) fn set_delivery_stopped(&self, reason: String) {
        *self.delivery_stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
