//! `categories`: a category as a store view shows it.
//!
//! Field mapping: categories. The owner is the category.

use jiff::Timestamp;

use crate::catalog::column::category_entity;
use crate::catalog::{CatalogRead, Horizon, Owner, ReadError, Sheet, Shop, Table, Visible};
use crate::feed::row;
use crate::feed::{AssembleOptions, Assembled};

/// The items of a category.
pub(crate) fn assemble<C: CatalogRead>(
    _category_id: u32,
    _shop: &Shop,
    _catalog: &C,
    _options: &AssembleOptions,
) -> Result<Vec<Assembled>, ReadError> {
    Ok(Vec::new())
}

/// The ids in a category's `path`, from the root of all categories down to itself.
pub(crate) fn path(sheet: &Sheet) -> Vec<u32> {
    let main = sheet.first(Table::CategoryEntity);
    let path = main.and_then(|main| row::text(main, category_entity::PATH)).unwrap_or_default();
    path.split('/').filter_map(|id| id.parse().ok()).collect()
}

/// The categories above one at an instant, from the root of all categories down.
///
/// # Errors
/// The catalog copy could not be read.
pub fn categories_above<C: CatalogRead>(
    category_id: u32,
    catalog: &C,
    now: Timestamp,
) -> Result<Vec<u32>, ReadError> {
    let horizon = Horizon::default();
    let catalog = Visible::new(catalog, now.as_second(), &horizon);
    let sheet = catalog.sheet(Owner::Category(category_id))?.unwrap_or_default();
    let mut path = path(&sheet);
    path.retain(|id| *id != category_id);
    Ok(path)
}
