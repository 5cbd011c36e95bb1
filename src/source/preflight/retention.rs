//! How long the server keeps its binlog, against how long we may need it.

use std::time::Duration;

use crate::source::SnapshotParams;
use crate::source::preflight::Finding;
use crate::source::preflight::facts::{Facts, Variables};

const CHECK: &str = "retention";

/// Binlogs must outlive a weekend's outage at best and a night's at least.
const RETENTION_MIN: Duration = Duration::from_hours(24);
/// What the remedy proposes: long enough for a weekend.
const RETENTION_PROPOSED: Duration = Duration::from_hours(72);

/// How fast a snapshot reads at worst: a tenth of what one connection to a nearby server reads, as
/// on a busy server behind a slow line. If the true rate is lower still, the binlog may be purged
/// before the snapshot ends, and it has to start over.
const SNAPSHOT_ROWS_PER_S: u64 = 10_000;

/// How long binlogs are kept by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// They are purged by hand only.
    Forever,
    /// They are purged once they have not been written to for so long.
    For(Duration),
    /// The provider purges them, by a rule that the server's variables do not show.
    Unknown,
}

/// Amazon's servers are known by where they are installed. They purge the binlog by a setting of
/// their own, `binlog retention hours`, which an account like ours may not read.
fn is_amazon(variables: &Variables) -> bool {
    variables.value("basedir").is_some_and(|path| path.contains("rdsdbbin"))
}

pub(super) fn retention(variables: &Variables) -> Retention {
    if is_amazon(variables) {
        return Retention::Unknown;
    }
    let is_switchable = variables.value("binlog_expire_logs_auto_purge").is_some();
    if is_switchable && !variables.is_on("binlog_expire_logs_auto_purge") {
        return Retention::Forever;
    }
    let seconds = match variables.number("binlog_expire_logs_seconds") {
        0 => variables.number("expire_logs_days").saturating_mul(86_400),
        seconds => seconds,
    };
    if seconds == 0 { Retention::Forever } else { Retention::For(Duration::from_secs(seconds)) }
}

/// What a snapshot is expected to take, at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) rows: u64,
    pub(super) rows_per_s: u64,
    pub(super) time: Duration,
}

impl Estimate {
    /// For so many rows, throttled as configured.
    pub(super) fn new(rows: u64, throttle: &SnapshotParams) -> Self {
        let allowed = throttle.rows_per_second.map_or(u64::MAX, |rate| u64::from(rate.max(1)));
        let rows_per_s = SNAPSHOT_ROWS_PER_S.min(allowed);
        let chunk_rows = u64::try_from(throttle.chunk_rows.max(1)).unwrap_or(u64::MAX);
        let chunks = u32::try_from(rows.div_ceil(chunk_rows)).unwrap_or(u32::MAX);
        let rests = throttle.pause.saturating_mul(chunks);
        let reading = Duration::from_secs(rows.div_ceil(rows_per_s));
        Self { rows, rows_per_s, time: reading.saturating_add(rests) }
    }
}

/// Judges the retention while no snapshot is to be taken.
pub(super) fn judge_running(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![match retention(&facts.variables) {
        Retention::Forever => Finding::ok(CHECK, "binlogs are never purged by age"),
        Retention::Unknown => unknown(),
        Retention::For(kept) if kept < RETENTION_MIN => {
            let message = format!(
                "binlogs are kept for {} only: an outage that is longer costs a new snapshot",
                in_words(kept)
            );
            longer(facts, message, RETENTION_PROPOSED)
        }
        Retention::For(kept) => {
            Finding::ok(CHECK, format!("binlogs are kept for {}", in_words(kept)))
        }
    }];
    findings.extend(by_size(facts));
    findings
}

/// Judges the retention before a snapshot.
pub(super) fn judge(facts: &Facts, snapshot: Estimate) -> Vec<Finding> {
    let Estimate { rows, rows_per_s, time } = snapshot;
    let estimate = format!(
        "a snapshot of about {rows} rows takes up to {}, at {rows_per_s} rows a second",
        in_words(time)
    );
    let mut findings = judge_running(facts);
    if let Some(first) = findings.first_mut() {
        match retention(&facts.variables) {
            Retention::For(kept) if kept <= time => {
                let message = format!("binlogs are kept for {} only: {estimate}", in_words(kept));
                let wanted = RETENTION_PROPOSED.max(time.saturating_mul(2));
                *first = longer(facts, message, wanted);
            }
            Retention::For(_) | Retention::Forever | Retention::Unknown => {
                first.message = format!("{}; {estimate}", first.message);
            }
        }
    }
    findings
}

fn longer(facts: &Facts, message: String, wanted: Duration) -> Finding {
    let (name, value) = if facts.value("binlog_expire_logs_seconds").is_some() {
        ("binlog_expire_logs_seconds", wanted.as_secs().to_string())
    } else {
        ("expire_logs_days", wanted.as_secs().div_ceil(86_400).to_string())
    };
    let warning = Finding::warning(CHECK, message, facts.set_in_words(name, &value));
    warning.with_sql(facts.set(name, &value))
}

fn unknown() -> Finding {
    let message = "this is Amazon's server, which purges binlogs by a setting that this account \
                   may not read; without it they are purged at once";
    let fix = "have the administrator set 'binlog retention hours'";
    let sql = format!(
        "CALL mysql.rds_set_configuration('binlog retention hours', {});",
        RETENTION_PROPOSED.as_secs() / 3600
    );
    Finding::warning(CHECK, message, fix).with_sql(sql)
}

/// MariaDB may also purge by size; how long that lasts depends on how much is written.
fn by_size(facts: &Facts) -> Option<Finding> {
    let bytes = facts.variables.number("max_binlog_total_size");
    (bytes > 0).then(|| {
        let message = format!(
            "binlogs are purged too when all are larger than {bytes} bytes (max_binlog_total_size)"
        );
        let fix = "make sure that a day's changes fit, or purge by age only";
        let sql = facts.set("max_binlog_total_size", "0");
        Finding::warning("retention_size", message, fix).with_sql(sql)
    })
}

/// `90 min`, `36 h`: in the largest unit that stays exact enough to read.
fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
