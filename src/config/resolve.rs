//! What becomes of the file: every value checked, with its default and its origin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::config::client_secret::{ClientSecret, SecretSettings};
use crate::config::file::{
    CommerceEnvironment, Environment, File, LimitsSection, OnLostPosition, OptimizerSection,
    SourceSection, SpecialPriceDates, Tls, WordOrCodes,
};
use crate::config::sealed::SealedFor;
use crate::config::show::{Origin, Shown};
use crate::config::snapshot::Snapshot;
use crate::config::{ConfigError, secret, url};
use crate::feed::{DisabledRules, ExtraAttribute, ExtraAttributes, Rule};

/// Requests in flight at once by default: enough that answers of three seconds don't waste a budget of
/// two requests a second.
pub const REQUESTS_IN_FLIGHT: usize = 8;

pub(crate) const IMS_URL: &str = "https://ims-na1.adobelogin.com";
pub(crate) const CCM_URL: &str = "https://ccm.api.commerce.adobe.com";
pub(crate) const STORE_PATH: &str = "aco-stream.db";
pub(crate) const STORE_CACHE_MB: u64 = 128;

/// The effective configuration: every value has its file's, environment's or default form.
#[derive(Debug)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// The shop's environment, which the tenant's pairs with.
    pub environment: CommerceEnvironment,
    /// The shop's database.
    pub source: Source,
    /// The service.
    pub optimizer: Optimizer,
    /// The licence's budgets.
    pub limits: Budgets,
    /// Store view codes that are not exported.
    pub disabled_store_views: BTreeSet<String>,
    /// Website codes that are not exported.
    pub disabled_websites: BTreeSet<String>,
    /// Customer group names that are not exported.
    pub disabled_customer_groups: BTreeSet<String>,
    /// Extra attributes of products.
    pub extra_attributes: ExtraAttributes,
    /// Rules of the service that items are not held to.
    pub disabled_rules: DisabledRules,
    /// Special price dates.
    pub special_price_dates: SpecialPriceDates,
    /// The store's directory.
    pub store_path: PathBuf,
    /// sled's page cache.
    pub store_cache_bytes: u64,
    /// Key, shown value and origin of every value, in the file's order.
    pub origins: Vec<(&'static str, String, Origin)>,
}

/// The shop's database.
#[derive(Debug)]
pub struct Source {
    /// The database user.
    pub user: String,
    /// The database host.
    pub host: String,
    /// The database port.
    pub port: u16,
    /// The shop's database.
    pub database: String,
    /// The database password, if one is needed.
    pub password: Option<SecretString>,
    /// TLS to the source.
    pub tls: Tls,
    /// The CA's certificate, PEM.
    pub tls_ca_file: Option<PathBuf>,
    /// The shop's table prefix.
    pub table_prefix: String,
    /// Our replication server id.
    pub server_id: u32,
    /// How often the source sends a heartbeat on an idle stream.
    pub heartbeat: Duration,
    /// What to do when the source lost our position.
    pub on_lost_position: OnLostPosition,
    /// How hard tables may be read.
    pub snapshot: Snapshot,
}

/// The service.
#[derive(Debug)]
pub struct Optimizer {
    /// The ingestion URL, with the tenant.
    pub ingestion_url: String,
    /// The IMS URL.
    pub ims_url: String,
    /// The CCM URL.
    pub ccm_url: String,
    /// The IMS organisation.
    pub org_id: String,
    /// The tenant.
    pub tenant_id: String,
    /// The OAuth client.
    pub client_id: String,
    /// The OAuth client's secret.
    pub client_secret: ClientSecret,
    /// How long a request may take.
    pub timeout: Duration,
}

/// The licence's budgets.
#[derive(Debug)]
pub struct Budgets {
    /// The time between two requests.
    pub request_interval: Duration,
    /// Product items per minute.
    pub products_per_minute: u32,
    /// Product items per day.
    pub products_per_day: u32,
    /// Price items per minute.
    pub prices_per_minute: u32,
    /// Requests on their way at once, 1 to 64.
    pub requests_in_flight: usize,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// The file is unreadable, holds an unknown key or a wrong type, or a value is out of range:
    /// the message names the key. Nothing was started.
    pub fn read(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let file = File::read(path)?;
        if file.optimizer.client_secret_encrypted.is_some() {
            secret::check_config_file(path)?;
        }
        resolve(path, file, environment).map_err(|error| error.in_file(path))
    }
}

