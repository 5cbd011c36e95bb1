//! Dirty owners, page by page. Each round goes on where the one before ended: an owner with a high id
//! must not wait for ever while ones with low ids keep changing.

use crate::engine::EngineError;
use crate::engine::prepare::{OWNERS_PER_COMMIT, Preparation, Step};
use crate::feed::{Feed, FeedOwner};
use crate::outbox::Lane;
use crate::store::DirtyMark;

impl Preparation<'_> {
    /// Prepares a page of dirty owners, if enough room is left.
    pub(super) fn dirty_owners(&mut self, feed: Feed) -> Result<bool, EngineError> {
        let start = self.laps.get(&feed).copied().unwrap_or(0);
        let (mut worked, mut from, mut is_second_half) = (false, start, false);
        // Pages whose owners are all in flight are passed over.
        while self.has_room(feed, Lane::Live) && !worked {
            let mut page =
                self.store.dirty(feed, from, OWNERS_PER_COMMIT).map_err(EngineError::Store)?;
            if is_second_half {
                page.retain(|(owner, _)| owner.id < start);
            }
            let next = page.last().and_then(|(last, _)| last.id.checked_add(1));
            worked = self.decide(page)?;
            match next {
                Some(next) => from = next,
                None if is_second_half || start == 0 => {
                    from = 0;
                    break;
                }
                None => (from, is_second_half) = (0, true),
            }
        }
        self.laps.insert(feed, from);
        Ok(worked)
    }

    /// Whether any of these owners could be decided about.
    fn decide(&mut self, page: Vec<(FeedOwner, DirtyMark)>) -> Result<bool, EngineError> {
        let (mut step, mut worked) = (Step::default(), false);
        for (owner, DirtyMark { sequence, cause }) in page {
            if self.must_wait(owner)? {
                continue;
            }
            if self.owner(&mut step, owner, Lane::Live, &cause)? {
                step.batch.clean(owner, sequence);
                worked = true;
            }
        }
        self.commit(step)?;
        Ok(worked)
    }

    /// A price waits until its product was prepared: the product's entry then goes first.
    pub(super) fn must_wait(&self, owner: FeedOwner) -> Result<bool, EngineError> {
        if owner.feed != Feed::Prices {
            return Ok(false);
        }
        let dirty = self.store.dirty(Feed::Products, owner.id, 1).map_err(EngineError::Store)?;
        Ok(dirty.first().is_some_and(|(product, _)| product.id == owner.id))
    }
}
