//! Reading the store.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::Timestamp;

use crate::catalog::{CatalogRead, ForeignKey, Owner, ReadError, Reference, Sheet};
use crate::decode::{Definitions, TableId};
use crate::feed::{Digest, Feed, FeedKey, FeedOwner};
use crate::ledger::{Cause, LedgerRecord};
use crate::outbox::OutboxEntry;
use crate::pace::PaceState;
use crate::position::{BinlogFile, Position, Xid};
use crate::store::batch::{
    ASSEMBLED_FOR, ASSEMBLY, BINLOG_FILE, DEFINITIONS, DirtyMark, PACE, POSITION, REREAD, SERVER,
    SNAPSHOT, TIDIED_AT, Tree,
};
use crate::store::codec::Why;
use crate::store::error::StoreError;
use crate::store::open::Store;
use crate::store::progress::{Prepared, Reread, SnapshotState};
use crate::store::{keys, records, sheets, source_records};

/// A dirty range: every owner of a feed, from `after` on, is to be assembled again. Stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The sequence of the mark.
    pub sequence: u64,
    /// The last owner id that was walked; `None` at the start.
    pub after: Option<u32>,
    /// The change that marked it.
    pub cause: Cause,
}

/// The dirty ranges, by feed.
pub type Ranges = BTreeMap<Feed, Range>;

impl Store {
    /// The position up to which the source is absorbed; `None` before the first snapshot chunk.
    pub fn position(&self) -> Result<Option<Position>, StoreError> {
        self.get(Tree::Progress, POSITION, source_records::decode_position)
    }

    /// The snapshot's state; `None` when none was begun.
    pub fn snapshot(&self) -> Result<Option<SnapshotState>, StoreError> {
        self.get(Tree::Progress, SNAPSHOT, source_records::decode_snapshot)
    }

    /// How the watched tables are defined at the position; `None` before the first snapshot.
    pub fn definitions(&self) -> Result<Option<Definitions>, StoreError> {
        self.get(Tree::Progress, DEFINITIONS, source_records::decode_definitions)
    }

    /// The server that the position's file and offset belong to.
    pub fn server(&self) -> Result<Option<String>, StoreError> {
        self.get(Tree::Progress, SERVER, source_records::decode_text)
    }

    /// A binlog file of that server, to know it by.
    pub fn binlog_file(&self) -> Result<Option<BinlogFile>, StoreError> {
        self.get(Tree::Progress, BINLOG_FILE, source_records::decode_binlog_file)
    }

    /// The tables that are to be read again, each with how far that is.
    pub fn rereads(&self) -> Result<BTreeMap<TableId, Reread>, StoreError> {
        let mut rereads = BTreeMap::new();
        for entry in self.tree(Tree::Progress).scan_prefix(REREAD) {
            let (key, value) = entry.map_err(reading)?;
            let table = key.last().map(|table| TableId(*table));
            let table =
                table.ok_or_else(|| corrupt(Tree::Progress, &key, "its key is malformed"))?;
            let decode = source_records::decode_reread;
            rereads.insert(table, self.decoded(Tree::Progress, &key, &value, decode)?);
        }
        Ok(rereads)
    }

    /// A prepared transaction; `None` when none of that name is known.
    pub fn prepared(&self, xid: &Xid) -> Result<Option<Prepared>, StoreError> {
        self.get(Tree::Progress, &keys::prepared(xid), source_records::decode_prepared)
    }

    /// What everything was last assembled with; `None` before the first delivery.
    pub fn assembly(&self) -> Result<Option<Digest>, StoreError> {
        self.get(Tree::Progress, ASSEMBLY, records::decode_assembly)
    }

    /// The state of the budgets.
    pub fn pace(&self) -> Result<Option<PaceState>, StoreError> {
        self.get(Tree::Progress, PACE, records::decode_pace)
    }

    /// Up to `limit` dirty owners of a feed, by id, from `from` on.
    pub fn dirty(
        &self,
        feed: Feed,
        from: u32,
        limit: usize,
    ) -> Result<Vec<(FeedOwner, DirtyMark)>, StoreError> {
        let start = keys::feed_owner(FeedOwner { feed, id: from });
        let end = keys::feed_owner(FeedOwner { feed, id: u32::MAX });
        let mut dirty = Vec::new();
        for entry in self.tree(Tree::Dirty).range(start..=end).take(limit) {
            let (key, value) = entry.map_err(reading)?;
            let owner = keys::parse_feed_owner(&key)
                .ok_or_else(|| corrupt(Tree::Dirty, &key, "its key is malformed"))?;
            dirty.push((owner, self.decoded(Tree::Dirty, &key, &value, records::decode_dirty)?));
        }
        Ok(dirty)
    }

    /// How many owners are dirty, ranges not counted.
    pub fn dirty_count(&self, feed: Feed) -> Result<usize, StoreError> {
        let mut count = 0;
        for key in self.tree(Tree::Dirty).scan_prefix([feed.code()]).keys() {
            key.map_err(reading)?;
            count += 1;
        }
        Ok(count)
    }

