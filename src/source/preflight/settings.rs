//! The server's variables that decide whether its binlog can be followed without loss.

use std::collections::BTreeMap;

use crate::source::connection::TextRow;
use crate::source::preflight::{Finding, rows_if_allowed};
use crate::source::{Connection, Flavour, SourceError, ends};

const VARIABLES: &[&str] = &[
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
    "log_bin",
    "log_bin_compress",
    "log_replica_updates",
    "log_slave_updates",
    "server_id",
];

const RETENTION_MIN_S: u64 = 24 * 3600;

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
    pub(super) database: String,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) replica: Replica,
    pub(super) status: BinlogStatus,
}

impl Facts {
    pub(super) async fn read(conn: &mut Connection) -> Result<Self, SourceError> {
        const DOING: &str = "read the server's settings";
        let names: Vec<String> = VARIABLES.iter().map(|name| format!("'{name}'")).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", names.join(", "));
        let rows = conn.rows(DOING, &sql).await?;
        let variables = rows
            .iter()
            .filter_map(|row| Some((row.at(0)?.to_ascii_lowercase(), row.at(1)?.to_owned())))
            .collect();
        let (flavour, version) = (conn.flavour(), conn.version());
        let replica_sql = match flavour {
            Flavour::Mariadb => "SHOW ALL SLAVES STATUS",
            Flavour::Mysql if version >= (8, 0, 22) => "SHOW REPLICA STATUS",
            Flavour::Mysql => "SHOW SLAVE STATUS",
        };
        let replica = match rows_if_allowed(conn, DOING, replica_sql).await? {
            None => Replica::Unknown,
            Some(rows) if rows.is_empty() => Replica::No,
            Some(_) => Replica::Yes,
        };
        let status_sql = ends::status_statement(flavour, version);
        let status = match rows_if_allowed(conn, DOING, status_sql).await? {
            None => BinlogStatus::Denied,
            Some(rows) => rows.into_iter().next().map_or(BinlogStatus::Off, BinlogStatus::Row),
        };
        let database = conn.text(DOING, "SELECT DATABASE()").await?.unwrap_or_default();
        Ok(Self { flavour, version, database, variables, replica, status })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("on"))
    }

    fn set(&self, name: &str, value: &str) -> String {
        match self.flavour {
            Flavour::Mysql if self.version >= (8, 0, 0) => format!("SET PERSIST {name} = {value};"),
            Flavour::Mysql | Flavour::Mariadb => {
                format!("SET GLOBAL {name} = {value};  # and in the [mysqld] section of my.cnf")
            }
        }
    }
}

/// Judges the settings.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    if !facts.is_on("log_bin") {
        let message = "the server writes no binlog (log_bin is OFF)";
        let fix = "[mysqld] log_bin = binlog, server_id = 1, binlog_format = ROW  # restart";
        return vec![Finding::fatal("log_bin", message, fix.to_owned())];
    }
    let mut findings = vec![Finding::ok("log_bin", "the server writes a binlog")];
    if facts.value("server_id") == Some("0") {
        let message = "the server's own server_id is 0: it serves no replicas";
        findings.push(Finding::fatal("log_bin", message, facts.set("server_id", "1")));
    }
    findings.push(demand(facts, "binlog_format", "ROW", "row changes are not in the binlog"));
    findings.push(demand(facts, "binlog_row_image", "FULL", "row changes lack columns"));
    findings.push(metadata(facts));
    findings.extend(compact_forms(facts));
    findings.push(replica(facts));
    findings.extend(filters(facts));
    findings.push(retention(facts));
    findings.extend(checksum(facts));
    findings.push(gtid(facts));
    findings
}

/// A variable that must have one value. Servers that dropped a variable kept its good value.
fn demand(facts: &Facts, name: &'static str, wanted: &str, otherwise: &str) -> Finding {
    match facts.value(name) {
        Some(value) if !value.eq_ignore_ascii_case(wanted) => {
            let message = format!("{name} is {value}: {otherwise}");
            let fix = format!("{} (sessions that are open keep the old value)", {
                facts.set(name, &format!("'{wanted}'"))
            });
            Finding::fatal(name, message, fix)
        }
        _ => Finding::ok(name, format!("{name} is {wanted}")),
    }
}

fn metadata(facts: &Facts) -> Finding {
    const CHECK: &str = "binlog_row_metadata";
    let value = facts.value(CHECK).unwrap_or("not supported");
    if value.eq_ignore_ascii_case("FULL") {
        return Finding::ok(CHECK, "column names are in the binlog");
    }
    let message = format!(
        "{CHECK} is {value}: column names come from information_schema, and a table whose columns \
         changed while its changes were still unread must be read again"
    );
    Finding::warning(CHECK, message, facts.set(CHECK, "'FULL'"))
}

