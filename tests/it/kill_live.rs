//! The program is killed at random moments, while the shop changes without pause: what it had made
//! durable is there after the restart, and in the end service and database agree.

#![expect(clippy::indexing_slicing, reason = "a test reports what it did not expect by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use aco_stream::catalog::{FoldMode, Table, fold};
use aco_stream::decode::{RowChange, TableLayout, Value};
use aco_stream::store::{Store, StoreParams, WriteBatch};
use serde_json::Value as Json;

use crate::copy::{assert_same, rows_of_database, rows_of_store};
use crate::program::{Aco, COMMAND_LIMIT, eventually};
use crate::random::{Random, seed};
use crate::servers::{Server, Session, User};
use crate::shop::{FEEDS, Key, Shop};

/// Products on top of the fixture shop's: enough that a snapshot takes longer than a few flushes.
const BULK_PRODUCTS: u64 = 5000;
/// Every so many of them are in a website, so that they have items.
const ASSIGNED_EVERY: u64 = 10;

/// Multiplies the shop. The ids are 1000 and up.
fn enlarge(session: &Session) {
    let numbers = "WITH digits (d) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 \
         UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 \
         UNION ALL SELECT 9), numbers (n) AS (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d \
         FROM digits a JOIN digits b JOIN digits c JOIN digits e)";
    let insert = |into: &str, select: &str, only: &str| {
        session.exec(&format!(
            "INSERT INTO {into} {numbers} SELECT {select} FROM numbers WHERE n < {BULK_PRODUCTS}{only}"
        ));
    };
    insert(
        "catalog_product_entity (entity_id, attribute_set_id, type_id, sku, created_at, updated_at)",
        "1000 + n, 21, 'simple', CONCAT('BULK-', n), '2024-01-01', '2024-01-01'",
        "",
    );
    for (table, attribute, value) in [
        ("varchar", 173, "CONCAT('Bulk ware ', n)"),
        ("varchar", 203, "CONCAT('bulk-ware-', n)"),
        ("int", 197, "1"),
        ("int", 202, "4"),
        ("decimal", 177, "1 + n / 100"),
        ("text", 175, "CONCAT('<p>', REPEAT('All of it. ', 10), n, '</p>')"),
    ] {
        let table =
            format!("catalog_product_entity_{table} (attribute_id, store_id, entity_id, value)");
        insert(&table, &format!("{attribute}, 0, 1000 + n, {value}"), "");
    }
    insert(
        "cataloginventory_stock_item (product_id, stock_id, qty, is_in_stock, manage_stock)",
        "1000 + n, 1, n % 100, 1, 1",
        "",
    );
    insert(
        "catalog_product_website (product_id, website_id)",
        "1000 + n, 3",
        &format!(" AND n % {ASSIGNED_EVERY} = 0"),
    );
}

/// The shop's next change; every number stands for another one.
fn change(number: u64) -> String {
    let product = |factor: u64| 1000 + number * factor % BULK_PRODUCTS;
    let assigned = 1000 + number * 7 % BULK_PRODUCTS / ASSIGNED_EVERY * ASSIGNED_EVERY;
    let price = format!("{}.{:02}", number / 100 + 1, number % 100);
    let text = |table: &str, product: u64, attribute: u16, store: u8, value: &str| {
        format!(
            "INSERT INTO catalog_product_entity_{table} (attribute_id, store_id, entity_id, value) \
             SELECT {attribute}, {store}, entity_id, {value} FROM catalog_product_entity \
             WHERE entity_id = {product} ON DUPLICATE KEY UPDATE value = {value};"
        )
    };
    match number % 8 {
        0 | 4 => text("decimal", assigned, 177, 0, &price),
        1 => text("varchar", assigned, 173, 8, &format!("'Ware {number} ⛵'")),
        2 => {
            let new = 10_000 + number;
            format!(
                "START TRANSACTION; INSERT INTO catalog_product_entity (entity_id, attribute_set_id, \
                 type_id, sku, created_at, updated_at) VALUES ({new}, 21, 'simple', 'NEW-{number}', \
                 '2024-01-01', '2024-01-01'); {}{}{}{}{} INSERT INTO catalog_product_website \
                 (product_id, website_id) VALUES ({new}, 3); COMMIT",
                text("varchar", new, 173, 0, &format!("'New ware {number}'")),
                text("varchar", new, 203, 0, &format!("'new-ware-{number}'")),
                text("int", new, 197, 0, "1"),
                text("int", new, 202, 0, "4"),
                text("decimal", new, 177, 0, &price),
            )
        }
        3 => format!("DELETE FROM catalog_product_entity WHERE entity_id = {}", product(11)),
        5 => format!(
            "UPDATE cataloginventory_stock_item SET qty = {number} WHERE product_id = {assigned}"
        ),
        6 => format!(
            "UPDATE eav_attribute_label SET value = 'Label {number}' ORDER BY attribute_label_id LIMIT 1"
        ),
        _ => format!(
            "START TRANSACTION; DELETE FROM catalog_product_website WHERE product_id = {assigned}; \
             SAVEPOINT one; INSERT IGNORE INTO catalog_product_website (product_id, website_id) \
             SELECT entity_id, 3 FROM catalog_product_entity WHERE entity_id = {}; COMMIT",
            product(13)
        ),
    }
}

