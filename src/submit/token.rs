//! The access token: fetched when needed, kept, renewed before it expires, by one at a time.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::{SubmitError, SubmitParams, TOKEN_SERVICE, reply, request};
use crate::clock::{SharedClock, add};

/// The rights asked for (ACO ingestion API: authentication).
const SCOPE: &str = "openid,AdobeID,profile,email,commerce.aco.ingestion";

/// How long before its end a token is renewed.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// The lifetime of a token that does not say it.
const LIFETIME_DEFAULT_S: u64 = 3_600;

/// A token in use.
#[derive(Debug, Clone)]
pub(super) struct Token {
    value: SecretString,
    /// Counts the tokens fetched: tells a token from its successor.
    number: u64,
    renew_at: Timestamp,
}

impl Token {
    /// The token itself, to look for it.
    pub(super) fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Puts the token on a request.
    pub(super) fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.value.expose_secret())
    }
}

/// Where tokens come from.
pub(super) struct Tokens {
    http: Client,
    url: Url,
    client_id: String,
    client_secret: SecretString,
    clock: SharedClock,
    kept: Mutex<Option<Token>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Tokens {
    pub(super) fn new(http: Client, ims: &Url, params: &SubmitParams, clock: SharedClock) -> Self {
        let mut url = ims.clone();
        url.set_path(&format!("{}/ims/token/v3", url.path().trim_end_matches('/')));
        let (client_id, client_secret) = (params.client_id.clone(), params.client_secret.clone());
        Self { http, url, client_id, client_secret, clock, kept: Mutex::new(None) }
    }

    /// A token that is good for some minutes.
    pub(super) async fn current(&self) -> Result<Token, SubmitError> {
        let mut kept = self.kept.lock().await;
        match kept.as_ref() {
            Some(token) if self.clock.now() < token.renew_at => Ok(token.clone()),
            _ => self.fetch(&mut kept).await,
        }
    }

    /// The successor of a token that was refused; if another request got one meanwhile, that.
    pub(super) async fn renewed(&self, refused: &Token) -> Result<Token, SubmitError> {
        let mut kept = self.kept.lock().await;
        match kept.as_ref() {
            Some(token) if token.number > refused.number => Ok(token.clone()),
            _ => self.fetch(&mut kept).await,
        }
    }

    async fn fetch(&self, kept: &mut Option<Token>) -> Result<Token, SubmitError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", SCOPE),
        ];
        let request = self.http.post(self.url.clone()).form(&form);
        let reply = reply::read(request).await.map_err(|source| {
            let address = request::origin(&self.url);
            SubmitError::Unreachable { service: TOKEN_SERVICE, address, source }
        })?;
        let code = reply.status.as_u16();
        match code {
            200..=299 => {}
            400 | 401 | 403 => {
                // A service that quotes the request must not bring the secret into a log.
                let message = reply.words().replace(self.client_secret.expose_secret(), "***");
                let client_id = self.client_id.clone();
                return Err(SubmitError::CredentialsRefused { client_id, code, message });
            }
            408 | 429 | 500..=599 => {
                return Err(SubmitError::Unavailable { service: TOKEN_SERVICE, code });
            }
            _ => return Err(odd(code, "which it never answers")),
        }
        let json = reply.json().unwrap_or_default();
        let value = json.get("access_token").and_then(Json::as_str).unwrap_or_default();
        if value.is_empty() {
            return Err(odd(code, "no access_token in it"));
        }
        let lifetime_s = json.get("expires_in").and_then(Json::as_u64);
        let lifetime = Duration::from_secs(lifetime_s.unwrap_or(LIFETIME_DEFAULT_S));
        // A token that lives shorter than the margin serves for half its life.
        let good_for = lifetime.checked_sub(RENEW_BEFORE).unwrap_or_default().max(lifetime / 2);
        let token = Token {
            value: value.into(),
            number: kept.as_ref().map_or(1, |token| token.number + 1),
            renew_at: add(self.clock.now(), good_for),
        };
        Ok(kept.insert(token).clone())
    }
}

fn odd(code: u16, what: &str) -> SubmitError {
    SubmitError::Protocol { service: TOKEN_SERVICE, code, what: what.to_owned() }
}
