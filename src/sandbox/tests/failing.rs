//! Each fail rule.

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::json;

use super::{Bench, product, products, with_sandbox};
use crate::sandbox::SandboxLimits::Off;
use crate::sandbox::{FailRule, Fault};

#[test]
fn a_fail_rule_has_one_reading_or_none() {
    let next = |fault, count| Ok(FailRule::Next { fault, count });
    assert_eq!("503:3".parse(), next(Fault::Status(503), 3));
    assert_eq!(" 429:2 ".parse(), next(Fault::Throttled { retry_after_s: 1 }, 2));
    assert_eq!("429:2:30".parse(), next(Fault::Throttled { retry_after_s: 30 }, 2));
    assert_eq!("lost-answer:1".parse(), next(Fault::LostAnswer, 1));
    let sku = "a:b=c".to_owned();
    assert_eq!("sku=a:b=c".parse(), Ok(FailRule::RefuseSku { sku, is_named: true }));
    for text in ["", "503", "503:", "200:1", "600:1", "503:1:1", "sku=", "nap:1", "429:1:x", "5:-1"]
    {
        let error = text.parse::<FailRule>().unwrap_err();
        assert!(error.to_string().ends_with(&format!("{text:?}")), "{error}");
    }
}

#[tokio::test]
async fn counted_rules_take_their_turns_and_run_out() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("503:2\n\n429:1:7\n401:1\n403:1\n400:1\nhtml:1\n").await;
        let mut seen = Vec::new();
        for _ in 0..8 {
            let response = bench.post("products", &products(1)).send().await.unwrap();
            let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
            let wait = response.headers().get("retry-after").cloned();
            seen.push((response.status().as_u16(), kind.starts_with("text/html"), wait));
            let is_done = response.status() == 200;
            assert_eq!(bench.sandbox.items("products").is_empty(), !is_done);
        }
        let expected = [
            (503, false, None),
            (503, false, None),
            (429, true, Some("7".parse().unwrap())),
            (401, false, None),
            (403, false, None),
            (400, false, None),
            (502, true, None),
            (200, false, None),
        ];
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_hides_work_that_was_done() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("lost-answer:1").await;
        assert_eq!(bench.answer("products", &products(2)).await.0, 500);
        assert_eq!(bench.sandbox.items("products").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_count_comes_with_a_200_only() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("count:2").await;
        let (status, answer) = bench.answer("products", &products(3)).await;
        assert_eq!((status, &answer["acceptedCount"]), (200, &json!(2)));
        assert_eq!(bench.sandbox.items("products").len(), 3);
        assert_eq!(bench.answer("products", &json!([{}])).await.0, 400);
    })
    .await;
}

#[tokio::test]
async fn a_reset_closes_the_connection_and_does_nothing() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("reset:1").await;
        let error = bench.post("products", &products(1)).send().await.unwrap_err();
        assert!(error.is_request() && !error.is_timeout(), "{error:?}");
        assert!(bench.sandbox.items("products").is_empty());
        let log = bench.lines("/_sandbox/requests").await;
        assert_eq!((log.len(), &log[0]["status"]), (1, &json!(null)));
        bench.put("products", &products(1)).await;
    })
    .await;
}

#[tokio::test]
async fn a_timeout_does_the_work_and_never_answers() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("timeout:2").await;
        let mut silent = Box::pin(bench.post("products", &products(1)).send());
        while bench.sandbox.items("products").is_empty() {
            assert!(silent.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        bench.clock.advance(Duration::from_hours(1));
        assert_eq!(bench.get("/_sandbox/stats").await.status(), 200);
        assert!(silent.as_mut().now_or_never().is_none());
        drop(silent);
        // The second one is still open when the sandbox stops, which ends it.
        let mut silent = Box::pin(bench.post("products", &products(2)).send());
        while bench.sandbox.items("products").len() < 2 {
            assert!(silent.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        bench.sandbox.shutdown();
        assert!(silent.await.unwrap_err().is_request());
    })
    .await;
}

#[tokio::test]
async fn items_with_a_refused_sku_are_named_or_not() {
    with_sandbox(Off, async |bench: Bench| {
        bench.set_fail("sku=BAD").await;
        let items = json!([product("A"), product("BAD")]);
        let (status, answer) = bench.answer("products", &items).await;
        assert_eq!((status, &answer["errors"][0]["itemIndex"]), (400, &json!(1)));
        assert_eq!(answer["errors"][0]["value"], "BAD");
        bench.put("products", &json!([product("A")])).await;

        bench.set_fail("sku-noindex=BAD\n").await;
        let (status, answer) = bench.answer("products", &items).await;
        assert_eq!((status, answer["errors"][0].get("itemIndex")), (400, None));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        bench.set_fail("").await;
        bench.put("products", &items).await;
    })
    .await;
}

#[tokio::test]
async fn rules_that_make_no_sense_change_nothing() {
    with_sandbox(Off, async |bench: Bench| {
        bench.sandbox.set_fail_rules(vec!["503:1".parse().unwrap()]);
        let url = format!("{}/_sandbox/fail", bench.sandbox.base_url());
        let response = bench.client.post(url).body("429:1\nnap:1").send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(response.text().await.unwrap().contains("nap:1"));
        assert_eq!(bench.answer("products", &products(1)).await.0, 503);
    })
    .await;
}
