//! The watched tables and the columns we read of them, for shops with and without content staging.
//!
//! Source: Magento 2.4 declarative schema. Names are the database's own, without table prefix.

mod list;

use crate::decode::{TableId, TableLayout, Watch, WatchedTable};

pub use list::WATCHED_TABLES;

/// A watched table. The discriminant is its [`TableId`]. The order is the order in which the
/// snapshot reads them: scopes and attributes before the products that refer to them.
///
/// A table whose rows belong to versions of products where content staging is on has a staged twin
/// of the same name: a shop has one of the two.
///
/// The discriminants are stored in sheets: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// `store_website`.
    StoreWebsite = 0,
    /// `store_group`.
    StoreGroup = 1,
    /// `store`.
    Store = 2,
    /// `customer_group`.
    CustomerGroup = 3,
    /// `core_config_data`.
    CoreConfigData = 4,
    /// `eav_entity_type`.
    EavEntityType = 5,
    /// `eav_attribute`.
    EavAttribute = 6,
    /// `catalog_eav_attribute`.
    CatalogEavAttribute = 7,
    /// `eav_attribute_label`.
    EavAttributeLabel = 8,
    /// `eav_attribute_option`.
    EavAttributeOption = 9,
    /// `eav_attribute_option_value`.
    EavAttributeOptionValue = 10,
    /// `eav_attribute_option_swatch`.
    EavAttributeOptionSwatch = 11,
    /// `catalog_product_entity_media_gallery`.
    MediaGallery = 12,
    /// `catalog_product_entity`.
    ProductEntity = 13,
    /// `catalog_product_entity_varchar`.
    ProductVarchar = 14,
    /// `catalog_product_entity_int`.
    ProductInt = 15,
    /// `catalog_product_entity_decimal`.
    ProductDecimal = 16,
    /// `catalog_product_entity_text`.
    ProductText = 17,
    /// `catalog_product_entity_datetime`.
    ProductDatetime = 18,
    /// `catalog_product_website`.
    ProductWebsite = 19,
    /// `catalog_product_relation`.
    ProductRelation = 20,
    /// `catalog_product_super_link`.
    ProductSuperLink = 21,
    /// `catalog_product_super_attribute`.
    ProductSuperAttribute = 22,
    /// `catalog_product_link`.
    ProductLink = 23,
    /// `catalog_product_entity_tier_price`.
    ProductTierPrice = 24,
    /// `catalog_product_entity_media_gallery_value`.
    MediaGalleryValue = 25,
    /// `catalog_product_entity_media_gallery_value_to_entity`.
    MediaGalleryValueToEntity = 26,
    /// `cataloginventory_stock_item`.
    StockItem = 27,
    /// `sequence_product`.
    SequenceProduct = 28,
    /// `catalog_product_entity`, staged.
    StagedProductEntity = 29,
    /// `catalog_product_entity_varchar`, staged.
    StagedProductVarchar = 30,
    /// `catalog_product_entity_int`, staged.
    StagedProductInt = 31,
    /// `catalog_product_entity_decimal`, staged.
    StagedProductDecimal = 32,
    /// `catalog_product_entity_text`, staged.
    StagedProductText = 33,
    /// `catalog_product_entity_datetime`, staged.
    StagedProductDatetime = 34,
    /// `catalog_product_relation`, staged.
    StagedProductRelation = 35,
    /// `catalog_product_super_link`, staged.
    StagedProductSuperLink = 36,
    /// `catalog_product_super_attribute`, staged.
    StagedProductSuperAttribute = 37,
    /// `catalog_product_link`, staged.
    StagedProductLink = 38,
    /// `catalog_product_entity_tier_price`, staged.
    StagedProductTierPrice = 39,
    /// `catalog_product_entity_media_gallery_value`, staged.
    StagedMediaGalleryValue = 40,
    /// `catalog_product_entity_media_gallery_value_to_entity`, staged.
    StagedMediaGalleryValueToEntity = 41,
    /// `catalog_product_link_type`.
    ProductLinkType = 42,
    /// `cataloginventory_stock`.
    Stock = 43,
    /// `tax_class`.
    TaxClass = 44,
    /// `eav_attribute_set`.
    EavAttributeSet = 45,
    /// `catalog_category_entity`.
    CategoryEntity = 46,
    /// `catalog_category_entity_varchar`.
    CategoryVarchar = 47,
    /// `catalog_category_entity_int`.
    CategoryInt = 48,
    /// `catalog_category_entity_decimal`.
    CategoryDecimal = 49,
    /// `catalog_category_entity_text`.
    CategoryText = 50,
    /// `catalog_category_entity_datetime`.
    CategoryDatetime = 51,
    /// `sequence_catalog_category`.
    SequenceCategory = 52,
    /// `catalog_category_entity`, staged.
    StagedCategoryEntity = 53,
    /// `catalog_category_entity_varchar`, staged.
    StagedCategoryVarchar = 54,
    /// `catalog_category_entity_int`, staged.
    StagedCategoryInt = 55,
    /// `catalog_category_entity_decimal`, staged.
    StagedCategoryDecimal = 56,
    /// `catalog_category_entity_text`, staged.
    StagedCategoryText = 57,
    /// `catalog_category_entity_datetime`, staged.
    StagedCategoryDatetime = 58,
    /// `catalog_category_product`.
    CategoryProduct = 59,
    /// `catalog_product_bundle_option`.
    BundleOption = 60,
    /// `catalog_product_bundle_option_value`.
    BundleOptionValue = 61,
    /// `catalog_product_bundle_selection`.
    BundleSelection = 62,
    /// `sequence_product_bundle_option`.
    SequenceBundleOption = 63,
    /// `sequence_product_bundle_selection`.
    SequenceBundleSelection = 64,
    /// `catalog_product_bundle_option`, staged.
    StagedBundleOption = 65,
    /// `catalog_product_bundle_option_value`, staged.
    StagedBundleOptionValue = 66,
    /// `catalog_product_bundle_selection`, staged.
    StagedBundleSelection = 67,
    /// `downloadable_link`.
    DownloadableLink = 68,
    /// `downloadable_sample`.
    DownloadableSample = 69,
    /// `catalog_product_option`.
    ProductOption = 70,
    /// `downloadable_link`, staged.
    StagedDownloadableLink = 71,
    /// `downloadable_sample`, staged.
    StagedDownloadableSample = 72,
    /// `catalog_product_option`, staged.
    StagedProductOption = 73,
    /// `downloadable_link_title`.
    DownloadableLinkTitle = 74,
    /// `downloadable_link_price`.
    DownloadableLinkPrice = 75,
    /// `downloadable_sample_title`.
    DownloadableSampleTitle = 76,
    /// `catalog_product_option_title`.
    ProductOptionTitle = 77,
    /// `catalog_product_option_price`.
    ProductOptionPrice = 78,
    /// `catalog_product_option_type_value`.
    ProductOptionTypeValue = 79,
    /// `catalog_product_option_type_title`.
    ProductOptionTypeTitle = 80,
    /// `catalog_product_option_type_price`.
    ProductOptionTypePrice = 81,
    /// `catalogrule_product_price`.
    CatalogRuleProductPrice = 82,
    /// `inventory_source`.
    InventorySource = 83,
    /// `inventory_source_item`.
    InventorySourceItem = 84,
    /// `inventory_stock`.
    InventoryStock = 85,
    /// `inventory_source_stock_link`.
    InventorySourceStockLink = 86,
    /// `inventory_stock_sales_channel`.
    InventoryStockSalesChannel = 87,
    /// `inventory_reservation`.
    InventoryReservation = 88,
}

