//! Items that change at an instant, though no row does.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::{RowKey, Table};
use crate::clock::{Clock as _, add, since};
use crate::engine::timers;
use crate::feed::{Feed, FeedKey, FeedOwner, Identity};

/// A simple product of the small shop, and its sku.
const PRODUCT: u32 = 15;
const SKU: &str = "s5";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Lets time pass up to `to`.
fn wait_until(world: &World, to: Timestamp) {
    world.clock.advance(since(to, world.clock.now()));
}

fn dirty(world: &World) -> Vec<FeedOwner> {
    let of = |feed| world.store().dirty(feed, 0, 1000).unwrap();
    Feed::ALL.into_iter().flat_map(of).map(|(owner, _)| owner).collect()
}

/// The product's discounts in the base book of its website.
fn discounts(world: &World) -> Json {
    let price_book = "base".to_owned();
    let key = FeedKey::new(Identity::Price { sku: SKU.to_owned(), price_book });
    world.service.items[&key]["discounts"].clone()
}

/// The small shop, in which the product has a special price on 17 and 18 June 2024. Its website's
/// days begin at 07:00 UTC.
fn with_special_price() -> World {
    let mut world = World::delivered();
    let value = |table, attribute, value: Json| (table, attribute, value);
    for (table, attribute, value) in [
        value(Table::ProductDecimal, 508, json!("5.000000")),
        value(Table::ProductDatetime, 509, json!("2024-06-17 00:00:00")),
        value(Table::ProductDatetime, 510, json!("2024-06-18 00:00:00")),
    ] {
        let changes = world.database.value(table, PRODUCT, attribute, 0, &value);
        world.write(changes);
    }
    world.settle_down();
    world
}

const BEGINS: &str = "2024-06-17T07:00:00Z";
const ENDS: &str = "2024-06-19T07:00:00Z";

#[test]
fn special_price_begins_and_ends_at_the_websites_midnight() {
    let mut world = with_special_price();
    let special = json!([{ "code": "special_price", "price": 5 }]);
    for (at, before, after) in [(BEGINS, json!([]), special.clone()), (ENDS, special, json!([]))] {
        let at = instant(at);
        wait_until(&world, at - jiff::SignedDuration::from_secs(1));
        assert!(!timers::ring(world.store(), world.clock.now()).unwrap(), "a second before");
        assert_eq!(discounts(&world), before, "a second before {at}");
        wait_until(&world, at);
        assert!(timers::ring(world.store(), world.clock.now()).unwrap(), "at {at}");
        assert_eq!(dirty(&world), [FeedOwner { feed: Feed::Prices, id: PRODUCT }]);
        world.settle_down();
        assert_eq!(discounts(&world), after, "after {at}");
    }
    assert_eq!(timers::next(world.store()).unwrap(), None, "nothing is left to come");
}

#[test]
fn timer_that_was_slept_through_rings_after_a_restart() {
    let mut world = with_special_price();
    wait_until(&world, instant("2024-06-17T20:00:00Z"));
    world.restart();
    world.settle_down();
    assert_eq!(discounts(&world), json!([{ "code": "special_price", "price": 5 }]));
    world.restart();
    wait_until(&world, instant("2031-01-01T00:00:00Z"));
    world.settle_down();
    assert_eq!(discounts(&world), json!([]));
}

#[test]
fn loop_sleeps_until_the_next_timer() {
    let mut world = with_special_price();
    let begins = instant(BEGINS);
    wait_until(&world, begins - jiff::SignedDuration::from_secs(2));
    let now = world.clock.now();
    let nap = world.delivery().nap(now).unwrap();
    assert_eq!(add(now, nap), add(begins, Duration::from_millis(1)));
}

#[test]
fn clock_set_back_a_little_is_waited_for_and_one_set_back_far_assembles_everything_again() {
    let mut world = with_special_price();
    wait_until(&world, instant("2024-06-17T08:00:00Z"));
    world.settle_down();
    let latest = world.store().assembled_for().unwrap().unwrap();
    let little = latest - jiff::SignedDuration::from_mins(59);
    assert_eq!(timers::assembly_instant(world.store(), little).unwrap(), latest);
    assert!(world.store().ranges().unwrap().is_empty());
    let far = latest - jiff::SignedDuration::from_hours(3);
    assert_eq!(timers::assembly_instant(world.store(), far).unwrap(), far);
    assert_eq!(world.store().ranges().unwrap().len(), Feed::ALL.len(), "every feed");
}

/// A category of the small shop with content staging, of which another version begins at this second.
const CATEGORY: u32 = 32;
const VERSION_BEGINS_S: i64 = 1_800_000_000;

#[test]
fn staged_version_begins_at_its_instant_and_makes_what_shows_it_dirty() {
    let mut world = World::new(Database::staged_shop());
    // The version to come has a name of its own.
    let cells = json!({
        "value_id": 46_401, "attribute_id": 401, "store_id": 0, "row_id": 46, "value": "Harbour",
    });
    let changes = world.database.put(Table::StagedCategoryVarchar, cells);
    world.write(changes);
    world.settle_down();
    let name = |world: &World| {
        let (slug, store) = ("home".to_owned(), "en".to_owned());
        world.service.items[&FeedKey::new(Identity::Category { slug, store })]["name"].clone()
    };
    assert_eq!(name(&world), "Name of home");
    let at = Timestamp::from_second(VERSION_BEGINS_S).unwrap();
    wait_until(&world, at - jiff::SignedDuration::from_secs(1));
    assert!(!timers::ring(world.store(), world.clock.now()).unwrap(), "a second before");
    wait_until(&world, at);
    assert!(timers::ring(world.store(), at).unwrap());
    let owner = |feed, id| FeedOwner { feed, id };
    // Itself, the category below it, and the products in the two.
    let shown = [
        owner(Feed::Categories, CATEGORY),
        owner(Feed::Categories, 33),
        owner(Feed::Products, 12),
        owner(Feed::Products, 13),
    ];
    assert_eq!(dirty(&world), shown);
    world.settle_down();
    assert_eq!(name(&world), "Harbour");
    assert_eq!(timers::next(world.store()).unwrap(), None);
}

