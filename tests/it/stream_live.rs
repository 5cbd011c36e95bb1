//! The binlog stream against real servers: where it starts, goes on, is lost and given up.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use aco_stream::catalog::Table;
use aco_stream::decode::Row;
use aco_stream::position::{BinlogOffset, GtidSet, Position};
use aco_stream::source::{
    Connection, SourceError, SourceErrorKind, SourceParams, Stream, safe_start, written_end,
};

use crate::servers::{Flavour, OddServer, User, both_servers};
use crate::source_live::{
    Account, PATIENCE, changes_until, end_of, open_stream, params, read_table, run, shop, start_of,
};

#[test]
fn stream_follows_changes_past_savepoints_huge_rows_and_ddl() {
    both_servers(|server| {
        let database = shop(server);
        let params = params(server, &database.schema);
        database.exec("CREATE TABLE importexport_importdata (id INT PRIMARY KEY, d LONGBLOB)");
        run(async {
            let from = start_of(&params).await;
            let mut stream = open_stream(&params, &from).await.expect("a stream");
            let group = |code: &str| {
                format!(
                    "INSERT INTO customer_group (customer_group_code, tax_class_id) VALUES ('{code}', 3)"
                )
            };
            database.exec(&group("first"));
            database.exec("BEGIN");
            database.exec(&group("kept"));
            database.exec("SAVEPOINT s");
            database.exec(&group("rolled back"));
            database.exec("ROLLBACK TO SAVEPOINT s");
            database.exec("UPDATE customer_group SET customer_group_code = 'second' WHERE customer_group_code = 'first'");
            database.exec("COMMIT");
            database.exec("INSERT INTO importexport_importdata VALUES (1, REPEAT('x', 20 << 20))");
            database.exec("CREATE TABLE later_extension (a INT)");
            database.exec("ALTER TABLE customer_group ADD COLUMN nickname VARCHAR(9)");
            database.exec("DELETE FROM customer_group WHERE customer_group_code = 'kept'");
            let changes = changes_until(&mut stream, &end_of(&params).await).await;
            let text = |row: &Option<Row>| {
                row.as_ref().map(|row| row[1].as_text().expect("a code").to_owned())
            };
            let seen: Vec<_> =
                changes.iter().map(|change| (text(&change.before), text(&change.after))).collect();
            let some = |code: &str| Some(code.to_owned());
            let expected = [
                (None, some("first")),
                (None, some("kept")),
                (some("first"), some("second")),
                (some("kept"), None),
            ];
            assert_eq!(seen, expected);
        });
    });
}

#[test]
fn stream_goes_on_behind_the_stored_position_without_loss_or_repeat() {
    both_servers(|server| {
        let database = shop(server);
        let params = params(server, &database.schema);
        run(async {
            let mut position = start_of(&params).await;
            for round in 0..5 {
                let code = format!("round {round}");
                database.exec(&format!("INSERT INTO customer_group (customer_group_code, tax_class_id) VALUES ('{code}', 3)"));
                if round == 2 {
                    server.session(User::Root, "").exec("FLUSH BINARY LOGS");
                }
                let mut stream = open_stream(&params, &position).await.expect("a stream");
                let changes = changes_until(&mut stream, &end_of(&params).await).await;
                let after: Vec<_> = changes.into_iter().filter_map(|change| change.after).collect();
                assert_eq!(after.len(), 1, "round {round}: {after:?}");
                assert_eq!(after[0][1].as_text(), Some(code.as_str()));
                position = stream.position().clone();
            }
            // The file and offset alone lead on as well.
            let position = Position { gtid: None, at: position.at };
            database.exec("DELETE FROM customer_group WHERE customer_group_code = 'round 0'");
            let mut stream = open_stream(&params, &position).await.expect("a stream");
            let changes = changes_until(&mut stream, &end_of(&params).await).await;
            assert_eq!(changes.len(), 1, "{changes:?}");
        });
    });
}

