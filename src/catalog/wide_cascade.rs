//! Wide cascades: rows anywhere in the copy that go with a deleted scope, attribute or the like.
//!
//! A store view's values are spread over every product, and no index leads to them: the copy is
//! walked, page by page, each page a commit of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::fold::{CatalogEdits, FoldError, FoldMode, Folding, place, table_of};
use crate::catalog::foreign_keys::{ForeignKey, ParentKey, WIDE, is_narrow, is_wide, keys_to};
use crate::catalog::{CatalogRead, Owner, RowKey, Sheet, Table, rows};
use crate::decode::{Row, RowChange};

/// The owners whose sheets are walked, in this order: what goes before what it went with, so that a
/// walk that is broken off finds the same rows when it begins again.
const WALK: [fn(u32) -> Owner; 16] = [
    Owner::CustomOptionValue,
    Owner::CustomOption,
    Owner::DownloadableLink,
    Owner::DownloadableSample,
    Owner::ProductVersion,
    Owner::Product,
    Owner::CategoryVersion,
    Owner::Category,
    Owner::SourceItem,
    |_| Owner::Inventory,
    Owner::AttributeSet,
    Owner::Media,
    Owner::AttributeOption,
    Owner::Attribute,
    Owner::Store,
    Owner::StoreGroup,
];

/// What a deleted row takes along, wherever it is.
///
/// The rows are removed by [`WideCascade::page`], which is called until it says that it has
/// finished, before any later change is folded. Nothing of it is stored: when it is broken off, the
/// delete is absorbed again and finds what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideCascade {
    /// Deleted rows, and those that went with them and have rows below them, by table.
    parents: BTreeMap<Table, BTreeSet<ParentKey>>,
    /// The foreign keys to those tables, by the table of the rows that go.
    keys: BTreeMap<Table, Vec<&'static ForeignKey>>,
}

/// Whether `change` deletes a row that may take rows along anywhere in the copy: a website, store
/// group, store view, customer group, entity type, attribute, link type, stock or source, with foreign
/// keys applied.
///
/// Such a change must be the last that is folded before its [`wide_cascade`] is carried out.
pub fn is_wide_delete(change: &RowChange) -> bool {
    let is_cascade = change.cascades && change.before.is_some() && change.after.is_none();
    is_cascade && Table::from_id(change.table).is_some_and(is_wide)
}

/// What `change` takes along from all over the copy; `None` unless it [`is_wide_delete`].
///
/// `catalog` must hold everything up to and including the change.
///
/// # Errors
/// As for [`fold`](crate::catalog::fold()).
pub fn wide_cascade<C: CatalogRead>(
    change: &RowChange,
    catalog: &C,
) -> Result<Option<WideCascade>, FoldError> {
    let table = table_of(change)?;
    if !is_wide_delete(change) {
        return Ok(None);
    }
    let Some((_, _, row)) = place(table, change.before.as_ref())? else { return Ok(None) };
    let Some(key) = own_key(table, row) else { return Ok(None) };
    let mut cascade = WideCascade { parents: BTreeMap::new(), keys: BTreeMap::new() };
    cascade.add(table, key, catalog);
    for child in WIDE {
        if cascade.keys.contains_key(&child) {
            let mut gone = Vec::new();
            let mut look = |row: &Row| {
                gone.extend(own_key(child, row).filter(|_| cascade.takes(child, row)));
            };
            rows(catalog, child, &mut look).map_err(FoldError::Read)?;
            for key in gone {
                cascade.add(child, key, catalog);
            }
        }
    }
    Ok(Some(cascade))
}

/// The key by which others refer to a row.
fn own_key(table: Table, row: &Row) -> Option<ParentKey> {
    row.get(*table.watched().primary_key.first()?).and_then(ParentKey::of)
}

impl WideCascade {
    /// Removes what goes from the sheets of up to `limit` owners that follow `after`, `None` for
    /// the first. Returns the edits, to be committed without a position, and the last owner that
    /// was looked at: the next page's `after`, or `None` once there are no more.
    ///
    /// # Errors
    /// As for [`fold`](crate::catalog::fold()).
    pub fn page<C: CatalogRead>(
        &self,
        catalog: &C,
        mode: FoldMode,
        after: Option<Owner>,
        limit: usize,
    ) -> Result<(CatalogEdits, Option<Owner>), FoldError> {
        let mut folding = Folding::new(catalog, mode, true);
        let mut reached = None;
        for owner in self.owners(catalog, after, limit)? {
            reached = Some(owner);
            let gone = self.gone(&folding.load(owner)?.sheet);
            for (table, key) in gone {
                folding.take(table, owner, key)?;
                if is_narrow(table) {
                    folding.cascade(table, key)?;
                }
            }
            folding.release(owner);
        }
        Ok((folding.finish()?, reached))
    }

    /// The owners of a page: all of one kind.
    fn owners<C: CatalogRead>(
        &self,
        catalog: &C,
        after: Option<Owner>,
        limit: usize,
    ) -> Result<Vec<Owner>, FoldError> {
        let is_walked = |kind: &&fn(u32) -> Owner| {
            let is_of = |table: &Table| Owner::of_table(*table)(0) == kind(0);
            self.keys.keys().any(is_of)
        };
        let is_done =
            |kind: &&fn(u32) -> Owner| after.is_some_and(|after| after.kind() != kind(0).kind());
        for kind in WALK.iter().skip_while(is_done).filter(is_walked) {
            let first = match after {
                Some(after) if after.kind() == kind(0).kind() => after.id().checked_add(1),
                Some(_) | None => Some(0),
            };
            let Some(first) = first else { continue };
            let ids = catalog.owner_ids_within(*kind, first..=u32::MAX, limit);
            let ids = ids.map_err(FoldError::Read)?;
            if !ids.is_empty() {
                return Ok(ids.into_iter().map(kind).collect());
            }
        }
        Ok(Vec::new())
    }

    fn gone(&self, sheet: &Sheet) -> Vec<(Table, RowKey)> {
        let mut gone = Vec::new();
        for table in self.keys.keys() {
            let rows = sheet.rows(*table).filter(|row| self.takes(*table, row));
            gone.extend(rows.filter_map(|row| Some((*table, RowKey::of(*table, row)?))));
        }
        gone
    }

    fn takes(&self, table: Table, row: &Row) -> bool {
        self.keys.get(&table).into_iter().flatten().any(|key| {
            let parent = row.get(key.column).and_then(ParentKey::of);
            let gone = self.parents.get(&key.parent);
            parent.is_some_and(|parent| gone.is_some_and(|gone| gone.contains(&parent)))
        })
    }

    fn add<C: CatalogRead>(&mut self, table: Table, own: ParentKey, catalog: &C) {
        let is_first = !self.parents.contains_key(&table);
        self.parents.entry(table).or_default().insert(own);
        if is_first {
            for key in keys_to(table).filter(|key| !catalog.lacks(key)) {
                self.keys.entry(key.child).or_default().push(key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
