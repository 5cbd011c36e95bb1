//! The special price: when it counts, and what it is for a bundle.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::{Horizon, Shop, Website};
use crate::feed::AssembleFault;
use crate::feed::eav::{DEFAULTS, Values};
use crate::feed::number::number;
use crate::feed::prices::days;
use crate::feed::prices::tiers::is_percentage;

/// A special price that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// The final price.
    Price(Decimal),
    /// Percent off the regular price.
    PercentOff(Decimal),
}

impl Special {
    /// A bundle's special price, stored as the percentage of its price that remains to be paid.
    /// Percentages that the service would refuse are no discount.
    pub(super) fn bundle(remaining: Decimal) -> Option<Self> {
        let off = Decimal::ONE_HUNDRED.checked_sub(remaining)?;
        is_percentage(off).then_some(Self::PercentOff(off))
    }

    /// The entry of `discounts`.
    pub(super) fn discount(&self) -> Json {
        match self {
            Self::Price(price) => json!({ "code": "special_price", "price": number(*price) }),
            Self::PercentOff(off) => {
                json!({ "code": "special_price", "percentage": number(*off) })
            }
        }
    }
}

/// Whether the product's special price dates include today: both are inclusive and are dates of the
/// website's own calendar.
pub(super) fn is_on(
    values: &Values<'_>,
    shop: &Shop,
    website: &Website,
    now: Timestamp,
    horizon: &Horizon,
) -> Result<bool, AssembleFault> {
    let from = date(values, shop, website, "special_from_date");
    let to = date(values, shop, website, "special_to_date");
    if from.is_none() && to.is_none() {
        return Ok(true);
    }
    let zone = days::zone_of_website(shop, website)?;
    let today = days::today(&zone, now).to_string();
    let instant = |date: &str, days_later| days::begins(date.parse().ok()?, days_later, &zone);
    let begins = from.as_deref().and_then(|date| instant(date, 0));
    let ends = to.as_deref().and_then(|date| instant(date, 1));
    for at in begins.into_iter().chain(ends) {
        horizon.note(at.as_second(), now.as_second());
    }
    // Dates as YYYY-MM-DD sort like their text.
    Ok(from.is_none_or(|from| from <= today) && to.is_none_or(|to| today <= to))
}

/// The date part of a date attribute in a website: the row of its store views, the last one by id,
/// else the default row. NULL and the zero date are no date.
fn date(values: &Values<'_>, shop: &Shop, website: &Website, code: &str) -> Option<String> {
    let of_stores = shop.store_views_of(website.id);
    let row = of_stores
        .filter_map(|store| values.stored_by_code(code, store.id))
        .last()
        .or_else(|| values.stored_by_code(code, DEFAULTS))?;
    let date: String = row.as_text()?.chars().take(10).collect();
    (date != "0000-00-00").then_some(date)
}
