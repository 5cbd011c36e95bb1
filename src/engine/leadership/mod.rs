//! Which of the processes with one configuration delivers, and what the others do meanwhile.
//!
//! ```text
//!  standby ─ got the lock ─► taking over ─ settled, ledger doubted ─► leader ─ lost it ─► standby
//!        └──────────── alone, or nobody else can have led ─────────────┘
//! ```
//!
//! The rules are in [`term`], the lock is of `source::lease`. Whatever the other process did, it never
//! has to be asked: it may be dead.

mod term;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::SharedClock;
use crate::engine::deliver::{Bell, Delivered, Delivery};
use crate::engine::run::{Delivering, RunParams, Until};
use crate::engine::standby::{Standby, doubt_everything};
use crate::engine::{EngineError, Gauges, Role};
use crate::source::{Holder, LeaseConnection, LeaseNames, SourceError, SourceParams};
use crate::store::{PairRecord, Store, WriteBatch};
use crate::submit::{Permit, instance};
use term::{Belief, INTERVAL, Moment, SILENCE, Term};

/// The wait before the lock is asked for again after the connection failed.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// For longer than this a connection that a process left behind can't keep the lock.
const LEFTOVER_MAX: Duration = Duration::from_secs(2 * SILENCE.as_secs());

/// How leading ended without an error.
enum Led {
    /// Everything absorbed is settled.
    Settled,
    /// The lock is lost, for this reason.
    Lost(String),
}

/// What the parts of one process share: its term, and who is told of it.
struct Shared {
    store: Arc<Store>,
    clock: SharedClock,
    gauges: Arc<Gauges>,
    bell: Arc<Bell>,
    term: Arc<Mutex<Term>>,
    pair: PairRecord,
}

/// Delivers while it has the lock, and stands by while it has not.
pub(crate) struct Leadership<'a> {
    shared: Shared,
    source: &'a SourceParams,
    delivering: &'a Delivering,
    until: Until,
    names: LeaseNames,
    delivery: Option<Delivery>,
}

impl<'a> Leadership<'a> {
    /// # Errors
    /// The store failed.
    pub(crate) fn new(
        params: &'a RunParams,
        delivering: &'a Delivering,
        bell: &Arc<Bell>,
    ) -> Result<Self, EngineError> {
        let pair = if let Some(pair) = params.store.pair().map_err(EngineError::Store)? {
            pair
        } else {
            let pair = PairRecord { store: instance().to_owned(), has_peer: false };
            remember(&params.store, &pair)?;
            pair
        };
        let names = LeaseNames::new(&delivering.tenant, &pair.store);
        let shared = Shared {
            store: Arc::clone(&params.store),
            clock: SharedClock::clone(&params.clock),
            gauges: Arc::clone(&params.gauges),
            bell: Arc::clone(bell),
            term: Arc::new(Mutex::new(Term::new(pair.has_peer))),
            pair,
        };
        let (source, until) = (&params.source, params.until);
        Ok(Self { shared, source, delivering, until, names, delivery: None })
    }

    /// Delivers whenever it may, until the run's part of the source is absorbed and every key is
    /// settled; for ever when it never is.
    ///
    /// # Errors
    /// The service refuses us, or the store failed; with [`Until::Settled`], too, that another process
    /// delivers.
    pub(crate) async fn deliver(&mut self) -> Result<(), EngineError> {
        loop {
            let (mut lock, belief) = self.stand_by().await?;
            let led = self.lead(&mut lock, belief).await;
            if matches!(led, Ok(Led::Lost(_)) | Err(_)) {
                self.shared.term().lost();
            }
            match led? {
                Led::Settled => return Ok(()),
                Led::Lost(reason) => {
                    // What is in flight is cut off with it.
                    self.delivery = None;
                    self.shared.lost(reason);
                }
            }
        }
    }

