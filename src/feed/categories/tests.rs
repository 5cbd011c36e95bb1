//! Categories and routes, field by field, in both editions.

mod flags;
mod images;
mod routes;
mod slugs;

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

/// A category without any attribute value.
fn bare(rows: ShopRows, id: u32, parent: u32, path: &str) -> ShopRows {
    let level = path.split('/').count() - 1;
    let cells = json!({
        "entity_id": id, "parent_id": parent, "path": path, "level": level, "position": id,
    });
    rows.row(Table::CategoryEntity, cells)
}

fn category(rows: ShopRows, id: u32, parent: u32, path: &str, url_key: &str) -> ShopRows {
    let rows = bare(rows, id, parent, path);
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
    check_of(rows, 22, field, expected);
}

/// Checks a field of a category in store view `de`, in both editions.
fn check_of(rows: ShopRows, id: u32, field: &str, expected: &Json) {
    for rows in rows.editions() {
        assert_eq!(&rows.body(Feed::Categories, id, "de")[field], expected, "{field} of {id}");
    }
}

/// Checks that category 22 has a fault in store view `de` that says all of this, in both editions.
fn check_fault(rows: ShopRows, parts: &[&str]) {
    for rows in rows.editions() {
        let fault = rows.body(Feed::Categories, 22, "de");
        let fault = fault.as_str().expect("a fault");
        for part in parts {
            assert!(fault.contains(part), "{part}: {fault}");
        }
    }
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
fn meta_tags_are_title_description_and_the_lines_of_the_keywords() {
    check(shop(), "metaTags", &Json::Null);
    let rows = value(shop(), 22, "meta_title", 0, json!("Oil"));
    let rows = value(rows, 22, "meta_description", 0, json!("Oil lamps"));
    let rows = value(rows, 22, "meta_keywords", 2, json!("oil\n lamp \n\n"));
    let expected = json!({"title": "Oil", "description": "Oil lamps", "keywords": ["oil", "lamp"]});
    check(rows, "metaTags", &expected);
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

#[test]
fn value_of_the_store_view_wins_and_its_null_row_takes_it_away() {
    let with = |row: Json| {
        let rows = value(shop(), 22, "description", 0, json!("everywhere"));
        value(rows, 22, "description", 2, row)
    };
    check(with(json!("nur hier")), "description", &json!("nur hier"));
    for rows in with(Json::Null).editions() {
        assert_eq!(rows.body(Feed::Categories, 22, "de").get("description"), None);
        assert_eq!(rows.body(Feed::Categories, 22, "en")["description"], "everywhere");
    }
}

#[test]
fn name_of_128_characters_is_taken_however_many_bytes_it_has() {
    let name = "ö".repeat(128);
    check(value(shop(), 22, "name", 2, json!(name)), "name", &json!(name));
    let longer = value(shop(), 22, "name", 2, json!("ö".repeat(129)));
    check_fault(longer, &["catalog_category_entity_varchar", "129 characters", "takes 128"]);
}

#[test]
fn fault_of_a_name_holds_up_its_own_store_view_only() {
    let rows = value(shop(), 22, "name", 2, Json::Null);
    check_fault(rows.clone(), &["fill name", "catalog_category_entity_varchar", "store view de"]);
    for rows in rows.editions() {
        assert_eq!(rows.body(Feed::Categories, 22, "en")["name"], "Name of oil");
    }
}

#[test]
fn keywords_without_a_line_that_says_anything_are_no_meta_tags() {
    let rows = value(shop(), 22, "meta_keywords", 0, json!(" \n\r\n"));
    check(rows.clone(), "metaTags", &Json::Null);
    let rows = value(rows, 22, "meta_title", 0, json!("Oil"));
    check(rows, "metaTags", &json!({"title": "Oil"}));
}

/// The shop with more attributes of categories, and a value of each in category 22.
fn with_attributes(order: &[u32]) -> ShopRows {
    let boolean = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";
    let mut rows = shop();
    for id in [71, 72] {
        let cells = json!({"option_id": id, "attribute_id": 422});
        rows = rows.row(Table::EavAttributeOption, cells).label(id, 0, json!(format!("Tag {id}")));
    }
    for id in order {
        let (code, backend, input, source, is_user_defined, cell) = match id {
            420 => ("automatic_sorting", "varchar", "text", Json::Null, 1, json!("1")),
            421 => ("zone", "varchar", "text", Json::Null, 1, json!("a, b")),
            422 => ("tags", "text", "multiselect", Json::Null, 1, json!("72,71,99")),
            423 => ("featured", "int", "boolean", json!(boolean), 1, json!(1)),
            424 => ("page_layout", "varchar", "select", Json::Null, 0, json!("wide")),
            425 => ("unset", "varchar", "text", Json::Null, 1, Json::Null),
            _ => ("area", "decimal", "text", Json::Null, 1, json!("12.500000")),
        };
        let table = match backend {
            "varchar" => Table::CategoryVarchar,
            "text" => Table::CategoryText,
            "int" => Table::CategoryInt,
            _ => Table::CategoryDecimal,
        };
        let attribute = json!({
            "attribute_id": id, "entity_type_id": 3, "attribute_code": code,
            "backend_type": backend, "frontend_input": input, "source_model": source,
            "is_user_defined": is_user_defined,
        });
        let cells = json!({
            "value_id": 900_000 + id, "attribute_id": id, "store_id": 0, "entity_id": 22,
            "value": cell,
        });
        rows = rows.row(Table::EavAttribute, attribute).row(table, cells);
    }
    rows
}

#[test]
fn attributes_are_converted_as_those_of_products_and_ordered_by_code() {
    let expected = json!([
        {"code": "area", "values": ["12.500000"]},
        {"code": "featured", "values": ["yes"]},
        {"code": "tags", "values": ["Tag 72", "Tag 71", "99"]},
        {"code": "zone", "values": ["a, b"]},
    ]);
    check(with_attributes(&[420, 421, 422, 423, 424, 425, 426]), "attributes", &expected);
    check(with_attributes(&[426, 425, 424, 423, 422, 421, 420]), "attributes", &expected);
}

#[test]
fn built_in_unset_and_sorting_attributes_are_not_sent() {
    check(with_attributes(&[420, 424, 425]), "attributes", &Json::Null);
}
