//! `explain` and `requests`: why an item looks as it does, and why it was or was not sent.

use aco_stream::sandbox::{FailRule, SandboxLimits, SandboxParams};
use serde_json::Value as Json;

use crate::program::{Aco, COMMAND_LIMIT, Finished, eventually};
use crate::servers::Server;
use crate::shop::{Service, Shop, config, fixture};

struct Desk {
    service: Service,
    aco: Aco,
    _directory: tempfile::TempDir,
}

impl Desk {
    /// The recorded shop, delivered to a sandbox that fails by these rules.
    fn delivered(fail: &[&str]) -> Self {
        let fail: Vec<FailRule> = fail.iter().map(|rule| rule.parse().expect("a rule")).collect();
        let params = SandboxParams { limits: SandboxLimits::Off, fail, ..SandboxParams::default() };
        let service = Service::start(params);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = Aco::new(directory.path(), &config(&Server::mariadb(), "shop", &service))
            .env("ACO_STREAM_CLIENT_SECRET", "sandbox-secret");
        let file = fixture("binlog/story-mariadb.bin.zst");
        let finished = aco.run(&["replay", file.to_str().expect("UTF-8")]);
        // Some of its products can't be made into items.
        assert_eq!(finished.code, Some(3), "{}", finished.stderr);
        Self { service, aco, _directory: directory }
    }

    /// The recorded shop, amid its delivery to a service that is out of order.
    fn interrupted(rule: &str, requests_min: usize) -> Self {
        let fail = vec![rule.parse().expect("a rule")];
        let params = SandboxParams { limits: SandboxLimits::Off, fail, ..SandboxParams::default() };
        let service = Service::start(params);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = Aco::new(directory.path(), &config(&Server::mariadb(), "shop", &service))
            .env("ACO_STREAM_CLIENT_SECRET", "sandbox-secret");
        let file = fixture("binlog/story-mariadb.bin.zst");
        let running = aco.start(&["replay", file.to_str().expect("UTF-8")]);
        eventually("requests have failed", COMMAND_LIMIT, || {
            service.requests().len() >= requests_min
        });
        running.terminate();
        running.wait(COMMAND_LIMIT);
        Self { service, aco, _directory: directory }
    }

    fn run(&self, arguments: &[&str], code: i32) -> Finished {
        let finished = self.aco.run(arguments);
        assert_eq!(finished.code, Some(code), "{}{}", finished.stdout, finished.stderr);
        finished
    }

    /// A sku and a store view that were delivered.
    fn product(&self) -> (String, String) {
        let held = self.service.held("products");
        let (key, _) = held.iter().next().expect("products are held");
        let [sku, store] = key.as_slice() else { panic!("a sku and a store view: {key:?}") };
        (sku.clone(), store.clone())
    }
}

impl Desk {
    /// The skus and store views of parked products.
    fn parked(&self) -> Vec<(String, String)> {
        let items = self.run(&["status", "products", "--state", "parked", "--json"], 0).stdout;
        let items = items.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        let part = |item: &Json, nth: usize| {
            item["key"].get(nth).and_then(Json::as_str).expect("text").to_owned()
        };
        items.map(|item| (part(&item, 0), part(&item, 1))).collect()
    }

    /// What is said about an attribute that was last answered with this status.
    fn attribute_that_met(&self, code: u16) -> String {
        let items = self.run(&["status", "productAttributes", "--json"], 0).stdout;
        let mut items = items.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        let item = items.find(|item| item["code"] == code).expect("one met it");
        let part = |pointer| item.pointer(pointer).and_then(Json::as_str).expect("text");
        self.run(&["explain", "productAttributes", part("/key/0"), part("/key/1")], 0).stdout
    }
}

/// The sku of a product of the recorded shop.
fn any_sku() -> String {
    Desk::delivered(&[]).product().0
}

