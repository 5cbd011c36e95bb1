//! Reading a reply: status, the headers that matter, and a bounded body.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value as Json;

/// Longest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest quote of a body that is not JSON, in characters.
const QUOTE_CHARS_MAX: usize = 200;

/// What stands in place of a secret.
const STARS: &str = "***";

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// `x-request-id`, or empty.
    pub(super) request_id: String,
    /// `retry-after` as sent, or empty.
    pub(super) retry_after: String,
    /// `date` as sent, or empty: the service's time.
    pub(super) date: String,
    /// As much of the body as was read; more than [`BODY_BYTES_MAX`] is cut off.
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Json> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The reply with stars in place of these secrets.
    pub(super) fn without(self, secrets: &[&str]) -> Self {
        let body = secrets.iter().fold(self.body, |body, secret| starred(body, secret.as_bytes()));
        let request_id = secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(self.request_id, |id, secret| id.replace(secret, STARS));
        Self { request_id, body, ..self }
    }

    /// The service's words: the fields it uses for messages, or the beginning of the body.
    pub(super) fn words(&self) -> String {
        let json = self.json();
        let field = |name: &str| json.as_ref().and_then(|json| json.get(name)?.as_str());
        let named: Vec<&str> = ["error", "title", "error_code", "message", "error_description"]
            .into_iter()
            .filter_map(field)
            .filter(|text| !text.is_empty())
            .collect();
        if named.is_empty() {
            let text = String::from_utf8_lossy(&self.body);
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ").chars().take(QUOTE_CHARS_MAX).collect()
        } else {
            named.join(": ")
        }
    }
}

/// The text with stars wherever the secret is; at its end also where the secret is cut off.
fn starred(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if secret.is_empty() {
        return body;
    }
    let mut starred = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        let is_cut_off = rest.len() < secret.len() && rest.len() > 7 && secret.starts_with(rest);
        if rest.starts_with(secret) || is_cut_off {
            starred.extend(STARS.as_bytes());
            rest = rest.get(secret.len()..).unwrap_or_default();
        } else {
            starred.push(*first);
            rest = tail;
        }
    }
    starred
}

/// Sends a request and reads the reply. The body of a success has to arrive whole; of a failure,
/// what arrives is enough. Errors don't quote the address.
pub(super) async fn read(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().trim().to_owned()
    };
    let (request_id, retry_after) = (header("x-request-id"), header("retry-after"));
    let date = header("date");
    let mut body = Vec::new();
    match read_body(response, &mut body).await {
        Err(error) if status.is_success() => Err(error.without_url()),
        Ok(()) | Err(_) => Ok(Reply { status, request_id, retry_after, date, body }),
    }
}

async fn read_body(mut response: Response, body: &mut Vec<u8>) -> Result<(), reqwest::Error> {
    while body.len() < BODY_BYTES_MAX {
        let Some(chunk) = response.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(BODY_BYTES_MAX);
    Ok(())
}
