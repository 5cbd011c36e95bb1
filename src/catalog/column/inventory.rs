//! Column indexes of the tables of multi-source inventory.

/// `inventory_source`.
pub mod inventory_source {
    /// `source_code`.
    pub const SOURCE_CODE: usize = 0;
    /// `enabled`.
    pub const ENABLED: usize = 1;
}
/// `inventory_source_item`.
pub mod inventory_source_item {
    /// `source_item_id`.
    pub const SOURCE_ITEM_ID: usize = 0;
    /// `source_code`.
    pub const SOURCE_CODE: usize = 1;
    /// `sku`.
    pub const SKU: usize = 2;
    /// `quantity`.
    pub const QUANTITY: usize = 3;
    /// `status`.
    pub const STATUS: usize = 4;
}
/// `inventory_stock`.
pub mod inventory_stock {
    /// `stock_id`.
    pub const STOCK_ID: usize = 0;
    /// `name`.
    pub const NAME: usize = 1;
}
/// `inventory_source_stock_link`.
pub mod inventory_source_stock_link {
    /// `link_id`.
    pub const LINK_ID: usize = 0;
    /// `stock_id`.
    pub const STOCK_ID: usize = 1;
    /// `source_code`.
    pub const SOURCE_CODE: usize = 2;
}
/// `inventory_stock_sales_channel`.
pub mod inventory_stock_sales_channel {
    /// `type`.
    pub const TYPE: usize = 0;
    /// `code`.
    pub const CODE: usize = 1;
    /// `stock_id`.
    pub const STOCK_ID: usize = 2;
}
/// `inventory_reservation`.
pub mod inventory_reservation {
    /// `reservation_id`.
    pub const RESERVATION_ID: usize = 0;
    /// `stock_id`.
    pub const STOCK_ID: usize = 1;
    /// `sku`.
    pub const SKU: usize = 2;
    /// `quantity`.
    pub const QUANTITY: usize = 3;
}
