//! Which tables are watched, and how the rows of each are read.

use std::collections::BTreeMap;

use crate::decode::bytes::Bytes;
use crate::decode::columns::TableColumns;
use crate::decode::event::event_type;
use crate::decode::layout::{Extent, layout};
use crate::decode::table_map::{Column, TableMap, TableMapHead, write_table_map};
use crate::decode::{ColumnKind, DecodeError, TableId, TableLayout, WatchedColumn, WatchedTable};
use crate::position::BinlogOffset;

const FRACTION_DIGITS_MAX: u16 = 3;

/// The tables to decode.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The shop's database.
    pub schema: String,
    /// What the shop puts before each table name; usually empty.
    pub table_prefix: String,
    /// The tables of every layout, without prefix; a [`TableId`] is an index of this list.
    pub tables: &'static [WatchedTable],
    /// Which layout the shop's tables have.
    pub layout: TableLayout,
}

impl Watch {
    /// The tables that a shop of this layout has, in the order of their ids.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, &'static WatchedTable)> {
        let layout = self.layout;
        let all = (0..=u8::MAX).map(TableId).zip(self.tables);
        all.filter(move |(_, table)| table.layout.is_none_or(|only| only == layout))
    }

    /// A table's name in the database.
    pub fn full_name(&self, table: &WatchedTable) -> String {
        format!("{}{}", self.table_prefix, table.name)
    }

    /// The watched tables with their full names, in the order of their ids.
    pub(crate) fn full_names(&self) -> impl Iterator<Item = (String, TableId)> {
        self.tables().map(|(id, table)| (self.full_name(table), id))
    }

    /// The table with this id.
    pub fn table(&self, id: TableId) -> Option<&'static WatchedTable> {
        self.tables.get(usize::from(id.0))
    }
}

/// How the cell of a column becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Int { is_unsigned: bool },
    Decimal,
    Text,
    Date,
    DateTime { digits: u16 },
    Timestamp { digits: u16 },
    Float,
}

/// A column to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnRead {
    pub(crate) index: usize,
    pub(crate) column: &'static str,
    pub(crate) form: Form,
}

/// How the rows of a watched table are read.
#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) table: TableId,
    pub(crate) name: String,
    /// Per column of the table.
    pub(crate) extents: Vec<Extent>,
    /// Per column that we read, in the order of [`WatchedTable::columns`].
    pub(crate) reads: Vec<ColumnRead>,
    /// The `TABLE_MAP` that `mysql_cdc` is given instead of the server's.
    pub(crate) rewritten: Vec<u8>,
}

/// What is at hand to plan a table.
pub(crate) struct Planning<'a> {
    pub(crate) table: TableId,
    pub(crate) watched: &'static WatchedTable,
    pub(crate) columns: &'a BTreeMap<TableId, TableColumns>,
    pub(crate) at: &'a BinlogOffset,
}

