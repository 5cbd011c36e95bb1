//! Reading secrets from files that only their owner may read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;

use crate::config::ConfigError;

/// The file's content without the line end.
pub(crate) fn read(key: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    let failed = |source| ConfigError::SecretFile { key, path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(ConfigError::SecretFileMode { key, path: path.to_owned(), mode });
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}
