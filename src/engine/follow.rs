//! The absorb loop: snapshot if needed, then the binlog, with reconnects.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::catalog::tables::{WATCHED_TABLES, watch};
use crate::catalog::{FOREIGN_KEYS, ForeignKey, Table};
use crate::clock::{SharedClock, since};
use crate::decode::{Definitions, TableId, TableLayout, Watch};
use crate::engine::deliver::Bell;
use crate::engine::error::chain;
use crate::engine::snapshot::{self, Snapshot, source_error};
use crate::engine::streaming::{Ended, Streaming};
use crate::engine::{Activity, EngineError, Gauges, SourceFailure, Until};
use crate::position::{BinlogOffset, Position};
use crate::source::{
    self, Cascade, Cascades, Connection, Severity, SourceError, SourceErrorKind, SourceParams,
    Stream,
};
use crate::store::{Phase, SnapshotState, Store, WriteBatch};

/// Waits between attempts to reconnect.
pub(crate) const RECONNECT_FIRST: Duration = Duration::from_secs(1);
const RECONNECT_MAX: Duration = Duration::from_secs(30);

/// How long another server may take to get what was absorbed from the one before it, and how often
/// it is asked.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(20);
const CATCH_UP_INTERVAL: Duration = Duration::from_secs(1);

/// How often, and after what pause, it is looked whether a new stream of ours ends another one.
const LOOKS: u32 = 5;
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How often in a row another process may be thrown out.
const THROWN_OUT_MAX: u32 = 3;

pub(crate) struct Following {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: SharedClock,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) params: Arc<SourceParams>,
    pub(crate) until: Until,
    pub(crate) resnapshot_on_lost_position: bool,
    /// Where a run that ends by itself ends: what was written when it started, or when it came to
    /// another server.
    pub(crate) target: Option<BinlogOffset>,
    /// When the position was last committed.
    pub(crate) position_stored_at: Timestamp,
    /// Where an event arrived damaged: once may be the network's fault.
    pub(crate) damaged_at: Option<String>,
    /// The wait before the next attempt to reconnect; short again once changes come.
    pub(crate) wait: Duration,
    /// The server's numbers of the binlog connections of this process so far.
    pub(crate) own: BTreeSet<u64>,
    /// How often in a row a stream of this process ended one of another process.
    pub(crate) thrown_out: u32,
}

/// A connection whose server was found to be one to go on with.
struct Attached {
    connection: Connection,
    watch: Arc<Watch>,
    /// `None`: a snapshot must be begun.
    state: Option<SnapshotState>,
    /// Binlog streams of the same account that are none of this process.
    others: BTreeSet<u64>,
}