    /// The first timers, up to `limit`, by instant.
    pub fn timers(&self, limit: usize) -> Result<Vec<(Timestamp, FeedOwner)>, StoreError> {
        let mut timers = Vec::new();
        for entry in self.tree(Tree::Timers).iter().keys().take(limit) {
            let key = entry.map_err(reading)?;
            let timer = keys::parse_timer(&key);
            timers.push(timer.ok_or_else(|| corrupt(Tree::Timers, &key, "its key is malformed"))?);
        }
        Ok(timers)
    }

    /// The categories that the service holds below the one with this key: their slugs go on where this
    /// one ends.
    pub fn accepted_below(
        &self,
        key: &FeedKey,
    ) -> Result<Vec<(FeedKey, LedgerRecord)>, StoreError> {
        let mut found = Vec::new();
        let [slug, store] = key.parts() else { return Ok(found) };
        let mut prefix = vec![key.feed.code()];
        prefix.extend(slug.bytes().chain([b'/']));
        for entry in self.tree(Tree::Ledger).scan_prefix(&prefix) {
            let (stored, value) = entry.map_err(reading)?;
            let below = keys::parse_feed_key(&stored)
                .ok_or_else(|| corrupt(Tree::Ledger, &stored, "its key is malformed"))?;
            if below.parts().last() != Some(store) {
                continue;
            }
            let record = self.decoded(Tree::Ledger, &stored, &value, records::decode_ledger)?;
            if record.accepted.is_some() {
                found.push((below, record));
            }
        }
        Ok(found)
    }

    /// The owners that claim a key which another has, ascending.
    pub fn claimants(&self, key: &FeedKey) -> Result<Vec<u32>, StoreError> {
        let prefix = keys::feed_key(key);
        let mut owners = Vec::new();
        for entry in self.tree(Tree::Claims).scan_prefix(&prefix).keys() {
            let found = entry.map_err(reading)?;
            if found.len() == prefix.len().saturating_add(4) {
                owners.extend(keys::last_id(&found));
            }
        }
        Ok(owners)
    }

