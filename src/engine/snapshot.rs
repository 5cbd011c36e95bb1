//! The snapshot: the watched tables are read in ranges of their owners, on several connections at
//! once; each range is one commit {rows, cursor}, in order, so that it resumes behind the last.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::catalog::{FoldMode, Owner, Table, fold_owned};
use crate::clock::{SharedClock, since};
use crate::decode::{Definitions, RowChange, TableId, Watch};
use crate::engine::{Activity, EngineError, Gauges};
use crate::position::Position;
use crate::source::{self, Connection, RowRange, SourceError, SourceParams};
use crate::store::{GroupProgress, Phase, SnapshotState, Store, TableGroup, WriteBatch};

/// What a snapshot works with.
pub(crate) struct Snapshot<'a> {
    pub(crate) store: &'a Store,
    pub(crate) gauges: &'a Gauges,
    pub(crate) clock: &'a SharedClock,
    pub(crate) params: &'a Arc<SourceParams>,
    pub(crate) watch: &'a Arc<Watch>,
}

/// Rows of several tables, and the connection that read them.
type Part = Result<(Connection, Vec<RowChange>), SourceError>;

/// A range that is being read by a task of its own.
struct Flying {
    progress: GroupProgress,
    reading: JoinHandle<Part>,
}

impl Drop for Flying {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// How fast rows were read since the reading began.
struct Speed {
    began_at: jiff::Timestamp,
    rows: u64,
}

/// Begins a snapshot: notes the position from which the binlog will be absorbed, and how the tables
/// are defined behind it.
pub(crate) async fn begin(
    store: &Store,
    connection: &mut Connection,
    (params, watch): (&SourceParams, &Watch),
) -> Result<SnapshotState, EngineError> {
    let start: Position = source::safe_start(connection).await.map_err(source_error)?;
    let columns = source::table_columns(connection, watch).await.map_err(source_error)?;
    let ranged = source::ranged_tables(connection, watch).await.map_err(source_error)?;
    let server = source::server_identity(connection).await.map_err(source_error)?;
    let file = Box::pin(source::binlog_file(params, watch, &start.at.file)).await;
    let file = file.map_err(source_error)?;
    tracing::info!(position = %start, "snapshot begins");
    let phase = Phase::Reading { groups: groups(watch, &ranged) };
    let state = SnapshotState { start, layout: watch.layout, phase, rows_read: 0 };
    let mut batch = WriteBatch::default();
    batch.snapshot(&state);
    batch.position(&state.start);
    batch.definitions(&Definitions { columns, ..Definitions::default() });
    batch.server(&server);
    batch.binlog_file(Some(&file));
    store.commit(batch).map_err(EngineError::Store)?;
    Ok(state)
}

/// Tables of the same owners are read together, so that a sheet is written once. A table without
/// an index to find ranges by is read on its own, after them. Either way a table comes after those
/// that it refers to, which folding relies on.
fn groups(watch: &Watch, ranged: &BTreeSet<TableId>) -> Vec<TableGroup> {
    let mut by_owner: BTreeMap<(u8, bool), Vec<TableId>> = BTreeMap::new();
    for (id, _) in watch.tables() {
        let Some(table) = Table::from_id(id) else { continue };
        let kind = Owner::of_table(table)(0).kind();
        by_owner.entry((kind, !ranged.contains(&id))).or_default().push(id);
    }
    let group = |((_, is_whole), tables): ((u8, bool), Vec<TableId>)| TableGroup {
        tables,
        is_ranged: !is_whole,
        progress: GroupProgress::Unread,
    };
    by_owner.into_iter().map(group).collect()
}

impl Snapshot<'_> {
    /// Reads what is left to read, from the stored cursors on.
    pub(crate) async fn read_tables(
        &self,
        connection: Connection,
        mut state: SnapshotState,
    ) -> Result<SnapshotState, EngineError> {
        if state.rows_read > 0 {
            tracing::info!(position = %state.start, rows = state.rows_read, "snapshot resumes");
        }
        let mut pool = vec![connection];
        self.estimate(&mut pool).await?;
        while pool.len() < self.params.snapshot.connections {
            pool.push(Connection::connect(self.params).await.map_err(source_error)?);
        }
        self.gauges.rows_read.store(state.rows_read, Ordering::Relaxed);
        let mut speed = Speed { began_at: self.clock.now(), rows: 0 };
        while let Some((place, group)) = next_group(&state) {
            if group.is_ranged {
                self.read_ranges(&mut pool, (place, group), &mut state, &mut speed).await?;
            } else {
                self.read_whole(&mut pool, (place, group), &mut state, &mut speed).await?;
            }
        }
        let Some(mut connection) = pool.pop() else {
            return Err(source_error(SourceError::StreamEnded));
        };
        let until = source::written_end(&mut connection).await.map_err(source_error)?;
        tracing::info!(rows = state.rows_read, file = %until.file, offset = until.offset,
            "snapshot read");
        state.phase = Phase::CatchingUp { until };
        let mut batch = WriteBatch::default();
        batch.snapshot(&state);
        self.store.commit(batch).map_err(EngineError::Store)?;
        self.store.flush().map_err(EngineError::Store)?;
        Ok(state)
    }

