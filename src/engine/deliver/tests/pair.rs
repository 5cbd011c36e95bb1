//! Two processes that share a shop and a service: one delivers, the other stands by, and they change
//! places.

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::{RowKey, Table};
use crate::feed::{FeedKey, Identity};
use crate::ledger::ItemState;

fn product(sku: &str) -> FeedKey {
    FeedKey::new(Identity::Product { sku: sku.into(), store: "en".into() })
}

/// A process that has stood by since the shop was first read, and the one that has delivered it.
fn pair() -> (World, World) {
    let leader = World::delivered();
    let mut standby = World::new(Database::small_shop());
    standby.stand_by();
    (leader, standby)
}

/// The other process leads from now on; what was on its way arrives.
fn change_places(leader: &mut World, standby: &mut World) {
    while !leader.on_the_way.is_empty() {
        leader.answer();
    }
    standby.service = std::mem::take(&mut leader.service);
    standby.take_over();
}

#[test]
fn standby_remembers_every_key_and_has_no_entry_to_send() {
    let (leader, mut standby) = pair();
    for key in leader.service.items.keys() {
        let record = standby.record(key).unwrap();
        assert_eq!((record.accepted, record.state), (None, ItemState::Pending), "{key}");
        assert!(record.attempts > 0, "{key}: what became of it is unknown");
    }
    standby.absorb(1);
    assert!(!standby.send());
    assert_eq!(standby.service.requests, 0);
}

#[test]
fn key_that_only_the_dead_leader_created_is_deleted_by_its_successor() {
    for is_gone_before in [true, false] {
        let (mut leader, mut standby) = pair();
        assert!(leader.service.items.contains_key(&product("s2")));
        let gone = standby.database.delete(Table::ProductEntity, RowKey(12, 0));
        standby.write(gone);
        if is_gone_before {
            standby.absorb(1);
            standby.stand_by();
            change_places(&mut leader, &mut standby);
        } else {
            change_places(&mut leader, &mut standby);
            standby.absorb(1);
        }
        standby.settle_down();
        assert!(!standby.service.items.contains_key(&product("s2")), "{is_gone_before}");
        standby.check(&|_, _| false);
    }
}

#[test]
fn accepted_digest_from_before_another_led_is_not_believed() {
    let (mut first, mut second) = pair();
    let renamed = |world: &mut World, name: &str| {
        let name = serde_json::json!(name);
        let changes = world.database.value(Table::ProductVarchar, 12, 501, 0, &name);
        world.write(changes);
    };
    renamed(&mut second, "Other");
    second.absorb(1);
    change_places(&mut first, &mut second);
    second.settle_down();
    assert_eq!(second.service.items[&product("s2")]["name"], "Other");
    // It changes back before the first one absorbs any of it: the digest is the one it knows.
    first.service = std::mem::take(&mut second.service);
    first.take_over();
    first.settle_down();
    assert_eq!(first.service.items[&product("s2")]["name"], "Name of s2");
    first.check(&|_, _| false);
}

#[test]
fn entry_that_waited_when_the_lead_was_lost_is_left_to_the_other() {
    let (mut leader, _) = pair();
    let changes = leader.database.delete(Table::ProductEntity, RowKey(12, 0));
    leader.write(changes);
    leader.absorb(1);
    assert!(leader.prepare());
    assert!(!leader.store().outbox().unwrap().is_empty());
    leader.restart();
    leader.stand_by();
    let record = leader.record(&product("s2")).unwrap();
    assert!(record.attempts > 0 && record.accepted.is_some(), "{record:?}");
    leader.take_over();
    leader.settle_down();
    leader.check(&|_, _| false);
}
