//! The tables of categories, and of the products in them.

use crate::catalog::tables::list::{decimal, int, plain, staged, table, temporal, text};
use crate::decode::WatchedTable;

pub(super) const CATEGORY_ENTITY: WatchedTable = plain(table(
    "catalog_category_entity",
    &[int("entity_id"), int("parent_id"), text("path"), int("position"), int("level")],
    0,
    &[0],
));
pub(super) const CATEGORY_VARCHAR: WatchedTable = plain(table(
    "catalog_category_entity_varchar",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), text("value")],
    3,
    &[0],
));
pub(super) const CATEGORY_INT: WatchedTable = plain(table(
    "catalog_category_entity_int",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), int("value")],
    3,
    &[0],
));
pub(super) const CATEGORY_DECIMAL: WatchedTable = plain(table(
    "catalog_category_entity_decimal",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), decimal("value")],
    3,
    &[0],
));
pub(super) const CATEGORY_TEXT: WatchedTable = plain(table(
    "catalog_category_entity_text",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), text("value")],
    3,
    &[0],
));
pub(super) const CATEGORY_DATETIME: WatchedTable = plain(table(
    "catalog_category_entity_datetime",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), temporal("value")],
    3,
    &[0],
));
pub(super) const SEQUENCE_CATEGORY: WatchedTable =
    staged(table("sequence_catalog_category", &[int("sequence_value")], 0, &[0]));
pub(super) const STAGED_CATEGORY_ENTITY: WatchedTable = staged(table(
    "catalog_category_entity",
    &[
        int("row_id"),
        int("entity_id"),
        int("parent_id"),
        text("path"),
        int("position"),
        int("level"),
        int("created_in"),
        int("updated_in"),
    ],
    0,
    &[0],
));
pub(super) const STAGED_CATEGORY_VARCHAR: WatchedTable = staged(table(
    "catalog_category_entity_varchar",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), text("value")],
    3,
    &[0],
));
pub(super) const STAGED_CATEGORY_INT: WatchedTable = staged(table(
    "catalog_category_entity_int",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), int("value")],
    3,
    &[0],
));
pub(super) const STAGED_CATEGORY_DECIMAL: WatchedTable = staged(table(
    "catalog_category_entity_decimal",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), decimal("value")],
    3,
    &[0],
));
pub(super) const STAGED_CATEGORY_TEXT: WatchedTable = staged(table(
    "catalog_category_entity_text",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), text("value")],
    3,
    &[0],
));
pub(super) const STAGED_CATEGORY_DATETIME: WatchedTable = staged(table(
    "catalog_category_entity_datetime",
    &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), temporal("value")],
    3,
    &[0],
));
pub(super) const CATEGORY_PRODUCT: WatchedTable = table(
    "catalog_category_product",
    &[int("entity_id"), int("category_id"), int("product_id"), int("position")],
    2,
    &[1, 2],
);
