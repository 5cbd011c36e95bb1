//! What a running process says about the source: nothing of it is in the store.

use serde::{Deserialize, Serialize};

/// Below so many hours the time until a purge is worth a warning.
const HOURS_WORTH_A_WARNING: u64 = 24;

/// Where a running process stands with its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// What it is doing.
    pub activity: SourceActivity,
    /// The last failure of the source, mended or not.
    pub last_error: Option<String>,
    /// Whole hours until the server may purge what was not read yet; 0 when it is gone or may go at
    /// any time. `None` when the server keeps its binlog for good, or when nobody asked yet.
    pub hours_until_purged: Option<u64>,
    /// How many seconds after its commit the last transaction was absorbed; `None` when that is not
    /// known.
    pub seconds_behind: Option<u64>,
    /// Watched tables that wait to be read again, by name.
    pub tables_to_reread: Vec<String>,
    /// What became wrong with the server's settings or the account while following.
    pub alerts: Vec<Alert>,
}

/// What the process is doing with its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SourceActivity {
    /// Connecting and checking.
    #[default]
    Starting,
    /// Reading this table for the snapshot.
    Snapshot {
        /// The table, without prefix.
        table: String,
    },
    /// Absorbing the binlog up to the snapshot's end.
    CatchingUp,
    /// Following the binlog.
    Following,
    /// Waiting before the next attempt.
    Reconnecting {
        /// When the connection was lost, RFC 3339; `None` when that is not known.
        since: Option<String>,
        /// Why.
        reason: String,
    },
    /// Stopped until an operator acts.
    Stopped {
        /// Why.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// Something to act upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SourceState {
    /// All of it in one line or two: what goes on, then what to do if anything is wrong.
    pub fn text(&self) -> String {
        let line = self.activity_text();
        let alerts = self.alerts();
        let Some(first) = alerts.first() else { return line };
        let hint = first.hint.as_ref().map_or(String::new(), |hint| format!("; hint: {hint}"));
        let more = match alerts.len() {
            1 => String::new(),
            count => format!(" (and {} more, see --json)", count - 1),
        };
        format!("{line}\n          {}{hint}{more}", first.message)
    }

    fn activity_text(&self) -> String {
        let mut parts = vec![match &self.activity {
            SourceActivity::Starting => "starting".to_owned(),
            SourceActivity::Snapshot { table } => format!("reading {table}"),
            SourceActivity::CatchingUp => "catching up with the binlog".to_owned(),
            SourceActivity::Following => "following the binlog".to_owned(),
            SourceActivity::Reconnecting { since: Some(since), .. } => {
                format!("reconnecting since {since}")
            }
            SourceActivity::Reconnecting { since: None, .. } => "reconnecting".to_owned(),
            SourceActivity::Stopped { .. } => "stopped".to_owned(),
        }];
        parts.extend(self.seconds_behind.map(|seconds| format!("{seconds} s behind")));
        parts.extend(self.hours_until_purged.map(|hours| match hours {
            0 => "purged or about to be".to_owned(),
            hours => format!("{hours} h until purged"),
        }));
        if !self.tables_to_reread.is_empty() {
            parts.push(format!("to read again: {}", self.tables_to_reread.join(", ")));
        }
        parts.join(", ")
    }

    /// Everything that an operator should act upon, the gravest first.
    fn alerts(&self) -> Vec<Alert> {
        let mut alerts = Vec::new();
        match &self.activity {
            SourceActivity::Stopped { reason, hint } => {
                alerts.push(Alert { message: reason.clone(), hint: hint.clone() });
            }
            SourceActivity::Reconnecting { reason, .. } => {
                alerts.push(Alert { message: reason.clone(), hint: None });
            }
            SourceActivity::Starting
            | SourceActivity::Snapshot { .. }
            | SourceActivity::CatchingUp
            | SourceActivity::Following => {}
        }
        if self.hours_until_purged.is_some_and(|hours| hours < HOURS_WORTH_A_WARNING) {
            let message = "the server may soon purge what was not read yet".to_owned();
            let hint =
                Some("keep binlogs for longer: `aco-stream check` prints the SQL".to_owned());
            alerts.push(Alert { message, hint });
        }
        alerts.extend(self.alerts.iter().cloned());
        alerts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn following() -> SourceState {
        SourceState {
            activity: SourceActivity::Following,
            hours_until_purged: Some(160),
            seconds_behind: Some(2),
            ..SourceState::default()
        }
    }

    #[test]
    fn a_healthy_source_takes_one_line() {
        assert_eq!(following().text(), "following the binlog, 2 s behind, 160 h until purged");
        let tables_to_reread = vec!["store".to_owned(), "store_group".to_owned()];
        let rereading = SourceState { tables_to_reread, ..SourceState::default() };
        assert_eq!(rereading.text(), "starting, to read again: store, store_group");
    }

    #[test]
    fn what_is_wrong_takes_a_second_line_with_what_to_do() {
        let activity = SourceActivity::Stopped {
            reason: "the server writes no binlog".to_owned(),
            hint: Some("set log_bin".to_owned()),
        };
        let alert = Alert { message: "binlog_format is MIXED".to_owned(), hint: None };
        let stopped = SourceState { activity, alerts: vec![alert], ..SourceState::default() };
        assert_eq!(
            stopped.text(),
            "stopped\n          the server writes no binlog; hint: set log_bin (and 1 more, see \
             --json)"
        );
    }

    #[test]
    fn a_purge_within_a_day_is_something_to_act_upon() {
        let lines = |hours| {
            let state = SourceState { hours_until_purged: Some(hours), ..following() };
            state.text().lines().count()
        };
        assert_eq!((lines(24), lines(23), lines(0)), (1, 2, 2));
        let gone = SourceState { hours_until_purged: Some(0), ..following() };
        assert!(gone.text().contains("purged or about to be"), "{}", gone.text());
    }
}
