//! Write batches: what one step wants to become durable, in the words of the rooms.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::catalog::{CatalogEdits, Reference};
use crate::decode::{Definitions, TableId};
use crate::feed::{Digest, Feed, FeedKey, FeedOwner};
use crate::ledger::{Cause, LedgerRecord};
use crate::outbox::OutboxEntry;
use crate::pace::PaceState;
use crate::position::{BinlogFile, Position, Xid};
use crate::store::progress::{Prepared, Reread, SnapshotState};
use crate::store::read::Range;
use crate::store::resyncs::Resync;
use crate::store::{keys, records, sheets, source_records};

/// A feed owner is dirty: its items may have changed since they were last assembled. Stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyMark {
    /// Grows with every mark of the process: tells whether an owner was marked again meanwhile.
    pub sequence: u64,
    /// The change that marked it.
    pub cause: Cause,
}

/// The trees, by their place in [`Store`](crate::store::Store)'s list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tree {
    Sheets,
    References,
    Dirty,
    Ranges,
    Ledger,
    LedgerOwner,
    Outbox,
    Progress,
    Timers,
    Claims,
    History,
    Resyncs,
}

impl Tree {
    pub(crate) const ALL: [Self; 12] = [
        Self::Sheets,
        Self::References,
        Self::Dirty,
        Self::Ranges,
        Self::Ledger,
        Self::LedgerOwner,
        Self::Outbox,
        Self::Progress,
        Self::Timers,
        Self::Claims,
        Self::History,
        Self::Resyncs,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sheets => "sheets",
            Self::References => "references",
            Self::Dirty => "dirty",
            Self::Ranges => "ranges",
            Self::Ledger => "ledger",
            Self::LedgerOwner => "ledger_owner",
            Self::Outbox => "outbox",
            Self::Progress => "progress",
            Self::Timers => "timers",
            Self::Claims => "claims",
            Self::History => "history",
            Self::Resyncs => "resyncs",
        }
    }
}

/// Keys of [`Tree::Progress`].
pub(crate) const POSITION: &[u8] = b"position";
pub(crate) const SNAPSHOT: &[u8] = b"snapshot";
pub(crate) const PACE: &[u8] = b"pace";
pub(crate) const ASSEMBLY: &[u8] = b"assembly";
pub(crate) const ASSEMBLED_FOR: &[u8] = b"assembled_for";
pub(crate) const TIDIED_AT: &[u8] = b"tidied_at";
pub(crate) const FORMAT: &[u8] = b"format";
pub(crate) const PAIR: &[u8] = b"pair";
pub(crate) const DEFINITIONS: &[u8] = b"definitions";
pub(crate) const SERVER: &[u8] = b"server";
pub(crate) const BINLOG_FILE: &[u8] = b"binlog_file";
/// Followed by the table's number.
pub(crate) const REREAD: &[u8] = b"reread:";
/// Followed by the transaction's name.
pub(crate) const PREPARED: &[u8] = b"prepared:";

/// Writes that become durable together or not at all.
#[derive(Debug, Default)]
pub struct WriteBatch {
    pub(crate) writes: BTreeMap<(Tree, Vec<u8>), Option<Vec<u8>>>,
    /// Dirty marks to remove, unless they were renewed since they were read.
    pub(crate) cleaned: BTreeMap<FeedOwner, u64>,
    /// Ranges to move or remove, unless they were renewed since they were read.
    pub(crate) walked: BTreeMap<Feed, (u64, Option<Range>)>,
    /// Resyncs to move or remove, unless they were asked for again since they were read.
    pub(crate) resynced: BTreeMap<Vec<u8>, (u64, Option<Resync>)>,
}

