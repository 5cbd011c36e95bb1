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
        }
    }

    /// The owner's id within its kind; 0 for [`Owner::Config`].
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
            | Self::Stock(id) => id,
            Self::Config => 0,
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
            _ => return None,
        })
    }

    /// The owner of `row` of `table`; `None` if the owner's id column does not hold an id.
    pub fn of(table: Table, row: &Row) -> Option<Self> {
        let id = row.get(owner_column(table))?.as_id()?;
        Some(Self::of_table(table)(id))
    }

    /// The kind of owner that the rows of `table` have, to be made with an id; every id makes
    /// [`Owner::Config`] of `core_config_data`.
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
            | Table::SequenceProduct => Self::Product,
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
            | Table::StagedMediaGalleryValueToEntity => Self::ProductVersion,
            Table::ProductLinkType => Self::LinkType,
            Table::Stock => Self::Stock,
        }
    }
}

/// The column that holds the owner's id: the one the snapshot reads ranges by.
fn owner_column(table: Table) -> usize {
    table.watched().chunk_column
}
