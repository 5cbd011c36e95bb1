//! The snapshot is interrupted: it goes on where it was, and nothing is missing in the end.

use std::time::Duration;

use aco_stream::decode::TableLayout;
use aco_stream::engine::Activity;
use aco_stream::source::SnapshotParams;

use crate::copy::{assert_same, rows_of_database, rows_of_store};
use crate::followed::Followed;
use crate::interruptions::Trial;
use crate::program::{COMMAND_LIMIT, eventually};
use crate::random::{Random, seed};
use crate::servers::{Flavour, OddServer, User, both_servers};
use crate::shop::Shop;

/// Reads a shop whose writer does not pause, and does something to the server amid the snapshot.
fn interrupted(trial: &mut Trial, what: &str, connections_max: u64, does: impl FnOnce(&Trial)) {
    let before = trial.proxy.connections();
    trial.followed = Followed::new(TableLayout::Plain);
    trial.followed.start_at_once(&trial.params);
    trial.watch(what, |trial| {
        trial.followed.rows_read() > 200
            && matches!(trial.followed.activity(), Activity::Snapshot(_))
    });
    let rows_read = trial.followed.rows_read();
    does(trial);
    trial.watch(what, |trial| trial.followed.is_open());
    assert!(trial.followed.rows_read() > rows_read, "it was interrupted amid the reading");
    trial.assert_nothing_is_lost(what);
    trial.followed.stop().expect("it follows well");
    let made = trial.proxy.connections() - before;
    eprintln!("{what}: {made} connections");
    assert!(made <= connections_max, "{what}: {made} connections");
}

fn snapshot_is_interrupted(flavour: Flavour) {
    let Some(odd) = OddServer::start(flavour, &[]) else { return };
    eprintln!("on {} {}", odd.server.flavour.name(), odd.server.version);
    let mut trial = Trial::new(&odd.server);
    let pause = Duration::from_millis(30);
    trial.params.snapshot = SnapshotParams { chunk_rows: 40, pause, ..SnapshotParams::default() };
    trial.write();
    interrupted(&mut trial, "cut", 12, |trial| trial.proxy.cut());
    interrupted(&mut trial, "KILL of the reading connections", 12, |trial| {
        let root = trial.root();
        for (thread, _) in trial.threads() {
            // One that has just ended is no longer there to be killed.
            root.try_query(&format!("KILL {thread}")).unwrap_or_default();
        }
    });
    interrupted(&mut trial, "restart", 20, |_| odd.restart());
    interrupted(&mut trial, "kill -9", 20, |_| {
        odd.kill9();
        odd.start_again();
    });
}

#[test]
fn snapshot_outlives_its_server_on_mariadb_10_11() {
    snapshot_is_interrupted(Flavour::MariaDb);
}

#[test]
fn snapshot_outlives_its_server_on_mysql_9_7() {
    snapshot_is_interrupted(Flavour::MySql);
}

#[test]
fn snapshot_of_a_killed_process_goes_on_at_its_chunk() {
    const COMMITTED: &str = "snapshot chunk committed";
    both_servers(|server| {
        let shop = Shop::open(server);
        let mut random = Random(seed());
        for round in 1..=2 {
            let running = shop.aco.start(&["run", "--dry-run", "--verbose"]);
            let chunks = usize::try_from(random.up_to(5)).expect("a few");
            eventually("some chunks are committed", COMMAND_LIMIT, || {
                running.stderr().matches(COMMITTED).count() >= chunks
                    || running.stderr().contains("following the binlog")
            });
            running.kill();
            shop.database.exec(&format!(
                "UPDATE catalog_product_entity_varchar SET value = 'killed {round}' WHERE \
                 attribute_id = 173 ORDER BY value_id LIMIT 20; \
                 DELETE FROM cataloginventory_stock_item ORDER BY item_id LIMIT 3"
            ));
        }
        let finished = shop.aco.run(&["run", "--once", "--dry-run"]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let layout = TableLayout::Plain;
        let copy = rows_of_store(&shop.directory.path().join("store"), layout);
        let session = shop.database.session(User::App);
        let theirs = rows_of_database(&session, &shop.database.schema, layout);
        assert_same(&copy, &theirs, "after two kills");
    });
}
