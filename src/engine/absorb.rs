//! The absorb step: source transactions become one commit {sheets, dirty, position}.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use crate::catalog::{
    CatalogEdits, FoldMode, Owner, Touch, fold, is_wide_delete, wide_cascade,
};
use crate::decode::{Definitions, RowChange, TableId};
use crate::engine::{EngineError, Gauges};
use crate::feed::{Feed, FeedOwner};
use crate::ledger::Cause;
use crate::position::Xid;
use crate::source::framing::{SourceTransaction, XaStep};
use crate::store::{DirtyMark, Reread, Store, WriteBatch};

/// Row changes that are folded at once. What a larger transaction changed is committed in parts: rows
/// ahead of the position do no harm, they are folded once more after a crash.
const CHANGES_PER_FOLD: usize = 20_000;

/// Owners looked at between two commits of a cascade.
const OWNERS_PER_PAGE: usize = 1000;

/// What an absorb step works with.
#[derive(Debug, Clone, Copy)]
pub struct Absorbing<'a> {
    /// The store.
    pub store: &'a Store,
    /// Counters.
    pub gauges: &'a Gauges,
    /// Whether touched items are marked.
    pub mode: FoldMode,
    /// Every watched table: read again when nobody can say what was changed.
    pub tables: &'a BTreeSet<TableId>,
}

/// What an absorb step changed beyond the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Whether scopes, configuration or attributes changed, so that the shop must be read again.
    pub is_shop_stale: bool,
}

/// The commit that a step builds up.
#[derive(Default)]
struct Step {
    changes: Vec<RowChange>,
    reread: BTreeSet<TableId>,
    prepared: BTreeMap<Xid, Option<Vec<RowChange>>>,
    is_shop_stale: bool,
}

impl Absorbing<'_> {
    /// Commits source transactions, in order: the catalog copy, the dirty marks, what is to be read
    /// again and the position after the last of them stand or fall together (P1). `definitions` are
    /// those behind that position, where they changed.
    ///
    /// # Errors
    /// The position is not past these transactions; the caller must not go on to later ones.
    pub fn absorb(
        &self,
        transactions: Vec<SourceTransaction>,
        definitions: Option<&Definitions>,
    ) -> Result<Absorbed, EngineError> {
        let Some(last) = transactions.last() else { return Ok(Absorbed::default()) };
        let position = last.position.clone();
        let (committed_at_s, transaction_count) = (last.committed_at_s, transactions.len());
        let cause = Origin { position: position.to_string(), committed_at_s };
        let mut step = Step::default();
        let mut change_count = 0;
        for transaction in transactions {
            change_count += transaction.changes.len();
            self.take(transaction, &mut step, &cause)?;
        }
        let mut batch = WriteBatch::default();
        batch.position(&position);
        for table in &step.reread {
            batch.reread(*table, Some(&Reread::default()));
        }
        for (xid, changes) in &step.prepared {
            batch.prepared(xid, changes.as_deref());
        }
        if let Some(definitions) = definitions {
            batch.definitions(definitions);
        }
        self.fold_into(&mut step, batch, &cause)?;
        Gauges::add(&self.gauges.transactions, transaction_count);
        Gauges::add(&self.gauges.row_changes, change_count);
        let at_s = u64::try_from(committed_at_s).unwrap_or(0);
        self.gauges.last_commit_s.store(at_s, Ordering::Relaxed);
        Ok(Absorbed { is_shop_stale: step.is_shop_stale })
    }

    fn take(
        &self,
        transaction: SourceTransaction,
        step: &mut Step,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        step.reread.extend(transaction.reread);
        match transaction.xa {
            None => self.take_changes(transaction.changes, step, cause),
            Some(XaStep::Prepare(xid)) => {
                step.prepared.insert(xid, Some(transaction.changes));
                Ok(())
            }
            Some(XaStep::Rollback(xid)) => {
                step.prepared.insert(xid, None);
                Ok(())
            }
            Some(XaStep::Commit(xid)) => {
                let prepared = match step.prepared.insert(xid.clone(), None) {
                    Some(changes) => changes,
                    None => self.store.prepared(&xid).map_err(EngineError::Store)?,
                };
                if let Some(changes) = prepared {
                    return self.take_changes(changes, step, cause);
                }
                tracing::warn!(
                    xid = %xid,
                    "a transaction was committed that had been prepared before the position: \
                     reading all tables again"
                );
                step.reread.extend(self.tables);
                Ok(())
            }
        }
    }

    fn take_changes(
        &self,
        changes: Vec<RowChange>,
        step: &mut Step,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        for change in changes {
            let wide = is_wide_delete(&change).then(|| change.clone());
            step.changes.push(change);
            if wide.is_some() || step.changes.len() >= CHANGES_PER_FOLD {
                self.fold_into(step, WriteBatch::default(), cause)?;
            }
            if let Some(change) = wide {
                self.cascade(&change, step, cause)?;
            }
        }
        Ok(())
    }

    /// Removes what went with a deleted row all over the copy, in commits without a position: broken
    /// off, the delete is absorbed once more and takes what is left.
    fn cascade(
        &self,
        change: &RowChange,
        step: &mut Step,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        let cascade = wide_cascade(change, self.store).map_err(EngineError::Fold)?;
        let Some(cascade) = cascade else { return Ok(()) };
        let mut after = None;
        loop {
            let page = cascade.page(self.store, self.mode, after, OWNERS_PER_PAGE);
            let (edits, next) = page.map_err(EngineError::Fold)?;
            step.is_shop_stale |= self.commit(&edits, WriteBatch::default(), cause)?;
            let Some(next) = next else { return Ok(()) };
            after = Some(next);
        }
    }

    /// Folds what was gathered and commits it together with `batch`.
    fn fold_into(
        &self,
        step: &mut Step,
        batch: WriteBatch,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        let changes = std::mem::take(&mut step.changes);
        let edits = fold(&changes, self.store, self.mode).map_err(EngineError::Fold)?;
        step.is_shop_stale |= self.commit(&edits, batch, cause)?;
        Ok(())
    }

    /// Commits edits of the catalog copy together with `batch`; whether the shop must be read again.
    pub(crate) fn commit(
        &self,
        edits: &CatalogEdits,
        mut batch: WriteBatch,
        origin: &Origin,
    ) -> Result<bool, EngineError> {
        batch.catalog(edits);
        let sequence = self.store.next_sequence();
        for (touch, table) in &edits.touches {
            let cause = Cause {
                table: table.name().to_owned(),
                position: origin.position.clone(),
                committed_at_s: origin.committed_at_s,
            };
            mark(&mut batch, *touch, &DirtyMark { sequence, cause });
        }
        self.store.commit(batch).map_err(EngineError::Store)?;
        Ok(edits.sheets.keys().any(|owner| is_of_shop(*owner)))
    }
}

/// Where a change comes from, for the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) position: String,
    pub(crate) committed_at_s: i64,
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
        Owner::Media(_)
        | Owner::Product(_)
        | Owner::ProductVersion(_)
        | Owner::LinkType(_)
        | Owner::Stock(_) => false,
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
