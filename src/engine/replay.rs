//! Replay: binlog files instead of a server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::catalog::tables::watch;
use crate::catalog::{CatalogEdits, FoldMode, Table, sweep_page};
use crate::clock::SharedClock;
use crate::decode::{Decoder, Effect, TableId, TableLayout};
use crate::engine::absorb::{Absorbing, Origin, mark_everything};
use crate::engine::deliver::{Bell, DeliverParams, Delivery};
use crate::engine::run::flushing;
use crate::engine::{Activity, EngineError, Gauges};
use crate::position::{BinlogOffset, Position};
use crate::source::files::{Replay, ReplayRange, find_layout};
use crate::source::framing::{Framer, RereadReason, SourceTransaction};
use crate::source::reader::EventReader;
use crate::store::{Phase, SnapshotState, Store, WriteBatch};
use crate::submit::Submitter;

/// Row changes folded into one commit.
const CHANGES_PER_COMMIT: usize = 2000;

/// Owners looked at between two commits while a table is emptied.
const OWNERS_PER_PAGE: usize = 1000;

/// What to replay.
#[derive(Debug, Clone)]
pub struct ReplayParams {
    /// The shop's database.
    pub database: String,
    /// What the shop puts before each table name; usually empty.
    pub table_prefix: String,
    /// The files, in order, plain or compressed with zstd.
    pub files: Vec<PathBuf>,
    /// Which part of them.
    pub range: ReplayRange,
    /// Whether items are to be delivered from the result.
    pub is_delivered: bool,
}

/// Absorbs binlog files, in order, and opens the gate.
///
/// # Errors
/// A file is truncated, damaged or missing, or holds changes that only a server can tell: what came
/// before is absorbed.
pub fn absorb_files(
    store: &Store,
    gauges: &Gauges,
    params: &ReplayParams,
) -> Result<(), EngineError> {
    let state = store.snapshot().map_err(EngineError::Store)?;
    let layout = layout_of(params, state.as_ref())?;
    let watched = watch(&params.database, &params.table_prefix, layout);
    let start = Position { gtid: None, at: BinlogOffset { file: String::new(), offset: 4 } };
    let decoder = Decoder::new(watched.clone(), BTreeMap::new());
    let reader = EventReader::new(decoder, Framer::new(start.clone()));
    // A store that served before has its gate open; then only what changes is assembled again.
    let is_open = state.is_some_and(|state| state.phase == Phase::Open);
    let mode = if is_open { FoldMode::GateOpen } else { FoldMode::GateClosed };
    let tables = watched.tables().map(|(id, _)| id).collect();
    let absorbing = Absorbing { store, gauges, mode, tables: &tables };
    let mut replaying = Replaying { absorbing, waiting: Vec::new(), change_count: 0 };
    gauges.set_activity(Activity::Replaying);
    replaying.refuse_waiting_tables(&start)?;
    let mut replay = Replay::new(&params.files, params.range.clone(), reader);
    loop {
        match replay.next_transaction() {
            Ok(Some(transaction)) => replaying.take(transaction)?,
            Ok(None) => break,
            Err(error) => {
                replaying.absorb()?;
                return Err(EngineError::File(Box::new(error)));
            }
        }
    }
    replaying.absorb()?;
    gauges.set_activity(Activity::Replayed);
    gauges.is_gate_open.store(true, Ordering::SeqCst);
    if is_open {
        return store.flush().map(drop).map_err(EngineError::Store);
    }
    let mut batch = WriteBatch::default();
    batch.snapshot(&SnapshotState { start, layout, phase: Phase::Open, rows_read: 0 });
    mark_everything(store, &mut batch);
    store.commit(batch).map_err(EngineError::Store)?;
    store.flush().map(drop).map_err(EngineError::Store)
}

/// The layout of the tables in the files; of the store's, or the plain one, where they don't tell.
fn layout_of(
    params: &ReplayParams,
    state: Option<&SnapshotState>,
) -> Result<TableLayout, EngineError> {
    // Where a file can't be read the replay stops, too, and has absorbed what is before.
    let found = find_layout(&params.files, &params.database, &params.table_prefix).ok().flatten();
    let ours = state.map(|state| state.layout);
    if ours.is_some() && found.is_some() && ours != found {
        return Err(EngineError::OtherLayout);
    }
    let layout = found.or(ours).unwrap_or_default();
    if params.is_delivered && layout == TableLayout::Staged {
        return Err(EngineError::StagedDelivery);
    }
    Ok(layout)
}

