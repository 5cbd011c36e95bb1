//! `reconcile`: compares the database with the catalog copy, in the process that runs or in this one.

use std::collections::BTreeSet;
use std::future;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};
use crate::config::Config;
use crate::engine::{self, EngineError, Gauges, Reconciling, RunParams, TableCompared, Until};
use crate::source::SourceParams;
use crate::status::{Answer, Question, ask, socket_path};
use crate::store::{Store, StoreError};

/// Tables that differed when they were compared last.
#[derive(Default)]
struct Differing(BTreeSet<String>);

impl Differing {
    /// Takes in a line and prints it.
    fn line(&mut self, text: &str, is_json: bool) -> Result<(), Failure> {
        let Ok(line) = serde_json::from_str::<Json>(text) else { return Ok(()) };
        let member = |name: &str| line.get(name).cloned().unwrap_or_default();
        let (table, differences) = (member("table"), member("differences"));
        let (Some(table), Some(differences)) = (table.as_str(), differences.as_array()) else {
            return Ok(());
        };
        if differences.is_empty() {
            self.0.remove(table);
        } else {
            self.0.insert(table.to_owned());
        }
        if is_json {
            return output::line(text);
        }
        let (rows, count) = (member("rows"), differences.len());
        output::line(&format!("{table}: {rows} rows compared, {count} differ"))?;
        for difference in differences {
            let words = |name: &str| {
                let words = difference.get(name).and_then(Json::as_array);
                let words = words.into_iter().flatten().filter_map(Json::as_str);
                words.collect::<Vec<_>>().join(", ")
            };
            let what = difference.get("what").and_then(Json::as_str).unwrap_or_default();
            let text = format!("  {}: {what} {}", words("key"), words("columns"));
            output::line(text.trim_end())?;
        }
        Ok(())
    }
}

pub(crate) async fn reconcile(
    path: &Path,
    (is_repair, is_json): (bool, bool),
) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let mut differing = Differing::default();
    let mut printed = Ok(());
    let mut each = |line: &str| {
        if printed.is_ok() {
            printed = differing.line(line, is_json);
        }
        printed.is_ok()
    };
    match Store::open(&wire::store_params(&config)) {
        Ok(store) => {
            Box::pin(absorbing(&config, Arc::new(store), is_repair, &mut each)).await?;
        }
        // A running process has it: ask that one.
        Err(in_use @ StoreError::InUse { .. }) => {
            let question = Question::Reconcile { is_repair };
            let mut answer: Option<Answer> = None;
            let asked = ask(&socket_path(&config.store_path), &question, &mut |line| {
                // The answer is the last line, and the one without a table.
                answer = serde_json::from_str(line).ok().filter(|_| !line.contains("\"table\":"));
                each(line);
            });
            match (asked, answer) {
                (Ok(()), Some(Answer { error: None })) => {}
                (Ok(()), Some(Answer { error: Some(error) })) => {
                    return Err(Failure::failed(error));
                }
                (Err(_), None) => return Err(in_use.into()),
                (_, _) => {
                    let message = "compare: the running process did not answer to the end";
                    return Err(Failure::failed(message));
                }
            }
        }
        Err(other) => return Err(other.into()),
    }
    printed?;
    if differing.0.is_empty() {
        tracing::info!("the catalog copy equals the database");
        return Ok(Exit::Done);
    }
    let tables = differing.0.into_iter().collect::<Vec<_>>().join(", ");
    tracing::warn!(tables, "the catalog copy differs from the database");
    Ok(Exit::Failed)
}

/// Nobody has the store: this process absorbs while it compares, and delivers nothing.
async fn absorbing(
    config: &Config,
    store: Arc<Store>,
    is_repair: bool,
    each: &mut (dyn FnMut(&str) -> bool + Send),
) -> Result<(), Failure> {
    if store.snapshot()?.is_none() {
        return Err(EngineError::NoCopy.into());
    }
    let source = wire::source(config);
    let params = RunParams {
        store: Arc::clone(&store),
        clock: wire::clock(),
        gauges: Arc::new(Gauges::default()),
        delivering: None,
        source: source.clone(),
        until: Until::Told,
        resnapshot_on_lost_position: false,
    };
    let running = engine::run(params, future::pending());
    tokio::select! {
        outcome = running => {
            outcome?;
            Err(Failure::failed("absorb while the database is compared"))
        }
        outcome = compare(&store, &source, is_repair, each) => {
            store.flush()?;
            Ok(outcome?)
        }
    }
}

/// Compares all tables; with `is_repair` those that differ are read again, and compared once more.
pub(crate) async fn compare(
    store: &Store,
    source: &SourceParams,
    is_repair: bool,
    each: &mut (dyn FnMut(&str) -> bool + Send),
) -> Result<(), EngineError> {
    let clock = wire::clock();
    let reconciling = Reconciling { store, clock: &clock, source };
    let mut differing = BTreeSet::new();
    let mut shown = |compared: TableCompared| {
        if !compared.differences.is_empty() {
            differing.insert(compared.table);
        }
        each(&line(&compared).to_string())
    };
    reconciling.compare(None, &mut shown).await?;
    if !is_repair || differing.is_empty() {
        return Ok(());
    }
    reconciling.repair(&differing).await?;
    reconciling.compare(Some(&differing), &mut |compared| each(&line(&compared).to_string())).await
}

fn line(compared: &TableCompared) -> Json {
    let differences = compared.differences.iter().map(|difference| {
        json!({
            "key": difference.key,
            "what": difference.kind.name(),
            "columns": difference.columns,
        })
    });
    json!({
        "table": compared.table,
        "rows": compared.rows,
        "differences": differences.collect::<Vec<_>>(),
    })
}
