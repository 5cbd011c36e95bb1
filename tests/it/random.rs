//! Random choices of tests, and the seed that repeats them.

use aco_stream::clock::{Clock, SystemClock};

use crate::servers::environment;

/// The seed: `ACO_STREAM_TEST_SEED` if it is set, else a new one. Printed, so that a failure can be
/// repeated.
pub(crate) fn seed() -> u64 {
    let given = environment("ACO_STREAM_TEST_SEED");
    let seed = given.map_or_else(
        || u64::try_from(SystemClock.now().as_microsecond()).expect("the clock is past 1970"),
        |text| text.parse().expect("ACO_STREAM_TEST_SEED is a number"),
    );
    eprintln!("ACO_STREAM_TEST_SEED={seed}");
    seed
}

/// Numbers that look random and follow from the seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 1 to `max`.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        self.next() % max + 1
    }

    /// One of these.
    pub(crate) fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let count = u64::try_from(choices.len()).expect("not that many");
        let place = usize::try_from(self.up_to(count) - 1).expect("a place");
        choices.get(place).expect("there is something to choose from")
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let draw = |seed| {
        let mut random = Random(seed);
        [(); 8].map(|()| random.up_to(1000))
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}
