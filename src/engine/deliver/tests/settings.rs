//! Settings that change items without a change of any row.

use std::collections::BTreeSet;

use super::world::deliver_params;
use crate::engine::deliver::{DeliverParams, assemble_all_if_changed};
use crate::feed::{ExtraAttribute, ExtraAttributes, SpecialPriceDates};
use crate::pace::Limits;
use crate::store::{Store, StoreParams};

/// Whether everything is assembled again when these settings follow on those.
fn assembles_all(first: &DeliverParams, second: &DeliverParams) -> bool {
    let directory = tempfile::TempDir::new().unwrap();
    let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 20 };
    let store = Store::open(&params).unwrap();
    assemble_all_if_changed(&store, first).unwrap();
    let marked = store.ranges().unwrap();
    assemble_all_if_changed(&store, second).unwrap();
    store.ranges().unwrap() != marked
}

fn params() -> DeliverParams {
    let limits = Limits {
        request_interval: std::time::Duration::from_millis(500),
        products_per_minute: 1000,
        products_per_day: 1000,
        prices_per_minute: 1000,
    };
    deliver_params(&limits)
}

#[test]
fn settings_that_stay_assemble_nothing_again() {
    assert!(!assembles_all(&params(), &params()));
}

#[test]
fn other_extra_attributes_assemble_everything_again() {
    let with = |extra_attributes| DeliverParams { extra_attributes, ..params() };
    let none = with(ExtraAttributes::These(BTreeSet::new()));
    let one = with(ExtraAttributes::These([ExtraAttribute::TaxClass].into()));
    let other = with(ExtraAttributes::These([ExtraAttribute::Inventory].into()));
    assert!(assembles_all(&params(), &none));
    assert!(assembles_all(&none, &one));
    assert!(assembles_all(&one, &other));
    assert!(!assembles_all(&one, &one));
}

#[test]
fn other_scopes_and_another_rule_for_special_prices_assemble_everything_again() {
    let ignored = SpecialPriceDates::Ignore;
    let dates = DeliverParams { special_price_dates: ignored, ..params() };
    assert!(assembles_all(&params(), &dates));
    let websites = DeliverParams { disabled_websites: BTreeSet::new(), ..params() };
    assert!(assembles_all(&params(), &websites));
}
