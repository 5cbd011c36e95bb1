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
    /// A product, by `entity_id`: every row that belongs to it.
    Product(u32),
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
            | Self::Product(id) => id,
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
            _ => return None,
        })
    }

    /// The owner of `row` of `table`; `None` if the owner's id column does not hold an id.
    pub fn of(table: Table, row: &Row) -> Option<Self> {
        let id = row.get(owner_column(table))?.as_id()?;
        Some(match table {
            Table::StoreWebsite => Self::Website(id),
            Table::StoreGroup => Self::StoreGroup(id),
            Table::Store => Self::Store(id),
            Table::CustomerGroup => Self::CustomerGroup(id),
            Table::CoreConfigData => Self::Config,
            Table::EavEntityType => Self::EntityType(id),
            Table::EavAttribute | Table::CatalogEavAttribute | Table::EavAttributeLabel => {
                Self::Attribute(id)
            }
            Table::EavAttributeOption
            | Table::EavAttributeOptionValue
            | Table::EavAttributeOptionSwatch => Self::AttributeOption(id),
            Table::MediaGallery => Self::Media(id),
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
            | Table::StockItem => Self::Product(id),
        })
    }
}

/// The column that holds the owner's id: the one the snapshot reads ranges by.
fn owner_column(table: Table) -> usize {
    table.watched().chunk_column
}
