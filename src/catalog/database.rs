//! A shop's database, for tests: it obeys unique and foreign keys, those of the fixture shops' SQL, and
//! writes what a binlog would hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::sample::Index;
use serde_json::Value as Json;

use crate::catalog::random_rows::{Edit, inserted, row};
use crate::catalog::{
    CatalogEdits, FoldMode, MemoryCatalog, Reference, RowKey, Table, Touch, fold, fold_owned,
    is_wide_delete, schema, wide_cascade,
};
use crate::decode::{Row, RowChange, TableLayout};

/// A foreign key that deletes with its parent: child table, its column, parent table.
type Cascade = (Table, usize, Table);

static PLAIN: LazyLock<Vec<Cascade>> = LazyLock::new(|| cascades(TableLayout::Plain));
static STAGED: LazyLock<Vec<Cascade>> = LazyLock::new(|| cascades(TableLayout::Staged));

/// The foreign keys between watched tables, as the fixture shop's SQL defines them.
pub(crate) fn cascades(layout: TableLayout) -> Vec<Cascade> {
    let tables = schema::tables(layout);
    let watched = |name: &str| Table::of_layout(layout).find(|table| table.name() == name).unwrap();
    let mut cascades = Vec::new();
    for child in Table::of_layout(layout) {
        for (column, parent, _) in &tables[child.name()].cascades {
            let at = child.watched().columns.iter().position(|it| it.name == column).unwrap();
            cascades.push((child, at, watched(parent)));
        }
    }
    cascades
}

/// Columns that hold a value once: the second statement fails.
const UNIQUE: &[(Table, &[&str])] = &[
    (Table::StoreWebsite, &["code"]),
    (Table::Store, &["code"]),
    (Table::ProductEntity, &["sku"]),
    (Table::EavAttribute, &["entity_type_id", "attribute_code"]),
    (Table::EavEntityType, &["entity_type_code"]),
];

/// The shop's database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    rows: BTreeMap<(Table, RowKey), Row>,
    /// Keys that were given away once; `AUTO_INCREMENT` gives none twice.
    spent: BTreeSet<(Table, RowKey)>,
    layout: TableLayout,
    /// Whether deletes by foreign key are in the binlog, ahead of their parent's.
    pub(crate) logs_cascades: bool,
    /// The session's `foreign_key_checks`: without them nothing is refused, and nothing goes along.
    pub(crate) foreign_key_checks: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self::new(TableLayout::Plain)
    }
}

impl Database {
    /// An empty database.
    pub(crate) fn new(layout: TableLayout) -> Self {
        let (rows, spent) = (BTreeMap::new(), BTreeSet::new());
        Self { rows, spent, layout, logs_cascades: false, foreign_key_checks: true }
    }

    /// Whether its shop has content staging.
    pub(crate) fn is_staged(&self) -> bool {
        self.layout == TableLayout::Staged
    }

