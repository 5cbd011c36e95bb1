//! The configuration file's form: sections, keys, types.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::config::snapshot::SnapshotSection;

/// The environment variable that holds the source's password.
pub const ENV_SOURCE_PASSWORD: &str = "ACO_STREAM_SOURCE_PASSWORD";
/// The environment variable that holds the client secret.
pub const ENV_CLIENT_SECRET: &str = "ACO_STREAM_CLIENT_SECRET";
/// The environment variable that holds the key of the encrypted client secret.
pub const ENV_KEY: &str = "ACO_STREAM_KEY";

/// What we read of the environment, as values: `config` alone reads it.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// [`ENV_SOURCE_PASSWORD`].
    pub source_password: Option<SecretString>,
    /// [`ENV_CLIENT_SECRET`].
    pub client_secret: Option<SecretString>,
    /// [`ENV_KEY`].
    pub key: Option<SecretString>,
    /// The machine's name and the working directory: processes with the same configuration differ in
    /// it, and each has the same after every restart.
    pub place: String,
}

impl Environment {
    /// The process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let system = rustix::system::uname();
        let directory = std::env::current_dir().unwrap_or_default();
        // Service managers set a variable that is left out to nothing.
        let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let secret = |name| value(name).map(SecretString::from);
        Self {
            source_password: secret(ENV_SOURCE_PASSWORD),
            client_secret: secret(ENV_CLIENT_SECRET),
            key: secret(ENV_KEY),
            place: format!("{}:{}", system.nodename().to_string_lossy(), directory.display()),
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do when the source no longer has our position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLostPosition {
    /// Stop absorbing and say so.
    #[default]
    Stop,
    /// Take a new snapshot.
    Resnapshot,
}

/// The shop's environment, or the tenant's that must pair with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum CommerceEnvironment {
    /// `commerce.environment = "staging"`, `optimizer.environment = "sandbox"`.
    #[serde(alias = "sandbox")]
    Staging,
    /// Production.
    Production,
}

/// Whether special prices outside their dates are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpecialPriceDates {
    /// A special price counts only between its dates.
    #[default]
    Respect,
    /// The dates are not looked at, as the official connector does.
    Ignore,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    pub(crate) source: SourceSection,
    pub(crate) commerce: CommerceSection,
    pub(crate) optimizer: OptimizerSection,
    pub(crate) limits: LimitsSection,
    pub(crate) scopes: ScopesSection,
    pub(crate) feeds: FeedsSection,
    pub(crate) store: StoreSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SourceSection {
    pub(crate) url: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) tls: Option<Tls>,
    pub(crate) tls_ca_file: Option<PathBuf>,
    pub(crate) table_prefix: Option<String>,
    pub(crate) server_id: Option<u32>,
    pub(crate) heartbeat_seconds: Option<u64>,
    pub(crate) on_lost_position: Option<OnLostPosition>,
    pub(crate) snapshot: SnapshotSection,
}

/// How the connection to the source is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Plain text.
    Off,
    /// Encrypted, the certificate is not verified.
    Require,
    /// The certificate must come from the CA.
    VerifyCa,
    /// The certificate must come from the CA and name the host.
    VerifyFull,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CommerceSection {
    pub(crate) environment: Option<CommerceEnvironment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OptimizerSection {
    pub(crate) environment: Option<CommerceEnvironment>,
    pub(crate) ingestion_url: Option<String>,
    pub(crate) ims_url: Option<String>,
    pub(crate) ccm_url: Option<String>,
    pub(crate) org_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) client_secret_encrypted: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) timeout_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsSection {
    pub(crate) requests_per_second: Option<f64>,
    pub(crate) products_per_minute: Option<u32>,
    pub(crate) products_per_day: Option<u32>,
    pub(crate) prices_per_minute: Option<u32>,
    pub(crate) requests_in_flight: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the names of the keys in the file")]
pub(crate) struct ScopesSection {
    pub(crate) disabled_store_views: Vec<String>,
    pub(crate) disabled_websites: Vec<String>,
    pub(crate) disabled_customer_groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FeedsSection {
    pub(crate) disabled_rules: Vec<String>,
    pub(crate) products: ProductsSection,
    pub(crate) prices: PricesSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProductsSection {
    pub(crate) extra_attributes: Option<WordOrCodes>,
}

/// A word that stands for a choice, or the codes of what is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected a word or a list of codes")]
pub(crate) enum WordOrCodes {
    Word(String),
    Codes(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PricesSection {
    pub(crate) special_price_dates: Option<SpecialPriceDates>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreSection {
    pub(crate) path: Option<PathBuf>,
    pub(crate) cache_mb: Option<u64>,
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// The file `path`, which holds `text`.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let invalid = |key: String, error: &toml::de::Error| ConfigError::Invalid {
            path: path.to_owned(),
            line: error.span().map(|span| line_of(text, span.start)),
            key,
            message: error.message().replace('\n', ", "),
        };
        let toml =
            toml::Deserializer::parse(text).map_err(|error| invalid(String::new(), &error))?;
        serde_path_to_error::deserialize(toml)
            .map_err(|error| invalid(error.path().to_string(), error.inner()))
    }
}

/// The line, from 1, of a byte of the text.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}
