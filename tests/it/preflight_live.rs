//! The preflight, what is checked again while following, and the outlook on a purge, on real servers.

use std::collections::BTreeSet;
use std::time::Duration;

use aco_stream::catalog::tables::{WATCHED_TABLES, watched_tables};
use aco_stream::clock::{Clock, SystemClock};
use aco_stream::decode::TableLayout;
use aco_stream::position::{BinlogOffset, Position};
use aco_stream::source::{
    Connection, Finding, Preflight, PurgeOutlook, Severity, SourceError, SourceErrorKind,
    SourceParams, preflight, purge_outlook, recheck, safe_start, written_end,
};

use crate::program::eventually;
use crate::servers::{Flavour, OddServer, Server, User, all_servers, both_servers};
use crate::source_live::{Account, fixture, open_stream, params, run, shop};

fn preflight_for(params: &SourceParams) -> Preflight {
    run(async {
        let mut connection = Connection::connect(params).await.expect("connected");
        let (tables, now) = (WATCHED_TABLES, SystemClock.now());
        let seen = preflight(&mut connection, params, tables, now).await;
        seen.expect("preflight")
    })
}

fn findings(params: &SourceParams) -> Vec<Finding> {
    preflight_for(params).findings
}

fn checks(findings: &[Finding], severity: Severity) -> BTreeSet<&'static str> {
    let found = findings.iter().filter(|finding| finding.severity == severity);
    found.map(|finding| finding.check).collect()
}

#[test]
fn preflight_passes_on_a_good_shop_with_the_least_privileges() {
    both_servers(|server| {
        let database = shop(server);
        let found = findings(&params(server, &database.schema));
        for finding in &found {
            eprintln!("{finding:?}");
        }
        assert_eq!(checks(&found, Severity::Fatal), BTreeSet::new());
    });
}

#[test]
fn preflight_lists_every_missing_table_at_once() {
    both_servers(|server| {
        let database = server.fresh_database(&[]);
        let found = findings(&params(server, &database.schema));
        assert_eq!(checks(&found, Severity::Fatal), BTreeSet::from(["tables"]));
        let tables = found.iter().find(|finding| finding.check == "tables").expect("there");
        for table in watched_tables(TableLayout::Plain).iter().filter(|table| !table.optional) {
            assert!(tables.message.contains(table.name), "{}", tables.message);
        }
    });
}

#[test]
fn system_versioned_table_is_refused_and_mended_by_the_sql_that_is_given() {
    for flavour in [Flavour::MariaDb, Flavour::MariaDb118] {
        let Some(server) = Server::of(flavour) else { continue };
        let database = shop(&server);
        let params = params(&server, &database.schema);
        database.exec("ALTER TABLE catalog_product_entity_int ADD SYSTEM VERSIONING");
        let found = findings(&params);
        assert_eq!(checks(&found, Severity::Fatal), BTreeSet::from(["versioning"]));
        let finding = found.iter().find(|finding| finding.check == "versioning").expect("there");
        database.exec(finding.sql.as_ref().expect("a statement"));
        assert_eq!(checks(&findings(&params), Severity::Fatal), BTreeSet::new());
    }
}

#[test]
fn preflight_passes_on_a_shop_with_content_staging() {
    both_servers(|server| {
        let database = server.fresh_database(&[&fixture("schema-commerce.sql")]);
        let params = params(server, &database.schema);
        let seen = preflight_for(&params);
        assert_eq!(seen.layout, TableLayout::Staged);
        assert_eq!(checks(&seen.findings, Severity::Fatal), BTreeSet::new(), "{seen:?}");
        assert_eq!(checks(&seen.findings, Severity::Warning), BTreeSet::new(), "{seen:?}");
    });
}

#[test]
fn preflight_notices_wrong_server_settings() {
    let odd = OddServer::mariadb(&[
        "binlog_format=MIXED",
        "binlog_row_image=MINIMAL",
        "binlog_row_metadata=NO_LOG",
        "log_bin_compress=ON",
        "binlog_checksum=NONE",
        "binlog_expire_logs_seconds=3600",
    ]);
    let database = shop(&odd.server);
    let found = findings(&params(&odd.server, &database.schema));
    let fatal = BTreeSet::from(["binlog_format", "binlog_row_image"]);
    assert_eq!(checks(&found, Severity::Fatal), fatal, "{found:?}");
    let warnings = checks(&found, Severity::Warning);
    assert_eq!(warnings, BTreeSet::from(["binlog_checksum", "retention"]), "{found:?}");
}

