//! One fold under way: the sheets it loaded, what comes and goes in them, and what that touches.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::fold::{CatalogEdits, FoldError, FoldMode};
use crate::catalog::foreign_keys::{BETWEEN, is_narrow, keys_to, keys_to_between};
use crate::catalog::references::{self, OptionAttributes, indexed_columns, references_of};
use crate::catalog::touch::{Seen, Touch, touched};
use crate::catalog::{CatalogRead, ForeignKey, Owner, Reference, RowKey, Sheet, Table};
use crate::decode::{Row, Value};

/// A fold under way.
pub(crate) struct Folding<'a, C> {
    catalog: &'a C,
    mode: FoldMode,
    sheets: BTreeMap<Owner, Loaded>,
    /// References that came with this fold: the indexes don't have them yet. `None` when no row
    /// of it can take others along, so that nobody asks.
    fresh_references: Option<BTreeSet<(Reference, u32)>>,
    /// The like of rows that others may belong to; kept by every fold.
    fresh_parents: BTreeSet<(Reference, u32)>,
    touches: BTreeMap<Touch, (Table, RowKey)>,
    /// Whether the catalog copy has a row, by table and id: parents that were asked for.
    parents: BTreeMap<(Table, u32), bool>,
    orphans: BTreeSet<Table>,
    pub(crate) doubtful: BTreeSet<Table>,
}

/// An owner's sheet, loaded once.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The sheet as it is now.
    pub(crate) sheet: Sheet,
    /// Whether the owner had no row when the fold began.
    is_new: bool,
    is_changed: bool,
    /// Rows that were put and may refer to something.
    came: Vec<(Table, RowKey)>,
    /// Rows that were replaced or removed and may have referred to something.
    gone: Vec<(Table, Row)>,
}

impl Loaded {
    fn remove(&mut self, table: Table, key: RowKey) -> Option<Row> {
        let row = self.sheet.remove(table, key)?;
        self.is_changed = true;
        Some(row)
    }

    fn leave(&mut self, table: Table, row: Row) {
        if references::may_refer(table) {
            self.gone.push((table, row));
        }
    }
}

