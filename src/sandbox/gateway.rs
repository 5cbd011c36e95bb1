//! Owns what stands in front of the ingestion API: IMS tokens, the check of a request's token, and
//! the tenant lookup of CCM.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::Query;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::clock;

use super::answer;
use super::params::SandboxParams;

/// Lifetime of a token.
const TOKEN_LIFETIME: Duration = Duration::from_secs(86_399);
/// The scope without which a token is of no use.
const INGESTION_SCOPE: &str = "commerce.aco.ingestion";

/// Why a request may not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// There is no `Authorization` header.
    NoToken,
    /// The token is unknown or its time is over.
    BadToken,
}

impl Denial {
    pub(crate) fn response(self) -> Response {
        match self {
            Self::NoToken => answer::gateway(
                StatusCode::FORBIDDEN,
                "ErrMissingOauthToken",
                "403010",
                "Oauth token is missing.",
            ),
            Self::BadToken => answer::gateway(
                StatusCode::UNAUTHORIZED,
                "ErrInvalidOauthToken",
                "401013",
                "Oauth token is not valid",
            ),
        }
    }
}

/// The tokens in circulation, with the instant at which each ends.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    ends: BTreeMap<String, Timestamp>,
    issued: u64,
}

impl Tokens {
    /// Whether a request with these headers may pass.
    pub(crate) fn check(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Denial> {
        let header = headers.get(AUTHORIZATION).ok_or(Denial::NoToken)?;
        let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let end = token.and_then(|token| self.ends.get(token));
        if end.is_some_and(|end| now < *end) { Ok(()) } else { Err(Denial::BadToken) }
    }

    /// The tokens themselves.
    pub(crate) fn values(&self) -> Vec<String> {
        self.ends.keys().cloned().collect()
    }

    fn issue(&mut self, now: Timestamp) -> String {
        self.ends.retain(|_, end| now < *end);
        self.issued += 1;
        let token = format!("{:x}", Sha1::digest(format!("{} {now}", self.issued)));
        self.ends.insert(token.clone(), clock::add(now, TOKEN_LIFETIME));
        token
    }
}

/// Answers a token request with this form as its body.
pub(crate) fn token(
    params: &SandboxParams,
    tokens: &mut Tokens,
    form: &[u8],
    now: Timestamp,
) -> Response {
    let fields = form_fields(form);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let bad = StatusCode::BAD_REQUEST;
    if field("grant_type") != "client_credentials" {
        return answer::ims_error(bad, "unsupported_grant_type", "unsupported grant_type");
    }
    if field("client_id") != params.client_id {
        return answer::ims_error(bad, "invalid_client", "invalid client_id parameter");
    }
    if field("client_secret") != params.client_secret {
        let status = StatusCode::UNAUTHORIZED;
        return answer::ims_error(status, "invalid_client", "invalid client_secret parameter");
    }
    if !field("scope").split([',', ' ']).any(|scope| scope == INGESTION_SCOPE) {
        return answer::ims_error(bad, "invalid_scope", "scope lacks commerce.aco.ingestion");
    }
    let body = json!({
        "access_token": tokens.issue(now),
        "token_type": "bearer",
        "expires_in": TOKEN_LIFETIME.as_secs(),
    });
    answer::json(StatusCode::OK, &body)
}

/// The fields of a form; none when it isn't one. A form has the syntax of a query.
fn form_fields(form: &[u8]) -> BTreeMap<String, String> {
    let query = [b"/?", form].concat();
    let uri = Uri::try_from(query.as_slice()).ok();
    let fields = uri.and_then(|uri| Query::try_from_uri(&uri).ok());
    fields.map(|Query(fields)| fields).unwrap_or_default()
}

/// Answers a tenant lookup.
pub(crate) fn tenant(params: &SandboxParams, base_url: &str, tenant: &str, org: &str) -> Response {
    if tenant != params.tenant_id || org != params.org_id {
        let message = "Tenant not found for this organization";
        return answer::gateway(StatusCode::NOT_FOUND, "Not Found", "404", message);
    }
    let own = || format!("{base_url}/{tenant}/v1/catalog");
    let ingestion = params.named_ingestion_url.clone().unwrap_or_else(own);
    let mut urls = json!({
        "admin": format!("{base_url}/_sandbox/stats"),
        "graphQL": format!("{base_url}/{tenant}/graphql"),
    });
    if let Some(urls) = urls.as_object_mut().filter(|_| !ingestion.is_empty()) {
        urls.insert("ingestion".to_owned(), json!(ingestion));
    }
    let body = json!({
        "tenantId": tenant,
        "name": "Sandbox",
        "product": "ACO",
        "state": "ACTIVE",
        "environment": params.environment,
        "userCanAccess": true,
        "userCanAdminister": true,
        "serviceURLs": urls,
    });
    answer::json(StatusCode::OK, &body)
}
