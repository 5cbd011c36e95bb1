//! What a person asked to be sent again becomes outbox entries.
//!
//! The ask goes in the commit that holds its entries, so a crash neither loses nor repeats it. From
//! there on the ledger record says that the service has to be told.

use crate::engine::EngineError;
use crate::engine::prepare::{OWNERS_PER_COMMIT, Preparation, Step, Wanted};
use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::ledger::{Ask, Cause, LedgerRecord};
use crate::outbox::{Lane, OutboxEntry};
use crate::store::{Range, Resync};

/// What the ledger says about items that were sent because a person asked.
pub(super) const RESYNC: &str = "resync";

impl Preparation<'_> {
    /// Takes up what was asked for of a feed: single owners first, then a page of the whole feed.
    pub(super) fn resync(&mut self, feed: Feed) -> Result<bool, EngineError> {
        let cause = Cause { table: RESYNC.to_owned(), ..Cause::default() };
        let worked = self.resync_owners(feed, &cause)?;
        Ok(self.resync_page(feed, &cause)? || worked)
    }

    fn resync_owners(&mut self, feed: Feed, cause: &Cause) -> Result<bool, EngineError> {
        let (mut worked, mut from) = (false, 0);
        while self.has_room(feed, Lane::Live) && !worked {
            let asked = self.store.resync_owners(feed, from, OWNERS_PER_COMMIT);
            let asked = asked.map_err(EngineError::Store)?;
            let Some((last, _)) = asked.last() else { break };
            let next = last.id.checked_add(1);
            let mut step = Step::default();
            for (owner, Resync { sequence, ask, .. }) in asked {
                if self.must_wait(owner)? {
                    continue;
                }
                let wanted = Wanted { owner: owner.id, lane: Lane::Live, cause, ask: Some(ask) };
                if self.wanted(&mut step, owner, &wanted)? {
                    step.batch.resynced_owner(owner, sequence);
                    worked = true;
                }
            }
            self.commit(step)?;
            match next {
                Some(next) => from = next,
                None => break,
            }
        }
        Ok(worked)
    }

    fn resync_page(&mut self, feed: Feed, cause: &Cause) -> Result<bool, EngineError> {
        if !self.has_room(feed, Lane::Mass) {
            return Ok(false);
        }
        let resync = self.store.feed_resync(feed).map_err(EngineError::Store)?;
        let Some(resync) = resync else { return Ok(false) };
        let ranges = self.store.ranges().map_err(EngineError::Store)?;
        let sequence = resync.sequence;
        let range = Range { sequence, after: resync.after, cause: cause.clone() };
        let Some(page) = self.page(feed, &range, &ranges)? else { return Ok(false) };
        let (mut step, mut after) = (Step::default(), resync.after);
        for id in &page {
            let owner = FeedOwner { feed, id: *id };
            let ask = Some(resync.ask);
            self.those_above(&mut step, owner, cause)?;
            let wanted = Wanted { owner: owner.id, lane: Lane::Mass, cause, ask };
            if !self.wanted(&mut step, owner, &wanted)? {
                break;
            }
            after = Some(*id);
        }
        let is_done = page.is_empty();
        if after == resync.after && !is_done {
            return Ok(false);
        }
        step.batch.walk_resync(feed, sequence, (!is_done).then_some(Resync { after, ..resync }));
        self.commit(step)?;
        Ok(true)
    }

    /// A key's record as it has to be taken. What waits for its next attempt is due at once when a
    /// person asks.
    pub(super) fn asked(
        &mut self,
        step: &mut Step,
        key: &FeedKey,
        wanted: &Wanted<'_>,
    ) -> Result<Option<LedgerRecord>, EngineError> {
        let old = self.record(step, key)?;
        let Some(ask) = wanted.ask else { return Ok(old) };
        if ask == Ask::Forget {
            self.outbox.cancel(key);
            step.batch.outbox(key, None);
        } else if let Some(waiting) = self.outbox.get(key).filter(|it| it.not_before.is_some()) {
            let due = OutboxEntry { not_before: None, ..waiting.clone() };
            self.outbox.cancel(key);
            self.outbox.put(due);
        }
        Ok(old.map(|old| old.asked_for(ask)))
    }
}
