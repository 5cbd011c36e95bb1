//! From decoded events to source transactions. Pure.
//!
//! A source transaction ends with a commit or a rollback, or with the single statement of a
//! transaction that has no commit. Only there does the position move, so that a restart repeats a
//! transaction rather than lose half of one. A transaction never spans binlog files.

mod reason;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::decode::{Changes, Decoded, EventHeader, StatementKind, TableId};
use crate::position::{BinlogOffset, Gtid, GtidSet, Position, PositionError, Xid};

pub use reason::RereadReason;

/// Offsets in event headers are modulo 2^32.
const OFFSET_WRAP: u64 = 1 << 32;

/// The row changes up to one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTransaction {
    /// The changes of watched tables in the order of the binlog; often none.
    pub changes: Changes,
    /// Watched tables whose rows it changed in a way that `changes` does not carry, each with the
    /// first reason, or an unreadable delete: their rows must be read again, behind this position.
    pub reread: BTreeMap<TableId, RereadReason>,
    /// The step of a distributed transaction, if it is one. With [`XaStep::Prepare`] neither `changes`
    /// nor `reread` count yet: both do once the transaction is committed.
    pub xa: Option<XaStep>,
    /// The position after the transaction.
    pub position: Position,
    /// When it was committed, seconds since 1970, by the clock of the server that committed first.
    pub committed_at_s: i64,
}

impl SourceTransaction {
    /// Whether it leaves the catalog copy as it is.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.reread.is_empty() && self.xa.is_none()
    }
}

/// A step of a distributed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XaStep {
    /// Its changes are prepared: they count once the transaction of this name is committed. One
    /// without changes is told too, so that a commit whose preparation was not seen can be known.
    Prepare(Xid),
    /// What was prepared under this name counts from here on.
    Commit(Xid),
    /// What was prepared under this name never counts.
    Rollback(Xid),
}

/// What the framer hands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// A transaction ended. One without changes still moves the position.
    Transaction(SourceTransaction),
    /// Watched tables were redefined: their columns must be read again before the next event is
    /// decoded. Their rows must be read again too, which the transaction says.
    Ddl {
        /// The tables.
        tables: BTreeSet<TableId>,
        /// The statement as a transaction; `None` when it stands within one, which then says it.
        ended: Option<SourceTransaction>,
    },
}

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

/// Cuts a stream of decoded events into source transactions.
#[derive(Debug)]
pub struct Framer {
    position: Position,
    /// Where the next event begins.
    read_to: BinlogOffset,
    /// The last place that was read to outside of a transaction.
    seen: BinlogOffset,
    /// What the file's head says was before it; used when the start position has no GTIDs.
    before_file: Option<GtidSet>,
    gtid: Option<Gtid>,
    /// The number of the last transaction that ended.
    last_gtid: Option<Gtid>,
    is_open: bool,
    changes: Changes,
    reread: BTreeMap<TableId, RereadReason>,
    /// Savepoints of the open transaction with the number of changes before each.
    savepoints: Vec<(String, usize)>,
}

impl Framer {
    /// A framer for a stream that starts at `start`.
    pub fn new(start: Position) -> Self {
        Self {
            read_to: start.at.clone(),
            seen: start.at.clone(),
            position: start,
            before_file: None,
            gtid: None,
            last_gtid: None,
            is_open: false,
            changes: Changes::default(),
            reread: BTreeMap::new(),
            savepoints: Vec::new(),
        }
    }

    /// How far the stream was read, at a border between transactions. Unlike the position this also
    /// moves with file heads, rotations and heartbeats.
    pub fn seen(&self) -> &BinlogOffset {
        &self.seen
    }

    /// The position after the last transaction.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The number of the transaction that ended last, if it has one.
    pub fn last_gtid(&self) -> Option<&Gtid> {
        self.last_gtid.as_ref()
    }

    /// Whether a transaction was begun and not ended.
    pub fn is_within_transaction(&self) -> bool {
        self.is_open || self.gtid.is_some()
    }

    /// Where the last event ended.
    pub fn read_to(&self) -> &BinlogOffset {
        &self.read_to
    }

