//! Every schema accepts the full example and refuses it with any one rule broken.

use serde_json::{Value as Json, json};

use super::bodies::full;
use crate::sandbox::endpoint::{SandboxFeed, Verb};
use crate::sandbox::validate::{Problem, Schemas};

fn problems(feed: SandboxFeed, verb: Verb, body: &Json) -> Vec<Problem> {
    Schemas::compile().unwrap().check(feed, verb, body)
}

/// Calls `visit` with every schema's file name, its feed, verb and parsed text.
fn for_each_schema(mut visit: impl FnMut(SandboxFeed, Verb, &'static str, Json)) {
    for feed in SandboxFeed::ALL {
        for verb in Verb::ALL {
            let (file, text) = feed.schema(verb);
            visit(feed, verb, file, serde_json::from_str(text).unwrap());
        }
    }
}

/// Where in an item a schema node applies, and the node itself, following `$ref`, arrays and
/// alternatives. The pointer leads to the first element of an array.
fn nodes(root: &Json, node: &Json, pointer: &str, found: &mut Vec<(String, Json)>) {
    if let Some(reference) = node.get("$ref").and_then(Json::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return nodes(root, target, pointer, found);
    }
    found.push((pointer.to_owned(), node.clone()));
    if let Some(items) = node.get("items") {
        nodes(root, items, &format!("{pointer}/0"), found);
    }
    for (name, property) in node.get("properties").and_then(Json::as_object).into_iter().flatten() {
        nodes(root, property, &format!("{pointer}/{name}"), found);
    }
}

/// The nearest number beyond a limit.
fn beyond(limit: &Json, step: i64, next: fn(f64) -> f64) -> Json {
    match limit.as_i64() {
        Some(whole) => json!(whole + step),
        None => json!(next(limit.as_f64().unwrap())),
    }
}

/// The broken forms of the value that a node describes: one per rule of the node.
fn mutations(node: &Json, value: &Json) -> Vec<(&'static str, Json)> {
    let mut broken = Vec::new();
    let text = |length: &Json| "x".repeat(usize::try_from(length.as_u64().unwrap()).unwrap());
    for (rule, limit) in node.as_object().unwrap() {
        match rule.as_str() {
            "type" => broken
                .push(("type", json!(if value.is_boolean() { json!(7) } else { json!(true) }))),
            "required" => {
                for name in limit.as_array().unwrap() {
                    let mut lacking = value.clone();
                    lacking.as_object_mut().unwrap().remove(name.as_str().unwrap());
                    broken.push(("required", lacking));
                }
            }
            "enum" => broken.push(("enum", json!("ANYTHING"))),
            "minLength" => broken.push(("minLength", json!(""))),
            "maxLength" => broken.push(("maxLength", json!(text(limit) + "x"))),
            "minimum" => broken.push(("minimum", beyond(limit, -1, f64::next_down))),
            "maximum" => broken.push(("maximum", beyond(limit, 1, f64::next_up))),
            "exclusiveMinimum" => broken.push(("exclusiveMinimum", limit.clone())),
            "pattern" => broken.push(("pattern", json!("Not/A_Slug/"))),
            "additionalProperties" => {
                let mut extended = value.clone();
                extended["surprise"] = json!(1);
                broken.push(("additionalProperties", extended));
            }
            "maxItems" => {
                let first = value[0].clone();
                let count = usize::try_from(limit.as_u64().unwrap()).unwrap() + 1;
                broken.push(("maxItems", Json::Array(vec![first; count])));
            }
            "$schema" | "$defs" | "title" | "description" | "properties" | "items" | "anyOf"
            | "oneOf" => {}
            other => panic!("this test does not know how to break {other}"),
        }
    }
    broken
}

#[test]
fn every_schema_accepts_its_full_example_and_an_empty_request() {
    for_each_schema(|feed, verb, file, _| {
        let item = full(feed, verb);
        assert_eq!(problems(feed, verb, &json!([item, item])), [], "{file}");
        assert_eq!(problems(feed, verb, &json!([])), [], "{file}");
    });
}

#[test]
fn every_schema_is_a_valid_draft_2020_12_schema() {
    for_each_schema(|_, _, file, schema| {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{file}");
        assert!(jsonschema::meta::is_valid(&schema), "{file}");
    });
}

#[test]
fn every_schema_refuses_its_example_with_any_one_rule_broken() {
    let mut count = 0;
    for_each_schema(|feed, verb, file, schema| {
        let schemas = Schemas::compile().unwrap();
        let mut found = Vec::new();
        nodes(&schema, &schema["items"], "", &mut found);
        for (pointer, node) in found {
            let good = full(feed, verb);
            let value = good.pointer(&pointer).unwrap_or_else(|| panic!("{file}: {pointer} unset"));
            for (rule, broken) in mutations(&node, value) {
                let mut item = good.clone();
                *item.pointer_mut(&pointer).unwrap() = broken;
                let found = schemas.check(feed, verb, &json!([good, item]));
                assert!(!found.is_empty(), "{file}: {pointer} passed with {rule} broken");
                assert!(found.iter().all(|p| p.item_index == Some(1)), "{file}: {pointer} {rule}");
                count += 1;
            }
        }
    });
    assert!(count > 150, "only {count} rules were broken");
}

#[test]
fn a_problem_names_the_field_and_the_input_at_fault() {
    let (feed, verb) = (SandboxFeed::Products, Verb::Create);
    let mut item = full(feed, verb);
    item["status"] = json!("ON");
    item.as_object_mut().unwrap().remove("source");
    item["images"][0]["roles"][2] = json!("PDP");
    let mut found = problems(feed, verb, &json!([item]));
    found.sort_by(|a, b| a.code.cmp(&b.code));
    let seen: Vec<_> = found.iter().map(|p| (p.code.as_str(), p.value.as_str())).collect();
    assert_eq!(seen, [("roles", "PDP"), ("source", ""), ("status", "ON")]);
}

/// The code of the only problem of one item.
fn code(feed: SandboxFeed, item: &Json) -> String {
    let found = problems(feed, Verb::Create, &json!([item]));
    assert_eq!(found.len(), 1, "{item}: {found:?}");
    found.into_iter().map(|problem| problem.code).collect()
}

#[test]
fn a_price_book_is_a_base_book_or_a_child_book() {
    let book = |rest: Json| {
        let mut item = json!({ "priceBookId": "b", "name": "B" });
        item.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        item
    };
    let feed = SandboxFeed::PriceBooks;
    assert_eq!(problems(feed, Verb::Create, &json!([book(json!({ "parentId": "a" }))])), []);
    assert_eq!(code(feed, &book(json!({}))), "currency");
    assert_eq!(code(feed, &book(json!({ "currency": "EUR", "parentId": "a" }))), "parentId");
    assert_eq!(code(feed, &book(json!({ "currency": "EUROES" }))), "currency");
    assert_eq!(code(feed, &book(json!({ "parentId": "" }))), "parentId");
    assert_eq!(code(feed, &book(json!({ "parentId": "x".repeat(65) }))), "parentId");
    assert_eq!(code(feed, &book(json!({ "parentId": "a", "name": "" }))), "name");
    let long = book(json!({ "currency": "EUR", "priceBookId": "x".repeat(65) }));
    assert_eq!(code(feed, &long), "priceBookId");
}

#[test]
fn discounts_and_tiers_keep_their_ranges() {
    let feed = SandboxFeed::Prices;
    let price = |field: &str, entry: Json| {
        let mut item = json!({ "sku": "s", "priceBookId": "b", "regular": 0 });
        item[field] = json!([entry]);
        item
    };
    for (entry, expected) in [
        (json!({ "code": "c", "percentage": 0.009 }), "percentage"),
        (json!({ "code": "c", "percentage": 100 }), "percentage"),
        (json!({ "code": "c", "price": -0.01 }), "price"),
        (json!({ "code": "c", "price": "1" }), "price"),
        (json!({ "price": 1 }), "code"),
        (json!({ "code": "c" }), "price"),
    ] {
        assert_eq!(code(feed, &price("discounts", entry)), expected);
    }
    for (entry, expected) in [
        (json!({ "qty": 1, "price": 5 }), "qty"),
        (json!({ "qty": 1, "percentage": 5 }), "qty"),
        (json!({ "qty": 2, "percentage": 100 }), "percentage"),
        (json!({ "qty": 2, "price": -1 }), "price"),
        (json!({ "price": 5 }), "qty"),
    ] {
        assert_eq!(code(feed, &price("tierPrices", entry)), expected);
    }
    let lowest = price("discounts", json!({ "code": "c", "percentage": 0.01 }));
    let least = price("tierPrices", json!({ "qty": 1.0001, "price": 0 }));
    assert_eq!(problems(feed, Verb::Create, &json!([lowest, least])), []);
}

#[test]
fn only_categories_are_closed_to_unknown_keys() {
    for_each_schema(|feed, verb, file, _| {
        let mut item = full(feed, verb);
        item["surprise"] = json!("x");
        let found = problems(feed, verb, &json!([item]));
        let seen: Vec<_> = found.iter().map(|p| (p.code.as_str(), p.value.as_str())).collect();
        let expected: &[_] =
            if feed == SandboxFeed::Categories { &[("surprise", "x")] } else { &[] };
        assert_eq!(seen, expected, "{file}");
    });
}

#[test]
fn attributes_of_products_may_be_objects_and_those_of_categories_may_not() {
    let item = json!({
        "code": "ac_inventory", "source": { "locale": "en" }, "label": "Inventory",
        "dataType": "OBJECT",
    });
    let body = json!([item]);
    assert_eq!(problems(SandboxFeed::ProductAttributes, Verb::Create, &body), []);
    assert_eq!(code(SandboxFeed::CategoryAttributes, &item), "dataType");
}
