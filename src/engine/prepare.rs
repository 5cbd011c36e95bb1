//! The prepare step: dirty owners become outbox entries.
//!
//! Read (dirty marks, catalog copy, ledger) → compute (assembly, diff) → one commit {ledger,
//! outbox, dirty}. An owner with a key in flight stays dirty: an entry in flight is never edited
//! (O1).

mod dirty_owners;
pub(crate) mod preview;
mod resync;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::catalog::{CatalogRead, Owner, Reference, Shop, references_in};
use crate::diff::{Decision, diff};
use crate::engine::preconditions::missing;
use crate::engine::prepare::wanted::Wanted;
use crate::engine::standby::leave_to_another;
use crate::engine::{EngineError, Gauges};
use crate::feed::{
    AssembleOptions, Assembled, Assembly, Digest, Feed, FeedKey, FeedOwner, assemble,
    categories_above,
};
use crate::ledger::{Cause, ItemState, LedgerRecord};
use crate::outbox::{Lane, Outbox, OutboxEntry};
use crate::store::{DirtyMark, Range, Ranges, Store, WriteBatch};

/// Entries of one feed that may wait in the outbox: enough to fill the service's budgets for more
/// than a minute; what is beyond it stays dirty, which costs nothing and coalesces.
const WAITING_ENTRIES_MAX: usize = 4000;
/// Owners assembled between two commits.
const OWNERS_PER_COMMIT: usize = 200;

/// Everything one prepare step needs.
pub struct Preparation<'a> {
    /// The store.
    pub store: &'a Store,
    /// The outbox, which mirrors the stored entries.
    pub outbox: &'a mut Outbox,
    /// The shop's scopes and attributes, as they stand in the store.
    pub shop: &'a Shop,
    /// How to assemble.
    pub options: &'a AssembleOptions,
    /// The present instant.
    pub now: Timestamp,
    /// Counters.
    pub gauges: &'a Gauges,
    /// Where to go on among the dirty owners of each feed.
    pub laps: &'a mut Laps,
}

/// The owner from which on the dirty ones of a feed come next.
pub type Laps = BTreeMap<Feed, u32>;

/// The writes of one commit, and the records as they will be after it.
#[derive(Default)]
struct Step {
    batch: WriteBatch,
    records: BTreeMap<FeedKey, LedgerRecord>,
}

