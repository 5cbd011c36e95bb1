//! Two processes that share a shop and a service: one delivers, the other stands by, and they change
//! places.

use proptest::prelude::*;

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::random_rows::{Edit, cases, edit};
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

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Edit>),
    /// The leader absorbs, prepares, sends, is answered.
    Lead {
        absorbed: usize,
        answers: usize,
    },
    /// The leader dies, with or without what was on its way having arrived, and comes back as standby.
    ChangePlaces,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => proptest::collection::vec(edit(), 1..5).prop_map(Step::Write),
        5 => (0..3_usize, 0..4_usize).prop_map(|(absorbed, answers)| Step::Lead { absorbed, answers }),
        1 => Just(Step::ChangePlaces),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(12), max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whoever_leads_last_leaves_the_service_with_what_the_shop_has(steps in steps()) {
        let (mut leader, mut standby) = (World::new(Database::small_shop()), World::new(Database::small_shop()));
        for step in steps {
            match step {
                Step::Write(edits) => {
                    for world in [&mut leader, &mut standby] {
                        let changes = edits.iter().flat_map(|it| world.database.edit(it)).collect();
                        world.write(changes);
                    }
                    standby.absorb(1);
                    standby.stand_by();
                }
                Step::Lead { absorbed, answers } => {
                    leader.absorb(absorbed);
                    leader.prepare();
                    while leader.send() {}
                    for _ in 0..answers.min(leader.on_the_way.len()) {
                        leader.answer();
                    }
                }
                Step::ChangePlaces => {
                    // What was on its way arrives or doesn't; nobody hears of it.
                    leader.restart();
                    standby.service = std::mem::take(&mut leader.service);
                    standby.take_over();
                    std::mem::swap(&mut leader, &mut standby);
                    while standby.absorb_one() {
                        standby.stand_by();
                    }
                    standby.stand_by();
                }
            }
        }
        leader.settle_down();
        leader.check(&|_, wanted| wanted.is_some_and(|body| body["name"] == "a"));
    }
}
