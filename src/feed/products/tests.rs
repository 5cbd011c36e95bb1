//! Tests of the products feed, one per rule.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

fn body(rows: &ShopRows, store: &str) -> Json {
    rows.body(Feed::Products, PRODUCT, store)
}

/// Compares one field of the product's item in store view `en`.
fn check(rows: &ShopRows, field: &str, expected: &Json) {
    assert_eq!(&body(rows, "en")[field], expected);
}

fn check_absent(rows: &ShopRows, field: &str) {
    assert_eq!(body(rows, "en").get(field), None);
}

fn check_fault(rows: &ShopRows, message: &str) {
    assert_eq!(body(rows, "en"), message);
}

/// Compares the attributes after the first, which is always stock and weight.
fn check_attributes(rows: &ShopRows, store: &str, expected: &Json) {
    let attributes = body(rows, store)["attributes"].as_array().unwrap()[1..].to_vec();
    assert_eq!(&Json::Array(attributes), expected);
}

/// Compares the JSON text of stock and weight.
fn check_stock(rows: &ShopRows, store: &str, expected: &str) {
    let first = body(rows, store)["attributes"][0].clone();
    assert_eq!(first, json!({"code": "aco_ac_attributes", "values": [expected]}));
}

// Main fields

#[test]
fn item_of_a_bare_product_has_every_field_that_is_always_there() {
    let expected = json!({
        "sku": "shirt",
        "source": {"locale": "en"},
        "name": "Name of shirt",
        "slug": "shirt",
        "status": "ENABLED",
        "description": "",
        "shortDescription": "",
        "visibleIn": ["CATALOG", "SEARCH"],
        "attributes": [{
            "code": "aco_ac_attributes",
            "values": [r#"{"inStock":"false","lowStock":"false"}"#],
        }],
        "images": [],
        "links": [], "routes": [],
        "externalIds": [{"id": "11", "origin": "AdobeCommerce"}],
    });
    assert_eq!(body(&ShopRows::with_shirt(), "en"), expected);
}

#[test]
fn product_is_an_item_in_every_store_view_of_its_websites_enabled_or_not() {
    let rows = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[1, 2]);
    let rows = rows.eav("status", 0, json!(2)).eav("visibility", 0, json!(1));
    assert_eq!(rows.last_parts(Feed::Products, PRODUCT), ["de", "en", "out"]);
    assert_eq!(ShopRows::with_shirt().last_parts(Feed::Products, PRODUCT), ["de", "en"]);
    let nowhere = ShopRows::two_websites().product(PRODUCT, "simple", "shirt", &[]);
    assert_eq!(nowhere.items(Feed::Products, PRODUCT), []);
}

#[test]
fn value_of_the_store_view_wins_over_the_default_and_needs_none() {
    let rows = ShopRows::with_shirt().eav("name", 2, json!("Hemd")).eav(
        "description",
        2,
        json!("<p>Nur hier</p>"),
    );
    assert_eq!(body(&rows, "de")["name"], "Hemd");
    assert_eq!(body(&rows, "de")["description"], "<p>Nur hier</p>");
    assert_eq!(body(&rows, "en")["name"], "Name of shirt");
    assert_eq!(body(&rows, "en")["description"], "");
}

#[test]
fn null_row_of_the_store_view_wins_over_the_default() {
    let rows = ShopRows::with_shirt().eav("short_description", 0, json!("everywhere")).eav(
        "short_description",
        1,
        Json::Null,
    );
    assert_eq!(body(&rows, "en")["shortDescription"], "");
    assert_eq!(body(&rows, "de")["shortDescription"], "everywhere");
}

#[test]
fn missing_or_empty_name_and_slug_are_faults_of_their_store_view() {
    let fault = |field: &str, code: &str| {
        format!(
            "fill {field}: catalog_product_entity_varchar has no {code} for store view en, and \
             the service requires one"
        )
    };
    check_fault(&ShopRows::with_shirt().eav("name", 1, Json::Null), &fault("name", "name"));
    check_fault(&ShopRows::with_shirt().eav("url_key", 1, json!("")), &fault("slug", "url_key"));
    let rows = ShopRows::with_shirt().eav("name", 1, Json::Null);
    assert_eq!(body(&rows, "de")["name"], "Name of shirt");
}

