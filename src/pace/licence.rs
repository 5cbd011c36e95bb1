//! Whether the configured limits can be a licence's, and whether what is sent fits a base licence.
//!
//! The figures are those that the vendor publishes: boundaries and limits of the service, and the
//! sizes of its expansion packs.

use std::time::Duration;

use super::Limits;

/// The service's own limit: 300 requests a minute.
const REQUEST_INTERVAL_MIN: Duration = Duration::from_millis(200);
/// With the largest expansion pack.
const PRODUCTS_PER_MINUTE_MAX: u32 = 10_000;
/// With the largest expansion pack.
const PRODUCTS_PER_DAY_MAX: u32 = 1_000_000;
const PRICES_PER_MINUTE_MAX: u32 = 50_000;
/// Catalog views × price books, of the base licence.
const VARIATIONS_BASE: u64 = 100;
/// SKUs, of the base licence.
const SKUS_BASE: u64 = 250_000;
/// Catalog sources, which are store views.
const STORE_VIEWS_MAX: u64 = 50;

/// Something that a licence hardly allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What is doubted, by a name that stays.
    pub check: &'static str,
    /// What was found, in one line.
    pub message: String,
    /// What to do about it, in one line.
    pub fix: &'static str,
}

/// What the service holds of us, as a licence counts it; `None`: not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LicenceUse {
    /// Price books.
    pub price_books: Option<u64>,
    /// Different SKUs.
    pub skus: Option<u64>,
    /// Store views with products.
    pub store_views: Option<u64>,
}

/// What no licence allows in the configured limits.
pub fn doubts_of_limits(limits: &Limits) -> Vec<Doubt> {
    const CHECK: &str = "limits";
    let mut doubts = Vec::new();
    let mut doubt = |message: String, fix| doubts.push(Doubt { check: CHECK, message, fix });
    if limits.request_interval < REQUEST_INTERVAL_MIN {
        let fix = "set limits.requests_per_second to 5 at most; 2 is what the vendor plans with";
        doubt("the service takes 300 requests a minute, and more are configured".to_owned(), fix);
    }
    let most = [
        (
            "limits.products_per_minute",
            limits.products_per_minute,
            PRODUCTS_PER_MINUTE_MAX,
            "set limits.products_per_minute to what the licence says: 1000, or 5000 or 10000 with \
             an expansion pack",
        ),
        (
            "limits.products_per_day",
            limits.products_per_day,
            PRODUCTS_PER_DAY_MAX,
            "set limits.products_per_day to what the licence says: 100000, or 500000 or 1000000 \
             with an expansion pack",
        ),
        (
            "limits.prices_per_minute",
            limits.prices_per_minute,
            PRICES_PER_MINUTE_MAX,
            "set limits.prices_per_minute to 50000 at most",
        ),
    ];
    for (key, configured, max, fix) in most {
        if configured > max {
            doubt(format!("{key} is {configured}, and no licence has more than {max}"), fix);
        }
    }
    if limits.products_per_day < limits.products_per_minute {
        let message = format!(
            "limits.products_per_day, {}, is used up within a minute",
            limits.products_per_day
        );
        doubt(message, "is it the licence's figure? the base licence has 100000");
    }
    doubts
}

/// Where more is held than a base licence covers.
pub fn doubts_of_use(held: LicenceUse) -> Vec<Doubt> {
    let figures = [
        (
            "licence_price_books",
            held.price_books,
            VARIATIONS_BASE,
            "price books",
            "catalog variations: catalog views × price books",
            "leave out websites or customer groups ([scopes]), or add an expansion pack",
        ),
        (
            "licence_skus",
            held.skus,
            SKUS_BASE,
            "SKUs",
            "SKUs",
            "add an expansion pack, or take products out of the exported websites",
        ),
        (
            "licence_store_views",
            held.store_views,
            STORE_VIEWS_MAX,
            "store views",
            "catalog sources",
            "leave out store views (scopes.disabled_store_views)",
        ),
    ];
    let doubts = figures.into_iter().filter_map(|(check, held, max, what, counted_as, fix)| {
        let held = held.filter(|held| *held > max)?;
        let message = format!("{held} {what} are held; the base licence covers {max} {counted_as}");
        Some(Doubt { check, message, fix })
    });
    doubts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Limits {
        Limits {
            request_interval: Duration::from_millis(500),
            products_per_minute: 1_000,
            products_per_day: 100_000,
            prices_per_minute: 50_000,
        }
    }

    #[test]
    fn published_licences_are_not_doubted() {
        for (products_per_minute, products_per_day) in
            [(1_000, 100_000), (5_000, 500_000), (10_000, 1_000_000), (10, 100)]
        {
            let limits = Limits { products_per_minute, products_per_day, ..base() };
            assert_eq!(doubts_of_limits(&limits), []);
        }
        let fastest = Limits { request_interval: REQUEST_INTERVAL_MIN, ..base() };
        assert_eq!(doubts_of_limits(&fastest), []);
    }

    #[test]
    fn limits_that_no_licence_has_are_doubted_each() {
        for (limits, key) in [
            (
                Limits { request_interval: Duration::from_millis(199), ..base() },
                "requests a minute",
            ),
            (Limits { products_per_minute: 10_001, ..base() }, "limits.products_per_minute"),
            (Limits { products_per_day: 1_000_001, ..base() }, "limits.products_per_day"),
            (Limits { prices_per_minute: 50_001, ..base() }, "limits.prices_per_minute"),
            (Limits { products_per_day: 999, ..base() }, "within a minute"),
        ] {
            let doubts = doubts_of_limits(&limits);
            assert_eq!(doubts.len(), 1, "{doubts:?}");
            assert!(doubts.iter().all(|doubt| doubt.message.contains(key)), "{doubts:?}");
        }
    }

    #[test]
    fn use_beyond_the_base_licence_is_doubted_and_the_unknown_is_not() {
        let full =
            LicenceUse { price_books: Some(100), skus: Some(250_000), store_views: Some(50) };
        assert_eq!(doubts_of_use(full), []);
        assert_eq!(doubts_of_use(LicenceUse::default()), []);
        let over =
            LicenceUse { price_books: Some(101), skus: Some(250_001), store_views: Some(51) };
        let checks: Vec<&str> = doubts_of_use(over).iter().map(|doubt| doubt.check).collect();
        assert_eq!(checks, ["licence_price_books", "licence_skus", "licence_store_views"]);
        let only = LicenceUse { skus: Some(300_000), ..LicenceUse::default() };
        let [doubt] = doubts_of_use(only).try_into().unwrap();
        assert_eq!(doubt.message, "300000 SKUs are held; the base licence covers 250000 SKUs");
    }
}
