//! The deliver loop: prepare, pick, send, settle.

mod answers;
mod bodies;

pub(crate) use bodies::{Bodies, replace_bodies};

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::catalog::Shop;
use crate::clock::{SharedClock, since};
use crate::engine::absorb::mark_everything;
use crate::engine::nightly::Nightly;
use crate::engine::prepare::{Laps, Preparation};
use crate::engine::requests::{RequestLog, RequestLogParams};
use crate::engine::{EngineError, Gauges, timers};
use crate::feed::{
    AssembleOptions, Digest, DisabledRules, ExtraAttributes, Feed, SpecialPriceDates,
};
use crate::outbox::{Answer, Batch, Lane, Outbox};
use crate::pace::{Limits, Pace, PaceState, Room};
use crate::store::{Store, WriteBatch};
use crate::submit::{Permit, Submitter};

/// Bytes of bodies in one request, before compression: a batch of a hundred full-size products
/// (200 KB each) would be 20 MB, more than gateways like.
const BODY_BYTES_MAX: usize = 4 << 20;
/// The longest the loop sleeps with work left: bounds the cost of a missed wake-up.
const NAP: Duration = Duration::from_secs(5);
/// How long a stop waits for the answers of what was sent; well below the ten seconds after which
/// container runtimes kill.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long an entry waits that can't be sent before something else has happened.
const DEFERRAL: Duration = Duration::from_secs(1);

/// How to deliver.
#[derive(Debug, Clone)]
pub struct DeliverParams {
    /// The licence's budgets.
    pub limits: Limits,
    /// Requests in flight at once.
    pub in_flight_max: usize,
    /// How long a change waits for others when the loop was idle.
    pub gathering: Duration,
    /// Special price dates.
    pub special_price_dates: SpecialPriceDates,
    /// Extra attributes of products.
    pub extra_attributes: ExtraAttributes,
    /// Rules of the service that items are not held to.
    pub disabled_rules: DisabledRules,
    /// Store view codes that are not exported.
    pub disabled_store_views: BTreeSet<String>,
    /// Website codes that are not exported.
    pub disabled_websites: BTreeSet<String>,
    /// Customer groups that are not exported.
    pub disabled_customer_groups: BTreeSet<String>,
    /// Where it is night when the store is tidied up.
    pub zone: TimeZone,
    /// Where requests are logged; `None`: nowhere.
    pub requests: Option<RequestLogParams>,
}

impl DeliverParams {
    /// The assembly options at an instant.
    pub fn options(&self, now: Timestamp) -> AssembleOptions {
        AssembleOptions {
            now,
            special_price_dates: self.special_price_dates,
            extra_attributes: self.extra_attributes.clone(),
            disabled_rules: self.disabled_rules.clone(),
            disabled_store_views: self.disabled_store_views.clone(),
            disabled_websites: self.disabled_websites.clone(),
            disabled_customer_groups: self.disabled_customer_groups.clone(),
        }
    }
}

/// What the two loops share besides the store.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Rung when there may be work to deliver.
    pub(crate) work: Notify,
    /// Grows when the shop's scopes or attributes changed.
    pub(crate) shop_version: AtomicU64,
    /// Whether the source was absorbed as far as this run should go.
    pub(crate) is_absorbed: AtomicBool,
}

/// Why the loop ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Everything absorbed is settled.
    Settled,
}

/// A request that was answered.
struct Answered {
    batch: Batch,
    sent_at: Timestamp,
    answer: Answer,
    /// What was sent, where the request log keeps it.
    bodies: Option<Vec<Json>>,
}

type Sending = Pin<Box<dyn Future<Output = Answered> + Send>>;

pub(crate) struct Delivery {
    store: Arc<Store>,
    clock: SharedClock,
    gauges: Arc<Gauges>,
    bell: Arc<Bell>,
    submitter: Arc<Submitter>,
    permit: Permit,
    params: DeliverParams,
    outbox: Outbox,
    pace: Pace,
    shop: Option<(u64, Shop)>,
    in_flight: FuturesUnordered<Sending>,
    first_sent_at: BTreeMap<Feed, Timestamp>,
    jitter_state: u32,
    laps: Laps,
    nightly: Nightly,
    requests: Option<RequestLog>,
    /// Whether a service that shuts us out is asked again, rather than being an error.
    goes_on: bool,
}

