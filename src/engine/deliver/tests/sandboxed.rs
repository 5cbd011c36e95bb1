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
use crate::feed::Feed;
use crate::pace::Limits;
use crate::sandbox::{Sandbox, SandboxParams};
use crate::store::{Store, StoreParams};
use crate::submit::{SubmitParams, Submitter};

const PRODUCTS: u32 = 1500;

/// A shop of 1,500 products in one store view.
fn shop() -> Database {
    let mut database = Database::small_shop();
    for id in 10_001..=10_000 + PRODUCTS {
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

#[tokio::test]
async fn first_sync_of_1500_products_uses_the_budgets_and_is_never_told_to_slow_down() {
    let clock = ManualClock::at("2024-06-15T12:00:00Z".parse().unwrap());
    let shared: SharedClock = Arc::new(clock.clone());
    let directory = TempDir::new().unwrap();
    let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 26 };
    let store = Arc::new(Store::open(&params).unwrap());
    fill(&store, &shop());
    let sandbox_params = SandboxParams::default();
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
    tokio::select! {
        outcome = deliver_absorbed(&store, &shared, &gauges, &submitter, deliver_params(&limits)) => {
            outcome.unwrap();
        }
        () = move_clock(&clock, &gauges, &sandbox) => {}
        ended = serving => panic!("the sandbox ended: {ended:?}"),
    }
    let elapsed = since(clock.now(), began);
    let stats = sandbox.stats();
    assert!(stats.values().all(|feed| feed.throttled == 0 && feed.refused_items == 0), "{stats:?}");
    assert_eq!(sandbox.items("products").len(), 1510);
    assert_eq!(sandbox.items("prices").len(), 1505);
    assert_eq!(stats["products"].accepted_items, 1510, "each item once");
    // The first 1,000 go within the first minute, and the rest right after it.
    let (least, most) = (Duration::from_mins(1), Duration::from_secs(95));
    assert!((least..most).contains(&elapsed), "{elapsed:?}, {stats:?}");
}
