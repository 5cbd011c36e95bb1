//! The absorb step: source transactions become one commit {sheets, dirty, position}.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use crate::catalog::{
    CatalogEdits, FoldMode, Owner, Table, Touch, cascade_children, fold_owned, is_wide_delete,
    wide_cascade,
};
use crate::decode::{Definitions, RowChange, TableId};
use crate::engine::{EngineError, Gauges};
use crate::feed::{Feed, FeedOwner};
use crate::ledger::Cause;
use crate::position::{Position, Xid};
use crate::source::framing::{RereadReason, SourceTransaction, XaStep};
use crate::store::{DirtyMark, Prepared, Reread, Store, WriteBatch};

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
    reread: BTreeMap<TableId, Reread>,
    prepared: BTreeMap<Xid, Option<Prepared>>,
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
        let edits = self.fold(&mut step, &position)?;
        let mut batch = WriteBatch::default();
        batch.position(&position);
        for (table, reread) in &step.reread {
            batch.reread(*table, Some(reread));
        }
        for (xid, prepared) in &step.prepared {
            batch.prepared(xid, prepared.as_ref());
        }
        if let Some(definitions) = definitions {
            batch.definitions(definitions);
        }
        step.is_shop_stale |= self.commit(&edits, batch, &cause)?;
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
        let SourceTransaction { changes, reread, xa, position, .. } = transaction;
        match xa {
            None => {
                for (table, reason) in &reread {
                    step.reread.insert(*table, reread_after(*table, reason, &position)?);
                }
                let children = reread.iter().flat_map(|(table, reason)| self.below(*table, reason));
                step.reread.extend(children.map(|child| (child, Reread::default())));
                self.take_changes(changes, &position, step, cause)
            }
            Some(XaStep::Prepare(xid)) => {
                let mut below: BTreeSet<TableId> =
                    reread.iter().flat_map(|(table, reason)| self.below(*table, reason)).collect();
                below.extend(reread.into_keys());
                let reread = below;
                let changes = changes.into_iter().collect();
                step.prepared.insert(xid, Some(Prepared { changes, reread }));
                Ok(())
            }
            Some(XaStep::Rollback(xid)) => {
                step.prepared.insert(xid, None);
                Ok(())
            }
            Some(XaStep::Commit(xid)) => {
                let prepared = match step.prepared.insert(xid.clone(), None) {
                    Some(prepared) => prepared,
                    None => self.store.prepared(&xid).map_err(EngineError::Store)?,
                };
                self.take_prepared((xid, prepared), &position, step, cause)
            }
        }
    }

    /// The watched tables of which rows may have gone with rows whose delete nobody can read. Reading
    /// the table itself again does not tell: its rows may be there once more, as after REPLACE.
    fn below(&self, table: TableId, reason: &RereadReason) -> Vec<TableId> {
        if !matches!(reason, RereadReason::UnreadableDelete(_)) {
            return Vec::new();
        }
        let children = Table::from_id(table).map(cascade_children).unwrap_or_default();
        children.into_iter().map(Table::id).filter(|child| self.tables.contains(child)).collect()
    }

    /// Takes what a distributed transaction had prepared and commits now.
    fn take_prepared(
        &self,
        (xid, prepared): (Xid, Option<Prepared>),
        position: &Position,
        step: &mut Step,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        let Prepared { changes, reread } = prepared.unwrap_or_else(|| {
            tracing::warn!(
                xid = %xid,
                "a transaction is committed that had been prepared before the position: reading all \
                 tables again"
            );
            Prepared { changes: Vec::new(), reread: self.tables.clone() }
        });
        if !reread.is_empty() && position.gtid.is_none() {
            return Err(EngineError::UnknownXa { xid, position: position.clone() });
        }
        step.reread.extend(reread.into_iter().map(|table| (table, Reread::default())));
        self.take_changes(changes, position, step, cause)
    }

    fn take_changes(
        &self,
        changes: impl IntoIterator<Item = RowChange>,
        position: &Position,
        step: &mut Step,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        for change in changes {
            let wide = is_wide_delete(&change).then(|| change.clone());
            step.changes.push(change);
            if wide.is_some() || step.changes.len() >= CHANGES_PER_FOLD {
                self.fold_ahead(step, position, cause)?;
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

    /// Folds what was gathered.
    ///
    /// A row whose parent the copy lacks was deleted since, when a stretch of the binlog is absorbed
    /// over newer rows. At any other time the copy lacks what the shop has, so the table of the row is
    /// read again. So it is whenever such a row came without foreign key checks: only the database
    /// knows whether it went with its parent since.
    fn fold(&self, step: &mut Step, position: &Position) -> Result<CatalogEdits, EngineError> {
        let changes = std::mem::take(&mut step.changes);
        let edits = fold_owned(changes, self.store, self.mode).map_err(EngineError::Fold)?;
        if edits.orphans.is_empty() && edits.doubtful.is_empty() {
            return Ok(edits);
        }
        let is_waiting = !self.store.rereads().map_err(EngineError::Store)?.is_empty();
        let is_late = self.mode == FoldMode::GateOpen || is_waiting || !step.reread.is_empty();
        let orphans = edits.orphans.iter().filter(|_| is_late);
        for table in orphans.chain(&edits.doubtful) {
            tracing::warn!(table = table.name(), position = %position,
                "rows whose parents are missing: the table must be read again");
            let replay_from = position.gtid.is_none().then(|| position.at.clone());
            step.reread.insert(table.id(), Reread { after: None, replay_from });
        }
        Ok(edits)
    }

    /// Folds what was gathered and commits it ahead of the position.
    fn fold_ahead(
        &self,
        step: &mut Step,
        position: &Position,
        cause: &Origin,
    ) -> Result<(), EngineError> {
        let edits = self.fold(step, position)?;
        step.is_shop_stale |= self.commit(&edits, WriteBatch::default(), cause)?;
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
        for (touch, (table, key)) in &edits.touches {
            let cause = Cause {
                table: table.name().to_owned(),
                key: key.text(*table),
                position: origin.position.clone(),
                committed_at_s: origin.committed_at_s,
            };
            mark(&mut batch, *touch, &DirtyMark { sequence, cause });
        }
        self.store.commit(batch).map_err(EngineError::Store)?;
        Ok(edits.sheets.keys().any(|owner| is_of_shop(*owner)))
    }
}

/// How a table is read again after a transaction.
///
/// Rows that are read must include everything that was absorbed. A server with GTIDs tells when they
/// do. One without does not; but a statement that redefined the table waited for every transaction on
/// it, so there the binlog behind the statement is absorbed once more after the reading.
fn reread_after(
    table: TableId,
    reason: &RereadReason,
    position: &Position,
) -> Result<Reread, EngineError> {
    let name = Table::from_id(table).map_or("an unknown table", Table::name);
    if position.gtid.is_some() {
        tracing::warn!(table = name, position = %position, reason = %reason,
            "the table must be read again");
        return Ok(Reread::default());
    }
    match reason {
        RereadReason::Redefined(_) => {
            Ok(Reread { after: None, replay_from: Some(position.at.clone()) })
        }
        RereadReason::Unreadable(_)
        | RereadReason::UnreadableDelete(_)
        | RereadReason::RolledBack => Err(EngineError::Unreadable {
            table: name,
            position: position.clone(),
            reason: reason.to_string(),
        }),
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
        | Owner::AttributeOption(_)
        | Owner::TaxClass(_)
        | Owner::AttributeSet(_)
        | Owner::Inventory => true,
        Owner::Media(_)
        | Owner::Product(_)
        | Owner::ProductVersion(_)
        | Owner::LinkType(_)
        | Owner::Stock(_)
        | Owner::Category(_)
        | Owner::CategoryVersion(_)
        | Owner::SourceItem(_)
        | Owner::Reservation(_)
        | Owner::DownloadableLink(_)
        | Owner::DownloadableSample(_)
        | Owner::CustomOption(_)
        | Owner::CustomOptionValue(_)
        | Owner::BundleOptionSequence(_)
        | Owner::BundleSelectionSequence(_) => false,
    }
}

/// Marks what a change touched.
fn mark(batch: &mut WriteBatch, touch: Touch, mark: &DirtyMark) {
    let mut owner = |feed, id| batch.mark_dirty(FeedOwner { feed, id }, mark);
    match touch {
        Touch::Product(id) => owner(Feed::Products, id),
        Touch::Price(id) => owner(Feed::Prices, id),
        Touch::Attribute(id) => {
            owner(Feed::ProductAttributes, id);
            owner(Feed::CategoryAttributes, id);
        }
        Touch::Category(id) => owner(Feed::Categories, id),
        Touch::EveryCategory => batch.mark_range(Feed::Categories, mark),
        Touch::PriceBooks(id) => owner(Feed::PriceBooks, id),
        Touch::EveryProduct => batch.mark_range(Feed::Products, mark),
        Touch::EveryPrice => batch.mark_range(Feed::Prices, mark),
        Touch::EveryAttribute => {
            batch.mark_range(Feed::ProductAttributes, mark);
            batch.mark_range(Feed::CategoryAttributes, mark);
        }
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