#[test]
fn status_is_disabled_unless_a_row_says_enabled() {
    let status = |status: Json| ShopRows::with_shirt().eav("status", 1, status);
    check(&status(json!(1)), "status", &json!("ENABLED"));
    check(&status(json!(2)), "status", &json!("DISABLED"));
    check(&status(Json::Null), "status", &json!("DISABLED"));
}

#[test]
fn status_without_a_meaning_is_a_fault() {
    for status in [0, 3] {
        let rows = ShopRows::with_shirt().eav("status", 1, json!(status));
        let fault = format!(
            "read the status: catalog_product_entity_int has {status} for store view en, and only \
             1 (enabled) and 2 (disabled) have a meaning"
        );
        check_fault(&rows, &fault);
    }
}

#[test]
fn visibility_says_where_a_product_is_found() {
    let visibility = |value: Json| ShopRows::with_shirt().eav("visibility", 0, value);
    check(&visibility(json!(1)), "visibleIn", &json!([]));
    check(&visibility(json!(2)), "visibleIn", &json!(["CATALOG"]));
    check(&visibility(json!(3)), "visibleIn", &json!(["SEARCH"]));
    check(&visibility(json!(4)), "visibleIn", &json!(["CATALOG", "SEARCH"]));
    check(&visibility(Json::Null), "visibleIn", &json!([]));
}

#[test]
fn meta_tags_are_what_there_is_and_keywords_are_lines() {
    let rows = ShopRows::with_shirt().eav("meta_title", 0, json!("Shirts"));
    check(&rows, "metaTags", &json!({"title": "Shirts"}));
    let rows = rows.eav("meta_description", 0, json!("All of them")).eav(
        "meta_keyword",
        0,
        json!(" red, blue \r\n\n green\n"),
    );
    let expected = json!({
        "title": "Shirts", "description": "All of them", "keywords": ["red, blue", "green"],
    });
    check(&rows, "metaTags", &expected);
    check_absent(&ShopRows::with_shirt().eav("meta_keyword", 0, json!("\n")), "metaTags");
}

// Attributes

/// The shirt, and a select attribute `color` with options 61 and 62.
fn with_color() -> ShopRows {
    ShopRows::with_shirt().select(601, "color", &[(61, "Red"), (62, "Blue")])
}

fn with_attribute(backend: &str, input: &str, source: Option<&str>) -> ShopRows {
    with_color().attribute(json!({
        "attribute_id": 602, "attribute_code": "extra", "backend_type": backend,
        "frontend_input": input, "is_user_defined": 1, "source_model": source,
    }))
}

#[test]
fn user_defined_attributes_and_the_news_dates_are_sent_by_code() {
    let rows = with_attribute("varchar", "text", None)
        .eav("news_to_date", 0, json!("2024-07-01 00:00:00"))
        .eav("news_from_date", 0, json!("2024-06-01 00:00:00"))
        .eav("extra", 0, json!("a, b"))
        .eav("color", 0, json!(61))
        .eav("price", 0, json!("20.000000"));
    let expected = json!([
        {"code": "color", "values": ["Red"]},
        {"code": "extra", "values": ["a, b"]},
        {"code": "news_from_date", "values": ["2024-06-01 00:00:00"]},
        {"code": "news_to_date", "values": ["2024-07-01 00:00:00"]},
    ]);
    check_attributes(&rows, "en", &expected);
}

#[test]
fn attribute_without_a_value_in_the_store_view_is_left_out() {
    let rows = with_color().eav("color", 0, json!(61)).eav("color", 1, Json::Null);
    check_attributes(&rows, "en", &json!([]));
    check_attributes(&rows, "de", &json!([{"code": "color", "values": ["Red"]}]));
}

#[test]
fn option_label_is_the_store_views_then_the_default_one_then_the_id() {
    let label = |rows: ShopRows, store: &str, expected: &str| {
        let rows = rows.eav("color", 0, json!(61));
        check_attributes(&rows, store, &json!([{"code": "color", "values": [expected]}]));
    };
    let german = || with_color().label(61, 2, json!("Rot"));
    label(german(), "de", "Rot");
    label(german(), "en", "Red");
    label(with_color().label(61, 2, Json::Null), "de", "Red");
    let bare = json!({"option_id": 61, "attribute_id": 603});
    let rows = ShopRows::with_shirt().select(603, "color", &[]);
    label(rows.row(Table::EavAttributeOption, bare), "en", "61");
}

