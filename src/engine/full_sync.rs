//! A full sync that an operator asks for: everything is assembled once more, and what differs from
//! what the service accepted is sent.

use crate::engine::absorb::mark_everything;
use crate::store::{Store, StoreError, WriteBatch};

/// Marks every item to be assembled again, durably. A process that runs or the next one does it;
/// without a catalog copy the first run assembles everything anyway.
///
/// # Errors
/// The store can't be written.
pub fn request_full_sync(store: &Store) -> Result<(), StoreError> {
    let mut batch = WriteBatch::default();
    mark_everything(store, &mut batch);
    store.commit(batch)?;
    store.flush().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;
    use crate::store::StoreParams;

    #[test]
    fn every_feed_is_walked_from_its_start_also_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 20 };
        let store = Store::open(&params).unwrap();
        request_full_sync(&store).unwrap();
        drop(store);
        let ranges = Store::reopen(&params).unwrap().ranges().unwrap();
        assert_eq!(ranges.keys().copied().collect::<Vec<_>>(), Feed::ALL);
        assert!(ranges.values().all(|range| range.after.is_none()), "{ranges:?}");
    }
}
