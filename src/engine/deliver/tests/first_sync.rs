//! How long a first sync takes under the licence's limits, and how soon a live change goes during a
//! mass load: the outbox and the budgets with requests in flight, on a clock that jumps from event to
//! event, as the loop does.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::engine::deliver::bodies::spending;
use crate::feed::{Digest, Feed, FeedKey, Identity};
use crate::ledger::Cause;
use crate::outbox::{Answer, Batch, Intent, Lane, Outbox, OutboxEntry, Verdict};
use crate::pace::{Limits, Pace, PaceState, Room};

/// The licence's, as the configuration has them by default.
const LIMITS: Limits = Limits {
    request_interval: Duration::from_millis(500),
    products_per_minute: 1_000,
    products_per_day: 100_000,
    prices_per_minute: 50_000,
};

/// Requests in flight at once, as the configuration has it by default.
const IN_FLIGHT_MAX: usize = crate::config::REQUESTS_IN_FLIGHT;

/// A live change that was saved while a mass load went on leaves for the service within this time, as
/// `docs/delivery.md` promises: a tenth of the minute's budget, and one request's interval.
const LIVE_WITHIN: SignedDuration = SignedDuration::from_millis(6_600);

struct Line {
    now: Timestamp,
    outbox: Outbox,
    pace: Pace,
    answer_after: SignedDuration,
    on_the_way: Vec<(Timestamp, Batch)>,
    /// When each key left.
    left: BTreeMap<FeedKey, Timestamp>,
    sent: usize,
}

fn start() -> Timestamp {
    "2024-06-15T00:00:00Z".parse().unwrap()
}

impl Line {
    fn new(answer_after_ms: i64) -> Self {
        Self {
            now: start(),
            outbox: Outbox::default(),
            pace: Pace::new(LIMITS, PaceState::default(), start()),
            answer_after: SignedDuration::from_millis(answer_after_ms),
            on_the_way: Vec::new(),
            left: BTreeMap::new(),
            sent: 0,
        }
    }

    fn put(&mut self, key: FeedKey, owner: u32, lane: Lane) {
        self.outbox.put(OutboxEntry {
            key,
            owner,
            intent: Intent::Replace(Digest([1; 20])),
            lane,
            is_first: lane == Lane::Mass,
            sequence: self.outbox.next_sequence(),
            attempts: 0,
            not_before: None,
            suspect_group: 0,
            cause: Cause::default(),
        });
    }

    /// Sends what may go now, then moves the clock to what happens next, `until` at the latest.
    fn step(&mut self, until: Timestamp) {
        while self.on_the_way.len() < IN_FLIGHT_MAX {
            let mut rooms = BTreeMap::new();
            for (feed, lane) in
                Feed::ALL.into_iter().flat_map(|feed| Lane::ALL.map(|lane| (feed, lane)))
            {
                let items = match self.pace.room(feed, spending(lane), self.now) {
                    Room::Items(items) => items,
                    Room::Until(_) => 0,
                };
                rooms.insert((feed, lane), items);
            }
            let room = |feed, lane| rooms[&(feed, lane)];
            let Some(batch) = self.outbox.pick(self.now, &room) else { break };
            self.pace.take(batch.feed, batch.keys.len(), self.now);
            self.left.extend(batch.keys.iter().map(|key| (key.clone(), self.now)));
            self.sent += 1;
            self.on_the_way.push((self.now + self.answer_after, batch));
        }
        let mut next = self.on_the_way.iter().map(|(at, _)| *at).fold(until, Timestamp::min);
        for feed in Feed::ALL {
            for lane in Lane::ALL {
                if self.outbox.waiting_count(feed) > 0
                    && let Room::Until(until) = self.pace.room(feed, spending(lane), self.now)
                {
                    next = next.min(until + SignedDuration::from_millis(1));
                }
            }
        }
        self.now = next;
        let (answered, waiting) =
            std::mem::take(&mut self.on_the_way).into_iter().partition(|(at, _)| *at <= self.now);
        self.on_the_way = waiting;
        for (_, batch) in answered {
            let answer = Answer {
                verdict: Verdict::Accepted,
                code: 200,
                message: String::new(),
                request_id: String::new(),
            };
            self.outbox.settle(&batch, &answer, &BTreeMap::new(), self.now, 500);
        }
    }

    fn run(&mut self) {
        while !self.outbox.is_empty() {
            self.step(Timestamp::MAX);
        }
    }

    /// From the start to the last request's departure.
    fn took(&self) -> SignedDuration {
        self.left.values().max().unwrap().duration_since(start())
    }
}

fn product(n: u32, store: &str) -> FeedKey {
    FeedKey::new(Identity::Product { sku: format!("sku-{n}"), store: store.into() })
}

/// Holds a duration to what so many items take at the budget's rate, and one per cent. Never less than
/// that without the first minute, whose items may all go at once.
fn assert_within_a_percent(line: &Line, items: u32, per_minute: u32, what: &str) {
    let at_rate = SignedDuration::from_millis(i64::from(items) * 60_000 / i64::from(per_minute));
    let took = line.took();
    println!("{what}: {took:#}, at the budget's rate {at_rate:#}, {} requests", line.sent);
    assert!(
        took >= at_rate - SignedDuration::from_mins(1),
        "{what}: a budget was exceeded: {took:#}"
    );
    assert!(took.as_millis() * 100 <= at_rate.as_millis() * 101, "{what}: {took:#}");
}

#[test]
fn first_sync_of_40000_products_takes_no_longer_than_the_budget_allows() {
    for answer_after_ms in [50, 500, 3_000] {
        let mut line = Line::new(answer_after_ms);
        for n in 0..10_000 {
            for store in ["de", "en", "fr", "it"] {
                line.put(product(n, store), n, Lane::Mass);
            }
        }
        line.run();
        let what = format!("40,000 products, answers after {answer_after_ms} ms");
        assert_within_a_percent(&line, 40_000, LIMITS.products_per_minute, &what);
    }
}

#[test]
fn first_sync_of_120000_prices_takes_no_longer_than_the_budget_allows() {
    for answer_after_ms in [50, 500, 3_000] {
        let mut line = Line::new(answer_after_ms);
        for n in 0..10_000 {
            for book in 0..12 {
                let price_book = format!("base::{book}");
                let key = Identity::Price { sku: format!("sku-{n}"), price_book };
                line.put(FeedKey::new(key), n, Lane::Mass);
            }
        }
        line.run();
        let what = format!("120,000 prices, answers after {answer_after_ms} ms");
        assert_within_a_percent(&line, 120_000, LIMITS.prices_per_minute, &what);
    }
}

#[test]
fn live_changes_during_a_mass_load_leave_within_the_promised_time() {
    for answer_after_ms in [50, 500, 3_000] {
        let mut line = Line::new(answer_after_ms);
        for n in 0..20_000 {
            line.put(product(n, "de"), n, Lane::Mass);
        }
        let mut saved = Vec::new();
        for n in 0..300_u32 {
            let saved_at = line.now;
            let key = product(100_000 + n, "de");
            line.put(key.clone(), 100_000 + n, Lane::Live);
            saved.push((key, saved_at));
            // The saves come at odd moments of the minute.
            let until = line.now + SignedDuration::from_millis(2_000 + i64::from(n % 7) * 431);
            while line.now < until {
                line.step(until);
            }
        }
        line.run();
        let waits = saved.iter().map(|(key, at)| line.left[key].duration_since(*at));
        let longest = waits.max().unwrap();
        println!("answers after {answer_after_ms} ms: a live change left within {longest:#}");
        assert!(longest <= LIVE_WITHIN, "{longest:#}");
    }
}
