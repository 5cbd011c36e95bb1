//! Version, settings, retention, clock.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{assert_remedies, not_ok, of};
use crate::source::preflight::facts::{BinlogStatus, Facts, Replica, Variables};
use crate::source::preflight::retention::{self, Estimate, Retention};
use crate::source::preflight::settings::{judge, judge_running};
use crate::source::preflight::shop::judge_clock;
use crate::source::preflight::{Finding, Severity};
use crate::source::{Flavour, SnapshotParams};

const GOOD: &[(&str, &str)] = &[
    ("log_bin", "ON"),
    ("server_id", "1"),
    ("binlog_format", "ROW"),
    ("binlog_row_image", "FULL"),
    ("binlog_row_metadata", "FULL"),
    ("binlog_row_value_options", ""),
    ("binlog_transaction_compression", "OFF"),
    ("binlog_checksum", "CRC32"),
    ("binlog_expire_logs_seconds", "2592000"),
    ("gtid_mode", "ON"),
    ("log_replica_updates", "ON"),
];

pub(super) fn facts(changes: &[(&str, &str)]) -> Facts {
    let pairs = GOOD.iter().chain(changes);
    let variables: BTreeMap<String, String> =
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Facts {
        flavour: Flavour::Mysql,
        version: (8, 4, 0),
        version_text: "8.4.0".to_owned(),
        database: "shop".to_owned(),
        variables: Variables(variables),
        replica: Replica::No,
        status: BinlogStatus::Denied,
    }
}

fn with_filters(only: &str, never: &str) -> Facts {
    let row = [("binlog_do_db", only), ("binlog_ignore_db", never)];
    Facts { status: BinlogStatus::Row(row.into_iter().collect()), ..facts(&[]) }
}

#[test]
fn a_well_set_server_has_nothing_to_complain_about() {
    let findings = judge(&facts(&[]));
    assert_eq!(not_ok(&findings), []);
    assert_remedies(&findings);
}

#[test]
fn each_setting_that_loses_rows_is_fatal_and_comes_with_a_fix() {
    for (name, value, check) in [
        ("log_bin", "OFF", "log_bin"),
        ("server_id", "0", "log_bin"),
        ("binlog_format", "MIXED", "binlog_format"),
        ("binlog_format", "STATEMENT", "binlog_format"),
        ("binlog_row_image", "MINIMAL", "binlog_row_image"),
        ("binlog_row_image", "NOBLOB", "binlog_row_image"),
    ] {
        let findings = judge(&facts(&[(name, value)]));
        assert_eq!(not_ok(&findings), [(Severity::Fatal, check)], "{name}={value}: {findings:?}");
        assert_remedies(&findings);
        let running = judge_running(&facts(&[(name, value)]));
        assert_eq!(not_ok(&running), [(Severity::Fatal, check)], "noticed while running, too");
    }
}

#[test]
fn statements_are_those_of_the_server() {
    let mut server = facts(&[("binlog_format", "MIXED")]);
    let sql = |server: &Facts| of(&judge(server), "binlog_format").sql.clone();
    assert_eq!(sql(&server).as_deref(), Some("SET PERSIST binlog_format = 'ROW';"));
    server.flavour = Flavour::Mariadb;
    assert_eq!(sql(&server).as_deref(), Some("SET GLOBAL binlog_format = 'ROW';"));
}

#[test]
fn settings_that_only_make_life_harder_are_warnings() {
    for (name, value, check) in
        [("binlog_checksum", "NONE", "binlog_checksum"), ("gtid_mode", "OFF", "gtid")]
    {
        let findings = judge(&facts(&[(name, value)]));
        assert_eq!(not_ok(&findings), [(Severity::Warning, check)], "{name}");
        assert_remedies(&findings);
    }
}

