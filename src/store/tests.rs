//! The stored forms, and what a commit, a reopening and a repair keep.

mod coding;

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::*;
use crate::catalog::database::Database;
use crate::catalog::random_rows::{PRODUCTS, cases, edit};
use crate::catalog::{
    CatalogRead as _, FoldMode, MemoryCatalog, Owner, Reference, RowKey, Sheet, Table, fold,
};
use crate::decode::{ColumnKind, TableId, TableLayout, Value};
use crate::feed::{Digest, Feed, FeedKey, FeedOwner, Identity};
use crate::ledger::{Ask, Cause, ItemState, LedgerRecord};
use crate::outbox::{Intent, Lane, OutboxEntry};
use crate::pace::{Family, PaceState, RecentSend};
use crate::position::{BinlogOffset, Position};
use crate::store::batch::{FORMAT, Tree};
use crate::store::codec::{Reader, Writer, seal, unseal};

fn open(directory: &TempDir) -> Result<Store, StoreError> {
    let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 24 };
    Store::reopen(&params)
}

fn position(offset: u64) -> Position {
    Position { gtid: None, at: BinlogOffset { file: "binlog.000001".to_owned(), offset } }
}

fn mark(sequence: u64) -> DirtyMark {
    DirtyMark { sequence, cause: Cause::default() }
}

fn product(id: u32) -> FeedOwner {
    FeedOwner { feed: Feed::Products, id }
}

fn record(owner: u32) -> LedgerRecord {
    LedgerRecord::first(owner, Cause::default(), Timestamp::UNIX_EPOCH)
}

fn entry(key: FeedKey) -> OutboxEntry {
    OutboxEntry {
        key,
        owner: 7,
        intent: Intent::Delete,
        lane: Lane::Mass,
        is_first: true,
        sequence: 3,
        attempts: 0,
        not_before: None,
        suspect_group: 0,
        cause: Cause::default(),
    }
}

fn sku(sku: &str) -> FeedKey {
    FeedKey::new(Identity::Product { sku: sku.into(), store: "en".into() })
}

/// One write to every tree.
fn everything() -> WriteBatch {
    let changes = Database::small_shop().snapshot();
    let edits = fold(&changes, &MemoryCatalog::default(), FoldMode::GateClosed).unwrap();
    let mut batch = WriteBatch::default();
    batch.catalog(&edits);
    batch.position(&position(7));
    batch.snapshot(&SnapshotState {
        start: position(7),
        layout: TableLayout::Plain,
        phase: Phase::Open,
        rows_read: 9,
    });
    batch.pace(&PaceState { products_sent: 5, ..PaceState::default() });
    batch.mark_dirty(product(12), &mark(40));
    batch.mark_range(Feed::Prices, &mark(41));
    batch.ledger(&sku("s2"), &record(12), None);
    batch.outbox(&sku("s2"), Some(&entry(sku("s2"))));
    batch.timer("2024-06-17T07:00:00Z".parse().unwrap(), product(12));
    batch.claim(&sku("s2"), 13, true);
    batch.resync_feed(Feed::Products, &Resync { sequence: 1, ask: Ask::Force, after: Some(3) });
    let answer = PastAnswer {
        at: Timestamp::UNIX_EPOCH,
        digest: None,
        state: ItemState::Deleted,
        code: 200,
        message: String::new(),
        request_id: String::new(),
    };
    batch.history(&sku("s1"), Vec::new(), answer);
    batch
}

/// How many entries each tree has.
fn sizes(store: &Store) -> BTreeMap<&'static str, usize> {
    Tree::ALL.iter().map(|tree| (tree.name(), store.tree(*tree).len())).collect()
}

#[test]
fn timers_are_listed_by_instant_and_claims_by_key() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (first, second) = (at("2024-06-17T07:00:00Z"), at("2031-01-01T00:00:00Z"));
    let mut batch = WriteBatch::default();
    batch.timer(second, product(1));
    batch.timer(first, product(2));
    batch.claim(&sku("s2"), 7, true);
    batch.claim(&sku("s2"), 5, true);
    batch.claim(&sku("s20"), 6, true);
    store.commit(batch).unwrap();
    assert_eq!(store.timers(9).unwrap(), [(first, product(2)), (second, product(1))]);
    assert_eq!(store.timers(1).unwrap(), [(first, product(2))]);
    assert_eq!(store.claimants(&sku("s2")).unwrap(), [5, 7]);
    let mut batch = WriteBatch::default();
    batch.timer_rang(first, product(2));
    batch.claim(&sku("s2"), 5, false);
    store.commit(batch).unwrap();
    assert_eq!(store.timers(9).unwrap(), [(second, product(1))]);
    assert_eq!(store.claimants(&sku("s2")).unwrap(), [7]);
}