impl Planning<'_> {
    /// Reads the rest of a `TABLE_MAP` and decides how its rows are read.
    pub(crate) fn plan(
        &self,
        head: TableMapHead<'_>,
        rest: Bytes<'_>,
    ) -> Result<TablePlan, DecodeError> {
        let name = String::from_utf8_lossy(head.table).into_owned();
        let map = TableMap::read(head, rest).map_err(|_short| DecodeError::Malformed {
            name: event_type::name(event_type::TABLE_MAP),
            what: "a field is longer than the event, or a column type is not known",
            at: self.at.clone(),
        })?;
        let described = self.columns.get(&self.table);
        let names = self.names(&map, described, &name)?;
        let mut reads = Vec::with_capacity(self.watched.columns.len());
        for column in self.watched.columns {
            reads.push(self.column_read(column, &names, (&map, described), &name)?);
        }
        let mut extents = Vec::with_capacity(map.columns.len());
        let mut types = Vec::with_capacity(map.columns.len());
        for (column, column_name) in map.columns.iter().zip(&names) {
            let layout =
                layout(*column).ok_or_else(|| self.wrong_type(&name, column_name, column.kind))?;
            extents.push(layout.extent);
            types.push(layout.read_as);
        }
        let rewritten = write_table_map(&map.head, &types);
        Ok(TablePlan { table: self.table, name, extents, reads, rewritten })
    }

    /// The names in column order: those in the binlog, else those described, if they fit.
    fn names(
        &self,
        map: &TableMap<'_>,
        described: Option<&TableColumns>,
        name: &str,
    ) -> Result<Vec<String>, DecodeError> {
        if let Some(names) = &map.names {
            return Ok(names.iter().map(|name| String::from_utf8_lossy(name).into()).collect());
        }
        let (table, at) = (name.to_owned(), self.at.clone());
        let Some(described) = described else {
            return Err(DecodeError::NoColumnNames { table, at });
        };
        match described.difference(map) {
            Some(reason) => Err(DecodeError::ColumnsDiffer { table, reason, at }),
            None => Ok(described.columns.iter().map(|column| column.name.clone()).collect()),
        }
    }

    fn column_read(
        &self,
        watched: &WatchedColumn,
        names: &[String],
        (map, described): (&TableMap<'_>, Option<&TableColumns>),
        table: &str,
    ) -> Result<ColumnRead, DecodeError> {
        let column = watched.name;
        let found = names.iter().position(|name| name.eq_ignore_ascii_case(column));
        let Some((index, found)) = found.and_then(|at| Some((at, map.columns.get(at)?))) else {
            let (table, at) = (table.to_owned(), self.at.clone());
            return Err(DecodeError::MissingColumn { table, column, at });
        };
        let described = described
            .and_then(|described| described.columns.get(index))
            .filter(|described| described.name.eq_ignore_ascii_case(column))
            .map(|described| described.is_unsigned);
        let is_unsigned = found.is_unsigned.or(described);
        let form = form(watched.kind, *found, is_unsigned)
            .ok_or_else(|| self.wrong_type(table, column, found.kind))?;
        if let Form::DateTime { digits } | Form::Timestamp { digits } = form
            && digits > FRACTION_DIGITS_MAX
        {
            let (table, at) = (table.to_owned(), self.at.clone());
            return Err(DecodeError::FractionalSeconds { table, column, digits, at });
        }
        Ok(ColumnRead { index, column, form })
    }

    fn wrong_type(&self, table: &str, column: &str, column_type: u8) -> DecodeError {
        let (table, column) = (table.to_owned(), column.to_owned());
        DecodeError::ColumnType { table, column, column_type, at: self.at.clone() }
    }
}

/// How a column of this type is read as that kind; `None` when it can't be, or when nobody says
/// whether an integer is unsigned.
fn form(kind: ColumnKind, column: Column, is_unsigned: Option<bool>) -> Option<Form> {
    let digits = column.metadata;
    match (kind, column.kind) {
        (ColumnKind::Int, 1..=3 | 8 | 9) => Some(Form::Int { is_unsigned: is_unsigned? }),
        (ColumnKind::Decimal, 246) => Some(Form::Decimal),
        (ColumnKind::Text, 15 | 253 | 254 | 249..=252) => Some(Form::Text),
        (ColumnKind::Temporal, 10) => Some(Form::Date),
        (ColumnKind::Temporal, 12) => Some(Form::DateTime { digits: 0 }),
        (ColumnKind::Temporal, 18) => Some(Form::DateTime { digits }),
        (ColumnKind::Temporal, 7) => Some(Form::Timestamp { digits: 0 }),
        (ColumnKind::Temporal, 17) => Some(Form::Timestamp { digits }),
        (ColumnKind::Float, 4 | 5) => Some(Form::Float),
        (
            ColumnKind::Int
            | ColumnKind::Decimal
            | ColumnKind::Text
            | ColumnKind::Temporal
            | ColumnKind::Float,
            _,
        ) => None,
    }
}
