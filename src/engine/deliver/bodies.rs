//! What one request holds: the bodies of a batch, assembled again, and what is left out of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::catalog::Shop;
use crate::clock::add;
use crate::engine::deliver::{BODY_BYTES_MAX, DEFERRAL, Delivery};
use crate::engine::preconditions::{doubt_what_goes_with, missing};
use crate::engine::prepare::Preparation;
use crate::engine::{EngineError, timers};
use crate::feed::{AssembleOptions, Digest, Feed, FeedKey, FeedOwner, assemble};
use crate::ledger::{Cause, LedgerRecord};
use crate::outbox::{Batch, Intent, Lane, Outbox, Verb};
use crate::pace::{Room, Spending};
use crate::store::{Store, WriteBatch};

/// What a batch of replacements comes to.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// The keys that go, and their bodies.
    pub(crate) kept: Vec<FeedKey>,
    pub(crate) items: Vec<Json>,
    /// The keys that don't go with this request.
    pub(crate) returned: Vec<FeedKey>,
    /// The owners of those that are to be decided about again.
    pub(crate) stale: BTreeMap<FeedOwner, Cause>,
}

/// The bodies of a batch of replacements. `ledger` reads the ledger.
pub(crate) fn replace_bodies(
    batch: &Batch,
    (outbox, store): (&Outbox, &Store),
    shop: &Shop,
    options: &AssembleOptions,
    ledger: &dyn Fn(&FeedKey) -> Result<Option<LedgerRecord>, EngineError>,
) -> Result<Bodies, EngineError> {
    let mut assembled: BTreeMap<FeedKey, Json> = BTreeMap::new();
    let mut owners = BTreeSet::new();
    let mut found = Bodies::default();
    let mut body_bytes = 0usize;
    for key in &batch.keys {
        let Some(entry) = outbox.get(key) else { continue };
        let owner = FeedOwner { feed: batch.feed, id: entry.owner };
        if owners.insert(owner) {
            let items = assemble(owner, shop, store, options).map_err(EngineError::Read)?.items;
            for item in items {
                assembled.extend(item.body.ok().map(|body| (item.key, body)));
            }
        }
        let body = assembled.remove(key);
        let body = body.filter(|body| entry.intent == Intent::Replace(Digest::of(body)));
        let (Some(body), None) = (body, missing(key, ledger)?) else {
            found.stale.insert(owner, entry.cause.clone());
            found.returned.push(key.clone());
            continue;
        };
        let size = body.to_string().len();
        if !found.items.is_empty() && body_bytes.saturating_add(size) > BODY_BYTES_MAX {
            found.returned.push(key.clone());
            continue;
        }
        body_bytes = body_bytes.saturating_add(size);
        found.kept.push(key.clone());
        found.items.push(body);
    }
    Ok(found)
}

/// How a lane spends the minute's items.
pub(crate) const fn spending(lane: Lane) -> Spending {
    match lane {
        Lane::Live => Spending::Burst,
        Lane::Mass => Spending::Steady,
    }
}

impl Delivery {
    /// The next request: its keys are in flight and its items charged to the budgets, durably.
    /// `None`: nothing can be sent now.
    pub(super) fn next_request(
        &mut self,
        now: Timestamp,
    ) -> Result<Option<(Batch, Vec<Json>)>, EngineError> {
        let mut rooms = BTreeMap::new();
        for (feed, lane) in
            Feed::ALL.into_iter().flat_map(|feed| Lane::ALL.map(|lane| (feed, lane)))
        {
            let room = match self.pace.room(feed, spending(lane), now) {
                Room::Items(items) => items,
                Room::Until(_) => 0,
            };
            rooms.insert((feed, lane), room);
        }
        let room = |feed: Feed, lane: Lane| rooms.get(&(feed, lane)).copied().unwrap_or(0);
        // A picked batch may come to nothing; its entries are then mended or wait, so this ends.
        while let Some(batch) = self.outbox.pick(now, &room) {
            let (batch, bodies) = self.bodies(batch, now)?;
            if bodies.is_empty() {
                continue;
            }
            self.pace.take(batch.feed, bodies.len(), now);
            let mut write = WriteBatch::default();
            write.pace(self.pace.state());
            self.store.commit(write).map_err(EngineError::Store)?;
            // Budgets must survive a crash: this is the one flush that a request waits for.
            self.store.flush().map_err(EngineError::Store)?;
            return Ok(Some((batch, bodies)));
        }
        Ok(None)
    }

