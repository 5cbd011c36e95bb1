//! Multi-source inventory: which stock a website sells from, and which sources fill a stock.
//!
//! Codes are compared as the database compares them, by [`comparable`].

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::column::{
    inventory_source, inventory_source_stock_link, inventory_stock_sales_channel,
};
use crate::catalog::shop::{id, text};
use crate::catalog::{CatalogRead, Owner, ReadError, Sheet, Table, comparable};
use crate::decode::Row;

/// The `stock_id` of the default stock, in every shop.
const DEFAULT_STOCK: u32 = 1;

/// The stock that a website sells from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SalesStock {
    /// The default stock, which `cataloginventory_stock_item` tells about.
    Default,
    /// Another stock, by `stock_id`, which is the sum of its sources.
    OfSources(u32),
}

/// What the tables of multi-source inventory say, but for the quantities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Whether there are any rows: its modules may be missing, or their tables be empty.
    is_in_use: bool,
    stock_by_website_code: BTreeMap<String, u32>,
    /// By stock, the codes of the enabled sources that are assigned to it.
    sources: BTreeMap<u32, BTreeSet<String>>,
}

impl Inventory {
    pub(super) fn read(catalog: &impl CatalogRead) -> Result<Self, ReadError> {
        let sheet = catalog.sheet(Owner::Inventory)?;
        Ok(sheet.map(|sheet| Self::of(&sheet)).unwrap_or_default())
    }

    fn of(sheet: &Sheet) -> Self {
        let code = |row: &Row, column| text(row, column).map(|code| comparable(&code));
        let mut inventory = Self { is_in_use: !sheet.is_empty(), ..Self::default() };
        for row in sheet.rows(Table::InventoryStockSalesChannel) {
            let kind = code(row, inventory_stock_sales_channel::TYPE);
            let website = code(row, inventory_stock_sales_channel::CODE);
            if let (Some("website"), Some(website)) = (kind.as_deref(), website) {
                let stock = id(row, inventory_stock_sales_channel::STOCK_ID);
                inventory.stock_by_website_code.insert(website, stock);
            }
        }
        let enabled = sheet
            .rows(Table::InventorySource)
            .filter(|row| id(row, inventory_source::ENABLED) == 1)
            .filter_map(|row| code(row, inventory_source::SOURCE_CODE));
        let enabled: BTreeSet<String> = enabled.collect();
        for row in sheet.rows(Table::InventorySourceStockLink) {
            let source = code(row, inventory_source_stock_link::SOURCE_CODE);
            if let Some(source) = source.filter(|source| enabled.contains(source)) {
                let stock = id(row, inventory_source_stock_link::STOCK_ID);
                inventory.sources.entry(stock).or_default().insert(source);
            }
        }
        inventory
    }

    /// The stock that the website with this code sells from; `None` if it has no sales channel, so
    /// that it can sell nothing. Without multi-source inventory that is the default stock.
    pub fn stock_of(&self, website_code: &str) -> Option<SalesStock> {
        if !self.is_in_use {
            return Some(SalesStock::Default);
        }
        let stock = *self.stock_by_website_code.get(&comparable(website_code))?;
        let is_default = stock == DEFAULT_STOCK;
        Some(if is_default { SalesStock::Default } else { SalesStock::OfSources(stock) })
    }

    /// Whether the source with this code is enabled and assigned to the stock.
    pub fn is_filled_from(&self, stock: u32, source_code: &str) -> bool {
        let sources = self.sources.get(&stock);
        sources.is_some_and(|sources| sources.contains(&comparable(source_code)))
    }
}
