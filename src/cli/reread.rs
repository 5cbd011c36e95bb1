//! `reread`: has watched tables read again, by the process that runs or by the next one.

use std::path::Path;

use crate::catalog::tables::WATCHED_TABLES;
use crate::cli::exit::{Exit, Failure};
use crate::cli::wire;
use crate::engine::{RereadRequest, request_reread};
use crate::status::{Answer, Question, ask, socket_path};
use crate::store::{Store, StoreError};

pub(crate) fn reread(path: &Path, tables: &[String]) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let prefix = &config.source.table_prefix;
    let tables: Vec<String> =
        tables.iter().map(|name| watched_name(name, prefix)).collect::<Result<_, _>>()?;
    match Store::open(&wire::store_params(&config)) {
        Ok(store) => match request_reread(&store, &tables)? {
            RereadRequest::Marked => tracing::info!("the next run reads the tables again"),
            RereadRequest::NothingToReread => {
                tracing::info!("there is no catalog copy yet: the next run reads every table");
            }
        },
        // A running process has it: ask that one.
        Err(in_use @ StoreError::InUse { .. }) => {
            let mut answer = None;
            let mut each = |line: &str| answer = Some(serde_json::from_str::<Answer>(line));
            let question = Question::Reread { tables };
            if ask(&socket_path(&config.store_path), &question, &mut each).is_err() {
                return Err(in_use.into());
            }
            match answer {
                Some(Ok(Answer { error: None })) => {
                    tracing::info!("the running process reads the tables again");
                }
                Some(Ok(Answer { error: Some(error) })) => {
                    return Err(Failure::failed(format!("have the tables read again: {error}")));
                }
                Some(Err(_)) | None => {
                    let message = "have the tables read again: the running process did not answer";
                    return Err(Failure::failed(message));
                }
            }
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Exit::Done)
}

/// The watched table's name without the prefix.
fn watched_name(name: &str, prefix: &str) -> Result<String, Failure> {
    let is_watched = |name: &&str| WATCHED_TABLES.iter().any(|table| table.name == *name);
    let bare = name.strip_prefix(prefix).filter(is_watched);
    if let Some(found) = bare.or(Some(name).filter(is_watched)) {
        return Ok(found.to_owned());
    }
    let mut known: Vec<&str> = WATCHED_TABLES.iter().map(|table| table.name).collect();
    known.sort_unstable();
    known.dedup();
    let hint = format!("the watched tables are {}", known.join(", "));
    Err(Failure::usage(format!("find a watched table named '{name}'"), hint))
}
