//! Categories and routes, field by field, in both editions.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};
use crate::feed::{DisabledRules, Feed, Rule, categories_above};

/// `catalog_category` attributes: id, code, backend type, frontend input.
const ATTRIBUTES: [(u32, &str, &str, &str); 11] = [
    (401, "name", "varchar", "text"),
    (402, "url_key", "varchar", "text"),
    (403, "is_active", "int", "select"),
    (404, "include_in_menu", "int", "select"),
    (405, "is_anchor", "int", "select"),
    (406, "description", "text", "textarea"),
    (407, "image", "varchar", "image"),
    (408, "meta_title", "varchar", "text"),
    (409, "meta_keywords", "text", "textarea"),
    (410, "meta_description", "text", "textarea"),
    (411, "season", "int", "select"),
];

/// The root of website `base` is 2, that of `outlet` is 3. Below 2: 20 `light`, 21 `lamps` in it, 22
/// `oil` in that; and 30 `home`. All are active, in the menu and anchors.
fn shop() -> ShopRows {
    let mut rows = ShopRows::two_websites();
    for (id, root) in [(1, 2), (2, 3)] {
        rows = rows.row(
            Table::StoreGroup,
            json!({
                "group_id": id, "website_id": id, "default_store_id": 2 * id - 1,
                "root_category_id": root,
            }),
        );
    }
    for (id, code, website) in [(1, "en", 1), (2, "de", 1), (3, "out", 2)] {
        let cells =
            json!({"store_id": id, "code": code, "website_id": website, "group_id": website});
        rows = rows.row(Table::Store, cells);
    }
    for (id, code, backend, input) in ATTRIBUTES {
        let cells = json!({
            "attribute_id": id, "entity_type_id": 3, "attribute_code": code,
            "backend_type": backend, "frontend_input": input,
            "is_user_defined": u8::from(code == "season"), "frontend_label": code.to_uppercase(),
        });
        rows = rows.row(Table::EavAttribute, cells);
    }
    rows = category(rows, 1, 0, "1", "all");
    rows = category(rows, 2, 1, "1/2", "main");
    rows = category(rows, 3, 1, "1/3", "outlet-root");
    rows = category(rows, 20, 2, "1/2/20", "light");
    rows = category(rows, 21, 20, "1/2/20/21", "lamps");
    rows = category(rows, 22, 21, "1/2/20/21/22", "oil");
    category(rows, 30, 2, "1/2/30", "home")
}

fn category(rows: ShopRows, id: u32, parent: u32, path: &str, url_key: &str) -> ShopRows {
    let level = path.split('/').count() - 1;
    let cells = json!({
        "entity_id": id, "parent_id": parent, "path": path, "level": level, "position": id,
    });
    let rows = rows.row(Table::CategoryEntity, cells);
    let rows = value(rows, id, "name", 0, json!(format!("Name of {url_key}")));
    let rows = value(rows, id, "url_key", 0, json!(url_key));
    let rows = value(rows, id, "is_active", 0, json!(1));
    let rows = value(rows, id, "include_in_menu", 0, json!(1));
    value(rows, id, "is_anchor", 0, json!(1))
}

fn value(
    rows: ShopRows,
    category: u32,
    code: &str,
    store: u32,
    value: impl Into<Json>,
) -> ShopRows {
    let value: Json = value.into();
    let (id, _, backend, _) = ATTRIBUTES.into_iter().find(|it| it.1 == code).unwrap();
    let table = match backend {
        "varchar" => Table::CategoryVarchar,
        "int" => Table::CategoryInt,
        _ => Table::CategoryText,
    };
    let cells = json!({
        "value_id": category * 10_000 + id * 10 + store, "attribute_id": id, "store_id": store,
        "entity_id": category, "value": value,
    });
    rows.row(table, cells)
}

/// Checks a field of category 22 in store view `de`, in both editions.
fn check(rows: ShopRows, field: &str, expected: &Json) {
    for rows in rows.editions() {
        assert_eq!(&rows.body(Feed::Categories, 22, "de")[field], expected, "{field}");
    }
}

