//! The server's version and the settings that decide whether its binlog can be followed without
//! loss.

use crate::source::Flavour;
use crate::source::preflight::Finding;
use crate::source::preflight::facts::{BinlogStatus, Facts, Replica};

/// Judges what is fixed at the server's start or matters only before the first snapshot.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![version(facts)];
    findings.extend(judge_running(facts));
    if facts.is_on("log_bin") {
        findings.push(metadata(facts));
        findings.extend(partial_values(facts));
        findings.push(compression(facts));
        findings.extend(checksum(facts));
        findings.push(gtid(facts));
    }
    findings
}

/// Judges what an operator may change while the server runs and we follow it.
pub(super) fn judge_running(facts: &Facts) -> Vec<Finding> {
    if !facts.is_on("log_bin") {
        let message = "the server writes no binlog (log_bin is OFF)";
        let fix =
            "in my.cnf: [mysqld] log_bin = binlog, server_id = 1, binlog_format = ROW; restart";
        return vec![Finding::fatal("log_bin", message, fix)];
    }
    let mut findings = vec![Finding::ok("log_bin", "the server writes a binlog")];
    if facts.value("server_id") == Some("0") {
        let message = "the server's own server_id is 0: it serves no replicas";
        let fatal = Finding::fatal("log_bin", message, facts.set_in_words("server_id", "1"));
        findings.push(fatal.with_sql(facts.set("server_id", "1")));
    }
    findings.push(demand(facts, "binlog_format", "ROW", "row changes are not in the binlog"));
    findings.push(demand(facts, "binlog_row_image", "FULL", "row changes lack columns"));
    findings.push(replica(facts));
    findings.extend(filters(facts));
    findings
}

/// The versions that the tests run on, and those that should do as well.
fn version(facts: &Facts) -> Finding {
    const CHECK: &str = "version";
    let (major, minor, _) = facts.version;
    let name = format!("{} {}", facts.flavour, facts.version_text);
    match (facts.flavour, major, minor) {
        (Flavour::Mariadb, 10, 11) | (Flavour::Mariadb, 11, 8) | (Flavour::Mysql, 9, 7) => {
            Finding::ok(CHECK, format!("{name}, a version that is tested"))
        }
        (Flavour::Mariadb, 10, 6)
        | (Flavour::Mariadb, 11, 4)
        | (Flavour::Mysql, 8, 0 | 4)
        | (Flavour::Mysql, 9, _) => {
            Finding::ok(CHECK, format!("{name}, expected to work as the tested versions do"))
        }
        (Flavour::Mariadb | Flavour::Mysql, _, _) => {
            let message = format!("{name} is none of the versions that are tested or expected");
            let fix = "use MySQL 8.0, 8.4 or 9, or MariaDB 10.6, 10.11, 11.4 or 11.8";
            Finding::warning(CHECK, message, fix)
        }
    }
}

/// A variable that must have one value. Servers that dropped a variable kept its good value.
fn demand(facts: &Facts, name: &'static str, wanted: &str, otherwise: &str) -> Finding {
    match facts.value(name) {
        Some(value) if !value.eq_ignore_ascii_case(wanted) => {
            let message = format!("{name} is {value}: {otherwise}");
            let words = facts.set_in_words(name, wanted);
            let fix = format!("{words}, and end the shop's open sessions");
            let sql = facts.set(name, &format!("'{wanted}'"));
            Finding::fatal(name, message, fix).with_sql(sql)
        }
        _ => Finding::ok(name, format!("{name} is {wanted}")),
    }
}

fn metadata(facts: &Facts) -> Finding {
    const CHECK: &str = "binlog_row_metadata";
    match facts.value(CHECK) {
        Some(value) if value.eq_ignore_ascii_case("FULL") => {
            Finding::ok(CHECK, "column names are in the binlog")
        }
        value => {
            let value = value.unwrap_or("not supported");
            Finding::ok(
                CHECK,
                format!("{CHECK} is {value}: column names come from information_schema"),
            )
        }
    }
}

/// JSON columns are logged in parts then; no watched table has one that we read.
fn partial_values(facts: &Facts) -> Option<Finding> {
    const CHECK: &str = "binlog_row_value_options";
    let options = facts.value(CHECK)?;
    Some(if options.is_empty() {
        Finding::ok(CHECK, "updates are logged with whole values")
    } else {
        let message = format!("{CHECK} is {options}: it concerns JSON columns, which are not read");
        Finding::ok(CHECK, message)
    })
}

fn compression(facts: &Facts) -> Finding {
    const CHECK: &str = "binlog_compression";
    let on = ["binlog_transaction_compression", "log_bin_compress"]
        .into_iter()
        .find(|name| facts.is_on(name));
    match on {
        Some(name) => Finding::ok(CHECK, format!("{name} is ON: events are read compressed")),
        None => Finding::ok(CHECK, "events are not compressed"),
    }
}

fn replica(facts: &Facts) -> Finding {
    const CHECK: &str = "log_replica_updates";
    let logs = facts.is_on("log_slave_updates") || facts.is_on("log_replica_updates");
    let fix = "in my.cnf: [mysqld] log_slave_updates = ON; restart";
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

fn filters(facts: &Facts) -> Option<Finding> {
    const CHECK: &str = "binlog_filter";
    let BinlogStatus::Row(row) = &facts.status else {
        return None;
    };
    let listed = |name: &str| -> Vec<String> {
        let names = row.get(name).unwrap_or_default();
        names.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
    };
    let (only, never) = (listed("binlog_do_db"), listed("binlog_ignore_db"));
    let database = &facts.database;
    Some(if !only.is_empty() && !only.contains(database) {
        let message = format!("binlog_do_db ({}) leaves out {database}", only.join(", "));
        let fix = format!("in my.cnf: [mysqld] binlog_do_db = {database}, or no filter; restart");
        Finding::fatal(CHECK, message, fix)
    } else if never.contains(database) {
        let message = format!("binlog_ignore_db ({}) leaves out {database}", never.join(", "));
        let fix = format!("in my.cnf: remove binlog_ignore_db = {database}; restart");
        Finding::fatal(CHECK, message, fix)
    } else {
        Finding::ok(CHECK, "the schema is logged")
    })
}

fn checksum(facts: &Facts) -> Option<Finding> {
    const CHECK: &str = "binlog_checksum";
    let value = facts.value(CHECK)?;
    if value.eq_ignore_ascii_case("NONE") {
        let message = "events carry no checksum: damaged ones cannot be told from good ones";
        let warning = Finding::warning(CHECK, message, facts.set_in_words(CHECK, "CRC32"));
        return Some(warning.with_sql(facts.set(CHECK, "'CRC32'")));
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
            let fix = "turn GTIDs on step by step, the last step once the status variable \
                       Ongoing_anonymous_transaction_count is 0";
            let sql = gtid_steps(facts, mode).join("\n");
            Finding::warning(CHECK, message, fix).with_sql(sql)
        }
    }
}

/// `gtid_mode` moves one step at a time, and only under enforced consistency.
fn gtid_steps(facts: &Facts, mode: &str) -> Vec<String> {
    let modes = ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"];
    let passed = modes.iter().position(|known| known.eq_ignore_ascii_case(mode)).unwrap_or(0);
    let steps = modes.iter().skip(passed + 1);
    std::iter::once(facts.set("enforce_gtid_consistency", "ON"))
        .chain(steps.map(|mode| facts.set("gtid_mode", mode)))
        .collect()
}
