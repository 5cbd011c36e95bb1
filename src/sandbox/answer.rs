//! Owns the shapes of every answer: JSON of the ingestion API, JSON of the gateway and of IMS,
//! web pages, NDJSON.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::validate::Problem;

const JSON: &str = "application/json;charset=UTF-8";
const HTML: &str = "text/html;charset=UTF-8";
const NDJSON: &str = "application/x-ndjson";
const TEXT: &str = "text/plain;charset=UTF-8";

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
}

pub(crate) fn json(status: StatusCode, body: &Json) -> Response {
    answer(status, JSON, body.to_string())
}

pub(crate) fn text(status: StatusCode, body: String) -> Response {
    answer(status, TEXT, body)
}

pub(crate) fn ndjson(body: String) -> Response {
    answer(StatusCode::OK, NDJSON, body)
}

pub(crate) fn empty() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The whole request was taken.
pub(crate) fn accepted(count: usize) -> Response {
    json(StatusCode::OK, &json!({ "status": "ACCEPTED", "acceptedCount": count }))
}

/// Nothing of the request was taken.
pub(crate) fn refused(message: &str, problems: &[Problem]) -> Response {
    let errors: Vec<Json> = problems.iter().map(Problem::to_json).collect();
    let body = json!({ "status": "FAILED", "message": message, "errors": errors });
    json(StatusCode::BAD_REQUEST, &body)
}

/// The gateway in front of the service turned the request away.
pub(crate) fn gateway(
    status: StatusCode,
    title: &str,
    error_code: &str,
    message: &str,
) -> Response {
    let body = json!({
        "title": title,
        "status": status.as_str(),
        "error_code": error_code,
        "message": message,
    });
    json(status, &body)
}

/// IMS turned the request away.
pub(crate) fn ims_error(status: StatusCode, error: &str, description: &str) -> Response {
    json(status, &json!({ "error": error, "error_description": description }))
}

/// A web page, as a proxy in between would answer.
pub(crate) fn page(status: StatusCode) -> Response {
    answer(status, HTML, format!("<html><body><h1>{status}</h1></body></html>"))
}

/// A limit was exceeded.
pub(crate) fn throttled(retry_after_s: u64) -> Response {
    let mut response = page(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_s));
    response
}

/// Not an answer: its body fails at once, so the server closes the connection before a byte of it
/// is sent.
pub(crate) fn broken_connection() -> Response {
    let failure = std::io::Error::other("closed by a fail rule");
    Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(failure)])).into_response()
}
