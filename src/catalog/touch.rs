//! Which feed items a row change touches, in the catalog's own words.

use std::collections::BTreeSet;

use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Sheet, Table, column};
use crate::decode::{Row, Value};

/// Something whose feed items must be assembled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    /// The product items of one `entity_id`.
    Product(u32),
    /// The price items of one `entity_id`.
    Price(u32),
    /// The metadata items of one `attribute_id`.
    Attribute(u32),
    /// The price books of one `website_id`.
    PriceBooks(u32),
    /// The product items of every product.
    EveryProduct,
    /// The price items of every product.
    EveryPrice,
    /// The metadata items of every attribute.
    EveryAttribute,
    /// The price books of every website.
    EveryPriceBook,
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

    fn is_insert(&self) -> bool {
        self.before.is_none()
    }

    fn is_update(&self) -> bool {
        self.before.is_some() && self.after.is_some()
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
    let id = seen.owner.id();
    match seen.table {
        Table::StoreWebsite
        | Table::StoreGroup
        | Table::Store
        | Table::CustomerGroup
        | Table::CoreConfigData
        | Table::EavEntityType => scope(seen, touches),
        Table::EavAttribute | Table::CatalogEavAttribute | Table::EavAttributeLabel => {
            attribute(seen, touches);
        }
        Table::EavAttributeOption if seen.is_insert() => {}
        Table::EavAttributeOption
        | Table::EavAttributeOptionValue
        | Table::EavAttributeOptionSwatch => {
            for holder in catalog.referrers(Reference::OptionHeld(id))? {
                touches.insert(Touch::Product(holder));
                parents(holder, catalog, touches)?;
            }
        }
        Table::MediaGallery => {
            let products = catalog.referrers(Reference::Media(id))?;
            touches.extend(products.into_iter().map(Touch::Product));
        }
        Table::ProductEntity => entity(seen, sheet, catalog, touches)?,
        Table::ProductWebsite => {
            touches.extend([Touch::Product(id), Touch::Price(id)]);
            relatives(id, sheet, catalog, touches)?;
        }
        Table::ProductVarchar
        | Table::ProductInt
        | Table::ProductDecimal
        | Table::ProductText
        | Table::ProductDatetime => value(seen, catalog, touches)?,
        Table::ProductRelation => {
            touches.insert(Touch::Product(id));
            let children = seen.ids(column::product_relation::CHILD_ID);
            touches.extend(children.into_iter().map(Touch::Product));
        }
        Table::ProductSuperLink => {
            touches.insert(Touch::Product(id));
            let children = seen.ids(column::product_super_link::PRODUCT_ID);
            touches.extend(children.into_iter().map(Touch::Product));
        }
        Table::ProductSuperAttribute => {
            touches.insert(Touch::Product(id));
            touches.extend(children(sheet).into_iter().map(Touch::Product));
        }
        Table::ProductLink | Table::MediaGalleryValue | Table::MediaGalleryValueToEntity => {
            touches.insert(Touch::Product(id));
        }
        Table::ProductTierPrice => {
            touches.insert(Touch::Price(id));
        }
        Table::StockItem => {
            touches.insert(Touch::Product(id));
            parents(id, catalog, touches)?;
        }
    }
    Ok(())
}

/// Websites, store groups, store views, customer groups, configuration, entity types.
fn scope(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    use column::{customer_group, store, store_group, store_website};
    const EVERYTHING: [Touch; 4] =
        [Touch::EveryAttribute, Touch::EveryProduct, Touch::EveryPriceBook, Touch::EveryPrice];
    // Columns that decide which items exist, and columns that only name a price book.
    let (deciding, naming): (&[usize], &[usize]) = if seen.table == Table::StoreWebsite {
        (&[store_website::CODE, store_website::DEFAULT_GROUP_ID], &[store_website::NAME])
    } else if seen.table == Table::StoreGroup {
        (&[store_group::WEBSITE_ID, store_group::DEFAULT_STORE_ID], &[])
    } else if seen.table == Table::Store {
        (&[store::CODE, store::WEBSITE_ID, store::GROUP_ID], &[])
    } else if seen.table == Table::CustomerGroup {
        (&[], &[customer_group::CUSTOMER_GROUP_CODE])
    } else {
        (&[column::core_config_data::VALUE, column::core_config_data::SCOPE_ID], &[])
    };
    if seen.table == Table::CustomerGroup && !seen.is_update() {
        touches.extend([Touch::EveryPriceBook, Touch::EveryPrice]);
    } else if seen.differs(deciding) {
        touches.extend(EVERYTHING);
    } else if seen.differs(naming) {
        touches.insert(Touch::EveryPriceBook);
    }
}

