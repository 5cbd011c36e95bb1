//! The lock's keeper: waits for the lock, confirms it, and says when it is got and lost.
//!
//! It has a thread and a runtime of its own: a process that is busy must not lose the lock for not
//! asking in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::Shared;
use super::term::{Gained, INTERVAL, Moment, SILENCE};
use crate::engine::EngineError;
use crate::engine::run::Until;
use crate::source::{Holder, LeaseConnection, LeaseNames, SourceError, SourceParams};

/// The wait before the lock is asked for again after the connection failed.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// For longer than this a connection that a process left behind can't keep the lock.
const LEFTOVER_MAX: Duration = Duration::from_secs(2 * SILENCE.as_secs());

/// What happened to the lock.
#[derive(Debug)]
pub(super) enum News {
    /// It is ours.
    Gained(Gained),
    /// It is not, or may not be, for this reason.
    Lost(String),
}

/// The keeper at work; the lock is let go of with it.
pub(super) struct Keeping {
    news: UnboundedReceiver<News>,
    thread: JoinHandle<Result<(), EngineError>>,
}

impl Keeping {
    /// What happened next to the lock.
    ///
    /// # Errors
    /// The store failed, or another process delivers and this one was not to wait.
    pub(super) async fn next(&mut self) -> Result<News, EngineError> {
        if let Some(news) = self.news.recv().await {
            return Ok(news);
        }
        match (&mut self.thread).await.map_err(EngineError::Task)? {
            Err(error) => Err(error),
            // It ends without an error only when nobody listens any more.
            Ok(()) => std::future::pending().await,
        }
    }
}

/// What the keeper works with.
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) source: SourceParams,
    pub(super) names: LeaseNames,
    pub(super) tenant: String,
    pub(super) until: Until,
}

/// The server's word on the lock.
enum Asked {
    Given(Gained),
    Refused(Holder),
}

impl Keeper {
    /// Sets to work.
    pub(super) fn start(self) -> Keeping {
        let (sender, news) = unbounded_channel();
        let thread = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(EngineError::Runtime)?;
            runtime.block_on(async {
                tokio::select! {
                    () = sender.closed() => Ok(()),
                    outcome = self.keep(&sender) => outcome,
                }
            })
        });
        Keeping { news, thread }
    }

    async fn keep(&self, news: &UnboundedSender<News>) -> Result<(), EngineError> {
        // Without a listener all of it ends.
        let say = |what| news.send(what).unwrap_or_default();
        loop {
            let (mut lock, gained) = self.wait_for_lock().await?;
            say(News::Gained(gained));
            let reason = self.confirming(&mut lock).await?;
            self.shared.term().lost();
            say(News::Lost(reason));
        }
    }

    async fn wait_for_lock(&self) -> Result<(LeaseConnection, Gained), EngineError> {
        let (mut lock, mut own_since) = (None, None);
        loop {
            match self.ask_for_lock(&mut lock).await {
                Ok(Asked::Given(gained)) => {
                    if let Some(lock) = lock.take() {
                        return Ok((lock, gained));
                    }
                }
                Ok(Asked::Refused(Holder::Nobody)) => own_since = None,
                Ok(Asked::Refused(Holder::Own)) => {
                    // Left behind by this process or the one before it; the server will notice. If it
                    // does not, a copy of this store is at work.
                    let now = self.shared.clock.passed();
                    let since = *own_since.get_or_insert(now);
                    if now.saturating_sub(since) > LEFTOVER_MAX {
                        self.another_delivers()?;
                    }
                }
                Ok(Asked::Refused(Holder::Other)) => {
                    own_since = None;
                    self.another_delivers()?;
                }
                Err(error) => {
                    lock = None;
                    self.shared.unreachable(&error);
                    self.shared.clock.sleep(RETRY_WAIT).await;
                }
            }
        }
    }

    /// Asks once; the server makes us wait a second when it has to refuse.
    async fn ask_for_lock(&self, kept: &mut Option<LeaseConnection>) -> Result<Asked, SourceError> {
        let lock = if let Some(lock) = kept {
            lock
        } else {
            let opening = LeaseConnection::open(&self.source, self.names.clone(), SILENCE);
            kept.insert(Box::pin(opening).await?)
        };
        let holder = lock.holder().await?;
        if holder == Holder::Other {
            // Before we can get the lock from the other one we know of it.
            if self.shared.term().peer_seen() {
                return Ok(Asked::Refused(holder));
            }
            lock.show_waiting().await?;
        }
        let began = Moment::of(self.shared.clock.as_ref());
        if !lock.take(holder != Holder::Nobody).await? {
            return Ok(Asked::Refused(holder));
        }
        lock.mark().await?;
        let now = Moment::of(self.shared.clock.as_ref());
        Ok(Asked::Given(self.shared.term().gained(began, now)))
    }

    /// Another process delivers: this one stands by, or ends if it was to do its work and end.
    fn another_delivers(&self) -> Result<(), EngineError> {
        self.shared.term().peer_seen();
        self.shared.remember_peer()?;
        if self.until == Until::Settled {
            let tenant = self.tenant.clone();
            return Err(EngineError::NotLeading { tenant });
        }
        self.shared.standing_by();
        Ok(())
    }

    /// Asks again and again whether the lock is ours; why it is lost.
    async fn confirming(&self, lock: &mut LeaseConnection) -> Result<String, EngineError> {
        loop {
            self.shared.clock.sleep(INTERVAL).await;
            let began = self.shared.moment();
            let confirmation = match lock.confirm().await {
                Ok(confirmation) => confirmation,
                Err(error) => return Ok(error.to_string()),
            };
            if !confirmation.is_held {
                return Ok("the database server no longer gives it to this connection".to_owned());
            }
            let was_stale = {
                let mut term = self.shared.term();
                let was_stale = term.is_stale(began);
                term.confirmed(began);
                if confirmation.is_awaited {
                    term.peer_seen();
                }
                was_stale
            };
            if confirmation.is_awaited {
                self.shared.remember_peer()?;
            }
            if was_stale {
                self.shared.bell.work.notify_one();
            }
        }
    }
}
