//! Folding: row changes of committed transactions into edits of the catalog copy.

mod folding;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::catalog::foreign_keys::is_narrow;
use crate::catalog::touch::Touch;
use crate::catalog::{
    CONFIG_PATHS, CatalogRead, KeyRange, MemoryCatalog, Owner, ReadError, Reference, RowKey, Sheet,
    Table, column,
};
use crate::decode::{Row, RowChange, TableId};

pub(crate) use folding::{Folding, Loaded};

/// Whether touches are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldMode {
    /// The gate is closed: everything is assembled once it opens, so nothing need be touched.
    GateClosed,
    /// The gate is open: what the changes touch is collected.
    GateOpen,
}

/// Edits of the catalog copy, to be committed together with the source position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogEdits {
    /// The new sheet of each edited owner; `None`: the owner has no row left.
    pub sheets: BTreeMap<Owner, Option<Sheet>>,
    /// Entries of the reverse indexes that come (`true`) or go (`false`).
    pub references: BTreeMap<(Reference, u32), bool>,
    /// What must be assembled again, with the table whose row touched it first.
    pub touches: BTreeMap<Touch, (Table, RowKey)>,
    /// The tables of rows that were left out because the row that they belong to is not in the copy:
    /// when a stretch of the binlog is replayed over newer rows, it was deleted since.
    pub orphans: BTreeSet<Table>,
    /// The tables of rows that came without foreign key checks and whose parent is not in the copy.
    /// Such rows are kept; but when a stretch of the binlog is replayed over newer rows, they may
    /// have gone since along with that parent.
    pub doubtful: BTreeSet<Table>,
}

impl CatalogEdits {
    /// Applies the edits to a catalog copy in memory.
    pub fn apply_to(self, catalog: &mut MemoryCatalog) {
        for (owner, sheet) in self.sheets {
            match sheet {
                Some(sheet) => drop(catalog.sheets.insert(owner, sheet)),
                None => drop(catalog.sheets.remove(&owner)),
            }
        }
        for (entry, comes) in self.references {
            if comes {
                catalog.references.insert(entry);
            } else {
                catalog.references.remove(&entry);
            }
        }
    }
}

/// Folding stopped: going on would lose a row.
#[derive(Debug, Error)]
pub enum FoldError {
    /// The catalog copy could not be read.
    #[error("read the catalog copy")]
    Read(#[source] ReadError),
    /// A row names no table of ours: the decoder and the catalog disagree.
    #[error("fold a row of unknown table number {}", .0.0)]
    UnknownTable(TableId),
    /// A row's owner or primary key is NULL, negative or too large.
    #[error("fold a row of {table}: its key is not a non-negative integer: {row:?}")]
    BadKey {
        /// The table.
        table: &'static str,
        /// The row.
        row: Row,
    },
    /// A row that was read for a range lies outside of it: another range would remove it.
    #[error("replace {range:?} of {table} by a row outside of it: {row:?}")]
    OutsideRange {
        /// The table.
        table: &'static str,
        /// The range.
        range: KeyRange,
        /// The row.
        row: Row,
    },
}

impl FoldError {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read(_) => "take a new snapshot if the store is damaged",
            Self::BadKey { .. } => {
                "compare the table's definition with the one that Adobe Commerce installs"
            }
            Self::UnknownTable(_) | Self::OutsideRange { .. } => "this is a bug; please report it",
        }
    }
}

/// Folds `changes`, in order, over `catalog`.
///
/// Idempotent per primary key: rows that are already there are replaced, rows that are not there
/// are not missed, so replaying a stretch of the binlog over newer rows converges. For this a table
/// must have been read after the tables that it refers to, as [`Table`] orders them.
///
/// Rows that go with a deleted one and are few (a product's, an option's, those of a gallery file)
/// go here, too; those that may be anywhere are left to [`wide_cascade`](crate::catalog::wide_cascade()).
///
/// # Errors
/// Any error means that a change could not be applied; the caller must not move its position.
pub fn fold<C: CatalogRead>(
    changes: &[RowChange],
    catalog: &C,
    mode: FoldMode,
) -> Result<CatalogEdits, FoldError> {
    let mut folding = Folding::new(catalog, mode, changes.iter().any(is_narrow_delete));
    for change in changes {
        let after = change.after.as_ref().map(Cow::Borrowed);
        fold_one(&mut folding, change, after)?;
    }
    folding.finish()
}

/// [`fold`] of changes that nobody needs afterwards: their rows are moved, not copied.
///
/// # Errors
/// As for [`fold`].
pub fn fold_owned<C: CatalogRead>(
    changes: Vec<RowChange>,
    catalog: &C,
    mode: FoldMode,
) -> Result<CatalogEdits, FoldError> {
    let mut folding = Folding::new(catalog, mode, changes.iter().any(is_narrow_delete));
    for mut change in changes {
        let after = change.after.take();
        let after = after.map(Cow::Owned);
        fold_one(&mut folding, &change, after)?;
    }
    folding.finish()
}

/// Folds one change, whose row after it is given apart.
fn fold_one<C: CatalogRead>(
    folding: &mut Folding<'_, C>,
    change: &RowChange,
    after: Option<Cow<'_, Row>>,
) -> Result<(), FoldError> {
    let table = table_of(change)?;
    let before = place(table, change.before.as_ref())?;
    let new_place = place(table, after.as_deref())?.map(|(owner, key, _)| (owner, key));
    // An update that moves a row to another key or owner leaves its old place.
    if let Some((owner, key, row)) = before
        && new_place != Some((owner, key))
    {
        let was_there = folding.take(table, owner, key)?;
        if after.is_none() && change.cascades && is_narrow(table) {
            if !was_there && !folding.load(owner)?.sheet.is_empty() {
                folding.touch(table, owner, key, Some(row))?;
            }
            folding.cascade(table, key)?;
        }
    }
    match (new_place, after) {
        (Some((owner, key)), Some(row)) if change.cascades => {
            folding.put_below_parents(table, owner, key, row)
        }
        (Some((owner, key)), Some(row)) => {
            if folding.lacks_parent(table, owner, key, &row)? {
                folding.doubtful.insert(table);
            }
            folding.put(table, owner, key, row)
        }
        (None, _) | (_, None) => Ok(()),
    }
}

/// The table of a change.
pub(crate) fn table_of(change: &RowChange) -> Result<Table, FoldError> {
    Table::from_id(change.table).ok_or(FoldError::UnknownTable(change.table))
}

/// Whether a change deletes a row that takes few others along.
fn is_narrow_delete(change: &RowChange) -> bool {
    let is_cascade = change.cascades && change.after.is_none();
    is_cascade && Table::from_id(change.table).is_some_and(is_narrow)
}

/// Where a row lives; `None` for no row, and for configuration we do not use.
pub(crate) fn place(
    table: Table,
    row: Option<&Row>,
) -> Result<Option<(Owner, RowKey, &Row)>, FoldError> {
    let Some(row) = row else { return Ok(None) };
    if table == Table::CoreConfigData {
        let path = row.get(column::core_config_data::PATH).and_then(|path| path.as_text());
        if !path.is_some_and(|path| CONFIG_PATHS.contains(&path)) {
            return Ok(None);
        }
    }
    match (Owner::of(table, row), RowKey::of(table, row)) {
        (Some(owner), Some(key)) => Ok(Some((owner, key, row))),
        _ => Err(FoldError::BadKey { table: table.name(), row: row.clone() }),
    }
}

#[cfg(test)]
mod tests;