/// Commits one numbered change each time it is asked to, on a thread of its own.
struct Writer {
    asking: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    committed: Arc<AtomicU64>,
}

impl Writer {
    fn start(session: Session) -> Self {
        let (asking, asked) = sync_channel(1);
        let committed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&committed);
        let thread = thread::spawn(move || {
            while asked.recv().is_ok() {
                session.exec(&change(count.load(Ordering::SeqCst)));
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { asking: Some(asking), thread: Some(thread), committed }
    }

    /// Asks for a change, unless one is asked for already; how many were committed.
    fn tick(&self) -> u64 {
        let asking = self.asking.as_ref().expect("not stopped");
        if let Err(TrySendError::Disconnected(())) = asking.try_send(()) {
            panic!("the writer ended");
        }
        self.committed.load(Ordering::SeqCst)
    }

    fn stop(mut self) -> u64 {
        drop(self.asking.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_some_and(|ended| ended.is_ok()), "the writer failed");
        self.committed.load(Ordering::SeqCst)
    }
}

/// When to kill, counted from the start of the process.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After so many lines of the log.
    Lines(u64),
    /// After so many committed chunks of the snapshot, or lines of the log behind it.
    Chunks(u64),
    /// After so many times that commits were made durable.
    Flushes(u64),
    /// After so many requests to the service.
    Requests(u64),
    /// After so many changes of the shop, once the binlog is followed.
    Changes(u64),
}

impl Moment {
    fn of_a_snapshot(random: &mut Random) -> Self {
        match random.up_to(4) {
            1 => Self::Lines(random.up_to(6) - 1),
            2 => Self::Flushes(random.up_to(2)),
            _ => Self::Chunks(random.up_to(8)),
        }
    }

    fn of_a_stream(random: &mut Random) -> Self {
        match random.up_to(6) {
            1 => Self::Lines(random.up_to(10) - 1),
            2 => Self::Flushes(random.up_to(4)),
            3 | 4 => Self::Requests(random.up_to(12)),
            _ => Self::Changes(random.up_to(40)),
        }
    }
}

/// A process's log.
#[derive(Default)]
struct Log {
    lines: Vec<Json>,
    /// The bytes that these lines took.
    read: usize,
}

impl Log {
    /// Reads what was added, up to the last whole line.
    fn read_on(&mut self, stderr: &str) {
        let added = stderr.get(self.read..).unwrap_or_default();
        for line in added.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.read += line.len();
            self.lines.push(serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
        }
    }

    fn count(&self, message: &str) -> u64 {
        u64::try_from(self.places(message).len()).expect("not that many")
    }

    fn places(&self, message: &str) -> Vec<usize> {
        let is_it = |line: &Json| line["message"] == message;
        self.lines
            .iter()
            .enumerate()
            .filter(|(_, line)| is_it(line))
            .map(|(place, _)| place)
            .collect()
    }

    /// The rows read when the last of these lines was written, before a place.
    fn rows(&self, message: &str, before: usize) -> Option<u64> {
        let lines = self.lines.iter().take(before).rev();
        lines.filter(|line| line["message"] == message).find_map(|line| line["rows"].as_u64())
    }

