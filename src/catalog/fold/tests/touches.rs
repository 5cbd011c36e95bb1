//! What a change touches.

use super::*;

#[test]
fn closed_gate_touches_nothing() {
    let changes = Database::small_shop().snapshot();
    let edits = fold(&changes, &MemoryCatalog::default(), FoldMode::GateClosed).unwrap();
    assert!(edits.touches.is_empty() && !edits.sheets.is_empty());
}

#[test]
fn change_that_changes_nothing_touches_and_writes_nothing() {
    let database = Database::small_shop();
    let edits = fold(&database.snapshot(), &copy_of(&database), FoldMode::GateOpen).unwrap();
    assert_eq!(edits, CatalogEdits::default());
}

#[test]
fn updated_at_alone_touches_nothing() {
    let touches = touched_by(|shop| {
        let cells = json!({
            "entity_id": 12, "attribute_set_id": 4, "type_id": "simple", "sku": "s2",
            "updated_at": "2024-06-06 06:06:06",
        });
        shop.put(Table::ProductEntity, cells)
    });
    assert_eq!(touches, [].into());
}

#[test]
fn sku_touches_the_product_its_prices_its_parents_and_its_linkers() {
    let touches = touched_by(|shop| {
        let cells = json!({
            "entity_id": 12, "attribute_set_id": 4, "type_id": "simple", "sku": "new",
            "updated_at": "2024-01-01 00:00:00",
        });
        shop.put(Table::ProductEntity, cells)
    });
    let products = [11, 12, 15].map(Touch::Product);
    assert_eq!(touches, products.into_iter().chain([Touch::Price(12)]).collect());
}

#[test]
fn text_of_a_product_touches_that_product_alone() {
    let touches =
        touched_by(|shop| shop.value(Table::ProductVarchar, 12, 501, 0, &json!("New name")));
    assert_eq!(touches, [Touch::Product(12)].into());
}

#[test]
fn price_of_a_product_touches_its_prices_and_integers_its_parents_too() {
    let price =
        touched_by(|shop| shop.value(Table::ProductDecimal, 12, 507, 0, &json!("11.000000")));
    assert_eq!(price, [Touch::Product(12), Touch::Price(12)].into());
    let status = touched_by(|shop| shop.value(Table::ProductInt, 12, 505, 0, &json!(2)));
    assert_eq!(status, [Touch::Product(11), Touch::Product(12), Touch::Price(12)].into());
}

#[test]
fn tier_price_touches_prices_alone() {
    let cells = json!({
        "value_id": 100, "entity_id": 15, "all_groups": 0, "customer_group_id": 1,
        "qty": "5.0000", "value": "7.000000", "website_id": 0,
    });
    let touches = touched_by(|shop| shop.put(Table::ProductTierPrice, cells));
    assert_eq!(touches, [Touch::Price(15)].into());
}

#[test]
fn stock_touches_the_product_and_its_parents() {
    let cells = json!({
        "item_id": 112, "product_id": 12, "stock_id": 1, "website_id": 0, "qty": "0.0000",
        "is_in_stock": 0, "use_config_manage_stock": 1,
    });
    let touches = touched_by(|shop| shop.put(Table::StockItem, cells));
    assert_eq!(touches, [Touch::Product(11), Touch::Product(12)].into());
}

#[test]
fn website_of_a_product_touches_its_prices_and_whoever_shows_it() {
    let touches = touched_by(|shop| {
        shop.put(Table::ProductWebsite, json!({"product_id": 12, "website_id": 2}))
    });
    let products = [11, 12, 15].map(Touch::Product);
    assert_eq!(touches, products.into_iter().chain([Touch::Price(12)]).collect());
}

#[test]
fn option_label_touches_the_holders_and_their_parents() {
    let cells = json!({"value_id": 101, "option_id": 1, "store_id": 0, "value": "Renamed"});
    let touches = touched_by(|shop| shop.put(Table::EavAttributeOptionValue, cells));
    assert_eq!(touches, [Touch::Product(11), Touch::Product(12)].into());
}

#[test]
fn option_of_an_attribute_with_a_source_model_of_its_own_touches_its_holders() {
    let cells = json!({"value_id": 104, "option_id": 4, "store_id": 0, "value": "Renamed"});
    let touches = touched_by(|shop| shop.put(Table::EavAttributeOptionValue, cells));
    assert_eq!(touches, [Touch::Product(15)].into());
}

#[test]
fn gallery_file_touches_the_products_it_is_attached_to() {
    let cells = json!({"value_id": 1, "value": "/i/new.jpg", "media_type": "image"});
    let touches = touched_by(|shop| shop.put(Table::MediaGallery, cells));
    assert_eq!(touches, [Touch::Product(15)].into());
}

#[test]
fn link_touches_the_linker_and_relation_both_ends() {
    let cells =
        json!({"link_id": 100, "product_id": 15, "linked_product_id": 13, "link_type_id": 1});
    let link = touched_by(|shop| shop.put(Table::ProductLink, cells));
    assert_eq!(link, [Touch::Product(15)].into());
    let relation = touched_by(|shop| {
        shop.put(Table::ProductRelation, json!({"parent_id": 14, "child_id": 15}))
    });
    assert_eq!(relation, [Touch::Product(14), Touch::Product(15)].into());
}

