//! The watched tables and the columns we read of them (Open Source layout).
//!
//! Source: Magento 2.4 declarative schema. Names are the database's own, without table prefix.

use crate::decode::{ColumnKind, TableId, TableLayout, Watch, WatchedColumn, WatchedTable};

/// A watched table. The discriminant is its [`TableId`]. The order is the order in which the
/// snapshot reads them: scopes and attributes before the products that refer to them.
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
}

impl Table {
    /// Every watched table, in snapshot order.
    pub const ALL: [Self; 28] = [
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

    /// Its name and columns.
    pub fn watched(self) -> &'static WatchedTable {
        #[expect(clippy::indexing_slicing, reason = "a test walks all tables")]
        &WATCHED_TABLES[usize::from(self.id().0)]
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

/// The watched tables; a [`TableId`] is an index of this list.
pub const WATCHED_TABLES: &[WatchedTable] = &[
    WatchedTable {
        name: "store_website",
        columns: &[
            int("website_id"),
            text("code"),
            text("name"),
            int("default_group_id"),
            int("is_default"),
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "store_group",
        columns: &[
            int("group_id"),
            int("website_id"),
            text("name"),
            int("root_category_id"),
            int("default_store_id"),
            text("code"),
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "store",
        columns: &[
            int("store_id"),
            text("code"),
            int("website_id"),
            int("group_id"),
            text("name"),
            int("is_active"),
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "customer_group",
        columns: &[int("customer_group_id"), text("customer_group_code")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "core_config_data",
        columns: &[int("config_id"), text("scope"), int("scope_id"), text("path"), text("value")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_entity_type",
        columns: &[int("entity_type_id"), text("entity_type_code")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_attribute",
        columns: &[
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
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_eav_attribute",
        columns: &[
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
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_attribute_label",
        columns: &[int("attribute_label_id"), int("attribute_id"), int("store_id"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_attribute_option",
        columns: &[int("option_id"), int("attribute_id"), int("sort_order")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_attribute_option_value",
        columns: &[int("value_id"), int("option_id"), int("store_id"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "eav_attribute_option_swatch",
        columns: &[int("swatch_id"), int("option_id"), int("store_id"), int("type"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: true,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_media_gallery",
        columns: &[int("value_id"), text("value"), text("media_type")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity",
        columns: &[
            int("entity_id"),
            int("attribute_set_id"),
            text("type_id"),
            text("sku"),
            temporal("created_at"),
            temporal("updated_at"),
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_varchar",
        columns: &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            text("value"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_int",
        columns: &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            int("value"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_decimal",
        columns: &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            decimal("value"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_text",
        columns: &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            text("value"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_datetime",
        columns: &[
            int("value_id"),
            int("attribute_id"),
            int("store_id"),
            int("entity_id"),
            temporal("value"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_website",
        columns: &[int("product_id"), int("website_id")],
        chunk_column: 0,
        primary_key: &[0, 1],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_relation",
        columns: &[int("parent_id"), int("child_id")],
        chunk_column: 0,
        primary_key: &[0, 1],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_super_link",
        columns: &[int("link_id"), int("product_id"), int("parent_id")],
        chunk_column: 2,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_super_attribute",
        columns: &[
            int("product_super_attribute_id"),
            int("product_id"),
            int("attribute_id"),
            int("position"),
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_link",
        columns: &[
            int("link_id"),
            int("product_id"),
            int("linked_product_id"),
            int("link_type_id"),
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_tier_price",
        columns: &[
            int("value_id"),
            int("entity_id"),
            int("all_groups"),
            int("customer_group_id"),
            decimal("qty"),
            decimal("value"),
            int("website_id"),
            decimal("percentage_value"),
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_media_gallery_value",
        columns: &[
            int("record_id"),
            int("value_id"),
            int("store_id"),
            int("entity_id"),
            text("label"),
            int("position"),
            int("disabled"),
        ],
        chunk_column: 3,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity_media_gallery_value_to_entity",
        columns: &[int("value_id"), int("entity_id")],
        chunk_column: 1,
        primary_key: &[0, 1],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "cataloginventory_stock_item",
        columns: &[
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
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: true,
        layout: None,
    },
];
