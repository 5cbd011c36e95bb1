//! `estimate`: how many items and requests a full sync is, and how long it takes.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};
use crate::config::Config;
use crate::engine::{self, EngineError, ItemCounts};
use crate::pace::{Estimate, FeedEstimate, PaceState, estimate};
use crate::source::{self, Connection};
use crate::status::{Counted, Question, ask, socket_path};
use crate::store::{Store, StoreError};

pub(crate) async fn print(path: &Path, json: bool) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let (known, used) = of_store(&config)?;
    let (counts, counted_in) = match known {
        Some(counts) => (counts, "catalog copy"),
        None => (of_database(&config).await?, "database"),
    };
    let limits = wire::deliver(&config).limits;
    let estimate = estimate(&counts.by_feed(), &limits, &used, wire::clock().now());
    if json {
        output::line(&to_json(&estimate, &counts, counted_in).to_string())?;
    } else {
        output::line(&to_text(&estimate, &counts, counted_in))?;
    }
    Ok(Exit::Done)
}

/// The items of the catalog copy, if it is complete, and what was used of the budgets. The process
/// that has the store is asked.
fn of_store(config: &Config) -> Result<(Option<ItemCounts>, PaceState), Failure> {
    let is_there = config.store_path.join("db").try_exists();
    if !is_there.map_err(Failure::system("look for the store"))? {
        return Ok((None, PaceState::default()));
    }
    match Store::open(&wire::store_params(config)) {
        Ok(store) => {
            let options = wire::deliver(config).options(wire::clock().now());
            let used = store.pace()?.unwrap_or_default();
            Ok((engine::count_items(&store, &options)?, used))
        }
        Err(in_use @ StoreError::InUse { .. }) => {
            let mut answer = None;
            let mut each = |line: &str| answer = serde_json::from_str::<Counted>(line).ok();
            let asked = ask(&socket_path(&config.store_path), &Question::Count, &mut each);
            let (Ok(()), Some(counted)) = (asked, answer) else { return Err(in_use.into()) };
            if let Some(error) = counted.error {
                let message = format!("have the running process count its items: {error}");
                return Err(Failure::failed(message));
            }
            let counts = counted.items.map(|items| ItemCounts {
                items,
                faulty: counted.faulty,
                upper_bounds: Vec::new(),
            });
            let used = PaceState {
                day: counted.day,
                products_sent: counted.products_sent,
                closed_until: counted.closed_until.and_then(|until| until.parse().ok()),
                ..PaceState::default()
            };
            Ok((counts, used))
        }
        Err(other) => Err(other.into()),
    }
}

async fn of_database(config: &Config) -> Result<ItemCounts, Failure> {
    let params = wire::source(config);
    let source_error = |error| EngineError::Source(Box::new(error));
    let mut connection = Connection::connect(&params).await.map_err(source_error)?;
    let counts = source::shop_counts(&mut connection, &params).await.map_err(source_error)?;
    Ok(engine::count_of_shop(&counts, &wire::deliver(config)))
}

fn to_json(estimate: &Estimate, counts: &ItemCounts, counted_in: &str) -> Json {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let feed = |feed: &FeedEstimate| {
        json!({
            "feed": feed.feed.name(),
            "items": feed.items,
            "is_upper_bound": counts.is_upper_bound(feed.feed),
            "requests": feed.requests,
            "by_requests_ms": ms(feed.by_requests),
            "by_minute_ms": feed.by_minute.map(ms),
            "by_day_ms": feed.by_day.map(ms),
            "takes_ms": ms(feed.takes),
            "bound": feed.bound.name(),
        })
    };
    json!({
        "counted_in": counted_in,
        "feeds": estimate.feeds.iter().map(feed).collect::<Vec<_>>(),
        "requests": estimate.requests,
        "faulty_items": counts.faulty,
        "pause_ms": ms(estimate.pause),
        "attributes_and_categories_ms": ms(estimate.first),
        "products_and_prices_ms": ms(estimate.second),
        "total_ms": ms(estimate.total),
        "days": estimate.days,
        "products_sent_today": estimate.products_sent_today,
    })
}

fn to_text(estimate: &Estimate, counts: &ItemCounts, counted_in: &str) -> String {
    let header = ["feed", "items", "requests", "alone takes", "held up by"];
    let rows: Vec<Vec<String>> = estimate
        .feeds
        .iter()
        .map(|feed| {
            let at_most = if counts.is_upper_bound(feed.feed) { "≤ " } else { "" };
            let bound = if feed.items == 0 { "-" } else { feed.bound.name() };
            vec![
                feed.feed.name().to_owned(),
                format!("{at_most}{}", feed.items),
                feed.requests.to_string(),
                words(feed.takes),
                bound.to_owned(),
            ]
        })
        .collect();
    let mut lines = vec![output::table(&header, &rows), String::new()];
    lines.push(format!("counted    in the {counted_in}"));
    if counts.faulty > 0 {
        lines.push(format!("parked     {} items can't be made and are not sent", counts.faulty));
    }
    if estimate.products_sent_today > 0 {
        lines.push(format!("today      {} products were sent", estimate.products_sent_today));
    }
    if !estimate.pause.is_zero() {
        lines.push(format!("pause      {}, which the service asked for", words(estimate.pause)));
    }
    lines.push(format!("first      {}: attributes and categories", words(estimate.first)));
    let second = words(estimate.second);
    lines.push(format!("then       {second}: products, and beside them price books and prices"));
    let requests = estimate.requests;
    let days = match estimate.days {
        0 | 1 => String::new(),
        days => format!(", on {days} days (UTC)"),
    };
    lines.push(format!("full sync  {}{days}, {requests} requests", words(estimate.total)));
    lines.join("\n")
}

/// A time in its two largest units.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes, seconds) {
        (0, 0, 0, 0) if time.is_zero() => "0 s".to_owned(),
        (0, 0, 0, 0) => "< 1 s".to_owned(),
        (0, 0, 0, _) => format!("{seconds} s"),
        (0, 0, ..) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_two_units() {
        for (seconds, told) in [
            (0, "0 s"),
            (59, "59 s"),
            (144, "2 min 24 s"),
            (2_400, "40 min 0 s"),
            (90_000, "1 d 1 h"),
            (3_600 * 3 + 61, "3 h 1 min"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), told);
        }
        assert_eq!(words(Duration::from_millis(500)), "< 1 s");
    }
}
