//! What can go wrong with the store.

use std::path::PathBuf;

use thiserror::Error;

/// The store could not do what was asked. After a failed commit or flush the store is poisoned:
/// the caller must stop writing and exit; the next start recovers.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has the database open.
    #[error("open the store at {path}: another process uses it")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The directory can't be used.
    #[error("open the store at {path}")]
    Open {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: sled::Error,
    },
    /// The directory can't be used.
    #[error("prepare the store's directory {path}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database is damaged and the repair did not help.
    #[error("open the store at {path}: it is damaged; a copy is at {copy}")]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// Where the damaged files were copied.
        copy: PathBuf,
    },
    /// The database was written by another version.
    #[error("open the store at {path}: its format is {found}, this version reads {expected}")]
    Format {
        /// The directory.
        path: PathBuf,
        /// The format found.
        found: u64,
        /// The format this version reads and writes.
        expected: u64,
    },
    /// A stored value fails its checksum or does not decode.
    #[error("decode a value of the store: {why} (tree {tree}, key {key})")]
    Corrupt {
        /// The tree.
        tree: &'static str,
        /// The key, in hexadecimal.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Reading or writing failed.
    #[error("{action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The cause.
        #[source]
        source: sled::Error,
    },
    /// Syncing the database file failed.
    #[error("sync the store to disk")]
    Sync(#[source] std::io::Error),
    /// The disk has less free space than a safe stop needs.
    #[error(
        "write to the store: its disk is full: {free_bytes} bytes are free, {needed_bytes} are needed"
    )]
    DiskFull {
        /// Bytes free.
        free_bytes: u64,
        /// Bytes that must be free.
        needed_bytes: u64,
    },
}

impl StoreError {
    /// What a person can do about it, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::InUse { .. } => {
                "stop the other aco-stream, or give this one a store.path of its \
                                   own"
                .to_owned()
            }
            Self::Open { .. } | Self::Directory { .. } => {
                "store.path must be a directory that this user may write to".to_owned()
            }
            Self::Damaged { path, .. } => format!(
                "remove {} and start again: a fresh snapshot rebuilds everything, and the service \
                 gets every item once more",
                path.display()
            ),
            Self::Format { .. } => "run the version that wrote it, or remove the directory for a \
                                    fresh snapshot"
                .to_owned(),
            Self::Corrupt { .. } => "remove the store for a fresh snapshot".to_owned(),
            Self::Io { .. } | Self::Sync(_) => "is the disk full or failing?".to_owned(),
            Self::DiskFull { .. } => "make room and start again; nothing is lost".to_owned(),
        }
    }
}