fn resolve(path: &Path, file: File, environment: &Environment) -> Result<Config, ConfigError> {
    let mut shown = Shown::default();
    let source = Source::of(&mut shown, file.source, environment)?;
    let environment_of_shop =
        pair(&mut shown, file.commerce.environment, file.optimizer.environment)?;
    let optimizer = Optimizer::of(&mut shown, file.optimizer, environment)?;
    let limits = Budgets::of(&mut shown, &file.limits)?;
    let scopes = file.scopes;
    let disabled_store_views =
        shown.list("scopes.disabled_store_views", scopes.disabled_store_views);
    let disabled_websites = shown.list("scopes.disabled_websites", scopes.disabled_websites);
    let disabled_customer_groups =
        shown.list("scopes.disabled_customer_groups", scopes.disabled_customer_groups);
    let disabled_rules = disabled_rules(&mut shown, file.feeds.disabled_rules)?;
    let extra_attributes = extra_attributes(&mut shown, file.feeds.products.extra_attributes)?;
    let special_price_dates = shown.take(
        "feeds.prices.special_price_dates",
        file.feeds.prices.special_price_dates,
        SpecialPriceDates::Respect,
    );
    let store_path = shown.take("store.path", file.store.path, PathBuf::from(STORE_PATH));
    let cache_mb = shown.take("store.cache_mb", file.store.cache_mb, STORE_CACHE_MB);
    within("store.cache_mb", cache_mb, 16, 65_536)?;
    Ok(Config {
        path: path.to_owned(),
        environment: environment_of_shop,
        source,
        optimizer,
        limits,
        disabled_store_views,
        disabled_websites,
        disabled_customer_groups,
        disabled_rules,
        extra_attributes,
        special_price_dates,
        store_path,
        store_cache_bytes: cache_mb.saturating_mul(1 << 20),
        origins: shown.entries,
    })
}

impl Source {
    fn of(
        shown: &mut Shown,
        file: SourceSection,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let url_text = required("source.url", file.url)?;
        let address =
            url::parse(&url_text).map_err(|message| ConfigError::value("source.url", message))?;
        shown.set("source.url", &url_text, Origin::File);
        let password = shown.secret(
            "source.password",
            environment.source_password.clone(),
            file.password_file.as_deref(),
            |path| secret::read("source.password_file", path),
        )?;
        let tls = shown.take("source.tls", file.tls, Tls::VerifyFull);
        let tls_ca_file = shown.optional("source.tls_ca_file", file.tls_ca_file);
        let table_prefix = shown.take("source.table_prefix", file.table_prefix, String::new());
        let own_id = default_server_id(&url_text, &environment.place);
        let server_id = shown.take("source.server_id", file.server_id, own_id);
        let heartbeat = shown.take("source.heartbeat_seconds", file.heartbeat_seconds, 5);
        within("source.heartbeat_seconds", heartbeat, 1, 300)?;
        let on_lost_position =
            shown.take("source.on_lost_position", file.on_lost_position, OnLostPosition::Stop);
        let snapshot = Snapshot::of(shown, &file.snapshot)?;
        Ok(Self {
            user: address.user,
            host: address.host,
            port: address.port,
            database: address.database,
            password,
            tls,
            tls_ca_file,
            table_prefix,
            server_id,
            heartbeat: Duration::from_secs(heartbeat),
            on_lost_position,
            snapshot,
        })
    }
}

impl Optimizer {
    fn of(
        shown: &mut Shown,
        file: OptimizerSection,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let ingestion_url = required("optimizer.ingestion_url", file.ingestion_url)?;
        check_address("optimizer.ingestion_url", &ingestion_url)?;
        shown.set("optimizer.ingestion_url", &ingestion_url, Origin::File);
        let ims_url = shown.take("optimizer.ims_url", file.ims_url, IMS_URL.to_owned());
        check_address("optimizer.ims_url", &ims_url)?;
        let ccm_url = shown.take("optimizer.ccm_url", file.ccm_url, CCM_URL.to_owned());
        check_address("optimizer.ccm_url", &ccm_url)?;
        let org_id = shown.take("optimizer.org_id", file.org_id, String::new());
        let tenant_id = shown.take("optimizer.tenant_id", file.tenant_id, String::new());
        let client_id = shown.take("optimizer.client_id", file.client_id, String::new());
        let settings = SecretSettings {
            file: file.client_secret_file,
            encrypted: file.client_secret_encrypted,
            key_file: file.key_file,
            of: SealedFor { tenant_id: tenant_id.clone(), client_id: client_id.clone() },
        };
        let client_secret = ClientSecret::of(shown, settings, environment)?;
        let timeout = shown.take("optimizer.timeout_seconds", file.timeout_seconds, 30);
        within("optimizer.timeout_seconds", timeout, 1, 600)?;
        Ok(Self {
            ingestion_url,
            ims_url,
            ccm_url,
            org_id,
            tenant_id,
            client_id,
            client_secret,
            timeout: Duration::from_secs(timeout),
        })
    }
}