    /// Reads a group range by range. Ranges are read at the same time and committed in order.
    async fn read_ranges(
        &self,
        pool: &mut Vec<Connection>,
        (place, group): (usize, TableGroup),
        state: &mut SnapshotState,
        speed: &mut Speed,
    ) -> Result<(), EngineError> {
        let tables = self.present(pool, &group.tables).await?;
        let rows_max = self.params.snapshot.chunk_rows;
        let mut flying: VecDeque<Flying> = VecDeque::new();
        let mut after = match group.progress {
            GroupProgress::After(last) => Some(last),
            GroupProgress::Unread | GroupProgress::Read => None,
        };
        let mut is_asked_for = false;
        loop {
            while !is_asked_for && let Some(mut connection) = pool.pop() {
                let end =
                    source::range_end(&mut connection, self.watch, &tables, (after, rows_max))
                        .await;
                let upto = end.map_err(source_error)?;
                let range = RowRange { after, upto };
                let progress = upto.map_or(GroupProgress::Read, GroupProgress::After);
                let reading = self.start_reading(connection, tables.clone(), range);
                flying.push_back(Flying { progress, reading });
                after = upto;
                is_asked_for = upto.is_none();
            }
            let Some(mut next) = flying.pop_front() else { return Ok(()) };
            let read = (&mut next.reading).await.map_err(EngineError::Task)?;
            let (connection, changes) = read.map_err(source_error)?;
            pool.push(connection);
            self.commit_part(changes, Some((place, next.progress)), state, speed).await?;
        }
    }

    fn start_reading(
        &self,
        mut connection: Connection,
        tables: Vec<TableId>,
        range: RowRange,
    ) -> JoinHandle<Part> {
        let (params, watch) = (Arc::clone(self.params), Arc::clone(self.watch));
        #[expect(clippy::disallowed_methods, reason = "engine starts tasks; aborted when dropped")]
        tokio::spawn(async move {
            let mut changes = Vec::new();
            for id in tables {
                let Some(table) = watch.table(id) else { continue };
                let rows = source::read_range(&mut connection, (&params, &watch), table, range);
                changes.extend(rows.await?.into_iter().map(|row| RowChange::read(id, row)));
            }
            Ok((connection, changes))
        })
    }

    /// Reads the tables of a group in one piece each.
    async fn read_whole(
        &self,
        pool: &mut Vec<Connection>,
        (place, group): (usize, TableGroup),
        state: &mut SnapshotState,
        speed: &mut Speed,
    ) -> Result<(), EngineError> {
        for id in self.present(pool, &group.tables).await? {
            let (Some(table), Some(mut connection)) = (self.watch.table(id), pool.pop()) else {
                continue;
            };
            // Preflight warns of it where it is not as the shop itself has it.
            tracing::info!(
                table = table.name,
                "no index to read the table in parts by: reading it in one piece"
            );
            let (sender, mut receiver) = mpsc::channel(1);
            let (params, watch) = (Arc::clone(self.params), Arc::clone(self.watch));
            #[expect(clippy::disallowed_methods, reason = "engine starts tasks; it ends below")]
            let reading = tokio::spawn(async move {
                source::read_whole(&mut connection, (&params, &watch), table, sender).await?;
                Ok((connection, Vec::new()))
            });
            let mut flying = Flying { progress: GroupProgress::Read, reading };
            while let Some(rows) = receiver.recv().await {
                let changes: Vec<RowChange> =
                    rows.into_iter().map(|row| RowChange::read(id, row)).collect();
                self.commit_part(changes, None, state, speed).await?;
            }
            let read: Part = (&mut flying.reading).await.map_err(EngineError::Task)?;
            pool.push(read.map_err(source_error)?.0);
        }
        self.commit_part(Vec::new(), Some((place, GroupProgress::Read)), state, speed).await
    }

