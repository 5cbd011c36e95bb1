//! Tables whose rows must be read again while the binlog is followed.
//!
//! A range is read while nothing is absorbed, from a server that shows everything that was: so its
//! rows are as new as the position or newer, and what happened to them since is absorbed after. The
//! copy's rows of the range then become exactly those that were read, in one commit.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::catalog::{
    CatalogEdits, KeyRange, RowKey, Table, cascade_children, fold_owned, replace, sweep_page,
};
use crate::clock::{SharedClock, add, since};
use crate::decode::{Row, RowChange, TableId, Watch, WatchedTable};
use crate::engine::EngineError;
use crate::engine::absorb::{Absorbing, Origin};
use crate::engine::snapshot::source_error;
use crate::position::{BinlogOffset, Position};
use crate::source::{self, Connection, RowRange, SourceError, SourceParams};
use crate::store::{Reread, WriteBatch};

/// How long the server may take to show what it has sent already: it commits right after.
const VISIBLE_LIMIT: Duration = Duration::from_secs(30);
const VISIBLE_INTERVAL: Duration = Duration::from_millis(2);
/// Owners looked at between two commits of a sweep.
const OWNERS_PER_SWEEP: usize = 1000;

/// What a step works with.
pub(crate) struct Rereading<'a> {
    pub(crate) absorbing: Absorbing<'a>,
    pub(crate) clock: &'a SharedClock,
    pub(crate) params: &'a SourceParams,
    pub(crate) watch: &'a Watch,
    /// Up to where everything is absorbed, and nothing beyond it.
    pub(crate) position: &'a Position,
}

/// What is kept between steps.
#[derive(Debug, Default)]
pub(crate) struct RereadState {
    connection: Option<Connection>,
    ranged: BTreeSet<TableId>,
    began_at: Option<Timestamp>,
    rows: u64,
    /// The throttle allows no step before.
    pub(crate) not_before: Option<Timestamp>,
}

/// What a step changed beyond the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RereadDone {
    pub(crate) is_shop_stale: bool,
    /// The position was set back to here: the binlog must be absorbed from it once more.
    pub(crate) replay_from: Option<BinlogOffset>,
}

impl RereadState {
    /// Whether the throttle allows a step.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|at| now >= at)
    }

    /// Nothing is to be read again: the connection is given back.
    pub(crate) fn rest(&mut self) {
        *self = Self::default();
    }
}

