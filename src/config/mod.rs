//! Owns the configuration: the file, the environment, and their validation into each room's own
//! `Params`. Must not run anything.
//!
//! A value comes from the file, from one of the environment variables that carry secrets, or
//! from its default; [`Config::origins`] says which, for `config show`.

mod client_secret;
mod draft;
mod edit;
mod error;
mod file;
mod pairing;
mod requests;
mod resolve;
mod sealed;
mod secret;
mod show;
mod snapshot;
mod url;
mod write;

pub use client_secret::{ClientSecret, KeySource, SealedSecret};
pub use draft::Draft;
pub use edit::{Setup, edited};
pub use error::ConfigError;
pub use file::{
    CommerceEnvironment, ENV_CLIENT_SECRET, ENV_KEY, ENV_SOURCE_PASSWORD, Environment, LogFormat,
    OnLostPosition, SpecialPriceDates, Tls,
};
pub use requests::Requests;
pub use resolve::{Budgets, Config, Optimizer, REQUESTS_IN_FLIGHT, Source, check_address};
pub use sealed::{SealError, SealedFor, SealingKey};
pub use secret::read as read_secret_file;
pub use show::Origin;
pub use snapshot::Snapshot;
pub use write::{create_private, replace_private};
