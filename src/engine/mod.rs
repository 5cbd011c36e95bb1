//! Owns the two loops, absorb and deliver, as steps around one store, and the order of start and
//! stop.
//!
//! The steps are plain functions over the store: [`absorb`](absorb::Absorbing::absorb) commits source
//! transactions, [`prepare`](prepare::Preparation) turns dirty owners into outbox entries, and the
//! answers are settled by the outbox. The loops put I/O between the steps and share nothing but the
//! store and a bell. Must not know argument parsing or HTML.

pub mod absorb;
mod deliver;
mod error;
mod follow;
mod gauges;
mod preconditions;
pub mod prepare;
mod rechecks;
mod reconcile;
mod replay;
mod request;
mod reread;
mod resync;
mod run;
mod snapshot;
mod streaming;
mod timers;

pub use deliver::{DeliverParams, Delivered};
pub use error::{EngineError, Fate};
pub use gauges::{Activity, Gauges, SourceAlert, SourceChecks, SourceFailure};
pub use prepare::preview::preview_resync;
pub use reconcile::{Difference, DifferenceKind, Reconciling, TableCompared};
pub use replay::{ReplayParams, absorb_files, deliver_absorbed};
pub use request::{RereadRequest, request_reread};
pub use resync::{IdType, ResyncRequest, ResyncScheduled, request_resync};
pub use run::{Delivering, RunParams, Until, run};
