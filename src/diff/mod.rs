//! Owns the decision whether a key has to be sent: what it should be against what the service has.
//!
//! Pure: the assembled digest, the ledger record and the waiting entry go in, a decision comes
//! out. Must not know how an item is assembled, stored or sent.

use crate::feed::Digest;
use crate::ledger::{ItemState, LedgerRecord};
use crate::outbox::{Intent, OutboxEntry};

/// What to do about a key that was assembled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Put this intent into the outbox (it coalesces with a waiting one).
    Send(Intent),
    /// Nothing waits and nothing has to be sent.
    Nothing,
    /// The waiting entry is no longer needed: the service already has this, or already refused
    /// it. Cancel the entry.
    Settled,
    /// Never sent and no longer there: drop record and entry.
    Forget,
}

/// Decides about one key. `assembled` is the digest of its present body, `None` if the key no
/// longer exists. The key must not be in flight.
///
/// A key with attempts of unknown outcome is sent even if its digest is the accepted one again:
/// the service may hold what was tried in between.
pub fn diff(
    assembled: Option<Digest>,
    record: Option<&LedgerRecord>,
    waiting: Option<&OutboxEntry>,
) -> Decision {
    let wanted = assembled.map_or(Intent::Delete, Intent::Replace);
    let is_unsure = record.is_some_and(|record| record.attempts > 0)
        || waiting.is_some_and(|entry| entry.attempts > 0);
    if assembled.is_none() && !is_unsure && record.is_none_or(was_never_there) {
        let is_unknown = record.is_none() && waiting.is_none();
        return if is_unknown { Decision::Nothing } else { Decision::Forget };
    }
    // An entry that waits for exactly this stays, whatever the ledger says: this is how an
    // operator asks for an item by name.
    if waiting.is_some_and(|entry| entry.intent == wanted) {
        return Decision::Send(wanted);
    }
    let is_settled = record.is_some_and(|record| {
        is_refused(assembled, record) || (is_held(assembled, record) && !is_unsure)
    });
    match (is_settled, waiting.is_some()) {
        (true, true) => Decision::Settled,
        (true, false) => Decision::Nothing,
        (false, _) => Decision::Send(wanted),
    }
}

/// Whether the service never took anything for this key.
fn was_never_there(record: &LedgerRecord) -> bool {
    match record.state {
        ItemState::Pending | ItemState::Retrying => record.accepted.is_none(),
        ItemState::Parked => record.accepted.is_none() && record.code == 0,
        ItemState::Accepted | ItemState::Deleted => false,
    }
}

/// Whether exactly this was refused and nothing else was tried since. A key that was parked without
/// an answer was not refused: there was no item to send.
fn is_refused(assembled: Option<Digest>, record: &LedgerRecord) -> bool {
    record.state == ItemState::Parked && record.refused == assembled && record.code != 0
}

