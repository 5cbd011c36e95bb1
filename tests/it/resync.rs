//! `resync` over the recorded shop and the sandbox, for every feed.

use serde_json::Value as Json;

use crate::program::{Aco, Finished};
use crate::servers::Server;
use crate::shop::{FEEDS, Key, Service, config, fixture, key_of};

/// The recorded shop, delivered; a replay of the same file delivers what is left to do.
struct Delivered {
    aco: Aco,
    service: Service,
    _directory: tempfile::TempDir,
}

impl Delivered {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let service = Service::unlimited();
        let aco = Aco::new(directory.path(), &config(&Server::mariadb(), "shop", &service))
            .env("ACO_STREAM_CLIENT_SECRET", &service.params.client_secret);
        let shop = Self { aco, service, _directory: directory };
        shop.deliver();
        shop
    }

    fn deliver(&self) {
        let file = fixture("binlog/story-mariadb.bin.zst");
        let finished = self.aco.run(&["replay", file.to_str().expect("UTF-8")]);
        // Some items of the shop can't be sent, so they are parked.
        assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    }

    fn resync(&self, feed: &str, options: &[&str]) -> Finished {
        let mut arguments = vec!["resync", "--feed", feed];
        arguments.extend(options);
        self.aco.run(&arguments)
    }

    /// Feed, whether it deletes, and keys of each ingestion request from the `after`th on.
    fn requests(&self, after: usize) -> Vec<Sent> {
        let requests = self.service.requests().into_iter().skip(after);
        requests.map(|it| (it.feed, it.is_delete, it.keys)).collect()
    }

    fn items(&self, after: usize) -> usize {
        self.requests(after).iter().map(|(_, _, keys)| keys.len()).sum()
    }
}

type Sent = (String, bool, Vec<Key>);

/// What a dry run shows.
fn shown(feed: &str, finished: &Finished) -> Vec<Sent> {
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines = finished.stdout.lines().map(|line| {
        let request: Json = serde_json::from_str(line).expect("JSON");
        let member = |name: &str| request.get(name).expect("a member");
        assert_eq!(member("method"), "POST");
        let items = member("items").as_array().expect("items");
        assert_eq!(member("count").as_u64(), u64::try_from(items.len()).ok());
        let is_delete = member("path").as_str().expect("a path").ends_with("/delete");
        (feed.to_owned(), is_delete, items.iter().map(|item| key_of(feed, item)).collect())
    });
    lines.collect()
}

#[test]
fn each_feed_is_sent_again_by_force_as_the_dry_run_shows_it() {
    let shop = Delivered::new();
    for feed in FEEDS {
        let before = shop.service.requests().len();
        assert_eq!(shop.resync(feed, &[]).code, Some(0));
        shop.deliver();
        assert_eq!(shop.requests(before), [], "{feed}: nothing differs");
        let shown = shown(feed, &shop.resync(feed, &["--force", "--dry-run"]));
        assert!(!shown.is_empty(), "{feed}");
        assert_eq!(shop.requests(before), [], "{feed}: a dry run sends nothing");
        let scheduled = shop.resync(feed, &["--force"]);
        assert_eq!((scheduled.code, scheduled.stdout.as_str()), (Some(0), ""));
        assert!(scheduled.stderr.contains("resync scheduled"), "{}", scheduled.stderr);
        shop.deliver();
        let sent = shop.requests(before);
        // Several are on their way at once, and arrive in any order.
        let sorted = |mut requests: Vec<_>| {
            requests.sort();
            requests
        };
        assert_eq!(sorted(sent.clone()), sorted(shown), "{feed}");
        shop.deliver();
        assert_eq!(shop.requests(before).len(), sent.len(), "{feed}: the force is spent");
    }
}

#[test]
fn ids_of_each_feed_are_sent_at_once_and_an_unknown_one_is_named() {
    let shop = Delivered::new();
    for (feed, id) in [
        ("products", "LAN-001"),
        ("prices", "LAN-001"),
        ("productAttributes", "name"),
        ("categoryAttributes", "banner_text"),
        ("categories", "apparel"),
        ("priceBooks", "base"),
    ] {
        let before = shop.service.requests().len();
        let ids = format!("--by-ids={id},no-such-thing");
        let finished = shop.resync(feed, &[&ids]);
        assert_eq!(finished.code, Some(1), "{feed}: {}", finished.stderr);
        assert!(finished.stderr.contains("no-such-thing"), "{}", finished.stderr);
        shop.deliver();
        assert!(shop.items(before) > 0, "{feed} {id}");
    }
}

#[test]
fn a_cleanup_wants_a_confirmation_and_sends_everything() {
    let shop = Delivered::new();
    let before = shop.service.requests().len();
    let refused = shop.resync("prices", &["--cleanup-feed"]);
    assert_eq!(refused.code, Some(64), "{}", refused.stderr);
    assert!(refused.stderr.contains("never be deleted"), "{}", refused.stderr);
    assert!(refused.stderr.contains("deletes_waiting=0"), "{}", refused.stderr);
    shop.deliver();
    assert_eq!(shop.requests(before), []);
    assert_eq!(shop.resync("prices", &["--cleanup-feed", "--yes"]).code, Some(0));
    shop.deliver();
    assert_eq!(shop.items(before), shop.service.held("prices").len());
}

#[test]
fn combinations_without_a_meaning_are_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let aco = Aco::new(directory.path(), "");
    for options in [
        &["products", "--id-type", "sku"][..],
        &["products", "--by-ids", "a", "--cleanup-feed"],
        &["products", "--by-ids", "a", "--continue-resync"],
        &["products", "--cleanup-feed", "--continue-resync"],
        &["products", "--yes"],
        &["categories", "--by-ids", "a", "--id-type", "sku"],
        &["nonsense"],
    ] {
        let finished = aco.run(&[&["resync", "--feed"], options].concat());
        assert_eq!(finished.code, Some(64), "{options:?}: {}", finished.stderr);
        assert!(finished.stderr.contains("hint: "), "{options:?}: {}", finished.stderr);
    }
}

#[test]
fn going_on_says_when_there_is_nothing_to_go_on_with() {
    let shop = Delivered::new();
    let finished = shop.resync("products", &["--continue-resync"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(shop.resync("products", &["--force"]).code, Some(0));
    assert_eq!(shop.resync("products", &["--continue-resync"]).code, Some(0));
}
