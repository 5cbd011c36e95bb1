//! The power fails at every point between picking a batch and recording its answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::world::World;
use crate::catalog::Table;
use crate::catalog::database::Database;
use crate::clock::Clock as _;
use crate::feed::{Feed, FeedKey};
use crate::outbox::{Batch, Verdict};
use crate::pace::{Family, Limits};

/// Where the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// Picked, its items charged to the budgets, nothing sent.
    Picked,
    /// Sent, and the service has done the work.
    Done,
    /// The answer is committed, and not flushed.
    Settled,
    /// The answer is committed and flushed.
    Flushed,
}

const POINTS: [Point; 4] = [Point::Picked, Point::Done, Point::Settled, Point::Flushed];

const LIMITS: Limits = Limits {
    request_interval: Duration::from_millis(500),
    products_per_minute: 20,
    products_per_day: 1_000,
    prices_per_minute: 20,
};

/// What arrived at the service.
#[derive(Default)]
struct Arrived {
    /// Each item with its body, and how often.
    items: BTreeMap<(FeedKey, Option<String>), usize>,
    times: Vec<(jiff::Timestamp, Family, usize)>,
}

impl Arrived {
    fn note(&mut self, world: &World, batch: &Batch, bodies: &[Json]) {
        let now = world.clock.now();
        self.times.push((now, Family::of(batch.feed), bodies.len()));
        for (key, body) in batch.keys.iter().zip(bodies) {
            *self.items.entry((key.clone(), Some(body.to_string()))).or_default() += 1;
        }
        for (family, items_max) in [(Family::Products, 20), (Family::Prices, 20)] {
            let since = now - jiff::SignedDuration::from_secs(60);
            let window = self.times.iter().filter(|(at, of, _)| *of == family && *at > since);
            let sum: usize = window.map(|(.., items)| items).sum();
            assert!(sum <= items_max, "{sum} items of {family:?} in a minute");
        }
    }
}

/// Delivers until nothing is left; the power fails once, at a point of the `nth` request. How many items
/// were in that request, and what arrived. `None`: there were fewer requests.
fn deliver(world: &mut World, nth: usize, point: Point) -> Option<(usize, Arrived)> {
    let (mut arrived, mut requests, mut failed) = (Arrived::default(), 0, None);
    for _ in 0..2_000 {
        while world.prepare() {}
        if !world.send() {
            if world.delivery().is_settled() {
                return failed.map(|items| (items, arrived));
            }
            world.clock.advance(Duration::from_secs(1));
            continue;
        }
        let (batch, bodies) = world.on_the_way.remove(0);
        let fails = requests == nth && failed.is_none();
        requests += 1;
        let (items, was) = (bodies.len(), failed);
        if fails {
            failed = Some(items);
            if point == Point::Picked {
                fail(world);
                continue;
            }
        }
        arrived.note(world, &batch, &bodies);
        world.service.take(&batch, &bodies);
        if fails && point == Point::Done {
            fail(world);
            continue;
        }
        world.settle(&batch, Verdict::Accepted).unwrap();
        if fails && was.is_none() {
            if point == Point::Flushed {
                world.store().flush().unwrap();
            }
            fail(world);
        }
        // As every two hundred milliseconds.
        world.store().flush().unwrap();
    }
    panic!("does not settle down");
}

fn fail(world: &mut World) {
    world.power_fails();
    world.absorb(usize::MAX >> 1);
}

#[test]
fn power_that_fails_between_picking_a_batch_and_recording_its_answer_loses_nothing() {
    for point in POINTS {
        let mut nth = 0;
        loop {
            let mut world = World::new(Database::small_shop());
            world.limit(LIMITS);
            let Some((in_flight, arrived)) = deliver(&mut world, nth, point) else { break };
            let again: usize = arrived.items.values().map(|count| count - 1).sum();
            let may_be = if point == Point::Flushed { 0 } else { in_flight };
            assert!(again <= may_be, "{point:?} of request {nth}: {again} items sent again");
            world.check(&|_, _| false);
            nth += 1;
        }
        println!("{point:?}: the power failed at each of {nth} requests");
        assert!(nth >= 6, "each feed has a request");
    }
}

#[test]
fn power_that_fails_while_changes_and_deletes_are_delivered_loses_nothing() {
    for (point, nth) in POINTS.into_iter().flat_map(|point| (0..4).map(move |nth| (point, nth))) {
        let mut world = World::delivered();
        world.limit(LIMITS);
        for id in [11, 12, 15] {
            let changes = world.database.value(Table::ProductVarchar, id, 501, 0, &json!("Other"));
            world.write(changes);
        }
        let gone = world.database.delete(Table::ProductEntity, crate::catalog::RowKey(13, 0));
        world.write(gone);
        world.absorb(usize::MAX >> 1);
        let Some((in_flight, arrived)) = deliver(&mut world, nth, point) else { continue };
        let again: usize = arrived.items.values().map(|count| count - 1).sum();
        assert!(again <= in_flight, "{point:?} of request {nth}: {again} items sent again");
        world.check(&|_, _| false);
        assert!(world.service.items.keys().any(|key| key.feed == Feed::Products));
    }
}
