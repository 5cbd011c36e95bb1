//! `run` and `replay`.

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use indicatif::MultiProgress;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::args::ReplayArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{live, progress, wire};
use crate::config::OnLostPosition;
use crate::engine::{self, Delivering, EngineError, Gauges, ReplayParams, RunParams, Until};
use crate::feed::Feed;
use crate::source::files::ReplayRange;
use crate::status::{self, Process, Report};
use crate::store::Store;

pub(crate) async fn run(
    path: &Path,
    (once, dry_run): (bool, bool),
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let clock = wire::clock();
    let delivering = if dry_run {
        None
    } else {
        let submitter = wire::submitter(&config, &clock)?;
        Some(Delivering {
            submitter,
            params: wire::deliver(&config),
            tenant: wire::tenant(&config),
        })
    };
    let store = wire::store(&config)?;
    let gauges = Arc::new(Gauges::default());
    let params = RunParams {
        store: Arc::clone(&store),
        clock,
        gauges: Arc::clone(&gauges),
        delivering,
        source: wire::source(&config),
        until: if once { Until::Settled } else { Until::Told },
        resnapshot_on_lost_position: config.source.on_lost_position == OnLostPosition::Resnapshot,
    };
    let live = Arc::new(live::process(
        Arc::clone(&gauges),
        Arc::clone(&store),
        wire::deliver(&config),
        wire::source(&config),
    ));
    let running = engine::run(params, told_to_stop()?);
    tokio::select! {
        outcome = running => outcome?,
        never = progress::show(gauges, wire::clock(), bars.clone()) => match never {},
        never = answer_questions(Arc::clone(&store), live, &config.store_path) => match never {},
    }
    if once && !dry_run { parked_or_done(&store) } else { Ok(Exit::Done) }
}

pub(crate) async fn replay(
    path: &Path,
    args: ReplayArgs,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let ReplayArgs { files, from, until, dry_run } = args;
    let config = wire::read_config(path)?;
    let clock = wire::clock();
    let submitter = if dry_run { None } else { Some(wire::submitter(&config, &clock)?) };
    let store = wire::store(&config)?;
    let gauges = Arc::new(Gauges::default());
    let absorbing = {
        let (store, gauges) = (Arc::clone(&store), Arc::clone(&gauges));
        let params = ReplayParams {
            database: config.source.database.clone(),
            table_prefix: config.source.table_prefix.clone(),
            files,
            range: ReplayRange { from, until },
            is_delivered: !dry_run,
        };
        tokio::task::spawn_blocking(move || engine::absorb_files(&store, &gauges, &params))
    };
    let work = async {
        absorbing.await.map_err(EngineError::Task)??;
        match &submitter {
            Some(submitter) => {
                let params = wire::deliver(&config);
                engine::deliver_absorbed(&store, &clock, &gauges, submitter, params).await
            }
            None => Ok(()),
        }
    };
    let stop = told_to_stop()?;
    tokio::select! {
        outcome = work => outcome?,
        () = stop => return Ok(Exit::Failed),
        never = progress::show(Arc::clone(&gauges), wire::clock(), bars.clone()) => match never {},
    }
    if dry_run {
        tracing::info!("absorbed; nothing was sent");
        return Ok(Exit::Done);
    }
    parked_or_done(&store)
}

/// Answers `status` of another process. A run does not end for want of it.
async fn answer_questions(
    store: Arc<Store>,
    process: Arc<Process>,
    store_path: &Path,
) -> Infallible {
    let path = status::socket_path(store_path);
    match status::serve(store, process, wire::clock(), path).await {
        Ok(never) => match never {},
        Err(error) => {
            tracing::warn!(error = %error, "`status` can't ask this process while it runs");
            std::future::pending().await
        }
    }
}

/// Says which items are parked, if any are.
fn parked_or_done(store: &Store) -> Result<Exit, Failure> {
    let report = Report::read(store, None, wire::clock().now())?;
    if report.parked() == 0 {
        tracing::info!("settled");
        return Ok(Exit::Done);
    }
    for feed in &report.feeds {
        if feed.parked > 0 {
            tracing::warn!(feed = %feed.feed, parked = feed.parked, "settled, but items are parked");
        }
    }
    let names: Vec<&str> = Feed::ALL.iter().map(|feed| feed.name()).collect();
    tracing::warn!(
        "`aco-stream status FEED --state parked` shows why (feeds: {})",
        names.join(", ")
    );
    Ok(Exit::Parked)
}

/// Completes at SIGINT or SIGTERM.
pub(crate) fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    const DOING: &str = "listen for signals";
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::system(DOING))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::system(DOING))?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