async fn failure_of(mut stream: Stream) -> SourceError {
    loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await.expect("an end") {
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

#[test]
fn killed_dump_thread_means_reconnect() {
    both_servers(|server| {
        let database = shop(server);
        let account = Account::new(server, &database, "REPLICATION SLAVE, REPLICATION CLIENT");
        let params = account.params(&database);
        run(async {
            let from = start_of(&params).await;
            let mut stream = open_stream(&params, &from).await.expect("a stream");
            changes_until(&mut stream, &end_of(&params).await).await;
            let root = server.session(User::Root, "");
            // Not information_schema: MySQL's fails on what other sessions happen to run.
            let threads = root.query("SHOW PROCESSLIST");
            let is_ours = |thread: &&Vec<Option<String>>| {
                let text = |column: usize| thread[column].as_deref().unwrap_or_default();
                text(1) == account.name && text(4).starts_with("Binlog Dump")
            };
            let thread = threads.iter().find(is_ours).and_then(|thread| thread[0].clone());
            let thread = thread.expect("our dump thread");
            root.exec(&format!("KILL {thread}"));
            let error = failure_of(stream).await;
            assert_eq!(error.kind(), SourceErrorKind::Transient, "{error:?}");
        });
    });
}

#[test]
fn idle_stream_lives_on_heartbeats() {
    both_servers(|server| {
        let database = shop(server);
        let params = SourceParams {
            heartbeat: Duration::from_millis(300),
            ..params(server, &database.schema)
        };
        run(async {
            let from = start_of(&params).await;
            let mut stream = open_stream(&params, &from).await.expect("a stream");
            // Four times the longest silence that is borne.
            let wait = async {
                loop {
                    stream.next().await.expect("heartbeats keep it alive");
                }
            };
            let outcome: Result<(), _> =
                tokio::time::timeout(Duration::from_millis(3600), wait).await;
            assert!(outcome.is_err(), "the wait only ends by its own limit");
        });
    });
}

#[test]
fn position_that_the_server_does_not_have_is_lost() {
    both_servers(|server| {
        let database = shop(server);
        let params = params(server, &database.schema);
        run(async {
            let from = start_of(&params).await;
            let lost = async |position: Position| {
                let opened = open_stream(&params, &position).await;
                let error = match opened {
                    Ok(stream) => failure_of(stream).await,
                    Err(error) => error,
                };
                assert!(matches!(error, SourceError::LostPosition { .. }), "{error:?}");
                assert_eq!(error.kind(), SourceErrorKind::Fatal);
                assert!(error.hint().is_some());
            };
            let file = "no-such-binlog.000001".to_owned();
            lost(Position { gtid: None, at: BinlogOffset { file, offset: 4 } }).await;
            let mut at = from.at.clone();
            at.offset = 4_000_000_000;
            lost(Position { gtid: None, at }).await;
            let unknown = match server.flavour {
                Flavour::MariaDb | Flavour::MariaDb118 => "0-1-999999999".to_owned(),
                Flavour::MySql => {
                    let uuid = database.query("SELECT @@server_uuid")[0][0].clone();
                    format!("{}:1-999999999", uuid.expect("a uuid"))
                }
            };
            let gtid = Some(GtidSet::parse(&unknown).expect("a set"));
            lost(Position { gtid, at: from.at }).await;
        });
    });
}

#[test]
fn frozen_server_is_given_up_after_three_heartbeats() {
    let odd = OddServer::mariadb(&[]);
    let database = shop(&odd.server);
    let params = SourceParams {
        heartbeat: Duration::from_millis(500),
        ..params(&odd.server, &database.schema)
    };
    let pid_file = database.query("SELECT @@pid_file")[0][0].clone().expect("a file");
    let pid = std::fs::read_to_string(pid_file).expect("the pid");
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, pid.trim()]).status().expect("kill runs");
        assert!(sent.success());
    };
    run(async {
        let from = start_of(&params).await;
        let mut stream = open_stream(&params, &from).await.expect("a stream");
        changes_until(&mut stream, &end_of(&params).await).await;
        signal("-STOP");
        let error = failure_of(stream).await;
        signal("-CONT");
        assert!(matches!(error, SourceError::Timeout { .. }), "{error:?}");
        assert_eq!(error.kind(), SourceErrorKind::Unavailable);
    });
}

#[test]
fn no_row_is_lost_between_the_safe_start_and_a_select() {
    const WRITERS: u32 = 6;
    const SAMPLES: usize = 25;
    both_servers(|server| {
        let database = shop(server);
        let params = params(server, &database.schema);
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (session, stop) = (database.session(User::App), Arc::clone(&stop));
                thread::spawn(move || {
                    let mut count = 0_u32;
                    while !stop.load(Ordering::Relaxed) {
                        session.exec(&format!("INSERT INTO customer_group (customer_group_code, tax_class_id) VALUES ('{writer} {count}', 3)"));
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        run(async {
            let group = Table::CustomerGroup.id();
            let mut connection = Connection::connect(&params).await.expect("connected");
            let mut samples = Vec::new();
            for _ in 0..SAMPLES {
                let start = safe_start(&mut connection).await.expect("a position");
                let visible = read_table(&mut connection, &params, group, 1_000_000).await;
                samples.push((start, visible));
            }
            stop.store(true, Ordering::Relaxed);
            for writer in writers {
                assert!(writer.join().expect("the writer ended") > 0);
            }
            let end = written_end(&mut connection).await.expect("the end");
            let all = read_table(&mut connection, &params, group, 1_000_000).await;
            let all: BTreeSet<Row> = all.into_iter().collect();
            for (start, visible) in samples {
                let mut got: BTreeSet<Row> = visible.into_iter().collect();
                let mut stream = open_stream(&params, &start).await.expect("a stream");
                let changes = changes_until(&mut stream, &end).await;
                let ours = changes.into_iter().filter(|change| change.table == group);
                got.extend(ours.filter_map(|change| change.after));
                assert!(got == all, "{} of {} rows from {start}", got.len(), all.len());
            }
        });
    });
}
