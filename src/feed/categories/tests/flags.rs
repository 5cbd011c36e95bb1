//! Whether a category is in the top menu: its own flags, and those of the level-2 category above it.

use serde_json::{Value as Json, json};

use super::{bare, category, check, check_of, shop, value};
use crate::feed::shop_rows::ShopRows;

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

/// The shop with category 50 of level 2 that has rows for these flags only, and 51 below it.
fn below(flags: &[(&str, u32)]) -> ShopRows {
    let mut rows = value(bare(shop(), 50, 2, "1/2/50"), 50, "url_key", 0, json!("top"));
    for (code, flag) in flags {
        rows = value(rows, 50, code, 0, json!(flag));
    }
    category(rows, 51, 50, "1/2/50/51", "below")
}

#[test]
fn second_level_with_a_row_for_one_flag_only_has_0_for_the_other() {
    for code in ["is_active", "include_in_menu"] {
        check_of(below(&[(code, 1)]), 51, "families", &json!([]));
    }
    let both = below(&[("is_active", 1), ("include_in_menu", 1)]);
    check_of(both, 51, "families", &json!(["top_menu"]));
}

#[test]
fn second_level_without_a_row_for_either_flag_hides_nothing() {
    check_of(below(&[]), 51, "families", &json!(["top_menu"]));
}

#[test]
fn flags_of_the_second_level_are_those_of_the_store_view_else_the_admins() {
    let rows = value(shop(), 20, "is_active", 0, json!(0));
    check(rows.clone(), "families", &json!([]));
    check(value(rows, 20, "is_active", 2, json!(1)), "families", &json!(["top_menu"]));
    check(value(shop(), 20, "is_active", 2, Json::Null), "families", &json!([]));
}

#[test]
fn category_without_rows_for_its_own_flags_is_not_in_the_menu() {
    let rows = bare(shop(), 52, 20, "1/2/20/52");
    let rows = value(rows, 52, "url_key", 0, json!("plain"));
    let rows = value(rows, 52, "name", 0, json!("Plain"));
    check_of(rows, 52, "families", &json!([]));
}
