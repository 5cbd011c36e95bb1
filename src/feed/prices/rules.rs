//! Catalog rule prices: what a product costs a customer group today by the shop's price rules.
//!
//! Field mapping: prices. The shop writes `catalogrule_product_price` ahead, for yesterday, today and
//! tomorrow, and which row counts changes at midnight without any of them being written. A website's
//! midnight is that of its default store view. The shop may have written the rows by the calendar of
//! the default scope instead, so a row of that calendar's today counts too, for a group that has none
//! of the website's own today.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::catalog::column::catalog_rule_product_price as column;
use crate::catalog::{Horizon, Sheet, Shop, Table, Website};
use crate::decode::Row;
use crate::feed::prices::days;
use crate::feed::{AssembleFault, row};

/// The rule price in a website, by customer group; a group without one reads what everybody gets.
///
/// Notes when the next day begins in either calendar. Where a time zone is unknown, every group that
/// has a row of any day gets the fault: nobody can tell which of them has a price today.
pub(super) fn in_website(
    sheet: &Sheet,
    shop: &Shop,
    website: &Website,
    now: Timestamp,
    horizon: &Horizon,
) -> BTreeMap<u32, Result<Decimal, AssembleFault>> {
    let rows = || {
        let rows = sheet.rows(Table::CatalogRuleProductPrice);
        rows.filter(|row| row::id(row, column::WEBSITE_ID) == Some(website.id))
    };
    let mut prices = BTreeMap::new();
    if rows().next().is_none() {
        return prices;
    }
    let zones = match zones(shop, website) {
        Ok(zones) => zones,
        Err(fault) => {
            let groups = rows().filter_map(group);
            return groups.map(|group| (group, Err(fault.clone()))).collect();
        }
    };
    for zone in zones {
        let today = days::today(&zone, now);
        if let Some(tomorrow) = days::begins(today, 1, &zone) {
            horizon.note(tomorrow.as_second(), now.as_second());
        }
        let today = today.to_string();
        for row in rows().filter(|row| row::text(row, column::RULE_DATE) == Some(&today)) {
            if let (Some(group), Some(price)) = (group(row), row::decimal(row, column::RULE_PRICE))
            {
                prices.entry(group).or_insert(Ok(price));
            }
        }
    }
    prices
}

/// The calendars by which a row may be today's, the one that wins first.
fn zones(shop: &Shop, website: &Website) -> Result<[TimeZone; 2], AssembleFault> {
    Ok([days::zone_of_website(shop, website)?, days::zone_of_shop(shop, website)?])
}

fn group(row: &Row) -> Option<u32> {
    row::id(row, column::CUSTOMER_GROUP_ID)
}
