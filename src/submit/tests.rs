//! Tests of talking to the service, against a small server.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::clock::ManualClock;
use crate::outbox::ItemFault;

/// What the stand-in says to one ingestion or tenant request.
#[derive(Clone)]
enum Says {
    Reply(u16, &'static [(&'static str, &'static str)], String),
    Hang,
}

/// A request as the stand-in got it.
#[derive(Debug, Clone)]
struct Got {
    line: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

struct Service {
    script: Mutex<VecDeque<Says>>,
    got: Mutex<Vec<Got>>,
    /// What the token service says, when not a token.
    token_reply: Mutex<Option<Says>>,
    tokens: Mutex<u32>,
}

impl Service {
    fn saying(script: impl IntoIterator<Item = Says>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script.into_iter().collect()),
            got: Mutex::default(),
            token_reply: Mutex::default(),
            tokens: Mutex::default(),
        })
    }

    fn lines(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|got| got.line.clone()).collect()
    }

    fn next(&self, got: Got) -> Says {
        let is_token = got.line.ends_with("/ims/token/v3");
        self.got.lock().unwrap().push(got);
        if !is_token {
            return self.script.lock().unwrap().pop_front().expect("an unexpected request");
        }
        if let Some(says) = self.token_reply.lock().unwrap().clone() {
            return says;
        }
        let mut tokens = self.tokens.lock().unwrap();
        *tokens += 1;
        let token = json!({
            "access_token": format!("token-{tokens}"), "token_type": "bearer", "expires_in": 86_399
        });
        Says::Reply(200, &[], token.to_string())
    }
}

async fn respond(
    State(service): State<Arc<Service>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let line = format!("{method} {uri}");
    match service.next(Got { line, headers, body: body.to_vec() }) {
        Says::Reply(code, headers, text) => {
            let mut response = Response::builder().status(code).header("x-request-id", "r-7");
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            response.body(Body::from(text)).unwrap()
        }
        Says::Hang => std::future::pending().await,
    }
}

fn params(base: &str) -> SubmitParams {
    SubmitParams {
        ingestion_url: format!("{base}/tenant/v1/catalog/"),
        ims_url: base.to_owned(),
        ccm_url: format!("{base}/"),
        org_id: "ORG@AdobeOrg".into(),
        tenant_id: "tenant".into(),
        client_id: "client".into(),
        client_secret: "s3cret&".into(),
        timeout: Duration::from_millis(400),
    }
}

/// Runs a test against the stand-in.
async fn with(service: &Arc<Service>, test: impl AsyncFnOnce(Submitter, ManualClock)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(respond).with_state(Arc::clone(service));
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let submitter = Submitter::new(params(&base), Arc::new(clock.clone())).unwrap();
    tokio::select! {
        () = test(submitter, clock) => {}
        ended = axum::serve(listener, router) => panic!("the stand-in ended: {ended:?}"),
    }
}

fn says(code: u16, body: &Json) -> Says {
    Says::Reply(code, &[], body.to_string())
}

fn accepts(count: usize) -> Says {
    says(200, &json!({ "status": "ACCEPTED", "acceptedCount": count }))
}

/// The answer to one request with two products.
async fn answer_to(reply: Says) -> Answer {
    let service = Service::saying([reply]);
    let mut answer = None;
    with(&service, async |submitter, _| {
        let items = [json!({ "sku": "a" }), json!({ "sku": "b" })];
        answer = Some(submitter.send(Feed::Products, Verb::Replace, &items).await);
    })
    .await;
    answer.unwrap()
}

