//! Whether the service is out of order or shuts us out, and when it is asked again.
//!
//! After a few failures in a row, with nothing in between that shows that it works, delivery does
//! not spend the licence's budgets on requests that fail: one item at a time is sent, as seldom as a
//! repeated attempt of one item would be. So it is at once when the service refuses our token, our
//! rights or our address. The first answer that shows that the service works ends that.

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
            Verdict::Unavailable => self.failed(1, now, jitter),
            Verdict::TokenRefused | Verdict::Forbidden | Verdict::NoSuchEndpoint => {
                self.failed(FAILURES_MIN, now, jitter);
            }
            Verdict::TooManyRequests { .. } => {}
        }
    }

    /// One more failure, `least` in all. What was on its way when the first ones failed says nothing new.
    fn failed(&mut self, least: u32, now: Timestamp, jitter: u32) {
        if self.probe_at(now).is_some_and(|at| at > now) {
            return;
        }
        self.failures = self.failures.saturating_add(1).max(least);
        let waits = self.failures.saturating_sub(FAILURES_MIN).saturating_add(1);
        self.probe_at = Some(next_attempt_at(waits, now, jitter));
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
        let (mut outage, mut now) = (Outage::default(), at(0));
        let mut waits = Vec::new();
        for _ in 0..12 {
            outage.note(&Verdict::Unavailable, now, 500);
            let probe_at = outage.probe_at(now);
            waits.push(probe_at.map(|at| at.duration_since(now).as_secs()));
            now = probe_at.unwrap_or(now);
        }
        let (none, some) = (waits.iter().take_while(|wait| wait.is_none()), &waits[2..]);
        assert_eq!(none.count(), 2);
        let expected = [1, 2, 4, 8, 16, 32, 60, 300, 300, 300].map(Some);
        assert_eq!(some, expected);
        outage.note(&Verdict::BatchRefused, now, 500);
        assert_eq!((outage.probe_at(now), outage.is_well()), (None, true));
    }

    #[test]
    fn service_that_shuts_us_out_is_asked_again_like_one_that_is_out_of_order() {
        for verdict in [Verdict::TokenRefused, Verdict::Forbidden, Verdict::NoSuchEndpoint] {
            let mut outage = Outage::default();
            for _ in 0..8 {
                outage.note(&verdict, at(0), 500);
            }
            assert_eq!(outage.probe_at(at(0)), Some(at(1)), "eight on their way count once");
            outage.note(&verdict, at(1), 500);
            assert_eq!(outage.probe_at(at(1)), Some(at(3)));
            outage.note(&Verdict::Accepted, at(3), 500);
            assert_eq!(outage.probe_at(at(3)), None);
        }
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
