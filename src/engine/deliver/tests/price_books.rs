//! Price books, and the prices that come and go with them.

use std::time::Duration;

use serde_json::json;

use super::steps::{book, mass, name, price, product, website};
use super::world::World;
use crate::catalog::Table;
use crate::catalog::database::Database;
use crate::feed::{Feed, FeedKey};
use crate::ledger::ItemState;
use crate::outbox::{ItemFault, Verb, Verdict};

#[test]
fn prices_wait_for_a_price_book_that_is_parked_and_follow_it_once_it_is_accepted() {
    let mut database = Database::small_shop();
    let cells = json!({"website_id": 1, "code": "base", "name": "", "default_group_id": 1});
    database.put(Table::StoreWebsite, cells);
    let mut world = World::new(database);
    world.settle_down();
    for key in [book("base"), price("s5", "base")] {
        assert_eq!(world.state(&key), Some(ItemState::Parked), "{key}");
    }
    assert!(world.record(&price("s5", "base")).unwrap().message.contains("price book base"));
    let is_price = |key: &&FeedKey| key.feed == Feed::Prices;
    assert_eq!(world.service.items.keys().filter(is_price).count(), 0);
    let changes = website(&mut world, "base", "Main");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.service.items.keys().filter(is_price).count(), 5);
    world.check(&|_, _| false);
}

#[test]
fn refused_price_is_tried_once_more_when_its_refused_product_is_accepted() {
    let mut database = Database::small_shop();
    database.value(Table::ProductVarchar, 15, 501, 0, &json!("a"));
    let mut world = World::new(database);
    // The service refuses the product, and its price because of that.
    for _ in 0..200 {
        while world.prepare() {}
        if !world.send() {
            break;
        }
        let (batch, _) = &world.on_the_way[0];
        let Some(nth) = batch.keys.iter().position(|key| *key == price("s5", "base")) else {
            world.answer();
            continue;
        };
        let (batch, _) = world.on_the_way.remove(0);
        let fault = ItemFault { code: "sku".into(), message: "is unknown".into() };
        world.settle(&batch, Verdict::ItemsRefused(vec![(nth, fault)])).unwrap();
    }
    world.settle_down();
    assert_eq!(world.state(&product("s5")), Some(ItemState::Parked));
    assert_eq!(world.state(&price("s5", "base")), Some(ItemState::Parked));
    let changes = name(&mut world, 15, "good");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&price("s5", "base")), Some(ItemState::Accepted));
    world.check(&|_, _| false);
}

#[test]
fn price_book_that_went_and_came_back_has_its_prices_again() {
    let mut world = World::delivered();
    let changes = website(&mut world, "third", "Main");
    world.write(changes);
    world.absorb(1);
    // Only what the first steps find is delivered before the code is put back.
    for _ in 0..3 {
        world.prepare();
        while world.send() {}
        while !world.on_the_way.is_empty() {
            world.answer();
        }
    }
    let changes = website(&mut world, "base", "Main");
    world.write(changes);
    world.settle_down();
    world.check(&|_, _| false);
}

#[test]
fn price_waits_for_a_price_book_whose_delete_may_have_arrived() {
    let mut world = World::delivered();
    let changes = website(&mut world, "third", "Main");
    world.write(changes);
    world.absorb(1);
    for _ in 0..200 {
        while world.prepare() {}
        if !world.send() {
            world.clock.advance(Duration::from_secs(2));
            continue;
        }
        let (batch, _) = &world.on_the_way[0];
        if batch.verb == Verb::Delete && batch.keys.contains(&book("base")) {
            break;
        }
        world.answer();
    }
    let (batch, bodies) = world.on_the_way.remove(0);
    assert_eq!((batch.verb, batch.feed), (Verb::Delete, Feed::PriceBooks));
    world.service.take(&batch, &bodies);
    world.settle(&batch, Verdict::Unavailable).unwrap();
    let changes = website(&mut world, "base", "Main");
    world.write(changes);
    world.absorb(1);
    // Nothing is answered: what may go at once goes.
    while world.prepare() {}
    while world.send() {}
    assert!(world.on_the_way.iter().any(|(batch, _)| batch.keys.contains(&book("base"))));
    let is_early = |key: &FeedKey| key.feed == Feed::Prices && key.parts()[1] == "base";
    assert!(!world.on_the_way.iter().any(|(batch, _)| batch.keys.iter().any(is_early)));
    world.settle_down();
    world.check(&|_, _| false);
}

#[test]
fn price_book_is_deleted_only_after_every_price_was_looked_at() {
    let mut world = World::new(mass(450, 1));
    world.settle_down();
    let changes = website(&mut world, "third", "Main");
    world.write(changes);
    world.absorb(1);
    let mut is_deleted = false;
    for _ in 0..2000 {
        let is_walked = !world.store().ranges().unwrap().contains_key(&Feed::Prices);
        let worked = world.prepare();
        let sent = world.send();
        for (batch, _) in &world.on_the_way {
            if batch.verb == Verb::Delete && batch.keys.contains(&book("base")) {
                assert!(is_walked, "prices are still to be looked at");
                let is_of_base = |key: &&FeedKey| key.parts().get(1).is_some_and(|it| it == "base");
                assert_eq!(world.service.items.keys().filter(is_of_base).count(), 0);
                is_deleted = true;
            }
        }
        while !world.on_the_way.is_empty() {
            world.answer();
        }
        if !worked && !sent {
            if is_deleted {
                break;
            }
            world.clock.advance(Duration::from_secs(2));
        }
    }
    assert!(is_deleted);
    world.settle_down();
    world.check(&|_, _| false);
}