/// Transactions on their way into the store.
struct Replaying<'a> {
    absorbing: Absorbing<'a>,
    waiting: Vec<SourceTransaction>,
    change_count: usize,
}

impl Replaying<'_> {
    /// Takes a transaction; what it did to whole tables first.
    fn take(&mut self, mut transaction: SourceTransaction) -> Result<(), EngineError> {
        let reread = std::mem::take(&mut transaction.reread);
        if !reread.is_empty() {
            self.absorb()?;
            let origin = Origin {
                position: transaction.position.to_string(),
                committed_at_s: transaction.committed_at_s,
            };
            for (table, reason) in reread {
                self.redefine(table, &reason, (&transaction.position, &origin))?;
            }
        }
        self.change_count = self.change_count.saturating_add(transaction.changes.len());
        self.waiting.push(transaction);
        if self.change_count >= CHANGES_PER_COMMIT { self.absorb() } else { Ok(()) }
    }

    /// Absorbs what waits.
    fn absorb(&mut self) -> Result<(), EngineError> {
        let Some(last) = self.waiting.last() else { return Ok(()) };
        let position = last.position.clone();
        self.absorbing.absorb(std::mem::take(&mut self.waiting), None)?;
        self.change_count = 0;
        self.refuse_waiting_tables(&position)
    }

    /// Does what a statement did to a table, where that is known without the table.
    fn redefine(
        &self,
        id: TableId,
        reason: &RereadReason,
        (position, origin): (&Position, &Origin),
    ) -> Result<(), EngineError> {
        let Some(table) = Table::from_id(id) else { return Ok(()) };
        match reason {
            RereadReason::Redefined(Effect::Emptied) => self.empty(table, origin),
            RereadReason::Redefined(Effect::Altered) if !self.has_rows(table)? => Ok(()),
            RereadReason::Redefined(Effect::Altered | Effect::Exchanged)
            | RereadReason::Unreadable(_)
            | RereadReason::UnreadableDelete(_)
            | RereadReason::RolledBack => Err(EngineError::ServerNeeded {
                table: table.name(),
                position: position.clone(),
                reason: reason.to_string(),
            }),
        }
    }

    /// Removes every row of a table from the copy; nothing goes along, as on the server.
    fn empty(&self, table: Table, origin: &Origin) -> Result<(), EngineError> {
        self.page_through(table, |edits| {
            self.absorbing.commit(&edits, WriteBatch::default(), origin).map(|_is_stale| true)
        })
    }

    fn has_rows(&self, table: Table) -> Result<bool, EngineError> {
        let mut has_rows = false;
        self.page_through(table, |edits| {
            has_rows |= !edits.sheets.is_empty();
            Ok(!has_rows)
        })?;
        Ok(has_rows)
    }

    /// Calls back with the edits that empty a table, page by page, as long as it returns true.
    fn page_through(
        &self,
        table: Table,
        mut page: impl FnMut(CatalogEdits) -> Result<bool, EngineError>,
    ) -> Result<(), EngineError> {
        let Absorbing { store, mode, .. } = self.absorbing;
        let mut after = None;
        loop {
            let swept = sweep_page(table, &BTreeSet::new(), after, OWNERS_PER_PAGE, store, mode);
            let (edits, next) = swept.map_err(EngineError::Fold)?;
            if !page(edits)? || next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }

    /// There is nobody to read a table from again: what asks for it ends the replay.
    fn refuse_waiting_tables(&self, position: &Position) -> Result<(), EngineError> {
        let waiting = self.absorbing.store.rereads().map_err(EngineError::Store)?;
        let Some(table) = waiting.keys().find_map(|id| Table::from_id(*id)) else { return Ok(()) };
        Err(EngineError::ServerNeeded {
            table: table.name(),
            position: position.clone(),
            reason: "it is to be read again".to_owned(),
        })
    }
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
