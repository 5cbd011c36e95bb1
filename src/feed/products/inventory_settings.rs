//! `ac_inventory`: how the product is kept in stock and how much of it a cart takes.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::column::stock_item as column;
use crate::catalog::{ConfigScope, Table, config_path};
use crate::decode::Row;
use crate::feed::number::number;
use crate::feed::products::Scene;
use crate::feed::row;

/// Every website without a stock item of its own.
const ADMIN_WEBSITE: u32 = 0;
/// Customer groups in settings that differ between them: those who are not logged in, and all.
const VISITORS: &str = "0";
const EVERYBODY: &str = "32000";

impl Scene<'_> {
    /// The settings of the product's stock item, as JSON text: `{backorders, cartMaxQty,
    /// cartMinQty, enableQtyIncrements, manageStock, qtyIncrements}`; the configuration's where the
    /// stock item leaves them to it. The item is the website's, else the admin website's; `None`
    /// without one.
    pub(super) fn inventory_settings(&self) -> Option<String> {
        use config_path as path;
        let item = self.settings_row()?;
        let flag = |own, use_config, path| match self.left_to_config(item, use_config, path) {
            Some(configured) => configured != "0" && !configured.is_empty(),
            None => row::flag(item, own),
        };
        let qty = |own, use_config, path| {
            let configured = self.left_to_config(item, use_config, path).and_then(quantity);
            let own = || row::decimal(item, own).unwrap_or_default();
            number(configured.unwrap_or_else(own))
        };
        let backorders = self.left_to_config(item, column::USE_CONFIG_BACKORDERS, path::BACKORDERS);
        let backorders = match backorders {
            Some(configured) => configured.parse().ok(),
            None => row::int(item, column::BACKORDERS),
        };
        let backorders = match backorders {
            Some(1) => "allow",
            Some(2) => "allow_and_notify",
            Some(_) | None => "no",
        };
        let settings = json!({
            "backorders": backorders,
            "cartMaxQty":
                qty(column::MAX_SALE_QTY, column::USE_CONFIG_MAX_SALE_QTY, path::MAX_SALE_QTY),
            "cartMinQty":
                qty(column::MIN_SALE_QTY, column::USE_CONFIG_MIN_SALE_QTY, path::MIN_SALE_QTY),
            "enableQtyIncrements": flag(
                column::ENABLE_QTY_INCREMENTS,
                column::USE_CONFIG_ENABLE_QTY_INC,
                path::ENABLE_QTY_INCREMENTS,
            ),
            "manageStock":
                flag(column::MANAGE_STOCK, column::USE_CONFIG_MANAGE_STOCK, path::MANAGE_STOCK),
            "qtyIncrements":
                qty(column::QTY_INCREMENTS, column::USE_CONFIG_QTY_INCREMENTS, path::QTY_INCREMENTS),
        });
        Some(settings.to_string())
    }

    /// Of several items of one website, that of the first stock.
    fn settings_row(&self) -> Option<&Row> {
        let of_website = |website: u32| {
            let items = self.product.sheet.rows(Table::StockItem);
            let is_of_website =
                |row: &&Row| row::id(row, column::WEBSITE_ID).unwrap_or_default() == website;
            items.filter(is_of_website).min_by_key(|row| row::id(row, column::STOCK_ID))
        };
        of_website(self.store.website_id).or_else(|| of_website(ADMIN_WEBSITE))
    }

    fn left_to_config(&self, item: &Row, use_config: usize, path: &str) -> Option<&str> {
        let is_left = row::flag(item, use_config);
        is_left.then(|| self.shop.config(path, ConfigScope::StoreView(self.store.id)))
    }
}

/// A configured quantity: a number, or, where customer groups differ, a JSON object from group to
/// number, of which that for visitors counts, else that for all groups.
fn quantity(configured: &str) -> Option<Decimal> {
    if let Ok(number) = Decimal::from_str(configured) {
        return Some(number);
    }
    let by_group: BTreeMap<String, Json> = serde_json::from_str(configured).ok()?;
    match by_group.get(VISITORS).or_else(|| by_group.get(EVERYBODY))? {
        Json::String(text) => Decimal::from_str(text).ok(),
        Json::Number(number) => Decimal::from_str(&number.to_string()).ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}
