//! Building requests: the client, the addresses, the compressed body.

use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Url, redirect};
use serde_json::Value as Json;

use super::SubmitError;
use crate::feed::Feed;
use crate::outbox::Verb;

/// The name this program gives itself.
fn user_agent() -> String {
    format!("aco-stream/{} ({})", env!("CARGO_PKG_VERSION"), super::permit::instance())
}

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The path that every ingestion endpoint starts with.
const CATALOG_PATH: &str = "/v1/catalog";

/// The client for these addresses.
pub(super) fn client(timeout: Duration, addresses: &[&Url]) -> Result<Client, SubmitError> {
    // Fails when another part of the program installed one, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder()
        .user_agent(user_agent())
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout);
    if addresses.iter().all(|address| is_plain_loopback(address)) {
        // A stand-in service on this machine needs neither a proxy nor CA certificates, and has
        // to work on a system without any.
        builder = builder.no_proxy().tls_certs_only([]);
    }
    builder.build().map_err(|source| SubmitError::Client { source })
}

fn is_plain_loopback(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    address.scheme() == "http" && is_loopback
}

/// A configured address, without a slash at its end.
pub(super) fn address(service: &'static str, text: &str) -> Result<Url, SubmitError> {
    let trimmed = text.trim().trim_end_matches('/');
    let url = Url::parse(trimmed).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| SubmitError::Address { service, address: text.to_owned() })
}

/// An address as far as it may be shown: scheme, host and port.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The ingestion address without the part that all endpoints share.
pub(super) fn ingestion_base(text: &str) -> Result<Url, SubmitError> {
    let trimmed = text.trim().trim_end_matches('/');
    address("the ingestion service", trimmed.strip_suffix(CATALOG_PATH).unwrap_or(trimmed))
}

/// The endpoint of a feed and verb.
pub(super) fn endpoint(ingestion: &Url, feed: Feed, verb: Verb) -> Url {
    let mut url = ingestion.clone();
    url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), path(feed, verb)));
    url
}

/// The path of an endpoint, behind the part that all endpoints share.
pub fn path(feed: Feed, verb: Verb) -> String {
    let name = match feed {
        Feed::ProductAttributes => "/products/metadata",
        Feed::CategoryAttributes => "/categories/metadata",
        Feed::Categories => "/categories",
        Feed::Products => "/products",
        Feed::PriceBooks => "/price-books",
        Feed::Prices => "/products/prices",
    };
    let suffix = match verb {
        Verb::Replace => "",
        Verb::Delete => "/delete",
    };
    format!("{CATALOG_PATH}{name}{suffix}")
}

/// What every ingestion request says about its body.
pub(super) fn headers() -> HeaderMap {
    [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
    ]
    .into_iter()
    .collect()
}

/// The bodies as a JSON array, compressed.
pub(super) fn body(items: &[Json]) -> Result<Vec<u8>, std::io::Error> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut gzip, items)?;
    gzip.finish()
}
