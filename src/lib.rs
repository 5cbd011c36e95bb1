//! aco-stream keeps an Adobe Commerce Optimizer tenant equal to a shop by reading its binlog.
//!
//! ```text
//!  MySQL/MariaDB ─► source ─► decode ─► catalog fold ─► one commit {position, sheets, dirty}   absorb
//!                                                                ▼ store (sled) ▲
//!  service ◄─ submit ◄─ pace ◄─ outbox ◄─ diff ◄─ feed assembly ◄─ dirty keys                  deliver
//!          ─► verdict ─► settle ─► one commit {ledger, outbox, budgets}
//! ```
//!
//! `docs/ARCHITECTURE.md` has the map, the words and the invariants; a test holds the imports to it.

pub mod clock;

pub mod position;

pub mod decode;

pub mod source;

pub mod catalog;

pub mod feed;

pub mod ledger;

pub mod diff;

pub mod outbox;

pub mod retry;

pub mod pace;

pub mod submit;

pub mod store;

pub mod engine;

pub mod sandbox;

pub mod status;

pub mod config;

pub mod telemetry;

pub mod cli;
