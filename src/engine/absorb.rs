//! The absorb step: source transactions become one commit {sheets, dirty, position}.

use std::sync::atomic::Ordering;

use crate::catalog::{FoldMode, Owner, Table, Touch, fold};
use crate::engine::{EngineError, Gauges};
use crate::feed::{Feed, FeedOwner};
use crate::ledger::Cause;
use crate::source::framing::SourceTransaction;
use crate::store::{DirtyMark, Store, WriteBatch};

/// What an absorb step changed beyond the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absorbed {
    /// Whether scopes, configuration or attributes changed, so that the shop must be read again.
    pub is_shop_stale: bool,
}

/// Commits source transactions, in order, as one: the catalog copy, the dirty marks and the
/// position after the last of them stand or fall together (P1).
///
/// # Errors
/// Nothing of these transactions is in the store; the caller must not go on to later ones.
pub fn absorb(
    store: &Store,
    gauges: &Gauges,
    mode: FoldMode,
    transactions: Vec<SourceTransaction>,
) -> Result<Absorbed, EngineError> {
    let Some(last) = transactions.last() else { return Ok(Absorbed { is_shop_stale: false }) };
    let position = last.position.clone();
    let committed_at_s = last.committed_at_s;
    let transaction_count = transactions.len();
    let mut changes = Vec::new();
    for transaction in transactions {
        if let Some(table) = transaction.reread.keys().next().and_then(|id| Table::from_id(*id)) {
            return Err(EngineError::TableSwept(table.name()));
        }
        changes.extend(transaction.changes);
    }
    let edits = fold(&changes, store, mode).map_err(EngineError::Fold)?;
    let mut batch = WriteBatch::default();
    batch.catalog(&edits);
    batch.position(&position);
    let sequence = store.next_sequence();
    let position_text = position.to_string();
    for (touch, table) in &edits.touches {
        let cause = Cause {
            table: table.name().to_owned(),
            position: position_text.clone(),
            committed_at_s,
        };
        mark(&mut batch, *touch, &DirtyMark { sequence, cause });
    }
    store.commit(batch).map_err(EngineError::Store)?;
    Gauges::add(&gauges.transactions, transaction_count);
    Gauges::add(&gauges.row_changes, changes.len());
    gauges.last_commit_s.store(u64::try_from(committed_at_s).unwrap_or(0), Ordering::Relaxed);
    Ok(Absorbed { is_shop_stale: edits.sheets.keys().any(|owner| is_of_shop(*owner)) })
}

/// Whether an owner's rows are part of what assembly keeps in memory.
fn is_of_shop(owner: Owner) -> bool {
    match owner {
        Owner::Website(_)
        | Owner::StoreGroup(_)
        | Owner::Store(_)
        | Owner::CustomerGroup(_)
        | Owner::Config
        | Owner::EntityType(_)
        | Owner::Attribute(_)
        | Owner::AttributeOption(_) => true,
        Owner::Media(_) | Owner::Product(_) => false,
    }
}

/// Marks what a change touched.
fn mark(batch: &mut WriteBatch, touch: Touch, mark: &DirtyMark) {
    let mut owner = |feed, id| batch.mark_dirty(FeedOwner { feed, id }, mark);
    match touch {
        Touch::Product(id) => owner(Feed::Products, id),
        Touch::Price(id) => owner(Feed::Prices, id),
        Touch::Attribute(id) => owner(Feed::ProductAttributes, id),
        Touch::PriceBooks(id) => owner(Feed::PriceBooks, id),
        Touch::EveryProduct => batch.mark_range(Feed::Products, mark),
        Touch::EveryPrice => batch.mark_range(Feed::Prices, mark),
        Touch::EveryAttribute => batch.mark_range(Feed::ProductAttributes, mark),
        Touch::EveryPriceBook => batch.mark_range(Feed::PriceBooks, mark),
    }
}

/// Makes everything dirty: what the opening of the gate asks for.
pub fn mark_everything(store: &Store, batch: &mut WriteBatch) {
    let mark = DirtyMark { sequence: store.next_sequence(), cause: Cause::default() };
    for feed in Feed::ALL {
        batch.mark_range(feed, &mark);
    }
}