/// Whether the service's last acceptance is exactly this.
fn is_held(assembled: Option<Digest>, record: &LedgerRecord) -> bool {
    match assembled {
        Some(digest) => record.accepted == Some(digest),
        None => record.state == ItemState::Deleted,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::feed::{FeedKey, Identity};
    use crate::ledger::Cause;
    use crate::outbox::Lane;

    const A: Digest = Digest([1; 20]);
    const B: Digest = Digest([2; 20]);

    fn record(state: ItemState, accepted: Option<Digest>, attempts: u32) -> LedgerRecord {
        let first = LedgerRecord::first(7, Cause::default(), Timestamp::UNIX_EPOCH);
        LedgerRecord { state, accepted, attempts, ..first }
    }

    fn parked(accepted: Option<Digest>, refused: Option<Digest>) -> LedgerRecord {
        LedgerRecord { refused, code: 400, ..record(ItemState::Parked, accepted, 1) }
    }

    fn waiting(intent: Intent, attempts: u32) -> OutboxEntry {
        OutboxEntry {
            key: FeedKey::new(Identity::PriceBook { id: "base".into() }),
            owner: 7,
            intent,
            lane: Lane::Live,
            is_first: false,
            sequence: 1,
            attempts,
            not_before: None,
            suspect_group: 0,
            cause: Cause::default(),
        }
    }

    #[test]
    fn a_new_item_is_sent_and_an_accepted_one_is_not() {
        assert_eq!(diff(Some(A), None, None), Decision::Send(Intent::Replace(A)));
        let accepted = record(ItemState::Accepted, Some(A), 0);
        assert_eq!(diff(Some(A), Some(&accepted), None), Decision::Nothing);
        assert_eq!(diff(Some(B), Some(&accepted), None), Decision::Send(Intent::Replace(B)));
    }

    #[test]
    fn a_change_that_was_taken_back_before_it_was_sent_is_settled() {
        let accepted = record(ItemState::Accepted, Some(A), 0);
        let entry = waiting(Intent::Replace(B), 0);
        assert_eq!(diff(Some(A), Some(&accepted), Some(&entry)), Decision::Settled);
        let deleting = waiting(Intent::Delete, 0);
        assert_eq!(diff(Some(A), Some(&accepted), Some(&deleting)), Decision::Settled);
    }

    #[test]
    fn a_change_that_may_have_arrived_is_overwritten() {
        let send = Decision::Send(Intent::Replace(A));
        let retrying = record(ItemState::Retrying, Some(A), 1);
        let accepted = record(ItemState::Accepted, Some(A), 0);
        assert_eq!(diff(Some(A), Some(&retrying), Some(&waiting(Intent::Replace(B), 0))), send);
        assert_eq!(diff(Some(A), Some(&accepted), Some(&waiting(Intent::Replace(B), 1))), send);
    }

    #[test]
    fn an_item_asked_for_by_name_stays_in_the_outbox() {
        let entry = waiting(Intent::Replace(A), 0);
        let send = Decision::Send(Intent::Replace(A));
        assert_eq!(
            diff(Some(A), Some(&record(ItemState::Accepted, Some(A), 0)), Some(&entry)),
            send
        );
        assert_eq!(diff(Some(A), Some(&parked(None, Some(A))), Some(&entry)), send);
    }

    #[test]
    fn a_parked_item_is_sent_only_when_it_changes() {
        let refused = parked(None, Some(A));
        assert_eq!(diff(Some(A), Some(&refused), None), Decision::Nothing);
        assert_eq!(diff(Some(B), Some(&refused), None), Decision::Send(Intent::Replace(B)));
        let entry = waiting(Intent::Replace(B), 0);
        assert_eq!(diff(Some(A), Some(&refused), Some(&entry)), Decision::Settled);
    }

    #[test]
    fn a_key_that_is_gone_is_deleted_once() {
        let accepted = record(ItemState::Accepted, Some(A), 0);
        assert_eq!(diff(None, Some(&accepted), None), Decision::Send(Intent::Delete));
        let tombstone = record(ItemState::Deleted, None, 0);
        assert_eq!(diff(None, Some(&tombstone), None), Decision::Nothing);
        assert_eq!(diff(Some(A), Some(&tombstone), None), Decision::Send(Intent::Replace(A)));
        let back = waiting(Intent::Replace(A), 0);
        assert_eq!(diff(None, Some(&tombstone), Some(&back)), Decision::Settled);
    }

    #[test]
    fn a_refused_delete_is_not_repeated_but_a_refused_body_is_deleted() {
        assert_eq!(diff(None, Some(&parked(Some(A), None)), None), Decision::Nothing);
        let refused_body = parked(None, Some(A));
        assert_eq!(diff(None, Some(&refused_body), None), Decision::Send(Intent::Delete));
    }

    #[test]
    fn a_key_that_was_parked_without_an_answer_was_not_refused() {
        let faulty = |accepted| LedgerRecord { attempts: 0, code: 0, ..parked(accepted, None) };
        assert_eq!(diff(None, Some(&faulty(Some(A))), None), Decision::Send(Intent::Delete));
        assert_eq!(diff(None, Some(&faulty(None)), None), Decision::Forget);
        assert_eq!(diff(Some(A), Some(&faulty(Some(A))), None), Decision::Nothing);
        assert_eq!(diff(Some(A), Some(&faulty(None)), None), Decision::Send(Intent::Replace(A)));
    }

    #[test]
    fn a_key_that_came_and_went_unsent_is_forgotten() {
        let pending = record(ItemState::Pending, None, 0);
        let entry = waiting(Intent::Replace(A), 0);
        assert_eq!(diff(None, Some(&pending), Some(&entry)), Decision::Forget);
        assert_eq!(diff(None, None, Some(&entry)), Decision::Forget);
        assert_eq!(diff(None, None, None), Decision::Nothing);
        let perhaps_sent = waiting(Intent::Replace(A), 1);
        let send = Decision::Send(Intent::Delete);
        assert_eq!(diff(None, Some(&pending), Some(&perhaps_sent)), send);
    }
}
