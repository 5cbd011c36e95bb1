//! A shop's database, its binlog, a store, and a service that is a map.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::catalog::database::Database;
use crate::catalog::{FoldMode, MemoryCatalog, Shop, fold};
use crate::clock::{Clock as _, ManualClock, SharedClock};
use crate::decode::RowChange;
use crate::decode::TableLayout;
use crate::engine::absorb::{Absorbing, mark_everything};
use crate::engine::deliver::{Bell, DeliverParams, Delivery};
use crate::engine::standby::{Standby, doubt_everything};
use crate::engine::{EngineError, Gauges};
use crate::feed::{
    DisabledRules, ExtraAttributes, Feed, FeedKey, FeedOwner, Identity, SpecialPriceDates, assemble,
};
use crate::ledger::{ItemState, LedgerRecord};
use crate::outbox::{Answer, Batch, ItemFault, Verb, Verdict};
use crate::pace::Limits;
use crate::position::{BinlogOffset, Position};
use crate::source::framing::SourceTransaction;
use crate::store::{Phase, SnapshotState, Store, StoreParams, WriteBatch};
use crate::submit::{SubmitParams, Submitter};

/// What the service holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Service {
    pub(super) items: BTreeMap<FeedKey, Json>,
    /// Requests seen.
    pub(super) requests: usize,
}

impl Service {
    /// The indexes of the items that the service refuses: products named `a`.
    ///
    /// # Panics
    /// If an item comes before what it depends on: the real service would take it and ignore it.
    pub(super) fn refused(&self, batch: &Batch, bodies: &[Json]) -> Vec<usize> {
        if batch.verb == Verb::Delete {
            return Vec::new();
        }
        let has_book = |id: &str| {
            self.items.contains_key(&FeedKey::new(Identity::PriceBook { id: id.to_owned() }))
        };
        for key in &batch.keys {
            match key.identity() {
                Identity::Price { price_book, .. } => {
                    assert!(has_book(&price_book), "{key} came before its price book");
                }
                Identity::PriceBook { id } => {
                    if let Some((base, _)) = id.split_once("::") {
                        assert!(has_book(base), "{key} came before its base book");
                    }
                }
                Identity::Attribute { .. }
                | Identity::CategoryAttribute { .. }
                | Identity::Category { .. }
                | Identity::Product { .. } => {}
            }
        }
        let is_bad = |body: &Json| batch.feed == Feed::Products && body["name"] == "a";
        bodies.iter().enumerate().filter(|(_, body)| is_bad(body)).map(|(nth, _)| nth).collect()
    }

    pub(super) fn take(&mut self, batch: &Batch, bodies: &[Json]) {
        for (key, body) in batch.keys.iter().zip(bodies) {
            match batch.verb {
                Verb::Replace => drop(self.items.insert(key.clone(), body.clone())),
                Verb::Delete => self.delete(key),
            }
        }
    }

    /// Deleting a price book takes its child books and all their prices; deleting a category takes
    /// those below it.
    fn delete(&mut self, key: &FeedKey) {
        self.items.remove(key);
        if let Identity::PriceBook { id } = key.identity() {
            let is_below = |book: &str| book == id || book.starts_with(&format!("{id}::"));
            self.items.retain(|held, _| match held.identity() {
                Identity::PriceBook { id } => !is_below(&id),
                Identity::Price { price_book, .. } => !is_below(&price_book),
                Identity::Attribute { .. }
                | Identity::CategoryAttribute { .. }
                | Identity::Category { .. }
                | Identity::Product { .. } => true,
            });
        }
        if let Identity::Category { slug, store } = key.identity() {
            let above = format!("{slug}/");
            self.items.retain(|held, _| match held.identity() {
                Identity::Category { slug, store: held } => {
                    held != store || !slug.starts_with(&above)
                }
                Identity::Attribute { .. }
                | Identity::CategoryAttribute { .. }
                | Identity::Product { .. }
                | Identity::PriceBook { .. }
                | Identity::Price { .. } => true,
            });
        }
    }
}

