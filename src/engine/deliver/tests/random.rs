//! The steps in any order, with answers of any kind and crashes between any two commits.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::resyncs::whole;
use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::random_rows::{Edit, cases, edit};
use crate::engine::EngineError;
use crate::engine::resync::request_resync;
use crate::feed::{Feed, FeedKey, Identity};
use crate::ledger::{Ask, ItemState};
use crate::outbox::{ItemFault, Verdict};

#[derive(Debug, Clone)]
enum Step {
    /// Transactions in the shop.
    Write(Vec<Edit>),
    Absorb(usize),
    Prepare,
    Send,
    /// The oldest request is answered; `kind` says how.
    Answer {
        kind: u8,
        item: usize,
        took: bool,
    },
    Wait(u64),
    Restart,
    /// A person asks for a feed.
    Ask(Feed, Ask),
}

/// What a person may ask for at any time: `Forget` is for a feed that was cleaned up.
pub(super) fn ask() -> impl Strategy<Value = (Feed, Ask)> {
    (
        proptest::sample::select(Feed::ALL.to_vec()),
        proptest::sample::select(vec![Ask::Retry, Ask::Force]),
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => proptest::collection::vec(edit(), 1..6).prop_map(Step::Write),
        4 => (1..4_usize).prop_map(Step::Absorb),
        4 => Just(Step::Prepare),
        6 => Just(Step::Send),
        6 => (0..14_u8, 0..8_usize, any::<bool>())
            .prop_map(|(kind, item, took)| Step::Answer { kind, item, took }),
        1 => (1..400_u64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => ask().prop_map(|(feed, ask)| Step::Ask(feed, ask)),
    ];
    proptest::collection::vec(step, 0..70)
}

/// What was refused without a reason, and stays parked for it.
pub(super) type Spurious = BTreeMap<FeedKey, Option<Json>>;

pub(super) fn answer(
    world: &mut World,
    spurious: &mut Spurious,
    kind: u8,
    item: usize,
    took: bool,
) {
    if world.on_the_way.is_empty() {
        return;
    }
    let fault = ItemFault { code: "any".into(), message: "thing".into() };
    let verdict = match kind {
        0 => Verdict::ItemsRefused(vec![(item, fault)]),
        1 => Verdict::BatchRefused,
        2 => Verdict::TooLarge,
        3 => Verdict::TooManyRequests { retry_after: Duration::from_secs(1) },
        4 => Verdict::Forbidden,
        5 | 6 => Verdict::Unavailable,
        _ => return world.answer(),
    };
    let (batch, bodies) = world.on_the_way.remove(0);
    if verdict == Verdict::Unavailable && took && world.service.refused(&batch, &bodies).is_empty()
    {
        world.service.take(&batch, &bodies);
    }
    match world.settle(&batch, verdict) {
        Ok(()) => {}
        Err(EngineError::Stopped(_)) => world.restart(),
        Err(error) => panic!("{error}"),
    }
    for (nth, key) in batch.keys.iter().enumerate() {
        if world.state(key) == Some(ItemState::Parked) {
            let is_delete = batch.verb == crate::outbox::Verb::Delete;
            spurious.insert(key.clone(), (!is_delete).then(|| bodies[nth].clone()));
        }
    }
}

/// Whether a parked key has a right to be: it was refused for no reason just so, the service
/// refuses it, or the price book that it depends on is parked.
fn may_be_parked(world: &World, spurious: &Spurious, key: &FeedKey, wanted: Option<&Json>) -> bool {
    let is_spurious = spurious.get(key).is_some_and(|refused| refused.as_ref() == wanted);
    let is_bad = wanted.is_some_and(|body| body["name"] == "a");
    let book = match key.identity() {
        Identity::Price { price_book, .. } => Some(price_book),
        Identity::PriceBook { id } => id.split_once("::").map(|(base, _)| base.to_owned()),
        Identity::Attribute { .. }
        | Identity::CategoryAttribute { .. }
        | Identity::Category { .. }
        | Identity::Product { .. } => None,
    };
    let book = book.map(|id| FeedKey::new(Identity::PriceBook { id }));
    is_spurious || is_bad || book.is_some_and(|book| world.state(&book) == Some(ItemState::Parked))
}

/// Holds the service to the shop, apart from keys that have a right to be parked.
pub(super) fn check(world: &mut World, spurious: &Spurious) {
    let expected = world.expected();
    let allowed: Vec<FeedKey> = expected
        .iter()
        .map(|(key, body)| (key, body.as_ref().ok()))
        .chain(world.service.items.keys().map(|key| (key, None)))
        .filter(|(key, wanted)| {
            let wanted = wanted.or_else(|| expected.get(key).and_then(|it| it.as_ref().ok()));
            may_be_parked(world, spurious, key, wanted)
        })
        .map(|(key, _)| key.clone())
        .collect();
    world.check(&|key, _| allowed.contains(key));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(12), max_shrink_iters: 500,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_service_ends_with_what_the_shop_has_whatever_happened(
        steps in steps(), logs_cascades in any::<bool>(),
    ) {
        let mut database = Database::small_shop();
        database.logs_cascades = logs_cascades;
        let mut world = World::new(database);
        let mut spurious = Spurious::new();
        for step in steps {
            match step {
                Step::Write(edits) => {
                    let changes = edits.iter().flat_map(|it| world.database.edit(it)).collect();
                    world.write(changes);
                }
                Step::Absorb(count) => drop(world.absorb(count)),
                Step::Prepare => drop(world.prepare()),
                Step::Send => drop(world.send()),
                Step::Answer { kind, item, took } => {
                    answer(&mut world, &mut spurious, kind, item, took);
                }
                Step::Wait(seconds) => world.clock.advance(Duration::from_secs(seconds)),
                Step::Restart => world.restart(),
                Step::Ask(feed, ask) => {
                    request_resync(world.store(), &whole(feed, ask)).unwrap();
                }
            }
        }
        world.settle_down();
        check(&mut world, &spurious);
    }
}
