//! A pair: two processes with one configuration at a real server, of which one delivers. The leader is
//! killed, frozen and cut off while the shop changes without pause; who sent when is what the service
//! saw.

#![expect(clippy::indexing_slicing, reason = "a test reports what it did not expect by panicking")]

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::fault_proxy::FaultProxy;
use crate::program::{Aco, COMMAND_LIMIT, Running, eventually};
use crate::servers::{Server, User};
use crate::shop::{FEEDS, Request, Shop, program};

/// Above what frozen leaders need on a quiet machine: silence, settling, and the sending again.
const TAKE_OVER_LIMIT: Duration = Duration::from_mins(1);

/// The shop's next change: products come, are renamed and go.
fn change(number: u64) -> String {
    let product = 20_000 + number / 4;
    let set = |table: &str, attribute: u16, value: &str| {
        format!(
            "INSERT INTO catalog_product_entity_{table} (attribute_id, store_id, entity_id, value) \
             VALUES ({attribute}, 0, {product}, {value}) ON DUPLICATE KEY UPDATE value = {value};"
        )
    };
    match number % 4 {
        0 => format!(
            "START TRANSACTION; INSERT INTO catalog_product_entity (entity_id, attribute_set_id, \
             type_id, sku, created_at, updated_at) VALUES ({product}, 21, 'simple', 'PAIR-{product}', \
             '2024-01-01', '2024-01-01'); {}{}{}{}{} INSERT INTO catalog_product_website \
             (product_id, website_id) VALUES ({product}, 3); COMMIT",
            set("varchar", 173, "'Ware'"),
            set("varchar", 203, &format!("'ware-{product}'")),
            set("int", 197, "1"),
            set("int", 202, "4"),
            set("decimal", 177, "7"),
        ),
        1 | 2 => set("varchar", 173, &format!("'Ware {number}'")),
        // Every second one stays.
        _ if product.is_multiple_of(2) => {
            format!("DELETE FROM catalog_product_entity WHERE entity_id = {product}")
        }
        _ => set("decimal", 177, &format!("{}.5", number % 90)),
    }
}

/// What happens to the leader.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed,
    Frozen,
    CutOff,
}

/// The standby-to-be is the shop's own program, the leader-to-be goes through the proxy.
struct Pair {
    shop: Shop,
    proxy: FaultProxy,
    first: Aco,
    _directory: tempfile::TempDir,
    number: Cell<u64>,
}

impl Pair {
    fn new(server: &Server) -> Self {
        let shop = Shop::open(server);
        let proxy = FaultProxy::start(server.port);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut proxied = server.clone();
        proxied.port = proxy.port();
        let first = program(&proxied, &shop.database, &shop.service, directory.path());
        Self { shop, proxy, first, _directory: directory, number: Cell::new(0) }
    }

    fn start(aco: &Aco) -> Running {
        aco.start(&["run", "--log-format", "json"])
    }

    /// Waits for a condition while the shop changes.
    fn changing(&self, what: &str, mut condition: impl FnMut() -> bool) {
        eventually(what, TAKE_OVER_LIMIT, || {
            self.shop.database.exec(&change(self.number.get()));
            self.number.set(self.number.get() + 1);
            condition()
        });
    }

    /// The requests of a process so far.
    fn sent(&self, instance: &str) -> Vec<Request> {
        let mut requests = self.shop.service.requests();
        requests.retain(|request| request.sender.contains(instance));
        requests
    }

    /// Waits until a process leads, while the shop changes; the name on its requests.
    fn leads(&self, running: &Running) -> String {
        let mut instance = None;
        self.changing("it delivers", || {
            instance = field(running, "this process delivers", "instance");
            instance.is_some()
        });
        instance.expect("just seen")
    }

    /// Waits until a process has sent some more, while the shop changes.
    fn sends(&self, instance: &str) {
        let before = self.sent(instance).len();
        self.changing("it sends", || self.sent(instance).len() > before + 5);
    }

