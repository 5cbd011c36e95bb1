//! The source room against real servers: connecting, snapshot, binlog stream.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aco_stream::catalog::Table;
use aco_stream::catalog::tables::{watch, watched_tables};
use aco_stream::decode::{
    Definitions, Row, RowChange, TableId, TableLayout, Value, Watch, WatchedTable,
};
use aco_stream::position::{BinlogOffset, Position};
use aco_stream::source::{
    Connection, RowRange, SnapshotParams, SourceError, SourceErrorKind, SourceParams, Stream,
    StreamEvent, TlsMode, estimate_rows, range_end, read_range, safe_start, table_columns,
    written_end,
};

use crate::servers::{Database, OddServer, Server, User, both_servers};

/// Longer than any answer of a healthy server takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// How the program's user reaches a schema, with a server id of its own.
pub(crate) fn params(server: &Server, schema: &str) -> SourceParams {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server_id = 100_000 + std::process::id() % 100_000 * 100;
    SourceParams {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        user: User::Cdc.name().to_owned(),
        password: Some(User::Cdc.password().into()),
        database: schema.to_owned(),
        tls: TlsMode::VerifyFull,
        tls_ca_file: Some(server.ca_file.clone()),
        table_prefix: String::new(),
        server_id: server_id + COUNT.fetch_add(1, Ordering::Relaxed),
        heartbeat: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(20),
        net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
        statement_timeout: SourceParams::STATEMENT_TIMEOUT,
        snapshot: SnapshotParams::default(),
    }
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop").join(name)
}

pub(crate) fn shop(server: &Server) -> Database {
    server.fresh_database(&[&fixture("schema-opensource.sql"), &fixture("shop.sql")])
}

async fn refusal(params: &SourceParams) -> SourceError {
    Connection::connect(params).await.expect_err("the connection must be refused")
}

#[test]
fn every_tls_mode_accepts_and_refuses_what_it_promises() {
    both_servers(|server| {
        let database = server.fresh_database(&[]);
        let good = params(server, &database.schema);
        // The same address by a name that is not in the certificate.
        let other_name = SourceParams { host: "127.1".to_owned(), ..good.clone() };
        let wrong_ca =
            SourceParams { tls_ca_file: Some(server.wrong_ca_file.clone()), ..good.clone() };
        let with = |params: &SourceParams, tls| SourceParams { tls, ..params.clone() };
        run(async {
            for tls in [TlsMode::Off, TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull] {
                let connected = Connection::connect(&with(&good, tls)).await;
                assert!(connected.is_ok(), "{tls:?}: {connected:?}");
            }
            for tls in [TlsMode::VerifyCa, TlsMode::VerifyFull] {
                let error = refusal(&with(&wrong_ca, tls)).await;
                assert!(matches!(error, SourceError::TlsRefused { .. }), "{tls:?}: {error:?}");
                assert!(error.to_string().contains("certificate verify failed"), "{error}");
                assert_eq!(error.kind(), SourceErrorKind::Config);
            }
            let ca_only = Connection::connect(&with(&other_name, TlsMode::VerifyCa)).await;
            assert!(ca_only.is_ok(), "verify-ca does not look at the name: {ca_only:?}");
            let error = refusal(&other_name).await;
            assert!(matches!(error, SourceError::TlsRefused { .. }), "{error:?}");
        });
    });
}

#[test]
fn certificate_without_names_passes_verify_ca_but_not_verify_full() {
    let Some(server) = Server::mysql() else { return };
    let own = server.own_certificate.clone().expect("MySQL made itself a certificate");
    let database = server.fresh_database(&[]);
    let with = |tls, ca: &Path| SourceParams {
        port: own.port,
        user: User::App.name().to_owned(),
        password: Some(User::App.password().into()),
        tls,
        tls_ca_file: Some(ca.to_path_buf()),
        ..params(&server, &database.schema)
    };
    run(async {
        let accepted = Connection::connect(&with(TlsMode::VerifyCa, &own.ca_file)).await;
        assert!(accepted.is_ok(), "{accepted:?}");
        for refused in [
            with(TlsMode::VerifyFull, &own.ca_file),
            with(TlsMode::VerifyCa, &server.wrong_ca_file),
        ] {
            let error = refusal(&refused).await;
            assert!(matches!(error, SourceError::TlsRefused { .. }), "{error:?}");
        }
    });
}