impl Following {
    /// Connects and checks the source for the first time: what is wrong now is for the operator,
    /// not for a retry.
    pub(crate) async fn start(&mut self) -> Result<Connection, EngineError> {
        let mut connection = Connection::connect(&self.params).await.map_err(source_error)?;
        let now = self.clock.now();
        let params = &self.params;
        let preflight = source::preflight(&mut connection, params, WATCHED_TABLES, now).await;
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
            let SourceParams { host, port, database, .. } = &*self.params;
            let database = format!("the database {database} on {host}:{port}");
            return Err(EngineError::Unfit { database, findings: fatal });
        }
        self.set_target(&mut connection).await?;
        Ok(connection)
    }

    async fn set_target(&mut self, connection: &mut Connection) -> Result<(), EngineError> {
        if self.until == Until::Settled {
            let target = source::written_end(connection).await.map_err(source_error)?;
            self.target = Some(target);
        }
        Ok(())
    }

    /// Absorbs for ever; returns when a run that ends by itself has absorbed its part.
    ///
    /// # Errors
    /// What a reconnect can't mend.
    pub(crate) async fn follow(&mut self, first: Connection) -> Result<(), EngineError> {
        let mut connection = Some(first);
        loop {
            let error = match self.attempt(connection.take()).await {
                Ok(Ended::Absorbed) => return Ok(()),
                Ok(Ended::Replay) => continue,
                Err(error) => error,
            };
            let EngineError::Source(error) = error else { return Err(error) };
            match error.kind() {
                _ if error.is_table_away() => self.rest(&error).await,
                _ if matches!(*error, SourceError::LostPosition { .. }) => {
                    if !self.resnapshot_on_lost_position {
                        return Err(EngineError::LostPosition(error));
                    }
                    tracing::warn!(error = %error, "position lost: taking a new snapshot");
                    self.close_gate()?;
                    self.rest(&error).await;
                }
                SourceErrorKind::Transient | SourceErrorKind::Unavailable => {
                    self.rest(&error).await;
                }
                SourceErrorKind::Fatal if self.is_first_damage(&error) => {
                    self.rest(&error).await;
                }
                SourceErrorKind::Credentials | SourceErrorKind::Config | SourceErrorKind::Fatal => {
                    return Err(EngineError::Source(error));
                }
            }
        }
    }

    /// Waits before the next attempt.
    async fn rest(&mut self, error: &SourceError) {
        let wait = self.wait;
        tracing::warn!(
            error = chain(error),
            retry_after_ms = wait.as_millis(),
            "source lost; reconnecting"
        );
        let since = match (self.gauges.activity(), self.gauges.source_failure()) {
            (Activity::Reconnecting(_), Some(failure)) => failure.since,
            _ => self.clock.now(),
        };
        let (reason, hint) = (error.to_string(), error.hint());
        self.gauges.set_source_failure(SourceFailure { since, reason, hint });
        self.gauges.set_activity(Activity::Reconnecting(error.to_string()));
        self.clock.sleep(wait).await;
        self.wait = (wait * 2).min(RECONNECT_MAX);
    }

    /// Whether an event arrived damaged for the first time at its place. A second time, the server's
    /// own file is damaged.
    fn is_first_damage(&mut self, error: &SourceError) -> bool {
        let (SourceError::Checksum { position, .. }
        | SourceError::Garbled { position }
        | SourceError::BinlogUnreadable { position, .. }) = error
        else {
            return false;
        };
        let is_first = self.damaged_at.as_ref() != Some(position);
        self.damaged_at = Some(position.clone());
        is_first
    }

    /// One connection's life.
    async fn attempt(&mut self, connection: Option<Connection>) -> Result<Ended, EngineError> {
        let connection = match connection {
            Some(connection) => connection,
            None => Connection::connect(&self.params).await.map_err(source_error)?,
        };
        let Attached { mut connection, watch, state, others } = self.attach(connection).await?;
        let mut state = match state {
            Some(state) => state,
            None => snapshot::begin(&self.store, &mut connection, (&self.params, &watch)).await?,
        };
        if let Phase::Reading { .. } = state.phase {
            let snapshot = Snapshot {
                store: &self.store,
                gauges: &self.gauges,
                clock: &self.clock,
                params: &self.params,
                watch: &watch,
            };
            state = snapshot.read_tables(connection, state).await?;
        }
        let activity = match state.phase {
            Phase::Open => Activity::Following,
            Phase::Reading { .. } | Phase::CatchingUp { .. } => Activity::CatchingUp,
        };
        self.gauges.set_activity(activity);
        let position = self.store.position().map_err(EngineError::Store)?;
        let position = position.unwrap_or_else(|| state.start.clone());
        tracing::info!(position = %position, "following the binlog");
        let definitions = self.store.definitions().map_err(EngineError::Store)?;
        let definitions = definitions.unwrap_or_default();
        let connection = Connection::connect(&self.params).await.map_err(source_error)?;
        let stream =
            self.open_stream(connection, (&position, &watch), definitions, &others).await?;
        let opened_at = self.clock.now();
        let tables: BTreeSet<TableId> = watch.tables().map(|(id, _)| id).collect();
        let seen = stream.seen();
        let streaming = Streaming { following: self, watch, tables, state, position, seen };
        let outcome = streaming.run(stream).await;
        if since(self.clock.now(), opened_at) > RECONNECT_MAX {
            self.wait = RECONNECT_FIRST;
            self.thrown_out = 0;
        }
        outcome
    }

    /// Opens the stream, and looks whom that throws out: one of `others` that ends is of another
    /// process with our number. Once that may be what is left of the process before this one, or chance.
    /// Again and again it is a rival, and this process gives way rather than throw it out for ever.
    async fn open_stream(
        &mut self,
        mut connection: Connection,
        (from, watch): (&Position, &Watch),
        definitions: Definitions,
        others: &BTreeSet<u64>,
    ) -> Result<Stream, EngineError> {
        let params = Arc::clone(&self.params);
        if self.thrown_out >= THROWN_OUT_MAX && !others.is_empty() {
            let server_id = params.server_id;
            let answer = "each time this reader comes, another one is cut off".to_owned();
            return Err(source_error(SourceError::ServerIdTaken { server_id, answer }));
        }
        let id = source::connection_id(&mut connection).await.map_err(source_error)?;
        self.own.extend(id);
        let opening = Stream::open_over(connection, &params, from, watch, definitions);
        let stream = Box::pin(opening).await.map_err(source_error)?;
        if self.is_any_gone(others).await? {
            self.thrown_out = self.thrown_out.saturating_add(1);
        }
        Ok(stream)
    }

    /// Whether one of these streams ends now.
    async fn is_any_gone(&self, others: &BTreeSet<u64>) -> Result<bool, EngineError> {
        if others.is_empty() {
            return Ok(false);
        }
        let mut connection = Connection::connect(&self.params).await.map_err(source_error)?;
        for _ in 0..LOOKS {
            let readers = source::binlog_readers(&mut connection, &self.params).await;
            if !readers.map_err(source_error)?.is_superset(others) {
                return Ok(true);
            }
            self.clock.sleep(LOOK_INTERVAL).await;
        }
        Ok(false)
    }

    /// Finds out whether the server still is, or can replace, the one that was followed.
    async fn attach(&mut self, mut connection: Connection) -> Result<Attached, EngineError> {
        let conn = &mut connection;
        // Before any stream of this attempt: one that only asks for a file's age ends by itself.
        let others = source::binlog_readers(conn, &self.params).await.map_err(source_error)?;
        let others = others.difference(&self.own).copied().collect();
        let mut state = self.store.snapshot().map_err(EngineError::Store)?;
        let layout = source::table_layout(conn, &self.params).await.map_err(source_error)?;
        let known = state.as_ref().map(|state| state.layout);
        let layout = layout.or(known).unwrap_or(TableLayout::Plain);
        let server = source::server_identity(conn).await.map_err(source_error)?;
        let watch = Arc::new(watch(&self.params.database, &self.params.table_prefix, layout));
        let there = source::table_columns(conn, &watch).await.map_err(source_error)?;
        let cascades = source::cascades(conn, &watch, &there).await.map_err(source_error)?;
        self.note_lacking(layout, &cascades);
        let known = self.store.server().map_err(EngineError::Store)?;
        let is_other_server = known.is_some_and(|known| known != server);
        if state.as_ref().is_some_and(|state| state.layout != layout) {
            tracing::warn!("the shop's tables have another layout: taking a new snapshot");
            state = None;
        }
        if let Some(open) = &state {
            let position = self.store.position().map_err(EngineError::Store)?;
            let position = position.unwrap_or_else(|| open.start.clone());
            if !is_other_server {
                source::check_lineage(conn, &position).await.map_err(source_error)?;
                if let Some(known) = self.store.binlog_file().map_err(EngineError::Store)? {
                    let params = (&*self.params, &*watch);
                    let checked =
                        Box::pin(source::check_file(conn, params, &known, &position)).await;
                    checked.map_err(source_error)?;
                }
            } else if position.gtid.is_none() {
                return Err(source_error(other_server(&position, &server)));
            } else if open.phase == Phase::Open {
                tracing::warn!(server, "this is another server: going on by GTID");
                self.wait_for(conn, &server, &position).await?;
                self.move_to(conn, &server, position).await?;
            } else {
                tracing::warn!(server, "this is another server: beginning the snapshot anew");
                state = None;
                self.set_target(conn).await?;
            }
        }
        if state.is_none() {
            // A crash amid the clearing leaves sheets behind, and what is gone from the shop would
            // stay in them.
            self.close_gate()?;
        }
        Ok(Attached { connection, watch, state, others })
    }

    /// Waits until another server has everything that was absorbed. MySQL does not look by itself
    /// whether it lacks transactions of a server that it replaces.
    async fn wait_for(
        &self,
        connection: &mut Connection,
        server: &str,
        position: &Position,
    ) -> Result<(), EngineError> {
        let began_at = self.clock.now();
        loop {
            let theirs = source::safe_start(connection).await.map_err(source_error)?;
            if theirs.covers(position) {
                return Ok(());
            }
            if since(self.clock.now(), began_at) > CATCH_UP_LIMIT {
                let answer = format!(
                    "{server} lacks transactions that were absorbed from the server before it; it \
                     has {theirs}"
                );
                let position = position.to_string();
                return Err(source_error(SourceError::LostPosition { position, answer }));
            }
            self.clock.sleep(CATCH_UP_INTERVAL).await;
        }
    }

    /// Rows go with others only by foreign keys that are there.
    fn note_lacking(&self, layout: TableLayout, cascades: &Cascades) {
        let before = self.store.set_lacking(BTreeSet::new());
        let lacking = lacking_keys(layout, cascades, &before);
        for ForeignKey { child, parent, .. } in &lacking {
            let (child, parent) = (child.name(), parent.name());
            tracing::debug!(child, parent, "a foreign key of Adobe Commerce is missing");
        }
        self.store.set_lacking(lacking);
    }

    /// What was measured in the files of the old server is measured anew.
    async fn move_to(
        &mut self,
        connection: &mut Connection,
        server: &str,
        position: Position,
    ) -> Result<(), EngineError> {
        let end = source::written_end(connection).await.map_err(source_error)?;
        let definitions = self.store.definitions().map_err(EngineError::Store)?;
        let mut batch = WriteBatch::default();
        if let Some(mut definitions) = definitions {
            for until in definitions.unsettled.values_mut() {
                until.clone_from(&end);
            }
            batch.definitions(&definitions);
        }
        batch.server(server);
        batch.binlog_file(None);
        batch.position(&Position { at: BinlogOffset::default(), ..position });
        self.store.commit(batch).map_err(EngineError::Store)?;
        self.set_target(connection).await
    }

    /// Forgets the catalog copy; the ledger stays, so what is unchanged is not sent again.
    fn close_gate(&self) -> Result<(), EngineError> {
        self.gauges.is_gate_open.store(false, std::sync::atomic::Ordering::SeqCst);
        self.store.clear_catalog().map_err(EngineError::Store)
    }
}

/// The foreign keys of this layout that are not among those that the shop has.
pub(crate) fn lacking_keys(
    layout: TableLayout,
    cascades: &Cascades,
    before: &BTreeSet<ForeignKey>,
) -> BTreeSet<ForeignKey> {
    let has_table = |table: Table| table.watched().layout.is_none_or(|only| only == layout);
    let is_there = |key: &ForeignKey| {
        if !cascades.tables.contains(&key.child.id()) {
            return !before.contains(key);
        }
        let column = key.child.watched().columns.get(key.column);
        column.is_some_and(|column| {
            let (child, parent) = (key.child.id(), key.parent.id());
            cascades.keys.contains(&Cascade { child, column: column.name, parent })
        })
    };
    let of_layout = FOREIGN_KEYS.iter().filter(|key| has_table(key.child) && has_table(key.parent));
    of_layout.filter(|key| !is_there(key)).copied().collect()
}

fn other_server(position: &Position, server: &str) -> SourceError {
    SourceError::LostPosition {
        position: position.to_string(),
        answer: format!(
            "{server} is another server, and a position without GTIDs holds on one server only"
        ),
    }
}