    /// The shop's last change: a new product, by whose sku one sees how far a process is.
    fn mark(&self) -> String {
        let number = self.number.get().next_multiple_of(4);
        self.number.set(number + 1);
        self.shop.database.exec(&change(number));
        format!("PAIR-{}", 20_000 + number / 4)
    }

    /// Waits until what the shop has up to the mark is absorbed by one and settled by the other.
    fn quiet(mark: &str, standby: &Aco, leader: &Aco) {
        let status = |aco: &Aco| -> Json {
            let finished = aco.run(&["status", "--json"]);
            serde_json::from_str(&finished.stdout).unwrap_or_default()
        };
        let has_mark = |aco: &Aco| aco.run(&["status", "products", "--json"]).stdout.contains(mark);
        eventually("both are quiet", COMMAND_LIMIT, || {
            let (waits, leads) = (status(standby), status(leader));
            let is_done = |feed: &Json, counts: &[&str]| {
                feed["is_mass_load"] == false && counts.iter().all(|count| feed[count] == 0)
            };
            let all = |report: &Json, counts: &[&str]| {
                report["feeds"]
                    .as_array()
                    .is_some_and(|feeds| feeds.iter().all(|feed| is_done(feed, counts)))
            };
            waits["delivery"]["role"] == "standby"
                && leads["delivery"]["role"] == "leader"
                && [standby, leader].iter().all(|aco| has_mark(aco))
                && all(&waits, &["dirty"])
                && all(&leads, &["dirty", "pending", "retrying"])
        });
    }
}

/// A field of the last line of the log with this message.
fn field(running: &Running, message: &str, name: &str) -> Option<String> {
    let stderr = running.stderr();
    let lines = stderr.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let line = lines.rev().find(|line| line["message"] == message)?;
    line[name].as_str().map(str::to_owned)
}

fn says(running: &Running, words: &str) -> bool {
    running.stderr().contains(words)
}

const STANDING_BY: &str = "standing by";

fn take_over(server: &Server, fault: Fault) {
    let pair = Pair::new(server);
    let mut first = Pair::start(&pair.first);
    let one = pair.leads(&first);
    let second = Pair::start(&pair.shop.aco);
    eventually("it stands by", COMMAND_LIMIT, || says(&second, STANDING_BY));
    pair.changing("its copy is complete", || says(&second, "the gate is open"));
    pair.sends(&one);

    match fault {
        Fault::Killed => first.signal("KILL"),
        Fault::Frozen => first.signal("STOP"),
        Fault::CutOff => pair.proxy.stall(true),
    }
    let two = pair.leads(&second);
    pair.sends(&two);
    let last = pair.sent(&one).last().expect("it has sent").received_at_ms;
    let next = pair.sent(&two).first().expect("it has sent").received_at_ms;
    let name = server.flavour.name();
    eprintln!("on {name}: {fault:?}: {} ms without a sender", next - last);

    first = match fault {
        Fault::Killed => Pair::start(&pair.first),
        Fault::Frozen => {
            first.signal("CONT");
            first
        }
        Fault::CutOff => {
            pair.proxy.stall(false);
            first
        }
    };
    pair.changing("it stands by", || says(&first, STANDING_BY));
    pair.sends(&two);
    let mark = pair.mark();
    Pair::quiet(&mark, &pair.first, &pair.shop.aco);

    let requests = pair.shop.service.requests();
    let came_first = |request: &Request| request.sender.contains(&one);
    let place = requests.iter().position(|request| !came_first(request)).expect("there are two");
    let late = requests[place..].iter().filter(|request| !request.sender.contains(&two));
    assert_eq!(late.count(), 0, "on {name}: {fault:?}: both send, or a third");
    assert!(next - last >= 3_000, "on {name}: {fault:?}: nothing of the first could still arrive");

    let text = pair.first.run(&["status"]).stdout;
    assert!(text.contains("delivery  standby since ") && text.contains("sends nothing"), "{text}");
    let item = pair.first.run(&["status", "categories", "--json"]).stdout;
    let item: Json = serde_json::from_str(item.lines().next().expect("one")).expect("JSON");
    let part = |pointer| item.pointer(pointer).and_then(Json::as_str).expect("text");
    let explain = ["explain", "categories", part("/key/0"), part("/key/1")];
    let text = pair.first.run(&explain).stdout;
    assert!(
        text.contains("delivery      standby since ") && text.contains("sends nothing"),
        "{text}"
    );
    // The one that stops hands over; nothing changes any more, so both know of every item in the end.
    Shop::stop(second);
    eventually("it delivers again", TAKE_OVER_LIMIT, || {
        field(&first, "this process delivers", "instance").is_some()
    });
    let second = Pair::start(&pair.shop.aco);
    eventually("it stands by", COMMAND_LIMIT, || says(&second, STANDING_BY));
    Pair::quiet(&mark, &pair.shop.aco, &pair.first);
    Shop::stop(second);
    Shop::stop(first);
    for feed in FEEDS {
        let exports = [&pair.first, &pair.shop.aco].map(|aco| aco.run(&["export", feed]).stdout);
        assert!(!exports[0].is_empty(), "{feed}");
        assert!(exports[0] == exports[1], "{feed} on {name}: {exports:?}");
    }
    pair.shop.assert_sandbox_agrees_with_database();
    pair.shop.assert_sandbox_holds_what_a_fresh_start_delivers();
}

