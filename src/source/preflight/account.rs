//! What the account may do, how it is protected, and whether our number is free.

use crate::source::preflight::settings::{BinlogStatus, Facts};
use crate::source::preflight::{Finding, rows_if_allowed};
use crate::source::replica::{REPORTED_HOST, reader_uuid};
use crate::source::{Connection, Flavour, SourceError, SourceParams, TlsMode};

pub(super) async fn check(
    conn: &mut Connection,
    params: &SourceParams,
    facts: &Facts,
) -> Result<Vec<Finding>, SourceError> {
    const DOING: &str = "read the account's privileges";
    let account = conn.text(DOING, "SELECT CURRENT_USER()").await?.unwrap_or_default();
    let grants: Vec<String> = conn
        .rows(DOING, "SHOW GRANTS")
        .await?
        .iter()
        .filter_map(|row| row.at(0).map(str::to_owned))
        .collect();
    let mut findings = vec![replication_slave(&grants, &account)];
    findings.push(binlog_monitor(facts, &account));
    findings.push(tls(conn, params).await?);
    findings.push(server_id(conn, params, facts).await?);
    Ok(findings)
}

/// What the `SHOW GRANTS` lines say about one global privilege.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// Not directly; a role may give it.
    PerhapsByRole,
}

/// Looks for a global privilege in the lines of `SHOW GRANTS`.
pub(super) fn holds(grants: &[String], privilege: &str) -> Held {
    let mut role = false;
    for grant in grants {
        let Some(body) = grant.strip_prefix("GRANT ") else {
            continue;
        };
        let Some((privileges, _)) = body.split_once(" ON *.* TO ") else {
            role |= !body.contains(" ON ");
            continue;
        };
        let mut names = privileges.split(',').map(str::trim);
        if names.any(|name| {
            name.eq_ignore_ascii_case(privilege) || name.eq_ignore_ascii_case("ALL PRIVILEGES")
        }) {
            return Held::Yes;
        }
    }
    if role { Held::PerhapsByRole } else { Held::No }
}

fn replication_slave(grants: &[String], account: &str) -> Finding {
    const CHECK: &str = "grant_replication_slave";
    let fix = grant("REPLICATION SLAVE", account);
    match holds(grants, "REPLICATION SLAVE") {
        Held::Yes => Finding::ok(CHECK, "the account may follow the binlog"),
        Held::No => {
            let message = "the account lacks REPLICATION SLAVE: it may not follow the binlog";
            Finding::fatal(CHECK, message, fix)
        }
        Held::PerhapsByRole => {
            let message = "REPLICATION SLAVE is not granted directly; the role must give it";
            Finding::warning(CHECK, message, fix)
        }
    }
}

fn binlog_monitor(facts: &Facts, account: &str) -> Finding {
    const CHECK: &str = "grant_replication_client";
    let privilege = match facts.flavour {
        Flavour::Mariadb if facts.version >= (10, 5, 2) => "BINLOG MONITOR",
        Flavour::Mariadb | Flavour::Mysql => "REPLICATION CLIENT",
    };
    match facts.status {
        BinlogStatus::Denied => {
            let message = format!("the account lacks {privilege}: it may not ask for positions");
            Finding::fatal(CHECK, message, grant(privilege, account))
        }
        BinlogStatus::Row(_) | BinlogStatus::Off => {
            Finding::ok(CHECK, "the account may ask for positions")
        }
    }
}

/// The `GRANT` statement for a global privilege.
fn grant(privilege: &str, account: &str) -> String {
    format!("GRANT {privilege} ON *.* TO {};", quoted_account(account))
}

/// `cdc@%` as `'cdc'@'%'`.
pub(super) fn quoted_account(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    format!("'{user}'@'{host}'")
}

async fn tls(conn: &mut Connection, params: &SourceParams) -> Result<Finding, SourceError> {
    const CHECK: &str = "tls";
    let rows = conn.rows("read the TLS state", "SHOW SESSION STATUS LIKE 'Ssl_%'").await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| row.at(0) == Some(name));
        row.and_then(|row| row.at(1)).unwrap_or_default().to_owned()
    };
    let (version, cipher) = (value("Ssl_version"), value("Ssl_cipher"));
    let fix = "[source] tls = \"verify-full\"  # or verify-ca, with tls_ca_file".to_owned();
    Ok(match params.tls {
        TlsMode::Off if is_loopback(&params.host) => {
            Finding::ok(CHECK, "plain text on the loopback interface")
        }
        TlsMode::Off => {
            Finding::warning(CHECK, "the connection is not encrypted (tls = \"off\")", fix)
        }
        TlsMode::Require => {
            let message = format!("{version} {cipher}, but the certificate is not checked");
            Finding::warning(CHECK, message, fix)
        }
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            Finding::ok(CHECK, format!("{version} {cipher}, certificate verified"))
        }
    })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn server_id(
    conn: &mut Connection,
    params: &SourceParams,
    facts: &Facts,
) -> Result<Finding, SourceError> {
    const CHECK: &str = "server_id";
    let ours = params.server_id.to_string();
    let fix = "[source] server_id = 4071  # any number that no server or replica uses".to_owned();
    if facts.variables.get("server_id") == Some(&ours) {
        let message = format!("server_id {ours} is the database server's own");
        return Ok(Finding::fatal(CHECK, message, fix));
    }
    let sql = match facts.flavour {
        Flavour::Mysql if facts.version >= (8, 0, 22) => "SHOW REPLICAS",
        Flavour::Mysql | Flavour::Mariadb => "SHOW SLAVE HOSTS",
    };
    let Some(replicas) = rows_if_allowed(conn, "list the replicas", sql).await? else {
        let message = format!("server_id {ours}; this account may not list other replicas");
        return Ok(Finding::ok(CHECK, message));
    };
    let uuid = reader_uuid(params);
    let rival = replicas.iter().find(|row| {
        let their_uuid = row.get("replica_uuid").or_else(|| row.get("slave_uuid"));
        let is_ours = match their_uuid {
            Some(theirs) => theirs == uuid,
            None => row.get("host") == Some(REPORTED_HOST),
        };
        row.get("server_id") == Some(&ours) && !is_ours
    });
    Ok(match rival {
        None => Finding::ok(CHECK, format!("server_id {ours} is free")),
        Some(row) => {
            let host = row.get("host").unwrap_or_default();
            let message = format!("server_id {ours} is used by another replica ({host})");
            Finding::fatal(CHECK, message, fix)
        }
    })
}
