//! Where the client secret comes from, and how it is got from there when it is needed.
//!
//! The environment comes first, then the file that `optimizer.client_secret_file` names, then the
//! encrypted value. That one is decrypted only when a command talks to the service, so that the
//! others need no key.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::file::{ENV_KEY, Environment};
use crate::config::sealed::{SealError, SealedFor, SealingKey};
use crate::config::show::{Origin, Shown};
use crate::config::{ConfigError, secret};

pub(crate) const ENCRYPTED: &str = "optimizer.client_secret_encrypted";
pub(crate) const KEY_FILE: &str = "optimizer.key_file";

/// The client secret, or where to get it from.
#[derive(Debug)]
pub enum ClientSecret {
    /// None is configured.
    Missing,
    /// From the environment or from a file of its own.
    Known(SecretString),
    /// Encrypted in the configuration file.
    Sealed(SealedSecret),
}

/// An encrypted client secret.
#[derive(Debug)]
pub struct SealedSecret {
    value: String,
    key: KeySource,
    of: SealedFor,
}

/// Where the key of an encrypted secret is.
#[derive(Debug)]
pub enum KeySource {
    /// Nowhere.
    Missing,
    /// In the environment variable [`ENV_KEY`].
    Environment(SecretString),
    /// In a file.
    File(PathBuf),
}

impl KeySource {
    /// The environment's key, else the file's.
    pub fn of(environment: &Environment, key_file: Option<PathBuf>) -> Self {
        match (environment.key.clone(), key_file) {
            (Some(key), _) => Self::Environment(key),
            (None, Some(path)) => Self::File(path),
            (None, None) => Self::Missing,
        }
    }

    /// The key.
    ///
    /// # Errors
    /// There is none, it is malformed, or others may read its file.
    pub fn read(&self) -> Result<SealingKey, ConfigError> {
        let text = match self {
            Self::Missing => return Err(ConfigError::KeyMissing),
            Self::Environment(key) => key.clone(),
            Self::File(path) => secret::read(KEY_FILE, path)?,
        };
        let place = self.name();
        SealingKey::parse(&text).map_err(|source| ConfigError::Key { place, source })
    }

    fn name(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Environment(_) => ENV_KEY.to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// What the configuration file says about the client secret.
#[derive(Debug)]
pub(crate) struct SecretSettings {
    pub(crate) file: Option<PathBuf>,
    pub(crate) encrypted: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) of: SealedFor,
}

impl ClientSecret {
    pub(crate) fn of(
        shown: &mut Shown,
        settings: SecretSettings,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        const FILE: &str = "optimizer.client_secret_file";
        let SecretSettings { file, encrypted, key_file, of } = settings;
        let is_encrypted = encrypted.is_some();
        let key = KeySource::of(environment, key_file.clone());
        let (secret, origin) = match (environment.client_secret.clone(), file, encrypted) {
            (Some(secret), ..) => (Self::Known(secret), Origin::Environment),
            (None, Some(path), _) => (Self::Known(secret::read(FILE, &path)?), Origin::File),
            (None, None, Some(value)) => {
                (Self::Sealed(SealedSecret { value, key, of }), Origin::Encrypted)
            }
            (None, None, None) => (Self::Missing, Origin::Default),
        };
        let is_set = !matches!(secret, Self::Missing);
        shown.hidden("optimizer.client_secret", is_set, origin);
        let origin = if is_encrypted { Origin::File } else { Origin::Default };
        shown.hidden(ENCRYPTED, is_encrypted, origin);
        match &environment.key {
            Some(_) => shown.hidden(KEY_FILE, true, Origin::Environment),
            None => drop(shown.optional(KEY_FILE, key_file)),
        }
        Ok(secret)
    }

    /// The secret; `None` when none is configured.
    ///
    /// # Errors
    /// An encrypted one can't be opened: its key is missing, malformed or another one, or others may
    /// read the key's file.
    pub fn open(&self) -> Result<Option<SecretString>, ConfigError> {
        let sealed = match self {
            Self::Missing => return Ok(None),
            Self::Known(secret) => return Ok(Some(secret.clone())),
            Self::Sealed(sealed) => sealed,
        };
        let key = sealed.key.read()?;
        let opened = key.open(&sealed.value, &sealed.of);
        let secret = opened.map_err(|source| match source {
            SealError::ValueForm => ConfigError::value(ENCRYPTED, source.to_string()),
            SealError::KeyForm | SealError::NotOpened | SealError::NoRandomness => {
                ConfigError::NotOpened { place: sealed.key.name(), source }
            }
        })?;
        Ok(Some(secret))
    }
}
