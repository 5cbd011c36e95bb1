//! Owns the talk with the service: the access token, the tenant check, building and sending a
//! request, and turning the answer into a verdict.
//!
//! [`Submitter::send`] never fails: whatever happens becomes an
//! [`Answer`], and the outbox decides what follows. Must not know when
//! something is repeated, nor what is stored.

mod answer;
mod permit;
mod reply;
mod request;
mod tenant;
mod token;

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Body, Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;

pub use permit::{Permit, instance};
pub use request::path;
pub use tenant::{Tenant, TenantEnvironment};

use crate::clock::SharedClock;
use crate::feed::Feed;
use crate::outbox::{Answer, Verb, Verdict};
use permit::PermittedBody;
use reply::Reply;
use token::Tokens;

/// The token service, as named in errors.
const TOKEN_SERVICE: &str = "the token service";

/// The tenant service, as named in errors.
const TENANT_SERVICE: &str = "the tenant service";

/// Whom to talk to, and as whom.
#[derive(Debug, Clone)]
pub struct SubmitParams {
    /// The tenant's ingestion address, with or without `/v1/catalog` at its end.
    pub ingestion_url: String,
    /// The token service's address.
    pub ims_url: String,
    /// The tenant service's address.
    pub ccm_url: String,
    /// The organization.
    pub org_id: String,
    /// The tenant.
    pub tenant_id: String,
    /// The credentials' public half.
    pub client_id: String,
    /// The credentials' secret half; never printed.
    pub client_secret: SecretString,
    /// How long one request may take, its answer included.
    pub timeout: Duration,
}

/// Why a question to the service got no usable answer. Reads after "failed to ".
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A configured address is no usable URL.
    #[error("use '{address}' as the address of {service}: it is no http(s) URL")]
    Address {
        /// Which service.
        service: &'static str,
        /// The address as configured.
        address: String,
    },
    /// The HTTP client can't be set up.
    #[error("set up the HTTPS client")]
    Client {
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// No answer at all.
    #[error("reach {service} at {address}")]
    Unreachable {
        /// Which service.
        service: &'static str,
        /// Its scheme, host and port.
        address: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The service is overloaded or out of order.
    #[error("get an answer from {service}: it is unavailable (HTTP {code})")]
    Unavailable {
        /// Which service.
        service: &'static str,
        /// The HTTP status.
        code: u16,
    },
    /// The credentials are wrong or expired.
    #[error("sign in as '{client_id}': HTTP {code} {message}")]
    CredentialsRefused {
        /// The client id.
        client_id: String,
        /// The HTTP status.
        code: u16,
        /// The service's words.
        message: String,
    },
    /// The tenant does not exist or does not belong to the organization.
    #[error("open tenant '{tenant_id}' of organization '{org_id}': HTTP {code} {message}")]
    TenantRefused {
        /// The tenant.
        tenant_id: String,
        /// The organization.
        org_id: String,
        /// The HTTP status.
        code: u16,
        /// The service's words.
        message: String,
    },
    /// The answer is not what this service answers.
    #[error("understand {service}: HTTP {code}, {what}")]
    Protocol {
        /// Which service.
        service: &'static str,
        /// The HTTP status.
        code: u16,
        /// What is odd about it.
        what: String,
    },
}

impl SubmitError {
    /// What a person can do about it, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Address { service, .. } => {
                format!("{} has to start with https://", key_of(service))
            }
            Self::Client { .. } => "are the system's CA certificates installed?".to_owned(),
            Self::Unreachable { service, .. } => {
                format!("check {}, the network, and a proxy in between", key_of(service))
            }
            Self::Unavailable { .. } => "try again later".to_owned(),
            Self::CredentialsRefused { .. } => "check optimizer.client_id and the client secret \
                                                (ACO_STREAM_CLIENT_SECRET, \
                                                optimizer.client_secret_file, or what `aco-stream \
                                                init` encrypted)"
                .to_owned(),
            Self::TenantRefused { .. } => "check optimizer.tenant_id and optimizer.org_id, and \
                                           that the credentials belong to this organization"
                .to_owned(),
            Self::Protocol { service, .. } => {
                format!("is {} really the address of {service}?", key_of(service))
            }
        }
    }
}

/// The key that holds a service's address.
fn key_of(service: &str) -> &'static str {
    match service {
        TOKEN_SERVICE => "optimizer.ims_url",
        TENANT_SERVICE => "optimizer.ccm_url",
        _ => "optimizer.ingestion_url",
    }
}

