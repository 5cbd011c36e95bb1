//! A run: both loops, the flush timer, and the order in which they stop.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::SharedClock;
use crate::engine::deliver::{Bell, DeliverParams};
use crate::engine::error::chain;
use crate::engine::follow::{Following, RECONNECT_FIRST};
use crate::engine::leadership::Leadership;
use crate::engine::rechecks::rechecking;
use crate::engine::{Activity, EngineError, Gauges, SourceFailure};
use crate::source::SourceParams;
use crate::store::{Phase, Store};
use crate::submit::{SubmitError, Submitter};

/// How long a commit may wait to become durable.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When what the source had written at its start is absorbed and every key is settled.
    Settled,
    /// When it is told to.
    Told,
}

/// What a run needs.
pub struct RunParams {
    /// The store.
    pub store: Arc<Store>,
    /// Time.
    pub clock: SharedClock,
    /// Counters for display.
    pub gauges: Arc<Gauges>,
    /// How to deliver what is absorbed; `None`: it is only absorbed, and nothing is sent.
    pub delivering: Option<Delivering>,
    /// The source.
    pub source: SourceParams,
    /// When to end.
    pub until: Until,
    /// Whether a lost position is answered by a new snapshot.
    pub resnapshot_on_lost_position: bool,
}

/// What delivering needs.
pub struct Delivering {
    /// The service.
    pub submitter: Arc<Submitter>,
    /// How to deliver.
    pub params: DeliverParams,
    /// The tenant, by which processes that may deliver to it agree on one of them.
    pub tenant: String,
}

/// Runs both loops until the end that `params` asks for, or until `stop` completes; then what is in
/// flight has some seconds to be answered, so that it is not sent again at the next start.
///
/// # Errors
/// At start: whatever an operator must mend. Later: with [`Until::Settled`] the first error that
/// ends a loop; with [`Until::Told`] an error of one loop is logged and shown by the gauges while the
/// other goes on, and is returned only when both have ended or the store failed. A stop is no error.
pub async fn run(params: RunParams, stop: impl Future<Output = ()>) -> Result<(), EngineError> {
    let bell = Arc::new(Bell::default());
    if let Some(delivering) = &params.delivering {
        sign_in(delivering, params.until).await?;
    }
    let state = params.store.snapshot().map_err(EngineError::Store)?;
    let is_open = state.is_some_and(|state| state.phase == Phase::Open);
    params.gauges.is_gate_open.store(is_open, Ordering::SeqCst);
    let mut following = Following {
        store: Arc::clone(&params.store),
        clock: SharedClock::clone(&params.clock),
        gauges: Arc::clone(&params.gauges),
        bell: Arc::clone(&bell),
        params: Arc::new(params.source.clone()),
        until: params.until,
        resnapshot_on_lost_position: params.resnapshot_on_lost_position,
        target: None,
        position_stored_at: params.clock.now(),
        damaged_at: None,
        wait: RECONNECT_FIRST,
        own: BTreeSet::new(),
        thrown_out: 0,
    };
    let first = following.start().await?;
    let mut leadership = match &params.delivering {
        None => None,
        Some(delivering) => Some(Leadership::new(&params, delivering, &bell)?),
    };
    let absorbing = absorbing(&mut following, first, &params, &bell);
    let delivering = async {
        match &mut leadership {
            Some(leadership) => delivering(leadership, &params).await,
            None => Ok(()),
        }
    };
    let source = Arc::new(params.source.clone());
    let rechecking = rechecking(&params.store, &params.gauges, &params.clock, source);
    let outcome = tokio::select! {
        outcome = both(absorbing, delivering, params.until) => Some(outcome),
        error = flushing(&params.store, &params.clock) => Some(Err(error)),
        never = rechecking => match never {},
        () = stop => {
            tracing::info!("stopping");
            None
        }
    };
    let outcome = match (outcome, &mut leadership) {
        (Some(outcome), _) => outcome,
        (None, Some(leadership)) => leadership.finish().await,
        (None, None) => Ok(()),
    };
    let flushed = params.store.flush().map_err(EngineError::Store);
    outcome.and(flushed.map(drop))
}

/// A run that ends by itself must reach the service now; one that goes on may wait for it, but
/// refused credentials are for the operator at once.
async fn sign_in(delivering: &Delivering, until: Until) -> Result<(), EngineError> {
    match delivering.submitter.sign_in().await {
        Ok(()) => Ok(()),
        Err(error @ (SubmitError::Unreachable { .. } | SubmitError::Unavailable { .. }))
            if until == Until::Told =>
        {
            tracing::warn!(error = chain(&error), "service unavailable; going on without it");
            Ok(())
        }
        Err(error) => Err(EngineError::Submit(error)),
    }
}

async fn absorbing(
    following: &mut Following,
    first: crate::source::Connection,
    params: &RunParams,
    bell: &Bell,
) -> Result<(), EngineError> {
    let outcome = following.follow(first).await;
    match &outcome {
        Ok(()) => {
            bell.is_absorbed.store(true, Ordering::SeqCst);
            bell.work.notify_one();
        }
        Err(error) => {
            let hint = error.hints().join("; ");
            params.gauges.set_source_failure(SourceFailure {
                since: params.clock.now(),
                reason: error.to_string(),
                hint: (!hint.is_empty()).then(|| hint.clone()),
            });
            params.gauges.set_activity(Activity::Stopped(error.to_string()));
            tracing::error!(error = chain(error), hint, "absorbing stopped");
        }
    }
    outcome
}

async fn delivering(
    leadership: &mut Leadership<'_>,
    params: &RunParams,
) -> Result<(), EngineError> {
    let outcome = leadership.deliver().await;
    if let Err(error) = &outcome {
        params.gauges.set_delivery_stopped(error.to_string());
        let hint = error.hints().join("; ");
        tracing::error!(error = chain(error), hint, "delivery stopped");
    }
    outcome
}

/// Waits for both loops. A run that ends by itself fails at once; one that goes on keeps the loop
/// that still works, and ends only when neither does or the store failed.
async fn both(
    absorbing: impl Future<Output = Result<(), EngineError>>,
    delivering: impl Future<Output = Result<(), EngineError>>,
    until: Until,
) -> Result<(), EngineError> {
    tokio::pin!(absorbing, delivering);
    let (mut absorbed, mut delivered) = (None, None);
    loop {
        tokio::select! {
            outcome = &mut absorbing, if absorbed.is_none() => absorbed = Some(outcome),
            outcome = &mut delivering, if delivered.is_none() => delivered = Some(outcome),
        }
        let ends_all =
            |error: &EngineError| until == Until::Settled || matches!(error, EngineError::Store(_));
        let is_failed =
            absorbed.as_ref().is_some_and(|outcome| outcome.as_ref().is_err_and(ends_all))
                || delivered.as_ref().is_some_and(|outcome| outcome.as_ref().is_err_and(ends_all));
        if is_failed || (absorbed.is_some() && delivered.is_some()) {
            absorbed.unwrap_or(Ok(()))?;
            return delivered.unwrap_or(Ok(()));
        }
    }
}

/// Makes commits durable at a steady beat; returns only when that fails.
pub(crate) async fn flushing(store: &Arc<Store>, clock: &SharedClock) -> EngineError {
    loop {
        clock.sleep(FLUSH_INTERVAL).await;
        let store = Arc::clone(store);
        let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
        match flushed {
            Ok(Ok(true)) => tracing::debug!("commits made durable"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => return EngineError::Store(error),
            Err(error) => return EngineError::Task(error),
        }
    }
}
