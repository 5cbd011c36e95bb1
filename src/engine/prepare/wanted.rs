//! Who wants a key decided about, why, and the records that follow from it alone.

use jiff::Timestamp;

use crate::ledger::{Ask, Cause, ItemState, LedgerRecord};
use crate::outbox::Lane;

/// Who wants a key, and why.
pub(super) struct Wanted<'a> {
    pub(super) owner: u32,
    pub(super) lane: Lane,
    pub(super) cause: &'a Cause,
    /// What a person asked for; `None`: a change in the shop wants it.
    pub(super) ask: Option<Ask>,
}

impl Wanted<'_> {
    pub(super) fn fresh(&self, now: Timestamp) -> LedgerRecord {
        LedgerRecord::first(self.owner, self.cause.clone(), now)
    }

    /// The item changed back to what the service has: nothing is left to do.
    pub(super) fn settled(&self, old: LedgerRecord, now: Timestamp) -> LedgerRecord {
        LedgerRecord {
            owner: self.owner,
            state: ItemState::Accepted,
            refused: None,
            message: String::new(),
            last_at: now,
            ..old
        }
    }
}
