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

/// Takes the bars off the terminal, so that what follows stands on lines of its own.
pub(crate) fn clear(bars: &MultiProgress) {
    // A terminal that is gone shows no bars either.
    bars.clear().unwrap_or_default();
}

async fn show_bars(gauges: &Gauges, clock: &SharedClock, bars: &MultiProgress) -> Infallible {
    let add = |name: &'static str, template: &str| {
        let style = ProgressStyle::with_template(template);
        let bar = ProgressBar::new(1).with_prefix(name);
        let style = style.unwrap_or_else(|_bad| ProgressStyle::default_bar());
        bars.add(bar.with_style(style.progress_chars("━╸ ")))
    };
    let source = add("source", "{prefix:17} {wide_msg}");
    let mut snapshot = None;
    let feeds = Feed::ALL.map(|feed| {
        let template = "{prefix:17} {bar:40} {pos} of {msg}";
        (feed, add(feed.name(), template))
    });
    loop {
        source.set_message(absorbed(gauges));
        let read = gauges.rows_read.load(Ordering::Relaxed);
        let estimate = gauges.rows_estimate.load(Ordering::Relaxed).max(read);
        // Only a run that takes a snapshot has a bar for it.
        if estimate > 0 {
            let bar = snapshot.get_or_insert_with(|| {
                let template = "{prefix:17} {bar:40} {pos} of about {len} rows";
                bars.insert_after(&source, add("snapshot", template))
            });
            bar.set_length(estimate);
            bar.set_position(read);
        }
        for (feed, bar) in &feeds {
            let counters = gauges.feed(*feed);
            let accepted = counters.accepted.load(Ordering::Relaxed);
            let known = accepted.saturating_add(counters.waiting.load(Ordering::Relaxed));
            let parked = counters.parked.load(Ordering::Relaxed);
            // A bar without a length would look full.
            bar.set_length(known.max(1));
            bar.set_position(accepted);
            bar.set_message(format!("{known} accepted, {parked} parked"));
        }
        clock.sleep(BAR_INTERVAL).await;
    }
}

fn summary(gauges: &Gauges) -> String {
    let mut parts = vec![absorbed(gauges)];
    let estimate = gauges.rows_estimate.load(Ordering::Relaxed);
    if estimate > 0 {
        let read = gauges.rows_read.load(Ordering::Relaxed);
        parts.push(format!("snapshot: {read} of about {} rows", estimate.max(read)));
    }
    for feed in Feed::ALL {
        let counters = gauges.feed(feed);
        parts.push(format!(
            "{feed}: {} accepted, {} waiting, {} parked",
            counters.accepted.load(Ordering::Relaxed),
            counters.waiting.load(Ordering::Relaxed),
            counters.parked.load(Ordering::Relaxed),
        ));
    }
    if let Some(trouble) = gauges.delivery_trouble() {
        parts.push(format!("delivery is down since {}: {}", trouble.since, trouble.reason));
    }
    if let Some(reason) = gauges.delivery_stopped() {
        parts.push(format!("delivery stopped: {reason}"));
    }
    parts.join("; ")
}

/// What the source is doing, and what came of it so far.
fn absorbed(gauges: &Gauges) -> String {
    format!(
        "{}: {} transactions with {} row changes absorbed",
        activity(&gauges.activity()),
        gauges.transactions.load(Ordering::Relaxed),
        gauges.row_changes.load(Ordering::Relaxed),
    )
}

fn activity(activity: &Activity) -> String {
    match activity {
        Activity::Starting => "starting".to_owned(),
        Activity::Snapshot(table) => format!("reading {table}"),
        Activity::CatchingUp => "catching up with the binlog".to_owned(),
        Activity::Replaying => "replaying binlog files".to_owned(),
        Activity::Replayed => "binlog files replayed".to_owned(),
        Activity::Following => "following the binlog".to_owned(),
        Activity::Reconnecting(reason) => format!("reconnecting: {reason}"),
        Activity::Stopped(reason) => format!("stopped: {reason}"),
    }
}
