//! A resync as it would go: the same decisions and bodies, with nothing sent and nothing stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::catalog::Shop;
use crate::engine::deliver::{Bodies, DeliverParams, replace_bodies};
use crate::engine::prepare::wanted::Wanted;
use crate::engine::prepare::{Laps, OWNERS_PER_COMMIT, Preparation, Step, WAITING_ENTRIES_MAX};
use crate::engine::resync::{ResyncRequest, ResyncScheduled, counted, owners, owners_after};
use crate::engine::{EngineError, Gauges, timers};
use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::ledger::{Cause, LedgerRecord};
use crate::outbox::{Answer, Batch, Lane, Outbox, Verb, Verdict};
use crate::store::{Store, WriteBatch};
use crate::submit;

/// Calls `each` with every request that a resync would make, in order, as one JSON object: `method`,
/// `path`, `count` and `items`, which are the very bodies. Ends early when `each` returns `false`.
///
/// Nothing is sent and nothing stored. Requests go as full as the licence's batches allow: what
/// changes meanwhile, and what the budgets admit at once, may divide them otherwise.
///
/// # Errors
/// The store can't be read.
pub fn preview_resync(
    store: &Store,
    params: &DeliverParams,
    request: &ResyncRequest,
    now: Timestamp,
    each: &mut dyn FnMut(&Json) -> bool,
) -> Result<ResyncScheduled, EngineError> {
    let feed = request.feed;
    let (wanted, unknown, lane) = if let Some((id_type, ids)) = &request.ids {
        let (found, unknown) = owners(store, feed, (*id_type, ids))?;
        (found, unknown, Lane::Live)
    } else {
        let before = store.feed_resync(feed).map_err(EngineError::Store)?;
        let after = before.filter(|_| request.is_continued).and_then(|before| before.after);
        if request.is_continued && before.is_none() {
            return Ok(ResyncScheduled { nothing_to_continue: true, ..Default::default() });
        }
        (owners_after(store, feed, after)?, Vec::new(), Lane::Mass)
    };
    let waiting = store.outbox().map_err(EngineError::Store)?;
    let shop = Shop::read(store).map_err(EngineError::Read)?;
    let options = params.options(timers::assembly_instant(store, now)?);
    let mut outbox =
        Outbox::from_entries(waiting.into_iter().filter(|entry| entry.key.feed == feed));
    let (gauges, mut laps) = (Gauges::default(), Laps::new());
    let preparation = Preparation {
        store,
        outbox: &mut outbox,
        shop: &shop,
        options: &options,
        now,
        gauges: &gauges,
        laps: &mut laps,
    };
    Preview { preparation, step: Step::default(), each }.run(&wanted, request, lane)?;
    Ok(ResyncScheduled { unknown, ..counted(store, &wanted)? })
}

struct Preview<'a> {
    preparation: Preparation<'a>,
    /// Never committed.
    step: Step,
    each: &'a mut dyn FnMut(&Json) -> bool,
}

impl Preview<'_> {
    fn run(
        &mut self,
        owners: &BTreeSet<FeedOwner>,
        request: &ResyncRequest,
        lane: Lane,
    ) -> Result<(), EngineError> {
        let cause = Cause::default();
        let owners: Vec<FeedOwner> = owners.iter().copied().collect();
        for page in owners.chunks(OWNERS_PER_COMMIT) {
            for owner in page {
                if lane == Lane::Mass {
                    self.preparation.those_above(&mut self.step, *owner, &cause)?;
                }
                let ask = Some(request.ask);
                let wanted = Wanted { owner: owner.id, lane, cause: &cause, ask };
                self.preparation.wanted(&mut self.step, *owner, &wanted)?;
            }
            // The records stay: they are what the store would say by now.
            self.step.batch = WriteBatch::default();
            if !self.send(request.feed, WAITING_ENTRIES_MAX / 2)? {
                return Ok(());
            }
        }
        self.send(request.feed, 0)?;
        Ok(())
    }

    /// Shows requests until no more than `left` entries wait; `false`: nobody listens any more.
    fn send(&mut self, feed: Feed, left: usize) -> Result<bool, EngineError> {
        let now = self.preparation.now;
        while self.preparation.outbox.waiting_count(feed) > left {
            let Some(mut batch) = self.preparation.outbox.pick(now, &|_, _| usize::MAX) else {
                break;
            };
            let items = self.bodies(&mut batch)?;
            if !items.is_empty() {
                let line = json!({
                    "method": "POST",
                    "path": submit::path(batch.feed, batch.verb),
                    "count": items.len(),
                    "items": items,
                });
                if !(self.each)(&line) {
                    return Ok(false);
                }
            }
            let answer = Answer {
                verdict: Verdict::Accepted,
                code: 200,
                message: String::new(),
                request_id: String::new(),
            };
            let records = BTreeMap::new();
            let settled = self.preparation.outbox.settle(&batch, &answer, &records, now, 0);
            for (key, record) in settled.ledger {
                self.step.records.insert(key, record);
            }
        }
        Ok(true)
    }

    fn bodies(&mut self, batch: &mut Batch) -> Result<Vec<Json>, EngineError> {
        if batch.verb == Verb::Delete {
            return Ok(batch.keys.iter().map(FeedKey::delete_body).collect());
        }
        let Preparation { store, shop, options, .. } = self.preparation;
        let ledger = |key: &FeedKey| -> Result<Option<LedgerRecord>, EngineError> {
            self.preparation.record(&self.step, key)
        };
        let outbox = &*self.preparation.outbox;
        let Bodies { kept, items, returned, .. } =
            replace_bodies(batch, (outbox, store), shop, options, &ledger)?;
        if !kept.is_empty() {
            self.preparation.outbox.unpick(batch, &returned);
            batch.keys = kept;
        }
        Ok(items)
    }
}
