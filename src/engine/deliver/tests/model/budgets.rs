//! The budgets as the service would see them: every request and item that left, in true time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::pace::{Family, Limits};

/// Small budgets, so that short histories run into them.
pub(super) fn limits() -> impl Strategy<Value = Limits> {
    (0..3_u64, 1..12_u32, 1..60_u32, 1..12_u32).prop_map(|(interval, minute, day, prices)| Limits {
        request_interval: Duration::from_millis(interval * 500),
        products_per_minute: minute,
        products_per_day: day,
        prices_per_minute: prices,
    })
}

/// What left, and what the limits say about it (R1).
#[derive(Debug)]
pub(super) struct Seen {
    limits: Limits,
    sends: Vec<(Timestamp, Family, usize)>,
    /// Products by UTC day.
    days: Vec<(i64, usize)>,
    closed_until: Timestamp,
}

impl Seen {
    pub(super) fn new(limits: Limits) -> Self {
        let (sends, days) = (Vec::new(), Vec::new());
        Self { limits, sends, days, closed_until: Timestamp::MIN }
    }

    /// The service asked to be left alone until then, in true time.
    pub(super) fn close(&mut self, until: Timestamp) {
        self.closed_until = self.closed_until.max(until);
    }

    /// A request left. With a clock that is wrong there are days with other ends than the service's.
    ///
    /// # Panics
    /// If a budget is exceeded.
    pub(super) fn left(&mut self, at: Timestamp, is_right: bool, family: Family, items: usize) {
        assert!(at >= self.closed_until, "sent at {at}, closed until {}", self.closed_until);
        if let Some((last, ..)) = self.sends.last() {
            let gap = at.duration_since(*last);
            let least = SignedDuration::try_from(self.limits.request_interval).unwrap();
            assert!(gap >= least, "{gap:?} between requests, {least:?} at least");
        }
        self.sends.push((at, family, items));
        let items_max = match family {
            Family::Products => self.limits.products_per_minute,
            Family::Prices => self.limits.prices_per_minute,
            Family::RequestOnly => return,
        };
        let since = at - SignedDuration::from_secs(60);
        let window = self.sends.iter().filter(|(sent, of, _)| *of == family && *sent > since);
        let sum: usize = window.map(|(.., items)| items).sum();
        let items_max = usize::try_from(items_max).unwrap();
        assert!(sum <= items_max, "{sum} items of {family:?} in a minute, {items_max} at most");
        if family == Family::Products && is_right {
            self.count_day(at.as_second().div_euclid(86_400), items);
        }
    }

    fn count_day(&mut self, day: i64, items: usize) {
        match self.days.iter_mut().find(|(of, _)| *of == day) {
            Some((_, sum)) => *sum += items,
            None => self.days.push((day, items)),
        }
        let sum = self.days.iter().find(|(of, _)| *of == day).unwrap().1;
        let items_max = usize::try_from(self.limits.products_per_day).unwrap();
        assert!(sum <= items_max, "{sum} products on day {day}, {items_max} at most");
    }
}
