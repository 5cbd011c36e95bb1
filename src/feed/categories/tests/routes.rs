//! The routes of products: the categories that show them.

use serde_json::{Value as Json, json};

use super::{bare, category, shop, value};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// The shop with an enabled, visible product on both websites, in these categories.
fn with_product(categories: &[(u32, i64)]) -> ShopRows {
    in_categories(shop(), categories)
}

/// The same with other categories.
fn in_categories(shop: ShopRows, categories: &[(u32, i64)]) -> ShopRows {
    let mut rows = shop.product(PRODUCT, "simple", "shirt", &[1, 2]);
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
fn category_is_active_by_the_row_of_the_store_view_else_the_admins() {
    let rows = value(with_product(&[(30, 1)]), 30, "is_active", 0, json!(0));
    assert_eq!(routes(rows.clone()), json!([]));
    let rows = value(rows, 30, "is_active", 2, json!(1));
    assert_eq!(routes(rows), json!([route("home", 1)]));
}

#[test]
fn category_that_is_active_in_a_store_view_only_is_in_no_index() {
    let rows = bare(with_product(&[(50, 1)]), 50, 2, "1/2/50");
    let rows = value(rows, 50, "url_key", 0, json!("sale"));
    let rows = value(rows, 50, "is_active", 2, json!(1));
    assert_eq!(routes(rows.clone()), json!([]));
    let rows = value(rows, 50, "is_active", 0, json!(0));
    assert_eq!(routes(rows), json!([route("sale", 1)]));
}

#[test]
fn anchor_in_a_store_view_only_shows_nothing_of_those_below() {
    let rows = bare(shop(), 50, 2, "1/2/50");
    let rows = value(rows, 50, "url_key", 0, json!("sale"));
    let rows = value(rows, 50, "is_active", 0, json!(1));
    let rows = value(rows, 50, "is_anchor", 2, json!(1));
    let rows = in_categories(category(rows, 51, 50, "1/2/50/51", "last"), &[(51, 7)]);
    assert_eq!(routes(rows.clone()), json!([route("sale/last", 7)]));
    let rows = value(rows, 50, "is_anchor", 0, json!(0));
    assert_eq!(routes(rows), json!([route("sale", 10_007), route("sale/last", 7)]));
}

#[test]
fn null_row_of_a_store_view_leaves_the_admins_to_the_index() {
    let expected =
        json!([route("light", 10_005), route("light/lamps", 10_005), route("light/lamps/oil", 5)]);
    let mut rows = with_product(&[(22, 5)]).eav("status", 2, Json::Null);
    rows = rows.eav("visibility", 2, Json::Null);
    for id in [20, 21, 22] {
        rows = value(rows, id, "is_active", 2, Json::Null);
        rows = value(rows, id, "is_anchor", 2, Json::Null);
    }
    assert_eq!(routes(rows), expected);
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

#[test]
fn routes_need_a_row_of_the_admin_store_for_status_and_visibility() {
    for missing in ["status", "visibility"] {
        let rows = shop().row(
            Table::ProductEntity,
            json!({"entity_id": PRODUCT, "type_id": "simple", "sku": "shirt"}),
        );
        let rows = rows.row(Table::ProductWebsite, json!({"product_id": PRODUCT, "website_id": 1}));
        let mut rows = rows.eav("name", 0, "Shirt").eav("url_key", 0, "shirt").row(
            Table::CategoryProduct,
            json!({"entity_id": 1, "category_id": 30, "product_id": PRODUCT, "position": 1}),
        );
        for (code, number) in [("status", 1), ("visibility", 4)] {
            let store = if code == missing { 2 } else { 0 };
            rows = rows.eav(code, store, json!(number));
        }
        assert_eq!(routes(rows.clone()), json!([]), "{missing}");
        assert_eq!(routes(rows.eav(missing, 0, json!(2))), json!([route("home", 1)]), "{missing}");
    }
}

#[test]
fn routes_of_a_composite_need_a_part_with_a_row_of_the_admin_store() {
    let rows = with_product(&[(30, 1)])
        .row(Table::ProductEntity, json!({"entity_id": 12, "type_id": "simple", "sku": "part"}))
        .row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": 12}))
        .eav_of(12, "status", 2, &json!(1));
    assert_eq!(routes(rows.clone()), json!([]));
    let rows = rows.eav_of(12, "status", 0, &json!(2));
    assert_eq!(routes(rows), json!([route("home", 1)]), "enabled in this store view");
}

#[test]
fn routes_of_a_composite_need_a_part_that_exists() {
    let relation = json!({"parent_id": PRODUCT, "child_id": 12});
    let rows = with_product(&[(30, 1)]).row(Table::ProductRelation, relation);
    assert_eq!(routes(rows), json!([]));
}

#[test]
fn one_enabled_part_of_several_is_enough_whatever_its_websites() {
    let mut rows = with_product(&[(30, 1)]);
    for (id, sku, status) in [(12, "one", 2), (13, "two", 1)] {
        rows = rows
            .product(id, "simple", sku, &[])
            .eav_of(id, "status", 0, &json!(status))
            .row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": id}));
    }
    assert_eq!(routes(rows), json!([route("home", 1)]));
}

#[test]
fn inactive_category_below_an_anchor_does_not_give_it_its_position() {
    let rows = category(shop(), 23, 21, "1/2/20/21/23", "gas");
    let rows = value(in_categories(rows, &[(22, 5), (23, 1)]), 23, "is_active", 0, json!(0));
    let expected =
        [route("light", 10_005), route("light/lamps", 10_005), route("light/lamps/oil", 5)];
    assert_eq!(routes(rows), json!(expected));
}

#[test]
fn position_of_an_anchor_that_has_the_product_itself_is_its_own_even_if_one_below_is_less() {
    let rows = with_product(&[(22, 1), (20, 40)]);
    let expected = [route("light", 40), route("light/lamps", 10_001), route("light/lamps/oil", 1)];
    assert_eq!(routes(rows), json!(expected));
}

#[test]
fn categories_with_one_slug_are_one_route_with_the_least_position() {
    let rows = category(shop(), 31, 2, "1/2/31", "home");
    assert_eq!(routes(in_categories(rows.clone(), &[(30, 9), (31, 4)])), json!([route("home", 4)]));
    assert_eq!(routes(in_categories(rows, &[(30, 4), (31, 9)])), json!([route("home", 4)]));
}

#[test]
fn route_is_the_slug_of_the_store_view_and_none_without_one() {
    let rows = value(with_product(&[(22, 5)]), 20, "url_key", 2, json!("licht"));
    let expected =
        [route("licht", 10_005), route("licht/lamps", 10_005), route("licht/lamps/oil", 5)];
    assert_eq!(routes(rows), json!(expected));
    let rows = value(with_product(&[(30, 1)]), 30, "url_key", 0, Json::Null);
    assert_eq!(routes(rows), json!([]));
}

#[test]
fn category_that_does_not_exist_is_no_route() {
    assert_eq!(routes(with_product(&[(99, 1), (30, 2)])), json!([route("home", 2)]));
}

#[test]
fn routes_are_ordered_by_path_whatever_the_order_of_the_rows() {
    let one = with_product(&[(30, 1), (22, 2)]);
    let other = with_product(&[(22, 2), (30, 1)]);
    let paths = ["home", "light", "light/lamps", "light/lamps/oil"];
    for rows in [one, other] {
        let routes = routes(rows);
        let found: Vec<&Json> = routes.as_array().unwrap().iter().map(|it| &it["path"]).collect();
        assert_eq!(found, paths);
    }
}
