//! Owns the store: the sled database, its trees, keys, codecs and commits.
//!
//! One writer at a time; one [`WriteBatch`] is one atomic commit across all trees, so that the
//! source position, the sheets and the dirty marks of a source transaction stand or fall together
//! (invariant P1). Must not know why things are written, HTTP, or async.
//!
//! Safe use of sled 0.34: few fixed trees, big-endian keys, values with a format byte and a CRC,
//! `flush()` plus `sync_data()` on the `db` file after what must be durable, and an open procedure
//! that copies a damaged database aside before it repairs anything.

mod batch;
mod codec;
mod error;
mod history;
mod keys;
mod open;
mod pair;
mod progress;
mod read;
mod records;
mod resyncs;
mod sheets;
mod source_records;

pub use batch::{DirtyMark, WriteBatch};
pub use error::StoreError;
pub use history::{HISTORY_MAX, PastAnswer};
pub use open::{Store, StoreParams};
pub use pair::PairRecord;
pub use progress::{GroupProgress, Phase, Prepared, Reread, SnapshotState, TableGroup};
pub use read::{Range, Ranges};
pub use resyncs::Resync;

#[cfg(test)]
mod tests;
