//! Owns the listener, the routes, and what all requests share.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::SharedClock;

use super::SandboxError;
use super::answer;
use super::endpoint::{SandboxFeed, Verb};
use super::fail::FailRules;
use super::gateway::{self, Tokens};
use super::holdings::Holdings;
use super::ingest::{Arrival, BODY_BYTES_MAX, Reply, ingest};
use super::journal::Journal;
use super::limits::Limits;
use super::params::SandboxParams;
use super::validate::Schemas;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) params: SandboxParams,
    pub(crate) clock: SharedClock,
    pub(crate) address: SocketAddr,
    pub(crate) schemas: Schemas,
    inner: Mutex<Inner>,
    requests: AtomicU64,
    is_stopped: watch::Sender<bool>,
}

/// What requests change. Never locked across an await.
pub(crate) struct Inner {
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) fail: FailRules,
    pub(crate) holdings: Holdings,
    pub(crate) journal: Journal,
}

impl Shared {
    pub(crate) fn new(
        params: SandboxParams,
        clock: SharedClock,
        address: SocketAddr,
    ) -> Result<Self, SandboxError> {
        let inner = Inner {
            tokens: Tokens::default(),
            limits: Limits::new(params.limits),
            fail: FailRules::new(params.fail.clone()),
            holdings: Holdings::default(),
            journal: Journal::default(),
        };
        Ok(Self {
            params,
            clock,
            address,
            schemas: Schemas::compile()?,
            inner: Mutex::new(inner),
            requests: AtomicU64::new(0),
            is_stopped: watch::Sender::new(false),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn ingestion_url(&self) -> String {
        format!("http://{}/{}", self.address, self.params.tenant_id)
    }

    pub(crate) fn stop(&self) {
        self.is_stopped.send_replace(true);
    }

    /// Completes once [`Shared::stop`] was called.
    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut is_stopped = self.is_stopped.subscribe();
        async move {
            // An error means that the sandbox is gone, which is a stop too.
            drop(is_stopped.wait_for(|is_stopped| *is_stopped).await);
        }
    }
}

/// Serves until [`Shared::stop`] was called and the open requests are answered.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> std::io::Result<()> {
    let stopped = shared.stopped();
    axum::serve(listener, routes(shared)).with_graceful_shutdown(stopped).await
}

fn routes(shared: Arc<Shared>) -> Router {
    let mut routes = Router::new()
        .route("/ims/token/v3", post(token))
        .route("/api/v1/tenants/{tenant}/owner/{org}", get(tenant))
        .route("/_sandbox/fail", post(replace_fail_rules))
        .route("/_sandbox/items/{feed}", get(items))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/stats", get(stats));
    for feed in SandboxFeed::ALL {
        for verb in Verb::ALL {
            let handler = post(move |shared, tenant, id, request| {
                receive(feed, verb, (shared, tenant, id), request)
            });
            routes = routes.route(&format!("/{{tenant}}/v1/catalog/{}", feed.path(verb)), handler);
        }
    }
    routes.layer(from_fn_with_state(Arc::clone(&shared), name_request)).with_state(shared)
}

/// The value of `x-request-id`.
#[derive(Clone)]
struct RequestId(String);

/// Gives every request a number and every answer a header with it.
async fn name_request(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let number = shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let id = format!("00000000-0000-4000-8000-{number:012x}");
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

type Addressee = (State<Arc<Shared>>, Path<String>, Extension<RequestId>);

async fn receive(
    feed: SandboxFeed,
    verb: Verb,
    (State(shared), Path(tenant), Extension(RequestId(request_id))): Addressee,
    request: Request,
) -> Response {
    let received_at = shared.clock.now();
    let (head, body) = request.into_parts();
    let raw = read(body).await;
    let arrival =
        Arrival { feed, verb, tenant, request_id, headers: head.headers, raw, received_at };
    match ingest(&shared, arrival) {
        Reply::Answer(response) => response,
        Reply::Silence => {
            // Dropped here when the client hangs up.
            shared.stopped().await;
            answer::broken_connection()
        }
        Reply::Cut => answer::broken_connection(),
    }
}

/// The whole body; `None` when it is too long, or when the client did not send it to its end and
/// sees no answer anyway.
async fn read(body: Body) -> Option<Bytes> {
    to_bytes(body, BODY_BYTES_MAX).await.ok()
}

async fn token(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let form = read(body).await.unwrap_or_default();
    let now = shared.clock.now();
    gateway::token(&shared.params, &mut shared.lock().tokens, &form, now)
}

async fn tenant(
    State(shared): State<Arc<Shared>>,
    Path((tenant, org)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let checked = shared.lock().tokens.check(&headers, shared.clock.now());
    match checked {
        Ok(()) => gateway::tenant(&shared.params, &shared.base_url(), &tenant, &org),
        Err(denial) => denial.response(),
    }
}

async fn replace_fail_rules(State(shared): State<Arc<Shared>>, text: String) -> Response {
    match FailRules::parse(&text) {
        Ok(rules) => {
            shared.lock().fail.replace(rules);
            answer::empty()
        }
        Err(error) => answer::text(StatusCode::BAD_REQUEST, format!("failed to {error}\n")),
    }
}

async fn items(State(shared): State<Arc<Shared>>, Path(feed): Path<String>) -> Response {
    match SandboxFeed::from_name(&feed) {
        Some(feed) => answer::ndjson(shared.lock().holdings.ndjson(feed)),
        None => answer::text(StatusCode::NOT_FOUND, format!("no feed is called {feed:?}\n")),
    }
}

async fn requests(State(shared): State<Arc<Shared>>) -> Response {
    answer::ndjson(shared.lock().journal.ndjson())
}

async fn clear_requests(State(shared): State<Arc<Shared>>) -> Response {
    shared.lock().journal.clear();
    answer::empty()
}

async fn stats(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &json!(shared.lock().journal.stats()))
}
