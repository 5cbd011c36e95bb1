//! A shop that is followed in this process, without delivering: what the tests of the source need to
//! compare the catalog copy with the database at any quiet moment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aco_stream::catalog::{CatalogRead as _, Owner, Table};
use aco_stream::clock::SystemClock;
use aco_stream::decode::{TableLayout, Value};
use aco_stream::engine::{Activity, EngineError, Gauges, RunParams, Until, run};
use aco_stream::position::{BinlogOffset, GtidSet, MysqlGtidSet, Position};
use aco_stream::source::{SnapshotParams, SourceParams};
use aco_stream::store::{Phase, Store, StoreError, StoreParams};
use tokio::sync::oneshot;

use crate::copy::{assert_same, rows_of, rows_of_database};
use crate::program::eventually;
use crate::servers::{Database, Session, User};

/// How long a shop of a test may take to become quiet on a busy machine.
const QUIET_LIMIT: Duration = Duration::from_mins(2);
/// The table of the row by which the tests see how far the copy is: locks in it hold them up.
pub(crate) const MARKED_TABLE: &str = "core_config_data";
/// The configuration row by whose value the tests see how far the copy is.
const MARK: &str = "general/locale/weight_unit";

/// A store that can be opened again, and the shop it is the copy of.
pub(crate) struct Followed {
    /// Gone only while it is opened again.
    store: Option<Arc<Store>>,
    pub(crate) layout: TableLayout,
    directory: tempfile::TempDir,
    /// Whether a lost position is answered by a new snapshot.
    pub(crate) resnapshot_on_lost_position: bool,
    running: Option<Running>,
}

struct Running {
    gauges: Arc<Gauges>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), EngineError>>,
}

/// Parameters with small chunks, so that a small shop is read in several.
pub(crate) fn following(params: SourceParams) -> SourceParams {
    let snapshot = SnapshotParams { chunk_rows: 40, ..SnapshotParams::default() };
    SourceParams { snapshot, ..params }
}

