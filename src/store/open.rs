//! Opening, committing and flushing the database.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sled::transaction::{TransactionError, Transactional};

use crate::catalog::ForeignKey;
use crate::store::batch::{
    BINLOG_FILE, DEFINITIONS, FORMAT, POSITION, PREPARED, REREAD, SERVER, SNAPSHOT, Tree,
    WriteBatch,
};
use crate::store::error::StoreError;
use crate::store::{keys, records, resyncs};

/// The format of keys and values as a whole.
const STORE_FORMAT: u64 = 4;
/// Free space below which we stop: several times what is committed between two flushes.
const FREE_BYTES_MIN: u64 = 64 << 20;

/// Where and how the store is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreParams {
    /// The database's directory; created when missing.
    pub path: PathBuf,
    /// Memory for sled's page cache, in bytes.
    pub cache_bytes: u64,
}

/// The open store.
#[derive(Debug)]
pub struct Store {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    /// The log file: flushing is not durable until it is synced as well.
    log: File,
    /// Serialises commits: conditional writes are checked and applied under it.
    writer: Mutex<()>,
    /// The last sequence handed out.
    sequence: AtomicU64,
    /// Whether there are commits that were not synced yet.
    unsynced: AtomicBool,
    /// Serialises flushes: one that finds nothing to do must not overtake the one that does it.
    flushing: Mutex<()>,
    /// Foreign keys that the shop lacks.
    pub(super) lacking: Mutex<BTreeSet<ForeignKey>>,
}