#[tokio::test]
async fn a_batch_arrives_compressed_and_signed_and_is_accepted() {
    let service = Service::saying([accepts(1), accepts(1)]);
    with(&service, async |submitter, _| {
        let items = [json!({ "sku": "ä" })];
        let answer = submitter.send(Feed::Products, Verb::Replace, &items).await;
        let (code, request_id) = (200, "r-7".to_owned());
        let accepted =
            Answer { verdict: Verdict::Accepted, code, message: String::new(), request_id };
        assert_eq!(answer, accepted);
        submitter.send(Feed::PriceBooks, Verb::Delete, &items).await;
    })
    .await;
    let got = service.got.lock().unwrap().clone();
    let lines: Vec<&str> = got.iter().map(|got| got.line.as_str()).collect();
    let expected = [
        "POST /ims/token/v3",
        "POST /tenant/v1/catalog/products",
        "POST /tenant/v1/catalog/price-books/delete",
    ];
    assert_eq!(lines, expected);
    let form = String::from_utf8(got[0].body.clone()).unwrap();
    assert_eq!(
        form,
        "grant_type=client_credentials&client_id=client&client_secret=s3cret%26\
         &scope=openid%2CAdobeID%2Cprofile%2Cemail%2Ccommerce.aco.ingestion"
    );
    assert_eq!(got[1].header("authorization"), "Bearer token-1");
    assert_eq!(got[1].header("content-type"), "application/json");
    assert_eq!(got[1].header("content-encoding"), "gzip");
    assert!(got[1].header("user-agent").starts_with("aco-stream/"));
    let mut body = String::new();
    flate2::read::GzDecoder::new(&*got[1].body).read_to_string(&mut body).unwrap();
    assert_eq!(body, r#"[{"sku":"ä"}]"#);
}

#[test]
fn every_endpoint_has_its_path() {
    for text in
        ["https://h/t", "https://h/t/", "https://h/t/v1/catalog", " https://h/t/v1/catalog/"]
    {
        let base = request::ingestion_base(text).unwrap();
        let path = |feed, verb| request::endpoint(&base, feed, verb).to_string();
        assert_eq!(
            path(Feed::ProductAttributes, Verb::Replace),
            "https://h/t/v1/catalog/products/metadata"
        );
        assert_eq!(
            path(Feed::Prices, Verb::Delete),
            "https://h/t/v1/catalog/products/prices/delete"
        );
    }
    for text in ["", "h/t", "ftp://h"] {
        assert!(matches!(request::ingestion_base(text), Err(SubmitError::Address { .. })));
    }
}

#[tokio::test]
async fn refused_items_are_named_in_either_spelling() {
    for list in ["errors", "invalidFeedItems"] {
        let answer = answer_to(says(
            400,
            &json!({ "status": "FAILED", "message": "invalid", list: [
                { "itemIndex": 1, "code": "status", "message": "not one of", "value": "" },
                { "itemIndex": 9 }, { "code": "no index" },
            ]}),
        ))
        .await;
        let fault = ItemFault { code: "status".into(), message: "not one of".into() };
        assert_eq!(answer.verdict, Verdict::ItemsRefused(vec![(1, fault)]));
        assert_eq!((answer.code, answer.request_id.as_str()), (400, "r-7"));
        assert!(answer.message.starts_with("invalid"), "{}", answer.message);
    }
}

#[tokio::test]
async fn a_refusal_without_usable_names_is_the_batchs() {
    let unnamed =
        json!({ "message": "invalid", "errors": [{ "code": "name", "message": "missing" }] });
    let answer = answer_to(says(400, &unnamed)).await;
    assert_eq!(answer.verdict, Verdict::BatchRefused);
    assert_eq!(answer.message, "invalid; name: missing");
    let html = answer_to(Says::Reply(400, &[], "<p>bad\n request</p>".into())).await;
    assert_eq!(
        (html.verdict, html.message.as_str()),
        (Verdict::BatchRefused, "<p>bad request</p>")
    );
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_the_request_repeated() {
    let expired = || says(401, &json!({ "title": "ErrInvalidOauthToken" }));
    let service = Service::saying([expired(), accepts(1), expired(), expired()]);
    with(&service, async |submitter, _| {
        let items = [json!({})];
        let answer = submitter.send(Feed::Prices, Verb::Replace, &items).await;
        assert_eq!(answer.verdict, Verdict::Accepted);
        let answer = submitter.send(Feed::Prices, Verb::Replace, &items).await;
        assert_eq!((answer.verdict, answer.code), (Verdict::TokenRefused, 401));
        assert_eq!(answer.message, "ErrInvalidOauthToken");
    })
    .await;
    let got = service.got.lock().unwrap();
    let tokens: Vec<&str> = got.iter().map(|got| got.header("authorization")).collect();
    let expected =
        ["", "Bearer token-1", "", "Bearer token-2", "Bearer token-2", "", "Bearer token-3"];
    assert_eq!(tokens, expected);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_renewal() {
    let expired = || says(401, &json!({}));
    let service = Service::saying([expired(), expired(), accepts(1), accepts(1)]);
    with(&service, async |submitter, _| {
        let items = [json!({})];
        let send = || submitter.send(Feed::Prices, Verb::Replace, &items);
        let (one, other) = tokio::join!(send(), send());
        assert_eq!((one.verdict, other.verdict), (Verdict::Accepted, Verdict::Accepted));
    })
    .await;
    assert_eq!(*service.tokens.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let service = Service::saying([]);
    with(&service, async |submitter, clock| {
        submitter.sign_in().await.unwrap();
        clock.advance(Duration::from_secs(86_399 - 301));
        submitter.sign_in().await.unwrap();
        assert_eq!(*service.tokens.lock().unwrap(), 1);
        clock.advance(Duration::from_secs(1));
        submitter.sign_in().await.unwrap();
        assert_eq!(*service.tokens.lock().unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn refused_credentials_stop_and_an_absent_token_service_does_not() {
    let quoting = json!({ "error": "invalid_client", "error_description": "bad s3cret&" });
    let service = Service::saying([]);
    with(&service, async |submitter, _| {
        *service.token_reply.lock().unwrap() = Some(says(401, &quoting));
        let error = submitter.sign_in().await.unwrap_err();
        assert!(matches!(error, SubmitError::CredentialsRefused { .. }), "{error}");
        let printed = format!("{error} {error:?} {submitter:?}");
        assert!(printed.contains("invalid_client") && !printed.contains("s3cret"), "{printed}");
        let answer = submitter.send(Feed::Products, Verb::Delete, &[]).await;
        assert_eq!((answer.verdict, answer.code), (Verdict::TokenRefused, 401));
        *service.token_reply.lock().unwrap() = Some(says(503, &json!({})));
        let answer = submitter.send(Feed::Products, Verb::Delete, &[]).await;
        assert_eq!((answer.verdict, answer.code), (Verdict::Unavailable, 0));
        *service.token_reply.lock().unwrap() = Some(says(200, &json!({ "status": "ok" })));
        let error = submitter.sign_in().await.unwrap_err();
        assert!(matches!(error, SubmitError::Protocol { .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_429_says_how_long_to_wait_or_a_minute() {
    const DATED: (&str, &str) = ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT");
    let html = || "<html>Too Many Requests</html>".to_owned();
    let cases: [(&'static [(&str, &str)], u64); 8] = [
        (&[("retry-after", "17")], 17),
        (&[], 60),
        (&[("date", "Wed, 21 Oct 2026 07:27:35 GMT"), DATED], 25),
        (&[("date", "Wed, 21 Oct 2026 07:28:05 GMT"), DATED], 1),
        (&[("date", "just now"), DATED], 60),
        (&[("retry-after", "soon")], 60),
        (&[("retry-after", "999999")], 3_600),
        (&[("retry-after", "0")], 1),
    ];
    for (headers, seconds) in cases {
        let answer = answer_to(Says::Reply(429, headers, html())).await;
        let retry_after = Duration::from_secs(seconds);
        assert_eq!(answer.verdict, Verdict::TooManyRequests { retry_after });
        assert_eq!(answer.message, html());
    }
}

#[tokio::test]
async fn every_other_status_has_its_verdict() {
    let cases = [
        (403, Verdict::Forbidden),
        (404, Verdict::NoSuchEndpoint),
        (408, Verdict::Unavailable),
        (413, Verdict::TooLarge),
        (415, Verdict::Unavailable),
        (500, Verdict::Unavailable),
        (503, Verdict::Unavailable),
    ];
    for (code, verdict) in cases {
        let answer = answer_to(says(code, &json!({ "title": "T", "message": "m" }))).await;
        assert_eq!((answer.verdict, answer.code, answer.message.as_str()), (verdict, code, "T: m"));
    }
}

#[tokio::test]
async fn token_and_secret_that_an_answer_quotes_are_not_repeated() {
    let quote = json!({
        "message": "bad header: Bearer token-1, secret s3cret&",
        "errors": [{"itemIndex": 0, "code": "token-1", "message": "s3cret&"}],
    });
    for text in [quote.to_string(), "<p>Bearer token-1</p> s3cret&".to_owned()] {
        for status in [400, 403, 500] {
            let answer =
                answer_to(Says::Reply(status, &[("x-request-id", "r-token-1")], text.clone()));
            let told = format!("{:?}", answer.await);
            assert!(told.contains("***"), "{told}");
            assert!(!told.contains("token-1") && !told.contains("s3cret"), "{told}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = answer_to(Says::Reply(307, &[("location", "/elsewhere")], String::new())).await;
    assert_eq!((answer.verdict, answer.code), (Verdict::Unavailable, 307));
}

#[tokio::test]
async fn a_success_that_does_not_count_every_item_is_none() {
    let few = answer_to(accepts(1)).await;
    assert_eq!((few.verdict, few.code), (Verdict::Unavailable, 200));
    assert_eq!(few.message, "acceptedCount is 1, but 2 items were sent");
    let odd = answer_to(Says::Reply(200, &[], "<html>".into())).await;
    assert_eq!(odd.verdict, Verdict::Unavailable);
    assert_eq!(
        answer_to(Says::Reply(201, &[], r#"{"acceptedCount":2}"#.into())).await.verdict,
        Verdict::Accepted
    );
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let answer = answer_to(Says::Reply(400, &[], "x".repeat(10_000_000))).await;
    assert_eq!((answer.verdict, answer.message.len()), (Verdict::BatchRefused, 200));
}

#[tokio::test]
async fn a_service_that_hangs_is_unavailable() {
    let answer = answer_to(Says::Hang).await;
    assert_eq!((answer.verdict, answer.code), (Verdict::Unavailable, 0));
    assert!(
        !answer.message.is_empty() && !answer.message.contains("127.0.0.1"),
        "{}",
        answer.message
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_unavailable() {
    let service = Service::saying([]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broken = format!("http://{}", listener.local_addr().unwrap());
    with(&service, async |submitter, clock| {
        let ims_url = submitter.params.ims_url.clone();
        let params = SubmitParams { ims_url, ..params(&broken) };
        let submitter = Submitter::new(params, Arc::new(clock)).unwrap();
        let send = async {
            let answer = submitter.send(Feed::Products, Verb::Replace, &[json!({})]).await;
            assert_eq!((answer.verdict, answer.code), (Verdict::Unavailable, 0));
            let error = submitter.check_tenant().await.unwrap_err();
            assert!(matches!(error, SubmitError::Unreachable { .. }), "{error}");
        };
        let hang_up = async {
            loop {
                drop(listener.accept().await.unwrap());
            }
        };
        tokio::select! { () = send => {}, () = hang_up => {} }
    })
    .await;
}

#[tokio::test]
async fn the_tenant_is_checked_and_its_ingestion_address_found() {
    let url = "https://na1.api.commerce.adobe.com/tenant/v1/catalog";
    let known = json!({ "name": "Shop", "serviceURLs": {
        "admin": "https://admin.example", "graphQL": "https://na1.api.commerce.adobe.com/tenant/graphql",
        "catalog": url, "other": 5,
    }});
    let service = Service::saying([
        says(200, &known),
        says(200, &json!({ "anything": true })),
        says(404, &json!({ "message": "no such tenant" })),
        says(503, &json!({})),
        says(200, &json!([])),
    ]);
    with(&service, async |submitter, _| {
        let tenant = submitter.check_tenant().await.unwrap();
        assert_eq!((tenant.name.as_str(), tenant.ingestion_url.as_deref()), ("Shop", Some(url)));
        assert_eq!(tenant.reply, known);
        assert_eq!(submitter.check_tenant().await.unwrap().ingestion_url, None);
        let refused = submitter.check_tenant().await.unwrap_err();
        assert!(matches!(refused, SubmitError::TenantRefused { code: 404, .. }), "{refused}");
        assert!(refused.to_string().contains("no such tenant"));
        let busy = submitter.check_tenant().await.unwrap_err();
        assert!(matches!(busy, SubmitError::Unavailable { code: 503, .. }), "{busy}");
        let odd = submitter.check_tenant().await.unwrap_err();
        assert!(matches!(odd, SubmitError::Protocol { .. }), "{odd}");
    })
    .await;
    assert_eq!(service.lines()[1], "GET /api/v1/tenants/tenant/owner/ORG@AdobeOrg");
}

#[test]
fn secrets_are_not_printed() {
    let printed = format!("{:?}", params("http://127.0.0.1:1"));
    assert!(printed.contains("client") && !printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn nothing_leaves_without_the_permit_and_no_request_is_whole_when_it_ends_midway() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    // Bodies that don't compress: several pieces.
    let noise = |nth: u64| {
        (0..4_000_u64).map(|it| crate::feed::Digest::of(&json!([nth, it])).to_string()).collect()
    };
    let items: Vec<Json> = (0..3).map(|nth| Json::String(noise(nth))).collect();
    for pieces in [0, 1, usize::MAX] {
        let service = Service::saying([accepts(3)]);
        with(&service, async |submitter, _| {
            let asked = AtomicUsize::new(0);
            let permit = Permit::new(move || asked.fetch_add(1, Ordering::SeqCst) < pieces);
            let answer = submitter.send_under(&permit, Feed::Products, Verb::Replace, &items).await;
            let (verdict, requests) = match pieces {
                usize::MAX => (Verdict::Accepted, 2),
                _ => (Verdict::Unavailable, 1),
            };
            assert_eq!((answer.verdict, answer.code == 200), (verdict, requests == 2));
            assert_eq!(service.lines().len(), requests, "the token, and what was whole");
            if requests == 2 {
                let got = service.got.lock().unwrap();
                let agent = got[1].header("user-agent");
                assert!(agent.starts_with("aco-stream/") && agent.contains(instance()), "{agent}");
                assert_eq!(got[1].header("content-length"), got[1].body.len().to_string());
                assert!(got[1].body.len() > 100_000, "more than one piece");
            } else {
                assert!(answer.message.contains("no longer delivers"), "{}", answer.message);
            }
        })
        .await;
    }
}
