//! What decides about a product's stock beyond its own rows: what it consists of, and what sources
//! hold. Read once for all store views.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::catalog::column::{
    bundle_selection, inventory_reservation as reservation, inventory_source_item as source_item,
    product_relation,
};
use crate::catalog::{
    CatalogRead, ReadError, Reference, SalesStock, Shop, Table, comparable, sku_hash,
};
use crate::decode::Row;
use crate::feed::products::surroundings::Relative;
use crate::feed::row;

/// What there is of a product in a stock of sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// What its sources have of it that is in stock.
    pub(super) quantity: Decimal,
    /// The sum of its reservations: 0 or less as a rule.
    reserved: Decimal,
    /// Whether any of its sources has it in stock, be it with a quantity of 0.
    pub(super) is_at_a_source: bool,
}

impl Level {
    /// What no order has taken yet.
    pub(super) fn unreserved(&self) -> Decimal {
        self.quantity.saturating_add(self.reserved)
    }
}

/// What decides about a product's stock beyond its own rows.
pub(in crate::feed::products) struct Supply {
    /// What a bundle or a grouped product consists of, by id; empty for other types.
    pub(super) parts: BTreeMap<u32, Relative>,
    /// By product and `stock_id`; a product that no source of the stock knows has no level in it.
    levels: BTreeMap<(u32, u32), Level>,
}

impl Supply {
    /// Looks at sources only where the product is sold from other than the default stock.
    pub(in crate::feed::products) fn read<C: CatalogRead>(
        product: &Relative,
        variants: &[Relative],
        shop: &Shop,
        catalog: &C,
    ) -> Result<Self, ReadError> {
        let mut parts = BTreeMap::new();
        for id in part_ids(product) {
            parts.extend(Relative::read(id, catalog)?.map(|part| (id, part)));
        }
        let mut levels = BTreeMap::new();
        let stocks = stocks_of_sources(product, shop);
        if !stocks.is_empty() {
            for of in [product].into_iter().chain(variants).chain(parts.values()) {
                let found = levels_of(&of.sku, &stocks, shop, catalog)?;
                levels.extend(found.into_iter().map(|(stock, level)| ((of.id, stock), level)));
            }
        }
        Ok(Self { parts, levels })
    }

    pub(super) fn level(&self, product: u32, stock: u32) -> Option<&Level> {
        self.levels.get(&(product, stock))
    }
}

/// What a bundle is chosen from and a grouped product consists of. The shop writes the latter to
/// `catalog_product_relation` as well as to `catalog_product_link`.
fn part_ids(product: &Relative) -> BTreeSet<u32> {
    let (table, column) = match product.type_id.as_str() {
        "bundle" => (Table::BundleSelection, bundle_selection::PRODUCT_ID),
        "grouped" => (Table::ProductRelation, product_relation::CHILD_ID),
        _ => return BTreeSet::new(),
    };
    product.sheet.rows(table).filter_map(|row| row::id(row, column)).collect()
}

/// The stocks of sources that the websites of the product sell from.
fn stocks_of_sources(product: &Relative, shop: &Shop) -> BTreeSet<u32> {
    let websites = shop.websites.values().filter(|website| product.is_on(website.id));
    let stocks = websites.filter_map(|website| shop.inventory.stock_of(&website.code));
    stocks
        .filter_map(|stock| match stock {
            SalesStock::OfSources(id) => Some(id),
            SalesStock::Default => None,
        })
        .collect()
}

/// By stock, what there is of a sku. The hash may be that of other skus as well.
fn levels_of<C: CatalogRead>(
    sku: &str,
    stocks: &BTreeSet<u32>,
    shop: &Shop,
    catalog: &C,
) -> Result<BTreeMap<u32, Level>, ReadError> {
    let (hash, sku) = (sku_hash(sku), comparable(sku));
    let is_of_sku =
        |row: &Row, column| row::text(row, column).map(comparable).as_ref() == Some(&sku);
    let mut levels: BTreeMap<u32, Level> = BTreeMap::new();
    for row in referring_rows(Reference::SkuSourceItem(hash), Table::InventorySourceItem, catalog)?
    {
        let source = row::text(&row, source_item::SOURCE_CODE).unwrap_or_default();
        let filled = stocks.iter().filter(|stock| shop.inventory.is_filled_from(**stock, source));
        for stock in filled.filter(|_| is_of_sku(&row, source_item::SKU)) {
            let level = levels.entry(*stock).or_default();
            if row::int(&row, source_item::STATUS) == Some(1) {
                let quantity = row::decimal(&row, source_item::QUANTITY).unwrap_or_default();
                level.quantity = level.quantity.saturating_add(quantity);
                level.is_at_a_source = true;
            }
        }
    }
    if levels.is_empty() {
        return Ok(levels);
    }
    for row in
        referring_rows(Reference::SkuReservation(hash), Table::InventoryReservation, catalog)?
    {
        let level = row::id(&row, reservation::STOCK_ID).and_then(|stock| levels.get_mut(&stock));
        if let Some(level) = level.filter(|_| is_of_sku(&row, reservation::SKU)) {
            let quantity = row::decimal(&row, reservation::QUANTITY).unwrap_or_default();
            level.reserved = level.reserved.saturating_add(quantity);
        }
    }
    Ok(levels)
}

/// The rows of `table` of the owners that refer to something.
fn referring_rows<C: CatalogRead>(
    reference: Reference,
    table: Table,
    catalog: &C,
) -> Result<Vec<Row>, ReadError> {
    let mut rows = Vec::new();
    for id in catalog.referrers(reference)? {
        let sheet = catalog.sheet(reference.referrer(id))?;
        rows.extend(sheet.and_then(|sheet| sheet.first(table).cloned()));
    }
    Ok(rows)
}
