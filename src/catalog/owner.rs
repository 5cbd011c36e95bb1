//! Who owns a row: the unit in which the catalog copy is stored and assembled.

use crate::catalog::tables::Table;
use crate::decode::Row;

/// The owner of rows; one sheet is kept per owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A `store_website` row.
    Website(u32),
    /// A `store_group` row.
    StoreGroup(u32),
    /// A `store` row: a store view.
    Store(u32),
    /// A `customer_group` row.
    CustomerGroup(u32),
    /// All rows of `core_config_data` whose path we use.
    Config,
    /// An `eav_entity_type` row.
    EntityType(u32),
    /// An attribute: its `eav_attribute`, `catalog_eav_attribute` and label rows.
    Attribute(u32),
    /// An attribute option: its row, labels and swatches.
    AttributeOption(u32),
    /// A gallery file, shared by the products it is attached to.
    Media(u32),
    /// A product, by `entity_id`: every row that belongs to it; where content staging is on, the
    /// rows that all its versions share.
    Product(u32),
    /// A version of a product, by `row_id`: every row that belongs to it (content staging).
    ProductVersion(u32),
    /// A `catalog_product_link_type` row.
    LinkType(u32),
    /// A `cataloginventory_stock` row.
    Stock(u32),
    /// A category, by `entity_id`: every row that belongs to it; where content staging is on, the
    /// rows that all its versions share.
    Category(u32),
    /// A version of a category, by `row_id` (content staging).
    CategoryVersion(u32),
    /// A `tax_class` row.
    TaxClass(u32),
    /// An `eav_attribute_set` row.
    AttributeSet(u32),
    /// All sources, stocks and sales channels of multi-source inventory.
    Inventory,
    /// An `inventory_source_item` row.
    SourceItem(u32),
    /// An `inventory_reservation` row.
    Reservation(u32),
    /// The titles and prices of a link of a downloadable product, by `link_id`.
    DownloadableLink(u32),
    /// The titles of a sample of a downloadable product, by `sample_id`.
    DownloadableSample(u32),
    /// The titles, prices and choices of a custom option, by `option_id`.
    CustomOption(u32),
    /// The titles and prices of a choice of a custom option, by `option_type_id`.
    CustomOptionValue(u32),
    /// A `sequence_product_bundle_option` row (content staging).
    BundleOptionSequence(u32),
    /// A `sequence_product_bundle_selection` row (content staging).
    BundleSelectionSequence(u32),
}

impl Owner {
    /// The number of the owner's kind; stored in keys: never change one.
    pub const fn kind(self) -> u8 {
        match self {
            Self::Website(_) => 1,
            Self::StoreGroup(_) => 2,
            Self::Store(_) => 3,
            Self::CustomerGroup(_) => 4,
            Self::Config => 5,
            Self::EntityType(_) => 6,
            Self::Attribute(_) => 7,
            Self::AttributeOption(_) => 8,
            Self::Media(_) => 9,
            Self::Product(_) => 10,
            Self::ProductVersion(_) => 11,
            Self::LinkType(_) => 12,
            Self::Stock(_) => 13,
            Self::Category(_) => 14,
            Self::CategoryVersion(_) => 15,
            Self::TaxClass(_) => 16,
            Self::AttributeSet(_) => 17,
            Self::Inventory => 18,
            Self::SourceItem(_) => 19,
            Self::Reservation(_) => 20,
            Self::DownloadableLink(_) => 21,
            Self::DownloadableSample(_) => 22,
            Self::CustomOption(_) => 23,
            Self::CustomOptionValue(_) => 24,
            Self::BundleOptionSequence(_) => 25,
            Self::BundleSelectionSequence(_) => 26,
        }
    }

    /// The owner's id within its kind; 0 for a kind of which there is one.
    pub const fn id(self) -> u32 {
        match self {
            Self::Website(id)
            | Self::StoreGroup(id)
            | Self::Store(id)
            | Self::CustomerGroup(id)
            | Self::EntityType(id)
            | Self::Attribute(id)
            | Self::AttributeOption(id)
            | Self::Media(id)
            | Self::Product(id)
            | Self::ProductVersion(id)
            | Self::LinkType(id)
            | Self::Stock(id)
            | Self::Category(id)
            | Self::CategoryVersion(id)
            | Self::TaxClass(id)
            | Self::AttributeSet(id)
            | Self::SourceItem(id)
            | Self::Reservation(id)
            | Self::DownloadableLink(id)
            | Self::DownloadableSample(id)
            | Self::CustomOption(id)
            | Self::CustomOptionValue(id)
            | Self::BundleOptionSequence(id)
            | Self::BundleSelectionSequence(id) => id,
            Self::Config | Self::Inventory => 0,
        }
    }

    /// The owner with this kind and id, if the kind is known.
    pub const fn from_parts(kind: u8, id: u32) -> Option<Self> {
        Some(match kind {
            1 => Self::Website(id),
            2 => Self::StoreGroup(id),
            3 => Self::Store(id),
            4 => Self::CustomerGroup(id),
            5 => Self::Config,
            6 => Self::EntityType(id),
            7 => Self::Attribute(id),
            8 => Self::AttributeOption(id),
            9 => Self::Media(id),
            10 => Self::Product(id),
            11 => Self::ProductVersion(id),
            12 => Self::LinkType(id),
            13 => Self::Stock(id),
            14 => Self::Category(id),
            15 => Self::CategoryVersion(id),
            16 => Self::TaxClass(id),
            17 => Self::AttributeSet(id),
            18 => Self::Inventory,
            19 => Self::SourceItem(id),
            20 => Self::Reservation(id),
            21 => Self::DownloadableLink(id),
            22 => Self::DownloadableSample(id),
            23 => Self::CustomOption(id),
            24 => Self::CustomOptionValue(id),
            25 => Self::BundleOptionSequence(id),
            26 => Self::BundleSelectionSequence(id),
            _ => return None,
        })
    }

