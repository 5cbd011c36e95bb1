//! What a person asks to be sent again.

use serde_json::json;

use super::world::{World, deliver_params};
use crate::catalog::Table;
use crate::clock::Clock as _;
use crate::decode::RowChange;
use crate::engine::preview_resync;
use crate::engine::resync::{IdType, ResyncRequest, request_resync};
use crate::feed::{Feed, FeedKey, Identity};
use crate::ledger::{Ask, ItemState};
use crate::submit;

fn product(sku: &str) -> FeedKey {
    FeedKey::new(Identity::Product { sku: sku.into(), store: "en".into() })
}

pub(super) fn whole(feed: Feed, ask: Ask) -> ResyncRequest {
    ResyncRequest { feed, ids: None, ask, is_continued: false }
}

fn by_ids(feed: Feed, id_type: IdType, ids: &[&str]) -> ResyncRequest {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    ResyncRequest { feed, ids: Some((id_type, ids)), ask: Ask::Force, is_continued: false }
}

fn name(world: &mut World, id: u32, name: &str) -> Vec<RowChange> {
    world.database.value(Table::ProductVarchar, id, 501, 0, &json!(name))
}

/// Keys of a feed that the service was sent since `world` settled last: it held none of them.
fn sent_again(world: &mut World, feed: Feed) -> usize {
    world.service.items.retain(|key, _| key.feed != feed);
    world.settle_down();
    world.service.items.keys().filter(|key| key.feed == feed).count()
}

#[test]
fn a_forced_resync_sends_all_of_a_feed_once_and_no_other_feed() {
    for feed in Feed::ALL {
        let mut world = World::delivered();
        let held = world.service.items.keys().filter(|key| key.feed == feed).count();
        assert!(held > 0, "{feed}");
        request_resync(world.store(), &whole(feed, Ask::Force)).unwrap();
        assert_eq!(sent_again(&mut world, feed), held, "{feed}");
        world.check(&|_, _| false);
        let requests = world.service.requests;
        world.restart();
        world.settle_down();
        assert_eq!(world.service.requests, requests, "{feed}: the force is spent");
    }
}

#[test]
fn a_resync_without_force_sends_only_what_differs() {
    let mut world = World::delivered();
    for feed in Feed::ALL {
        request_resync(world.store(), &whole(feed, Ask::Retry)).unwrap();
    }
    world.settle_down();
    assert_eq!(world.service.requests, 0);
}

#[test]
fn a_parked_item_gets_one_more_try_and_is_parked_again() {
    let mut world = World::delivered();
    let changes = name(&mut world, 12, "a");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s2")), Some(ItemState::Parked));
    for _ in 0..2 {
        let requests = world.service.requests;
        request_resync(world.store(), &whole(Feed::Products, Ask::Retry)).unwrap();
        world.settle_down();
        assert_eq!(world.service.requests, requests + 1);
        assert_eq!(world.state(&product("s2")), Some(ItemState::Parked));
    }
}

#[test]
fn a_forced_item_is_sent_though_it_changed_and_changed_back_meanwhile() {
    let mut world = World::delivered();
    request_resync(world.store(), &by_ids(Feed::Products, IdType::Sku, &["s2"])).unwrap();
    world.prepare();
    for text in ["Other", "Name of s2"] {
        let changes = name(&mut world, 12, text);
        world.write(changes);
        world.absorb(1);
        while world.prepare() {}
    }
    world.service.items.remove(&product("s2"));
    world.settle_down();
    assert!(world.service.items.contains_key(&product("s2")));
}

#[test]
fn a_resync_and_a_change_at_once_lose_neither() {
    let mut world = World::delivered();
    let changes = name(&mut world, 12, "First");
    world.write(changes);
    world.absorb(1);
    world.prepare();
    assert!(world.send());
    request_resync(world.store(), &by_ids(Feed::Products, IdType::ProductId, &["12"])).unwrap();
    assert!(!world.prepare(), "the key is in flight");
    let changes = name(&mut world, 12, "Second");
    world.write(changes);
    world.absorb(1);
    world.answer();
    world.service.items.remove(&product("s2"));
    world.settle_down();
    assert_eq!(world.service.items[&product("s2")]["name"], "Second");
}

#[test]
fn a_resync_survives_a_crash_at_each_step() {
    for steps in 0..4 {
        let mut world = World::delivered();
        let held = world.service.items.keys().filter(|key| key.feed == Feed::Products).count();
        request_resync(world.store(), &whole(Feed::Products, Ask::Force)).unwrap();
        if steps > 0 {
            world.prepare();
        }
        if steps > 1 {
            assert!(world.send());
        }
        if steps > 2 {
            world.on_the_way.clear();
        }
        world.restart();
        assert_eq!(sent_again(&mut world, Feed::Products), held, "after {steps} steps");
    }
}

