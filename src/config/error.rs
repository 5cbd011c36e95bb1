//! What can be wrong with the configuration.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::SealError;
use crate::config::file::{CommerceEnvironment, ENV_KEY};
use crate::submit::TenantEnvironment;

/// The configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("read the config file {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what we expect: bad TOML, an unknown key, a value of the wrong type.
    #[error("read the config file {path}{}: {message}", place(*line, key))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1; absent when the file as a whole is meant.
        line: Option<usize>,
        /// The key, as a path; empty when the file is no TOML.
        key: String,
        /// What is wrong, without the line itself: it may hold a secret.
        message: String,
    },
    /// A value is out of its range or its form.
    #[error("use the config file {path}, {key}: {message}")]
    Value {
        /// The file; empty until `ConfigError::in_file` names it.
        path: PathBuf,
        /// The key, as a path.
        key: &'static str,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A file that holds a secret can't be used.
    #[error("read the secret that {key} names, {path}")]
    SecretFile {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file that holds a secret may be read by others.
    #[error("use the secret that {key} names, {path}: others may read it (its mode is {mode:o})")]
    SecretFileMode {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The file's permission bits.
        mode: u32,
    },
    /// The configuration file holds an encrypted secret and may be read by others.
    #[error(
        "use the config file {path}, which holds an encrypted secret: others may read it (its mode \
         is {mode:o})"
    )]
    ConfigFileMode {
        /// The file.
        path: PathBuf,
        /// The file's permission bits.
        mode: u32,
    },
    /// The client secret is encrypted, and there is no key for it.
    #[error("open optimizer.client_secret_encrypted: the key is missing")]
    KeyMissing,
    /// The key of the client secret is malformed.
    #[error("use the key in {place}")]
    Key {
        /// The file or the environment variable.
        place: String,
        /// What is wrong.
        #[source]
        source: SealError,
    },
    /// The key does not open the client secret.
    #[error("open optimizer.client_secret_encrypted with the key in {place}")]
    NotOpened {
        /// The file or the environment variable.
        place: String,
        /// What is wrong.
        #[source]
        source: SealError,
    },
    /// The tenant is of the other environment than the shop.
    #[error("use a {} tenant (says {told_by}) for a {} shop", tenant.name(), shop.name())]
    Pairing {
        /// The shop's environment.
        shop: CommerceEnvironment,
        /// The tenant's.
        tenant: TenantEnvironment,
        /// The key or the service that says which the tenant is.
        told_by: &'static str,
    },
    /// A file can't be written.
    #[error("write {path}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl ConfigError {
    /// A value that is wrong, in a file that the caller's caller knows.
    pub(crate) fn value(key: &'static str, message: impl Into<String>) -> Self {
        Self::Value { path: PathBuf::new(), key, message: message.into() }
    }

    /// Names the file that a wrong value is in.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        let Self::Value { path: _, key, message } = self else { return self };
        Self::Value { path: file.to_owned(), key, message }
    }

    /// What a person can do about it, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "name the file with --config, and see that this user may read it".to_owned()
            }
            Self::Invalid { .. } | Self::Value { .. } => {
                "README.md shows a complete file, with every key and what it may be".to_owned()
            }
            Self::SecretFile { .. } => {
                "the file must exist and be readable by this user".to_owned()
            }
            Self::SecretFileMode { path, .. } | Self::ConfigFileMode { path, .. } => {
                format!("chmod 600 {}", path.display())
            }
            Self::KeyMissing => format!(
                "set optimizer.key_file or {ENV_KEY} to the key that `aco-stream init` used, or give \
                 the secret itself in ACO_STREAM_CLIENT_SECRET"
            ),
            Self::Key { .. } => "give the key as `aco-stream init` wrote it, or remove it and run \
                                 `aco-stream init --force`, which makes a new one"
                .to_owned(),
            Self::NotOpened { .. } => {
                "use the key, optimizer.tenant_id and optimizer.client_id that \
                                       the secret was encrypted with, or encrypt it again with \
                                       `aco-stream init --force`"
                    .to_owned()
            }
            Self::Pairing { tenant, .. } => {
                let shop = match tenant {
                    TenantEnvironment::Sandbox => "staging",
                    TenantEnvironment::Production => "production",
                };
                format!(
                    "staging goes with a sandbox tenant, production with a production tenant: use \
                     the other tenant, or set commerce.environment = \"{shop}\" and \
                     optimizer.environment = \"{}\" if that is what the shop is",
                    tenant.name()
                )
            }
            Self::Unwritable { .. } => {
                "the directory must exist and be writable by this user".to_owned()
            }
        }
    }
}

/// Where in the file: `, line 3, limits.rate`.
fn place(line: Option<usize>, key: &str) -> String {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    let key = if key.is_empty() { String::new() } else { format!(", {key}") };
    line + &key
}
