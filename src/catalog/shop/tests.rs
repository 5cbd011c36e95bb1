//! Tests of reading the shop's scopes, configuration and attributes.

use super::*;
use crate::catalog::{MemoryCatalog, RowKey};

fn insert(catalog: &mut MemoryCatalog, table: Table, row: Row) {
    let owner = Owner::of(table, &row).unwrap();
    let key = RowKey::of(table, &row).unwrap();
    catalog.sheets.entry(owner).or_default().insert(table, key, row);
}

fn words(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// One website (1), one store view (5), and these configuration rows.
fn shop(config: &[(&str, i128, &str, Value)]) -> Shop {
    let mut catalog = MemoryCatalog::default();
    let int = Value::Int;
    let website = vec![int(1), words("base"), Value::Null, int(9), int(1)];
    insert(&mut catalog, Table::StoreWebsite, website);
    let group = vec![int(9), int(1), words("Main"), int(2), int(5), words("main")];
    insert(&mut catalog, Table::StoreGroup, group);
    let store = vec![int(5), words("en"), int(1), int(9), words("English"), int(1)];
    insert(&mut catalog, Table::Store, store);
    for (id, (scope, scope_id, path, value)) in (1i128..).zip(config) {
        let row = vec![int(id), words(scope), int(*scope_id), words(path), value.clone()];
        insert(&mut catalog, Table::CoreConfigData, row);
    }
    Shop::read(&catalog).unwrap()
}

const STORE: ConfigScope = ConfigScope::StoreView(5);
const WEBSITE: ConfigScope = ConfigScope::Website(1);
const UNIT: &str = config_path::WEIGHT_UNIT;

#[test]
fn config_falls_back_from_store_view_to_website_to_default_to_built_in() {
    let unit = |value: &str| words(value);
    let all = [
        ("default", 0, UNIT, unit("kgs")),
        ("websites", 1, UNIT, unit("oz")),
        ("stores", 5, UNIT, unit("g")),
    ];
    assert_eq!(shop(&all).config(UNIT, STORE), "g");
    assert_eq!(shop(&all).config(UNIT, WEBSITE), "oz");
    assert_eq!(shop(&all).config(UNIT, ConfigScope::Default), "kgs");
    assert_eq!(shop(&all[..2]).config(UNIT, STORE), "oz");
    assert_eq!(shop(&all[..1]).config(UNIT, STORE), "kgs");
    assert_eq!(shop(&[]).config(UNIT, STORE), "lbs");
}

#[test]
fn config_of_another_scope_is_not_taken() {
    let others = [
        ("websites", 5, UNIT, words("wrong website")),
        ("stores", 1, UNIT, words("wrong store")),
        ("default", 0, config_path::TIME_ZONE, words("wrong path")),
    ];
    assert_eq!(shop(&others).config(UNIT, STORE), "lbs");
}

#[test]
fn config_row_that_holds_null_hides_the_wider_scope() {
    let rows = [("default", 0, UNIT, words("kgs")), ("stores", 5, UNIT, Value::Null)];
    assert_eq!(shop(&rows).config(UNIT, STORE), "");
    assert_eq!(shop(&rows).config(UNIT, WEBSITE), "kgs");
}

#[test]
fn website_stands_in_its_default_groups_default_store_view() {
    let shop = shop(&[]);
    assert_eq!(shop.default_store_view(1).unwrap().code, "en");
    assert_eq!(shop.default_store_view(2), None);
    assert_eq!(shop.websites[&1].name, "", "a NULL name reads as empty");
}

#[test]
fn shop_without_rows_is_empty() {
    assert_eq!(Shop::read(&MemoryCatalog::default()).unwrap(), Shop::default());
}

#[test]
fn every_config_path_but_the_media_url_has_a_built_in_default() {
    for path in CONFIG_PATHS.iter().filter(|path| **path != config_path::BASE_MEDIA_URL) {
        assert_ne!(shop(&[]).config(path, STORE), "", "{path}");
    }
}
