//! Why an item looks as it does, and why it was or was not sent: everything that is known about one
//! key, and a sentence about it for a person who has never seen the code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{CatalogRead, Reference, Shop};
use crate::engine::deliver::{DeliverParams, spending};
use crate::engine::{EngineError, timers};
use crate::feed::{Digest, Feed, FeedKey, FeedOwner, assemble};
use crate::ledger::{ItemState, LedgerRecord};
use crate::outbox::{Intent, Outbox, StopReason, Wait};
use crate::pace::{Pace, Room};
use crate::store::{PastAnswer, Phase, Store};

/// Row keys that are named per table.
const ROWS_MAX: usize = 20;

/// Everything about one item. All digests are hexadecimal, all instants RFC 3339.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The feed, by name.
    pub feed: String,
    /// The parts of the key.
    pub key: Vec<String>,
    /// Where it stands, in a sentence.
    pub summary: String,
    /// What can be done about it; empty when nothing has to be.
    pub advice: String,
    /// The ledger's word for where it stands.
    pub state: String,
    /// Why it waits; absent when nothing waits.
    pub waits: Option<String>,
    /// What it is made of now: a digest, why it can't be made, or that there is none.
    pub now: String,
    /// Until when that holds if no row changes; absent: for ever.
    pub holds_until: Option<String>,
    /// The digest that the service accepted last.
    pub accepted: Option<String>,
    /// The digest that the service refused.
    pub refused: Option<String>,
    /// Attempts since the last acceptance.
    pub attempts: u32,
    /// When it was first heard of.
    pub first_at: String,
    /// When its record last changed.
    pub last_at: String,
    /// The change that led to the last decision.
    pub cause: String,
    /// The answers of the service, the oldest first.
    pub history: Vec<String>,
    /// The rows that it is made of, by table.
    pub rows: Vec<TableRows>,
}

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// The table, without prefix.
    pub table: String,
    /// How many rows.
    pub count: usize,
    /// The first primary keys.
    pub keys: Vec<String>,
}

/// Explains a key that the ledger knows; `None` for any other.
///
/// # Errors
/// The store can't be read.
pub fn explain(
    store: &Store,
    params: &DeliverParams,
    key: &FeedKey,
    now: Timestamp,
) -> Result<Option<Explanation>, EngineError> {
    let Some(record) = store.ledger(key).map_err(EngineError::Store)? else { return Ok(None) };
    let owner = FeedOwner { feed: key.feed, id: record.owner };
    let shop = Shop::read(store).map_err(EngineError::Read)?;
    let options = params.options(timers::assembly_instant(store, now)?);
    let assembly = assemble(owner, &shop, store, &options).map_err(EngineError::Read)?;
    let body = assembly.items.into_iter().find(|item| item.key == *key).map(|item| item.body);
    let (digest, made) = match &body {
        Some(Ok(body)) => {
            let digest = Digest::of(body);
            (Some(digest), format!("digest {digest}"))
        }
        Some(Err(fault)) => (None, format!("it can't be made: {fault}")),
        None => (None, "the shop has no such item".to_owned()),
    };
    let waits = waiting(store, params, key, &record, now)?;
    let history = store.history(key).map_err(EngineError::Store)?;
    let (summary, advice) = summarised(&record, digest, body.is_some(), waits.is_some());
    Ok(Some(Explanation {
        feed: key.feed.name().to_owned(),
        key: key.parts().to_vec(),
        summary,
        advice,
        state: record.state.name().to_owned(),
        waits,
        now: made,
        holds_until: assembly.until.map(|until| until.to_string()),
        accepted: record.accepted.map(|digest| digest.to_string()),
        refused: record.refused.map(|digest| digest.to_string()),
        attempts: record.attempts,
        first_at: record.first_at.to_string(),
        last_at: record.last_at.to_string(),
        cause: cause(&record),
        history: history.iter().map(past).collect(),
        rows: rows(store, owner)?,
    }))
}

/// Where an item stands, and what can be done about it.
fn summarised(
    record: &LedgerRecord,
    digest: Option<Digest>,
    is_in_shop: bool,
    is_waiting: bool,
) -> (String, String) {
    let words = if record.message.is_empty() { "no words" } else { record.message.as_str() };
    let words = words.trim_end_matches('.');
    let shut_out = match record.code {
        401 => Some(StopReason::TokenRefused),
        403 => Some(StopReason::Forbidden),
        404 => Some(StopReason::NoSuchEndpoint),
        _ => None,
    };
    let again = "it goes again when its content changes in the shop, or when it is asked for";
    match record.state {
        ItemState::Accepted if digest.is_some() && digest == record.accepted && !is_waiting => (
            format!("The service has accepted exactly this item, at {}.", record.last_at),
            String::new(),
        ),
        ItemState::Accepted => (
            "The service has accepted an earlier form of this item, and the present one is on its way."
                .to_owned(),
            String::new(),
        ),
        ItemState::Deleted => (
            format!("The service has accepted that this item is deleted, at {}.", record.last_at),
            String::new(),
        ),
        ItemState::Pending if is_in_shop => {
            ("This item is to be sent, and was not answered yet.".to_owned(), String::new())
        }
        ItemState::Pending => {
            ("This item is to be deleted at the service.".to_owned(), String::new())
        }
        ItemState::Retrying if shut_out.is_some() => (
            format!(
                "The service let nothing in when this item was sent: HTTP {}, {words}. It is repeated.",
                record.code
            ),
            shut_out.map_or("", StopReason::hint).to_owned(),
        ),
        ItemState::Retrying => (
            format!(
                "The last attempt failed for a reason that may pass: HTTP {}, {words}. It is repeated.",
                record.code
            ),
            "nothing needs to be done if the reason passes; `aco-stream status` says how delivery is"
                .to_owned(),
        ),
        ItemState::Parked if record.code == 0 => (
            format!("This item was not sent: {words}."),
            format!("mend the rows named here in the shop; {again}"),
        ),
        ItemState::Parked => (
            format!("The service refused this item with HTTP {}: {words}.", record.code),
            format!("mend what the service names in the shop; {again}"),
        ),
    }
}

