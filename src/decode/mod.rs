//! Owns the way from verified binlog event bytes to typed row changes.
//!
//! Bytes come in as [`event::RawEvent`]s whose checksum was verified; row changes of watched tables
//! go out. Pure: no I/O, no clock. Knows nothing of products: the list of watched tables is a value
//! given by the caller.

mod value;
mod watched;

pub use value::{Row, Value};
pub use watched::{ColumnKind, RowChange, TableId, WatchedColumn, WatchedTable};