#[test]
fn each_refused_connection_says_what_to_change() {
    both_servers(|server| {
        let database = server.fresh_database(&[]);
        let good = params(server, &database.schema);
        let kind = |wrong: SourceParams| run(async { refusal(&wrong).await.kind() });
        let password = Some("wrong".to_owned().into());
        assert_eq!(kind(SourceParams { password, ..good.clone() }), SourceErrorKind::Credentials);
        let nowhere = "shop_that_does_not_exist".to_owned();
        assert_eq!(
            kind(SourceParams { database: nowhere, ..good.clone() }),
            SourceErrorKind::Config
        );
        let forbidden = "mysql".to_owned();
        assert_eq!(
            kind(SourceParams { database: forbidden, ..good.clone() }),
            SourceErrorKind::Config
        );
        assert_eq!(kind(SourceParams { port: 1, ..good.clone() }), SourceErrorKind::Unavailable);
        let no_file = Some(PathBuf::from("/nonexistent/ca.pem"));
        assert_eq!(kind(SourceParams { tls_ca_file: no_file, ..good }), SourceErrorKind::Config);
    });
}

/// An account of one test, dropped with the value.
pub(crate) struct Account<'a> {
    server: &'a Server,
    /// Its name, good on every host.
    pub(crate) name: String,
}

impl<'a> Account<'a> {
    pub(crate) fn new(server: &'a Server, database: &Database, global: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("src_{}_{count}", std::process::id());
        let root = server.session(User::Root, "");
        root.exec(&format!("CREATE USER {name}@'%' IDENTIFIED BY 'secret'"));
        root.exec(&format!("GRANT SELECT ON `{}`.* TO {name}@'%'", database.schema));
        if !global.is_empty() {
            root.exec(&format!("GRANT {global} ON *.* TO {name}@'%'"));
        }
        Self { server, name }
    }

    pub(crate) fn params(&self, database: &Database) -> SourceParams {
        SourceParams {
            user: self.name.clone(),
            password: Some("secret".to_owned().into()),
            ..params(self.server, &database.schema)
        }
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.server.session(User::Root, "").exec(&format!("DROP USER {}@'%'", self.name));
    }
}

fn watched(id: TableId) -> &'static WatchedTable {
    Table::from_id(id).expect("a watched table").watched()
}

/// Reads a whole table in chunks of about `rows_max` rows.
pub(crate) async fn read_table(
    connection: &mut Connection,
    params: &SourceParams,
    id: TableId,
    rows_max: usize,
) -> Vec<Row> {
    let (table, watch) = (watched(id), watched_shop(params));
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let end = range_end(connection, &watch, &[id], (after, rows_max)).await.expect("an end");
        let range = RowRange { after, upto: end };
        let read = read_range(connection, (params, &watch), table, range).await;
        rows.extend(read.expect("a range"));
        match end {
            Some(next) => {
                assert!(after.is_none_or(|after| after < next), "{}: no progress", table.name);
                after = Some(next);
            }
            None => return rows,
        }
    }
}

fn key_of(table: TableId, row: &Row) -> Vec<Value> {
    let columns = watched(table).primary_key.iter();
    columns.map(|&column| row.get(column).expect("a whole row").clone()).collect()
}

type Copy = BTreeMap<(TableId, Vec<Value>), Row>;

async fn snapshot(params: &SourceParams, rows_max: usize) -> Copy {
    let mut connection = Connection::connect(params).await.expect("connected");
    let mut copy = Copy::new();
    for table in Table::of_layout(TableLayout::Plain) {
        for row in read_table(&mut connection, params, table.id(), rows_max).await {
            let key = (table.id(), key_of(table.id(), &row));
            assert!(copy.insert(key, row).is_none(), "{}: a row came twice", table.name());
        }
    }
    copy
}

#[test]
fn snapshot_has_every_row_whatever_the_chunk_size() {
    both_servers(|server| {
        let database = shop(server);
        let params = params(server, &database.schema);
        run(async {
            let whole = snapshot(&params, 1_000_000).await;
            assert!(whole.len() > 500, "{} rows", whole.len());
            for table in Table::of_layout(TableLayout::Plain) {
                let count = whole.keys().filter(|(id, _)| *id == table.id()).count();
                let sql = format!("SELECT COUNT(*) FROM {}", table.name());
                let expected = database.query(&sql);
                assert_eq!(expected, vec![vec![Some(count.to_string())]], "{}", table.name());
            }
            for rows_max in [1, 7, 100] {
                assert!(snapshot(&params, rows_max).await == whole, "chunks of {rows_max}");
            }
            let mut connection = Connection::connect(&params).await.expect("connected");
            let estimates = estimate_rows(&mut connection, &watched_shop(&params)).await;
            assert_eq!(
                estimates.expect("estimates").len(),
                watched_tables(TableLayout::Plain).len()
            );
        });
    });
}

