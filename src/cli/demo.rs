//! `demo`: the main job with nothing to set up.
//!
//! A sandbox on loopback, the fixture shop's binlog replayed into a temporary store, all feeds
//! delivered under the real limits, and a comparison of what the sandbox holds with what the
//! fixture shop is known to contain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use indicatif::MultiProgress;
use serde_json::Value as Json;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, progress, run, sandbox, wire};
use crate::engine::{self, Gauges, ReplayParams};
use crate::feed::Feed;
use crate::sandbox::{Sandbox, SandboxParams};
use crate::source::files::ReplayRange;
use crate::store::{Store, StoreParams};

/// The recorded binlog of the fixture shop and a day of changes to it.
const BINLOG: &[u8] = include_bytes!("../../fixtures/binlog/story-mariadb.bin.zst");
/// The schema the fixture was recorded under.
const DATABASE: &str = "shop";
/// What the service must hold in the end, one body a line: reviewed files, not our own output.
const EXPECTED: [(Feed, &str); 6] = [
    (
        Feed::ProductAttributes,
        include_str!("../../fixtures/expected/story/productAttributes.ndjson"),
    ),
    (
        Feed::CategoryAttributes,
        include_str!("../../fixtures/expected/story/categoryAttributes.ndjson"),
    ),
    (Feed::Categories, include_str!("../../fixtures/expected/story/categories.ndjson")),
    (Feed::Products, include_str!("../../fixtures/expected/story/products.ndjson")),
    (Feed::PriceBooks, include_str!("../../fixtures/expected/story/priceBooks.ndjson")),
    (Feed::Prices, include_str!("../../fixtures/expected/story/prices.ndjson")),
];

pub(crate) async fn demo(fail: &[String], bars: &MultiProgress) -> Result<Exit, Failure> {
    let params = SandboxParams { fail: sandbox::fail_rules(fail)?, ..SandboxParams::default() };
    let clock = wire::clock();
    let (service, serving) = Sandbox::start(params.clone(), wire::clock()).await?;
    tracing::info!(url = %service.base_url(), "sandbox listens");
    let folder = TemporaryFolder::new()?;
    let submitter = wire::sandbox_submitter(&service, &params, &clock)?;
    let gauges = Arc::new(Gauges::default());
    let store = StoreParams { path: folder.0.join("store"), cache_bytes: 64 << 20 };
    let store = Arc::new(Store::open(&store)?);
    let binlog = folder.0.join("story.bin.zst");
    std::fs::write(&binlog, BINLOG).map_err(Failure::system("write to a temporary folder"))?;
    let replay = ReplayParams {
        database: DATABASE.to_owned(),
        table_prefix: String::new(),
        files: vec![binlog],
        range: ReplayRange::default(),
        is_delivered: true,
    };
    engine::absorb_files(&store, &gauges, &replay)?;
    tracing::info!(
        transactions = gauges.transactions.load(Ordering::Relaxed),
        row_changes = gauges.row_changes.load(Ordering::Relaxed),
        "fixture binlog absorbed"
    );
    let deliver = wire::demo_deliver();
    let delivering = engine::deliver_absorbed(&store, &clock, &gauges, &submitter, deliver);
    let stop = run::told_to_stop()?;
    tokio::select! {
        outcome = delivering => outcome?,
        outcome = serving => {
            outcome?;
            return Err(Failure::failed("keep the sandbox running until everything is delivered"));
        }
        () = stop => return Ok(Exit::Failed),
        never = progress::show(Arc::clone(&gauges), wire::clock(), bars.clone()) => match never {},
    }
    progress::clear(bars);
    output::line(&table(&gauges))?;
    let differences = differences(&service)?;
    service.shutdown();
    if differences.is_empty() {
        output::line("the sandbox holds exactly what the fixture shop contains")?;
        return Ok(Exit::Done);
    }
    let shown: Vec<String> = differences.iter().take(10).cloned().collect();
    let more = differences.len().saturating_sub(shown.len());
    let more = if more == 0 { String::new() } else { format!("\n  and {more} more") };
    Err(Failure::failed(format!(
        "find in the sandbox what the fixture shop contains: {} items differ:\n  {}{more}",
        differences.len(),
        shown.join("\n  ")
    )))
}

/// The summary: what each feed took.
fn table(gauges: &Gauges) -> String {
    let header = ["feed", "assembled", "accepted", "parked", "requests", "seconds"];
    let rows: Vec<Vec<String>> = Feed::ALL
        .into_iter()
        .map(|feed| {
            let counters = gauges.feed(feed);
            let busy_ms = counters.busy_ms.load(Ordering::Relaxed);
            vec![
                feed.name().to_owned(),
                counters.assembled.load(Ordering::Relaxed).to_string(),
                counters.accepted.load(Ordering::Relaxed).to_string(),
                counters.parked.load(Ordering::Relaxed).to_string(),
                counters.requests.load(Ordering::Relaxed).to_string(),
                format!("{}.{}", busy_ms / 1000, busy_ms % 1000 / 100),
            ]
        })
        .collect();
    output::table(&header, &rows)
}

/// What the sandbox holds and should not, lacks, or holds differently.
fn differences(service: &Sandbox) -> Result<Vec<String>, Failure> {
    let mut differences = Vec::new();
    for (feed, expected) in EXPECTED {
        let mut wanted: BTreeMap<String, Json> = BTreeMap::new();
        for line in expected.lines() {
            let body: Json = serde_json::from_str(line)
                .map_err(|error| Failure::failed(format!("read what is expected: {error}")))?;
            wanted.insert(name(&body), body);
        }
        for body in service.items(feed.name()) {
            let name = name(&body);
            match wanted.remove(&name) {
                None => differences.push(format!("{feed} {name}: not in the shop")),
                Some(wanted) if wanted != body => {
                    differences.push(format!("{feed} {name}: differs from the shop's"));
                }
                Some(_) => {}
            }
        }
        differences.extend(wanted.keys().map(|name| format!("{feed} {name}: missing")));
    }
    Ok(differences)
}

/// The identity of a body, whatever its feed.
fn name(body: &Json) -> String {
    let parts = ["sku", "code", "priceBookId"].iter().filter_map(|field| body.get(field));
    // A product's slug is no part of its identity.
    let slug = body.get("slug").filter(|_| body.get("sku").is_none());
    let locale = body.pointer("/source/locale");
    let parts: Vec<&str> =
        slug.into_iter().chain(parts).chain(locale).filter_map(Json::as_str).collect();
    parts.join(" | ")
}

/// A folder that goes with the process.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("aco-stream-demo-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(Failure::system("create a temporary folder"))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), error = %error, "temporary folder left behind");
    }
}
