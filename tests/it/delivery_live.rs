//! The whole path on real servers: a shop's database, the program, and what reaches the service.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aco_stream::clock::{Clock as _, SystemClock};
use serde_json::Value as Json;

use crate::program::{Running, eventually, holds_within};
use crate::servers::{Server, both_servers};
use crate::shop::{FEEDS, Key, Request, Shop, fixture_text, key_of};

/// A change is there within a second; a machine that runs other tests too may take longer, and the
/// figures are printed.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(5);

/// Products of the fixture shop whose items lack what the service requires.
const UNSENDABLE: [&str; 2] = ["NO-NAME", "NO-SLUG"];

#[test]
fn run_once_delivers_what_the_database_says_and_bodies_worked_out_by_hand() {
    both_servers(|server| {
        let shop = Shop::open(server);
        let finished = shop.settle();
        assert_eq!(finished.code, Some(3), "items are parked: {}", finished.stderr);
        for request in shop.service.requests() {
            assert_eq!(request.status, Some(200), "{request:?}");
        }
        shop.assert_sandbox_agrees_with_database();
        for feed in FEEDS {
            let parked: BTreeSet<Key> = shop.parked(feed).into_keys().collect();
            let mut unsendable = shop.wanted_keys(feed);
            unsendable.retain(|key| feed == "products" && UNSENDABLE.contains(&key[0].as_str()));
            assert_eq!(parked, unsendable, "parked {feed}");
        }
        let differences = differing_bodies(&shop);
        assert!(
            differences.is_empty(),
            "{} bodies differ:\n{}",
            differences.len(),
            differences.join("\n")
        );
    });
}

/// What the sandbox holds otherwise than worked out by hand.
fn differing_bodies(shop: &Shop) -> Vec<String> {
    let expected: Vec<Json> =
        serde_json::from_str(&fixture_text("expected/bodies.json")).expect("a list");
    assert!(expected.len() >= 30, "{} bodies are too few", expected.len());
    let held: BTreeMap<&str, BTreeMap<Key, Json>> =
        FEEDS.into_iter().map(|feed| (feed, shop.service.held(feed))).collect();
    let differs = |entry: &Json| {
        let (feed, body) = (entry["feed"].as_str().expect("a feed"), &entry["body"]);
        let key = key_of(feed, body);
        let held = held.get(feed).and_then(|held| held.get(&key));
        (held != Some(body)).then(|| {
            let held = held.map_or("nothing".to_owned(), Json::to_string);
            format!("{feed} {key:?}\n  expected {body}\n  held     {held}")
        })
    };
    expected.iter().filter_map(differs).collect()
}

const EVERY_VIEW: &[&str] = &["default", "german", "outlet"];
const BOTH_BOOKS: &[&str] = &["base", "outlet"];
/// The book of the group Wholesale (2) in the website base.
const WHOLESALE: &str = "base::da4b9237bacccdf19c0760cab7aec4a8359010b0";

/// An item of a request: feed, key, and whether it is to be deleted.
type Sent = (String, Key, bool);

/// Items of a feed that are replaced: every sku in every scope.
fn replaced(feed: &str, skus: &[&str], scopes: &[&str]) -> Vec<Sent> {
    items(feed, skus, scopes, false)
}

/// Items of a feed that are deleted: every sku in every scope.
fn deleted(feed: &str, skus: &[&str], scopes: &[&str]) -> Vec<Sent> {
    items(feed, skus, scopes, true)
}

fn items(feed: &str, skus: &[&str], scopes: &[&str], is_delete: bool) -> Vec<Sent> {
    let key = |sku: &str, scope: &str| vec![sku.to_owned(), scope.to_owned()];
    let keys = skus.iter().flat_map(|sku| scopes.iter().map(move |scope| key(sku, scope)));
    keys.map(|key| (feed.to_owned(), key, is_delete)).collect()
}

