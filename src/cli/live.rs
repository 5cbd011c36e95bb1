//! What a running process tells of itself to `status`: its gauges, in the report's words.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cli::explain::explained_key;
use crate::cli::{reconcile, resync, wire};
use crate::engine::{
    Activity, DeliverParams, DeliveryTrouble, EngineError, Gauges, Role, SourceAlert, count_items,
    request_reread,
};
use crate::source::SourceParams;
use crate::status::{
    Alert, Counted, Explained, Process, RoleName, RoleState, SourceActivity, SourceState,
};
use crate::store::Store;

pub(crate) fn process(
    gauges: Arc<Gauges>,
    store: Arc<Store>,
    params: DeliverParams,
    source: SourceParams,
) -> Process {
    let (counted, explained, asked) = (Arc::clone(&store), Arc::clone(&store), Arc::clone(&store));
    let compared = Arc::clone(&store);
    let runtime = tokio::runtime::Handle::current();
    let params = Arc::new(params);
    let (explaining, resyncing) = (Arc::clone(&params), Arc::clone(&params));
    let count = move || counted_items(&counted, &params);
    let told = Arc::clone(&gauges);
    let explain = move |feed: &str, key: &[String]| {
        let role = role_state(&told).filter(|role| role.reason.is_some());
        let delivery = role.map(|role| role.text());
        Explained { delivery, ..explained_key(&explained, &explaining, feed, key) }
    };
    let reread = move |tables: &[String]| match request_reread(&store, tables) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    let seen = Arc::clone(&gauges);
    Process {
        source: Box::new(move || source_state(&gauges)),
        role: Box::new(move || role_state(&seen)),
        reread: Box::new(reread),
        count: Box::new(count),
        explain: Box::new(explain),
        resync: Box::new(move |question, now, each| {
            resync::answer(&asked, &resyncing, question, now, each)
        }),
        // Questions are answered on threads that may block.
        reconcile: Box::new(move |is_repair, each| {
            let comparing = reconcile::compare(&compared, &source, is_repair, each);
            runtime.block_on(comparing).map_err(|error| error.to_string())
        }),
    }
}

/// What a full sync would be.
fn counted_items(store: &Store, params: &DeliverParams) -> Counted {
    let options = params.options(wire::clock().now());
    let counted = count_items(store, &options).and_then(|counts| {
        let used = store.pace().map_err(EngineError::Store)?.unwrap_or_default();
        Ok((counts, used))
    });
    match counted {
        Ok((counts, used)) => Counted {
            error: None,
            faulty: counts.as_ref().map_or(0, |counts| counts.faulty),
            items: counts.map(|counts| counts.items),
            day: used.day,
            products_sent: used.products_sent,
            closed_until: used.closed_until.map(|until| until.to_string()),
        },
        Err(error) => Counted { error: Some(error.to_string()), ..Counted::default() },
    }
}

fn role_state(gauges: &Gauges) -> Option<RoleState> {
    let (role, since) = gauges.role();
    let state =
        |role, reason, hint| Some(RoleState { role, since: since.to_string(), reason, hint });
    match role {
        Role::None => None,
        Role::Leader => match gauges.delivery_trouble() {
            None => state(RoleName::Leader, None, None),
            Some(trouble) => {
                let DeliveryTrouble { since, reason, hint, next_try } = trouble;
                let reason =
                    format!("delivery is down since {since}: {reason}; next try at {next_try}");
                state(RoleName::Leader, Some(reason), Some(hint))
            }
        },
        Role::TakingOver => {
            let reason = "what another process sent may still arrive".to_owned();
            let hint = "this one delivers in a few seconds".to_owned();
            state(RoleName::TakingOver, Some(reason), Some(hint))
        }
        Role::Standby { reason, hint } => state(RoleName::Standby, Some(reason), Some(hint)),
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
