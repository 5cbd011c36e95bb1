//! Binlog files instead of a server: the same shop comes out of either server's recording, out of a
//! snapshot and out of a stream, byte for byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aco_stream::catalog::tables::watch;
use aco_stream::decode::{Decoder, TableLayout};
use aco_stream::position::Position;
use aco_stream::source::files::{Replay, ReplayRange};
use aco_stream::source::framing::Framer;
use aco_stream::source::reader::EventReader;

use crate::program::{Aco, Finished};
use crate::servers::{Server, both_servers};
use crate::shop::{FEEDS, Service, Shop, config, fixture};

/// The program with an empty store, and a sandbox; it knows the recordings' schema, and no database.
struct Replayer {
    aco: Aco,
    service: Service,
    directory: tempfile::TempDir,
}

impl Replayer {
    fn new() -> Self {
        let (directory, service) = (directory(), Service::unlimited());
        let text = config(&Server::mariadb(), "shop", &service);
        let aco = Aco::new(directory.path(), &text)
            .env("ACO_STREAM_CLIENT_SECRET", &service.params.client_secret);
        Self { aco, service, directory }
    }

    fn replay(&self, files: &[&Path]) -> Finished {
        self.replay_part(files, &[])
    }

    fn replay_part(&self, files: &[&Path], bounds: &[&str]) -> Finished {
        let finished = self.outcome(files, bounds);
        // Some items of the shop can't be sent, so they are parked.
        assert_eq!(finished.code, Some(3), "{}", finished.stderr);
        finished
    }

    fn outcome(&self, files: &[&Path], options: &[&str]) -> Finished {
        let mut arguments = vec!["replay"];
        arguments.extend(options);
        arguments.extend(files.iter().map(|file| file.to_str().expect("UTF-8")));
        self.aco.run(&arguments)
    }