/// What must be sent after each scenario, as its comment says.
fn consequences() -> Vec<(&'static str, Vec<Sent>)> {
    let reds = ["JKT-RED-S", "JKT-RED-M", "HOME-302", "HOME-305", "JKT"];
    vec![
        ("price_changed", replaced("prices", &["LAN-001"], BOTH_BOOKS)),
        ("name_changed_in_one_store_view", replaced("products", &["LAN-001"], &["german"])),
        ("option_label_changed", replaced("products", &reds, &["german"])),
        (
            "website_unassigned",
            [
                deleted("products", &["MUG ENAMEL/0.4L"], &["outlet"]),
                deleted("prices", &["MUG ENAMEL/0.4L"], &["outlet"]),
            ]
            .concat(),
        ),
        (
            "website_assigned",
            [
                replaced("products", &["LAN-002", "LAN-001"], &["outlet"]),
                replaced("prices", &["LAN-002"], &["outlet"]),
            ]
            .concat(),
        ),
        (
            "product_created",
            [
                replaced("products", &["NEW-401"], EVERY_VIEW),
                replaced("prices", &["NEW-401"], BOTH_BOOKS),
                replaced("prices", &["NEW-401"], &[WHOLESALE]),
            ]
            .concat(),
        ),
        (
            "product_deleted",
            [
                deleted("products", &["HOME-304"], EVERY_VIEW),
                deleted("prices", &["HOME-304"], BOTH_BOOKS),
            ]
            .concat(),
        ),
        (
            "sku_renamed",
            [
                replaced("products", &["LAN-003 B", "LAN-004", "SET-DYNAMIC"], EVERY_VIEW),
                replaced("prices", &["LAN-003 B"], BOTH_BOOKS),
                deleted("products", &["LAN-003"], EVERY_VIEW),
                deleted("prices", &["LAN-003"], BOTH_BOOKS),
            ]
            .concat(),
        ),
    ]
}

/// The items of requests, in order.
fn sent(requests: &[Request]) -> Vec<Sent> {
    let items = |request: &Request| {
        assert_eq!(request.status, Some(200), "{request:?}");
        let item = |key: &Key| (request.feed.clone(), key.clone(), request.is_delete);
        request.keys.iter().map(item).collect::<Vec<_>>()
    };
    requests.iter().flat_map(items).collect()
}

/// A shop whose program streams and has just sent a change, and whose log of requests is empty.
fn streaming(server: &Server) -> (Shop, Running) {
    let shop = Shop::open(server);
    shop.settle();
    let running = shop.stream();
    beacon(&shop, "1.11");
    shop.service.sandbox.forget_requests();
    (shop, running)
}

/// Changes the price of HOME-317 and waits until it arrives: by then all that was committed before is
/// absorbed.
fn beacon(shop: &Shop, price: &str) {
    shop.database.exec(&format!(
        "UPDATE catalog_product_entity_decimal SET value = {price}
         WHERE attribute_id = 177 AND store_id = 0 AND entity_id = 317"
    ));
    eventually("the beacon arrives", ARRIVAL_LIMIT * 4, || {
        regular_price(shop, "HOME-317") == price
    });
}

/// The regular price of a sku in the book base.
fn regular_price(shop: &Shop, sku: &str) -> String {
    let key = vec![sku.to_owned(), "base".to_owned()];
    shop.service
        .held("prices")
        .get(&key)
        .map_or_else(String::new, |body| body["regular"].to_string())
}

/// Stops the program, and delivers what it may have left.
fn stop_and_settle(shop: &Shop, running: Running) {
    Shop::stop(running);
    shop.settle();
}

#[test]
fn each_change_reaches_the_service_at_once_and_nothing_else_is_sent() {
    both_servers(|server| {
        let (shop, running) = streaming(server);
        let mut segments = Vec::new();
        for (scenario, consequence) in consequences() {
            let before = shop.service.requests().len();
            let started_ms = SystemClock.now().as_millisecond();
            shop.play(scenario);
            let committed_ms = SystemClock.now().as_millisecond();
            let mut news = Vec::new();
            let has_arrived = holds_within(ARRIVAL_LIMIT, || {
                news = shop.service.requests().split_off(before);
                let sent = sent(&news);
                consequence.iter().all(|item| sent.contains(item))
            });
            let stderr = running.stderr();
            assert!(has_arrived, "{scenario}: only {news:?} arrived in time; stderr: {stderr}");
            let last_ms = news.iter().map(|request| request.received_at_ms).max().expect("some");
            eprintln!(
                "{}: {scenario}: {} items in {} requests, the last {} ms after the commit ({} after the start)",
                server.flavour.name(),
                consequence.len(),
                news.len(),
                last_ms - committed_ms,
                last_ms - started_ms,
            );
            segments.push((scenario, consequence, before));
        }
        stop_and_settle(&shop, running);
        // What a change should not have caused may come late: it is looked for when all is settled.
        let mut requests = shop.service.requests();
        for (scenario, mut consequence, before) in segments.into_iter().rev() {
            let mut sent = sent(&requests.split_off(before));
            sent.sort();
            consequence.sort();
            assert_eq!(sent, consequence, "sent after {scenario}");
        }
        shop.assert_sandbox_agrees_with_database();
        shop.assert_sandbox_holds_what_a_fresh_start_delivers();
    });
}

