//! Owns everything between the shop's database and decoded source transactions.
//!
//! Must not know feeds or the store.

pub mod files;
pub mod framing;
