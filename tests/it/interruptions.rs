//! A shop that changes without pause and is followed through the fault proxy, for the tests of
//! interruptions.
//!
//! Every change bears the next number, in several watched rows, and leaves a row of its own behind:
//! a change that was skipped is a row that the copy lacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aco_stream::catalog::{CatalogRead as _, Owner, Table};
use aco_stream::decode::{TableLayout, Value};
use aco_stream::engine::{Activity, EngineError};
use aco_stream::source::SourceParams;
use mysql_async::SslOpts;

use crate::copy::{assert_same, rows_of, rows_of_database};
use crate::editions::shop;
use crate::fault_proxy::FaultProxy;
use crate::followed::{Followed, following};
use crate::program::eventually;
use crate::servers::{Database, Rows, Server, Session, User};
use crate::source_live::params;

/// How long the shop rests between two changes.
const PACE: Duration = Duration::from_millis(10);
/// How many changes a shop makes before and after an interruption.
const SOME_CHANGES: u64 = 15;
/// How long the outcome of an interruption may take on a busy machine.
const OUTCOME_LIMIT: Duration = Duration::from_mins(2);
/// Above what the fixture shop has in the columns that bear the number.
const FIRST_NUMBER: u64 = 10_000;
/// The product that bears the number of the last change.
const BEARER: u32 = 101;

