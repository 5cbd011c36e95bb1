//! The special price: when it counts, and what it is for a bundle.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::{ConfigScope, Horizon, Shop, Website, config_path};
use crate::feed::AssembleFault;
use crate::feed::eav::{DEFAULTS, Values};
use crate::feed::number::number;
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
    let zone = time_zone(shop, website)?;
    let today = now.to_zoned_datetime(zone.clone()).date().to_string();
    let begins = from.as_deref().and_then(|date| midnight(date, 0, &zone));
    let ends = to.as_deref().and_then(|date| midnight(date, 1, &zone));
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

/// When a date, or the one `days_later`, begins in a time zone; `None` for what is no date.
fn midnight(date: &str, days_later: i64, zone: &TimeZone) -> Option<Timestamp> {
    let date: Date = date.parse().ok()?;
    let date = date.checked_add(days_later.days()).ok()?;
    Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

/// The time zone of the website's default store view.
pub(super) fn time_zone(shop: &Shop, website: &Website) -> Result<TimeZone, AssembleFault> {
    let scope = shop
        .default_store_view(website.id)
        .map_or(ConfigScope::Website(website.id), |store| ConfigScope::StoreView(store.id));
    let name = shop.config(config_path::TIME_ZONE, scope);
    TimeZone::get(name).ok().ok_or_else(|| {
        let website = website.code.clone();
        AssembleFault::TimeZoneUnknown { website, time_zone: name.to_owned() }
    })
}