    /// How many rows were certainly durable: a chunk that was logged before a flush ended was
    /// committed before the next one began.
    fn durable_rows(&self) -> u64 {
        let flushes = self.places(FLUSHED);
        let before = flushes.iter().rev().nth(1).copied().unwrap_or(0);
        self.rows(CHUNK, before).unwrap_or(0)
    }
}

const CHUNK: &str = "snapshot chunk committed";
const FLUSHED: &str = "commits made durable";
const FOLLOWING: &str = "following the binlog";

/// What is in the store while nothing runs.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    phase: String,
    rows: u64,
    position: Option<String>,
}

impl Stored {
    fn read(shop: &Shop) -> Self {
        let report: Json = serde_json::from_str(&shop.output(&["status", "--json"])).expect("JSON");
        Self {
            phase: report["snapshot"].as_str().expect("a phase").to_owned(),
            rows: report["snapshot_rows"].as_u64().expect("a number"),
            position: report["position"].as_str().map(str::to_owned),
        }
    }

    fn rank(&self) -> u8 {
        match self.phase.as_str() {
            "none" => 0,
            "reading" => 1,
            "catching up" => 2,
            "open" => 3,
            other => panic!("no phase is called {other}"),
        }
    }
}

/// What one kill did.
struct Killed {
    log: Log,
    stored: Stored,
}

/// Runs the program until the moment, kills it, and looks at what it left.
fn run_until(shop: &Shop, writer: &Writer, moment: Moment) -> Killed {
    let requests =
        || -> u64 { shop.service.sandbox.stats().values().map(|feed| feed.requests).sum() };
    let (requests_before, changes_before) = (requests(), writer.tick());
    let mut running = shop.aco.start(&["run", "--verbose", "--log-format", "json"]);
    let (mut log, mut follows_since) = (Log::default(), None);
    eventually("the moment to kill it", COMMAND_LIMIT, || {
        let changes = writer.tick();
        assert!(running.is_running(), "it ended by itself: {}", running.stderr());
        log.read_on(&running.stderr());
        let lines = u64::try_from(log.lines.len()).expect("not that many");
        let is_following = log.count(FOLLOWING) > 0;
        if is_following {
            follows_since.get_or_insert(changes);
        }
        match moment {
            Moment::Lines(count) => lines >= count,
            Moment::Chunks(count) => log.count(CHUNK) >= count || is_following,
            Moment::Flushes(count) => log.count(FLUSHED) >= count,
            Moment::Requests(count) => requests() >= requests_before + count,
            Moment::Changes(count) => follows_since.is_some_and(|since| changes >= since + count),
        }
    });
    log.read_on(&running.kill().stderr);
    let stored = Stored::read(shop);
    eprintln!(
        "{moment:?}: {} lines, {} chunks, {} flushes, {} requests, {} changes; left {} with {} rows",
        log.lines.len(),
        log.count(CHUNK),
        log.count(FLUSHED),
        requests() - requests_before,
        writer.tick() - changes_before,
        stored.phase,
        stored.rows,
    );
    Killed { log, stored }
}

/// Compares what a process left with what the one before it had left.
fn assert_went_on(before: &Stored, killed: &Killed) {
    let Killed { log, stored } = killed;
    assert!(stored.rank() >= before.rank(), "{before:?} became {stored:?}");
    assert!(stored.rows >= before.rows, "{before:?} became {stored:?}");
    assert!(
        stored.rows >= log.durable_rows(),
        "{} rows were durable: {stored:?}",
        log.durable_rows()
    );
    if before.rank() >= 1 {
        assert_eq!(log.count("snapshot begins"), 0, "after {before:?}");
    }
    if before.rank() == 1 && stored.rank() == 1 {
        assert_eq!(stored.position, before.position, "the start of the snapshot moved");
    }
    for place in log.places("snapshot resumes") {
        let line = &log.lines[place];
        assert_eq!(line["rows"].as_u64(), Some(before.rows), "{line}");
        assert_eq!(line["position"].as_str(), before.position.as_deref(), "{line}");
    }
    for line in &log.lines {
        let is_fine = matches!(line["level"].as_str(), Some("INFO" | "DEBUG"))
            || line["message"].as_str().is_some_and(|text| text.starts_with("preflight"));
        assert!(is_fine, "{line}");
    }
}

