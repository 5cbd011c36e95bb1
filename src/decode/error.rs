//! Why an event can't be decoded.

use thiserror::Error;

use crate::decode::event::event_type;
use crate::position::BinlogOffset;

/// Why an event can't be decoded. `at` is the end of the event in its binlog file. Every one of
/// these stops the stream: what the event carries would otherwise be lost without a sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// An event that may carry changes in a form that isn't read.
    #[error("decode the {name} event (type {event_type}) before {at}: it may carry changes")]
    UnsupportedEvent {
        /// The event's type number.
        event_type: u8,
        /// The event's name.
        name: &'static str,
        /// Where it ends.
        at: BinlogOffset,
    },
    /// The bytes don't have the form that their type demands.
    #[error("decode the {name} event before {at}: {what}")]
    Malformed {
        /// The event's name.
        name: &'static str,
        /// What is wrong.
        what: &'static str,
        /// Where it ends.
        at: BinlogOffset,
    },
    /// A row event refers to a table that no `TABLE_MAP` announced.
    #[error("decode the row event before {at}: table id {table_id} was not announced")]
    MissingTableMap {
        /// The server's number for the table.
        table_id: u64,
        /// Where it ends.
        at: BinlogOffset,
    },
    /// Neither the binlog nor the caller says what the table's columns are called.
    #[error("decode rows of {table} before {at}: the names of its columns are not known")]
    NoColumnNames {
        /// The table.
        table: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// The column names from `information_schema` don't fit the table in the binlog.
    #[error("decode rows of {table} before {at}: {reason}")]
    ColumnsDiffer {
        /// The table.
        table: String,
        /// The difference.
        reason: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// A column that we read is not in the table.
    #[error("decode rows of {table} before {at}: there is no column {column}")]
    MissingColumn {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// A column has a type that isn't read.
    #[error("decode column {column} of {table} before {at}: column type {column_type} is not read")]
    ColumnType {
        /// The table.
        table: String,
        /// The column's name, or its number from 1.
        column: String,
        /// The type's number in the binlog.
        column_type: u8,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// A temporal column is finer than milliseconds.
    #[error(
        "decode column {column} of {table} before {at}: {digits} digits of seconds, 3 are read"
    )]
    FractionalSeconds {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
        /// Digits of the fraction of a second.
        digits: u16,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// The row event leaves out columns.
    #[error("decode rows of {table} before {at}: the row image is not full")]
    PartialRowImage {
        /// The table.
        table: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// A text is not UTF-8.
    #[error("decode column {column} of {table} before {at}: the text is not UTF-8")]
    NotUtf8 {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// A value has no form in [`Value`](crate::decode::Value).
    #[error("decode column {column} of {table} before {at}: no value can hold {value}")]
    ValueRange {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
        /// The value as text.
        value: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// `mysql_cdc` refused the bytes.
    #[error("decode rows of {table} before {at}: {message}")]
    RowParser {
        /// The table.
        table: String,
        /// What it said.
        message: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
}

impl DecodeError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnsupportedEvent { event_type, .. } => unsupported_hint(*event_type),
            Self::NoColumnNames { .. } => Some("set binlog_row_metadata=FULL on the server"),
            Self::ColumnsDiffer { .. } => {
                Some("set binlog_row_metadata=FULL on the server, or take a new snapshot")
            }
            Self::PartialRowImage { .. } => Some("set binlog_row_image=FULL on the server"),
            Self::NotUtf8 { .. } => Some("convert the table to utf8mb4"),
            Self::MissingTableMap { .. } => {
                Some("start at the beginning of a transaction, or take a new snapshot")
            }
            Self::Malformed { .. }
            | Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::FractionalSeconds { .. }
            | Self::ValueRange { .. }
            | Self::RowParser { .. } => None,
        }
    }
}

fn unsupported_hint(number: u8) -> Option<&'static str> {
    match number {
        event_type::TRANSACTION_PAYLOAD => {
            Some("set binlog_transaction_compression=OFF on the server, then take a new snapshot")
        }
        event_type::PARTIAL_UPDATE_ROWS => {
            Some("set binlog_row_value_options='' on the server, then take a new snapshot")
        }
        event_type::QUERY_COMPRESSED..=event_type::DELETE_ROWS_COMPRESSED => {
            Some("set log_bin_compress=OFF on the server, then take a new snapshot")
        }
        event_type::INCIDENT => {
            Some("the server says that its binlog lacks changes: take a new snapshot")
        }
        event_type::START_ENCRYPTION => {
            Some("read from the server, which decrypts, instead of from its files")
        }
        _ => None,
    }
}
