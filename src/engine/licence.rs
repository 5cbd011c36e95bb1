//! What the service holds of us, as a licence counts it.

use std::collections::BTreeSet;

use crate::feed::{Feed, Identity};
use crate::pace::LicenceUse;
use crate::store::{Store, StoreError};

/// Counts what the ledger says that the service holds.
///
/// # Errors
/// The store can't be read.
pub fn licence_use(store: &Store) -> Result<LicenceUse, StoreError> {
    let (mut price_books, mut skus) = (0, 0);
    let mut store_views = BTreeSet::new();
    let mut last: Option<String> = None;
    store.each_ledger_record(Feed::PriceBooks, &mut |_, record| {
        price_books += u64::from(record.accepted.is_some());
    })?;
    store.each_ledger_record(Feed::Products, &mut |key, record| {
        let Identity::Product { sku, store } = key.identity() else { return };
        if record.accepted.is_none() {
            return;
        }
        store_views.insert(store);
        // The keys of one SKU follow each other.
        if last.as_ref() != Some(&sku) {
            skus += 1;
            last = Some(sku);
        }
    })?;
    let store_views = u64::try_from(store_views.len()).ok();
    Ok(LicenceUse { price_books: Some(price_books), skus: Some(skus), store_views })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::feed::{Digest, FeedKey};
    use crate::ledger::{Cause, ItemState, LedgerRecord};
    use crate::store::{StoreParams, WriteBatch};

    #[test]
    fn what_was_accepted_counts_once_per_sku_store_view_and_book() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let store = Store::open(&StoreParams { path, cache_bytes: 1 << 20 }).unwrap();
        let product = |sku: &str, store: &str| {
            FeedKey::new(Identity::Product { sku: sku.into(), store: store.into() })
        };
        let book = |id: &str| FeedKey::new(Identity::PriceBook { id: id.into() });
        let mut batch = WriteBatch::default();
        for (key, is_accepted) in [
            (product("A", "en"), true),
            (product("A", "de"), true),
            (product("B", "en"), true),
            (product("C", "fr"), false),
            (book("base"), true),
            (book("base::1"), true),
            (book("trade"), false),
        ] {
            let at = Timestamp::UNIX_EPOCH;
            let record = LedgerRecord {
                owner: 1,
                state: ItemState::Accepted,
                accepted: is_accepted.then_some(Digest([1; 20])),
                refused: None,
                code: 200,
                message: String::new(),
                request_id: String::new(),
                attempts: 1,
                first_at: at,
                last_at: at,
                cause: Cause::default(),
            };
            batch.ledger(&key, &record, None);
        }
        store.commit(batch).unwrap();
        let wanted = LicenceUse { price_books: Some(2), skus: Some(2), store_views: Some(2) };
        assert_eq!(licence_use(&store).unwrap(), wanted);
    }
}
