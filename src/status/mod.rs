//! Owns the report on where every feed and item stands. Reads the store; can't change anything.

mod report;
mod socket;

pub use report::{FeedReport, ItemReport, Report};
pub use socket::{Question, answer, ask, serve, socket_path};
