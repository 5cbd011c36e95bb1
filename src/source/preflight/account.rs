//! How the account is protected on its way, and whether our number among the replicas is free.

use crate::source::connection::TextRow;
use crate::source::preflight::facts::Facts;
use crate::source::preflight::{Finding, rows_if_allowed};
use crate::source::replica::{REPORTED_HOST, reader_uuid};
use crate::source::{Connection, Flavour, SourceError, SourceParams, TlsMode};

pub(super) async fn tls(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<Finding, SourceError> {
    let rows = conn.rows("read the TLS state", "SHOW SESSION STATUS LIKE 'Ssl_%'").await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| row.at(0) == Some(name));
        row.and_then(|row| row.at(1)).unwrap_or_default().to_owned()
    };
    Ok(judge_tls(params, &format!("{} {}", value("Ssl_version"), value("Ssl_cipher"))))
}

/// `protection` is the version and the cipher that were agreed on.
pub(super) fn judge_tls(params: &SourceParams, protection: &str) -> Finding {
    const CHECK: &str = "tls";
    let fix =
        "in the configuration: [source] tls = \"verify-full\", or \"verify-ca\" with tls_ca_file";
    match params.tls {
        TlsMode::Off if is_loopback(&params.host) => {
            Finding::ok(CHECK, "plain text on the loopback interface")
        }
        TlsMode::Off => {
            Finding::warning(CHECK, "the connection is not encrypted (tls = \"off\")", fix)
        }
        TlsMode::Require => {
            let message = format!("{protection}, but the certificate is not checked");
            Finding::warning(CHECK, message, fix)
        }
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            Finding::ok(CHECK, format!("{protection}, certificate verified"))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) async fn server_id(
    conn: &mut Connection,
    params: &SourceParams,
    facts: &Facts,
) -> Result<Finding, SourceError> {
    let sql = match facts.flavour {
        Flavour::Mysql if facts.version >= (8, 0, 22) => "SHOW REPLICAS",
        Flavour::Mysql | Flavour::Mariadb => "SHOW SLAVE HOSTS",
    };
    let replicas = rows_if_allowed(conn, "list the replicas", sql).await?;
    Ok(judge_server_id(params, facts, replicas.as_deref()))
}

/// `replicas` are those that are connected to the server, ours perhaps among them; `None` when the
/// account may not list them, as on MariaDB without a privilege that we do not ask for.
pub(super) fn judge_server_id(
    params: &SourceParams,
    facts: &Facts,
    replicas: Option<&[TextRow]>,
) -> Finding {
    const CHECK: &str = "server_id";
    let ours = params.server_id.to_string();
    let fix = "in the configuration: [source] server_id, any number that no server or replica has";
    if facts.value("server_id") == Some(ours.as_str()) {
        let message = format!("server_id {ours} is the database server's own");
        return Finding::fatal(CHECK, message, fix);
    }
    let Some(replicas) = replicas else {
        let message = format!("server_id {ours}; this account may not list other replicas");
        return Finding::ok(CHECK, message);
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
    match rival {
        None => Finding::ok(CHECK, format!("server_id {ours} is free")),
        Some(row) => {
            let host = row.get("host").unwrap_or_default();
            let message = format!("server_id {ours} is used by another replica ({host})");
            Finding::fatal(CHECK, message, fix)
        }
    }
}
