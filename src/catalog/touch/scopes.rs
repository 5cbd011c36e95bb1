//! What changes of scopes, configuration, attributes and their options touch.

use std::collections::BTreeSet;

use crate::catalog::references::holds_options;
use crate::catalog::touch::categories::STRUCTURE;
use crate::catalog::touch::{Seen, Touch, categories, products};
use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Sheet, Table, column, config_path};
use crate::decode::Value;

const EVERYTHING: [Touch; 5] = [
    Touch::EveryAttribute,
    Touch::EveryCategory,
    Touch::EveryProduct,
    Touch::EveryPriceBook,
    Touch::EveryPrice,
];

/// Websites, store groups, store views, customer groups, configuration, entity types.
pub(super) fn scope(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    use column::{customer_group, eav_entity_type, store, store_group, store_website};
    // Columns that decide which items exist, and columns that only name a price book.
    let (deciding, naming): (&[usize], &[usize]) = if seen.table == Table::StoreWebsite {
        (&[store_website::CODE, store_website::DEFAULT_GROUP_ID], &[store_website::NAME])
    } else if seen.table == Table::StoreGroup {
        if !seen.differs(&[store_group::WEBSITE_ID, store_group::DEFAULT_STORE_ID])
            && seen.differs(&[store_group::ROOT_CATEGORY_ID])
        {
            touches.extend([Touch::EveryCategory, Touch::EveryProduct]);
            return;
        }
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
        config(seen, touches);
        return;
    };
    if seen.differs(deciding) {
        touches.extend(EVERYTHING);
    } else if seen.differs(naming) {
        touches.insert(Touch::EveryPriceBook);
    }
}

/// A row of `core_config_data`: the items that read its path.
fn config(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    use column::core_config_data::{PATH, SCOPE, SCOPE_ID, VALUE};
    if !seen.differs(&[SCOPE, SCOPE_ID, PATH, VALUE]) {
        return;
    }
    for path in seen.values(PATH).filter_map(Value::as_text) {
        let readers: &[Touch] = match path {
            config_path::BASE_CURRENCY => &[Touch::EveryPriceBook],
            config_path::TIME_ZONE => &[Touch::EveryPrice],
            config_path::BASE_URL
            | config_path::SECURE_BASE_URL
            | config_path::BASE_MEDIA_URL
            | config_path::BASE_LINK_URL
            | config_path::USE_REWRITES
            | config_path::STORE_CODE_IN_URLS => &[Touch::EveryProduct, Touch::EveryCategory],
            config_path::WEIGHT_UNIT
            | config_path::LOW_STOCK_QTY
            | config_path::MANAGE_STOCK
            | config_path::BACKORDERS
            | config_path::MIN_QTY
            | config_path::MIN_SALE_QTY
            | config_path::MAX_SALE_QTY
            | config_path::ENABLE_QTY_INCREMENTS
            | config_path::QTY_INCREMENTS => &[Touch::EveryProduct],
            _ => &EVERYTHING,
        };
        touches.extend(readers);
    }
}

/// A tax class or an attribute set: its name.
pub(super) fn name(seen: Seen<'_>, touches: &mut BTreeSet<Touch>) {
    // A new one may have products already: nothing in the database keeps them from naming it first.
    if seen.differs(&[1, 2]) {
        touches.insert(Touch::EveryProduct);
    }
}

/// `eav_attribute`, `catalog_eav_attribute`, `eav_attribute_label`. `sheet` is the attribute's.
pub(super) fn attribute<C: CatalogRead>(
    seen: Seen<'_>,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::{catalog_eav_attribute, eav_attribute};
    touches.insert(Touch::Attribute(seen.owner.id()));
    // A new attribute has no values yet: each value that follows touches its own product. But one of
    // those that are made of other data is sent from when it is registered.
    if seen.is_new_owner {
        let code = seen.after.filter(|_| seen.table == Table::EavAttribute);
        let code = code.and_then(|row| row.get(eav_attribute::ATTRIBUTE_CODE)?.as_text());
        if code.is_some_and(|code| code.starts_with("ac_")) {
            touches.insert(Touch::EveryProduct);
        }
        return Ok(());
    }
    let row = sheet.first(Table::EavAttribute);
    let row = row.or(seen.before.filter(|_| seen.table == Table::EavAttribute));
    let entity_type = match row.and_then(|row| row.get(eav_attribute::ENTITY_TYPE_ID)?.as_id()) {
        Some(id) => entity_type_code(id, catalog)?,
        None => None,
    };
    let is_of_categories = entity_type.as_deref() == Some("catalog_category");
    if is_of_categories {
        let code = row.and_then(|row| row.get(eav_attribute::ATTRIBUTE_CODE)?.as_text());
        if seen.table == Table::EavAttribute {
            touches.insert(Touch::EveryCategory);
            if seen.differs(&[eav_attribute::ENTITY_TYPE_ID, eav_attribute::ATTRIBUTE_CODE])
                || code.is_some_and(|code| STRUCTURE.contains(&code))
            {
                touches.insert(Touch::EveryProduct);
            }
        }
        if !seen.differs_in(Table::EavAttribute, &[eav_attribute::ENTITY_TYPE_ID]) {
            return Ok(());
        }
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
        if seen.differs(&[eav_attribute::ENTITY_TYPE_ID]) {
            touches.insert(Touch::EveryCategory);
        }
    } else if seen.table == Table::EavAttributeLabel
        || seen.comes_or_goes(catalog_eav_attribute::ADDITIONAL_DATA)
    {
        // A configurable product shows the label, and whether there are swatches.
        touches.insert(Touch::EveryProduct);
    }
    Ok(())
}

fn entity_type_code<C: CatalogRead>(id: u32, catalog: &C) -> Result<Option<String>, ReadError> {
    let sheet = catalog.sheet(Owner::EntityType(id))?;
    let row = sheet.as_ref().and_then(|sheet| sheet.first(Table::EavEntityType));
    let code = row.and_then(|row| row.get(column::eav_entity_type::ENTITY_TYPE_CODE)?.as_text());
    Ok(code.map(str::to_owned))
}

/// An attribute option, its labels and swatches. `sheet` is the option's.
pub(super) fn option<C: CatalogRead>(
    seen: Seen<'_>,
    sheet: &Sheet,
    catalog: &C,
    touches: &mut BTreeSet<Touch>,
) -> Result<(), ReadError> {
    use column::eav_attribute_option::ATTRIBUTE_ID;
    let id = seen.owner.id();
    for holder in products::referring(Reference::OptionHeld(id), catalog)? {
        touches.insert(Touch::Product(holder));
        products::parents(holder, catalog, touches)?;
    }
    touches.extend(categories::holding(id, catalog)?.into_iter().map(Touch::Category));
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
