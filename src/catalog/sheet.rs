//! A sheet: all rows of all watched tables that belong to one owner.

use std::collections::BTreeMap;

use sha1::{Digest as _, Sha1};

use crate::catalog::comparable;
use crate::catalog::tables::Table;
use crate::decode::{Row, Value};

/// A row's key: that of one or two columns; the second part is 0 where there is one. A text is
/// known by its hash, as a case-insensitive collation compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub u64, pub u64);

impl RowKey {
    /// The key of `row`; `None` if a key column holds neither a non-negative integer nor a text.
    pub fn of(table: Table, row: &Row) -> Option<Self> {
        let mut parts = [0u64; 2];
        for (part, column) in parts.iter_mut().zip(table.watched().primary_key) {
            *part = match row.get(*column)? {
                Value::Text(text) => text_key(text),
                value @ (Value::Int(_) | Value::Decimal(_) | Value::Null) => {
                    u64::try_from(value.as_int()?).ok()?
                }
            };
        }
        Some(Self(parts[0], parts[1]))
    }
}

/// Keys beyond this are hashes of texts.
const NUMBER_MAX: u64 = 1 << 40;

impl RowKey {
    /// The key as people write it: `entity_id=42`. Of a text only its column is known.
    pub fn text(self, table: Table) -> String {
        let watched = table.watched();
        let names = watched.primary_key.iter().filter_map(|at| watched.columns.get(*at));
        let parts = names.zip([self.0, self.1]).map(|(column, number)| {
            let is_number = number <= NUMBER_MAX;
            if is_number { format!("{}={number}", column.name) } else { column.name.to_owned() }
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn text_key(text: &str) -> u64 {
    let hash = Sha1::digest(comparable(text));
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// All rows of one owner, sorted by table and primary key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    rows: BTreeMap<(Table, RowKey), Row>,
}

impl FromIterator<(Table, RowKey, Row)> for Sheet {
    /// A sheet of these rows; fastest when they come sorted.
    fn from_iter<I: IntoIterator<Item = (Table, RowKey, Row)>>(rows: I) -> Self {
        let rows = rows.into_iter().map(|(table, key, row)| ((table, key), row));
        Self { rows: rows.collect() }
    }
}

impl Sheet {
    /// Puts a row in its place; the row that stood there is returned.
    pub fn insert(&mut self, table: Table, key: RowKey, row: Row) -> Option<Row> {
        self.rows.insert((table, key), row)
    }

    /// Takes a row out.
    pub fn remove(&mut self, table: Table, key: RowKey) -> Option<Row> {
        self.rows.remove(&(table, key))
    }

    /// The row with this key.
    pub fn get(&self, table: Table, key: RowKey) -> Option<&Row> {
        self.rows.get(&(table, key))
    }

    /// The rows of `table`, by primary key.
    pub fn rows(&self, table: Table) -> impl Iterator<Item = &Row> {
        let all = RowKey(0, 0)..=RowKey(u64::MAX, u64::MAX);
        self.rows.range((table, *all.start())..=(table, *all.end())).map(|(_, row)| row)
    }

    /// The primary keys of the rows of `table`, ascending.
    pub fn keys(&self, table: Table) -> Vec<RowKey> {
        let all = (table, RowKey(0, 0))..=(table, RowKey(u64::MAX, u64::MAX));
        self.rows.range(all).map(|((_, key), _)| *key).collect()
    }

    /// The first row of `table`: the only one where the owner has one row there.
    pub fn first(&self, table: Table) -> Option<&Row> {
        self.rows(table).next()
    }

    /// Every row, by table and primary key.
    pub fn iter(&self) -> impl Iterator<Item = (Table, RowKey, &Row)> {
        self.rows.iter().map(|((table, key), row)| (*table, *key, row))
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Whether the owner has no row left.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
