//! The server loses binlogs, counts anew, or another one takes its place: the shop is followed on
//! without loss, or following ends and says what to do.

use aco_stream::engine::EngineError;
use aco_stream::position::GtidSet;
use aco_stream::source::TlsMode;

use crate::editions::shop;
use crate::interruptions::Trial;
use crate::servers::replica_pair::ReplicaPair;
use crate::servers::{Flavour, OddServer, Rows, Server, Session, User};

/// Runs on a server of its own, whose binlogs only this test touches.
fn on_odd(flavour: Flavour, options: &[&str], check: impl Fn(&OddServer)) {
    if let Some(odd) = OddServer::start(flavour, options) {
        eprintln!("on {} {}", odd.server.flavour.name(), odd.server.version);
        check(&odd);
    }
}

/// The binlog files, oldest first, with their sizes.
fn binlogs(root: &Session) -> Vec<(String, u64)> {
    let rows: Rows = root.query("SHOW BINARY LOGS");
    let text = |row: &Vec<Option<String>>, place: usize| row.get(place).cloned().flatten();
    let file = |row: &Vec<Option<String>>| Some((text(row, 0)?, text(row, 1)?.parse().ok()?));
    rows.iter().filter_map(file).collect()
}

fn gtids(server: &Server) -> Option<GtidSet> {
    let sql = match server.flavour {
        Flavour::MariaDb | Flavour::MariaDb118 => "SELECT @@gtid_binlog_pos",
        Flavour::MySql => "SELECT @@gtid_executed",
    };
    let rows = server.session(User::Root, "").query(sql);
    GtidSet::parse(&rows.into_iter().flatten().flatten().collect::<String>()).ok()
}

/// Has the server forget its binlogs and count from 1 again.
fn reset(server: &Server) {
    let root = server.session(User::Root, "");
    root.exec(match server.flavour {
        Flavour::MariaDb | Flavour::MariaDb118 => "RESET MASTER",
        Flavour::MySql => "RESET BINARY LOGS AND GTIDS",
    });
}

/// Starts following; it ends by itself because the position is lost, after a few connections.
fn assert_lost(trial: &mut Trial, what: &str) {
    let before = trial.proxy.connections();
    if !trial.followed.is_running() {
        trial.followed.start_at_once(&trial.params);
    }
    let (error, hint) = trial.stopped(what);
    assert!(matches!(error, EngineError::LostPosition(_)), "{what}: {error:?}");
    assert!(hint.contains("take a new snapshot (on_lost_position = \"resnapshot\")"), "{hint}");
    let made = trial.proxy.connections() - before;
    assert!(made <= 8, "{what}: {made} connections");
}

/// The same, with leave to take a new snapshot: it heals by itself.
fn assert_heals(trial: &mut Trial, what: &str) {
    let before = trial.proxy.connections();
    trial.followed.resnapshot_on_lost_position = true;
    trial.followed.start_at_once(&trial.params);
    trial.watch(what, |trial| trial.follows() && trial.followed.is_open());
    trial.assert_nothing_is_lost(what);
    trial.followed.stop().expect("it follows well");
    trial.followed.resnapshot_on_lost_position = false;
    let made = trial.proxy.connections() - before;
    assert!(made <= 12, "{what}: {made} connections");
}

fn lost_binlogs(flavour: Flavour, options: &[&str]) {
    on_odd(flavour, options, |odd| {
        let mut trial = Trial::new(&odd.server);
        let root = odd.server.session(User::Root, "");
        root.exec("FLUSH BINARY LOGS");
        trial.write();
        trial.follow();

        trial.followed.stop().expect("it follows well");
        trial.write_some();
        root.exec("FLUSH BINARY LOGS");
        trial.watch("the binlogs are purged", |_| {
            let files = binlogs(&root);
            let (newest, _) = files.last().expect("a file");
            root.exec(&format!("PURGE BINARY LOGS TO '{newest}'"));
            binlogs(&root).len() == 1
        });
        assert_lost(&mut trial, "purged while it was stopped");
        assert_heals(&mut trial, "purged, and allowed to take a new snapshot");

        reset(&odd.server);
        trial.write_some();
        assert_lost(&mut trial, "reset, with fewer transactions than before");
        assert_heals(&mut trial, "reset, and allowed to take a new snapshot");

        // Now the server counts beyond the position again: it would pass over what bears old numbers.
        let position = trial.followed.store().position().expect("readable").expect("a position");
        reset(&odd.server);
        let session = trial.database.session(User::App);
        trial.watch("the server has more than before", |_| {
            for _ in 0..50 {
                session.exec(
                    "UPDATE cataloginventory_stock_item SET qty = qty + 1 WHERE product_id = 103",
                );
            }
            let files = binlogs(&root);
            if files.last().is_some_and(|(name, _)| *name != position.at.file) {
                root.exec("FLUSH BINARY LOGS");
            }
            let has_more = match (&position.gtid, gtids(&odd.server)) {
                (Some(ours), Some(theirs)) => theirs.contains_set(ours),
                _ => true,
            };
            let file = files.iter().find(|(name, _)| *name == position.at.file);
            has_more && file.is_some_and(|(_, size)| *size > position.at.offset)
        });
        assert_lost(&mut trial, "reset, with more transactions than before");
        assert_heals(&mut trial, "reset and grown, and allowed to take a new snapshot");
    });
}

