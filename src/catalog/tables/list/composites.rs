//! The tables of bundles, downloadable products and custom options.

use crate::catalog::tables::list::{decimal, int, optional, plain, staged, table, text};
use crate::decode::WatchedTable;

pub(super) const BUNDLE_OPTION: WatchedTable = plain(optional(table(
    "catalog_product_bundle_option",
    &[int("option_id"), int("parent_id"), int("required"), int("position"), text("type")],
    1,
    &[0],
)));
pub(super) const BUNDLE_OPTION_VALUE: WatchedTable = plain(optional(table(
    "catalog_product_bundle_option_value",
    &[int("value_id"), int("option_id"), int("store_id"), text("title"), int("parent_product_id")],
    4,
    &[0],
)));
pub(super) const BUNDLE_SELECTION: WatchedTable = plain(optional(table(
    "catalog_product_bundle_selection",
    &[
        int("selection_id"),
        int("option_id"),
        int("parent_product_id"),
        int("product_id"),
        int("position"),
        int("is_default"),
        decimal("selection_qty"),
        int("selection_can_change_qty"),
    ],
    2,
    &[0],
)));
pub(super) const SEQUENCE_BUNDLE_OPTION: WatchedTable =
    staged(optional(table("sequence_product_bundle_option", &[int("sequence_value")], 0, &[0])));
pub(super) const SEQUENCE_BUNDLE_SELECTION: WatchedTable =
    staged(optional(table("sequence_product_bundle_selection", &[int("sequence_value")], 0, &[0])));
pub(super) const STAGED_BUNDLE_OPTION: WatchedTable = staged(optional(table(
    "catalog_product_bundle_option",
    &[int("option_id"), int("parent_id"), int("required"), int("position"), text("type")],
    1,
    &[0, 1],
)));
pub(super) const STAGED_BUNDLE_OPTION_VALUE: WatchedTable = staged(optional(table(
    "catalog_product_bundle_option_value",
    &[int("value_id"), int("option_id"), int("store_id"), text("title"), int("parent_product_id")],
    4,
    &[0],
)));
pub(super) const STAGED_BUNDLE_SELECTION: WatchedTable = staged(optional(table(
    "catalog_product_bundle_selection",
    &[
        int("selection_id"),
        int("option_id"),
        int("parent_product_id"),
        int("product_id"),
        int("position"),
        int("is_default"),
        decimal("selection_qty"),
        int("selection_can_change_qty"),
    ],
    2,
    &[0, 2],
)));
pub(super) const DOWNLOADABLE_LINK: WatchedTable = plain(optional(table(
    "downloadable_link",
    &[
        int("link_id"),
        int("product_id"),
        int("sort_order"),
        int("number_of_downloads"),
        text("sample_url"),
        text("sample_file"),
        text("sample_type"),
    ],
    1,
    &[0],
)));
pub(super) const DOWNLOADABLE_SAMPLE: WatchedTable = plain(optional(table(
    "downloadable_sample",
    &[
        int("sample_id"),
        int("product_id"),
        int("sort_order"),
        text("sample_url"),
        text("sample_file"),
        text("sample_type"),
    ],
    1,
    &[0],
)));
pub(super) const PRODUCT_OPTION: WatchedTable = plain(optional(table(
    "catalog_product_option",
    &[
        int("option_id"),
        int("product_id"),
        text("type"),
        int("is_require"),
        text("sku"),
        int("max_characters"),
        text("file_extension"),
        int("image_size_x"),
        int("image_size_y"),
        int("sort_order"),
    ],
    1,
    &[0],
)));
pub(super) const STAGED_DOWNLOADABLE_LINK: WatchedTable = staged(optional(table(
    "downloadable_link",
    &[
        int("link_id"),
        int("product_id"),
        int("sort_order"),
        int("number_of_downloads"),
        text("sample_url"),
        text("sample_file"),
        text("sample_type"),
    ],
    1,
    &[0],
)));
pub(super) const STAGED_DOWNLOADABLE_SAMPLE: WatchedTable = staged(optional(table(
    "downloadable_sample",
    &[
        int("sample_id"),
        int("product_id"),
        int("sort_order"),
        text("sample_url"),
        text("sample_file"),
        text("sample_type"),
    ],
    1,
    &[0],
)));
pub(super) const STAGED_PRODUCT_OPTION: WatchedTable = staged(optional(table(
    "catalog_product_option",
    &[
        int("option_id"),
        int("product_id"),
        text("type"),
        int("is_require"),
        text("sku"),
        int("max_characters"),
        text("file_extension"),
        int("image_size_x"),
        int("image_size_y"),
        int("sort_order"),
    ],
    1,
    &[0],
)));
pub(super) const DOWNLOADABLE_LINK_TITLE: WatchedTable = optional(table(
    "downloadable_link_title",
    &[int("title_id"), int("link_id"), int("store_id"), text("title")],
    1,
    &[0],
));
pub(super) const DOWNLOADABLE_LINK_PRICE: WatchedTable = optional(table(
    "downloadable_link_price",
    &[int("price_id"), int("link_id"), int("website_id"), decimal("price")],
    1,
    &[0],
));
pub(super) const DOWNLOADABLE_SAMPLE_TITLE: WatchedTable = optional(table(
    "downloadable_sample_title",
    &[int("title_id"), int("sample_id"), int("store_id"), text("title")],
    1,
    &[0],
));
pub(super) const PRODUCT_OPTION_TITLE: WatchedTable = optional(table(
    "catalog_product_option_title",
    &[int("option_title_id"), int("option_id"), int("store_id"), text("title")],
    1,
    &[0],
));
pub(super) const PRODUCT_OPTION_PRICE: WatchedTable = optional(table(
    "catalog_product_option_price",
    &[
        int("option_price_id"),
        int("option_id"),
        int("store_id"),
        decimal("price"),
        text("price_type"),
    ],
    1,
    &[0],
));
pub(super) const PRODUCT_OPTION_TYPE_VALUE: WatchedTable = optional(table(
    "catalog_product_option_type_value",
    &[int("option_type_id"), int("option_id"), text("sku"), int("sort_order")],
    1,
    &[0],
));
pub(super) const PRODUCT_OPTION_TYPE_TITLE: WatchedTable = optional(table(
    "catalog_product_option_type_title",
    &[int("option_type_title_id"), int("option_type_id"), int("store_id"), text("title")],
    1,
    &[0],
));
pub(super) const PRODUCT_OPTION_TYPE_PRICE: WatchedTable = optional(table(
    "catalog_product_option_type_price",
    &[
        int("option_type_price_id"),
        int("option_type_id"),
        int("store_id"),
        decimal("price"),
        text("price_type"),
    ],
    1,
    &[0],
));