#[test]
fn multiselect_is_split_at_commas_and_each_id_falls_back_on_its_own() {
    let rows = with_attribute("text", "multiselect", None)
        .row(Table::EavAttributeOption, json!({"option_id": 71, "attribute_id": 602}))
        .label(71, 0, json!("Wool"))
        .eav("extra", 0, json!("71,99"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["Wool", "99"]}]));
    let empty = rows.eav("extra", 0, json!(""));
    check_attributes(&empty, "en", &json!([{"code": "extra", "values": [""]}]));
}

#[test]
fn option_of_another_attribute_is_no_label_of_this_one() {
    let rows = with_attribute("int", "select", None).eav("extra", 0, json!(61));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["61"]}]));
}

#[test]
fn yes_and_no_come_from_the_boolean_source_model_not_from_the_input() {
    let source = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";
    let yes_no = with_attribute("int", "boolean", Some(source));
    let values = |values: Json| json!([{"code": "extra", "values": values}]);
    check_attributes(&yes_no.clone().eav("extra", 0, json!(1)), "en", &values(json!(["yes"])));
    check_attributes(&yes_no.eav("extra", 0, json!(0)), "en", &values(json!(["no"])));
    let raw = with_attribute("int", "boolean", Some(r"Acme\Flag")).eav("extra", 0, json!(1));
    check_attributes(&raw, "en", &values(json!(["1"])));
}

#[test]
fn values_of_a_foreign_source_model_stay_as_they_are_stored() {
    let rows = with_attribute("varchar", "multiselect", Some(r"Acme\Countries"));
    let rows = rows.eav("extra", 0, json!("DE,AT"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["DE,AT"]}]));
}

#[test]
fn decimals_keep_their_stored_text() {
    let rows = with_attribute("decimal", "price", None).eav("extra", 0, json!("12.500000"));
    check_attributes(&rows, "en", &json!([{"code": "extra", "values": ["12.500000"]}]));
}

// Stock and weight

fn stock_item(product: u32, cells: Json) -> Json {
    let mut item = json!({
        "product_id": product, "stock_id": 1, "qty": "5.0000", "is_in_stock": 1, "manage_stock": 1,
        "use_config_manage_stock": 0, "website_id": 0,
    });
    let Json::Object(cells) = cells else { panic!("a row is an object of columns") };
    item.as_object_mut().unwrap().extend(cells);
    item
}

fn with_stock(cells: Json) -> ShopRows {
    ShopRows::with_shirt().row(Table::StockItem, stock_item(PRODUCT, cells))
}

const THRESHOLD: &str = "cataloginventory/options/stock_threshold_qty";

#[test]
fn weight_and_its_unit_are_there_only_when_the_product_has_a_weight() {
    let rows = with_stock(json!({})).eav("weight", 0, json!("1.500000"));
    let expected = r#"{"inStock":"true","lowStock":"false","weight":1.5,"weightType":"lbs"}"#;
    check_stock(&rows, "en", expected);
    let rows = rows.eav("weight", 0, json!("2.000000")).config(
        "stores",
        1,
        "general/locale/weight_unit",
        json!("kgs"),
    );
    let expected = r#"{"inStock":"true","lowStock":"false","weight":2,"weightType":"kgs"}"#;
    check_stock(&rows, "en", expected);
    let rows = rows.eav("weight", 1, Json::Null);
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}

