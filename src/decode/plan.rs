//! Which tables are watched, and how the rows of each are read.

use crate::decode::bytes::Bytes;
use crate::decode::charset::Charset;
use crate::decode::columns::{ColumnDescription, TableColumns};
use crate::decode::layout::{Extent, layout};
use crate::decode::table_map::{Column, MapFault, TableMap, TableMapHead, write_table_map};
use crate::decode::temporal::Temporal;
use crate::decode::{ColumnKind, TableId, TableLayout, Unreadable, WatchedColumn, WatchedTable};

/// The number of MySQL's JSON type.
const JSON: u8 = 245;
/// The largest number of a collation that both servers' own lists may hold.
const COLLATION_MAX: usize = 323;
/// The number of fixed-length text and bytes.
const STRING: u8 = 254;

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
    Int {
        is_unsigned: bool,
    },
    Decimal,
    Text {
        charset: Charset,
    },
    /// BINARY of this many bytes.
    Padded {
        width: u16,
    },
    Temporal(Temporal),
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
    /// How many columns are MySQL's JSON: a partial update says for each whether it is whole.
    pub(crate) json_count: usize,
    /// The `TABLE_MAP` that `mysql_cdc` is given instead of the server's.
    pub(crate) rewritten: Vec<u8>,
}

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum Unplanned {
    /// The `TABLE_MAP` is malformed.
    Malformed,
    /// The table is not one whose rows can be decoded.
    Unreadable(Unreadable),
}

impl From<Unreadable> for Unplanned {
    fn from(reason: Unreadable) -> Self {
        Self::Unreadable(reason)
    }
}

/// What is at hand to plan a table.
pub(crate) struct Planning<'a> {
    pub(crate) table: TableId,
    pub(crate) watched: &'static WatchedTable,
    /// The columns as `information_schema` describes them, if it was asked.
    pub(crate) described: Option<&'a TableColumns>,
    /// Whether that description may be of another time.
    pub(crate) is_unsettled: bool,
    pub(crate) is_mariadb: bool,
}

