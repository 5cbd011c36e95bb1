//! Private database servers for tests, and the tests of these servers.
//!
//! `tests/run` starts them and names their settings in `ACO_STREAM_TEST_SERVERS`; without that, the
//! first test that needs one starts them through `tests/servers` and leaves them running. Every test
//! gets a schema of its own; the binlog is the server's, so each test also sees the others' changes
//! as unwatched ones, as in a real shop.
//! A test that needs other options, or that stops or kills a server, starts one of its own: an
//! [`OddServer`], or a pair of them, [`replica_pair::ReplicaPair`].

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use mysql_async::{Opts, OptsBuilder, SslOpts};

pub(crate) mod odd;
pub(crate) mod replica_pair;
mod session;

pub(crate) use odd::OddServer;
pub(crate) use session::{Rows, Session};

/// Which kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// MariaDB of the distribution, which is always there.
    MariaDb,
    /// MariaDB 11.8, which may be missing.
    MariaDb118,
    /// MySQL, which may be missing.
    MySql,
}

impl Flavour {
    /// Every server of `tests/servers`.
    pub(crate) const ALL: [Self; 3] = [Self::MariaDb, Self::MariaDb118, Self::MySql];

    /// Whether it speaks MariaDB's SQL and writes MariaDB's GTIDs.
    pub(crate) fn is_mariadb(self) -> bool {
        match self {
            Self::MariaDb | Self::MariaDb118 => true,
            Self::MySql => false,
        }
    }

    /// The name in settings and on command lines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MariaDb118 => "mariadb118",
            Self::MySql => "mysql",
        }
    }
}

/// A running private server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// MariaDB or MySQL.
    pub(crate) flavour: Flavour,
    /// What `SELECT VERSION()` says.
    pub(crate) version: String,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
    /// The CA that signed its certificate, which names `localhost` and `127.0.0.1`.
    pub(crate) ca_file: PathBuf,
    /// A CA that signed nothing.
    pub(crate) wrong_ca_file: PathBuf,
    /// MySQL's second port, for the user `app` only.
    pub(crate) own_certificate: Option<OwnCertificate>,
    socket: PathBuf,
    client: PathBuf,
}

/// A port that serves the certificate MySQL made for itself: a common name, no alternative names.
#[derive(Debug, Clone)]
pub(crate) struct OwnCertificate {
    pub(crate) port: u16,
    pub(crate) ca_file: PathBuf,
}

/// A user of the servers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum User {
    /// The program's: SELECT on `shop%` and what reading the binlog needs, nothing more.
    Cdc,
    /// The shop's: everything on `shop%`.
    App,
    /// The administrator, over the socket only.
    Root,
}

impl User {
    /// The name to log in with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cdc => "cdc",
            Self::App => "app",
            Self::Root => "root",
        }
    }

    /// The password, from the settings; root has none.
    pub(crate) fn password(self) -> String {
        match self {
            Self::Cdc => setting(&SHARED, "cdc_password"),
            Self::App => setting(&SHARED, "app_password"),
            Self::Root => String::new(),
        }
    }
}

type Settings = BTreeMap<String, String>;

/// The servers all tests use together.
static SHARED: LazyLock<Settings> = LazyLock::new(|| {
    if let Some(file) = environment("ACO_STREAM_TEST_SERVERS") {
        let text = std::fs::read_to_string(&file);
        return parse_settings(&text.unwrap_or_else(|error| panic!("cannot read {file}: {error}")));
    }
    let directory = target_directory().join("test-servers");
    let directory = directory.to_str().expect("the target directory is UTF-8");
    eprintln!("starting private servers; they stay until `tests/servers stop {directory}`");
    script(&["start", directory]);
    parse_settings(&script(&["env", directory]))
});

impl Server {
    /// The MariaDB of all tests.
    pub(crate) fn mariadb() -> Self {
        Self::from_settings(Flavour::MariaDb, &SHARED)
            .unwrap_or_else(|reason| panic!("the tests need MariaDB: {reason}"))
    }

    /// The MySQL of all tests, or `None` after noting that this test was skipped on it.
    pub(crate) fn mysql() -> Option<Self> {
        Self::of(Flavour::MySql)
    }

    /// The server of all tests of this flavour, or `None` after noting that this test was skipped on
    /// it.
    pub(crate) fn of(flavour: Flavour) -> Option<Self> {
        Self::from_settings(flavour, &SHARED).map_err(|reason| note_skipped(flavour, &reason)).ok()
    }

    fn from_settings(flavour: Flavour, settings: &Settings) -> Result<Self, String> {
        let name = flavour.name();
        let availability = settings.get(name).map_or("not started", String::as_str);
        if availability != "available" {
            return Err(availability.trim_start_matches("unavailable: ").to_owned());
        }
        let of = |key: &str| setting(settings, &format!("{name}_{key}"));
        let port = |text: String| text.parse().expect("a port is a number");
        let own_certificate = (flavour == Flavour::MySql).then(|| OwnCertificate {
            port: port(of("own_certificate_port")),
            ca_file: of("own_certificate_ca_file").into(),
        });
        Ok(Self {
            flavour,
            version: of("version"),
            port: port(of("port")),
            ca_file: setting(settings, "ca_file").into(),
            wrong_ca_file: setting(settings, "wrong_ca_file").into(),
            own_certificate,
            socket: of("socket").into(),
            client: of("client").into(),
        })
    }

