//! Column indexes, by table, for readable access to rows: `row[column::product_entity::SKU]`.
//!
//! A staged table has the columns of its plain twin in the same places, `row_id` standing for
//! `entity_id`: the twin's indexes serve for both. Only the entity table itself differs. A test
//! holds all of them to [`WATCHED_TABLES`](crate::catalog::tables::WATCHED_TABLES).

mod categories;
mod composites;
mod inventory;

pub use categories::*;
pub use composites::*;
pub use inventory::*;

/// `store_website`.
pub mod store_website {
    /// `website_id`.
    pub const WEBSITE_ID: usize = 0;
    /// `code`.
    pub const CODE: usize = 1;
    /// `name`.
    pub const NAME: usize = 2;
    /// `default_group_id`.
    pub const DEFAULT_GROUP_ID: usize = 3;
    /// `is_default`.
    pub const IS_DEFAULT: usize = 4;
}
/// `store_group`.
pub mod store_group {
    /// `group_id`.
    pub const GROUP_ID: usize = 0;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 1;
    /// `name`.
    pub const NAME: usize = 2;
    /// `root_category_id`.
    pub const ROOT_CATEGORY_ID: usize = 3;
    /// `default_store_id`.
    pub const DEFAULT_STORE_ID: usize = 4;
    /// `code`.
    pub const CODE: usize = 5;
}
/// `store`.
pub mod store {
    /// `store_id`.
    pub const STORE_ID: usize = 0;
    /// `code`.
    pub const CODE: usize = 1;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 2;
    /// `group_id`.
    pub const GROUP_ID: usize = 3;
    /// `name`.
    pub const NAME: usize = 4;
    /// `is_active`.
    pub const IS_ACTIVE: usize = 5;
}
/// `customer_group`.
pub mod customer_group {
    /// `customer_group_id`.
    pub const CUSTOMER_GROUP_ID: usize = 0;
    /// `customer_group_code`.
    pub const CUSTOMER_GROUP_CODE: usize = 1;
}
/// `core_config_data`.
pub mod core_config_data {
    /// `config_id`.
    pub const CONFIG_ID: usize = 0;
    /// `scope`.
    pub const SCOPE: usize = 1;
    /// `scope_id`.
    pub const SCOPE_ID: usize = 2;
    /// `path`.
    pub const PATH: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `eav_entity_type`.
pub mod eav_entity_type {
    /// `entity_type_id`.
    pub const ENTITY_TYPE_ID: usize = 0;
    /// `entity_type_code`.
    pub const ENTITY_TYPE_CODE: usize = 1;
}
/// `eav_attribute`.
pub mod eav_attribute {
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 0;
    /// `entity_type_id`.
    pub const ENTITY_TYPE_ID: usize = 1;
    /// `attribute_code`.
    pub const ATTRIBUTE_CODE: usize = 2;
    /// `backend_type`.
    pub const BACKEND_TYPE: usize = 3;
    /// `frontend_input`.
    pub const FRONTEND_INPUT: usize = 4;
    /// `frontend_label`.
    pub const FRONTEND_LABEL: usize = 5;
    /// `frontend_class`.
    pub const FRONTEND_CLASS: usize = 6;
    /// `source_model`.
    pub const SOURCE_MODEL: usize = 7;
    /// `is_user_defined`.
    pub const IS_USER_DEFINED: usize = 8;
}
/// `catalog_eav_attribute`.
pub mod catalog_eav_attribute {
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 0;
    /// `is_visible`.
    pub const IS_VISIBLE: usize = 1;
    /// `is_searchable`.
    pub const IS_SEARCHABLE: usize = 2;
    /// `is_filterable`.
    pub const IS_FILTERABLE: usize = 3;
    /// `is_comparable`.
    pub const IS_COMPARABLE: usize = 4;
    /// `is_visible_on_front`.
    pub const IS_VISIBLE_ON_FRONT: usize = 5;
    /// `used_in_product_listing`.
    pub const USED_IN_PRODUCT_LISTING: usize = 6;
    /// `used_for_sort_by`.
    pub const USED_FOR_SORT_BY: usize = 7;
    /// `search_weight`.
    pub const SEARCH_WEIGHT: usize = 8;
    /// `additional_data`.
    pub const ADDITIONAL_DATA: usize = 9;
}
/// `eav_attribute_label`.
pub mod eav_attribute_label {
    /// `attribute_label_id`.
    pub const ATTRIBUTE_LABEL_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `value`.
    pub const VALUE: usize = 3;
}
/// `eav_attribute_option`.
pub mod eav_attribute_option {
    /// `option_id`.
    pub const OPTION_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `sort_order`.
    pub const SORT_ORDER: usize = 2;
}
/// `eav_attribute_option_value`.
pub mod eav_attribute_option_value {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `value`.
    pub const VALUE: usize = 3;
}
/// `eav_attribute_option_swatch`.
pub mod eav_attribute_option_swatch {
    /// `swatch_id`.
    pub const SWATCH_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `type`.
    pub const TYPE: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_entity_media_gallery`.
pub mod media_gallery {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `value`.
    pub const VALUE: usize = 1;
    /// `media_type`.
    pub const MEDIA_TYPE: usize = 2;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 3;
}
/// `catalog_product_entity`.
pub mod product_entity {
    /// `entity_id`.
    pub const ENTITY_ID: usize = 0;
    /// `attribute_set_id`.
    pub const ATTRIBUTE_SET_ID: usize = 1;
    /// `type_id`.
    pub const TYPE_ID: usize = 2;
    /// `sku`.
    pub const SKU: usize = 3;
    /// `created_at`.
    pub const CREATED_AT: usize = 4;
    /// `updated_at`.
    pub const UPDATED_AT: usize = 5;
}
/// `catalog_product_entity_varchar`.
pub mod product_varchar {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_entity_int`.
pub mod product_int {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_entity_decimal`.
pub mod product_decimal {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_entity_text`.
pub mod product_text {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_entity_datetime`.
pub mod product_datetime {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `value`.
    pub const VALUE: usize = 4;
}
/// `catalog_product_website`.
pub mod product_website {
    /// `product_id`.
    pub const PRODUCT_ID: usize = 0;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 1;
}
/// `catalog_product_relation`.
pub mod product_relation {
    /// `parent_id`.
    pub const PARENT_ID: usize = 0;
    /// `child_id`.
    pub const CHILD_ID: usize = 1;
}
/// `catalog_product_super_link`.
pub mod product_super_link {
    /// `link_id`.
    pub const LINK_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `parent_id`.
    pub const PARENT_ID: usize = 2;
}
/// `catalog_product_super_attribute`.
pub mod product_super_attribute {
    /// `product_super_attribute_id`.
    pub const PRODUCT_SUPER_ATTRIBUTE_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `attribute_id`.
    pub const ATTRIBUTE_ID: usize = 2;
    /// `position`.
    pub const POSITION: usize = 3;
}
/// `catalog_product_link`.
pub mod product_link {
    /// `link_id`.
    pub const LINK_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `linked_product_id`.
    pub const LINKED_PRODUCT_ID: usize = 2;
    /// `link_type_id`.
    pub const LINK_TYPE_ID: usize = 3;
}
/// `catalog_product_entity_tier_price`.
pub mod product_tier_price {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 1;
    /// `all_groups`.
    pub const ALL_GROUPS: usize = 2;
    /// `customer_group_id`.
    pub const CUSTOMER_GROUP_ID: usize = 3;
    /// `qty`.
    pub const QTY: usize = 4;
    /// `value`.
    pub const VALUE: usize = 5;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 6;
    /// `percentage_value`.
    pub const PERCENTAGE_VALUE: usize = 7;
}
/// `catalog_product_entity_media_gallery_value`.
pub mod media_gallery_value {
    /// `record_id`.
    pub const RECORD_ID: usize = 0;
    /// `value_id`.
    pub const VALUE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 3;
    /// `label`.
    pub const LABEL: usize = 4;
    /// `position`.
    pub const POSITION: usize = 5;
    /// `disabled`.
    pub const DISABLED: usize = 6;
}
/// `catalog_product_entity_media_gallery_value_to_entity`.
pub mod media_gallery_value_to_entity {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 1;
}
/// `cataloginventory_stock_item`.
pub mod stock_item {
    /// `item_id`.
    pub const ITEM_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `stock_id`.
    pub const STOCK_ID: usize = 2;
    /// `qty`.
    pub const QTY: usize = 3;
    /// `min_qty`.
    pub const MIN_QTY: usize = 4;
    /// `use_config_min_qty`.
    pub const USE_CONFIG_MIN_QTY: usize = 5;
    /// `backorders`.
    pub const BACKORDERS: usize = 6;
    /// `use_config_backorders`.
    pub const USE_CONFIG_BACKORDERS: usize = 7;
    /// `is_in_stock`.
    pub const IS_IN_STOCK: usize = 8;
    /// `manage_stock`.
    pub const MANAGE_STOCK: usize = 9;
    /// `use_config_manage_stock`.
    pub const USE_CONFIG_MANAGE_STOCK: usize = 10;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 11;
    /// `min_sale_qty`.
    pub const MIN_SALE_QTY: usize = 12;
    /// `use_config_min_sale_qty`.
    pub const USE_CONFIG_MIN_SALE_QTY: usize = 13;
    /// `max_sale_qty`.
    pub const MAX_SALE_QTY: usize = 14;
    /// `use_config_max_sale_qty`.
    pub const USE_CONFIG_MAX_SALE_QTY: usize = 15;
    /// `enable_qty_increments`.
    pub const ENABLE_QTY_INCREMENTS: usize = 16;
    /// `use_config_enable_qty_inc`.
    pub const USE_CONFIG_ENABLE_QTY_INC: usize = 17;
    /// `qty_increments`.
    pub const QTY_INCREMENTS: usize = 18;
    /// `use_config_qty_increments`.
    pub const USE_CONFIG_QTY_INCREMENTS: usize = 19;
}
/// `sequence_product`.
pub mod sequence_product {
    /// `sequence_value`.
    pub const SEQUENCE_VALUE: usize = 0;
}
/// `catalog_product_entity`, staged.
pub mod staged_product_entity {
    /// `row_id`.
    pub const ROW_ID: usize = 0;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 1;
    /// `attribute_set_id`.
    pub const ATTRIBUTE_SET_ID: usize = 2;
    /// `type_id`.
    pub const TYPE_ID: usize = 3;
    /// `sku`.
    pub const SKU: usize = 4;
    /// `created_at`.
    pub const CREATED_AT: usize = 5;
    /// `updated_at`.
    pub const UPDATED_AT: usize = 6;
    /// `created_in`.
    pub const CREATED_IN: usize = 7;
    /// `updated_in`.
    pub const UPDATED_IN: usize = 8;
}
/// `catalog_product_link_type`.
pub mod product_link_type {
    /// `link_type_id`.
    pub const LINK_TYPE_ID: usize = 0;
    /// `code`.
    pub const CODE: usize = 1;
}
/// `cataloginventory_stock`.
pub mod stock {
    /// `stock_id`.
    pub const STOCK_ID: usize = 0;
    /// `stock_name`.
    pub const STOCK_NAME: usize = 1;
}
/// `tax_class`.
pub mod tax_class {
    /// `class_id`.
    pub const CLASS_ID: usize = 0;
    /// `class_name`.
    pub const CLASS_NAME: usize = 1;
}
/// `eav_attribute_set`.
pub mod eav_attribute_set {
    /// `attribute_set_id`.
    pub const ATTRIBUTE_SET_ID: usize = 0;
    /// `entity_type_id`.
    pub const ENTITY_TYPE_ID: usize = 1;
    /// `attribute_set_name`.
    pub const ATTRIBUTE_SET_NAME: usize = 2;
}
/// `catalogrule_product_price`.
pub mod catalog_rule_product_price {
    /// `rule_product_price_id`.
    pub const RULE_PRODUCT_PRICE_ID: usize = 0;
    /// `rule_date`.
    pub const RULE_DATE: usize = 1;
    /// `customer_group_id`.
    pub const CUSTOMER_GROUP_ID: usize = 2;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 3;
    /// `rule_price`.
    pub const RULE_PRICE: usize = 4;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 5;
}

#[cfg(test)]
mod tests;
