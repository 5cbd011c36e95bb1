//! Delivering step by step: one situation, one test.

use serde_json::json;

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::{RowKey, Table};
use crate::clock::Clock as _;
use crate::decode::RowChange;
use crate::engine::absorb::mark_everything;
use crate::engine::prepare::Preparation;
use crate::feed::{Feed, FeedKey, FeedOwner, Identity};
use crate::ledger::{Cause, ItemState};
use crate::outbox::Verdict;
use crate::store::{DirtyMark, WriteBatch};

pub(super) fn product(sku: &str) -> FeedKey {
    FeedKey::new(Identity::Product { sku: sku.into(), store: "en".into() })
}

pub(super) fn price(sku: &str, price_book: &str) -> FeedKey {
    FeedKey::new(Identity::Price { sku: sku.into(), price_book: price_book.into() })
}

pub(super) fn book(id: &str) -> FeedKey {
    FeedKey::new(Identity::PriceBook { id: id.into() })
}

/// Sets columns of a product's main row.
pub(super) fn entity(world: &mut World, id: u32, sku: &str) -> Vec<RowChange> {
    let cells = json!({
        "entity_id": id, "attribute_set_id": 4, "type_id": "simple", "sku": sku,
        "updated_at": "2024-01-01 00:00:00",
    });
    world.database.put(Table::ProductEntity, cells)
}

pub(super) fn name(world: &mut World, id: u32, name: &str) -> Vec<RowChange> {
    world.database.value(Table::ProductVarchar, id, 501, 0, &json!(name))
}

pub(super) fn website(world: &mut World, code: &str, name: &str) -> Vec<RowChange> {
    let cells = json!({"website_id": 1, "code": code, "name": name, "default_group_id": 1});
    world.database.put(Table::StoreWebsite, cells)
}

/// A shop with so many products more, from 10001 on, in one website.
pub(super) fn mass(count: u32, website: u32) -> Database {
    let mut database = Database::small_shop();
    for id in 10_001..=10_000 + count {
        database.product(id, "simple", &format!("m{id}"));
        if website != 1 {
            database.delete(Table::ProductWebsite, RowKey(id.into(), 1));
            database.put(Table::ProductWebsite, json!({"product_id": id, "website_id": website}));
        }
    }
    database
}

#[test]
fn first_sync_ends_with_everything_at_the_service() {
    let mut world = World::delivered();
    assert!(!world.service.items.is_empty());
    world.check(&|_, _| false);
}

#[test]
fn saving_everything_again_without_a_change_sends_nothing() {
    let mut world = World::delivered();
    let mut batch = WriteBatch::default();
    mark_everything(world.store(), &mut batch);
    world.store().commit(batch).unwrap();
    let mut changes = name(&mut world, 12, "Other");
    changes.extend(name(&mut world, 12, "Name of s2"));
    world.write(changes);
    world.absorb(1);
    assert!(world.store().has_dirty());
    world.settle_down();
    assert_eq!(world.service.requests, 0);
}

#[test]
fn key_in_flight_leaves_its_owner_dirty_until_it_is_settled() {
    let mut world = World::delivered();
    let changes = name(&mut world, 12, "First");
    world.write(changes);
    world.absorb(1);
    world.prepare();
    assert!(world.send());
    let changes = name(&mut world, 12, "Second");
    world.write(changes);
    world.absorb(1);
    assert!(!world.prepare(), "nothing can be done before the answer");
    assert!(!world.send());
    let dirty = world.store().dirty(Feed::Products, 12, 1).unwrap();
    assert_eq!(dirty.first().map(|(owner, _)| owner.id), Some(12));
    world.answer();
    assert_eq!(world.service.items[&product("s2")]["name"], "First");
    world.settle_down();
    assert_eq!(world.service.items[&product("s2")]["name"], "Second");
}

#[test]
fn skus_swapped_between_two_products_never_end_in_a_delete() {
    for in_one_commit in [true, false] {
        let mut world = World::delivered();
        let mut steps = vec![entity(&mut world, 13, "between")];
        steps.push(entity(&mut world, 15, "s3"));
        steps.push(entity(&mut world, 13, "s5"));
        if in_one_commit {
            let all = steps.into_iter().flatten().collect();
            world.write(all);
            world.settle_down();
        } else {
            for changes in steps {
                world.write(changes);
                world.settle_down();
            }
        }
        assert_eq!(world.service.items[&product("s5")]["name"], "Name of s3");
        assert_eq!(world.service.items[&product("s3")]["name"], "Name of s5");
        assert_eq!(world.record(&product("s5")).unwrap().owner, 13);
        world.check(&|_, _| false);
    }
}

