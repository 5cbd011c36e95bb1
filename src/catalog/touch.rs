//! Which feed items a row change touches, in the catalog's own words.
//!
//! A row of a version (content staging) touches what its plain twin would: the product or category
//! whose version it belongs to.

mod categories;
mod inventory;
mod products;
mod scopes;

use std::collections::BTreeSet;

use crate::catalog::versions::entity_of;
use crate::catalog::{CatalogRead, Owner, ReadError, Sheet, Table};
use crate::decode::{Row, Value};

/// Most products, and most categories, that one change of a category lists: beyond, every one of
/// them is touched.
const LISTED_MAX: usize = 10_000;

/// Something whose feed items must be assembled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    /// The product items of one `entity_id`.
    Product(u32),
    /// The price items of one `entity_id`.
    Price(u32),
    /// The metadata items of one `attribute_id`, of products or of categories.
    Attribute(u32),
    /// The price books of one `website_id`.
    PriceBooks(u32),
    /// The category items of one `entity_id`.
    Category(u32),
    /// The product items of every product.
    EveryProduct,
    /// The price items of every product.
    EveryPrice,
    /// The metadata items of every attribute.
    EveryAttribute,
    /// The price books of every website.
    EveryPriceBook,
    /// The category items of every category.
    EveryCategory,
}

/// A change seen by [`touched`]: the images as the catalog copy had and has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// The table.
    pub(crate) table: Table,
    /// The owner of the row (of the new image, where there is one).
    pub(crate) owner: Owner,
    /// The image before; `None` for an insert.
    pub(crate) before: Option<&'a Row>,
    /// The image after; `None` for a delete.
    pub(crate) after: Option<&'a Row>,
    /// Whether the owner had no row when the fold began.
    pub(crate) is_new_owner: bool,
}

impl Seen<'_> {
    /// Whether any of `columns` differs; inserts and deletes always do.
    fn differs(&self, columns: &[usize]) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => {
                columns.iter().any(|column| before.get(*column) != after.get(*column))
            }
            (None, _) | (_, None) => true,
        }
    }

    /// Whether the change is one of `table`, and any of `columns` differs.
    fn differs_in(&self, table: Table, columns: &[usize]) -> bool {
        self.table == table && self.differs(columns)
    }

    /// Whether `column` holds something in one image and nothing in the other; no image holds
    /// nothing.
    fn comes_or_goes(&self, column: usize) -> bool {
        let holds = |row: Option<&Row>| {
            row.and_then(|row| row.get(column)).is_some_and(|value| !value.is_null())
        };
        holds(self.before) != holds(self.after)
    }

    /// The values of a column in both images.
    fn values(&self, column: usize) -> impl Iterator<Item = &Value> {
        [self.before, self.after].into_iter().flatten().filter_map(move |row| row.get(column))
    }

    fn ids(&self, column: usize) -> Vec<u32> {
        self.values(column).filter_map(Value::as_id).collect()
    }
}

/// Adds what `seen` touches to `touches`. `sheet` is the owner's sheet after the change.
pub(crate) fn touched<C: CatalogRead>(
    seen: Seen<'_>,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    match seen.owner {
        Owner::Website(_)
        | Owner::StoreGroup(_)
        | Owner::Store(_)
        | Owner::CustomerGroup(_)
        | Owner::Config
        | Owner::EntityType(_) => scopes::scope(seen, touches),
        Owner::Attribute(_) => scopes::attribute(seen, sheet, catalog, touches)?,
        Owner::AttributeOption(_) => scopes::option(seen, sheet, catalog, touches)?,
        // Only where the optional attributes that show them are switched on; rare all the same.
        Owner::TaxClass(_) | Owner::AttributeSet(_) => scopes::name(seen, touches),
        Owner::Product(_) | Owner::ProductVersion(_) => {
            let entities = entities(seen, sheet);
            for id in entities {
                products::row(seen, id, sheet, catalog, touches)?;
            }
        }
        Owner::Category(_) | Owner::CategoryVersion(_) => {
            for id in entities(seen, sheet) {
                categories::row(seen, id, catalog, touches)?;
            }
        }
        Owner::Media(_)
        | Owner::DownloadableLink(_)
        | Owner::DownloadableSample(_)
        | Owner::CustomOption(_)
        | Owner::CustomOptionValue(_) => products::part(seen.owner, catalog, touches)?,
        Owner::Inventory => {
            touches.insert(Touch::EveryProduct);
        }
        Owner::SourceItem(_) | Owner::Reservation(_) => inventory::row(seen, catalog, touches)?,
        // No item shows a link type's name or a stock's; what a sequence takes along touches.
        Owner::LinkType(_)
        | Owner::Stock(_)
        | Owner::BundleOptionSequence(_)
        | Owner::BundleSelectionSequence(_) => {}
    }
    Ok(())
}

/// The products or categories whose row this is: the owner itself, or what it is a version of. Of a
/// row that comes before the version's own row nothing is known: that one touches when it comes.
fn entities(seen: Seen<'_>, sheet: &Sheet) -> BTreeSet<u32> {
    use crate::catalog::column::{staged_category_entity, staged_product_entity};
    let mut entities: BTreeSet<u32> = entity_of(seen.owner, sheet).into_iter().collect();
    if seen.table == Table::StagedProductEntity {
        entities.extend(seen.ids(staged_product_entity::ENTITY_ID));
    } else if seen.table == Table::StagedCategoryEntity {
        entities.extend(seen.ids(staged_category_entity::ENTITY_ID));
    }
    entities
}
