//! Two processes that change places in any order of steps.
//!
//! What a standby promises holds for keys that it assembled (decision record 011): here it absorbs one
//! transaction at a time, decides about it, and has caught up before it leads.

use std::time::Duration;

use proptest::prelude::*;

use super::random::{Spurious, answer, ask, check};
use super::resyncs::whole;
use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::random_rows::{Edit, cases, edit};
use crate::clock::Clock as _;
use crate::engine::resync::request_resync;
use crate::feed::Feed;
use crate::ledger::Ask;

#[derive(Debug, Clone)]
enum Step {
    /// Transactions in the shop.
    Write(Vec<Edit>),
    /// The leader absorbs up to so many transactions as one commit.
    Absorb(usize),
    Prepare,
    Send,
    /// The oldest request is answered; `kind` says how.
    Answer {
        kind: u8,
        item: usize,
        took: bool,
    },
    /// The standby absorbs a transaction, and decides about it.
    StandBy,
    Wait(u64),
    /// The leader dies; what was on its way arrives or doesn't. The other one leads.
    ChangePlaces,
    /// The standby dies and starts again.
    RestartStandby,
    /// A person asks the leader for a feed.
    Ask(Feed, Ask),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => proptest::collection::vec(edit(), 1..4).prop_map(Step::Write),
        4 => (1..4_usize).prop_map(Step::Absorb),
        4 => Just(Step::Prepare),
        6 => Just(Step::Send),
        6 => (0..14_u8, 0..8_usize, any::<bool>())
            .prop_map(|(kind, item, took)| Step::Answer { kind, item, took }),
        4 => Just(Step::StandBy),
        1 => (1..400_u64).prop_map(Step::Wait),
        2 => Just(Step::ChangePlaces),
        1 => Just(Step::RestartStandby),
        1 => ask().prop_map(|(feed, ask)| Step::Ask(feed, ask)),
    ];
    proptest::collection::vec(step, 0..80)
}

/// A process, and what it was refused without a reason.
struct Process {
    world: World,
    spurious: Spurious,
}

struct Pair {
    leader: Process,
    standby: Process,
}

impl Pair {
    fn new(database: &Database) -> Self {
        let process = || Process { world: World::new(database.clone()), spurious: Spurious::new() };
        let mut pair = Self { leader: process(), standby: process() };
        pair.standby.world.stand_by();
        pair
    }

    fn write(&mut self, edits: &[Edit]) {
        for world in [&mut self.leader.world, &mut self.standby.world] {
            let changes = edits.iter().flat_map(|edit| world.database.edit(edit)).collect();
            world.write(changes);
        }
    }

    fn change_places(&mut self) {
        while self.standby.world.absorb(1) {
            self.standby.world.stand_by();
        }
        let now = self.leader.world.clock.now();
        self.standby.world.clock.set(now);
        self.leader.world.restart();
        self.standby.world.service = std::mem::take(&mut self.leader.world.service);
        self.standby.world.take_over();
        std::mem::swap(&mut self.leader, &mut self.standby);
        self.standby.world.stand_by();
    }

    fn step(&mut self, step: Step) {
        let Process { world, spurious } = &mut self.leader;
        match step {
            Step::Write(edits) => self.write(&edits),
            Step::Absorb(count) => drop(world.absorb(count)),
            Step::Prepare => drop(world.prepare()),
            Step::Send => drop(world.send()),
            Step::Answer { kind, item, took } => answer(world, spurious, kind, item, took),
            Step::StandBy => {
                self.standby.world.absorb(1);
                self.standby.world.stand_by();
            }
            Step::Wait(seconds) => {
                world.clock.advance(Duration::from_secs(seconds));
                self.standby.world.clock.advance(Duration::from_secs(seconds));
            }
            Step::ChangePlaces => self.change_places(),
            Step::Ask(feed, ask) => {
                request_resync(world.store(), &whole(feed, ask)).unwrap();
            }
            Step::RestartStandby => self.standby.world.restart(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(12), max_shrink_iters: 500,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_service_ends_with_what_the_shop_has_whoever_led(
        steps in steps(), logs_cascades in any::<bool>(),
    ) {
        let mut database = Database::small_shop();
        database.logs_cascades = logs_cascades;
        let mut pair = Pair::new(&database);
        for step in steps {
            pair.step(step);
        }
        pair.leader.world.settle_down();
        check(&mut pair.leader.world, &pair.leader.spurious);
        // And the other one, should it lead next.
        pair.change_places();
        pair.leader.world.settle_down();
        check(&mut pair.leader.world, &pair.leader.spurious);
    }
}
