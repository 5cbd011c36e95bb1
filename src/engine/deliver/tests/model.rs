//! The pure parts of delivery together (diff, ledger, outbox, pace, settle), driven at random against
//! a shop and a service that are plain maps. After every step the invariants that
//! `docs/ARCHITECTURE.md` names are checked, and at the end that the service has what the shop has.

mod budgets;
mod invariants;
mod world;

use proptest::prelude::*;

use crate::catalog::random_rows::cases;
use crate::outbox::Lane;
use world::{KEYS, World};

/// Histories in one run of the test.
const HISTORIES: u32 = 10_000;

#[derive(Debug, Clone)]
enum Step {
    /// The shop's item changes, or goes.
    Change {
        key: usize,
        digest: Option<u8>,
        lane: Lane,
    },
    /// A batch is picked and leaves, if the budgets admit one.
    Send,
    /// A request on its way arrives and is answered.
    Answer {
        nth: usize,
        kind: u8,
        item: usize,
        took: bool,
    },
    Wait {
        seconds: i64,
    },
    /// The machine's clock is corrected.
    SetClockBack {
        seconds: i64,
    },
    /// The process dies and starts again from what was committed.
    Restart,
    /// A person asks for an item that was refused.
    Ask {
        key: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop_oneof![Just(Lane::Live), Just(Lane::Mass)];
    let step = prop_oneof![
        10 => (0..KEYS, proptest::option::of(0..3_u8), lane)
            .prop_map(|(key, digest, lane)| Step::Change { key, digest, lane }),
        10 => Just(Step::Send),
        8 => (0..4_usize, 0..12_u8, 0..8_usize, any::<bool>())
            .prop_map(|(nth, kind, item, took)| Step::Answer { nth, kind, item, took }),
        4 => prop_oneof![4 => 1..10_i64, 2 => 10..400_i64, 1 => 20_000..90_000_i64]
            .prop_map(|seconds| Step::Wait { seconds }),
        1 => (1..100_000_i64).prop_map(|seconds| Step::SetClockBack { seconds }),
        1 => Just(Step::Restart),
        1 => (0..KEYS).prop_map(|key| Step::Ask { key }),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(HISTORIES), ..ProptestConfig::default()
    })]

    #[test]
    fn the_service_ends_with_what_the_shop_has(steps in steps(), limits in budgets::limits()) {
        let mut world = World::new(limits);
        for step in steps {
            match step {
                Step::Change { key, digest, lane } => world.change(key, digest, lane),
                Step::Send => drop(world.send()),
                Step::Answer { nth, kind, item, took } => world.answer(nth, kind, item, took),
                Step::Wait { seconds } => world.wait(seconds),
                Step::SetClockBack { seconds } => world.set_clock_back(seconds),
                Step::Restart => world.restart(),
                Step::Ask { key } => world.ask(key),
            }
            world.compare();
            invariants::check(&world);
        }
        world.settle_down();
        invariants::check(&world);
        invariants::check_end(&world);
    }
}
