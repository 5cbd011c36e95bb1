//! `requests`: what was asked of the service and what it answered, from the request log.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::cli::args::RequestsArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, status, wire};
use crate::engine::{RequestLine, read_requests};
use crate::feed::Feed;

pub(crate) fn requests(path: &Path, args: &RequestsArgs) -> Result<Exit, Failure> {
    let feed = args.feed.as_deref().map(status::feed_named).transpose()?;
    let config = wire::read_config(path)?;
    let directory = &config.requests.path;
    let mut failure = None;
    let read = read_requests(directory, &mut |mut line| {
        if is_wanted(&mut line, feed, args.key.as_deref(), args.since) {
            let text = serde_json::to_string(&line)?;
            if let Err(error) = output::line(&text) {
                failure = Some(error);
                return Err(io::Error::other("stdout"));
            }
        }
        Ok(())
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    let odd = read.map_err(Failure::system("read the request log"))?;
    if odd > 0 {
        tracing::warn!(lines = odd, "lines that a crash cut off were passed over");
    }
    Ok(Exit::Done)
}

/// Whether a line is asked for; of one that is only the items that are.
fn is_wanted(
    line: &mut RequestLine,
    feed: Option<Feed>,
    key: Option<&str>,
    since: Option<Timestamp>,
) -> bool {
    if let Some(key) = key {
        line.items.retain(|item| item.key.iter().any(|part| part == key));
    }
    !line.items.is_empty()
        && feed.is_none_or(|feed| line.feed == feed.name())
        && since.is_none_or(|since| line.sent_at.parse().is_ok_and(|at: Timestamp| at >= since))
}