#[test]
fn super_attribute_touches_the_parent_and_its_children() {
    let touches = touched_by(|shop| {
        let cells = json!({
            "product_super_attribute_id": 101, "product_id": 11, "attribute_id": 605,
        });
        shop.put(Table::ProductSuperAttribute, cells)
    });
    assert_eq!(touches, [11, 12, 13].map(Touch::Product).into());
}

#[test]
fn new_attribute_with_flags_labels_and_swatches_touches_only_itself() {
    let touches = touched_by(|shop| {
        let cells = json!({"attribute_id": 700, "entity_type_id": 7, "attribute_code": "new"});
        let mut changes = shop.put(Table::EavAttribute, cells);
        let cells = json!({"attribute_id": 700, "additional_data": "{}"});
        changes.extend(shop.put(Table::CatalogEavAttribute, cells));
        let cells =
            json!({"attribute_label_id": 1, "attribute_id": 700, "store_id": 1, "value": "New"});
        changes.extend(shop.put(Table::EavAttributeLabel, cells));
        changes
    });
    assert_eq!(touches, [Touch::Attribute(700)].into());
}

#[test]
fn registered_extra_attribute_touches_every_product() {
    let touches = touched_by(|shop| {
        let cells =
            json!({"attribute_id": 700, "entity_type_id": 7, "attribute_code": "ac_inventory"});
        shop.put(Table::EavAttribute, cells)
    });
    assert_eq!(touches, [Touch::Attribute(700), Touch::EveryProduct].into());
}

#[test]
fn flags_of_an_attribute_touch_only_it_and_swatches_every_product() {
    let flags = |additional: Json| {
        touched_by(|shop| {
            let cells = json!({
                "attribute_id": 601, "is_visible": 0, "search_weight": "1",
                "additional_data": additional,
            });
            shop.put(Table::CatalogEavAttribute, cells)
        })
    };
    assert_eq!(flags(Json::Null), [Touch::Attribute(601)].into());
    assert_eq!(flags(json!("{}")), [Touch::Attribute(601), Touch::EveryProduct].into());
}

#[test]
fn renamed_attribute_touches_every_product_and_price_and_its_label_every_product() {
    let attribute = |code: &str, label: &str| {
        touched_by(|shop| {
            let cells = json!({
                "attribute_id": 603, "entity_type_id": 7, "attribute_code": code,
                "backend_type": "varchar", "frontend_input": "text", "frontend_label": label,
                "is_user_defined": 1,
            });
            shop.put(Table::EavAttribute, cells)
        })
    };
    let every = [Touch::Attribute(603), Touch::EveryProduct];
    assert_eq!(attribute("note", "Other"), every.into());
    let renamed = every.into_iter().chain([Touch::EveryPrice]).collect();
    assert_eq!(attribute("other", "NOTE"), renamed);
}

#[test]
fn scopes_touch_everything_configuration_its_readers_and_names_the_price_books() {
    let everything: BTreeSet<Touch> = [
        Touch::EveryAttribute,
        Touch::EveryCategory,
        Touch::EveryProduct,
        Touch::EveryPriceBook,
        Touch::EveryPrice,
    ]
    .into();
    let website = |code: &str, name: &str| {
        touched_by(|shop| {
            let cells = json!({"website_id": 1, "code": code, "name": name, "default_group_id": 1});
            shop.put(Table::StoreWebsite, cells)
        })
    };
    assert_eq!(website("new", "Main"), everything);
    assert_eq!(website("base", "New"), [Touch::EveryPriceBook].into());
    let store = touched_by(|shop| {
        let cells = json!({"store_id": 5, "code": "fr", "website_id": 1, "group_id": 1});
        shop.put(Table::Store, cells)
    });
    assert_eq!(store, everything);
    let config = |scope: &str, path: &str, value: &str| {
        touched_by(|shop| {
            let cells = json!({
                "config_id": 1, "scope": scope, "scope_id": 0, "path": path, "value": value,
            });
            shop.put(Table::CoreConfigData, cells)
        })
    };
    let unit = "general/locale/weight_unit";
    assert_eq!(config("default", unit, "lbs"), [Touch::EveryProduct].into());
    assert_eq!(config("stores", unit, "kgs"), [Touch::EveryProduct].into());
    // The row of one path becomes that of another: what reads either is touched.
    let time_zone = config("default", "general/locale/timezone", "kgs");
    assert_eq!(time_zone, [Touch::EveryProduct, Touch::EveryPrice].into());
    let currency = config("default", "currency/options/base", "EUR");
    assert_eq!(currency, [Touch::EveryProduct, Touch::EveryPriceBook].into());
    let address = config("default", "web/unsecure/base_url", "http://b.test/");
    assert_eq!(address, [Touch::EveryProduct, Touch::EveryCategory].into());
}

#[test]
fn customer_group_touches_price_books_and_prices() {
    for id in [1, 2] {
        let touches = touched_by(|shop| {
            let cells = json!({"customer_group_id": id, "customer_group_code": "New"});
            shop.put(Table::CustomerGroup, cells)
        });
        assert_eq!(touches, [Touch::EveryPriceBook, Touch::EveryPrice].into(), "{id}");
    }
}
