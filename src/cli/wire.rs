//! Wiring: from the configuration to each room's parameters.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::cli::exit::Failure;
use crate::clock::{SharedClock, SystemClock};
use crate::config::{self, Config, Environment, REQUESTS_IN_FLIGHT};
use crate::engine::DeliverParams;
use crate::feed::{DisabledRules, ExtraAttributes, SpecialPriceDates};
use crate::pace::Limits;
use crate::source::{SnapshotParams, SourceParams, TlsMode};
use crate::store::{Store, StoreParams};
use crate::submit::{SubmitParams, Submitter};

/// How long connecting to the source may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a change waits for others when the deliver loop was idle.
const GATHERING: Duration = Duration::from_millis(25);

pub(crate) fn read_config(path: &Path) -> Result<Config, Failure> {
    Ok(Config::read(path, &Environment::of_process())?)
}

pub(crate) fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

pub(crate) fn source(config: &Config) -> SourceParams {
    SourceParams {
        host: config.source.host.clone(),
        port: config.source.port,
        user: config.source.user.clone(),
        password: config.source.password.clone(),
        database: config.source.database.clone(),
        tls: match config.source.tls {
            config::Tls::Off => TlsMode::Off,
            config::Tls::Require => TlsMode::Require,
            config::Tls::VerifyCa => TlsMode::VerifyCa,
            config::Tls::VerifyFull => TlsMode::VerifyFull,
        },
        tls_ca_file: config.source.tls_ca_file.clone(),
        table_prefix: config.source.table_prefix.clone(),
        server_id: config.source.server_id,
        heartbeat: config.source.heartbeat,
        connect_timeout: CONNECT_TIMEOUT,
        net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
        statement_timeout: SourceParams::STATEMENT_TIMEOUT,
        snapshot: SnapshotParams {
            connections: config.source.snapshot.connections,
            rows_per_second: config.source.snapshot.rows_per_second,
            pause: config.source.snapshot.pause,
            chunk_rows: config.source.snapshot.chunk_rows,
        },
    }
}

pub(crate) fn store_params(config: &Config) -> StoreParams {
    StoreParams { path: config.store_path.clone(), cache_bytes: config.store_cache_bytes }
}

pub(crate) fn store(config: &Config) -> Result<Arc<Store>, Failure> {
    Ok(Arc::new(Store::open(&store_params(config))?))
}

pub(crate) fn submitter(config: &Config, clock: &SharedClock) -> Result<Arc<Submitter>, Failure> {
    config.check_pairing()?;
    let secret = config.optimizer.client_secret.open();
    let secret = secret.map_err(|error| error.in_file(&config.path))?.ok_or_else(|| {
        Failure::config(
            "sign in to the service: the client secret is missing",
            "run `aco-stream init`, or set ACO_STREAM_CLIENT_SECRET or optimizer.client_secret_file",
        )
    })?;
    let params = SubmitParams {
        ingestion_url: config.optimizer.ingestion_url.clone(),
        ims_url: config.optimizer.ims_url.clone(),
        ccm_url: config.optimizer.ccm_url.clone(),
        org_id: config.optimizer.org_id.clone(),
        tenant_id: config.optimizer.tenant_id.clone(),
        client_id: config.optimizer.client_id.clone(),
        client_secret: secret,
        timeout: config.optimizer.timeout,
    };
    Ok(Arc::new(Submitter::new(params, SharedClock::clone(clock))?))
}

/// The tenant by which processes agree on one that delivers; where its id is not configured, the
/// address has it.
pub(crate) fn tenant(config: &Config) -> String {
    let optimizer = &config.optimizer;
    if optimizer.tenant_id.is_empty() {
        optimizer.ingestion_url.trim_end_matches('/').to_owned()
    } else {
        optimizer.tenant_id.clone()
    }
}

pub(crate) fn deliver(config: &Config) -> DeliverParams {
    DeliverParams {
        limits: Limits {
            request_interval: config.limits.request_interval,
            products_per_minute: config.limits.products_per_minute,
            products_per_day: config.limits.products_per_day,
            prices_per_minute: config.limits.prices_per_minute,
        },
        in_flight_max: config.limits.requests_in_flight,
        gathering: GATHERING,
        special_price_dates: match config.special_price_dates {
            config::SpecialPriceDates::Respect => SpecialPriceDates::Respect,
            config::SpecialPriceDates::Ignore => SpecialPriceDates::Ignore,
        },
        extra_attributes: config.extra_attributes.clone(),
        disabled_rules: config.disabled_rules.clone(),
        disabled_store_views: config.disabled_store_views.clone(),
        disabled_websites: config.disabled_websites.clone(),
        disabled_customer_groups: config.disabled_customer_groups.clone(),
    }
}

/// The demo's own delivery: the licence's default limits, everything switched on.
pub(crate) fn demo_deliver() -> DeliverParams {
    DeliverParams {
        limits: Limits {
            request_interval: Duration::from_millis(500),
            products_per_minute: 1000,
            products_per_day: 100_000,
            prices_per_minute: 50_000,
        },
        in_flight_max: REQUESTS_IN_FLIGHT,
        gathering: GATHERING,
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::Registered,
        disabled_rules: DisabledRules::default(),
        disabled_store_views: std::collections::BTreeSet::new(),
        disabled_websites: std::collections::BTreeSet::new(),
        disabled_customer_groups: std::collections::BTreeSet::new(),
    }
}

/// A submitter for a sandbox on this machine.
pub(crate) fn sandbox_submitter(
    sandbox: &crate::sandbox::Sandbox,
    params: &crate::sandbox::SandboxParams,
    clock: &SharedClock,
) -> Result<Arc<Submitter>, Failure> {
    let params = SubmitParams {
        ingestion_url: sandbox.ingestion_url(),
        ims_url: sandbox.base_url(),
        ccm_url: sandbox.base_url(),
        org_id: params.org_id.clone(),
        tenant_id: params.tenant_id.clone(),
        client_id: params.client_id.clone(),
        client_secret: SecretString::from(params.client_secret.clone()),
        timeout: Duration::from_secs(30),
    };
    Ok(Arc::new(Submitter::new(params, SharedClock::clone(clock))?))
}
