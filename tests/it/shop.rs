//! A shop on a real server, the program, and a sandbox for it to deliver to, all private to a test.
//!
//! The program reads the shop over verified TLS with the least privileges. Its budgets are wide and the
//! sandbox enforces none, so that a test waits for nothing but the work itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aco_stream::clock::SystemClock;
use aco_stream::decode::TableLayout;
use aco_stream::sandbox::{Sandbox, SandboxLimits, SandboxParams};
use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::editions;
use crate::program::{Aco, COMMAND_LIMIT, Finished, Running, eventually};
use crate::servers::{Database, Server, User};

/// The feeds, by name.
pub(crate) const FEEDS: [&str; 6] =
    ["productAttributes", "categoryAttributes", "categories", "products", "priceBooks", "prices"];

/// The parts of a key, in order.
pub(crate) type Key = Vec<String>;

/// A file below `fixtures/`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// The text of a file below `fixtures/`.
pub(crate) fn fixture_text(path: &str) -> String {
    let path = fixture(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A sandbox on a free port, served by a thread of its own; gone with the value.
pub(crate) struct Service {
    /// What it holds and saw.
    pub(crate) sandbox: Sandbox,
    /// How it was set up.
    pub(crate) params: SandboxParams,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts one; `SandboxParams::default()` takes any free port and enforces the real limits.
    pub(crate) fn start(mut params: SandboxParams) -> Self {
        // A tenant each: processes that deliver to one agree on a leader by way of the server.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        params.tenant_id = format!("{}-{}-{count}", params.tenant_id, std::process::id());
        Self::start_as(params)
    }

    /// Starts one with the very tenant that is named.
    pub(crate) fn start_as(params: SandboxParams) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let starting = Sandbox::start(params.clone(), Arc::new(SystemClock));
        let (sandbox, serving) = runtime.block_on(starting).expect("the sandbox starts");
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    outcome = serving => outcome.expect("the sandbox serves"),
                    _ = stopped => {}
                }
            });
            // Connections that are still open are cut.
            runtime.shutdown_background();
        });
        Self { sandbox, params, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts one that enforces no limits.
    pub(crate) fn unlimited() -> Self {
        Self::start(SandboxParams { limits: SandboxLimits::Off, ..SandboxParams::default() })
    }

    /// What it holds of a feed, by key.
    pub(crate) fn held(&self, feed: &str) -> BTreeMap<Key, Json> {
        self.sandbox.items(feed).into_iter().map(|body| (key_of(feed, &body), body)).collect()
    }

    /// The ingestion requests since the start or the last [`Sandbox::forget_requests`].
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.sandbox.requests().iter().map(Request::of).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic of that thread has been printed; the test that uses the sandbox fails by itself.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// An ingestion request that the sandbox saw.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) feed: String,
    pub(crate) is_delete: bool,
    pub(crate) keys: Vec<Key>,
    /// `None` when no answer was given.
    pub(crate) status: Option<u64>,
    pub(crate) received_at_ms: i64,
    /// The `user-agent` header.
    pub(crate) sender: String,
}

impl Request {
    fn of(entry: &Json) -> Self {
        let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
        let part = |part: &Json| part.as_str().expect("a text").to_owned();
        let key = |key: &Json| key.as_array().expect("a key").iter().map(part).collect();
        Self {
            feed: text("feed"),
            is_delete: text("verb") == "delete",
            keys: entry["identities"].as_array().expect("identities").iter().map(key).collect(),
            status: entry["status"].as_u64(),
            received_at_ms: entry["receivedAtMs"].as_i64().expect("an instant"),
            sender: text("sender"),
        }
    }
}

/// The key of a body, in the order of the key queries.
pub(crate) fn key_of(feed: &str, body: &Json) -> Key {
    let pointers: &[&str] = match feed {
        "products" => &["/sku", "/source/locale"],
        "productAttributes" | "categoryAttributes" => &["/code", "/source/locale"],
        "categories" => &["/slug", "/source/locale"],
        "priceBooks" => &["/priceBookId"],
        "prices" => &["/sku", "/priceBookId"],
        other => panic!("no feed is called {other}"),
    };
    let part = |pointer: &&str| body.pointer(pointer).and_then(Json::as_str).expect("a key part");
    pointers.iter().map(|pointer| part(pointer).to_owned()).collect()
}

/// A shop's database, the program, and its service.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) service: Service,
    pub(crate) aco: Aco,
    /// Config file, store, working directory of the program.
    pub(crate) directory: tempfile::TempDir,
}

impl Shop {
    /// The fixture shop, and an unlimited sandbox.
    pub(crate) fn open(server: &Server) -> Self {
        Self::with(server, Service::unlimited())
    }

    /// The fixture shop, and this service.
    pub(crate) fn with(server: &Server, service: Service) -> Self {
        let files = [fixture("shop/schema-opensource.sql"), fixture("shop/shop.sql")];
        Self::of(server, server.fresh_database(&[&files[0], &files[1]]), service)
    }

    /// The fixture shop in the layout of an edition, and an unlimited sandbox.
    pub(crate) fn of_edition(server: &Server, layout: TableLayout) -> Self {
        Self::of(server, editions::shop(server, layout), Service::unlimited())
    }