#[test]
fn staged_version_that_began_and_ended_while_nobody_ran_is_never_shown() {
    let mut world = World::new(Database::staged_shop());
    world.settle_down();
    let requests = world.service.requests;
    // It ends at once: the version before it goes on.
    let cells = json!({
        "row_id": 42, "entity_id": CATEGORY, "parent_id": 31, "path": "1/31/32", "position": 1,
        "level": 2, "created_in": 1, "updated_in": 2_147_483_647_u32,
    });
    let mut changes = world.database.put(Table::StagedCategoryEntity, cells);
    changes.extend(world.database.delete(Table::StagedCategoryEntity, RowKey(46, 0)));
    world.write(changes);
    world.restart();
    wait_until(&world, Timestamp::from_second(VERSION_BEGINS_S + 9).unwrap());
    world.settle_down();
    assert_eq!(world.service.requests, requests, "nothing differs, so nothing is sent");
}

/// The small shop, in which the product has a catalog rule's price on a day for a customer group, and the
/// website's days begin in this time zone.
fn with_rule_price(time_zone: &str, day: &str) -> World {
    let mut world = World::delivered();
    let cells = json!({
        "config_id": 2, "scope": "default", "scope_id": 0, "path": "general/locale/timezone",
        "value": time_zone,
    });
    let mut changes = world.database.put(Table::CoreConfigData, cells);
    let cells = json!({
        "rule_product_price_id": 101, "rule_date": day, "customer_group_id": 1,
        "product_id": PRODUCT, "rule_price": "4.000000", "website_id": 1,
    });
    changes.extend(world.database.put(Table::CatalogRuleProductPrice, cells));
    world.write(changes);
    world.absorb(9);
    world
}

/// The price of the rule in the group's book, if it has one.
fn rule_price(world: &World) -> Option<Json> {
    let book = "base::356a192b7913b04c54574d18c28d46e6395428ab".to_owned();
    let key = FeedKey::new(Identity::Price { sku: SKU.to_owned(), price_book: book });
    let discounts = world.service.items.get(&key)?["discounts"].as_array()?.clone();
    discounts.into_iter().find(|it| it["code"] == "catalog_rule").map(|it| it["price"].clone())
}

/// Settles at an instant, from a moment before it on, and tells whether the rule holds before and after.
fn around(world: &mut World, at: &str) -> (bool, bool) {
    let at = instant(at);
    wait_until(world, at - jiff::SignedDuration::from_secs(1));
    world.settle_down();
    let before = rule_price(world).is_some();
    // Settling takes no time where there is nothing to do.
    assert_eq!(world.clock.now(), at - jiff::SignedDuration::from_secs(1), "it was quiet");
    wait_until(world, at);
    assert!(timers::ring(world.store(), at).unwrap(), "at {at}");
    assert!(dirty(world).contains(&FeedOwner { feed: Feed::Prices, id: PRODUCT }));
    world.settle_down();
    (before, rule_price(world).is_some())
}

#[test]
fn catalog_rule_day_begins_and_ends_at_local_midnight_wherever_that_is() {
    const JUNE: &str = "2024-06-16";
    for (time_zone, day, begins, ends) in [
        // UTC+14 had its midnight before the clock of this test begins.
        ("Pacific/Kiritimati", JUNE, None, "2024-06-16T10:00:00Z"),
        ("Pacific/Pago_Pago", JUNE, Some("2024-06-16T11:00:00Z"), "2024-06-17T11:00:00Z"),
        ("Etc/UTC", JUNE, Some("2024-06-16T00:00:00Z"), "2024-06-17T00:00:00Z"),
        // A day of 25 hours, and one of 23.
        ("America/New_York", "2024-11-03", Some("2024-11-03T04:00:00Z"), "2024-11-04T05:00:00Z"),
        ("Europe/Berlin", "2025-03-30", Some("2025-03-29T23:00:00Z"), "2025-03-30T22:00:00Z"),
    ] {
        let mut world = with_rule_price(time_zone, day);
        match begins {
            Some(begins) => assert_eq!(around(&mut world, begins), (false, true), "{time_zone}"),
            None => world.settle_down(),
        }
        assert_eq!(rule_price(&world), Some(json!(4)), "{time_zone}");
        assert_eq!(around(&mut world, ends), (true, false), "{time_zone}");
    }
}

#[test]
fn catalog_rule_day_that_was_slept_through_is_over_after_a_restart() {
    let mut world = with_rule_price("Etc/UTC", "2024-06-16");
    world.settle_down();
    wait_until(&world, instant("2024-06-16T12:00:00Z"));
    world.restart();
    world.settle_down();
    assert_eq!(rule_price(&world), Some(json!(4)));
    wait_until(&world, instant("2024-06-18T12:00:00Z"));
    world.restart();
    world.settle_down();
    assert_eq!(rule_price(&world), None, "the group has no price of its own any more");
}
