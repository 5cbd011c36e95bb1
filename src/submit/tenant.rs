//! The tenant check. No published schema describes the reply, so it is read leniently: everything in
//! it that looks like the ingestion service's address is weighed, wherever it stands.
//!
//! Leniency ends where the token would go: catalog data and token are later sent to the address, so
//! one is taken from the reply only when its host is Adobe's, or that of an address that the operator
//! configured. Any other is told to the operator, who may configure it.

use reqwest::Url;
use secrecy::ExposeSecret as _;
use serde_json::Value as Json;

use super::reply::Reply;
use super::{SubmitError, SubmitParams, TENANT_SERVICE};

/// The domain below which the service's hosts are.
const SERVICE_DOMAIN: &str = ".api.commerce.adobe.com";
/// The domain that is trusted.
const TRUSTED_DOMAIN: &str = ".adobe.com";
/// Names of members that may say which environment a tenant is.
const ENVIRONMENT_NAMES: [&str; 5] =
    ["environment", "environmenttype", "tenanttype", "instancetype", "type"];

/// The two kinds of tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantEnvironment {
    /// For a staging shop.
    Sandbox,
    /// For the live shop.
    Production,
}

impl TenantEnvironment {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// What an ingestion address says: `{region}-sandbox.api.commerce.adobe.com` or
    /// `{region}.api.commerce.adobe.com`. `None` for any other host.
    pub fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url.trim()).ok()?;
        let region = url.host_str()?.strip_suffix(SERVICE_DOMAIN)?;
        Some(if region.ends_with("-sandbox") { Self::Sandbox } else { Self::Production })
    }

    /// What a word says.
    fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "sandbox" | "staging" | "stage" | "non-production" => Some(Self::Sandbox),
            "production" | "prod" => Some(Self::Production),
            _ => None,
        }
    }
}

/// What the tenant service says about the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name; empty if the reply has none.
    pub name: String,
    /// The ingestion address, if the reply names one that is trusted.
    pub ingestion_url: Option<String>,
    /// The ingestion address, if the reply names only one that is not.
    pub untrusted_url: Option<String>,
    /// Which environment the reply says that the tenant is, if it says so.
    pub environment: Option<TenantEnvironment>,
    /// The whole reply.
    pub reply: Json,
    /// Whether the reply may hold a secret: ours, or a member that is called one.
    pub holds_secret: bool,
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

/// Reads the reply. `configured` are the addresses that the operator chose.
pub(super) fn from_reply(
    reply: &Reply,
    params: &SubmitParams,
    configured: &[&Url],
) -> Result<Tenant, SubmitError> {
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
    let mut found = Found::default();
    found.walk("", &json, &params.tenant_id);
    let is_trusted = |url: &Url| is_trusted(url, configured);
    let (trusted, others): (Vec<_>, Vec<_>) =
        found.addresses.into_iter().partition(|(_, _, url)| is_trusted(url));
    let best = |addresses: Vec<(u8, String, Url)>| {
        addresses.into_iter().min_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)))
    };
    let ingestion_url = best(trusted).map(|(_, text, _)| text);
    let untrusted_url =
        if ingestion_url.is_none() { best(others).map(|(_, text, _)| text) } else { None };
    let environment = match found.environments.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(*first),
        _ => None,
    };
    let holds_secret = holds_secret(&json, params.client_secret.expose_secret());
    Ok(Tenant { name, ingestion_url, untrusted_url, environment, reply: json, holds_secret })
}

