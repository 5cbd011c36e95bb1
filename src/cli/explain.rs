//! `explain`: why an item looks as it does, and why it was or was not sent.

use std::path::Path;

use crate::cli::args::ExplainArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, status, wire};
use crate::engine::{DeliverParams, EngineError, Explanation, explain};
use crate::feed::{Feed, FeedKey};
use crate::status::{Explained, Question, ask, socket_path};
use crate::store::{Store, StoreError};

/// Keys that are named when what was given is not one.
const CANDIDATES_MAX: usize = 50;

pub(crate) fn print(path: &Path, args: &ExplainArgs) -> Result<Exit, Failure> {
    let feed = status::feed_named(&args.feed)?;
    let config = wire::read_config(path)?;
    let explained = match Store::open(&wire::store_params(&config)) {
        Ok(store) => explained_key(&store, &wire::deliver(&config), feed.name(), &args.key),
        Err(in_use @ StoreError::InUse { .. }) => {
            let mut answer = None;
            let mut each = |line: &str| answer = serde_json::from_str::<Explained>(line).ok();
            let question =
                Question::Explain { feed: feed.name().to_owned(), key: args.key.clone() };
            let asked = ask(&socket_path(&config.store_path), &question, &mut each);
            let (Ok(()), Some(explained)) = (asked, answer) else { return Err(in_use.into()) };
            explained
        }
        Err(other) => return Err(other.into()),
    };
    if let Some(error) = explained.error {
        return Err(Failure::failed(format!("explain the item: {error}")));
    }
    let Some(mut found) = explained.found else {
        return Err(unknown(args, &explained.candidates));
    };
    if args.json {
        if let (Some(fields), Some(delivery)) = (found.as_object_mut(), explained.delivery) {
            fields.insert("delivery".to_owned(), delivery.into());
        }
        output::line(&found.to_string())?;
    } else {
        let explanation: Explanation = serde_json::from_value(found)
            .map_err(|error| Failure::failed(format!("read the explanation: {error}")))?;
        output::line(&text(&explanation, explained.delivery.as_deref()))?;
    }
    Ok(Exit::Done)
}

fn unknown(args: &ExplainArgs, candidates: &[Vec<String>]) -> Failure {
    let message = format!("find one item of {} with the key {}", args.feed, args.key.join(" "));
    if candidates.is_empty() {
        let hint = format!(
            "`aco-stream status {}` lists the keys; an item that the shop never had is not known",
            args.feed
        );
        return Failure::failed(message).hint(hint);
    }
    let keys: Vec<String> = candidates.iter().map(|parts| parts.join(" ")).collect();
    Failure::failed(message).hint(format!("there are {}", keys.join("; ")))
}

/// What is known of the key with these parts, or of the only one that begins with them.
pub(crate) fn explained_key(
    store: &Store,
    params: &DeliverParams,
    feed: &str,
    parts: &[String],
) -> Explained {
    let explained = || -> Result<Explained, EngineError> {
        let Some(feed) = Feed::from_name(feed) else { return Ok(Explained::default()) };
        let keys = store.keys_beginning_with(feed, parts, CANDIDATES_MAX);
        let keys = keys.map_err(EngineError::Store)?;
        let key = match keys.as_slice() {
            [key] => Some(key.clone()),
            _ => FeedKey::from_parts(feed, parts.to_vec()).filter(|key| keys.contains(key)),
        };
        let Some(key) = key else {
            let candidates = keys.iter().map(|key| key.parts().to_vec()).collect();
            return Ok(Explained { candidates, ..Explained::default() });
        };
        let explanation = explain(store, params, &key, wire::clock().now())?;
        let found = explanation.and_then(|explanation| serde_json::to_value(explanation).ok());
        Ok(Explained { found, ..Explained::default() })
    };
    explained().unwrap_or_else(|error| Explained {
        error: Some(error.to_string()),
        ..Explained::default()
    })
}

/// The explanation for people. `delivery` says why the process sends nothing.
fn text(explanation: &Explanation, delivery: Option<&str>) -> String {
    let Explanation { feed, key, summary, advice, .. } = explanation;
    let mut lines = vec![format!("{feed} {}", key.join(" ")), String::new(), summary.clone()];
    if !advice.is_empty() {
        lines.push(format!("What to do: {advice}."));
    }
    lines.push(String::new());
    let mut line = |name: &str, value: &str| lines.push(format!("{name:<14}{value}"));
    if let Some(delivery) = delivery {
        let words: Vec<&str> = delivery.split_whitespace().collect();
        line("delivery", &words.join(" "));
    }
    line("state", &explanation.state);
    if let Some(waits) = &explanation.waits {
        line("waits", waits);
    }
    line("now", &explanation.now);
    line("accepted", explanation.accepted.as_deref().unwrap_or("nothing"));
    if let Some(refused) = &explanation.refused {
        line("refused", &format!("digest {refused}"));
    }
    line("attempts", &explanation.attempts.to_string());
    line("first heard", &explanation.first_at);
    line("last change", &explanation.last_at);
    line("because of", &explanation.cause);
    if let Some(until) = &explanation.holds_until {
        line("holds until", until);
    }
    for (nth, answer) in explanation.history.iter().rev().enumerate() {
        line(if nth == 0 { "answers" } else { "" }, answer);
    }
    for (nth, rows) in explanation.rows.iter().enumerate() {
        let more = if rows.count > rows.keys.len() { ", …" } else { "" };
        let rows = format!("{} of {}: {}{more}", rows.count, rows.table, rows.keys.join("; "));
        line(if nth == 0 { "made of" } else { "" }, &rows);
    }
    lines.join("\n")
}
