//! `config show`.

use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};

pub(crate) fn show(path: &Path) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let width = config.origins.iter().map(|(key, ..)| key.len()).max().unwrap_or(0);
    for (key, value, origin) in &config.origins {
        output::line(&format!("{key:<width$} = {value}  # {origin}"))?;
    }
    // An encrypted secret without its key is worth knowing before a run needs it.
    config.optimizer.client_secret.open().map_err(|error| error.in_file(&config.path))?;
    Ok(Exit::Done)
}
