//! Tests of the budgets.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const MINUTE_MS: i64 = 60_000;

/// 2026-10-01T12:00:00Z.
const NOON_MS: i64 = 1_790_856_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(NOON_MS + ms).unwrap()
}

fn limits(products_per_minute: u32) -> Limits {
    Limits {
        request_interval: Duration::from_millis(500),
        products_per_minute,
        products_per_day: 100_000,
        prices_per_minute: 50_000,
    }
}

fn pace(limits: Limits) -> Pace {
    Pace::new(limits, PaceState::default(), at(0))
}

/// Sends as much as it may, as soon as it may, up to `until_ms`; each send leaves `late_ms` late.
fn saturate(pace: &mut Pace, feed: Feed, until_ms: i64, late_ms: i64) -> Vec<(i64, usize)> {
    let mut now = at(0);
    let mut sent = Vec::new();
    while now < at(until_ms) {
        match pace.room(feed, Spending::Burst, now) {
            Room::Until(until) => {
                assert!(until > now, "room in the past");
                now = until + SignedDuration::from_millis(late_ms);
            }
            Room::Items(room) => {
                let items = room.min(feed.batch_items_max());
                pace.take(feed, items, now);
                sent.push((now.as_millisecond() - NOON_MS, items));
            }
        }
    }
    sent
}

/// The most items in any window of a minute.
fn peak(sent: &[(i64, usize)]) -> usize {
    let within = |from: i64| {
        sent.iter()
            .filter(|(ms, _)| (from..from + MINUTE_MS).contains(ms))
            .map(|(_, items)| items)
            .sum()
    };
    sent.iter().map(|(from, _)| within(*from)).max().unwrap_or(0)
}

#[test]
fn requests_keep_their_interval_without_a_burst() {
    let mut pace = pace(limits(1_000));
    assert_eq!(pace.room(Feed::PriceBooks, Spending::Burst, at(60_000)), Room::Items(500));
    pace.take(Feed::PriceBooks, 1, at(60_000));
    assert_eq!(pace.room(Feed::Products, Spending::Burst, at(60_010)), Room::Until(at(60_500)));
    assert_eq!(pace.room(Feed::ProductAttributes, Spending::Burst, at(60_500)), Room::Items(100));
}

#[test]
fn asking_for_room_costs_nothing() {
    let mut pace = pace(limits(1_000));
    for ms in 0..100 {
        assert_eq!(pace.room(Feed::Products, Spending::Burst, at(ms)), Room::Items(1_000));
    }
    assert_eq!(pace.state().sends, []);
}

#[test]
fn half_a_minute_of_items_goes_at_once_and_the_rest_is_spread() {
    let sent = saturate(&mut pace(limits(1_000)), Feed::Products, 30_000, 0);
    let first: Vec<i64> = sent.iter().take(7).map(|(ms, _)| *ms).collect();
    assert_eq!(first.get(..5).unwrap(), [0, 500, 1_000, 1_500, 2_000]);
    assert!(first.get(6).unwrap() - first.get(5).unwrap() >= 6_000);
}

#[test]
fn steady_spending_leaves_room_for_a_burst_from_the_start() {
    let mut pace = pace(limits(1_000));
    for n in 0..20 {
        let now = at(6_100 * n);
        assert_eq!(pace.room(Feed::Products, Spending::Steady, now), Room::Items(100));
        pace.take(Feed::Products, 100, now);
        let Room::Until(until) = pace.room(Feed::Products, Spending::Steady, now) else { panic!() };
        assert!(until > now + SignedDuration::from_secs(2), "{until}");
        let soon = now + SignedDuration::from_millis(500);
        let burst = pace.room(Feed::Products, Spending::Burst, soon);
        let is_early = n < 4;
        assert_eq!(matches!(burst, Room::Items(_)), is_early, "{n}: {burst:?}");
    }
}