    /// The source URL of the program's user, without its password.
    pub(crate) fn cdc_url(&self, schema: &str) -> String {
        format!("mysql://{}@127.0.0.1:{}/{schema}", User::Cdc.name(), self.port)
    }

    /// A new empty schema with these SQL files loaded; dropped with the value.
    pub(crate) fn fresh_database(&self, sql_files: &[&Path]) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let test: String = test_name()
            .rsplit("::")
            .flat_map(str::chars)
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .take(36)
            .collect();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("shop_{test}_{}_{count}", std::process::id());
        let root = self.session(User::Root, "");
        root.exec(&format!("CREATE DATABASE `{schema}` CHARACTER SET utf8mb4"));
        drop(root);
        let database =
            Database { session: self.session(User::App, &schema), schema, server: self.clone() };
        for file in sql_files {
            database.load(file);
        }
        database
    }

    /// A connection over the socket; panics when it is refused.
    pub(crate) fn session(&self, user: User, schema: &str) -> Session {
        let options = OptsBuilder::default().socket(self.socket.to_str());
        Session::open(Self::log_in(options, user, schema))
            .unwrap_or_else(|error| panic!("{} on {}: {error}", user.name(), self.flavour.name()))
    }

    /// A connection over TLS to `port` of 127.0.0.1.
    pub(crate) fn tls_session(
        port: u16,
        tls: SslOpts,
        user: User,
        schema: &str,
    ) -> Result<Session, String> {
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(port)
            .prefer_socket(false)
            .ssl_opts(tls);
        Session::open(Self::log_in(options, user, schema))
    }

    fn log_in(options: OptsBuilder, user: User, schema: &str) -> Opts {
        let schema = (!schema.is_empty()).then_some(schema);
        options.user(Some(user.name())).pass(Some(user.password())).db_name(schema).into()
    }
}

/// Runs `check` on MariaDB and on MySQL; a missing MySQL is noted as a skipped test.
pub(crate) fn both_servers(check: impl Fn(&Server)) {
    for server in [Some(Server::mariadb()), Server::mysql()].into_iter().flatten() {
        eprintln!("on {} {}", server.flavour.name(), server.version);
        check(&server);
    }
}

/// Runs `check` on every server of `tests/servers`; a missing one is noted as a skipped test.
pub(crate) fn all_servers(check: impl Fn(&Server)) {
    for server in Flavour::ALL.into_iter().filter_map(Server::of) {
        eprintln!("on {} {}", server.flavour.name(), server.version);
        check(&server);
    }
}

/// Tells the reader of the test's output, and `tests/run`, what was not tested and why.
fn note_skipped(flavour: Flavour, reason: &str) {
    let line = format!("SKIPPED: {} on {}: {reason}\n", test_name(), flavour.name());
    eprint!("{line}");
    append(&target_directory().join("skipped.txt"), &line);
}

/// A schema of one test.
pub(crate) struct Database {
    /// Its name, which starts with `shop`.
    pub(crate) schema: String,
    server: Server,
    session: Session,
}

impl Database {
    /// Runs statements as the shop would.
    pub(crate) fn exec(&self, sql: &str) {
        self.session.exec(sql);
    }

    /// Asks as the shop would.
    pub(crate) fn query(&self, sql: &str) -> Rows {
        self.session.query(sql)
    }

    /// One more connection, for a second writer or an open transaction.
    pub(crate) fn session(&self, user: User) -> Session {
        self.server.session(user, &self.schema)
    }

