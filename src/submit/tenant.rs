//! The tenant check. No published schema describes the reply, so it is read leniently.

use reqwest::Url;
use serde_json::Value as Json;

use super::reply::Reply;
use super::{SubmitError, SubmitParams, TENANT_SERVICE};

/// What the tenant service says about the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name; empty if the reply has none.
    pub name: String,
    /// The ingestion address, if the reply names one.
    pub ingestion_url: Option<String>,
    /// The whole reply.
    pub reply: Json,
}

/// The address of the question.
pub(super) fn address(ccm: &Url, params: &SubmitParams) -> Url {
    let mut url = ccm.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
        path.extend(["api", "v1", "tenants", &params.tenant_id, "owner", &params.org_id]);
    }
    url
}

/// Reads the reply.
pub(super) fn from_reply(reply: &Reply, params: &SubmitParams) -> Result<Tenant, SubmitError> {
    let code = reply.status.as_u16();
    let message = reply.words();
    match code {
        200..=299 => {}
        401 => {
            let client_id = params.client_id.clone();
            return Err(SubmitError::CredentialsRefused { client_id, code, message });
        }
        400 | 403 | 404 => {
            let (tenant_id, org_id) = (params.tenant_id.clone(), params.org_id.clone());
            return Err(SubmitError::TenantRefused { tenant_id, org_id, code, message });
        }
        408 | 429 | 500..=599 => {
            return Err(SubmitError::Unavailable { service: TENANT_SERVICE, code });
        }
        _ => return Err(odd(code, "which it never answers")),
    }
    let json = reply.json().filter(Json::is_object);
    let json = json.ok_or_else(|| odd(code, "and the body is no JSON object"))?;
    let name = json.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Tenant { name, ingestion_url: ingestion_url(&json), reply: json })
}

/// The address among `serviceURLs` that looks most like the ingestion service's.
fn ingestion_url(json: &Json) -> Option<String> {
    let urls = json.get("serviceURLs")?.as_object()?;
    let rank = |name: &str, url: &str| {
        if url.trim_end_matches('/').ends_with("/v1/catalog") {
            Some(0)
        } else if name.to_ascii_lowercase().contains("ingestion") {
            Some(1)
        } else if url.contains(".api.commerce.adobe.com") && !url.contains("graphql") {
            Some(2)
        } else {
            None
        }
    };
    urls.iter()
        .filter_map(|(name, url)| {
            let url = url.as_str()?;
            Some((rank(name, url)?, url.to_owned()))
        })
        .min()
        .map(|(_, url)| url)
}

fn odd(code: u16, what: &str) -> SubmitError {
    SubmitError::Protocol { service: TENANT_SERVICE, code, what: what.to_owned() }
}