impl Rereading<'_> {
    /// Reads the next range of a table again.
    ///
    /// # Errors
    /// The table can't be read, or the store failed. The table stays to be read again.
    pub(crate) async fn step(
        &self,
        (table, reread): (TableId, Reread),
        kept: &mut RereadState,
    ) -> Result<RereadDone, EngineError> {
        let Some(watched) = self.watch.table(table) else {
            // The mark of another version's table.
            return self.finish(table, &CatalogEdits::default(), WriteBatch::default(), None);
        };
        let mut connection = self.connected(kept).await?;
        let visible = self.visible(&mut connection).await?;
        let replay_from = match (&self.position.gtid, reread.replay_from) {
            (Some(_), _) => None,
            (None, Some(known)) => Some(known),
            (None, None) => Some(visible.at),
        };
        let is_ranged = kept.ranged.contains(&table);
        if reread.after.is_none() {
            tracing::info!(table = watched.name, is_ranged, "reading the table again");
        }
        let read = if is_ranged {
            let reread = Reread { replay_from, ..reread };
            self.range(&mut connection, (table, watched), &reread, kept).await
        } else {
            self.whole(&mut connection, (table, watched), replay_from).await
        };
        if read.is_ok() {
            kept.connection = Some(connection);
        }
        read
    }

    /// A connection of our own: that of the binlog only sends events.
    async fn connected(&self, kept: &mut RereadState) -> Result<Connection, EngineError> {
        if let Some(connection) = kept.connection.take() {
            return Ok(connection);
        }
        let mut connection = Connection::connect(self.params).await.map_err(source_error)?;
        kept.ranged =
            source::ranged_tables(&mut connection, self.watch).await.map_err(source_error)?;
        kept.began_at = Some(self.clock.now());
        kept.rows = 0;
        Ok(connection)
    }

    /// Waits until everything that is absorbed is visible to a SELECT, where the server can tell.
    async fn visible(&self, connection: &mut Connection) -> Result<Position, EngineError> {
        let began_at = self.clock.now();
        loop {
            let visible = source::safe_start(connection).await.map_err(source_error)?;
            if self.position.gtid.is_none() || visible.covers(self.position) {
                return Ok(visible);
            }
            if since(self.clock.now(), began_at) > VISIBLE_LIMIT {
                let doing = "wait until the server shows what it has sent";
                return Err(source_error(SourceError::Timeout { doing, limit: VISIBLE_LIMIT }));
            }
            self.clock.sleep(VISIBLE_INTERVAL).await;
        }
    }

    async fn range(
        &self,
        connection: &mut Connection,
        (id, watched): (TableId, &'static WatchedTable),
        reread: &Reread,
        kept: &mut RereadState,
    ) -> Result<RereadDone, EngineError> {
        let Some(table) = Table::from_id(id) else {
            return self.finish(id, &CatalogEdits::default(), WriteBatch::default(), None);
        };
        let after = reread.after;
        let (rows, upto) = match self.read(connection, (id, watched), after).await {
            Ok(read) => read,
            // Dropped, or renamed away: it has no rows.
            Err(SourceError::TableUnreadable { is_missing: true, .. }) => (Vec::new(), None),
            Err(error) => return Err(source_error(error)),
        };
        kept.rows = kept.rows.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        let now = self.clock.now();
        let elapsed = kept.began_at.map_or(Duration::ZERO, |began_at| since(now, began_at));
        kept.not_before = Some(add(now, self.params.snapshot.rest(kept.rows, elapsed)));
        let range = KeyRange { after, upto };
        let mode = self.absorbing.mode;
        let mut part = (range, rows);
        let mut is_shop_stale = false;
        loop {
            let replaced = replace(table, part.0, part.1, self.absorbing.store, mode);
            let replaced = replaced.map_err(EngineError::Fold)?;
            let mut batch = WriteBatch::default();
            if replaced.removed_rows > 0 || replaced.added_rows > 0 {
                self.distrust_children(table, &mut batch)?;
            }
            if let Some(rest) = replaced.rest {
                // The cursor stays: broken off here, the whole range is read once more.
                is_shop_stale |= self.absorbing.commit(&replaced.edits, batch, &self.origin())?;
                part = rest;
                continue;
            }
            let done = if upto.is_some() {
                batch.reread(id, Some(&Reread { after: upto, ..reread.clone() }));
                let is_stale = self.absorbing.commit(&replaced.edits, batch, &self.origin())?;
                RereadDone { is_shop_stale: is_stale, replay_from: None }
            } else {
                self.finish(id, &replaced.edits, batch, reread.replay_from.clone())?
            };
            return Ok(RereadDone { is_shop_stale: is_shop_stale | done.is_shop_stale, ..done });
        }
    }

    async fn read(
        &self,
        connection: &mut Connection,
        (id, watched): (TableId, &'static WatchedTable),
        after: Option<u64>,
    ) -> Result<(Vec<Row>, Option<u64>), SourceError> {
        let rows_max = self.params.snapshot.chunk_rows;
        let upto = source::range_end(connection, self.watch, &[id], (after, rows_max)).await?;
        let range = RowRange { after, upto };
        let rows =
            source::read_range(connection, (self.params, self.watch), watched, range).await?;
        Ok((rows, upto))
    }

    /// A table without an index to find ranges by: its rows come in any order, so those that did not
    /// come are looked for at the end.
    async fn whole(
        &self,
        connection: &mut Connection,
        (id, watched): (TableId, &'static WatchedTable),
        replay_from: Option<BinlogOffset>,
    ) -> Result<RereadDone, EngineError> {
        let Some(table) = Table::from_id(id) else {
            return self.finish(id, &CatalogEdits::default(), WriteBatch::default(), None);
        };
        let (store, mode, origin) = (self.absorbing.store, self.absorbing.mode, self.origin());
        let mut seen = BTreeSet::new();
        let (sender, mut parts) = mpsc::channel(1);
        let read = source::read_whole(connection, (self.params, self.watch), watched, sender);
        let fold_all = async {
            let (mut is_stale, mut is_any_other) = (false, false);
            while let Some(rows) = parts.recv().await {
                seen.extend(rows.iter().filter_map(|row| RowKey::of(table, row)));
                let changes: Vec<RowChange> =
                    rows.into_iter().map(|row| RowChange::read(id, row)).collect();
                let edits = fold_owned(changes, store, mode).map_err(EngineError::Fold)?;
                is_any_other |= !edits.sheets.is_empty();
                is_stale |= self.absorbing.commit(&edits, WriteBatch::default(), &origin)?;
            }
            Ok::<_, EngineError>((is_stale, is_any_other))
        };
        let (read, folded) = tokio::join!(read, fold_all);
        match read {
            Ok(()) | Err(SourceError::TableUnreadable { is_missing: true, .. }) => {}
            Err(error) => return Err(source_error(error)),
        }
        let (mut is_shop_stale, mut is_any_other) = folded?;
        let mut after = None;
        loop {
            let page = sweep_page(table, &seen, after, OWNERS_PER_SWEEP, store, mode);
            let (edits, next) = page.map_err(EngineError::Fold)?;
            is_any_other |= !edits.sheets.is_empty();
            is_shop_stale |= self.absorbing.commit(&edits, WriteBatch::default(), &origin)?;
            let Some(next) = next else { break };
            after = Some(next);
        }
        let mut batch = WriteBatch::default();
        if is_any_other {
            self.distrust_children(table, &mut batch)?;
        }
        let done = self.finish(id, &CatalogEdits::default(), batch, replay_from)?;
        Ok(RereadDone { is_shop_stale: is_shop_stale | done.is_shop_stale, ..done })
    }

    /// Rows that are gone took those below them along, and rows that came back may have some that
    /// the copy let go: the tables of these are read again too.
    fn distrust_children(&self, table: Table, batch: &mut WriteBatch) -> Result<(), EngineError> {
        let pending = self.absorbing.store.rereads().map_err(EngineError::Store)?;
        for child in cascade_children(table) {
            let id = child.id();
            let is_watched = self.watch.tables().any(|(watched, _)| watched == id);
            if is_watched && child != table && !pending.contains_key(&id) {
                batch.reread(id, Some(&Reread::default()));
            }
        }
        Ok(())
    }

    fn finish(
        &self,
        table: TableId,
        edits: &CatalogEdits,
        mut batch: WriteBatch,
        replay_from: Option<BinlogOffset>,
    ) -> Result<RereadDone, EngineError> {
        batch.reread(table, None);
        if let Some(at) = &replay_from {
            batch.position(&Position { gtid: None, at: at.clone() });
        }
        let is_shop_stale = self.absorbing.commit(edits, batch, &self.origin())?;
        let name = self.watch.table(table).map(|watched| watched.name).unwrap_or_default();
        tracing::info!(table = name, "the table was read again");
        Ok(RereadDone { is_shop_stale, replay_from })
    }

    fn origin(&self) -> Origin {
        let at_s = self.clock.now().as_second();
        Origin { position: self.position.to_string(), committed_at_s: at_s }
    }
}
