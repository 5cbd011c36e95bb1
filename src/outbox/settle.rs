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

/// What becomes of one entry.
enum Fate {
    /// The service has it.
    Accepted,
    /// Refused for good, for this reason.
    Parked(String),
    /// Waits again; the outcome is unknown and the next attempt has to wait.
    Retried,
    /// Waits again; nothing was taken, through no fault of this item.
    Spared,
    /// Waits again in a suspect group.
    Suspected(u32),
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
        let mut fates = self.fates(batch, &answer.verdict, &answer.message);
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
        settlement
    }

    /// The fate of each item; those not named are spared.
    fn fates(&mut self, batch: &Batch, verdict: &Verdict, message: &str) -> BTreeMap<usize, Fate> {
        let all = 0..batch.keys.len();
        match verdict {
            Verdict::Accepted => all.map(|nth| (nth, Fate::Accepted)).collect(),
            Verdict::ItemsRefused(faults) => {
                let named = messages(faults, batch.keys.len());
                if named.is_empty() {
                    return self.split(batch.keys.len(), message);
                }
                named.into_iter().map(|(nth, text)| (nth, Fate::Parked(text))).collect()
            }
            Verdict::BatchRefused | Verdict::TooLarge => self.split(batch.keys.len(), message),
            Verdict::Unavailable => all.map(|nth| (nth, Fate::Retried)).collect(),
            Verdict::TokenRefused
            | Verdict::Forbidden
            | Verdict::NoSuchEndpoint
            | Verdict::TooManyRequests { .. } => BTreeMap::new(),
        }
    }

    /// Two halves with a suspect group each; an item that is alone is the bad one.
    fn split(&mut self, count: usize, message: &str) -> BTreeMap<usize, Fate> {
        if count <= 1 {
            return (0..count).map(|nth| (nth, Fate::Parked(shortened(message)))).collect();
        }
        let first = self.last_suspect_group.saturating_add(1);
        let second = first.saturating_add(1);
        self.last_suspect_group = second;
        let middle = count.div_ceil(2);
        (0..count)
            .map(|nth| (nth, Fate::Suspected(if nth < middle { first } else { second })))
            .collect()
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
        Fate::Retried => LedgerRecord { state: ItemState::Retrying, attempts, ..answered },
        Fate::Spared | Fate::Suspected(_) => {
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
    match fate {
        Fate::Accepted | Fate::Parked(_) => None,
        Fate::Retried => {
            let attempts = entry.attempts.saturating_add(1);
            let not_before = Some(next_attempt_at(attempts, now, jitter));
            Some(OutboxEntry { attempts, not_before, ..entry.clone() })
        }
        Fate::Spared => Some(OutboxEntry { not_before: None, ..entry.clone() }),
        Fate::Suspected(group) => {
            Some(OutboxEntry { suspect_group: *group, not_before: None, ..entry.clone() })
        }
    }
}
