//! Owns what a sandbox is started with. Values only.

use std::net::{Ipv4Addr, SocketAddr};

use super::fail::FailRule;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxParams {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Which limits are enforced.
    pub limits: SandboxLimits,
    /// The first fail rules.
    pub fail: Vec<FailRule>,
    /// The client id that gets a token.
    pub client_id: String,
    /// The client secret that gets a token.
    pub client_secret: String,
    /// The organisation that owns the tenant.
    pub org_id: String,
    /// The only tenant.
    pub tenant_id: String,
    /// What the tenant service says that the tenant is: `sandbox` or `production`.
    pub environment: String,
    /// The ingestion address that the tenant service names; `None`: this stand-in's own. Empty: it
    /// names none.
    pub named_ingestion_url: Option<String>,
}

impl Default for SandboxParams {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            limits: SandboxLimits::default(),
            fail: Vec::new(),
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            org_id: "sandbox-org@AdobeOrg".to_owned(),
            tenant_id: "sandbox-tenant".to_owned(),
            environment: "sandbox".to_owned(),
            named_ingestion_url: None,
        }
    }
}

/// The limits that a sandbox enforces. Each counts over a sliding window of its length that ends
/// now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxLimits {
    /// Over a limit: 429. The default has the figures of the base licence.
    Real {
        /// Requests within a second: the minute's 300, spread evenly.
        requests_per_second: u64,
        /// Requests within a minute.
        requests_per_minute: u64,
        /// Product items within a minute.
        products_per_minute: u64,
        /// Product items within 24 hours.
        products_per_day: u64,
        /// Price items within a minute.
        prices_per_minute: u64,
    },
    /// Nothing is limited. The number of items in one request still is.
    Off,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self::Real {
            requests_per_second: 5,
            requests_per_minute: 300,
            products_per_minute: 1_000,
            products_per_day: 100_000,
            prices_per_minute: 50_000,
        }
    }
}
