//! Which of the processes with one configuration delivers, and what the others do meanwhile.
//!
//! ```text
//!  standby ─ got the lock ─► taking over ─ settled, ledger doubted ─► leader ─ lost it ─► standby
//!        └──────────── alone, or nobody else can have led ─────────────┘
//! ```
//!
//! The rules are in [`term`], the lock is of `source::lease`, and [`keeper`] asks for it. Whatever the other process did, it never
//! has to be asked: it may be dead.

mod keeper;
mod term;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::SharedClock;
use crate::engine::deliver::{Bell, Delivered, Delivery};
use crate::engine::run::{Delivering, RunParams, Until};
use crate::engine::standby::{Standby, doubt_everything};
use crate::engine::{EngineError, Gauges, Role};
use crate::source::{LeaseNames, SourceError, SourceParams};
use crate::store::{PairRecord, Store, WriteBatch};
use crate::submit::{Permit, instance};
use keeper::{Keeper, Keeping, News};
use term::{Belief, Gained, Moment, Term};

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
    shared: Arc<Shared>,
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
        let shared = Arc::new(Shared {
            store: Arc::clone(&params.store),
            clock: SharedClock::clone(&params.clock),
            gauges: Arc::clone(&params.gauges),
            bell: Arc::clone(bell),
            term: Arc::new(Mutex::new(Term::new(pair.has_peer))),
            pair,
        });
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
        let mut keeping = Keeper {
            shared: Arc::clone(&self.shared),
            source: self.source.clone(),
            names: self.names.clone(),
            tenant: self.delivering.tenant.clone(),
            until: self.until,
        }
        .start();
        loop {
            let gained = self.stand_by(&mut keeping).await?;
            match self.lead(&mut keeping, gained).await? {
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
    async fn stand_by(&self, keeping: &mut Keeping) -> Result<Gained, EngineError> {
        let mut standby = self.standby();
        let stands_by = || self.shared.term().stands_by(self.shared.moment());
        let gained = async {
            loop {
                if let News::Gained(gained) = keeping.next().await? {
                    return Ok(gained);
                }
            }
        };
        tokio::select! {
            gained = gained => gained,
            failed = standby.stand_by(stands_by) => match failed? {},
        }
    }

    fn standby(&self) -> Standby {
        let Shared { store, clock, gauges, bell, .. } = self.shared.as_ref();
        Standby::new(store, clock, gauges, bell, &self.delivering.params)
    }

    /// Delivers as long as the server confirms the lock.
    async fn lead(&mut self, keeping: &mut Keeping, gained: Gained) -> Result<Led, EngineError> {
        let mut standby = self.standby();
        let Self { shared, delivering, delivery, .. } = self;
        let Gained { number, belief } = gained;
        let work = async {
            shared.settle(&mut standby, belief).await?;
            if belief == Belief::Unsure {
                tracing::info!("another process may have delivered: everything is sent again");
                doubt_everything(&shared.store).await?;
            }
            shared.leading(number);
            let goes_on = self.until == Until::Told;
            let made = shared.delivery(delivering, number)?.going_on(goes_on);
            let delivery = delivery.insert(made);
            delivery.deliver().await
        };
        let lost = async {
            loop {
                if let News::Lost(reason) = keeping.next().await? {
                    return Ok(reason);
                }
            }
        };
        tokio::select! {
            lost = lost => lost.map(Led::Lost),
            delivered = work => delivered.map(|Delivered::Settled| Led::Settled),
        }
    }
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

    fn delivery(&self, delivering: &Delivering, number: u64) -> Result<Delivery, EngineError> {
        let (term, clock) = (Arc::clone(&self.term), SharedClock::clone(&self.clock));
        let permit =
            Permit::new(move || locked(&term).may_send(number, Moment::of(clock.as_ref())));
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

    /// Makes it durable that there is another process, before it can matter.
    fn remember_peer(&self) -> Result<(), EngineError> {
        let known = self.store.pair().map_err(EngineError::Store)?;
        if known.is_some_and(|pair| pair.has_peer) {
            return Ok(());
        }
        tracing::info!("another process delivers to the same tenant, or waits to: they are a pair");
        remember(&self.store, &PairRecord { has_peer: true, ..self.pair.clone() })
    }

    fn leading(&self, number: u64) {
        let leads = self.term().led(number);
        if leads && self.gauges.set_role(Role::Leader, self.clock.now()) {
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
