//! `governor`'s cell rate algorithm, driven by instants that are handed in and open to questions:
//! "when would this be admitted?" must not count as a request.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;

/// The present as the limiter sees it: nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
struct HandedClock(Arc<AtomicU64>);

impl Clock for HandedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

/// The limiter's memory: one number. While `is_asking`, an admission is not written down.
#[derive(Debug, Default)]
struct Memory {
    arrival: AtomicU64,
    is_set: AtomicBool,
    is_asking: AtomicBool,
}

#[derive(Debug, Clone, Default)]
struct SharedMemory(Arc<Memory>);

impl StateStore for SharedMemory {
    type Key = NotKeyed;

    /// Only ever called by one thread: [`Governed`] is changed through `&mut` alone.
    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let memory = &self.0;
        let before = Nanos::new(memory.arrival.load(Ordering::Relaxed));
        let (outcome, after) = f(memory.is_set.load(Ordering::Relaxed).then_some(before))?;
        if !memory.is_asking.load(Ordering::Relaxed) {
            memory.arrival.store(after.as_u64(), Ordering::Relaxed);
            memory.is_set.store(true, Ordering::Relaxed);
        }
        Ok(outcome)
    }
}

/// One limit: a cell per interval, and a burst.
#[derive(Debug)]
pub(super) struct Governed {
    limiter: RateLimiter<NotKeyed, SharedMemory, HandedClock, NoOpMiddleware<Nanos>>,
    clock: HandedClock,
    memory: SharedMemory,
}

impl Governed {
    /// A limit of one cell per `interval`, with `burst` cells at once after a rest. `None` for an
    /// interval of zero: no limit. `origin` is the earliest instant it will be asked about.
    pub(super) fn new(interval: Duration, burst: NonZeroU32, origin: Timestamp) -> Option<Self> {
        let quota = Quota::with_period(interval)?.allow_burst(burst);
        let clock = HandedClock::default();
        clock.0.store(nanos(origin), Ordering::Relaxed);
        let memory = SharedMemory::default();
        let limiter = RateLimiter::new(quota, memory.clone(), clock.clone());
        Some(Self { limiter, clock, memory })
    }

    /// When `cells` would be admitted; `None`: at once.
    pub(super) fn free_at(&mut self, cells: NonZeroU32, now: Timestamp) -> Option<Timestamp> {
        self.memory.0.is_asking.store(true, Ordering::Relaxed);
        self.check(cells, now)
    }

    /// Counts `cells`, as far as they are admitted.
    pub(super) fn charge(&mut self, cells: NonZeroU32, now: Timestamp) {
        self.memory.0.is_asking.store(false, Ordering::Relaxed);
        self.check(cells, now);
    }

    fn check(&self, cells: NonZeroU32, now: Timestamp) -> Option<Timestamp> {
        self.clock.0.store(nanos(now), Ordering::Relaxed);
        match self.limiter.check_n(cells) {
            // Admitted; or more cells than the burst: then the caller's window decides alone.
            Ok(Ok(())) | Err(_) => None,
            Ok(Err(not_until)) => {
                let at = i128::from(not_until.earliest_possible().as_u64());
                Some(Timestamp::from_nanosecond(at).unwrap_or(Timestamp::MAX))
            }
        }
    }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or(0)
}
