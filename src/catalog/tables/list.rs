//! The list of watched tables: names, columns, and how each is cut into chunks.

mod categories;
mod composites;
mod inventory;

use crate::decode::{ColumnKind, TableLayout, WatchedColumn, WatchedTable};

/// The watched tables of every layout; a [`TableId`](crate::decode::TableId) is an index of this
/// list. A staged table has the columns of its plain twin in the same places, with `row_id` for
/// `entity_id`; only the entity table itself differs.
pub const WATCHED_TABLES: &[WatchedTable] = &[
    table(
        "store_website",
        &[
            int("website_id"),
            text("code"),
            text("name"),
            int("default_group_id"),
            int("is_default"),
        ],
        0,
        &[0],
    ),
    table(
        "store_group",
        &[
            int("group_id"),
            int("website_id"),
            text("name"),
            int("root_category_id"),
            int("default_store_id"),
            text("code"),
        ],
        0,
        &[0],
    ),
    table(
        "store",
        &[
            int("store_id"),
            text("code"),
            int("website_id"),
            int("group_id"),
            text("name"),
            int("is_active"),
        ],
        0,
        &[0],
    ),
    table("customer_group", &[int("customer_group_id"), text("customer_group_code")], 0, &[0]),
    table(
        "core_config_data",
        &[int("config_id"), text("scope"), int("scope_id"), text("path"), text("value")],
        0,
        &[0],
    ),
    table("eav_entity_type", &[int("entity_type_id"), text("entity_type_code")], 0, &[0]),
    table(
        "eav_attribute",
        &[
            int("attribute_id"),
            int("entity_type_id"),
            text("attribute_code"),
            text("backend_type"),
            text("frontend_input"),
            text("frontend_label"),
            text("frontend_class"),
            text("source_model"),
            int("is_user_defined"),
        ],
        0,
        &[0],
    ),
    table(
        "catalog_eav_attribute",
        &[
            int("attribute_id"),
            int("is_visible"),
            int("is_searchable"),
            int("is_filterable"),
            int("is_comparable"),
            int("is_visible_on_front"),
            int("used_in_product_listing"),
            int("used_for_sort_by"),
            float("search_weight"),
            text("additional_data"),
        ],
        0,
        &[0],
    ),
    table(
        "eav_attribute_label",
        &[int("attribute_label_id"), int("attribute_id"), int("store_id"), text("value")],
        1,
        &[0],
    ),
    table(
        "eav_attribute_option",
        &[int("option_id"), int("attribute_id"), int("sort_order")],
        0,
        &[0],
    ),
    table(
        "eav_attribute_option_value",
        &[int("value_id"), int("option_id"), int("store_id"), text("value")],
        1,
        &[0],
    ),
    optional(table(
        "eav_attribute_option_swatch",
        &[int("swatch_id"), int("option_id"), int("store_id"), int("type"), text("value")],
        1,
        &[0],
    )),
    table(
        "catalog_product_entity_media_gallery",
        &[int("value_id"), text("value"), text("media_type"), int("attribute_id")],
        0,
        &[0],
    ),
    plain(table(
        "catalog_product_entity",
        &[
            int("entity_id"),
            int("attribute_set_id"),
            text("type_id"),
            text("sku"),
            temporal("created_at"),
            temporal("updated_at"),
        ],
        0,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_varchar",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), text("value")],
        3,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_int",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), int("value")],
        3,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_decimal",
        &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            decimal("value"),
        ],
        3,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_text",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("entity_id"), text("value")],
        3,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_datetime",
        &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            temporal("value"),
        ],
        3,
        &[0],
    )),
    table("catalog_product_website", &[int("product_id"), int("website_id")], 0, &[0, 1]),
    plain(table("catalog_product_relation", RELATION, 0, &[0, 1])),
    plain(table("catalog_product_super_link", SUPER_LINK, 2, &[0])),
    plain(table("catalog_product_super_attribute", SUPER_ATTRIBUTE, 1, &[0])),
    plain(table("catalog_product_link", LINK, 1, &[0])),
    plain(table(
        "catalog_product_entity_tier_price",
        &[
            int("value_id"),
            int("entity_id"),
            int("all_groups"),
            int("customer_group_id"),
            decimal("qty"),
            decimal("value"),
            int("website_id"),
            decimal("percentage_value"),
        ],
        1,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_media_gallery_value",
        &[
            int("record_id"),
            int("value_id"),
            int("store_id"),
            int("entity_id"),
            text("label"),
            int("position"),
            int("disabled"),
        ],
        3,
        &[0],
    )),
    plain(table(
        "catalog_product_entity_media_gallery_value_to_entity",
        &[int("value_id"), int("entity_id")],
        1,
        &[0, 1],
    )),
    optional(table(
        "cataloginventory_stock_item",
        &[
            int("item_id"),
            int("product_id"),
            int("stock_id"),
            decimal("qty"),
            decimal("min_qty"),
            int("use_config_min_qty"),
            int("backorders"),
            int("use_config_backorders"),
            int("is_in_stock"),
            int("manage_stock"),
            int("use_config_manage_stock"),
            int("website_id"),
            decimal("min_sale_qty"),
            int("use_config_min_sale_qty"),
            decimal("max_sale_qty"),
            int("use_config_max_sale_qty"),
            int("enable_qty_increments"),
            int("use_config_enable_qty_inc"),
            decimal("qty_increments"),
            int("use_config_qty_increments"),
        ],
        1,
        &[0],
    )),
    staged(table("sequence_product", &[int("sequence_value")], 0, &[0])),
    staged(table(
        "catalog_product_entity",
        &[
            int("row_id"),
            int("entity_id"),
            int("attribute_set_id"),
            text("type_id"),
            text("sku"),
            temporal("created_at"),
            temporal("updated_at"),
            int("created_in"),
            int("updated_in"),
        ],
        0,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_varchar",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), text("value")],
        3,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_int",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), int("value")],
        3,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_decimal",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), decimal("value")],
        3,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_text",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), text("value")],
        3,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_datetime",
        &[int("value_id"), int("attribute_id"), int("store_id"), int("row_id"), temporal("value")],
        3,
        &[0],
    )),
    staged(table("catalog_product_relation", RELATION, 0, &[0, 1])),
    staged(table("catalog_product_super_link", SUPER_LINK, 2, &[0])),
    staged(table("catalog_product_super_attribute", SUPER_ATTRIBUTE, 1, &[0])),
    staged(table("catalog_product_link", LINK, 1, &[0])),
    staged(table(
        "catalog_product_entity_tier_price",
        &[
            int("value_id"),
            int("row_id"),
            int("all_groups"),
            int("customer_group_id"),
            decimal("qty"),
            decimal("value"),
            int("website_id"),
            decimal("percentage_value"),
        ],
        1,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_media_gallery_value",
        &[
            int("record_id"),
            int("value_id"),
            int("store_id"),
            int("row_id"),
            text("label"),
            int("position"),
            int("disabled"),
        ],
        3,
        &[0],
    )),
    staged(table(
        "catalog_product_entity_media_gallery_value_to_entity",
        &[int("value_id"), int("row_id")],
        1,
        &[0, 1],
    )),
    optional(table("catalog_product_link_type", &[int("link_type_id"), text("code")], 0, &[0])),
    optional(table("cataloginventory_stock", &[int("stock_id"), text("stock_name")], 0, &[0])),
    optional(table("tax_class", &[int("class_id"), text("class_name")], 0, &[0])),
    table(
        "eav_attribute_set",
        &[int("attribute_set_id"), int("entity_type_id"), text("attribute_set_name")],
        0,
        &[0],
    ),
    categories::CATEGORY_ENTITY,
    categories::CATEGORY_VARCHAR,
    categories::CATEGORY_INT,
    categories::CATEGORY_DECIMAL,
    categories::CATEGORY_TEXT,
    categories::CATEGORY_DATETIME,
    categories::SEQUENCE_CATEGORY,
    categories::STAGED_CATEGORY_ENTITY,
    categories::STAGED_CATEGORY_VARCHAR,
    categories::STAGED_CATEGORY_INT,
    categories::STAGED_CATEGORY_DECIMAL,
    categories::STAGED_CATEGORY_TEXT,
    categories::STAGED_CATEGORY_DATETIME,
    categories::CATEGORY_PRODUCT,
    composites::BUNDLE_OPTION,
    composites::BUNDLE_OPTION_VALUE,
    composites::BUNDLE_SELECTION,
    composites::SEQUENCE_BUNDLE_OPTION,
    composites::SEQUENCE_BUNDLE_SELECTION,
    composites::STAGED_BUNDLE_OPTION,
    composites::STAGED_BUNDLE_OPTION_VALUE,
    composites::STAGED_BUNDLE_SELECTION,
    composites::DOWNLOADABLE_LINK,
    composites::DOWNLOADABLE_SAMPLE,
    composites::PRODUCT_OPTION,
    composites::STAGED_DOWNLOADABLE_LINK,
    composites::STAGED_DOWNLOADABLE_SAMPLE,
    composites::STAGED_PRODUCT_OPTION,
    composites::DOWNLOADABLE_LINK_TITLE,
    composites::DOWNLOADABLE_LINK_PRICE,
    composites::DOWNLOADABLE_SAMPLE_TITLE,
    composites::PRODUCT_OPTION_TITLE,
    composites::PRODUCT_OPTION_PRICE,
    composites::PRODUCT_OPTION_TYPE_VALUE,
    composites::PRODUCT_OPTION_TYPE_TITLE,
    composites::PRODUCT_OPTION_TYPE_PRICE,
    optional(table(
        "catalogrule_product_price",
        &[
            int("rule_product_price_id"),
            temporal("rule_date"),
            int("customer_group_id"),
            int("product_id"),
            decimal("rule_price"),
            int("website_id"),
        ],
        3,
        &[0],
    )),
    inventory::INVENTORY_SOURCE,
    inventory::INVENTORY_SOURCE_ITEM,
    inventory::INVENTORY_STOCK,
    inventory::INVENTORY_SOURCE_STOCK_LINK,
    inventory::INVENTORY_STOCK_SALES_CHANNEL,
    inventory::INVENTORY_RESERVATION,
];

