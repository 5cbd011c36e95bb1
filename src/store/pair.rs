//! What a store knows of other processes that deliver to the same tenant, and reading the ledger page
//! by page.

use std::ops::Bound;

use crate::feed::{Feed, FeedKey};
use crate::ledger::LedgerRecord;
use crate::store::batch::{PAIR, Tree, WriteBatch};
use crate::store::codec::{Reader, Why, Writer, seal, unseal};
use crate::store::error::StoreError;
use crate::store::open::Store;
use crate::store::read::{corrupt, reading};
use crate::store::{keys, records};

/// One of several processes that may deliver to the same tenant. Stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRecord {
    /// The name of this store among those of the other processes.
    pub store: String,
    /// Whether another process was ever seen: then the ledger alone does not tell what the service
    /// holds once that one may have led.
    pub has_peer: bool,
}

pub(crate) fn encode(record: &PairRecord) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.text(&record.store).byte(u8::from(record.has_peer));
    seal(&writer.0)
}

pub(crate) fn decode(sealed: &[u8]) -> Result<PairRecord, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let store = reader.text()?;
    let has_peer = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return Err("a flag is neither set nor clear"),
    };
    reader.end()?;
    Ok(PairRecord { store, has_peer })
}

impl Store {
    /// What is known of other processes; `None` before the first delivery.
    pub fn pair(&self) -> Result<Option<PairRecord>, StoreError> {
        self.get(Tree::Progress, PAIR, decode)
    }

    /// Up to `limit` ledger records of a feed behind a key, in key order.
    pub fn ledger_page(
        &self,
        feed: Feed,
        after: Option<&FeedKey>,
        limit: usize,
    ) -> Result<Vec<(FeedKey, LedgerRecord)>, StoreError> {
        let start = match after {
            None => Bound::Included(vec![feed.code()]),
            Some(key) => Bound::Excluded(keys::feed_key(key)),
        };
        let end = Bound::Excluded(vec![feed.code().saturating_add(1)]);
        let mut page = Vec::new();
        for entry in self.tree(Tree::Ledger).range((start, end)).take(limit) {
            let (key, value) = entry.map_err(reading)?;
            let parsed = keys::parse_feed_key(&key)
                .ok_or_else(|| corrupt(Tree::Ledger, &key, "its key is malformed"))?;
            let record = records::decode_ledger(&value);
            page.push((parsed, record.map_err(|why| corrupt(Tree::Ledger, &key, why))?));
        }
        Ok(page)
    }
}

impl WriteBatch {
    /// What is known of other processes.
    pub fn pair(&mut self, record: &PairRecord) {
        self.progress(PAIR, encode(record));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::feed::Identity;
    use crate::ledger::Cause;
    use crate::store::StoreParams;

    fn store(directory: &tempfile::TempDir) -> Store {
        let path = directory.path().join("store");
        Store::open(&StoreParams { path, cache_bytes: 1 << 20 }).unwrap()
    }

    #[test]
    fn a_peer_is_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        assert_eq!(store.pair().unwrap(), None);
        for has_peer in [false, true] {
            let record = PairRecord { store: "0123456789abcdef".to_owned(), has_peer };
            let mut batch = WriteBatch::default();
            batch.pair(&record);
            store.commit(batch).unwrap();
            assert_eq!(store.pair().unwrap(), Some(record));
        }
    }

    #[test]
    fn the_ledger_is_read_page_by_page_and_feed_by_feed() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        let record = LedgerRecord::first(1, Cause::default(), Timestamp::UNIX_EPOCH);
        let product = |sku: &str| {
            FeedKey::new(Identity::Product { sku: sku.to_owned(), store: "en".to_owned() })
        };
        let mut batch = WriteBatch::default();
        let book = FeedKey::new(Identity::PriceBook { id: "base".to_owned() });
        for key in [product("a"), product("b"), product("c"), book.clone()] {
            batch.ledger(&key, &record, None);
        }
        store.commit(batch).unwrap();
        let page = |feed, after: Option<&FeedKey>| -> Vec<FeedKey> {
            store.ledger_page(feed, after, 2).unwrap().into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(page(Feed::Products, None), [product("a"), product("b")]);
        assert_eq!(page(Feed::Products, Some(&product("b"))), [product("c")]);
        assert_eq!(page(Feed::Products, Some(&product("c"))), []);
        assert_eq!(page(Feed::PriceBooks, None), [book]);
    }
}
