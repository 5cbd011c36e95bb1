//! Reading the catalog copy: a trait with two real implementations, the store's and a plain map.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::catalog::{ForeignKey, Owner, Sheet, Table};
use crate::decode::Row;

/// A reverse index: from a referred-to id to the owners that refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// Child product → its parents (`catalog_product_relation`, `catalog_product_super_link`).
    Child(u32),
    /// Linked product → the products that link to it (`catalog_product_link`).
    Linked(u32),
    /// Attribute option → the products that hold it.
    OptionHeld(u32),
    /// Gallery file → the products that have rows about it.
    Media(u32),
    /// Product → its versions (content staging, as all that follow).
    EntityVersion(u32),
    /// Child product → the versions that have it as a child.
    VersionChild(u32),
    /// Linked product → the versions that link to it.
    VersionLinked(u32),
    /// Attribute option → the versions that hold it.
    VersionOptionHeld(u32),
    /// Gallery file → the versions that have rows about it.
    VersionMedia(u32),
    /// Category → the products in it (`catalog_category_product`).
    InCategory(u32),
    /// Category → the categories below it, however far down, and itself.
    CategoryBelow(u32),
    /// Category → its versions (content staging).
    CategoryVersionOf(u32),
    /// Category → the versions of categories that are below it, and its own.
    VersionCategoryBelow(u32),
    /// Bundle option → the bundle that has it.
    BundleOption(u32),
    /// Bundle option → the versions of bundles that have it.
    VersionBundleOption(u32),
    /// Bundle selection → the versions of bundles that have it.
    VersionBundleSelection(u32),
    /// Link of a downloadable product → the product.
    DownloadableLink(u32),
    /// Link of a downloadable product → the version of the product.
    VersionDownloadableLink(u32),
    /// Sample of a downloadable product → the product.
    DownloadableSample(u32),
    /// Sample of a downloadable product → the version of the product.
    VersionDownloadableSample(u32),
    /// Custom option → the product that has it.
    CustomOption(u32),
    /// Custom option → the version of a product that has it.
    VersionCustomOption(u32),
    /// Choice of a custom option → the option.
    CustomOptionValue(u32),
    /// [`sku_hash`](crate::catalog::sku_hash) → rows of `inventory_source_item` of such a sku.
    SkuSourceItem(u32),
    /// [`sku_hash`](crate::catalog::sku_hash) → rows of `inventory_reservation` of such a sku.
    SkuReservation(u32),
    /// [`sku_hash`](crate::catalog::sku_hash) → the products of such a sku.
    Sku(u32),
    /// [`sku_hash`](crate::catalog::sku_hash) → the versions of products of such a sku.
    VersionSku(u32),
    /// Attribute option → the categories that hold it.
    CategoryOptionHeld(u32),
    /// Attribute option → the versions of categories that hold it.
    VersionCategoryOptionHeld(u32),
}

impl Reference {
    /// The number of the reference's kind; stored in keys: never change one.
    pub const fn kind(self) -> u8 {
        match self {
            Self::Child(_) => 1,
            Self::Linked(_) => 2,
            Self::OptionHeld(_) => 3,
            Self::Media(_) => 4,
            Self::EntityVersion(_) => 5,
            Self::VersionChild(_) => 6,
            Self::VersionLinked(_) => 7,
            Self::VersionOptionHeld(_) => 8,
            Self::VersionMedia(_) => 9,
            Self::InCategory(_) => 10,
            Self::CategoryBelow(_) => 11,
            Self::CategoryVersionOf(_) => 12,
            Self::VersionCategoryBelow(_) => 13,
            Self::BundleOption(_) => 14,
            Self::VersionBundleOption(_) => 15,
            Self::VersionBundleSelection(_) => 16,
            Self::DownloadableLink(_) => 17,
            Self::VersionDownloadableLink(_) => 18,
            Self::DownloadableSample(_) => 19,
            Self::VersionDownloadableSample(_) => 20,
            Self::CustomOption(_) => 21,
            Self::VersionCustomOption(_) => 22,
            Self::CustomOptionValue(_) => 23,
            Self::SkuSourceItem(_) => 24,
            Self::SkuReservation(_) => 25,
            Self::Sku(_) => 26,
            Self::VersionSku(_) => 27,
            Self::CategoryOptionHeld(_) => 28,
            Self::VersionCategoryOptionHeld(_) => 29,
        }
    }

    /// The id that is referred to.
    pub const fn id(self) -> u32 {
        match self {
            Self::Child(id)
            | Self::Linked(id)
            | Self::OptionHeld(id)
            | Self::Media(id)
            | Self::EntityVersion(id)
            | Self::VersionChild(id)
            | Self::VersionLinked(id)
            | Self::VersionOptionHeld(id)
            | Self::VersionMedia(id)
            | Self::InCategory(id)
            | Self::CategoryBelow(id)
            | Self::CategoryVersionOf(id)
            | Self::VersionCategoryBelow(id)
            | Self::BundleOption(id)
            | Self::VersionBundleOption(id)
            | Self::VersionBundleSelection(id)
            | Self::DownloadableLink(id)
            | Self::VersionDownloadableLink(id)
            | Self::DownloadableSample(id)
            | Self::VersionDownloadableSample(id)
            | Self::CustomOption(id)
            | Self::VersionCustomOption(id)
            | Self::CustomOptionValue(id)
            | Self::SkuSourceItem(id)
            | Self::SkuReservation(id)
            | Self::Sku(id)
            | Self::VersionSku(id)
            | Self::CategoryOptionHeld(id)
            | Self::VersionCategoryOptionHeld(id) => id,
        }
    }

