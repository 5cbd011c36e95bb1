//! Progress: bars when stderr is a terminal, one log line every ten seconds otherwise.

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::clock::SharedClock;
use crate::engine::{Activity, Gauges};
use crate::feed::Feed;

const BAR_INTERVAL: Duration = Duration::from_millis(200);
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the gauges until it is dropped.
pub(crate) async fn show(
    gauges: Arc<Gauges>,
    clock: SharedClock,
    bars: MultiProgress,
) -> Infallible {
    if std::io::stderr().is_terminal() {
        show_bars(&gauges, &clock, &bars).await
    } else {
        log_lines(&gauges, &clock).await
    }
}

async fn log_lines(gauges: &Gauges, clock: &SharedClock) -> Infallible {
    let mut shown = String::new();
    loop {
        clock.sleep(LINE_INTERVAL).await;
        let line = summary(gauges);
        if line != shown {
            tracing::info!("{line}");
            shown = line;
        }
    }
}

async fn show_bars(gauges: &Gauges, clock: &SharedClock, bars: &MultiProgress) -> Infallible {
    let style = |template: &str| {
        ProgressStyle::with_template(template).unwrap_or_else(|_bad| ProgressStyle::default_bar())
    };
    let snapshot = bars.add(ProgressBar::new(0));
    snapshot.set_style(style("snapshot {wide_bar} {human_pos}/{human_len} rows  {msg}"));
    let feeds: Vec<(Feed, ProgressBar)> = Feed::ALL
        .into_iter()
        .map(|feed| {
            let bar = bars.add(ProgressBar::new(0));
            bar.set_style(style("{prefix:17} {wide_bar} {human_pos}/{human_len} accepted  {msg}"));
            bar.set_prefix(feed.name());
            (feed, bar)
        })
        .collect();
    loop {
        let read = gauges.rows_read.load(Ordering::Relaxed);
        snapshot.set_length(gauges.rows_estimate.load(Ordering::Relaxed).max(read));
        snapshot.set_position(read);
        snapshot.set_message(activity(&gauges.activity()));
        for (feed, bar) in &feeds {
            let counters = gauges.feed(*feed);
            let accepted = counters.accepted.load(Ordering::Relaxed);
            bar.set_length(accepted.saturating_add(counters.waiting.load(Ordering::Relaxed)));
            bar.set_position(accepted);
            bar.set_message(format!("{} parked", counters.parked.load(Ordering::Relaxed)));
        }
        clock.sleep(BAR_INTERVAL).await;
    }
}

fn summary(gauges: &Gauges) -> String {
    let mut parts = vec![format!(
        "{}; snapshot {} of about {} rows; {} transactions, {} row changes absorbed",
        activity(&gauges.activity()),
        gauges.rows_read.load(Ordering::Relaxed),
        gauges.rows_estimate.load(Ordering::Relaxed),
        gauges.transactions.load(Ordering::Relaxed),
        gauges.row_changes.load(Ordering::Relaxed),
    )];
    for feed in Feed::ALL {
        let counters = gauges.feed(feed);
        parts.push(format!(
            "{feed}: {} accepted, {} waiting, {} parked",
            counters.accepted.load(Ordering::Relaxed),
            counters.waiting.load(Ordering::Relaxed),
            counters.parked.load(Ordering::Relaxed),
        ));
    }
    if let Some(reason) = gauges.delivery_stopped() {
        parts.push(format!("delivery stopped: {reason}"));
    }
    parts.join("; ")
}

fn activity(activity: &Activity) -> String {
    match activity {
        Activity::Starting => "starting".to_owned(),
        Activity::Snapshot(table) => format!("reading {table}"),
        Activity::CatchingUp => "catching up with the binlog".to_owned(),
        Activity::Following => "following the binlog".to_owned(),
        Activity::Reconnecting(reason) => format!("reconnecting: {reason}"),
        Activity::Stopped(reason) => format!("stopped: {reason}"),
    }
}
