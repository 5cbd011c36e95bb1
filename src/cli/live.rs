//! What a running process tells of itself to `status`: its gauges, in the report's words.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cli::{reconcile, resync};
use crate::engine::{Activity, DeliverParams, Gauges, SourceAlert, request_reread};
use crate::source::SourceParams;
use crate::status::{Alert, Process, SourceActivity, SourceState};
use crate::store::Store;

pub(crate) fn process(
    gauges: Arc<Gauges>,
    store: Arc<Store>,
    params: DeliverParams,
    source: SourceParams,
) -> Process {
    let compared = Arc::clone(&store);
    let runtime = tokio::runtime::Handle::current();
    let asked = Arc::clone(&store);
    let reread = move |tables: &[String]| match request_reread(&store, tables) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    Process {
        source: Box::new(move || source_state(&gauges)),
        reread: Box::new(reread),
        resync: Box::new(move |question, now, each| {
            resync::answer(&asked, &params, question, now, each)
        }),
        // Questions are answered on threads that may block.
        reconcile: Box::new(move |is_repair, each| {
            let comparing = reconcile::compare(&compared, &source, is_repair, each);
            runtime.block_on(comparing).map_err(|error| error.to_string())
        }),
    }
}

fn source_state(gauges: &Gauges) -> SourceState {
    let failure = gauges.source_failure();
    let activity = match gauges.activity() {
        Activity::Starting => SourceActivity::Starting,
        Activity::Snapshot(table) => SourceActivity::Snapshot { table: table.to_owned() },
        Activity::CatchingUp => SourceActivity::CatchingUp,
        // Only a command that answers no questions replays files.
        Activity::Following | Activity::Replaying | Activity::Replayed => SourceActivity::Following,
        Activity::Reconnecting(reason) => {
            let since = failure.as_ref().map(|failure| failure.since.to_string());
            SourceActivity::Reconnecting { since, reason }
        }
        Activity::Stopped(reason) => {
            let hint = failure.as_ref().and_then(|failure| failure.hint.clone());
            SourceActivity::Stopped { reason, hint }
        }
    };
    let checks = gauges.source_checks();
    let alert = |alert: SourceAlert| Alert { message: alert.message, hint: alert.hint };
    let is_known = gauges.last_commit_s.load(Ordering::Relaxed) > 0;
    SourceState {
        activity,
        last_error: failure.map(|failure| failure.reason),
        hours_until_purged: checks.hours_until_purged,
        seconds_behind: is_known.then(|| gauges.seconds_behind.load(Ordering::Relaxed)),
        tables_to_reread: gauges.rereads().into_iter().map(str::to_owned).collect(),
        alerts: checks.alerts.into_iter().map(alert).collect(),
    }
}