    /// The owner of the rows that refer, by the id that the index holds.
    pub const fn referrer(self, id: u32) -> Owner {
        match self {
            Self::Child(_)
            | Self::Linked(_)
            | Self::OptionHeld(_)
            | Self::Media(_)
            | Self::InCategory(_)
            | Self::BundleOption(_)
            | Self::DownloadableLink(_)
            | Self::DownloadableSample(_)
            | Self::CustomOption(_)
            | Self::Sku(_) => Owner::Product(id),
            Self::EntityVersion(_)
            | Self::VersionChild(_)
            | Self::VersionLinked(_)
            | Self::VersionOptionHeld(_)
            | Self::VersionMedia(_)
            | Self::VersionBundleOption(_)
            | Self::VersionBundleSelection(_)
            | Self::VersionDownloadableLink(_)
            | Self::VersionDownloadableSample(_)
            | Self::VersionCustomOption(_)
            | Self::VersionSku(_) => Owner::ProductVersion(id),
            Self::CategoryBelow(_) | Self::CategoryOptionHeld(_) => Owner::Category(id),
            Self::CategoryVersionOf(_)
            | Self::VersionCategoryBelow(_)
            | Self::VersionCategoryOptionHeld(_) => Owner::CategoryVersion(id),
            Self::CustomOptionValue(_) => Owner::CustomOption(id),
            Self::SkuSourceItem(_) => Owner::SourceItem(id),
            Self::SkuReservation(_) => Owner::Reservation(id),
        }
    }
}

/// The catalog copy could not be read; what to do is in the message of the cause.
#[derive(Debug, Error)]
#[error("read the catalog copy")]
pub struct ReadError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Read access to the catalog copy.
pub trait CatalogRead {
    /// The owner's sheet; `None` if it has no rows.
    fn sheet(&self, owner: Owner) -> Result<Option<Sheet>, ReadError>;

    /// The ids of the owners that refer to an id, ascending; see [`Reference::referrer`].
    fn referrers(&self, reference: Reference) -> Result<Vec<u32>, ReadError>;

    /// Whether the shop lacks this foreign key: then no row goes with another by it.
    fn lacks(&self, _key: &ForeignKey) -> bool {
        false
    }

    /// Up to `limit` ids of owners of the same kind as `after`, ascending, greater than its id.
    fn owner_ids_after(&self, after: Owner, limit: usize) -> Result<Vec<u32>, ReadError>;

    /// Up to `limit` ids of owners of this kind within `ids`, ascending.
    fn owner_ids_within(
        &self,
        kind: fn(u32) -> Owner,
        ids: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<u32>, ReadError> {
        let (first, last) = ids.into_inner();
        let mut found = Vec::new();
        let before = first.checked_sub(1);
        if before.is_none() && self.sheet(kind(0))?.is_some() {
            found.push(0);
        }
        let left = limit.saturating_sub(found.len());
        found.extend(self.owner_ids_after(kind(before.unwrap_or(0)), left)?);
        found.retain(|id| *id <= last);
        found.truncate(limit);
        Ok(found)
    }

    /// Every owner id of the same kind as `kind`, from 0 on, ascending.
    fn owner_ids(&self, kind: fn(u32) -> Owner) -> Result<Vec<u32>, ReadError> {
        let mut ids = Vec::new();
        let mut from = Some(0);
        while let Some(first) = from {
            let page = self.owner_ids_within(kind, first..=u32::MAX, 1000)?;
            from = page.last().and_then(|last| last.checked_add(1));
            ids.extend(page);
        }
        Ok(ids)
    }
}

/// Calls `each` with every row of `table` in the copy, once, by owner and primary key.
///
/// # Errors
/// The copy could not be read; `each` may have seen some rows.
pub fn rows<C: CatalogRead>(
    catalog: &C,
    table: Table,
    each: &mut dyn FnMut(&Row),
) -> Result<(), ReadError> {
    let kind = Owner::of_table(table);
    let mut from = Some(0);
    while let Some(first) = from {
        let page = catalog.owner_ids_within(kind, first..=u32::MAX, 1000)?;
        for id in &page {
            let sheet = catalog.sheet(kind(*id))?;
            sheet.iter().flat_map(|sheet| sheet.rows(table)).for_each(&mut *each);
        }
        from = page.last().and_then(|last| last.checked_add(1));
    }
    Ok(())
}

/// A catalog copy in memory, for tests and for the demo's own check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryCatalog {
    /// The sheets.
    pub sheets: BTreeMap<Owner, Sheet>,
    /// The reverse indexes: (reference, id of the product or version that refers).
    pub references: BTreeSet<(Reference, u32)>,
}

impl CatalogRead for MemoryCatalog {
    fn sheet(&self, owner: Owner) -> Result<Option<Sheet>, ReadError> {
        Ok(self.sheets.get(&owner).cloned())
    }

    fn referrers(&self, reference: Reference) -> Result<Vec<u32>, ReadError> {
        let range = (reference, 0)..=(reference, u32::MAX);
        Ok(self.references.range(range).map(|(_, product)| *product).collect())
    }

    fn owner_ids_after(&self, after: Owner, limit: usize) -> Result<Vec<u32>, ReadError> {
        let same_kind = self
            .sheets
            .range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))
            .map(|(owner, _)| *owner)
            .take_while(|owner| owner.kind() == after.kind());
        Ok(same_kind.map(Owner::id).take(limit).collect())
    }
}
