//! Which store views have a category, and by which slug.

use serde_json::{Value as Json, json};

use super::{bare, category, check, check_fault, shop, value};
use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::ShopRows;

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
fn url_key_of_a_store_view_needs_none_of_the_admins() {
    let rows = bare(shop(), 50, 20, "1/2/20/50");
    let rows = value(rows, 50, "url_key", 2, json!("kerzen"));
    let rows = value(rows, 50, "name", 2, json!("Kerzen"));
    assert_eq!(slugs(rows.clone(), 50), pairs(&[("light", "en"), ("light/kerzen", "de")]));
    super::check_of(rows, 50, "name", &json!("Kerzen"));
}

#[test]
fn level_that_does_not_exist_is_left_out_of_the_slug() {
    let rows = category(shop(), 50, 99, "1/2/99/50", "orphan");
    assert_eq!(slugs(rows, 50), pairs(&[("orphan", "de"), ("orphan", "en")]));
}

#[test]
fn empty_url_key_between_others_is_a_fault_and_not_left_out() {
    let rows = value(shop(), 21, "url_key", 0, json!(""));
    check_fault(rows, &["light//oil", "url_key", "(rule category-slug)"]);
}

#[test]
fn slug_of_1024_characters_is_taken_and_a_longer_one_is_a_fault() {
    // light/lamps/ are 12 of them.
    let key = |length: usize| value(shop(), 22, "url_key", 2, json!("o".repeat(length - 12)));
    check(key(1024), "slug", &json!(format!("light/lamps/{}", "o".repeat(1012))));
    check_fault(key(1025), &["up to 1024 characters", "(rule category-slug)"]);
}

#[test]
fn category_of_a_store_view_that_is_switched_off_has_no_item_there() {
    let mut rows = shop();
    rows.options.disabled_store_views.insert("en".to_owned());
    assert_eq!(slugs(rows, 21), pairs(&[("light/lamps", "de")]));
}

#[test]
fn root_of_a_store_group_that_changes_takes_its_categories_along() {
    let rows = shop().row(
        Table::StoreGroup,
        json!({"group_id": 2, "website_id": 2, "default_store_id": 3, "root_category_id": 2}),
    );
    let expected = pairs(&[("home", "de"), ("home", "en"), ("home", "out")]);
    assert_eq!(slugs(rows, 30), expected);
}