/// The connection to the service.
#[derive(Debug)]
pub struct Submitter {
    http: Client,
    params: SubmitParams,
    ingestion: Url,
    ccm: Url,
    tokens: Tokens,
}

impl Submitter {
    /// Sets up the client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If an address is no http(s) URL, or the system has no CA certificates.
    pub fn new(params: SubmitParams, clock: SharedClock) -> Result<Self, SubmitError> {
        let ingestion = request::ingestion_base(&params.ingestion_url)?;
        let ims = request::address(TOKEN_SERVICE, &params.ims_url)?;
        let ccm = request::address(TENANT_SERVICE, &params.ccm_url)?;
        let http = request::client(params.timeout, &[&ingestion, &ims, &ccm])?;
        let tokens = Tokens::new(http.clone(), &ims, &params, clock);
        Ok(Self { http, params, ingestion, ccm, tokens })
    }

    /// Sends one request with these bodies and says what came of it. An expired token is renewed
    /// and the request repeated once.
    pub async fn send(&self, feed: Feed, verb: Verb, items: &[Json]) -> Answer {
        self.send_under(&Permit::always(), feed, verb, items).await
    }

    /// The same, but only what leaves while the permit holds.
    pub async fn send_under(
        &self,
        permit: &Permit,
        feed: Feed,
        verb: Verb,
        items: &[Json],
    ) -> Answer {
        let body = match request::body(items) {
            Ok(body) => Bytes::from(body),
            Err(error) => return answer::unsent(format!("the request can't be built: {error}")),
        };
        let url = request::endpoint(&self.ingestion, feed, verb);
        let request = || {
            let body = Body::wrap(PermittedBody::new(body.clone(), permit.clone()));
            self.http.post(url.clone()).headers(request::headers()).body(body)
        };
        match self.authorized(request).await {
            Ok(reply) => answer::from_reply(&reply, items.len()),
            Err(Trouble::Token(SubmitError::CredentialsRefused { code, message, .. })) => {
                let message = format!("the token service refuses the credentials: {message}");
                Answer { verdict: Verdict::TokenRefused, code, message, request_id: String::new() }
            }
            Err(Trouble::Token(error)) => {
                answer::unsent(format!("no access token: failed to {}", chain(&error)))
            }
            Err(Trouble::Transport(error)) => answer::unsent(chain(&error)),
        }
    }

    /// Gets an access token, or has one already.
    ///
    /// # Errors
    ///
    /// If the token service is out of reach or refuses the credentials.
    pub async fn sign_in(&self) -> Result<(), SubmitError> {
        self.tokens.current().await.map(drop)
    }

    /// Asks the tenant service whether the tenant belongs to the organization.
    ///
    /// # Errors
    ///
    /// If it does not, or can't be asked.
    pub async fn check_tenant(&self) -> Result<Tenant, SubmitError> {
        let url = tenant::address(&self.ccm, &self.params);
        let reply =
            self.authorized(|| self.http.get(url.clone())).await.map_err(
                |trouble| match trouble {
                    Trouble::Token(error) => error,
                    Trouble::Transport(source) => {
                        let address = request::origin(&url);
                        SubmitError::Unreachable { service: TENANT_SERVICE, address, source }
                    }
                },
            )?;
        tenant::from_reply(&reply, &self.params, &[&self.ccm, &self.ingestion])
    }

    /// Asks the ingestion service for anything at all, without a token: any answer will do.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn reach_ingestion(&self) -> Result<(), SubmitError> {
        let reply = reply::read(self.http.get(self.ingestion.clone())).await;
        reply.map(drop).map_err(|source| {
            let address = request::origin(&self.ingestion);
            SubmitError::Unreachable { service: "the ingestion service", address, source }
        })
    }

    /// Sends a request with a token; on 401 once more with a new one.
    async fn authorized(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Reply, Trouble> {
        let token = self.tokens.current().await.map_err(Trouble::Token)?;
        let reply = self.signed(&token, request()).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        let token = self.tokens.renewed(&token).await.map_err(Trouble::Token)?;
        self.signed(&token, request()).await
    }

    /// Sends a request with this token. A service that quotes the token, or the secret, must not bring
    /// them into a log or the store.
    async fn signed(
        &self,
        token: &token::Token,
        request: reqwest::RequestBuilder,
    ) -> Result<Reply, Trouble> {
        let reply = reply::read(token.authorize(request)).await.map_err(Trouble::Transport)?;
        let secrets = [token.expose(), self.params.client_secret.expose_secret()];
        Ok(reply.without(&secrets))
    }
}

/// Why there is no reply.
enum Trouble {
    Token(SubmitError),
    Transport(reqwest::Error),
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