impl Delivery {
    pub(crate) fn new(
        store: Arc<Store>,
        clock: SharedClock,
        gauges: Arc<Gauges>,
        bell: Arc<Bell>,
        submitter: Arc<Submitter>,
        params: DeliverParams,
    ) -> Result<Self, EngineError> {
        assemble_all_if_changed(&store, &params)?;
        let outbox = Outbox::from_entries(store.outbox().map_err(EngineError::Store)?);
        let state: PaceState = store.pace().map_err(EngineError::Store)?.unwrap_or_default();
        let pace = Pace::new(params.limits.clone(), state, clock.now());
        let requests = params.requests.clone().map(RequestLog::new);
        Ok(Self {
            store,
            clock,
            gauges,
            bell,
            submitter,
            permit: Permit::always(),
            params,
            outbox,
            pace,
            shop: None,
            in_flight: FuturesUnordered::new(),
            first_sent_at: BTreeMap::new(),
            jitter_state: std::process::id(),
            laps: Laps::new(),
            nightly: Nightly::default(),
            requests,
            goes_on: false,
        })
    }

    /// The same, but a service that shuts us out is asked again now and then.
    pub(crate) fn going_on(self, goes_on: bool) -> Self {
        Self { goes_on, ..self }
    }

    /// The same, but a request leaves only while the permit holds.
    pub(crate) fn under(self, permit: Permit) -> Self {
        Self { permit, ..self }
    }

    /// Delivers until the run's part of the source is absorbed and every key is settled; for ever
    /// when it never is. Dropping the future stops delivery: what was in flight is sent again at
    /// the next start.
    ///
    /// # Errors
    /// The service refuses us, or the store failed.
    pub(crate) async fn deliver(&mut self) -> Result<Delivered, EngineError> {
        loop {
            let is_absorbed = self.bell.is_absorbed.load(Ordering::SeqCst);
            let (has_worked, asked_at) = self.work()?;
            let is_idle = !has_worked;
            if is_absorbed && is_idle && self.is_settled() {
                return Ok(Delivered::Settled);
            }
            let nap = if is_idle { self.nap(asked_at)? } else { Duration::ZERO };
            let clock = SharedClock::clone(&self.clock);
            let bell = Arc::clone(&self.bell);
            tokio::select! {
                Some(answered) = self.in_flight.next() => self.answered(&answered)?,
                () = bell.work.notified() => {
                    if is_idle && self.in_flight.is_empty() {
                        clock.sleep(self.params.gathering).await;
                    }
                }
                () = clock.sleep(nap) => {}
            }
        }
    }

