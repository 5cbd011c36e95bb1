//! Tests of the images and where they are.

use serde_json::{Value as Json, json};

use super::{body, check};
use crate::catalog::Table;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// The shirt with three gallery files: `/a.jpg` (position 2), `/b.jpg` (1), and a video.
fn with_gallery() -> ShopRows {
    let mut rows = ShopRows::with_shirt();
    for (id, file, kind) in
        [(31, "/a.jpg", "image"), (32, "/b.jpg", "image"), (33, "/v.jpg", "external-video")]
    {
        rows = rows
            .row(Table::MediaGallery, json!({"value_id": id, "value": file, "media_type": kind}))
            .row(Table::MediaGalleryValueToEntity, json!({"value_id": id, "entity_id": PRODUCT}));
    }
    gallery(gallery(rows, 31, 0, json!({"position": 2})), 32, 0, json!({"position": 1}))
}

fn gallery(rows: ShopRows, value_id: u32, store: u32, mut cells: Json) -> ShopRows {
    cells["value_id"] = json!(value_id);
    cells["store_id"] = json!(store);
    cells["entity_id"] = json!(PRODUCT);
    rows.row(Table::MediaGalleryValue, cells)
}

const MEDIA: &str = "http://localhost/media/catalog/product";

#[test]
fn images_are_ordered_by_position_and_have_every_field() {
    let rows = with_gallery()
        .eav("image", 0, json!("/a.jpg"))
        .eav("swatch_image", 0, json!("/a.jpg"))
        .eav("thumbnail", 0, json!("/a.jpg"))
        .eav("small_image", 0, json!("/A.jpg"));
    let expected = json!([
        {"url": format!("{MEDIA}/b.jpg"), "label": "", "roles": [], "customRoles": []},
        {
            "url": format!("{MEDIA}/a.jpg"), "label": "",
            "roles": ["BASE", "THUMBNAIL", "SWATCH"], "customRoles": [],
        },
    ]);
    check(&rows, "images", &expected);
}

#[test]
fn image_roles_are_those_of_the_store_view() {
    let rows = with_gallery().eav("image", 0, json!("/a.jpg")).eav("image", 2, json!("/b.jpg"));
    let roles = |store: &str| {
        let images = body(&rows, store)["images"].as_array().unwrap().clone();
        images.iter().map(|image| image["roles"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(roles("en"), [json!([]), json!(["BASE"])]);
    assert_eq!(roles("de"), [json!(["BASE"]), json!([])]);
}

#[test]
fn each_gallery_column_falls_back_to_the_default_row_on_its_own() {
    let rows = gallery(ShopRows::with_shirt(), 31, 0, json!({"label": "Front", "position": 3}))
        .row(Table::MediaGallery, json!({"value_id": 31, "value": "/a.jpg", "media_type": "image"}))
        .row(Table::MediaGalleryValueToEntity, json!({"value_id": 31, "entity_id": PRODUCT}));
    let rows = gallery(rows, 31, 1, json!({"disabled": 1}));
    let image = |custom: Json| {
        json!([{
            "url": format!("{MEDIA}/a.jpg"), "label": "Front", "roles": [], "customRoles": custom,
        }])
    };
    check(&rows, "images", &image(json!(["hide_from_pdp"])));
    assert_eq!(body(&rows, "de")["images"], image(json!([])));
}

#[test]
fn images_without_a_position_come_first_and_then_by_age() {
    let rows = with_gallery()
        .row(Table::MediaGallery, json!({"value_id": 30, "value": "/c.jpg", "media_type": "image"}))
        .row(Table::MediaGalleryValueToEntity, json!({"value_id": 30, "entity_id": PRODUCT}));
    let rows = gallery(rows, 32, 1, json!({"position": 2}));
    let urls: Vec<Json> = body(&rows, "en")["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["url"].clone())
        .collect();
    let expected = ["c", "a", "b"].map(|name| json!(format!("{MEDIA}/{name}.jpg")));
    assert_eq!(urls, expected);
}

#[test]
fn gallery_file_that_is_not_attached_to_the_product_is_not_sent() {
    let file = json!({"value_id": 31, "value": "/a.jpg", "media_type": "image"});
    let rows = gallery(ShopRows::with_shirt(), 31, 0, json!({"position": 1}));
    check(&rows.row(Table::MediaGallery, file), "images", &json!([]));
}

#[test]
fn media_url_is_the_store_views_and_may_be_written_in_terms_of_others() {
    let url = |rows: ShopRows| body(&rows, "en")["images"][0]["url"].clone();
    let base = || {
        let rows = with_gallery();
        rows.config("default", 0, "web/unsecure/base_url", json!("http://shop.test/")).config(
            "default",
            0,
            "web/secure/base_url",
            json!("https://safe.test/"),
        )
    };
    let media = |scope: &str, id: u32, value: Json| {
        base().config(scope, id, "web/unsecure/base_media_url", value)
    };
    assert_eq!(url(base()), "http://shop.test/media/catalog/product/b.jpg");
    assert_eq!(
        url(media("websites", 1, json!("https://cdn.test/m"))),
        "https://cdn.test/m/catalog/product/b.jpg"
    );
    assert_eq!(
        url(media("default", 0, json!("{{unsecure_base_url}}pub/media/"))),
        "http://shop.test/pub/media/catalog/product/b.jpg"
    );
    assert_eq!(
        url(media("default", 0, json!("{{secure_base_url}}media/"))),
        "https://safe.test/media/catalog/product/b.jpg"
    );
    assert_eq!(url(media("stores", 1, Json::Null)), "http://shop.test/media/catalog/product/b.jpg");
}
