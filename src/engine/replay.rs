//! Replay: binlog files instead of a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::catalog::FoldMode;
use crate::catalog::tables::watch;
use crate::clock::SharedClock;
use crate::decode::{Decoder, TableLayout};
use crate::engine::absorb::{Absorbing, mark_everything};
use crate::engine::deliver::{Bell, DeliverParams, Delivery};
use crate::engine::run::flushing;
use crate::engine::{Activity, EngineError, Gauges, MissingKeys};
use crate::position::{BinlogOffset, Position};
use crate::source::files::FileReplay;
use crate::source::framing::{Framed, Framer, SourceTransaction};
use crate::source::reader::EventReader;
use crate::store::{Phase, SnapshotState, Store, WriteBatch};
use crate::submit::Submitter;

/// Row changes folded into one commit.
const CHANGES_PER_COMMIT: usize = 2000;

/// Absorbs binlog files, in order, and opens the gate.
///
/// # Errors
/// A file is truncated, damaged, or holds what can't be decoded: what came before it is absorbed.
pub fn absorb_files(
    store: &Store,
    gauges: &Gauges,
    database: &str,
    table_prefix: &str,
    files: &[PathBuf],
) -> Result<(), EngineError> {
    let watched = watch(database, table_prefix, TableLayout::Plain);
    let decoder = Decoder::new(watched.clone(), std::collections::BTreeMap::new());
    let start = Position { gtid: None, at: BinlogOffset { file: String::new(), offset: 4 } };
    let mut reader = EventReader::new(decoder, Framer::new(start.clone()));
    // A store that served before has its gate open; then only what changes is assembled again.
    let is_open = store
        .snapshot()
        .map_err(EngineError::Store)?
        .is_some_and(|state| state.phase == Phase::Open);
    let mode = if is_open { FoldMode::GateOpen } else { FoldMode::GateClosed };
    let tables = watched.tables().map(|(id, _)| id).collect();
    let missing_keys = MissingKeys::default();
    let absorbing = Absorbing { store, gauges, mode, tables: &tables, missing_keys: &missing_keys };
    let mut waiting: Vec<SourceTransaction> = Vec::new();
    gauges.set_activity(Activity::Replaying);
    for path in files {
        let failed = |error| EngineError::File(Box::new(error));
        let mut replay = FileReplay::open(path).map_err(failed)?;
        let mut change_count = 0usize;
        loop {
            match replay.next_framed(&mut reader) {
                Ok(Some(Framed::Transaction(transaction))) => {
                    change_count = change_count.saturating_add(transaction.changes.len());
                    waiting.push(transaction);
                }
                Ok(Some(Framed::Ddl { .. })) => {}
                Ok(None) => break,
                Err(error) => {
                    absorbing.absorb(std::mem::take(&mut waiting), None)?;
                    return Err(failed(error));
                }
            }
            if change_count >= CHANGES_PER_COMMIT {
                absorbing.absorb(std::mem::take(&mut waiting), None)?;
                change_count = 0;
            }
        }
        absorbing.absorb(std::mem::take(&mut waiting), None)?;
    }
    gauges.set_activity(Activity::Replayed);
    gauges.is_gate_open.store(true, Ordering::SeqCst);
    if is_open {
        return store.flush().map(drop).map_err(EngineError::Store);
    }
    let mut batch = WriteBatch::default();
    batch.snapshot(&SnapshotState {
        start,
        layout: watched.layout,
        phase: Phase::Open,
        rows_read: 0,
    });
    mark_everything(store, &mut batch);
    store.commit(batch).map_err(EngineError::Store)?;
    store.flush().map(drop).map_err(EngineError::Store)
}

/// Delivers what is absorbed, until every key is settled.
///
/// # Errors
/// The service is unreachable or refuses us, or the store failed.
pub async fn deliver_absorbed(
    store: &Arc<Store>,
    clock: &SharedClock,
    gauges: &Arc<Gauges>,
    submitter: &Arc<Submitter>,
    params: DeliverParams,
) -> Result<(), EngineError> {
    submitter.sign_in().await.map_err(EngineError::Submit)?;
    let bell = Arc::new(Bell::default());
    bell.is_absorbed.store(true, Ordering::SeqCst);
    let mut delivery = Delivery::new(
        Arc::clone(store),
        SharedClock::clone(clock),
        Arc::clone(gauges),
        bell,
        Arc::clone(submitter),
        params,
    )?;
    let outcome = tokio::select! {
        outcome = delivery.deliver() => outcome.map(|_settled| ()),
        error = flushing(store, clock) => Err(error),
    };
    outcome.and(store.flush().map(drop).map_err(EngineError::Store))
}
