//! Column indexes of the tables of bundles, downloadable products and custom options.

/// `catalog_product_bundle_option`.
pub mod bundle_option {
    /// `option_id`.
    pub const OPTION_ID: usize = 0;
    /// `parent_id`.
    pub const PARENT_ID: usize = 1;
    /// `required`.
    pub const REQUIRED: usize = 2;
    /// `position`.
    pub const POSITION: usize = 3;
    /// `type`.
    pub const TYPE: usize = 4;
}
/// `catalog_product_bundle_option_value`.
pub mod bundle_option_value {
    /// `value_id`.
    pub const VALUE_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `title`.
    pub const TITLE: usize = 3;
    /// `parent_product_id`.
    pub const PARENT_PRODUCT_ID: usize = 4;
}
/// `catalog_product_bundle_selection`.
pub mod bundle_selection {
    /// `selection_id`.
    pub const SELECTION_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `parent_product_id`.
    pub const PARENT_PRODUCT_ID: usize = 2;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 3;
    /// `position`.
    pub const POSITION: usize = 4;
    /// `is_default`.
    pub const IS_DEFAULT: usize = 5;
    /// `selection_qty`.
    pub const SELECTION_QTY: usize = 6;
    /// `selection_can_change_qty`.
    pub const SELECTION_CAN_CHANGE_QTY: usize = 7;
}
/// `sequence_product_bundle_option`.
pub mod sequence_bundle_option {
    /// `sequence_value`.
    pub const SEQUENCE_VALUE: usize = 0;
}
/// `sequence_product_bundle_selection`.
pub mod sequence_bundle_selection {
    /// `sequence_value`.
    pub const SEQUENCE_VALUE: usize = 0;
}
/// `downloadable_link`.
pub mod downloadable_link {
    /// `link_id`.
    pub const LINK_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `sort_order`.
    pub const SORT_ORDER: usize = 2;
    /// `number_of_downloads`.
    pub const NUMBER_OF_DOWNLOADS: usize = 3;
    /// `sample_url`.
    pub const SAMPLE_URL: usize = 4;
    /// `sample_file`.
    pub const SAMPLE_FILE: usize = 5;
    /// `sample_type`.
    pub const SAMPLE_TYPE: usize = 6;
}
/// `downloadable_sample`.
pub mod downloadable_sample {
    /// `sample_id`.
    pub const SAMPLE_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `sort_order`.
    pub const SORT_ORDER: usize = 2;
    /// `sample_url`.
    pub const SAMPLE_URL: usize = 3;
    /// `sample_file`.
    pub const SAMPLE_FILE: usize = 4;
    /// `sample_type`.
    pub const SAMPLE_TYPE: usize = 5;
}
/// `catalog_product_option`.
pub mod product_option {
    /// `option_id`.
    pub const OPTION_ID: usize = 0;
    /// `product_id`.
    pub const PRODUCT_ID: usize = 1;
    /// `type`.
    pub const TYPE: usize = 2;
    /// `is_require`.
    pub const IS_REQUIRE: usize = 3;
    /// `sku`.
    pub const SKU: usize = 4;
    /// `max_characters`.
    pub const MAX_CHARACTERS: usize = 5;
    /// `file_extension`.
    pub const FILE_EXTENSION: usize = 6;
    /// `image_size_x`.
    pub const IMAGE_SIZE_X: usize = 7;
    /// `image_size_y`.
    pub const IMAGE_SIZE_Y: usize = 8;
    /// `sort_order`.
    pub const SORT_ORDER: usize = 9;
}
/// `downloadable_link_title`.
pub mod downloadable_link_title {
    /// `title_id`.
    pub const TITLE_ID: usize = 0;
    /// `link_id`.
    pub const LINK_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `title`.
    pub const TITLE: usize = 3;
}
/// `downloadable_link_price`.
pub mod downloadable_link_price {
    /// `price_id`.
    pub const PRICE_ID: usize = 0;
    /// `link_id`.
    pub const LINK_ID: usize = 1;
    /// `website_id`.
    pub const WEBSITE_ID: usize = 2;
    /// `price`.
    pub const PRICE: usize = 3;
}
/// `downloadable_sample_title`.
pub mod downloadable_sample_title {
    /// `title_id`.
    pub const TITLE_ID: usize = 0;
    /// `sample_id`.
    pub const SAMPLE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `title`.
    pub const TITLE: usize = 3;
}
/// `catalog_product_option_title`.
pub mod product_option_title {
    /// `option_title_id`.
    pub const OPTION_TITLE_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `title`.
    pub const TITLE: usize = 3;
}
/// `catalog_product_option_price`.
pub mod product_option_price {
    /// `option_price_id`.
    pub const OPTION_PRICE_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `price`.
    pub const PRICE: usize = 3;
    /// `price_type`.
    pub const PRICE_TYPE: usize = 4;
}
/// `catalog_product_option_type_value`.
pub mod product_option_type_value {
    /// `option_type_id`.
    pub const OPTION_TYPE_ID: usize = 0;
    /// `option_id`.
    pub const OPTION_ID: usize = 1;
    /// `sku`.
    pub const SKU: usize = 2;
    /// `sort_order`.
    pub const SORT_ORDER: usize = 3;
}
/// `catalog_product_option_type_title`.
pub mod product_option_type_title {
    /// `option_type_title_id`.
    pub const OPTION_TYPE_TITLE_ID: usize = 0;
    /// `option_type_id`.
    pub const OPTION_TYPE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `title`.
    pub const TITLE: usize = 3;
}
/// `catalog_product_option_type_price`.
pub mod product_option_type_price {
    /// `option_type_price_id`.
    pub const OPTION_TYPE_PRICE_ID: usize = 0;
    /// `option_type_id`.
    pub const OPTION_TYPE_ID: usize = 1;
    /// `store_id`.
    pub const STORE_ID: usize = 2;
    /// `price`.
    pub const PRICE: usize = 3;
    /// `price_type`.
    pub const PRICE_TYPE: usize = 4;
}
