//! A service that shuts us out, or is out of order, while the process goes on.

use std::time::Duration;

use super::world::World;
use crate::catalog::database::Database;
use crate::clock::Clock as _;
use crate::engine::EngineError;
use crate::outbox::Verdict;

fn world() -> World {
    let mut world = World::new(Database::small_shop());
    world.delivery().goes_on = true;
    while world.prepare() {}
    world
}

#[test]
fn delivery_is_down_until_the_service_lets_us_in_again() {
    for verdict in [Verdict::TokenRefused, Verdict::Forbidden, Verdict::NoSuchEndpoint] {
        let mut world = world();
        while world.send() {}
        for (batch, _) in std::mem::take(&mut world.on_the_way) {
            world.settle(&batch, verdict.clone()).unwrap();
        }
        let began = world.clock.now();
        let trouble = world.gauges.delivery_trouble().expect("it is down");
        assert_eq!(trouble.since, began);
        assert!(!trouble.hint.is_empty() && trouble.next_try > began, "{trouble:?}");
        assert!(!world.send(), "nothing before the next try");
        // An hour later: one item asked at each try.
        let mut tries = 0;
        while world.clock.now() < began + jiff::SignedDuration::from_hours(1) {
            world.clock.advance(Duration::from_secs(1));
            if world.send() {
                let (batch, _) = world.on_the_way.remove(0);
                assert_eq!(batch.keys.len(), 1, "{batch:?}");
                tries += 1;
                world.settle(&batch, verdict.clone()).unwrap();
            }
        }
        assert!((12..=25).contains(&tries), "{tries} tries in an hour");
        assert_eq!(world.gauges.delivery_trouble().unwrap().since, began);
        world.settle_down();
        assert_eq!(world.gauges.delivery_trouble(), None);
        world.check(&|_, _| false);
    }
}

#[test]
fn run_that_ends_by_itself_ends_with_the_refusal() {
    let mut world = World::new(Database::small_shop());
    while world.prepare() {}
    assert!(world.send());
    let (batch, _) = world.on_the_way.remove(0);
    let ended = world.settle(&batch, Verdict::Forbidden);
    assert!(matches!(ended, Err(EngineError::Stopped(_))), "{ended:?}");
}

#[test]
fn outage_is_shown_while_it_lasts() {
    let mut world = world();
    for _ in 0..3 {
        while world.on_the_way.is_empty() {
            if !world.send() {
                world.clock.advance(Duration::from_secs(1));
            }
        }
        let (batch, _) = world.on_the_way.remove(0);
        world.settle(&batch, Verdict::Unavailable).unwrap();
    }
    assert!(world.gauges.delivery_trouble().unwrap().reason.contains("unavailable"));
    world.settle_down();
    assert_eq!(world.gauges.delivery_trouble(), None);
    world.check(&|_, _| false);
}
