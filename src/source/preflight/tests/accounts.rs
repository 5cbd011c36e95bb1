//! The account: privileges enough and no more than that, TLS, our number among the replicas.

use super::servers::facts;
use super::{assert_remedies, not_ok, of};
use crate::source::connection::TextRow;
use crate::source::preflight::account::{judge_server_id, judge_tls};
use crate::source::preflight::facts::{BinlogStatus, Facts};
use crate::source::preflight::grants::{self, Grants, Held, quoted_account};
use crate::source::preflight::tests::schema::params;
use crate::source::preflight::{Finding, Severity};
use crate::source::replica::reader_uuid;
use crate::source::{Flavour, SourceParams, TlsMode};

fn grants(lines: &[&str]) -> Grants {
    Grants::parse(lines.iter().copied())
}

fn mariadb() -> Facts {
    let status = BinlogStatus::Row(std::iter::empty::<(&str, &str)>().collect());
    Facts { flavour: Flavour::Mariadb, version: (10, 11, 0), status, ..facts(&[]) }
}

fn judge(lines: &[&str]) -> Vec<Finding> {
    let findings = grants::judge(&grants(lines), &mariadb(), &params(), "cdc@%");
    assert_remedies(&findings);
    findings
}

#[test]
fn a_privilege_is_found_whole_and_on_everything_only() {
    let held = |lines: &[&str]| grants(lines).holds("REPLICATION SLAVE");
    assert_eq!(
        held(&["GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`%`"]),
        Held::Yes
    );
    assert_eq!(held(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"]), Held::Yes);
    assert_eq!(held(&["GRANT REPLICATION SLAVE ADMIN ON *.* TO `cdc`@`%`"]), Held::No);
    assert_eq!(held(&["GRANT ALL PRIVILEGES ON `shop`.* TO `cdc`@`%`"]), Held::No);
    assert_eq!(
        held(&["GRANT USAGE ON *.* TO `cdc`@`%`", "GRANT `reader`@`%` TO `cdc`@`%`"]),
        Held::PerhapsByRole
    );
    assert_eq!(quoted_account("cdc@10.0.0.%"), "'cdc'@'10.0.0.%'");
}

#[test]
fn hash_of_the_password_is_not_kept() {
    let line = "GRANT USAGE ON *.* TO `cdc`@`%` IDENTIFIED BY PASSWORD '*8B2AB69632A9' REQUIRE SSL";
    let parsed = grants(&[line]);
    assert_eq!(parsed.list[0].grantee, "`cdc`@`%`");
    assert!(!format!("{parsed:?}").contains("8B2AB69632A9"), "{parsed:?}");
}

#[test]
fn the_least_privileges_are_enough_and_not_too_many() {
    let lines = [
        "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`%` IDENTIFIED BY PASSWORD '*8'",
        "GRANT SELECT ON `shop`.* TO `cdc`@`%`",
    ];
    assert_eq!(not_ok(&judge(&lines)), []);
    let by_column =
        "GRANT SELECT (`sku`, `entity_id`) ON `shop`.`catalog_product_entity` TO `cdc`@`%`";
    assert_eq!(not_ok(&judge(&[lines[0], by_column])), []);
}

#[test]
fn missing_privileges_come_with_the_statements_of_the_server() {
    let findings = judge(&["GRANT USAGE ON *.* TO `cdc`@`%`"]);
    assert_eq!(not_ok(&findings), [(Severity::Fatal, "grant_replication_slave")]);
    let sql = of(&findings, "grant_replication_slave").sql.as_deref();
    assert_eq!(sql, Some("GRANT REPLICATION SLAVE ON *.* TO 'cdc'@'%';"));
    let statement = |flavour, version| {
        let server = Facts { flavour, version, status: BinlogStatus::Denied, ..mariadb() };
        let findings = grants::judge_running(&grants(&[]), &server, "cdc@%");
        of(&findings, "grant_replication_client").sql.clone().unwrap()
    };
    assert_eq!(
        statement(Flavour::Mariadb, (10, 11, 0)),
        "GRANT BINLOG MONITOR ON *.* TO 'cdc'@'%';"
    );
    let client = "GRANT REPLICATION CLIENT ON *.* TO 'cdc'@'%';";
    assert_eq!(statement(Flavour::Mariadb, (10, 4, 0)), client);
    assert_eq!(statement(Flavour::Mysql, (9, 7, 0)), client);
}

#[test]
fn privileges_that_are_not_needed_are_named_and_revoked() {
    let findings = judge(&[
        "GRANT REPLICATION SLAVE, BINLOG MONITOR, SUPER ON *.* TO `cdc`@`%`",
        "GRANT SELECT, INSERT, UPDATE (`sku`, `type_id`) ON `shop`.* TO `cdc`@`%` WITH GRANT OPTION",
    ]);
    assert_eq!(not_ok(&findings), [(Severity::Warning, "grant_extra")]);
    let extra = of(&findings, "grant_extra");
    assert_eq!(
        extra.message,
        "not needed: SUPER on *.*; GRANT OPTION on `shop`.*; INSERT, UPDATE (`sku`, `type_id`) on \
         `shop`.*"
    );
    assert_eq!(
        extra.sql.as_deref(),
        Some(
            "REVOKE SUPER ON *.* FROM `cdc`@`%`;\n\
             REVOKE GRANT OPTION ON `shop`.* FROM `cdc`@`%`;\n\
             REVOKE INSERT, UPDATE (`sku`, `type_id`) ON `shop`.* FROM `cdc`@`%`;"
        )
    );
}

#[test]
fn what_is_needed_is_granted_again_when_all_is_revoked() {
    let findings = judge(&["GRANT ALL PRIVILEGES ON *.* TO `cdc`@`%`"]);
    let extra = of(&findings, "grant_extra");
    assert_eq!(extra.severity, Severity::Warning);
    assert_eq!(
        extra.sql.as_deref(),
        Some(
            "REVOKE ALL PRIVILEGES ON *.* FROM `cdc`@`%`;\n\
             GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`%`;\n\
             GRANT SELECT ON `shop`.* TO `cdc`@`%`;"
        )
    );
    let every_schema = judge(&["GRANT SELECT, REPLICATION SLAVE ON *.* TO `cdc`@`%`"]);
    assert!(of(&every_schema, "grant_extra").message.ends_with("SELECT on *.*"));
}

#[test]
fn a_long_list_of_privileges_is_cut_in_the_message_only() {
    let many: Vec<String> = (0..20).map(|number| format!("POWER_{number}")).collect();
    let line = format!("GRANT {} ON *.* TO `cdc`@`%`", many.join(","));
    let findings = judge(&[&line]);
    let extra = of(&findings, "grant_extra");
    assert!(extra.message.ends_with("POWER_7 and 12 more on *.*"), "{}", extra.message);
    assert!(extra.sql.as_deref().unwrap().contains("POWER_19"));
}

#[test]
fn a_connection_that_others_may_read_or_forge_is_warned_of() {
    let of_mode = |host: &str, tls| {
        let params = SourceParams { host: host.to_owned(), tls, ..params() };
        judge_tls(&params, "TLSv1.3 TLS_AES_256_GCM_SHA384").severity
    };
    assert_eq!(of_mode("db", TlsMode::Off), Severity::Warning);
    assert_eq!(of_mode("db", TlsMode::Require), Severity::Warning);
    assert_eq!(of_mode("db", TlsMode::VerifyCa), Severity::Ok);
    assert_eq!(of_mode("db", TlsMode::VerifyFull), Severity::Ok);
    for loopback in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(of_mode(loopback, TlsMode::Off), Severity::Ok, "{loopback}");
    }
}

fn replica(cells: &[(&str, &str)]) -> TextRow {
    cells.iter().copied().collect()
}

#[test]
fn our_number_must_be_free() {
    let judge = |replicas: &[TextRow]| judge_server_id(&params(), &facts(&[]), Some(replicas));
    assert_eq!(judge(&[]).severity, Severity::Ok);
    let other_number = replica(&[("server_id", "8"), ("replica_uuid", "x"), ("host", "reports")]);
    assert_eq!(judge(&[other_number]).severity, Severity::Ok);
    let rival = replica(&[("server_id", "7"), ("replica_uuid", "x"), ("host", "reports")]);
    let found = judge(&[rival]);
    assert_eq!(found.severity, Severity::Fatal);
    assert_eq!(found.message, "server_id 7 is used by another replica (reports)");
    // MariaDB's list has no uuids.
    let rival = replica(&[("server_id", "7"), ("host", "reports")]);
    assert_eq!(judge(&[rival]).severity, Severity::Fatal);
    let servers_own = judge_server_id(&params(), &facts(&[("server_id", "7")]), None);
    assert_eq!(servers_own.severity, Severity::Fatal);
}

#[test]
fn our_own_registration_is_no_rival() {
    let judge = |row| judge_server_id(&params(), &facts(&[]), Some(&[row])).severity;
    let uuid = reader_uuid(&params());
    let ours = [("server_id", "7"), ("replica_uuid", uuid.as_str()), ("host", "aco-stream")];
    assert_eq!(judge(replica(&ours)), Severity::Ok);
    assert_eq!(judge(replica(&[("server_id", "7"), ("host", "aco-stream")])), Severity::Ok);
    let nobody_may_say = judge_server_id(&params(), &facts(&[]), None);
    assert_eq!(nobody_may_say.severity, Severity::Ok);
    assert!(nobody_may_say.message.contains("may not list"), "{}", nobody_may_say.message);
}
