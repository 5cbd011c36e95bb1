//! Owns what happens to one ingestion request, from its bytes to its outcome.
//!
//! Order: fail rule → token → tenant → limits → form of the body → number of items → schema →
//! rules. A request is taken as a whole or not at all.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read as _;

use axum::body::Bytes;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::answer;
use super::endpoint::{SandboxFeed, Verb};
use super::fail::{FailRules, Fault};
use super::gateway::Denial;
use super::journal::Entry;
use super::rules;
use super::server::{Inner, Shared};
use super::validate::Problem;

/// Largest body, as sent and inflated.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A request as it came in.
pub(crate) struct Arrival {
    pub(crate) feed: SandboxFeed,
    pub(crate) verb: Verb,
    pub(crate) tenant: String,
    pub(crate) request_id: String,
    pub(crate) headers: HeaderMap,
    /// The body as sent; `None` when it was longer than [`BODY_BYTES_MAX`].
    pub(crate) raw: Option<Bytes>,
    pub(crate) received_at: Timestamp,
}

/// What the client gets.
pub(crate) enum Reply {
    Answer(Response),
    /// Nothing, until it hangs up.
    Silence,
    /// A closed connection.
    Cut,
}

/// How a request ended.
enum Outcome {
    Accepted(usize),
    Refused { message: String, problems: Vec<Problem> },
    Denied(Denial),
    UnknownTenant,
    Throttled { retry_after_s: u64 },
    Broken(StatusCode),
    Page(StatusCode),
    Silence,
    Cut,
}

impl Outcome {
    fn refused(message: &str) -> Self {
        Self::Refused { message: message.to_owned(), problems: Vec::new() }
    }

    fn reply(&self) -> Reply {
        Reply::Answer(match self {
            Self::Accepted(count) => answer::accepted(*count),
            Self::Refused { message, problems } => answer::refused(message, problems),
            Self::Denied(denial) => denial.response(),
            Self::UnknownTenant => {
                answer::gateway(StatusCode::NOT_FOUND, "Not Found", "404", "Unknown tenant")
            }
            Self::Throttled { retry_after_s } => answer::throttled(*retry_after_s),
            Self::Broken(status) => {
                let title = status.canonical_reason().unwrap_or("Unknown");
                answer::gateway(*status, title, status.as_str(), "Failed by a fail rule")
            }
            Self::Page(status) => answer::page(*status),
            Self::Silence => return Reply::Silence,
            Self::Cut => return Reply::Cut,
        })
    }
}

/// Carries out one request and logs it.
pub(crate) fn ingest(shared: &Shared, arrival: Arrival) -> Reply {
    let body = read_body(&arrival);
    // The schema needs most of the time and no lock.
    let findings = body.as_ref().map(|body| shared.schemas.check(arrival.feed, arrival.verb, body));
    let findings = findings.unwrap_or_default();
    let items = body.as_ref().ok().and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let identities = items.iter().map(|item| arrival.feed.identity(item)).collect();

    let mut inner = shared.lock();
    // Read under the lock, so that the limits see time in the order of the requests.
    let now = shared.clock.now();
    let fault = inner.fail.take();
    let outcome = under_fault(fault, || {
        if let Err(outcome) = admit(shared, &mut inner, &arrival, items.len(), now) {
            return outcome;
        }
        match &body {
            Ok(_) => take(&mut inner, &arrival, items, findings, now),
            Err(BodyError::TooLarge) => Outcome::Page(StatusCode::PAYLOAD_TOO_LARGE),
            Err(BodyError::Unreadable(message)) => Outcome::refused(message),
        }
    });
    let sender = arrival.headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
    let sender = sender.unwrap_or_default().to_owned();
    let reply = outcome.reply();
    let status = match &reply {
        Reply::Answer(response) => Some(response.status()),
        Reply::Silence | Reply::Cut => None,
    };
    let counts = inner.journal.feed(arrival.feed);
    counts.requests += 1;
    counts.throttled += u64::from(status == Some(StatusCode::TOO_MANY_REQUESTS));
    inner.journal.log(Entry {
        feed: arrival.feed,
        verb: arrival.verb,
        identities,
        status: status.map(|status| status.as_u16()),
        received_at: arrival.received_at,
        body_bytes: arrival.raw.as_ref().map_or(BODY_BYTES_MAX, Bytes::len),
        request_id: arrival.request_id,
        sender,
    });
    reply
}

