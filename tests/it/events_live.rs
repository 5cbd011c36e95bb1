//! The binlog of a live server and its files say the same: with compression on the transport repeats
//! what we take apart ourselves, and every kind of event passes over the wire.

use std::path::PathBuf;
use std::time::Duration;

use aco_stream::decode::{
    ColumnKind, Decoder, Definitions, RowChange, TableId, TableLayout, Watch, WatchedColumn,
    WatchedTable,
};
use aco_stream::position::{BinlogOffset, Position};
use aco_stream::source::files::{Replay, ReplayEnd, ReplayPoint, ReplayRange};
use aco_stream::source::framing::{Framer, RereadReason, SourceTransaction, XaStep};
use aco_stream::source::reader::EventReader;
use aco_stream::source::{
    Connection, SourceParams, Stream, StreamEvent, safe_start, table_columns, written_end,
};

use crate::servers::{Database, Flavour, OddServer, Server, User};
use crate::source_live::params;

/// Longer than any answer of a healthy server takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

const fn table(name: &'static str, columns: &'static [WatchedColumn]) -> WatchedTable {
    WatchedTable { name, columns, chunk_column: 0, primary_key: &[0], optional: true, layout: None }
}

const ID: WatchedColumn = WatchedColumn { name: "id", kind: ColumnKind::Int };
const NAME: WatchedColumn = WatchedColumn { name: "name", kind: ColumnKind::Text };
const AT: WatchedColumn = WatchedColumn { name: "at", kind: ColumnKind::Temporal };

static TABLES: [WatchedTable; 3] =
    [table("documents", &[ID, NAME]), table("moments", &[ID, AT]), table("created", &[ID])];

const SCHEMA: &str = "
CREATE TABLE documents (id int PRIMARY KEY, a json, name varchar(40) CHARACTER SET latin1, b json);
CREATE TABLE moments (id int PRIMARY KEY, at datetime(6), noise varbinary(2000));
CREATE TABLE unwatched (id int PRIMARY KEY, body longtext);";

/// Transactions of every kind, one statement a line; `OTHER`: of another session.
const STORY: &str = r#"
INSERT INTO documents VALUES (1, '{"x": "long enough to be worth it", "y": 1}', 'Größe', '[1, 2, 3]'), (2, '{}', 'two', NULL)
UPDATE documents SET a = JSON_SET(a, '$.y', 2), name = 'eins' WHERE id = 1
UPDATE documents SET b = JSON_ARRAY_APPEND(b, '$', 4), a = JSON_REMOVE(a, '$.y')
INSERT INTO unwatched VALUES (1, REPEAT('much ', 400000))
BEGIN
INSERT INTO moments VALUES (1, '2024-02-29 23:59:58.123456', x'00FF')
SAVEPOINT a
INSERT INTO moments VALUES (2, NULL, NULL)
ROLLBACK TO a
INSERT INTO unwatched VALUES (2, 'x')
INSERT INTO moments VALUES (3, '0000-00-00', REPEAT(x'FE', 1000))
COMMIT
XA START 'one'
DELETE FROM moments WHERE id = 3
XA END 'one'
XA PREPARE 'one'
OTHER INSERT INTO moments VALUES (4, '9999-12-31 23:59:59.999999', NULL)
XA COMMIT 'one'
XA START 'two'
DELETE FROM moments
XA END 'two'
XA PREPARE 'two'
XA ROLLBACK 'two'
XA START 'three'
UPDATE moments SET noise = NULL
XA END 'three'
XA COMMIT 'three' ONE PHASE
CREATE TABLE created (id int PRIMARY KEY) SELECT id FROM moments
INSERT INTO created VALUES (77)
ALTER TABLE created ADD COLUMN more int FIRST
INSERT INTO created VALUES (1, 78)
FLUSH BINARY LOGS
INSERT INTO created VALUES (1, 79)
TRUNCATE TABLE created
INSERT INTO created SELECT id, id + 100 FROM moments
DROP TABLE created
UPDATE documents SET name = 'last'"#;

/// A transaction as both ways must tell it. Whether deletes cascade is the server's to say, which
/// files can't be asked.
#[derive(Debug, PartialEq)]
struct Told {
    at: BinlogOffset,
    changes: Vec<RowChange>,
    reread: Vec<(TableId, RereadReason)>,
    xa: Option<XaStep>,
}

fn told(transaction: SourceTransaction) -> Option<Told> {
    let is_empty = transaction.is_empty();
    let SourceTransaction { changes, reread, xa, position, .. } = transaction;
    let changes = changes.into_iter().map(|change| RowChange { cascades: false, ..change });
    let (changes, reread) = (changes.collect(), reread.into_iter().collect());
    (!is_empty).then_some(Told { at: position.at, changes, reread, xa })
}

