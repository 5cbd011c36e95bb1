//! What changes of a product's rows touch: itself, its prices, and the products that show it.

use std::collections::BTreeSet;

use crate::catalog::touch::{Seen, Touch};
use crate::catalog::versions::{entity_of, of_versions};
use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Sheet, Table, column};
use crate::decode::Value;

/// A row of the product `id`, or of a version of it.
pub(super) fn row<C: CatalogRead>(
    seen: Seen<'_>,
    id: u32,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables have other owners")]
    match seen.table.plain() {
        Table::ProductEntity => entity(seen, id, sheet, catalog, touches)?,
        Table::ProductWebsite => {
            touches.extend([Touch::Product(id), Touch::Price(id)]);
            relatives(id, sheet, catalog, touches)?;
        }
        Table::ProductVarchar
        | Table::ProductInt
        | Table::ProductDecimal
        | Table::ProductText
        | Table::ProductDatetime => value(seen, id, catalog, touches)?,
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
        Table::ProductLink
        | Table::MediaGalleryValue
        | Table::MediaGalleryValueToEntity
        | Table::CategoryProduct
        | Table::BundleOption
        | Table::BundleOptionValue
        | Table::BundleSelection
        | Table::DownloadableLink
        | Table::DownloadableSample
        | Table::ProductOption => {
            touches.insert(Touch::Product(id));
        }
        Table::ProductTierPrice | Table::CatalogRuleProductPrice => {
            touches.insert(Touch::Price(id));
        }
        Table::StockItem => {
            touches.insert(Touch::Product(id));
            parents(id, catalog, touches)?;
        }
        Table::SequenceProduct => touches.extend([Touch::Product(id), Touch::Price(id)]),
        _ => {}
    }
    Ok(())
}

/// A row of something that products consist of: a gallery file, a custom option, a link to download.
pub(super) fn part<C: CatalogRead>(
    owner: Owner,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    let mut parts = vec![owner];
    if let Owner::CustomOptionValue(id) = owner {
        let options = catalog.referrers(Reference::CustomOptionValue(id))?;
        parts = options.into_iter().map(Owner::CustomOption).collect();
    }
    for part in parts {
        let id = part.id();
        #[expect(clippy::wildcard_enum_match_arm, reason = "other owners are no parts")]
        let reference = match part {
            Owner::Media(_) => Reference::Media(id),
            Owner::DownloadableLink(_) => Reference::DownloadableLink(id),
            Owner::DownloadableSample(_) => Reference::DownloadableSample(id),
            Owner::CustomOption(_) => Reference::CustomOption(id),
            _ => continue,
        };
        touches.extend(referring(reference, catalog)?.into_iter().map(Touch::Product));
    }
    Ok(())
}

/// `catalog_product_entity`: `updated_at` alone is no change.
fn entity<C: CatalogRead>(
    seen: Seen<'_>,
    id: u32,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::{product_entity as plain, staged_product_entity as staged};
    let (naming, showing): (&[usize], &[usize]) = if seen.table == Table::StagedProductEntity {
        let when = [staged::CREATED_IN, staged::UPDATED_IN];
        (
            &[staged::SKU, staged::TYPE_ID, staged::ENTITY_ID, when[0], when[1]],
            &[staged::ATTRIBUTE_SET_ID],
        )
    } else {
        (&[plain::SKU, plain::TYPE_ID], &[plain::ATTRIBUTE_SET_ID])
    };
    if seen.differs(naming) {
        touches.extend([Touch::Product(id), Touch::Price(id)]);
        relatives(id, sheet, catalog, touches)?;
    } else if seen.differs(showing) {
        touches.insert(Touch::Product(id));
    }
    Ok(())
}

/// An EAV value. All five value tables have the same columns.
fn value<C: CatalogRead>(
    seen: Seen<'_>,
    id: u32,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::product_int;
    if !seen.differs(&[product_int::ATTRIBUTE_ID, product_int::STORE_ID, product_int::VALUE]) {
        return Ok(());
    }
    touches.insert(Touch::Product(id));
    let table = seen.table.plain();
    // Prices, special prices, their dates, and whether a bundle's price is fixed.
    if matches!(table, Table::ProductDecimal | Table::ProductDatetime | Table::ProductInt) {
        touches.insert(Touch::Price(id));
    }
    if table == Table::ProductInt {
        // A child's status and super attribute values decide its parents' configurations, and
        // whether its parents are in any category.
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
    for version in catalog.referrers(Reference::EntityVersion(id))? {
        let version = catalog.sheet(Owner::ProductVersion(version))?.unwrap_or_default();
        touches.extend(children(&version).into_iter().map(Touch::Product));
    }
    let linkers = referring(Reference::Linked(id), catalog)?;
    touches.extend(linkers.into_iter().map(Touch::Product));
    Ok(())
}

pub(super) fn parents<C: CatalogRead>(
    id: u32,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    let parents = referring(Reference::Child(id), catalog)?;
    touches.extend(parents.into_iter().map(Touch::Product));
    Ok(())
}

/// The products that refer to something, themselves or by one of their versions.
pub(super) fn referring<C: CatalogRead>(
    reference: Reference,
    catalog: &C,
) -> Result<BTreeSet<u32>, ReadError> {
    let mut found: BTreeSet<u32> = catalog.referrers(reference)?.into_iter().collect();
    let Some(of_versions) = of_versions(reference) else { return Ok(found) };
    for id in catalog.referrers(of_versions)? {
        let owner = of_versions.referrer(id);
        let version = catalog.sheet(owner)?;
        found.extend(version.and_then(|sheet| entity_of(owner, &sheet)));
    }
    Ok(found)
}

/// The children of the product, or version of a product, whose sheet this is.
pub(crate) fn children(sheet: &Sheet) -> BTreeSet<u32> {
    use column::{bundle_selection, product_relation, product_super_link};
    let ids = |table: Table, column: usize| {
        sheet.rows(table).filter_map(move |row| row.get(column).and_then(Value::as_id))
    };
    let plain = ids(Table::ProductRelation, product_relation::CHILD_ID)
        .chain(ids(Table::ProductSuperLink, product_super_link::PRODUCT_ID))
        .chain(ids(Table::BundleSelection, bundle_selection::PRODUCT_ID));
    let staged = ids(Table::StagedProductRelation, product_relation::CHILD_ID)
        .chain(ids(Table::StagedProductSuperLink, product_super_link::PRODUCT_ID))
        .chain(ids(Table::StagedBundleSelection, bundle_selection::PRODUCT_ID));
    plain.chain(staged).collect()
}