    /// The owner of `row` of `table`; `None` if the owner's id column does not hold an id.
    pub fn of(table: Table, row: &Row) -> Option<Self> {
        let id = if Self::is_single(table) { 0 } else { row.get(owner_column(table))?.as_id()? };
        Some(Self::of_table(table)(id))
    }

    /// Whether all rows of `table` have one owner, whatever their ids.
    pub const fn is_single(table: Table) -> bool {
        matches!(
            table,
            Table::CoreConfigData
                | Table::InventorySource
                | Table::InventoryStock
                | Table::InventorySourceStockLink
                | Table::InventoryStockSalesChannel
        )
    }

    /// The kind of owner that the rows of `table` have, to be made with an id; every id makes the
    /// same owner of a table that [has one](Owner::is_single).
    #[expect(clippy::too_many_lines, reason = "a line for each table")]
    pub fn of_table(table: Table) -> fn(u32) -> Self {
        match table {
            Table::StoreWebsite => Self::Website,
            Table::StoreGroup => Self::StoreGroup,
            Table::Store => Self::Store,
            Table::CustomerGroup => Self::CustomerGroup,
            Table::CoreConfigData => |_| Self::Config,
            Table::EavEntityType => Self::EntityType,
            Table::EavAttribute | Table::CatalogEavAttribute | Table::EavAttributeLabel => {
                Self::Attribute
            }
            Table::EavAttributeOption
            | Table::EavAttributeOptionValue
            | Table::EavAttributeOptionSwatch => Self::AttributeOption,
            Table::MediaGallery => Self::Media,
            Table::ProductEntity
            | Table::ProductVarchar
            | Table::ProductInt
            | Table::ProductDecimal
            | Table::ProductText
            | Table::ProductDatetime
            | Table::ProductWebsite
            | Table::ProductRelation
            | Table::ProductSuperLink
            | Table::ProductSuperAttribute
            | Table::ProductLink
            | Table::ProductTierPrice
            | Table::MediaGalleryValue
            | Table::MediaGalleryValueToEntity
            | Table::StockItem
            | Table::SequenceProduct
            | Table::CategoryProduct
            | Table::BundleOption
            | Table::BundleOptionValue
            | Table::BundleSelection
            | Table::DownloadableLink
            | Table::DownloadableSample
            | Table::ProductOption
            | Table::CatalogRuleProductPrice => Self::Product,
            Table::StagedProductEntity
            | Table::StagedProductVarchar
            | Table::StagedProductInt
            | Table::StagedProductDecimal
            | Table::StagedProductText
            | Table::StagedProductDatetime
            | Table::StagedProductRelation
            | Table::StagedProductSuperLink
            | Table::StagedProductSuperAttribute
            | Table::StagedProductLink
            | Table::StagedProductTierPrice
            | Table::StagedMediaGalleryValue
            | Table::StagedMediaGalleryValueToEntity
            | Table::StagedBundleOption
            | Table::StagedBundleOptionValue
            | Table::StagedBundleSelection
            | Table::StagedDownloadableLink
            | Table::StagedDownloadableSample
            | Table::StagedProductOption => Self::ProductVersion,
            Table::ProductLinkType => Self::LinkType,
            Table::Stock => Self::Stock,
            Table::TaxClass => Self::TaxClass,
            Table::EavAttributeSet => Self::AttributeSet,
            Table::CategoryEntity
            | Table::CategoryVarchar
            | Table::CategoryInt
            | Table::CategoryDecimal
            | Table::CategoryText
            | Table::CategoryDatetime
            | Table::SequenceCategory => Self::Category,
            Table::StagedCategoryEntity
            | Table::StagedCategoryVarchar
            | Table::StagedCategoryInt
            | Table::StagedCategoryDecimal
            | Table::StagedCategoryText
            | Table::StagedCategoryDatetime => Self::CategoryVersion,
            Table::SequenceBundleOption => Self::BundleOptionSequence,
            Table::SequenceBundleSelection => Self::BundleSelectionSequence,
            Table::DownloadableLinkTitle | Table::DownloadableLinkPrice => Self::DownloadableLink,
            Table::DownloadableSampleTitle => Self::DownloadableSample,
            Table::ProductOptionTitle
            | Table::ProductOptionPrice
            | Table::ProductOptionTypeValue => Self::CustomOption,
            Table::ProductOptionTypeTitle | Table::ProductOptionTypePrice => {
                Self::CustomOptionValue
            }
            Table::InventorySource
            | Table::InventoryStock
            | Table::InventorySourceStockLink
            | Table::InventoryStockSalesChannel => |_| Self::Inventory,
            Table::InventorySourceItem => Self::SourceItem,
            Table::InventoryReservation => Self::Reservation,
        }
    }
}

/// The column that holds the owner's id: the one the snapshot reads ranges by.
fn owner_column(table: Table) -> usize {
    table.watched().chunk_column
}
