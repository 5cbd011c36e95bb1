//! Tests of directives, one per rule.

use serde_json::json;

use super::expand;
use crate::feed::Feed;
use crate::feed::shop_rows::{PRODUCT, ShopRows};

/// A shop at `http://shop.test/` and `https://safe.test/`, whose web server rewrites URLs.
fn shop_test() -> ShopRows {
    ShopRows::with_shirt()
        .config("default", 0, "web/unsecure/base_url", "http://shop.test/")
        .config("default", 0, "web/secure/base_url", "https://safe.test/")
        .config("default", 0, "web/seo/use_rewrites", "1")
}

/// Compares what a text becomes in store view `en`.
fn check(rows: &ShopRows, text: &str, expected: &str) {
    let shop = rows.shop();
    assert_eq!(expand(text.to_owned(), &shop, &shop.store_views[&1]), expected);
}

#[test]
fn text_without_directives_stays_as_it_is() {
    for text in ["", "plain", "<p style=\"{a}\">}} { {</p>", "{ {media url=x}}"] {
        check(&shop_test(), text, text);
    }
}

#[test]
fn media_directive_is_the_url_of_the_file() {
    let image = "http://shop.test/media/wysiwyg/a.jpg";
    for written in [
        r#"{{media url="wysiwyg/a.jpg"}}"#,
        r"{{media url='wysiwyg/a.jpg'}}",
        r"{{media url=wysiwyg/a.jpg}}",
        r"{{media url=&quot;wysiwyg/a.jpg&quot;}}",
        r#"{{media   url = "/wysiwyg/a.jpg" }}"#,
        "{{media\n url=\"wysiwyg/a.jpg\"}}",
    ] {
        let text = format!("<img src=\"{written}\"/> and {written}");
        check(&shop_test(), &text, &format!("<img src=\"{image}\"/> and {image}"));
    }
    let moved = shop_test().config("stores", 1, "web/unsecure/base_media_url", "https://cdn.test");
    check(&moved, r#"{{media url="a.jpg"}}"#, "https://cdn.test/a.jpg");
}

#[test]
fn media_directive_does_not_lead_out_of_the_media_folder() {
    check(&shop_test(), r#"a{{media url="../app/etc/env.php"}}b"#, "ab");
    check(&shop_test(), r#"a{{media url="http://evil.test/x.js"}}b"#, "ab");
    check(&shop_test(), "a{{media}}b", "ab");
}

#[test]
fn store_directive_is_the_url_of_the_page() {
    check(&shop_test(), r#"{{store url="contact"}}"#, "http://shop.test/contact/");
    check(
        &shop_test(),
        r#"{{store url="customer/account/"}}"#,
        "http://shop.test/customer/account/",
    );
    check(&shop_test(), r#"{{store url=""}}"#, "http://shop.test/");
    check(&shop_test(), r#"{{store direct_url="a/b.html"}}"#, "http://shop.test/a/b.html");
    check(&shop_test(), r#"{{store url="a?b=c&amp;d"}}"#, "http://shop.test/a?b=c&d");
}

#[test]
fn pages_are_below_index_php_without_rewrites_and_below_the_store_code_if_the_shop_adds_it() {
    let store = r#"{{store url="contact"}}"#;
    let plain = shop_test().config("stores", 1, "web/seo/use_rewrites", "0");
    check(&plain, store, "http://shop.test/index.php/contact/");
    let coded = shop_test().config("default", 0, "web/url/use_store", "1");
    check(&coded, store, "http://shop.test/en/contact/");
    let both = plain.config("default", 0, "web/url/use_store", "1");
    check(&both, store, "http://shop.test/index.php/en/contact/");
    let linked =
        shop_test().config("default", 0, "web/unsecure/base_link_url", "{{secure_base_url}}pages");
    check(&linked, store, "https://safe.test/pages/contact/");
}

#[test]
fn config_directive_is_the_value_of_a_path_that_is_kept() {
    let config = |path: &str| format!("({{{{config path=\"{path}\"}}}})");
    check(&shop_test(), &config("web/unsecure/base_url"), "(http://shop.test/)");
    check(&shop_test(), &config("web/secure/base_url"), "(https://safe.test/)");
    check(&shop_test(), &config("web/unsecure/base_media_url"), "(http://shop.test/media/)");
    check(&shop_test(), &config("web/unsecure/base_link_url"), "(http://shop.test/)");
    check(&shop_test(), &config("general/locale/weight_unit"), "(lbs)");
    check(&shop_test(), &config("payment/secret/key"), "()");
}

#[test]
fn directives_that_need_the_shops_own_code_leave_nothing_behind() {
    let widget = r#"<p>{{widget type="Magento\Cms\Block\Widget\Block" template="a" id="7"}}</p>"#;
    check(&shop_test(), widget, "<p></p>");
    for name in super::SILENT {
        check(&shop_test(), &format!("a{{{{{name} id=\"7\"}}}}b"), "ab");
    }
    check(&shop_test(), "a{{customVar code=x}}b", "ab");
}

#[test]
fn braces_of_other_software_stay_as_they_are() {
    for text in [
        "{{name}}",
        "{{#each items}}{{this.price}}{{/each}}",
        "{{{media url=x}}}",
        "{{medial url=x}}",
        "a {{media url=\"x\"",
        "{{",
        "{{}}",
    ] {
        check(&shop_test(), text, text);
    }
}

#[test]
fn descriptions_of_products_are_expanded_for_their_store_view() {
    let rows = shop_test()
        .config("stores", 2, "web/unsecure/base_url", "http://shop.test/de/")
        .eav("description", 0, json!(r#"<img src="{{media url="a.jpg"}}"/>{{widget type="x"}}"#))
        .eav("short_description", 0, json!(r#"<a href="{{store url="b"}}">b</a>"#))
        .eav("meta_description", 0, json!(r#"{{media url="a.jpg"}}"#));
    let body = rows.body(Feed::Products, PRODUCT, "en");
    assert_eq!(body["description"], r#"<img src="http://shop.test/media/a.jpg"/>"#);
    assert_eq!(body["shortDescription"], r#"<a href="http://shop.test/b/">b</a>"#);
    assert_eq!(body["metaTags"]["description"], r#"{{media url="a.jpg"}}"#);
    let body = rows.body(Feed::Products, PRODUCT, "de");
    assert_eq!(body["description"], r#"<img src="http://shop.test/de/media/a.jpg"/>"#);
}
