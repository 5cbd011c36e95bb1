//! One full example body per schema.

use serde_json::{Value as Json, json};

use crate::sandbox::endpoint::{SandboxFeed, Verb};

/// An item with every field that its schema names.
pub(super) fn full(feed: SandboxFeed, verb: Verb) -> Json {
    match (feed, verb) {
        (SandboxFeed::Products, Verb::Create) => full_product(),
        (SandboxFeed::ProductAttributes, Verb::Create) => json!({
            "code": "wood", "source": { "locale": "de" }, "label": "Holzart", "dataType": "TEXT",
            "visibleIn": ["PRODUCT_DETAIL", "PRODUCT_LISTING", "SEARCH_RESULTS", "PRODUCT_COMPARE"],
            "filterable": true, "sortable": false, "searchable": true, "searchWeight": 1.5,
            "searchTypes": ["AUTOCOMPLETE", "CONTAINS", "STARTS_WITH"],
        }),
        (SandboxFeed::Categories, Verb::Create) => json!({
            "slug": "lamps/desk-lamps", "source": { "locale": "de" }, "name": "Tischleuchten",
            "description": null, "families": ["top_menu"], "position": -3,
            "metaTags": { "title": "Tisch", "keywords": ["licht"], "description": "Hell" },
            "attributes": [{ "code": "season", "values": ["winter"] }],
            "images": [{
                "url": "https://shop.test/c.jpg", "label": "c", "roles": ["BASE", "THUMBNAIL"],
                "customRoles": ["hero"],
            }],
        }),
        (SandboxFeed::CategoryAttributes, Verb::Create) => json!({
            "code": "season", "source": { "locale": "de" }, "label": "Saison", "dataType": "TEXT",
        }),
        (SandboxFeed::PriceBooks, Verb::Create) => {
            json!({ "priceBookId": "shop", "name": "Shop", "currency": "EUR" })
        }
        (SandboxFeed::Prices, Verb::Create) => json!({
            "sku": "LAMP-1", "priceBookId": "shop", "regular": 49.9,
            "discounts": [
                { "code": "special_price", "price": 39 }, { "code": "group", "percentage": 12.5 },
            ],
            "tierPrices": [{ "qty": 5, "price": 45 }, { "qty": 10.5, "percentage": 99.99 }],
        }),
        (SandboxFeed::Products, Verb::Delete) => {
            json!({ "sku": "LAMP-1", "source": { "locale": "de" } })
        }
        (SandboxFeed::ProductAttributes | SandboxFeed::CategoryAttributes, Verb::Delete) => {
            json!({ "code": "wood", "source": { "locale": "de" } })
        }
        (SandboxFeed::Categories, Verb::Delete) => {
            json!({ "slug": "lamps", "source": { "locale": "de" } })
        }
        (SandboxFeed::PriceBooks, Verb::Delete) => json!({ "priceBookId": "shop" }),
        (SandboxFeed::Prices, Verb::Delete) => json!({ "sku": "LAMP-1", "priceBookId": "shop" }),
    }
}

fn full_product() -> Json {
    json!({
        "sku": "LAMP-1", "source": { "locale": "de" }, "name": "Lampe", "slug": "lampe",
        "status": "DISABLED", "description": null, "shortDescription": "kurz",
        "visibleIn": ["CATALOG", "SEARCH"],
        "metaTags": { "title": "Lampe", "keywords": ["licht"], "description": "Hell" },
        "attributes": [{ "code": "wood", "values": ["Eiche", "7"], "variantReferenceId": "v1" }],
        "images": [{
            "url": "https://shop.test/p.jpg", "label": "p", "customRoles": ["lookbook"],
            "roles": ["BASE", "SMALL", "THUMBNAIL", "SWATCH"],
        }],
        "links": [{ "type": "VARIANT_OF", "sku": "LAMP" }],
        "routes": [{ "path": "lamps/desk-lamps", "position": 4 }],
        "configurations": [{
            "attributeCode": "wood", "type": "SWATCH", "label": "Holz",
            "defaultVariantReferenceId": "v1",
            "values": [{
                "variantReferenceId": "v1", "label": "Eiche", "colorHex": "#aa8855",
                "imageUrl": "https://shop.test/s.jpg",
            }],
        }],
        "bundles": [{
            "group": "Birne", "required": true, "multiSelect": false, "defaultItemSkus": ["B1"],
            "items": [{ "sku": "B1", "qty": 1.5, "userDefinedQty": true }],
        }],
        "externalIds": [{ "id": "17", "origin": "AdobeCommerce" }],
    })
}
