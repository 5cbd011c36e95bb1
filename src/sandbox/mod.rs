//! Owns a stand-in for the service on loopback: IMS, CCM and the ingestion API in one listener,
//! for `aco-stream demo`, `aco-stream sandbox` and the tests.
//!
//! A request passes `server` (routes, the body's bytes) → `ingest` (fail rules, token, limits,
//! schema, rules) → `holdings` (what is held) and `journal` (what was seen); `answer` has the
//! shapes. Time comes from the injected clock only. Must not know the store, nor how the program
//! decides what to send: feed names and identities are written down here a second time, so that a
//! mistake over there is seen here.
//!
//! Where the published contract is silent or contradicts itself, the strict reading is taken, for
//! it shows mistakes:
//!
//! - A price that names a price book which is neither held nor on its way is refused; so is a
//!   child book without its parent, and a base book that would get a parent. Elsewhere the
//!   contract says such items are accepted and then ignored.
//! - A price for a sku that is held as a configurable product is refused. A price for a sku that
//!   was never seen is accepted: products and prices may come in any order.
//! - An unknown key of an item to delete is fine. Deleting a category takes what lies below it,
//!   deleting a price book takes its child books and all their prices. The service can restore
//!   such a branch within a week when its top is created again; that is not imitated.
//! - The request limits count every authorised request that is admitted, whatever becomes of it;
//!   the item limits count accepted items, creates and deletes alike. A request that is answered
//!   429 counts for nothing.
//! - A request may hold an identity twice; the last one stays.

mod answer;
mod endpoint;
mod fail;
mod gateway;
mod holdings;
mod ingest;
mod journal;
mod limits;
mod params;
mod rules;
mod server;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::clock::SharedClock;

use endpoint::SandboxFeed;
pub use fail::{FailRule, FailRuleError, Fault};
pub use journal::FeedStats;
pub use params::{SandboxLimits, SandboxParams};
use server::Shared;

/// Why the sandbox could not do something.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The listening address is taken or not ours.
    #[error("listen on {listen}")]
    Listen {
        /// The address asked for.
        listen: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// An embedded schema is broken: a mistake in this program.
    #[error("compile the embedded schema {file}: {reason}")]
    Schema {
        /// The schema's file name.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Serving ended by itself.
    #[error("serve on {address}")]
    Serve {
        /// The bound address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl SandboxError {
    /// What a person can do about it, in one line.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "another sandbox may run there; port 0 takes any free one",
            Self::Schema { .. } => "this is a bug; please report it",
            Self::Serve { .. } => "start it again",
        }
    }
}

/// A bound sandbox. Clones show and stop the same one.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

impl Sandbox {
    /// Binds the listener. The returned future serves until [`Sandbox::shutdown`] was called and
    /// the open connections are done; the caller drives it.
    ///
    /// Connections are accepted by the system from this moment on, and answered once the future
    /// is driven.
    pub async fn start(
        params: SandboxParams,
        clock: SharedClock,
    ) -> Result<(Self, impl Future<Output = Result<(), SandboxError>> + Send + 'static), SandboxError>
    {
        let listen = params.listen;
        let fail_listen = |source| SandboxError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(fail_listen)?;
        let address = listener.local_addr().map_err(fail_listen)?;
        let shared = Arc::new(Shared::new(params, clock, address)?);
        let serving = server::serve(listener, Arc::clone(&shared));
        let serving =
            async move { serving.await.map_err(|source| SandboxError::Serve { address, source }) };
        Ok((Self { shared }, serving))
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// `http://ADDRESS`: where IMS and CCM answer.
    pub fn base_url(&self) -> String {
        self.shared.base_url()
    }

    /// `http://ADDRESS/TENANT`: what the ingestion paths hang off.
    pub fn ingestion_url(&self) -> String {
        self.shared.ingestion_url()
    }

    /// The bodies held for the feed of this name, sorted by identity; nothing for a name that is
    /// not a feed's.
    pub fn items(&self, feed: &str) -> Vec<serde_json::Value> {
        let Some(feed) = SandboxFeed::from_name(feed) else { return Vec::new() };
        self.shared.lock().holdings.items(feed)
    }

    /// What was counted since the start, per feed name.
    pub fn stats(&self) -> BTreeMap<&'static str, FeedStats> {
        self.shared.lock().journal.stats()
    }

    /// The log of ingestion requests, oldest first, as `/_sandbox/requests` shows it.
    pub fn requests(&self) -> Vec<serde_json::Value> {
        self.shared.lock().journal.requests().collect()
    }

    /// Forgets the log; what is held and counted stays.
    pub fn forget_requests(&self) {
        self.shared.lock().journal.clear();
    }

    /// The access tokens in circulation.
    pub fn tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.values()
    }

    /// Replaces the fail rules.
    pub fn set_fail_rules(&self, rules: Vec<FailRule>) {
        self.shared.lock().fail.replace(rules);
    }

    /// Lets the serving future end: no new connections, open requests are answered first. A client
    /// that never finishes its request holds it up; dropping the future doesn't wait for anyone.
    pub fn shutdown(&self) {
        self.shared.stop();
    }
}
