//! The tables of multi-source inventory; absent where its modules are not installed.

use crate::catalog::tables::list::{decimal, int, optional, table, text};
use crate::decode::WatchedTable;

pub(super) const INVENTORY_SOURCE: WatchedTable =
    optional(table("inventory_source", &[text("source_code"), int("enabled")], 1, &[0]));
pub(super) const INVENTORY_SOURCE_ITEM: WatchedTable = optional(table(
    "inventory_source_item",
    &[int("source_item_id"), text("source_code"), text("sku"), decimal("quantity"), int("status")],
    0,
    &[0],
));
pub(super) const INVENTORY_STOCK: WatchedTable =
    optional(table("inventory_stock", &[int("stock_id"), text("name")], 0, &[0]));
pub(super) const INVENTORY_SOURCE_STOCK_LINK: WatchedTable = optional(table(
    "inventory_source_stock_link",
    &[int("link_id"), int("stock_id"), text("source_code")],
    0,
    &[0],
));
pub(super) const INVENTORY_STOCK_SALES_CHANNEL: WatchedTable = optional(table(
    "inventory_stock_sales_channel",
    &[text("type"), text("code"), int("stock_id")],
    2,
    &[0, 1],
));
pub(super) const INVENTORY_RESERVATION: WatchedTable = optional(table(
    "inventory_reservation",
    &[int("reservation_id"), int("stock_id"), text("sku"), decimal("quantity")],
    0,
    &[0],
));