impl Table {
    /// Every watched table of every layout, in snapshot order.
    pub const ALL: [Self; 89] = [
        Self::StoreWebsite,
        Self::StoreGroup,
        Self::Store,
        Self::CustomerGroup,
        Self::CoreConfigData,
        Self::EavEntityType,
        Self::EavAttribute,
        Self::CatalogEavAttribute,
        Self::EavAttributeLabel,
        Self::EavAttributeOption,
        Self::EavAttributeOptionValue,
        Self::EavAttributeOptionSwatch,
        Self::MediaGallery,
        Self::ProductEntity,
        Self::ProductVarchar,
        Self::ProductInt,
        Self::ProductDecimal,
        Self::ProductText,
        Self::ProductDatetime,
        Self::ProductWebsite,
        Self::ProductRelation,
        Self::ProductSuperLink,
        Self::ProductSuperAttribute,
        Self::ProductLink,
        Self::ProductTierPrice,
        Self::MediaGalleryValue,
        Self::MediaGalleryValueToEntity,
        Self::StockItem,
        Self::SequenceProduct,
        Self::StagedProductEntity,
        Self::StagedProductVarchar,
        Self::StagedProductInt,
        Self::StagedProductDecimal,
        Self::StagedProductText,
        Self::StagedProductDatetime,
        Self::StagedProductRelation,
        Self::StagedProductSuperLink,
        Self::StagedProductSuperAttribute,
        Self::StagedProductLink,
        Self::StagedProductTierPrice,
        Self::StagedMediaGalleryValue,
        Self::StagedMediaGalleryValueToEntity,
        Self::ProductLinkType,
        Self::Stock,
        Self::TaxClass,
        Self::EavAttributeSet,
        Self::CategoryEntity,
        Self::CategoryVarchar,
        Self::CategoryInt,
        Self::CategoryDecimal,
        Self::CategoryText,
        Self::CategoryDatetime,
        Self::SequenceCategory,
        Self::StagedCategoryEntity,
        Self::StagedCategoryVarchar,
        Self::StagedCategoryInt,
        Self::StagedCategoryDecimal,
        Self::StagedCategoryText,
        Self::StagedCategoryDatetime,
        Self::CategoryProduct,
        Self::BundleOption,
        Self::BundleOptionValue,
        Self::BundleSelection,
        Self::SequenceBundleOption,
        Self::SequenceBundleSelection,
        Self::StagedBundleOption,
        Self::StagedBundleOptionValue,
        Self::StagedBundleSelection,
        Self::DownloadableLink,
        Self::DownloadableSample,
        Self::ProductOption,
        Self::StagedDownloadableLink,
        Self::StagedDownloadableSample,
        Self::StagedProductOption,
        Self::DownloadableLinkTitle,
        Self::DownloadableLinkPrice,
        Self::DownloadableSampleTitle,
        Self::ProductOptionTitle,
        Self::ProductOptionPrice,
        Self::ProductOptionTypeValue,
        Self::ProductOptionTypeTitle,
        Self::ProductOptionTypePrice,
        Self::CatalogRuleProductPrice,
        Self::InventorySource,
        Self::InventorySourceItem,
        Self::InventoryStock,
        Self::InventorySourceStockLink,
        Self::InventoryStockSalesChannel,
        Self::InventoryReservation,
    ];

