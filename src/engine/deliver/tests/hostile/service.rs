//! A service that does everything wrong: it stands before the sandbox, over real HTTP, and misbehaves
//! at random, while it holds what arrives to what was promised.

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use crate::clock::{Clock as _, ManualClock};
use crate::feed::{Feed, FeedKey, Identity};
use crate::ledger::ItemState;
use crate::pace::{Family, Limits};
use crate::store::Store;

const BODY_BYTES_MAX: usize = 32 << 20;

/// Numbers that look random and are the same for a seed.
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Below `bound`, which is at least 1.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// See the module's text.
pub(super) struct Hostile {
    address: String,
    sandbox: String,
    http: reqwest::Client,
    clock: ManualClock,
    store: Arc<Store>,
    limits: Limits,
    inner: Mutex<Inner>,
}

struct Inner {
    random: Random,
    is_hostile: bool,
    arrivals: Vec<(Timestamp, Family, usize)>,
    /// The keys of requests that were not answered yet.
    on_the_way: BTreeSet<FeedKey>,
    /// When it asked to be left alone, and until when.
    closed: Vec<(Timestamp, Timestamp)>,
    complaints: Vec<String>,
    requests: usize,
    faults: usize,
}

/// What happens to a request.
enum Fault {
    /// Nothing.
    None,
    /// Answered like this, with nothing done.
    Answered(Response),
    /// Done, and answered like this.
    DoneThen(Response),
    /// Done twice, and answered as it should be.
    Twice,
    /// Done or not, and never answered.
    Hanging(bool),
}