/// The slugs of a category by store view, in both editions.
fn slugs(rows: ShopRows, id: u32) -> Vec<(String, String)> {
    let [plain, staged] = rows.editions();
    let of = |rows: &ShopRows| -> Vec<(String, String)> {
        let items = rows.items(Feed::Categories, id).into_iter();
        items.map(|(key, _)| (key[0].clone(), key[1].clone())).collect()
    };
    assert_eq!(of(&plain), of(&staged));
    of(&plain)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn category_has_every_field_that_is_always_there() {
    let expected = json!({
        "slug": "light/lamps/oil", "source": {"locale": "de"}, "name": "Name of oil",
        "families": ["top_menu"], "images": [], "position": 22,
    });
    for rows in shop().editions() {
        assert_eq!(rows.body(Feed::Categories, 22, "de"), expected);
    }
}

#[test]
fn category_exists_in_the_store_views_below_whose_root_it_is() {
    let expected = pairs(&[("light/lamps", "de"), ("light/lamps", "en")]);
    assert_eq!(slugs(shop(), 21), expected);
    let rows = category(shop(), 40, 3, "1/3/40", "deals");
    assert_eq!(slugs(rows, 40), pairs(&[("deals", "out")]));
}

#[test]
fn roots_have_no_item() {
    for root in [1, 2, 3] {
        assert_eq!(slugs(shop(), root), []);
    }
}

#[test]
fn inactive_category_is_an_item_too() {
    let rows = value(shop(), 22, "is_active", 0, json!(0));
    assert_eq!(slugs(rows.clone(), 22).len(), 2);
    check(rows, "families", &json!([]));
}

#[test]
fn slug_takes_each_url_key_of_the_store_view_else_the_admins() {
    let rows = value(shop(), 20, "url_key", 2, json!("licht"));
    let rows = value(rows, 21, "url_key", 2, Json::Null);
    let expected = pairs(&[("licht/lamps/oil", "de"), ("light/lamps/oil", "en")]);
    assert_eq!(slugs(rows, 22), expected);
}

#[test]
fn level_without_a_url_key_is_left_out_of_the_slug() {
    let rows = value(shop(), 21, "url_key", 0, Json::Null);
    assert_eq!(slugs(rows, 22), pairs(&[("light/oil", "de"), ("light/oil", "en")]));
}

#[test]
fn category_without_any_url_key_has_no_item() {
    let rows = value(shop(), 30, "url_key", 0, Json::Null);
    assert_eq!(slugs(rows, 30), []);
}

#[test]
fn slug_that_the_service_refuses_is_a_fault_that_names_table_row_and_rule() {
    let rows = value(shop(), 21, "url_key", 2, json!("Lampen_1"));
    for rows in rows.editions() {
        let fault = rows.body(Feed::Categories, 22, "de");
        let fault = fault.as_str().expect("a fault");
        for part in ["light/Lampen_1/oil", "url_key", "catalog_category_entity_varchar", "22", "de"]
        {
            assert!(fault.contains(part), "{part}: {fault}");
        }
        assert_eq!(rows.body(Feed::Categories, 22, "en")["slug"], "light/lamps/oil");
    }
}

#[test]
fn name_falls_back_and_must_be_there_and_short_enough() {
    let rows = value(shop(), 22, "name", 2, json!("Öl"));
    check(rows, "name", &json!("Öl"));
    for (name, part) in [(json!(""), "has no name"), (json!("x".repeat(129)), "129 characters")] {
        let rows = value(shop(), 22, "name", 2, name);
        for rows in rows.editions() {
            let fault = rows.body(Feed::Categories, 22, "de");
            assert!(fault.as_str().expect("a fault").contains(part), "{fault}");
        }
    }
}

#[test]
fn every_rule_can_be_switched_off() {
    let owner = |rule: Rule| match rule {
        Rule::BodySize => (Feed::Products, PRODUCT, "de"),
        Rule::CategoryName | Rule::CategorySlug => (Feed::Categories, 22, "de"),
        Rule::Currency => (Feed::PriceBooks, 1, "base"),
        Rule::Percentage | Rule::Price => (Feed::Prices, PRODUCT, "base"),
        Rule::PriceBookId => (
            Feed::PriceBooks,
            5,
            "a-website-with-a-very-long-code-and-more-of-it-than-fits-into-an-id",
        ),
    };
    let broken = |rule: Rule| {
        let rows = shop().product(PRODUCT, "simple", "shirt", &[1]);
        match rule {
            Rule::BodySize => rows.eav("description", 2, json!("x".repeat(201_000))),
            Rule::CategoryName => value(rows, 22, "name", 2, json!("x".repeat(129))),
            Rule::CategorySlug => value(rows, 22, "url_key", 2, json!("Oil")),
            Rule::Currency => rows.config("default", 0, "currency/options/base", json!("DOLLARS")),
            Rule::Percentage => rows.row(
                Table::ProductTierPrice,
                json!({
                    "value_id": 1, "entity_id": PRODUCT, "all_groups": 1, "customer_group_id": 0,
                    "qty": "1.0000", "website_id": 0, "percentage_value": "100.00",
                }),
            ),
            Rule::Price => rows.eav("price", 0, json!("-1.000000")),
            Rule::PriceBookId => rows.row(
                Table::StoreWebsite,
                json!({
                    "website_id": 5, "name": "Long", "default_group_id": 0,
                    "code": "a-website-with-a-very-long-code-and-more-of-it-than-fits-into-an-id",
                }),
            ),
        }
    };
    for rule in Rule::ALL {
        let (feed, id, last) = owner(rule);
        let mut rows = broken(rule);
        let fault = rows.body(feed, id, last);
        let name = format!("(rule {})", rule.name());
        assert!(fault.as_str().is_some_and(|it| it.ends_with(&name)), "{rule:?}: {fault}");
        rows.options.disabled_rules = DisabledRules([rule].into());
        assert!(rows.body(feed, id, last).is_object(), "{rule:?} switched off");
    }
}

#[test]
fn position_is_that_of_the_category_row() {
    check(shop(), "position", &json!(22));
}

#[test]
fn description_falls_back_and_is_absent_without_a_value() {
    check(shop(), "description", &Json::Null);
    check(
        value(shop(), 22, "description", 0, json!("<p>x</p>")),
        "description",
        &json!("<p>x</p>"),
    );
}

#[test]
fn families_follow_the_categorys_own_flags() {
    for code in ["is_active", "include_in_menu"] {
        check(value(shop(), 22, code, 2, json!(0)), "families", &json!([]));
        check(value(shop(), 22, code, 2, Json::Null), "families", &json!([]));
    }
}

#[test]
fn flags_of_the_second_level_hold_for_everything_below_and_those_between_do_not() {
    for code in ["is_active", "include_in_menu"] {
        check(value(shop(), 20, code, 2, json!(0)), "families", &json!([]));
        check(value(shop(), 21, code, 2, json!(0)), "families", &json!(["top_menu"]));
        check(value(shop(), 2, code, 2, json!(0)), "families", &json!(["top_menu"]));
    }
}

#[test]
fn meta_tags_are_title_description_and_the_lines_of_the_keywords() {
    check(shop(), "metaTags", &Json::Null);
    let rows = value(shop(), 22, "meta_title", 0, json!("Oil"));
    let rows = value(rows, 22, "meta_description", 0, json!("Oil lamps"));
    let rows = value(rows, 22, "meta_keywords", 2, json!("oil\n lamp \n\n"));
    let expected = json!({"title": "Oil", "description": "Oil lamps", "keywords": ["oil", "lamp"]});
    check(rows, "metaTags", &expected);
}

#[test]
fn image_is_found_in_every_form_in_which_it_is_stored() {
    let rows = |image: &str| {
        let rows = shop().config("default", 0, "web/unsecure/base_url", json!("https://a.test/"));
        value(rows, 22, "image", 0, json!(image))
    };
    for (stored, url) in [
        ("oil.jpg", "https://a.test/media/catalog/category/oil.jpg"),
        ("some/folder/oil.jpg", "https://a.test/media/catalog/category/oil.jpg"),
        ("/media/catalog/category/oil.jpg", "https://a.test/media/catalog/category/oil.jpg"),
        ("/pub/media/wysiwyg/oil.jpg", "https://a.test/media/wysiwyg/oil.jpg"),
        ("https://old.test/media/wysiwyg/oil.jpg", "https://a.test/media/wysiwyg/oil.jpg"),
        ("/elsewhere/oil.jpg", "/elsewhere/oil.jpg"),
    ] {
        check(rows(stored), "images", &json!([{"url": url, "roles": ["BASE"]}]));
    }
    check(rows(""), "images", &json!([]));
}

#[test]
fn attributes_are_the_user_defined_ones_with_the_labels_of_the_store_view() {
    let rows = shop()
        .row(Table::EavAttributeOption, json!({"option_id": 7, "attribute_id": 411}))
        .label(7, 0, json!("Summer"))
        .label(7, 2, json!("Sommer"));
    let rows = value(rows, 22, "season", 0, json!(7));
    for rows in rows.editions() {
        let attributes = |store| rows.body(Feed::Categories, 22, store)["attributes"].clone();
        assert_eq!(attributes("de"), json!([{"code": "season", "values": ["Sommer"]}]));
        assert_eq!(attributes("en"), json!([{"code": "season", "values": ["Summer"]}]));
    }
    check(shop(), "attributes", &Json::Null);
}

#[test]
fn category_attribute_metadata_is_that_of_the_user_defined_ones() {
    let rows = shop().row(
        Table::EavAttributeLabel,
        json!({"attribute_id": 411, "store_id": 2, "value": "Jahreszeit"}),
    );
    let expected = json!({
        "code": "season", "source": {"locale": "de"}, "label": "Jahreszeit", "dataType": "TEXT",
    });
    assert_eq!(rows.body(Feed::CategoryAttributes, 411, "de"), expected);
    assert_eq!(rows.body(Feed::CategoryAttributes, 411, "en")["label"], "SEASON");
    assert_eq!(rows.last_parts(Feed::CategoryAttributes, 411), ["de", "en", "out"]);
    assert_eq!(rows.items(Feed::CategoryAttributes, 401), [], "a built-in attribute");
    assert_eq!(rows.items(Feed::ProductAttributes, 411), []);
}

#[test]
fn categories_above_are_those_of_the_path_from_the_root_down() {
    for rows in shop().editions() {
        let above = categories_above(22, rows.catalog(), rows.options.now).unwrap();
        assert_eq!(above, [1, 2, 20, 21]);
    }
}

#[test]
fn version_to_come_shows_at_its_instant_and_is_known_before() {
    let mut rows = shop().staged();
    assert_eq!(rows.until(Feed::Categories, 22), Some("2033-05-18T03:33:20Z".parse().unwrap()));
    rows.options.now = "2033-05-18T03:33:19Z".parse().unwrap();
    assert_eq!(rows.body(Feed::Categories, 22, "de")["name"], "Name of oil");
    rows.options.now = "2033-05-18T03:33:20Z".parse().unwrap();
    let fault = rows.items(Feed::Categories, 22).remove(0).1;
    assert!(fault.to_string().contains("to come/to come/to come"), "{fault}");
}

/// The shop with an enabled, visible product on both websites, in these categories.
fn with_product(categories: &[(u32, i64)]) -> ShopRows {
    let mut rows = shop().product(PRODUCT, "simple", "shirt", &[1, 2]);
    for (category, position) in categories {
        let cells = json!({
            "entity_id": category, "category_id": category, "product_id": PRODUCT,
            "position": position,
        });
        rows = rows.row(Table::CategoryProduct, cells);
    }
    rows
}

/// The routes in store view `de`, in both editions.
fn routes(rows: ShopRows) -> Json {
    let [plain, staged] = rows.editions();
    let of = |rows: &ShopRows| rows.body(Feed::Products, PRODUCT, "de")["routes"].clone();
    assert_eq!(of(&plain), of(&staged));
    of(&plain)
}

fn route(path: &str, position: i64) -> Json {
    json!({"path": path, "position": position})
}

#[test]
fn routes_are_the_category_itself_and_the_anchors_above_it() {
    let expected =
        [route("light", 10_005), route("light/lamps", 10_005), route("light/lamps/oil", 5)];
    assert_eq!(routes(with_product(&[(22, 5)])), json!(expected));
}

#[test]
fn category_above_that_is_no_anchor_shows_nothing_of_those_below() {
    let rows = value(with_product(&[(22, 5)]), 20, "is_anchor", 0, json!(0));
    assert_eq!(routes(rows), json!([route("light/lamps", 10_005), route("light/lamps/oil", 5)]));
}

#[test]
fn anchor_has_the_least_position_below_it_or_the_products_own() {
    let rows = with_product(&[(22, 5), (21, 3)]);
    let expected = [route("light", 10_003), route("light/lamps", 3), route("light/lamps/oil", 5)];
    assert_eq!(routes(rows), json!(expected));
}

#[test]
fn inactive_category_drops_itself_and_not_the_anchors_above_those_below() {
    let rows = value(with_product(&[(22, 5)]), 21, "is_active", 0, json!(0));
    assert_eq!(routes(rows), json!([route("light", 10_005), route("light/lamps/oil", 5)]));
    let rows = value(with_product(&[(22, 5)]), 22, "is_active", 0, json!(0));
    assert_eq!(routes(rows), json!([]));
}

#[test]
fn category_that_is_active_in_a_store_view_only_is_in_no_index() {
    let shop = with_product(&[(30, 1)]);
    let rows = value(shop, 30, "is_active", 0, json!(0));
    assert_eq!(
        routes(value(rows.clone(), 30, "is_active", 2, json!(1))),
        json!([route("home", 1)])
    );
    assert_eq!(routes(rows), json!([]));
}

#[test]
fn routes_need_an_enabled_and_visible_product() {
    for (code, number) in [("status", 2), ("visibility", 1)] {
        let rows = with_product(&[(30, 1)]).eav(code, 2, json!(number));
        assert_eq!(routes(rows), json!([]), "{code}");
    }
    for visibility in [2, 3, 4] {
        let rows = with_product(&[(30, 1)]).eav("visibility", 2, json!(visibility));
        assert_eq!(routes(rows), json!([route("home", 1)]));
    }
}

#[test]
fn routes_of_a_composite_need_a_part_that_is_enabled() {
    let rows = |status: u32| {
        with_product(&[(30, 1)])
            .product(12, "simple", "part", &[1])
            .eav_of(12, "status", 0, &json!(status))
            .row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": 12}))
    };
    assert_eq!(routes(rows(1)), json!([route("home", 1)]));
    assert_eq!(routes(rows(2)), json!([]));
}

#[test]
fn routes_lead_to_categories_of_the_store_views_own_tree_only() {
    let rows = category(with_product(&[(40, 1), (30, 2)]), 40, 3, "1/3/40", "deals");
    for rows in rows.editions() {
        let routes = |store| rows.body(Feed::Products, PRODUCT, store)["routes"].clone();
        assert_eq!(routes("out"), json!([route("deals", 1)]));
        assert_eq!(routes("en"), json!([route("home", 2)]));
    }
}

#[test]
fn roots_are_no_routes() {
    assert_eq!(routes(with_product(&[(2, 1)])), json!([]));
}
