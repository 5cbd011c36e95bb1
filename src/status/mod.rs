//! Owns the report on where the source and every feed and item stand. Reads the store, and a running
//! process's own state; can't change anything, but for asking that tables be read again.

mod count;
mod explained;
mod report;
mod role;
mod socket;
mod source;

pub use count::{Count, Counted};
pub use explained::{Explain, Explained};
pub use report::{FeedReport, ItemReport, Report};
pub use role::{RoleName, RoleState};
pub use socket::{
    Answer, Process, Question, Reconcile, Reread, Resync, ResyncAnswer, ResyncQuestion, answer,
    ask, serve, socket_path,
};
pub use source::{Alert, SourceActivity, SourceState};
