//! The whole deliver loop over HTTP against the sandbox with the licence's limits, on a clock that
//! the test moves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;

use super::world::{deliver_params, fill};
use crate::catalog::database::Database;
use crate::catalog::{RowKey, Table};
use crate::clock::{Clock as _, ManualClock, SharedClock, since};
use crate::engine::{Gauges, deliver_absorbed};
use crate::feed::{Feed, FeedKey};
use crate::ledger::{ItemState, LedgerRecord};
use crate::pace::Limits;
use crate::sandbox::{Sandbox, SandboxParams};
use crate::store::{Store, StoreParams};
use crate::submit::{SubmitParams, Submitter};

/// A shop of so many products more, in one store view.
fn shop(products: u32) -> Database {
    let mut database = Database::small_shop();
    for id in 10_001..=10_000 + products {
        database.product(id, "simple", &format!("m{id}"));
        database.delete(Table::ProductWebsite, RowKey(id.into(), 1));
        database.put(Table::ProductWebsite, json!({"product_id": id, "website_id": 2}));
    }
    database
}

/// Moves the clock whenever nothing is on its way.
async fn move_clock(clock: &ManualClock, gauges: &Gauges, sandbox: &Sandbox) {
    loop {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let is_answered = sandbox.stats().iter().all(|(feed, stats)| {
            let Some(feed) = Feed::from_name(feed) else { return true };
            let gauges = gauges.feed(feed);
            gauges.requests.load(Ordering::Relaxed) == stats.requests
                && gauges.accepted.load(Ordering::Relaxed) == stats.accepted_items
        });
        // The loop's nap and the flush timer's.
        if is_answered && clock.sleeper_count() >= 2 {
            clock.advance(Duration::from_millis(25));
        }
    }
}

/// What a first sync came to.
struct Synced {
    sandbox: Sandbox,
    store: Arc<Store>,
    took: Duration,
    _directory: TempDir,
}

impl Synced {
    /// Delivers a shop to a sandbox that fails by these rules.
    async fn of(shop: &Database, fail: &[&str]) -> Self {
        let clock = ManualClock::at("2024-06-15T12:00:00Z".parse().unwrap());
        let shared: SharedClock = Arc::new(clock.clone());
        let directory = TempDir::new().unwrap();
        let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 26 };
        let store = Arc::new(Store::open(&params).unwrap());
        fill(&store, shop);
        let fail = fail.iter().map(|rule| rule.parse().unwrap()).collect();
        let sandbox_params = SandboxParams { fail, ..SandboxParams::default() };
        let (sandbox, serving) =
            Sandbox::start(sandbox_params.clone(), SharedClock::clone(&shared)).await.unwrap();
        let params = SubmitParams {
            ingestion_url: sandbox.ingestion_url(),
            ims_url: sandbox.base_url(),
            ccm_url: sandbox.base_url(),
            org_id: sandbox_params.org_id,
            tenant_id: sandbox_params.tenant_id,
            client_id: sandbox_params.client_id,
            client_secret: SecretString::from(sandbox_params.client_secret),
            timeout: Duration::from_mins(1),
        };
        let submitter = Arc::new(Submitter::new(params, SharedClock::clone(&shared)).unwrap());
        let gauges = Arc::new(Gauges::default());
        gauges.is_gate_open.store(true, Ordering::SeqCst);
        let limits = Limits {
            request_interval: Duration::from_millis(500),
            products_per_minute: 1000,
            products_per_day: 100_000,
            prices_per_minute: 50_000,
        };
        let began: Timestamp = clock.now();
        let params = deliver_params(&limits);
        tokio::select! {
            outcome = deliver_absorbed(&store, &shared, &gauges, &submitter, params) => {
                outcome.unwrap();
            }
            () = move_clock(&clock, &gauges, &sandbox) => {}
            ended = serving => panic!("the sandbox ended: {ended:?}"),
        }
        Self { sandbox, store, took: since(clock.now(), began), _directory: directory }
    }

    /// Product requests.
    fn requests(&self) -> u64 {
        self.sandbox.stats()["products"].requests
    }

    fn parked(&self) -> Vec<String> {
        let mut parked = Vec::new();
        let mut each = |key: FeedKey, record: LedgerRecord| {
            if record.state == ItemState::Parked {
                parked.push(key.to_string());
            }
        };
        self.store.each_ledger_record(Feed::Products, &mut each).unwrap();
        parked
    }
}

#[tokio::test]
async fn first_sync_of_1500_products_uses_the_budgets_and_is_never_told_to_slow_down() {
    let synced = Synced::of(&shop(1500), &[]).await;
    let stats = synced.sandbox.stats();
    assert!(stats.values().all(|feed| feed.throttled == 0 && feed.refused_items == 0), "{stats:?}");
    assert_eq!(synced.sandbox.items("products").len(), 1510);
    assert_eq!(synced.sandbox.items("prices").len(), 1505);
    assert_eq!(stats["products"].accepted_items, 1510, "each item once");
    // A thousand a minute, of which the first hundred go at once.
    let (least, most) = (Duration::from_secs(81), Duration::from_secs(95));
    assert!((least..most).contains(&synced.took), "{:?}, {stats:?}", synced.took);
}

#[tokio::test]
async fn one_bad_item_in_each_batch_costs_one_request_more_when_it_is_named() {
    let plain = Synced::of(&shop(490), &[]).await;
    let bad: Vec<String> = (0..5).map(|n| format!("sku=m{}", 10_045 + 100 * n)).collect();
    let rules: Vec<&str> = bad.iter().map(String::as_str).collect();
    let synced = Synced::of(&shop(490), &rules).await;
    println!("{} requests, {} without a bad item", synced.requests(), plain.requests());
    assert_eq!(synced.sandbox.items("products").len(), 500 - 5);
    assert_eq!(synced.parked().len(), 5);
    assert!(synced.requests() <= plain.requests() + 5, "{}", synced.requests());
}

#[tokio::test]
async fn bad_item_that_is_not_named_is_found_with_13_requests_more_at_most() {
    let plain = Synced::of(&shop(90), &[]).await;
    for bad in ["m10001", "m10045", "m10090"] {
        let synced = Synced::of(&shop(90), &[&format!("sku-noindex={bad}")]).await;
        println!("{bad}: {} requests, {} without it", synced.requests(), plain.requests());
        assert_eq!(synced.sandbox.items("products").len(), 100 - 1);
        assert_eq!(synced.parked().len(), 1);
        // 2·log2(100), rounded down.
        assert!(synced.requests() <= plain.requests() + 13, "{}", synced.requests());
    }
}
