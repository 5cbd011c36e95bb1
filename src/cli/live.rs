//! What a running process tells of itself to `status`: its gauges, in the report's words.

use std::sync::Arc;

use crate::engine::{Activity, Gauges, request_reread};
use crate::status::{Process, SourceActivity, SourceState};
use crate::store::Store;

pub(crate) fn process(gauges: Arc<Gauges>, store: Arc<Store>) -> Process {
    let reread = move |tables: &[String]| match request_reread(&store, tables) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    Process { source: Box::new(move || source_state(&gauges)), reread: Box::new(reread) }
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
    let tables_to_reread = gauges.rereads().into_iter().map(str::to_owned).collect();
    SourceState { activity, tables_to_reread, ..SourceState::default() }
}