pub(super) struct World {
    directory: TempDir,
    submitter: Arc<Submitter>,
    pub(super) limits: Limits,
    pub(super) clock: ManualClock,
    pub(super) gauges: Arc<Gauges>,
    pub(super) database: Database,
    /// The binlog: transactions, of which the store knows how many it absorbed.
    log: Vec<Vec<RowChange>>,
    open: Option<Open>,
    pub(super) service: Service,
    pub(super) on_the_way: Vec<(Batch, Vec<Json>)>,
}

/// What dies with the process.
struct Open {
    store: Arc<Store>,
    delivery: Delivery,
    bell: Arc<Bell>,
}

pub(super) fn deliver_params(limits: &Limits) -> DeliverParams {
    DeliverParams {
        limits: limits.clone(),
        in_flight_max: 4,
        gathering: Duration::from_millis(25),
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::Registered,
        disabled_rules: DisabledRules::default(),
        disabled_store_views: ["off".to_owned()].into(),
        disabled_websites: ["dark".to_owned()].into(),
        disabled_customer_groups: ["secret".to_owned()].into(),
        zone: jiff::tz::TimeZone::UTC,
        requests: None,
    }
}

fn position(transactions: usize) -> Position {
    let offset = 4 + u64::try_from(transactions).unwrap();
    Position { gtid: None, at: BinlogOffset { file: "binlog.000001".to_owned(), offset } }
}

/// Puts a shop into an empty store, as a snapshot does, and opens the gate.
pub(super) fn fill(store: &Store, database: &Database) {
    let edits = fold(&database.snapshot(), store, FoldMode::GateClosed).unwrap();
    let mut batch = WriteBatch::default();
    batch.catalog(&edits);
    batch.position(&position(0));
    batch.snapshot(&SnapshotState {
        start: position(0),
        layout: TableLayout::Plain,
        phase: Phase::Open,
        rows_read: 0,
    });
    mark_everything(store, &mut batch);
    store.commit(batch).unwrap();
}

