//! The sandbox over real HTTP on loopback, on a clock that the test moves.

mod bodies;
mod failing;
mod limiting;
mod schemas;
mod service;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value as Json, json};

use super::{Sandbox, SandboxLimits, SandboxParams};
use crate::clock::ManualClock;

/// A sandbox, its clock, and a client with a token.
struct Bench {
    sandbox: Sandbox,
    clock: ManualClock,
    client: Client,
    token: String,
}

impl Bench {
    fn post(&self, path: &str, body: &Json) -> RequestBuilder {
        self.client
            .post(format!("{}/v1/catalog/{path}", self.sandbox.ingestion_url()))
            .bearer_auth(&self.token)
            .json(body)
    }

    /// Status and JSON body of an answer.
    async fn answer(&self, path: &str, body: &Json) -> (u16, Json) {
        let response = self.post(path, body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Sends items that must be accepted.
    async fn put(&self, path: &str, body: &Json) {
        let (status, answer) = self.answer(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }

    /// The `code` of each error of items that must be refused.
    async fn refusal(&self, path: &str, body: &Json) -> Vec<String> {
        let (status, answer) = self.answer(path, body).await;
        assert_eq!(status, 400, "{path}: {body}");
        let errors = answer["errors"].as_array().unwrap();
        errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.sandbox.base_url())).send().await.unwrap()
    }

    async fn lines(&self, path: &str) -> Vec<Json> {
        let text = self.get(path).await.text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn set_fail(&self, rules: &str) {
        let url = format!("{}/_sandbox/fail", self.sandbox.base_url());
        let response = self.client.post(url).body(rules.to_owned()).send().await.unwrap();
        assert_eq!(response.status(), 204);
    }

    async fn get_token(&self, secret: &str) -> (u16, Json) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "sandbox-client"),
            ("client_secret", secret),
            ("scope", "openid,AdobeID,profile,email,commerce.aco.ingestion"),
        ];
        let url = format!("{}/ims/token/v3", self.sandbox.base_url());
        let response = self.client.post(url).form(&form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn authorise(&mut self) {
        let (status, answer) = self.get_token("sandbox-secret").await;
        assert_eq!(status, 200, "{answer}");
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }
}

fn client() -> Client {
    // Another test of this process may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap()
}

/// Runs a test against a sandbox with these limits, and then stops it.
async fn with_sandbox<F: Future<Output = ()>>(
    limits: SandboxLimits,
    test: impl FnOnce(Bench) -> F,
) {
    let clock = ManualClock::at("2026-01-15T12:00:00Z".parse().unwrap());
    let params = SandboxParams { limits, ..SandboxParams::default() };
    let (sandbox, serving) = Sandbox::start(params, Arc::new(clock.clone())).await.unwrap();
    let run = async {
        let mut bench =
            Bench { sandbox: sandbox.clone(), clock, client: client(), token: String::new() };
        bench.authorise().await;
        test(bench).await;
        sandbox.shutdown();
    };
    let (served, ()) = tokio::join!(serving, run);
    served.unwrap();
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn product(sku: &str) -> Json {
    json!({ "sku": sku, "source": { "locale": "en" }, "name": "Lamp", "slug": "lamp", "status": "ENABLED" })
}

fn products(count: usize) -> Json {
    (0..count).map(|n| product(&format!("P{n:04}"))).collect()
}

fn base_book(id: &str) -> Json {
    json!({ "priceBookId": id, "name": "Shop", "currency": "EUR" })
}

fn child_book(id: &str, parent: &str) -> Json {
    json!({ "priceBookId": id, "name": "Retail (Shop)", "parentId": parent })
}

fn price(sku: &str, book: &str) -> Json {
    json!({ "sku": sku, "priceBookId": book, "regular": 19.5 })
}
