//! What a running process tells of itself to `status`: its gauges, in the report's words.

use std::sync::Arc;

use crate::engine::{Activity, Gauges};
use crate::status::{Process, SourceActivity, SourceState};

pub(crate) fn process(gauges: Arc<Gauges>) -> Process {
    Process { source: Box::new(move || source_state(&gauges)) }
}

fn source_state(gauges: &Gauges) -> SourceState {
    let activity = match gauges.activity() {
        Activity::Starting => SourceActivity::Starting,
        Activity::Snapshot(table) => SourceActivity::Snapshot { table: table.to_owned() },
        Activity::CatchingUp => SourceActivity::CatchingUp,
        // Only a command that answers no questions replays files.
        Activity::Following | Activity::Replaying | Activity::Replayed => SourceActivity::Following,
        Activity::Reconnecting(reason) => SourceActivity::Reconnecting { since: None, reason },
        Activity::Stopped(reason) => SourceActivity::Stopped { reason, hint: None },
    };
    SourceState { activity, ..SourceState::default() }
}
