//! Which feed items a row change touches, in the catalog's own words.

use std::collections::BTreeSet;

use crate::catalog::references::holds_options;
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
        Table::EavAttributeOption
        | Table::EavAttributeOptionValue
        | Table::EavAttributeOptionSwatch => option(seen, sheet, catalog, touches)?,
        Table::MediaGallery => {
            let products = catalog.referrers(Reference::Media(id))?;
            touches.extend(products.into_iter().map(Touch::Product));
            products_of_versions(Reference::VersionMedia(id), catalog, touches)?;
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
        Table::SequenceProduct => touches.extend([Touch::Product(id), Touch::Price(id)]),
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
        | Table::StagedMediaGalleryValueToEntity => version(seen, sheet, touches),
        // No item shows a link type's name or a stock's.
        Table::ProductLinkType | Table::Stock => {}
    }
    Ok(())
}

/// A row of a version of a product: `sheet` is the version's. Of a row that comes before the version's
/// own row nothing is known: that one touches the product when it comes.
fn version(seen: Seen<'_>, sheet: &Sheet, touches: &mut BTreeSet<Touch>) {
    let mut products: BTreeSet<u32> = entity_of_version(sheet).into_iter().collect();
    if seen.table == Table::StagedProductEntity {
        products.extend(seen.ids(column::staged_product_entity::ENTITY_ID));
    }
    touches.extend(products.into_iter().flat_map(|id| [Touch::Product(id), Touch::Price(id)]));
}

/// The product whose version this sheet is.
fn entity_of_version(sheet: &Sheet) -> Option<u32> {
    let row = sheet.first(Table::StagedProductEntity)?;
    row.get(column::staged_product_entity::ENTITY_ID)?.as_id()
}

/// The products of the versions that refer to something.
fn products_of_versions<C: CatalogRead>(
    reference: Reference,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    for id in catalog.referrers(reference)? {
        let version = catalog.sheet(reference.referrer(id))?;
        touches.extend(version.as_ref().and_then(entity_of_version).map(Touch::Product));
    }
    Ok(())
}

/// Websites, store groups, store views, customer groups, configuration, entity types.
fn scope(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    use column::{customer_group, eav_entity_type, store, store_group, store_website};
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
        // Its name also decides whether the group is exported at all.
        if seen.differs(&[customer_group::CUSTOMER_GROUP_CODE]) {
            touches.extend([Touch::EveryPriceBook, Touch::EveryPrice]);
        }
        return;
    } else if seen.table == Table::EavEntityType {
        (&[eav_entity_type::ENTITY_TYPE_CODE], &[])
    } else {
        use column::core_config_data::{PATH, SCOPE, SCOPE_ID, VALUE};
        (&[SCOPE, SCOPE_ID, PATH, VALUE], &[])
    };
    if seen.differs(deciding) {
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
    if seen.is_new_owner {
        return;
    }
    if seen.table == Table::EavAttribute {
        let read_by_prices = [
            eav_attribute::ENTITY_TYPE_ID,
            eav_attribute::ATTRIBUTE_CODE,
            eav_attribute::BACKEND_TYPE,
        ];
        let shown_in_products = [
            eav_attribute::FRONTEND_INPUT,
            eav_attribute::FRONTEND_LABEL,
            eav_attribute::SOURCE_MODEL,
            eav_attribute::IS_USER_DEFINED,
        ];
        if seen.differs(&read_by_prices) {
            touches.extend([Touch::EveryPrice, Touch::EveryProduct]);
        } else if seen.differs(&shown_in_products) {
            touches.insert(Touch::EveryProduct);
        }
    } else if seen.table == Table::EavAttributeLabel
        || seen.comes_or_goes(catalog_eav_attribute::ADDITIONAL_DATA)
    {
        // A configurable product shows the label, and whether there are swatches.
        touches.insert(Touch::EveryProduct);
    }
}

/// An attribute option, its labels and swatches. `sheet` is the option's.
fn option<C: CatalogRead>(
    seen: Seen<'_>,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::eav_attribute_option::ATTRIBUTE_ID;
    for holder in catalog.referrers(Reference::OptionHeld(seen.owner.id()))? {
        touches.insert(Touch::Product(holder));
        parents(holder, catalog, touches)?;
    }
    products_of_versions(Reference::VersionOptionHeld(seen.owner.id()), catalog, touches)?;
    // The index does not cover a configurable that is chosen by an attribute which is no select.
    let row = sheet.first(Table::EavAttributeOption);
    let row = row.or(seen.before.filter(|_| seen.table == Table::EavAttributeOption));
    let Some(attribute) = row.and_then(|row| row.get(ATTRIBUTE_ID)?.as_id()) else { return Ok(()) };
    let attribute = catalog.sheet(Owner::Attribute(attribute))?;
    if !seen.is_new_owner && attribute.is_some_and(|sheet| !holds_options(&sheet)) {
        touches.insert(Touch::EveryProduct);
    }
    Ok(())
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
