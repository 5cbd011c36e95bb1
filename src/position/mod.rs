//! Owns where we are in a server's change history: GTID sets of both servers, and file with offset.
//!
//! Text that a server prints goes in; values that can be compared, joined and printed come out.
//! Pure. Must not know connections or event bytes.

mod gtid;
mod mariadb;
mod mysql;
mod offset;
mod xid;

use thiserror::Error;

pub use gtid::{Gtid, GtidSet};
pub use mariadb::{MariadbGtid, MariadbGtidPosition};
pub use mysql::{MysqlGtid, MysqlGtidSet, Sid};
pub use offset::{BinlogFile, BinlogOffset, Position};
pub use xid::Xid;

/// Why a position can't be read or joined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PositionError {
    /// A part of a MySQL GTID set is not `uuid:[tag:]first[-last]…`.
    #[error("read the MySQL GTID set at {part:?}: {reason}")]
    MysqlGtid {
        /// The part that can't be read.
        part: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A part of a MariaDB GTID position is not `domain-server-sequence`.
    #[error("read the MariaDB GTID position at {part:?}: not domain-server-sequence")]
    MariadbGtid {
        /// The part that can't be read.
        part: String,
    },
    /// A GTID of one server kind was to be joined to a set of the other kind.
    #[error("join GTIDs of MySQL and MariaDB: {left:?} and {right:?}")]
    OtherServerKind {
        /// The set as text.
        left: String,
        /// What was to be joined to it.
        right: String,
    },
    /// A stored position is not what [`Position::encode`] writes.
    #[error("read the stored position {text:?}")]
    Encoding {
        /// The stored text.
        text: String,
    },
}

#[cfg(test)]
mod tests;
