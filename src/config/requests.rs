//! `[requests]`: the log of requests and answers.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::ConfigError;
use crate::config::resolve::within;
use crate::config::show::Shown;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequestsSection {
    path: Option<PathBuf>,
    file_mb: Option<u64>,
    files: Option<u64>,
    bodies: Option<bool>,
}

/// Where requests and their answers are logged.
#[derive(Debug)]
pub struct Requests {
    /// The directory.
    pub path: PathBuf,
    /// A file's size beyond which the next one is begun, 1 to 1024 MiB.
    pub file_bytes_max: u64,
    /// How many files are kept, up to 1000; 0: nothing is logged.
    pub files_max: usize,
    /// Whether the bodies are logged, too.
    pub has_bodies: bool,
}

impl Requests {
    pub(crate) fn of(
        shown: &mut Shown,
        file: RequestsSection,
        store_path: &Path,
    ) -> Result<Self, ConfigError> {
        const FILE_MB: &str = "requests.file_mb";
        const FILES: &str = "requests.files";
        let mut beside_the_store = store_path.as_os_str().to_owned();
        beside_the_store.push(".requests");
        let path = shown.take("requests.path", file.path, PathBuf::from(beside_the_store));
        let file_mb = shown.take(FILE_MB, file.file_mb, 16);
        within(FILE_MB, file_mb, 1, 1024)?;
        let files = shown.take(FILES, file.files, 8);
        within(FILES, files, 0, 1000)?;
        let has_bodies = shown.take("requests.bodies", file.bodies, false);
        Ok(Self {
            path,
            file_bytes_max: file_mb.saturating_mul(1 << 20),
            files_max: usize::try_from(files).unwrap_or(0),
            has_bodies,
        })
    }
}
