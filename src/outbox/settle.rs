//! What an answer does to the entries of its batch and to their ledger records.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Answer, Batch, Effect, Intent, ItemFault, Outbox, OutboxEntry, Settlement, StopReason, Verdict,
};
use crate::feed::FeedKey;
use crate::ledger::{ItemState, LedgerRecord};
use crate::retry::next_attempt_at;

/// Longest message kept per key, in characters.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// An item that failed for passing reasons as often as this is separated from its batch: it may be
/// what the service fails at, and the others must not wait for it.
const SEPARATE_AFTER_ATTEMPTS: u32 = 4;

/// What becomes of one entry.
enum Fate {
    /// The service has it.
    Accepted,
    /// Refused for good, for this reason.
    Parked(String),
    /// Waits again, in its suspect group or in this one; the outcome is unknown and the next attempt
    /// has to wait.
    Retried(Option<u32>),
    /// Waits again; nothing was taken, through no fault of this item.
    Spared,
    /// Waits again; nothing was taken, and others were named as the cause.
    Cleared,
    /// Waits again in a suspect group; nothing was taken.
    Suspected(u32),
    /// Waits again in a suspect group; the outcome is unknown.
    Doubted(u32),
}

impl Outbox {
    /// Applies an answer: the batch's keys are no longer in flight, their entries are gone or
    /// wait again, and the settlement holds everything that has to be committed.
    ///
    /// `batch.keys` are the keys that were sent, in the order of the items. `records` are their
    /// present ledger records; a missing one is begun. `jitter` (0..=999) spreads the backoff.
    pub fn settle(
        &mut self,
        batch: &Batch,
        answer: &Answer,
        records: &BTreeMap<FeedKey, LedgerRecord>,
        now: Timestamp,
        jitter: u32,
    ) -> Settlement {
        let mut settlement =
            Settlement { ledger: Vec::new(), entries: Vec::new(), effect: effect(answer, now) };
        let tested = self.tested_by(&batch.keys);
        let mut fates = self.fates(batch, &answer.verdict, &answer.message);
        // An item that always fails alone says nothing about the others.
        if answer.verdict != Verdict::Unavailable || !self.is_alone(&batch.keys) {
            self.outage.note(&answer.verdict, now, jitter);
        }
        for (nth, key) in batch.keys.iter().enumerate() {
            let Some(before) = self.land(key, batch.id) else { continue };
            let fate = fates.remove(&nth).unwrap_or(Fate::Spared);
            let record = records
                .get(key)
                .cloned()
                .unwrap_or_else(|| LedgerRecord::first(before.owner, before.cause.clone(), now));
            settlement
                .ledger
                .push((key.clone(), record_after(&record, &before, &fate, answer, now)));
            let after = entry_after(&before, &fate, now, jitter);
            if after.as_ref() != Some(&before) {
                settlement.entries.push((key.clone(), after.clone()));
            }
            if let Some(entry) = after {
                self.insert(entry);
            }
        }
        if let (Some(tested), Verdict::Accepted) = (tested, &answer.verdict) {
            self.convict_rest_of(tested, &mut settlement);
        }
        settlement
    }

    /// The fate of each item; those not named are spared.
    fn fates(&mut self, batch: &Batch, verdict: &Verdict, message: &str) -> BTreeMap<usize, Fate> {
        let all = 0..batch.keys.len();
        match verdict {
            Verdict::Accepted => all.map(|nth| (nth, Fate::Accepted)).collect(),
            Verdict::ItemsRefused(faults) => {
                let mut named = messages(faults, batch.keys.len());
                if named.is_empty() {
                    return self.split(batch.keys.len(), message);
                }
                all.map(|nth| (nth, named.remove(&nth).map_or(Fate::Cleared, Fate::Parked)))
                    .collect()
            }
            Verdict::BatchRefused => self.split(batch.keys.len(), message),
            Verdict::TooLarge => self.cut(batch.keys.len(), message),
            Verdict::Unavailable if self.is_worn(batch) => self.separate(batch.keys.len()),
            Verdict::Unavailable => all.map(|nth| (nth, Fate::Retried(None))).collect(),
            Verdict::TokenRefused
            | Verdict::Forbidden
            | Verdict::NoSuchEndpoint
            | Verdict::TooManyRequests { .. } => BTreeMap::new(),
        }
    }

    /// Two halves, of which one is tested; an item that is alone is the bad one.
    fn split(&mut self, count: usize, message: &str) -> BTreeMap<usize, Fate> {
        if count <= 1 {
            return (0..count).map(|nth| (nth, Fate::Parked(shortened(message)))).collect();
        }
        self.halves(count).map(Fate::Suspected).enumerate().collect()
    }

    /// Two halves that both go as they are: nothing is wrong with an item but for one that is too large
    /// alone.
    fn cut(&mut self, count: usize, message: &str) -> BTreeMap<usize, Fate> {
        if count <= 1 {
            return self.split(count, message);
        }
        let (first, second) = (self.next_suspect_group(), self.next_suspect_group());
        let middle = count.div_ceil(2);
        let group = |nth| if nth < middle { first } else { second };
        (0..count).map(|nth| (nth, Fate::Suspected(group(nth)))).collect()
    }

