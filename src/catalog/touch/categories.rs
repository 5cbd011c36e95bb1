//! What changes of a category touch: itself, the categories below it, and the products in them.

use std::collections::BTreeSet;

use crate::catalog::touch::{LISTED_MAX, Seen, Touch, products};
use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Table, column};

/// The attributes that decide where a category is, and which products are in it.
pub(super) const STRUCTURE: [&str; 4] = ["url_key", "is_active", "is_anchor", "include_in_menu"];

/// A row of the category `id`, or of a version of it.
pub(super) fn row<C: CatalogRead>(
    seen: Seen<'_>,
    id: u32,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::{category_entity as plain, category_int, staged_category_entity as staged};
    let table = seen.table.plain();
    if table == Table::SequenceCategory {
        touches.insert(Touch::Category(id));
        return Ok(());
    }
    if table == Table::CategoryEntity {
        let (placing, showing): (&[usize], usize) = if seen.table == table {
            (&[plain::PARENT_ID, plain::PATH, plain::LEVEL], plain::POSITION)
        } else {
            let when = [staged::CREATED_IN, staged::UPDATED_IN, staged::ENTITY_ID];
            (
                &[staged::PARENT_ID, staged::PATH, staged::LEVEL, when[0], when[1], when[2]],
                staged::POSITION,
            )
        };
        if seen.differs(placing) {
            return branch(id, true, catalog, touches);
        }
        if seen.differs(&[showing]) {
            touches.insert(Touch::Category(id));
        }
        return Ok(());
    }
    if !seen.differs(&[category_int::ATTRIBUTE_ID, category_int::STORE_ID, category_int::VALUE]) {
        return Ok(());
    }
    let mut codes = BTreeSet::new();
    for attribute in seen.ids(category_int::ATTRIBUTE_ID) {
        codes.insert(code_of(attribute, catalog)?.unwrap_or_default());
    }
    // An attribute that is not in the copy may be any.
    let is = |code: &str| codes.contains(code) || codes.contains("");
    if is("url_key") || is("is_active") || is("is_anchor") {
        return branch(id, true, catalog, touches);
    }
    touches.insert(Touch::Category(id));
    // That of a category at the top of the menu holds for those below it.
    if is("include_in_menu") {
        return branch(id, false, catalog, touches);
    }
    Ok(())
}

/// The code of an attribute in the copy.
pub(super) fn code_of<C: CatalogRead>(id: u32, catalog: &C) -> Result<Option<String>, ReadError> {
    let sheet = catalog.sheet(Owner::Attribute(id))?;
    let row = sheet.as_ref().and_then(|sheet| sheet.first(Table::EavAttribute));
    let code = row.and_then(|row| row.get(column::eav_attribute::ATTRIBUTE_CODE)?.as_text());
    Ok(code.map(str::to_owned))
}

/// A category and all below it, and, if asked for, the products in them.
fn branch<C: CatalogRead>(
    id: u32,
    with_products: bool,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    let mut found = products::referring(Reference::CategoryBelow(id), catalog)?;
    found.insert(id);
    if found.len() > LISTED_MAX {
        touches.insert(Touch::EveryCategory);
        if with_products {
            touches.insert(Touch::EveryProduct);
        }
        return Ok(());
    }
    touches.extend(found.iter().copied().map(Touch::Category));
    if !with_products {
        return Ok(());
    }
    let mut within = BTreeSet::new();
    for category in found {
        within.extend(catalog.referrers(Reference::InCategory(category))?);
        if within.len() > LISTED_MAX {
            touches.insert(Touch::EveryProduct);
            return Ok(());
        }
    }
    touches.extend(within.into_iter().map(Touch::Product));
    Ok(())
}

/// The categories that hold an attribute option.
pub(super) fn holding<C: CatalogRead>(
    option: u32,
    catalog: &C,
) -> Result<BTreeSet<u32>, ReadError> {
    products::referring(Reference::CategoryOptionHeld(option), catalog)
}