    /// Takes the next event.
    pub fn push(
        &mut self,
        header: &EventHeader,
        decoded: Decoded,
    ) -> Result<Option<Framed>, FramingError> {
        self.advance(header, &decoded);
        let framed = match decoded {
            Decoded::Rows(_) | Decoded::Unreadable { .. } if !self.is_open => {
                return Err(FramingError::RowsOutsideTransaction { at: self.read_to.clone() });
            }
            Decoded::Rows(mut rows) => {
                self.changes.append(&mut rows);
                None
            }
            Decoded::Unreadable { table, reason, is_cascade: false } => {
                self.reread.entry(table).or_insert(RereadReason::Unreadable(reason));
                None
            }
            Decoded::Unreadable { table, reason, is_cascade: true } => {
                self.reread.insert(table, RereadReason::UnreadableDelete(reason));
                None
            }
            Decoded::Gtid { gtid, is_standalone } => {
                self.begin_numbered(gtid, is_standalone)?;
                None
            }
            Decoded::Begin => {
                self.begin()?;
                None
            }
            Decoded::Rollback => {
                self.roll_back(0);
                Some(Framed::Transaction(self.end(header, None)?))
            }
            Decoded::Commit => Some(Framed::Transaction(self.end(header, None)?)),
            Decoded::XaPrepare(xid) => {
                let step = XaStep::Prepare(xid);
                Some(Framed::Transaction(self.end(header, Some(step))?))
            }
            Decoded::XaCommit(xid) => self.end_prepared(header, XaStep::Commit(xid))?,
            Decoded::XaRollback(xid) => self.end_prepared(header, XaStep::Rollback(xid))?,
            Decoded::Statement { kind } => self.statement(header, kind)?,
            Decoded::FormatDescription { .. } => {
                self.forget();
                None
            }
            Decoded::Rotate { file, offset, is_fake } => {
                self.rotate(BinlogOffset { file, offset }, is_fake)?;
                None
            }
            Decoded::PreviousGtids(set) => {
                self.note_before_file(header, set);
                None
            }
            Decoded::Heartbeat { at } => {
                if let Some(at) = at.filter(|_| !self.is_within_transaction()) {
                    self.seen = at;
                }
                return Ok(None);
            }
            Decoded::SkippedRows | Decoded::Other => None,
        };
        if !self.is_within_transaction() {
            self.seen.clone_from(&self.read_to);
        }
        Ok(framed)
    }

    /// Passes over an event that has others within it, which come next.
    pub(crate) fn pass(&mut self, header: &EventHeader) {
        self.advance(header, &Decoded::Other);
    }

    /// Follows the event's end in its file.
    fn advance(&mut self, header: &EventHeader, decoded: &Decoded) {
        let is_in_file = match decoded {
            Decoded::Heartbeat { .. } | Decoded::Rotate { .. } => false,
            // When a stream starts inside a file, the file's head is sent without its place.
            Decoded::FormatDescription { .. } => header.log_pos != 0,
            Decoded::Rows(_)
            | Decoded::Unreadable { .. }
            | Decoded::SkippedRows
            | Decoded::Gtid { .. }
            | Decoded::PreviousGtids(_)
            | Decoded::Begin
            | Decoded::Commit
            | Decoded::Rollback
            | Decoded::XaPrepare(_)
            | Decoded::XaCommit(_)
            | Decoded::XaRollback(_)
            | Decoded::Statement { .. }
            | Decoded::Other => !header.is_artificial(),
        };
        if !is_in_file {
            return;
        }
        let offset = &mut self.read_to.offset;
        if header.log_pos == 0 {
            // MariaDB 11.4 and later leave it out within a transaction.
            *offset += u64::from(header.event_size);
            return;
        }
        let mut end = *offset - *offset % OFFSET_WRAP + u64::from(header.log_pos);
        if end + OFFSET_WRAP / 2 < *offset {
            end += OFFSET_WRAP;
        }
        *offset = end.max(*offset);
    }

    fn begin_numbered(&mut self, gtid: Gtid, is_standalone: bool) -> Result<(), FramingError> {
        if self.is_open {
            return Err(FramingError::UnfinishedTransaction { at: self.read_to.clone() });
        }
        // A number without any event of its own: a transaction that did nothing.
        self.count()?;
        // MariaDB writes no BEGIN behind it.
        self.is_open = matches!(gtid, Gtid::Mariadb(_)) && !is_standalone;
        self.gtid = Some(gtid);
        Ok(())
    }

    fn begin(&mut self) -> Result<(), FramingError> {
        if self.changes.is_empty() {
            self.is_open = true;
            Ok(())
        } else {
            Err(FramingError::UnfinishedTransaction { at: self.read_to.clone() })
        }
    }