fn kill_at_random_moments(server: &Server, snapshot_kills: u32, stream_kills: u32) {
    let mut random = Random(seed());
    let shop = Shop::open(server);
    enlarge(&shop.database.session(User::App));
    let writer = Writer::start(shop.database.session(User::App));
    let mut before = Stored { phase: "none".to_owned(), rows: 0, position: None };
    let (mut resumes, mut rows_read_again, mut kills_in_snapshot) = (0, 0, 0);
    for kill in 0..snapshot_kills + stream_kills {
        let moment = if kill == 0 {
            // Amid the big tables on a quick machine too, so that there is something to resume.
            Moment::Chunks(14 + random.up_to(4))
        } else if kill < snapshot_kills {
            Moment::of_a_snapshot(&mut random)
        } else {
            Moment::of_a_stream(&mut random)
        };
        let killed = run_until(&shop, &writer, moment);
        assert_went_on(&before, &killed);
        resumes += killed.log.count("snapshot resumes");
        if killed.stored.rank() <= 1 {
            kills_in_snapshot += 1;
            let read = killed.log.rows(CHUNK, usize::MAX).unwrap_or(killed.stored.rows);
            rows_read_again += read - killed.stored.rows;
        }
        before = killed.stored;
    }
    let changes = writer.stop();
    eprintln!(
        "{kills_in_snapshot} of {} kills in the snapshot, {resumes} resumes, {rows_read_again} of {} \
         rows read again, {changes} changes of the shop meanwhile",
        snapshot_kills + stream_kills,
        before.rows
    );
    assert!(resumes > 0, "no kill was late enough to have something to resume");
    shop.settle();
    let copy = rows_of_store(&shop.directory.path().join("store"), TableLayout::Plain);
    let session = shop.database.session(User::App);
    let database = rows_of_database(&session, &shop.database.schema, TableLayout::Plain);
    assert_same(&copy, &database, "after the kills");
    shop.assert_sandbox_agrees_with_database();
    shop.assert_sandbox_holds_what_a_fresh_start_delivers();
    for (feed, mut items) in exported(&shop.aco) {
        items.retain(|_, item| item.get("fault").is_none());
        assert!(shop.service.held(feed) == items, "{feed}: the service holds something else");
    }
}

/// What the program would send of each feed.
fn exported(aco: &Aco) -> BTreeMap<&'static str, BTreeMap<Key, Json>> {
    let export = |feed| {
        let finished = aco.run(&["export", feed]);
        assert_eq!(finished.code, Some(0), "export {feed}: {}", finished.stderr);
        let lines = finished
            .stdout
            .lines()
            .map(|line| -> Json { serde_json::from_str(line).expect("JSON") });
        let item = |mut line: Json| {
            let key = serde_json::from_value(line["key"].take()).expect("a key");
            (key, line["item"].take())
        };
        (feed, lines.map(item).collect())
    };
    FEEDS.into_iter().map(export).collect()
}

#[test]
fn kills_at_twenty_random_moments_lose_nothing_on_mariadb() {
    kill_at_random_moments(&Server::mariadb(), 10, 10);
}

#[test]
fn kills_at_random_moments_lose_nothing_on_mysql() {
    if let Some(server) = Server::mysql() {
        kill_at_random_moments(&server, 4, 4);
    }
}

#[test]
fn rows_left_by_an_interrupted_clearing_do_not_outlive_the_next_snapshot() {
    let shop = Shop::open(&Server::mariadb());
    {
        let params =
            StoreParams { path: shop.directory.path().join("store"), cache_bytes: 16 << 20 };
        let store = Store::open(&params).expect("a store");
        let ghost = |table: Table, row: Vec<Value>| RowChange::read(table.id(), row);
        let text = |text: &str| Value::Text(text.to_owned());
        let changes = [
            ghost(
                Table::ProductEntity,
                vec![
                    Value::Int(999),
                    Value::Int(21),
                    text("simple"),
                    text("GHOST"),
                    text("2024-01-01 00:00:00"),
                    text("2024-01-01 00:00:00"),
                ],
            ),
            ghost(Table::ProductWebsite, vec![Value::Int(999), Value::Int(1)]),
        ];
        let edits = fold(&changes, &store, FoldMode::GateClosed).expect("folded");
        let mut batch = WriteBatch::default();
        batch.catalog(&edits);
        store.commit(batch).expect("committed");
        store.flush().expect("flushed");
    }
    shop.settle();
    let keys: BTreeSet<Key> =
        exported(&shop.aco).remove("prices").expect("prices").into_keys().collect();
    assert_eq!(keys, shop.wanted_keys("prices"));
}
