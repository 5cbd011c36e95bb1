//! The life of one binlog stream: its transactions are absorbed, tables are read again between them,
//! and the gate opens when all is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Semaphore, mpsc};

use crate::catalog::{FoldMode, ForeignKey};
use crate::clock::since;
use crate::decode::{Definitions, TableId, Watch};
use crate::engine::absorb::{Absorbed, Absorbing, mark_everything};
use crate::engine::follow::{Following, RECONNECT_FIRST, lacking_keys};
use crate::engine::reread::{RereadState, Rereading};
use crate::engine::snapshot::source_error;
use crate::engine::{Activity, EngineError};
use crate::position::{BinlogFile, BinlogOffset, Position};
use crate::source::framing::SourceTransaction;
use crate::source::{Cascades, SourceError, Stream, StreamEvent};
use crate::store::{Phase, Reread, SnapshotState, WriteBatch};

/// Events read ahead of the fold: enough to fill a commit.
const READ_AHEAD_EVENTS: usize = 256;
/// Row changes in them: bounded so that memory is. A larger transaction comes alone.
const READ_AHEAD_CHANGES: u32 = 20_000;
/// Row changes that are folded into one commit when they are there already.
const CHANGES_PER_COMMIT: usize = 2000;
/// How often the position moves while no watched table changes.
const QUIET_POSITION_INTERVAL: Duration = Duration::from_secs(1);
/// How often an idle stream looks whether a table is to be read again.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// How a stream that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything that a run is about is absorbed.
    Absorbed,
    /// The position was set back: a new stream must be opened there.
    Replay,
}

/// A stream's life.
pub(crate) struct Streaming<'a> {
    pub(crate) following: &'a mut Following,
    pub(crate) watch: Arc<Watch>,
    pub(crate) tables: BTreeSet<TableId>,
    pub(crate) state: SnapshotState,
    /// Up to where everything is absorbed.
    pub(crate) position: Position,
    /// How far the stream was read.
    pub(crate) seen: BinlogOffset,
}

/// What the stream gave without waiting.
#[derive(Default)]
struct Gathered {
    transactions: Vec<SourceTransaction>,
    definitions: Option<Definitions>,
    cascades: Option<Cascades>,
    quiet: Option<Position>,
    file: Option<BinlogFile>,
    failed: Option<SourceError>,
}

/// What was read ahead.
struct Events {
    receiver: mpsc::Receiver<Result<StreamEvent, SourceError>>,
    /// A permit for every row change that may still be read ahead.
    room: Arc<Semaphore>,
}

impl Events {
    /// Makes room for more in place of an event that was taken.
    fn taken(&self, event: Result<StreamEvent, SourceError>) -> Result<StreamEvent, SourceError> {
        // Never closed, and as many as were taken from it.
        self.room.add_permits(usize::try_from(weight(&event)).unwrap_or(0));
        event
    }

    fn try_next(&mut self) -> Result<Result<StreamEvent, SourceError>, TryRecvError> {
        let event = self.receiver.try_recv()?;
        Ok(self.taken(event))
    }

    async fn next(&mut self) -> Result<StreamEvent, SourceError> {
        match self.receiver.recv().await {
            Some(event) => self.taken(event),
            None => Err(SourceError::StreamEnded),
        }
    }
}

/// The room that an event takes.
fn weight(event: &Result<StreamEvent, SourceError>) -> u32 {
    match event {
        Ok(
            StreamEvent::Transaction(transaction) | StreamEvent::Redefinition { transaction, .. },
        ) => u32::try_from(transaction.changes.len()).unwrap_or(u32::MAX).min(READ_AHEAD_CHANGES),
        Ok(StreamEvent::Progress { .. } | StreamEvent::File(_)) | Err(_) => 0,
    }
}