impl Hostile {
    /// Listens on loopback; the future serves until it is dropped.
    pub(super) async fn start(
        seed: u64,
        sandbox: String,
        clock: ManualClock,
        store: Arc<Store>,
        limits: Limits,
    ) -> (Arc<Self>, impl Future<Output = ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hostile = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            sandbox,
            http: reqwest::Client::new(),
            clock,
            store,
            limits,
            inner: Mutex::new(Inner {
                random: Random(seed),
                is_hostile: true,
                arrivals: Vec::new(),
                on_the_way: BTreeSet::new(),
                closed: Vec::new(),
                complaints: Vec::new(),
                requests: 0,
                faults: 0,
            }),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&hostile));
        let serving = async { axum::serve(listener, router).await.unwrap() };
        (hostile, serving)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it does what it should.
    pub(super) fn calm_down(&self) {
        self.with(|inner| inner.is_hostile = false);
    }

    /// What was promised and not kept; requests and faults so far.
    pub(super) fn complaints(&self) -> (Vec<String>, usize, usize) {
        self.with(|inner| (inner.complaints.clone(), inner.requests, inner.faults))
    }

    /// Passes a request on; the answer's status and body.
    async fn pass(&self, path: &str, headers: &HeaderMap, body: &Bytes) -> (StatusCode, Bytes) {
        let mut request = self.http.post(format!("{}{path}", self.sandbox)).body(body.clone());
        for name in ["authorization", "content-type", "content-encoding"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value.as_bytes());
            }
        }
        let answer = request.send().await.unwrap();
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        (status, answer.bytes().await.unwrap())
    }

    /// Holds what arrives to what was promised.
    fn arrived(&self, feed: Feed, keys: &[FeedKey]) {
        let now = self.clock.now();
        let parked: Vec<&FeedKey> = keys
            .iter()
            .filter(|key| {
                let record = self.store.ledger(key).unwrap();
                record.is_some_and(|record| record.state == ItemState::Parked)
            })
            .collect();
        let family = Family::of(feed);
        self.with(|inner| {
            inner.requests += 1;
            let mut wrong = Vec::new();
            if !parked.is_empty() {
                wrong.push(format!("parked keys arrived: {parked:?}"));
            }
            // What left in the same instant could not know.
            for (from, until) in inner.closed.iter().filter(|(from, _)| *from < now) {
                if now < *until {
                    wrong.push(format!("a request at {now}, closed from {from} until {until}"));
                }
            }
            wrong.extend(
                keys.iter()
                    .filter(|key| !inner.on_the_way.insert((*key).clone()))
                    .map(|key| format!("{key} is on its way twice")),
            );
            inner.arrivals.push((now, family, keys.len()));
            let sum = |since: Timestamp| -> usize {
                let mine = inner.arrivals.iter().filter(|(at, of, _)| *of == family && *at > since);
                mine.map(|(.., items)| items).sum()
            };
            let minute = sum(now - SignedDuration::from_secs(60));
            let day = sum(Timestamp::from_second(now.as_second() / 86_400 * 86_400 - 1).unwrap());
            let (minute_max, day_max) = match family {
                Family::Products => (self.limits.products_per_minute, self.limits.products_per_day),
                Family::Prices => (self.limits.prices_per_minute, u32::MAX),
                Family::RequestOnly => (u32::MAX, u32::MAX),
            };
            if minute > usize::try_from(minute_max).unwrap() {
                wrong.push(format!("{minute} items of {family:?} in a minute"));
            }
            if day > usize::try_from(day_max).unwrap() {
                wrong.push(format!("{day} items of {family:?} on a day"));
            }
            inner.complaints.extend(wrong);
        });
    }

    fn left(&self, keys: &[FeedKey]) {
        self.with(|inner| inner.on_the_way.retain(|key| !keys.contains(key)));
    }

    fn fault(&self, items: usize) -> Fault {
        let now = self.clock.now();
        self.with(|inner| {
            if !inner.is_hostile || inner.random.below(3) == 0 {
                return Fault::None;
            }
            inner.faults += 1;
            let random = &mut inner.random;
            match random.below(24) {
                0..=7 => Fault::Answered(refusal(random, items)),
                8 | 9 => {
                    let (header, seconds) =
                        [("7", 7), ("0", 1), ("soon", 60), ("", 60), ("99999999", 3_600)]
                            [usize::try_from(random.below(5)).unwrap()];
                    inner.closed.push((now, now + SignedDuration::from_secs(seconds)));
                    let status = StatusCode::TOO_MANY_REQUESTS;
                    Fault::Answered(
                        (status, [("retry-after", header)], "<p>slow</p>").into_response(),
                    )
                }
                10 => Fault::Hanging(random.below(2) == 0),
                11 | 12 => Fault::Twice,
                13 | 14 => Fault::DoneThen(cut_off(StatusCode::OK)),
                15 | 16 => Fault::Answered(cut_off(StatusCode::OK)),
                17 | 18 => Fault::DoneThen(lie(random, items)),
                19..=21 => Fault::DoneThen(refusal(random, items)),
                _ => Fault::Answered(lie(random, items)),
            }
        })
    }
}

/// A refusal of any kind. After one that names an item, that item is parked, rightly or not.
fn refusal(random: &mut Random, items: usize) -> Response {
    let status = StatusCode::from_u16(u16::try_from(400 + random.below(200)).unwrap()).unwrap();
    // A 429 has its own rule.
    let status =
        if status == StatusCode::TOO_MANY_REQUESTS { StatusCode::CONFLICT } else { status };
    let nth = random.below(u64::try_from(items).unwrap() * 2 + 1);
    let list =
        ["errors", "invalidFeedItems", "mistakes"][usize::try_from(random.below(3)).unwrap()];
    match random.below(6) {
        0 => (status, "<html><body>Bad Gateway</body></html>").into_response(),
        1 => (status, "").into_response(),
        2 => (status, "{\"errors\": [{\"itemIn").into_response(),
        3 => (status, vec![b'x'; 1 << 20]).into_response(),
        4 => cut_off(status),
        _ => {
            let fault = json!({"itemIndex": nth, "code": "name", "message": "is not liked"});
            let body =
                json!({"status": "FAILED", "message": "no", list: [fault, {"itemIndex": -1}]});
            (status, body.to_string()).into_response()
        }
    }
}

