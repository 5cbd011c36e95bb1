//! The shop, the service and what lies between, with a clock that may be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::budgets::Seen;
use super::invariants::{check_order, is_below};
use crate::diff::{Decision, diff};
use crate::engine::deliver::bodies::spending;
use crate::feed::{Digest, Feed, FeedKey, Identity};
use crate::ledger::{Cause, ItemState, LedgerRecord};
use crate::outbox::{Answer, Batch, Effect, Intent, ItemFault, Lane, Outbox, OutboxEntry, Verdict};
use crate::pace::{Family, Limits, Pace, PaceState, Room};

/// How many keys there are.
pub(super) const KEYS: usize = 19;

const BOOKS: [&str; 3] = ["base", "base::g", "other"];
const SLUGS: [&str; 3] = ["top", "top/sub", "top/sub/leaf"];

/// The keys of a small shop with two store views.
pub(super) fn key(n: usize) -> FeedKey {
    let store = ["de", "en"][n % 2].to_owned();
    let sku = format!("sku-{}", n % 2);
    FeedKey::new(match n {
        0 | 1 => Identity::Attribute { code: "color".into(), store },
        2 => Identity::CategoryAttribute { code: "badge".into(), store },
        3..=5 => Identity::Category { slug: SLUGS[n - 3].into(), store: "de".into() },
        6 => Identity::Category { slug: "top".into(), store: "en".into() },
        7..=10 => Identity::Product { sku: format!("sku-{}", (n - 7) / 2), store },
        11..=13 => Identity::PriceBook { id: BOOKS[n - 11].into() },
        _ => Identity::Price { sku, price_book: BOOKS[(n - 14) / 2].into() },
    })
}

fn owner(n: usize) -> u32 {
    let id = match n {
        7..=10 => (n - 7) / 2,
        14.. => n % 2,
        _ => n,
    };
    u32::try_from(id).unwrap()
}

/// What was sent and not answered yet.
pub(super) type OnTheWay = (Batch, Vec<Intent>);

