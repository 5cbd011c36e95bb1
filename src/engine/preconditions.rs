//! What an item needs to be at the service before it goes there itself.
//!
//! The outbox holds an item up while what it depends on is on its way. This is about the rest: what
//! it depends on is parked, so nothing is on its way, and the service would refuse the item or take
//! it and ignore it without a word (O4). Such an item is parked too, and looked at again when what
//! it depends on is accepted for the first time.

use crate::engine::EngineError;
use crate::feed::{Feed, FeedKey, FeedOwner, Identity};
use crate::ledger::{ItemState, LedgerRecord};
use crate::outbox::Batch;
use crate::store::{DirtyMark, Store, StoreError, WriteBatch};

/// Why `key` must not be sent now; `None` if it may. `record` reads the ledger.
pub(crate) fn missing(
    key: &FeedKey,
    record: impl Fn(&FeedKey) -> Result<Option<LedgerRecord>, EngineError>,
) -> Result<Option<String>, EngineError> {
    let book = match key.identity() {
        Identity::Price { price_book, .. } => price_book,
        Identity::PriceBook { id } => match id.split_once("::") {
            Some((base, _)) => base.to_owned(),
            None => return Ok(None),
        },
        Identity::Attribute { .. }
        | Identity::CategoryAttribute { .. }
        | Identity::Category { .. }
        | Identity::Product { .. } => return Ok(None),
    };
    let record = record(&FeedKey::new(Identity::PriceBook { id: book.clone() }))?;
    let parked = record.filter(|it| it.state == ItemState::Parked && it.accepted.is_none());
    Ok(parked.map(|it| format!("wait for the price book {book}, which is parked: {}", it.message)))
}

/// Whether a record that is accepted now was parked, or failed, before it ever was.
fn was_in_trouble(before: &LedgerRecord) -> bool {
    before.accepted.is_none() && (before.refused.is_some() || !before.message.is_empty())
}

/// `key` was accepted, and `before` is what the ledger said until now: if this is its first
/// acceptance after trouble, adds to `batch` that what depends on it is looked at again. A refusal
/// of what depends on it is forgotten, so that it is tried once more.
pub(crate) fn wake_dependents(
    store: &Store,
    key: &FeedKey,
    before: &LedgerRecord,
    batch: &mut WriteBatch,
) -> Result<(), StoreError> {
    if !was_in_trouble(before) {
        return Ok(());
    }
    let mark = DirtyMark { sequence: store.next_sequence(), cause: before.cause.clone() };
    let owner = |feed| FeedOwner { feed, id: before.owner };
    match key.feed {
        Feed::PriceBooks => {
            batch.mark_dirty(owner(Feed::PriceBooks), &mark);
            batch.mark_range(Feed::Prices, &mark);
        }
        Feed::Products => {
            for price in store.owned_keys(owner(Feed::Prices))? {
                let Some(record) = store.ledger(&price)? else { continue };
                if record.state == ItemState::Parked && record.refused.is_some() {
                    let forgiven = LedgerRecord { refused: None, code: 0, ..record };
                    batch.ledger(&price, &forgiven, None);
                }
            }
            batch.mark_dirty(owner(Feed::Prices), &mark);
        }
        Feed::ProductAttributes | Feed::CategoryAttributes | Feed::Categories | Feed::Prices => {}
    }
    Ok(())
}

/// Categories are about to be deleted, and the service deletes everything below a category with it:
/// what it holds there is doubted and sent again, whatever becomes of the delete, whose answer may never
/// come. Has to be durable before the delete leaves. In a shop whose categories are in order there is
/// nothing below a category that goes.
///
/// # Errors
/// The store failed.
pub(crate) fn doubt_what_goes_with(store: &Store, batch: &Batch) -> Result<(), StoreError> {
    let mut write = WriteBatch::default();
    let mut doubts = false;
    for key in &batch.keys {
        for (below, record) in store.accepted_below(key)? {
            if batch.keys.contains(&below) {
                continue;
            }
            let owner = FeedOwner { feed: batch.feed, id: record.owner };
            let mark = DirtyMark { sequence: store.next_sequence(), cause: record.cause.clone() };
            write.mark_dirty(owner, &mark);
            write.ledger(&below, &record.doubted(), None);
            doubts = true;
        }
    }
    if doubts {
        store.commit(write)?;
        store.flush()?;
    }
    Ok(())
}
