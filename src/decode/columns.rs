//! Column names from `information_schema`, for servers whose binlog doesn't name columns.

use std::collections::BTreeMap;

use crate::decode::TableId;
use crate::decode::event::event_type;
use crate::decode::table_map::{Column, TableMap};
use crate::position::BinlogOffset;

/// A column as `information_schema.COLUMNS` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDescription {
    /// `COLUMN_NAME`.
    pub name: String,
    /// Whether `COLUMN_TYPE` says `unsigned`.
    pub is_unsigned: bool,
    /// `DATA_TYPE`, in lower case (`int`, `varchar`, `mediumtext`).
    pub data_type: String,
    /// `CHARACTER_SET_NAME`, in lower case; `None` for a column that holds no text.
    pub charset: Option<String>,
}

/// The columns of one table, in the order of `ORDINAL_POSITION`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableColumns {
    /// The columns.
    pub columns: Vec<ColumnDescription>,
}

/// How the watched tables are defined at a position, for binlogs that do not name columns. Stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    /// The columns of each table that the shop has.
    pub columns: BTreeMap<TableId, TableColumns>,
    /// Tables that were redefined, each with the end of the binlog as it was after their columns
    /// were read: up to there rows may have another form than `columns` says.
    pub unsettled: BTreeMap<TableId, BinlogOffset>,
}

impl TableColumns {
    /// How these columns differ from the table in the binlog, as text; `None` when they fit.
    pub(crate) fn difference(&self, map: &TableMap<'_>) -> Option<String> {
        if self.columns.len() != map.columns.len() {
            let (ours, theirs) = (self.columns.len(), map.columns.len());
            return Some(format!("information_schema has {ours} columns, the binlog {theirs}"));
        }
        let mut pairs = self.columns.iter().zip(&map.columns);
        let (ours, theirs) = pairs.find(|(ours, theirs)| !fits(&ours.data_type, **theirs))?;
        let (name, data_type, number) = (&ours.name, &ours.data_type, theirs.kind);
        Some(format!(
            "column {name} is {data_type} in information_schema, type {number} in the {}",
            event_type::name(event_type::TABLE_MAP)
        ))
    }
}

/// Whether a column of this binlog type can be of this `DATA_TYPE`. Names that aren't known (types
/// of plugins, or newer ones) fit everything: such columns aren't read.
fn fits(data_type: &str, column: Column) -> bool {
    let number = column.kind;
    match data_type {
        "tinyint" => number == 1,
        "smallint" => number == 2,
        "mediumint" => number == 9,
        "int" => number == 3,
        "bigint" => number == 8,
        "float" => number == 4,
        "double" => number == 5,
        "decimal" => number == 246,
        "year" => number == 13,
        "date" => matches!(number, 10 | 14),
        "time" => matches!(number, 11 | 19),
        "timestamp" => matches!(number, 7 | 17),
        "datetime" => matches!(number, 12 | 18),
        // 140 and 141 are those that MariaDB keeps compressed.
        "varchar" | "varbinary" => matches!(number, 15 | 253 | 141),
        "char" | "binary" => number == 254,
        "enum" => number == 247,
        "set" => number == 248,
        "bit" => number == 16,
        "tinytext" | "tinyblob" => is_blob(column, 1),
        "text" | "blob" => is_blob(column, 2),
        "mediumtext" | "mediumblob" => is_blob(column, 3),
        "longtext" | "longblob" => is_blob(column, 4),
        _ => true,
    }
}

fn is_blob(column: Column, length_width: u16) -> bool {
    matches!(column.kind, 249..=252 | 140) && column.metadata == length_width
}
