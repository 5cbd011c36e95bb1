//! What can be wrong with the configuration.

use std::path::{Path, PathBuf};

use thiserror::Error;

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
}

impl ConfigError {
    /// A value that is wrong, in a file that the caller's caller knows.
    pub(crate) fn value(key: &'static str, message: impl Into<String>) -> Self {
        Self::Value { path: PathBuf::new(), key, message: message.into() }
    }

    /// Names the file that a wrong value is in.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Value { path: _, key, message } => {
                Self::Value { path: file.to_owned(), key, message }
            }
            Self::Unreadable { .. }
            | Self::Invalid { .. }
            | Self::SecretFile { .. }
            | Self::SecretFileMode { .. } => self,
        }
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
            Self::SecretFileMode { path, .. } => format!("chmod 600 {}", path.display()),
        }
    }
}

/// Where in the file: `, line 3, limits.rate`.
fn place(line: Option<usize>, key: &str) -> String {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    let key = if key.is_empty() { String::new() } else { format!(", {key}") };
    line + &key
}