impl Streaming<'_> {
    /// Reads ahead in a task of its own, so that folding never keeps the server waiting.
    pub(crate) async fn run(mut self, stream: Stream) -> Result<Ended, EngineError> {
        let (sender, receiver) = mpsc::channel(READ_AHEAD_EVENTS);
        let room = usize::try_from(READ_AHEAD_CHANGES).unwrap_or(usize::MAX);
        let room = Arc::new(Semaphore::new(room));
        let events = Events { receiver, room: Arc::clone(&room) };
        #[expect(clippy::disallowed_methods, reason = "engine starts tasks; aborted below")]
        let reader = tokio::spawn(read(stream, sender, room));
        let outcome = self.absorb_events(events).await;
        reader.abort();
        outcome
    }

    async fn absorb_events(&mut self, mut events: Events) -> Result<Ended, EngineError> {
        let mut kept = RereadState::default();
        loop {
            let pending = self.pending()?;
            // An idle server sends nothing: where we start may already be where we must get to.
            self.open_gate(&pending)?;
            if self.is_done(&pending) {
                return Ok(Ended::Absorbed);
            }
            if pending.is_empty() {
                kept.rest();
            }
            if let Some(event) = self.next(&mut events, &pending, &kept).await {
                let gathered = self.gather(event, &mut events);
                self.commit(gathered)?;
            } else {
                self.store_quiet_position()?;
            }
            // What was committed may have reset them.
            let first = self.pending()?.into_iter().next();
            if let Some(first) = first.filter(|_| kept.is_due(self.following.clock.now()))
                && self.reread(first, &mut kept).await? == Ended::Replay
            {
                return Ok(Ended::Replay);
            }
        }
    }

    fn pending(&self) -> Result<BTreeMap<TableId, Reread>, EngineError> {
        let pending = self.following.store.rereads().map_err(EngineError::Store)?;
        self.following.gauges.set_rereads(
            pending.keys().filter_map(|id| self.watch.table(*id)).map(|table| table.name).collect(),
        );
        Ok(pending)
    }

    /// The next event, or `None` when there is something else to do.
    async fn next(
        &self,
        events: &mut Events,
        pending: &BTreeMap<TableId, Reread>,
        kept: &RereadState,
    ) -> Option<Result<StreamEvent, SourceError>> {
        let now = self.following.clock.now();
        let wait = match kept.not_before {
            _ if pending.is_empty() => IDLE_INTERVAL,
            Some(at) => since(at, now).min(IDLE_INTERVAL),
            None => Duration::ZERO,
        };
        if wait.is_zero() {
            return match events.try_next() {
                Ok(event) => Some(event),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(SourceError::StreamEnded)),
            };
        }
        tokio::select! {
            event = events.next() => Some(event),
            () = self.following.clock.sleep(wait) => None,
        }
    }

    /// Takes what is there already, up to a commit's worth.
    fn gather(&mut self, event: Result<StreamEvent, SourceError>, events: &mut Events) -> Gathered {
        let mut gathered = Gathered::default();
        let mut change_count = 0usize;
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let transaction = match event {
                Ok(StreamEvent::Transaction(transaction)) => Some(transaction),
                Ok(StreamEvent::Redefinition { transaction, definitions, cascades }) => {
                    gathered.cascades = Some(cascades);
                    gathered.definitions = Some(definitions);
                    Some(transaction)
                }
                Ok(StreamEvent::File(file)) => {
                    gathered.file = Some(file);
                    None
                }
                Ok(StreamEvent::Progress { seen, position }) => {
                    self.seen = seen;
                    gathered.quiet = Some(position);
                    None
                }
                Err(error) => {
                    gathered.failed = Some(error);
                    return gathered;
                }
            };
            if let Some(transaction) = transaction {
                self.seen = transaction.position.at.clone();
                change_count = change_count.saturating_add(transaction.changes.len());
                gathered.quiet = None;
                gathered.transactions.push(transaction);
            }
            if change_count < CHANGES_PER_COMMIT {
                next = events.try_next().ok();
            }
        }
        gathered
    }

    /// Commits transactions; without any, now and then the position alone, so that a shop whose
    /// catalog is quiet does not keep a position that is purged one day.
    fn commit(&mut self, gathered: Gathered) -> Result<(), EngineError> {
        let now = self.following.clock.now();
        if let Some(file) = gathered.file {
            let mut batch = WriteBatch::default();
            batch.binlog_file(Some(&file));
            self.following.store.commit(batch).map_err(EngineError::Store)?;
        }
        if let Some(last) = gathered.transactions.last() {
            self.position = last.position.clone();
            self.following.position_stored_at = now;
            self.following.damaged_at = None;
            let behind_s = now.as_second().saturating_sub(last.committed_at_s);
            let behind_s = u64::try_from(behind_s).unwrap_or(0);
            self.following.gauges.seconds_behind.store(behind_s, Ordering::Relaxed);
            self.following.wait = RECONNECT_FIRST;
            let lacking = match &gathered.cascades {
                Some(cascades) => Some(self.learn_lacking(cascades)?),
                None => None,
            };
            let absorbed =
                self.absorbing().absorb(gathered.transactions, gathered.definitions.as_ref())?;
            if let Some(lacking) = lacking {
                self.following.store.set_lacking(lacking);
            }
            self.tell(absorbed);
        }
        if let Some(position) = gathered.quiet {
            self.position = position;
            if since(now, self.following.position_stored_at) >= QUIET_POSITION_INTERVAL {
                self.following.position_stored_at = now;
                let mut batch = WriteBatch::default();
                batch.position(&self.position);
                self.following.store.commit(batch).map_err(EngineError::Store)?;
            }
        }
        gathered.failed.map_or(Ok(()), |error| Err(source_error(error)))
    }

    /// Nothing came for a while: where the stream stands is stored, for those who wait for it.
    fn store_quiet_position(&mut self) -> Result<(), EngineError> {
        let stored = self.following.store.position().map_err(EngineError::Store)?;
        let now = self.following.clock.now();
        let is_due = since(now, self.following.position_stored_at) >= QUIET_POSITION_INTERVAL;
        if !is_due || stored.is_none_or(|stored| stored == self.position) {
            return Ok(());
        }
        self.following.position_stored_at = now;
        let mut batch = WriteBatch::default();
        batch.position(&self.position);
        self.following.store.commit(batch).map_err(EngineError::Store)
    }

    /// The foreign keys that the shop lacks behind the transactions that are absorbed next. One that
    /// comes or goes amid them applies to none of them, and its table is read again behind them:
    /// which rows went by it before that was learned is not known.
    fn learn_lacking(&self, cascades: &Cascades) -> Result<BTreeSet<ForeignKey>, EngineError> {
        let store = &self.following.store;
        let before = store.set_lacking(BTreeSet::new());
        let lacking = lacking_keys(self.watch.layout, cascades, &before);
        store.set_lacking(before.union(&lacking).copied().collect());
        let mut batch = WriteBatch::default();
        let position = &self.position;
        for key in before.symmetric_difference(&lacking) {
            let replay_from = position.gtid.is_none().then(|| position.at.clone());
            batch.reread(key.child.id(), Some(&Reread { after: None, replay_from }));
        }
        store.commit(batch).map_err(EngineError::Store)?;
        Ok(lacking)
    }

    /// Reads the next range of a table again.
    async fn reread(
        &mut self,
        first: (TableId, Reread),
        kept: &mut RereadState,
    ) -> Result<Ended, EngineError> {
        let rereading = Rereading {
            absorbing: self.absorbing(),
            clock: &self.following.clock,
            params: &self.following.params,
            watch: &self.watch,
            position: &self.position,
        };
        let done = rereading.step(first, kept).await?;
        self.tell(Absorbed { is_shop_stale: done.is_shop_stale });
        Ok(if done.replay_from.is_some() { Ended::Replay } else { Ended::Absorbed })
    }

    fn absorbing(&self) -> Absorbing<'_> {
        let is_open = self.state.phase == Phase::Open;
        Absorbing {
            store: &self.following.store,
            gauges: &self.following.gauges,
            mode: if is_open { FoldMode::GateOpen } else { FoldMode::GateClosed },
            tables: &self.tables,
        }
    }

    /// Wakes the deliver loop.
    fn tell(&self, absorbed: Absorbed) {
        if absorbed.is_shop_stale {
            self.following.bell.shop_version.fetch_add(1, Ordering::SeqCst);
        }
        self.following.bell.work.notify_one();
    }

    /// Opens the gate when everything the snapshot saw is absorbed, and no table waits to be read.
    fn open_gate(&mut self, pending: &BTreeMap<TableId, Reread>) -> Result<(), EngineError> {
        let following = &*self.following;
        match &self.state.phase {
            Phase::CatchingUp { until } if self.seen >= *until && pending.is_empty() => {
                self.state.phase = Phase::Open;
                let mut batch = WriteBatch::default();
                batch.snapshot(&self.state);
                mark_everything(&following.store, &mut batch);
                following.store.commit(batch).map_err(EngineError::Store)?;
                tracing::info!("catalog copy complete: the gate is open");
            }
            Phase::Open => {}
            Phase::CatchingUp { .. } | Phase::Reading { .. } => return Ok(()),
        }
        if !following.gauges.is_gate_open.swap(true, Ordering::SeqCst) {
            following.gauges.set_activity(Activity::Following);
            following.bell.shop_version.fetch_add(1, Ordering::SeqCst);
            following.bell.work.notify_one();
        }
        Ok(())
    }

    fn is_done(&self, pending: &BTreeMap<TableId, Reread>) -> bool {
        let target = self.following.target.as_ref();
        self.state.phase == Phase::Open
            && pending.is_empty()
            && target.is_some_and(|target| self.seen >= *target)
    }
}

/// Moves events from the stream to the channel until either ends, as far as there is room.
async fn read(
    mut stream: Stream,
    sender: mpsc::Sender<Result<StreamEvent, SourceError>>,
    room: Arc<Semaphore>,
) {
    loop {
        let event = stream.next().await;
        let failed = event.is_err();
        match room.acquire_many(weight(&event)).await {
            Ok(taken) => taken.forget(),
            Err(_closed) => return,
        }
        if sender.send(event).await.is_err() || failed {
            return;
        }
    }
}
