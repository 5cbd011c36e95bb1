//! Owns the configuration: the file, the environment, and their validation into each room's own
//! `Params`. Must not run anything.
//!
//! A value comes from the file, from one of the two environment variables that carry secrets, or
//! from its default; [`Config::origins`] says which, for `config show`.

mod error;
mod file;
mod resolve;
mod secret;
mod show;
mod snapshot;
mod url;

pub use error::ConfigError;
pub use file::{
    CommerceEnvironment, ENV_CLIENT_SECRET, ENV_SOURCE_PASSWORD, Environment, LogFormat,
    OnLostPosition, SpecialPriceDates, Tls,
};
pub use resolve::{Budgets, Config, Optimizer, REQUESTS_IN_FLIGHT, Source};
pub use show::Origin;
pub use snapshot::Snapshot;
