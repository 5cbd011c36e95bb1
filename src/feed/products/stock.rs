//! Whether a product is in stock and whether its stock is low, from the stock items.

use std::str::FromStr as _;

use rust_decimal::Decimal;

use crate::catalog::column::stock_item as column;
use crate::catalog::{ConfigScope, Sheet, Table, config_path};
use crate::decode::Row;
use crate::feed::products::Scene;
use crate::feed::row;

impl Scene<'_> {
    /// A configurable is in stock if it is itself and one of its variants is.
    pub(super) fn is_in_stock(&self) -> bool {
        let is_own = self.has_stock(&self.product.sheet);
        let children = &self.around.children;
        is_own
            && (!self.product.is_configurable()
                || children.iter().any(|child| self.has_stock(&child.sheet)))
    }

    /// Whether there is less than the store view's threshold. Without a stock item there is no
    /// quantity, and that is low wherever a threshold is set at all.
    pub(super) fn is_low_stock(&self) -> bool {
        let threshold = self.config(config_path::LOW_STOCK_QTY);
        let threshold = Decimal::from_str(threshold).unwrap_or_default();
        match self.stock_qty() {
            Some(qty) => qty < threshold,
            None => !threshold.is_zero(),
        }
    }

    /// A configurable has what its variants have.
    fn stock_qty(&self) -> Option<Decimal> {
        let own = qty(&self.product.sheet)?;
        if !self.product.is_configurable() {
            return Some(own);
        }
        let of_children = self.around.children.iter().filter_map(|child| qty(&child.sheet));
        Some(of_children.fold(Decimal::ZERO, Decimal::saturating_add))
    }

    fn has_stock(&self, sheet: &Sheet) -> bool {
        let Some(item) = stock_item(sheet) else { return false };
        let is_managed = if row::flag(item, column::USE_CONFIG_MANAGE_STOCK) {
            self.config(config_path::MANAGE_STOCK) == "1"
        } else {
            row::flag(item, column::MANAGE_STOCK)
        };
        !is_managed || row::int(item, column::IS_IN_STOCK) == Some(1)
    }

    fn config(&self, path: &str) -> &str {
        self.shop.config(path, ConfigScope::StoreView(self.store.id))
    }
}

fn qty(sheet: &Sheet) -> Option<Decimal> {
    let item = stock_item(sheet)?;
    Some(row::decimal(item, column::QTY).unwrap_or_default())
}

/// The stock item of the default stock; of several, the one that holds for every website.
fn stock_item(sheet: &Sheet) -> Option<&Row> {
    sheet
        .rows(Table::StockItem)
        .min_by_key(|row| (row::id(row, column::STOCK_ID), row::id(row, column::WEBSITE_ID)))
}
