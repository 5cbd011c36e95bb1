//! Reading secrets from files that only their owner may read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::config::ConfigError;

/// The file's content without the line end.
///
/// # Errors
/// The file can't be read, or others may read it. `key` is what names the file.
pub fn read(key: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    let failed = |source| ConfigError::SecretFile { key, path: path.to_owned(), source };
    let mode = mode(path).map_err(failed)?;
    if is_open(mode) {
        return Err(ConfigError::SecretFileMode { key, path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A configuration file that holds an encrypted secret is its owner's alone, too.
pub(crate) fn check_config_file(path: &Path) -> Result<(), ConfigError> {
    let failed = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mode = mode(path).map_err(failed)?;
    if is_open(mode) {
        return Err(ConfigError::ConfigFileMode { path: path.to_owned(), mode });
    }
    Ok(())
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Whether the group or anybody may do anything with the file.
const fn is_open(mode: u32) -> bool {
    mode & 0o077 != 0
}
