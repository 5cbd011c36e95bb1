//! The readers that are measured, each in a process of its own.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aco_stream::catalog::FoldMode;
use aco_stream::catalog::tables::watch;
use aco_stream::decode::{Definitions, TableLayout, Watch};
use aco_stream::engine::Gauges;
use aco_stream::engine::absorb::Absorbing;
use aco_stream::position::{BinlogOffset, Position};
use aco_stream::source::framing::SourceTransaction;
use aco_stream::source::{
    Connection, SnapshotParams, SourceError, SourceParams, Stream, StreamEvent, TlsMode,
    table_columns,
};
use aco_stream::store::{Store, StoreParams};
use futures_util::StreamExt as _;
use mysql_async::binlog::EventType;
use mysql_async::binlog::events::{Event, EventData};
use mysql_async::prelude::Queryable as _;
use mysql_async::{BinlogStream, BinlogStreamRequest};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};

use crate::servers::{Server, reader_connection, target_directory};
use crate::stretch::{Plan, SCHEMA, Stretch};

/// The first argument of a process that reads.
pub(crate) const CHILD: &str = "read";
/// Read-ahead and row changes of a commit, as when the program follows a shop.
const READ_AHEAD_EVENTS: usize = 256;
const READ_AHEAD_CHANGES: usize = 20_000;
const CHANGES_PER_COMMIT: usize = 2000;

/// What reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reader {
    /// The source room: checked, decoded, framed.
    Source,
    /// The transport with its own decoding of every row.
    Driver,
    /// The transport; events are counted.
    Transport,
    /// The source room, and its transactions absorbed by a store.
    Absorb,
}

impl Reader {
    pub(crate) const ALL: [Self; 4] = [Self::Source, Self::Driver, Self::Transport, Self::Absorb];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Driver => "mysql_async's decoding",
            Self::Transport => "bare transport",
            Self::Absorb => "absorbed to disk",
        }
    }

    /// Whether the reader has something to do on this stretch.
    pub(crate) fn fits(self, server: &Server, plan: &Plan) -> bool {
        match self {
            Self::Source | Self::Transport => true,
            // It knows MySQL's compression only.
            Self::Driver => plan.is_watched && !(plan.is_compressed && server.is_mariadb()),
            Self::Absorb => plan.is_watched && !plan.is_compressed,
        }
    }
}

/// What a process is to read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    reader: Reader,
    is_mariadb: bool,
    port: u16,
    ca_file: PathBuf,
    password: String,
    from: String,
    until: BinlogOffset,
    shop: (String, BinlogOffset),
}

impl Task {
    pub(crate) fn decode(text: &str) -> Self {
        serde_json::from_str(text).expect("a task")
    }
}

/// What a process did.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Row changes that were decoded.
    pub(crate) rows: u64,
    /// Events that came; only the transport's own readers see them.
    pub(crate) events: u64,
    pub(crate) elapsed_ns: u64,
    /// The process's peak of resident memory.
    pub(crate) peak_kb: u64,
}

impl Figures {
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).expect("numbers have a JSON form")
    }
}

/// Reads a stretch in a process of its own.
pub(crate) fn in_child(reader: Reader, server: &Server, stretch: &Stretch) -> Figures {
    let (shop_from, shop_until) = stretch.shop.clone().expect("a shop");
    let task = Task {
        reader,
        is_mariadb: server.is_mariadb(),
        port: server.port,
        ca_file: server.ca_file.clone(),
        password: server.password.clone(),
        from: stretch.from.encode(),
        until: stretch.until.clone(),
        shop: (shop_from.encode(), shop_until),
    };
    let task = serde_json::to_string(&task).expect("a task has a JSON form");
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args([CHILD, &task]).stderr(Stdio::inherit()).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{} failed", reader.name());
    serde_json::from_slice(&output.stdout).expect("figures")
}

/// Reads what the task says.
pub(crate) fn read(task: &Task) -> Figures {
    let figures = run(async {
        match task.reader {
            Reader::Source => source(task).await,
            Reader::Driver => transport(task, true).await,
            Reader::Transport => transport(task, false).await,
            Reader::Absorb => absorb(task).await,
        }
    });
    Figures { peak_kb: peak_kb(), ..figures }
}

async fn source(task: &Task) -> Figures {
    let mut stream = task.open(&task.from).await;
    let mut rows = 0;
    let started = now();
    while stream.seen() < task.until {
        // The last it tells may be of what comes behind the stretch.
        rows += match stream.next().await.expect("the next event") {
            StreamEvent::Transaction(transaction) if transaction.position.at <= task.until => {
                transaction.changes.len()
            }
            StreamEvent::Transaction(_)
            | StreamEvent::Redefinition { .. }
            | StreamEvent::File(_)
            | StreamEvent::Progress { .. } => 0,
        };
    }
    figures(rows, 0, started)
}

/// Reads with the transport alone up to the end of the file.
async fn transport(task: &Task, is_decoding: bool) -> Figures {
    let mut connection = reader_connection(task.port, &task.ca_file, &task.password).await;
    if task.is_mariadb {
        let capability = "SET @mariadb_slave_capability = 4";
        connection.query_drop(capability).await.expect("announced");
    }
    let at = Position::decode(&task.from).expect("a position").at;
    let request =
        BinlogStreamRequest::new(server_id()).with_filename(at.file.as_bytes()).with_pos(at.offset);
    let mut stream = connection.get_binlog_stream(request).await.expect("a stream");
    let (mut rows, mut events) = (0, 0);
    let started = now();
    loop {
        let event = stream.next().await.expect("more").expect("an event");
        events += 1;
        let header = event.header();
        let is_last = header.event_type() == Ok(EventType::ROTATE_EVENT) && header.log_pos() != 0;
        if is_last {
            return figures(rows, events, started);
        }
        if is_decoding {
            rows += decoded(&stream, &event);
        }
    }
}

