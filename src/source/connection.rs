//! One connection to the shop's database, set up so that it can neither write nor guess.
//!
//! The session reads only, in UTC and utf8mb4, with an empty `sql_mode`. Every statement has a
//! time limit, so that a frozen server is noticed.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as MysqlError, OptsBuilder, Row, SslOpts, Value};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::source::answers::of_connect;
use crate::source::{SourceError, SourceParams, TlsMode};

/// The longest wait for the answer to a small question.
pub(crate) const QUESTION_LIMIT: Duration = Duration::from_mins(1);

/// The largest packet accepted: any table's largest possible row passes through the binlog.
const MAX_PACKET_BYTES: usize = 1 << 30;

/// The family of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// MySQL and its builds (Percona Server, RDS, Aurora).
    Mysql,
    /// MariaDB.
    Mariadb,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
        })
    }
}

/// A read-only connection.
pub struct Connection {
    conn: Conn,
    flavour: Flavour,
    version: (u16, u16, u16),
    version_text: String,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} {})", self.flavour, self.version_text)
    }
}

impl Connection {
    /// Connects, logs in and sets the session up.
    pub async fn connect(params: &SourceParams) -> Result<Self, SourceError> {
        match timeout(params.connect_timeout, Box::pin(Self::open(params))).await {
            Ok(connection) => connection,
            Err(_) => Err(SourceError::Timeout {
                doing: "open a connection",
                limit: params.connect_timeout,
            }),
        }
    }

    async fn open(params: &SourceParams) -> Result<Self, SourceError> {
        let mut opts = OptsBuilder::default()
            .ip_or_hostname(params.host.clone())
            .tcp_port(params.port)
            .user(Some(params.user.clone()))
            .pass(params.password.as_ref().map(|password| password.expose_secret().to_owned()))
            .db_name(Some(params.database.clone()))
            .prefer_socket(false)
            .tcp_keepalive(Some(Duration::from_secs(30)))
            .max_allowed_packet(Some(MAX_PACKET_BYTES))
            .wait_timeout(Some(86_400));
        if let Some(tls) = tls_options(params).await? {
            opts = opts.ssl_opts(tls);
        }
        let conn = Conn::new(opts).await.map_err(|error| {
            of_connect(&params.host, params.port, &params.user, &params.database, error)
        })?;
        let version = conn.server_version();
        let mut connection =
            Self { conn, flavour: Flavour::Mysql, version, version_text: String::new() };
        connection.set_up_session(params).await?;
        Ok(connection)
    }

    async fn set_up_session(&mut self, params: &SourceParams) -> Result<(), SourceError> {
        const DOING: &str = "set up the session";
        self.version_text = self.text(DOING, "SELECT VERSION()").await?.unwrap_or_default();
        let statement_limit = if self.version_text.contains("MariaDB") {
            self.flavour = Flavour::Mariadb;
            "max_statement_time"
        } else {
            "max_execution_time"
        };
        self.run(DOING, "SET NAMES utf8mb4").await?;
        // The binlog connection must outlive a slow consumer, a snapshot connection a slow store.
        let session = format!(
            "SET SESSION sql_mode = '', time_zone = '+00:00', autocommit = 1, wait_timeout = \
             86400, net_write_timeout = {}, {statement_limit} = 0",
            params.net_write_timeout.as_secs().max(1)
        );
        self.run(DOING, &session).await?;
        self.run(DOING, "SET SESSION TRANSACTION READ ONLY").await
    }

    /// The server's family.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The server's version, as numbers.
    pub fn version(&self) -> (u16, u16, u16) {
        self.version
    }

    /// The server's version, as it says it.
    pub fn version_text(&self) -> &str {
        &self.version_text
    }

    /// Closes the connection politely. Dropping it is enough.
    pub async fn close(self) -> Result<(), SourceError> {
        let closed = within("close the connection", QUESTION_LIMIT, self.conn.disconnect());
        closed.await
    }

