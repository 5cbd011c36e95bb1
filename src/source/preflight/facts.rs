//! What the server says about itself.

use std::collections::BTreeMap;

use crate::source::connection::TextRow;
use crate::source::preflight::rows_if_allowed;
use crate::source::{Connection, Flavour, SourceError, ends};

const VARIABLES: &[&str] = &[
    "basedir",
    "binlog_checksum",
    "binlog_expire_logs_auto_purge",
    "binlog_expire_logs_seconds",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "binlog_row_value_options",
    "binlog_transaction_compression",
    "expire_logs_days",
    "gtid_mode",
    "gtid_slave_pos",
    "log_bin",
    "log_bin_compress",
    "log_replica_updates",
    "log_slave_updates",
    "max_binlog_total_size",
    "server_id",
];

/// Whether the server is itself a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replica {
    Yes,
    No,
    /// The account may not ask.
    Unknown,
}

/// The answer to "where does your binlog end".
#[derive(Debug, Clone)]
pub(super) enum BinlogStatus {
    /// The server's row: file, position, filters.
    Row(TextRow),
    /// No binlog.
    Off,
    /// The account lacks the privilege.
    Denied,
}

/// What the server says about itself.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) flavour: Flavour,
    pub(super) version: (u16, u16, u16),
    pub(super) version_text: String,
    pub(super) database: String,
    pub(super) variables: Variables,
    pub(super) replica: Replica,
    pub(super) status: BinlogStatus,
}

impl Facts {
    pub(super) async fn read(conn: &mut Connection) -> Result<Self, SourceError> {
        const DOING: &str = "read the server's settings";
        let variables = Variables::read(conn).await?;
        let (flavour, version) = (conn.flavour(), conn.version());
        let replica_sql = match flavour {
            Flavour::Mariadb => "SHOW ALL SLAVES STATUS",
            Flavour::Mysql if version >= (8, 0, 22) => "SHOW REPLICA STATUS",
            Flavour::Mysql => "SHOW SLAVE STATUS",
        };
        let replica = match rows_if_allowed(conn, DOING, replica_sql).await? {
            None => guess_replica(conn, &variables).await?,
            Some(rows) if rows.is_empty() => Replica::No,
            Some(_) => Replica::Yes,
        };
        let status_sql = ends::status_statement(flavour, version);
        let status = match rows_if_allowed(conn, DOING, status_sql).await? {
            None => BinlogStatus::Denied,
            Some(rows) => rows.into_iter().next().map_or(BinlogStatus::Off, BinlogStatus::Row),
        };
        let database = conn.text(DOING, "SELECT DATABASE()").await?.unwrap_or_default();
        let version_text = conn.version_text().to_owned();
        Ok(Self { flavour, version, version_text, database, variables, replica, status })
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.variables.value(name)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.variables.is_on(name)
    }

    /// The statement that sets a variable for new sessions.
    pub(super) fn set(&self, name: &str, value: &str) -> String {
        match self.flavour {
            Flavour::Mysql if self.version >= (8, 0, 0) => format!("SET PERSIST {name} = {value};"),
            Flavour::Mysql | Flavour::Mariadb => format!("SET GLOBAL {name} = {value};"),
        }
    }

    /// How to make the setting outlive a restart.
    pub(super) fn set_in_words(&self, name: &str, value: &str) -> String {
        match self.flavour {
            Flavour::Mysql if self.version >= (8, 0, 0) => format!("set {name} = {value}"),
            Flavour::Mysql | Flavour::Mariadb => {
                format!("set {name} = {value}, in my.cnf too")
            }
        }
    }
}

/// What an account may see that may not ask. MariaDB notes in `gtid_slave_pos` what it replicated,
/// by GTID or not; that stays when a replica becomes a primary.
async fn guess_replica(
    conn: &mut Connection,
    variables: &Variables,
) -> Result<Replica, SourceError> {
    let sql = "SHOW GLOBAL STATUS LIKE 'Slaves_running'";
    let rows = conn.rows("ask whether the server replicates", sql).await?;
    let running = rows.first().and_then(|row| row.at(1));
    Ok(match (running, variables.value("gtid_slave_pos")) {
        (Some("0"), Some("")) => Replica::No,
        (Some("0") | None, _) => Replica::Unknown,
        (Some(_), _) => Replica::Yes,
    })
}

/// The server's global variables that matter here, by name in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(pub(super) BTreeMap<String, String>);

impl Variables {
    pub(super) async fn read(conn: &mut Connection) -> Result<Self, SourceError> {
        let names: Vec<String> = VARIABLES.iter().map(|name| format!("'{name}'")).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", names.join(", "));
        let rows = conn.rows("read the server's settings", &sql).await?;
        let pairs = rows
            .iter()
            .filter_map(|row| Some((row.at(0)?.to_ascii_lowercase(), row.at(1)?.to_owned())));
        Ok(Self(pairs.collect()))
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("on"))
    }

    /// The whole number in a variable; 0 when there is none.
    pub(super) fn number(&self, name: &str) -> u64 {
        // MariaDB shows expire_logs_days with a fraction; its seconds variable is exact then.
        let whole = self.value(name).and_then(|value| value.split('.').next());
        whole.and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}