impl Preparation<'_> {
    /// Prepares a page of each feed, unless enough of its entries wait already.
    ///
    /// Returns whether anything was done: then there may be more to do.
    pub fn prepare(&mut self) -> Result<bool, EngineError> {
        let mut worked = false;
        for feed in Feed::ALL {
            worked |= self.dirty_owners(feed)?;
            worked |= self.range(feed)?;
            worked |= self.resync(feed)?;
        }
        Ok(worked)
    }

    /// Prepares owners at once, whatever room there is: entries of theirs that wait are no longer
    /// what would be sent. Given with each owner is the cause of its entry.
    ///
    /// Returns the owners that have a key in flight: they are dirty from now on.
    pub fn again(
        &mut self,
        owners: &BTreeMap<FeedOwner, Cause>,
    ) -> Result<BTreeSet<FeedOwner>, EngineError> {
        let (mut step, mut busy) = (Step::default(), BTreeSet::new());
        for (owner, cause) in owners {
            if !self.owner(&mut step, *owner, Lane::Mass, cause)? {
                let sequence = self.store.next_sequence();
                step.batch.mark_dirty(*owner, &DirtyMark { sequence, cause: cause.clone() });
                busy.insert(*owner);
            }
        }
        self.commit(step)?;
        Ok(busy)
    }

    fn has_room(&self, feed: Feed, lane: Lane) -> bool {
        // A mass load leaves room, so that a live change is decided about at once and overtakes it.
        let entries_max = match lane {
            Lane::Live => WAITING_ENTRIES_MAX,
            Lane::Mass => WAITING_ENTRIES_MAX / 2,
        };
        self.outbox.waiting_count(feed) < entries_max
    }

    /// Walks a range by one page, no further than the range that must go before it.
    fn range(&mut self, feed: Feed) -> Result<bool, EngineError> {
        let mut worked = false;
        if self.has_room(feed, Lane::Mass) {
            let ranges = self.store.ranges().map_err(EngineError::Store)?;
            let Some(range) = ranges.get(&feed).cloned() else { return Ok(false) };
            let Some(page) = self.page(feed, &range, &ranges)? else { return Ok(false) };
            let mut step = Step::default();
            let mut walked = range.clone();
            for id in &page {
                let owner = FeedOwner { feed, id: *id };
                self.those_above(&mut step, owner, &range.cause)?;
                if !self.owner(&mut step, owner, Lane::Mass, &range.cause)? {
                    break;
                }
                self.refresh_references(&mut step, owner)?;
                walked.after = Some(*id);
                worked = true;
            }
            let is_done = page.is_empty();
            worked |= is_done;
            if !worked {
                return Ok(false);
            }
            step.batch.walk_range(feed, range.sequence, (!is_done).then_some(walked));
            self.commit(step)?;
        }
        Ok(worked)
    }

    /// The next owners of a range; empty at its end; `None` while it must wait for another range.
    fn page(
        &self,
        feed: Feed,
        range: &Range,
        ranges: &Ranges,
    ) -> Result<Option<Vec<u32>>, EngineError> {
        let after = range.after;
        let before: &[Feed] = match feed {
            Feed::ProductAttributes | Feed::CategoryAttributes | Feed::PriceBooks => &[],
            Feed::Categories => &[Feed::CategoryAttributes],
            Feed::Products => &[Feed::ProductAttributes, Feed::Categories],
            Feed::Prices => &[Feed::ProductAttributes, Feed::PriceBooks],
        };
        if before.iter().any(|feed| ranges.contains_key(feed)) {
            return Ok(None);
        }
        // Owners with rows, and owners that had items but have no rows any more.
        let rows =
            self.store.owner_ids_after(feed.owner_kind()(after.unwrap_or(0)), OWNERS_PER_COMMIT);
        let mut ids: BTreeSet<u32> = rows.map_err(EngineError::Read)?.into_iter().collect();
        let owned = self.store.ledger_owner_ids_after(feed, after, OWNERS_PER_COMMIT);
        ids.extend(owned.map_err(EngineError::Store)?);
        let mut page: Vec<u32> = ids.into_iter().take(OWNERS_PER_COMMIT).collect();
        // A first sync sends a product before its prices.
        if feed == Feed::Prices
            && let Some(products) = ranges.get(&Feed::Products)
        {
            let was_empty = page.is_empty();
            page.retain(|id| products.after.is_some_and(|walked| *id <= walked));
            if page.is_empty() && !was_empty {
                return Ok(None);
            }
        }
        Ok(Some(page))
    }

    /// Decides about the categories above one that is looked at: the service is told of them first,
    /// and a category that was moved may have a lower id than the one above it.
    fn those_above(
        &mut self,
        step: &mut Step,
        owner: FeedOwner,
        cause: &Cause,
    ) -> Result<(), EngineError> {
        if owner.feed != Feed::Categories {
            return Ok(());
        }
        let above = categories_above(owner.id, self.store, self.options.now);
        for id in above.map_err(EngineError::Read)? {
            if id > owner.id {
                self.owner(step, FeedOwner { feed: owner.feed, id }, Lane::Mass, cause)?;
            }
        }
        Ok(())
    }

    /// An attribute that became a select changes which options products and categories hold: the walk
    /// over all of them puts the index entries that are missing.
    fn refresh_references(&self, step: &mut Step, owner: FeedOwner) -> Result<(), EngineError> {
        let (own, versions) = match owner.feed {
            Feed::Products => (Owner::Product(owner.id), Reference::EntityVersion(owner.id)),
            Feed::Categories => (Owner::Category(owner.id), Reference::CategoryVersionOf(owner.id)),
            Feed::ProductAttributes
            | Feed::CategoryAttributes
            | Feed::PriceBooks
            | Feed::Prices => return Ok(()),
        };
        let mut owners = vec![own];
        let ids = self.store.referrers(versions).map_err(EngineError::Read)?;
        owners.extend(ids.into_iter().map(|id| versions.referrer(id)));
        for owner in owners {
            let Some(sheet) = self.store.sheet(owner).map_err(EngineError::Read)? else { continue };
            for reference in references_in(&sheet, self.store).map_err(EngineError::Read)? {
                step.batch.reference(reference, owner.id());
            }
        }
        Ok(())
    }

    fn commit(&mut self, mut step: Step) -> Result<(), EngineError> {
        if step.batch.is_empty() {
            return Ok(());
        }
        if self.outbox.is_of_standby() {
            leave_to_another(&mut step.batch, &mut step.records, self.outbox);
        }
        step.batch.assembled_for(self.options.now);
        self.store.commit(step.batch).map_err(EngineError::Store)
    }

    /// Assembles one owner and decides about each of its keys.
    ///
    /// Returns `false`, with nothing done, when one of its keys is in flight.
    fn owner(
        &mut self,
        step: &mut Step,
        owner: FeedOwner,
        lane: Lane,
        cause: &Cause,
    ) -> Result<bool, EngineError> {
        self.wanted(step, owner, &Wanted { owner: owner.id, lane, cause, ask: None })
    }

    fn wanted(
        &mut self,
        step: &mut Step,
        owner: FeedOwner,
        wanted: &Wanted<'_>,
    ) -> Result<bool, EngineError> {
        let assembly = assemble(owner, self.shop, self.store, self.options);
        let Assembly { items, until } = assembly.map_err(EngineError::Read)?;
        let known = self.store.owned_keys(owner).map_err(EngineError::Store)?;
        let in_flight = |key: &FeedKey| self.outbox.is_in_flight(key);
        if known.iter().any(in_flight) || items.iter().any(|item| in_flight(&item.key)) {
            return Ok(false);
        }
        Gauges::add(&self.gauges.feed(owner.feed).assembled, items.len());
        if let Some(until) = until {
            step.batch.timer(until, owner);
        }
        let produced: BTreeSet<FeedKey> = items.iter().map(|item| item.key.clone()).collect();
        for Assembled { key, body } in items {
            if self.is_anothers(step, &key, owner)? {
                continue;
            }
            let missing = missing(&key, |other| self.record(step, other))?;
            match (body, missing) {
                (Ok(body), None) => self.key(step, key, Some(Digest::of(&body)), wanted)?,
                (Ok(_), Some(message)) => self.fault(step, key, message, wanted)?,
                (Err(fault), _) => self.fault(step, key, fault.message(), wanted)?,
            }
        }
        for key in known {
            if produced.contains(&key) {
                continue;
            }
            // Another owner may have taken the key over: then it is not ours to delete.
            let record = self.record(step, &key)?;
            if record.is_some_and(|record| record.owner == owner.id) {
                self.hand_over(step, &key, owner, wanted.cause)?;
                self.key(step, key, None, wanted)?;
            }
        }
        Ok(true)
    }

    /// Whether a key that `owner` assembles is that of another owner, which has a lower id and
    /// assembles it, too. Then `owner` has a claim: it is looked at again when the other lets go.
    fn is_anothers(
        &self,
        step: &mut Step,
        key: &FeedKey,
        owner: FeedOwner,
    ) -> Result<bool, EngineError> {
        let record = self.record(step, key)?;
        let Some(record) = record.filter(|record| record.owner != owner.id) else {
            return Ok(false);
        };
        let other = FeedOwner { feed: owner.feed, id: record.owner };
        let assembly = assemble(other, self.shop, self.store, self.options);
        let others = assembly.map_err(EngineError::Read)?.items;
        if !others.iter().any(|item| item.key == *key) {
            return Ok(false);
        }
        let (first, second) = (owner.id.min(other.id), owner.id.max(other.id));
        step.batch.claim(key, second, true);
        if first == owner.id {
            step.batch.claim(key, first, false);
        }
        Ok(first != owner.id)
    }

    /// A key is let go of: owners that claim it are looked at again.
    fn hand_over(
        &self,
        step: &mut Step,
        key: &FeedKey,
        owner: FeedOwner,
        cause: &Cause,
    ) -> Result<(), EngineError> {
        for id in self.store.claimants(key).map_err(EngineError::Store)? {
            step.batch.claim(key, id, false);
            if id != owner.id {
                let sequence = self.store.next_sequence();
                let mark = DirtyMark { sequence, cause: cause.clone() };
                step.batch.mark_dirty(FeedOwner { feed: owner.feed, id }, &mark);
            }
        }
        Ok(())
    }

    fn record(&self, step: &Step, key: &FeedKey) -> Result<Option<LedgerRecord>, EngineError> {
        match step.records.get(key) {
            Some(record) => Ok(Some(record.clone())),
            None => self.store.ledger(key).map_err(EngineError::Store),
        }
    }

    fn key(
        &mut self,
        step: &mut Step,
        key: FeedKey,
        assembled: Option<Digest>,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let old = self.asked(step, &key, wanted)?;
        match diff(assembled, old.as_ref(), self.outbox.get(&key)) {
            // A fault or a refusal that went away by itself: the service has just this item.
            Decision::Nothing if is_settled_but_not_shown_so(assembled, old.as_ref()) => {
                let owner = old.as_ref().map(|old| old.owner);
                if let Some(old) = old {
                    step.put(key, wanted.settled(old, self.now), owner);
                }
            }
            Decision::Nothing => {
                if let Some(old) = old.filter(|old| old.owner != wanted.owner) {
                    let record = LedgerRecord { owner: wanted.owner, ..old.clone() };
                    step.put(key, record, Some(old.owner));
                }
            }
            Decision::Settled => {
                self.outbox.cancel(&key);
                step.batch.outbox(&key, None);
                if let Some(old) = old {
                    let owner = old.owner;
                    let record = if old.accepted == assembled {
                        wanted.settled(old, self.now)
                    } else {
                        // It changed back to the very body that was refused.
                        LedgerRecord { owner: wanted.owner, state: ItemState::Parked, ..old }
                    };
                    step.put(key, record, Some(owner));
                }
            }
            Decision::Forget => {
                self.outbox.cancel(&key);
                step.batch.outbox(&key, None);
                step.records.remove(&key);
                step.batch.forget(&key, wanted.owner);
            }
            Decision::Send(intent) => {
                let record = match &old {
                    Some(old) => LedgerRecord {
                        owner: wanted.owner,
                        state: ItemState::Pending,
                        cause: wanted.cause.clone(),
                        last_at: self.now,
                        ..old.clone()
                    },
                    None => wanted.fresh(self.now),
                };
                // Whether the service has the item is unknown after an attempt without an answer: a
                // delete may have arrived.
                let is_unsure =
                    record.attempts > 0 || self.outbox.get(&key).is_some_and(|it| it.attempts > 0);
                self.outbox.put(OutboxEntry {
                    key: key.clone(),
                    owner: wanted.owner,
                    intent,
                    lane: wanted.lane,
                    is_first: record.accepted.is_none() || is_unsure,
                    sequence: self.outbox.next_sequence(),
                    attempts: 0,
                    not_before: None,
                    suspect_group: 0,
                    cause: wanted.cause.clone(),
                });
                step.batch.outbox(&key, self.outbox.get(&key));
                step.put(key, record, old.map(|old| old.owner));
            }
        }
        Ok(())
    }

    /// Parks a key that can't be assembled, or must not be sent yet: it costs no request.
    fn fault(
        &mut self,
        step: &mut Step,
        key: FeedKey,
        message: String,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let old = self.asked(step, &key, wanted)?;
        // What was tried may have arrived: the entry goes, but this must not be forgotten.
        let was_tried = self.outbox.get(&key).is_some_and(|entry| entry.attempts > 0);
        self.outbox.cancel(&key);
        step.batch.outbox(&key, None);
        if old.as_ref().is_none_or(|old| old.message != message) {
            Gauges::add(&self.gauges.feed(key.feed).parked, 1);
        }
        let record = LedgerRecord {
            owner: wanted.owner,
            state: ItemState::Parked,
            refused: None,
            code: 0,
            message,
            attempts: old.as_ref().map_or(0, |old| old.attempts).max(u32::from(was_tried)),
            cause: wanted.cause.clone(),
            last_at: self.now,
            ..old.clone().unwrap_or_else(|| wanted.fresh(self.now))
        };
        step.put(key, record, old.map(|old| old.owner));
        Ok(())
    }
}

impl Step {
    fn put(&mut self, key: FeedKey, record: LedgerRecord, old_owner: Option<u32>) {
        self.batch.ledger(&key, &record, old_owner);
        self.records.insert(key, record);
    }
}

fn is_settled_but_not_shown_so(assembled: Option<Digest>, record: Option<&LedgerRecord>) -> bool {
    record.is_some_and(|record| {
        assembled.is_some() && record.accepted == assembled && record.state != ItemState::Accepted
    })
}