#[test]
fn forms_of_the_binlog_that_are_read_as_well_are_noted_only() {
    for (name, value, check) in [
        ("binlog_row_metadata", "MINIMAL", "binlog_row_metadata"),
        ("binlog_row_metadata", "NO_LOG", "binlog_row_metadata"),
        ("binlog_row_value_options", "PARTIAL_JSON", "binlog_row_value_options"),
        ("binlog_transaction_compression", "ON", "binlog_compression"),
        ("log_bin_compress", "ON", "binlog_compression"),
    ] {
        let findings = judge(&facts(&[(name, value)]));
        assert_eq!(not_ok(&findings), [], "{name}");
        let message = &of(&findings, check).message;
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

#[test]
fn gtids_are_turned_on_by_the_steps_that_are_left() {
    let sql = |mode: &str| of(&judge(&facts(&[("gtid_mode", mode)])), "gtid").sql.clone().unwrap();
    assert_eq!(sql("OFF").lines().count(), 4);
    assert_eq!(
        sql("ON_PERMISSIVE"),
        "SET PERSIST enforce_gtid_consistency = ON;\nSET PERSIST gtid_mode = ON;"
    );
}

#[test]
fn versions_are_tested_or_expected_or_warned_of() {
    use Flavour::{Mariadb, Mysql};
    let finding = |flavour, version| {
        let server = Facts { flavour, version, ..facts(&[]) };
        of(&judge(&server), "version").clone()
    };
    let versions = [(Mariadb, (10, 11, 9)), (Mariadb, (11, 8, 2)), (Mysql, (9, 7, 4))];
    for (flavour, version) in versions {
        assert!(finding(flavour, version).message.ends_with("tested"), "{version:?}");
    }
    for (flavour, version) in [
        (Mysql, (8, 0, 36)),
        (Mysql, (8, 4, 1)),
        (Mysql, (9, 1, 0)),
        (Mariadb, (10, 6, 18)),
        (Mariadb, (11, 4, 2)),
    ] {
        let finding = finding(flavour, version);
        assert_eq!(finding.severity, Severity::Ok, "{version:?}");
        assert!(finding.message.contains("expected"), "{version:?}");
    }
    for (flavour, version) in
        [(Mysql, (5, 7, 44)), (Mysql, (8, 3, 0)), (Mariadb, (10, 5, 2)), (Mariadb, (12, 3, 1))]
    {
        assert_eq!(finding(flavour, version).severity, Severity::Warning, "{version:?}");
    }
}

#[test]
fn a_replica_must_log_what_it_replicates() {
    let mut replica = facts(&[("log_replica_updates", "OFF")]);
    assert_eq!(not_ok(&judge(&replica)), []);
    replica.replica = Replica::Yes;
    assert_eq!(not_ok(&judge(&replica)), [(Severity::Fatal, "log_replica_updates")]);
    replica.replica = Replica::Unknown;
    assert_eq!(not_ok(&judge(&replica)), [(Severity::Warning, "log_replica_updates")]);
}

#[test]
fn a_binlog_without_the_shops_schema_is_of_no_use() {
    for (only, never) in [("crm", ""), ("crm, erp", ""), ("", "shop"), ("shop", "erp,shop")] {
        let findings = judge(&with_filters(only, never));
        assert_eq!(not_ok(&findings), [(Severity::Fatal, "binlog_filter")], "{only}/{never}");
        assert_remedies(&findings);
    }
    for (only, never) in [("", ""), ("shop,crm", ""), ("", "crm")] {
        assert_eq!(not_ok(&judge(&with_filters(only, never))), [], "{only}/{never}");
    }
}

fn retention_of(changes: &[(&str, &str)]) -> Retention {
    retention::retention(&facts(changes).variables)
}

#[test]
fn retention_is_read_from_whichever_variable_the_server_uses() {
    let seconds = |seconds| Retention::For(Duration::from_secs(seconds));
    assert_eq!(retention_of(&[]), seconds(2_592_000));
    let days = [("binlog_expire_logs_seconds", "0"), ("expire_logs_days", "2.000000")];
    assert_eq!(retention_of(&days), seconds(172_800));
    assert_eq!(retention_of(&[("binlog_expire_logs_seconds", "0")]), Retention::Forever);
    assert_eq!(retention_of(&[("binlog_expire_logs_auto_purge", "OFF")]), Retention::Forever);
    let amazon = [("basedir", "/rdsdbbin/mysql-8.0.36.R1/")];
    assert_eq!(retention_of(&amazon), Retention::Unknown);
}

fn retention_findings(changes: &[(&str, &str)], rows: u64) -> Vec<Finding> {
    let estimate = Estimate::new(rows, &SnapshotParams::default());
    let findings = retention::judge(&facts(changes), estimate);
    assert_remedies(&findings);
    findings
}

#[test]
fn binlogs_must_be_kept_for_a_day() {
    let kept = |seconds: &str| {
        let findings = retention_findings(&[("binlog_expire_logs_seconds", seconds)], 0);
        of(&findings, "retention").clone()
    };
    assert_eq!(kept("86400").severity, Severity::Ok);
    let short = kept("86399");
    assert_eq!(short.severity, Severity::Warning);
    let sql = "SET PERSIST binlog_expire_logs_seconds = 259200;";
    assert_eq!(short.sql.as_deref(), Some(sql));
    let amazon = retention_findings(&[("basedir", "/rdsdbbin/mysql/")], 0);
    assert_eq!(not_ok(&amazon), [(Severity::Warning, "retention")]);
}

#[test]
fn binlogs_must_be_kept_for_longer_than_the_snapshot_takes_and_both_figures_are_given() {
    let two_days = [("binlog_expire_logs_seconds", "172800")];
    let rows_per_two_days = 10_000 * 172_800;
    let finding =
        of(&retention_findings(&two_days, rows_per_two_days - 10_000), "retention").clone();
    assert_eq!(finding.severity, Severity::Ok);
    let finding = of(&retention_findings(&two_days, rows_per_two_days), "retention").clone();
    assert_eq!(finding.severity, Severity::Warning);
    let message = "binlogs are kept for 48 h only: a snapshot of about 1728000000 rows takes up to \
                   48 h, at 10000 rows a second";
    assert_eq!(finding.message, message);
    let sql = "SET PERSIST binlog_expire_logs_seconds = 345600;";
    assert_eq!(finding.sql.as_deref(), Some(sql));
}

#[test]
fn a_limit_on_the_binlogs_size_is_warned_of() {
    assert_eq!(not_ok(&retention_findings(&[("max_binlog_total_size", "0")], 1)), []);
    let findings = retention_findings(&[("max_binlog_total_size", "1073741824")], 1);
    assert_eq!(not_ok(&findings), [(Severity::Warning, "retention_size")]);
}

#[test]
fn snapshot_time_is_rounded_up_and_keeps_the_throttle() {
    let time = |rows, throttle: &SnapshotParams| Estimate::new(rows, throttle).time;
    let free = SnapshotParams::default();
    assert_eq!(time(0, &free), Duration::ZERO);
    assert_eq!(time(1, &free), Duration::from_secs(1));
    assert_eq!(time(20_001, &free), Duration::from_secs(3));
    let slow = SnapshotParams { rows_per_second: Some(100), ..free };
    assert_eq!(time(20_000, &slow), Duration::from_secs(200));
    let fast = SnapshotParams { rows_per_second: Some(1_000_000), ..free };
    assert_eq!(time(20_000, &fast), time(20_000, &free), "allowed is not promised");
    let resting = SnapshotParams { pause: Duration::from_secs(1), ..free };
    assert_eq!(time(20_000, &resting), Duration::from_secs(2 + 4));
}

#[test]
fn a_clock_may_be_off_by_five_seconds() {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let at = |ms: i64| judge_clock(1_700_000_000_000 + ms, now).severity;
    assert_eq!(at(5_000), Severity::Ok);
    assert_eq!(at(-5_000), Severity::Ok);
    assert_eq!(at(5_001), Severity::Warning);
    assert_eq!(at(-5_001), Severity::Warning);
}
