//! Whether a product is in stock and whether its stock is low, as the shop's stock index has it.
//!
//! Field mapping: products, `inStock` and `lowStock`. The shop fills its index tables behind the
//! binlog's back, so the same is computed from the rows that it fills them from. A website sells
//! from one stock:
//!
//! - the default stock, and any without multi-source inventory: the stock item of the product;
//! - another stock: the sum of its enabled sources, the reservations, and the product's stock item
//!   for its settings;
//! - none, without a sales channel: then nothing is in stock, and there is no quantity.
//!
//! What consists of other products is in stock if it is itself and enough of its parts are: a
//! variant of a configurable, a member of a group, of a bundle something for every required option
//! and something at all. Only enabled parts count. Its quantity is the sum of its parts'; but that of
//! a bundle or a group in the default stock is its own stock item's, which is 0, as in the shop's
//! index.

mod supply;

#[cfg(test)]
mod tests;

use std::str::FromStr as _;

use rust_decimal::Decimal;

pub(super) use self::supply::Supply;
use crate::catalog::column::{bundle_option, bundle_selection, stock_item as column};
use crate::catalog::{ConfigScope, SalesStock, Sheet, Table, config_path};
use crate::decode::Row;
use crate::feed::products::Scene;
use crate::feed::products::surroundings::Relative;
use crate::feed::row;

/// A choice that whoever buys the whole has: an option of a bundle, or which of the variants of a
/// configurable.
struct Choice<'a> {
    is_required: bool,
    parts: Vec<Part<'a>>,
}

/// A product that another consists of.
struct Part<'a> {
    product: &'a Relative,
    /// How many are taken, where the customer can't say.
    fixed_qty: Option<Decimal>,
}

