//! The reverse indexes: what a product's sheet refers to.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::fold::Loaded;
use crate::catalog::{CatalogRead, Owner, ReadError, Reference, Sheet, Table, column};
use crate::decode::{Row, Value};

/// Tells which attributes hold option ids, remembering the answers.
pub(crate) struct OptionAttributes<'a, C> {
    catalog: &'a C,
    /// Sheets edited by the running fold: newer than the catalog copy.
    edited: &'a BTreeMap<Owner, Loaded>,
    known: BTreeMap<u32, bool>,
}

/// The source model of attributes whose values are 0 and 1 and no option ids.
const BOOLEAN_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";

impl<'a, C: CatalogRead> OptionAttributes<'a, C> {
    pub(crate) fn new(catalog: &'a C, edited: &'a BTreeMap<Owner, Loaded>) -> Self {
        Self { catalog, edited, known: BTreeMap::new() }
    }

    /// Everything the product, or version of a product, whose sheet this is refers to.
    ///
    /// May name a reference too many (an index entry too many costs one needless assembly), never
    /// one too few.
    pub(crate) fn references(&mut self, sheet: &Sheet) -> Result<BTreeSet<Reference>, ReadError> {
        let mut references = BTreeSet::new();
        for (table, _, row) in sheet.iter() {
            self.add(table, row, &mut references)?;
        }
        Ok(references)
    }

    /// Adds what one row refers to.
    pub(crate) fn add(
        &mut self,
        table: Table,
        row: &Row,
        references: &mut BTreeSet<Reference>,
    ) -> Result<(), ReadError> {
        references.extend(reference(table, row));
        let Some(option) = option_reference(table) else { return Ok(()) };
        let attribute = row.get(column::product_int::ATTRIBUTE_ID).and_then(Value::as_id);
        if let Some(attribute) = attribute
            && self.is_of_options(attribute)?
        {
            let value = row.get(column::product_int::VALUE);
            references.extend(value.into_iter().flat_map(options).map(option));
        }
        Ok(())
    }

    fn is_of_options(&mut self, attribute: u32) -> Result<bool, ReadError> {
        if let Some(known) = self.known.get(&attribute) {
            return Ok(*known);
        }
        let owner = Owner::Attribute(attribute);
        let holds = match self.edited.get(&owner) {
            Some(loaded) => holds_options(&loaded.sheet),
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
fn options(value: &Value) -> Vec<u32> {
    match value {
        Value::Int(_) => value.as_id().into_iter().collect(),
        Value::Text(list) => list.split(',').filter_map(|id| id.trim().parse().ok()).collect(),
        Value::Null | Value::Decimal(_) => Vec::new(),
    }
}

/// A reverse index, to be made an entry of with an id.
type Index = fn(u32) -> Reference;

/// The column of `table` that a reverse index is kept of, and the index.
pub(crate) fn indexed_column(table: Table) -> Option<(usize, Index)> {
    use column as c;
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other table has an index")]
    Some(match table {
        Table::ProductRelation => (c::product_relation::CHILD_ID, Reference::Child),
        Table::ProductSuperLink => (c::product_super_link::PRODUCT_ID, Reference::Child),
        Table::ProductLink => (c::product_link::LINKED_PRODUCT_ID, Reference::Linked),
        Table::MediaGalleryValue => (c::media_gallery_value::VALUE_ID, Reference::Media),
        Table::MediaGalleryValueToEntity => {
            (c::media_gallery_value_to_entity::VALUE_ID, Reference::Media)
        }
        Table::StagedProductEntity => {
            (c::staged_product_entity::ENTITY_ID, Reference::EntityVersion)
        }
        Table::StagedProductRelation => (c::product_relation::CHILD_ID, Reference::VersionChild),
        Table::StagedProductSuperLink => {
            (c::product_super_link::PRODUCT_ID, Reference::VersionChild)
        }
        Table::StagedProductLink => (c::product_link::LINKED_PRODUCT_ID, Reference::VersionLinked),
        Table::StagedMediaGalleryValue => {
            (c::media_gallery_value::VALUE_ID, Reference::VersionMedia)
        }
        Table::StagedMediaGalleryValueToEntity => {
            (c::media_gallery_value_to_entity::VALUE_ID, Reference::VersionMedia)
        }
        _ => return None,
    })
}

/// What a row refers to by the indexed column of its table.
pub(crate) fn reference(table: Table, row: &Row) -> Option<Reference> {
    let (column, reference) = indexed_column(table)?;
    row.get(column)?.as_id().map(reference)
}

/// The index of the options that attribute values in this table may hold.
fn option_reference(table: Table) -> Option<Index> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other table holds options")]
    match table {
        Table::ProductInt | Table::ProductVarchar | Table::ProductText => {
            Some(Reference::OptionHeld)
        }
        Table::StagedProductInt | Table::StagedProductVarchar | Table::StagedProductText => {
            Some(Reference::VersionOptionHeld)
        }
        _ => None,
    }
}

/// Whether rows of `table` may refer to anything.
pub(crate) fn may_refer(table: Table) -> bool {
    option_reference(table).is_some() || indexed_column(table).is_some()
}

/// The index entries of one product's sheet, for rebuilding them after an attribute has changed
/// its kind.
pub fn product_references<C: CatalogRead>(
    sheet: &Sheet,
    catalog: &C,
) -> Result<BTreeSet<Reference>, ReadError> {
    OptionAttributes::new(catalog, &BTreeMap::new()).references(sheet)
}
