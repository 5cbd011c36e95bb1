//! The fixture shop in both layouts: as it is, and with content staging.
//!
//! The staged shop is made of the plain one: the row of every product and category gets a `row_id`
//! that is not its `entity_id`, and some products get versions that were, and that will be.

use aco_stream::decode::TableLayout;

use crate::servers::{Database, Server, User};
use crate::shop::fixture;

/// What is added to an `entity_id` to make the `row_id` of its visible version.
const ROW_ID_OFFSET: u32 = 5000;

/// Columns that hold a product's link field: its `row_id` where there is one.
const LINKS: &[(&str, &str)] = &[
    ("catalog_product_relation", "parent_id"),
    ("catalog_product_super_link", "parent_id"),
    ("catalog_product_super_attribute", "product_id"),
    ("catalog_product_link", "product_id"),
    ("catalog_product_bundle_option", "parent_id"),
    ("catalog_product_bundle_option_value", "parent_product_id"),
    ("catalog_product_bundle_selection", "parent_product_id"),
    ("catalog_product_bundle_selection_price", "parent_product_id"),
    ("downloadable_link", "product_id"),
    ("downloadable_sample", "product_id"),
    ("catalog_product_option", "product_id"),
];

/// Tables to copy, parents first.
const TABLES: &[&str] = &[
    "store_website",
    "store_group",
    "store",
    "customer_group",
    "core_config_data",
    "eav_entity_type",
    "eav_attribute",
    "catalog_eav_attribute",
    "eav_attribute_label",
    "eav_attribute_option",
    "eav_attribute_option_value",
    "eav_attribute_option_swatch",
    "cataloginventory_stock",
    "catalog_product_link_type",
    "catalog_product_entity_media_gallery",
    "catalog_product_entity",
    "catalog_product_entity_varchar",
    "catalog_product_entity_int",
    "catalog_product_entity_decimal",
    "catalog_product_entity_text",
    "catalog_product_entity_datetime",
    "catalog_product_website",
    "catalog_product_relation",
    "catalog_product_super_link",
    "catalog_product_super_attribute",
    "catalog_product_link",
    "catalog_product_entity_tier_price",
    "catalog_product_entity_media_gallery_value",
    "catalog_product_entity_media_gallery_value_to_entity",
    "cataloginventory_stock_item",
    "tax_class",
    "eav_attribute_set",
    "catalog_category_entity",
    "catalog_category_entity_varchar",
    "catalog_category_entity_int",
    "catalog_category_entity_decimal",
    "catalog_category_entity_text",
    "catalog_category_entity_datetime",
    "catalog_category_product",
    "catalog_product_bundle_option",
    "catalog_product_bundle_option_value",
    "catalog_product_bundle_selection",
    "catalog_product_bundle_selection_price",
    "downloadable_link",
    "downloadable_link_title",
    "downloadable_link_price",
    "downloadable_sample",
    "downloadable_sample_title",
    "catalog_product_option",
    "catalog_product_option_title",
    "catalog_product_option_price",
    "catalog_product_option_type_value",
    "catalog_product_option_type_title",
    "catalog_product_option_type_price",
    "catalogrule_product_price",
    "inventory_source",
    "inventory_source_item",
    "inventory_stock",
    "inventory_source_stock_link",
    "inventory_stock_sales_channel",
    "inventory_reservation",
];

/// What a sequence table holds: the ids of a table, by name.
const SEQUENCES: &[(&str, &str, &str)] = &[
    ("sequence_product", "catalog_product_entity", "entity_id"),
    ("sequence_catalog_category", "catalog_category_entity", "entity_id"),
    ("sequence_product_bundle_option", "catalog_product_bundle_option", "option_id"),
    ("sequence_product_bundle_selection", "catalog_product_bundle_selection", "selection_id"),
];

/// The column that names a product's rows in statements for both layouts.
pub(crate) fn link_field(layout: TableLayout) -> &'static str {
    match layout {
        TableLayout::Plain => "entity_id",
        TableLayout::Staged => "row_id",
    }
}

/// The value of the link field of a product of the fixture shop.
pub(crate) fn link(layout: TableLayout, entity_id: u32) -> u32 {
    match layout {
        TableLayout::Plain => entity_id,
        TableLayout::Staged => entity_id + ROW_ID_OFFSET,
    }
}

/// A schema with the fixture shop in this layout.
pub(crate) fn shop(server: &Server, layout: TableLayout) -> Database {
    let plain = || {
        let (schema, rows) = (fixture("shop/schema-opensource.sql"), fixture("shop/shop.sql"));
        server.fresh_database(&[&schema, &rows])
    };
    match layout {
        TableLayout::Plain => plain(),
        TableLayout::Staged => {
            let staged = server.fresh_database(&[&fixture("shop/schema-commerce.sql")]);
            stage(&plain(), &staged);
            staged
        }
    }
}

fn stage(plain: &Database, staged: &Database) {
    let session = staged.session(User::App);
    session.exec("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0");
    for (sequence, table, id) in SEQUENCES {
        session.exec(&format!(
            "INSERT INTO {sequence} SELECT DISTINCT {id} FROM `{}`.{table}",
            plain.schema
        ));
    }
    for table in TABLES {
        let columns = session.query(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = '{}' AND \
             table_name = '{table}'",
            staged.schema
        ));
        let columns: Vec<String> = columns.into_iter().flatten().flatten().collect();
        let values: Vec<String> =
            columns.iter().map(|column| staged_value(table, column)).collect();
        session.exec(&format!(
            "INSERT INTO {table} ({}) SELECT {} FROM `{}`.{table}",
            columns.join(", "),
            values.join(", "),
            plain.schema
        ));
    }
    // Versions that were and that will be, with values of their own.
    for (version, created_in, updated_in) in
        [(7000, 1, 1_600_000_000), (8000, 2_000_000_000_u32, 2_147_483_647_u32)]
    {
        session.exec(&format!(
            "INSERT INTO catalog_product_entity (row_id, entity_id, attribute_set_id, type_id, sku, \
             created_at, updated_at, created_in, updated_in) SELECT entity_id + {version}, \
             entity_id, attribute_set_id, type_id, sku, created_at, updated_at, {created_in}, \
             {updated_in} FROM catalog_product_entity WHERE row_id BETWEEN 5101 AND 5110"
        ));
        session.exec(&format!(
            "INSERT INTO catalog_product_entity_varchar (attribute_id, store_id, value, row_id) \
             SELECT attribute_id, store_id, CONCAT('version {version} ', value), row_id - \
             {ROW_ID_OFFSET} + {version} FROM catalog_product_entity_varchar WHERE row_id BETWEEN \
             5101 AND 5110"
        ));
    }
}

fn staged_value(table: &str, column: &str) -> String {
    match column {
        "row_id" => format!("entity_id + {ROW_ID_OFFSET}"),
        "created_in" => "1600000000".to_owned(),
        "updated_in" => "2000000000".to_owned(),
        _ if LINKS.contains(&(table, column)) => format!("{column} + {ROW_ID_OFFSET}"),
        _ => column.to_owned(),
    }
}
