//! Owns the report on where every feed and item stands. Reads the store; can't change anything.

mod report;

pub use report::{FeedReport, ItemReport, Report};