    fn cascades(&self) -> &'static [Cascade] {
        match self.layout {
            TableLayout::Plain => &PLAIN,
            TableLayout::Staged => &STAGED,
        }
    }

    /// Every row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Table, &Row)> {
        self.rows.iter().map(|((table, _), row)| (*table, row))
    }

    /// Every row, as a snapshot reads them: inserts.
    pub(crate) fn snapshot(&self) -> Vec<RowChange> {
        self.rows().map(|(table, row)| inserted(table, row.clone())).collect()
    }

    /// The rows of a table, by primary key.
    pub(crate) fn of(&self, table: Table) -> impl Iterator<Item = (RowKey, &Row)> {
        let (first, last) = (RowKey(0, 0), RowKey(u64::MAX, u64::MAX));
        self.rows.range((table, first)..=(table, last)).map(|((_, key), row)| (*key, row))
    }

    /// Inserts or replaces a row by named columns; the database must allow it.
    pub(crate) fn put(&mut self, table: Table, cells: Json) -> Vec<RowChange> {
        let row = row(table, cells);
        let key = RowKey::of(table, &row).unwrap();
        assert!(self.is_allowed(table, key, key, &row), "{table:?}: refused: {row:?}");
        self.write(table, key, row)
    }

    /// Carries out a statement; nothing comes of one that breaks a constraint.
    pub(crate) fn edit(&mut self, edit: &Edit) -> Vec<RowChange> {
        match edit {
            Edit::Put(table, row) => {
                let key = RowKey::of(*table, row).unwrap();
                self.write(*table, key, row.clone())
            }
            Edit::Set(table, nth, column, value) => {
                let Some(key) = self.nth(*table, *nth) else { return Vec::new() };
                let mut row = self.rows[&(*table, key)].clone();
                row[*column] = value.clone();
                self.write(*table, key, row)
            }
            Edit::Delete(table, nth) => {
                let Some(key) = self.nth(*table, *nth) else { return Vec::new() };
                self.delete(*table, key)
            }
        }
    }

    fn nth(&self, table: Table, nth: Index) -> Option<RowKey> {
        let keys: Vec<RowKey> = self.of(table).map(|(key, _)| key).collect();
        (!keys.is_empty()).then(|| keys[nth.index(keys.len())])
    }

    /// Puts `row` in the place of the row with `key`, if there is one.
    fn write(&mut self, table: Table, key: RowKey, row: Row) -> Vec<RowChange> {
        let new_key = RowKey::of(table, &row).unwrap();
        let before = self.rows.get(&(table, key)).cloned();
        if before.as_ref() == Some(&row) || !self.is_allowed(table, key, new_key, &row) {
            return Vec::new();
        }
        self.rows.remove(&(table, key));
        self.rows.insert((table, new_key), row.clone());
        vec![self.change(table, before, Some(row))]
    }

    fn change(&self, table: Table, before: Option<Row>, after: Option<Row>) -> RowChange {
        RowChange { table: table.id(), before, after, cascades: self.foreign_key_checks }
    }

    fn is_allowed(&self, table: Table, key: RowKey, new_key: RowKey, row: &Row) -> bool {
        let is_parent = self.cascades().iter().any(|(.., parent)| *parent == table);
        let is_known = self.rows.contains_key(&(table, key));
        if key != new_key && (is_parent || self.rows.contains_key(&(table, new_key))) {
            return false;
        }
        if is_parent && !is_known && self.spent.contains(&(table, key)) {
            return false;
        }
        let has_parent = |(_, column, parent): &Cascade| {
            let own = parent.watched().primary_key[0];
            row[*column].is_null() || self.of(*parent).any(|(_, held)| held[own] == row[*column])
        };
        let mut keys = self.cascades().iter().filter(|(child, ..)| *child == table);
        let has_parents = keys.all(has_parent);
        let at = |of: Table, name: &str| {
            of.watched().columns.iter().position(|column| column.name == name).unwrap()
        };
        (has_parents || !self.foreign_key_checks)
            && UNIQUE.iter().filter(|(of, _)| *of == table).all(|(of, columns)| {
                let is_same = |held: &Row| {
                    columns.iter().all(|column| held[at(*of, column)] == row[at(*of, column)])
                };
                !self.of(*of).any(|(other, held)| other != key && is_same(held))
            })
    }

    /// Deletes a row and, with foreign keys, what refers to it.
    pub(crate) fn delete(&mut self, table: Table, key: RowKey) -> Vec<RowChange> {
        let mut changes = Vec::new();
        let own = self.rows[&(table, key)][table.watched().primary_key[0]].clone();
        for (child, at, parent) in self.cascades() {
            if *parent != table || !self.foreign_key_checks {
                continue;
            }
            let refers = |row: &Row| row[*at] == own;
            let doomed = self.of(*child).filter(|(_, row)| refers(row)).map(|(key, _)| key);
            let doomed: Vec<RowKey> = doomed.collect();
            for key in doomed {
                // It may have gone with another row meanwhile.
                if self.rows.contains_key(&(*child, key)) {
                    let deleted = self.delete(*child, key);
                    if self.logs_cascades {
                        changes.extend(deleted);
                    }
                }
            }
        }
        self.spent.insert((table, key));
        let before = self.rows.remove(&(table, key));
        changes.push(self.change(table, before, None));
        changes
    }
}

/// Absorbs changes as the absorb loop does: wide cascades are carried out before what follows, here
/// with pages of two owners. Returns what was touched.
pub(crate) fn absorb(
    catalog: &mut MemoryCatalog,
    changes: &[RowChange],
    mode: FoldMode,
) -> BTreeMap<Touch, Table> {
    let mut touches = BTreeMap::new();
    let mut commit = |catalog: &mut MemoryCatalog, edits: CatalogEdits| {
        touches.extend(edits.touches.iter().map(|(touch, (table, _))| (*touch, *table)));
        edits.apply_to(catalog);
    };
    let mut rest = changes;
    while !rest.is_empty() {
        let wide = rest.iter().position(is_wide_delete);
        let (folded, left) = rest.split_at(wide.map_or(rest.len(), |at| at + 1));
        rest = left;
        let edits = fold(folded, catalog, mode).unwrap();
        assert_eq!(edits, fold_owned(folded.to_vec(), catalog, mode).unwrap());
        commit(catalog, edits);
        let cascade = wide_cascade(folded.last().unwrap(), catalog).unwrap();
        assert_eq!(cascade.is_some(), wide.is_some());
        let (Some(cascade), mut after) = (cascade, None) else { break };
        loop {
            let (edits, reached) = cascade.page(catalog, mode, after, 2).unwrap();
            commit(catalog, edits);
            if reached.is_none() {
                break;
            }
            after = reached;
        }
    }
    touches
}

/// The entries of the reverse indexes that are exact. Options that an attribute held while it was of
/// another kind may stay.
pub(crate) fn exact_references(catalog: &MemoryCatalog) -> Vec<(Reference, u32)> {
    let is_exact = |(reference, _): &(Reference, u32)| {
        !matches!(
            reference,
            Reference::OptionHeld(_)
                | Reference::VersionOptionHeld(_)
                | Reference::CategoryOptionHeld(_)
                | Reference::VersionCategoryOptionHeld(_)
        )
    };
    catalog.references.iter().copied().filter(is_exact).collect()
}