#[test]
fn purged_or_reset_binlogs_are_a_lost_position_on_mariadb_10_11() {
    lost_binlogs(Flavour::MariaDb, &[]);
}

#[test]
fn purged_or_reset_binlogs_are_a_lost_position_on_mariadb_11_8() {
    lost_binlogs(Flavour::MariaDb118, &[]);
}

#[test]
fn purged_or_reset_binlogs_are_a_lost_position_on_mysql_9_7() {
    lost_binlogs(Flavour::MySql, &[]);
}

/// A trial that will come to another server, which has a certificate of another authority.
fn unverified(server: &Server) -> Trial {
    let mut trial = Trial::new(server);
    trial.params.tls = TlsMode::Require;
    trial.write();
    trial.follow();
    trial
}

const NO_GTIDS: &[&str] = &["gtid_mode=OFF", "enforce_gtid_consistency=OFF"];

#[test]
fn purged_or_reset_binlogs_are_a_lost_position_without_gtids() {
    lost_binlogs(Flavour::MySql, NO_GTIDS);
}

#[test]
fn server_without_gtids_is_followed_and_another_one_is_refused() {
    on_odd(Flavour::MySql, NO_GTIDS, |odd| {
        let mut trial = unverified(&odd.server);
        trial.interrupt("restart without GTIDs", 10, |_| odd.restart());
        let app = odd.server.session(User::App, &trial.database.schema);
        // The binlog is absorbed once more from the statement on: old numbers come again.
        trial.may_go_back = true;
        app.exec("ALTER TABLE catalog_product_entity_varchar ADD COLUMN extra INT NULL FIRST");
        trial.assert_nothing_is_lost("a table is redefined");
        trial.interrupt("kill -9 without GTIDs", 10, |_| {
            odd.kill9();
            odd.start_again();
        });
        trial.followed.stop().expect("it follows well");
        trial.write_no_more();

        let Some(other) = OddServer::start(Flavour::MySql, NO_GTIDS) else { return };
        let elsewhere = shop(&other.server, trial.followed.layout);
        trial.proxy.retarget(other.server.port);
        trial.params.database.clone_from(&elsewhere.schema);
        assert_lost(&mut trial, "another server without GTIDs");
    });
}

/// The replica takes the primary's place with everything the primary had, and the shop goes on there.
fn failover(flavour: Flavour) {
    let Some(pair) = ReplicaPair::start(flavour) else { return };
    let mut trial = unverified(&pair.primary.server);
    trial.write_no_more();
    pair.wait_until_replica_has(&pair.primary_position());
    let before = trial.proxy.connections();
    pair.primary.kill9();
    pair.promote();
    trial.move_shop(&pair.replica.server);
    trial.watch("the replica is followed", |trial| {
        trial.proxy.connections() > before && trial.follows()
    });
    // Nothing has come from the new server yet: what is stored must not name the old one's files.
    trial.followed.stop().expect("it follows well");
    trial.followed.reopen();
    trial.followed.start(&trial.params);
    trial.watch("it goes on", Trial::follows);
    trial.write();
    trial.assert_nothing_is_lost("failover");
    trial.interrupt("cut after a failover", 3, |trial| trial.proxy.cut());
    let made = trial.proxy.connections() - before;
    assert!(made <= 20, "failover: {made} connections");
}

/// The primary dies with changes that the replica never got, and that were absorbed.
fn failover_with_loss(flavour: Flavour) {
    let Some(pair) = ReplicaPair::start(flavour) else { return };
    let mut trial = unverified(&pair.primary.server);
    pair.wait_until_replica_has(&pair.primary_position());
    let replica = pair.replica.server.session(User::Root, "");
    replica.exec(if flavour.is_mariadb() { "STOP SLAVE" } else { "STOP REPLICA" });
    trial.assert_nothing_is_lost("the replica stands still");
    trial.write_no_more();
    pair.primary.kill9();
    pair.promote();
    trial.move_shop(&pair.replica.server);
    trial.may_go_back = true;
    trial.write();
    assert_lost(&mut trial, "failover to a server that lacks absorbed changes");
    assert_heals(&mut trial, "failover with loss, and allowed to take a new snapshot");
}

#[test]
fn failover_by_gtid_loses_nothing_on_mariadb_10_11() {
    failover(Flavour::MariaDb);
}

#[test]
fn failover_by_gtid_loses_nothing_on_mysql_9_7() {
    failover(Flavour::MySql);
}

#[test]
fn failover_to_a_server_that_lacks_absorbed_changes_is_a_lost_position_on_mariadb_10_11() {
    failover_with_loss(Flavour::MariaDb);
}

#[test]
fn failover_to_a_server_that_lacks_absorbed_changes_is_a_lost_position_on_mysql_9_7() {
    failover_with_loss(Flavour::MySql);
}
