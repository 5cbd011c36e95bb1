//! Why a stream can't be cut into transactions.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::decode::TableId;
use crate::position::{BinlogOffset, PositionError};

/// Why a stream can't be cut into transactions. Every one of these stops the stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FramingError {
    /// Row changes came while no transaction was open.
    #[error("frame row changes before {at}: no transaction was begun")]
    RowsOutsideTransaction {
        /// Where the row event ends.
        at: BinlogOffset,
    },
    /// A transaction began while changes of another waited for their commit.
    #[error("frame the transaction before {at}: it was not ended")]
    UnfinishedTransaction {
        /// Where the event that began the next one ends.
        at: BinlogOffset,
    },
    /// A watched table was changed by a statement that is in the binlog only as text.
    #[error("frame a statement before {at}: it changed rows of a watched table without row events")]
    StatementFormat {
        /// The tables.
        tables: BTreeSet<TableId>,
        /// Where the statement ends.
        at: BinlogOffset,
    },
    /// The payload of a compressed transaction ends before the transaction does.
    #[error(
        "frame the compressed transaction before {at}: its payload has no end of a transaction"
    )]
    PayloadWithoutEnd {
        /// Where the event with the payload ends.
        at: BinlogOffset,
    },
    /// The payload of a compressed transaction goes on behind the transaction's end.
    #[error("frame the compressed transaction before {at}: its payload goes on behind its end")]
    PayloadGoesOn {
        /// Where the event with the payload ends.
        at: BinlogOffset,
    },
    /// Changes were rolled back to a savepoint that was never set.
    #[error("frame a rollback before {at}: savepoint {savepoint:?} was not set")]
    UnknownSavepoint {
        /// The savepoint.
        savepoint: String,
        /// Where the statement ends.
        at: BinlogOffset,
    },
    /// A GTID doesn't belong to the server kind of the start position.
    #[error("frame the transaction before {at}")]
    Gtid {
        /// Where the event ends.
        at: BinlogOffset,
        /// The mismatch.
        #[source]
        source: PositionError,
    },
}

impl FramingError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::StatementFormat { .. } => {
                Some("set binlog_format=ROW on the server, then take a new snapshot")
            }
            Self::UnknownSavepoint { .. } => Some("take a new snapshot"),
            Self::PayloadWithoutEnd { .. } | Self::PayloadGoesOn { .. } => {
                Some("check the server's binlog files; if they are damaged, take a new snapshot")
            }
            Self::RowsOutsideTransaction { .. } | Self::UnfinishedTransaction { .. } => {
                Some("start at the beginning of a transaction, or take a new snapshot")
            }
            Self::Gtid { .. } => Some("the server is of another kind: take a new snapshot"),
        }
    }
}