/// On both servers at once: most of the time they wait.
fn on_both_servers(check: impl Fn(&Server) + Sync) {
    let servers = [Some(Server::mariadb()), Server::mysql()];
    thread::scope(|scope| {
        for server in servers.into_iter().flatten() {
            let check = &check;
            scope.spawn(move || check(&server));
        }
    });
}

#[test]
fn standby_takes_over_from_a_leader_that_was_killed() {
    on_both_servers(|server| take_over(server, Fault::Killed));
}

#[test]
fn standby_takes_over_from_a_leader_that_froze_and_that_one_sends_no_more_when_it_goes_on() {
    on_both_servers(|server| take_over(server, Fault::Frozen));
}

#[test]
fn standby_takes_over_from_a_leader_that_was_cut_off() {
    on_both_servers(|server| take_over(server, Fault::CutOff));
}

#[test]
fn one_that_is_alone_sends_nothing_again_after_a_broken_connection_or_a_kill() {
    on_both_servers(|server| {
        let pair = Pair::new(server);
        let running = Pair::start(&pair.first);
        let one = pair.leads(&running);
        pair.sends(&one);
        eventually("it is settled", COMMAND_LIMIT, || {
            let status = pair.first.run(&["status", "--json"]).stdout;
            let report: Json = serde_json::from_str(&status).unwrap_or_default();
            let feeds = report["feeds"].as_array().cloned().unwrap_or_default();
            let waits = |feed: &Json| feed["dirty"] != 0 || feed["pending"] != 0;
            !feeds.is_empty() && !feeds.iter().any(waits)
        });
        let before = pair.shop.service.requests().len();
        pair.proxy.cut();
        eventually("it says so", COMMAND_LIMIT, || says(&running, "the right to deliver is lost"));
        eventually("it delivers again", COMMAND_LIMIT, || {
            running.stderr().matches("this process delivers").count() == 2
        });
        drop(running.kill());
        let finished = pair.first.run(&["run", "--once"]);
        assert!(matches!(finished.code, Some(0 | 3)), "{}", finished.stderr);
        assert_eq!(pair.shop.service.requests().len(), before, "{}", finished.stderr);
        let other = pair.shop.database.session(User::App);
        let tenant = &pair.shop.service.params.tenant_id;
        let lock = format!("SELECT GET_LOCK('aco-stream:{tenant}', 0)");
        assert_eq!(other.query(&lock), vec![vec![Some("1".to_owned())]], "it is free");
        let finished = pair.first.run(&["run", "--once"]);
        assert_eq!(finished.code, Some(69), "{}", finished.stderr);
        assert!(finished.stderr.contains("another process does so now"), "{}", finished.stderr);
        assert!(finished.stderr.contains("hint: stop it first"), "{}", finished.stderr);
        let checked = pair.first.run(&["check"]).stdout;
        assert!(checked.contains("a process delivers to this tenant now"), "{checked}");
    });
}