#[test]
fn commit_is_there_as_a_whole_after_reopening() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let empty = sizes(&store);
    store.commit(everything()).unwrap();
    let full = sizes(&store);
    assert!(full.iter().all(|(tree, size)| *size > empty[tree]), "{full:?}");
    drop(store);
    let store = open(&directory).unwrap();
    assert_eq!(sizes(&store), full);
    assert_eq!(store.position().unwrap(), Some(position(7)));
    assert_eq!(store.dirty(Feed::Products, 0, 9).unwrap(), [(product(12), mark(40))]);
    assert_eq!(store.ledger(&sku("s2")).unwrap(), Some(record(12)));
    assert_eq!(store.owned_keys(product(12)).unwrap(), [sku("s2")]);
    assert_eq!(store.outbox().unwrap(), [entry(sku("s2"))]);
    assert_eq!(store.pace().unwrap().unwrap().products_sent, 5);
}

#[test]
fn commit_that_fails_leaves_no_tree_changed() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    // The mark that the commit has to compare with is damaged.
    let key = keys::feed_owner(product(1));
    store.tree(Tree::Dirty).insert(key, b"damaged").unwrap();
    let before = sizes(&store);
    let mut batch = everything();
    batch.clean(product(1), 1);
    let failed = store.commit(batch).unwrap_err();
    assert!(matches!(failed, StoreError::Corrupt { tree: "dirty", .. }), "{failed}");
    assert_eq!(sizes(&store), before);
}

#[test]
fn range_that_was_marked_again_is_neither_moved_nor_ended() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let walk = |sequence: u64, after: Option<u32>| {
        let mut batch = WriteBatch::default();
        let moved = after.map(|id| Range { sequence, after: Some(id), cause: Cause::default() });
        batch.walk_range(Feed::Prices, sequence, moved);
        store.commit(batch).unwrap();
        store.ranges().unwrap().get(&Feed::Prices).map(|range| range.after)
    };
    let renew = |sequence: u64| {
        let mut batch = WriteBatch::default();
        batch.mark_range(Feed::Prices, &mark(sequence));
        store.commit(batch).unwrap();
    };
    renew(1);
    assert_eq!(walk(1, Some(9)), Some(Some(9)));
    renew(2);
    assert_eq!(walk(1, Some(10)), Some(None));
    assert_eq!(walk(1, None), Some(None));
    assert_eq!(walk(2, None), None);
    assert_eq!(walk(2, Some(3)), None, "a range that is gone does not come back");
}

#[test]
fn mark_in_the_same_commit_wins_over_its_cleaning() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let mut batch = WriteBatch::default();
    batch.mark_dirty(product(1), &mark(1));
    store.commit(batch).unwrap();
    let mut batch = WriteBatch::default();
    batch.clean(product(1), 1);
    batch.mark_dirty(product(1), &mark(2));
    store.commit(batch).unwrap();
    assert_eq!(store.dirty(Feed::Products, 0, 9).unwrap(), [(product(1), mark(2))]);
}

#[test]
fn ledger_record_that_changes_its_owner_leaves_the_old_ones_list() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    for (owner, old) in [(12, None), (13, Some(12))] {
        let mut batch = WriteBatch::default();
        batch.ledger(&sku("s2"), &record(owner), old);
        store.commit(batch).unwrap();
    }
    assert_eq!(store.owned_keys(product(12)).unwrap(), []);
    assert_eq!(store.owned_keys(product(13)).unwrap(), [sku("s2")]);
    assert_eq!(store.ledger_owner_ids_after(Feed::Products, None, 9).unwrap(), [13]);
    let mut batch = WriteBatch::default();
    batch.forget(&sku("s2"), 13);
    store.commit(batch).unwrap();
    assert_eq!(store.owned_keys(product(13)).unwrap(), []);
    assert_eq!(store.ledger(&sku("s2")).unwrap(), None);
}

#[test]
fn cleared_catalog_keeps_ledger_outbox_budgets_and_format() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    store.commit(everything()).unwrap();
    store.clear_catalog().unwrap();
    let kept: BTreeMap<_, _> = sizes(&store).into_iter().filter(|(_, size)| *size > 0).collect();
    let expected = [
        ("claims", 1),
        ("history", 1),
        ("history", 1),
        ("ledger", 1),
        ("ledger_owner", 1),
        ("outbox", 1),
        ("progress", 2),
        ("resyncs", 1),
        ("timers", 1),
    ];
    assert_eq!(kept, expected.into());
    assert_eq!((store.position().unwrap(), store.snapshot().unwrap()), (None, None));
    assert_eq!(store.dirty_count(Feed::Products).unwrap(), 0);
    assert!(store.ranges().unwrap().is_empty());
    drop(store);
    let store = open(&directory).unwrap();
    assert_eq!(store.pace().unwrap().unwrap().products_sent, 5);
}

#[test]
fn second_opening_is_told_that_the_store_is_in_use() {
    let directory = TempDir::new().unwrap();
    let _store = open(&directory).unwrap();
    let params = StoreParams { path: directory.path().join("store"), cache_bytes: 1 << 24 };
    let refused = Store::open(&params).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}

