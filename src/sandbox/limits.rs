//! Owns the exact sliding windows. Pure: the time comes in as a value.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock;

use super::endpoint::SandboxFeed;
use super::params::SandboxLimits;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// All windows of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    requests: Vec<Window>,
    product_items: Vec<Window>,
    price_items: Vec<Window>,
}

impl Limits {
    pub(crate) fn new(limits: SandboxLimits) -> Self {
        match limits {
            SandboxLimits::Off => Self::default(),
            SandboxLimits::Real {
                requests_per_second,
                requests_per_minute,
                products_per_minute,
                products_per_day,
                prices_per_minute,
            } => Self {
                requests: vec![
                    Window::new(SECOND, requests_per_second),
                    Window::new(MINUTE, requests_per_minute),
                ],
                product_items: vec![
                    Window::new(MINUTE, products_per_minute),
                    Window::new(DAY, products_per_day),
                ],
                price_items: vec![Window::new(MINUTE, prices_per_minute)],
            },
        }
    }

    /// Admits one request with `items` items of `feed` and counts the request, or says in how
    /// many seconds (at least 1) it would be admitted, and counts nothing.
    pub(crate) fn admit(
        &mut self,
        now: Timestamp,
        feed: SandboxFeed,
        items: u64,
    ) -> Result<(), u64> {
        let requests = self.requests.iter_mut().filter_map(|window| window.wait(now, 1)).max();
        let of_items = self.windows(feed).iter_mut().filter_map(|w| w.wait(now, items)).max();
        if let Some(wait) = requests.max(of_items) {
            let started_second = u64::from(wait.subsec_nanos() > 0);
            return Err((wait.as_secs() + started_second).max(1));
        }
        self.requests.iter_mut().for_each(|window| window.count(now, 1));
        Ok(())
    }

    /// Counts accepted items.
    pub(crate) fn count_items(&mut self, now: Timestamp, feed: SandboxFeed, items: u64) {
        self.windows(feed).iter_mut().for_each(|window| window.count(now, items));
    }

    fn windows(&mut self, feed: SandboxFeed) -> &mut [Window] {
        match feed {
            SandboxFeed::Products => &mut self.product_items,
            SandboxFeed::Prices => &mut self.price_items,
            SandboxFeed::ProductAttributes
            | SandboxFeed::Categories
            | SandboxFeed::CategoryAttributes
            | SandboxFeed::PriceBooks => &mut [],
        }
    }
}

/// What was counted within the last `length`: an event counts until exactly `length` later.
#[derive(Debug)]
struct Window {
    length: Duration,
    limit: u64,
    sum: u64,
    events: VecDeque<(Timestamp, u64)>,
}

impl Window {
    fn new(length: Duration, limit: u64) -> Self {
        Self { length, limit, sum: 0, events: VecDeque::new() }
    }

    /// How long until `more` fit; `None` when they fit now. More than ever fit wait for an empty
    /// window.
    fn wait(&mut self, now: Timestamp, more: u64) -> Option<Duration> {
        while let Some((at, count)) = self.events.front().copied() {
            if clock::since(now, at) < self.length {
                break;
            }
            self.events.pop_front();
            self.sum -= count;
        }
        let mut excess = (self.sum + more).checked_sub(self.limit).filter(|excess| *excess > 0)?;
        for (at, count) in &self.events {
            excess = excess.saturating_sub(*count);
            if excess == 0 {
                return Some(self.length.saturating_sub(clock::since(now, *at)));
            }
        }
        Some(self.length)
    }

    fn count(&mut self, now: Timestamp, more: u64) {
        self.sum += more;
        self.events.push_back((now, more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
    }

    #[test]
    fn an_event_counts_until_exactly_the_windows_length_later() {
        let mut window = Window::new(MINUTE, 10);
        window.count(at(0), 6);
        window.count(at(1), 4);
        assert_eq!(window.wait(at(59_999), 1), Some(Duration::from_millis(1)));
        assert_eq!(window.wait(at(60_000), 6), None);
        assert_eq!(window.wait(at(60_000), 7), Some(Duration::from_millis(1)));
        assert_eq!(window.wait(at(60_001), 10), None);
    }

    #[test]
    fn more_than_the_limit_waits_for_an_empty_window() {
        assert_eq!(Window::new(MINUTE, 10).wait(at(0), 11), Some(MINUTE));
    }

    #[test]
    fn the_answer_to_an_excess_request_is_the_longest_wait_in_whole_seconds() {
        let mut limits = Limits::new(SandboxLimits::Real {
            requests_per_second: 2,
            requests_per_minute: 3,
            products_per_minute: 100,
            products_per_day: 150,
            prices_per_minute: 5,
        });
        let feed = SandboxFeed::Products;
        assert_eq!(limits.admit(at(0), feed, 100), Ok(()));
        limits.count_items(at(0), feed, 100);
        assert_eq!(limits.admit(at(0), SandboxFeed::PriceBooks, 500), Ok(()));
        assert_eq!(limits.admit(at(1), SandboxFeed::PriceBooks, 1), Err(1), "second");
        assert_eq!(limits.admit(at(1_500), feed, 1), Err(59), "58.5 s until the minute is over");
        assert_eq!(limits.admit(at(1_500), SandboxFeed::Prices, 5), Ok(()), "own items");
        assert_eq!(limits.admit(at(3_000), SandboxFeed::PriceBooks, 1), Err(57), "minute");
        assert_eq!(limits.admit(at(60_000), feed, 50), Ok(()));
        limits.count_items(at(60_000), feed, 50);
        assert_eq!(limits.admit(at(120_000), feed, 1), Err(86_400 - 120), "day");
        assert_eq!(limits.admit(at(86_400_000), feed, 100), Ok(()));
    }
}
