//! Which tables and columns are decoded. The list itself comes from `catalog`.

use crate::decode::Row;

/// What a column is decoded to; see [`Value`](crate::decode::Value) for the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// TINYINT to BIGINT, signed or not.
    Int,
    /// DECIMAL.
    Decimal,
    /// CHAR, VARCHAR, TEXT of any size.
    Text,
    /// DATETIME, TIMESTAMP or DATE.
    Temporal,
    /// FLOAT or DOUBLE.
    Float,
}

/// A column that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedColumn {
    /// The column's name in the database.
    pub name: &'static str,
    /// What it is decoded to.
    pub kind: ColumnKind,
}

/// The layout of a shop's tables: which of two tables of one name a shop has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableLayout {
    /// Rows belong to entities (`entity_id`).
    #[default]
    Plain,
    /// Rows belong to staged versions of entities (`row_id`): content staging.
    Staged,
}

/// A table that we read, without the shop's table prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedTable {
    /// The table's name, without prefix.
    pub name: &'static str,
    /// The columns we read; a [`Row`] holds their values in this order.
    pub columns: &'static [WatchedColumn],
    /// The column by whose ranges the snapshot reads the table: the owner's id where there is one.
    /// An index of `columns`.
    pub chunk_column: usize,
    /// The primary key, as indexes of `columns`: one or two integer columns.
    pub primary_key: &'static [usize],
    /// Whether a shop may lack the table (optional modules).
    pub optional: bool,
    /// The only layout that has the table in this form; `None`: every layout has.
    pub layout: Option<TableLayout>,
}

/// The number of a watched table: its place in the list that `catalog::tables` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u8);

/// One decoded insert (`after` only), update (both) or delete (`before` only).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: TableId,
    /// The full row image before the change.
    pub before: Option<Row>,
    /// The full row image after the change.
    pub after: Option<Row>,
    /// Whether the server applied foreign keys: a delete then took the rows below it along, which
    /// MariaDB and older MySQL do not write to the binlog. Not so under `foreign_key_checks = 0`.
    pub cascades: bool,
}

impl RowChange {
    /// A row as it is now, whatever was there before: what a SELECT shows.
    pub fn read(table: TableId, row: Row) -> Self {
        Self { table, before: None, after: Some(row), cascades: false }
    }
}