impl Followed {
    /// An empty store.
    pub(crate) fn new(layout: TableLayout) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Some(Arc::new(open(directory.path())));
        Self { store, layout, directory, resnapshot_on_lost_position: false, running: None }
    }

    /// The store.
    pub(crate) fn store(&self) -> &Arc<Store> {
        self.store.as_ref().expect("it is open")
    }

    /// Starts following, and waits until the copy is complete.
    pub(crate) fn start(&mut self, params: &SourceParams) {
        self.start_at_once(params);
        self.wait("the copy is complete", Self::is_open);
    }

    /// Starts following.
    pub(crate) fn start_at_once(&mut self, params: &SourceParams) {
        assert!(self.running.is_none(), "it is followed already");
        let (stop, stopped) = oneshot::channel::<()>();
        let gauges = Arc::new(Gauges::default());
        let params = RunParams {
            store: Arc::clone(self.store()),
            clock: Arc::new(SystemClock),
            gauges: Arc::clone(&gauges),
            delivering: None,
            source: params.clone(),
            until: Until::Told,
            resnapshot_on_lost_position: self.resnapshot_on_lost_position,
        };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(run(params, async { drop(stopped.await) }))
        });
        self.running = Some(Running { gauges, stop, thread });
    }

    /// Stops following; the outcome, if it had ended by itself.
    pub(crate) fn stop(&mut self) -> Result<(), EngineError> {
        let Some(running) = self.running.take() else { return Ok(()) };
        // It may have ended by itself.
        running.stop.send(()).unwrap_or_default();
        running.thread.join().expect("following does not panic")
    }

    /// Closes the store and opens it again, as a new process would.
    pub(crate) fn reopen(&mut self) {
        self.store = Some(Arc::new(open(self.close())));
    }

    /// Closes the store, for another process to work with until it is opened again; the directory in
    /// which it is called `store`.
    pub(crate) fn close(&mut self) -> &Path {
        assert!(self.running.is_none(), "it is still followed");
        drop(self.store.take());
        self.directory.path()
    }

    /// Whether it is followed.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether following has ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.thread.is_finished())
    }

    /// How many rows the snapshot has read.
    pub(crate) fn rows_read(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.gauges.rows_read.load(Ordering::Relaxed))
    }

    /// What the absorb loop is doing.
    pub(crate) fn activity(&self) -> Activity {
        self.running.as_ref().expect("it is followed").gauges.activity()
    }

    pub(crate) fn is_open(&self) -> bool {
        let state = self.store().snapshot().expect("the store is readable");
        state.is_some_and(|state| state.phase == Phase::Open)
    }

    /// Waits for a condition; it must not end by itself meanwhile.
    pub(crate) fn wait(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        eventually(what, QUIET_LIMIT, || {
            let is_running = self.running.as_ref().is_some_and(|it| !it.thread.is_finished());
            assert!(is_running, "following ended by itself: {:?}", self.activity());
            condition(self)
        });
    }

    /// Writes a mark into the shop and waits until it has come to the copy and nothing waits to be
    /// read again; then compares all rows.
    pub(crate) fn assert_copy_equals(&self, database: &Database, what: &str) {
        let end = written(&database.session(User::Root));
        self.catch_up(&database.session(User::App), what);
        // The mark may have come with rows that were read ahead of the binlog. Once it comes from
        // there, the position is behind everything that was written before it.
        self.wait(what, |followed| {
            let position = followed.store().position().expect("the store is readable");
            position.is_some_and(|position| is_behind(&position, &end)) && followed.is_quiet()
        });
        self.assert_same(database, what);
    }

    /// Waits until the copy has what was written.
    pub(crate) fn catch_up(&self, session: &Session, what: &str) {
        let mark = mark(session);
        let is_there =
            |followed: &Self| followed.mark() == Some(mark.clone()) && followed.is_quiet();
        self.wait(what, is_there);
    }

    /// Whether the copy is complete, and nothing waits to be read again.
    fn is_quiet(&self) -> bool {
        self.store().rereads().expect("the store is readable").is_empty() && self.is_open()
    }

    /// Compares all rows; nothing may be written meanwhile.
    pub(crate) fn assert_same(&self, database: &Database, what: &str) {
        let session = database.session(User::App);
        let theirs = rows_of_database(&session, &database.schema, self.layout);
        assert_same(&rows_of(self.store(), self.layout), &theirs, what);
    }

    /// The mark that the copy holds.
    fn mark(&self) -> Option<String> {
        let sheet = self.store().sheet(Owner::Config).expect("the store is readable")?;
        let rows = sheet.rows(Table::CoreConfigData);
        let text = |row: &Vec<Value>, place: usize| {
            row.get(place).and_then(Value::as_text).map(str::to_owned)
        };
        let is_mark = |row: &&Vec<Value>| {
            let scope_id = row.get(2).and_then(Value::as_int);
            text(row, 1).as_deref() == Some("tests")
                && scope_id == Some(0)
                && text(row, 3).as_deref() == Some(MARK)
        };
        let mut marks = rows.filter(is_mark);
        marks.next().and_then(|row| text(row, 4))
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("following had ended: {error:?}");
        }
    }
}

/// Writes a new mark in a transaction of its own.
fn mark(session: &Session) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mark = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
    session.exec(&format!(
        "INSERT INTO {MARKED_TABLE} (scope, scope_id, path, value) VALUES ('tests', 0, '{MARK}', \
         '{mark}') ON DUPLICATE KEY UPDATE value = '{mark}'"
    ));
    mark
}

/// Whether a position is behind everything that was written. A snapshot of MySQL begins at the start
/// of a file, behind GTIDs that may be anywhere in it.
fn is_behind(position: &Position, written: &Position) -> bool {
    position.at >= written.at || position.gtid.is_some() && position.covers(written)
}

/// Up to where the server has written its binlog; with GTIDs if it is MySQL's.
fn written(root: &Session) -> Position {
    // MariaDB knows only the one, MySQL only the other.
    let status = root.try_query("SHOW MASTER STATUS");
    let status = status.unwrap_or_else(|_| root.query("SHOW BINARY LOG STATUS"));
    let mut cells = status.into_iter().flatten();
    let file = cells.next().flatten().expect("a file");
    let offset = cells.next().flatten().and_then(|at| at.parse().ok()).expect("an offset");
    let gtids = cells.nth(2).flatten().map(|set| set.replace('\n', ""));
    let gtids = gtids.map(|set| MysqlGtidSet::parse(&set).expect("GTIDs"));
    Position { gtid: gtids.map(GtidSet::Mysql), at: BinlogOffset { file, offset } }
}

fn open(directory: &Path) -> Store {
    let params = StoreParams { path: directory.join("store"), cache_bytes: 16 << 20 };
    for _ in 0..1_000_000 {
        match Store::open(&params) {
            // The threads of the one that was just dropped may take a moment to let go of it.
            Err(StoreError::InUse { .. }) => thread::yield_now(),
            opened => return opened.expect("the store opens"),
        }
    }
    panic!("the store is not let go of");
}
