//! The connection breaks, stalls or lies, and the server goes and comes back: the shop is followed on
//! without loss and without haste.

use std::time::Duration;

use aco_stream::engine::Activity;
use aco_stream::source::{SourceParams, TlsMode};

use crate::fault_proxy::FaultProxy;
use crate::interruptions::Trial;
use crate::random::{Random, seed};
use crate::servers::{Flavour, OddServer, both_servers};

/// Connections of one attempt: the one that finds out whether to go on, the one that asks for the age
/// of the binlog file, and the binlog's. One more looks whom that throws out, where other tests read the
/// same server's binlog.
const ATTEMPT: u64 = 4;

#[test]
fn connection_that_is_cut_at_random_moments_loses_nothing() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        let mut random = Random(seed());
        for round in 1..=3 {
            let bytes = trial.proxy.bytes_from_server() + random.up_to(30_000);
            trial.watch("bytes come", |trial| trial.proxy.bytes_from_server() >= bytes);
            trial.interrupt(&format!("cut {round}"), ATTEMPT, |trial| trial.proxy.cut());
        }
    });
}

#[test]
fn connection_that_a_firewall_forgot_is_given_up() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        trial.interrupt("half-open connection", ATTEMPT, |trial| trial.proxy.silence());
    });
}

#[test]
fn network_that_stalls_is_waited_for() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        trial.interrupt("stall", 2 * ATTEMPT, |trial| {
            trial.proxy.stall_after(5000);
            trial.followed.wait("the silence is noticed", |followed| {
                matches!(followed.activity(), Activity::Reconnecting(_))
            });
            trial.proxy.stall(false);
        });
    });
}

#[test]
fn server_that_loses_patience_with_us_is_connected_to_again() {
    both_servers(|server| {
        let mut trial = Trial::new(server);
        // The server gives up long before we do.
        trial.params = SourceParams {
            net_write_timeout: Duration::from_secs(1),
            heartbeat: Duration::from_mins(1),
            ..trial.params.clone()
        };
        trial.write();
        trial.follow();
        trial.interrupt("net_write_timeout", ATTEMPT, |trial| {
            trial.proxy.stall(true);
            let row = "INSERT INTO catalog_product_entity_text (attribute_id, store_id, entity_id, \
                       value) VALUES (236, 0, 102, REPEAT('a', 60000)) ON DUPLICATE KEY UPDATE \
                       value = REPEAT(IF(LEFT(value, 1) = 'a', 'b', 'a'), 60000)";
            let root = trial.root();
            // More than what the sockets between hold.
            trial.followed.wait("the server gives us up", |_| {
                for _ in 0..50 {
                    trial.database.exec(row);
                }
                let dumps = root.query("SHOW PROCESSLIST").into_iter().filter(|thread| {
                    let is = |place: usize, text: &str| {
                        thread.get(place).and_then(Option::as_deref) == Some(text)
                    };
                    is(3, &trial.database.schema)
                        && thread.iter().flatten().any(|cell| cell.starts_with("Binlog Dump"))
                });
                dumps.count() == 0
            });
            trial.proxy.stall(false);
        });
    });
}

#[test]
fn killed_dump_thread_is_replaced() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        trial.interrupt("KILL", ATTEMPT, |trial| {
            let threads = trial.threads();
            let dump = threads.iter().find(|(_, command)| command.starts_with("Binlog Dump"));
            let (thread, _) = dump.unwrap_or_else(|| panic!("no dump thread in {threads:?}"));
            trial.root().exec(&format!("KILL {thread}"));
        });
    });
}

#[test]
fn byte_that_is_damaged_on_the_way_is_noticed_and_sent_again() {
    both_servers(|server| {
        let mut trial = Trial::new(server);
        trial.params = SourceParams { tls: TlsMode::Off, ..trial.params.clone() };
        trial.params.tls_ca_file = None;
        trial.write();
        trial.follow();
        let mut random = Random(seed());
        for round in 1..=4 {
            trial.interrupt(&format!("damage {round}"), 2 * ATTEMPT, |trial| {
                trial.proxy.corrupt_byte_at(random.up_to(3000));
            });
        }
    });
}

/// Runs `check` with a trial on a server that may be stopped.
fn on_odd_servers(flavours: &[Flavour], check: impl Fn(&OddServer, &mut Trial)) {
    for odd in flavours.iter().filter_map(|flavour| OddServer::start(*flavour, &[])) {
        eprintln!("on {} {}", odd.server.flavour.name(), odd.server.version);
        check(&odd, &mut Trial::started(&odd.server));
    }
}

fn server_goes_and_comes_back(flavour: Flavour) {
    on_odd_servers(&[flavour], |odd, trial| {
        trial.interrupt("restart", 4 * ATTEMPT, |_| odd.restart());
        trial.interrupt("kill -9", 4 * ATTEMPT, |_| {
            odd.kill9();
            odd.start_again();
        });
        trial.interrupt("frozen", 3 * ATTEMPT, |trial| {
            let frozen = odd.freeze();
            trial.followed.wait("the silence is noticed", |followed| {
                matches!(followed.activity(), Activity::Reconnecting(_))
            });
            frozen.thaw();
        });
    });
}

#[test]
fn restarted_killed_or_frozen_server_is_followed_on_mariadb_10_11() {
    server_goes_and_comes_back(Flavour::MariaDb);
}

#[test]
fn restarted_killed_or_frozen_server_is_followed_on_mariadb_11_8() {
    server_goes_and_comes_back(Flavour::MariaDb118);
}

#[test]
fn restarted_killed_or_frozen_server_is_followed_on_mysql_9_7() {
    server_goes_and_comes_back(Flavour::MySql);
}

#[test]
fn server_that_is_gone_is_asked_for_ever_more_rarely() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        let gone = FaultProxy::start(server.port);
        gone.refuse(true);
        trial.interrupt("gone", 2 + 2 * ATTEMPT, |trial| {
            trial.proxy.retarget(gone.port());
            trial.proxy.cut();
            trial.followed.wait("it has tried twice", |_| gone.connections() >= 2);
            trial.proxy.retarget(server.port);
        });
    });
}
