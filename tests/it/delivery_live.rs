//! The whole path on real servers: a shop's database, the program, and what reaches the service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::servers::both_servers;
use crate::shop::{FEEDS, Key, Shop, fixture_text, key_of};

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
        let held = held[feed].get(&key);
        (held != Some(body)).then(|| {
            let held = held.map_or("nothing".to_owned(), Json::to_string);
            format!("{feed} {key:?}\n  expected {body}\n  held     {held}")
        })
    };
    expected.iter().filter_map(differs).collect()
}
