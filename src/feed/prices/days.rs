//! Days of a calendar: which date it is in a time zone, and when a date begins there.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::catalog::{ConfigScope, Shop, Website, config_path};
use crate::feed::AssembleFault;

/// The time zone of a website's own calendar: that of its default store view.
pub(super) fn zone_of_website(shop: &Shop, website: &Website) -> Result<TimeZone, AssembleFault> {
    let scope = shop
        .default_store_view(website.id)
        .map_or(ConfigScope::Website(website.id), |store| ConfigScope::StoreView(store.id));
    zone(shop, scope, website)
}

/// The time zone of the shop's calendar: that of the default scope, whatever websites say.
pub(super) fn zone_of_shop(shop: &Shop, website: &Website) -> Result<TimeZone, AssembleFault> {
    zone(shop, ConfigScope::Default, website)
}

/// The configured time zone; `website` is the one that asks.
fn zone(shop: &Shop, scope: ConfigScope, website: &Website) -> Result<TimeZone, AssembleFault> {
    let name = shop.config(config_path::TIME_ZONE, scope);
    TimeZone::get(name).ok().ok_or_else(|| {
        let website = website.code.clone();
        AssembleFault::TimeZoneUnknown { website, time_zone: name.to_owned() }
    })
}

/// Which date it is.
pub(super) fn today(zone: &TimeZone, now: Timestamp) -> Date {
    now.to_zoned_datetime(zone.clone()).date()
}

/// When a date, or the one `days_later`, begins: at its midnight, or where clocks skip that, at the
/// first instant after it. `None` for a date that no timestamp reaches.
pub(super) fn begins(date: Date, days_later: i64, zone: &TimeZone) -> Option<Timestamp> {
    let date = date.checked_add(days_later.days()).ok()?;
    Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}