#[test]
fn a_key_that_is_gone_is_deleted_again_by_force_and_not_without() {
    let mut world = World::delivered();
    let sent = json!({"entity_id": 12, "attribute_set_id": 4, "type_id": "simple",
        "sku": "renamed", "updated_at": "2024-01-01 00:00:00"});
    let changes = world.database.put(Table::ProductEntity, sent);
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s2")), Some(ItemState::Deleted));
    world.service.items.insert(product("s2"), json!("left over"));
    request_resync(world.store(), &whole(Feed::Products, Ask::Retry)).unwrap();
    world.settle_down();
    assert!(world.service.items.contains_key(&product("s2")));
    request_resync(world.store(), &by_ids(Feed::Products, IdType::Sku, &["s2"])).unwrap();
    world.settle_down();
    assert!(!world.service.items.contains_key(&product("s2")));
    world.check(&|_, _| false);
}

#[test]
fn a_cleaned_up_feed_is_sent_whole_and_what_is_gone_is_forgotten() {
    let mut world = World::delivered();
    world.service.items.insert(product("s2"), json!("old"));
    let gone = json!({"entity_id": 12, "attribute_set_id": 4, "type_id": "simple",
        "sku": "renamed", "updated_at": "2024-01-01 00:00:00"});
    let changes = world.database.put(Table::ProductEntity, gone);
    world.write(changes);
    world.settle_down();
    request_resync(world.store(), &whole(Feed::Products, Ask::Forget)).unwrap();
    let before = world.record(&product("renamed")).unwrap();
    assert!(before.accepted.is_some());
    assert!(sent_again(&mut world, Feed::Products) > 0);
    assert_eq!(world.record(&product("s2")), None, "the tombstone is forgotten");
    assert_eq!(world.state(&product("renamed")), Some(ItemState::Accepted));
    world.check(&|_, _| false);
}

#[test]
fn a_preview_shows_the_very_requests_that_go_afterwards_and_stores_nothing() {
    for feed in Feed::ALL {
        for ask in [Ask::Force, Ask::Retry, Ask::Forget] {
            let mut world = World::delivered();
            let gone = json!({"entity_id": 12, "attribute_set_id": 4, "type_id": "simple",
                "sku": "renamed", "updated_at": "2024-01-01 00:00:00"});
            let changes = world.database.put(Table::ProductEntity, gone);
            world.write(changes);
            world.settle_down();
            let request = whole(feed, ask);
            let params = deliver_params(&world.limits);
            let (mut shown, now) = (Vec::new(), world.clock.now());
            preview_resync(world.store(), &params, &request, now, &mut |line| {
                shown.push((line["path"].as_str().unwrap().to_owned(), line["items"].clone()));
                true
            })
            .unwrap();
            assert!(!world.store().has_dirty());
            request_resync(world.store(), &request).unwrap();
            let mut sent = Vec::new();
            for _ in 0..99 {
                while world.prepare() {}
                while world.send() {
                    let (batch, bodies) = world.on_the_way.last().unwrap();
                    sent.push((submit::path(batch.feed, batch.verb), json!(bodies)));
                    world.answer();
                }
            }
            assert_eq!(shown, sent, "{feed} {ask:?}");
            assert_eq!(sent.is_empty(), ask == Ask::Retry, "{feed} {ask:?}");
        }
    }
}

#[test]
fn ids_are_found_for_every_feed_and_an_unknown_one_is_named() {
    let mut world = World::delivered();
    for (feed, id_type, id) in [
        (Feed::Products, IdType::Sku, "s2"),
        (Feed::Products, IdType::ProductId, "12"),
        (Feed::Prices, IdType::Sku, "s2"),
        (Feed::Prices, IdType::ProductId, "12"),
        (Feed::PriceBooks, IdType::PriceBook, "base"),
    ] {
        let request = by_ids(feed, id_type, &[id, "no such", "4000000000"]);
        let asked = request_resync(world.store(), &request).unwrap();
        assert_eq!(asked.owners, 1, "{feed} {id}");
        assert_eq!(asked.unknown, ["no such", "4000000000"], "{feed} {id}");
        assert!(asked.keys > 0, "{feed} {id}");
    }
    world.settle_down();
    assert!(world.service.requests > 0);
}

#[test]
fn a_resync_that_goes_on_keeps_its_place_and_one_that_starts_over_does_not() {
    let world = World::delivered();
    let feed = Feed::Products;
    let goes_on = ResyncRequest { is_continued: true, ..whole(feed, Ask::Retry) };
    assert!(request_resync(world.store(), &goes_on).unwrap().nothing_to_continue);
    assert_eq!(world.store().feed_resync(feed).unwrap(), None);
    request_resync(world.store(), &whole(feed, Ask::Force)).unwrap();
    let mut resync = world.store().feed_resync(feed).unwrap().unwrap();
    resync.after = Some(12);
    let mut batch = crate::store::WriteBatch::default();
    batch.resync_feed(feed, &resync);
    world.store().commit(batch).unwrap();
    assert!(!request_resync(world.store(), &goes_on).unwrap().nothing_to_continue);
    assert_eq!(world.store().feed_resync(feed).unwrap(), Some(resync));
    request_resync(world.store(), &whole(feed, Ask::Retry)).unwrap();
    let over = world.store().feed_resync(feed).unwrap().unwrap();
    assert_eq!((over.after, over.ask), (None, Ask::Force), "the force asked for before stays");
}
