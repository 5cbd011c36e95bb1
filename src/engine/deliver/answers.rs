//! What an answer changes: the ledger, the outbox, the history, the request log, and what is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use crate::clock::since;
use crate::engine::deliver::{Answered, Delivery};
use crate::engine::preconditions::wake_dependents;
use crate::engine::requests::RequestLine;
use crate::engine::{DeliveryTrouble, EngineError, Gauges};
use crate::feed::{Digest, FeedKey};
use crate::ledger::LedgerRecord;
use crate::outbox::{Answer, Batch, Effect, StopReason, Verb, Verdict};
use crate::store::{PastAnswer, WriteBatch};

impl Delivery {
    /// Logs an answer, and records it.
    pub(super) fn answered(&mut self, answered: &Answered) -> Result<(), EngineError> {
        let Answered { batch, sent_at, answer, bodies } = answered;
        if let Some(log) = &mut self.requests {
            let outbox = &self.outbox;
            let digest = |key: &FeedKey| outbox.get(key).and_then(|entry| entry.intent.digest());
            let elapsed_ms = since(self.clock.now(), *sent_at).as_millis();
            let times = (*sent_at, u64::try_from(elapsed_ms).unwrap_or(u64::MAX));
            log.add(&RequestLine::new(batch, &digest, bodies.as_deref(), times, answer));
        }
        self.settle(batch, *sent_at, answer)
    }

    /// Records an answer.
    pub(super) fn settle(
        &mut self,
        batch: &Batch,
        sent_at: Timestamp,
        answer: &Answer,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let mut records: BTreeMap<FeedKey, LedgerRecord> = BTreeMap::new();
        for key in &batch.keys {
            let record = self.store.ledger(key).map_err(EngineError::Store)?;
            records.extend(record.map(|record| (key.clone(), record)));
        }
        let digest = |key| self.outbox.get(key).and_then(|entry| entry.intent.digest());
        let digests: BTreeMap<FeedKey, Option<Digest>> =
            batch.keys.iter().map(|key| (key.clone(), digest(key))).collect();
        let jitter = self.next_jitter();
        let settlement = self.outbox.settle(batch, answer, &records, now, jitter);
        self.count(batch, answer, now);
        tracing::debug!(
            feed = %batch.feed, items = batch.keys.len(), code = answer.code,
            request_id = %answer.request_id, elapsed_ms = since(now, sent_at).as_millis(),
            "request answered"
        );
        if answer.verdict != Verdict::Accepted {
            tracing::warn!(
                feed = %batch.feed, items = batch.keys.len(), code = answer.code,
                request_id = %answer.request_id, message = %answer.message, "request not accepted"
            );
        }
        let mut write = WriteBatch::default();
        for (key, record) in &settlement.ledger {
            write.ledger(key, record, records.get(key).map(|record| record.owner));
            let known = self.store.history(key).map_err(EngineError::Store)?;
            write.history(key, known, past_answer(record, digests.get(key).copied().flatten()));
        }
        for (key, entry) in &settlement.entries {
            write.outbox(key, entry.as_ref());
        }
        if answer.verdict == Verdict::Accepted && batch.verb == Verb::Replace {
            for (key, before) in &records {
                wake_dependents(&self.store, key, before, &mut write)
                    .map_err(EngineError::Store)?;
            }
        }
        if let Effect::PauseUntil(until) = settlement.effect {
            self.pace.close_until(until);
            write.pace(self.pace.state());
        }
        self.store.commit(write).map_err(EngineError::Store)?;
        match settlement.effect {
            Effect::Stop(reason) if !self.goes_on => return Err(EngineError::Stopped(reason)),
            Effect::Stop(reason) => self.tell_trouble(answer, Some(reason), now),
            Effect::Continue | Effect::PauseUntil(_) => self.tell_trouble(answer, None, now),
        }
        Ok(())
    }

    /// Shows whether the service is out of order or shuts us out, and says so when that begins and ends.
    fn tell_trouble(&self, answer: &Answer, reason: Option<StopReason>, now: Timestamp) {
        let trouble = self.outbox.probe_at(now).map(|next_try| DeliveryTrouble {
            since: now,
            reason: match (reason, answer.message.as_str()) {
                (Some(reason), _) => EngineError::Stopped(reason).to_string(),
                (None, "") => format!("the service answers with HTTP {}", answer.code),
                (None, words) => format!("the service is unavailable: {words}"),
            },
            hint: reason
                .map_or("nothing needs to be done if it passes", StopReason::hint)
                .to_owned(),
            next_try,
        });
        let said = trouble.clone();
        if self.gauges.set_delivery_trouble(trouble) {
            if let Some(DeliveryTrouble { reason, hint, .. }) = said {
                tracing::error!(hint, "delivery is down: {reason}; it is tried again now and then");
            } else {
                tracing::info!("delivery goes on");
            }
        }
    }

    fn count(&self, batch: &Batch, answer: &Answer, now: Timestamp) {
        let gauges = self.gauges.feed(batch.feed);
        match &answer.verdict {
            Verdict::Accepted => Gauges::add(&gauges.accepted, batch.keys.len()),
            Verdict::ItemsRefused(refused) => {
                let indexes: BTreeSet<usize> = refused.iter().map(|(index, _)| *index).collect();
                Gauges::add(&gauges.parked, indexes.len());
            }
            Verdict::BatchRefused | Verdict::TooLarge if batch.keys.len() == 1 => {
                Gauges::add(&gauges.parked, 1);
            }
            Verdict::BatchRefused
            | Verdict::TooLarge
            | Verdict::TokenRefused
            | Verdict::Forbidden
            | Verdict::NoSuchEndpoint
            | Verdict::TooManyRequests { .. }
            | Verdict::Unavailable => {}
        }
        if let Some(first) = self.first_sent_at.get(&batch.feed) {
            let busy_ms = u64::try_from(since(now, *first).as_millis()).unwrap_or(u64::MAX);
            gauges.busy_ms.store(busy_ms, Ordering::Relaxed);
        }
    }
}

/// What an answer says about one key.
fn past_answer(record: &LedgerRecord, digest: Option<Digest>) -> PastAnswer {
    PastAnswer {
        at: record.last_at,
        digest,
        state: record.state,
        code: record.code,
        message: record.message.clone(),
        request_id: record.request_id.clone(),
    }
}
