//! Why rows of a watched table can't be decoded although nothing is wrong with their bytes.

use thiserror::Error;

/// Why the binlog's rows of a table can't be turned into values. The table must be read again with a
/// SELECT, for which the server converts; the stream goes on meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Neither the binlog nor the caller says what the table's columns are called.
    #[error("the names of its columns are not known")]
    NoColumnNames,
    /// The binlog doesn't name columns, and the names at hand may be of another time.
    #[error("the names of its columns at that time are not known")]
    Unsettled,
    /// The column names from `information_schema` don't fit the table in the binlog.
    #[error("{difference}")]
    ColumnsDiffer {
        /// The difference, as text.
        difference: String,
    },
    /// A column that we read is not in the table.
    #[error("there is no column {column}")]
    MissingColumn {
        /// The column.
        column: &'static str,
    },
    /// A column has a type that isn't read.
    #[error("column {column} is of column type {column_type}, which is not read")]
    ColumnType {
        /// The column's name.
        column: String,
        /// The type's number in the binlog.
        column_type: u8,
    },
    /// A column has a type whose cells can't even be passed over.
    #[error("column type {column_type} is not known")]
    UnknownType {
        /// The type's number in the binlog.
        column_type: u8,
    },
    /// A text column has a character set that isn't read, or that nobody names.
    #[error("column {column} is in {charset}, which is not read")]
    Charset {
        /// The column.
        column: &'static str,
        /// The character set or collation, as far as it is known.
        charset: String,
    },
    /// Bytes of a text column are not text in its character set.
    #[error("column {column} holds bytes that are no text in {charset}")]
    NotText {
        /// The column.
        column: &'static str,
        /// The character set.
        charset: &'static str,
    },
    /// A value has no form in [`Value`](crate::decode::Value).
    #[error("column {column} holds {value}, which has no form here")]
    ValueRange {
        /// The column.
        column: &'static str,
        /// The value as text.
        value: String,
    },
    /// The rows lack columns, none of which we read: MariaDB leaves virtual columns out of what it
    /// deletes.
    #[error("the binlog leaves columns out")]
    LeftOut,
    /// `mysql_cdc` refused rows whose lengths are right.
    #[error("{message}")]
    RowParser {
        /// What it said.
        message: String,
    },
}

impl Unreadable {
    /// What spares the table from being read again at each change, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoColumnNames | Self::Unsettled | Self::ColumnsDiffer { .. } => {
                Some("set binlog_row_metadata=FULL on the server")
            }
            Self::Charset { .. } | Self::NotText { .. } => Some("convert the table to utf8mb4"),
            Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::UnknownType { .. }
            | Self::ValueRange { .. }
            | Self::LeftOut
            | Self::RowParser { .. } => None,
        }
    }
}
