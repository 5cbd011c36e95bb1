//! Tests of finding the bad item that a refusal does not name.

use super::*;

/// As `docs/delivery.md` promises; 2·log2(100) would be 13.
const EXTRA_REQUESTS_MAX: usize = 9;

fn full_batch() -> Outbox {
    outbox((0..100).map(|n| entry(product(n), u64::from(n))))
}

fn suspect(n: u32, group: u32) -> OutboxEntry {
    OutboxEntry { suspect_group: group, ..entry(product(n), 100 + u64::from(n)) }
}

#[test]
fn a_bad_item_that_is_not_named_is_found_by_halving() {
    let mut extra_max = 0;
    for bad in 0..100 {
        for verdict in [Verdict::BatchRefused, Verdict::ItemsRefused(vec![fault(500, "", "")])] {
            let mut outbox = full_batch();
            let sent = drain(&mut outbox, |batch| {
                if batch.keys.contains(&product(bad)) { verdict.clone() } else { Verdict::Accepted }
            });
            assert!(outbox.is_empty());
            extra_max = extra_max.max(sent.len() - 1);
            let alone = sent.iter().filter(|batch| batch.keys == [product(bad)]).count();
            assert_eq!(alone, 1);
        }
    }
    println!("at most {extra_max} extra requests");
    assert!(extra_max <= EXTRA_REQUESTS_MAX, "{extra_max} extra requests");
}

#[test]
fn several_bad_items_are_all_found() {
    for (one, other) in [(0, 1), (0, 99), (49, 50), (98, 99), (13, 77)] {
        let bad = [product(one), product(other)];
        let mut outbox = full_batch();
        let mut accepted = 0;
        let sent = drain(&mut outbox, |batch| {
            let is_bad = batch.keys.iter().any(|key| bad.contains(key));
            if is_bad { Verdict::BatchRefused } else { Verdict::Accepted }
        });
        for batch in &sent {
            if !batch.keys.iter().any(|key| bad.contains(key)) {
                accepted += batch.keys.len();
            }
        }
        assert_eq!((accepted, outbox.is_empty()), (98, true), "{bad:?}");
        assert!(sent.len() <= 1 + 3 * EXTRA_REQUESTS_MAX, "{bad:?}: {} requests", sent.len());
    }
}

#[test]
fn a_bad_item_in_each_batch_costs_one_request_more_per_batch_when_it_is_named() {
    let is_bad = |key: &FeedKey| (0..10).any(|n| *key == product(100 * n + 42));
    let mut outbox = outbox((0..1_000).map(|n| entry(product(n), u64::from(n))));
    let sent = drain(&mut outbox, |batch| {
        let named: Vec<_> = (0..batch.keys.len())
            .filter(|nth| is_bad(&batch.keys[*nth]))
            .map(|nth| fault(nth, "sku", "is bad"))
            .collect();
        if named.is_empty() { Verdict::Accepted } else { Verdict::ItemsRefused(named) }
    });
    println!("{} requests for 10 batches", sent.len());
    assert!(outbox.is_empty());
    assert!(sent.len() <= 20, "{} requests", sent.len());
}

#[test]
fn a_batch_that_is_too_large_goes_in_halves() {
    let mut outbox = full_batch();
    let sent = drain(&mut outbox, |batch| {
        if batch.keys.len() > 30 { Verdict::TooLarge } else { Verdict::Accepted }
    });
    let sizes: Vec<usize> = sent.iter().map(|batch| batch.keys.len()).collect();
    assert_eq!(sizes, [100, 50, 50, 25, 25, 25, 25]);
}

#[test]
fn an_item_that_is_too_large_alone_is_parked() {
    let mut outbox = full_batch();
    let mut parked = Vec::new();
    while let Some(batch) = pick(&mut outbox) {
        let verdict =
            if batch.keys.contains(&product(7)) { Verdict::TooLarge } else { Verdict::Accepted };
        let settled = settle(&mut outbox, &batch, &answer(verdict, 413));
        let is_parked = |(_, record): &&(_, LedgerRecord)| record.state == ItemState::Parked;
        parked.extend(settled.ledger.iter().filter(is_parked).map(|(key, _)| key.clone()));
    }
    assert_eq!((parked, outbox.is_empty()), (vec![product(7)], true));
}

