//! The image of a category, in every form in which shops store it.

use serde_json::json;

use super::{check, shop, value};
use crate::feed::shop_rows::ShopRows;

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

/// The shop with this base URL, and this image of category 22.
fn rows(base: &str, image: &str) -> ShopRows {
    let rows = shop().config("default", 0, "web/unsecure/base_url", json!(base));
    value(rows, 22, "image", 0, json!(image))
}

fn check_image(rows: ShopRows, url: &str) {
    check(rows, "images", &json!([{"url": url, "roles": ["BASE"]}]));
}

#[test]
fn image_path_may_begin_with_the_folder_in_which_the_shop_is() {
    let media = "https://a.test/shop/media/wysiwyg/oil.jpg";
    for stored in [
        "/shop/media/wysiwyg/oil.jpg",
        "/shop/pub/media/wysiwyg/oil.jpg",
        "https://old.test/shop/media/wysiwyg/oil.jpg",
        "/media/wysiwyg/oil.jpg",
    ] {
        check_image(rows("https://a.test/shop/", stored), media);
    }
    // Another folder whose name begins like that one.
    let other = "/shopmedia/oil.jpg";
    check_image(rows("https://a.test/shop/", other), other);
}

#[test]
fn host_query_and_fragment_of_an_image_in_the_media_folder_do_not_count() {
    for stored in [
        "//cdn.test/media/oil.jpg",
        "/media/oil.jpg?width=100",
        "https://old.test/media/oil.jpg#top",
        "media/oil.jpg",
    ] {
        check_image(rows("https://a.test/", stored), "https://a.test/media/oil.jpg");
    }
}

#[test]
fn image_of_another_host_outside_the_media_folder_is_taken_by_its_file_name() {
    let expected = "https://a.test/media/catalog/category/oil.jpg";
    check_image(rows("https://a.test/", "https://old.test/img/oil.jpg"), expected);
    check_image(rows("https://a.test/", "img/oil.jpg/"), expected);
}

#[test]
fn image_is_below_the_media_url_of_the_store_view() {
    let media = "https://media.test/de";
    let rows = rows("https://a.test/", "oil.jpg");
    let rows = rows.config("stores", 2, "web/unsecure/base_media_url", json!(media));
    check_image(rows, "https://media.test/de/catalog/category/oil.jpg");
}

#[test]
fn image_of_the_store_view_wins_and_its_null_row_takes_it_away() {
    let with = |image| value(rows("https://a.test/", "oil.jpg"), 22, "image", 2, image);
    check_image(with(json!("de.jpg")), "https://a.test/media/catalog/category/de.jpg");
    check(with(json!(null)), "images", &json!([]));
}
