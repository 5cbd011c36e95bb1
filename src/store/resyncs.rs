//! What a person asked to be sent again: of a whole feed, with how far that is, or of one owner.
//!
//! Kept apart from dirty marks and ranges, so that an ordinary change neither takes an ask along nor
//! is lost with one.

use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::ledger::{Ask, LedgerRecord};
use crate::store::StoreError;
use crate::store::batch::{Tree, WriteBatch};
use crate::store::codec::{Reader, Why, Writer, seal, unseal};
use crate::store::open::Store;
use crate::store::read::{corrupt, reading};
use crate::store::records::{optional, parse_optional};
use crate::store::{keys, records};

/// A resync that was asked for and is not done. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resync {
    /// Tells whether it was asked for again meanwhile.
    pub sequence: u64,
    /// What was asked for.
    pub ask: Ask,
    /// The last owner id that was walked; `None` at the start. Of one owner: always `None`.
    pub after: Option<u32>,
}

pub(super) fn encode(resync: &Resync) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(resync.sequence).byte(match resync.ask {
        Ask::Retry => 0,
        Ask::Force => 1,
        Ask::Forget => 2,
    });
    optional(&mut writer, resync.after.map(u64::from));
    seal(&writer.0)
}

pub(super) fn decode(sealed: &[u8]) -> Result<Resync, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let sequence = reader.number()?;
    let ask = match reader.byte()? {
        0 => Ask::Retry,
        1 => Ask::Force,
        2 => Ask::Forget,
        _ => return Err("an ask is unknown"),
    };
    let after = parse_optional(&mut reader)?;
    let after = after.map(u32::try_from).transpose().map_err(|_lost| "a cursor is too large")?;
    reader.end()?;
    Ok(Resync { sequence, ask, after })
}

impl WriteBatch {
    /// Has a whole feed sent again.
    pub fn resync_feed(&mut self, feed: Feed, resync: &Resync) {
        self.write(Tree::Resyncs, vec![feed.code()], Some(encode(resync)));
    }

    /// Has one owner's items sent again.
    pub fn resync_owner(&mut self, owner: FeedOwner, resync: &Resync) {
        self.write(Tree::Resyncs, keys::feed_owner(owner).to_vec(), Some(encode(resync)));
    }

    /// Moves a feed's resync (or, with `None`, ends it), unless it was asked for again since.
    pub fn walk_resync(&mut self, feed: Feed, sequence: u64, moved: Option<Resync>) {
        self.resynced.insert(vec![feed.code()], (sequence, moved));
    }

    /// Ends an owner's resync, unless it was asked for again since.
    pub fn resynced_owner(&mut self, owner: FeedOwner, sequence: u64) {
        self.resynced.insert(keys::feed_owner(owner).to_vec(), (sequence, None));
    }
}

impl Store {
    /// The resync of a whole feed; `None` when none is left to do.
    pub fn feed_resync(&self, feed: Feed) -> Result<Option<Resync>, StoreError> {
        self.get(Tree::Resyncs, &[feed.code()], decode)
    }

    /// What is asked for of one owner.
    pub fn owner_resync(&self, owner: FeedOwner) -> Result<Option<Resync>, StoreError> {
        self.get(Tree::Resyncs, &keys::feed_owner(owner), decode)
    }

    /// Up to `limit` owners of a feed that are to be sent again, by id, from `from` on.
    pub fn resync_owners(
        &self,
        feed: Feed,
        from: u32,
        limit: usize,
    ) -> Result<Vec<(FeedOwner, Resync)>, StoreError> {
        let start = keys::feed_owner(FeedOwner { feed, id: from });
        let end = keys::feed_owner(FeedOwner { feed, id: u32::MAX });
        let mut owners = Vec::new();
        for entry in self.tree(Tree::Resyncs).range(start..=end).take(limit) {
            let (key, value) = entry.map_err(reading)?;
            let owner = keys::parse_feed_owner(&key)
                .ok_or_else(|| corrupt(Tree::Resyncs, &key, "its key is malformed"))?;
            owners.push((owner, self.decoded(Tree::Resyncs, &key, &value, decode)?));
        }
        Ok(owners)
    }

    /// The ledger records of a feed's keys whose first part is this.
    pub fn ledger_beginning(
        &self,
        feed: Feed,
        part: &str,
    ) -> Result<Vec<(FeedKey, LedgerRecord)>, StoreError> {
        let mut found = Vec::new();
        for entry in self.tree(Tree::Ledger).scan_prefix(keys::first_part(feed, part)) {
            let (key, value) = entry.map_err(reading)?;
            let parsed = keys::parse_feed_key(&key)
                .ok_or_else(|| corrupt(Tree::Ledger, &key, "its key is malformed"))?;
            let record = self.decoded(Tree::Ledger, &key, &value, records::decode_ledger)?;
            found.push((parsed, record));
        }
        Ok(found)
    }

    pub(super) fn highest_resync_sequence(&self) -> Result<u64, StoreError> {
        let mut highest = 0;
        for entry in self.tree(Tree::Resyncs) {
            let (key, value) = entry.map_err(reading)?;
            highest = highest.max(self.decoded(Tree::Resyncs, &key, &value, decode)?.sequence);
        }
        Ok(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreParams;

    #[test]
    fn a_resync_reads_as_it_was_written() {
        for ask in [Ask::Retry, Ask::Force, Ask::Forget] {
            for after in [None, Some(0), Some(u32::MAX)] {
                let resync = Resync { sequence: 1 << 40, ask, after };
                assert_eq!(decode(&encode(&resync)), Ok(resync));
            }
        }
    }

    #[test]
    fn a_resync_that_was_asked_for_again_is_not_ended_by_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let store = Store::open(&StoreParams { path, cache_bytes: 1 << 20 }).unwrap();
        let owner = FeedOwner { feed: Feed::Products, id: 7 };
        let ask = |sequence| Resync { sequence, ask: Ask::Force, after: None };
        let mut batch = WriteBatch::default();
        batch.resync_feed(Feed::Products, &ask(2));
        batch.resync_owner(owner, &ask(2));
        store.commit(batch).unwrap();
        let mut ended = WriteBatch::default();
        ended.walk_resync(Feed::Products, 1, None);
        ended.resynced_owner(owner, 1);
        store.commit(ended).unwrap();
        assert_eq!(store.feed_resync(Feed::Products).unwrap(), Some(ask(2)));
        assert_eq!(store.resync_owners(Feed::Products, 0, 9).unwrap(), [(owner, ask(2))]);
        let mut ended = WriteBatch::default();
        ended.walk_resync(Feed::Products, 2, None);
        ended.resynced_owner(owner, 2);
        store.commit(ended).unwrap();
        assert!(!store.has_dirty());
    }
}
