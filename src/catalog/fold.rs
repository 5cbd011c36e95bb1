//! Folding: row changes of committed transactions into edits of the catalog copy.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::catalog::touch::{Seen, Touch, touched};
use crate::catalog::{
    CONFIG_PATHS, CatalogRead, MemoryCatalog, Owner, ReadError, Reference, RowKey, Sheet,
};
use crate::catalog::{Table, column, references};
use crate::decode::{Row, RowChange, TableId, Value};

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
    pub touches: BTreeMap<Touch, Table>,
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
}

/// Folds `changes`, in order, over `catalog`.
///
/// Idempotent per primary key: rows that are already there are replaced, rows that are not there
/// are not missed, so replaying a stretch of the binlog over newer rows converges.
///
/// # Errors
/// Any error means that a change could not be applied; the caller must not move its position.
pub fn fold<C: CatalogRead>(
    changes: &[RowChange],
    catalog: &C,
    mode: FoldMode,
) -> Result<CatalogEdits, FoldError> {
    let mut folding = Folding {
        catalog,
        mode,
        sheets: BTreeMap::new(),
        fresh_references: BTreeSet::new(),
        touches: BTreeMap::new(),
    };
    for change in changes {
        folding.change(change)?;
    }
    folding.finish()
}

struct Folding<'a, C> {
    catalog: &'a C,
    mode: FoldMode,
    /// Loaded owners: the sheet before this fold and the sheet now.
    sheets: BTreeMap<Owner, (Option<Sheet>, Sheet)>,
    /// References between products that came with this fold: the indexes don't have them yet.
    fresh_references: BTreeSet<(Reference, u32)>,
    touches: BTreeMap<Touch, Table>,
}

impl<C: CatalogRead> Folding<'_, C> {
    fn change(&mut self, change: &RowChange) -> Result<(), FoldError> {
        let table = Table::from_id(change.table).ok_or(FoldError::UnknownTable(change.table))?;
        let before = place(table, change.before.as_ref())?;
        let after = place(table, change.after.as_ref())?;
        // An update that moves a row to another key or owner leaves its old place.
        if let Some((owner, key, _)) = before
            && after.is_none_or(|(new_owner, new_key, _)| (new_owner, new_key) != (owner, key))
        {
            let gone = self.load(owner)?.remove(table, key);
            if gone.is_some() {
                self.touch(table, owner, gone.as_ref(), None)?;
            }
            if table == Table::ProductEntity {
                self.cascade_product(owner)?;
            }
        }
        if let Some((owner, key, row)) = after {
            let old = self.load(owner)?.insert(table, key, row.clone());
            self.fresh_references.extend(product_reference(table, row).map(|to| (to, owner.id())));
            if old.as_ref() != Some(row) {
                self.touch(table, owner, old.as_ref(), Some(row))?;
            }
        }
        Ok(())
    }

    /// The sheet of `owner`, loaded once.
    fn load(&mut self, owner: Owner) -> Result<&mut Sheet, FoldError> {
        use std::collections::btree_map::Entry;
        match self.sheets.entry(owner) {
            Entry::Occupied(entry) => Ok(&mut entry.into_mut().1),
            Entry::Vacant(entry) => {
                let sheet = self.catalog.sheet(owner).map_err(FoldError::Read)?;
                let now = sheet.clone().unwrap_or_default();
                Ok(&mut entry.insert((sheet, now)).1)
            }
        }
    }

    fn touch(
        &mut self,
        table: Table,
        owner: Owner,
        before: Option<&Row>,
        after: Option<&Row>,
    ) -> Result<(), FoldError> {
        if self.mode == FoldMode::GateClosed {
            return Ok(());
        }
        let empty = Sheet::default();
        let loaded = self.sheets.get(&owner);
        let sheet = loaded.map_or(&empty, |(_, now)| now);
        let is_new_owner = loaded.is_none_or(|(before, _)| before.is_none());
        let mut touches = BTreeSet::new();
        let seen = Seen { table, owner, before, after, is_new_owner };
        touched(seen, sheet, self.catalog, &mut touches).map_err(FoldError::Read)?;
        for touch in touches {
            self.touches.entry(touch).or_insert(table);
        }
        Ok(())
    }

    /// The foreign keys of `catalog_product_entity` delete with it every row of the product, and
    /// the rows by which parents and linkers refer to it; MariaDB, and MySQL before 9.6, do not
    /// write those deletes to the binlog.
    fn cascade_product(&mut self, owner: Owner) -> Result<(), FoldError> {
        let id = owner.id();
        *self.load(owner)? = Sheet::default();
        let mut referrers = BTreeSet::new();
        for reference in [Reference::Child(id), Reference::Linked(id)] {
            referrers.extend(self.catalog.referrers(reference).map_err(FoldError::Read)?);
            let fresh = self.fresh_references.range((reference, 0)..=(reference, u32::MAX));
            referrers.extend(fresh.map(|(_, referrer)| *referrer));
        }
        for referrer in referrers {
            let sheet = self.load(Owner::Product(referrer))?;
            for (table, child) in [
                (Table::ProductRelation, column::product_relation::CHILD_ID),
                (Table::ProductSuperLink, column::product_super_link::PRODUCT_ID),
                (Table::ProductLink, column::product_link::LINKED_PRODUCT_ID),
            ] {
                remove_rows(sheet, table, child, id);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<CatalogEdits, FoldError> {
        let mut edits = CatalogEdits { touches: self.touches, ..CatalogEdits::default() };
        // Attributes are looked up in the sheets of this fold first, then in the catalog copy.
        let mut attributes = references::OptionAttributes::new(self.catalog, &self.sheets);
        for (owner, (before, now)) in &self.sheets {
            if before.as_ref().is_none_or(Sheet::is_empty) && now.is_empty() {
                continue;
            }
            if before.as_ref() == Some(now) {
                continue;
            }
            if let Owner::Product(id) = owner {
                let old = match before {
                    Some(sheet) => attributes.references(sheet).map_err(FoldError::Read)?,
                    None => BTreeSet::new(),
                };
                let new = attributes.references(now).map_err(FoldError::Read)?;
                edits.references.extend(old.difference(&new).map(|r| ((*r, *id), false)));
                edits.references.extend(new.difference(&old).map(|r| ((*r, *id), true)));
            }
            edits.sheets.insert(*owner, (!now.is_empty()).then(|| now.clone()));
        }
        Ok(edits)
    }
}

/// The product that a row of another product refers to.
fn product_reference(table: Table, row: &Row) -> Option<Reference> {
    let (reference, column): (fn(u32) -> Reference, usize) = if table == Table::ProductRelation {
        (Reference::Child, column::product_relation::CHILD_ID)
    } else if table == Table::ProductSuperLink {
        (Reference::Child, column::product_super_link::PRODUCT_ID)
    } else if table == Table::ProductLink {
        (Reference::Linked, column::product_link::LINKED_PRODUCT_ID)
    } else {
        return None;
    };
    row.get(column)?.as_id().map(reference)
}

/// Where a row lives; `None` for no row, and for configuration we do not use.
fn place(table: Table, row: Option<&Row>) -> Result<Option<(Owner, RowKey, &Row)>, FoldError> {
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

fn remove_rows(sheet: &mut Sheet, table: Table, id_column: usize, id: u32) {
    let gone: Vec<RowKey> = sheet
        .rows(table)
        .filter(|row| row.get(id_column).and_then(Value::as_id) == Some(id))
        .filter_map(|row| RowKey::of(table, row))
        .collect();
    for key in gone {
        sheet.remove(table, key);
    }
}

#[cfg(test)]
mod tests;