#[test]
fn renamed_sku_is_deleted_under_its_old_name_and_sent_under_its_new() {
    let mut world = World::delivered();
    let changes = entity(&mut world, 15, "renamed");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s5")), Some(ItemState::Deleted));
    assert_eq!(world.state(&price("s5", "base")), Some(ItemState::Deleted));
    assert_eq!(world.state(&product("renamed")), Some(ItemState::Accepted));
    world.check(&|_, _| false);
}

#[test]
fn fault_parks_without_a_request_and_heals_without_one() {
    let mut world = World::delivered();
    let changes = name(&mut world, 15, "");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s5")), Some(ItemState::Parked));
    assert!(world.record(&product("s5")).unwrap().message.contains("name"));
    let changes = name(&mut world, 15, "Name of s5");
    world.write(changes);
    world.settle_down();
    assert_eq!(world.service.requests, 0);
    let record = world.record(&product("s5")).unwrap();
    assert_eq!((record.state, record.message.as_str()), (ItemState::Accepted, ""));
    world.check(&|_, _| false);
}

#[test]
fn item_that_vanishes_while_a_fault_has_it_parked_is_deleted() {
    let mut world = World::delivered();
    let changes = name(&mut world, 15, "");
    world.write(changes);
    world.settle_down();
    let changes = world.database.delete(Table::ProductEntity, RowKey(15, 0));
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s5")), Some(ItemState::Deleted));
    world.check(&|_, _| false);
}

#[test]
fn fault_that_hides_an_unanswered_attempt_is_not_taken_for_the_accepted_item() {
    let mut world = World::delivered();
    let changes = name(&mut world, 15, "Tried");
    world.write(changes);
    world.absorb(1);
    world.prepare();
    assert!(world.send());
    world.restart();
    assert_eq!(world.service.items[&product("s5")]["name"], "Tried");
    for text in ["", "Name of s5"] {
        let changes = name(&mut world, 15, text);
        world.write(changes);
        world.absorb(1);
        while world.prepare() {}
    }
    world.settle_down();
    world.check(&|_, _| false);
}

#[test]
fn unassigned_website_deletes_the_products_items_there() {
    let mut world = World::delivered();
    let changes = world.database.delete(Table::ProductWebsite, RowKey(15, 1));
    world.write(changes);
    world.settle_down();
    assert_eq!(world.state(&product("s5")), Some(ItemState::Deleted));
    assert_eq!(world.state(&price("s5", "base")), Some(ItemState::Deleted));
    world.check(&|_, _| false);
}

#[test]
fn refused_product_is_sent_again_only_when_it_changes() {
    let mut world = World::delivered();
    for (text, state) in [("a", ItemState::Parked), ("good", ItemState::Accepted)] {
        let changes = name(&mut world, 15, text);
        world.write(changes);
        world.settle_down();
        assert_eq!(world.state(&product("s5")), Some(state));
    }
    let changes = name(&mut world, 15, "a");
    world.write(changes);
    world.settle_down();
    let requests = world.service.requests;
    let mut batch = WriteBatch::default();
    mark_everything(world.store(), &mut batch);
    world.store().commit(batch).unwrap();
    world.settle_down();
    assert_eq!(world.service.requests, requests, "a parked item stays parked");
}

#[test]
fn mass_change_while_the_outbox_is_full_does_not_stop_delivery() {
    // Two store views each: more than may wait at once.
    let mut world = World::new(mass(1050, 1));
    while world.prepare() {}
    assert!(world.delivery().outbox.waiting_count(Feed::Products) >= 2000);
    // Every product shows the unit; nothing that waits is what it was.
    for id in 10_001..=11_050 {
        let changes = world.database.value(Table::ProductDecimal, id, 511, 0, &json!("1.000000"));
        world.write(changes);
    }
    let cells = json!({
        "config_id": 1, "scope": "default", "scope_id": 0,
        "path": "general/locale/weight_unit", "value": "lbs",
    });
    let changes = world.database.put(Table::CoreConfigData, cells);
    world.write(changes);
    world.settle_down();
    assert!(world.service.requests < 100, "{}", world.service.requests);
    world.check(&|_, _| false);
}