impl Planning<'_> {
    /// Reads the rest of a `TABLE_MAP` and decides how its rows are read.
    pub(crate) fn plan(
        &self,
        head: TableMapHead<'_>,
        rest: Bytes<'_>,
    ) -> Result<TablePlan, Unplanned> {
        let name = String::from_utf8_lossy(head.table).into_owned();
        let map = TableMap::read(head, rest, self.is_mariadb).map_err(|fault| match fault {
            MapFault::Malformed => Unplanned::Malformed,
            MapFault::UnknownType(column_type) => Unreadable::UnknownType { column_type }.into(),
        })?;
        let names = self.names(&map)?;
        let mut reads = Vec::with_capacity(self.watched.columns.len());
        for column in self.watched.columns {
            reads.push(self.column_read(column, &names, &map)?);
        }
        let mut extents = Vec::with_capacity(map.columns.len());
        let mut types = Vec::with_capacity(map.columns.len());
        for (column, column_name) in map.columns.iter().zip(&names) {
            let layout = layout(*column).ok_or_else(|| wrong_type(column_name, *column))?;
            extents.push(layout.extent);
            types.push(layout.read_as);
        }
        let json_count = map.columns.iter().filter(|column| column.kind == JSON).count();
        let rewritten = write_table_map(&map.head, &types);
        Ok(TablePlan { table: self.table, name, extents, reads, json_count, rewritten })
    }

    /// The names in column order: those in the binlog, else those described, if they fit.
    fn names(&self, map: &TableMap<'_>) -> Result<Vec<String>, Unreadable> {
        if let Some(names) = &map.names {
            return Ok(names.iter().map(|name| String::from_utf8_lossy(name).into()).collect());
        }
        if self.is_unsettled {
            return Err(Unreadable::Unsettled);
        }
        let described = self.described.ok_or(Unreadable::NoColumnNames)?;
        match described.difference(map) {
            Some(difference) => Err(Unreadable::ColumnsDiffer { difference }),
            None => Ok(described.columns.iter().map(|column| column.name.clone()).collect()),
        }
    }

    fn column_read(
        &self,
        watched: &WatchedColumn,
        names: &[String],
        map: &TableMap<'_>,
    ) -> Result<ColumnRead, Unreadable> {
        let column = watched.name;
        let found = names.iter().position(|name| name.eq_ignore_ascii_case(column));
        let Some((index, found)) = found.and_then(|at| Some((at, *map.columns.get(at)?))) else {
            return Err(Unreadable::MissingColumn { column });
        };
        let described = self
            .described
            .filter(|_| !self.is_unsettled)
            .and_then(|described| described.columns.get(index))
            .filter(|described| described.name.eq_ignore_ascii_case(column));
        let is_unsigned = found.is_unsigned.or(described.map(|described| described.is_unsigned));
        let form = if watched.kind == ColumnKind::Text {
            self.text_form(column, found, described)?
        } else {
            form(watched.kind, found, is_unsigned).ok_or_else(|| wrong_type(column, found))?
        };
        Ok(ColumnRead { index, column, form })
    }

    /// How a text column is read. The binlog tells its collation, or `information_schema` its
    /// character set; when neither does, nobody guesses.
    fn text_form(
        &self,
        column: &'static str,
        found: Column,
        described: Option<&ColumnDescription>,
    ) -> Result<Form, Unreadable> {
        if !matches!(found.kind, 15 | 253 | 254 | 249..=252) {
            return Err(wrong_type(column, found));
        }
        // MariaDB has types that are bytes in the binlog and another text in a SELECT, such as UUID.
        if described.is_some_and(|described| !is_text(&described.data_type)) {
            return Err(wrong_type(column, found));
        }
        let told = found.collation;
        // A number that the servers define, of a set that isn't read, says more than a description.
        let is_untold = told.is_none_or(|number| number > COLLATION_MAX);
        let charset = told
            .and_then(|number| Charset::of_collation(number, self.is_mariadb))
            .or_else(|| described.filter(|_| is_untold).and_then(charset_described));
        match charset {
            Some(Charset::Binary) if found.kind == STRING => {
                Ok(Form::Padded { width: found.metadata })
            }
            Some(charset) => Ok(Form::Text { charset }),
            None => {
                let named = described.and_then(|described| described.charset.clone());
                let charset = match (named, told) {
                    (Some(name), _) => format!("character set {name}"),
                    (None, Some(number)) => format!("the collation of number {number}"),
                    (None, None) => "a character set that nobody names".to_owned(),
                };
                Err(Unreadable::Charset { column, charset })
            }
        }
    }
}

/// The character set that `information_schema` names; it names none for bytes.
fn charset_described(described: &ColumnDescription) -> Option<Charset> {
    match &described.charset {
        Some(name) => Charset::named(name),
        None => is_bytes(&described.data_type).then_some(Charset::Binary),
    }
}

fn is_bytes(data_type: &str) -> bool {
    matches!(data_type, "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob")
}

fn is_text(data_type: &str) -> bool {
    let texts = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext"];
    is_bytes(data_type) || texts.contains(&data_type)
}

fn wrong_type(column: &str, found: Column) -> Unreadable {
    Unreadable::ColumnType { column: column.to_owned(), column_type: found.kind }
}

/// How a column of this type is read as that kind; `None` when it can't be, or when nobody says
/// whether an integer is unsigned.
fn form(kind: ColumnKind, column: Column, is_unsigned: Option<bool>) -> Option<Form> {
    let [digits, _] = column.metadata.to_le_bytes();
    match (kind, column.kind) {
        (ColumnKind::Int, 1..=3 | 8 | 9) => Some(Form::Int { is_unsigned: is_unsigned? }),
        (ColumnKind::Decimal, 246) => Some(Form::Decimal),
        (ColumnKind::Temporal, 10) => Some(Form::Temporal(Temporal::Date)),
        (ColumnKind::Temporal, 12) => Some(Form::Temporal(Temporal::OldDateTime)),
        (ColumnKind::Temporal, 18) => Some(Form::Temporal(Temporal::DateTime { digits })),
        (ColumnKind::Temporal, 7) => Some(Form::Temporal(Temporal::OldTimestamp)),
        (ColumnKind::Temporal, 17) => Some(Form::Temporal(Temporal::Timestamp { digits })),
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
