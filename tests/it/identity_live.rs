//! Identity changes: an item's name at the service moves to another owner, or disappears. Whatever the
//! order of deletes and upserts, the service must end with exactly the living items; and a deleted
//! category or price book takes all below it along, as it does at the real service.

use aco_stream::decode::TableLayout;

use crate::editions::{link, link_field};
use crate::servers::both_servers;
use crate::shop::Shop;

/// What happens, and the statements, each a transaction or several.
type Scenario = (&'static str, String);

fn transaction(statements: &[String]) -> String {
    format!("BEGIN; {} COMMIT;", statements.concat())
}

/// Deletes products or categories, as the shop of this layout does.
fn gone(layout: TableLayout, kind: &str, ids: &str) -> String {
    match layout {
        TableLayout::Plain => {
            format!("DELETE FROM catalog_{kind}_entity WHERE entity_id IN ({ids});")
        }
        TableLayout::Staged => {
            let sequence = if kind == "product" { "product" } else { "catalog_category" };
            format!("DELETE FROM sequence_{sequence} WHERE sequence_value IN ({ids});")
        }
    }
}

fn of_categories(layout: TableLayout) -> Vec<Scenario> {
    let lf = link_field(layout);
    let url_key = |category: u32, store: u32, value: &str| {
        format!(
            "UPDATE catalog_category_entity_varchar SET value = '{value}' WHERE attribute_id = 147 \
             AND store_id = {store} AND {lf} = {};",
            link(layout, category)
        )
    };
    let moved = |category: u32, parent: u32, path: &str, level: u32| {
        format!(
            "UPDATE catalog_category_entity SET parent_id = {parent}, path = '{path}', level = \
             {level} WHERE entity_id = {category};"
        )
    };
    vec![
        ("a category is renamed", url_key(11, 0, "illumination")),
        ("a category is renamed in one store view", url_key(14, 5, "windlichter")),
        ("a category moves below another", moved(14, 12, "1/2/12/14", 3)),
        (
            "two categories swap their slugs",
            transaction(&[url_key(12, 0, "home"), url_key(13, 0, "apparel")]),
        ),
        (
            "a category takes the slug of one that moves away, with what is below it",
            transaction(&[
                url_key(11, 0, "deck-lights"),
                moved(14, 11, "1/2/11/14", 3),
                url_key(13, 0, "illumination"),
            ]),
        ),
        ("two siblings have one slug", url_key(15, 0, "home")),
        ("one of them is renamed", url_key(12, 0, "clothing")),
        ("a category moves to another root", moved(13, 3, "1/3/13", 2)),
        ("a category and all below it are deleted", gone(layout, "category", "14, 11")),
        (
            "the shop's root category is another",
            "UPDATE store_group SET root_category_id = 3 WHERE group_id = 2;".to_owned(),
        ),
    ]
}

fn of_products(layout: TableLayout) -> Vec<Scenario> {
    let sku = |product: u32, sku: &str| {
        format!("UPDATE catalog_product_entity SET sku = '{sku}' WHERE entity_id = {product};")
    };
    vec![
        ("a sku is renamed", sku(303, "HOME-303-B")),
        ("a sku is renamed in its case only", sku(304, "home-304")),
        (
            "two skus are swapped in one transaction",
            transaction(&[sku(301, "TMP"), sku(302, "HOME-301"), sku(301, "HOME-302")]),
        ),
        (
            "a product is deleted, and its sku given to another",
            [gone(layout, "product", "305"), sku(306, "HOME-305")].concat(),
        ),
        (
            "a website is unassigned",
            "DELETE FROM catalog_product_website WHERE website_id = 3 AND product_id < 120;".into(),
        ),
    ]
}

fn of_scopes() -> Vec<Scenario> {
    let scenarios = [
        (
            "an attribute is deleted",
            "DELETE FROM eav_attribute WHERE attribute_code IN ('material', 'season');",
        ),
        ("a customer group is deleted", "DELETE FROM customer_group WHERE customer_group_id = 2;"),
        (
            "a customer group is deleted and another one created",
            "DELETE FROM customer_group WHERE customer_group_id = 3; INSERT INTO customer_group \
             (customer_group_id, customer_group_code, tax_class_id) VALUES (9, 'Pilots', 3);",
        ),
        ("a website is renamed", "UPDATE store_website SET code = 'main' WHERE website_id = 1;"),
        ("a store view is deleted", "DELETE FROM store WHERE store_id = 5;"),
        ("a website is deleted", "DELETE FROM store_website WHERE website_id = 3;"),
    ];
    scenarios.map(|(what, statements)| (what, statements.to_owned())).into()
}

fn every_identity_change(layout: TableLayout) {
    both_servers(|server| {
        let shop = Shop::of_edition(server, layout);
        shop.settle();
        let scenarios = [of_categories(layout), of_products(layout), of_scopes()].concat();
        for (what, statements) in scenarios {
            eprintln!("{}: {what}", server.flavour.name());
            shop.database.exec(&statements);
            shop.settle();
            if layout == TableLayout::Plain {
                shop.assert_sandbox_agrees_with_database();
            }
            shop.assert_sandbox_holds_what_a_fresh_start_delivers();
        }
    });
}

#[test]
fn the_service_holds_exactly_the_living_items_after_each_identity_change() {
    every_identity_change(TableLayout::Plain);
}

#[test]
fn the_service_holds_exactly_the_living_items_after_each_identity_change_with_content_staging() {
    every_identity_change(TableLayout::Staged);
}