    pub(crate) fn conn_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }

    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }

    /// Runs a statement and ignores its rows.
    pub(crate) async fn run(&mut self, doing: &'static str, sql: &str) -> Result<(), SourceError> {
        within(doing, QUESTION_LIMIT, self.conn.query_drop(sql)).await
    }

    /// Asks a question whose answer is a small table of texts.
    pub(crate) async fn rows(
        &mut self,
        doing: &'static str,
        sql: &str,
    ) -> Result<Vec<TextRow>, SourceError> {
        let rows: Vec<Row> = within(doing, QUESTION_LIMIT, self.conn.query(sql)).await?;
        Ok(rows.into_iter().map(TextRow::from_row).collect())
    }

    /// Asks a question whose answer is one text.
    pub(crate) async fn text(
        &mut self,
        doing: &'static str,
        sql: &str,
    ) -> Result<Option<String>, SourceError> {
        let rows = self.rows(doing, sql).await?;
        Ok(rows.first().and_then(|row| row.at(0)).map(str::to_owned))
    }
}

/// Runs `work` for at most `limit`.
pub(crate) async fn within<T>(
    doing: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T, MysqlError>>,
) -> Result<T, SourceError> {
    match timeout(limit, work).await {
        Ok(done) => done.map_err(|error| SourceError::of_query(doing, error)),
        Err(_) => Err(SourceError::Timeout { doing, limit }),
    }
}

/// A row of texts whose cells are found by name, whatever its case.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextRow {
    cells: Vec<(String, Option<String>)>,
}

impl TextRow {
    fn from_row(row: Row) -> Self {
        let names: Vec<String> =
            row.columns_ref().iter().map(|column| column.name_str().to_ascii_lowercase()).collect();
        Self { cells: names.into_iter().zip(row.unwrap().into_iter().map(cell_text)).collect() }
    }

    /// The cell of the column `name` (lower case); `None` for NULL and for no such column.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(column, _)| column == name).and_then(|(_, cell)| cell.as_deref())
    }

    /// The cell at a place.
    pub(crate) fn at(&self, place: usize) -> Option<&str> {
        self.cells.get(place).and_then(|(_, cell)| cell.as_deref())
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for TextRow {
    /// The row that a server would have answered.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(cells: I) -> Self {
        let cell = |(name, text): (&str, &str)| (name.to_owned(), Some(text.to_owned()));
        Self { cells: cells.into_iter().map(cell).collect() }
    }
}

fn cell_text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Value::Int(int) => Some(int.to_string()),
        Value::UInt(int) => Some(int.to_string()),
        other @ (Value::Float(_) | Value::Double(_) | Value::Date(..) | Value::Time(..)) => {
            Some(other.as_sql(true))
        }
    }
}

async fn tls_options(params: &SourceParams) -> Result<Option<SslOpts>, SourceError> {
    let tls = SslOpts::default();
    let tls = match params.tls {
        TlsMode::Off => return Ok(None),
        TlsMode::Require => {
            let unchecked = tls.with_danger_accept_invalid_certs(true);
            return Ok(Some(unchecked.with_danger_skip_domain_validation(true)));
        }
        TlsMode::VerifyCa => tls.with_danger_skip_domain_validation(true),
        TlsMode::VerifyFull => tls,
    };
    let Some(path) = &params.tls_ca_file else {
        return Ok(Some(tls));
    };
    let authority = read_authority(path).await?;
    Ok(Some(tls.with_root_certs(vec![authority.into()]).with_disable_built_in_roots(true)))
}

/// The file's bytes. A file without a certificate would trust nobody, with a puzzling message.
async fn read_authority(path: &Path) -> Result<Vec<u8>, SourceError> {
    let unusable = |reason: String| SourceError::CaFile { path: path.to_owned(), reason };
    let bytes = tokio::fs::read(path).await.map_err(|error| unusable(error.to_string()))?;
    let is_der = bytes.first() == Some(&0x30);
    let marker = b"-----BEGIN CERTIFICATE-----";
    if is_der || bytes.windows(marker.len()).any(|window| window == marker) {
        Ok(bytes)
    } else {
        Err(unusable("it holds no certificate".to_owned()))
    }
}