#[test]
fn a_table_that_is_missing_is_told_from_one_that_cannot_be_read() {
    both_servers(|server| {
        let database = server.fresh_database(&[]);
        let params = params(server, &database.schema);
        let watch = watched_shop(&params);
        let table = Table::Store.watched();
        let range = RowRange { after: None, upto: None };
        run(async {
            let mut connection = Connection::connect(&params).await.expect("connected");
            let read = read_range(&mut connection, (&params, &watch), table, range).await;
            let Err(SourceError::TableUnreadable { is_missing: true, .. }) = read else {
                panic!("{read:?}");
            };
            database.exec("CREATE TABLE store (store_id INT PRIMARY KEY)");
            let read = read_range(&mut connection, (&params, &watch), table, range).await;
            let Err(error @ SourceError::TableUnreadable { is_missing: false, .. }) = read else {
                panic!("{read:?}");
            };
            assert_eq!(error.kind(), SourceErrorKind::Config);
            assert!(error.to_string().contains("code"), "it names the column: {error}");
        });
    });
}

/// What there is to watch in a shop without content staging.
pub(crate) fn watched_shop(params: &SourceParams) -> Watch {
    watch(&params.database, &params.table_prefix, TableLayout::Plain)
}

/// A stream whose watched tables are defined as they are now.
pub(crate) async fn open_stream(
    params: &SourceParams,
    from: &Position,
) -> Result<Stream, SourceError> {
    let watch = watched_shop(params);
    let mut connection = Connection::connect(params).await?;
    let columns = table_columns(&mut connection, &watch).await?;
    Stream::open(params, from, &watch, Definitions { columns, ..Definitions::default() }).await
}

/// Follows `stream` until everything before `end` was handed out.
pub(crate) async fn changes_until(stream: &mut Stream, end: &BinlogOffset) -> Vec<RowChange> {
    let mut changes = Vec::new();
    while stream.seen() < *end {
        let next = tokio::time::timeout(PATIENCE, stream.next()).await.expect("the stream is slow");
        match next.expect("the stream goes on") {
            StreamEvent::Transaction(transaction)
            | StreamEvent::Redefinition { transaction, .. } => changes.extend(transaction.changes),
            StreamEvent::File(_) | StreamEvent::Progress { .. } => {}
        }
    }
    changes
}

fn fold(copy: &mut Copy, changes: Vec<RowChange>) {
    for change in changes {
        if let Some(before) = &change.before {
            copy.remove(&(change.table, key_of(change.table, before)));
        }
        if let Some(after) = change.after {
            copy.insert((change.table, key_of(change.table, &after)), after);
        }
    }
}

/// Where a snapshot taken now would start.
pub(crate) async fn start_of(params: &SourceParams) -> Position {
    let mut connection = Connection::connect(params).await.expect("connected");
    safe_start(&mut connection).await.expect("a position")
}

pub(crate) async fn end_of(params: &SourceParams) -> BinlogOffset {
    let mut connection = Connection::connect(params).await.expect("connected");
    written_end(&mut connection).await.expect("the end")
}

fn binlog_and_snapshot_agree(server: &Server) {
    let database = server.fresh_database(&[&fixture("schema-opensource.sql")]);
    let params = params(server, &database.schema);
    run(async {
        let from = start_of(&params).await;
        database.load(&fixture("shop.sql"));
        let mut stream = open_stream(&params, &from).await.expect("a stream");
        let mut copy = Copy::new();
        fold(&mut copy, changes_until(&mut stream, &end_of(&params).await).await);
        let read = snapshot(&params, 1000).await;
        assert_eq!(copy.len(), read.len());
        for (key, row) in &read {
            assert_eq!(copy.get(key), Some(row), "{}", watched(key.0).name);
        }
    });
}

#[test]
fn rows_from_the_binlog_equal_rows_from_a_select() {
    both_servers(binlog_and_snapshot_agree);
}

#[test]
fn rows_are_the_same_when_the_binlog_names_no_columns_and_has_no_checksums() {
    let odd = OddServer::mariadb(&["binlog_row_metadata=NO_LOG", "binlog_checksum=NONE"]);
    binlog_and_snapshot_agree(&odd.server);
}
