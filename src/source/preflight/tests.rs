//! Preflight: judgements of facts that no server has to be asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::decode::{ColumnKind, WatchedColumn, WatchedTable};
use crate::source::preflight::account::{Held, holds, quoted_account};
use crate::source::preflight::settings::{BinlogStatus, Facts, Replica, judge, retention_s};
use crate::source::preflight::shop::{is_rival, judge_clock};
use crate::source::preflight::tables::{self, Seen};
use crate::source::preflight::{Finding, Severity};
use crate::source::{Flavour, SourceParams, TlsMode};

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

fn facts(changes: &[(&str, &str)]) -> Facts {
    let pairs = GOOD.iter().chain(changes);
    let variables: BTreeMap<String, String> =
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Facts {
        flavour: Flavour::Mysql,
        version: (8, 4, 0),
        database: "shop".to_owned(),
        variables,
        replica: Replica::No,
        status: BinlogStatus::Denied,
    }
}

fn not_ok(findings: Vec<Finding>) -> Vec<(Severity, &'static str)> {
    let bad = findings.into_iter().filter(|finding| finding.severity != Severity::Ok);
    bad.map(|finding| (finding.severity, finding.check)).collect()
}

#[test]
fn a_well_set_server_has_nothing_to_complain_about() {
    assert_eq!(not_ok(judge(&facts(&[]))), []);
}

#[test]
fn each_setting_that_loses_rows_is_fatal_and_comes_with_a_fix() {
    for (name, value, check) in [
        ("log_bin", "OFF", "log_bin"),
        ("binlog_format", "MIXED", "binlog_format"),
        ("binlog_format", "STATEMENT", "binlog_format"),
        ("binlog_row_image", "MINIMAL", "binlog_row_image"),
        ("binlog_row_value_options", "PARTIAL_JSON", "binlog_row_value_options"),
        ("binlog_transaction_compression", "ON", "binlog_compression"),
        ("log_bin_compress", "ON", "binlog_compression"),
        ("server_id", "0", "log_bin"),
    ] {
        let findings = judge(&facts(&[(name, value)]));
        let fatal: Vec<&Finding> =
            findings.iter().filter(|finding| finding.severity == Severity::Fatal).collect();
        assert_eq!(fatal.len(), 1, "{name}={value}: {findings:?}");
        assert_eq!(fatal[0].check, check);
        assert!(fatal[0].fix.is_some(), "{name}");
    }
}

#[test]
fn settings_that_only_make_life_harder_are_warnings() {
    for (name, value, check) in [
        ("binlog_row_metadata", "MINIMAL", "binlog_row_metadata"),
        ("binlog_checksum", "NONE", "binlog_checksum"),
        ("binlog_expire_logs_seconds", "3600", "retention"),
        ("gtid_mode", "OFF", "gtid"),
    ] {
        let found = not_ok(judge(&facts(&[(name, value)])));
        assert_eq!(found, [(Severity::Warning, check)], "{name}");
    }
}

#[test]
fn retention_is_read_from_whichever_variable_the_server_uses() {
    let of = |changes: &[(&str, &str)]| retention_s(&facts(changes));
    assert_eq!(of(&[]), Some(2_592_000));
    let days = [("binlog_expire_logs_seconds", "0"), ("expire_logs_days", "2.000000")];
    assert_eq!(of(&days), Some(172_800));
    assert_eq!(of(&[("binlog_expire_logs_seconds", "0")]), None);
    assert_eq!(of(&[("binlog_expire_logs_auto_purge", "OFF")]), None);
}

#[test]
fn a_replica_must_log_what_it_replicates() {
    let mut replica = facts(&[("log_replica_updates", "OFF")]);
    assert_eq!(not_ok(judge(&replica)), []);
    replica.replica = Replica::Yes;
    assert_eq!(not_ok(judge(&replica)), [(Severity::Fatal, "log_replica_updates")]);
    replica.replica = Replica::Unknown;
    assert_eq!(not_ok(judge(&replica)), [(Severity::Warning, "log_replica_updates")]);
}

