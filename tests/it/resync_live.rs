//! `resync` while `run` has the store.

use crate::program::{COMMAND_LIMIT, eventually};
use crate::servers::Server;
use crate::shop::Shop;

#[test]
fn running_process_shows_and_sends_what_is_asked_for() {
    let shop = Shop::open(&Server::mariadb());
    shop.settle();
    let running = shop.stream();
    let before = shop.service.requests().len();
    let shown = shop.aco.run(&["resync", "--feed", "categories", "--force", "--dry-run"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("/v1/catalog/categories"), "{}", shown.stdout);
    assert_eq!(shop.service.requests().len(), before, "nothing is sent");
    let asked = shop.aco.run(&["resync", "--feed", "categories", "--force"]);
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    let held = shop.service.held("categories").len();
    eventually("every category was sent again", COMMAND_LIMIT, || {
        let requests = shop.service.requests().into_iter().skip(before);
        requests.map(|request| request.keys.len()).sum::<usize>() == held
    });
    let refused = shop.aco.run(&["resync", "--feed", "categories", "--cleanup-feed"]);
    assert_eq!(refused.code, Some(64), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("keys={held}")), "{}", refused.stderr);
    Shop::stop(running);
}