impl Budgets {
    fn of(shown: &mut Shown, limits: &LimitsSection) -> Result<Self, ConfigError> {
        const RATE: &str = "limits.requests_per_second";
        const IN_FLIGHT: &str = "limits.requests_in_flight";
        let rate = shown.take(RATE, limits.requests_per_second, 2.0);
        if !(0.01..=1000.0).contains(&rate) {
            let message = format!("{rate} is not within 0.01 and 1000");
            return Err(ConfigError::value(RATE, message));
        }
        let minute = shown.take("limits.products_per_minute", limits.products_per_minute, 1000);
        within("limits.products_per_minute", u64::from(minute), 1, 1_000_000)?;
        let day = shown.take("limits.products_per_day", limits.products_per_day, 100_000);
        within("limits.products_per_day", u64::from(day), 1, 100_000_000)?;
        let prices = shown.take("limits.prices_per_minute", limits.prices_per_minute, 50_000);
        within("limits.prices_per_minute", u64::from(prices), 1, 100_000_000)?;
        let default = u32::try_from(REQUESTS_IN_FLIGHT).unwrap_or(1);
        let in_flight = shown.take(IN_FLIGHT, limits.requests_in_flight, default);
        within(IN_FLIGHT, u64::from(in_flight), 1, 64)?;
        Ok(Self {
            request_interval: Duration::from_secs_f64(rate.recip()),
            products_per_minute: minute,
            products_per_day: day,
            prices_per_minute: prices,
            requests_in_flight: usize::try_from(in_flight).unwrap_or(REQUESTS_IN_FLIGHT),
        })
    }
}

/// A staging shop must not feed a production tenant, nor the other way round.
fn pair(
    shown: &mut Shown,
    commerce: Option<CommerceEnvironment>,
    optimizer: Option<CommerceEnvironment>,
) -> Result<CommerceEnvironment, ConfigError> {
    let shop = shown.take("commerce.environment", commerce, CommerceEnvironment::Staging);
    let tenant = optimizer.unwrap_or(CommerceEnvironment::Staging);
    let name = match tenant {
        CommerceEnvironment::Staging => "sandbox",
        CommerceEnvironment::Production => "production",
    };
    let origin = if optimizer.is_some() { Origin::File } else { Origin::Default };
    shown.set("optimizer.environment", name, origin);
    if shop == tenant {
        return Ok(shop);
    }
    Err(ConfigError::value(
        "optimizer.environment",
        "it does not pair with commerce.environment: staging goes with sandbox, production with \
         production",
    ))
}

/// The names of rules of the service.
fn disabled_rules(shown: &mut Shown, file: Vec<String>) -> Result<DisabledRules, ConfigError> {
    const KEY: &str = "feeds.disabled_rules";
    let names = shown.list(KEY, file);
    let rules = names.iter().map(|name| {
        Rule::with_name(name).ok_or_else(|| {
            let known = Rule::ALL.map(Rule::name).join(", ");
            ConfigError::value(KEY, format!("{name:?} is none of {known}"))
        })
    });
    Ok(DisabledRules(rules.collect::<Result<_, _>>()?))
}

/// `"auto"`, or the codes of extra attributes.
fn extra_attributes(
    shown: &mut Shown,
    file: Option<WordOrCodes>,
) -> Result<ExtraAttributes, ConfigError> {
    const KEY: &str = "feeds.products.extra_attributes";
    const AUTO: &str = "auto";
    let codes = match shown.take(KEY, file, WordOrCodes::Word(AUTO.to_owned())) {
        WordOrCodes::Word(word) if word == AUTO => return Ok(ExtraAttributes::Registered),
        WordOrCodes::Word(word) => {
            let message = format!("{word:?} is neither \"auto\" nor a list of codes");
            return Err(ConfigError::value(KEY, message));
        }
        WordOrCodes::Codes(codes) => codes,
    };
    let attributes = codes.iter().map(|code| {
        ExtraAttribute::with_code(code).ok_or_else(|| {
            let known = ExtraAttribute::ALL.map(ExtraAttribute::code).join(", ");
            ConfigError::value(KEY, format!("{code:?} is none of {known}"))
        })
    });
    Ok(ExtraAttributes::These(attributes.collect::<Result<_, _>>()?))
}

fn required(key: &'static str, value: Option<String>) -> Result<String, ConfigError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| ConfigError::value(key, "it is missing"))
}

/// Tokens and catalog data go in clear text only to this machine.
///
/// # Errors
/// The address is neither https nor this machine's; `key` names where it stands.
pub fn check_address(key: &'static str, url: &str) -> Result<(), ConfigError> {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    if authority.is_some_and(|authority| authority.contains('@')) {
        // It is not repeated, for it may hold a password.
        return Err(ConfigError::value(
            key,
            "a user or a password in it is of no use; leave it out",
        ));
    }
    let is_loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .filter_map(|prefix| url.strip_prefix(prefix))
        .any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    if url.starts_with("https://") || is_loopback {
        return Ok(());
    }
    Err(ConfigError::value(key, "expected an https:// URL; http:// is for this machine only"))
}

pub(crate) fn within(key: &'static str, value: u64, min: u64, max: u64) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::value(key, format!("{value} is not within {min} and {max}")))
}

/// A server id that two streamers hardly share, be it of different shops or at different places;
/// stable for one source URL at one place.
fn default_server_id(url: &str, place: &str) -> u32 {
    0x4000_0000 | (crc32fast::hash(format!("{url} {place}").as_bytes()) >> 2)
}