    /// A file of the test's own.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    fn export(&self) -> Vec<String> {
        FEEDS.iter().map(|feed| export(&self.aco, feed)).collect()
    }
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn export(aco: &Aco, feed: &str) -> String {
    let finished = aco.run(&["export", feed]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    finished.stdout
}

/// Compares exports feed by feed, and names the first line that differs.
fn assert_same(one: &[String], other: &[String], what: &str) {
    for (feed, (one, other)) in FEEDS.iter().zip(one.iter().zip(other)) {
        for (one, other) in one.lines().zip(other.lines()) {
            assert_eq!(one, other, "{feed}: {what}");
        }
        assert_eq!(one, other, "{feed}: {what}: one of them has more lines");
    }
}

fn recording(server: &str) -> PathBuf {
    fixture(&format!("binlog/story-{server}.bin.zst"))
}

fn plain(server: &str) -> Vec<u8> {
    let file = std::fs::File::open(recording(server)).expect("recorded");
    zstd::decode_all(file).expect("zstd")
}

/// What comes of the recording of MariaDB, with which everything else is compared.
fn reference() -> Vec<String> {
    let replayer = Replayer::new();
    replayer.replay(&[&recording("mariadb")]);
    let export = replayer.export();
    for (feed, lines) in FEEDS.iter().zip(&export) {
        let items = lines.lines().count();
        assert!(items >= 6, "{feed} has {items} items only");
        let held = replayer.service.held(feed).len();
        let accepted = lines.lines().filter(|line| line.contains(r#""state":"accepted""#)).count();
        assert_eq!(held, accepted, "{feed}: what is accepted is in the sandbox");
    }
    export
}

#[test]
fn recordings_of_both_servers_give_the_same_items() {
    let replayer = Replayer::new();
    replayer.replay(&[&recording("mysql")]);
    assert_same(&reference(), &replayer.export(), "recorded on MariaDB, recorded on MySQL");
}

#[test]
fn live_servers_give_the_same_items_as_the_recording() {
    let reference = reference();
    both_servers(|server| {
        for is_streamed in [false, true] {
            let shop = Shop::open(server);
            if is_streamed {
                shop.settle();
            }
            // As root: the story sets the session's clock.
            shop.database.load(&fixture("scenarios/story.sql"));
            shop.settle();
            let live: Vec<String> = FEEDS.iter().map(|feed| export(&shop.aco, feed)).collect();
            let way = if is_streamed { "streamed from" } else { "read from" };
            let what = format!("recorded, {way} {}", server.flavour.name());
            assert_same(&reference, &live, &what);
        }
    });
}

#[test]
fn plain_file_gives_the_same_items_as_a_compressed_one() {
    let replayer = Replayer::new();
    let file = replayer.file("log.000001", &plain("mariadb"));
    replayer.replay(&[&file]);
    assert_same(&reference(), &replayer.export(), "compressed, plain");
}

#[test]
fn two_files_in_order_give_the_same_items_as_one() {
    for server in ["mariadb", "mysql"] {
        let (first, second) = halves(&plain(server));
        let replayer = Replayer::new();
        let files = [replayer.file("log.000001", &first), replayer.file("log.000002", &second)];
        replayer.replay(&[&files[0], &files[1]]);
        assert_same(&reference(), &replayer.export(), &format!("one file, two of {server}"));
    }
}

#[test]
fn files_of_one_binlog_can_be_replayed_one_by_one() {
    let (first, second) = halves(&plain("mariadb"));
    let replayer = Replayer::new();
    replayer.replay(&[&replayer.file("log.000001", &first)]);
    let before = replayer.export();
    let sent = replayer.service.requests().len();
    replayer.replay(&[&replayer.file("log.000002", &second)]);
    assert_same(&reference(), &replayer.export(), "at once, one by one");
    assert_ne!(before, replayer.export(), "the second file changed something");
    assert!(replayer.service.requests().len() > sent, "and that was sent");
}

/// The positions of a recording's transactions.
fn positions(server: &str) -> Vec<Position> {
    let watch = watch("shop", "", TableLayout::Plain);
    let decoder = Decoder::new(watch, BTreeMap::new());
    let reader = EventReader::new(decoder, Framer::new(Position::default()));
    let mut replay = Replay::new(&[recording(server)], ReplayRange::default(), reader);
    let mut positions = Vec::new();
    while let Some(transaction) = replay.next_transaction().expect("it is whole") {
        positions.push(transaction.position);
    }
    positions
}

#[test]
fn parts_up_to_a_position_and_behind_it_give_the_same_items_as_the_whole() {
    for server in ["mariadb", "mysql"] {
        let positions = positions(server);
        let middle = positions.get(positions.len() * 19 / 20).expect("there are some");
        let gtids = middle.gtid.as_ref().expect("it has GTIDs").to_string();
        for point in [middle.at.to_string(), gtids] {
            let replayer = Replayer::new();
            let file = recording(server);
            replayer.replay_part(&[&file], &["--until", &point]);
            let before = replayer.export();
            replayer.replay_part(&[&file], &["--from", &point]);
            assert_ne!(before, replayer.export(), "something comes behind {point}");
            assert_same(&reference(), &replayer.export(), &format!("whole, in parts at {point}"));
        }
    }
}

/// The story with a statement at its end, as MariaDB writes it, before the file's last rotation.
fn story_and(statement: &str) -> Vec<u8> {
    const ROTATION: usize = 41;
    let mut file = plain("mariadb");
    let rotation = file.split_off(file.len() - ROTATION);
    let numbered = [&9_000_000_u64.to_le_bytes()[..], &[0; 4], &[1], &[0; 6]].concat();
    let query = [&[0; 8][..], &[4, 0, 0, 0, 0], b"shop\0", statement.as_bytes()].concat();
    for (event_type, body) in [(162, numbered), (2, query)] {
        let size = u32::try_from(19 + body.len() + 4).expect("small");
        let end = u32::try_from(file.len()).expect("small") + size;
        let (size, end) = (size.to_le_bytes(), end.to_le_bytes());
        let head = [&[0, 0, 0, 0, event_type, 10, 0, 0, 0], &size[..], &end, &[0, 0]].concat();
        let event = [head, body].concat();
        file.extend(&event);
        file.extend(crc32fast::hash(&event).to_le_bytes());
    }
    file.extend(rotation);
    file
}

#[test]
fn table_that_only_a_server_can_tell_of_ends_the_replay_by_name() {
    for statement in [
        "ALTER TABLE store ADD COLUMN x int",
        "RENAME TABLE store TO old_store, new_store TO store",
    ] {
        let replayer = Replayer::new();
        let file = replayer.file("log.000001", &story_and(statement));
        let finished = replayer.outcome(&[&file], &[]);
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let said = finished.stderr;
        assert!(
            said.contains("replay changes of store before 0-10-9000000 (log.000001:"),
            "{said}"
        );
        assert!(said.contains("hint: only the server has the table's rows"), "{said}");
        // What came before is absorbed; the gate is closed.
        assert!(replayer.service.requests().is_empty(), "nothing was sent");
    }
}

#[test]
fn table_that_was_truncated_is_empty_in_the_copy() {
    let replayer = Replayer::new();
    let file = replayer.file("log.000001", &story_and("TRUNCATE TABLE catalog_product_website"));
    let finished = replayer.outcome(&[&file], &[]);
    // No product is in a website any more, so none that can't be sent is parked.
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(export(&replayer.aco, "products"), "");
    assert_ne!(export(&replayer.aco, "productAttributes"), "");
}

#[test]
fn files_that_do_not_follow_one_another_end_the_replay() {
    let replayer = Replayer::new();
    let file = plain("mariadb");
    let files = [replayer.file("log.000001", &file), replayer.file("log.000007", &file)];
    let finished = replayer.outcome(&[&files[0], &files[1]], &["--dry-run"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let said = finished.stderr;
    assert!(said.contains("log.000007: log.000001 goes on in log.0000"), "{said}");
}

#[test]
fn text_that_is_no_position_is_refused() {
    let replayer = Replayer::new();
    for bound in [["--from", "yesterday"], ["--until", "yesterday"]] {
        let finished = replayer.outcome(&[&recording("mariadb")], &bound);
        assert_eq!(finished.code, Some(64), "{}", finished.stderr);
        assert!(finished.stderr.contains("neither a GTID set nor a place"), "{}", finished.stderr);
    }
}

/// Splits a binlog file in two, as a rotation between two transactions would have.
fn halves(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    const XID: u8 = 16;
    let size = |at: usize| {
        let size = file.get(at + 9..at + 13).expect("an event's header");
        usize::try_from(u32::from_le_bytes(size.try_into().expect("four bytes"))).expect("small")
    };
    let described = 4 + size(4);
    let mut at = 4;
    // A good part of the story comes after the shop's first rows.
    while at < file.len() * 9 / 10 || file.get(at + 4) != Some(&XID) {
        at += size(at);
    }
    let (first, second) = file.split_at(at + size(at));
    assert!(!second.is_empty(), "something is left for the second file");
    let (head, _) = file.split_at(described);
    (first.to_vec(), [head, second].concat())
}

#[test]
fn dry_run_sends_nothing_and_needs_no_credentials() {
    let replayer = Replayer::new();
    let aco =
        Aco::new(replayer.directory.path(), &config(&Server::mariadb(), "shop", &replayer.service));
    let file = recording("mariadb");
    let finished = aco.run(&["replay", "--dry-run", file.to_str().expect("UTF-8")]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""), "{}", finished.stderr);
    assert!(replayer.service.requests().is_empty(), "nothing was sent");
    let pending = |lines: &str| lines.replace(r#""state":"accepted""#, r#""state":"pending""#);
    let pending =
        |lines: String| pending(&lines).replace(r#""state":"parked""#, r#""state":"pending""#);
    let wanted: Vec<String> = reference().into_iter().map(pending).collect();
    assert_same(&wanted, &replayer.export(), "delivered, absorbed only");
}