#[test]
fn entry_that_is_out_of_date_waits_for_the_answer_to_its_owners_other_key() {
    let mut world = World::delivered();
    // Both store views of the product change; the one in flight hides the other's change.
    let changes = name(&mut world, 15, "First");
    world.write(changes);
    world.absorb(1);
    world.prepare();
    let now = world.clock.now();
    let outbox = &mut world.delivery().outbox;
    let batch = outbox.pick(now, &|_, _| 1).unwrap();
    assert_eq!(batch.keys.len(), 1);
    let changes = name(&mut world, 15, "Second");
    world.write(changes);
    world.absorb(1);
    world.prepare();
    assert!(!world.send(), "the other entry is not sent as it was, nor again and again");
    let (verdict, now) = (Verdict::Unavailable, world.clock.now());
    let answer = crate::outbox::Answer {
        verdict,
        code: 503,
        message: String::new(),
        request_id: String::new(),
    };
    world.delivery().settle(&batch, now, &answer).unwrap();
    world.settle_down();
    assert_eq!(world.service.items[&product("s5")]["name"], "Second");
    world.check(&|_, _| false);
}

/// Prepares once with an outbox that takes everything.
fn prepare_once(world: &mut World) -> bool {
    let now = world.clock.now();
    world.delivery().read_shop().unwrap();
    let delivery = world.delivery();
    let options = delivery.params.options(now);
    let (_, shop) = delivery.shop.as_ref().unwrap();
    Preparation {
        store: &delivery.store,
        outbox: &mut delivery.outbox,
        shop,
        options: &options,
        now,
        gauges: &delivery.gauges,
        laps: &mut delivery.laps,
    }
    .prepare()
    .unwrap()
}

#[test]
fn prices_are_walked_behind_their_products_and_a_renewed_range_starts_again() {
    let mut world = World::new(mass(450, 2));
    let cursors = |world: &World| {
        let ranges = world.store().ranges().unwrap();
        let after = |feed| ranges.get(&feed).map(|range| range.after);
        (after(Feed::Products), after(Feed::Prices))
    };
    // Attribute metadata goes first.
    while cursors(&world).0 == Some(None) {
        assert_eq!(cursors(&world).1, Some(None));
        assert!(prepare_once(&mut world));
    }
    let (products, prices) = cursors(&world);
    let walked = products.unwrap().unwrap();
    assert!((10_001..10_450).contains(&walked), "{walked}");
    assert!(prices.unwrap() <= Some(walked));
    let mut batch = WriteBatch::default();
    let sequence = world.store().next_sequence();
    batch.mark_range(Feed::Products, &DirtyMark { sequence, cause: Cause::default() });
    world.store().commit(batch).unwrap();
    assert_eq!(cursors(&world).0, Some(None), "from the start again");
    world.settle_down();
    assert_eq!(world.store().ranges().unwrap().len(), 0);
    world.check(&|_, _| false);
}

#[test]
fn mark_renewed_while_its_owner_is_prepared_survives() {
    let world = World::delivered();
    let owner = FeedOwner { feed: Feed::Products, id: 12 };
    let mark = |sequence| DirtyMark { sequence, cause: Cause::default() };
    let (first, second) = (world.store().next_sequence(), world.store().next_sequence());
    for (marked, cleaned, is_left) in [(first, first, false), (second, first, true)] {
        let mut batch = WriteBatch::default();
        batch.mark_dirty(owner, &mark(marked));
        world.store().commit(batch).unwrap();
        let mut batch = WriteBatch::default();
        batch.clean(owner, cleaned);
        world.store().commit(batch).unwrap();
        assert_eq!(world.store().has_dirty(), is_left);
    }
}

#[test]
fn product_deleted_in_the_shop_goes_with_its_prices_and_from_its_parents() {
    for logs_cascades in [true, false] {
        let mut world = World::delivered();
        world.database.logs_cascades = logs_cascades;
        let changes = world.database.delete(Table::ProductEntity, RowKey(12, 0));
        world.write(changes);
        world.settle_down();
        assert_eq!(world.state(&product("s2")), Some(ItemState::Deleted));
        assert_eq!(world.state(&price("s2", "base")), Some(ItemState::Deleted));
        let links = world.service.items[&product("s5")]["links"].as_array().unwrap();
        assert!(links.is_empty(), "{links:?}");
        world.check(&|_, _| false);
    }
}

#[test]
fn crash_after_any_commit_of_a_change_loses_nothing() {
    // One more step before the crash each time; the last one is past the answer.
    for steps in 0..5 {
        let mut world = World::delivered();
        let changes = name(&mut world, 15, "New");
        world.write(changes);
        for step in 0..steps {
            match step {
                0 => assert!(world.absorb(1)),
                1 => assert!(world.prepare()),
                2 => assert!(world.send()),
                _ if world.on_the_way.is_empty() => {}
                _ => world.answer(),
            }
        }
        world.restart();
        world.settle_down();
        assert_eq!(world.service.items[&product("s5")]["name"], "New");
        world.check(&|_, _| false);
    }
}
