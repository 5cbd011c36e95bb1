//! `prices`: what a product costs in each website's base book and in its customer groups' books.
//!
//! Field mapping: prices. The owner is the product. A group gets an item of its own only where it
//! has a tier price row of its own or a catalog rule's price today; everybody else reads the base
//! book. Such an item is what everybody gets, with the group's own on top.

mod days;
mod rules;
mod special;
mod tiers;

#[cfg(test)]
mod tests;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::column::{product_entity, product_website};
use crate::catalog::{CatalogRead, Horizon, Owner, ReadError, Sheet, Shop, Table, Website};
use crate::decode::Value;
use crate::feed::eav::{DEFAULTS, Values};
use crate::feed::number::number;
use crate::feed::prices::special::Special;
use crate::feed::prices::tiers::Tiers;
use crate::feed::row::{self, decimal_of};
use crate::feed::{
    AssembleFault, AssembleOptions, Assembled, FeedKey, Identity, Rule, SpecialPriceDates,
    price_books,
};

/// How a product type is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pricing {
    /// By its own price row.
    Own,
    /// By its own price row; its special price is a percentage of it.
    FixedBundle,
    /// By what it consists of, so its own price is 0; its special price is a percentage.
    DynamicBundle,
    /// By what it consists of, so its own price is 0.
    Grouped,
}

/// The prices of a product: in the websites it is assigned to.
pub(crate) fn assemble<C: CatalogRead>(
    product_id: u32,
    shop: &Shop,
    catalog: &C,
    options: &AssembleOptions,
    horizon: &Horizon,
) -> Result<Vec<Assembled>, ReadError> {
    let sheet = catalog.sheet(Owner::Product(product_id))?.unwrap_or_default();
    let Some(main) = sheet.first(Table::ProductEntity) else { return Ok(Vec::new()) };
    let Some(sku) = row::text(main, product_entity::SKU) else { return Ok(Vec::new()) };
    let values = Values::of(&sheet, shop);
    let type_id = row::text(main, product_entity::TYPE_ID).unwrap_or_default();
    let Some(pricing) = pricing(type_id, &values) else { return Ok(Vec::new()) };

    let id = product_id;
    let product = Product { id, sku, pricing, sheet: &sheet, values, shop, options, horizon };
    let website_ids = sheet.rows(Table::ProductWebsite);
    Ok(website_ids
        .filter_map(|row| row::id(row, product_website::WEBSITE_ID))
        .filter_map(|id| price_books::exported_website(id, shop, options))
        .flat_map(|website| product.items(website))
        .collect())
}

/// How the type is priced; `None` for the types that the service prices by itself.
fn pricing(type_id: &str, values: &Values<'_>) -> Option<Pricing> {
    Some(match type_id {
        "configurable" | "giftcard" => return None,
        "grouped" => Pricing::Grouped,
        "bundle" => {
            let price_type = values.stored_by_code("price_type", DEFAULTS);
            match price_type.and_then(Value::as_int) {
                Some(1) => Pricing::FixedBundle,
                Some(_) | None => Pricing::DynamicBundle,
            }
        }
        _ => Pricing::Own,
    })
}

struct Product<'a> {
    id: u32,
    sku: &'a str,
    pricing: Pricing,
    sheet: &'a Sheet,
    values: Values<'a>,
    shop: &'a Shop,
    options: &'a AssembleOptions,
    horizon: &'a Horizon,
}

impl Product<'_> {
    /// The base book's item and one for every customer group that has prices of its own.
    fn items(&self, website: &Website) -> Vec<Assembled> {
        let (regular, special) = self.own_prices(website);
        let special = special.as_ref();
        let everybody = Tiers::for_everybody(self.sheet, website.id);
        let now = self.options.now;
        let rules = rules::in_website(self.sheet, self.shop, website, now, self.horizon);

        let base = price_books::base_id(website);
        let body = self.body(&base, regular, special, &everybody, None);
        let mut items = vec![self.item(&base, body)];
        for group in price_books::exported_groups(self.shop, self.options) {
            let own = everybody.for_group(self.sheet, website.id, group.id);
            let rule = rules.get(&group.id);
            if own.is_some() || rule.is_some() {
                let id = price_books::group_id(website, group.id);
                let tiers = own.as_ref().unwrap_or(&everybody);
                items.push(self.item(&id, self.body(&id, regular, special, tiers, rule)));
            }
        }
        items
    }

    /// Regular and special price in a website: the default rows, overridden by the rows of its
    /// store views in the order of their ids. A NULL row of a store view takes the special price
    /// away, and so does a NULL price row.
    fn own_prices(&self, website: &Website) -> (Decimal, Result<Option<Special>, AssembleFault>) {
        let default = |code| self.values.stored_by_code(code, DEFAULTS).and_then(decimal_of);
        let mut regular = default("price").unwrap_or_default();
        let mut special = default("special_price");
        for store in self.shop.store_views_of(website.id) {
            if let Some(row) = self.values.stored_by_code("price", store.id) {
                match decimal_of(row) {
                    Some(price) => regular = price,
                    None => special = None,
                }
            }
            if let Some(row) = self.values.stored_by_code("special_price", store.id) {
                special = decimal_of(row);
            }
        }
        if matches!(self.pricing, Pricing::DynamicBundle | Pricing::Grouped) {
            regular = Decimal::ZERO;
        }
        (regular, self.special(website, special))
    }

    fn special(
        &self,
        website: &Website,
        stored: Option<Decimal>,
    ) -> Result<Option<Special>, AssembleFault> {
        let Some(stored) = stored else { return Ok(None) };
        if self.options.special_price_dates == SpecialPriceDates::Respect
            && !special::is_on(&self.values, self.shop, website, self.options.now, self.horizon)?
        {
            return Ok(None);
        }
        Ok(match self.pricing {
            Pricing::Own | Pricing::Grouped => Some(Special::Price(stored)),
            Pricing::FixedBundle | Pricing::DynamicBundle => Special::bundle(stored),
        })
    }

    /// Side by side, the discounts that hold: of the product, of the group, of a catalog rule.
    fn body(
        &self,
        price_book_id: &str,
        regular: Decimal,
        special: Result<&Option<Special>, &AssembleFault>,
        tiers: &Tiers,
        rule: Option<&Result<Decimal, AssembleFault>>,
    ) -> Result<Json, AssembleFault> {
        let rules = &self.options.disabled_rules;
        price_books::check_id(price_book_id, rules)?;
        if regular.is_sign_negative() && !regular.is_zero() && rules.is_on(Rule::Price) {
            return Err(AssembleFault::PriceNegative { id: self.id, regular });
        }
        let special = special.map_err(Clone::clone)?;
        let mut discounts: Vec<Json> = special.iter().map(Special::discount).collect();
        discounts.extend(tiers.discount(rules)?);
        if let Some(price) = rule {
            let price = price.as_ref().map_err(Clone::clone)?;
            discounts.push(json!({ "code": "catalog_rule", "price": number(*price) }));
        }
        Ok(json!({
            "sku": self.sku,
            "priceBookId": price_book_id,
            "regular": number(regular),
            "discounts": discounts,
            "tierPrices": tiers.tier_prices(rules)?,
        }))
    }

    fn item(&self, price_book_id: &str, body: Result<Json, AssembleFault>) -> Assembled {
        let sku = self.sku.to_owned();
        let identity = Identity::Price { sku, price_book: price_book_id.to_owned() };
        Assembled { key: FeedKey::new(identity), body }
    }
}