/// A success that is none, or that says something else.
fn lie(random: &mut Random, items: usize) -> Response {
    let status = [200, 201, 202, 204, 302, 308][usize::try_from(random.below(6)).unwrap()];
    let status = StatusCode::from_u16(status).unwrap();
    let count = u64::try_from(items).unwrap() + 1 + random.below(3);
    let body = [
        json!({"status": "ACCEPTED", "acceptedCount": count}).to_string(),
        json!({"status": "ACCEPTED", "acceptedCount": -1}).to_string(),
        json!({"status": "ACCEPTED"}).to_string(),
        "[]".to_owned(),
        String::new(),
    ];
    let body = body[usize::try_from(random.below(5)).unwrap()].clone();
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    (status, [("location", "http://127.0.0.1:1/elsewhere")], body).into_response()
}

/// An answer whose body breaks off.
fn cut_off(status: StatusCode) -> Response {
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"status\":")),
        Err(std::io::Error::other("cut off")),
    ]);
    (status, Body::from_stream(broken)).into_response()
}

/// The keys of a request until it is answered, or the client has given up.
struct OnTheWay<'a>(&'a Hostile, &'a [FeedKey]);

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        self.0.left(self.1);
    }
}

async fn answer(State(hostile): State<Arc<Hostile>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
    let path = head.uri.path().to_owned();
    let Some((feed, items)) = items_of(&path, &body) else {
        return token(&hostile, &path, &head.headers, &body).await;
    };
    let keys: Vec<FeedKey> = items.iter().map(|item| key_of(feed, item)).collect();
    hostile.arrived(feed, &keys);
    let on_the_way = OnTheWay(&hostile, &keys);
    let pass = || hostile.pass(&path, &head.headers, &body);
    let response = match hostile.fault(items.len()) {
        Fault::None => pass().await.into_response(),
        Fault::Answered(response) => response,
        Fault::DoneThen(response) => {
            pass().await;
            response
        }
        Fault::Twice => {
            pass().await;
            pass().await.into_response()
        }
        Fault::Hanging(is_done) => {
            if is_done {
                pass().await;
            }
            // The client gives up, and may come again before this notices.
            drop(on_the_way);
            return pending().await;
        }
    };
    drop(on_the_way);
    response
}

/// The token service, which has its moods, too.
async fn token(hostile: &Hostile, path: &str, headers: &HeaderMap, body: &Bytes) -> Response {
    let mood = hostile.with(|inner| if inner.is_hostile { inner.random.below(8) } else { 8 });
    match mood {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "down").into_response(),
        1 => (StatusCode::OK, "{}").into_response(),
        2 => (StatusCode::UNAUTHORIZED, "{\"error\":\"invalid_client\"}").into_response(),
        _ => hostile.pass(path, headers, body).await.into_response(),
    }
}

/// The feed and the items of an ingestion request.
fn items_of(path: &str, body: &Bytes) -> Option<(Feed, Vec<Json>)> {
    let path = path.split_once("/v1/catalog/")?.1;
    let path = path.strip_suffix("/delete").unwrap_or(path);
    let feed = match path {
        "products" => Feed::Products,
        "products/metadata" => Feed::ProductAttributes,
        "products/prices" => Feed::Prices,
        "price-books" => Feed::PriceBooks,
        "categories" => Feed::Categories,
        "categories/metadata" => Feed::CategoryAttributes,
        other => panic!("an unknown path: {other}"),
    };
    let mut text = Vec::new();
    MultiGzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
    Some((feed, serde_json::from_slice(&text).unwrap()))
}

pub(super) fn key_of(feed: Feed, item: &Json) -> FeedKey {
    let text = |pointer: &str| item.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let store = || text("/source/locale");
    FeedKey::new(match feed {
        Feed::Products => Identity::Product { sku: text("/sku"), store: store() },
        Feed::ProductAttributes => Identity::Attribute { code: text("/code"), store: store() },
        Feed::CategoryAttributes => {
            Identity::CategoryAttribute { code: text("/code"), store: store() }
        }
        Feed::Categories => Identity::Category { slug: text("/slug"), store: store() },
        Feed::PriceBooks => Identity::PriceBook { id: text("/priceBookId") },
        Feed::Prices => Identity::Price { sku: text("/sku"), price_book: text("/priceBookId") },
    })
}
