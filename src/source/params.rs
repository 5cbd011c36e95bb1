//! Where the shop's database is and how to reach it: the values that `config` reads for this room.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text.
    Off,
    /// Encrypted, the server's certificate is not checked.
    Require,
    /// Encrypted, the certificate must come from a trusted authority; its host name is not checked.
    VerifyCa,
    /// Encrypted, the certificate must come from a trusted authority and name the host.
    VerifyFull,
}

/// The shop's database server, the account, and the manners of the binlog reader.
#[derive(Debug, Clone)]
pub struct SourceParams {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The account; it needs SELECT on the schema, REPLICATION SLAVE and REPLICATION CLIENT.
    pub user: String,
    /// The account's password.
    pub password: Option<SecretString>,
    /// The shop's schema.
    pub database: String,
    /// How the connection is protected.
    pub tls: TlsMode,
    /// The trusted authority's certificates (PEM or DER); the system's authorities when absent.
    pub tls_ca_file: Option<PathBuf>,
    /// The shop's table prefix, often empty.
    pub table_prefix: String,
    /// The number under which the reader registers; unique among the server's replicas.
    pub server_id: u32,
    /// How often an idle server says that it is alive. The reader gives a silent server up after
    /// three such periods.
    pub heartbeat: Duration,
    /// The longest wait for a connection, TLS and login included.
    pub connect_timeout: Duration,
    /// How long the server waits for us to take what it sends before it gives us up.
    pub net_write_timeout: Duration,
    /// The longest silence amid the rows of a statement.
    pub statement_timeout: Duration,
    /// How hard tables may be read.
    pub snapshot: SnapshotParams,
}

/// How hard tables may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotParams {
    /// Connections that read at the same time; at least 1.
    pub connections: usize,
    /// Rows per second, of all connections together; `None`: as many as the server gives.
    pub rows_per_second: Option<u32>,
    /// A rest after each chunk.
    pub pause: Duration,
    /// About how many rows of one table are asked for at once.
    pub chunk_rows: usize,
}

impl Default for SnapshotParams {
    fn default() -> Self {
        let pause = Duration::ZERO;
        Self { connections: 2, rows_per_second: None, pause, chunk_rows: 5000 }
    }
}

impl SnapshotParams {
    /// How long to rest so that `rows`, read since `elapsed` ago, stay below the rate, the rest
    /// after a chunk included.
    pub fn rest(&self, rows: u64, elapsed: Duration) -> Duration {
        let due = self.rows_per_second.map_or(Duration::ZERO, |rate| {
            let due_ms = rows.saturating_mul(1000) / u64::from(rate.max(1));
            Duration::from_millis(due_ms).saturating_sub(elapsed)
        });
        due.max(self.pause)
    }
}

impl SourceParams {
    /// The default of [`Self::heartbeat`].
    pub const HEARTBEAT: Duration = Duration::from_secs(5);
    /// The default of [`Self::connect_timeout`].
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// The default of [`Self::net_write_timeout`].
    pub const NET_WRITE_TIMEOUT: Duration = Duration::from_mins(10);
    /// The default of [`Self::statement_timeout`].
    pub const STATEMENT_TIMEOUT: Duration = Duration::from_mins(2);

    /// A table's full name, quoted for SQL: `` `magento`.`pre_store` ``.
    pub(crate) fn quoted_table(&self, table: &str) -> String {
        let name = format!("{}{table}", self.table_prefix);
        format!("{}.{}", quoted(&self.database), quoted(&name))
    }
}

/// A name quoted for SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text literal for SQL; the session runs with an empty `sql_mode`.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SnapshotParams, literal, quoted};

    #[test]
    fn reading_rests_until_its_rate_is_kept() {
        let params = SnapshotParams { rows_per_second: Some(1000), ..SnapshotParams::default() };
        let ms = Duration::from_millis;
        assert_eq!(params.rest(500, ms(100)), ms(400));
        assert_eq!(params.rest(500, ms(900)), Duration::ZERO);
        let params = SnapshotParams { pause: ms(50), ..params };
        assert_eq!(params.rest(500, ms(900)), ms(50));
        assert_eq!(SnapshotParams::default().rest(1 << 40, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(quoted("a`b"), "`a``b`");
        assert_eq!(literal(r"it's \"), r"'it''s \\'");
    }
}
