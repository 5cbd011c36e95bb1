//! Tests of picking and settling.

use std::collections::BTreeMap;
use std::time::Duration;

use super::pick::LIVE_RUN_MAX;
use super::*;
use crate::feed::{Digest, Identity};
use crate::ledger::{Cause, ItemState, LedgerRecord};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const A: Digest = Digest([1; 20]);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn product(n: u32) -> FeedKey {
    FeedKey::new(Identity::Product { sku: format!("sku-{n:03}"), store: "en".into() })
}

fn attribute(code: &str) -> FeedKey {
    FeedKey::new(Identity::Attribute { code: code.into(), store: "en".into() })
}

fn book(id: &str) -> FeedKey {
    FeedKey::new(Identity::PriceBook { id: id.into() })
}

fn price(n: u32, book: &str) -> FeedKey {
    FeedKey::new(Identity::Price { sku: format!("sku-{n:03}"), price_book: book.into() })
}

fn entry(key: FeedKey, sequence: u64) -> OutboxEntry {
    OutboxEntry {
        key,
        owner: 1,
        intent: Intent::Replace(A),
        lane: Lane::Live,
        is_first: false,
        sequence,
        attempts: 0,
        not_before: None,
        suspect_group: 0,
        cause: Cause::default(),
    }
}

fn first(key: FeedKey, sequence: u64) -> OutboxEntry {
    OutboxEntry { is_first: true, ..entry(key, sequence) }
}

fn delete(key: FeedKey, sequence: u64) -> OutboxEntry {
    OutboxEntry { intent: Intent::Delete, ..entry(key, sequence) }
}

fn outbox(entries: impl IntoIterator<Item = OutboxEntry>) -> Outbox {
    let mut outbox = Outbox::default();
    entries.into_iter().for_each(|entry| outbox.put(entry));
    outbox
}

fn pick(outbox: &mut Outbox) -> Option<Batch> {
    outbox.pick(NOW, &|_, _| usize::MAX)
}

fn answer(verdict: Verdict, code: u16) -> Answer {
    Answer { verdict, code, message: "words".into(), request_id: "r-1".into() }
}

fn fault(nth: usize, code: &str, message: &str) -> (usize, ItemFault) {
    (nth, ItemFault { code: code.into(), message: message.into() })
}

fn settle(outbox: &mut Outbox, batch: &Batch, answer: &Answer) -> Settlement {
    outbox.settle(batch, answer, &BTreeMap::new(), NOW, 500)
}

fn record<'a>(settlement: &'a Settlement, key: &FeedKey) -> &'a LedgerRecord {
    settlement.ledger.iter().find(|(of, _)| of == key).map(|(_, record)| record).unwrap()
}

/// Sends until nothing may be sent any more; `judge` answers. Returns the batches.
fn drain(outbox: &mut Outbox, judge: impl Fn(&Batch) -> Verdict) -> Vec<Batch> {
    let mut sent = Vec::new();
    while let Some(batch) = pick(outbox) {
        let verdict = judge(&batch);
        settle(outbox, &batch, &answer(verdict, 200));
        sent.push(batch);
        assert!(sent.len() < 1_000, "delivery does not end");
    }
    sent
}

#[test]
fn a_second_intent_coalesces_with_the_waiting_one() {
    let mut outbox =
        outbox([OutboxEntry { attempts: 3, not_before: Some(at(9)), ..entry(product(1), 4) }]);
    outbox.put(OutboxEntry { lane: Lane::Mass, ..entry(product(1), 9) });
    let same = outbox.get(&product(1)).unwrap();
    assert_eq!((same.sequence, same.lane, same.attempts), (4, Lane::Live, 3));
    assert_eq!((same.not_before, outbox.next_due(NOW)), (Some(at(9)), Some(at(9))));
    outbox.put(delete(product(1), 10));
    let changed = outbox.get(&product(1)).unwrap();
    assert_eq!((changed.sequence, changed.attempts, changed.not_before), (4, 1, None));
    assert_eq!((outbox.next_due(NOW), outbox.waiting_count(Feed::Products)), (None, 1));
    assert_eq!(outbox.next_sequence(), 11);
}

#[test]
#[should_panic(expected = "an entry in flight is not replaced")]
fn an_entry_in_flight_is_not_replaced() {
    let mut outbox = outbox([entry(product(1), 1)]);
    pick(&mut outbox).unwrap();
    outbox.put(entry(product(1), 2));
}

#[test]
fn entries_of_an_earlier_run_wait_and_count_as_attempted() {
    let mut outbox = Outbox::from_entries([entry(product(1), 5)]);
    assert_eq!(outbox.get(&product(1)).unwrap().attempts, 1);
    assert!(!outbox.is_in_flight(&product(1)));
    outbox.put(delete(product(2), 6));
    outbox.load(entry(product(2), 1));
    assert_eq!(outbox.get(&product(2)).unwrap().intent, Intent::Delete);
}