    /// Whether an item of the batch has failed so often that it may be what the service fails at: the
    /// service has worked since it last failed, or is already being searched for the item.
    fn is_worn(&self, batch: &Batch) -> bool {
        if !self.outage.is_well() && self.tested_by(&batch.keys).is_none() {
            return false;
        }
        let attempts = |key| self.entries.get(key).map_or(0, |entry: &OutboxEntry| entry.attempts);
        batch.keys.iter().map(attempts).max() >= Some(SEPARATE_AFTER_ATTEMPTS)
    }

    /// Like [`Outbox::split`], for an item that the service fails at rather than refuses: it is not
    /// parked, but has to go alone.
    fn separate(&mut self, count: usize) -> BTreeMap<usize, Fate> {
        if count <= 1 {
            let alone = self.next_suspect_group() + 2;
            return (0..count).map(|nth| (nth, Fate::Retried(Some(alone)))).collect();
        }
        self.halves(count).map(Fate::Doubted).enumerate().collect()
    }
}

fn effect(answer: &Answer, now: Timestamp) -> Effect {
    match answer.verdict {
        Verdict::TooManyRequests { retry_after } => {
            Effect::PauseUntil(now.checked_add(retry_after).unwrap_or(Timestamp::MAX))
        }
        Verdict::TokenRefused => Effect::Stop(StopReason::TokenRefused),
        Verdict::Forbidden => Effect::Stop(StopReason::Forbidden),
        Verdict::NoSuchEndpoint => Effect::Stop(StopReason::NoSuchEndpoint),
        Verdict::Accepted
        | Verdict::ItemsRefused(_)
        | Verdict::BatchRefused
        | Verdict::TooLarge
        | Verdict::Unavailable => Effect::Continue,
    }
}

/// The messages per usable index, those of one item joined.
fn messages(faults: &[(usize, ItemFault)], count: usize) -> BTreeMap<usize, String> {
    let mut messages: BTreeMap<usize, String> = BTreeMap::new();
    for (nth, fault) in faults.iter().filter(|(nth, _)| *nth < count) {
        let text = match (fault.code.as_str(), fault.message.as_str()) {
            ("", message) => message.to_owned(),
            (code, "") => code.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        let joined = messages.entry(*nth).or_default();
        if !joined.is_empty() && !text.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(&text);
    }
    messages.into_iter().map(|(nth, text)| (nth, shortened(&text))).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

fn record_after(
    record: &LedgerRecord,
    entry: &OutboxEntry,
    fate: &Fate,
    answer: &Answer,
    now: Timestamp,
) -> LedgerRecord {
    let answered = LedgerRecord {
        owner: entry.owner,
        code: answer.code,
        message: shortened(&answer.message),
        request_id: answer.request_id.clone(),
        last_at: now,
        cause: entry.cause.clone(),
        refused: None,
        ..record.clone()
    };
    let attempts = answered.attempts.saturating_add(1);
    match fate {
        Fate::Accepted => LedgerRecord {
            state: match entry.intent {
                Intent::Replace(_) => ItemState::Accepted,
                Intent::Delete => ItemState::Deleted,
            },
            accepted: entry.intent.digest(),
            message: String::new(),
            attempts: 0,
            ..answered
        },
        Fate::Parked(message) => LedgerRecord {
            state: ItemState::Parked,
            refused: entry.intent.digest(),
            message: message.clone(),
            attempts,
            ..answered
        },
        Fate::Retried(_) | Fate::Doubted(_) => {
            LedgerRecord { state: ItemState::Retrying, attempts, ..answered }
        }
        Fate::Spared | Fate::Cleared | Fate::Suspected(_) => {
            LedgerRecord { state: ItemState::Retrying, ..answered }
        }
    }
}

fn entry_after(
    entry: &OutboxEntry,
    fate: &Fate,
    now: Timestamp,
    jitter: u32,
) -> Option<OutboxEntry> {
    let attempts = entry.attempts.saturating_add(1);
    let suspect_group = match fate {
        Fate::Accepted | Fate::Parked(_) => return None,
        Fate::Retried(group) => group.unwrap_or(entry.suspect_group),
        Fate::Spared => entry.suspect_group,
        Fate::Cleared => 0,
        Fate::Suspected(group) | Fate::Doubted(group) => *group,
    };
    let (attempts, not_before) = match fate {
        Fate::Retried(_) => (attempts, Some(next_attempt_at(attempts, now, jitter))),
        // The search goes on soon, however long the item has failed.
        Fate::Doubted(_) => (attempts, Some(next_attempt_at(1, now, jitter))),
        Fate::Accepted | Fate::Parked(_) | Fate::Spared | Fate::Cleared | Fate::Suspected(_) => {
            (entry.attempts, None)
        }
    };
    Some(OutboxEntry { attempts, not_before, suspect_group, ..entry.clone() })
}
