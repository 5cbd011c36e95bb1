//! Column indexes of the tables of categories, and of the products in them.

/// `catalog_category_entity`.
pub mod category_entity {
    /// `entity_id`.
    pub const ENTITY_ID: usize = 0;
    /// `parent_id`.
    pub const PARENT_ID: usize = 1;
    /// `path`.
    pub const PATH: usize = 2;
    /// `position`.
    pub const POSITION: usize = 3;
    /// `level`.
    pub const LEVEL: usize = 4;
}
/// `catalog_category_entity_varchar`.
pub mod category_varchar {
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
/// `catalog_category_entity_int`.
pub mod category_int {
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
/// `catalog_category_entity_decimal`.
pub mod category_decimal {
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
/// `catalog_category_entity_text`.
pub mod category_text {
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
/// `catalog_category_entity_datetime`.
pub mod category_datetime {
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
/// `sequence_catalog_category`.
pub mod sequence_category {
    /// `sequence_value`.
    pub const SEQUENCE_VALUE: usize = 0;
}
/// `catalog_category_entity`, staged.
pub mod staged_category_entity {
    /// `row_id`.
    pub const ROW_ID: usize = 0;
    /// `entity_id`.
    pub const ENTITY_ID: usize = 1;
    /// `parent_id`.
    pub const PARENT_ID: usize = 2;
    /// `path`.
    pub const PATH: usize = 3;
    /// `position`.
    pub const POSITION: usize = 4;
    /// `level`.
    pub const LEVEL: usize = 5;
    /// `created_in`.
    pub const CREATED_IN: usize = 6;
    /// `updated_in`.
    pub const UPDATED_IN: usize = 7;
}
/// `catalog_category_product`.
pub mod category_product {
    /// `entity_id`.
    pub const ENTITY_ID: usize = 0;
    /// `category_id`.
    pub const CATEGORY_ID: usize = 1;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 2;
    /// `position`.
    pub const POSITION: usize = 3;
}