#[test]
fn server_without_binlog_is_noticed_before_and_at_the_snapshot() {
    let odd = OddServer::mariadb(&["log_bin=OFF"]);
    let database = shop(&odd.server);
    let params = params(&odd.server, &database.schema);
    assert!(checks(&findings(&params), Severity::Fatal).contains("log_bin"));
    run(async {
        let mut connection = Connection::connect(&params).await.expect("connected");
        let error = safe_start(&mut connection).await.expect_err("no binlog");
        assert!(matches!(error, SourceError::BinlogOff), "{error:?}");
        let error = written_end(&mut connection).await.expect_err("no binlog");
        assert!(matches!(error, SourceError::BinlogOff), "{error:?}");
    });
}

#[test]
fn missing_replication_grants_are_named_and_refused() {
    both_servers(|server| {
        let database = shop(server);
        let account = Account::new(server, &database, "");
        let params = account.params(&database);
        let found = findings(&params);
        let expected = BTreeSet::from(["grant_replication_slave", "grant_replication_client"]);
        assert_eq!(checks(&found, Severity::Fatal), expected, "{found:?}");
        for finding in found.iter().filter(|finding| finding.severity == Severity::Fatal) {
            let statement = finding.sql.as_deref().expect("a statement");
            server.session(User::Root, "").exec(statement.trim_end_matches(';'));
        }
        let found = findings(&params);
        assert_eq!(checks(&found, Severity::Fatal), BTreeSet::new(), "{found:?}");
        let without_slave = Account::new(server, &database, "REPLICATION CLIENT");
        run(async {
            let params = without_slave.params(&database);
            let mut connection = Connection::connect(&params).await.expect("connected");
            let from = safe_start(&mut connection).await.expect("a position");
            let opened = open_stream(&params, &from).await;
            let error = match opened {
                Ok(mut stream) => stream.next().await.expect_err("no privilege"),
                Err(error) => error,
            };
            assert_eq!(error.kind(), SourceErrorKind::Config, "{error:?}");
        });
    });
}

