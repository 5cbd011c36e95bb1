//! Owns the way to the shop's database: connection, preflight, snapshot, binlog stream, binlog
//! files.
//!
//! ```text
//!  preflight ─► findings
//!  safe_start ─► read_range … ─► written_end       rows as a SELECT shows them
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
mod counts;
mod ends;
mod error;
pub mod files;
mod foreign_keys;
pub mod framing;
mod lease;
mod lineage;
mod params;
mod preflight;
mod purge;
pub mod reader;
mod replica;
mod rivals;
mod rows;
mod stream;

pub use columns::{estimate_rows, table_columns, table_layout};
pub use connection::{Connection, Flavour};
pub use counts::{CountedStore, ShopCounts, shop_counts};
pub use ends::{safe_start, written_end};
pub use error::{SourceError, SourceErrorKind};
pub use foreign_keys::{Cascade, Cascades, cascades};
pub use lease::{Confirmation, Holder, LeaseConnection, LeaseNames, is_lead_taken};
pub use lineage::{binlog_file, check_file, check_lineage, server_identity};
pub use params::{SnapshotParams, SourceParams, TlsMode};
pub use preflight::{Finding, Preflight, Retention, Severity, preflight, recheck};
pub use purge::{PurgeOutlook, purge_outlook};
pub use rivals::{binlog_readers, connection_id};
pub use rows::{RowRange, range_end, ranged_tables, read_range, read_whole};
pub use stream::{Stream, StreamEvent};
