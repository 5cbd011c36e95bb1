//! Diff, outbox and settle together, driven at random against a shop and a service that are two
//! plain maps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Decision, diff};
use crate::feed::{Digest, FeedKey, Identity};
use crate::ledger::{Cause, ItemState, LedgerRecord};
use crate::outbox::{Answer, Batch, Intent, ItemFault, Lane, Outbox, OutboxEntry, Verdict};

#[derive(Debug, Clone)]
enum Step {
    /// The shop's item changes, or goes.
    Change {
        key: u8,
        digest: Option<u8>,
        lane: Lane,
    },
    /// A batch is picked and leaves.
    Send {
        room: usize,
    },
    /// The oldest batch on its way is answered.
    Answer {
        kind: u8,
        item: usize,
        took: bool,
    },
    Wait {
        seconds: i64,
    },
    /// The process dies and starts again from what was committed.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop_oneof![Just(Lane::Live), Just(Lane::Mass)];
    let step = prop_oneof![
        5 => (0..12_u8, proptest::option::of(0..3_u8), lane)
            .prop_map(|(key, digest, lane)| Step::Change { key, digest, lane }),
        4 => (1..6_usize).prop_map(|room| Step::Send { room }),
        4 => (0..10_u8, 0..8_usize, any::<bool>())
            .prop_map(|(kind, item, took)| Step::Answer { kind, item, took }),
        1 => (1..400_i64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 0..120)
}

fn key(n: u8) -> FeedKey {
    let sku = format!("sku-{}", n % 3);
    FeedKey::new(match n / 3 {
        0 => Identity::Attribute { code: sku, store: "en".into() },
        1 => Identity::Product { sku, store: "en".into() },
        2 => Identity::PriceBook { id: ["base", "base::g", "other"][usize::from(n % 3)].into() },
        _ => Identity::Price { sku, price_book: "base::g".into() },
    })
}

struct World {
    now: Timestamp,
    shop: BTreeMap<FeedKey, Digest>,
    service: BTreeMap<FeedKey, Digest>,
    owners: BTreeMap<FeedKey, u32>,
    outbox: Outbox,
    stored: BTreeMap<FeedKey, OutboxEntry>,
    ledger: BTreeMap<FeedKey, LedgerRecord>,
    dirty: BTreeMap<FeedKey, Lane>,
    on_the_way: Vec<(Batch, Vec<Intent>)>,
    /// Keys that changed since they were parked.
    changed: BTreeSet<FeedKey>,
}

impl World {
    fn new() -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            shop: BTreeMap::new(),
            service: BTreeMap::new(),
            owners: (0..12).map(|n| (key(n), u32::from(n % 3))).collect(),
            outbox: Outbox::default(),
            stored: BTreeMap::new(),
            ledger: BTreeMap::new(),
            dirty: BTreeMap::new(),
            on_the_way: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    fn change(&mut self, key: FeedKey, digest: Option<u8>, lane: Lane) {
        match digest {
            Some(digest) => self.shop.insert(key.clone(), Digest([digest; 20])),
            None => self.shop.remove(&key),
        };
        self.changed.insert(key.clone());
        self.dirty.insert(key, lane);
    }

    /// What the deliver loop does with dirty keys.
    fn compare(&mut self) {
        let idle: Vec<(FeedKey, Lane)> = self
            .dirty
            .iter()
            .filter(|(key, _)| !self.outbox.is_in_flight(key))
            .map(|(key, lane)| (key.clone(), *lane))
            .collect();
        for (key, lane) in idle {
            self.dirty.remove(&key);
            let record = self.ledger.get(&key);
            match diff(self.shop.get(&key).copied(), record, self.outbox.get(&key)) {
                Decision::Send(intent) => {
                    let owner = self.owners[&key];
                    self.outbox.put(OutboxEntry {
                        owner,
                        intent,
                        lane,
                        is_first: record.is_none_or(|record| record.accepted.is_none()),
                        sequence: self.outbox.next_sequence(),
                        attempts: 0,
                        not_before: None,
                        suspect_group: 0,
                        cause: Cause::default(),
                        key: key.clone(),
                    });
                    let entry = self.outbox.get(&key).unwrap().clone();
                    self.stored.insert(key.clone(), entry);
                    let first = LedgerRecord::first(owner, Cause::default(), self.now);
                    self.ledger.entry(key).or_insert(first);
                }
                Decision::Nothing => {}
                Decision::Settled => {
                    self.outbox.cancel(&key);
                    self.stored.remove(&key);
                }
                Decision::Forget => {
                    self.outbox.cancel(&key);
                    self.stored.remove(&key);
                    self.ledger.remove(&key);
                }
            }
        }
    }