/// Commits numbered changes until it is stopped, and connects again whenever it must.
struct Writer {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// What writers share that follow each other.
struct Numbers {
    /// Of the last change that was begun.
    begun: AtomicU64,
    /// Of the last change that the server said it has committed.
    committed: AtomicU64,
    /// Where the shop writes.
    port: AtomicU16,
}

impl Writer {
    fn start(numbers: &Arc<Numbers>, schema: &str) -> Self {
        let (stop, stopped) = channel();
        let (numbers, schema) = (Arc::clone(numbers), schema.to_owned());
        let thread = thread::spawn(move || {
            let mut connected: Option<Session> = None;
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                let port = numbers.port.load(Ordering::SeqCst);
                let Some(session) = connected.take().or_else(|| log_in(port, &schema)) else {
                    continue;
                };
                let number = numbers.begun.fetch_add(1, Ordering::SeqCst) + 1;
                if session.try_query(&change(number)).is_ok() {
                    numbers.committed.store(number, Ordering::SeqCst);
                    connected = Some(session);
                }
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        drop(self.stop);
        self.thread.join().expect("the writer does not panic");
    }
}

fn log_in(port: u16, schema: &str) -> Option<Session> {
    let tls = SslOpts::default()
        .with_danger_accept_invalid_certs(true)
        .with_danger_skip_domain_validation(true);
    Server::tls_session(port, tls, User::App, schema).ok()
}

/// The change of a number: it updates, inserts and deletes rows of watched tables.
fn change(number: u64) -> String {
    let product = 102 + number % 20;
    let forgotten = number - 200;
    format!(
        "START TRANSACTION; \
         INSERT INTO catalog_product_entity_varchar (attribute_id, store_id, entity_id, value) \
         VALUES (173, 8, {BEARER}, 'number {number}') ON DUPLICATE KEY UPDATE value = 'number \
         {number}'; \
         INSERT INTO catalog_product_entity_tier_price (entity_id, all_groups, customer_group_id, \
         qty, value, website_id) VALUES ({product}, 1, 0, {number}, {number}, 1); \
         DELETE FROM catalog_product_entity_tier_price WHERE value = {forgotten}; \
         UPDATE cataloginventory_stock_item SET qty = {number} WHERE product_id = {BEARER}; \
         COMMIT"
    )
}

/// A shop, its writer, and the copy that is kept of it through a proxy.
pub(crate) struct Trial {
    pub(crate) proxy: FaultProxy,
    pub(crate) params: SourceParams,
    pub(crate) followed: Followed,
    pub(crate) database: Database,
    /// The server that has the shop.
    server: Server,
    numbers: Arc<Numbers>,
    writer: Option<Writer>,
    /// Whether the copy may hold older numbers for a while: it was read again, or is of another server.
    pub(crate) may_go_back: bool,
    /// The highest number that was seen in the copy.
    seen: u64,
}

impl Trial {
    /// The fixture shop on this server; nobody follows it yet.
    pub(crate) fn new(server: &Server) -> Self {
        let database = shop(server, TableLayout::Plain);
        let proxy = FaultProxy::start(server.port);
        let params = SourceParams {
            port: proxy.port(),
            heartbeat: Duration::from_millis(300),
            connect_timeout: Duration::from_secs(5),
            ..following(params(server, &database.schema))
        };
        let numbers = Numbers {
            begun: AtomicU64::new(FIRST_NUMBER),
            committed: AtomicU64::new(FIRST_NUMBER),
            port: AtomicU16::new(server.port),
        };
        Self {
            proxy,
            params,
            followed: Followed::new(TableLayout::Plain),
            database,
            server: server.clone(),
            numbers: Arc::new(numbers),
            writer: None,
            may_go_back: false,
            seen: 0,
        }
    }

    /// The same, followed, and with a writer.
    pub(crate) fn started(server: &Server) -> Self {
        let mut trial = Self::new(server);
        trial.write();
        trial.follow();
        trial
    }

    /// Follows the shop, and waits until the copy is complete.
    pub(crate) fn follow(&mut self) {
        self.followed.start(&self.params);
        self.watch("the binlog is followed", Self::follows);
        self.write_some();
    }

    /// Starts the writer.
    pub(crate) fn write(&mut self) {
        assert!(self.writer.is_none(), "it writes already");
        self.writer = Some(Writer::start(&self.numbers, &self.database.schema));
    }

    /// Stops the writer, once the server has answered it.
    pub(crate) fn write_no_more(&mut self) {
        self.writer.take().expect("it writes").stop();
    }

    /// Waits until the shop has changed some more.
    pub(crate) fn write_some(&mut self) {
        let before = self.numbers.committed.load(Ordering::SeqCst);
        self.watch("the shop changes", |trial| {
            trial.numbers.committed.load(Ordering::SeqCst) >= before + SOME_CHANGES
        });
    }

    /// Waits for a condition, and watches that the numbers in the copy never go back meanwhile.
    pub(crate) fn watch(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        eventually(what, OUTCOME_LIMIT, || {
            // While a snapshot is read the copy is of no one moment.
            if self.followed.is_open() {
                let number = self.number_of_the_copy();
                assert!(
                    number >= self.seen || self.may_go_back,
                    "{number} after {}, {what}",
                    self.seen
                );
                self.seen = number;
            }
            condition(self)
        });
    }

    fn number_of_the_copy(&self) -> u64 {
        let sheet = self.followed.store().sheet(Owner::Product(BEARER));
        let Some(sheet) = sheet.expect("the store is readable") else { return 0 };
        let mut texts = sheet.rows(Table::ProductVarchar).flatten().filter_map(Value::as_text);
        let number = texts.find_map(|text| text.strip_prefix("number "));
        number.map_or(0, |number| number.parse().expect("a number"))
    }

    /// Lets the shop come to rest, compares the copy with it row by row, and lets it go on.
    pub(crate) fn assert_nothing_is_lost(&mut self, what: &str) {
        self.write_some();
        self.write_no_more();
        self.assert_same(what);
        self.write();
    }

    /// Compares the copy with the shop, which nobody changes.
    pub(crate) fn assert_same(&mut self, what: &str) {
        let session = self.server.session(User::App, &self.database.schema);
        self.followed.catch_up(&session, what);
        let layout = self.followed.layout;
        let theirs = rows_of_database(&session, &self.database.schema, layout);
        assert_same(&rows_of(self.followed.store(), layout), &theirs, what);
        let (copy, shop) =
            (self.number_of_the_copy(), self.numbers.committed.load(Ordering::SeqCst));
        assert!(copy >= shop, "{what}: {copy} of {shop}");
        self.seen = copy;
    }

    /// Does something to the connections, waits until the shop is followed over new ones, and compares.
    /// At most `connections_max` connections are made meanwhile.
    pub(crate) fn interrupt(&mut self, what: &str, connections_max: u64, does: impl FnOnce(&Self)) {
        let before = self.proxy.connections();
        does(self);
        self.watch(what, |trial| trial.proxy.connections() > before && trial.follows());
        self.assert_nothing_is_lost(what);
        let made = self.proxy.connections() - before;
        eprintln!("{what}: {made} connections");
        assert!(made <= connections_max, "{what}: {made} connections");
    }

    /// Whether the binlog is followed now; panics when following has ended.
    pub(crate) fn follows(&self) -> bool {
        let activity = self.followed.activity();
        assert!(!self.followed.has_ended(), "following ended by itself: {activity:?}");
        activity == Activity::Following
    }

    /// Waits until following has ended by itself: the error, with what to do about it. Nothing may
    /// connect any more.
    pub(crate) fn stopped(&mut self, what: &str) -> (EngineError, String) {
        self.watch(what, |trial| trial.followed.has_ended());
        // One that is refused at its start has not begun to follow.
        let activity = self.followed.activity();
        assert!(matches!(activity, Activity::Stopped(_) | Activity::Starting), "{activity:?}");
        let error = self.followed.stop().expect_err("it ended by itself");
        let hint = error.hints().join("; ");
        eprintln!("{what}: {error}; {hint}");
        assert!(!hint.is_empty(), "{what}: {error:?} does not say what to do");
        (error, hint)
    }

    /// A connection of the administrator.
    pub(crate) fn root(&self) -> Session {
        self.server.session(User::Root, "")
    }

    /// The threads that serve the program, as `SHOW PROCESSLIST` tells: number, command.
    pub(crate) fn threads(&self) -> Vec<(String, String)> {
        // Not information_schema: MySQL's fails on what other sessions happen to run.
        let threads: Rows = self.root().query("SHOW PROCESSLIST");
        let text = |row: &Vec<Option<String>>, place: usize| {
            row.get(place).cloned().flatten().unwrap_or_default()
        };
        let ours = threads
            .iter()
            .filter(|row| text(row, 1) == User::Cdc.name() && text(row, 3) == self.database.schema);
        ours.map(|row| (text(row, 0), text(row, 4))).collect()
    }

    /// From here on the shop is on another server.
    pub(crate) fn move_shop(&mut self, server: &Server) {
        self.server = server.clone();
        self.numbers.port.store(server.port, Ordering::SeqCst);
        self.proxy.retarget(server.port);
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.stop();
        }
    }
}
