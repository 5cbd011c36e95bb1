//! What happens in tables that no feed reads passes without harm, and without filling the memory.

use std::collections::BTreeSet;

use serde_json::json;

use crate::program::{COMMAND_LIMIT, eventually};
use crate::servers::Server;
use crate::shop::{Key, Shop};

/// The most that a debug build may have held at once, in MiB.
const PEAK_MAX_MIB: u64 = 200;

/// What must arrive: sku, price book, regular price.
type Price = (&'static str, &'static str, f64);

fn unwatched_traffic_passes(server: &Server) {
    let scenarios: [(&str, &[Price]); 4] = [
        // The big row comes last: it may leave a high peak, which must not hide another one's.
        ("savepoint", &[("HOME-306", "base", 6.66), ("HOME-306", "outlet", 6.66)]),
        ("unwatched_ddl", &[("HOME-309", "base", 14.44), ("HOME-309", "outlet", 14.44)]),
        ("unwatched_million_rows", &[("HOME-311", "base", 58.58), ("HOME-311", "outlet", 58.58)]),
        ("unwatched_big_row", &[("HOME-310", "base", 57.57)]),
    ];
    let shop = Shop::open(server);
    shop.settle();
    let mut running = shop.stream();
    let mut peak = running.peak_memory_kib() / 1024;
    eprintln!("peak memory before: {peak} MiB");
    for (scenario, prices) in scenarios {
        let sent_before = shop.service.requests().len();
        shop.play(scenario);
        eventually(scenario, COMMAND_LIMIT, || {
            assert!(running.is_running(), "{scenario}: run ended: {}", running.stderr());
            let held = shop.service.held("prices");
            prices.iter().all(|(sku, book, regular)| {
                let item = held.get(&vec![(*sku).to_owned(), (*book).to_owned()]);
                item.is_some_and(|item| item["regular"] == json!(regular))
            })
        });
        let sent: BTreeSet<Key> = shop
            .service
            .requests()
            .into_iter()
            .skip(sent_before)
            .filter(|request| request.feed == "prices")
            .flat_map(|request| request.keys)
            .collect();
        let expected: BTreeSet<Key> = prices
            .iter()
            .map(|(sku, book, _)| vec![(*sku).to_owned(), (*book).to_owned()])
            .collect();
        assert_eq!(sent, expected, "{scenario}: prices that were sent");
        let now = running.peak_memory_kib() / 1024;
        eprintln!("peak memory after {scenario}: {now} MiB, {} more", now - peak);
        peak = now;
    }
    assert!(peak < PEAK_MAX_MIB, "{peak} MiB were held at once");
    let log = running.stderr();
    assert!(!log.contains("ERROR") && !log.contains("source lost"), "{log}");
    Shop::stop(running);
    shop.assert_sandbox_agrees_with_database();
}

#[test]
fn unwatched_rows_and_ddl_pass_with_flat_memory_on_mariadb() {
    unwatched_traffic_passes(&Server::mariadb());
}

#[test]
fn unwatched_rows_and_ddl_pass_with_flat_memory_on_mysql() {
    if let Some(server) = Server::mysql() {
        unwatched_traffic_passes(&server);
    }
}