fn compact_forms(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let options = facts.value("binlog_row_value_options").unwrap_or_default();
    if !options.is_empty() {
        let check = "binlog_row_value_options";
        let message = format!("{check} is {options}: updates are logged in parts");
        findings.push(Finding::fatal(check, message, facts.set(check, "''")));
    }
    for name in ["binlog_transaction_compression", "log_bin_compress"] {
        if facts.is_on(name) {
            let message = format!("{name} is ON: compressed binlogs are not supported");
            findings.push(Finding::fatal("binlog_compression", message, facts.set(name, "OFF")));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("binlog_compression", "events are logged whole and plain"));
    }
    findings
}

fn replica(facts: &Facts) -> Finding {
    const CHECK: &str = "log_replica_updates";
    let logs = facts.is_on("log_slave_updates") || facts.is_on("log_replica_updates");
    let fix = "[mysqld] log_slave_updates = ON  # restart".to_owned();
    match facts.replica {
        Replica::No => Finding::ok(CHECK, "the server is no replica"),
        _ if logs => Finding::ok(CHECK, "replicated changes are in the server's binlog"),
        Replica::Yes => {
            let message = "the server is a replica and does not log what it replicates";
            Finding::fatal(CHECK, message, fix)
        }
        Replica::Unknown => {
            let message = "log_slave_updates is OFF; if the server is a replica, its binlog lacks \
                           the shop's changes (this account may not ask)";
            Finding::warning(CHECK, message, fix)
        }
    }
}

fn filters(facts: &Facts) -> Vec<Finding> {
    const CHECK: &str = "binlog_filter";
    let BinlogStatus::Row(row) = &facts.status else {
        return Vec::new();
    };
    let listed = |name: &str| -> Vec<String> {
        let names = row.get(name).unwrap_or_default();
        names.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
    };
    let (only, never) = (listed("binlog_do_db"), listed("binlog_ignore_db"));
    let database = &facts.database;
    if !only.is_empty() && !only.contains(database) {
        let message = format!("binlog_do_db ({}) leaves out {database}", only.join(", "));
        let fix = format!("[mysqld] binlog_do_db = {database}  # or no filter; restart");
        return vec![Finding::fatal(CHECK, message, fix)];
    }
    if never.contains(database) {
        let message = format!("binlog_ignore_db ({}) leaves out {database}", never.join(", "));
        let fix = format!("[mysqld] remove binlog_ignore_db = {database}  # restart");
        return vec![Finding::fatal(CHECK, message, fix)];
    }
    vec![Finding::ok(CHECK, "the schema is logged")]
}

/// How long binlogs are kept, in seconds; `None` for ever.
pub(super) fn retention_s(facts: &Facts) -> Option<u64> {
    let number = |name: &str| -> u64 {
        // MariaDB shows expire_logs_days with a fraction; its seconds variable is exact then.
        let text = facts.value(name).and_then(|value| value.split('.').next());
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let auto_purge = facts.value("binlog_expire_logs_auto_purge").is_some();
    if auto_purge && !facts.is_on("binlog_expire_logs_auto_purge") {
        return None;
    }
    let seconds = match number("binlog_expire_logs_seconds") {
        0 => number("expire_logs_days").saturating_mul(86_400),
        seconds => seconds,
    };
    (seconds > 0).then_some(seconds)
}

fn retention(facts: &Facts) -> Finding {
    const CHECK: &str = "retention";
    match retention_s(facts) {
        None => Finding::ok(CHECK, "binlogs are never purged by age"),
        Some(seconds) if seconds >= RETENTION_MIN_S => {
            Finding::ok(CHECK, format!("binlogs are kept for {} h", seconds / 3600))
        }
        Some(seconds) => {
            let message = format!(
                "binlogs are kept for {} min only: an outage that is longer costs a new snapshot",
                seconds / 60
            );
            let fix = if facts.value("binlog_expire_logs_seconds").is_some() {
                facts.set("binlog_expire_logs_seconds", "259200")
            } else {
                facts.set("expire_logs_days", "3")
            };
            Finding::warning(CHECK, message, fix)
        }
    }
}

fn checksum(facts: &Facts) -> Option<Finding> {
    const CHECK: &str = "binlog_checksum";
    let value = facts.value(CHECK)?;
    if value.eq_ignore_ascii_case("NONE") {
        let message = "events carry no checksum: damaged ones cannot be told from good ones";
        return Some(Finding::warning(CHECK, message, facts.set(CHECK, "'CRC32'")));
    }
    Some(Finding::ok(CHECK, format!("events carry a {value} checksum")))
}

fn gtid(facts: &Facts) -> Finding {
    const CHECK: &str = "gtid";
    match facts.value("gtid_mode") {
        _ if facts.flavour == Flavour::Mariadb => {
            Finding::ok(CHECK, "the position is a GTID position")
        }
        Some("ON") => Finding::ok(CHECK, "the position is a GTID set"),
        mode => {
            let mode = mode.unwrap_or("OFF");
            let message = format!(
                "gtid_mode is {mode}: the position is file and offset, which another server does \
                 not know after a failover"
            );
            let fix = "[mysqld] enforce_gtid_consistency = ON, gtid_mode = ON  # restart";
            Finding::warning(CHECK, message, fix.to_owned())
        }
    }
}
