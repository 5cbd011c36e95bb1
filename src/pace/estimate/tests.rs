//! The vendor's worked examples, the day's cap, and the estimate against the budgets themselves.

use super::*;
use crate::pace::{Pace, Room, Spending};

/// 2026-10-01T00:00:00Z.
fn midnight() -> Timestamp {
    "2026-10-01T00:00:00Z".parse().unwrap()
}

fn limits() -> Limits {
    Limits {
        request_interval: Duration::from_millis(500),
        products_per_minute: 1_000,
        products_per_day: 100_000,
        prices_per_minute: 50_000,
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn of(counts: &[(Feed, u64)]) -> Estimate {
    estimate(&counts.iter().copied().collect(), &limits(), &PaceState::default(), midnight())
}

/// The part of one feed alone.
fn feed(feed: Feed, items: u64) -> FeedEstimate {
    let all = of(&[(feed, items)]).feeds;
    all.into_iter().find(|it| it.feed == feed).unwrap()
}

#[test]
fn worked_examples_of_the_vendors_guide() {
    // 10,000 products in 4 store views, 500 categories, 200 attributes, 2 websites, 6 groups.
    let products = feed(Feed::Products, 40_000);
    assert_eq!((products.requests, products.takes), (400, minutes(40)));
    assert_eq!(products.bound, Bound::Minute);
    let categories = feed(Feed::Categories, 2_000);
    assert_eq!((categories.requests, categories.takes), (20, Duration::from_secs(10)));
    let attributes = feed(Feed::ProductAttributes, 800);
    assert_eq!((attributes.requests, attributes.takes), (8, Duration::from_secs(4)));
    let books = feed(Feed::PriceBooks, 12);
    assert_eq!((books.requests, books.takes), (1, Duration::from_millis(500)));
    // The guide says 2 minutes, which is what the requests take; 50,000 prices a minute take longer.
    let prices = feed(Feed::Prices, 120_000);
    assert_eq!((prices.requests, prices.by_requests), (240, minutes(2)));
    assert_eq!((prices.takes, prices.bound), (Duration::from_secs(144), Bound::Minute));
}

#[test]
fn day_cap_makes_two_days_of_160_000_products() {
    let all = of(&[(Feed::Products, 160_000)]);
    let products = &all.feeds[3];
    assert_eq!((products.requests, products.by_minute), (1_600, Some(minutes(160))));
    assert_eq!((products.takes, products.bound), (minutes(24 * 60 + 60), Bound::Day));
    assert_eq!(all.days, 2);
}

#[test]
fn what_was_sent_today_and_what_is_left_of_the_day_count() {
    let at = |sent, at: &str, items| {
        let now: Timestamp = at.parse().unwrap();
        let day = now.as_millisecond().div_euclid(DAY_MS);
        let used = PaceState { day, products_sent: sent, ..PaceState::default() };
        let all = estimate(&[(Feed::Products, items)].into(), &limits(), &used, now);
        (all.days, all.total, all.products_sent_today)
    };
    let noon = "2026-10-01T12:00:00Z";
    assert_eq!(at(0, noon, 40_000), (1, minutes(40), 0));
    assert_eq!(at(80_000, noon, 40_000), (2, minutes(12 * 60 + 20), 80_000));
    assert_eq!(at(100_000, noon, 40_000), (1, minutes(12 * 60 + 40), 100_000), "tomorrow only");
    assert_eq!(at(100_000, noon, 250_000), (3, minutes(60 * 60 + 50), 100_000));
    // Ten minutes before midnight a new day's cap comes soon enough.
    assert_eq!(at(0, "2026-10-01T23:50:00Z", 100_000), (2, minutes(100), 0));
    // What was sent yesterday does not count.
    let yesterday = PaceState { day: 0, products_sent: 100_000, ..PaceState::default() };
    let all = estimate(&[(Feed::Products, 40_000)].into(), &limits(), &yesterday, midnight());
    assert_eq!((all.total, all.products_sent_today), (minutes(40), 0));
}

#[test]
fn what_a_mass_load_leaves_for_changes_it_gets_late_in_the_day() {
    // 5,000 of the day's 100,000 are kept at its start, 1,000 when a fifth of it is left.
    assert_eq!(feed(Feed::Products, 95_000).takes, minutes(95));
    assert_eq!(feed(Feed::Products, 99_000).takes, minutes(24 * 60 * 4 / 5));
    assert_eq!(feed(Feed::Products, 99_000).bound, Bound::Day);
    assert_eq!(feed(Feed::Products, 100_000).takes, minutes(24 * 60));
}

#[test]
fn pause_that_the_service_asked_for_comes_first() {
    let until = midnight() + jiff::SignedDuration::from_secs(90);
    let used = PaceState { closed_until: Some(until), ..PaceState::default() };
    let all = estimate(&[(Feed::Categories, 100)].into(), &limits(), &used, midnight());
    assert_eq!((all.pause, all.total), (Duration::from_secs(90), Duration::from_millis(90_500)));
}

#[test]
fn nothing_takes_no_time() {
    let all = of(&[]);
    assert_eq!((all.requests, all.total, all.days), (0, Duration::ZERO, 0));
}

/// Delivers in first-sync order, prices after their share of the products, as soon as the budgets
/// admit it; answers come at once.
fn delivered(counts: &[(Feed, u64)], limits: &Limits) -> Duration {
    let wanted: BTreeMap<Feed, u64> = counts.iter().copied().collect();
    let mut left = wanted.clone();
    let of = |left: &BTreeMap<Feed, u64>, feed| left.get(&feed).copied().unwrap_or(0);
    let ready = |left: &BTreeMap<Feed, u64>, feed| match feed {
        Feed::Products if Feed::ALL.iter().take(3).any(|feed| of(left, *feed) > 0) => 0,
        Feed::Prices => {
            let (all, waiting) = (of(&wanted, Feed::Products).max(1), of(left, Feed::Products));
            let held = (of(&wanted, feed) * waiting).div_ceil(all);
            of(left, feed).saturating_sub(held)
        }
        Feed::ProductAttributes
        | Feed::CategoryAttributes
        | Feed::Categories
        | Feed::Products
        | Feed::PriceBooks => of(left, feed),
    };
    let mut now = midnight();
    let mut pace = Pace::new(limits.clone(), PaceState::default(), now);
    while left.values().any(|left| *left > 0) {
        let mut until: Option<Timestamp> = None;
        let sent = Feed::ALL.into_iter().find_map(|feed| {
            let ready = ready(&left, feed);
            match pace.room(feed, Spending::Steady, now) {
                Room::Items(room) if ready > 0 => {
                    let items = room.min(feed.batch_items_max());
                    Some((feed, u64::try_from(items).unwrap().min(ready)))
                }
                Room::Until(at) if ready > 0 => {
                    until = Some(until.map_or(at, |until| until.min(at)));
                    None
                }
                Room::Items(_) | Room::Until(_) => None,
            }
        });
        match sent {
            Some((feed, items)) => {
                pace.take(feed, usize::try_from(items).unwrap(), now);
                *left.get_mut(&feed).unwrap() -= items;
            }
            None => now = until.expect("something waits for a budget"),
        }
    }
    Duration::try_from(now.duration_since(midnight())).unwrap()
}

#[test]
fn estimate_is_within_a_few_percent_of_a_delivery_under_the_budgets() {
    use Feed::{Categories, PriceBooks, Prices, ProductAttributes, Products};
    let wide = Limits { products_per_minute: 10_000, products_per_day: 1_000_000, ..limits() };
    let narrow = Limits { products_per_minute: 333, ..limits() };
    let shop = [
        (ProductAttributes, 800),
        (Categories, 2_000),
        (Products, 40_000),
        (PriceBooks, 14),
        (Prices, 120_000),
    ];
    let cases: [(&[(Feed, u64)], Limits); 10] = [
        (&shop, limits()),
        (&shop, wide.clone()),
        (&shop, narrow),
        (&[(Products, 160_000), (Prices, 40_000)], limits()),
        (&[(Products, 98_000)], limits()),
        (&[(Products, 250_000)], limits()),
        (&[(Products, 20_000), (PriceBooks, 100), (Prices, 900_000)], limits()),
        (&[(Products, 30_000), (Prices, 2_000_000)], wide),
        (&[(ProductAttributes, 30_000), (Products, 15_000)], limits()),
        (&[(Prices, 120_000)], limits()),
    ];
    for (counts, limits) in cases {
        let told =
            estimate(&counts.iter().copied().collect(), &limits, &PaceState::default(), midnight())
                .total;
        let real = delivered(counts, &limits);
        let off = told.abs_diff(real).as_millis();
        assert!(off * 100 <= real.as_millis() * 3, "{told:?} told, {real:?} real: {counts:?}");
    }
}

#[test]
fn estimate_of_a_small_shop_is_off_by_seconds() {
    use Feed::{Prices, ProductAttributes, Products};
    let cases: [(&[(Feed, u64)], u64); 3] = [
        (&[(ProductAttributes, 60), (Products, 300), (Prices, 200)], 2),
        (&[(Products, 900)], 5),
        (&[(ProductAttributes, 600), (Products, 1_500)], 10),
    ];
    for (counts, seconds) in cases {
        let (told, real) = (of(counts).total, delivered(counts, &limits()));
        let off = told.abs_diff(real);
        assert!(off <= Duration::from_secs(seconds), "{told:?} told, {real:?} real: {counts:?}");
    }
}
