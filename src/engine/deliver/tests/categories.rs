//! Categories: what has to arrive before what, and keys that two owners claim.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::{RowKey, Table};
use crate::decode::RowChange;
use crate::feed::{Feed, FeedKey, Identity};
use crate::ledger::ItemState;
use crate::outbox::{Verb, Verdict};

fn category(slug: &str) -> FeedKey {
    FeedKey::new(Identity::Category { slug: slug.into(), store: "en".into() })
}

/// Sets the url key of a category.
fn url_key(world: &mut World, category: u32, value: &str) -> Vec<RowChange> {
    let cells = json!({
        "value_id": category * 1000 + 402, "attribute_id": 402, "store_id": 0,
        "entity_id": category, "value": value,
    });
    world.database.put(Table::CategoryVarchar, cells)
}

fn name(world: &World, slug: &str) -> Option<Json> {
    world.service.items.get(&category(slug)).map(|body| body["name"].clone())
}

/// Settles, and tells the slugs of store view `en` in the order in which the service was told of them.
fn told(world: &mut World, verb: Verb) -> Vec<String> {
    let mut told = Vec::new();
    world.absorb(9);
    for _ in 0..50 {
        while world.prepare() {}
        if world.send() {
            let (batch, _) = world.on_the_way.last().unwrap();
            if batch.feed == Feed::Categories && batch.verb == verb {
                let of_view = batch.keys.iter().filter(|key| key.parts()[1] == "en");
                told.extend(of_view.map(|key| key.parts()[0].clone()));
            }
            world.answer();
        }
    }
    world.settle_down();
    told
}

#[test]
fn categories_above_are_told_of_first_and_deleted_last() {
    let mut world = World::new(Database::small_shop());
    assert_eq!(told(&mut world, Verb::Replace), ["home", "deals", "home/lamps"]);
    let mut changes = world.database.delete(Table::CategoryEntity, RowKey(32, 0));
    changes.extend(world.database.delete(Table::CategoryEntity, RowKey(33, 0)));
    world.write(changes);
    assert_eq!(told(&mut world, Verb::Delete), ["home/lamps", "home"]);
}

#[test]
fn renamed_category_moves_all_below_it_before_its_old_slug_is_deleted() {
    let mut world = World::delivered();
    let changes = url_key(&mut world, 32, "house");
    world.write(changes);
    assert_eq!(told(&mut world, Verb::Delete), ["home/lamps", "home"]);
    let held = |slug: &str| world.service.items.contains_key(&category(slug));
    assert!(held("house") && held("house/lamps") && !held("home") && !held("home/lamps"));
}

#[test]
fn two_categories_with_one_slug_are_one_item_of_the_first_and_then_of_the_second() {
    let mut world = World::delivered();
    let changes = url_key(&mut world, 34, "home");
    world.write(changes);
    world.settle_down();
    assert_eq!(name(&world, "home"), Some(json!("Name of home")), "that of the lower id");
    assert_eq!(name(&world, "deals"), None);
    // The first lets go of it: nothing about the second has changed, and it is its turn.
    let changes = url_key(&mut world, 32, "house");
    world.write(changes);
    world.settle_down();
    assert_eq!(name(&world, "home"), Some(json!("Name of deals")));
    assert_eq!(name(&world, "house"), Some(json!("Name of home")));
    // And the other way round: the lower id takes it back.
    let changes = url_key(&mut world, 32, "home");
    world.write(changes);
    world.settle_down();
    assert_eq!(name(&world, "home"), Some(json!("Name of home")));
    let changes = url_key(&mut world, 34, "deals");
    world.write(changes);
    world.settle_down();
    assert_eq!(name(&world, "deals"), Some(json!("Name of deals")));
    assert_eq!(name(&world, "home"), Some(json!("Name of home")));
}

/// The row of category 32 (`home`), with the path that it has or with one that no shop should have: it
/// no longer ends with the category itself, which has no item then, and `home/lamps` still has one.
fn home(world: &mut World, path: &str) {
    let cells = json!({
        "entity_id": 32, "parent_id": 31, "path": path, "position": 1, "level": 2,
    });
    let changes = world.database.put(Table::CategoryEntity, cells);
    world.write(changes);
    world.absorb(1);
    while world.prepare() {}
}

#[test]
fn category_that_stays_below_a_deleted_one_is_sent_again() {
    let mut world = World::delivered();
    home(&mut world, "1/31");
    world.settle_down();
    assert_eq!(name(&world, "home"), None);
    assert_eq!(name(&world, "home/lamps"), Some(json!("Name of lamps")), "it lives");
}

#[test]
fn category_that_stays_below_one_whose_delete_had_no_answer_is_sent_again() {
    for outcome in ["lost", "killed", "refused later"] {
        let mut world = World::delivered();
        home(&mut world, "1/31");
        assert!(world.send());
        let (batch, bodies) = &world.on_the_way[0];
        assert_eq!((batch.feed, batch.verb), (Feed::Categories, Verb::Delete));
        world.service.take(batch, bodies);
        assert_eq!(name(&world, "home/lamps"), None, "the service took it along");
        if outcome == "killed" {
            world.restart();
        } else {
            let (batch, _) = world.on_the_way.remove(0);
            world.settle(&batch, Verdict::Unavailable).unwrap();
        }
        if outcome == "refused later" {
            while world.state(&category("home")) != Some(ItemState::Parked) {
                world.clock.advance(Duration::from_mins(1));
                while world.prepare() {}
                while world.send() {}
                let (batch, bodies) = world.on_the_way.remove(0);
                let verdict = match batch.verb {
                    Verb::Delete => Verdict::BatchRefused,
                    Verb::Replace => Verdict::Accepted,
                };
                if verdict == Verdict::Accepted {
                    world.service.take(&batch, &bodies);
                }
                world.settle(&batch, verdict).unwrap();
            }
        }
        home(&mut world, "1/31/32");
        world.settle_down();
        assert_eq!(name(&world, "home"), Some(json!("Name of home")), "{outcome}");
        assert_eq!(name(&world, "home/lamps"), Some(json!("Name of lamps")), "{outcome}");
    }
}
