//! Delivery against a service that does everything wrong, over real HTTP, while the shop changes. Once
//! it calms down it has what the shop has.

mod service;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use secrecy::SecretString;

use super::world::World;
use crate::catalog::database::Database;
use crate::catalog::random_rows::edit;
use crate::clock::{Clock as _, SharedClock};
use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::ledger::{Cause, ItemState, LedgerRecord};
use crate::pace::{Limits, Pace, PaceState};
use crate::sandbox::{Sandbox, SandboxLimits, SandboxParams};
use crate::store::{DirtyMark, WriteBatch};
use crate::submit::{SubmitParams, Submitter};
use service::{Hostile, Random};

/// How many seeds are tried; `ACO_STREAM_HOSTILE_SEEDS` asks for more.
const SEEDS: u64 = 24;
/// Rounds of changes and requests while the service is hostile.
const ROUNDS: u64 = 60;

const LIMITS: Limits = Limits {
    request_interval: Duration::ZERO,
    products_per_minute: 40,
    products_per_day: 2_000,
    prices_per_minute: 60,
};

fn seeds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    let asked = std::env::var("ACO_STREAM_HOSTILE_SEEDS");
    asked.ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS)
}

struct Trial {
    world: World,
    random: Random,
    runner: TestRunner,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut world = World::new(Database::small_shop());
        let now = world.clock.now();
        let delivery = world.delivery();
        delivery.goes_on = true;
        delivery.pace = Pace::new(LIMITS, PaceState::default(), now);
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self {
            world,
            random: Random(seed),
            runner: TestRunner::new_with_rng(Config::default(), rng),
        }
    }

    /// The shop changes.
    fn change(&mut self) {
        let mut changes = Vec::new();
        for _ in 0..=self.random.below(3) {
            let edit = edit().new_tree(&mut self.runner).unwrap().current();
            changes.extend(self.world.database.edit(&edit));
        }
        self.world.write(changes);
        self.world.absorb(usize::MAX >> 1);
    }

    /// Sends what may go, and takes in some of the answers; all of them if `all`. Whether anything was
    /// done.
    async fn round(&mut self, all: bool) -> bool {
        let (mut worked, _) = self.world.delivery().work().unwrap();
        while !self.world.delivery().in_flight.is_empty() {
            if !all && self.random.below(4) == 0 {
                break;
            }
            let answered = self.world.delivery().in_flight.next().await.unwrap();
            self.world.delivery().answered(&answered).unwrap();
            worked = true;
        }
        worked
    }

    /// The clock moves only while nothing is on its way: what leaves arrives in the same instant.
    fn wait(&mut self, step: Duration) {
        if self.world.delivery().in_flight.is_empty() {
            self.world.clock.advance(step);
        }
    }

    async fn settle(&mut self) {
        for _ in 0..4_000 {
            if !self.round(true).await {
                if self.world.delivery().is_settled() {
                    return;
                }
                let now = self.world.clock.now();
                let nap = self.world.delivery().nap(now).unwrap();
                self.wait(nap);
            }
        }
        panic!("does not settle down: {:?}", self.world.delivery().outbox);
    }

    /// A person asks for everything that was refused.
    fn ask_for_parked(&mut self) {
        let mut batch = WriteBatch::default();
        for feed in Feed::ALL {
            for (key, record) in self.world.store().ledger_page(feed, None, usize::MAX).unwrap() {
                if record.state != ItemState::Parked || record.code == 0 {
                    continue;
                }
                let owner = FeedOwner { feed, id: record.owner };
                let sequence = self.world.store().next_sequence();
                batch.mark_dirty(owner, &DirtyMark { sequence, cause: Cause::default() });
                let forgiven = LedgerRecord { refused: None, code: 0, ..record };
                batch.ledger(&key, &forgiven, None);
            }
        }
        self.world.store().commit(batch).unwrap();
    }
}

async fn trial(seed: u64) {
    let mut trial = Trial::new(seed);
    let clock: SharedClock = Arc::new(trial.world.clock.clone());
    let limits = SandboxLimits::Real {
        requests_per_second: 1_000_000,
        requests_per_minute: 1_000_000,
        products_per_minute: 40 * 3,
        products_per_day: 1_000_000,
        prices_per_minute: 60 * 3,
    };
    let params = SandboxParams { limits, ..SandboxParams::default() };
    let (sandbox, serving) =
        Sandbox::start(params.clone(), SharedClock::clone(&clock)).await.unwrap();
    let store = Arc::clone(&trial.world.delivery().store);
    let manual = trial.world.clock.clone();
    let (hostile, misbehaving) =
        Hostile::start(seed, sandbox.base_url(), manual, store, LIMITS).await;
    let submit = SubmitParams {
        ingestion_url: format!("{}/{}", hostile.address(), params.tenant_id),
        ims_url: hostile.address().to_owned(),
        ccm_url: hostile.address().to_owned(),
        org_id: params.org_id,
        tenant_id: params.tenant_id,
        client_id: params.client_id,
        client_secret: SecretString::from(params.client_secret),
        timeout: Duration::from_secs(1),
    };
    trial.world.delivery().submitter = Arc::new(Submitter::new(submit, clock).unwrap());
    let delivering = async {
        for _ in 0..ROUNDS {
            if trial.random.below(2) == 0 {
                trial.change();
            }
            trial.round(false).await;
            let step = [0, 1, 10, 60, 400][usize::try_from(trial.random.below(5)).unwrap()];
            trial.wait(Duration::from_secs(step));
        }
        hostile.calm_down();
        trial.settle().await;
        trial.ask_for_parked();
        trial.settle().await;
    };
    tokio::select! {
        () = delivering => {}
        ended = serving => panic!("the sandbox ended: {ended:?}"),
        () = misbehaving => panic!("the hostile service ended"),
    }
    let (complaints, requests, faults) = hostile.complaints();
    println!("seed {seed}: {requests} requests, {faults} of them met a fault");
    assert!(complaints.is_empty(), "seed {seed}: {complaints:#?}");
    trial.world.service.items.clear();
    for feed in Feed::ALL {
        for body in sandbox.items(feed.name()) {
            let key: FeedKey = service::key_of(feed, &body);
            trial.world.service.items.insert(key, body);
        }
    }
    // What the service still refuses after it was asked for again, it refuses for a reason.
    let refused: Vec<FeedKey> = Feed::ALL
        .into_iter()
        .flat_map(|feed| trial.world.store().ledger_page(feed, None, usize::MAX).unwrap())
        .filter(|(_, record)| record.state == ItemState::Parked)
        .map(|(key, _)| key)
        .collect();
    trial.world.check(&|key, _| refused.contains(key));
}

#[tokio::test]
async fn hostile_service_ends_with_what_the_shop_has_and_was_never_flooded() {
    for seed in 0..seeds() {
        trial(seed).await;
    }
}
