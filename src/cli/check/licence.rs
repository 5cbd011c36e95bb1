//! The part of `check` that is about the licence: its limits, and what is used of it.

use crate::cli::exit::Failure;
use crate::cli::wire;
use crate::config::Config;
use crate::engine;
use crate::feed::Feed;
use crate::pace::{LicenceUse, doubts_of_limits, doubts_of_use};
use crate::source::Finding;
use crate::status::{Question, Report, ask, socket_path};
use crate::store::{Store, StoreError};

pub(super) fn findings(config: &Config) -> Result<Vec<Finding>, Failure> {
    let limits = wire::deliver(config).limits;
    let doubts = doubts_of_limits(&limits).into_iter().chain(doubts_of_use(used(config)?));
    let mut findings: Vec<Finding> =
        doubts.map(|doubt| Finding::warning(doubt.check, doubt.message, doubt.fix)).collect();
    if findings.iter().all(|finding| finding.check != "limits") {
        findings.push(Finding::ok("limits", "a licence can have the configured limits"));
    }
    Ok(findings)
}

/// What is used of the licence, as far as the store or the process that has it tells.
fn used(config: &Config) -> Result<LicenceUse, Failure> {
    let is_there = config.store_path.join("db").try_exists();
    if !is_there.map_err(Failure::system("look for the store"))? {
        return Ok(LicenceUse::default());
    }
    match Store::open(&wire::store_params(config)) {
        Ok(store) => Ok(engine::licence_use(&store)?),
        Err(StoreError::InUse { .. }) => {
            let mut report = None;
            let mut each = |line: &str| report = serde_json::from_str::<Report>(line).ok();
            let asked = ask(&socket_path(&config.store_path), &Question::Summary, &mut each);
            let report = asked.ok().and(report);
            let books = report.and_then(|report| {
                let mut feeds = report.feeds.into_iter();
                feeds.find(|feed| feed.feed == Feed::PriceBooks.name())
            });
            let price_books = books.map(|feed| feed.accepted);
            Ok(LicenceUse { price_books, ..LicenceUse::default() })
        }
        Err(other) => Err(other.into()),
    }
}