    /// Loads an SQL file with the server's own client.
    pub(crate) fn load(&self, file: &Path) {
        let input = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut client = Command::new(&self.server.client);
        let output = client.arg(&self.schema).stdin(input).output().expect("the client runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "loading {} failed: {complaint}", file.display());
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server is thrown away after the run: a schema that stays is no reason to fail.
        let dropped = self.session.try_query(&format!("DROP DATABASE `{}`", self.schema));
        if let Err(error) = dropped {
            eprintln!("{} was not dropped: {error}", self.schema);
        }
    }
}

/// TLS that verifies the host's name and accepts certificates of this CA only.
pub(crate) fn trusting(ca_file: &Path) -> SslOpts {
    SslOpts::default()
        .with_root_certs(vec![ca_file.to_path_buf().into()])
        .with_disable_built_in_roots(true)
}

fn setting(settings: &Settings, key: &str) -> String {
    settings.get(key).unwrap_or_else(|| panic!("the servers' settings lack {key}")).clone()
}

fn parse_settings(text: &str) -> Settings {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Runs `tests/servers` and gives what it printed.
fn script(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
    let output = Command::new(script).args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("tests/servers runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tests/servers {arguments:?} failed: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A variable that the test runner, or whoever repeats a failed test, sets.
#[expect(clippy::disallowed_methods, reason = "how the test runner names the servers it started")]
pub(crate) fn environment(key: &str) -> Option<String> {
    std::env::var(key).ok()
}

fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in target").to_path_buf()
}

fn append(path: &Path, line: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// The running test's path, as in `servers::cdc_reads_the_shop_and_writes_nothing`.
fn test_name() -> String {
    // The runner names the thread after the test, unless it runs it on the main thread.
    match thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        Some(_) | None => std::env::args().find(|arg| arg.contains("::")).unwrap_or_default(),
    }
}

#[test]
fn cdc_reads_the_shop_and_writes_nothing() {
    all_servers(|server| {
        let database = server.fresh_database(&[]);
        database
            .exec("CREATE TABLE t (a INT, b VARCHAR(9)); INSERT INTO t VALUES (1, 'ä'), (2, NULL)");
        let cdc = database.session(User::Cdc);
        let rows = cdc.query("SELECT a, b FROM t ORDER BY a");
        let one = vec![Some("1".to_owned()), Some("ä".to_owned())];
        assert_eq!(rows, vec![one, vec![Some("2".to_owned()), None]]);
        for write in ["INSERT INTO t VALUES (3, 'c')", "DELETE FROM t", "DROP TABLE t"] {
            let refusal = cdc.try_query(write).expect_err("cdc must not write");
            assert!(refusal.contains("denied"), "{write}: {refusal}");
        }
        assert!(cdc.try_query("SELECT * FROM mysql.user").is_err(), "only the shop can be read");
        assert_eq!(database.query("SELECT COUNT(*) FROM t"), vec![vec![Some("2".to_owned())]]);
    });
}

#[test]
fn certificate_is_accepted_with_our_authority_only() {
    all_servers(|server| {
        let database = server.fresh_database(&[]);
        let connect =
            |ca: &Path| Server::tls_session(server.port, trusting(ca), User::Cdc, &database.schema);
        let session = connect(&server.ca_file).expect("our CA is accepted");
        let cipher = session.query("SHOW STATUS LIKE 'Ssl_cipher'");
        let cipher = cipher.first().and_then(|row| row.get(1)).cloned().flatten();
        assert!(cipher.is_some_and(|name| !name.is_empty()), "the connection is encrypted");
        assert!(connect(&server.wrong_ca_file).is_err(), "another CA is refused");
    });
}

#[test]
fn own_certificate_of_mysql_names_no_host() {
    let Some(own) = Server::mysql().and_then(|server| server.own_certificate) else { return };
    let connect = |tls: SslOpts| Server::tls_session(own.port, tls, User::App, "").map(drop);
    let refused = connect(trusting(&own.ca_file));
    assert!(refused.is_err(), "host verification must fail: {refused:?}");
    let authority_only = trusting(&own.ca_file).with_danger_skip_domain_validation(true);
    assert_eq!(connect(authority_only), Ok(()), "its own CA signed it");
}

#[test]
fn binlog_is_what_the_program_needs() {
    all_servers(|server| {
        let root = server.session(User::Root, "");
        let row = root
            .query("SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@binlog_row_metadata");
        let expected = ["1", "ROW", "FULL", "FULL"].map(|value| Some(value.to_owned()));
        assert_eq!(row, vec![expected.to_vec()]);
        let gtid = if server.flavour.is_mariadb() {
            root.query("SELECT @@gtid_strict_mode = 1")
        } else {
            root.query("SELECT @@gtid_mode = 'ON'")
        };
        assert_eq!(gtid, vec![vec![Some("1".to_owned())]]);
    });
}

#[test]
fn flavour_is_the_version_it_names() {
    all_servers(|server| {
        let is_named = match server.flavour {
            Flavour::MariaDb => server.version.starts_with('1'),
            Flavour::MariaDb118 => server.version.starts_with("11.8."),
            Flavour::MySql => server.version.starts_with("9."),
        };
        assert!(is_named, "{server:?}");
        assert_eq!(server.version.contains("MariaDB"), server.flavour.is_mariadb());
    });
}

#[test]
fn schema_is_the_tests_own_and_goes_with_it() {
    all_servers(|server| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("schema.sql");
        std::fs::write(&file, "CREATE TABLE t (a INT);\nINSERT INTO t VALUES (7);\n")
            .expect("written");
        let first = server.fresh_database(&[&file]);
        let second = server.fresh_database(&[]);
        assert_ne!(first.schema, second.schema);
        assert_eq!(first.query("SELECT a FROM t"), vec![vec![Some("7".to_owned())]]);
        let schema = first.schema.clone();
        assert!(server.cdc_url(&schema).ends_with(&format!(":{}/{schema}", server.port)));
        drop(first);
        let sql =
            format!("SELECT 1 FROM information_schema.schemata WHERE schema_name = '{schema}'");
        assert_eq!(server.session(User::Root, "").query(&sql), Rows::new());
    });
}