#[test]
fn a_privilege_is_found_whole_and_on_everything_only() {
    let grants =
        |lines: &[&str]| -> Vec<String> { lines.iter().map(|line| (*line).to_owned()).collect() };
    let held = |lines: &[&str]| holds(&grants(lines), "REPLICATION SLAVE");
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
fn a_clock_may_be_off_by_five_seconds() {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let at = |ms: i64| judge_clock(1_700_000_000_000 + ms, now).severity;
    assert_eq!(at(5_000), Severity::Ok);
    assert_eq!(at(-5_000), Severity::Ok);
    assert_eq!(at(5_001), Severity::Warning);
    assert_eq!(at(-5_001), Severity::Warning);
}

#[test]
fn modules_that_send_the_same_catalog_are_recognised() {
    assert!(is_rival(&"Magento_LiveSearchAdapter"));
    assert!(!is_rival(&"Magento_CatalogSearch"));
}

static TABLES: [WatchedTable; 2] = [
    WatchedTable {
        name: "catalog_product_entity",
        columns: &[
            WatchedColumn { name: "entity_id", kind: ColumnKind::Int },
            WatchedColumn { name: "sku", kind: ColumnKind::Text },
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    },
    WatchedTable {
        name: "cataloginventory_stock_item",
        columns: &[WatchedColumn { name: "item_id", kind: ColumnKind::Int }],
        chunk_column: 0,
        primary_key: &[0],
        optional: true,
        layout: None,
    },
];

fn seen(columns: &[(&str, &str)]) -> Seen {
    let mut seen = Seen::default();
    let name = "catalog_product_entity".to_owned();
    seen.readable.insert(name.clone());
    let columns =
        columns.iter().map(|(column, kind)| ((*column).to_owned(), (*kind).to_owned())).collect();
    seen.columns.insert(name, columns);
    seen
}

fn judge_tables(seen: &Seen) -> Vec<(Severity, &'static str)> {
    let params = SourceParams {
        host: "db".to_owned(),
        port: 3306,
        user: "cdc".to_owned(),
        password: None,
        database: "shop".to_owned(),
        tls: TlsMode::Off,
        tls_ca_file: None,
        table_prefix: String::new(),
        server_id: 7,
        heartbeat: SourceParams::HEARTBEAT,
        connect_timeout: SourceParams::CONNECT_TIMEOUT,
        net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
        statement_timeout: SourceParams::STATEMENT_TIMEOUT,
        snapshot: crate::source::SnapshotParams::default(),
    };
    not_ok(tables::judge(seen, &TABLES, &params, "cdc@%"))
}

#[test]
fn an_optional_table_may_be_missing_and_a_needed_one_may_not() {
    let whole = seen(&[("entity_id", "int unsigned"), ("sku", "varchar(64)")]);
    assert_eq!(judge_tables(&whole), []);
    assert_eq!(judge_tables(&Seen::default()), [(Severity::Fatal, "tables")]);
    let mut denied = Seen::default();
    denied.denied.insert("catalog_product_entity".to_owned());
    assert_eq!(judge_tables(&denied), [(Severity::Fatal, "grant_select")]);
}

#[test]
fn staged_tables_are_refused_by_name_and_not_as_missing_columns() {
    let staged = seen(&[("row_id", "int unsigned"), ("sku", "varchar(64)")]);
    assert_eq!(judge_tables(&staged), [(Severity::Fatal, "edition")]);
}

#[test]
fn missing_and_compressed_columns_are_fatal() {
    let missing = seen(&[("entity_id", "int unsigned")]);
    assert_eq!(judge_tables(&missing), [(Severity::Fatal, "columns")]);
    let compressed =
        seen(&[("entity_id", "int unsigned"), ("sku", "varchar(64) /*M!100301 COMPRESSED*/")]);
    assert_eq!(judge_tables(&compressed), [(Severity::Fatal, "compressed_columns")]);
}
