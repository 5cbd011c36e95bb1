//! When a process may send: the rules of the lease, as values in, values out.
//!
//! The lock on the source server says who leads; the server frees it when the leader's connection is
//! gone or silent for [`SILENCE`]. A leader learns of that late or, frozen, never. So it may send only
//! for [`VALID`] after it *began* to ask the question to which the server answered that it holds the
//! lock: whoever gets the lock next got it after that question was answered, and waits for
//! [`SETTLING`], which is longer, before it sends anything itself. No message is needed, only clocks
//! that run at about the same rate.
//!
//! Pure. Must not know connections, the store, or what is sent.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, since};

/// How often the leader asks whether it still holds the lock.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);
/// How long the leader may send after it began to ask the question that was last answered with yes.
pub(crate) const VALID: Duration = Duration::from_secs(3);
/// How long the server lets a leader be silent before it frees the lock.
pub(crate) const SILENCE: Duration = Duration::from_secs(4);
/// How long a new leader waits after another: that one's last request left by then, and arrived.
pub(crate) const SETTLING: Duration = Duration::from_secs(4);
/// By how much the clocks of two machines may differ in rate while one settles.
const DRIFT: Duration = Duration::from_millis(50);

/// One moment on both clocks: the one that is never set, and the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    passed: Duration,
    at: Timestamp,
}

impl Moment {
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self { passed: clock.passed(), at: clock.now() }
    }

    /// The time from `earlier` to this moment, by the clock that says more. A machine whose clock
    /// stood still is seen by the other one; a time of day that was set back does no harm.
    fn since(self, earlier: Self) -> Duration {
        self.passed.saturating_sub(earlier.passed).max(since(self.at, earlier.at))
    }
}

/// Where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Without the lock.
    Standby,
    /// With the lock, from this moment on by our clock; `settles`: after another process.
    Holder { from: Moment, settles: bool },
}

/// What a process that got the lock may believe of its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// Nobody else has sent since this process did.
    Sure,
    /// Somebody else may have.
    Unsure,
}

/// The lease of one process.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    standing: Standing,
    /// When the question began that was last answered with yes, in this term or an earlier one of
    /// this process.
    confirmed: Option<Moment>,
    /// Whether another process was ever seen that delivers, or waits to, for the same tenant.
    has_peer: bool,
    /// Whether this process has led, and believed its ledger, since it started.
    has_led: bool,
    /// How often it got the lock.
    number: u64,
}

/// The lock was got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gained {
    /// Names this time among all of this process: what was begun in one must not go on in the next.
    pub(crate) number: u64,
    /// What may be believed.
    pub(crate) belief: Belief,
}

impl Term {
    pub(crate) fn new(has_peer: bool) -> Self {
        Self { standing: Standing::Standby, confirmed: None, has_peer, has_led: false, number: 0 }
    }

    /// Another process was seen. Returns whether it is the first time.
    pub(crate) fn peer_seen(&mut self) -> bool {
        !std::mem::replace(&mut self.has_peer, true)
    }

    /// The server gave us the lock in answer to a question that began at `began`; now it is `now`.
    pub(crate) fn gained(&mut self, began: Moment, now: Moment) -> Gained {
        let is_start = self.confirmed.is_none() && !self.has_peer;
        let is_unbroken = self.has_led && self.is_unbroken(now);
        let belief = if is_unbroken || !self.has_peer { Belief::Sure } else { Belief::Unsure };
        // What is begun now may be lost before it is done.
        self.has_led &= belief == Belief::Sure;
        self.standing = Standing::Holder { from: now, settles: !is_unbroken && !is_start };
        self.confirmed = Some(began);
        self.number = self.number.saturating_add(1);
        Gained { number: self.number, belief }
    }

    /// Whether nobody else can have sent since our last confirmation began: whoever got the lock since
    /// has to settle first, and what it may send after losing the lock to us would be over by then.
    fn is_unbroken(&self, now: Moment) -> bool {
        let gap = self.confirmed.map(|confirmed| now.since(confirmed));
        gap.is_some_and(|gap| gap + VALID + DRIFT < SETTLING)
    }

    /// Whether this process now does what a standby does, which leaves to another what it was to send:
    /// from then on it can't believe its ledger. Not before somebody else can have sent.
    pub(crate) fn stands_by(&mut self, now: Moment) -> bool {
        let is_without = self.standing == Standing::Standby;
        let stands_by = is_without && self.has_peer && !self.is_unbroken(now);
        self.has_led &= !stands_by;
        stands_by
    }

    /// What had to be done before leading is done: from here on the ledger is ours, if this is still
    /// the time it was done for. Whether it is.
    pub(crate) fn led(&mut self, number: u64) -> bool {
        let leads = self.number == number && self.standing != Standing::Standby;
        self.has_led |= leads;
        leads
    }

    /// The server confirmed that we hold the lock, in answer to a question that began then.
    pub(crate) fn confirmed(&mut self, began: Moment) {
        if matches!(self.standing, Standing::Holder { .. }) {
            self.confirmed = Some(began);
        }
    }

    /// The lock is gone, or may be: nothing may be sent until it is gained again.
    pub(crate) fn lost(&mut self) {
        self.standing = Standing::Standby;
    }

    /// How long until a holder has settled; zero once it has.
    pub(crate) fn settles_for(&self, now: Moment) -> Duration {
        match self.standing {
            // By the clock that is never set alone: one that jumps must not shorten the wait.
            Standing::Holder { from, settles: true } => {
                SETTLING.saturating_sub(now.passed.saturating_sub(from.passed))
            }
            Standing::Holder { settles: false, .. } | Standing::Standby => Duration::ZERO,
        }
    }

    /// Whether the last confirmation is too old to send anything.
    pub(crate) fn is_stale(&self, now: Moment) -> bool {
        self.confirmed.is_none_or(|began| now.since(began) >= VALID)
    }

    /// Whether a request of the time with this number may leave at this moment.
    pub(crate) fn may_send(&self, number: u64, now: Moment) -> bool {
        self.number == number
            && self.standing != Standing::Standby
            && self.settles_for(now).is_zero()
            && !self.is_stale(now)
    }
}

#[cfg(test)]
mod tests;