#[test]
fn accepted_item_is_explained_with_its_rows_and_answers() {
    let desk = Desk::delivered(&[]);
    let (sku, store) = desk.product();
    let text = desk.run(&["explain", "products", &sku, &store], 0).stdout;
    println!("{text}");
    assert!(text.contains("The service has accepted exactly this item"), "{text}");
    assert!(text.contains("catalog_product_entity: entity_id="), "{text}");
    assert!(text.contains("accepted after HTTP 200"), "{text}");
    let json = desk.run(&["explain", "products", &sku, &store, "--json"], 0).stdout;
    let json: Json = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["now"], format!("digest {}", json["accepted"].as_str().expect("a digest")));
}

#[test]
fn refused_item_is_explained_in_the_services_words() {
    let sku = any_sku();
    for rule in ["sku", "sku-noindex"] {
        let desk = Desk::delivered(&[&format!("{rule}={sku}")]);
        let store = desk.parked().into_iter().find(|(of, _)| *of == sku).expect("it is parked").1;
        let text = desk.run(&["explain", "products", &sku, &store], 0).stdout;
        println!("--fail {rule}={sku}:\n{text}\n");
        assert!(text.contains("The service refused this item with HTTP 400"), "{text}");
        assert!(text.contains("What to do: "), "{text}");
        assert!(text.contains("request "), "{text}");
        // The log has the request, and of it only this item.
        let log = desk.run(&["requests", "--feed", "products", "--key", &sku], 0).stdout;
        let lines: Vec<Json> =
            log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(lines.iter().any(|line| line["code"] == 400), "{log}");
        let items = lines.iter().flat_map(|line| line["items"].as_array().expect("a list"));
        assert!(items.clone().all(|item| item["key"][0] == sku.as_str()), "{log}");
    }
}

#[test]
fn item_that_cost_no_request_is_explained_with_the_rule_it_breaks() {
    let desk = Desk::delivered(&[]);
    let (sku, store) = desk.parked().into_iter().next().expect("one is parked");
    let text = desk.run(&["explain", "products", &sku, &store], 0).stdout;
    println!("{text}");
    assert!(text.contains("This item was not sent: "), "{text}");
    assert!(text.contains("What to do: mend the rows named here"), "{text}");
    assert!(text.contains("it can't be made: "), "{text}");
}

#[test]
fn item_that_is_tried_again_is_explained_with_the_time_of_the_next_attempt() {
    let desk = Desk::interrupted("503:1000", 2);
    let text = desk.attribute_that_met(503);
    assert!(
        text.contains("The last attempt failed for a reason that may pass: HTTP 503"),
        "{text}"
    );
    assert!(text.contains("failed, the next one is at "), "{text}");
}

#[test]
fn item_that_nobody_was_let_in_with_is_explained_with_what_to_do() {
    let desk = Desk::interrupted("403:1000", 1);
    let text = desk.attribute_that_met(403);
    assert!(
        text.contains("The service let nothing in when this item was sent: HTTP 403"),
        "{text}"
    );
    assert!(text.contains("What to do: give the credentials access"), "{text}");
}

#[test]
fn key_that_is_not_one_is_answered_with_those_there_are() {
    let desk = Desk::delivered(&[]);
    let (sku, store) = desk.product();
    let several = desk.run(&["explain", "products", &sku], 1).stderr;
    assert!(several.contains(&format!("{sku} {store}")), "{several}");
    let none = desk.run(&["explain", "products", "no-such-sku"], 1).stderr;
    assert!(none.contains("`aco-stream status products` lists the keys"), "{none}");
    let feed = desk.run(&["explain", "nothing", "x"], 64).stderr;
    assert!(feed.contains("the feeds are"), "{feed}");
}

#[test]
fn running_process_explains_its_items() {
    let shop = Shop::open(&Server::mariadb());
    shop.settle();
    let running = shop.stream();
    let key = shop.wanted_keys("priceBooks").into_iter().next().expect("a price book");
    let [book] = key.as_slice() else { panic!("one part: {key:?}") };
    let text = shop.output(&["explain", "priceBooks", book]);
    println!("{text}");
    assert!(text.contains("The service has accepted exactly this item"), "{text}");
    Shop::stop(running);
}
