//! The arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{CommerceEnvironment, LogFormat};
use crate::source::files::{ReplayEnd, ReplayPoint};

/// Keeps an Adobe Commerce Optimizer tenant equal to a shop, by reading the shop's binlog.
#[derive(Debug, Parser)]
#[command(name = "aco-stream", version, propagate_version = true)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, global = true, default_value = "aco-stream.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The form of log lines on stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// Log each request and step.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the main job with nothing to set up: sandbox, fixture shop, all feeds, real limits.
    Demo {
        /// Make the sandbox fail, as `sandbox --fail` does.
        #[arg(long, value_name = "RULE")]
        fail: Vec<String>,
    },
    /// Check the credentials and the tenant, and write the configuration; the secret encrypted.
    Init(InitArgs),
    /// Run the stand-in for IMS, CCM and the ingestion API on this machine.
    Sandbox(SandboxArgs),
    /// Take a snapshot if needed, follow the binlog, deliver.
    Run {
        /// End when what was written at the start is absorbed and every item is settled.
        #[arg(long)]
        once: bool,
        /// Absorb only; send nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Absorb binlog files instead of a server's binlog, and deliver the result.
    Replay(ReplayArgs),
    /// Print a feed's items as NDJSON, sorted by key.
    Export(ExportArgs),
    /// Print where every feed, or every item of one feed, stands.
    Status(StatusArgs),
    /// Say why an item looks as it does, and why it was or was not sent.
    Explain(ExplainArgs),
    /// Print what was asked of the service and what it answered, one JSON line a request.
    Requests(RequestsArgs),
    /// Read watched tables again, and deliver what differs.
    Reread {
        /// The tables, with or without the shop's table prefix.
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<String>,
    },
    /// Send a feed, or some of its items, again.
    Resync(ResyncArgs),
    /// Compare the database with the catalog copy, row by row.
    Reconcile {
        /// Read tables that differ again, and compare them once more.
        #[arg(long)]
        repair: bool,
        /// Print NDJSON.
        #[arg(long)]
        json: bool,
    },
    /// Check the source, the service and the configuration.
    Check {
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell how many items and requests a full sync is, and how long it takes.
    Estimate {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

/// The client secret is no argument: every user of the machine can read those. It comes from
/// `--client-secret-file`, from `ACO_STREAM_CLIENT_SECRET`, or is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The IMS organization that owns the tenant, as in `1234@AdobeOrg`; else the one in the file.
    #[arg(long, value_name = "ID")]
    pub(crate) org_id: Option<String>,
    /// The tenant (instance id); else the one in the file.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    /// The client of the OAuth server-to-server credential; else the one in the file.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// A file that holds the client secret and that only its owner may read.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The ingestion address, instead of the one that the tenant service names.
    #[arg(long, value_name = "URL")]
    pub(crate) ingestion_url: Option<String>,
    /// The key that encrypts the secret; made when missing. Else the one in the file, or the
    /// configuration file's name with `.key`.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The shop's environment: staging pairs with a sandbox tenant. Else the one in the file.
    #[arg(long, value_enum)]
    pub(crate) environment: Option<CommerceEnvironment>,
    /// Don't assemble and compare everything at the next run.
    #[arg(long)]
    pub(crate) no_full_sync: bool,
    /// Write a setup anew that is there already.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The files, in order, under their names on the server; `.zst` files too.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Leave out what is before this position: `FILE:OFFSET`, or a GTID set.
    #[arg(long, value_name = "POSITION")]
    pub(crate) from: Option<ReplayPoint>,
    /// Stop at this position, or before what was committed after this time (2026-01-31T08:00:00Z).
    #[arg(long, value_name = "END")]
    pub(crate) until: Option<ReplayEnd>,
    /// Absorb only; send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The feed.
    pub(crate) feed: String,
    /// The item's key: sku and store view, attribute code and store view, slug and store view, price
    /// book, sku and price book; or its first part, if that is enough.
    #[arg(required = true, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RequestsArgs {
    /// Only requests of this feed.
    #[arg(long, value_name = "FEED")]
    pub(crate) feed: Option<String>,
    /// Only items with this in their key: a sku, a store view, an attribute code, a price book id.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Only requests that left at this time or later (2026-01-31T08:00:00Z).
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<jiff::Timestamp>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective configuration and where each value came from; no secret.
    Show,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArgs {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:9465")]
    pub(crate) listen: SocketAddr,
    /// Whether the licence's limits are enforced.
    #[arg(long, value_enum, default_value_t = LimitsArg::Real)]
    pub(crate) limits: LimitsArg,
    /// Fail on purpose, for example `503:3`, `429:2`, `sku=ABC`; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub(crate) fail: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LimitsArg {
    /// Requests per second, items per minute and per day, as the licence has them.
    Real,
    /// None.
    Off,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The feed: products, productAttributes, priceBooks or prices.
    pub(crate) feed: String,
    /// Only items of this store view (or, for price books and prices, of this price book).
    #[arg(long, value_name = "CODE")]
    pub(crate) source: Option<String>,
    /// Only this key: a sku, an attribute code, a price book id.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// List the items of this feed instead of the summary.
    pub(crate) feed: Option<String>,
    /// Only items in this state: pending, accepted, deleted, retrying or parked.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct ResyncArgs {
    /// The feed: products, productAttributes, categories, categoryAttributes, priceBooks or prices.
    #[arg(long, value_name = "FEED")]
    pub(crate) feed: String,
    /// Only these, whatever the service accepted before.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) by_ids: Vec<String>,
    /// What the ids are: sku, productId, categoryId (or slug), attributeCode, priceBookId.
    #[arg(long, value_name = "TYPE")]
    pub(crate) id_type: Option<String>,
    /// Send what the service accepted already, too.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the requests as NDJSON; send and store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Forget what the service has of the feed, then send everything.
    #[arg(long)]
    pub(crate) cleanup_feed: bool,
    /// Go on with an interrupted resync instead of starting over.
    #[arg(long)]
    pub(crate) continue_resync: bool,
    /// Confirm --cleanup-feed.
    #[arg(long)]
    pub(crate) yes: bool,
}