    /// Records the answers of what is in flight, if this process leads.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn finish(&mut self) -> Result<(), EngineError> {
        match &mut self.delivery {
            Some(delivery) => delivery.finish().await,
            None => Ok(()),
        }
    }

    /// Waits for the lock, and meanwhile does what a standby does.
    async fn stand_by(&self) -> Result<(LeaseConnection, Belief), EngineError> {
        let mut standby = self.standby();
        let stands_by = || self.shared.term().stands_by(self.shared.moment());
        tokio::select! {
            gained = self.wait_for_lock() => gained,
            failed = standby.stand_by(stands_by) => match failed? {},
        }
    }

    fn standby(&self) -> Standby {
        let Shared { store, clock, gauges, bell, .. } = &self.shared;
        Standby::new(store, clock, gauges, bell, &self.delivering.params)
    }

    async fn wait_for_lock(&self) -> Result<(LeaseConnection, Belief), EngineError> {
        let (mut lock, mut own_since) = (None, None);
        loop {
            match self.ask_for_lock(&mut lock).await {
                Ok(Asked::Given(belief)) => {
                    if let Some(lock) = lock.take() {
                        return Ok((lock, belief));
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
            let opening = LeaseConnection::open(self.source, self.names.clone(), SILENCE);
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
            let tenant = self.delivering.tenant.clone();
            return Err(EngineError::NotLeading { tenant });
        }
        self.shared.standing_by();
        Ok(())
    }

    /// Delivers as long as the server confirms the lock.
    async fn lead(
        &mut self,
        lock: &mut LeaseConnection,
        belief: Belief,
    ) -> Result<Led, EngineError> {
        let mut standby = self.standby();
        let Self { shared, delivering, delivery, .. } = self;
        let work = async {
            shared.settle(&mut standby, belief).await?;
            if belief == Belief::Unsure {
                tracing::info!("another process may have delivered: everything is sent again");
                doubt_everything(&shared.store).await?;
            }
            shared.leading();
            let delivery = delivery.insert(shared.delivery(delivering)?);
            delivery.deliver().await
        };
        tokio::select! {
            lost = shared.confirming(lock) => lost.map(Led::Lost),
            delivered = work => delivered.map(|Delivered::Settled| Led::Settled),
        }
    }
}

/// The server's word on the lock.
enum Asked {
    Given(Belief),
    Refused(Holder),
}

impl Shared {
    fn term(&self) -> MutexGuard<'_, Term> {
        locked(&self.term)
    }

    fn moment(&self) -> Moment {
        Moment::of(self.clock.as_ref())
    }

    /// Waits until nothing of another process can arrive any more.
    async fn settle(&self, standby: &mut Standby, belief: Belief) -> Result<(), EngineError> {
        let waiting = async {
            loop {
                let wait = self.term().settles_for(self.moment());
                if wait.is_zero() {
                    return;
                }
                if self.gauges.set_role(Role::TakingOver, self.clock.now()) {
                    let wait_ms = wait.as_millis();
                    tracing::info!(
                        wait_ms,
                        "taking over, once nothing of another process can arrive"
                    );
                }
                self.clock.sleep(wait).await;
            }
        };
        // Until then the other one may still create what has to be deleted one day.
        let standing_by = standby.stand_by(|| belief == Belief::Unsure);
        tokio::select! {
            biased;
            () = waiting => Ok(()),
            failed = standing_by => match failed? {},
        }
    }

    fn delivery(&self, delivering: &Delivering) -> Result<Delivery, EngineError> {
        let (term, clock) = (Arc::clone(&self.term), SharedClock::clone(&self.clock));
        let permit = Permit::new(move || locked(&term).may_send(Moment::of(clock.as_ref())));
        let delivery = Delivery::new(
            Arc::clone(&self.store),
            SharedClock::clone(&self.clock),
            Arc::clone(&self.gauges),
            Arc::clone(&self.bell),
            Arc::clone(&delivering.submitter),
            delivering.params.clone(),
        )?;
        Ok(delivery.under(permit))
    }

    /// Asks again and again whether the lock is ours; why it is lost.
    async fn confirming(&self, lock: &mut LeaseConnection) -> Result<String, EngineError> {
        loop {
            self.clock.sleep(INTERVAL).await;
            let began = self.moment();
            let confirmation = match lock.confirm().await {
                Ok(confirmation) => confirmation,
                Err(error) => return Ok(error.to_string()),
            };
            if !confirmation.is_held {
                return Ok("the database server no longer gives it to this connection".to_owned());
            }
            let was_stale = {
                let mut term = self.term();
                let was_stale = term.is_stale(began);
                term.confirmed(began);
                if confirmation.is_awaited {
                    term.peer_seen();
                }
                was_stale
            };
            if confirmation.is_awaited {
                self.remember_peer()?;
            }
            if was_stale {
                self.bell.work.notify_one();
            }
        }
    }

    /// Makes it durable that there is another process, before it can matter.
    fn remember_peer(&self) -> Result<(), EngineError> {
        let known = self.store.pair().map_err(EngineError::Store)?;
        if known.is_some_and(|pair| pair.has_peer) {
            return Ok(());
        }
        tracing::info!("another process delivers to the same tenant, or waits to: they are a pair");
        remember(&self.store, &PairRecord { has_peer: true, ..self.pair.clone() })
    }

    fn leading(&self) {
        self.term().led();
        if self.gauges.set_role(Role::Leader, self.clock.now()) {
            tracing::info!(instance = instance(), "this process delivers");
        }
    }

    fn standing_by(&self) {
        let reason = "another process delivers to this tenant".to_owned();
        let hint = "this one takes over within seconds when that one ends".to_owned();
        let role = Role::Standby { reason, hint };
        if self.gauges.set_role(role, self.clock.now()) {
            let hint = "it takes over within seconds when the other one ends";
            tracing::info!(
                hint,
                "standing by: another process delivers; nothing is sent from here"
            );
        }
    }

    fn lost(&self, reason: String) {
        let hint = "delivery goes on when the database server gives the lock again, here or in \
                    another process";
        tracing::warn!(reason, hint, "the right to deliver is lost: nothing is sent from here");
        let role = Role::Standby { reason, hint: hint.to_owned() };
        self.gauges.set_role(role, self.clock.now());
    }

    fn unreachable(&self, error: &SourceError) {
        let hint = error.hint().unwrap_or_else(|| "is the database server well?".to_owned());
        let role = Role::Standby { reason: error.to_string(), hint: hint.clone() };
        if self.gauges.set_role(role, self.clock.now()) {
            tracing::warn!(%error, hint, "nothing is sent: the database server can't be asked who delivers");
        }
    }
}

fn locked(term: &Mutex<Term>) -> MutexGuard<'_, Term> {
    term.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember(store: &Store, pair: &PairRecord) -> Result<(), EngineError> {
    let mut batch = WriteBatch::default();
    batch.pair(pair);
    store.commit(batch).map_err(EngineError::Store)?;
    store.flush().map(drop).map_err(EngineError::Store)
}
