//! Tests of the instant at which a day begins, for catalog rule prices and special price dates.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value as Json, json};

use super::rules::{rule, ruled};
use super::{GROUP_1, body, on_sale};
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// A day of a calendar: the time zone, the date before it, the date, and the instants at which it
/// and the next one begin.
struct Day {
    zone: &'static str,
    before: &'static str,
    date: &'static str,
    begins: &'static str,
    ends: &'static str,
}

const DAYS: [Day; 9] = [
    Day {
        zone: "UTC",
        before: "2024-02-28",
        date: "2024-02-29",
        begins: "2024-02-29T00:00:00Z",
        ends: "2024-03-01T00:00:00Z",
    },
    // 14 hours ahead of UTC.
    Day {
        zone: "Pacific/Kiritimati",
        before: "2024-06-15",
        date: "2024-06-16",
        begins: "2024-06-15T10:00:00Z",
        ends: "2024-06-16T10:00:00Z",
    },
    // 11 hours behind UTC.
    Day {
        zone: "Pacific/Pago_Pago",
        before: "2024-12-30",
        date: "2024-12-31",
        begins: "2024-12-31T11:00:00Z",
        ends: "2025-01-01T11:00:00Z",
    },
    // Clocks skip midnight: the day begins at 01:00 and has 23 hours.
    Day {
        zone: "America/Sao_Paulo",
        before: "2018-11-03",
        date: "2018-11-04",
        begins: "2018-11-04T03:00:00Z",
        ends: "2018-11-05T02:00:00Z",
    },
    // Clocks go from midnight back to 23:00: the day has 25 hours.
    Day {
        zone: "America/Sao_Paulo",
        before: "2018-02-16",
        date: "2018-02-17",
        begins: "2018-02-17T02:00:00Z",
        ends: "2018-02-18T03:00:00Z",
    },
    // 23 hours, clocks skip 02:00.
    Day {
        zone: "Europe/Berlin",
        before: "2024-03-30",
        date: "2024-03-31",
        begins: "2024-03-30T23:00:00Z",
        ends: "2024-03-31T22:00:00Z",
    },
    // 25 hours, 02:00 comes twice.
    Day {
        zone: "Europe/Berlin",
        before: "2024-10-26",
        date: "2024-10-27",
        begins: "2024-10-26T22:00:00Z",
        ends: "2024-10-27T23:00:00Z",
    },
    // 25 hours, midnight comes twice: the day begins at the first.
    Day {
        zone: "America/Havana",
        before: "2024-11-02",
        date: "2024-11-03",
        begins: "2024-11-03T04:00:00Z",
        ends: "2024-11-04T05:00:00Z",
    },
    // The 30th was left out of the calendar.
    Day {
        zone: "Pacific/Apia",
        before: "2011-12-29",
        date: "2011-12-31",
        begins: "2011-12-30T10:00:00Z",
        ends: "2011-12-31T10:00:00Z",
    },
];

impl Day {
    /// The shop in this time zone at an instant.
    fn at(&self, rows: ShopRows, now: Timestamp) -> ShopRows {
        let mut rows = rows.config("default", 0, "general/locale/timezone", json!(self.zone));
        rows.options.now = now;
        rows
    }

    fn check(&self, what: &str, rows: &dyn Fn() -> ShopRows, discounts: [&Json; 3]) {
        let (begins, ends): (Timestamp, Timestamp) =
            (self.begins.parse().unwrap(), self.ends.parse().unwrap());
        let a_second = 1.second();
        let moments = [
            (begins - a_second, discounts[0], Some(begins)),
            (begins, discounts[1], Some(ends)),
            (begins + a_second, discounts[1], Some(ends)),
            (ends - a_second, discounts[1], Some(ends)),
            (ends, discounts[2], None),
        ];
        for (now, expected, until) in moments {
            let rows = self.at(rows(), now);
            let items = rows.items(Feed::Prices, PRODUCT);
            let body = if items.iter().any(|(parts, _)| parts.last().unwrap() == GROUP_1) {
                body(&rows, GROUP_1)
            } else {
                body(&rows, "base")
            };
            let (zone, date) = (self.zone, self.date);
            assert_eq!(&body["discounts"], expected, "{what} of {date} in {zone} at {now}");
            let found = rows.until(Feed::Prices, PRODUCT);
            if until.is_some() {
                assert_eq!(found, until, "{what} of {date} in {zone} at {now}");
            }
        }
    }
}

#[test]
fn catalog_rule_counts_from_the_first_to_the_last_second_of_its_day() {
    for day in DAYS {
        let rows = || rule(ruled(day.before, "11.000000"), day.date, 1, 1, "12.000000");
        let price = |price: u8| json!([{"code": "catalog_rule", "price": price}]);
        day.check("catalog rule", &rows, [&price(11), &price(12), &json!([])]);
    }
}

#[test]
fn special_price_counts_from_the_first_to_the_last_second_of_its_day() {
    for day in DAYS {
        let midnight = json!(format!("{} 00:00:00", day.date));
        let rows = || on_sale(midnight.clone(), midnight.clone());
        let open = json!([{"code": "special_price", "price": 15.5}]);
        day.check("special price", &rows, [&json!([]), &open, &json!([])]);
    }
}