impl<'a, C: CatalogRead> Folding<'a, C> {
    /// Begins. `may_cascade`: whether [`Folding::cascade`] may be called.
    pub(crate) fn new(catalog: &'a C, mode: FoldMode, may_cascade: bool) -> Self {
        let fresh_references = may_cascade.then(BTreeSet::new);
        let (sheets, touches, parents) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            catalog,
            mode,
            sheets,
            fresh_references,
            fresh_parents: BTreeSet::new(),
            touches,
            parents,
            orphans: BTreeSet::new(),
            doubtful: BTreeSet::new(),
        }
    }

    /// The sheet of `owner`, loaded once.
    pub(crate) fn load(&mut self, owner: Owner) -> Result<&mut Loaded, FoldError> {
        use std::collections::btree_map::Entry;
        match self.sheets.entry(owner) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let sheet = self.catalog.sheet(owner).map_err(FoldError::Read)?.unwrap_or_default();
                let is_new = sheet.is_empty();
                Ok(entry.insert(Loaded { sheet, is_new, ..Loaded::default() }))
            }
        }
    }

    /// Lets go of the sheet of `owner`, unless it changed.
    pub(crate) fn release(&mut self, owner: Owner) {
        if self.sheets.get(&owner).is_some_and(|loaded| !loaded.is_changed) {
            self.sheets.remove(&owner);
        }
    }

    /// How many sheets are held.
    pub(crate) fn loaded_count(&self) -> usize {
        self.sheets.len()
    }

    /// Puts a row in its place, unless the row that it belongs to is not there: then none is left.
    ///
    /// The server had that row when it wrote this one. Where we don't, our copy of it is newer: it
    /// was deleted since, and this row went with it without a word in the binlog, or came again
    /// under another one.
    pub(crate) fn put_below_parents(
        &mut self,
        table: Table,
        owner: Owner,
        key: RowKey,
        row: Cow<'_, Row>,
    ) -> Result<(), FoldError> {
        if self.lacks_parent(table, owner, key, &row)? {
            self.orphans.insert(table);
            self.take(table, owner, key)?;
            return Ok(());
        }
        self.put(table, owner, key, row)
    }

    /// Whether a row that comes belongs to one that is not in the copy, other than the row that it
    /// replaces did.
    pub(crate) fn lacks_parent(
        &mut self,
        table: Table,
        owner: Owner,
        key: RowKey,
        row: &Row,
    ) -> Result<bool, FoldError> {
        for foreign_key in keys_to_between(table) {
            if self.catalog.lacks(foreign_key) {
                continue;
            }
            let parent = |row: &Row| row.get(foreign_key.column).and_then(Value::as_id);
            let Some(id) = parent(row) else { continue };
            let known = self.load(owner)?.sheet.get(table, key).and_then(parent);
            if known != Some(id) && !self.has_in_either_layout(foreign_key, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the copy has the row that a key refers to. A child that is in both layouts has a key to
    /// each of the twins that are its parent, and a shop has one of them.
    fn has_in_either_layout(&mut self, key: &ForeignKey, id: u32) -> Result<bool, FoldError> {
        let is_twin = |other: &&ForeignKey| {
            other.column == key.column && other.parent.plain() == key.parent.plain()
        };
        for twin in keys_to_between(key.child).filter(is_twin) {
            if self.has(twin.parent, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the copy has the row of `table` with this id.
    fn has(&mut self, table: Table, id: u32) -> Result<bool, FoldError> {
        if let Some(owner) = owner_of_row(table, id) {
            let key = RowKey(id.into(), 0);
            if let Some(loaded) = self.sheets.get(&owner) {
                return Ok(loaded.sheet.get(table, key).is_some());
            }
            if let Some(known) = self.parents.get(&(table, id)) {
                return Ok(*known);
            }
            let sheet = self.catalog.sheet(owner).map_err(FoldError::Read)?;
            let is_there = sheet.is_some_and(|sheet| sheet.get(table, key).is_some());
            self.parents.insert((table, id), is_there);
            return Ok(is_there);
        }
        for owner in self.owners_of_row(table, id)? {
            let sheet = &self.load(owner)?.sheet;
            if sheet.keys(table).iter().any(|key| key.0 == u64::from(id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The owners that may have the row of `table` with this id, where its owner is another's id.
    fn owners_of_row(&self, table: Table, id: u32) -> Result<BTreeSet<Owner>, FoldError> {
        let own = table.watched().primary_key.first();
        let index = indexed_columns(table).iter().find(|(column, _)| Some(column) == own);
        let Some((_, index)) = index else { return Ok(BTreeSet::new()) };
        self.referring(index(id))
    }

    /// Puts a row in its place.
    pub(crate) fn put(
        &mut self,
        table: Table,
        owner: Owner,
        key: RowKey,
        row: Cow<'_, Row>,
    ) -> Result<(), FoldError> {
        if self.load(owner)?.sheet.get(table, key) == Some(&*row) {
            return Ok(());
        }
        if let Some(fresh) = &mut self.fresh_references {
            fresh.extend(references_of(table, &row).map(|reference| (reference, owner.id())));
        }
        if BETWEEN.contains(&table) && owner_of_row(table, 0).is_none() {
            let references = references_of(table, &row);
            self.fresh_parents.extend(references.map(|reference| (reference, owner.id())));
        }
        let loaded = self.load(owner)?;
        loaded.is_changed = true;
        if references::may_refer(table) {
            loaded.came.push((table, key));
        }
        let old = loaded.sheet.insert(table, key, row.into_owned());
        self.touch(table, owner, key, old.as_ref())?;
        if let Some(old) = old {
            self.load(owner)?.leave(table, old);
        }
        Ok(())
    }

    /// Takes a row out; returns whether it was there.
    pub(crate) fn take(
        &mut self,
        table: Table,
        owner: Owner,
        key: RowKey,
    ) -> Result<bool, FoldError> {
        let Some(row) = self.load(owner)?.remove(table, key) else { return Ok(false) };
        self.touch(table, owner, key, Some(&row))?;
        self.load(owner)?.leave(table, row);
        Ok(true)
    }

    /// Adds what a change of the row with this key touches; `before` is the row it replaced.
    pub(crate) fn touch(
        &mut self,
        table: Table,
        owner: Owner,
        key: RowKey,
        before: Option<&Row>,
    ) -> Result<(), FoldError> {
        if self.mode == FoldMode::GateClosed {
            return Ok(());
        }
        self.load(owner)?;
        let Some(loaded) = self.sheets.get(&owner) else { return Ok(()) };
        let after = loaded.sheet.get(table, key);
        let seen = Seen { table, owner, before, after, is_new_owner: loaded.is_new };
        let mut touches = BTreeSet::new();
        touched(seen, &loaded.sheet, self.catalog, &mut touches).map_err(FoldError::Read)?;
        for touch in touches {
            self.touches.entry(touch).or_insert((table, key));
        }
        Ok(())
    }

    /// Takes out the rows that go with a deleted row of `table`, which must be narrow.
    pub(crate) fn cascade(&mut self, table: Table, key: RowKey) -> Result<(), FoldError> {
        let Ok(id) = u32::try_from(key.0) else { return Ok(()) };
        for foreign_key in keys_to(table) {
            if self.catalog.lacks(foreign_key) {
                continue;
            }
            let child = foreign_key.child;
            if foreign_key.column == child.watched().chunk_column {
                self.cascade_own(child, id)?;
                continue;
            }
            for owner in self.referrers(child, foreign_key.column, id)? {
                let is_child =
                    |row: &Row| row.get(foreign_key.column).and_then(Value::as_id) == Some(id);
                let sheet = &self.load(owner)?.sheet;
                let rows = sheet.rows(child).filter(|row| is_child(row));
                let keys: Vec<RowKey> = rows.filter_map(|row| RowKey::of(child, row)).collect();
                for key in keys {
                    self.take(child, owner, key)?;
                    if is_narrow(child) {
                        self.cascade(child, key)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes out the rows of `child` whose owner has this id. What the parent touched covers them.
    fn cascade_own(&mut self, child: Table, id: u32) -> Result<(), FoldError> {
        let owner = Owner::of_table(child)(id);
        for key in self.load(owner)?.sheet.keys(child) {
            let loaded = self.load(owner)?;
            if let Some(row) = loaded.remove(child, key) {
                loaded.leave(child, row);
            }
            if is_narrow(child) {
                self.cascade(child, key)?;
            }
        }
        Ok(())
    }

    /// The owners of rows of `table` that refer to `id` by a column, and perhaps a few that did before.
    fn referrers(
        &self,
        table: Table,
        column: usize,
        id: u32,
    ) -> Result<BTreeSet<Owner>, FoldError> {
        let index = indexed_columns(table).iter().find(|(indexed, _)| *indexed == column);
        let Some((_, index)) = index else { return Ok(BTreeSet::new()) };
        self.referring(index(id))
    }

    /// The owners that have a reference, those of this fold included.
    fn referring(&self, reference: Reference) -> Result<BTreeSet<Owner>, FoldError> {
        let known = self.catalog.referrers(reference).map_err(FoldError::Read)?;
        let mut owners: BTreeSet<Owner> =
            known.into_iter().map(|id| reference.referrer(id)).collect();
        let range = (reference, 0)..=(reference, u32::MAX);
        let fresh = self.fresh_references.iter().flat_map(|fresh| fresh.range(range.clone()));
        let fresh = fresh.chain(self.fresh_parents.range(range.clone()));
        owners.extend(fresh.map(|(_, id)| reference.referrer(*id)));
        Ok(owners)
    }

    /// The edits.
    pub(crate) fn finish(self) -> Result<CatalogEdits, FoldError> {
        let Self { touches, orphans, doubtful, .. } = self;
        let mut edits = CatalogEdits { touches, orphans, doubtful, ..CatalogEdits::default() };
        // Attributes are looked up in the sheets of this fold first, then in the catalog copy.
        let mut attributes = OptionAttributes::new(self.catalog, &self.sheets);
        for (owner, loaded) in &self.sheets {
            let references = &mut edits.references;
            edit_references(owner.id(), loaded, &mut attributes, references)?;
        }
        for (owner, loaded) in self.sheets {
            if loaded.is_changed && !(loaded.is_new && loaded.sheet.is_empty()) {
                let sheet = (!loaded.sheet.is_empty()).then_some(loaded.sheet);
                edits.sheets.insert(owner, sheet);
            }
        }
        Ok(edits)
    }
}

/// The owner of the row of `table` with this id; `None` where an owner is found by another column.
fn owner_of_row(table: Table, id: u32) -> Option<Owner> {
    let watched = table.watched();
    (watched.primary_key.first() == Some(&watched.chunk_column)).then(|| Owner::of_table(table)(id))
}

/// Adds the index entries that come and go with the rows of one owner.
fn edit_references<C: CatalogRead>(
    id: u32,
    loaded: &Loaded,
    attributes: &mut OptionAttributes<'_, C>,
    edits: &mut BTreeMap<(Reference, u32), bool>,
) -> Result<(), FoldError> {
    let mut gone = BTreeSet::new();
    for (table, row) in &loaded.gone {
        attributes.add(*table, row, &mut gone).map_err(FoldError::Read)?;
    }
    if !gone.is_empty() {
        let now = attributes.references(&loaded.sheet).map_err(FoldError::Read)?;
        edits.extend(gone.difference(&now).map(|reference| ((*reference, id), false)));
    }
    let mut came = BTreeSet::new();
    for (table, key) in &loaded.came {
        if let Some(row) = loaded.sheet.get(*table, *key) {
            attributes.add(*table, row, &mut came).map_err(FoldError::Read)?;
        }
    }
    edits.extend(came.into_iter().map(|reference| ((reference, id), true)));
    Ok(())
}
