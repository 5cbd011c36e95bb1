//! The gateway, the answers, the rules beyond the schemas, and what is held.

use std::time::Duration;

use serde_json::json;

use super::{Bench, base_book, child_book, gzip, price, product, products, with_sandbox};
use crate::sandbox::SandboxLimits::Off;
use crate::sandbox::endpoint::{SandboxFeed, Verb};
use crate::sandbox::ingest::BODY_BYTES_MAX;

#[tokio::test]
async fn ims_gives_a_token_to_the_right_client_only() {
    with_sandbox(Off, async |bench: Bench| {
        let (status, answer) = bench.get_token("sandbox-secret").await;
        assert_eq!((status, &answer["token_type"]), (200, &json!("bearer")));
        assert_eq!(answer["expires_in"], 86_399);
        let (status, answer) = bench.get_token("wrong").await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
        let url = format!("{}/ims/token/v3", bench.sandbox.base_url());
        for (form, error) in [
            ("grant_type=password", "unsupported_grant_type"),
            ("grant_type=client_credentials&client_id=x", "invalid_client"),
            (
                "grant_type=client_credentials&client_id=sandbox-client\
                 &client_secret=sandbox-secret&scope=openid+AdobeID",
                "invalid_scope",
            ),
            ("\u{1}", "unsupported_grant_type"),
        ] {
            let response = bench.client.post(&url).body(form).send().await.unwrap();
            assert_eq!(response.status(), 400);
            let answer: serde_json::Value = response.json().await.unwrap();
            assert_eq!(answer["error"], error, "{form}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_living_token_is_turned_away() {
    with_sandbox(Off, async |mut bench: Bench| {
        let url = format!("{}/v1/catalog/products", bench.sandbox.ingestion_url());
        let response = bench.client.post(&url).json(&products(1)).send().await.unwrap();
        assert_eq!(response.status(), 403);
        let answer: serde_json::Value = response.json().await.unwrap();
        assert_eq!(answer["title"], "ErrMissingOauthToken");
        assert_eq!((&answer["status"], &answer["error_code"]), (&json!("403"), &json!("403010")));

        bench.clock.advance(Duration::from_secs(86_398));
        bench.put("products", &products(1)).await;
        bench.clock.advance(Duration::from_secs(1));
        let (status, answer) = bench.answer("products", &products(1)).await;
        assert_eq!((status, &answer["title"]), (401, &json!("ErrInvalidOauthToken")));
        assert_eq!((&answer["status"], &answer["error_code"]), (&json!("401"), &json!("401013")));
        bench.authorise().await;
        bench.put("products", &products(1)).await;
    })
    .await;
}

#[tokio::test]
async fn ccm_knows_one_tenant_of_one_organisation() {
    with_sandbox(Off, async |bench: Bench| {
        let lookup = async |tenant: &str, org: &str, token: &str| {
            let base = bench.sandbox.base_url();
            let url = format!("{base}/api/v1/tenants/{tenant}/owner/{org}");
            let response = bench.client.get(url).bearer_auth(token).send().await.unwrap();
            (response.status().as_u16(), response.json::<serde_json::Value>().await.unwrap())
        };
        let org = "sandbox-org%40AdobeOrg";
        let (status, answer) = lookup("sandbox-tenant", org, &bench.token).await;
        let ingestion = format!("{}/v1/catalog", bench.sandbox.ingestion_url());
        assert_eq!((status, &answer["serviceURLs"]["ingestion"]), (200, &json!(ingestion)));
        assert_eq!(lookup("other", org, &bench.token).await.0, 404);
        assert_eq!(lookup("sandbox-tenant", "other@AdobeOrg", &bench.token).await.0, 404);
        assert_eq!(lookup("sandbox-tenant", org, "forged").await.0, 401);
    })
    .await;
}

#[tokio::test]
async fn each_operation_answers_post_only_and_names_the_request() {
    with_sandbox(Off, async |bench: Bench| {
        let mut ids = std::collections::BTreeSet::new();
        for feed in SandboxFeed::ALL {
            for verb in Verb::ALL {
                // A price needs its book, which its own feed's turn deleted.
                bench.put("price-books", &json!([base_book("shop")])).await;
                let path = feed.path(verb);
                let item = super::bodies::full(feed, verb);
                let answer = bench.post(&path, &json!([item])).send().await.unwrap();
                assert_eq!(answer.headers()["content-type"], "application/json;charset=UTF-8");
                assert!(ids.insert(answer.headers()["x-request-id"].clone()));
                let expected = r#"{"acceptedCount":1,"status":"ACCEPTED"}"#;
                assert_eq!(answer.text().await.unwrap(), expected, "{path}");
                let url = format!("{}/v1/catalog/{path}", bench.sandbox.ingestion_url());
                let other_method = bench.client.patch(url).send().await.unwrap();
                assert_eq!(other_method.status(), 405);
                assert!(other_method.headers().contains_key("x-request-id"));
            }
        }
        let url = format!("{}/other/v1/catalog/products", bench.sandbox.base_url());
        let other = bench.client.post(url).bearer_auth(&bench.token).json(&products(1));
        assert_eq!(other.send().await.unwrap().status(), 404);
    })
    .await;
}

#[tokio::test]
async fn one_bad_item_refuses_the_whole_request() {
    with_sandbox(Off, async |bench: Bench| {
        let mut items = products(3);
        items[1]["status"] = json!("ON");
        let (status, answer) = bench.answer("products", &items).await;
        assert_eq!((status, &answer["status"]), (400, &json!("FAILED")));
        assert!(answer["message"].is_string());
        let error = &answer["errors"][0];
        assert_eq!((&error["itemIndex"], &error["code"]), (&json!(1), &json!("status")));
        assert_eq!(error["value"], "ON");
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert!(bench.sandbox.items("products").is_empty());
        let counted = bench.sandbox.stats()["products"];
        assert_eq!((counted.requests, counted.accepted_items, counted.refused_items), (1, 0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_array_of_json_is_refused() {
    with_sandbox(Off, async |bench: Bench| {
        for body in ["{}", "[", "\"x\"", ""] {
            let request = bench.post("products", &json!([])).body(body);
            assert_eq!(request.send().await.unwrap().status(), 400, "{body}");
        }
        let url = format!("{}/v1/catalog/products", bench.sandbox.ingestion_url());
        let typeless = bench.client.post(url).bearer_auth(&bench.token).body("[]");
        assert_eq!(typeless.send().await.unwrap().status(), 400);
        let brotli = bench.post("products", &json!([])).header("content-encoding", "br");
        assert_eq!(brotli.send().await.unwrap().status(), 400);
    })
    .await;
}

#[tokio::test]
async fn a_request_has_at_most_the_feeds_number_of_items() {
    with_sandbox(Off, async |bench: Bench| {
        bench.put("products", &products(100)).await;
        assert_eq!(bench.refusal("products", &products(101)).await, ["items_limit_exceeded"]);
        let books = |count| (0..count).map(|n| base_book(&format!("b{n}"))).collect();
        bench.put("price-books", &books(500)).await;
        assert_eq!(bench.refusal("price-books", &books(501)).await, ["items_limit_exceeded"]);
    })
    .await;
}

#[tokio::test]
async fn gzip_is_inflated_up_to_a_bound() {
    with_sandbox(Off, async |bench: Bench| {
        let send = async |body: Vec<u8>| {
            let request = bench.post("products", &json!([])).header("content-encoding", "gzip");
            request.body(body).send().await.unwrap().status().as_u16()
        };
        assert_eq!(send(gzip(products(2).to_string().as_bytes())).await, 200);
        assert_eq!(bench.sandbox.items("products").len(), 2);
        assert_eq!(send(b"not gzip".to_vec()).await, 400);
        let mut bomb = b"[]".to_vec();
        bomb.resize(BODY_BYTES_MAX, b' ');
        assert_eq!(send(gzip(&bomb)).await, 200);
        bomb.push(b' ');
        assert_eq!(send(gzip(&bomb)).await, 413);
    })
    .await;
}

#[tokio::test]
async fn rules_beyond_the_schema_are_enforced() {
    with_sandbox(Off, async |bench: Bench| {
        let unknown = json!([price("A", "shop")]);
        assert_eq!(bench.refusal("products/prices", &unknown).await, ["priceBookId"]);
        let orphan = json!([child_book("shop::1", "shop")]);
        assert_eq!(bench.refusal("price-books", &orphan).await, ["parentId"]);
        let own_parent = json!([child_book("shop", "shop")]);
        assert_eq!(bench.refusal("price-books", &own_parent).await, ["parentId"]);
        bench.put("price-books", &json!([base_book("shop"), child_book("shop::1", "shop")])).await;
        let demoted = json!([child_book("shop", "shop::1")]);
        assert_eq!(bench.refusal("price-books", &demoted).await, ["parentId"]);
        bench.put("products/prices", &unknown).await;

        let mut item = price("A", "shop");
        item["discounts"] = json!([{ "code": "a", "price": 1 }, { "code": "a", "percentage": 2 }]);
        assert_eq!(bench.refusal("products/prices", &json!([item])).await, ["discounts"]);
        for quantities in [[5, 5], [5, 4]] {
            let mut item = price("A", "shop");
            item["tierPrices"] = quantities.map(|qty| json!({ "qty": qty, "price": 1 })).into();
            assert_eq!(bench.refusal("products/prices", &json!([item])).await, ["tierPrices"]);
        }

        let mut bundle = product("KIT");
        bundle["bundles"] = json!([{ "group": "g", "items": [{ "sku": "A" }, { "sku": "A" }] }]);
        assert_eq!(bench.refusal("products", &json!([bundle])).await, ["bundles"]);
        let mut large = product("BIG");
        large["description"] = json!("x".repeat(200_000 - product("BIG").to_string().len() - 17));
        assert_eq!(large.to_string().len(), 200_000);
        bench.put("products", &json!([large])).await;
        large["name"] = json!("Lamps");
        assert_eq!(bench.refusal("products", &json!([large])).await, ["sku"]);

        let mut parent = product("CONF");
        parent["configurations"] =
            json!([{ "attributeCode": "c", "type": "SWATCH", "values": [] }]);
        bench.put("products", &json!([parent])).await;
        assert_eq!(
            bench.refusal("products/prices", &json!([price("CONF", "shop")])).await,
            ["sku"]
        );
        bench.put("products", &json!([product("CONF")])).await;
        bench.put("products/prices", &json!([price("CONF", "shop")])).await;
    })
    .await;
}

#[tokio::test]
async fn the_last_create_stays_until_its_delete() {
    with_sandbox(Off, async |bench: Bench| {
        bench.put("products", &json!([product("b"), product("a"), product("B")])).await;
        let renamed = r#"[{"status":"DISABLED","sku":"a","slug":"s","name":"ü 😀","source":{"locale":"en"},"position":29.0}]"#;
        let request = bench.post("products", &json!([])).body(renamed);
        assert_eq!(request.send().await.unwrap().status(), 200);
        let delete = json!([{ "sku": "b", "source": { "locale": "en" } },
                            { "sku": "unknown", "source": { "locale": "en" } }]);
        bench.put("products/delete", &delete).await;
        let listing = bench.get("/_sandbox/items/products").await;
        assert_eq!(listing.headers()["content-type"], "application/x-ndjson");
        let expected = [
            r#"{"name":"Lamp","sku":"B","slug":"lamp","source":{"locale":"en"},"status":"ENABLED"}"#,
            r#"{"name":"ü 😀","position":29.0,"sku":"a","slug":"s","source":{"locale":"en"},"status":"DISABLED"}"#,
        ];
        assert_eq!(listing.text().await.unwrap(), format!("{}\n", expected.join("\n")));
        assert_eq!(bench.sandbox.items("products").len(), 2);
        assert!(bench.sandbox.items("nonsense").is_empty());
        assert_eq!(bench.get("/_sandbox/items/nonsense").await.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn deleting_a_price_book_takes_its_branch_and_prices() {
    with_sandbox(Off, async |bench: Bench| {
        let books = json!([
            base_book("a"),
            child_book("a::1", "a"),
            child_book("a::1::1", "a::1"),
            base_book("ab")
        ]);
        bench.put("price-books", &books).await;
        let prices = json!([price("S", "a"), price("S", "a::1::1"), price("S", "ab")]);
        bench.put("products/prices", &prices).await;
        bench.put("price-books/delete", &json!([{ "priceBookId": "a" }])).await;
        assert_eq!(bench.sandbox.items("priceBooks"), [base_book("ab")]);
        assert_eq!(bench.sandbox.items("prices"), [price("S", "ab")]);
        let late = json!([price("S", "a::1")]);
        assert_eq!(bench.refusal("products/prices", &late).await, ["priceBookId"]);
    })
    .await;
}

#[tokio::test]
async fn deleting_a_category_takes_what_lies_below_it_in_the_same_source() {
    with_sandbox(Off, async |bench: Bench| {
        let category = |slug: &str, locale: &str| {
            json!({ "slug": slug, "source": { "locale": locale }, "name": "C" })
        };
        let items = json!([category("men", "en"), category("men/tops", "en"),
                           category("men-2", "en"), category("men/tops", "de")]);
        bench.put("categories", &items).await;
        let delete = json!([{ "slug": "men", "source": { "locale": "en" } }]);
        bench.put("categories/delete", &delete).await;
        let left = [category("men-2", "en"), category("men/tops", "de")];
        assert_eq!(bench.sandbox.items("categories"), left);
    })
    .await;
}

#[tokio::test]
async fn the_log_tells_each_request_and_can_be_cleared() {
    with_sandbox(Off, async |bench: Bench| {
        bench.put("products", &products(2)).await;
        bench.clock.advance(Duration::from_millis(1_500));
        bench.refusal("products/prices/delete", &json!([{ "sku": "A" }])).await;
        let bytes = products(2).to_string().len();
        let log = bench.lines("/_sandbox/requests").await;
        assert_eq!(log.len(), 2);
        let id = log[0]["requestId"].as_str().unwrap();
        let expected = json!({
            "sequence": 1, "feed": "products", "verb": "create", "items": 2, "status": 200,
            "identities": [["P0000", "en"], ["P0001", "en"]], "bytes": bytes, "requestId": id,
            "receivedAtMs": 1_768_478_400_000_i64, "sender": "",
        });
        assert_eq!(log[0], expected);
        assert_eq!((&log[1]["verb"], &log[1]["status"]), (&json!("delete"), &json!(400)));
        assert_eq!(log[1]["receivedAtMs"], 1_768_478_401_500_i64);
        assert_eq!(log[1]["identities"], json!([["A", ""]]));

        let url = format!("{}/_sandbox/requests", bench.sandbox.base_url());
        assert_eq!(bench.client.delete(url).send().await.unwrap().status(), 204);
        bench.put("products", &products(1)).await;
        let log = bench.lines("/_sandbox/requests").await;
        assert_eq!((log.len(), &log[0]["sequence"]), (1, &json!(3)));
        let stats = bench.lines("/_sandbox/stats").await;
        let expected =
            json!({ "requests": 2, "acceptedItems": 3, "refusedItems": 0, "throttled": 0 });
        assert_eq!(stats[0]["products"], expected);
        assert_eq!(stats[0]["prices"]["refusedItems"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    with_sandbox(Off, async |bench: Bench| {
        let params = crate::sandbox::SandboxParams {
            listen: bench.sandbox.address(),
            ..crate::sandbox::SandboxParams::default()
        };
        let clock = std::sync::Arc::new(bench.clock.clone());
        let started = crate::sandbox::Sandbox::start(params, clock).await;
        assert!(started.is_err_and(|error| error.to_string().starts_with("listen on 127.0.0.1:")));
    })
    .await;
}