/// Does the work, unless the fault comes before it, and spoils the answer as the fault says.
fn under_fault(fault: Option<Fault>, work: impl FnOnce() -> Outcome) -> Outcome {
    match fault {
        None => work(),
        Some(Fault::Status(400)) => Outcome::refused("Failed by a fail rule"),
        Some(Fault::Status(401)) => Outcome::Denied(Denial::BadToken),
        Some(Fault::Status(403)) => Outcome::Denied(Denial::NoToken),
        Some(Fault::Status(status)) => {
            Outcome::Broken(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        Some(Fault::Throttled { retry_after_s }) => Outcome::Throttled { retry_after_s },
        Some(Fault::Html) => Outcome::Page(StatusCode::BAD_GATEWAY),
        Some(Fault::Reset) => Outcome::Cut,
        Some(Fault::Timeout) => {
            work();
            Outcome::Silence
        }
        Some(Fault::LostAnswer) => {
            work();
            Outcome::Broken(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Some(Fault::WrongCount) => {
            let outcome = work();
            if let Outcome::Accepted(count) = outcome {
                return Outcome::Accepted(count.checked_sub(1).unwrap_or(1));
            }
            outcome
        }
    }
}

/// Lets a request in: token, tenant, limits.
fn admit(
    shared: &Shared,
    inner: &mut Inner,
    arrival: &Arrival,
    item_count: usize,
    now: Timestamp,
) -> Result<(), Outcome> {
    inner.tokens.check(&arrival.headers, now).map_err(Outcome::Denied)?;
    if arrival.tenant != shared.params.tenant_id {
        return Err(Outcome::UnknownTenant);
    }
    // A request with too many items will be refused, so its items need no room.
    let counted = if item_count > arrival.feed.items_max() { 0 } else { item_count };
    inner
        .limits
        .admit(now, arrival.feed, u64::try_from(counted).unwrap_or(u64::MAX))
        .map_err(|retry_after_s| Outcome::Throttled { retry_after_s })
}

/// Takes all items, or refuses the request.
fn take(
    inner: &mut Inner,
    arrival: &Arrival,
    items: &[Json],
    findings: Vec<Problem>,
    now: Timestamp,
) -> Outcome {
    let (feed, verb) = (arrival.feed, arrival.verb);
    let mut problems = findings;
    if items.len() > feed.items_max() {
        return too_many_items(items.len(), feed.items_max());
    }
    if problems.is_empty() {
        problems = rules::check(feed, verb, items, &inner.holdings);
    }
    let is_named = refuse_skus(&inner.fail, items, &mut problems);
    let refused: BTreeSet<usize> = problems.iter().filter_map(|p| p.item_index).collect();
    let stats = inner.journal.feed(feed);
    if !problems.is_empty() {
        stats.refused_items += u64::try_from(refused.len()).unwrap_or(u64::MAX);
        if !is_named {
            problems = vec![Problem {
                item_index: None,
                code: String::new(),
                message: "Refused by a fail rule".to_owned(),
                value: String::new(),
            }];
        }
        let message = "Request rejected: at least one item is invalid".to_owned();
        return Outcome::Refused { message, problems };
    }
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    stats.accepted_items += count;
    inner.holdings.apply(feed, verb, items);
    inner.limits.count_items(now, feed, count);
    Outcome::Accepted(items.len())
}

fn too_many_items(count: usize, limit: usize) -> Outcome {
    let problem = Problem {
        item_index: None,
        code: "items_limit_exceeded".to_owned(),
        message: format!("A request has at most {limit} items"),
        value: count.to_string(),
    };
    Outcome::Refused { message: "items_limit_exceeded".to_owned(), problems: vec![problem] }
}

/// Adds a problem per item whose sku a fail rule refuses. False when the answer must not say
/// which items are at fault.
fn refuse_skus(fail: &FailRules, items: &[Json], problems: &mut Vec<Problem>) -> bool {
    let mut all_named = true;
    for (index, item) in items.iter().enumerate() {
        let Some(sku) = item.get("sku").and_then(Json::as_str) else { continue };
        let Some(is_named) = fail.refusal(sku) else { continue };
        all_named &= is_named;
        problems.push(Problem {
            item_index: Some(index),
            code: "sku".to_owned(),
            message: "Refused by a fail rule".to_owned(),
            value: sku.to_owned(),
        });
    }
    all_named
}

/// Why a body can't be read.
enum BodyError {
    TooLarge,
    Unreadable(String),
}

fn unreadable(message: impl Into<String>) -> BodyError {
    BodyError::Unreadable(message.into())
}

/// The body, which is an array.
fn read_body(arrival: &Arrival) -> Result<Json, BodyError> {
    let header = |name| arrival.headers.get(name).and_then(|value| value.to_str().ok());
    let raw = arrival.raw.as_ref().ok_or(BodyError::TooLarge)?;
    if !header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(unreadable("Content-Type must be application/json"));
    }
    let plain = match header(CONTENT_ENCODING) {
        None => Cow::Borrowed(raw.as_ref()),
        Some("gzip") => Cow::Owned(inflate(raw)?),
        Some(_) => return Err(unreadable("Content-Encoding must be gzip")),
    };
    match serde_json::from_slice(&plain) {
        Ok(body @ Json::Array(_)) => Ok(body),
        Ok(_) => Err(unreadable("Body must be an array")),
        Err(error) => Err(unreadable(format!("Body is not valid JSON: {error}"))),
    }
}

fn inflate(raw: &[u8]) -> Result<Vec<u8>, BodyError> {
    let bound = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    MultiGzDecoder::new(raw)
        .take(bound.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|error| unreadable(format!("Body is not valid gzip: {error}")))?;
    if plain.len() > BODY_BYTES_MAX { Err(BodyError::TooLarge) } else { Ok(plain) }
}
