//! How long a full sync takes under the budgets, before it is begun.
//!
//! The figures are those of the vendor's guide (records / items per minute, requests × the time between
//! two) and the day's cap, of which a mass load leaves a part for changes until late in the day. Answers are taken to come at once and never to be refused.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{DAY_MS, DAY_RESERVE_DIVISOR, Family, Limits, Minute, PaceState};
use crate::feed::Feed;

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;
/// Minutes of a day.
const DAY_MINUTES: u64 = 1_440;

/// What holds up a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Requests per second.
    Requests,
    /// Items per minute.
    Minute,
    /// Items per day.
    Day,
}

impl Bound {
    /// The budget, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests per second",
            Self::Minute => "items per minute",
            Self::Day => "items per day",
        }
    }
}

/// A feed's part of a full sync, as if it had the budgets to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEstimate {
    /// The feed.
    pub feed: Feed,
    /// Items to send.
    pub items: u64,
    /// Requests that they fill.
    pub requests: u64,
    /// How long the requests take at requests per second.
    pub by_requests: Duration,
    /// How long the items take at items per minute; `None`: the feed has no such budget.
    pub by_minute: Option<Duration>,
    /// How long the items take with the day's cap; `None`: the feed has none.
    pub by_day: Option<Duration>,
    /// The longest of these.
    pub takes: Duration,
    /// Which it is.
    pub bound: Bound,
}

/// A full sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The feeds, in first-sync order.
    pub feeds: Vec<FeedEstimate>,
    /// Requests of all feeds.
    pub requests: u64,
    /// Until the service lets us send at all.
    pub pause: Duration,
    /// Attribute metadata and categories, which go before products.
    pub first: Duration,
    /// Products, price books and prices, which share the requests: prices follow their products.
    pub second: Duration,
    /// All of it.
    pub total: Duration,
    /// UTC days on which products are sent, today included.
    pub days: u64,
    /// Products that were sent today already.
    pub products_sent_today: u64,
}

/// Estimates a full sync of so many items that begins `now`, with what was used of the budgets.
pub fn estimate(
    items: &BTreeMap<Feed, u64>,
    limits: &Limits,
    used: &PaceState,
    now: Timestamp,
) -> Estimate {
    let now_ms = now.as_millisecond();
    let today = now_ms.div_euclid(DAY_MS);
    let products_sent_today = if used.day == today { u64::from(used.products_sent) } else { 0 };
    let pause = used.closed_until.map_or(Duration::ZERO, |until| {
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    });
    let midnight_ms = u64::try_from((today + 1) * DAY_MS - now_ms).unwrap_or(0);
    let day = DayCap {
        per_minute: u64::from(limits.products_per_minute.max(1)),
        per_day: u64::from(limits.products_per_day),
        sent: products_sent_today,
        midnight_ms: midnight_ms.saturating_sub(milliseconds(pause)),
    };
    let feeds: Vec<FeedEstimate> = Feed::ALL
        .into_iter()
        .map(|feed| of_feed(feed, items.get(&feed).copied().unwrap_or(0), limits, &day, now))
        .collect();
    let of = |wanted: &[Feed]| -> Vec<&FeedEstimate> {
        feeds.iter().filter(|feed| wanted.contains(&feed.feed)).collect()
    };
    let before = of(&[Feed::ProductAttributes, Feed::CategoryAttributes, Feed::Categories]);
    let products = of(&[Feed::Products]);
    let prices = of(&[Feed::PriceBooks, Feed::Prices]);
    let in_turn = |feeds: &[&FeedEstimate]| feeds.iter().map(|feed| feed.takes).sum::<Duration>();
    let first = in_turn(&before);
    let second = shared_time(&products, &prices, limits.request_interval);
    let product_items = items.get(&Feed::Products).copied().unwrap_or(0);
    Estimate {
        requests: feeds.iter().map(|feed| feed.requests).sum(),
        pause,
        first,
        second,
        total: pause.saturating_add(first).saturating_add(second),
        days: day.days(product_items),
        products_sent_today,
        feeds,
    }
}

