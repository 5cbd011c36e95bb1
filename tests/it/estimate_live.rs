//! `estimate` counts the same items wherever it counts them, and bounds them by the database's counts.

use serde_json::Value as Json;

use crate::servers::{Server, User, both_servers};
use crate::shop::{FEEDS, Shop};

fn estimate(shop: &Shop) -> Json {
    serde_json::from_str(&shop.output(&["estimate", "--json"])).expect("JSON")
}

/// The items of each feed.
fn items(estimate: &Json) -> Vec<(String, u64)> {
    let feeds = estimate["feeds"].as_array().expect("a list");
    let item = |feed: &Json| {
        let name = feed["feed"].as_str().expect("a name").to_owned();
        (name, feed["items"].as_u64().expect("a figure"))
    };
    feeds.iter().map(item).collect()
}

#[test]
fn database_the_store_and_the_running_process_count_alike() {
    both_servers(|server| {
        let shop = Shop::open(server);
        let of_database = estimate(&shop);
        assert_eq!(of_database["counted_in"], "database");
        shop.settle();
        let of_store = estimate(&shop);
        assert_eq!(of_store["counted_in"], "catalog copy");
        let running = shop.stream();
        let of_process = estimate(&shop);
        Shop::stop(running);
        for of in [&of_store, &of_process] {
            assert_eq!(of["counted_in"], "catalog copy");
            assert_eq!(items(of), items(&of_store));
        }
        let sent = of_process["products_sent_today"].as_u64();
        assert_eq!(sent, of_store["products_sent_today"].as_u64());
        assert!(sent > Some(0), "the settling counts: {of_store}");

        let mut faulty = 0;
        for (feed, counted) in items(&of_store) {
            let held = shop.service.held(&feed).len();
            assert_eq!(counted, u64::try_from(held).expect("a figure"), "{feed}: counted, held");
            faulty += shop.parked(&feed).len();
        }
        assert_eq!(of_store["faulty_items"], faulty, "what is parked can't be made");

        let bounds = of_database["feeds"].as_array().expect("a list").iter();
        let bounds = bounds.map(|feed| feed["is_upper_bound"] == true);
        let pairs = items(&of_database).into_iter().zip(items(&of_store)).zip(bounds);
        for (((feed, most), (_, counted)), is_bound) in pairs {
            assert!(most >= counted, "{feed}: {most} in the database, {counted} in the copy");
            assert!(
                is_bound || most == counted,
                "{feed}: {most} in the database, {counted} in the copy"
            );
            assert!(most <= counted * 2, "{feed}: {most} is no good bound of {counted}");
        }
    });
}

#[test]
fn estimate_leaves_out_what_is_not_exported() {
    let shop = Shop::open(&Server::mariadb());
    let all = items(&estimate(&shop));
    let path = shop.directory.path().join("aco-stream.toml");
    let mut config = std::fs::read_to_string(&path).expect("there is a config");
    config.push_str("[scopes]\ndisabled_store_views = [\"german\"]\n");
    std::fs::write(&path, config).expect("written");
    let fewer = items(&estimate(&shop));
    for ((feed, all), (_, fewer)) in all.iter().zip(&fewer) {
        let is_of_store_views = !feed.starts_with("price");
        assert!(
            if is_of_store_views { fewer < all } else { fewer == all },
            "{feed}: {fewer} of {all}"
        );
    }
    let text = shop.output(&["estimate"]);
    assert_eq!(
        text.lines().skip(1).take(6).map(|line| line.split(' ').next()).collect::<Vec<_>>(),
        FEEDS.map(Some)
    );
    assert!(text.contains("counted    in the database"), "{text}");
    assert!(text.lines().last().expect("lines").starts_with("full sync  "), "{text}");
}

#[test]
fn item_that_two_categories_make_counts_once() {
    let shop = Shop::open(&Server::mariadb());
    let of_categories = |estimate: &Json| {
        let all = items(estimate);
        all.into_iter().find(|(feed, _)| feed == "categories").expect("the feed").1
    };
    shop.settle();
    let before = of_categories(&estimate(&shop));
    shop.database.session(User::App).exec(
        "UPDATE catalog_category_entity_varchar SET value = 'apparel' WHERE entity_id = 13 AND \
         attribute_id = 147",
    );
    shop.settle();
    let after = of_categories(&estimate(&shop));
    assert_eq!(after, before - 2, "one fewer in each of the two store views");
    assert_eq!(usize::try_from(after), Ok(shop.service.held("categories").len()));
}
