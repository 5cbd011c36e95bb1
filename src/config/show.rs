//! Where each value came from, in a form that may be shown: secrets are never in it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use secrecy::SecretString;
use serde::Serialize;

use crate::config::ConfigError;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file.
    File,
    /// An environment variable.
    Environment,
    /// The configuration file, encrypted.
    Encrypted,
    /// The built-in default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Environment => "environment",
            Self::Encrypted => "encrypted in the file",
            Self::Default => "default",
        })
    }
}

/// Collects what `config show` prints.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) entries: Vec<(&'static str, String, Origin)>,
}

impl Shown {
    pub(crate) fn set<T>(&mut self, key: &'static str, value: &T, origin: Origin)
    where
        T: Serialize + ?Sized,
    {
        // As it stands in the file; a path that is no Unicode text could not stand there.
        let value = toml::Value::try_from(value).map(|value| value.to_string());
        self.entries.push((key, value.unwrap_or_else(|_odd| "not text".to_owned()), origin));
    }

    /// The file's value, else the default.
    pub(crate) fn take<T: Serialize>(
        &mut self,
        key: &'static str,
        file: Option<T>,
        default: T,
    ) -> T {
        let origin = if file.is_some() { Origin::File } else { Origin::Default };
        let value = file.unwrap_or(default);
        self.set(key, &value, origin);
        value
    }

    pub(crate) fn optional<T: Serialize>(
        &mut self,
        key: &'static str,
        file: Option<T>,
    ) -> Option<T> {
        match &file {
            Some(value) => self.set(key, value, Origin::File),
            None => self.entries.push((key, "not set".to_owned(), Origin::Default)),
        }
        file
    }

    pub(crate) fn list(&mut self, key: &'static str, file: Vec<String>) -> BTreeSet<String> {
        let origin = if file.is_empty() { Origin::Default } else { Origin::File };
        self.set(key, &file, origin);
        file.into_iter().collect()
    }

    /// A secret: the environment's, else the one in the file that the configuration names.
    pub(crate) fn secret(
        &mut self,
        key: &'static str,
        environment: Option<SecretString>,
        path: Option<&Path>,
        read: impl FnOnce(&Path) -> Result<SecretString, ConfigError>,
    ) -> Result<Option<SecretString>, ConfigError> {
        let (secret, origin) = match (environment, path) {
            (Some(secret), _) => (Some(secret), Origin::Environment),
            (None, Some(path)) => (Some(read(path)?), Origin::File),
            (None, None) => (None, Origin::Default),
        };
        self.hidden(key, secret.is_some(), origin);
        Ok(secret)
    }

    /// A value that must not be shown.
    pub(crate) fn hidden(&mut self, key: &'static str, is_set: bool, origin: Origin) {
        let value = if is_set { "***" } else { "not set" };
        self.entries.push((key, value.to_owned(), origin));
    }
}