impl Scene<'_> {
    /// Whether the product can be sold in this store view, as far as its stock goes.
    pub(super) fn is_in_stock(&self) -> bool {
        let Some(stock) = self.stock() else { return false };
        let Some(choices) = self.choices() else { return self.is_salable(self.product, stock) };
        let can_choose =
            |choice: &Choice<'_>| choice.parts.iter().any(|part| self.is_available(part, stock));
        self.is_offered(stock)
            && choices.iter().any(can_choose)
            && choices.iter().all(|choice| !choice.is_required || can_choose(choice))
    }

    /// Whether there is less than the store view's threshold. Where there is no quantity, stock is
    /// low if a threshold is set at all.
    pub(super) fn is_low_stock(&self) -> bool {
        let threshold = decimal(self.config(config_path::LOW_STOCK_QTY));
        match self.stock_qty() {
            Some(qty) => qty < threshold,
            None => !threshold.is_zero(),
        }
    }

    /// The stock that the store view's website sells from.
    fn stock(&self) -> Option<SalesStock> {
        let website = self.shop.websites.get(&self.store.website_id)?;
        self.shop.inventory.stock_of(&website.code)
    }

    /// What there is in the stock that the store view's website sells from.
    fn stock_qty(&self) -> Option<Decimal> {
        let stock = self.stock()?;
        let Some(choices) = self.choices() else { return self.qty(self.product, stock) };
        let parts = choices.iter().flat_map(|choice| &choice.parts);
        let quantities = parts.filter_map(|part| self.qty(part.product, stock));
        let of_parts = quantities.reduce(Decimal::saturating_add);
        match stock {
            SalesStock::Default => {
                let own = self.qty(self.product, stock)?;
                let is_sum = self.product.is_configurable();
                Some(if is_sum { of_parts.unwrap_or_default() } else { own })
            }
            SalesStock::OfSources(_) => of_parts,
        }
    }

    /// What there is of a product, reserved or not; `None` if the stock does not know it.
    fn qty(&self, product: &Relative, stock: SalesStock) -> Option<Decimal> {
        match stock {
            SalesStock::Default => stock_item(&product.sheet).map(qty_of),
            SalesStock::OfSources(id) => {
                self.around.supply.level(product.id, id).map(|level| level.quantity)
            }
        }
    }

    /// What the product is chosen from; `None` for one that is sold as it is.
    fn choices(&self) -> Option<Vec<Choice<'_>>> {
        let supply = &self.around.supply;
        let any = |products: Vec<_>| vec![Choice { is_required: true, parts: products }];
        Some(match self.product.type_id.as_str() {
            "configurable" => any(self.parts(self.around.children.iter())),
            "grouped" => any(self.parts(supply.parts.values())),
            "bundle" => {
                let options = self.product.sheet.rows(Table::BundleOption);
                options.map(|option| self.bundle_choice(option)).collect()
            }
            _ => return None,
        })
    }

    fn parts<'a>(&'a self, products: impl Iterator<Item = &'a Relative>) -> Vec<Part<'a>> {
        let enabled = products.filter(|product| self.is_enabled(product));
        enabled.map(|product| Part { product, fixed_qty: None }).collect()
    }

    fn bundle_choice(&self, option: &Row) -> Choice<'_> {
        let id = row::id(option, bundle_option::OPTION_ID);
        let selections = self.product.sheet.rows(Table::BundleSelection);
        let of_option = selections.filter(|row| row::id(row, bundle_selection::OPTION_ID) == id);
        let parts = of_option.filter_map(|row| {
            let id = row::id(row, bundle_selection::PRODUCT_ID)?;
            let product = self.around.supply.parts.get(&id)?;
            let is_fixed = !row::flag(row, bundle_selection::SELECTION_CAN_CHANGE_QTY);
            let qty = row::decimal(row, bundle_selection::SELECTION_QTY);
            let fixed_qty = qty.filter(|_| is_fixed);
            self.is_enabled(product).then_some(Part { product, fixed_qty })
        });
        Choice { is_required: row::flag(option, bundle_option::REQUIRED), parts: parts.collect() }
    }

    /// Whether a product that consists of others is in stock itself. Stocks of sources take that
    /// from the stock item as it is, and do without one.
    fn is_offered(&self, stock: SalesStock) -> bool {
        match stock {
            SalesStock::Default => self.is_salable(self.product, stock),
            SalesStock::OfSources(_) => stock_item(&self.product.sheet)
                .is_none_or(|item| row::int(item, column::IS_IN_STOCK) != Some(0)),
        }
    }

    /// Whether a part can be sold in the quantity that it is taken in.
    fn is_available(&self, part: &Part<'_>, stock: SalesStock) -> bool {
        self.is_salable(part.product, stock)
            && part.fixed_qty.is_none_or(|fixed| self.has(part.product, stock, fixed))
    }

    /// Whether there is so much of a product that can be sold, or it does not matter.
    fn has(&self, product: &Relative, stock: SalesStock, wanted: Decimal) -> bool {
        let Some(item) = stock_item(&product.sheet) else { return true };
        if !self.is_managed(item) || self.takes_backorders(item) {
            return true;
        }
        match stock {
            SalesStock::Default => wanted <= qty_of(item),
            SalesStock::OfSources(id) => {
                let level = self.around.supply.level(product.id, id);
                level.is_some_and(|level| {
                    wanted <= level.unreserved().saturating_sub(self.min_qty(item))
                })
            }
        }
    }

    /// Whether a product that is sold as it is can be sold from a stock.
    fn is_salable(&self, product: &Relative, stock: SalesStock) -> bool {
        let item = stock_item(&product.sheet);
        match stock {
            SalesStock::Default => item.is_some_and(|item| {
                !self.is_managed(item) || row::int(item, column::IS_IN_STOCK) == Some(1)
            }),
            SalesStock::OfSources(id) => {
                let Some(level) = self.around.supply.level(product.id, id) else { return false };
                let Some(item) = item else { return !self.manages_stock() };
                let min_qty = self.min_qty(item);
                let on_backorder =
                    level.is_at_a_source && min_qty >= Decimal::ZERO && self.takes_backorders(item);
                !self.is_managed(item) || on_backorder || level.unreserved() > min_qty
            }
        }
    }

    /// Whether the stock of products is managed that don't say so themselves.
    fn manages_stock(&self) -> bool {
        self.config(config_path::MANAGE_STOCK) == "1"
    }

    fn is_managed(&self, item: &Row) -> bool {
        if row::flag(item, column::USE_CONFIG_MANAGE_STOCK) {
            return self.manages_stock();
        }
        row::flag(item, column::MANAGE_STOCK)
    }

    fn takes_backorders(&self, item: &Row) -> bool {
        if row::flag(item, column::USE_CONFIG_BACKORDERS) {
            return !decimal(self.config(config_path::BACKORDERS)).is_zero();
        }
        row::flag(item, column::BACKORDERS)
    }

    /// The quantity that must remain; below 0, how much may be ordered that is not there.
    fn min_qty(&self, item: &Row) -> Decimal {
        if row::flag(item, column::USE_CONFIG_MIN_QTY) {
            return decimal(self.config(config_path::MIN_QTY));
        }
        row::decimal(item, column::MIN_QTY).unwrap_or_default()
    }

    fn config(&self, path: &str) -> &str {
        self.shop.config(path, ConfigScope::StoreView(self.store.id))
    }
}

/// A configured number; what is none counts as 0.
fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text.trim()).unwrap_or_default()
}

/// The quantity in a stock item; negative when more was ordered than there was.
fn qty_of(item: &Row) -> Decimal {
    row::decimal(item, column::QTY).unwrap_or_default()
}

/// The stock item of the default stock; of several, the one that holds for every website.
fn stock_item(sheet: &Sheet) -> Option<&Row> {
    sheet
        .rows(Table::StockItem)
        .min_by_key(|row| (row::id(row, column::STOCK_ID), row::id(row, column::WEBSITE_ID)))
}
