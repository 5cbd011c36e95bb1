//! The absorb loop: snapshot if needed, then the binlog, with reconnects.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::catalog::FoldMode;
use crate::catalog::tables::{WATCHED_TABLES, watch};
use crate::clock::{SharedClock, since};
use crate::decode::TableLayout;
use crate::engine::absorb::{absorb, mark_everything};
use crate::engine::deliver::Bell;
use crate::engine::error::chain;
use crate::engine::snapshot::{self, source_error};
use crate::engine::{Activity, EngineError, Gauges, Until};
use crate::position::{BinlogOffset, Position};
use crate::source::framing::SourceTransaction;
use crate::source::{
    self, Connection, Definitions, Purpose, Severity, SourceError, SourceErrorKind, SourceParams,
    Stream, StreamEvent,
};
use crate::store::{Phase, SnapshotState, Store, WriteBatch};

/// Events read ahead of the fold: enough to fill a commit, bounded so that memory is.
const READ_AHEAD_EVENTS: usize = 256;
/// Row changes that are folded into one commit when they are there already.
const CHANGES_PER_COMMIT: usize = 2000;
/// How often the position moves while no watched table changes.
const QUIET_POSITION_INTERVAL: Duration = Duration::from_secs(1);
/// Waits between attempts to reconnect.
const RECONNECT_FIRST: Duration = Duration::from_secs(1);
const RECONNECT_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Following {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: SharedClock,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) params: SourceParams,
    pub(crate) until: Until,
    pub(crate) resnapshot_on_lost_position: bool,
    /// Where a run that ends by itself ends: what was written when it started.
    pub(crate) target: Option<BinlogOffset>,
    /// When the position was last committed.
    pub(crate) position_stored_at: Timestamp,
}

impl Following {
    /// Connects and checks the source for the first time: what is wrong now is for the operator,
    /// not for a retry.
    pub(crate) async fn start(&mut self) -> Result<Connection, EngineError> {
        let mut connection = Connection::connect(&self.params).await.map_err(source_error)?;
        let now = self.clock.now();
        let (params, tables) = (&self.params, WATCHED_TABLES);
        let preflight =
            source::preflight(&mut connection, params, tables, Purpose::Deliver, now).await;
        let findings = preflight.map_err(source_error)?.findings;
        for finding in &findings {
            if finding.severity == Severity::Warning {
                tracing::warn!(
                    check = finding.check,
                    fix = finding.remedy(),
                    "preflight: {}",
                    finding.message
                );
            }
        }
        let fatal: Vec<_> =
            findings.into_iter().filter(|finding| finding.severity == Severity::Fatal).collect();
        if !fatal.is_empty() {
            let SourceParams { host, port, database, .. } = &self.params;
            let database = format!("the database {database} on {host}:{port}");
            return Err(EngineError::Unfit { database, findings: fatal });
        }
        if self.until == Until::Settled {
            let target = source::written_end(&mut connection).await.map_err(source_error)?;
            self.target = Some(target);
        }
        Ok(connection)
    }

    /// Absorbs for ever; returns when a run that ends by itself has absorbed its part.
    ///
    /// # Errors
    /// What a reconnect can't mend.
    pub(crate) async fn follow(&mut self, first: Connection) -> Result<(), EngineError> {
        let mut connection = Some(first);
        let mut wait = RECONNECT_FIRST;
        loop {
            let error = match self.attempt(connection.take(), &mut wait).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let EngineError::Source(error) = error else { return Err(error) };
            match error.kind() {
                _ if matches!(*error, SourceError::LostPosition { .. }) => {
                    if !self.resnapshot_on_lost_position {
                        return Err(EngineError::LostPosition(error));
                    }
                    tracing::warn!(error = %error, "position lost: taking a new snapshot");
                    self.close_gate()?;
                }
                SourceErrorKind::Transient | SourceErrorKind::Unavailable => {
                    tracing::warn!(
                        error = chain(&*error),
                        retry_after_ms = wait.as_millis(),
                        "source lost; reconnecting"
                    );
                    self.gauges.set_activity(Activity::Reconnecting(error.to_string()));
                    self.clock.sleep(wait).await;
                    wait = (wait * 2).min(RECONNECT_MAX);
                }
                SourceErrorKind::Credentials | SourceErrorKind::Config | SourceErrorKind::Fatal => {
                    return Err(EngineError::Source(error));
                }
            }
        }
    }

