//! A configuration file as `init` finds it: perhaps not there, perhaps not complete.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::client_secret::{ClientSecret, SecretSettings};
use crate::config::file::{CommerceEnvironment, Environment, File};
use crate::config::resolve::{CCM_URL, IMS_URL, STORE_CACHE_MB, STORE_PATH, check_address};
use crate::config::sealed::SealedFor;
use crate::config::show::Shown;
use crate::config::{ConfigError, Setup, edited};

/// What a configuration file says already, as far as `init` has to know.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    text: Option<String>,
    /// `commerce.environment`.
    pub environment: Option<CommerceEnvironment>,
    /// `optimizer.ingestion_url`.
    pub ingestion_url: Option<String>,
    /// `optimizer.ims_url`, or its default.
    pub ims_url: String,
    /// `optimizer.ccm_url`, or its default.
    pub ccm_url: String,
    /// `optimizer.org_id`.
    pub org_id: Option<String>,
    /// `optimizer.tenant_id`.
    pub tenant_id: Option<String>,
    /// `optimizer.client_id`.
    pub client_id: Option<String>,
    /// The client secret.
    pub client_secret: ClientSecret,
    /// Whether the file holds an encrypted client secret: `init` was here before.
    pub is_set_up: bool,
    /// `optimizer.key_file`.
    pub key_file: Option<PathBuf>,
    /// How long a request may take.
    pub timeout: Duration,
    /// Whether the file names the shop's database.
    pub has_source: bool,
    /// The store's directory.
    pub store_path: PathBuf,
    /// sled's page cache.
    pub store_cache_bytes: u64,
}

impl Draft {
    /// Reads the file, if it is there.
    ///
    /// # Errors
    /// It is there and can't be read, or holds an unknown key, a wrong type or an address that is not
    /// https.
    pub fn read(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
        };
        let file = File::parse(path, text.as_deref().unwrap_or_default())?;
        Self::of(path, text, file, environment).map_err(|error| error.in_file(path))
    }

    fn of(
        path: &Path,
        text: Option<String>,
        file: File,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let named = |value: Option<String>| value.filter(|value| !value.is_empty());
        let optimizer = file.optimizer;
        let ims_url = optimizer.ims_url.unwrap_or_else(|| IMS_URL.to_owned());
        check_address("optimizer.ims_url", &ims_url)?;
        let ccm_url = optimizer.ccm_url.unwrap_or_else(|| CCM_URL.to_owned());
        check_address("optimizer.ccm_url", &ccm_url)?;
        let tenant_id = named(optimizer.tenant_id);
        let client_id = named(optimizer.client_id);
        let is_set_up = optimizer.client_secret_encrypted.is_some();
        let settings = SecretSettings {
            file: optimizer.client_secret_file,
            encrypted: optimizer.client_secret_encrypted,
            key_file: optimizer.key_file.clone(),
            of: SealedFor {
                tenant_id: tenant_id.clone().unwrap_or_default(),
                client_id: client_id.clone().unwrap_or_default(),
            },
        };
        let client_secret = ClientSecret::of(&mut Shown::default(), settings, environment)?;
        let cache_mb = file.store.cache_mb.unwrap_or(STORE_CACHE_MB);
        Ok(Self {
            path: path.to_owned(),
            text,
            environment: file.commerce.environment,
            ingestion_url: named(optimizer.ingestion_url),
            ims_url,
            ccm_url,
            org_id: named(optimizer.org_id),
            tenant_id,
            client_id,
            client_secret,
            is_set_up,
            key_file: optimizer.key_file,
            has_source: named(file.source.url).is_some(),
            timeout: Duration::from_secs(optimizer.timeout_seconds.unwrap_or(30).clamp(1, 600)),
            store_path: file.store.path.unwrap_or_else(|| PathBuf::from(STORE_PATH)),
            store_cache_bytes: cache_mb.saturating_mul(1 << 20),
        })
    }

    /// The file's text with the setup in it.
    ///
    /// # Errors
    /// The file's tables can't be edited.
    pub fn edited(&self, setup: &Setup) -> Result<String, ConfigError> {
        edited(&self.path, self.text.as_deref(), setup)
    }
}
