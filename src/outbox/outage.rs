//! Whether the service is out of order, and when it is asked again.
//!
//! After a few failures in a row, with nothing in between that shows that it works, delivery does
//! not spend the licence's budgets on requests that fail: one item at a time is sent, as seldom as a
//! repeated attempt of one item would be. The first answer that shows that the service works ends that.

use jiff::Timestamp;

use super::Verdict;
use crate::retry::{latest_next_attempt, next_attempt_at};

/// Failures in a row that make an outage.
const FAILURES_MIN: u32 = 3;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Failures since the last answer that showed that the service works.
    failures: u32,
    probe_at: Option<Timestamp>,
}

impl Outage {
    /// Takes note of an answer.
    pub(super) fn note(&mut self, verdict: &Verdict, now: Timestamp, jitter: u32) {
        match verdict {
            Verdict::Accepted
            | Verdict::ItemsRefused(_)
            | Verdict::BatchRefused
            | Verdict::TooLarge => *self = Self::default(),
            Verdict::Unavailable => {
                self.failures = self.failures.saturating_add(1);
                let waits = self.failures.saturating_sub(FAILURES_MIN).saturating_add(1);
                self.probe_at = Some(next_attempt_at(waits, now, jitter));
            }
            Verdict::TokenRefused
            | Verdict::Forbidden
            | Verdict::NoSuchEndpoint
            | Verdict::TooManyRequests { .. } => {}
        }
    }

    /// Whether nothing has failed since the service last worked.
    pub(super) fn is_well(&self) -> bool {
        self.failures == 0
    }

    /// When the service is to be asked again whether it works; `None`: it is not known to be out of
    /// order.
    pub(super) fn probe_at(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.probe_at.filter(|_| self.failures >= FAILURES_MIN)?;
        // One that is further away was set before the clock was set back.
        Some(if at > latest_next_attempt(now) { now } else { at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn after_three_failures_in_a_row_the_service_is_asked_ever_more_seldom() {
        let mut outage = Outage::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            outage.note(&Verdict::Unavailable, at(0), 500);
            waits.push(outage.probe_at(at(0)).map(Timestamp::as_second));
        }
        let expected = [
            None,
            None,
            Some(1),
            Some(2),
            Some(4),
            Some(8),
            Some(16),
            Some(32),
            Some(60),
            Some(300),
        ];
        assert_eq!(waits.get(..10), Some(&expected[..]));
        assert_eq!(waits.last(), Some(&Some(300)));
        outage.note(&Verdict::BatchRefused, at(0), 500);
        assert_eq!((outage.probe_at(at(0)), outage.is_well()), (None, true));
    }

    #[test]
    fn clock_that_was_set_back_does_not_put_the_question_off() {
        let mut outage = Outage::default();
        for _ in 0..5 {
            outage.note(&Verdict::Unavailable, at(1_000_000), 500);
        }
        assert_eq!(outage.probe_at(at(0)), Some(at(0)));
    }
}
