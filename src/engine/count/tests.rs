//! The counts of a database, with and without scopes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::feed::{DisabledRules, ExtraAttributes, SpecialPriceDates};
use crate::pace::Limits;
use crate::source::CountedStore;

fn params() -> DeliverParams {
    DeliverParams {
        limits: Limits {
            request_interval: Duration::from_millis(500),
            products_per_minute: 1_000,
            products_per_day: 100_000,
            prices_per_minute: 50_000,
        },
        in_flight_max: 1,
        gathering: Duration::ZERO,
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::Registered,
        disabled_rules: DisabledRules::default(),
        disabled_store_views: BTreeSet::new(),
        disabled_websites: BTreeSet::new(),
        disabled_customer_groups: BTreeSet::new(),
        zone: jiff::tz::TimeZone::UTC,
        requests: None,
    }
}

/// Two websites, the first with two store views, and two customer groups.
fn shop() -> ShopCounts {
    let store = |code: &str, website_id, root_category_id| CountedStore {
        code: code.into(),
        website_id,
        root_category_id,
    };
    ShopCounts {
        stores: vec![store("en", 1, 2), store("de", 1, 2), store("b2b", 2, 5)],
        websites: [(1, "base".into()), (2, "trade".into())].into(),
        groups: [(0, "NOT LOGGED IN".into()), (1, "General".into())].into(),
        products: [(1, 100), (2, 30)].into(),
        priced_products: [(1, 90), (2, 25)].into(),
        attributes: 40,
        category_attributes: 3,
        categories: [(2, 20), (5, 7)].into(),
        group_prices: [((0, 1), 4), ((1, 0), 10), ((2, 1), 6), ((9, 1), 99)].into(),
    }
}

fn counted(params: &DeliverParams) -> [u64; 6] {
    let counts = count_of_shop(&shop(), params).by_feed();
    Feed::ALL.map(|feed| counts[&feed])
}

#[test]
fn items_are_counted_per_store_view_website_and_group() {
    let categories = 20 + 20 + 7;
    let products = 100 + 100 + 30;
    let prices = 90 + 25 + 4 * 2 + 10 + 6;
    assert_eq!(counted(&params()), [120, 9, categories, products, 6, prices]);
}

#[test]
fn what_is_not_exported_is_not_counted() {
    let without = |name: &str| BTreeSet::from([name.to_owned()]);
    let stores = DeliverParams { disabled_store_views: without("de"), ..params() };
    assert_eq!(counted(&stores), [80, 6, 27, 130, 6, 139]);
    let websites = DeliverParams { disabled_websites: without("trade"), ..params() };
    assert_eq!(counted(&websites), [120, 9, 47, 230, 3, 90 + 4 + 10]);
    let groups = DeliverParams { disabled_customer_groups: without("General"), ..params() };
    assert_eq!(counted(&groups), [120, 9, 47, 230, 4, 90 + 25 + 10]);
}
