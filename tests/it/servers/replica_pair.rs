//! A primary and a replica that follows it by GTID, for tests of a failover.

use super::{Flavour, OddServer, Rows, Server, User};

/// How long the replica may take to catch up, in seconds.
const CATCH_UP_SECONDS: u32 = 60;

/// A primary and a replica that writes what it replicates to its own binlog, under the same GTIDs.
///
/// Both have the users of every test server. Whatever is done on the primary, schemas and users
/// included, reaches the replica; the replica takes no writes from `app` until it is promoted.
#[derive(Debug)]
pub(crate) struct ReplicaPair {
    /// Takes the shop's writes.
    pub(crate) primary: OddServer,
    /// Follows it, and goes on trying to when the primary is gone.
    pub(crate) replica: OddServer,
}

impl ReplicaPair {
    /// Starts both, replicating; `None` after noting that this test was skipped on this flavour.
    pub(crate) fn start(flavour: Flavour) -> Option<Self> {
        let statements = statements_of(flavour);
        let primary = OddServer::start(flavour, statements.options)?;
        let replica = OddServer::start(flavour, statements.options)?;
        for server in [&primary.server, &replica.server] {
            // Both have created the same users already, each under GTIDs of its own.
            server.session(User::Root, "").exec(statements.forget_binlog);
        }
        let user = "CREATE USER replication@'%' IDENTIFIED BY 'replication-secret'; \
                    GRANT REPLICATION SLAVE ON *.* TO replication@'%'";
        primary.server.session(User::Root, "").exec(user);
        let follow = statements.follow.replace("{port}", &primary.server.port.to_string());
        replica.server.session(User::Root, "").exec(&follow);
        let pair = Self { primary, replica };
        pair.wait_until_replica_has(&pair.primary_position());
        Some(pair)
    }

    /// The GTIDs of everything the primary has committed, as the server writes them.
    pub(crate) fn primary_position(&self) -> String {
        gtids(&self.primary.server)
    }

    /// Waits until the replica has applied these GTIDs; panics with its status when it does not.
    pub(crate) fn wait_until_replica_has(&self, position: &str) {
        let root = self.replica.server.session(User::Root, "");
        let statements = statements_of(self.replica.server.flavour);
        let wait = format!("SELECT {}('{position}', {CATCH_UP_SECONDS})", statements.wait);
        let outcome = root.query(&wait);
        assert!(
            outcome == [[Some("0".to_owned())]],
            "the replica has not applied {position}: {outcome:?}, {:?}",
            root.query(statements.status)
        );
    }

    /// Makes the replica a server of its own that takes writes. What it has not applied by now it
    /// never will.
    pub(crate) fn promote(&self) {
        let promote = statements_of(self.replica.server.flavour).promote;
        self.replica.server.session(User::Root, "").exec(promote);
    }
}

/// The same steps in each server's own words.
struct Statements {
    options: &'static [&'static str],
    forget_binlog: &'static str,
    follow: &'static str,
    gtids: &'static str,
    wait: &'static str,
    status: &'static str,
    promote: &'static str,
}

fn statements_of(flavour: Flavour) -> Statements {
    match flavour {
        Flavour::MariaDb | Flavour::MariaDb118 => Statements {
            options: &["log_slave_updates=ON"],
            forget_binlog: "RESET MASTER",
            // A newer MariaDB verifies the primary's certificate unless it is told not to.
            follow: "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, \
                     MASTER_USER = 'replication', MASTER_PASSWORD = 'replication-secret', \
                     MASTER_CONNECT_RETRY = 1, MASTER_SSL_VERIFY_SERVER_CERT = 0, \
                     MASTER_USE_GTID = slave_pos; \
                     START SLAVE; SET GLOBAL read_only = ON",
            gtids: "SELECT @@gtid_binlog_pos",
            wait: "MASTER_GTID_WAIT",
            status: "SHOW SLAVE STATUS",
            promote: "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = OFF",
        },
        Flavour::MySql => Statements {
            options: &["log_replica_updates=ON"],
            forget_binlog: "RESET BINARY LOGS AND GTIDS",
            follow: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, \
                     SOURCE_USER = 'replication', SOURCE_PASSWORD = 'replication-secret', \
                     SOURCE_CONNECT_RETRY = 1, SOURCE_AUTO_POSITION = 1, \
                     GET_SOURCE_PUBLIC_KEY = 1; \
                     START REPLICA; SET GLOBAL super_read_only = ON",
            gtids: "SELECT @@gtid_executed",
            wait: "WAIT_FOR_EXECUTED_GTID_SET",
            status: "SHOW REPLICA STATUS",
            promote: "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = OFF; \
                      SET GLOBAL read_only = OFF",
        },
    }
}

fn gtids(server: &Server) -> String {
    let rows = server.session(User::Root, "").query(statements_of(server.flavour).gtids);
    // MySQL breaks a long set into lines.
    rows.into_iter().flatten().flatten().collect::<String>().replace('\n', "")
}

#[test]
fn replica_has_what_the_primary_had_and_can_take_its_place() {
    for pair in Flavour::ALL.into_iter().filter_map(ReplicaPair::start) {
        let replica = &pair.replica.server;
        eprintln!("on {} {}", replica.flavour.name(), replica.version);
        let database = pair.primary.server.fresh_database(&[]);
        database.exec("CREATE TABLE t (n INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        let position = pair.primary_position();
        pair.wait_until_replica_has(&position);
        assert_eq!(gtids(replica), position, "its own binlog goes by the primary's GTIDs");

        let app = replica.session(User::App, &database.schema);
        let refusal = app.try_query("INSERT INTO t VALUES (3)").expect_err("a replica");
        assert!(refusal.contains("read-only"), "{refusal}");
        pair.primary.kill9();
        pair.promote();
        app.exec("INSERT INTO t VALUES (3)");
        let numbers: Rows = ["1", "2", "3"].map(|n| vec![Some(n.to_owned())]).into();
        let cdc = replica.session(User::Cdc, &database.schema);
        assert_eq!(cdc.query("SELECT n FROM t ORDER BY n"), numbers);
        let promoted = gtids(replica);
        assert_ne!(promoted, position, "it counts its own writes now");
    }
}
