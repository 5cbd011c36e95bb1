//! The foreign keys between watched tables, of both layouts: all are ON DELETE CASCADE.
//!
//! MariaDB, and MySQL before 9.6, do not write the rows that go with their parent to the binlog. The
//! catalog copy applies these keys itself: narrow ones while it folds, wide ones in pages.

mod list;

use crate::catalog::{Table, comparable};
use crate::decode::Value;

pub use list::FOREIGN_KEYS;

/// A foreign key with ON DELETE CASCADE. It refers to the parent's primary key, which is one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    /// The table whose rows go with their parent.
    pub child: Table,
    /// The column of `child` that holds the parent's key, by its index in the watched columns.
    pub column: usize,
    /// The table that is referred to. A shop whose layout lacks it lacks the key, too.
    pub parent: Table,
}

/// The foreign keys that refer to `parent`.
pub(crate) fn keys_to(parent: Table) -> impl Iterator<Item = &'static ForeignKey> {
    FOREIGN_KEYS.iter().filter(move |key| key.parent == parent)
}

/// Every table of which rows may go with a row of `table`, however far down; tables of both layouts,
/// in the order of their numbers. When a second reading of `table` finds rows gone, these must be
/// read again as well.
pub fn cascade_children(table: Table) -> Vec<Table> {
    let mut found = std::collections::BTreeSet::new();
    let mut open = vec![table];
    while let Some(parent) = open.pop() {
        for key in keys_to(parent) {
            if found.insert(key.child) {
                open.push(key.child);
            }
        }
    }
    found.into_iter().collect()
}

/// The key of a parent, as rows refer to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ParentKey {
    /// An id.
    Id(u32),
    /// A code, in the form in which a collation compares it.
    Code(String),
}

impl ParentKey {
    /// The key in a column; `None` if it refers to nothing.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(code) => Some(Self::Code(comparable(code))),
            Value::Int(_) | Value::Decimal(_) | Value::Null => value.as_id().map(Self::Id),
        }
    }
}

/// Whether the rows that go with a row of `table` are found by its owner and the reverse indexes:
/// few of them, removed while folding.
pub(crate) fn is_narrow(table: Table) -> bool {
    matches!(
        table,
        Table::EavAttributeOption
            | Table::MediaGallery
            | Table::ProductEntity
            | Table::SequenceProduct
            | Table::StagedProductEntity
            | Table::CategoryEntity
            | Table::SequenceCategory
            | Table::StagedCategoryEntity
            | Table::BundleOption
            | Table::SequenceBundleOption
            | Table::SequenceBundleSelection
            | Table::DownloadableLink
            | Table::StagedDownloadableLink
            | Table::DownloadableSample
            | Table::StagedDownloadableSample
            | Table::ProductOption
            | Table::StagedProductOption
            | Table::ProductOptionTypeValue
    )
}

/// The tables whose rows may take rows along from anywhere in the copy, parents before children.
pub(crate) const WIDE: [Table; 10] = [
    Table::StoreWebsite,
    Table::StoreGroup,
    Table::Store,
    Table::CustomerGroup,
    Table::EavEntityType,
    Table::EavAttribute,
    Table::ProductLinkType,
    Table::Stock,
    Table::InventorySource,
    Table::InventoryStock,
];

/// The tables of rows that take rows along and may go along themselves. Nobody logs when they do:
/// that one is missing is how we learn of it.
pub(crate) const BETWEEN: [Table; 15] = [
    Table::StoreGroup,
    Table::Store,
    Table::EavAttribute,
    Table::EavAttributeOption,
    Table::MediaGallery,
    Table::StagedProductEntity,
    Table::StagedCategoryEntity,
    Table::BundleOption,
    Table::DownloadableLink,
    Table::StagedDownloadableLink,
    Table::DownloadableSample,
    Table::StagedDownloadableSample,
    Table::ProductOption,
    Table::StagedProductOption,
    Table::ProductOptionTypeValue,
];

/// The foreign keys of `child` to tables in [`BETWEEN`].
pub(crate) fn keys_to_between(child: Table) -> impl Iterator<Item = &'static ForeignKey> {
    let is_between = |key: &&ForeignKey| BETWEEN.contains(&key.parent);
    FOREIGN_KEYS.iter().filter(move |key| key.child == child).filter(is_between)
}

/// Whether rows that go with a row of `table` may be anywhere in the copy.
pub(crate) fn is_wide(table: Table) -> bool {
    WIDE.contains(&table)
}

#[cfg(test)]
mod tests;
