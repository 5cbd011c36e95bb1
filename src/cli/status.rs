//! `status`.

use std::path::Path;

use crate::cli::args::StatusArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};
use crate::feed::Feed;
use crate::ledger::ItemState;
use crate::status::{ItemReport, Question, Report, SourceState, answer, ask, socket_path};
use crate::store::{Store, StoreError};

pub(crate) fn status(path: &Path, args: &StatusArgs) -> Result<Exit, Failure> {
    args.feed.as_deref().map(feed_named).transpose()?;
    args.state.as_deref().map(check_state).transpose()?;
    if args.state.is_some() && args.feed.is_none() {
        let hint = "name one, as in `aco-stream status products --state parked`";
        return Err(Failure::usage("use --state without a feed", hint));
    }
    let config = wire::read_config(path)?;
    let question = match &args.feed {
        Some(feed) => Question::Items { feed: feed.clone(), state: args.state.clone() },
        None => Question::Summary,
    };
    let mut outcome = Ok(());
    let mut each = |line: &str| {
        if outcome.is_ok() {
            outcome = rendered(line, args).and_then(|text| output::line(&text));
        }
    };
    match Store::open(&wire::store_params(&config)) {
        Ok(store) => {
            answer(&store, None, &question, wire::clock().now(), &mut |line| {
                each(&line);
                Ok(())
            })?;
        }
        // A running process has it: ask that one.
        Err(in_use @ StoreError::InUse { .. }) => {
            if ask(&socket_path(&config.store_path), &question, &mut each).is_err() {
                return Err(in_use.into());
            }
        }
        Err(other) => return Err(other.into()),
    }
    outcome.map(|()| Exit::Done)
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

fn check_state(name: &str) -> Result<(), Failure> {
    if ItemState::from_name(name).is_some() {
        return Ok(());
    }
    let known = ItemState::ALL.map(ItemState::name).join(", ");
    Err(Failure::usage(format!("find a state named '{name}'"), format!("the states are {known}")))
}

fn rendered(line: &str, args: &StatusArgs) -> Result<String, Failure> {
    if args.json {
        return Ok(line.to_owned());
    }
    if args.feed.is_some() {
        return serde_json::from_str(line).map(|item| item_text(&item)).map_err(not_read);
    }
    serde_json::from_str(line).map(|report| summary_text(&report)).map_err(not_read)
}

fn summary_text(report: &Report) -> String {
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
    let source = report.source.as_ref();
    let delivery = report.delivery.as_ref();
    let delivery = delivery.map_or(String::new(), |role| format!("delivery  {}\n", role.text()));
    format!(
        "position  {}\nsnapshot  {}, {} rows\nsource    {}\n{delivery}{}",
        report.position.as_deref().unwrap_or("none yet"),
        report.snapshot,
        report.snapshot_rows,
        source.map_or_else(|| "no process runs".to_owned(), SourceState::text),
        output::table(&header, &rows)
    )
}

fn item_text(item: &ItemReport) -> String {
    let mut parts = vec![format!("{:<9} {}", item.state, item.key.join(" | "))];
    if item.code != 0 {
        parts.push(format!("HTTP {}", item.code));
    }
    if !item.request_id.is_empty() {
        parts.push(format!("request {}", item.request_id));
    }
    parts.push(item.message.clone());
    parts.join("  ").trim_end().to_owned()
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` wants")]
fn not_read(error: serde_json::Error) -> Failure {
    Failure::failed(format!("read the answer of the running process: {error}"))
}