    /// The table's number in [`WATCHED_TABLES`].
    #[expect(clippy::as_conversions, reason = "a fieldless repr(u8) enum")]
    pub const fn id(self) -> TableId {
        TableId(self as u8)
    }

    /// The table with this number, if there is one.
    pub fn from_id(id: TableId) -> Option<Self> {
        Self::ALL.get(usize::from(id.0)).copied()
    }

    /// The table that a shop without content staging has in its place; itself, where both have it.
    #[must_use]
    pub const fn plain(self) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others have no twin")]
        match self {
            Self::StagedProductEntity => Self::ProductEntity,
            Self::StagedProductVarchar => Self::ProductVarchar,
            Self::StagedProductInt => Self::ProductInt,
            Self::StagedProductDecimal => Self::ProductDecimal,
            Self::StagedProductText => Self::ProductText,
            Self::StagedProductDatetime => Self::ProductDatetime,
            Self::StagedProductRelation => Self::ProductRelation,
            Self::StagedProductSuperLink => Self::ProductSuperLink,
            Self::StagedProductSuperAttribute => Self::ProductSuperAttribute,
            Self::StagedProductLink => Self::ProductLink,
            Self::StagedProductTierPrice => Self::ProductTierPrice,
            Self::StagedMediaGalleryValue => Self::MediaGalleryValue,
            Self::StagedMediaGalleryValueToEntity => Self::MediaGalleryValueToEntity,
            Self::StagedCategoryEntity => Self::CategoryEntity,
            Self::StagedCategoryVarchar => Self::CategoryVarchar,
            Self::StagedCategoryInt => Self::CategoryInt,
            Self::StagedCategoryDecimal => Self::CategoryDecimal,
            Self::StagedCategoryText => Self::CategoryText,
            Self::StagedCategoryDatetime => Self::CategoryDatetime,
            Self::StagedBundleOption => Self::BundleOption,
            Self::StagedBundleOptionValue => Self::BundleOptionValue,
            Self::StagedBundleSelection => Self::BundleSelection,
            Self::StagedDownloadableLink => Self::DownloadableLink,
            Self::StagedDownloadableSample => Self::DownloadableSample,
            Self::StagedProductOption => Self::ProductOption,
            other => other,
        }
    }

    /// Its name and columns.
    pub fn watched(self) -> &'static WatchedTable {
        #[expect(clippy::indexing_slicing, reason = "a test walks all tables")]
        &WATCHED_TABLES[usize::from(self.id().0)]
    }

    /// The tables that a shop of this layout has, in snapshot order.
    pub fn of_layout(layout: TableLayout) -> impl Iterator<Item = Self> {
        let has = move |table: &Self| table.watched().layout.is_none_or(|only| only == layout);
        Self::ALL.into_iter().filter(has)
    }

    /// Its name, without prefix.
    pub fn name(self) -> &'static str {
        self.watched().name
    }
}

/// What to watch in a shop.
pub fn watch(schema: &str, table_prefix: &str, layout: TableLayout) -> Watch {
    let (schema, table_prefix) = (schema.to_owned(), table_prefix.to_owned());
    Watch { schema, table_prefix, tables: WATCHED_TABLES, layout }
}

/// The watched tables that a shop of this layout has: names and columns, in the order of their ids.
pub fn watched_tables(layout: TableLayout) -> Vec<WatchedTable> {
    Table::of_layout(layout).map(|table| *table.watched()).collect()
}

#[cfg(test)]
mod tests;