/// Decodes every row of the event into values.
fn decoded(stream: &BinlogStream, event: &Event) -> usize {
    let Ok(Some(EventData::RowsEvent(event))) = event.read_data() else { return 0 };
    let table = stream.get_tme(event.table_id()).expect("a table map");
    let mut count = 0;
    for row in event.rows(table) {
        std::hint::black_box(row.expect("a row"));
        count += 1;
    }
    count
}

/// Absorbs the stretch into a new store that has the shop.
async fn absorb(task: &Task) -> Figures {
    let directory = tempfile::tempdir_in(target_directory()).expect("a directory");
    let params = StoreParams { path: directory.path().join("store"), cache_bytes: 128 << 20 };
    let store = Store::open(&params).expect("a store");
    let (shop_from, shop_until) = &task.shop;
    follow(task, &store, shop_from, shop_until).await;
    follow(task, &store, &task.from, &task.until).await
}

async fn follow(task: &Task, store: &Store, from: &str, until: &BinlogOffset) -> Figures {
    let stream = task.open(from).await;
    let tables = watched().tables().map(|(id, _)| id).collect::<BTreeSet<_>>();
    let gauges = Gauges::default();
    let mode = FoldMode::GateOpen;
    let absorbing = Absorbing { store, gauges: &gauges, mode, tables: &tables };
    let (sender, mut receiver) = mpsc::channel(READ_AHEAD_EVENTS);
    let room = Arc::new(Semaphore::new(READ_AHEAD_CHANGES));
    let started = now();
    #[expect(clippy::disallowed_methods, reason = "reads ahead, as the engine does; it ends below")]
    let reader = tokio::spawn(read_ahead(stream, sender, Arc::clone(&room)));
    let (mut seen, mut rows) = (BinlogOffset::default(), 0);
    while seen < *until {
        let mut waiting: Vec<SourceTransaction> = Vec::new();
        let mut changes = 0;
        let mut next = receiver.recv().await;
        while let Some(event) = next.take() {
            match event.expect("the next event") {
                StreamEvent::Transaction(transaction)
                | StreamEvent::Redefinition { transaction, .. } => {
                    seen.clone_from(&transaction.position.at);
                    if seen <= *until {
                        changes += transaction.changes.len();
                        waiting.push(transaction);
                    }
                }
                StreamEvent::File(_) => {}
                StreamEvent::Progress { seen: to, .. } => seen = to,
            }
            if changes < CHANGES_PER_COMMIT {
                next = receiver.try_recv().ok();
            }
        }
        rows += changes;
        room.add_permits(changes);
        absorbing.absorb(waiting, None).expect("absorbed");
    }
    reader.abort();
    figures(rows, 0, started)
}

async fn read_ahead(
    mut stream: Stream,
    sender: mpsc::Sender<Result<StreamEvent, SourceError>>,
    room: Arc<Semaphore>,
) {
    loop {
        let event = stream.next().await;
        let changes = match &event {
            Ok(
                StreamEvent::Transaction(transaction)
                | StreamEvent::Redefinition { transaction, .. },
            ) => transaction.changes.len(),
            Ok(StreamEvent::Progress { .. } | StreamEvent::File(_)) | Err(_) => 0,
        };
        let changes = u32::try_from(changes).expect("a stretch has small transactions");
        room.acquire_many(changes).await.expect("it stays open").forget();
        if sender.send(event).await.is_err() {
            return;
        }
    }
}

impl Task {
    async fn open(&self, from: &str) -> Stream {
        let params = params(self.port, &self.ca_file, &self.password);
        let mut connection = Connection::connect(&params).await.expect("a connection");
        let watch = watched();
        let columns = table_columns(&mut connection, &watch).await.expect("columns");
        let definitions = Definitions { columns, ..Definitions::default() };
        let from = Position::decode(from).expect("a position");
        Stream::open(&params, &from, &watch, definitions).await.expect("a stream")
    }
}

/// A connection of the source room.
pub(crate) async fn connection(port: u16, ca_file: &Path, password: &str) -> Connection {
    Connection::connect(&params(port, ca_file, password)).await.expect("a connection")
}

/// Runs work to its end.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

fn watched() -> Watch {
    watch(SCHEMA, "", TableLayout::Plain)
}

fn params(port: u16, ca_file: &Path, password: &str) -> SourceParams {
    SourceParams {
        host: "127.0.0.1".to_owned(),
        port,
        user: "cdc".to_owned(),
        password: Some(password.to_owned().into()),
        database: SCHEMA.to_owned(),
        tls: TlsMode::VerifyFull,
        tls_ca_file: Some(ca_file.to_owned()),
        table_prefix: String::new(),
        server_id: server_id(),
        heartbeat: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(20),
        net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
        statement_timeout: SourceParams::STATEMENT_TIMEOUT,
        snapshot: SnapshotParams::default(),
    }
}

/// A number that no other replica has.
fn server_id() -> u32 {
    1_000_000 + std::process::id()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is about the time that passes")]
fn now() -> Instant {
    Instant::now()
}

fn figures(rows: usize, events: u64, started: Instant) -> Figures {
    let elapsed_ns = u64::try_from(started.elapsed().as_nanos()).expect("less than centuries");
    Figures { rows: u64::try_from(rows).expect("a count"), events, elapsed_ns, peak_kb: 0 }
}

/// The process's peak of resident memory, as Linux counts it.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}
