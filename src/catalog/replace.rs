//! Reading a table again: rows that were read take the place of those in the copy.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::catalog::fold::{CatalogEdits, FoldError, FoldMode, Folding, place};
use crate::catalog::{CatalogRead, Owner, RowKey, Table};
use crate::decode::{Row, Value};

/// Owners looked up at once.
const OWNERS_PER_PAGE: usize = 1000;
/// Changed owners after which a replacement pauses: their sheets are held in memory until committed.
const CHANGED_OWNERS_MAX: usize = 5000;

/// A range of a table's chunk column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// The range begins after this value; `None`: at the first.
    pub after: Option<u64>,
    /// The range ends with this value; `None`: with the last.
    pub upto: Option<u64>,
}

impl KeyRange {
    fn holds(self, key: u64) -> bool {
        self.after.is_none_or(|after| key > after) && self.upto.is_none_or(|upto| key <= upto)
    }

    /// The ids in the range; `None` if there are none. Where owners have ids, the chunk column
    /// holds them.
    fn ids(self) -> Option<RangeInclusive<u32>> {
        let first = match self.after {
            None => 0,
            Some(after) => u32::try_from(after.checked_add(1)?).ok()?,
        };
        let last = self.upto.map_or(u32::MAX, |upto| u32::try_from(upto).unwrap_or(u32::MAX));
        (first <= last).then_some(first..=last)
    }
}

/// What a replacement did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The edits, to be committed together with the cursor that says what was read.
    pub edits: CatalogEdits,
    /// How many rows of the copy the database no longer had.
    pub removed_rows: usize,
    /// How many rows of the database the copy did not have.
    pub added_rows: usize,
    /// What is left to replace once the edits are committed, because so much changed already.
    pub rest: Option<(KeyRange, Vec<Row>)>,
}

/// Makes `rows` the rows of `table` in `range` of its chunk column. Other rows of the same owners
/// stay, and so do rows of other tables that went with a row that is gone: those tables
/// ([`cascade_children`](crate::catalog::cascade_children)) are to be read again, too.
///
/// The changes are those of `fold`: rows of configuration that nothing reads are dropped, and what
/// differs is touched.
///
/// # Errors
/// As for [`fold`](crate::catalog::fold()); and [`FoldError::OutsideRange`], because such a row would
/// be removed with another range.
pub fn replace<C: CatalogRead>(
    table: Table,
    range: KeyRange,
    rows: Vec<Row>,
    catalog: &C,
    mode: FoldMode,
) -> Result<Replaced, FoldError> {
    let mut replacement = Replacement {
        table,
        range,
        folding: Folding::new(catalog, mode, false),
        removed_rows: 0,
        added_rows: 0,
    };
    let mut read = grouped(table, range, rows)?;
    let mut rest = None;
    if Owner::is_single(table) {
        replacement.owner(Owner::of_table(table)(0), read.remove(&0).unwrap_or_default())?;
    } else if let Some(ids) = range.ids() {
        rest = replacement.owners(catalog, ids, read)?;
    }
    let (removed_rows, added_rows) = (replacement.removed_rows, replacement.added_rows);
    Ok(Replaced { edits: replacement.folding.finish()?, removed_rows, added_rows, rest })
}

/// Rows that were read, by key.
type ReadRows = BTreeMap<RowKey, Row>;

fn grouped(
    table: Table,
    range: KeyRange,
    rows: Vec<Row>,
) -> Result<BTreeMap<u32, ReadRows>, FoldError> {
    let mut groups: BTreeMap<u32, ReadRows> = BTreeMap::new();
    for row in rows {
        let Some((owner, key, _)) = place(table, Some(&row))? else { continue };
        if !chunk_key(table, &row).is_some_and(|key| range.holds(key)) {
            return Err(FoldError::OutsideRange { table: table.name(), range, row });
        }
        groups.entry(owner.id()).or_default().insert(key, row);
    }
    Ok(groups)
}

fn chunk_key(table: Table, row: &Row) -> Option<u64> {
    row.get(table.watched().chunk_column).and_then(Value::as_int)?.try_into().ok()
}

