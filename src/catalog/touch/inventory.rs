//! What changes of sources and reservations touch: the products of their sku.

use std::collections::BTreeSet;

use crate::catalog::touch::{Seen, Touch, products};
use crate::catalog::{CatalogRead, ReadError, Reference, Table, column, sku_hash};
use crate::decode::Value;

/// A row of `inventory_source_item` or `inventory_reservation`.
pub(super) fn row<C: CatalogRead>(
    seen: Seen<'_>,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    let sku = if seen.table == Table::InventorySourceItem {
        column::inventory_source_item::SKU
    } else {
        column::inventory_reservation::SKU
    };
    for sku in seen.values(sku).filter_map(Value::as_text) {
        for id in products::referring(Reference::Sku(sku_hash(sku)), catalog)? {
            touches.insert(Touch::Product(id));
            products::parents(id, catalog, touches)?;
        }
    }
    Ok(())
}