#[test]
fn a_tested_group_goes_alone_and_first_even_after_a_restart() {
    let mut outbox = Outbox::from_entries([
        entry(product(1), 1),
        suspect(2, 8),
        suspect(3, 8),
        suspect(4, 9),
        suspect(5, 9),
    ]);
    assert_eq!(outbox.waiting_count(Feed::Products), 5);
    let group = pick(&mut outbox).unwrap();
    assert_eq!(group.keys, [product(2), product(3)]);
    assert_eq!(pick(&mut outbox).unwrap().keys, [product(1)], "the rest waits for the test");
    let settled = settle(&mut outbox, &group, &answer(Verdict::Accepted, 200));
    let groups: Vec<u32> =
        settled.entries.iter().flat_map(|(_, after)| after).map(|it| it.suspect_group).collect();
    assert_eq!(groups, [12, 13], "the bad one is in the rest");
    assert_eq!(pick(&mut outbox).unwrap().keys, [product(4)]);
    outbox.put(delete(product(5), 200));
    assert_eq!(outbox.get(&product(5)).unwrap().suspect_group, 0);
}

#[test]
fn the_rest_goes_when_what_was_tested_is_no_longer_wanted() {
    let mut outbox = outbox([suspect(2, 8), suspect(4, 9)]);
    outbox.cancel(&product(2));
    assert_eq!(pick(&mut outbox).unwrap().keys, [product(4)]);
}

#[test]
fn an_item_that_the_service_fails_at_does_not_hold_up_the_others() {
    let mut outbox = full_batch();
    let (mut now, mut accepted) = (NOW, Vec::new());
    for _ in 0..40 {
        while let Some(batch) = outbox.pick(now, &|_, _| usize::MAX) {
            let is_bad = batch.keys.contains(&product(33));
            let verdict = if is_bad { Verdict::Unavailable } else { Verdict::Accepted };
            if !is_bad {
                accepted.extend(batch.keys.iter().cloned().map(|key| (key, now)));
            }
            outbox.settle(&batch, &answer(verdict, 500), &BTreeMap::new(), now, 500);
        }
        now = outbox.next_due(now).unwrap();
    }
    assert_eq!(accepted.len(), 99);
    let last = accepted.iter().map(|(_, at)| at).max().unwrap();
    println!("the last of the others went after {last}");
    assert!(*last <= at(120), "{last}");
    assert_eq!(outbox.waiting_count(Feed::Products), 1);
    // It is tried for ever, alone: what comes later goes without it.
    outbox.put(entry(product(200), 500));
    while outbox.get(&product(200)).is_some() {
        while let Some(batch) = outbox.pick(now, &|_, _| 9) {
            assert_eq!(batch.keys.len(), 1, "{batch:?}");
            let is_bad = batch.keys == [product(33)];
            let verdict = if is_bad { Verdict::Unavailable } else { Verdict::Accepted };
            outbox.settle(&batch, &answer(verdict, 500), &BTreeMap::new(), now, 500);
        }
        now = outbox.next_due(now).unwrap();
    }
}

#[test]
fn an_outage_leaves_no_small_batches_behind() {
    let mut outbox = outbox((0..1_000).map(|n| entry(product(n), u64::from(n))));
    let (mut now, mut failed) = (NOW, 0);
    while now < at(3_600) {
        while let Some(batch) = outbox.pick(now, &|_, _| usize::MAX) {
            outbox.settle(&batch, &answer(Verdict::Unavailable, 503), &BTreeMap::new(), now, 500);
            failed += 1;
        }
        now = outbox.next_due(now).unwrap();
    }
    let mut sent = 0;
    while !outbox.is_empty() {
        while let Some(batch) = outbox.pick(now, &|_, _| usize::MAX) {
            outbox.settle(&batch, &answer(Verdict::Accepted, 200), &BTreeMap::new(), now, 500);
            sent += 1;
        }
        now = outbox.next_due(now).unwrap_or(now);
    }
    println!("{failed} requests in an hour's outage, {sent} after it");
    assert!(failed <= 10 + 20, "{failed} requests in an hour's outage");
    assert!(sent <= 12, "{sent} requests for ten batches");
}