/// A replacement under way.
struct Replacement<'a, C> {
    table: Table,
    range: KeyRange,
    folding: Folding<'a, C>,
    removed_rows: usize,
    added_rows: usize,
}

impl<C: CatalogRead> Replacement<'_, C> {
    /// Replaces the rows of all owners with these ids, or of the first of them; returns the rest.
    fn owners(
        &mut self,
        catalog: &C,
        ids: RangeInclusive<u32>,
        mut read: BTreeMap<u32, ReadRows>,
    ) -> Result<Option<(KeyRange, Vec<Row>)>, FoldError> {
        let kind = Owner::of_table(self.table);
        let (mut first, last) = ids.into_inner();
        loop {
            let page = catalog.owner_ids_within(kind, first..=last, OWNERS_PER_PAGE);
            let page = page.map_err(FoldError::Read)?;
            let reached = match page.last() {
                Some(reached) if page.len() == OWNERS_PER_PAGE => *reached,
                _ => last,
            };
            let mut ids: BTreeSet<u32> = page.into_iter().collect();
            ids.extend(read.range(first..=reached).map(|(id, _)| *id));
            for id in ids {
                self.owner(kind(id), read.remove(&id).unwrap_or_default())?;
            }
            match reached.checked_add(1) {
                Some(next) if next <= last => first = next,
                _ => return Ok(None),
            }
            if self.folding.loaded_count() >= CHANGED_OWNERS_MAX {
                let rest = KeyRange { after: Some(reached.into()), upto: self.range.upto };
                let rows = read.into_values().flat_map(BTreeMap::into_values).collect();
                return Ok(Some((rest, rows)));
            }
        }
    }

    /// Replaces the rows of one owner.
    fn owner(&mut self, owner: Owner, read: ReadRows) -> Result<(), FoldError> {
        let (table, range) = (self.table, self.range);
        let is_in_range = |row: &Row| chunk_key(table, row).is_some_and(|key| range.holds(key));
        let sheet = &self.folding.load(owner)?.sheet;
        let rows = sheet.rows(table).filter(|row| is_in_range(row));
        let keys: Vec<RowKey> = rows.filter_map(|row| RowKey::of(table, row)).collect();
        for key in keys.into_iter().filter(|key| !read.contains_key(key)) {
            self.folding.take(table, owner, key)?;
            self.removed_rows = self.removed_rows.saturating_add(1);
        }
        for (key, row) in read {
            if self.folding.load(owner)?.sheet.get(table, key).is_none() {
                self.added_rows = self.added_rows.saturating_add(1);
            }
            self.folding.put(table, owner, key, Cow::Owned(row))?;
        }
        self.folding.release(owner);
        Ok(())
    }
}

/// Removes the rows of `table` whose keys are not in `seen` from the sheets of up to `limit` owners
/// that follow `after`, `None` for the first. Returns the edits, to be committed without a position,
/// and the last owner that was looked at: the next page's `after`, or `None` once there are no more.
///
/// For a table that was read whole, without ranges; with nothing `seen`, for one that was emptied.
/// As with [`replace`], nothing goes along.
///
/// # Errors
/// As for [`fold`](crate::catalog::fold()).
pub fn sweep_page<C: CatalogRead>(
    table: Table,
    seen: &BTreeSet<RowKey>,
    after: Option<Owner>,
    limit: usize,
    catalog: &C,
    mode: FoldMode,
) -> Result<(CatalogEdits, Option<Owner>), FoldError> {
    let mut folding = Folding::new(catalog, mode, false);
    let kind = Owner::of_table(table);
    let first = match after {
        None => Some(0),
        Some(after) => after.id().checked_add(1),
    };
    let Some(first) = first else { return Ok((CatalogEdits::default(), None)) };
    let ids = catalog.owner_ids_within(kind, first..=u32::MAX, limit).map_err(FoldError::Read)?;
    for id in &ids {
        let owner = kind(*id);
        for key in folding.load(owner)?.sheet.keys(table) {
            if !seen.contains(&key) {
                folding.take(table, owner, key)?;
            }
        }
        folding.release(owner);
    }
    Ok((folding.finish()?, ids.last().map(|id| kind(*id))))
}

#[cfg(test)]
mod tests;
