//! Owns the way to the shop's database: connection, preflight, snapshot, binlog stream, binlog
//! files.
//!
//! ```text
//!  preflight ─► findings
//!  safe_start ─► read_chunk … ─► written_end       rows as a SELECT shows them
//!  Stream ─► verified events ─► decode ─► framing  source transactions from a position on
//! ```
//!
//! It only ever reads: no lock, no write, no privilege beyond SELECT on the schema, REPLICATION
//! SLAVE and REPLICATION CLIENT. It keeps no state that outlives a process and never waits to try
//! again: reconnecting is the engine's. Must not know feeds or the store.

mod answers;
mod cell;
mod columns;
mod connection;
mod error;
pub mod files;
pub mod framing;
mod params;
mod preflight;
pub mod reader;
mod replica;
mod snapshot;
mod stream;

pub use columns::{Definitions, estimate_rows, table_columns, table_layout};
pub use connection::{Connection, Flavour};
pub use error::{SourceError, SourceErrorKind};
pub use params::{SourceParams, TlsMode};
pub use preflight::{Finding, Severity, preflight};
pub use snapshot::{Chunk, ChunkRequest, read_chunk, safe_start, written_end};
pub use stream::{Stream, StreamEvent};