#[test]
fn a_saturated_budget_is_used_to_99_percent() {
    let cases = [
        (Feed::Products, 1_000, 0),
        (Feed::Products, 1_000, 20),
        (Feed::Products, 5_000, 20),
        (Feed::Products, 1_050, 5),
        (Feed::Products, 333, 5),
        (Feed::Products, 10, 0),
        (Feed::Prices, 50_000, 0),
    ];
    for (feed, per_minute, late_ms) in cases {
        let limits = Limits { prices_per_minute: per_minute, ..limits(per_minute) };
        let sent = saturate(&mut pace(limits), feed, 10 * MINUTE_MS, late_ms);
        let items: usize = sent.iter().map(|(_, items)| items).sum();
        let budget = usize::try_from(per_minute).unwrap();
        assert!(items * 100 >= budget * 10 * 99, "{feed} {per_minute}: {items} of {}", budget * 10);
        assert!(peak(&sent) <= budget, "{feed} {per_minute}: {}", peak(&sent));
    }
}

#[test]
fn a_change_during_a_mass_load_waits_for_seconds() {
    let mut pace = pace(limits(1_000));
    saturate(&mut pace, Feed::Products, 5 * MINUTE_MS, 0);
    match pace.room(Feed::Products, Spending::Burst, at(5 * MINUTE_MS)) {
        Room::Items(_) => {}
        Room::Until(until) => assert!(until <= at(5 * MINUTE_MS + 7_000), "{until}"),
    }
}

#[test]
fn a_few_live_items_in_a_row_do_not_wait() {
    let mut pace = pace(limits(1_000));
    for n in 0..20 {
        assert!(matches!(pace.room(Feed::Products, Spending::Burst, at(n * 500)), Room::Items(_)));
        pace.take(Feed::Products, 3, at(n * 500));
    }
}

#[test]
fn a_restart_refills_no_budget() {
    let mut before = pace(limits(1_000));
    saturate(&mut before, Feed::Products, 40_000, 0);
    let used = before.state().clone();
    let mut after = Pace::new(limits(1_000), used, at(40_001));
    assert!(matches!(after.room(Feed::Products, Spending::Burst, at(40_001)), Room::Until(_)));
    assert_eq!(after.state().products_sent, 1_000);

    before.take(Feed::PriceBooks, 1, at(50_000));
    let mut after = Pace::new(limits(1_000), before.state().clone(), at(50_100));
    assert!(
        matches!(after.room(Feed::PriceBooks, Spending::Burst, at(50_100)), Room::Until(until) if until > at(50_400))
    );
}

#[test]
fn the_day_budget_ends_at_midnight_utc_and_the_last_seconds_count_twice() {
    let mut pace = pace(Limits { products_per_day: 150, ..limits(1_000) });
    let midnight = 12 * 3_600_000;
    pace.take(Feed::Products, 100, at(0));
    assert_eq!(pace.room(Feed::Products, Spending::Burst, at(1_000)), Room::Items(50));
    pace.take(Feed::Products, 50, at(midnight - 1_000));
    assert_eq!(
        pace.room(Feed::Products, Spending::Burst, at(midnight - 400)),
        Room::Until(at(midnight))
    );
    assert!(matches!(pace.room(Feed::Prices, Spending::Burst, at(midnight - 400)), Room::Items(_)));
    assert_eq!(pace.room(Feed::Products, Spending::Burst, at(midnight)), Room::Items(100));
}

#[test]
fn a_mass_load_leaves_products_of_the_day_for_changes_and_uses_all_of_them_by_midnight() {
    let mut pace = pace(limits(1_000));
    let (mut now, midnight) = (at(0), 12 * 3_600_000);
    let mut sent_by = std::collections::BTreeMap::new();
    while now < at(midnight) {
        match pace.room(Feed::Products, Spending::Steady, now) {
            Room::Items(room) => {
                let items = room.min(100);
                assert_eq!(items, 100, "no request for a few items");
                pace.take(Feed::Products, items, now);
            }
            Room::Until(until) => {
                assert!(until > now, "room in the past");
                now = until;
            }
        }
        let hour = (now.as_millisecond() - NOON_MS) / 3_600_000;
        sent_by.insert(hour, pace.state().products_sent);
        if hour < 11 && sent_by.len() % 2 == 0 {
            now += SignedDuration::from_secs(7);
            let burst = pace.room(Feed::Products, Spending::Burst, now);
            assert!(matches!(burst, Room::Items(_)), "{now}: {burst:?}");
        }
    }
    println!("{sent_by:?}");
    assert!(sent_by[&2] >= 97_000 && sent_by[&2] <= 98_500, "{sent_by:?}");
    assert!(sent_by[&11] >= 99_900, "{sent_by:?}");
}

