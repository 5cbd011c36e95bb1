//! The limits, over HTTP.

use std::time::Duration;

use reqwest::Response;
use serde_json::json;

use super::{Bench, base_book, price, products, with_sandbox};
use crate::sandbox::SandboxLimits;

fn limits() -> SandboxLimits {
    SandboxLimits::Real {
        requests_per_second: 3,
        requests_per_minute: 6,
        products_per_minute: 150,
        products_per_day: 220,
        prices_per_minute: 2,
    }
}

/// Checks that an answer is the service's 429, and returns its `retry-after` in seconds.
async fn retry_after(response: Response) -> u64 {
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["content-type"], "text/html;charset=UTF-8");
    let seconds = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(response.text().await.unwrap().starts_with("<html>"));
    seconds
}

#[tokio::test]
async fn requests_over_a_limit_wait_exactly_as_long_as_they_are_told() {
    with_sandbox(limits(), async |bench: Bench| {
        let request = || bench.post("categories", &json!([]));
        for _ in 0..3 {
            assert_eq!(request().send().await.unwrap().status(), 200);
        }
        bench.clock.advance(Duration::from_millis(999));
        assert_eq!(retry_after(request().send().await.unwrap()).await, 1);
        bench.clock.advance(Duration::from_millis(1));
        for _ in 0..3 {
            assert_eq!(request().send().await.unwrap().status(), 200);
        }
        assert_eq!(retry_after(request().send().await.unwrap()).await, 59);
        bench.clock.advance(Duration::from_secs(59));
        assert_eq!(request().send().await.unwrap().status(), 200);
        assert_eq!(bench.sandbox.stats()["categories"].throttled, 2);
    })
    .await;
}

#[tokio::test]
async fn accepted_items_use_up_their_feeds_minute_and_day() {
    with_sandbox(limits(), async |mut bench: Bench| {
        bench.put("price-books", &json!([base_book("shop")])).await;
        bench.put("products", &products(100)).await;
        assert_eq!(bench.refusal("products", &json!([{}])).await.len(), 5);
        bench.clock.advance(Duration::from_millis(1_300));
        // Too many for one request is a lasting fault, so it is not answered by a wait.
        assert_eq!(bench.refusal("products", &products(101)).await, ["items_limit_exceeded"]);
        let next = || bench.post("products", &products(51));
        assert_eq!(retry_after(next().send().await.unwrap()).await, 59);
        let prices = json!([price("A", "shop"), price("B", "shop")]);
        bench.put("products/prices", &prices).await;
        assert_eq!(
            retry_after(bench.post("products/prices", &prices).send().await.unwrap()).await,
            60
        );
        bench.clock.advance(Duration::from_millis(58_699));
        assert_eq!(retry_after(next().send().await.unwrap()).await, 1);
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(next().send().await.unwrap().status(), 200);

        bench.clock.advance(Duration::from_mins(2));
        let rest = || bench.post("products", &products(70));
        assert_eq!(retry_after(rest().send().await.unwrap()).await, 86_400 - 180);
        bench.clock.advance(Duration::from_mins(24 * 60 - 3));
        bench.authorise().await;
        bench.put("products", &products(70)).await;
        assert_eq!(bench.sandbox.stats()["products"].accepted_items, 221);
    })
    .await;
}
