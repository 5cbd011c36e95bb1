//! `status`.

use std::path::Path;

use crate::cli::args::StatusArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};
use crate::feed::Feed;
use crate::ledger::ItemState;
use crate::status::{ItemReport, Report};
use crate::store::Store;

pub(crate) fn status(path: &Path, args: &StatusArgs) -> Result<Exit, Failure> {
    let state = args.state.as_deref().map(item_state).transpose()?;
    let feed = args.feed.as_deref().map(feed_named).transpose()?;
    if state.is_some() && feed.is_none() {
        let hint = "name one, as in `aco-stream status products --state parked`";
        return Err(Failure::usage("use --state without a feed", hint));
    }
    let config = wire::read_config(path)?;
    let store = wire::store(&config)?;
    match feed {
        Some(feed) => items(&store, feed, state, args.json),
        None => summary(&store, args.json),
    }
}

pub(crate) fn feed_named(name: &str) -> Result<Feed, Failure> {
    Feed::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Feed::ALL.iter().map(|feed| feed.name()).collect();
        Failure::usage(
            format!("find a feed named '{name}'"),
            format!("the feeds are {}", known.join(", ")),
        )
    })
}

fn item_state(name: &str) -> Result<ItemState, Failure> {
    const STATES: [ItemState; 5] = [
        ItemState::Pending,
        ItemState::Accepted,
        ItemState::Deleted,
        ItemState::Retrying,
        ItemState::Parked,
    ];
    STATES.into_iter().find(|state| state.name() == name).ok_or_else(|| {
        let known = STATES.map(ItemState::name).join(", ");
        Failure::usage(format!("find a state named '{name}'"), format!("the states are {known}"))
    })
}

fn summary(store: &Store, json: bool) -> Result<Exit, Failure> {
    let report = Report::read(store, wire::clock().now())?;
    if json {
        let text = serde_json::to_string(&report).map_err(not_written)?;
        output::line(&text)?;
        return Ok(Exit::Done);
    }
    output::line(&format!("position  {}", report.position.as_deref().unwrap_or("none yet")))?;
    output::line(&format!("snapshot  {}, {} rows", report.snapshot, report.snapshot_rows))?;
    let header = ["feed", "source", "accepted", "pending", "retrying", "parked", "dirty"];
    let rows: Vec<Vec<String>> = report
        .feeds
        .iter()
        .map(|feed| {
            let dirty = if feed.is_mass_load { "all".to_owned() } else { feed.dirty.to_string() };
            let counts = [feed.source, feed.accepted, feed.pending, feed.retrying, feed.parked];
            let counts = counts.iter().map(u64::to_string);
            std::iter::once(feed.feed.clone()).chain(counts).chain([dirty]).collect()
        })
        .collect();
    output::line(&output::table(&header, &rows))?;
    Ok(Exit::Done)
}

fn items(store: &Store, feed: Feed, state: Option<ItemState>, json: bool) -> Result<Exit, Failure> {
    let mut outcome = Ok(());
    store.each_ledger_record(feed, &mut |key, record| {
        if outcome.is_err() || state.is_some_and(|state| state != record.state) {
            return;
        }
        let item = ItemReport::of(&key, &record);
        let text = if json {
            serde_json::to_string(&item).map_err(not_written)
        } else {
            let mut parts = vec![format!("{:<9} {key}", item.state)];
            if item.code != 0 {
                parts.push(format!("HTTP {}", item.code));
            }
            if !item.request_id.is_empty() {
                parts.push(format!("request {}", item.request_id));
            }
            parts.push(item.message);
            let text = parts.join("  ").trim_end().to_owned();
            Ok(text)
        };
        outcome = text.and_then(|text| output::line(&text));
    })?;
    outcome.map(|()| Exit::Done)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` wants")]
fn not_written(error: serde_json::Error) -> Failure {
    Failure::failed(format!("write JSON: {error}"))
}
