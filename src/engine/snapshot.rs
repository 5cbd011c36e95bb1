//! The snapshot: the watched tables are read in chunks, each chunk one commit {rows, cursor}.

use std::sync::atomic::Ordering;

use crate::catalog::tables::WATCHED_TABLES;
use crate::catalog::{FoldMode, fold};
use crate::decode::{RowChange, TableId, Watch};
use crate::engine::{Activity, EngineError, Gauges};
use crate::position::Position;
use crate::source::{self, ChunkRequest, Connection, SourceError, SourceParams};
use crate::store::{Phase, SnapshotState, Store, WriteBatch};

/// Rows asked for at once: a commit of some megabytes, read within a fraction of a second.
const CHUNK_ROWS_MAX: usize = 5000;

/// Begins a snapshot: notes the position from which the binlog will be absorbed.
pub(crate) async fn begin(
    store: &Store,
    connection: &mut Connection,
) -> Result<SnapshotState, EngineError> {
    let start: Position = source::safe_start(connection).await.map_err(source_error)?;
    tracing::info!(position = %start, "snapshot begins");
    let phase = Phase::Reading { table: 0, after: None };
    let state = SnapshotState { start, phase, rows_read: 0 };
    let mut batch = WriteBatch::default();
    batch.snapshot(&state);
    batch.position(&state.start);
    store.commit(batch).map_err(EngineError::Store)?;
    Ok(state)
}

/// Reads what is left to read, from the stored cursor on.
pub(crate) async fn read_tables(
    store: &Store,
    gauges: &Gauges,
    connection: &mut Connection,
    (params, watch): (&SourceParams, &Watch),
    mut state: SnapshotState,
) -> Result<SnapshotState, EngineError> {
    if state.rows_read > 0 {
        tracing::info!(position = %state.start, rows = state.rows_read, "snapshot resumes");
    }
    estimate(gauges, connection, watch).await?;
    gauges.rows_read.store(state.rows_read, Ordering::Relaxed);
    while let Phase::Reading { table, after } = state.phase {
        let id = TableId(table);
        let Some(watched) = WATCHED_TABLES.get(usize::from(table)) else { break };
        if watched.layout.is_some_and(|only| only != watch.layout) {
            state.phase = Phase::Reading { table: table.saturating_add(1), after: None };
            continue;
        }
        gauges.set_activity(Activity::Snapshot(watched.name));
        let request = ChunkRequest { table: watched, after, rows_max: CHUNK_ROWS_MAX };
        let chunk = source::read_chunk(connection, params, request).await.map_err(source_error)?;
        let row_count = u64::try_from(chunk.rows.len()).unwrap_or(u64::MAX);
        let changes: Vec<RowChange> =
            chunk.rows.into_iter().map(|row| RowChange::read(id, row)).collect();
        let edits = fold(&changes, store, FoldMode::GateClosed).map_err(EngineError::Fold)?;
        state.rows_read = state.rows_read.saturating_add(row_count);
        state.phase = match chunk.next_after {
            Some(next) => Phase::Reading { table, after: Some(next) },
            None => Phase::Reading { table: table.saturating_add(1), after: None },
        };
        let mut batch = WriteBatch::default();
        batch.catalog(&edits);
        batch.snapshot(&state);
        store.commit(batch).map_err(EngineError::Store)?;
        gauges.rows_read.store(state.rows_read, Ordering::Relaxed);
        tracing::debug!(table = watched.name, rows = state.rows_read, "snapshot chunk committed");
    }
    let until = source::written_end(connection).await.map_err(source_error)?;
    tracing::info!(rows = state.rows_read, file = %until.file, offset = until.offset,
        "snapshot read");
    state.phase = Phase::CatchingUp { until };
    let mut batch = WriteBatch::default();
    batch.snapshot(&state);
    store.commit(batch).map_err(EngineError::Store)?;
    store.flush().map_err(EngineError::Store)?;
    Ok(state)
}

async fn estimate(
    gauges: &Gauges,
    connection: &mut Connection,
    watch: &Watch,
) -> Result<(), EngineError> {
    let rows = source::estimate_rows(connection, watch).await;
    let rows: u64 = rows.map_err(source_error)?.values().sum();
    gauges.rows_estimate.store(rows, Ordering::Relaxed);
    Ok(())
}

pub(crate) fn source_error(error: SourceError) -> EngineError {
    EngineError::Source(Box::new(error))
}