impl WriteBatch {
    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
            && self.cleaned.is_empty()
            && self.walked.is_empty()
            && self.resynced.is_empty()
    }

    /// The sheets and reverse indexes of a fold.
    pub fn catalog(&mut self, edits: &CatalogEdits) {
        for (owner, sheet) in &edits.sheets {
            let sheet = sheet.as_ref().map(sheets::encode);
            self.write(Tree::Sheets, keys::owner(*owner).to_vec(), sheet);
        }
        for ((reference, product), comes) in &edits.references {
            let key = keys::reference_entry(*reference, *product).to_vec();
            self.write(Tree::References, key, comes.then(Vec::new));
        }
    }

    /// One entry of the reverse indexes.
    pub fn reference(&mut self, reference: Reference, product: u32) {
        let key = keys::reference_entry(reference, product).to_vec();
        self.write(Tree::References, key, Some(Vec::new()));
    }

    /// The position up to which the source is absorbed.
    pub fn position(&mut self, position: &Position) {
        self.progress(POSITION, source_records::encode_position(position));
    }

    /// The snapshot's state.
    pub fn snapshot(&mut self, state: &SnapshotState) {
        self.progress(SNAPSHOT, source_records::encode_snapshot(state));
    }

    /// How the watched tables are defined at the position.
    pub fn definitions(&mut self, definitions: &Definitions) {
        self.progress(DEFINITIONS, source_records::encode_definitions(definitions));
    }

    /// The server that the position's file and offset belong to.
    pub fn server(&mut self, identity: &str) {
        self.progress(SERVER, source_records::encode_text(identity));
    }

    /// A binlog file of that server, to know it by; `None`: none is known.
    pub fn binlog_file(&mut self, file: Option<&BinlogFile>) {
        let value = file.map(|file| source_records::encode_text(&file.encode()));
        self.write(Tree::Progress, BINLOG_FILE.to_vec(), value);
    }

    /// Has a table read again, from the cursor on; `None`: it was.
    pub fn reread(&mut self, table: TableId, reread: Option<&Reread>) {
        let key = [REREAD, &[table.0]].concat();
        self.write(Tree::Progress, key, reread.map(source_records::encode_reread));
    }

    /// Sets a prepared transaction aside; `None`: forgets it.
    pub fn prepared(&mut self, xid: &Xid, prepared: Option<&Prepared>) {
        let value = prepared.map(source_records::encode_prepared);
        self.write(Tree::Progress, keys::prepared(xid), value);
    }

    /// An owner is to be assembled again at an instant.
    pub fn timer(&mut self, at: Timestamp, owner: FeedOwner) {
        self.write(Tree::Timers, keys::timer(at, owner).to_vec(), Some(Vec::new()));
    }

    /// A timer has rung.
    pub fn timer_rang(&mut self, at: Timestamp, owner: FeedOwner) {
        self.write(Tree::Timers, keys::timer(at, owner).to_vec(), None);
    }

    /// An owner claims a key that another has; `false`: no more.
    pub fn claim(&mut self, key: &FeedKey, owner: u32, claims: bool) {
        self.write(Tree::Claims, keys::claim(key, owner), claims.then(Vec::new));
    }

    /// The latest instant for which anything was assembled.
    pub fn assembled_for(&mut self, at: Timestamp) {
        self.progress(ASSEMBLED_FOR, source_records::encode_text(&at.to_string()));
    }

    /// When the store was last tidied up.
    pub fn tidied_at(&mut self, at: Timestamp) {
        self.progress(TIDIED_AT, source_records::encode_text(&at.to_string()));
    }

    /// What everything was last assembled with.
    pub fn assembly(&mut self, fingerprint: Digest) {
        self.progress(ASSEMBLY, records::encode_assembly(fingerprint));
    }

    /// The state of the budgets.
    pub fn pace(&mut self, state: &PaceState) {
        self.progress(PACE, records::encode_pace(state));
    }

    /// Marks an owner dirty.
    pub fn mark_dirty(&mut self, owner: FeedOwner, mark: &DirtyMark) {
        let value = records::encode_dirty(mark);
        self.write(Tree::Dirty, keys::feed_owner(owner).to_vec(), Some(value));
    }

    /// Removes an owner's dirty mark, unless it was marked again since `sequence` was read.
    pub fn clean(&mut self, owner: FeedOwner, sequence: u64) {
        self.cleaned.insert(owner, sequence);
    }

    /// Makes every owner of a feed dirty, as one range to be walked from the start.
    pub fn mark_range(&mut self, feed: Feed, mark: &DirtyMark) {
        let range = Range { sequence: mark.sequence, after: None, cause: mark.cause.clone() };
        self.write(Tree::Ranges, vec![feed.code()], Some(records::encode_range(&range)));
    }

    /// Moves a range's cursor (or, with `None`, ends it), unless it was marked again since.
    pub fn walk_range(&mut self, feed: Feed, sequence: u64, moved: Option<Range>) {
        self.walked.insert(feed, (sequence, moved));
    }

    /// Writes a key's ledger record. `old_owner`: the owner of the record it replaces.
    pub fn ledger(&mut self, key: &FeedKey, record: &LedgerRecord, old_owner: Option<u32>) {
        if let Some(old) = old_owner.filter(|old| *old != record.owner) {
            let owner = FeedOwner { feed: key.feed, id: old };
            self.write(Tree::LedgerOwner, keys::owned_key(owner, key), None);
        }
        let owner = FeedOwner { feed: key.feed, id: record.owner };
        self.write(Tree::LedgerOwner, keys::owned_key(owner, key), Some(Vec::new()));
        self.write(Tree::Ledger, keys::feed_key(key), Some(records::encode_ledger(record)));
    }

    /// Forgets a key.
    pub fn forget(&mut self, key: &FeedKey, owner: u32) {
        let owner = FeedOwner { feed: key.feed, id: owner };
        self.write(Tree::LedgerOwner, keys::owned_key(owner, key), None);
        self.write(Tree::Ledger, keys::feed_key(key), None);
        self.write(Tree::History, keys::feed_key(key), None);
    }

    /// Writes or removes a key's outbox entry.
    pub fn outbox(&mut self, key: &FeedKey, entry: Option<&OutboxEntry>) {
        self.write(Tree::Outbox, keys::feed_key(key), entry.map(records::encode_outbox));
    }

    pub(crate) fn progress(&mut self, name: &[u8], value: Vec<u8>) {
        self.write(Tree::Progress, name.to_vec(), Some(value));
    }

    pub(crate) fn write(&mut self, tree: Tree, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes.insert((tree, key), value);
    }
}