/// Copies a directory as it is on the disk.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl World {
    pub(super) fn new(database: Database) -> Self {
        let clock = ManualClock::at("2024-06-15T12:00:00Z".parse().unwrap());
        let unused = "http://127.0.0.1:9".to_owned();
        let params = SubmitParams {
            ingestion_url: unused.clone(),
            ims_url: unused.clone(),
            ccm_url: unused,
            org_id: "org".into(),
            tenant_id: "tenant".into(),
            client_id: "client".into(),
            client_secret: SecretString::from("secret"),
            timeout: Duration::from_secs(1),
        };
        let gauges = Arc::new(Gauges::default());
        gauges.is_gate_open.store(true, Ordering::SeqCst);
        let mut world = Self {
            directory: TempDir::new().unwrap(),
            submitter: Arc::new(Submitter::new(params, Arc::new(clock.clone())).unwrap()),
            limits: Limits {
                request_interval: Duration::ZERO,
                products_per_minute: 1_000_000,
                products_per_day: 100_000_000,
                prices_per_minute: 1_000_000,
            },
            clock,
            gauges,
            database,
            log: Vec::new(),
            open: None,
            service: Service::default(),
            on_the_way: Vec::new(),
        };
        world.start();
        fill(world.store(), &world.database);
        world
    }

    /// The small shop, all of it delivered.
    pub(super) fn delivered() -> Self {
        let mut world = Self::new(Database::small_shop());
        world.settle_down();
        world.service.requests = 0;
        world
    }

    fn start(&mut self) {
        let params =
            StoreParams { path: self.directory.path().join("store"), cache_bytes: 1 << 24 };
        let store = Arc::new(Store::reopen(&params).unwrap());
        let bell = Arc::new(Bell::default());
        let delivery = Delivery::new(
            Arc::clone(&store),
            Arc::new(self.clock.clone()),
            Arc::clone(&self.gauges),
            Arc::clone(&bell),
            Arc::clone(&self.submitter),
            deliver_params(&self.limits),
        );
        self.open = Some(Open { store, delivery: delivery.unwrap(), bell });
    }

    /// The process dies and starts again. What was on its way arrives or doesn't.
    pub(super) fn restart(&mut self) {
        for (nth, (batch, bodies)) in std::mem::take(&mut self.on_the_way).into_iter().enumerate() {
            if nth % 2 == 0 && self.service.refused(&batch, &bodies).is_empty() {
                self.service.take(&batch, &bodies);
            }
        }
        self.open = None;
        self.start();
    }

    /// The power fails: what was not flushed is lost, and so is what was on its way.
    pub(super) fn power_fails(&mut self) {
        let directory = TempDir::new().unwrap();
        let (from, to) = (self.directory.path().join("store"), directory.path().join("store"));
        copy(&from, &to);
        self.on_the_way.clear();
        self.open = None;
        self.directory = directory;
        self.start();
    }

    /// From now on with these budgets.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        self.store().flush().unwrap();
        self.open = None;
        self.start();
    }

    /// Does what a process does that stands by, until nothing is left to do.
    pub(super) fn stand_by(&mut self) {
        let open = self.open.as_ref().unwrap();
        let clock: SharedClock = Arc::new(self.clock.clone());
        let params = deliver_params(&self.limits);
        let mut standby = Standby::new(&open.store, &clock, &self.gauges, &open.bell, &params);
        let is_at_rest = (0..10_000).any(|_| !standby.step(self.clock.now()).unwrap());
        assert!(is_at_rest, "a process that stands by comes to rest");
        assert!(open.store.outbox().unwrap().is_empty(), "nothing waits to be sent");
    }

    /// Becomes the leader after another process led.
    pub(super) fn take_over(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(doubt_everything(self.store())).unwrap();
        self.restart();
    }

    pub(super) fn store(&self) -> &Store {
        &self.open.as_ref().unwrap().store
    }

    pub(super) fn delivery(&mut self) -> &mut Delivery {
        &mut self.open.as_mut().unwrap().delivery
    }

    /// Commits a transaction in the shop.
    pub(super) fn write(&mut self, changes: Vec<RowChange>) {
        if !changes.is_empty() {
            self.log.push(changes);
        }
    }

    /// Absorbs up to `count` transactions as one commit. Whether there were any.
    pub(super) fn absorb(&mut self, count: usize) -> bool {
        let stored = self.store().position().unwrap().unwrap().at.offset;
        let from = usize::try_from(stored - 4).unwrap();
        let to = self.log.len().min(from + count);
        if from == to {
            return false;
        }
        let transactions: Vec<SourceTransaction> = (from..to)
            .map(|nth| SourceTransaction {
                changes: self.log[nth].clone().into(),
                reread: BTreeMap::new(),
                xa: None,
                position: position(nth + 1),
                committed_at_s: 1,
            })
            .collect();
        let tables = BTreeSet::new();
        let absorbing = Absorbing {
            store: self.store(),
            gauges: &self.gauges,
            mode: FoldMode::GateOpen,
            tables: &tables,
        };
        let absorbed = absorbing.absorb(transactions, None);
        if absorbed.unwrap().is_shop_stale {
            self.open.as_ref().unwrap().bell.shop_version.fetch_add(1, Ordering::SeqCst);
        }
        true
    }

    pub(super) fn prepare(&mut self) -> bool {
        let now = self.clock.now();
        self.delivery().prepare(now).unwrap()
    }

    /// Picks a request; it is on its way then.
    pub(super) fn send(&mut self) -> bool {
        let now = self.clock.now();
        let Some((batch, bodies)) = self.delivery().next_request(now).unwrap() else {
            return false;
        };
        assert_eq!(batch.keys.len(), bodies.len());
        self.service.requests += 1;
        self.on_the_way.push((batch, bodies));
        true
    }

    /// The service does what it should with the oldest request.
    pub(super) fn answer(&mut self) {
        let (batch, bodies) = self.on_the_way.remove(0);
        let refused = self.service.refused(&batch, &bodies);
        let verdict = if refused.is_empty() {
            self.service.take(&batch, &bodies);
            Verdict::Accepted
        } else {
            let fault = ItemFault { code: "name".into(), message: "is bad".into() };
            Verdict::ItemsRefused(refused.into_iter().map(|nth| (nth, fault.clone())).collect())
        };
        self.settle(&batch, verdict).unwrap();
    }

    pub(super) fn settle(&mut self, batch: &Batch, verdict: Verdict) -> Result<(), EngineError> {
        let code = if verdict == Verdict::Accepted { 200 } else { 400 };
        let answer =
            Answer { verdict, code, message: "words".into(), request_id: "request".into() };
        let now = self.clock.now();
        self.delivery().settle(batch, now, &answer)
    }

    /// From now on the service is well and the shop quiet.
    pub(super) fn settle_down(&mut self) {
        self.absorb(usize::MAX >> 1);
        for _ in 0..500 {
            let is_at_rest = (0..10_000).any(|_| !self.prepare());
            assert!(is_at_rest, "what is dirty is decided about");
            let is_sent = self.send();
            while !self.on_the_way.is_empty() {
                self.answer();
            }
            if !is_sent {
                if self.delivery().is_settled() {
                    return;
                }
                self.clock.advance(Duration::from_mins(6));
            }
        }
        panic!("does not settle down: {:?}", self.delivery().outbox);
    }

    /// What the shop should have at the service: bodies, or why there is none.
    pub(super) fn expected(&mut self) -> BTreeMap<FeedKey, Result<Json, String>> {
        let mut catalog = MemoryCatalog::default();
        let edits = fold(&self.database.snapshot(), &catalog, FoldMode::GateClosed).unwrap();
        edits.apply_to(&mut catalog);
        let shop = Shop::read(&catalog).unwrap();
        let options = deliver_params(&self.limits).options(self.clock.now());
        let ids: BTreeSet<u32> = catalog.sheets.keys().map(|owner| owner.id()).collect();
        let mut expected = BTreeMap::new();
        for (feed, id) in Feed::ALL.iter().flat_map(|feed| ids.iter().map(|id| (*feed, *id))) {
            for item in assemble(FeedOwner { feed, id }, &shop, &catalog, &options).unwrap().items {
                let body = item.body.map_err(|fault| fault.to_string());
                // Of two owners of one key the one with the lowest id has it.
                expected.entry(item.key).or_insert(body);
            }
        }
        expected
    }

    pub(super) fn record(&self, key: &FeedKey) -> Option<LedgerRecord> {
        self.store().ledger(key).unwrap()
    }

    pub(super) fn state(&self, key: &FeedKey) -> Option<ItemState> {
        self.record(key).map(|record| record.state)
    }

    /// Holds the service to the shop, parked keys apart.
    pub(super) fn check(&mut self, may_be_parked: &dyn Fn(&FeedKey, Option<&Json>) -> bool) {
        let expected = self.expected();
        let mut keys: Vec<FeedKey> = expected.keys().cloned().collect();
        keys.extend(self.service.items.keys().cloned());
        for key in keys {
            let wanted = expected.get(&key).and_then(|body| body.as_ref().ok());
            if self.state(&key) == Some(ItemState::Parked) {
                let has_fault = expected.get(&key).is_some_and(Result::is_err);
                assert!(
                    has_fault || may_be_parked(&key, wanted),
                    "{key} of {} is parked: {:?}",
                    key.feed,
                    self.record(&key)
                );
                continue;
            }
            assert_eq!(
                self.service.items.get(&key),
                wanted,
                "{key} of {}: {:?}",
                key.feed,
                self.record(&key)
            );
        }
    }
}
