//! What a reply of the ingestion service means (ACO ingestion API: responses).

use std::time::Duration;

use jiff::fmt::rfc2822;
use serde_json::Value as Json;

use super::reply::Reply;
use crate::outbox::{Answer, ItemFault, Verdict};

/// The pause after a 429 that does not say how long.
const PAUSE_DEFAULT_S: u64 = 60;

/// The longest pause a 429 can ask for: an hour, lest one odd header stops delivery for days.
const PAUSE_MAX_S: u64 = 3_600;

/// The answer when there is no reply.
pub(super) fn unsent(message: String) -> Answer {
    Answer { verdict: Verdict::Unavailable, code: 0, message, request_id: String::new() }
}

/// The answer to a request with `sent` items.
pub(super) fn from_reply(reply: &Reply, sent: usize) -> Answer {
    let code = reply.status.as_u16();
    let (verdict, message) = match code {
        200..=299 => match accepted(reply.json().as_ref(), sent) {
            Ok(()) => (Verdict::Accepted, String::new()),
            Err(odd) => (Verdict::Unavailable, odd),
        },
        400 | 422 => refused(reply, sent),
        401 => (Verdict::TokenRefused, reply.words()),
        403 => (Verdict::Forbidden, reply.words()),
        404 => (Verdict::NoSuchEndpoint, reply.words()),
        413 => (Verdict::TooLarge, reply.words()),
        429 => (Verdict::TooManyRequests { retry_after: pause(reply) }, reply.words()),
        300..=399 => (Verdict::Unavailable, "the service redirects, which is not followed".into()),
        _ => (Verdict::Unavailable, reply.words()),
    };
    Answer { verdict, code, message, request_id: reply.request_id.clone() }
}

/// Whether a success says that every item was taken.
fn accepted(json: Option<&Json>, sent: usize) -> Result<(), String> {
    let count = json.and_then(|json| json.get("acceptedCount")?.as_u64());
    match count {
        None => Err("the success can't be read: no acceptedCount in it".into()),
        Some(count) if usize::try_from(count) == Ok(sent) => Ok(()),
        Some(count) => Err(format!("acceptedCount is {count}, but {sent} items were sent")),
    }
}

/// A refusal: of the items it names, or of the batch when it names none.
fn refused(reply: &Reply, sent: usize) -> (Verdict, String) {
    let json = reply.json().unwrap_or_default();
    let mut named = Vec::new();
    let mut message = reply.words();
    // The service's texts name the list in two ways.
    for list in ["errors", "invalidFeedItems"] {
        for error in json.get(list).and_then(Json::as_array).into_iter().flatten() {
            let fault = ItemFault { code: text(error, "code"), message: text(error, "message") };
            match index(error).filter(|nth| *nth < sent) {
                Some(nth) => named.push((nth, fault)),
                None => message = format!("{message}; {}: {}", fault.code, fault.message),
            }
        }
    }
    if named.is_empty() {
        (Verdict::BatchRefused, message)
    } else {
        (Verdict::ItemsRefused(named), message)
    }
}

fn text(json: &Json, field: &str) -> String {
    json.get(field).and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// The item's place in the request; a number, perhaps written as text.
fn index(error: &Json) -> Option<usize> {
    let index = error.get("itemIndex")?;
    let number = index.as_u64().or_else(|| index.as_str()?.trim().parse().ok())?;
    usize::try_from(number).ok()
}

/// How long a 429 wants us to wait: a number of seconds, or a date (RFC 9110, Retry-After). The date
/// counts from the service's own, so a clock of ours that is wrong does no harm.
fn pause(reply: &Reply) -> Duration {
    let date = |text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let until = || {
        let pause = date(&reply.retry_after)?.duration_since(date(&reply.date)?);
        Some(u64::try_from(pause.as_secs()).unwrap_or(0))
    };
    let seconds = reply.retry_after.parse().ok().or_else(until).unwrap_or(PAUSE_DEFAULT_S);
    Duration::from_secs(seconds.clamp(1, PAUSE_MAX_S))
}
