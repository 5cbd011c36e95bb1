//! Tier price rows: the group discount (quantity 1) and the prices by quantity (above 1).

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::column::product_tier_price as column;
use crate::catalog::{Sheet, Table};
use crate::decode::Row;
use crate::feed::number::number;
use crate::feed::{AssembleFault, DisabledRules, Rule, row};

/// The website id of rows that hold in every website.
const EVERY_WEBSITE: u32 = 0;

/// Whether the service takes this percentage: 0.01 to 99.99.
pub(super) fn is_percentage(percentage: Decimal) -> bool {
    let least = Decimal::new(1, 2);
    let most = Decimal::new(9999, 2);
    (least..=most).contains(&percentage)
}

/// What a tier price row says: percent off, or the final price. A percentage wins over a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tier {
    /// The row's primary key.
    value_id: i128,
    percentage: Option<Decimal>,
    price: Option<Decimal>,
}

impl Tier {
    /// The amount as the field and number of an entry. A percentage wins over a price.
    fn amount(&self, rules: &DisabledRules) -> Result<(&'static str, Json), AssembleFault> {
        let value_id = self.value_id;
        match (self.percentage, self.price) {
            (Some(percentage), _)
                if is_percentage(percentage) || !rules.is_on(Rule::Percentage) =>
            {
                Ok(("percentage", number(percentage)))
            }
            (Some(percentage), _) => {
                Err(AssembleFault::PercentageOutOfRange { value_id, percentage })
            }
            (None, Some(price)) => Ok(("price", number(price))),
            (None, None) => Err(AssembleFault::TierWithoutPrice { value_id }),
        }
    }
}

/// The tier prices of one item, by quantity (1 and above).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tiers(BTreeMap<Decimal, Tier>);

impl Tiers {
    /// The tiers that hold for all customer groups in a website.
    pub(super) fn for_everybody(sheet: &Sheet, website: u32) -> Self {
        Self(tiers_where(sheet, website, |row| row::flag(row, column::ALL_GROUPS)))
    }

    /// These tiers with the group's own on top; `None` if the group has no row of its own.
    pub(super) fn for_group(&self, sheet: &Sheet, website: u32, group: u32) -> Option<Self> {
        let own = tiers_where(sheet, website, |row| {
            !row::flag(row, column::ALL_GROUPS)
                && row::id(row, column::CUSTOMER_GROUP_ID) == Some(group)
        });
        if own.is_empty() {
            return None;
        }
        let mut tiers = self.0.clone();
        tiers.extend(own);
        Some(Self(tiers))
    }

    /// The entry of `discounts`: the tier from quantity 1 on.
    pub(super) fn discount(&self, rules: &DisabledRules) -> Result<Option<Json>, AssembleFault> {
        let Some(tier) = self.0.get(&Decimal::ONE) else { return Ok(None) };
        let (field, amount) = tier.amount(rules)?;
        Ok(Some(json!({ "code": "group", field: amount })))
    }

    /// `tierPrices`, by quantity.
    pub(super) fn tier_prices(&self, rules: &DisabledRules) -> Result<Vec<Json>, AssembleFault> {
        let above_one = self.0.iter().filter(|(qty, _)| **qty > Decimal::ONE);
        above_one
            .map(|(qty, tier)| {
                let (field, amount) = tier.amount(rules)?;
                Ok(json!({ "qty": number(*qty), field: amount }))
            })
            .collect()
    }
}

/// The tiers of the chosen rows in a website. A row of the website wins over one of every website
/// for the same quantity; quantities below 1 can't be bought by tier.
fn tiers_where(
    sheet: &Sheet,
    website: u32,
    is_chosen: impl Fn(&Row) -> bool,
) -> BTreeMap<Decimal, Tier> {
    let mut tiers = BTreeMap::new();
    for scope in [EVERY_WEBSITE, website] {
        for row in sheet.rows(Table::ProductTierPrice) {
            let qty = row::decimal(row, column::QTY).unwrap_or_default();
            let is_here = row::id(row, column::WEBSITE_ID) == Some(scope);
            if is_here && qty >= Decimal::ONE && is_chosen(row) {
                let tier = Tier {
                    value_id: row::int(row, column::VALUE_ID).unwrap_or_default(),
                    percentage: row::decimal(row, column::PERCENTAGE_VALUE),
                    price: row::decimal(row, column::VALUE),
                };
                tiers.insert(qty, tier);
            }
        }
    }
    tiers
}
