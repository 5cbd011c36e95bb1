//! What can be wrong with the configuration.

use std::path::PathBuf;

use thiserror::Error;

/// The configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error(
        "read the config file {path} (hint: give its path with --config, and check that this user \
         may read it)"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what we expect: bad TOML, an unknown key, a value of the wrong type.
    #[error("read the config file {path}: {key}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The key, as a path; empty for the file as a whole.
        key: String,
        /// What is wrong, with the place in the file.
        message: String,
    },
    /// A value is out of its range or its form.
    #[error("use the value of {key}: {message}")]
    Value {
        /// The key, as a path.
        key: &'static str,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A file that holds a secret can't be used.
    #[error("read the secret of {key} from {path} (hint: the file must be readable by this user)")]
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
    #[error(
        "use the secret file {path} of {key}: its mode is {mode:o}, so others may read it (hint: \
         chmod 600 {path})"
    )]
    SecretFileMode {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The file's permission bits.
        mode: u32,
    },
}