    /// Records the answers of what is in flight, waiting for them for at most [`FAREWELL`]; what is
    /// not answered by then is sent again at the next start.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn finish(&mut self) -> Result<(), EngineError> {
        let farewell = SharedClock::clone(&self.clock);
        let farewell = farewell.sleep(FAREWELL);
        tokio::pin!(farewell);
        loop {
            tokio::select! {
                answered = self.in_flight.next() => {
                    let Some(answered) = answered else { return Ok(()) };
                    match self.answered(&answered) {
                        // Delivery ends anyway, and the next start meets the same refusal.
                        Ok(()) | Err(EngineError::Stopped(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                () = &mut farewell => {
                    let requests = self.in_flight.len();
                    tracing::warn!(requests, "stopping without the answers of these requests");
                    return Ok(());
                }
            }
        }
    }

    fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && self.outbox.is_empty() && !self.store.has_dirty()
    }

    /// One round: prepare, then send what the budgets admit. Whether anything was done, and the
    /// instant for which the budgets were asked.
    fn work(&mut self) -> Result<(bool, Timestamp), EngineError> {
        let now = self.clock.now();
        if !self.gauges.is_gate_open.load(Ordering::SeqCst) {
            return Ok((false, now));
        }
        let mut worked = self.prepare(now)?;
        worked |= self.nightly.step(&self.store, &self.outbox, &self.params.zone, now)?;
        // Preparing takes time, and the budgets must see when a request leaves.
        let now = self.clock.now();
        while self.permit.holds() && self.in_flight.len() < self.params.in_flight_max {
            if !self.send(now)? {
                break;
            }
            worked = true;
        }
        self.count_waiting();
        Ok((worked, now))
    }

    fn prepare(&mut self, now: Timestamp) -> Result<bool, EngineError> {
        timers::ring(&self.store, now)?;
        if !self.store.has_dirty() {
            return Ok(false);
        }
        self.read_shop()?;
        let instant = timers::assembly_instant(&self.store, now)?;
        let Some((_, shop)) = &self.shop else { return Ok(false) };
        let options = self.params.options(instant);
        Preparation {
            store: &self.store,
            outbox: &mut self.outbox,
            shop,
            options: &options,
            now,
            gauges: &self.gauges,
            laps: &mut self.laps,
        }
        .prepare()
    }

    /// Reads the scopes and attributes, unless they are as they were.
    fn read_shop(&mut self) -> Result<(), EngineError> {
        let version = self.bell.shop_version.load(Ordering::SeqCst);
        if self.shop.as_ref().is_some_and(|(read, _)| *read == version) {
            return Ok(());
        }
        let shop = Shop::read(self.store.as_ref()).map_err(EngineError::Read)?;
        self.shop = Some((version, shop));
        Ok(())
    }

    /// Picks a batch and starts its request. `false`: nothing can be sent now.
    fn send(&mut self, now: Timestamp) -> Result<bool, EngineError> {
        let Some((batch, bodies)) = self.next_request(now)? else { return Ok(false) };
        Gauges::add(&self.gauges.feed(batch.feed).requests, 1);
        self.first_sent_at.entry(batch.feed).or_insert(now);
        let (submitter, permit) = (Arc::clone(&self.submitter), self.permit.clone());
        let has_bodies = self.requests.as_ref().is_some_and(RequestLog::has_bodies);
        self.in_flight.push(Box::pin(async move {
            let answer = submitter.send_under(&permit, batch.feed, batch.verb, &bodies).await;
            Answered { batch, sent_at: now, answer, bodies: has_bodies.then_some(bodies) }
        }));
        Ok(true)
    }

    fn count_waiting(&self) {
        for feed in Feed::ALL {
            let waiting = self.outbox.waiting_count(feed) + self.outbox.in_flight_count(feed);
            let waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
            self.gauges.feed(feed).waiting.store(waiting, Ordering::Relaxed);
        }
    }

    /// How long to sleep when nothing else happens.
    ///
    /// The questions are those of the round that found nothing to do, asked for its instant `now`:
    /// what has become due since then is due at once, and must not be taken for not waiting.
    fn nap(&mut self, now: Timestamp) -> Result<Duration, EngineError> {
        let timer = timers::next(&self.store)?;
        let mut until = self.outbox.next_due(now).into_iter().chain(timer).min();
        for feed in Feed::ALL {
            if self.outbox.waiting_count(feed) == 0 {
                continue;
            }
            for lane in Lane::ALL {
                if let Room::Until(at) = self.pace.room(feed, spending(lane), now) {
                    until = Some(until.map_or(at, |until| until.min(at)));
                }
            }
        }
        // A millisecond more: an instant that rounds down to now would wake the loop in vain.
        let wait = |until| since(until, self.clock.now()) + Duration::from_millis(1);
        Ok(until.map_or(NAP, wait).min(NAP))
    }

    /// Spreads retries of several processes; not secret, so a linear congruence does.
    fn next_jitter(&mut self) -> u32 {
        self.jitter_state = self.jitter_state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.jitter_state >> 16) % 1000
    }
}

/// Other scopes, another rule for special prices, other extra attributes or another version of ours
/// change items without a
/// change of any row: then everything is assembled again, and what differs is sent.
pub(crate) fn assemble_all_if_changed(
    store: &Store,
    params: &DeliverParams,
) -> Result<(), EngineError> {
    let fingerprint = Digest::of(&json!([
        env!("CARGO_PKG_VERSION"),
        format!("{:?}", params.special_price_dates),
        format!("{:?}", params.extra_attributes),
        format!("{:?}", params.disabled_rules),
        params.disabled_store_views,
        params.disabled_websites,
        params.disabled_customer_groups,
    ]));
    if store.assembly().map_err(EngineError::Store)? == Some(fingerprint) {
        return Ok(());
    }
    let mut batch = WriteBatch::default();
    batch.assembly(fingerprint);
    mark_everything(store, &mut batch);
    store.commit(batch).map_err(EngineError::Store)
}

pub(crate) use bodies::spending;

#[cfg(test)]
mod tests;
