//! The database against its copy, row by row, while the binlog is followed.
//!
//! Rows are read in the snapshot's chunks and at its pace, without locks. A difference counts when it
//! is there, cell by cell the same, in two readings in a row, each compared once the copy had absorbed
//! everything up to the reading: what merely changes meanwhile does not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::catalog::tables::watch;
use crate::catalog::{CatalogRead as _, FoldMode, KeyRange, Owner, RowKey, Sheet, Table, replace};
use crate::clock::{SharedClock, since};
use crate::decode::{Row, TableId, Value, Watch, WatchedTable};
use crate::engine::request::request_reread;
use crate::engine::snapshot::source_error;
use crate::engine::{EngineError, RereadRequest};
use crate::position::Position;
use crate::source::{self, Connection, RowRange, SourceError, SourceParams};
use crate::store::{Phase, Store};

/// How long absorbing may take to get to where the database was read, or to read a table again.
const ABSORB_LIMIT: Duration = Duration::from_mins(10);
const INTERVAL: Duration = Duration::from_millis(100);
/// Readings of one range after which rows that still change are left alone.
const READINGS_MAX: usize = 6;

/// What a comparison works with. Somebody must be absorbing into the store meanwhile.
pub struct Reconciling<'a> {
    /// The store.
    pub store: &'a Store,
    /// Time.
    pub clock: &'a SharedClock,
    /// The source.
    pub source: &'a SourceParams,
}

/// What a row's difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The database has it, the copy does not.
    Missing,
    /// The copy has it, the database does not.
    TooMany,
    /// Both have it, with other values.
    Columns,
}

impl DifferenceKind {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing in copy",
            Self::TooMany => "too many in copy",
            Self::Columns => "columns",
        }
    }
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The values of its primary key.
    pub key: Vec<String>,
    /// What differs.
    pub kind: DifferenceKind,
    /// The columns that differ; none for a row that one of the two lacks.
    pub columns: Vec<&'static str>,
}

/// How a table compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCompared {
    /// Its name, without prefix.
    pub table: &'static str,
    /// Rows read from the database.
    pub rows: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Differing rows: ours and theirs, by owner and key.
type Found = BTreeMap<(Owner, RowKey), (Option<Row>, Option<Row>)>;

/// What is kept while tables are read.
struct Reading {
    connection: Connection,
    watch: Watch,
    ranged: BTreeSet<TableId>,
    began_at: Timestamp,
    rows: u64,
}

