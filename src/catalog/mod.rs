//! Owns the watched tables, sheets, folding, and which feed keys a change touches.
//!
//! Row changes come in, catalog edits go out as values; the catalog copy is read through
//! [`CatalogRead`]. Pure. Must not know JSON bodies, the database engine, or HTTP.

pub mod column;
pub mod tables;

mod fold;
mod foreign_keys;
mod owner;
mod read;
mod references;
mod replace;
mod sheet;
mod shop;
mod touch;
mod versions;
mod visible;
mod wide_cascade;

#[cfg(test)]
pub(crate) mod database;
#[cfg(test)]
pub(crate) mod random_rows;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod small_shop;

pub use fold::{CatalogEdits, FoldError, FoldMode, fold, fold_owned};
pub use foreign_keys::{FOREIGN_KEYS, ForeignKey, cascade_children};
pub use owner::Owner;
pub use read::{CatalogRead, MemoryCatalog, ReadError, Reference, rows};
#[cfg(test)]
pub(crate) use references::references_of;
pub use references::{comparable, references_in, sku_hash};
pub use replace::{KeyRange, Replaced, replace, sweep_page};
pub use sheet::{RowKey, Sheet};
pub use shop::{
    Attribute, AttributeOf, CONFIG_PATHS, ConfigScope, CustomerGroup, FALLBACK_BASE_URL, Inventory,
    SalesStock, Shop, StoreGroup, StoreView, Website, config_path,
};
pub use tables::Table;
pub use touch::Touch;
pub use visible::{Horizon, Visible};
pub use wide_cascade::{WideCascade, is_wide_delete, wide_cascade};
