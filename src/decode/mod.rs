//! Owns the way from verified binlog event bytes to typed row changes.
//!
//! Bytes come in as [`RawEvent`]s whose checksum was verified; what they mean goes out as
//! [`Decoded`]: row changes of watched tables, transaction borders, GTIDs. A `TABLE_MAP` is read here
//! first; row events of tables that aren't watched are never looked into. Rows are taken apart by
//! `mysql_cdc`, which is fed only bytes whose lengths were checked. Pure: no I/O, no clock. Must not
//! know what a product is: the list of watched tables is a value given by the caller.

mod bytes;
mod changes;
mod charset;
pub(crate) mod codec;
mod columns;
mod compressed;
mod control;
mod convert;
mod decoder;
mod error;
mod event;
mod gtid_event;
mod layout;
mod payload;
mod plan;
mod rows;
mod sql;
mod statement;
mod table_map;
mod temporal;
mod unreadable;
mod value;
mod watched;
mod xa;

pub use changes::{Changes, IntoIter as ChangesIntoIter};
pub(crate) use charset::Charset;
pub use columns::{ColumnDescription, Definitions, TableColumns};
pub use decoder::{Decoded, Decoder};
pub use error::DecodeError;
pub use event::{
    ChecksumAlgorithm, ChecksumMismatch, EventHeader, RawEvent, event_type, verify_crc32,
};
pub use payload::{Payload, PayloadFault};
pub use plan::Watch;
pub use statement::{Effect, StatementKind};
pub use table_map::announced_columns;
pub use unreadable::Unreadable;
pub use value::{Row, Value};
pub use watched::{ColumnKind, RowChange, TableId, TableLayout, WatchedColumn, WatchedTable};

#[cfg(test)]
mod tests;
