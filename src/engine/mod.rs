//! Owns the two loops, absorb and deliver, as steps around one store, and the order of start and
//! stop.
//!
//! The steps are plain functions over the store: [`absorb`](absorb::Absorbing::absorb) commits source
//! transactions, [`prepare`](prepare::Preparation) turns dirty owners into outbox entries, and the
//! answers are settled by the outbox. The loops put I/O between the steps and share nothing but the
//! store and a bell. Must not know argument parsing or HTML.

pub mod absorb;
mod count;
mod deliver;
mod error;
mod explain;
mod follow;
mod full_sync;
mod gauges;
mod leadership;
mod licence;
mod nightly;
mod preconditions;
pub mod prepare;
mod rechecks;
mod reconcile;
mod replay;
mod request;
mod requests;
mod reread;
mod resync;
mod run;
mod snapshot;
mod standby;
mod streaming;
mod timers;

pub use count::{ItemCounts, count_items, count_of_shop};
pub use deliver::{DeliverParams, Delivered};
pub use error::{EngineError, Fate};
pub use explain::{Explanation, TableRows, explain};
pub use full_sync::request_full_sync;
pub use gauges::{
    Activity, DeliveryTrouble, Gauges, Role, SourceAlert, SourceChecks, SourceFailure,
};
pub use licence::licence_use;
pub use prepare::preview::preview_resync;
pub use reconcile::{Difference, DifferenceKind, Reconciling, TableCompared};
pub use replay::{ReplayParams, absorb_files, deliver_absorbed};
pub use request::{RereadRequest, request_reread};
pub use requests::{RequestItem, RequestLine, RequestLogParams, read_requests};
pub use resync::{IdType, ResyncRequest, ResyncScheduled, request_resync};
pub use run::{Delivering, RunParams, Until, run};
