//! `resync`: has a feed, or some of its items, sent again.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use jiff::Timestamp;

use crate::cli::args::ResyncArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, status, wire};
use crate::engine::{
    DeliverParams, IdType, ResyncRequest, ResyncScheduled, preview_resync, request_resync,
};
use crate::feed::Feed;
use crate::ledger::Ask;
use crate::status::{Question, ResyncAnswer, ResyncQuestion, ask, socket_path};
use crate::store::{Store, StoreError};

pub(crate) fn resync(path: &Path, args: &ResyncArgs) -> Result<Exit, Failure> {
    let question = question(args)?;
    let config = wire::read_config(path)?;
    let is_cleaning = args.cleanup_feed && !args.dry_run;
    let mut each = |line: &str| output::line(line).is_ok();
    let answer = match Store::open(&wire::store_params(&config)) {
        Ok(store) => {
            let params = wire::deliver(&config);
            if is_cleaning {
                let mut unsent = 0;
                let mut count = |line: &str| {
                    unsent += deletes(line);
                    true
                };
                let now = wire::clock().now();
                report_error(&answer(&store, &params, &preview(&args.feed), now, &mut count))?;
                warn_of_cleanup((count_held(&store, &args.feed)?, unsent), args)?;
            }
            answer(&store, &params, &question, wire::clock().now(), &mut each)
        }
        // A running process has it: ask that one.
        Err(in_use @ StoreError::InUse { .. }) => {
            let socket = socket_path(&config.store_path);
            if is_cleaning {
                let (mut held, mut unsent) = (0, 0);
                let summary = Question::Summary;
                let counted = ask(&socket, &summary, &mut |line| held = accepted(line, &args.feed))
                    .and_then(|()| {
                        let preview = Question::Resync(preview(&args.feed));
                        ask(&socket, &preview, &mut |line| unsent += deletes(line))
                    });
                if counted.is_err() {
                    return Err(in_use.into());
                }
                warn_of_cleanup((held, unsent), args)?;
            }
            let mut last = None;
            let asked = ask(&socket, &Question::Resync(question.clone()), &mut |line| {
                match serde_json::from_str::<ResyncAnswer>(line) {
                    Ok(answer) => last = Some(answer),
                    Err(_) => drop(each(line)),
                }
            });
            match (asked, last) {
                (Ok(()), Some(answer)) => answer,
                (Err(_), None) => return Err(in_use.into()),
                (_, _) => {
                    let message = "schedule the resync: the running process did not answer";
                    return Err(Failure::failed(message));
                }
            }
        }
        Err(other) => return Err(other.into()),
    };
    report(&answer, args)
}

/// Grants what is asked for, or shows it; the same in a running process and without one.
pub(crate) fn answer(
    store: &Store,
    params: &DeliverParams,
    question: &ResyncQuestion,
    now: Timestamp,
    each: &mut dyn FnMut(&str) -> bool,
) -> ResyncAnswer {
    let failed = |error: String| ResyncAnswer { error: Some(error), ..ResyncAnswer::default() };
    let Some(request) = request(question) else {
        return failed("the question is not understood".to_owned());
    };
    let scheduled = if question.is_dry_run {
        preview_resync(store, params, &request, now, &mut |line| each(&line.to_string()))
    } else {
        request_resync(store, &request)
    };
    match scheduled {
        Ok(ResyncScheduled { owners, keys, unknown, nothing_to_continue }) => {
            ResyncAnswer { owners, keys, unknown, nothing_to_continue, error: None }
        }
        Err(error) => failed(error.to_string()),
    }
}

fn request(question: &ResyncQuestion) -> Option<ResyncRequest> {
    let ids = match &question.id_type {
        Some(name) => Some((IdType::from_name(name)?, question.ids.clone())),
        None => None,
    };
    let is_forced = question.is_forced || ids.is_some();
    let ask = match (question.is_forgotten, is_forced) {
        (true, _) => Ask::Forget,
        (false, true) => Ask::Force,
        (false, false) => Ask::Retry,
    };
    let feed = Feed::from_name(&question.feed)?;
    Some(ResyncRequest { feed, ids, ask, is_continued: question.is_continued })
}