#[test]
fn stock_that_is_not_managed_is_always_there() {
    let not_managed = with_stock(json!({"is_in_stock": 0, "manage_stock": 0}));
    check_stock(&not_managed, "en", r#"{"inStock":"true","lowStock":"false"}"#);
    let managed = with_stock(json!({"is_in_stock": 0}));
    check_stock(&managed, "en", r#"{"inStock":"false","lowStock":"false"}"#);
}

#[test]
fn product_may_leave_stock_management_to_the_configuration() {
    let cells = json!({"is_in_stock": 0, "manage_stock": 0, "use_config_manage_stock": 1});
    let rows = with_stock(cells);
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let rows = rows.config("default", 0, "cataloginventory/item_options/manage_stock", json!("0"));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}

#[test]
fn low_stock_is_strictly_below_the_threshold_of_the_store_view() {
    let rows = with_stock(json!({})).config("stores", 1, THRESHOLD, json!("5"));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
    let rows = rows.config("stores", 2, THRESHOLD, json!("5.5"));
    check_stock(&rows, "de", r#"{"inStock":"true","lowStock":"true"}"#);
}

#[test]
fn product_without_a_stock_item_is_out_of_stock_and_low_where_a_threshold_is_set() {
    let rows = ShopRows::with_shirt();
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let rows = rows.config("default", 0, THRESHOLD, json!("1"));
    check_stock(&rows, "en", r#"{"inStock":"false","lowStock":"true"}"#);
}

#[test]
fn stock_item_of_the_default_stock_for_every_website_counts() {
    let out = |cells: Json| stock_item(PRODUCT, cells);
    let rows = ShopRows::with_shirt()
        .row(Table::StockItem, out(json!({"stock_id": 2, "is_in_stock": 0})))
        .row(Table::StockItem, out(json!({"website_id": 1, "is_in_stock": 0})))
        .row(Table::StockItem, out(json!({})));
    check_stock(&rows, "en", r#"{"inStock":"true","lowStock":"false"}"#);
}

// Images

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

// Links

fn link(rows: ShopRows, to: u32, kind: u32) -> ShopRows {
    let cells = json!({"product_id": PRODUCT, "linked_product_id": to, "link_type_id": kind});
    rows.row(Table::ProductLink, cells)
}

fn parent(rows: ShopRows, id: u32, kind: &str, websites: &[u32]) -> ShopRows {
    rows.product(id, kind, &format!("{kind}-{id}"), websites)
        .row(Table::ProductRelation, json!({"parent_id": id, "child_id": PRODUCT}))
}

#[test]
fn links_are_related_upsell_and_crosssell_products_by_type_and_sku() {
    let mut rows = ShopRows::with_shirt();
    for (id, sku) in [(21, "tie"), (22, "belt")] {
        rows = rows.product(id, "simple", sku, &[1]);
    }
    rows = link(link(link(link(link(rows, 21, 1), 22, 1), 21, 4), 21, 5), 22, 3);
    let expected = json!([
        {"type": "CROSSSELL", "sku": "tie"},
        {"type": "RELATED", "sku": "belt"},
        {"type": "RELATED", "sku": "tie"},
        {"type": "UPSELL", "sku": "tie"},
    ]);
    check(&rows, "links", &expected);
}

#[test]
fn linked_product_must_be_on_the_website_and_need_not_be_enabled() {
    let rows = ShopRows::two_websites()
        .product(PRODUCT, "simple", "shirt", &[1, 2])
        .product(21, "simple", "tie", &[2])
        .eav_of(21, "status", 0, &json!(2));
    let rows = link(link(rows, 21, 1), 404, 1);
    check(&rows, "links", &json!([]));
    assert_eq!(body(&rows, "out")["links"], json!([{"type": "RELATED", "sku": "tie"}]));
}

#[test]
fn parents_are_links_named_by_what_they_are() {
    let rows = ShopRows::with_shirt();
    let rows = parent(parent(rows, 21, "configurable", &[1]), 22, "bundle", &[1]);
    let rows = parent(parent(rows, 23, "grouped", &[1]), 24, "bundle", &[2]);
    let expected = json!([
        {"type": "GROUPED", "sku": "grouped-23"},
        {"type": "IN_BUNDLE", "sku": "bundle-22"},
        {"type": "VARIANT_OF", "sku": "configurable-21"},
    ]);
    check(&rows, "links", &expected);
}

#[test]
fn parent_by_super_link_alone_is_no_link() {
    let rows = ShopRows::with_shirt()
        .product(21, "configurable", "set", &[1])
        .row(Table::ProductSuperLink, json!({"product_id": PRODUCT, "parent_id": 21}));
    check(&rows, "links", &json!([]));
}

// Configurations

/// A configurable shirt, chosen by color, with variants red (21, enabled) and blue (22).
fn configurable() -> ShopRows {
    let mut rows = ShopRows::two_websites()
        .product(PRODUCT, "configurable", "shirt", &[1])
        .select(601, "color", &[(61, "Red"), (62, "Blue"), (63, "Green")])
        .row(
            Table::ProductSuperAttribute,
            json!({"product_id": PRODUCT, "attribute_id": 601, "position": 0}),
        );
    for (id, option) in [(21, 62), (22, 61)] {
        rows = rows
            .product(id, "simple", &format!("shirt-{id}"), &[1])
            .eav_of(id, "color", 0, &json!(option))
            .row(Table::ProductRelation, json!({"parent_id": PRODUCT, "child_id": id}))
            .row(Table::ProductSuperLink, json!({"product_id": id, "parent_id": PRODUCT}));
    }
    rows
}

/// base64 of `configurable/601/61` and `configurable/601/62`.
const RED: &str = "Y29uZmlndXJhYmxlLzYwMS82MQ==";
const BLUE: &str = "Y29uZmlndXJhYmxlLzYwMS82Mg==";

#[test]
fn configurations_are_the_options_that_variants_have_by_option_id() {
    let expected = json!([{
        "attributeCode": "color", "label": "COLOR", "type": "CONFIGURABLE",
        "values": [
            {"variantReferenceId": RED, "label": "Red"},
            {"variantReferenceId": BLUE, "label": "Blue"},
        ],
    }]);
    check(&configurable(), "configurations", &expected);
    check(&configurable(), "status", &json!("ENABLED"));
    check(&configurable(), "links", &json!([]));
}

#[test]
fn variant_that_is_not_enabled_in_the_store_view_offers_nothing() {
    let labels = |rows: &ShopRows, store: &str| {
        let values = body(rows, store)["configurations"][0]["values"].clone();
        let values = values.as_array().cloned().unwrap_or_default();
        values.iter().map(|value| value["label"].clone()).collect::<Vec<_>>()
    };
    let rows = configurable().eav_of(21, "status", 1, &json!(2));
    assert_eq!(labels(&rows, "en"), ["Red"]);
    assert_eq!(labels(&rows, "de"), ["Red", "Blue"]);
    let null = configurable().eav_of(21, "status", 1, &Json::Null);
    assert_eq!(labels(&null, "en"), ["Red"]);
}

#[test]
fn variant_offers_its_default_option_whatever_the_store_view_says() {
    let rows = configurable().eav_of(21, "color", 1, &json!(63));
    let values = body(&rows, "en")["configurations"][0]["values"].clone();
    assert_eq!(values[1]["label"], "Blue");
    assert_eq!(values.as_array().unwrap().len(), 2);
}

#[test]
fn stock_and_websites_of_variants_do_not_matter_for_what_can_be_chosen() {
    let rows = configurable()
        .product(23, "simple", "shirt-23", &[])
        .eav_of(23, "color", 0, &json!(63))
        .row(Table::ProductSuperLink, json!({"product_id": 23, "parent_id": PRODUCT}));
    let values = body(&rows, "en")["configurations"][0]["values"].clone();
    assert_eq!(values.as_array().unwrap().len(), 3);
}

#[test]
fn configurable_that_nothing_can_be_chosen_of_is_disabled_and_has_no_configurations() {
    let rows = configurable().eav_of(21, "status", 0, &json!(2)).eav_of(22, "status", 0, &json!(2));
    check(&rows, "status", &json!("DISABLED"));
    check_absent(&rows, "configurations");
    let childless = ShopRows::two_websites().product(PRODUCT, "configurable", "shirt", &[1]);
    check(&childless, "status", &json!("DISABLED"));
}

#[test]
fn configurations_are_ordered_by_position_and_empty_ones_are_left_out() {
    let super_attribute = |attribute: u32, position: u32| json!({"product_id": PRODUCT, "attribute_id": attribute, "position": position});
    let rows = configurable()
        .select(602, "size", &[(71, "L")])
        .select(603, "cut", &[(81, "slim")])
        .select(604, "unused", &[(91, "x")])
        .eav_of(21, "size", 0, &json!(71))
        .eav_of(21, "cut", 0, &json!(81))
        .row(Table::ProductSuperAttribute, super_attribute(602, 2))
        .row(Table::ProductSuperAttribute, super_attribute(603, 1))
        .row(Table::ProductSuperAttribute, super_attribute(604, 3));
    let configurations = body(&rows, "en")["configurations"].clone();
    let codes: Vec<&Json> =
        configurations.as_array().unwrap().iter().map(|it| &it["attributeCode"]).collect();
    assert_eq!(codes, ["color", "cut", "size"]);
}

#[test]
fn configuration_labels_are_those_of_the_store_view() {
    let rows = configurable().label(61, 2, json!("Rot")).row(
        Table::EavAttributeLabel,
        json!({"attribute_id": 601, "store_id": 2, "value": "Farbe"}),
    );
    let color = body(&rows, "de")["configurations"][0].clone();
    assert_eq!(color["label"], "Farbe");
    assert_eq!(color["values"][0]["label"], "Rot");
    assert_eq!(color["values"][1]["label"], "Blue");
}

#[test]
fn swatches_are_colors_or_images_and_text_swatches_are_not_sent() {
    let swatch = |option: u32, store: u32, kind: u32, value: Json| json!({"option_id": option, "store_id": store, "type": kind, "value": value});
    let flags =
        json!({"attribute_id": 601, "additional_data": "{\"swatch_input_type\":\"visual\"}"});
    let rows = configurable()
        .eav_of(22, "color", 0, &json!(61))
        .product(23, "simple", "shirt-23", &[1])
        .eav_of(23, "color", 0, &json!(63))
        .row(Table::ProductSuperLink, json!({"product_id": 23, "parent_id": PRODUCT}))
        .row(Table::CatalogEavAttribute, flags)
        .row(Table::EavAttributeOptionSwatch, swatch(61, 0, 1, json!("#ff0000")))
        .row(Table::EavAttributeOptionSwatch, swatch(61, 1, 1, Json::Null))
        .row(Table::EavAttributeOptionSwatch, swatch(62, 0, 1, json!("#0000ff")))
        .row(Table::EavAttributeOptionSwatch, swatch(62, 1, 2, json!("/blue.png")))
        .row(Table::EavAttributeOptionSwatch, swatch(63, 0, 0, json!("Gr")));
    let color = body(&rows, "en")["configurations"][0].clone();
    assert_eq!(color["type"], "SWATCH");
    let expected = json!([
        {"variantReferenceId": RED, "label": "Red", "colorHex": "#ff0000"},
        {
            "variantReferenceId": BLUE, "label": "Blue",
            "imageUrl": "http://localhost/media/attribute/swatch/blue.png",
        },
        {"variantReferenceId": "Y29uZmlndXJhYmxlLzYwMS82Mw==", "label": "Green"},
    ]);
    assert_eq!(color["values"], expected);
}

#[test]
fn only_configurables_have_configurations() {
    let rows = with_color().row(
        Table::ProductSuperAttribute,
        json!({"product_id": PRODUCT, "attribute_id": 601, "position": 0}),
    );
    check_absent(&rows, "configurations");
}

#[test]
fn attribute_by_which_a_variant_is_chosen_refers_to_its_option() {
    let rows = configurable().eav_of(21, "color", 1, &json!(63));
    let child = rows.body(Feed::Products, 21, "en");
    let expected = json!({"code": "color", "values": ["Green"], "variantReferenceId": BLUE});
    assert_eq!(child["attributes"][1], expected);
    assert_eq!(child["links"], json!([{"type": "VARIANT_OF", "sku": "shirt"}]));
}

#[test]
fn attribute_of_a_product_that_is_no_variant_refers_to_nothing() {
    let rows = with_color().eav("color", 0, json!(61));
    check_attributes(&rows, "en", &json!([{"code": "color", "values": ["Red"]}]));
}

#[test]
fn configurable_is_in_stock_if_it_is_itself_and_a_variant_is() {
    let stocked = |own: u32, children: [u32; 2]| {
        configurable()
            .row(Table::StockItem, stock_item(PRODUCT, json!({"is_in_stock": own, "qty": null})))
            .row(Table::StockItem, stock_item(21, json!({"is_in_stock": children[0]})))
            .row(Table::StockItem, stock_item(22, json!({"is_in_stock": children[1]})))
    };
    check_stock(&stocked(1, [0, 1]), "en", r#"{"inStock":"true","lowStock":"false"}"#);
    check_stock(&stocked(1, [0, 0]), "en", r#"{"inStock":"false","lowStock":"false"}"#);
    check_stock(&stocked(0, [1, 1]), "en", r#"{"inStock":"false","lowStock":"false"}"#);
    let threshold = |qty: &str| stocked(1, [1, 1]).config("default", 0, THRESHOLD, json!(qty));
    check_stock(&threshold("10"), "en", r#"{"inStock":"true","lowStock":"false"}"#);
    check_stock(&threshold("11"), "en", r#"{"inStock":"true","lowStock":"true"}"#);
}
