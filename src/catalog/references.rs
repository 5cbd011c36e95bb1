//! The reverse indexes: what the rows of an owner's sheet refer to.

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest as _, Sha1};

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

    /// Everything the owner whose sheet this is refers to.
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
        references.extend(references_of(table, row));
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

/// The columns of `table` that reverse indexes are kept of, each with its index.
pub(crate) fn indexed_columns(table: Table) -> &'static [(usize, Index)] {
    use Reference as R;
    use column as c;
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other table has an index")]
    match table {
        Table::ProductEntity => &[(c::product_entity::SKU, R::Sku)],
        Table::ProductRelation => &[(c::product_relation::CHILD_ID, R::Child)],
        Table::ProductSuperLink => &[(c::product_super_link::PRODUCT_ID, R::Child)],
        Table::ProductLink => &[(c::product_link::LINKED_PRODUCT_ID, R::Linked)],
        Table::MediaGalleryValue => &[(c::media_gallery_value::VALUE_ID, R::Media)],
        Table::MediaGalleryValueToEntity => {
            &[(c::media_gallery_value_to_entity::VALUE_ID, R::Media)]
        }
        Table::BundleOption => &[(c::bundle_option::OPTION_ID, R::BundleOption)],
        Table::BundleOptionValue => &[(c::bundle_option_value::OPTION_ID, R::BundleOption)],
        Table::BundleSelection => &[
            (c::bundle_selection::OPTION_ID, R::BundleOption),
            (c::bundle_selection::PRODUCT_ID, R::Child),
        ],
        Table::DownloadableLink => &[(c::downloadable_link::LINK_ID, R::DownloadableLink)],
        Table::DownloadableSample => &[(c::downloadable_sample::SAMPLE_ID, R::DownloadableSample)],
        Table::ProductOption => &[(c::product_option::OPTION_ID, R::CustomOption)],
        Table::StagedProductEntity => &[
            (c::staged_product_entity::ENTITY_ID, R::EntityVersion),
            (c::staged_product_entity::SKU, R::VersionSku),
        ],
        Table::StagedProductRelation => &[(c::product_relation::CHILD_ID, R::VersionChild)],
        Table::StagedProductSuperLink => &[(c::product_super_link::PRODUCT_ID, R::VersionChild)],
        Table::StagedProductLink => &[(c::product_link::LINKED_PRODUCT_ID, R::VersionLinked)],
        Table::StagedMediaGalleryValue => &[(c::media_gallery_value::VALUE_ID, R::VersionMedia)],
        Table::StagedMediaGalleryValueToEntity => {
            &[(c::media_gallery_value_to_entity::VALUE_ID, R::VersionMedia)]
        }
        Table::StagedBundleOption => &[(c::bundle_option::OPTION_ID, R::VersionBundleOption)],
        Table::StagedBundleOptionValue => {
            &[(c::bundle_option_value::OPTION_ID, R::VersionBundleOption)]
        }
        Table::StagedBundleSelection => &[
            (c::bundle_selection::OPTION_ID, R::VersionBundleOption),
            (c::bundle_selection::PRODUCT_ID, R::VersionChild),
            (c::bundle_selection::SELECTION_ID, R::VersionBundleSelection),
        ],
        Table::StagedDownloadableLink => {
            &[(c::downloadable_link::LINK_ID, R::VersionDownloadableLink)]
        }
        Table::StagedDownloadableSample => {
            &[(c::downloadable_sample::SAMPLE_ID, R::VersionDownloadableSample)]
        }
        Table::StagedProductOption => &[(c::product_option::OPTION_ID, R::VersionCustomOption)],
        Table::CategoryProduct => &[(c::category_product::CATEGORY_ID, R::InCategory)],
        Table::CategoryEntity => &[(c::category_entity::PATH, R::CategoryBelow)],
        Table::StagedCategoryEntity => &[
            (c::staged_category_entity::ENTITY_ID, R::CategoryVersionOf),
            (c::staged_category_entity::PATH, R::VersionCategoryBelow),
        ],
        Table::ProductOptionTypeValue => {
            &[(c::product_option_type_value::OPTION_TYPE_ID, R::CustomOptionValue)]
        }
        Table::InventorySourceItem => &[(c::inventory_source_item::SKU, R::SkuSourceItem)],
        Table::InventoryReservation => &[(c::inventory_reservation::SKU, R::SkuReservation)],
        _ => &[],
    }
}

/// What a row refers to by the indexed columns of its table.
pub(crate) fn references_of(table: Table, row: &Row) -> impl Iterator<Item = Reference> {
    let is_path = matches!(table, Table::CategoryEntity | Table::StagedCategoryEntity);
    indexed_columns(table).iter().flat_map(move |(column, reference)| {
        let ids: Vec<u32> = match row.get(*column) {
            // A category refers to every one that is above it.
            Some(Value::Text(path)) if is_path => {
                path.split('/').filter_map(|id| id.parse().ok()).collect()
            }
            Some(Value::Text(sku)) => vec![sku_hash(sku)],
            Some(value) => value.as_id().into_iter().collect(),
            None => Vec::new(),
        };
        ids.into_iter().map(reference)
    })
}

/// The number by which reverse indexes know a sku, which the tables of inventory refer to by its text.
///
/// Texts that a database takes for equal, because they differ in case or trailing spaces only, have
/// the same number; different skus may have, too, so the text is to be compared as well.
pub fn sku_hash(sku: &str) -> u32 {
    let hash = Sha1::digest(comparable(sku));
    hash.iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// A text as a case-insensitive collation compares it.
pub fn comparable(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
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
        Table::CategoryInt | Table::CategoryVarchar | Table::CategoryText => {
            Some(Reference::CategoryOptionHeld)
        }
        Table::StagedCategoryInt | Table::StagedCategoryVarchar | Table::StagedCategoryText => {
            Some(Reference::VersionCategoryOptionHeld)
        }
        _ => None,
    }
}

/// Whether rows of `table` may refer to anything.
pub(crate) fn may_refer(table: Table) -> bool {
    option_reference(table).is_some() || !indexed_columns(table).is_empty()
}

/// The index entries of an owner's sheet, for rebuilding them after an attribute has changed its kind.
///
/// # Errors
/// The catalog copy could not be read.
pub fn references_in<C: CatalogRead>(
    sheet: &Sheet,
    catalog: &C,
) -> Result<BTreeSet<Reference>, ReadError> {
    OptionAttributes::new(catalog, &BTreeMap::new()).references(sheet)
}
