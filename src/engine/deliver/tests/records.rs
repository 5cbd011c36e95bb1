//! What is kept about requests and tombstones, and for how long.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::world::World;
use crate::catalog::Table;
use crate::clock::Clock as _;
use crate::engine::deliver::Answered;
use crate::engine::requests::{RequestLog, RequestLogParams, read_requests};
use crate::feed::{Feed, FeedKey};
use crate::ledger::ItemState;
use crate::outbox::{Answer, ItemFault, Verdict};

/// Every request is answered as the service would, and logged.
fn deliver(world: &mut World) {
    while world.prepare() {}
    while world.send() {
        let (batch, bodies) = world.on_the_way.remove(0);
        let refused = world.service.refused(&batch, &bodies);
        let verdict = if refused.is_empty() {
            world.service.take(&batch, &bodies);
            Verdict::Accepted
        } else {
            let fault = ItemFault { code: "name".into(), message: "is bad".into() };
            Verdict::ItemsRefused(refused.into_iter().map(|nth| (nth, fault.clone())).collect())
        };
        let code = if verdict == Verdict::Accepted { 200 } else { 400 };
        let answer =
            Answer { verdict, code, message: String::new(), request_id: format!("r-{}", batch.id) };
        let sent_at = world.clock.now();
        let answered = Answered { batch, sent_at, answer, bodies: Some(bodies) };
        world.delivery().answered(&answered).unwrap();
    }
}

#[test]
fn accepted_requests_of_the_log_give_what_the_ledger_says_was_accepted() {
    let mut world = World::new(crate::catalog::database::Database::small_shop());
    let directory = tempfile::tempdir().unwrap();
    let params = RequestLogParams {
        directory: directory.path().to_owned(),
        file_bytes_max: 20_000,
        files_max: 1000,
        has_bodies: true,
    };
    world.delivery().requests = Some(RequestLog::new(params.clone()));
    deliver(&mut world);
    // One is refused by the service, one changes, one goes.
    for (id, name) in [(15, "a"), (12, "Twelve")] {
        let changes = world.database.value(Table::ProductVarchar, id, 501, 0, &json!(name));
        world.write(changes);
    }
    let gone = world.database.delete(Table::ProductEntity, crate::catalog::RowKey(13, 0));
    world.write(gone);
    world.absorb(usize::MAX >> 1);
    deliver(&mut world);

    let mut logged: BTreeMap<FeedKey, Option<String>> = BTreeMap::new();
    let mut words = Vec::new();
    let odd = read_requests(&params.directory, &mut |line| {
        let feed = Feed::from_name(&line.feed).unwrap();
        for item in line.items {
            words.extend(item.message);
            assert!(item.body.is_some(), "bodies are logged");
            if line.verdict == "accepted" {
                let digest = (line.verb == "replace").then(|| item.digest.unwrap());
                logged.insert(FeedKey::from_parts(feed, item.key).unwrap(), digest);
            }
        }
        Ok(())
    });
    // In both store views.
    assert_eq!((odd.unwrap(), words), (0, vec!["name: is bad".to_owned(); 2]));
    let mut ledger = BTreeMap::new();
    for feed in Feed::ALL {
        for (key, record) in world.store().ledger_page(feed, None, usize::MAX).unwrap() {
            let digest = record.accepted.map(|digest| digest.to_string());
            if digest.is_some() || record.state == ItemState::Deleted {
                ledger.insert(key, digest);
            }
        }
    }
    assert!(ledger.values().any(Option::is_none), "something was deleted");
    assert_eq!(logged, ledger);
}

#[test]
fn tombstones_are_forgotten_in_the_night_after_a_week() {
    let mut world = World::delivered();
    // The first night is noted at the start: 12:00 on a 15th.
    tidy(&mut world);
    let gone = world.database.delete(Table::ProductEntity, crate::catalog::RowKey(13, 0));
    world.write(gone);
    world.settle_down();
    let tombstones = |world: &World| {
        let page = world.store().ledger_page(Feed::Products, None, usize::MAX).unwrap();
        page.into_iter().filter(|(_, record)| record.state == ItemState::Deleted).count()
    };
    let before = tombstones(&world);
    assert!(before > 0);
    for _ in 0..7 {
        world.clock.advance(Duration::from_hours(23));
        tidy(&mut world);
        assert_eq!(tombstones(&world), before, "{}", world.clock.now());
    }
    // Noon of the day after it: the night in between was slept through.
    world.clock.advance(Duration::from_hours(7 + 24));
    tidy(&mut world);
    assert_eq!(tombstones(&world), 0, "{}", world.clock.now());
    world.check(&|_, _| false);
}

/// What the loop does between other work.
fn tidy(world: &mut World) {
    let now = world.clock.now();
    let delivery = world.delivery();
    let zone = delivery.params.zone.clone();
    for _ in 0..100 {
        let store = std::sync::Arc::clone(&delivery.store);
        if !delivery.nightly.step(&store, &delivery.outbox, &zone, now).unwrap() {
            return;
        }
    }
    panic!("it does not end");
}
