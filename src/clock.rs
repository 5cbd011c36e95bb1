//! Owns time: the only `now()` and the only sleep of the program, and a manual twin for tests.
//!
//! Everything else receives a [`jiff::Timestamp`] as a value, so that a test chooses the time.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

/// A source of time. [`SystemClock`] in the program, [`ManualClock`] in tests.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some fixed moment, sleep of the machine included. Never goes
    /// back and is never set.
    fn passed(&self) -> Duration;

    /// Completes when `wait` has passed on this clock.
    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The clock handed around: cheap to clone.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn passed(&self) -> Duration {
        // Of the system's clocks that are never set this one goes on while the machine sleeps.
        let passed = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::try_from(passed).unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A clock that moves only when told to.
#[derive(Debug, Clone)]
pub struct ManualClock {
    inner: Arc<Mutex<Manual>>,
}

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    passed: Duration,
    next_sleeper: u64,
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        let manual =
            Manual { now, passed: Duration::ZERO, next_sleeper: 0, sleepers: BTreeMap::new() };
        Self { inner: Arc::new(Mutex::new(manual)) }
    }

    /// Moves the clock by `step` and wakes every sleeper whose time has come.
    pub fn advance(&self, step: Duration) {
        let mut manual = self.lock();
        manual.now = add(manual.now, step);
        manual.passed = manual.passed.saturating_add(step);
        let now = manual.passed;
        while let Some(entry) = manual.sleepers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            // A sleeper that was dropped meanwhile is simply gone.
            entry.remove().send(()).unwrap_or_default();
        }
    }

    /// Sets the time of day, as an administrator or a time service does; nobody is woken by it.
    pub fn set(&self, now: Timestamp) {
        self.lock().now = now;
    }

    /// How many sleepers wait: lets a test advance only when the code under test sleeps.
    pub fn sleeper_count(&self) -> usize {
        self.lock().sleepers.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Manual> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn passed(&self) -> Duration {
        self.lock().passed
    }

    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (wake, woken) = oneshot::channel();
        let mut manual = self.lock();
        if wait.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        let at = manual.passed.saturating_add(wait);
        let id = manual.next_sleeper;
        manual.next_sleeper += 1;
        manual.sleepers.insert((at, id), wake);
        drop(manual);
        Box::pin(async move {
            // The clock was dropped: nothing will ever wake us, so end the wait.
            drop(woken.await);
        })
    }
}

/// `at` plus `step`, stopping at the end of time.
pub fn add(at: Timestamp, step: Duration) -> Timestamp {
    at.checked_add(step).unwrap_or(Timestamp::MAX)
}

/// The time from `earlier` to `later`; zero when it is not later.
pub fn since(later: Timestamp, earlier: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}