#[test]
fn a_cancelled_entry_is_gone_and_one_in_flight_stays() {
    let mut outbox = outbox([entry(product(1), 1), entry(product(2), 2)]);
    outbox.cancel(&product(1));
    let batch = pick(&mut outbox).unwrap();
    assert_eq!(batch.keys, [product(2)]);
    outbox.cancel(&product(2));
    assert!(outbox.is_in_flight(&product(2)) && !outbox.is_empty());
}

#[test]
fn live_goes_before_mass_and_prices_before_products() {
    let mass = |key, n| OutboxEntry { lane: Lane::Mass, ..entry(key, n) };
    let mut outbox = outbox([
        mass(attribute("color"), 1),
        mass(price(1, "other"), 2),
        entry(product(2), 3),
        entry(price(2, "base"), 4),
        delete(product(3), 5),
    ]);
    let order: Vec<FeedKey> = drain(&mut outbox, |_| Verdict::Accepted)
        .into_iter()
        .flat_map(|batch| batch.keys)
        .collect();
    let expected =
        [product(3), price(2, "base"), price(1, "other"), product(2), attribute("color")];
    assert_eq!(order, expected);
}

#[test]
fn a_trickle_of_live_changes_does_not_starve_a_mass_load() {
    let mut outbox = outbox([OutboxEntry { lane: Lane::Mass, ..entry(product(1), 1) }]);
    for n in 0..=LIVE_RUN_MAX {
        outbox.put(entry(price(1, "base"), 2 + u64::from(n)));
        let batch = pick(&mut outbox).unwrap();
        assert_eq!(batch.feed, if n < LIVE_RUN_MAX { Feed::Prices } else { Feed::Products });
        settle(&mut outbox, &batch, &answer(Verdict::Accepted, 200));
    }
}

#[test]
fn a_batch_is_one_endpoint_oldest_first_and_within_room_and_limit() {
    let mut outbox = outbox((0..150).map(|n| entry(product(n), 1_000 - u64::from(n))));
    let batch = outbox.pick(NOW, &|_, _| 3).unwrap();
    assert_eq!(batch.keys, [product(149), product(148), product(147)]);
    assert_eq!(outbox.pick(NOW, &|_, _| 0), None);
    assert_eq!(pick(&mut outbox).unwrap().keys.len(), 100);
    assert_eq!(outbox.waiting_count(Feed::Products), 47);
}

#[test]
fn what_was_not_sent_after_all_waits_again() {
    let mut outbox = outbox([entry(product(1), 1), entry(product(2), 2)]);
    let mut batch = pick(&mut outbox).unwrap();
    outbox.unpick(&batch, &[product(1), product(9)]);
    batch.keys.retain(|key| *key != product(1));
    assert!(!outbox.is_in_flight(&product(1)) && outbox.is_in_flight(&product(2)));
    let again = pick(&mut outbox).unwrap();
    assert_eq!(again.keys, [product(1)]);
    let settled = settle(&mut outbox, &batch, &answer(Verdict::Accepted, 200));
    assert_eq!(settled.ledger.len(), 1);
    assert!(outbox.is_in_flight(&product(1)));
}

#[test]
fn nothing_goes_before_what_it_belongs_to() {
    let mut outbox = outbox([
        first(price(1, "base::g1"), 1),
        first(book("base::g1"), 2),
        first(product(1), 3),
        first(book("base"), 4),
        first(attribute("sku"), 5),
    ]);
    let held: Vec<FeedKey> =
        std::iter::from_fn(|| pick(&mut outbox)).flat_map(|batch| batch.keys).collect();
    assert_eq!(held, [book("base"), attribute("sku")], "in flight still holds up");
    for id in [1, 2] {
        let key = held[usize::from(id == 2)].clone();
        let batch = Batch { id, feed: key.feed, verb: Verb::Replace, keys: vec![key] };
        settle(&mut outbox, &batch, &answer(Verdict::Accepted, 200));
    }
    let order: Vec<FeedKey> = drain(&mut outbox, |_| Verdict::Accepted)
        .into_iter()
        .flat_map(|batch| batch.keys)
        .collect();
    assert_eq!(order, [book("base::g1"), product(1), price(1, "base::g1")]);
}

#[test]
fn a_first_item_in_backoff_holds_up_its_dependents_and_nobody_else() {
    let backoff = |key, n| OutboxEntry { attempts: 9, not_before: Some(at(60)), ..first(key, n) };
    let other_owner = OutboxEntry { owner: 2, ..entry(price(2, "base"), 3) };
    let mut outbox = outbox([backoff(product(1), 1), entry(price(1, "base"), 2), other_owner]);
    assert_eq!(pick(&mut outbox).unwrap().keys, [price(2, "base")]);
    assert_eq!(pick(&mut outbox), None);
    assert_eq!(outbox.next_due(NOW), Some(at(60)));
    assert_eq!(outbox.pick(at(60), &|_, _| 9).unwrap().keys, [product(1)]);
}