#[test]
fn a_closed_budget_opens_at_its_time() {
    let mut pace = pace(limits(1_000));
    pace.close_until(at(9_000));
    pace.close_until(at(5_000));
    assert_eq!(pace.room(Feed::Prices, Spending::Burst, at(8_999)), Room::Until(at(9_000)));
    assert_eq!(pace.room(Feed::Prices, Spending::Burst, at(9_000)), Room::Items(50_000));
}

#[test]
fn a_clock_set_back_does_not_close_the_budgets_for_long() {
    let mut pace = pace(limits(1_000));
    pace.take(Feed::Products, 900, at(3_600_000));
    assert!(
        matches!(pace.room(Feed::Products, Spending::Burst, at(0)), Room::Until(until) if until <= at(MINUTE_MS + 1_000))
    );
    assert!(matches!(
        pace.room(Feed::Products, Spending::Burst, at(MINUTE_MS + 1_000)),
        Room::Items(_)
    ));
}

#[test]
fn the_state_stays_small_without_a_request_limit() {
    let mut pace = pace(Limits { request_interval: Duration::ZERO, ..limits(1_000_000) });
    for ms in 0..60_000 {
        pace.take(Feed::Prices, 1, at(ms));
    }
    assert!(pace.state().sends.len() <= 603, "{}", pace.state().sends.len());
}

#[test]
fn family_codes_are_read_back() {
    for family in [Family::Products, Family::Prices, Family::RequestOnly] {
        assert_eq!(Family::from_code(family.code()), Some(family));
    }
    assert_eq!(Family::from_code(0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_and_no_day_exceeds_its_budget(
        per_minute in 1..3_000_u32,
        per_day in 1..20_000_u32,
        interval_ms in prop_oneof![Just(0), Just(50), Just(500)],
        steps in proptest::collection::vec((0..20_000_i64, 1..120_usize, 0..20_u8), 1..300),
    ) {
        let limits = Limits {
            request_interval: Duration::from_millis(interval_ms),
            products_per_day: per_day,
            ..limits(per_minute)
        };
        // Eleven hours and three quarters after noon, so that midnight comes soon.
        let mut now = at(42_300_000);
        let mut pace = Pace::new(limits.clone(), PaceState::default(), now);
        let mut sent: Vec<(i64, usize)> = Vec::new();
        for (wait_ms, wish, restart) in steps {
            if restart == 0 {
                pace = Pace::new(limits.clone(), pace.state().clone(), now);
            }
            match pace.room(Feed::Products, Spending::Burst, now) {
                Room::Items(room) => {
                    prop_assert!(room > 0);
                    let items = room.min(wish);
                    pace.take(Feed::Products, items, now);
                    let last = sent.last().map(|(ms, _)| *ms);
                    let ms = now.as_millisecond() - NOON_MS;
                    let gap = i64::try_from(interval_ms).unwrap();
                    prop_assert!(last.is_none_or(|last| ms - last >= gap));
                    sent.push((ms, items));
                }
                Room::Until(until) => {
                    prop_assert!(until > now);
                    if wait_ms % 2 == 0 {
                        now = until;
                    }
                }
            }
            now += SignedDuration::from_micros(if wait_ms < 15_000 { wait_ms } else { wait_ms * 1_000 });
        }
        let budget = usize::try_from(per_minute).unwrap();
        prop_assert!(peak(&sent) <= budget, "{} of {budget}", peak(&sent));
        let mut days: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
        for (ms, items) in sent {
            *days.entry((NOON_MS + ms).div_euclid(DAY_MS)).or_default() += items;
        }
        let most = days.values().max().copied().unwrap_or(0);
        prop_assert!(most <= usize::try_from(per_day).unwrap());
    }
}
