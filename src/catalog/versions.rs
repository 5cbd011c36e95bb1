//! Versions of products and categories, where content staging is on: what they belong to, and which
//! of them counts.

use crate::catalog::{Owner, Reference, RowKey, Sheet, Table, column};
use crate::decode::{Row, Value};

/// The product or category whose rows a sheet holds: the owner itself, or what it is a version of;
/// `None` for a version without its own row, and for other owners.
pub(crate) fn entity_of(owner: Owner, sheet: &Sheet) -> Option<u32> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other owners have no versions")]
    match owner {
        Owner::Product(id) | Owner::Category(id) => Some(id),
        Owner::ProductVersion(_) => {
            let row = sheet.first(Table::StagedProductEntity)?;
            row.get(column::staged_product_entity::ENTITY_ID)?.as_id()
        }
        Owner::CategoryVersion(_) => {
            let row = sheet.first(Table::StagedCategoryEntity)?;
            row.get(column::staged_category_entity::ENTITY_ID)?.as_id()
        }
        _ => None,
    }
}

/// The index that holds of versions what `reference` holds of products and categories.
pub(crate) fn of_versions(reference: Reference) -> Option<Reference> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others have no twin")]
    Some(match reference {
        Reference::Child(id) => Reference::VersionChild(id),
        Reference::Linked(id) => Reference::VersionLinked(id),
        Reference::OptionHeld(id) => Reference::VersionOptionHeld(id),
        Reference::Media(id) => Reference::VersionMedia(id),
        Reference::CategoryBelow(id) => Reference::VersionCategoryBelow(id),
        Reference::BundleOption(id) => Reference::VersionBundleOption(id),
        Reference::DownloadableLink(id) => Reference::VersionDownloadableLink(id),
        Reference::DownloadableSample(id) => Reference::VersionDownloadableSample(id),
        Reference::CustomOption(id) => Reference::VersionCustomOption(id),
        Reference::Sku(id) => Reference::VersionSku(id),
        Reference::CategoryOptionHeld(id) => Reference::VersionCategoryOptionHeld(id),
        _ => return None,
    })
}

/// When a version counts: from the first second on, and no more at the second. Unix seconds.
pub(crate) fn span(owner: Owner, sheet: &Sheet) -> Option<(i128, i128)> {
    use column::{staged_category_entity as category, staged_product_entity as product};
    #[expect(clippy::wildcard_enum_match_arm, reason = "other owners are no versions")]
    let (table, from, until) = match owner {
        Owner::ProductVersion(_) => {
            (Table::StagedProductEntity, product::CREATED_IN, product::UPDATED_IN)
        }
        Owner::CategoryVersion(_) => {
            (Table::StagedCategoryEntity, category::CREATED_IN, category::UPDATED_IN)
        }
        _ => return None,
    };
    let row = sheet.first(table)?;
    Some((row.get(from)?.as_int()?, row.get(until)?.as_int()?))
}

/// The rows of a version as those of a shop without content staging would be: under the plain
/// tables, `entity` in the place of `row_id`.
pub(crate) fn plain_rows(entity: u32, version: &Sheet) -> Vec<(Table, RowKey, Row)> {
    let mut rows = Vec::with_capacity(version.row_count());
    for (table, _, row) in version.iter() {
        let plain = table.plain();
        let is_entity = matches!(table, Table::StagedProductEntity | Table::StagedCategoryEntity);
        let row = if is_entity {
            // `row_id` comes before the twin's columns, the version's span behind them.
            row.iter().skip(1).take(plain.watched().columns.len()).cloned().collect()
        } else {
            with_entity(plain, entity, row)
        };
        // A row that the fold took has a key.
        let Some(key) = RowKey::of(plain, &row) else { continue };
        rows.push((plain, key, row));
    }
    rows
}

fn with_entity(plain: Table, entity: u32, row: &Row) -> Row {
    let mut row = row.clone();
    if let Some(owner) = row.get_mut(plain.watched().chunk_column) {
        *owner = Value::Int(entity.into());
    }
    row
}