    fn of(server: &Server, database: Database, service: Service) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = program(server, &database, &service, directory.path());
        Self { server: server.clone(), database, service, aco, directory }
    }

    /// Runs SQL of `fixtures/scenarios/` on a connection of its own.
    pub(crate) fn play(&self, scenario: &str) {
        let sql = fixture_text(&format!("scenarios/{scenario}.sql"));
        self.database.session(User::App).exec(&sql);
    }

    /// `run --once`: absorbs what is written and delivers it. It ends with 3 while items are parked.
    pub(crate) fn settle(&self) -> Finished {
        let finished = self.aco.run(&["run", "--once"]);
        assert!(matches!(finished.code, Some(0 | 3)), "run --once: {finished:?}");
        finished
    }

    /// Starts `run` and waits until it follows the binlog.
    pub(crate) fn stream(&self) -> Running {
        let mut running = self.aco.start(&["run"]);
        eventually("it follows the binlog", COMMAND_LIMIT, || {
            assert!(running.is_running(), "run ended: {}", running.stderr());
            running.stderr().contains("following the binlog")
        });
        running
    }

    /// Asks a running program to stop, and checks that it does so in peace.
    pub(crate) fn stop(running: Running) {
        running.terminate();
        let finished = running.wait(Duration::from_secs(30));
        assert_eq!(finished.code, Some(0), "after SIGTERM: {}", finished.stderr);
    }

    /// A command's stdout, when it ends well.
    pub(crate) fn output(&self, arguments: &[&str]) -> String {
        let finished = self.aco.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        finished.stdout
    }

    /// The keys that the database says a feed must have.
    pub(crate) fn wanted_keys(&self, feed: &str) -> BTreeSet<Key> {
        let rows = self.database.query(&fixture_text(&format!("expected/keys/{feed}.sql")));
        let part = |part: Option<String>| part.expect("no part of a key is NULL");
        rows.into_iter().map(|row| row.into_iter().map(part).collect()).collect()
    }

    /// The keys of items that the program keeps back, with the reason.
    pub(crate) fn parked(&self, feed: &str) -> BTreeMap<Key, String> {
        let lines = self.output(&["status", feed, "--state", "parked", "--json"]);
        let items = lines.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let text = |part: &Json| part.as_str().expect("a text").to_owned();
        let item = |item: Json| {
            let key = item.get("key").and_then(Json::as_array).expect("a key");
            let key = key.iter().map(text).collect();
            (key, text(item.get("message").expect("a message")))
        };
        items.map(item).collect()
    }

    /// The sandbox holds, body by body, what a program with an empty store delivers to an empty sandbox.
    pub(crate) fn assert_sandbox_holds_what_a_fresh_start_delivers(&self) {
        let service = Service::unlimited();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = program(&self.server, &self.database, &service, directory.path());
        let finished = aco.run(&["run", "--once"]);
        assert!(matches!(finished.code, Some(0 | 3)), "run --once: {finished:?}");
        for feed in FEEDS {
            let (held, mut fresh) = (self.service.held(feed), service.held(feed));
            for (key, body) in held {
                let fresh = fresh.remove(&key);
                assert_eq!(Some(&body), fresh.as_ref(), "{feed} {key:?}: held, delivered afresh");
            }
            assert!(fresh.is_empty(), "{feed}: the sandbox lacks {:?}", fresh.keys());
        }
    }

    /// The sandbox holds the items that the database says, except those that are parked. Nothing may
    /// run meanwhile: the status is read from the store.
    pub(crate) fn assert_sandbox_agrees_with_database(&self) {
        for feed in FEEDS {
            let mut wanted = self.wanted_keys(feed);
            assert!(!wanted.is_empty(), "{feed}: the database names no key at all");
            let held: BTreeSet<Key> = self.service.held(feed).into_keys().collect();
            if held != wanted {
                let parked = self.parked(feed);
                wanted.retain(|key| !parked.contains_key(key));
            }
            let missing: Vec<_> = wanted.difference(&held).collect();
            let surplus: Vec<_> = held.difference(&wanted).collect();
            assert!(
                missing.is_empty() && surplus.is_empty(),
                "{feed} on {}: the sandbox lacks {missing:?} and should not hold {surplus:?}",
                self.server.flavour.name()
            );
        }
    }
}

/// The program with an empty store in `directory`, its config file and its secrets.
pub(crate) fn program(
    server: &Server,
    database: &Database,
    service: &Service,
    directory: &Path,
) -> Aco {
    Aco::new(directory, &config(server, &database.schema, service))
        .env("ACO_STREAM_SOURCE_PASSWORD", &User::Cdc.password())
        .env("ACO_STREAM_CLIENT_SECRET", &service.params.client_secret)
}

/// A complete config: verified TLS, wide budgets, the store in the working directory.
pub(crate) fn config(server: &Server, schema: &str, service: &Service) -> String {
    let (sandbox, params) = (&service.sandbox, &service.params);
    format!(
        r#"
[source]
url = "{url}"
tls = "verify-full"
tls_ca_file = "{ca_file}"
heartbeat_seconds = 1
[source.snapshot]
chunk_rows = 500
[optimizer]
ingestion_url = "{ingestion_url}"
ims_url = "{base_url}"
ccm_url = "{base_url}"
org_id = "{org_id}"
tenant_id = "{tenant_id}"
client_id = "{client_id}"
[limits]
requests_per_second = 50.0
products_per_minute = 1000000
products_per_day = 100000000
prices_per_minute = 100000000
[store]
path = "store"
cache_mb = 16
"#,
        url = server.cdc_url(schema),
        ca_file = server.ca_file.display(),
        ingestion_url = sandbox.ingestion_url(),
        base_url = sandbox.base_url(),
        org_id = params.org_id,
        tenant_id = params.tenant_id,
        client_id = params.client_id,
    )
}