    /// One connection's life.
    async fn attempt(
        &mut self,
        connection: Option<Connection>,
        wait: &mut Duration,
    ) -> Result<(), EngineError> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => Connection::connect(&self.params).await.map_err(source_error)?,
        };
        let watch = watch(&self.params.database, &self.params.table_prefix, TableLayout::Plain);
        let stored = self.store.snapshot().map_err(EngineError::Store)?;
        let mut state = if let Some(state) = stored {
            state
        } else {
            // A crash amid `close_gate` leaves sheets behind, and what is gone from the shop would
            // stay in them.
            self.store.clear_catalog().map_err(EngineError::Store)?;
            snapshot::begin(&self.store, &mut connection).await?
        };
        if let Phase::Reading { .. } = state.phase {
            let (store, gauges) = (&self.store, &self.gauges);
            state = snapshot::read_tables(
                store,
                gauges,
                &mut connection,
                (&self.params, &watch),
                state,
            )
            .await?;
        }
        let columns = source::table_columns(&mut connection, &watch).await.map_err(source_error)?;
        let definitions = Definitions { columns, ..Definitions::default() };
        drop(connection);
        let activity = match state.phase {
            Phase::Open => Activity::Following,
            Phase::Reading { .. } | Phase::CatchingUp { .. } => Activity::CatchingUp,
        };
        self.gauges.set_activity(activity);
        let position = self.store.position().map_err(EngineError::Store)?;
        let position = position.unwrap_or_else(|| state.start.clone());
        tracing::info!(position = %position, "following the binlog");
        let stream = Stream::open(&self.params, &position, &watch, definitions).await;
        let stream = stream.map_err(source_error)?;
        *wait = RECONNECT_FIRST;
        // An idle server sends nothing: where we start may already be where we must get to.
        let seen = stream.seen();
        self.open_gate_at(&mut state, &seen)?;
        if self.is_done(&state, &seen) {
            return Ok(());
        }
        self.stream(stream, state).await
    }

    /// Reads ahead in a task of its own, so that folding never keeps the server waiting.
    async fn stream(&mut self, stream: Stream, state: SnapshotState) -> Result<(), EngineError> {
        let (sender, receiver) = mpsc::channel(READ_AHEAD_EVENTS);
        #[expect(clippy::disallowed_methods, reason = "engine starts tasks; aborted below")]
        let reader = tokio::spawn(read(stream, sender));
        let outcome = self.absorb_events(receiver, state).await;
        reader.abort();
        outcome
    }

    async fn absorb_events(
        &mut self,
        mut receiver: mpsc::Receiver<Result<StreamEvent, SourceError>>,
        mut state: SnapshotState,
    ) -> Result<(), EngineError> {
        let mut seen: Option<BinlogOffset> = None;
        loop {
            let Some(event) = receiver.recv().await else {
                return Err(source_error(SourceError::StreamEnded));
            };
            let mut transactions: Vec<SourceTransaction> = Vec::new();
            let mut failed = None;
            let mut quiet = None;
            let mut next = Some(event);
            let mut change_count = 0usize;
            while let Some(event) = next.take() {
                match event {
                    Ok(
                        StreamEvent::Transaction(transaction)
                        | StreamEvent::Redefinition { transaction, .. },
                    ) => {
                        seen = Some(transaction.position.at.clone());
                        change_count = change_count.saturating_add(transaction.changes.len());
                        transactions.push(transaction);
                    }
                    Ok(StreamEvent::Progress { seen: at, position }) => {
                        seen = Some(at);
                        quiet = Some(position);
                    }
                    Err(error) => failed = Some(error),
                }
                if failed.is_none() && change_count < CHANGES_PER_COMMIT {
                    next = receiver.try_recv().ok();
                }
            }
            self.commit(&state, transactions, quiet)?;
            if let Some(error) = failed {
                return Err(source_error(error));
            }
            if let Some(seen) = &seen {
                self.open_gate_at(&mut state, seen)?;
                if self.is_done(&state, seen) {
                    return Ok(());
                }
            }
        }
    }

    /// Commits transactions; without any, now and then the position alone, so that a shop whose
    /// catalog is quiet does not keep a position that is purged one day.
    fn commit(
        &mut self,
        state: &SnapshotState,
        transactions: Vec<SourceTransaction>,
        quiet: Option<Position>,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        if transactions.is_empty() {
            let Some(position) = quiet else { return Ok(()) };
            if since(now, self.position_stored_at) < QUIET_POSITION_INTERVAL {
                return Ok(());
            }
            self.position_stored_at = now;
            let mut batch = WriteBatch::default();
            batch.position(&position);
            return self.store.commit(batch).map_err(EngineError::Store);
        }
        self.position_stored_at = now;
        let is_open = state.phase == Phase::Open;
        let mode = if is_open { FoldMode::GateOpen } else { FoldMode::GateClosed };
        let absorbed = absorb(&self.store, &self.gauges, mode, transactions)?;
        if absorbed.is_shop_stale {
            self.bell.shop_version.fetch_add(1, Ordering::SeqCst);
        }
        self.bell.work.notify_one();
        Ok(())
    }

    /// Opens the gate when everything the snapshot saw is absorbed.
    fn open_gate_at(
        &self,
        state: &mut SnapshotState,
        seen: &BinlogOffset,
    ) -> Result<(), EngineError> {
        match &state.phase {
            Phase::CatchingUp { until } if seen >= until => {
                state.phase = Phase::Open;
                let mut batch = WriteBatch::default();
                batch.snapshot(state);
                mark_everything(&self.store, &mut batch);
                self.store.commit(batch).map_err(EngineError::Store)?;
                tracing::info!("catalog copy complete: the gate is open");
            }
            Phase::Open => {}
            Phase::CatchingUp { .. } | Phase::Reading { .. } => return Ok(()),
        }
        if !self.gauges.is_gate_open.swap(true, Ordering::SeqCst) {
            self.gauges.set_activity(Activity::Following);
            self.bell.shop_version.fetch_add(1, Ordering::SeqCst);
            self.bell.work.notify_one();
        }
        Ok(())
    }

    fn is_done(&self, state: &SnapshotState, seen: &BinlogOffset) -> bool {
        state.phase == Phase::Open && self.target.as_ref().is_some_and(|target| seen >= target)
    }

    /// Forgets the catalog copy; the ledger stays, so what is unchanged is not sent again.
    fn close_gate(&self) -> Result<(), EngineError> {
        self.gauges.is_gate_open.store(false, Ordering::SeqCst);
        self.store.clear_catalog().map_err(EngineError::Store)
    }
}

/// Moves events from the stream to the channel until either ends.
async fn read(mut stream: Stream, sender: mpsc::Sender<Result<StreamEvent, SourceError>>) {
    loop {
        let event = stream.next().await;
        let failed = event.is_err();
        if sender.send(event).await.is_err() || failed {
            return;
        }
    }
}