fn watch(schema: &str) -> Watch {
    let (schema, table_prefix) = (schema.to_owned(), String::new());
    Watch { schema, table_prefix, tables: &TABLES, layout: TableLayout::Plain }
}

async fn open(params: &SourceParams) -> (Stream, Position) {
    let mut connection = Connection::connect(params).await.expect("connected");
    let from = safe_start(&mut connection).await.expect("a position");
    let watch = watch(&params.database);
    let columns = table_columns(&mut connection, &watch).await.expect("columns");
    let definitions = Definitions { columns, ..Definitions::default() };
    let stream = Stream::open(params, &from, &watch, definitions).await.expect("a stream");
    (stream, from)
}

async fn streamed(params: &SourceParams, stream: &mut Stream) -> (Vec<Told>, BinlogOffset) {
    let mut connection = Connection::connect(params).await.expect("connected");
    let end = written_end(&mut connection).await.expect("the end");
    let mut found = Vec::new();
    while stream.seen() < end {
        let next = tokio::time::timeout(PATIENCE, stream.next()).await.expect("the stream is slow");
        match next.expect("the stream goes on") {
            StreamEvent::Transaction(transaction)
            | StreamEvent::Redefinition { transaction, .. } => found.extend(told(transaction)),
            StreamEvent::File(_) | StreamEvent::Progress { .. } => {}
        }
    }
    (found, end)
}

/// The server's own files, as an administrator sees them.
fn files(server: &Server) -> Vec<PathBuf> {
    let root = server.session(User::Root, "");
    let one = |sql: &str| root.query(sql);
    let base = one("SELECT @@log_bin_basename").remove(0).remove(0).expect("a path");
    let folder = PathBuf::from(base).parent().expect("a folder").to_path_buf();
    let names = one("SHOW BINARY LOGS").into_iter().map(|mut row| row.remove(0).expect("a name"));
    names.map(|name| folder.join(name)).collect()
}

fn replayed(server: &Server, schema: &str, from: &Position, end: &BinlogOffset) -> Vec<Told> {
    let decoder = Decoder::new(watch(schema), std::collections::BTreeMap::new());
    let reader = EventReader::new(decoder, Framer::new(Position::default()));
    // MySQL's file and offset may be those of an earlier moment than its GTIDs.
    let gtids = from.gtid.clone().expect("the servers have GTIDs");
    let range = ReplayRange {
        from: Some(ReplayPoint::Gtids(gtids)),
        until: Some(ReplayEnd::At(ReplayPoint::Offset(end.clone()))),
    };
    let mut replay = Replay::new(&files(server), range, reader);
    let mut found = Vec::new();
    while let Some(transaction) = replay.next_transaction().expect("the files are whole") {
        found.extend(told(transaction));
    }
    found
}

fn play(database: &Database) {
    let session = database.session(User::App);
    session.exec("SET sql_mode = ''");
    for statement in STORY.lines().filter(|line| !line.is_empty()) {
        match (statement, statement.strip_prefix("OTHER ")) {
            // Flushing is the administrator's.
            ("FLUSH BINARY LOGS", _) => database.session(User::Root).exec(statement),
            (_, Some(statement)) => database.session(User::App).exec(statement),
            (statement, None) => session.exec(statement),
        }
    }
}

fn stream_and_files_agree(flavour: Flavour, settings: &[&str]) {
    let Some(odd) = OddServer::start(flavour, settings) else { return };
    let server = &odd.server;
    let database = server.fresh_database(&[]);
    for statement in SCHEMA.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        database.exec(statement);
    }
    let params = params(server, &database.schema);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut stream, from) = runtime.block_on(open(&params));
    play(&database);
    let (live, end) = runtime.block_on(streamed(&params, &mut stream));
    assert!(live.len() >= 15, "{} transactions of {settings:?}", live.len());
    assert_eq!(live, replayed(server, &database.schema, &from, &end), "{settings:?}");
}

#[test]
fn compressed_transactions_of_mysql_are_the_same_live_and_from_files() {
    stream_and_files_agree(
        Flavour::MySql,
        &["binlog_transaction_compression=ON", "binlog_row_value_options=PARTIAL_JSON"],
    );
}

#[test]
fn transactions_of_mysql_without_checksums_are_the_same_live_and_from_files() {
    stream_and_files_agree(
        Flavour::MySql,
        &["binlog_checksum=NONE", "binlog_transaction_compression=ON"],
    );
}

#[test]
fn compressed_events_of_mariadb_are_the_same_live_and_from_files() {
    let settings = ["log_bin_compress=ON", "log_bin_compress_min_len=10"];
    stream_and_files_agree(Flavour::MariaDb, &settings);
    stream_and_files_agree(Flavour::MariaDb118, &settings);
}