    fn statement(
        &mut self,
        header: &EventHeader,
        kind: StatementKind,
    ) -> Result<Option<Framed>, FramingError> {
        let at = self.read_to.clone();
        match kind {
            StatementKind::WatchedDml { tables } => {
                Err(FramingError::StatementFormat { tables, at })
            }
            StatementKind::Redefinition { tables, effect } => {
                for table in &tables {
                    let known = self.reread.get(table);
                    if !matches!(known, Some(RereadReason::UnreadableDelete(_))) {
                        self.reread.insert(*table, RereadReason::Redefined(effect));
                    }
                }
                let ended = if self.is_open { None } else { Some(self.end(header, None)?) };
                Ok(Some(Framed::Ddl { tables, ended }))
            }
            StatementKind::Savepoint { name } => {
                self.savepoints.push((name, self.changes.len()));
                Ok(None)
            }
            StatementKind::RollbackToSavepoint { name } => {
                self.roll_back_to(name)?;
                Ok(None)
            }
            StatementKind::UnwatchedDdl | StatementKind::UnwatchedDml if !self.is_open => {
                Ok(Some(Framed::Transaction(self.end(header, None)?)))
            }
            StatementKind::UnwatchedDdl
            | StatementKind::UnwatchedDml
            | StatementKind::WithinTransaction => Ok(None),
        }
    }

    fn roll_back_to(&mut self, savepoint: String) -> Result<(), FramingError> {
        let found = self.savepoints.iter().rposition(|(name, _)| *name == savepoint);
        match found.and_then(|place| Some((place, self.savepoints.get(place)?.1))) {
            Some((place, count)) => {
                self.savepoints.truncate(place + 1);
                self.roll_back(count);
                Ok(())
            }
            None if self.changes.is_empty() => Ok(()),
            None => Err(FramingError::UnknownSavepoint { savepoint, at: self.read_to.clone() }),
        }
    }

    /// Drops the changes from this one on. Servers write what they roll back only when something that
    /// knows no transactions was in it. Rows of such tables they write apart, as committed ones; but
    /// no row event says what table it is of, so nobody needs to rely on that.
    fn roll_back(&mut self, count: usize) {
        let reread = &mut self.reread;
        self.changes.cut(count, |change| {
            reread.entry(change.table).or_insert(RereadReason::RolledBack);
        });
    }

    /// Ends a distributed transaction that was prepared before. The statement is a transaction of its
    /// own.
    fn end_prepared(
        &mut self,
        header: &EventHeader,
        step: XaStep,
    ) -> Result<Option<Framed>, FramingError> {
        if self.is_open && !(self.changes.is_empty() && self.reread.is_empty()) {
            return Err(FramingError::UnfinishedTransaction { at: self.read_to.clone() });
        }
        Ok(Some(Framed::Transaction(self.end(header, Some(step))?)))
    }

    /// Ends the transaction and moves the position behind it.
    fn end(
        &mut self,
        header: &EventHeader,
        xa: Option<XaStep>,
    ) -> Result<SourceTransaction, FramingError> {
        self.count()?;
        self.position.at.clone_from(&self.read_to);
        let changes = std::mem::take(&mut self.changes);
        let reread = std::mem::take(&mut self.reread);
        self.forget();
        Ok(SourceTransaction {
            changes,
            reread,
            xa,
            position: self.position.clone(),
            committed_at_s: i64::from(header.timestamp),
        })
    }

    /// Adds the pending GTID to the position. A position without GTIDs gets them only when it is
    /// known what was before: a set with a hole would ask the server for everything again.
    fn count(&mut self) -> Result<(), FramingError> {
        self.last_gtid = self.gtid.take();
        let Some(gtid) = &self.last_gtid else { return Ok(()) };
        if self.position.gtid.is_none() {
            self.position.gtid = self.before_file.take();
        }
        if let Some(set) = &mut self.position.gtid {
            let at = self.read_to.clone();
            set.add(gtid).map_err(|source| FramingError::Gtid { at, source })?;
        }
        Ok(())
    }

    /// Believes what a file's head says only when the file was read from its head on.
    fn note_before_file(&mut self, header: &EventHeader, set: GtidSet) {
        let is_in_order = u64::from(header.log_pos) == self.read_to.offset;
        if is_in_order && !header.is_artificial() {
            self.before_file = Some(set);
        }
    }

    fn rotate(&mut self, to: BinlogOffset, is_fake: bool) -> Result<(), FramingError> {
        if !is_fake {
            if self.is_open {
                return Err(FramingError::UnfinishedTransaction { at: self.read_to.clone() });
            }
            self.count()?;
            self.position.at = to.clone();
        }
        if self.position.gtid.is_none() && to.file != self.read_to.file {
            self.before_file = None;
        }
        self.read_to = to;
        Ok(())
    }

    /// Drops the open transaction. A file's head within one means that the server died before the
    /// commit, or that the stream starts anew: either way it counts for nothing.
    fn forget(&mut self) {
        self.changes = Changes::default();
        self.reread.clear();
        self.savepoints.clear();
        self.gtid = None;
        self.is_open = false;
    }
}

#[cfg(test)]
mod tests;