fn of_feed(feed: Feed, items: u64, limits: &Limits, day: &DayCap, now: Timestamp) -> FeedEstimate {
    let per_minute = match Family::of(feed) {
        Family::Products => Some(limits.products_per_minute.max(1)),
        Family::Prices => Some(limits.prices_per_minute.max(1)),
        Family::RequestOnly => None,
    };
    let batch_max = u64::try_from(feed.batch_items_max()).unwrap_or(u64::MAX);
    // A narrow minute is spread over smaller batches.
    let batch = per_minute.map_or(batch_max, |per_minute| {
        let full = u64::from(Minute::new(feed, per_minute, now).full.get());
        full.min(batch_max)
    });
    let requests = items.div_ceil(batch);
    let by_requests = request_time(requests, limits.request_interval);
    let by_minute = per_minute.map(|per_minute| minute_time(items, u64::from(per_minute)));
    let by_day = (Family::of(feed) == Family::Products).then(|| day.time(items));
    let (takes, bound) =
        [(by_minute, Bound::Minute), (by_day, Bound::Day)]
            .into_iter()
            .filter_map(|(time, bound)| Some((time?, bound)))
            .fold((by_requests, Bound::Requests), |longest, other| {
                if other.0 > longest.0 { other } else { longest }
            });
    FeedEstimate { feed, items, requests, by_requests, by_minute, by_day, takes, bound }
}

/// Products go before prices, which have the requests that are left, and all of them after.
fn shared_time(
    products: &[&FeedEstimate],
    prices: &[&FeedEstimate],
    interval: Duration,
) -> Duration {
    let requests = |feeds: &[&FeedEstimate]| {
        feeds.iter().fold(0, |sum: u128, feed| sum + u128::from(feed.requests))
    };
    let takes = |feeds: &[&FeedEstimate]| feeds.iter().map(|feed| feed.takes).sum::<Duration>();
    let (products_take, wanted) = (takes(products), requests(prices));
    let one_price_request = takes(prices).as_nanos().checked_div(wanted).unwrap_or(0);
    let one_price_request = one_price_request.max(interval.as_nanos());
    let meanwhile = |one: u128| products_take.as_nanos().checked_div(one).unwrap_or(u128::MAX);
    let left = meanwhile(interval.as_nanos()).saturating_sub(requests(products));
    let done = left.min(meanwhile(one_price_request));
    let rest = wanted.saturating_sub(done).saturating_mul(one_price_request);
    products_take.saturating_add(Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX)))
}

fn request_time(requests: u64, interval: Duration) -> Duration {
    interval.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX))
}

/// A tenth of a minute's items go at once, as the first batch; what is more than that is spread.
fn minute_time(items: u64, per_minute: u64) -> Duration {
    let spread = if items <= per_minute { items.saturating_sub(per_minute / 10) } else { items };
    Duration::from_millis(spread.saturating_mul(MINUTE_MS) / per_minute)
}

/// The day's cap on products.
#[derive(Debug)]
struct DayCap {
    per_minute: u64,
    per_day: u64,
    /// Products sent today.
    sent: u64,
    /// Until the next day begins, when sending begins.
    midnight_ms: u64,
}

impl DayCap {
    /// What can be sent today, and what on any other day.
    fn capacities(&self) -> (u64, u64) {
        let until_midnight = self.midnight_ms.saturating_mul(self.per_minute) / MINUTE_MS;
        let today = self.per_day.saturating_sub(self.sent).min(until_midnight);
        (today, self.per_day.min(self.per_minute.saturating_mul(DAY_MINUTES)).max(1))
    }

    /// Whole days after today, and what is left for the day after them. `None`: today is enough.
    fn later(&self, items: u64) -> Option<(u64, u64)> {
        let (today, capacity) = self.capacities();
        let rest = items.checked_sub(today).filter(|rest| *rest > 0)?;
        let whole = (rest - 1) / capacity;
        Some((whole, rest - whole * capacity))
    }

    fn time(&self, items: u64) -> Duration {
        let Some((whole, last)) = self.later(items) else {
            return self.time_in_day(items, self.sent, self.midnight_ms);
        };
        let day_ms = DAY_MS.unsigned_abs();
        let waited = self.midnight_ms.saturating_add(whole.saturating_mul(day_ms));
        Duration::from_millis(waited).saturating_add(self.time_in_day(last, 0, day_ms))
    }

    /// How long items take that one day has room for, when so many were sent on it and so much of it is
    /// left. What they would take of the part that is kept for changes, they get as it melts.
    fn time_in_day(&self, items: u64, sent: u64, left_ms: u64) -> Duration {
        let by_rate = minute_time(items, self.per_minute);
        let spare = self.per_day.saturating_sub(sent).saturating_sub(items);
        let kept_ms = spare.saturating_mul(DAY_MS.unsigned_abs());
        let reserve = self.per_day / u64::from(DAY_RESERVE_DIVISOR);
        match kept_ms.checked_div(reserve) {
            Some(kept_ms) => by_rate.max(Duration::from_millis(left_ms.saturating_sub(kept_ms))),
            None => by_rate,
        }
    }

    fn days(&self, items: u64) -> u64 {
        match (items, self.later(items)) {
            (0, _) => 0,
            (_, None) => 1,
            (_, Some((whole, _))) => whole.saturating_add(2 - u64::from(self.capacities().0 == 0)),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
