//! What may go wrong with the source while it is followed: looked at once a minute, on a connection
//! of its own, and shown by the gauges. Nothing depends on it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::SharedClock;
use crate::engine::Gauges;
use crate::engine::gauges::{SourceAlert, SourceChecks};
use crate::source::{
    Connection, PurgeOutlook, Severity, SourceError, SourceParams, purge_outlook, recheck,
};
use crate::store::Store;

const INTERVAL: Duration = Duration::from_mins(1);
const SECONDS_PER_HOUR: u64 = 3600;

/// Looks once a minute until it is dropped.
pub(crate) async fn rechecking(
    store: &Store,
    gauges: &Gauges,
    clock: &SharedClock,
    params: Arc<SourceParams>,
) -> Infallible {
    loop {
        clock.sleep(INTERVAL).await;
        match look(store, gauges, clock, &params).await {
            Ok(checks) => {
                let before = gauges.source_checks();
                for alert in checks.alerts.iter().filter(|it| !before.alerts.contains(it)) {
                    tracing::warn!(hint = alert.hint, "{}", alert.message);
                }
                gauges.set_source_checks(checks);
            }
            // Following says itself what is wrong with the connection.
            Err(error) => tracing::debug!(error = %error, "the source was not checked"),
        }
    }
}

async fn look(
    store: &Store,
    gauges: &Gauges,
    clock: &SharedClock,
    params: &SourceParams,
) -> Result<SourceChecks, SourceError> {
    let mut connection = Connection::connect(params).await?;
    let findings = recheck(&mut connection, params).await?;
    let alerts = findings
        .into_iter()
        .filter(|finding| finding.severity != Severity::Ok)
        .map(|finding| SourceAlert { hint: finding.remedy(), message: finding.message })
        .collect();
    let mut checks = SourceChecks { alerts, hours_until_purged: None };
    if let Ok(Some(position)) = store.position() {
        let now = clock.now();
        let last = i64::try_from(gauges.last_commit_s.load(Ordering::Relaxed)).ok();
        let last = last.filter(|last| *last > 0).and_then(|last| Timestamp::from_second(last).ok());
        let outlook = purge_outlook(&mut connection, &position, last, now).await?;
        checks.hours_until_purged = match outlook {
            PurgeOutlook::Purged => Some(0),
            PurgeOutlook::Kept { left, .. } => left.map(|left| left.as_secs() / SECONDS_PER_HOUR),
        };
    }
    connection.close().await?;
    Ok(checks)
}
