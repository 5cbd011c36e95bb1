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
}

impl SourceParams {
    /// The default of [`Self::heartbeat`].
    pub const HEARTBEAT: Duration = Duration::from_secs(5);
    /// The default of [`Self::connect_timeout`].
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
    use super::{literal, quoted};

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(quoted("a`b"), "`a``b`");
        assert_eq!(literal(r"it's \"), r"'it''s \\'");
    }
}
