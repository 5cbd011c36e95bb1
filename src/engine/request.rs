//! What an operator may ask of the absorb loop while it runs, or before it does.

use crate::catalog::Table;
use crate::store::{Reread, Store, StoreError, WriteBatch};

/// What became of the wish to read tables again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RereadRequest {
    /// They are marked, or were already.
    Marked,
    /// There is no catalog copy yet: the next run reads every table anyway.
    NothingToReread,
}

/// Marks these watched tables, named without prefix, to be read again. A name that no watched table
/// of the shop's layout has is passed over. The absorb loop sees the mark within seconds; another
/// process's, at its next start.
///
/// # Errors
/// The store can't be read or written.
pub fn request_reread(store: &Store, names: &[String]) -> Result<RereadRequest, StoreError> {
    let Some(state) = store.snapshot()? else { return Ok(RereadRequest::NothingToReread) };
    // One that is being read again goes on: what it has read by now is newer than the last commit.
    let pending = store.rereads()?;
    let mut batch = WriteBatch::default();
    for table in Table::of_layout(state.layout) {
        let is_wanted = names.iter().any(|name| name == table.name());
        if is_wanted && !pending.contains_key(&table.id()) {
            batch.reread(table.id(), Some(&Reread::default()));
        }
    }
    if !batch.is_empty() {
        store.commit(batch)?;
        store.flush()?;
    }
    Ok(RereadRequest::Marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::TableLayout;
    use crate::position::{BinlogOffset, Position};
    use crate::store::{Phase, SnapshotState, StoreParams};

    fn store(directory: &tempfile::TempDir, layout: Option<TableLayout>) -> Store {
        let path = directory.path().join("store");
        let store = Store::open(&StoreParams { path, cache_bytes: 1 << 20 }).unwrap();
        if let Some(layout) = layout {
            let start = Position { gtid: None, at: BinlogOffset::default() };
            let state = SnapshotState { start, layout, phase: Phase::Open, rows_read: 0 };
            let mut batch = WriteBatch::default();
            batch.snapshot(&state);
            store.commit(batch).unwrap();
        }
        store
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn tables_of_the_shops_own_layout_are_marked() {
        let wanted = names(&["catalog_product_entity", "store", "no_such_table"]);
        for (layout, product) in [
            (TableLayout::Plain, Table::ProductEntity),
            (TableLayout::Staged, Table::StagedProductEntity),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let store = store(&directory, Some(layout));
            assert_eq!(request_reread(&store, &wanted).unwrap(), RereadRequest::Marked);
            let marked: Vec<_> = store.rereads().unwrap().into_keys().collect();
            assert_eq!(marked, [Table::Store.id(), product.id()]);
        }
    }

    #[test]
    fn a_table_that_is_being_read_again_goes_on_where_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory, Some(TableLayout::Plain));
        let half_way = Reread { after: Some(7), replay_from: None };
        let mut batch = WriteBatch::default();
        batch.reread(Table::Store.id(), Some(&half_way));
        store.commit(batch).unwrap();
        request_reread(&store, &names(&["store"])).unwrap();
        assert_eq!(store.rereads().unwrap()[&Table::Store.id()], half_way);
    }

    #[test]
    fn nothing_is_marked_before_there_is_a_catalog_copy() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory, None);
        let asked = request_reread(&store, &names(&["store"])).unwrap();
        assert_eq!(asked, RereadRequest::NothingToReread);
        assert!(store.rereads().unwrap().is_empty());
    }
}