pub(super) struct World {
    /// True time.
    time: Timestamp,
    /// How far the program's clock is behind it.
    behind: SignedDuration,
    limits: Limits,
    pub(super) shop: BTreeMap<FeedKey, Digest>,
    pub(super) service: BTreeMap<FeedKey, Digest>,
    owners: BTreeMap<FeedKey, u32>,
    pub(super) outbox: Outbox,
    pub(super) stored: BTreeMap<FeedKey, OutboxEntry>,
    pub(super) ledger: BTreeMap<FeedKey, LedgerRecord>,
    pub(super) dirty: BTreeMap<FeedKey, Lane>,
    pub(super) on_the_way: Vec<OnTheWay>,
    /// Keys that changed since they were parked, or were asked for.
    changed: BTreeSet<FeedKey>,
    /// Every digest that the service said it took, by key.
    pub(super) taken: BTreeSet<(FeedKey, Digest)>,
    pace: Pace,
    stored_pace: PaceState,
    seen: Seen,
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        Self {
            time,
            behind: SignedDuration::ZERO,
            shop: BTreeMap::new(),
            service: BTreeMap::new(),
            owners: (0..KEYS).map(|n| (key(n), owner(n))).collect(),
            outbox: Outbox::default(),
            stored: BTreeMap::new(),
            ledger: BTreeMap::new(),
            dirty: BTreeMap::new(),
            on_the_way: Vec::new(),
            changed: BTreeSet::new(),
            taken: BTreeSet::new(),
            pace: Pace::new(limits.clone(), PaceState::default(), time),
            stored_pace: PaceState::default(),
            seen: Seen::new(limits.clone()),
            limits,
        }
    }

    /// The program's clock.
    fn now(&self) -> Timestamp {
        self.time - self.behind
    }

    /// An item changes or goes. A shop is in order: what goes takes what is below with it, and what
    /// comes brings what is above.
    pub(super) fn change(&mut self, n: usize, digest: Option<u8>, lane: Lane) {
        let changed = key(n);
        for key in (0..KEYS).map(key) {
            let digest = if key == changed {
                digest
            } else if digest.is_none() && is_below(&key, &changed) {
                None
            } else if digest.is_some() && is_below(&changed, &key) && !self.shop.contains_key(&key)
            {
                Some(0)
            } else {
                continue;
            };
            match digest {
                Some(digest) => self.shop.insert(key.clone(), Digest([digest; 20])),
                None => self.shop.remove(&key),
            };
            self.changed.insert(key.clone());
            self.dirty.insert(key, lane);
        }
    }

    /// A refusal is forgotten, and the item looked at again.
    pub(super) fn ask(&mut self, n: usize) {
        let key = key(n);
        let Some(record) = self.ledger.get_mut(&key) else { return };
        if record.state == ItemState::Parked {
            record.refused = None;
            record.code = 0;
            self.changed.insert(key.clone());
            self.dirty.insert(key, Lane::Live);
        }
    }

    /// What the deliver loop does with dirty keys.
    pub(super) fn compare(&mut self) {
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
                Decision::Send(intent) => self.put(&key, intent, lane),
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

    fn put(&mut self, key: &FeedKey, intent: Intent, lane: Lane) {
        let (record, owner, now) = (self.ledger.get(key), self.owners[key], self.now());
        let is_unsure = record.is_some_and(|record| record.attempts > 0)
            || self.outbox.get(key).is_some_and(|entry| entry.attempts > 0);
        self.outbox.put(OutboxEntry {
            key: key.clone(),
            owner,
            intent,
            lane,
            is_first: is_unsure || record.is_none_or(|record| record.accepted.is_none()),
            sequence: self.outbox.next_sequence(),
            attempts: 0,
            not_before: None,
            suspect_group: 0,
            cause: Cause::default(),
        });
        let entry = self.outbox.get(key).unwrap().clone();
        self.stored.insert(key.clone(), entry);
        let first = LedgerRecord::first(owner, Cause::default(), now);
        self.ledger.entry(key.clone()).or_insert(first);
    }

    /// Whether anything was sent.
    pub(super) fn send(&mut self) -> bool {
        let now = self.now();
        let mut rooms = BTreeMap::new();
        for (feed, lane) in
            Feed::ALL.into_iter().flat_map(|feed| Lane::ALL.map(|lane| (feed, lane)))
        {
            let items = match self.pace.room(feed, spending(lane), now) {
                Room::Items(items) => items,
                Room::Until(_) => 0,
            };
            rooms.insert((feed, lane), items);
        }
        let room = |feed, lane| rooms[&(feed, lane)];
        let Some(batch) = self.outbox.pick(now, &room) else { return false };
        let intents = batch.keys.iter().map(|key| self.intent_to_send(&batch, key)).collect();
        self.pace.take(batch.feed, batch.keys.len(), now);
        self.stored_pace = self.pace.state().clone();
        let is_right = self.behind.is_zero();
        self.seen.left(self.time, is_right, Family::of(batch.feed), batch.keys.len());
        self.on_the_way.push((batch, intents));
        true
    }

    fn intent_to_send(&self, batch: &Batch, key: &FeedKey) -> Intent {
        let is_on_the_way = self.on_the_way.iter().any(|(other, _)| other.keys.contains(key));
        assert!(!is_on_the_way, "two in flight for {key:?} (O1)");
        let entry = self.outbox.get(key).unwrap();
        assert_eq!((entry.intent.verb(), key.feed), (batch.verb, batch.feed));
        let parked = self.ledger.get(key).filter(|record| record.state == ItemState::Parked);
        if let Some(record) = parked {
            assert!(
                self.changed.contains(key)
                    && (record.refused.is_none() || record.refused != entry.intent.digest()),
                "parked is resent unchanged: {key:?} (L2)"
            );
        }
        check_order(self, entry);
        entry.intent
    }

    /// The service takes the batch, and what it deletes takes what is below with it.
    fn take(&mut self, batch: &Batch, intents: &[Intent]) {
        for (key, intent) in batch.keys.iter().zip(intents) {
            if let Some(digest) = intent.digest() {
                self.service.insert(key.clone(), digest);
            } else {
                self.service.remove(key);
                self.service.retain(|held, _| !is_below(held, key));
            }
        }
    }

    pub(super) fn answer(&mut self, nth: usize, kind: u8, item: usize, took: bool) {
        if self.on_the_way.is_empty() {
            return;
        }
        let (batch, intents) = self.on_the_way.remove(nth % self.on_the_way.len());
        let fault = ItemFault { code: "name".into(), message: "bad".into() };
        let verdict = match kind {
            0 => Verdict::ItemsRefused(vec![(item, fault)]),
            1 => Verdict::BatchRefused,
            2 => Verdict::TooLarge,
            3 => Verdict::TooManyRequests { retry_after: Duration::from_secs(20) },
            4 => Verdict::Forbidden,
            5 | 6 => Verdict::Unavailable,
            _ => Verdict::Accepted,
        };
        if verdict == Verdict::Accepted || (verdict == Verdict::Unavailable && took) {
            self.take(&batch, &intents);
        }
        self.settle(&batch, &intents, verdict);
    }

    fn settle(&mut self, batch: &Batch, intents: &[Intent], verdict: Verdict) {
        let now = self.now();
        let answer = Answer { verdict, code: 1, message: String::new(), request_id: String::new() };
        let settled = self.outbox.settle(batch, &answer, &self.ledger, now, 500);
        assert_eq!(settled.ledger.len(), batch.keys.len());
        for ((key, record), intent) in settled.ledger.into_iter().zip(intents) {
            if answer.verdict == Verdict::Accepted {
                assert_eq!(record.accepted, intent.digest());
                self.taken.extend(intent.digest().map(|digest| (key.clone(), digest)));
            }
            if record.state == ItemState::Parked && !self.dirty.contains_key(&key) {
                self.changed.remove(&key);
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
        if let Effect::PauseUntil(until) = settled.effect {
            self.pace.close_until(until);
            self.stored_pace = self.pace.state().clone();
            self.seen.close(self.time + SignedDuration::from_secs(20));
        }
    }

    /// What is on its way when the process dies arrives or not.
    pub(super) fn restart(&mut self) {
        for (nth, (batch, intents)) in std::mem::take(&mut self.on_the_way).into_iter().enumerate()
        {
            if nth % 2 == 0 {
                self.take(&batch, &intents);
            }
        }
        self.outbox = Outbox::from_entries(self.stored.values().cloned());
        self.pace = Pace::new(self.limits.clone(), self.stored_pace.clone(), self.now());
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.time += SignedDuration::from_secs(seconds);
    }

    pub(super) fn set_clock_back(&mut self, seconds: i64) {
        self.behind += SignedDuration::from_secs(seconds);
    }

    /// From now on the service accepts everything.
    pub(super) fn settle_down(&mut self) {
        let mut idle = 0;
        for _ in 0..3_000 {
            self.compare();
            let sent = self.send();
            idle = if sent { 0 } else { idle + 1 };
            self.answer(0, 11, 0, true);
            if !sent && self.on_the_way.is_empty() {
                if self.outbox.is_empty() && self.dirty.is_empty() {
                    return;
                }
                self.wait(400 * idle);
            }
        }
        panic!("does not settle down: {:?}", self.outbox);
    }
}
