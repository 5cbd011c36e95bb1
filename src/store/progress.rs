//! How far the catalog copy is: the snapshot's cursors, the gate, and what must be read again.

use std::collections::BTreeSet;

use crate::decode::{RowChange, TableId, TableLayout};
use crate::position::{BinlogOffset, Position};

/// The state of the snapshot. Stored; set by the absorb loop only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotState {
    /// Where the binlog is absorbed from once the tables are read: every transaction at or before
    /// it was visible to the snapshot's reads.
    pub start: Position,
    /// The layout of the shop's tables.
    pub layout: TableLayout,
    /// What is being done.
    pub phase: Phase,
    /// Rows read so far.
    pub rows_read: u64,
}

/// The snapshot's phases, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Tables are being read.
    Reading {
        /// All tables, in the order in which they are read.
        groups: Vec<TableGroup>,
    },
    /// All tables were read; the binlog is absorbed up to here before the gate opens.
    CatchingUp {
        /// Everything the reads saw is at or before this point.
        until: BinlogOffset,
    },
    /// The catalog copy is complete: the gate is open.
    Open,
}

/// Tables that are read together, because their rows have the same owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableGroup {
    /// The tables.
    pub tables: Vec<TableId>,
    /// Whether they are read in ranges of their owners; else each in one piece, which needs no
    /// index and cannot be resumed amid a table.
    pub is_ranged: bool,
    /// How much of them was read.
    pub progress: GroupProgress,
}

/// How much of a group was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupProgress {
    /// Nothing.
    Unread,
    /// Every row whose chunk column is at most this.
    After(u64),
    /// Everything.
    Read,
}

/// What a prepared distributed transaction did, set aside until it is committed. Stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Its row changes.
    pub changes: Vec<RowChange>,
    /// Tables whose rows it changed in a way that `changes` does not carry.
    pub reread: BTreeSet<TableId>,
}

/// A table whose rows must be read again while the binlog is followed. Stored; removed once they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reread {
    /// The last value of the chunk column that was read again; `None` at the table's start.
    pub after: Option<u64>,
    /// Where the binlog must be absorbed from once more when all is read: a server without GTIDs
    /// does not say which transactions its answers include, so the position goes back to one that
    /// they include for sure. `None` where that is not needed, or not known yet.
    pub replay_from: Option<BinlogOffset>,
}
