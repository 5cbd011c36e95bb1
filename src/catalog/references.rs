//! The reverse indexes: what a product's sheet refers to.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Sheet, Table, column};
use crate::decode::{Row, Value};

/// Tells which attributes hold option ids, remembering the answers.
pub(crate) struct OptionAttributes<'a, C> {
    catalog: &'a C,
    /// Sheets edited by the running fold: newer than the catalog copy.
    edited: &'a BTreeMap<Owner, (Option<Sheet>, Sheet)>,
    known: BTreeMap<u32, bool>,
}

/// The source model of attributes whose values are 0 and 1 and no option ids.
const BOOLEAN_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";

impl<'a, C: CatalogRead> OptionAttributes<'a, C> {
    pub(crate) fn new(catalog: &'a C, edited: &'a BTreeMap<Owner, (Option<Sheet>, Sheet)>) -> Self {
        Self { catalog, edited, known: BTreeMap::new() }
    }

    /// Everything the product whose sheet this is refers to.
    ///
    /// May name a reference too many (an index entry too many costs one needless assembly), never
    /// one too few.
    pub(crate) fn references(&mut self, sheet: &Sheet) -> Result<BTreeSet<Reference>, ReadError> {
        let mut references = BTreeSet::new();
        let id = |row: &Row, column: usize| row.get(column).and_then(Value::as_id);
        for row in sheet.rows(Table::ProductRelation) {
            references.extend(id(row, column::product_relation::CHILD_ID).map(Reference::Child));
        }
        for row in sheet.rows(Table::ProductSuperLink) {
            let child = id(row, column::product_super_link::PRODUCT_ID);
            references.extend(child.map(Reference::Child));
        }
        for row in sheet.rows(Table::ProductLink) {
            let linked = id(row, column::product_link::LINKED_PRODUCT_ID);
            references.extend(linked.map(Reference::Linked));
        }
        for row in sheet.rows(Table::MediaGalleryValueToEntity) {
            let media = id(row, column::media_gallery_value_to_entity::VALUE_ID);
            references.extend(media.map(Reference::Media));
        }
        for table in [Table::ProductInt, Table::ProductVarchar, Table::ProductText] {
            for row in sheet.rows(table) {
                let Some(attribute) = id(row, column::product_int::ATTRIBUTE_ID) else { continue };
                if self.is_of_options(attribute)? {
                    let value = row.get(column::product_int::VALUE);
                    references.extend(value.into_iter().flat_map(options));
                }
            }
        }
        Ok(references)
    }

    fn is_of_options(&mut self, attribute: u32) -> Result<bool, ReadError> {
        if let Some(known) = self.known.get(&attribute) {
            return Ok(*known);
        }
        let owner = Owner::Attribute(attribute);
        let holds = match self.edited.get(&owner) {
            Some((_, sheet)) => holds_options(sheet),
            None => self.catalog.sheet(owner)?.as_ref().is_some_and(holds_options),
        };
        self.known.insert(attribute, holds);
        Ok(holds)
    }
}

/// Whether the values of the attribute whose sheet this is may be option ids: assembly looks
/// options up for every select and multiselect that is no yes-or-no, whatever its source model.
pub(crate) fn holds_options(sheet: &Sheet) -> bool {
    use column::eav_attribute::{FRONTEND_INPUT, SOURCE_MODEL};
    let Some(row) = sheet.first(Table::EavAttribute) else { return false };
    let text = |column: usize| row.get(column).and_then(Value::as_text).unwrap_or_default();
    let chooses = matches!(text(FRONTEND_INPUT), "select" | "multiselect");
    chooses && text(SOURCE_MODEL).trim_start_matches('\\') != BOOLEAN_SOURCE
}

/// The option ids in a value: one integer, or a comma-separated list.
fn options(value: &Value) -> Vec<Reference> {
    match value {
        Value::Int(_) => value.as_id().map(Reference::OptionHeld).into_iter().collect(),
        Value::Text(list) => list
            .split(',')
            .filter_map(|id| id.trim().parse().ok())
            .map(Reference::OptionHeld)
            .collect(),
        Value::Null | Value::Decimal(_) => Vec::new(),
    }
}

/// The index entries of one product's sheet, for rebuilding them after an attribute has changed
/// its kind.
pub fn product_references<C: CatalogRead>(
    sheet: &Sheet,
    catalog: &C,
) -> Result<BTreeSet<Reference>, ReadError> {
    OptionAttributes::new(catalog, &BTreeMap::new()).references(sheet)
}