#[test]
fn store_of_another_format_is_refused() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    store.tree(Tree::Progress).insert(FORMAT, &99_u64.to_be_bytes()).unwrap();
    drop(store);
    let refused = open(&directory).unwrap_err();
    assert!(matches!(refused, StoreError::Format { found: 99, expected: 4, .. }), "{refused}");
}

#[test]
fn damaged_summary_of_the_database_is_set_aside_and_nothing_is_lost() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    store.commit(everything()).unwrap();
    store.flush().unwrap();
    let full = sizes(&store);
    drop(store);
    drop(open(&directory).unwrap());
    let path = directory.path().join("store");
    // A process that was killed leaves its socket there.
    drop(std::os::unix::net::UnixListener::bind(path.join("status.sock")).unwrap());
    let mut damaged_count = 0;
    for file in std::fs::read_dir(&path).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with("snap.") {
            let mut bytes = std::fs::read(file.path()).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            std::fs::write(file.path(), bytes).unwrap();
            damaged_count += 1;
        }
    }
    assert!(damaged_count > 0, "sled writes a summary when it is closed");
    let store = open(&directory).unwrap();
    assert_eq!(sizes(&store), full);
    assert!(directory.path().join("store.damaged-1").is_dir(), "the damaged files are kept");
}

#[test]
fn damaged_value_names_its_tree_and_key() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    store.tree(Tree::Sheets).insert(keys::owner(Owner::Product(258)), b"nonsense").unwrap();
    let failed = store.sheet(Owner::Product(258)).unwrap_err();
    let cause = std::error::Error::source(&failed).unwrap().to_string();
    assert!(cause.contains("checksum is wrong (tree sheets, key 0a00000102)"), "{cause}");
}

#[test]
fn sequences_grow_across_reopening() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let first = store.next_sequence();
    assert!(store.next_sequence() > first);
    let mut batch = WriteBatch::default();
    batch.mark_dirty(product(1), &mark(1000));
    store.commit(batch).unwrap();
    drop(store);
    let store = open(&directory).unwrap();
    assert!(store.next_sequence() > 1000);
    let mut batch = WriteBatch::default();
    batch.mark_range(Feed::Products, &mark(5000));
    store.commit(batch).unwrap();
    drop(store);
    assert!(open(&directory).unwrap().next_sequence() > 5000);
}

/// Every question that a catalog copy answers, asked of both.
fn compare(store: &Store, catalog: &MemoryCatalog) {
    let kinds: [fn(u32) -> Owner; 9] = [
        Owner::Website,
        Owner::StoreGroup,
        Owner::Store,
        Owner::CustomerGroup,
        Owner::EntityType,
        Owner::Attribute,
        Owner::AttributeOption,
        Owner::Media,
        Owner::Product,
    ];
    for kind in kinds {
        assert_eq!(store.owner_ids(kind).unwrap(), catalog.owner_ids(kind).unwrap());
        for (after, limit) in [(0, 1), (1, 2), (12, 100)] {
            let ids = |copy: &dyn Fn(Owner, usize) -> Vec<u32>| copy(kind(after), limit);
            assert_eq!(
                ids(&|after, limit| store.owner_ids_after(after, limit).unwrap()),
                ids(&|after, limit| catalog.owner_ids_after(after, limit).unwrap())
            );
        }
        for id in catalog.owner_ids(kind).unwrap().into_iter().chain([999]) {
            assert_eq!(store.sheet(kind(id)).unwrap(), catalog.sheet(kind(id)).unwrap());
        }
    }
    assert_eq!(store.sheet(Owner::Config).unwrap(), catalog.sheet(Owner::Config).unwrap());
    let references = PRODUCTS.flat_map(|id| [Reference::Child(id), Reference::Linked(id)]);
    let references =
        references.chain((0..10).flat_map(|id| [Reference::OptionHeld(id), Reference::Media(id)]));
    for reference in references {
        assert_eq!(store.referrers(reference).unwrap(), catalog.referrers(reference).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(12), ..ProptestConfig::default()
    })]

    #[test]
    fn store_answers_like_a_catalog_copy_in_memory(
        edits in proptest::collection::vec(edit(), 1..60), logs_cascades in any::<bool>(),
    ) {
        let directory = TempDir::new().unwrap();
        let store = open(&directory).unwrap();
        let mut catalog = MemoryCatalog::default();
        let mut database = Database::small_shop();
        database.logs_cascades = logs_cascades;
        let mut pieces = vec![database.snapshot()];
        pieces.extend(edits.chunks(5).map(|edits| {
            edits.iter().flat_map(|edit| database.edit(edit)).collect()
        }));
        for changes in pieces {
            let edits = fold(&changes, &store, FoldMode::GateOpen).unwrap();
            prop_assert_eq!(&edits, &fold(&changes, &catalog, FoldMode::GateOpen).unwrap());
            let mut batch = WriteBatch::default();
            batch.catalog(&edits);
            store.commit(batch).unwrap();
            edits.apply_to(&mut catalog);
            compare(&store, &catalog);
        }
        drop(store);
        compare(&open(&directory).unwrap(), &catalog);
    }
}