    /// The bodies of a batch, assembled again. Keys that no longer assemble to what was decided, or
    /// must not be sent any more, are decided about again; keys beyond the byte cap wait for the
    /// next batch.
    fn bodies(
        &mut self,
        mut batch: Batch,
        now: Timestamp,
    ) -> Result<(Batch, Vec<Json>), EngineError> {
        if batch.verb == Verb::Delete {
            return self.delete_bodies(batch, now);
        }
        self.read_shop()?;
        let instant = timers::assembly_instant(&self.store, now)?;
        let Some((_, shop)) = &self.shop else { return Ok((batch, Vec::new())) };
        let options = self.params.options(instant);
        let ledger = |key: &FeedKey| self.store.ledger(key).map_err(EngineError::Store);
        let Bodies { kept, items: bodies, returned, stale } =
            replace_bodies(&batch, (&self.outbox, &self.store), shop, &options, &ledger)?;
        self.outbox.unpick(&batch, &returned);
        batch.keys = kept;
        self.decide_again(&stale, &returned, now)?;
        Ok((batch, bodies))
    }

    /// Deletes need no assembly. The delete of a price book waits until every price was looked at:
    /// the service deletes the book's prices with it, and the ledger would go on saying that they
    /// are there. So does the delete of a category while it is not decided what becomes of those below
    /// it that the service holds; what stays of them is sent again.
    fn delete_bodies(
        &mut self,
        mut batch: Batch,
        now: Timestamp,
    ) -> Result<(Batch, Vec<Json>), EngineError> {
        let mut early = Vec::new();
        if batch.feed == Feed::PriceBooks
            && self.store.ranges().map_err(EngineError::Store)?.contains_key(&Feed::Prices)
        {
            early.clone_from(&batch.keys);
        } else if batch.feed == Feed::Categories {
            for key in &batch.keys {
                if self.is_one_below_undecided(key)? {
                    early.push(key.clone());
                }
            }
        }
        self.outbox.unpick(&batch, &early);
        for key in &early {
            self.outbox.defer(key, add(now, DEFERRAL));
        }
        batch.keys.retain(|key| !early.contains(key));
        if batch.feed == Feed::Categories {
            doubt_what_goes_with(&self.store, &batch).map_err(EngineError::Store)?;
        }
        let bodies = batch.keys.iter().map(FeedKey::delete_body).collect();
        Ok((batch, bodies))
    }

    /// Whether a category below one may still move or go: then its own delete or replacement has to be
    /// first.
    fn is_one_below_undecided(&self, key: &FeedKey) -> Result<bool, EngineError> {
        let below = self.store.accepted_below(key).map_err(EngineError::Store)?;
        if below.is_empty() {
            return Ok(false);
        }
        if self.store.ranges().map_err(EngineError::Store)?.contains_key(&key.feed) {
            return Ok(true);
        }
        for (below, record) in below {
            let dirty = self.store.dirty(key.feed, record.owner, 1).map_err(EngineError::Store)?;
            let is_dirty = dirty.first().is_some_and(|(owner, _)| owner.id == record.owner);
            if is_dirty || self.outbox.get(&below).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Prepares owners whose waiting entries are out of date. Where one of their keys is in flight
    /// this has to wait for the answer, and so do the entries.
    fn decide_again(
        &mut self,
        stale: &BTreeMap<FeedOwner, Cause>,
        keys: &[FeedKey],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let Some((_, shop)) = &self.shop else { return Ok(()) };
        if stale.is_empty() {
            return Ok(());
        }
        let options = self.params.options(timers::assembly_instant(&self.store, now)?);
        let (store, gauges, outbox) = (&self.store, &self.gauges, &mut self.outbox);
        let laps = &mut self.laps;
        let busy = Preparation { store, outbox, shop, options: &options, now, gauges, laps }
            .again(stale)?;
        for key in keys {
            let owner = self.outbox.get(key).map(|entry| entry.owner);
            if owner.is_some_and(|id| busy.contains(&FeedOwner { feed: key.feed, id })) {
                self.outbox.defer(key, add(now, DEFERRAL));
            }
        }
        Ok(())
    }
}