/// `eav_attribute`, `catalog_eav_attribute`, `eav_attribute_label`.
fn attribute(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    use column::{catalog_eav_attribute, eav_attribute};
    touches.insert(Touch::Attribute(seen.owner.id()));
    // A new attribute has no values yet: each value that follows touches its own product.
    let shown_in_products = if seen.table == Table::EavAttribute {
        !seen.is_insert()
            && seen.differs(&[
                eav_attribute::ATTRIBUTE_CODE,
                eav_attribute::BACKEND_TYPE,
                eav_attribute::FRONTEND_INPUT,
                eav_attribute::FRONTEND_LABEL,
                eav_attribute::SOURCE_MODEL,
                eav_attribute::IS_USER_DEFINED,
            ])
    } else if seen.table == Table::CatalogEavAttribute {
        !seen.is_insert() && seen.differs(&[catalog_eav_attribute::ADDITIONAL_DATA])
    } else {
        // A label: a configurable product shows it with its options.
        true
    };
    if shown_in_products {
        touches.insert(Touch::EveryProduct);
    }
    if seen.table == Table::EavAttribute && !seen.is_insert() {
        let read_by_prices = [eav_attribute::ATTRIBUTE_CODE, eav_attribute::BACKEND_TYPE];
        if seen.differs(&read_by_prices) {
            touches.insert(Touch::EveryPrice);
        }
    }
}

/// `catalog_product_entity`: only sku and type reach feed items; `updated_at` alone is no change.
fn entity<C: CatalogRead>(
    seen: Seen<'_>,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::product_entity;
    if !seen.differs(&[product_entity::SKU, product_entity::TYPE_ID]) {
        return Ok(());
    }
    let id = seen.owner.id();
    touches.extend([Touch::Product(id), Touch::Price(id)]);
    relatives(id, sheet, catalog, touches)
}

/// An EAV value. All five value tables have the same columns.
fn value<C: CatalogRead>(
    seen: Seen<'_>,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::product_int;
    if !seen.differs(&[product_int::ATTRIBUTE_ID, product_int::STORE_ID, product_int::VALUE]) {
        return Ok(());
    }
    let id = seen.owner.id();
    touches.insert(Touch::Product(id));
    // Prices, special prices, their dates, and whether a bundle's price is fixed.
    if matches!(seen.table, Table::ProductDecimal | Table::ProductDatetime | Table::ProductInt) {
        touches.insert(Touch::Price(id));
    }
    if seen.table == Table::ProductInt {
        // A child's status and super attribute values decide its parents' configurations.
        parents(id, catalog, touches)?;
    }
    Ok(())
}

/// The products that show `id`'s sku, type or website: parents, children and linkers.
fn relatives<C: CatalogRead>(
    id: u32,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    parents(id, catalog, touches)?;
    touches.extend(children(sheet).into_iter().map(Touch::Product));
    let linkers = catalog.referrers(Reference::Linked(id))?;
    touches.extend(linkers.into_iter().map(Touch::Product));
    Ok(())
}

fn parents<C: CatalogRead>(
    id: u32,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    let parents = catalog.referrers(Reference::Child(id))?;
    touches.extend(parents.into_iter().map(Touch::Product));
    Ok(())
}

/// The children of the product whose sheet this is.
pub(crate) fn children(sheet: &Sheet) -> BTreeSet<u32> {
    let related = sheet
        .rows(Table::ProductRelation)
        .filter_map(|row| row.get(column::product_relation::CHILD_ID)?.as_id());
    let super_linked = sheet
        .rows(Table::ProductSuperLink)
        .filter_map(|row| row.get(column::product_super_link::PRODUCT_ID)?.as_id());
    related.chain(super_linked).collect()
}
