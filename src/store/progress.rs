//! How far the catalog copy is: the snapshot's cursor and the gate.

use crate::position::{BinlogOffset, Position};

/// The state of the snapshot. Stored; set by the absorb loop only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotState {
    /// Where the binlog is absorbed from once the tables are read: every transaction at or before
    /// it was visible to the snapshot's reads.
    pub start: Position,
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
        /// The number of the table being read.
        table: u8,
        /// The last value of its chunk column that was read; `None` at its start.
        after: Option<u64>,
    },
    /// All tables were read; the binlog is absorbed up to here before the gate opens.
    CatchingUp {
        /// Everything the reads saw is at or before this point.
        until: BinlogOffset,
    },
    /// The catalog copy is complete: the gate is open.
    Open,
}