impl Store {
    /// Opens the store, creating it when the directory is empty.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it; [`StoreError::Damaged`] when it can't be
    /// repaired; [`StoreError::Format`] when another version wrote it.
    pub fn open(params: &StoreParams) -> Result<Self, StoreError> {
        let path = &params.path;
        std::fs::create_dir_all(path)
            .map_err(|source| StoreError::Directory { path: path.clone(), source })?;
        let db = open_or_repair(params)?;
        let io = |source| StoreError::Io { action: "open a tree of the store", source };
        let trees = Tree::ALL
            .iter()
            .map(|tree| db.open_tree(tree.name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(io)?;
        let log = File::open(path.join("db"))
            .map_err(|source| StoreError::Directory { path: path.clone(), source })?;
        let store = Self {
            db,
            trees,
            log,
            writer: Mutex::new(()),
            sequence: AtomicU64::new(0),
            unsynced: AtomicBool::new(false),
            flushing: Mutex::new(()),
            lacking: Mutex::new(BTreeSet::new()),
        };
        store.check_format(path)?;
        store.sequence.store(store.highest_sequence()?, Ordering::SeqCst);
        Ok(store)
    }

    /// Notes the foreign keys that the shop lacks; returns those that were noted before. Not stored:
    /// the shop knows them.
    pub fn set_lacking(&self, keys: BTreeSet<ForeignKey>) -> BTreeSet<ForeignKey> {
        let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut lacking, keys)
    }

    /// A number greater than every one handed out or stored before.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Makes a batch part of the store, atomically. Durable after the next [`Store::flush`].
    ///
    /// # Errors
    /// The store is poisoned: stop writing and exit.
    pub fn commit(&self, batch: WriteBatch) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { action: "commit to the store", source };
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let WriteBatch { mut writes, cleaned, walked, resynced } = batch;
        for (owner, sequence) in cleaned {
            let key = keys::feed_owner(owner).to_vec();
            let marked = self.get(Tree::Dirty, &key, records::decode_dirty)?;
            if marked.is_some_and(|mark| mark.sequence == sequence) {
                writes.entry((Tree::Dirty, key)).or_insert(None);
            }
        }
        for (feed, (sequence, moved)) in walked {
            let key = vec![feed.code()];
            let range = self.get(Tree::Ranges, &key, records::decode_range)?;
            if range.is_some_and(|range| range.sequence == sequence) {
                let moved = moved.as_ref().map(records::encode_range);
                writes.entry((Tree::Ranges, key)).or_insert(moved);
            }
        }
        for (key, (sequence, moved)) in resynced {
            let asked = self.get(Tree::Resyncs, &key, resyncs::decode)?;
            if asked.is_some_and(|asked| asked.sequence == sequence) {
                let moved = moved.as_ref().map(resyncs::encode);
                writes.entry((Tree::Resyncs, key)).or_insert(moved);
            }
        }
        let mut batches = vec![sled::Batch::default(); self.trees.len()];
        for ((tree, key), value) in writes {
            let Some(batch) = batches.get_mut(place(tree)) else { continue };
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.trees
            .as_slice()
            .transaction(|trees| {
                for (tree, batch) in trees.iter().zip(&batches) {
                    tree.apply_batch(batch)?;
                }
                Ok(())
            })
            .map_err(|error: TransactionError<()>| match error {
                TransactionError::Storage(source) => io(source),
                TransactionError::Abort(()) => io(sled::Error::Unsupported("abort".to_owned())),
            })?;
        self.unsynced.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Makes everything committed before this call durable, and tells whether any of it was not
    /// yet. Cheap when nothing was committed.
    ///
    /// # Errors
    /// The store is poisoned: stop writing and exit.
    pub fn flush(&self) -> Result<bool, StoreError> {
        let _flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.unsynced.swap(false, Ordering::SeqCst) {
            return Ok(false);
        }
        self.check_free_space()?;
        self.db.flush().map_err(|source| StoreError::Io { action: "flush the store", source })?;
        // sled's flush is sync_file_range on Linux, which leaves data in the device's cache.
        self.log.sync_data().map_err(StoreError::Sync)?;
        Ok(true)
    }

    /// sled may not survive a write that the disk refuses, so we stop while it still takes some.
    fn check_free_space(&self) -> Result<(), StoreError> {
        let stat = rustix::fs::fstatvfs(&self.log)
            .map_err(|errno| StoreError::Sync(std::io::Error::from(errno)))?;
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free_bytes < FREE_BYTES_MIN {
            return Err(StoreError::DiskFull { free_bytes, needed_bytes: FREE_BYTES_MIN });
        }
        Ok(())
    }

    /// Forgets the catalog copy, the position and the dirty marks, so that a new snapshot starts
    /// from nothing; the ledger and the outbox stay.
    ///
    /// # Errors
    /// The store is poisoned: stop writing and exit.
    pub fn clear_catalog(&self) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { action: "clear the catalog copy", source };
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The snapshot's state goes first: without it the next start clears the rest again.
        for key in [SNAPSHOT, POSITION, DEFINITIONS, SERVER, BINLOG_FILE] {
            self.tree(Tree::Progress).remove(key).map_err(io)?;
        }
        for prefix in [REREAD, PREPARED] {
            for key in self.tree(Tree::Progress).scan_prefix(prefix).keys() {
                self.tree(Tree::Progress).remove(key.map_err(io)?).map_err(io)?;
            }
        }
        for tree in [Tree::Sheets, Tree::References, Tree::Dirty, Tree::Ranges] {
            self.tree(tree).clear().map_err(io)?;
        }
        self.unsynced.store(true, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn tree(&self, tree: Tree) -> &sled::Tree {
        #[expect(clippy::indexing_slicing, reason = "opened from the same list")]
        &self.trees[place(tree)]
    }

    fn check_format(&self, path: &Path) -> Result<(), StoreError> {
        let progress = self.tree(Tree::Progress);
        let io = |source| StoreError::Io { action: "read the store's format", source };
        let found = progress.get(FORMAT).map_err(io)?;
        let found = match found.as_deref().map(<[u8; 8]>::try_from) {
            None => {
                progress.insert(FORMAT, &STORE_FORMAT.to_be_bytes()).map_err(io)?;
                return Ok(());
            }
            Some(bytes) => bytes.map_or(0, u64::from_be_bytes),
        };
        if found == STORE_FORMAT {
            return Ok(());
        }
        Err(StoreError::Format { path: path.to_owned(), found, expected: STORE_FORMAT })
    }
}

fn place(tree: Tree) -> usize {
    Tree::ALL.iter().position(|known| *known == tree).unwrap_or_default()
}

fn open_or_repair(params: &StoreParams) -> Result<sled::Db, StoreError> {
    let path = &params.path;
    match try_open(params) {
        Ok(db) => Ok(db),
        Err(Refusal::InUse) => Err(StoreError::InUse { path: path.clone() }),
        Err(Refusal::Other(source)) => Err(StoreError::Open { path: path.clone(), source }),
        Err(Refusal::Corrupt) => {
            // sled recovers everything from its log when a torn snapshot of it is out of the way.
            let copy = copy_aside(path)?;
            remove_snapshots(path)?;
            try_open(params).map_err(|_lost| StoreError::Damaged { path: path.clone(), copy })
        }
    }
}

enum Refusal {
    InUse,
    Corrupt,
    Other(sled::Error),
}

fn try_open(params: &StoreParams) -> Result<sled::Db, Refusal> {
    let config = sled::Config::default()
        .path(&params.path)
        .cache_capacity(params.cache_bytes)
        .flush_every_ms(Some(500));
    // sled's recovery can panic on a damaged file.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Corruption { .. })) | Err(_) => Err(Refusal::Corrupt),
        Ok(Err(sled::Error::Io(io))) if io.to_string().contains("could not acquire lock") => {
            Err(Refusal::InUse)
        }
        Ok(Err(other)) => Err(Refusal::Other(other)),
    }
}

#[cfg(test)]
impl Store {
    /// Opens a store of which an earlier one was just dropped: its background threads may take a moment
    /// to let go of it.
    pub(crate) fn reopen(params: &StoreParams) -> Result<Self, StoreError> {
        for _ in 0..1_000_000 {
            match Self::open(params) {
                Err(StoreError::InUse { .. }) => std::thread::yield_now(),
                opened => return opened,
            }
        }
        panic!("the store is not let go of");
    }
}

/// Copies the damaged database beside itself, under the first free name.
fn copy_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let failed = |source| StoreError::Directory { path: path.to_owned(), source };
    let free = (1..1000u32)
        .map(|n| path.with_extension(format!("damaged-{n}")))
        .find(|copy| matches!(copy.try_exists(), Ok(false)))
        .ok_or_else(|| failed(std::io::Error::other("no free name for a copy")))?;
    std::fs::create_dir(&free).map_err(failed)?;
    copy_files(path, &free).map_err(failed)?;
    Ok(free)
}

/// Files and directories. What else lies there is none of the database: the socket that a killed process
/// leaves behind can't be copied.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            std::fs::create_dir(&target)?;
            copy_files(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn remove_snapshots(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Directory { path: path.to_owned(), source };
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") || name.ends_with(".generating") {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}
