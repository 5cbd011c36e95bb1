//! Owns the report on where the source and every feed and item stand. Reads the store, and a running
//! process's own state; can't change anything.

mod report;
mod socket;
mod source;

pub use report::{FeedReport, ItemReport, Report};
pub use socket::{Process, Question, answer, ask, serve, socket_path};
pub use source::{Alert, SourceActivity, SourceState};