    /// The tables of these that the shop has. A needed one that it lacks is an error.
    async fn present(
        &self,
        pool: &mut [Connection],
        tables: &[TableId],
    ) -> Result<Vec<TableId>, EngineError> {
        let Some(connection) = pool.first_mut() else { return Ok(Vec::new()) };
        let there = source::table_columns(connection, self.watch).await.map_err(source_error)?;
        let mut present = Vec::new();
        for id in tables {
            let is_needed = self.watch.table(*id).is_some_and(|table| !table.optional);
            if is_needed || there.contains_key(id) {
                present.push(*id);
            }
        }
        Ok(present)
    }

    /// Commits rows together with how far that brings their group, then rests as the throttle asks.
    async fn commit_part(
        &self,
        changes: Vec<RowChange>,
        moved: Option<(usize, GroupProgress)>,
        state: &mut SnapshotState,
        speed: &mut Speed,
    ) -> Result<(), EngineError> {
        let row_count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        state.rows_read = state.rows_read.saturating_add(row_count);
        let name = changes.first().and_then(|change| self.watch.table(change.table));
        let name = name.map(|table| table.name).unwrap_or_default();
        let edits = fold_owned(changes, self.store, FoldMode::GateClosed);
        let edits = edits.map_err(EngineError::Fold)?;
        if let (Some((place, progress)), Phase::Reading { groups }) = (moved, &mut state.phase)
            && let Some(group) = groups.get_mut(place)
        {
            group.progress = progress;
        }
        let mut batch = WriteBatch::default();
        batch.catalog(&edits);
        batch.snapshot(state);
        self.store.commit(batch).map_err(EngineError::Store)?;
        self.gauges.rows_read.store(state.rows_read, Ordering::Relaxed);
        if !name.is_empty() {
            self.gauges.set_activity(Activity::Snapshot(name));
            tracing::debug!(table = name, rows = state.rows_read, "snapshot chunk committed");
        }
        speed.rows = speed.rows.saturating_add(row_count);
        let rest = self.params.snapshot.rest(speed.rows, since(self.clock.now(), speed.began_at));
        if !rest.is_zero() {
            self.clock.sleep(rest).await;
        }
        Ok(())
    }

    async fn estimate(&self, pool: &mut [Connection]) -> Result<(), EngineError> {
        let Some(connection) = pool.first_mut() else { return Ok(()) };
        let rows = source::estimate_rows(connection, self.watch).await;
        let rows: u64 = rows.map_err(source_error)?.values().sum();
        self.gauges.rows_estimate.store(rows, Ordering::Relaxed);
        Ok(())
    }
}

/// The first group that is not read.
fn next_group(state: &SnapshotState) -> Option<(usize, TableGroup)> {
    let Phase::Reading { groups } = &state.phase else { return None };
    let mut unread = groups.iter().enumerate();
    unread
        .find(|(_, group)| group.progress != GroupProgress::Read)
        .map(|(place, group)| (place, group.clone()))
}

pub(crate) fn source_error(error: SourceError) -> EngineError {
    EngineError::Source(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::FOREIGN_KEYS;
    use crate::catalog::tables::watch;
    use crate::decode::TableLayout;

    #[test]
    fn a_table_is_read_after_those_between_it_and_its_roots() {
        for layout in [TableLayout::Plain, TableLayout::Staged] {
            let watch = watch("shop", "", layout);
            let all: BTreeSet<TableId> = watch.tables().map(|(id, _)| id).collect();
            for unranged in &all {
                let mut ranged = all.clone();
                ranged.remove(unranged);
                let order: Vec<TableId> =
                    groups(&watch, &ranged).into_iter().flat_map(|group| group.tables).collect();
                let place = |table: Table| order.iter().position(|id| *id == table.id());
                let is_child = |table| FOREIGN_KEYS.iter().any(|key| key.child == table);
                let between = FOREIGN_KEYS.iter().filter(|key| is_child(key.parent));
                for key in between {
                    let (Some(child), Some(parent)) = (place(key.child), place(key.parent)) else {
                        continue;
                    };
                    let is_parent_whole = key.parent.id() == *unranged;
                    assert!(parent < child || is_parent_whole, "{key:?} without {unranged:?}");
                }
            }
        }
    }
}