#[test]
fn deletes_go_in_the_reverse_order() {
    let mut outbox = outbox([
        delete(attribute("sku"), 1),
        delete(product(1), 2),
        delete(book("base"), 3),
        delete(book("base::g1"), 4),
        delete(price(1, "base::g1"), 5),
    ]);
    let first = pick(&mut outbox).unwrap();
    assert_eq!(first.keys, [price(1, "base::g1")]);
    let unrelated = pick(&mut outbox).unwrap();
    assert_eq!(unrelated.keys, [attribute("sku")], "all else waits for the price in flight");
    assert_eq!(pick(&mut outbox), None);
    settle(&mut outbox, &first, &answer(Verdict::Accepted, 200));
    let order: Vec<FeedKey> = drain(&mut outbox, |_| Verdict::Accepted)
        .into_iter()
        .flat_map(|batch| batch.keys)
        .collect();
    assert_eq!(order, [book("base::g1"), book("base"), product(1)]);
}

#[test]
fn an_accepted_batch_leaves_the_outbox_and_is_written_down() {
    let mut outbox = outbox([entry(product(1), 1)]);
    let batch = pick(&mut outbox).unwrap();
    let settled = settle(&mut outbox, &batch, &answer(Verdict::Accepted, 200));
    assert_eq!(settled.entries, [(product(1), None)]);
    assert_eq!(settled.effect, Effect::Continue);
    let accepted = record(&settled, &product(1));
    assert_eq!((accepted.state, accepted.accepted), (ItemState::Accepted, Some(A)));
    assert_eq!((accepted.code, accepted.message.as_str()), (200, ""));
    assert_eq!((accepted.request_id.as_str(), accepted.attempts), ("r-1", 0));
    assert!(outbox.is_empty());

    outbox.put(delete(product(1), 2));
    let batch = pick(&mut outbox).unwrap();
    let records = settled.ledger.into_iter().collect();
    let settled = outbox.settle(&batch, &answer(Verdict::Accepted, 200), &records, at(5), 0);
    let deleted = record(&settled, &product(1));
    assert_eq!((deleted.state, deleted.accepted), (ItemState::Deleted, None));
    assert_eq!((deleted.first_at, deleted.last_at), (NOW, at(5)));
}

mod search;

#[test]
fn refused_item_is_parked_and_the_rest_is_resent_at_once() {
    let mut outbox = outbox((0..100).map(|n| entry(product(n), u64::from(n))));
    let batch = pick(&mut outbox).unwrap();
    let faults =
        vec![fault(7, "status", "no such value"), fault(7, "source", ""), fault(100, "x", "y")];
    let settled = settle(&mut outbox, &batch, &answer(Verdict::ItemsRefused(faults), 400));
    let parked = record(&settled, &product(7));
    assert_eq!((parked.state, parked.refused, parked.accepted), (ItemState::Parked, Some(A), None));
    assert_eq!((parked.message.as_str(), parked.attempts), ("status: no such value; source", 1));
    let spared = record(&settled, &product(8));
    assert_eq!((spared.state, spared.code, spared.attempts), (ItemState::Retrying, 400, 0));
    assert_eq!(settled.entries, [(product(7), None)]);
    let rest = drain(&mut outbox, |_| Verdict::Accepted);
    assert_eq!(rest.iter().map(|batch| batch.keys.len()).collect::<Vec<_>>(), [99]);
}

#[test]
fn a_passing_failure_waits_longer_each_time() {
    let mut outbox = outbox([entry(product(1), 1)]);
    let batch = pick(&mut outbox).unwrap();
    let settled = settle(&mut outbox, &batch, &answer(Verdict::Unavailable, 503));
    let retrying = record(&settled, &product(1));
    assert_eq!((retrying.state, retrying.attempts, retrying.code), (ItemState::Retrying, 1, 503));
    assert_eq!(outbox.get(&product(1)).unwrap().not_before, Some(at(1)));
    assert_eq!((pick(&mut outbox), outbox.next_due(NOW)), (None, Some(at(1))));
    let batch = outbox.pick(at(1), &|_, _| 1).unwrap();
    outbox.settle(&batch, &answer(Verdict::Unavailable, 503), &BTreeMap::new(), at(1), 500);
    assert_eq!(outbox.get(&product(1)).unwrap().not_before, Some(at(3)));
}

#[test]
fn answers_that_spare_the_items_pause_or_stop_delivery() {
    let retry_after = Duration::from_secs(30);
    let cases = [
        (Verdict::TooManyRequests { retry_after }, Effect::PauseUntil(at(30))),
        (Verdict::TokenRefused, Effect::Stop(StopReason::TokenRefused)),
        (Verdict::Forbidden, Effect::Stop(StopReason::Forbidden)),
        (Verdict::NoSuchEndpoint, Effect::Stop(StopReason::NoSuchEndpoint)),
    ];
    for (verdict, effect) in cases {
        let mut outbox = outbox([entry(product(1), 1)]);
        let batch = pick(&mut outbox).unwrap();
        let settled = settle(&mut outbox, &batch, &answer(verdict, 429));
        assert_eq!((settled.effect, settled.entries.len()), (effect, 0));
        assert_eq!(record(&settled, &product(1)).attempts, 0);
        assert_eq!(outbox.waiting_count(Feed::Products), 1);
    }
}
