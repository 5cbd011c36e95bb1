//! Why an event can't be decoded.

use thiserror::Error;

use crate::decode::event::event_type;
use crate::decode::payload::PayloadFault;
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
    /// The row event leaves out columns.
    #[error("decode rows of {table} before {at}: the row image is not full")]
    PartialRowImage {
        /// The table.
        table: String,
        /// Where the event ends.
        at: BinlogOffset,
    },
    /// What an event of MariaDB inflates to is larger than any event.
    #[error("decode the {name} event before {at}: it inflates to {size} bytes (at most {limit})")]
    InflatedSize {
        /// The event's name.
        name: &'static str,
        /// The size it claims, in bytes.
        size: u64,
        /// The largest size, in bytes.
        limit: u64,
        /// Where it ends.
        at: BinlogOffset,
    },
    /// The payload of a compressed transaction is not what it claims to be.
    #[error("decode the TRANSACTION_PAYLOAD event before {at}")]
    Payload {
        /// What is wrong.
        #[source]
        fault: PayloadFault,
        /// Where the event ends.
        at: BinlogOffset,
    },
}

impl DecodeError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnsupportedEvent { event_type, .. } => unsupported_hint(*event_type),
            Self::PartialRowImage { .. } => Some("set binlog_row_image=FULL on the server"),
            Self::MissingTableMap { .. } => {
                Some("start at the beginning of a transaction, or take a new snapshot")
            }
            Self::Payload { .. } => {
                Some("check the server's binlog files; if they are damaged, take a new snapshot")
            }
            Self::Malformed { .. } | Self::InflatedSize { .. } => None,
        }
    }
}

fn unsupported_hint(number: u8) -> Option<&'static str> {
    match number {
        event_type::INCIDENT => {
            Some("the server says that its binlog lacks changes: take a new snapshot")
        }
        event_type::START_ENCRYPTION => {
            Some("read from the server, which decrypts, instead of from its files")
        }
        _ => None,
    }
}