/// Whether a value, or one inside it, is our secret or a text that is called one.
fn holds_secret(json: &Json, secret: &str) -> bool {
    let is_called_one = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["secret", "password", "token", "apikey", "api_key"].iter().any(|word| name.contains(word))
    };
    match json {
        Json::Object(members) => members.iter().any(|(name, member)| {
            (member.is_string() && is_called_one(name)) || holds_secret(member, secret)
        }),
        Json::Array(members) => members.iter().any(|member| holds_secret(member, secret)),
        Json::String(text) => !secret.is_empty() && text.contains(secret),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// What a reply holds that matters, wherever it stands.
#[derive(Debug, Default)]
struct Found {
    /// How little each address looks like the ingestion service's, its text, and itself.
    addresses: Vec<(u8, String, Url)>,
    environments: Vec<TenantEnvironment>,
}

impl Found {
    /// Looks at a value that has this name, and into it. The parser bounds how deep that goes.
    fn walk(&mut self, name: &str, json: &Json, tenant_id: &str) {
        let name = name.to_ascii_lowercase();
        match json {
            Json::Object(members) => {
                for (name, member) in members {
                    self.walk(name, member, tenant_id);
                }
            }
            Json::Array(members) => {
                for member in members {
                    self.walk(&name, member, tenant_id);
                }
            }
            Json::String(text) => {
                if ENVIRONMENT_NAMES.contains(&name.as_str()) {
                    self.environments.extend(TenantEnvironment::of_word(text));
                }
                let text = text.trim();
                if let Ok(url) = Url::parse(text)
                    && let Some(rank) = rank(&name, &url, tenant_id)
                {
                    self.addresses.push((rank, text.to_owned(), url));
                }
            }
            Json::Bool(is_sandbox) if name == "issandbox" || name == "sandbox" => {
                self.environments.push(if *is_sandbox {
                    TenantEnvironment::Sandbox
                } else {
                    TenantEnvironment::Production
                });
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// How little an address looks like the ingestion service's; `None`: not at all.
fn rank(name: &str, url: &Url, tenant_id: &str) -> Option<u8> {
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_plain {
        return None;
    }
    let path = url.path().trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    if path.ends_with("/v1/catalog") {
        Some(0)
    } else if name.contains("ingestion") {
        Some(1)
    } else if host.ends_with(SERVICE_DOMAIN) && !path.contains("graphql") {
        let is_the_tenants = path.split('/').any(|part| part == tenant_id);
        Some(if is_the_tenants { 2 } else { 3 })
    } else {
        None
    }
}

/// Whether token and catalog may go there.
fn is_trusted(url: &Url, configured: &[&Url]) -> bool {
    let is_adobes = url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| host.ends_with(TRUSTED_DOMAIN));
    is_adobes || configured.iter().any(|known| known.origin() == url.origin())
}

fn odd(code: u16, what: &str) -> SubmitError {
    SubmitError::Protocol { service: TENANT_SERVICE, code, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::json;

    use super::*;

    fn tenant(body: &Json) -> Tenant {
        let params = SubmitParams {
            ingestion_url: String::new(),
            ims_url: String::new(),
            ccm_url: String::new(),
            org_id: "ORG".into(),
            tenant_id: "T1".into(),
            client_id: "C".into(),
            client_secret: "s3cret".into(),
            timeout: std::time::Duration::from_secs(1),
        };
        let reply = Reply {
            status: StatusCode::OK,
            request_id: String::new(),
            retry_after: String::new(),
            date: String::new(),
            body: body.to_string().into_bytes(),
        };
        let ccm = Url::parse("http://127.0.0.1:9465").unwrap();
        from_reply(&reply, &params, &[&ccm]).unwrap()
    }

    #[test]
    fn ingestion_address_is_found_wherever_it_stands() {
        let sandbox = "https://na1-sandbox.api.commerce.adobe.com/T1";
        for body in [
            json!({ "serviceURLs": { "graphQL": format!("{sandbox}/graphql"), "catalog": sandbox } }),
            json!({ "serviceURLs": [{ "kind": "x", "url": sandbox }] }),
            json!({ "a": { "b": [[{ "ingestionUrl": sandbox }]] } }),
            json!({ "urls": ["https://na1.api.commerce.adobe.com/other", sandbox] }),
            json!({ "ingestionUrl": sandbox, "z": "https://experience.adobe.com/in:T1" }),
        ] {
            assert_eq!(tenant(&body).ingestion_url.as_deref(), Some(sandbox), "{body}");
        }
        for body in [
            json!({ "serviceURLs": { "graphQL": format!("{sandbox}/graphql") } }),
            json!({ "name": "Shop", "state": "ACTIVE" }),
            json!({ "ingestionUrl": "not an address" }),
        ] {
            let tenant = tenant(&body);
            assert_eq!((tenant.ingestion_url, tenant.untrusted_url), (None, None), "{body}");
        }
    }

    #[test]
    fn address_at_a_host_that_nobody_vouches_for_is_not_taken() {
        for url in [
            "https://evil.example/T1/v1/catalog",
            "https://na1.api.commerce.adobe.com.evil.example/T1/v1/catalog",
            "https://notadobe.com/T1/v1/catalog",
            "https://na1.api.commerce.adobe.com:8443/T1/v1/catalog",
            "http://na1.api.commerce.adobe.com/T1/v1/catalog",
            "http://127.0.0.1:9466/T1/v1/catalog",
        ] {
            let tenant = tenant(&json!({ "ingestion": url }));
            assert_eq!(
                (tenant.ingestion_url.as_deref(), tenant.untrusted_url.as_deref()),
                (None, Some(url))
            );
        }
        let hidden = "https://na1.api.commerce.adobe.com@evil.example/v1/catalog";
        let tenant_ = tenant(&json!({ "ingestion": hidden }));
        assert_eq!((tenant_.ingestion_url, tenant_.untrusted_url), (None, None));
        let own = "http://127.0.0.1:9465/T1/v1/catalog";
        assert_eq!(tenant(&json!({ "ingestion": own })).ingestion_url.as_deref(), Some(own));
    }

    #[test]
    fn reply_that_may_hold_a_secret_is_known_as_such() {
        for body in [
            json!({ "note": "for s3cret" }),
            json!({ "credentials": [{ "clientSecret": "other" }] }),
            json!({ "access_token": "x" }),
        ] {
            assert!(tenant(&body).holds_secret, "{body}");
        }
        assert!(!tenant(&json!({ "name": "Shop", "tokens": 3, "state": "ACTIVE" })).holds_secret);
    }

    #[test]
    fn environment_is_told_by_the_address() {
        use TenantEnvironment::{Production, Sandbox};
        for (url, told) in [
            ("https://na1-sandbox.api.commerce.adobe.com/T1", Some(Sandbox)),
            ("https://na1-sandbox.api.commerce.adobe.com/T1/v1/catalog", Some(Sandbox)),
            ("https://eu1.api.commerce.adobe.com/T1", Some(Production)),
            ("https://EU1.API.commerce.adobe.com/T1", Some(Production)),
            ("https://proxy.example/na1-sandbox/T1", None),
            ("http://127.0.0.1:9465/T1", None),
            ("nonsense", None),
        ] {
            assert_eq!(TenantEnvironment::of_url(url), told, "{url}");
        }
    }

    #[test]
    fn environment_is_told_by_the_reply_unless_it_contradicts_itself() {
        use TenantEnvironment::{Production, Sandbox};
        for (body, told) in [
            (json!({ "environment": "Sandbox" }), Some(Sandbox)),
            (json!({ "tenant": { "environmentType": "PRODUCTION" } }), Some(Production)),
            (json!({ "isSandbox": true, "type": "sandbox" }), Some(Sandbox)),
            (json!({ "isSandbox": true, "type": "production" }), None),
            (json!({ "type": "ACO" }), None),
            (json!({ "description": "production" }), None),
        ] {
            assert_eq!(tenant(&body).environment, told, "{body}");
        }
    }
}
