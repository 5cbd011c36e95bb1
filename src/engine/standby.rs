//! What a process does with dirty keys while another one delivers: it decides about them as if it were
//! to send, and sends nothing.
//!
//! The ledger of a process that stands by remembers every key that it ever assembled, as one that was
//! tried with an unknown outcome: the other process may have created it, and once this one leads it
//! must be able to delete it. When it leads after another, it doubts every record that it has.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

use crate::catalog::Shop;
use crate::clock::SharedClock;
use crate::engine::absorb::mark_everything;
use crate::engine::deliver::{Bell, DeliverParams, assemble_all_if_changed};
use crate::engine::prepare::{Laps, Preparation};
use crate::engine::{EngineError, Gauges, timers};
use crate::feed::{Feed, FeedKey};
use crate::ledger::LedgerRecord;
use crate::outbox::Outbox;
use crate::store::{Store, WriteBatch};

/// The longest rest with nothing to do: bounds the cost of a missed wake-up.
const NAP: Duration = Duration::from_secs(1);
/// Ledger records that are doubted in one commit.
const RECORDS_PER_COMMIT: usize = 1000;

/// Decides about dirty keys without sending.
pub(crate) struct Standby {
    store: Arc<Store>,
    clock: SharedClock,
    gauges: Arc<Gauges>,
    bell: Arc<Bell>,
    params: DeliverParams,
    shop: Option<(u64, Shop)>,
    has_begun: bool,
}

impl Standby {
    pub(crate) fn new(
        store: &Arc<Store>,
        clock: &SharedClock,
        gauges: &Arc<Gauges>,
        bell: &Arc<Bell>,
        params: &DeliverParams,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            clock: SharedClock::clone(clock),
            gauges: Arc::clone(gauges),
            bell: Arc::clone(bell),
            params: params.clone(),
            shop: None,
            has_begun: false,
        }
    }

    /// Decides about what becomes dirty, until it is dropped, whenever `stands_by` says so.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn stand_by(
        &mut self,
        stands_by: impl Fn() -> bool,
    ) -> Result<Infallible, EngineError> {
        loop {
            if stands_by() && self.step(self.clock.now())? {
                // A long walk leaves the thread to the others between two pages.
                tokio::task::yield_now().await;
                continue;
            }
            let bell = Arc::clone(&self.bell);
            tokio::select! {
                () = bell.work.notified() => {}
                () = self.clock.sleep(NAP) => {}
            }
        }
    }

    /// Decides about a page of each feed. Whether anything was done.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn step(&mut self, now: Timestamp) -> Result<bool, EngineError> {
        if !self.gauges.is_gate_open.load(Ordering::SeqCst) {
            return Ok(false);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            assemble_all_if_changed(&self.store, &self.params)?;
            leave_intents_to_another(&self.store, now)?;
        }
        timers::ring(&self.store, now)?;
        if !self.store.has_dirty() {
            return Ok(false);
        }
        let version = self.bell.shop_version.load(Ordering::SeqCst);
        if self.shop.as_ref().is_none_or(|(read, _)| *read != version) {
            let shop = Shop::read(self.store.as_ref()).map_err(EngineError::Read)?;
            self.shop = Some((version, shop));
        }
        let Some((_, shop)) = &self.shop else { return Ok(false) };
        let options = self.params.options(timers::assembly_instant(&self.store, now)?);
        Preparation {
            store: &self.store,
            outbox: &mut Outbox::of_standby(),
            shop,
            options: &options,
            now,
            gauges: &self.gauges,
            laps: &mut Laps::new(),
        }
        .prepare()
    }
}

/// The records of a step of a process that stands by: what the other one did with these keys is unknown,
/// and nothing of ours waits.
pub(crate) fn leave_to_another(
    batch: &mut WriteBatch,
    records: &mut BTreeMap<FeedKey, LedgerRecord>,
    outbox: &mut Outbox,
) {
    for (key, record) in records {
        outbox.cancel(key);
        batch.outbox(key, None);
        record.attempts = record.attempts.max(1);
        batch.ledger(key, record, None);
    }
}

/// What this process was to send, when it last led, is another's now: its outcome is unknown.
fn leave_intents_to_another(store: &Store, now: Timestamp) -> Result<(), EngineError> {
    let mut batch = WriteBatch::default();
    for entry in store.outbox().map_err(EngineError::Store)? {
        let record = store.ledger(&entry.key).map_err(EngineError::Store)?;
        let record =
            record.unwrap_or_else(|| LedgerRecord::first(entry.owner, entry.cause.clone(), now));
        batch.ledger(&entry.key, &record.doubted(), None);
        batch.outbox(&entry.key, None);
    }
    store.commit(batch).map_err(EngineError::Store)
}

/// Doubts all that the ledger says, and has everything assembled again: another process has delivered,
/// or may have. Yields between pages. Begun again, it does no harm.
///
/// # Errors
/// The store failed.
pub(crate) async fn doubt_everything(store: &Store) -> Result<(), EngineError> {
    for feed in Feed::ALL {
        let mut after: Option<FeedKey> = None;
        loop {
            after = doubt_page(store, feed, after.as_ref())?;
            if after.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let mut batch = WriteBatch::default();
    mark_everything(store, &mut batch);
    store.commit(batch).map_err(EngineError::Store)
}

/// Doubts a page of a feed's records; the last of them, if there may be more.
fn doubt_page(
    store: &Store,
    feed: Feed,
    after: Option<&FeedKey>,
) -> Result<Option<FeedKey>, EngineError> {
    let page = store.ledger_page(feed, after, RECORDS_PER_COMMIT).map_err(EngineError::Store)?;
    let last = page.last().map(|(key, _)| key.clone());
    let mut batch = WriteBatch::default();
    let page: BTreeMap<FeedKey, LedgerRecord> = page.into_iter().collect();
    for (key, record) in page.into_iter().filter(|(_, record)| record.attempts == 0) {
        batch.ledger(&key, &record.doubted(), None);
    }
    store.commit(batch).map_err(EngineError::Store)?;
    Ok(last)
}