fn cause(record: &LedgerRecord) -> String {
    let cause = &record.cause;
    if cause.table.is_empty() {
        return "everything was assembled: a first sync, or a changed setting".to_owned();
    }
    let key = if cause.key.is_empty() { String::new() } else { format!(" ({})", cause.key) };
    let at = if cause.position.is_empty() { "" } else { " at " };
    let committed = Timestamp::from_second(cause.committed_at_s)
        .ok()
        .filter(|at| at.as_second() > 0)
        .map_or(String::new(), |at| format!(", committed {at}"));
    format!("{}{key}{at}{}{committed}", cause.table, cause.position)
}

fn past(answer: &PastAnswer) -> String {
    let what = answer.digest.map_or("delete".to_owned(), |digest| format!("digest {digest}"));
    let request = if answer.request_id.is_empty() {
        String::new()
    } else {
        format!(", request {}", answer.request_id)
    };
    let message =
        if answer.message.is_empty() { String::new() } else { format!(": {}", answer.message) };
    format!(
        "{} {} after HTTP {} to {what}{request}{message}",
        answer.at,
        answer.state.name(),
        answer.code
    )
}

/// Why an item waits; `None` when nothing does.
fn waiting(
    store: &Store,
    params: &DeliverParams,
    key: &FeedKey,
    record: &LedgerRecord,
    now: Timestamp,
) -> Result<Option<String>, EngineError> {
    let owner = FeedOwner { feed: key.feed, id: record.owner };
    let dirty = store.dirty(key.feed, owner.id, 1).map_err(EngineError::Store)?;
    let is_dirty = dirty.first().is_some_and(|(first, _)| *first == owner);
    let ranges = store.ranges().map_err(EngineError::Store)?;
    let is_walked = ranges.get(&key.feed).is_some_and(|range| range.after < Some(owner.id));
    let outbox = Outbox::from_entries(store.outbox().map_err(EngineError::Store)?);
    let Some(entry) = outbox.get(key).cloned() else {
        let changed = is_dirty || is_walked;
        return Ok(changed.then(|| "something changed, and it is to be looked at again".to_owned()));
    };
    let open = store.snapshot().map_err(EngineError::Store)?;
    if open.is_none_or(|state| state.phase != Phase::Open) {
        return Ok(Some("nothing is sent before the catalog copy is complete".to_owned()));
    }
    let state = store.pace().map_err(EngineError::Store)?.unwrap_or_default();
    let closed = state.closed_until.filter(|until| *until > now);
    let mut pace = Pace::new(params.limits.clone(), state, now);
    let what = match entry.intent {
        Intent::Replace(_) => "to be sent",
        Intent::Delete => "to be deleted",
    };
    let why = match (outbox.why_waits(key, now), closed) {
        (_, Some(until)) => format!("the service asked to be left alone until {until}"),
        (Some(Wait::InFlight) | None, _) => "a request with it is on its way".to_owned(),
        (Some(Wait::Backoff(at)), _) => {
            format!("attempt {} failed, the next one is at {at}", entry.attempts)
        }
        (Some(Wait::HeldBy(keys)), _) => {
            let keys: Vec<String> = keys.iter().map(|key| format!("{} {key}", key.feed)).collect();
            format!("these have to be at the service, or gone from it, first: {}", keys.join(", "))
        }
        (Some(Wait::Search), _) => {
            "its batch was refused without naming an item, and the bad one is looked for".to_owned()
        }
        (Some(Wait::Probe(at)), _) => {
            format!("the service is out of order; it is asked again at {at}")
        }
        (Some(Wait::Turn(before)), _) => match pace.room(key.feed, spending(entry.lane), now) {
            Room::Until(at) => format!("{before} are before it, and the budget is used until {at}"),
            Room::Items(_) => format!("{before} are before it"),
        },
    };
    Ok(Some(format!("{what}: {why}")))
}

/// The rows of an item's owner in the catalog copy.
fn rows(store: &Store, owner: FeedOwner) -> Result<Vec<TableRows>, EngineError> {
    let versions = match owner.feed {
        Feed::Products | Feed::Prices => Some(Reference::EntityVersion(owner.id)),
        Feed::Categories => Some(Reference::CategoryVersionOf(owner.id)),
        Feed::ProductAttributes | Feed::CategoryAttributes | Feed::PriceBooks => None,
    };
    let mut owners = vec![owner.feed.owner_kind()(owner.id)];
    if let Some(versions) = versions {
        let ids = store.referrers(versions).map_err(EngineError::Read)?;
        owners.extend(ids.into_iter().map(|id| versions.referrer(id)));
    }
    let mut found: Vec<TableRows> = Vec::new();
    for owner in owners {
        let Some(sheet) = store.sheet(owner).map_err(EngineError::Read)? else { continue };
        for (table, key, _) in sheet.iter() {
            let name = table.name().to_owned();
            let place = found.iter().position(|rows| rows.table == name).unwrap_or_else(|| {
                found.push(TableRows { table: name, count: 0, keys: Vec::new() });
                found.len() - 1
            });
            if let Some(rows) = found.get_mut(place) {
                rows.count += 1;
                if rows.keys.len() < ROWS_MAX {
                    rows.keys.push(key.text(table));
                }
            }
        }
    }
    Ok(found)
}