const RELATION: &[WatchedColumn] = &[int("parent_id"), int("child_id")];
const SUPER_LINK: &[WatchedColumn] = &[int("link_id"), int("product_id"), int("parent_id")];
const SUPER_ATTRIBUTE: &[WatchedColumn] =
    &[int("product_super_attribute_id"), int("product_id"), int("attribute_id"), int("position")];
const LINK: &[WatchedColumn] =
    &[int("link_id"), int("product_id"), int("linked_product_id"), int("link_type_id")];

const fn table(
    name: &'static str,
    columns: &'static [WatchedColumn],
    chunk_column: usize,
    primary_key: &'static [usize],
) -> WatchedTable {
    WatchedTable { name, columns, chunk_column, primary_key, optional: false, layout: None }
}
const fn optional(table: WatchedTable) -> WatchedTable {
    WatchedTable { optional: true, ..table }
}
const fn plain(table: WatchedTable) -> WatchedTable {
    WatchedTable { layout: Some(TableLayout::Plain), ..table }
}
const fn staged(table: WatchedTable) -> WatchedTable {
    WatchedTable { layout: Some(TableLayout::Staged), ..table }
}

const fn int(name: &'static str) -> WatchedColumn {
    WatchedColumn { name, kind: ColumnKind::Int }
}
const fn text(name: &'static str) -> WatchedColumn {
    WatchedColumn { name, kind: ColumnKind::Text }
}
const fn decimal(name: &'static str) -> WatchedColumn {
    WatchedColumn { name, kind: ColumnKind::Decimal }
}
const fn temporal(name: &'static str) -> WatchedColumn {
    WatchedColumn { name, kind: ColumnKind::Temporal }
}
const fn float(name: &'static str) -> WatchedColumn {
    WatchedColumn { name, kind: ColumnKind::Float }
}
