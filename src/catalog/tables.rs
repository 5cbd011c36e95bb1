//! The watched tables and the columns we read of them (Open Source layout).
//!
//! Source: Magento 2.4 declarative schema. Names are the database's own, without table prefix.

use crate::decode::{ColumnKind, TableId, WatchedColumn, WatchedTable};

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
    },
    WatchedTable {
        name: "customer_group",
        columns: &[int("customer_group_id"), text("customer_group_code")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
    },
    WatchedTable {
        name: "core_config_data",
        columns: &[int("config_id"), text("scope"), int("scope_id"), text("path"), text("value")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
    },
    WatchedTable {
        name: "eav_entity_type",
        columns: &[int("entity_type_id"), text("entity_type_code")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
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
    },
    WatchedTable {
        name: "eav_attribute_label",
        columns: &[int("attribute_label_id"), int("attribute_id"), int("store_id"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
    },
    WatchedTable {
        name: "eav_attribute_option",
        columns: &[int("option_id"), int("attribute_id"), int("sort_order")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
    },
    WatchedTable {
        name: "eav_attribute_option_value",
        columns: &[int("value_id"), int("option_id"), int("store_id"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
    },
    WatchedTable {
        name: "eav_attribute_option_swatch",
        columns: &[int("swatch_id"), int("option_id"), int("store_id"), int("type"), text("value")],
        chunk_column: 1,
        primary_key: &[0],
        optional: true,
    },
    WatchedTable {
        name: "catalog_product_entity_media_gallery",
        columns: &[int("value_id"), text("value"), text("media_type")],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
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
    },
    WatchedTable {
        name: "catalog_product_website",
        columns: &[int("product_id"), int("website_id")],
        chunk_column: 0,
        primary_key: &[0, 1],
        optional: false,
    },
    WatchedTable {
        name: "catalog_product_relation",
        columns: &[int("parent_id"), int("child_id")],
        chunk_column: 0,
        primary_key: &[0, 1],
        optional: false,
    },
    WatchedTable {
        name: "catalog_product_super_link",
        columns: &[int("link_id"), int("product_id"), int("parent_id")],
        chunk_column: 2,
        primary_key: &[0],
        optional: false,
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
    },
    WatchedTable {
        name: "catalog_product_entity_media_gallery_value_to_entity",
        columns: &[int("value_id"), int("entity_id")],
        chunk_column: 1,
        primary_key: &[0, 1],
        optional: false,
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
    },
];

/// Column indexes, by table, for readable access to rows: `row[product_entity::SKU]`.
pub mod column {
    /// Columns of `store_website`.
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
    /// Columns of `store_group`.
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
    /// Columns of `store`.
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
    /// Columns of `customer_group`.
    pub mod customer_group {
        /// `customer_group_id`.
        pub const CUSTOMER_GROUP_ID: usize = 0;
        /// `customer_group_code`.
        pub const CUSTOMER_GROUP_CODE: usize = 1;
    }
    /// Columns of `core_config_data`.
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
    /// Columns of `eav_entity_type`.
    pub mod eav_entity_type {
        /// `entity_type_id`.
        pub const ENTITY_TYPE_ID: usize = 0;
        /// `entity_type_code`.
        pub const ENTITY_TYPE_CODE: usize = 1;
    }
    /// Columns of `eav_attribute`.
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
    /// Columns of `catalog_eav_attribute`.
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
    /// Columns of `eav_attribute_label`.
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
    /// Columns of `eav_attribute_option`.
    pub mod eav_attribute_option {
        /// `option_id`.
        pub const OPTION_ID: usize = 0;
        /// `attribute_id`.
        pub const ATTRIBUTE_ID: usize = 1;
        /// `sort_order`.
        pub const SORT_ORDER: usize = 2;
    }
    /// Columns of `eav_attribute_option_value`.
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
    /// Columns of `eav_attribute_option_swatch`.
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
    /// Columns of `catalog_product_entity_media_gallery`.
    pub mod media_gallery {
        /// `value_id`.
        pub const VALUE_ID: usize = 0;
        /// `value`.
        pub const VALUE: usize = 1;
        /// `media_type`.
        pub const MEDIA_TYPE: usize = 2;
    }
    /// Columns of `catalog_product_entity`.
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
    /// Columns of `catalog_product_entity_varchar`.
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
    /// Columns of `catalog_product_entity_int`.
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
    /// Columns of `catalog_product_entity_decimal`.
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
    /// Columns of `catalog_product_entity_text`.
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
    /// Columns of `catalog_product_entity_datetime`.
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
    /// Columns of `catalog_product_website`.
    pub mod product_website {
        /// `product_id`.
        pub const PRODUCT_ID: usize = 0;
        /// `website_id`.
        pub const WEBSITE_ID: usize = 1;
    }
    /// Columns of `catalog_product_relation`.
    pub mod product_relation {
        /// `parent_id`.
        pub const PARENT_ID: usize = 0;
        /// `child_id`.
        pub const CHILD_ID: usize = 1;
    }
    /// Columns of `catalog_product_super_link`.
    pub mod product_super_link {
        /// `link_id`.
        pub const LINK_ID: usize = 0;
        /// `product_id`.
        pub const PRODUCT_ID: usize = 1;
        /// `parent_id`.
        pub const PARENT_ID: usize = 2;
    }
    /// Columns of `catalog_product_super_attribute`.
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
    /// Columns of `catalog_product_link`.
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
    /// Columns of `catalog_product_entity_tier_price`.
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
    /// Columns of `catalog_product_entity_media_gallery_value`.
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
    /// Columns of `catalog_product_entity_media_gallery_value_to_entity`.
    pub mod media_gallery_value_to_entity {
        /// `value_id`.
        pub const VALUE_ID: usize = 0;
        /// `entity_id`.
        pub const ENTITY_ID: usize = 1;
    }
    /// Columns of `cataloginventory_stock_item`.
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
    }
}