    fn send(&mut self, room: usize) -> bool {
        let Some(batch) = self.outbox.pick(self.now, &|_| room) else { return false };
        let mut intents = Vec::new();
        for key in &batch.keys {
            assert!(
                self.on_the_way.iter().all(|(other, _)| !other.keys.contains(key)),
                "two in flight for {key:?}"
            );
            let entry = self.outbox.get(key).unwrap();
            assert_eq!((entry.intent.verb(), key.feed), (batch.verb, batch.feed));
            let parked = self.ledger.get(key).filter(|record| record.state == ItemState::Parked);
            if let Some(record) = parked {
                assert!(
                    self.changed.contains(key) && record.refused != entry.intent.digest(),
                    "parked is resent unchanged: {key:?}"
                );
            }
            intents.push(entry.intent);
        }
        self.on_the_way.push((batch, intents));
        true
    }

    /// The service takes the batch.
    fn take(&mut self, batch: &Batch, intents: &[Intent]) {
        for (key, intent) in batch.keys.iter().zip(intents) {
            match intent.digest() {
                Some(digest) => self.service.insert(key.clone(), digest),
                None => self.service.remove(key),
            };
        }
    }

    fn answer(&mut self, kind: u8, item: usize, took: bool) {
        if self.on_the_way.is_empty() {
            return;
        }
        let (batch, intents) = self.on_the_way.remove(0);
        let fault = ItemFault { code: "name".into(), message: "bad".into() };
        let verdict = match kind {
            0 => Verdict::ItemsRefused(vec![(item, fault)]),
            1 => Verdict::BatchRefused,
            2 => Verdict::TooLarge,
            3 => Verdict::TooManyRequests { retry_after: Duration::from_secs(1) },
            4 => Verdict::Forbidden,
            5 | 6 => Verdict::Unavailable,
            _ => Verdict::Accepted,
        };
        if verdict == Verdict::Accepted || (verdict == Verdict::Unavailable && took) {
            self.take(&batch, &intents);
        }
        let answer = Answer { verdict, code: 1, message: String::new(), request_id: String::new() };
        let before = self.ledger.clone();
        let settled = self.outbox.settle(&batch, &answer, &self.ledger, self.now, 500);
        assert_eq!(settled.ledger.len(), batch.keys.len());
        for ((key, record), intent) in settled.ledger.into_iter().zip(intents) {
            let accepted = before.get(&key).and_then(|record| record.accepted);
            if answer.verdict == Verdict::Accepted {
                assert_eq!(record.accepted, intent.digest());
            } else {
                assert_eq!(record.accepted, accepted, "accepted only by an acceptance");
            }
            if record.state == ItemState::Parked {
                self.changed.remove(&key);
                if self.dirty.contains_key(&key) {
                    self.changed.insert(key.clone());
                }
            }
            assert!(!self.outbox.is_in_flight(&key));
            self.ledger.insert(key, record);
        }
        for (key, entry) in settled.entries {
            match entry {
                Some(entry) => self.stored.insert(key, entry),
                None => self.stored.remove(&key),
            };
        }
    }

    /// What is on its way when the process dies arrives or not.
    fn restart(&mut self) {
        for (nth, (batch, intents)) in std::mem::take(&mut self.on_the_way).into_iter().enumerate()
        {
            if nth % 2 == 0 {
                self.take(&batch, &intents);
            }
        }
        self.outbox = Outbox::from_entries(self.stored.values().cloned());
    }

    fn wait(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
    }

    /// From now on the service accepts everything.
    fn settle_down(&mut self) {
        for _ in 0..1_000 {
            self.compare();
            let sent = self.send(500);
            self.answer(9, 0, true);
            if !sent && self.on_the_way.is_empty() {
                if self.outbox.is_empty() && self.dirty.is_empty() {
                    return;
                }
                self.wait(400);
            }
        }
        panic!("does not settle down: {:?}", self.outbox);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_service_ends_with_what_the_shop_has(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Change { key: n, digest, lane } => world.change(key(n), digest, lane),
                Step::Send { room } => drop(world.send(room)),
                Step::Answer { kind, item, took } => world.answer(kind, item, took),
                Step::Wait { seconds } => world.wait(seconds),
                Step::Restart => world.restart(),
            }
            world.compare();
        }
        world.settle_down();
        for n in 0..12 {
            let key = key(n);
            let parked = world.ledger.get(&key).is_some_and(|record| record.state == ItemState::Parked);
            if !parked {
                prop_assert_eq!(world.service.get(&key), world.shop.get(&key), "{:?}", key);
            }
        }
    }
}