    /// The latest instant for which anything was assembled.
    pub fn assembled_for(&self) -> Result<Option<Timestamp>, StoreError> {
        let text = self.get(Tree::Progress, ASSEMBLED_FOR, source_records::decode_text)?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// When the store was last tidied up.
    pub fn tidied_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let text = self.get(Tree::Progress, TIDIED_AT, source_records::decode_text)?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Whether any owner is dirty, or to be sent again.
    pub fn has_dirty(&self) -> bool {
        [Tree::Dirty, Tree::Ranges, Tree::Resyncs].iter().any(|tree| !self.tree(*tree).is_empty())
    }

    /// The dirty ranges.
    pub fn ranges(&self) -> Result<Ranges, StoreError> {
        let mut ranges = Ranges::new();
        for entry in self.tree(Tree::Ranges) {
            let (key, value) = entry.map_err(reading)?;
            let feed = key.first().copied().and_then(Feed::from_code);
            let feed = feed.ok_or_else(|| corrupt(Tree::Ranges, &key, "its key is malformed"))?;
            let range = self.decoded(Tree::Ranges, &key, &value, records::decode_range)?;
            ranges.insert(feed, range);
        }
        Ok(ranges)
    }

    /// A key's ledger record.
    pub fn ledger(&self, key: &FeedKey) -> Result<Option<LedgerRecord>, StoreError> {
        self.get(Tree::Ledger, &keys::feed_key(key), records::decode_ledger)
    }

    /// The keys that an owner's assembly last produced, tombstones included.
    pub fn owned_keys(&self, owner: FeedOwner) -> Result<Vec<FeedKey>, StoreError> {
        let prefix = keys::feed_owner(owner);
        let mut found = Vec::new();
        for key in self.tree(Tree::LedgerOwner).scan_prefix(prefix).keys() {
            let key = key.map_err(reading)?;
            let parsed = key.get(prefix.len()..).and_then(keys::parse_feed_key);
            found.push(
                parsed.ok_or_else(|| corrupt(Tree::LedgerOwner, &key, "its key is malformed"))?,
            );
        }
        Ok(found)
    }

    /// Up to `limit` keys of a feed that begin with these parts, in key order.
    pub fn keys_beginning_with(
        &self,
        feed: Feed,
        parts: &[String],
        limit: usize,
    ) -> Result<Vec<FeedKey>, StoreError> {
        let mut found = Vec::new();
        for key in self.tree(Tree::Ledger).scan_prefix(keys::parts(feed, parts)).keys().take(limit)
        {
            let key = key.map_err(reading)?;
            let parsed = keys::parse_feed_key(&key);
            found.push(parsed.ok_or_else(|| corrupt(Tree::Ledger, &key, "its key is malformed"))?);
        }
        Ok(found)
    }

    /// Up to `limit` owner ids greater than `after` that own ledger records of a feed.
    pub fn ledger_owner_ids_after(
        &self,
        feed: Feed,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Vec<u32>, StoreError> {
        let mut ids = Vec::new();
        let mut next = match after {
            None => Some(0),
            Some(id) => id.checked_add(1),
        };
        while let Some(from) = next
            && ids.len() < limit
        {
            let start = keys::feed_owner(FeedOwner { feed, id: from }).to_vec();
            let Some(entry) = self.tree(Tree::LedgerOwner).range(start..).next() else { break };
            let (key, _) = entry.map_err(reading)?;
            let owner = key.get(..5).and_then(keys::parse_feed_owner);
            let owner =
                owner.ok_or_else(|| corrupt(Tree::LedgerOwner, &key, "its key is malformed"))?;
            if owner.feed != feed {
                break;
            }
            ids.push(owner.id);
            next = owner.id.checked_add(1);
        }
        Ok(ids)
    }

    /// Calls `each` with every ledger record of a feed, in key order.
    pub fn each_ledger_record(
        &self,
        feed: Feed,
        each: &mut dyn FnMut(FeedKey, LedgerRecord),
    ) -> Result<(), StoreError> {
        for entry in self.tree(Tree::Ledger).scan_prefix([feed.code()]) {
            let (key, value) = entry.map_err(reading)?;
            let parsed = keys::parse_feed_key(&key)
                .ok_or_else(|| corrupt(Tree::Ledger, &key, "its key is malformed"))?;
            each(parsed, self.decoded(Tree::Ledger, &key, &value, records::decode_ledger)?);
        }
        Ok(())
    }

    /// Every outbox entry.
    pub fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut entries = Vec::new();
        for entry in self.tree(Tree::Outbox) {
            let (key, value) = entry.map_err(reading)?;
            let parsed = keys::parse_feed_key(&key)
                .ok_or_else(|| corrupt(Tree::Outbox, &key, "its key is malformed"))?;
            entries.push(self.decoded(Tree::Outbox, &key, &value, |sealed| {
                records::decode_outbox(parsed.clone(), sealed)
            })?);
        }
        Ok(entries)
    }

    pub(crate) fn highest_sequence(&self) -> Result<u64, StoreError> {
        let mut highest = 0;
        for entry in self.tree(Tree::Dirty) {
            let (key, value) = entry.map_err(reading)?;
            let mark = self.decoded(Tree::Dirty, &key, &value, records::decode_dirty)?;
            highest = highest.max(mark.sequence);
        }
        for range in self.ranges()?.values() {
            highest = highest.max(range.sequence);
        }
        Ok(highest.max(self.highest_resync_sequence()?))
    }

    pub(crate) fn get<T>(
        &self,
        tree: Tree,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Why>,
    ) -> Result<Option<T>, StoreError> {
        let value = self.tree(tree).get(key).map_err(reading)?;
        value.map(|value| self.decoded(tree, key, &value, decode)).transpose()
    }

    #[expect(clippy::unused_self, reason = "reads as a step of the store's reading")]
    pub(super) fn decoded<T>(
        &self,
        tree: Tree,
        key: &[u8],
        value: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Why>,
    ) -> Result<T, StoreError> {
        decode(value).map_err(|why| corrupt(tree, key, why))
    }
}

impl CatalogRead for Store {
    fn sheet(&self, owner: Owner) -> Result<Option<Sheet>, ReadError> {
        self.get(Tree::Sheets, &keys::owner(owner), sheets::decode).map_err(read_error)
    }

    fn referrers(&self, reference: Reference) -> Result<Vec<u32>, ReadError> {
        let mut products = Vec::new();
        for key in self.tree(Tree::References).scan_prefix(keys::reference(reference)).keys() {
            let key = key.map_err(|source| read_error(reading(source)))?;
            let product = keys::last_id(&key);
            products.push(product.ok_or_else(|| {
                read_error(corrupt(Tree::References, &key, "its key is malformed"))
            })?);
        }
        Ok(products)
    }

    fn lacks(&self, key: &ForeignKey) -> bool {
        let lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        lacking.contains(key)
    }

    fn owner_ids_after(&self, after: Owner, limit: usize) -> Result<Vec<u32>, ReadError> {
        use std::ops::Bound::{Excluded, Included};
        let start = keys::owner(after).to_vec();
        let end = [&[after.kind()][..], &[0xff; 4]].concat();
        let mut ids = Vec::new();
        for key in self.tree(Tree::Sheets).range((Excluded(start), Included(end))).keys() {
            if ids.len() == limit {
                break;
            }
            let key = key.map_err(|source| read_error(reading(source)))?;
            let id = keys::last_id(&key);
            ids.push(
                id.ok_or_else(|| read_error(corrupt(Tree::Sheets, &key, "its key is malformed")))?,
            );
        }
        Ok(ids)
    }
}

pub(super) fn reading(source: sled::Error) -> StoreError {
    StoreError::Io { action: "read the store", source }
}

pub(super) fn corrupt(tree: Tree, key: &[u8], why: Why) -> StoreError {
    let key = key.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    StoreError::Corrupt { tree: tree.name(), key, why }
}

fn read_error(error: StoreError) -> ReadError {
    ReadError(Box::new(error))
}