/// What the arguments ask for; those that contradict each other are refused.
fn question(args: &ResyncArgs) -> Result<ResyncQuestion, Failure> {
    let feed = status::feed_named(&args.feed)?;
    let refused = |both: &str, hint: &str| Err(Failure::usage(format!("use {both}"), hint));
    let has_ids = !args.by_ids.is_empty();
    if args.id_type.is_some() && !has_ids {
        return refused("--id-type without --by-ids", "name the ids with --by-ids=A,B");
    }
    if has_ids && args.cleanup_feed {
        return refused(
            "--by-ids together with --cleanup-feed",
            "--cleanup-feed is about a whole feed; --by-ids sends its items in any case",
        );
    }
    if has_ids && args.continue_resync {
        return refused(
            "--by-ids together with --continue-resync",
            "only a resync of a whole feed can be gone on with",
        );
    }
    if args.cleanup_feed && args.continue_resync {
        return refused(
            "--cleanup-feed together with --continue-resync",
            "a cleanup starts over; leave one of the two out",
        );
    }
    if args.yes && !args.cleanup_feed {
        return refused("--yes without --cleanup-feed", "nothing else asks for a confirmation");
    }
    let id_type = has_ids.then(|| id_type(feed, args.id_type.as_deref())).transpose()?;
    Ok(ResyncQuestion {
        feed: feed.name().to_owned(),
        id_type: id_type.map(|id_type| id_type.name().to_owned()),
        ids: args.by_ids.clone(),
        is_forced: args.force,
        is_forgotten: args.cleanup_feed,
        is_continued: args.continue_resync,
        is_dry_run: args.dry_run,
    })
}

fn id_type(feed: Feed, name: Option<&str>) -> Result<IdType, Failure> {
    let types = IdType::of_feed(feed);
    let found = match name {
        None => types.first(),
        Some(name) => types.iter().find(|id_type| id_type.name() == name),
    };
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = types.iter().map(|id_type| id_type.name()).collect();
        let name = name.unwrap_or_default();
        Failure::usage(
            format!("find ids of type '{name}' in {feed}"),
            format!("the types of {feed} are {}", known.join(", ")),
        )
    })
}

/// How many keys of a feed the service holds, as far as we know.
fn count_held(store: &Store, feed: &str) -> Result<u64, Failure> {
    let mut held = 0;
    if let Some(feed) = Feed::from_name(feed) {
        store.each_ledger_record(feed, &mut |_, record| {
            held += u64::from(record.accepted.is_some());
        })?;
    }
    Ok(held)
}

/// The same from a report.
fn accepted(line: &str, feed: &str) -> u64 {
    let report = serde_json::from_str::<crate::status::Report>(line).ok();
    let feeds = report.map(|report| report.feeds).unwrap_or_default();
    feeds.into_iter().find(|found| found.feed == feed).map_or(0, |found| found.accepted)
}

/// What an ordinary resync would send, deletes among it.
fn preview(feed: &str) -> ResyncQuestion {
    ResyncQuestion { feed: feed.to_owned(), is_dry_run: true, ..ResyncQuestion::default() }
}

/// The items that a request of a preview deletes.
fn deletes(line: &str) -> u64 {
    let request = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    let path = request.get("path").and_then(serde_json::Value::as_str).unwrap_or_default();
    let count = request.get("count").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if path.ends_with("/delete") { count } else { 0 }
}

fn warn_of_cleanup((held, unsent): (u64, u64), args: &ResyncArgs) -> Result<(), Failure> {
    tracing::warn!(
        feed = args.feed,
        keys = held,
        deletes_waiting = unsent,
        "--cleanup-feed forgets what the service has of this feed. It can't be undone: items that are \
         at the service and no longer in the shop can then never be deleted by aco-stream. That \
         concerns the deletes that wait now"
    );
    if args.yes {
        return Ok(());
    }
    if std::io::stdin().is_terminal() {
        tracing::warn!("type the feed's name to go on");
        let mut typed = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut typed)
            .map_err(Failure::system("read the answer"))?;
        if typed.trim() == args.feed {
            return Ok(());
        }
    }
    let hint = "add --yes when that is what you want; --force sends everything without forgetting";
    Err(Failure::usage("clean up the feed: it was not confirmed", hint))
}

fn report_error(answer: &ResyncAnswer) -> Result<(), Failure> {
    match &answer.error {
        Some(error) => Err(Failure::failed(format!("schedule the resync: {error}"))),
        None => Ok(()),
    }
}

fn report(answer: &ResyncAnswer, args: &ResyncArgs) -> Result<Exit, Failure> {
    report_error(answer)?;
    if answer.nothing_to_continue {
        let message = "go on with a resync: none of this feed was interrupted";
        return Err(Failure::failed(message));
    }
    let (feed, owners, keys) = (args.feed.as_str(), answer.owners, answer.keys);
    if args.dry_run {
        tracing::info!(feed, owners, keys, "nothing was sent and nothing stored");
    } else if owners > 0 || answer.unknown.is_empty() {
        let watch = format!("aco-stream status {feed}");
        tracing::info!(feed, owners, keys, watch, "resync scheduled");
    }
    if answer.unknown.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::failed(format!("find in {feed}: {}", answer.unknown.join(", "))))
}
