//! How long the deliver loop sleeps, and how it ends.

use serde_json::json;

use crate::clock::{Clock as _, ManualClock};
use crate::engine::deliver::*;
use crate::feed::{ExtraAttributes, FeedKey, Identity};
use crate::ledger::Cause;
use crate::outbox::{Intent, Lane, OutboxEntry, Verdict};
use crate::store::StoreParams;
use crate::submit::SubmitParams;

const REQUEST_INTERVAL: Duration = Duration::from_millis(20);

/// A loop with one price that waits, and nothing that answers its requests.
fn delivery(clock: &ManualClock, path: &std::path::Path) -> Delivery {
    let store = Store::open(&StoreParams { path: path.join("store"), cache_bytes: 1 << 20 });
    let url = "http://127.0.0.1:1".to_owned();
    let submit = SubmitParams {
        ingestion_url: url.clone(),
        ims_url: url.clone(),
        ccm_url: url,
        org_id: String::new(),
        tenant_id: String::new(),
        client_id: String::new(),
        client_secret: String::new().into(),
        timeout: Duration::from_secs(1),
    };
    let params = DeliverParams {
        limits: Limits {
            request_interval: REQUEST_INTERVAL,
            products_per_minute: 1000,
            products_per_day: 1000,
            prices_per_minute: 1000,
        },
        in_flight_max: 1,
        gathering: Duration::ZERO,
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::Registered,
        disabled_rules: DisabledRules::default(),
        disabled_store_views: BTreeSet::new(),
        disabled_websites: BTreeSet::new(),
        disabled_customer_groups: BTreeSet::new(),
        zone: TimeZone::UTC,
        requests: None,
    };
    let clock: SharedClock = Arc::new(clock.clone());
    let submitter = Submitter::new(submit, SharedClock::clone(&clock)).unwrap();
    let mut delivery = Delivery::new(
        Arc::new(store.unwrap()),
        clock,
        Arc::new(Gauges::default()),
        Arc::new(Bell::default()),
        Arc::new(submitter),
        params,
    )
    .unwrap();
    delivery.outbox.put(OutboxEntry {
        key: FeedKey::new(Identity::Price { sku: "A".to_owned(), price_book: "b".to_owned() }),
        owner: 1,
        intent: Intent::Replace(Digest::of(&json!({}))),
        lane: Lane::Live,
        is_first: true,
        sequence: 1,
        attempts: 0,
        not_before: None,
        suspect_group: 0,
        cause: Cause::default(),
    });
    delivery
}

#[test]
fn budget_that_opens_between_a_round_and_its_nap_is_not_slept_through() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let directory = tempfile::tempdir().unwrap();
    let mut delivery = delivery(&clock, directory.path());
    let round = clock.now();
    delivery.pace.take(Feed::Products, 1, round);
    assert!(
        delivery.nap(round).unwrap() > REQUEST_INTERVAL,
        "the next request may go in an interval"
    );
    clock.advance(REQUEST_INTERVAL * 2);
    assert_eq!(delivery.nap(round).unwrap(), Duration::from_millis(1), "it may go by now");
}

#[test]
fn retry_that_comes_due_between_a_round_and_its_nap_is_not_slept_through() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let directory = tempfile::tempdir().unwrap();
    let mut delivery = delivery(&clock, directory.path());
    let round = clock.now();
    let price = delivery.outbox.pick(round, &|_, _| 1).expect("the price may go");
    let answer = Answer {
        verdict: Verdict::Unavailable,
        code: 503,
        message: String::new(),
        request_id: String::new(),
    };
    delivery.outbox.settle(&price, &answer, &BTreeMap::new(), round, 0);
    assert!(delivery.nap(round).unwrap() > Duration::from_millis(100), "the retry waits");
    clock.advance(NAP);
    assert_eq!(delivery.nap(round).unwrap(), Duration::from_millis(1), "it is due by now");
}

/// What is sent and answered only when the clock reaches an instant.
fn sent(delivery: &mut Delivery, clock: &ManualClock, answered_after: Duration) -> FeedKey {
    let now = clock.now();
    let price = delivery.outbox.pick(now, &|_, _| 1).expect("the price may go");
    let key = price.keys.first().expect("a key").clone();
    let clock = clock.clone();
    delivery.in_flight.push(Box::pin(async move {
        clock.sleep(answered_after).await;
        let answer = Answer {
            verdict: Verdict::Accepted,
            code: 200,
            message: String::new(),
            request_id: String::new(),
        };
        Answered { batch: price, sent_at: now, answer, bodies: None }
    }));
    key
}

#[tokio::test]
async fn stop_waits_for_the_answers_of_what_was_sent() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let directory = tempfile::tempdir().unwrap();
    let mut delivery = delivery(&clock, directory.path());
    let key = sent(&mut delivery, &clock, FAREWELL / 2);
    let time = async { clock.advance(FAREWELL / 2) };
    let (finished, ()) = tokio::join!(delivery.finish(), time);
    finished.unwrap();
    assert!(delivery.outbox.is_empty(), "the answer is recorded");
    assert!(delivery.store.ledger(&key).unwrap().is_some(), "in the store too");
}

#[tokio::test]
async fn stop_does_not_wait_for_ever_and_keeps_what_was_not_answered() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let directory = tempfile::tempdir().unwrap();
    let mut delivery = delivery(&clock, directory.path());
    let key = sent(&mut delivery, &clock, FAREWELL * 2);
    let time = async { clock.advance(FAREWELL) };
    let (finished, ()) = tokio::join!(delivery.finish(), time);
    finished.unwrap();
    assert!(delivery.outbox.get(&key).is_some(), "it is sent again at the next start");
}