#[test]
fn privileges_of_an_active_role_count_and_those_of_another_perhaps() {
    all_servers(|server| {
        let database = server.fresh_database(&[]);
        let account = Account::new(server, &database, "");
        let params = account.params(&database);
        let (user, role) = (&account.name, format!("{}_role", account.name));
        let whom = if server.flavour.is_mariadb() { "FOR" } else { "TO" };
        let root = server.session(User::Root, "");
        root.exec(&format!("CREATE ROLE {role}"));
        root.exec(&format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {role}"));
        root.exec(&format!("GRANT {role} TO {user}@'%'"));
        let check = || {
            let found = rechecked(&params);
            let slave = found.iter().find(|finding| finding.check == "grant_replication_slave");
            (slave.expect("there").severity, checks(&found, Severity::Fatal))
        };
        let denied = BTreeSet::from(["grant_replication_client"]);
        assert_eq!(check(), (Severity::Warning, denied), "the role is not active");
        root.exec(&format!("SET DEFAULT ROLE {role} {whom} {user}@'%'"));
        assert_eq!(check(), (Severity::Ok, BTreeSet::new()), "the role is active");
        root.exec(&format!("DROP ROLE {role}"));
    });
}

fn rechecked(params: &SourceParams) -> Vec<Finding> {
    run(async {
        let mut connection = Connection::connect(params).await.expect("connected");
        recheck(&mut connection, params).await.expect("checked again")
    })
}

#[test]
fn what_an_operator_changes_while_we_follow_is_noticed() {
    for flavour in Flavour::ALL {
        let Some(odd) = OddServer::start(flavour, &[]) else { continue };
        let database = odd.server.fresh_database(&[]);
        let account = Account::new(&odd.server, &database, "REPLICATION SLAVE, REPLICATION CLIENT");
        let params = account.params(&database);
        let good = rechecked(&params);
        assert_eq!(checks(&good, Severity::Fatal), BTreeSet::new(), "{good:?}");
        assert_eq!(checks(&good, Severity::Warning), BTreeSet::new(), "{good:?}");
        let root = odd.server.session(User::Root, "");
        for statement in [
            "SET GLOBAL binlog_format = 'MIXED'",
            "SET GLOBAL binlog_row_image = 'MINIMAL'",
            "SET GLOBAL binlog_expire_logs_seconds = 3600",
            &format!("REVOKE REPLICATION SLAVE ON *.* FROM {}@'%'", account.name),
        ] {
            root.exec(statement);
        }
        let found = rechecked(&params);
        let fatal =
            BTreeSet::from(["binlog_format", "binlog_row_image", "grant_replication_slave"]);
        assert_eq!(checks(&found, Severity::Fatal), fatal, "{found:?}");
        assert_eq!(checks(&found, Severity::Warning), BTreeSet::from(["retention"]), "{found:?}");
        for finding in found.iter().filter(|finding| finding.severity != Severity::Ok) {
            for statement in finding.sql.as_deref().expect("a statement").lines() {
                root.exec(statement.trim_end_matches(';'));
            }
        }
        let mended = rechecked(&params);
        assert_eq!(checks(&mended, Severity::Fatal), BTreeSet::new(), "{mended:?}");
        assert_eq!(checks(&mended, Severity::Warning), BTreeSet::new(), "{mended:?}");
    }
}

#[test]
fn a_number_that_a_replica_has_is_refused_where_the_account_may_look() {
    all_servers(|server| {
        let database = shop(server);
        let privileges = if server.flavour.is_mariadb() {
            "REPLICATION SLAVE, BINLOG MONITOR, REPLICATION MASTER ADMIN"
        } else {
            "REPLICATION SLAVE, REPLICATION CLIENT"
        };
        let account = Account::new(server, &database, privileges);
        let params = account.params(&database);
        let server_id = |params: &SourceParams| {
            let found = rechecked(params);
            found.iter().find(|finding| finding.check == "server_id").expect("there").clone()
        };
        assert!(server_id(&params).message.ends_with("is free"));
        run(async {
            let mut connection = Connection::connect(&params).await.expect("connected");
            let from = safe_start(&mut connection).await.expect("a position");
            let _ours = open_stream(&params, &from).await.expect("a stream");
        });
        assert_eq!(server_id(&params).severity, Severity::Ok, "our own registration is none");
        let own: u32 = {
            let rows = server.session(User::Root, "").query("SELECT @@GLOBAL.server_id");
            rows[0][0].as_deref().expect("a number").parse().expect("a number")
        };
        let stolen = SourceParams { server_id: own, ..params };
        assert_eq!(server_id(&stolen).severity, Severity::Fatal);
    });
}

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
/// Longer than any server needs for it on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long the server has what follows `position`, whose last event is an hour old.
fn outlook(params: &SourceParams, position: &Position) -> PurgeOutlook {
    run(async {
        let mut connection = Connection::connect(params).await.expect("connected");
        let now = SystemClock.now();
        let outlook = purge_outlook(&mut connection, position, Some(now - HOUR), now).await;
        outlook.expect("an outlook")
    })
}

/// `left`, `files_behind`.
fn kept(outlook: PurgeOutlook) -> (Option<Duration>, u64) {
    match outlook {
        PurgeOutlook::Kept { left, files_behind, .. } => (left, files_behind),
        PurgeOutlook::Purged => panic!("it is there"),
    }
}

#[test]
fn time_until_our_position_is_purged_is_known_before_it_is() {
    for flavour in Flavour::ALL {
        let options = ["binlog_expire_logs_seconds=86400"];
        let Some(odd) = OddServer::start(flavour, &options) else { continue };
        let database = shop(&odd.server);
        let params = params(&odd.server, &database.schema);
        let (with_gtid, without) = run(async {
            let mut connection = Connection::connect(&params).await.expect("connected");
            let at = written_end(&mut connection).await.expect("the end");
            let gtid = safe_start(&mut connection).await.expect("a position").gtid;
            assert!(gtid.is_some(), "both servers have GTIDs");
            (Position { gtid, at: at.clone() }, Position { gtid: None, at })
        });
        assert_eq!(kept(outlook(&params, &with_gtid)), (Some(DAY), 0), "nothing is unread");
        assert_eq!(kept(outlook(&params, &without)), (Some(DAY), 0), "the newest file");

        let root = odd.server.session(User::Root, "");
        root.exec("FLUSH BINARY LOGS");
        assert_eq!(kept(outlook(&params, &with_gtid)), (Some(DAY), 0), "nothing is unread yet");
        assert_eq!(kept(outlook(&params, &without)), (Some(DAY.abs_diff(HOUR)), 1));
        database.exec("UPDATE store SET name = 'unread' WHERE store_id = 1");
        assert_eq!(kept(outlook(&params, &with_gtid)), (Some(DAY.abs_diff(HOUR)), 1));

        root.exec("FLUSH BINARY LOGS");
        let newest = run(async {
            let mut connection = Connection::connect(&params).await.expect("connected");
            written_end(&mut connection).await.expect("the end").file
        });
        // MariaDB keeps a file until its engines have told that they need it no more.
        // The first file goes before the one that has the unread change.
        for position in [&without, &with_gtid] {
            eventually("the unread file is purged", PATIENCE, || {
                root.exec(&format!("PURGE BINARY LOGS TO '{newest}'"));
                outlook(&params, position) == PurgeOutlook::Purged
            });
        }
        let elsewhere = Position { at: BinlogOffset::default(), ..with_gtid };
        assert_eq!(outlook(&params, &elsewhere), PurgeOutlook::Purged);
    }
}