#[test]
fn swapped_skus_change_places_and_neither_is_lost() {
    both_servers(|server| {
        let (shop, running) = streaming(server);
        shop.play("sku_swapped");
        let id = |sku: &str| {
            let body =
                shop.service.held("products").remove(&vec![sku.to_owned(), "german".to_owned()]);
            body.map_or_else(String::new, |body| body["externalIds"][0]["id"].to_string())
        };
        eventually("the products change places", ARRIVAL_LIMIT, || {
            id("HOME-301") == "\"302\"" && id("HOME-302") == "\"301\""
        });
        stop_and_settle(&shop, running);
        let mut sent: BTreeSet<Sent> = sent(&shop.service.requests()).into_iter().collect();
        sent.retain(|(_, key, _)| key[0] != "SWAP-TMP");
        let skus = ["HOME-301", "HOME-302"];
        let mut expected = replaced("products", &skus, EVERY_VIEW);
        expected.extend(replaced("prices", &skus, BOTH_BOOKS));
        assert_eq!(sent, expected.into_iter().collect());
        shop.assert_sandbox_agrees_with_database();
        shop.assert_sandbox_holds_what_a_fresh_start_delivers();
    });
}

#[test]
fn products_saved_again_without_a_change_cost_no_request() {
    both_servers(|server| {
        let (shop, running) = streaming(server);
        let position = |status: String| {
            let status: Json = serde_json::from_str(&status).expect("JSON");
            status["position"].as_str().expect("a position").to_owned()
        };
        shop.play("product_resaved_without_change");
        beacon(&shop, "2.22");
        Shop::stop(running);
        let before = position(shop.output(&["status", "--json"]));
        // Once more while the program is down: it catches up with all of it at once.
        shop.play("product_resaved_without_change");
        shop.settle();
        let after = position(shop.output(&["status", "--json"]));
        assert_ne!(before, after, "the second save was absorbed");
        let mut sent = sent(&shop.service.requests());
        sent.retain(|(feed, key, _)| feed != "prices" || key[0] != "HOME-317");
        assert_eq!(sent, Vec::new());
        assert_eq!(shop.service.requests().len(), 1, "the beacon's alone");
    });
}

#[test]
fn thousand_changes_to_one_product_are_sent_a_few_times_and_end_with_the_last() {
    both_servers(|server| {
        let (shop, running) = streaming(server);
        shop.play("thousand_changes_to_one_product");
        eventually("the last price arrives", ARRIVAL_LIMIT, || {
            regular_price(&shop, "LAN-005") == "110.99"
        });
        stop_and_settle(&shop, running);
        let mut counts: BTreeMap<Sent, usize> = BTreeMap::new();
        for item in sent(&shop.service.requests()) {
            *counts.entry(item).or_default() += 1;
        }
        eprintln!("{}: sent {counts:?}", server.flavour.name());
        let keys: BTreeSet<Sent> = counts.keys().cloned().collect();
        let expected = replaced("prices", &["LAN-005"], BOTH_BOOKS);
        assert_eq!(keys, expected.into_iter().collect());
        assert!(counts.values().all(|count| *count <= 10), "{counts:?}");
        assert_eq!(regular_price(&shop, "LAN-005"), "110.99");
    });
}

#[test]
fn a_store_view_switched_off_leaves_the_service_and_comes_back_without_a_change_in_the_shop() {
    let shop = Shop::open(&Server::mariadb());
    shop.settle();
    let views = |feed: &str| -> BTreeSet<String> {
        shop.service.held(feed).into_keys().map(|key| key[1].clone()).collect()
    };
    let config = shop.directory.path().join("aco-stream.toml");
    let all_on = std::fs::read_to_string(&config).expect("the config");
    let before = (views("products"), shop.service.held("products").len());
    assert!(before.0.contains("german"), "{before:?}");

    let off = format!("{all_on}\n[scopes]\ndisabled_store_views = [\"german\"]\n");
    std::fs::write(&config, off).expect("the config is written");
    shop.settle();
    for feed in ["products", "productAttributes"] {
        assert!(!views(feed).contains("german"), "{feed}");
        assert!(views(feed).contains("default"), "{feed}");
    }

    std::fs::write(&config, all_on).expect("the config is written");
    shop.settle();
    assert_eq!((views("products"), shop.service.held("products").len()), before);
}

#[test]
fn status_answers_from_the_running_process_that_has_the_store() {
    let shop = Shop::open(&Server::mariadb());
    let running = shop.stream();
    eventually("status names the parked items", ARRIVAL_LIMIT, || {
        shop.parked("products").keys().any(|key| key[0] == "NO-NAME")
    });
    let status = shop.output(&["status"]);
    assert!(status.contains("snapshot  open"), "{status}");
    assert!(status.contains("source    following the binlog"), "{status}");
    let refused = shop.aco.run(&["export", "products"]);
    assert_eq!(refused.code, Some(74), "the run has the store: {}", refused.stderr);
    Shop::stop(running);
}