impl Reconciling<'_> {
    /// Compares every watched table, or only those named, and hands each result to `each`, which
    /// returns `false` to end early.
    ///
    /// # Errors
    /// The database can't be read, the store failed, there is no complete copy, or nobody absorbs.
    pub async fn compare(
        &self,
        only: Option<&BTreeSet<&'static str>>,
        each: &mut (dyn FnMut(TableCompared) -> bool + Send),
    ) -> Result<(), EngineError> {
        let layout = self.opened().await?;
        let watch = watch(&self.source.database, &self.source.table_prefix, layout);
        let mut connection = Connection::connect(self.source).await.map_err(source_error)?;
        let there = source::table_columns(&mut connection, &watch).await.map_err(source_error)?;
        let ranged = source::ranged_tables(&mut connection, &watch).await.map_err(source_error)?;
        let tables: Vec<(TableId, &'static WatchedTable)> = watch.tables().collect();
        let mut reading =
            Reading { connection, watch, ranged, began_at: self.clock.now(), rows: 0 };
        for (id, watched) in tables {
            let is_wanted = only.is_none_or(|only| only.contains(watched.name));
            let Some(table) = Table::from_id(id).filter(|_| is_wanted) else { continue };
            let compared = self.table(&mut reading, (table, watched), there.contains_key(&id));
            if !each(compared.await?) {
                break;
            }
        }
        reading.connection.close().await.map_err(source_error)
    }

    /// Has tables read again, and waits until they were.
    ///
    /// # Errors
    /// The store failed, or nobody absorbs.
    pub async fn repair(&self, tables: &BTreeSet<&'static str>) -> Result<(), EngineError> {
        let names: Vec<String> = tables.iter().map(|name| (*name).to_owned()).collect();
        let asked = request_reread(self.store, &names).map_err(EngineError::Store)?;
        if asked == RereadRequest::NothingToReread {
            return Ok(());
        }
        let began_at = self.clock.now();
        while !self.store.rereads().map_err(EngineError::Store)?.is_empty() {
            self.wait(began_at, "read tables again").await?;
        }
        Ok(())
    }

    /// The layout of a copy that is complete.
    async fn opened(&self) -> Result<crate::decode::TableLayout, EngineError> {
        let began_at = self.clock.now();
        loop {
            let state = self.store.snapshot().map_err(EngineError::Store)?;
            let Some(state) = state else { return Err(EngineError::NoCopy) };
            match state.phase {
                Phase::Open => return Ok(state.layout),
                Phase::Reading { .. } => return Err(EngineError::NoCopy),
                Phase::CatchingUp { .. } => self.wait(began_at, "catch up").await?,
            }
        }
    }

    /// A position behind everything that was read.
    async fn written(&self, connection: &mut Connection) -> Result<Position, EngineError> {
        let visible = source::safe_start(connection).await.map_err(source_error)?;
        if visible.gtid.is_some() {
            return Ok(visible);
        }
        let at = source::written_end(connection).await.map_err(source_error)?;
        Ok(Position { gtid: None, at })
    }

    async fn wait(&self, began_at: Timestamp, doing: &'static str) -> Result<(), EngineError> {
        if since(self.clock.now(), began_at) > ABSORB_LIMIT {
            return Err(source_error(SourceError::Timeout { doing, limit: ABSORB_LIMIT }));
        }
        self.clock.sleep(INTERVAL).await;
        Ok(())
    }

    async fn table(
        &self,
        reading: &mut Reading,
        (table, watched): (Table, &'static WatchedTable),
        is_there: bool,
    ) -> Result<TableCompared, EngineError> {
        let (mut after, mut rows, mut differences) = (None, 0, Vec::new());
        loop {
            let mut upto = None;
            if is_there && reading.ranged.contains(&table.id()) {
                let rows_max = self.source.snapshot.chunk_rows;
                let Reading { connection, watch, .. } = reading;
                let only = [table.id()];
                let end = source::range_end(connection, watch, &only, (after, rows_max));
                upto = end.await.map_err(source_error)?;
            }
            let range = KeyRange { after, upto };
            let (count, found) = self.range(reading, (table, watched), range, is_there).await?;
            rows += count;
            differences.extend(found.iter().map(|((_, _), row)| difference(watched, row)));
            if upto.is_none() {
                return Ok(TableCompared { table: watched.name, rows, differences });
            }
            after = upto;
        }
    }

    /// The rows read and the differences of a range.
    async fn range(
        &self,
        reading: &mut Reading,
        (table, watched): (Table, &'static WatchedTable),
        range: KeyRange,
        is_there: bool,
    ) -> Result<(u64, Found), EngineError> {
        let (mut before, mut confirmed) = (Found::new(), Found::new());
        let mut count = 0;
        for _ in 0..READINGS_MAX {
            let rows = if is_there {
                self.rows(reading, watched, range, table.id()).await?
            } else {
                Vec::new()
            };
            count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let read = differences(table, range, rows.clone(), self.store)?;
            if read.is_empty() {
                return Ok((count, read));
            }
            let now = self.written(&mut reading.connection).await?;
            let began_at = self.clock.now();
            loop {
                let position = self.store.position().map_err(EngineError::Store)?;
                let is_there = position.is_some_and(|position| position.covers(&now));
                if is_there && self.store.rereads().map_err(EngineError::Store)?.is_empty() {
                    break;
                }
                self.wait(began_at, "absorb up to where the database was read").await?;
            }
            let absorbed = differences(table, range, rows, self.store)?;
            if absorbed.is_empty() {
                return Ok((count, absorbed));
            }
            confirmed = absorbed.clone();
            confirmed.retain(|key, row| before.get(key) == Some(row));
            if confirmed.len() == absorbed.len() {
                break;
            }
            before = absorbed;
        }
        Ok((count, confirmed))
    }

    async fn rows(
        &self,
        reading: &mut Reading,
        watched: &'static WatchedTable,
        range: KeyRange,
        id: TableId,
    ) -> Result<Vec<Row>, EngineError> {
        let Reading { connection, watch, ranged, began_at, rows: total } = reading;
        let read = if ranged.contains(&id) {
            let range = RowRange { after: range.after, upto: range.upto };
            source::read_range(connection, (self.source, watch), watched, range).await
        } else {
            let (sender, mut parts) = mpsc::channel(1);
            let reading = source::read_whole(connection, (self.source, watch), watched, sender);
            let gathering = async {
                let mut rows = Vec::new();
                while let Some(part) = parts.recv().await {
                    rows.extend(part);
                }
                rows
            };
            let (read, rows) = tokio::join!(reading, gathering);
            read.map(|()| rows)
        };
        let rows = read.map_err(source_error)?;
        *total = total.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        let rest = self.source.snapshot.rest(*total, since(self.clock.now(), *began_at));
        if !rest.is_zero() {
            self.clock.sleep(rest).await;
        }
        Ok(rows)
    }
}

/// What reading the rows again would change in the copy.
fn differences(
    table: Table,
    range: KeyRange,
    rows: Vec<Row>,
    store: &Store,
) -> Result<Found, EngineError> {
    let mut found = Found::new();
    let mut part = (range, rows);
    loop {
        let replaced = replace(table, part.0, part.1, store, FoldMode::GateClosed);
        let replaced = replaced.map_err(EngineError::Fold)?;
        for (owner, theirs) in replaced.edits.sheets {
            let ours = store.sheet(owner).map_err(EngineError::Read)?.unwrap_or_default();
            let theirs: Sheet = theirs.unwrap_or_default();
            let keys: BTreeSet<RowKey> =
                ours.keys(table).into_iter().chain(theirs.keys(table)).collect();
            for key in keys {
                let (ours, theirs) = (ours.get(table, key), theirs.get(table, key));
                if ours != theirs {
                    found.insert((owner, key), (ours.cloned(), theirs.cloned()));
                }
            }
        }
        match replaced.rest {
            Some(rest) => part = rest,
            None => return Ok(found),
        }
    }
}

fn difference(watched: &WatchedTable, row: &(Option<Row>, Option<Row>)) -> Difference {
    let (kind, shown) = match row {
        (None, theirs) => (DifferenceKind::Missing, theirs),
        (ours, None) => (DifferenceKind::TooMany, ours),
        (_, theirs) => (DifferenceKind::Columns, theirs),
    };
    let cell = |place: &usize| shown.as_ref()?.get(*place).and_then(Value::to_char);
    let key = watched.primary_key.iter().map(|place| cell(place).unwrap_or_default()).collect();
    let mut columns = Vec::new();
    if let (Some(ours), Some(theirs)) = row {
        for (place, column) in watched.columns.iter().enumerate() {
            if ours.get(place) != theirs.get(place) {
                columns.push(column.name);
            }
        }
    }
    Difference { key, kind, columns }
}
