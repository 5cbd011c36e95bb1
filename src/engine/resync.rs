//! A person asks for items to be sent again: of a whole feed, or of some of its owners.
//!
//! What is asked for is stored beside the dirty marks and taken up by the deliver loop, that of this
//! process or of the next run.

use std::collections::BTreeSet;

use crate::catalog::column::product_entity;
use crate::catalog::{CatalogRead as _, Owner, Reference, Shop, Table, sku_hash};
use crate::engine::EngineError;
use crate::feed::{Feed, FeedOwner};
use crate::ledger::Ask;
use crate::store::{Resync, Store, WriteBatch};

/// What an id of `--by-ids` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdType {
    /// The sku of a product.
    Sku,
    /// `entity_id` of a product.
    ProductId,
    /// `entity_id` of a category, or its slug.
    CategoryId,
    /// `attribute_code`.
    AttributeCode,
    /// A price book's id, or a website's code: its base book and the books below it.
    PriceBook,
}

impl IdType {
    /// Every type.
    pub const ALL: [Self; 5] =
        [Self::Sku, Self::ProductId, Self::CategoryId, Self::AttributeCode, Self::PriceBook];

    /// The type's name in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::ProductId => "productId",
            Self::CategoryId => "categoryId",
            Self::AttributeCode => "attributeCode",
            Self::PriceBook => "priceBookId",
        }
    }

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id_type| id_type.name() == name)
    }

    /// The types that a feed's ids may have; the first is taken where none is named.
    pub const fn of_feed(feed: Feed) -> &'static [Self] {
        match feed {
            Feed::Products | Feed::Prices => &[Self::Sku, Self::ProductId],
            Feed::Categories => &[Self::CategoryId],
            Feed::ProductAttributes | Feed::CategoryAttributes => &[Self::AttributeCode],
            Feed::PriceBooks => &[Self::PriceBook],
        }
    }
}

/// What is to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResyncRequest {
    /// The feed.
    pub feed: Feed,
    /// Only these ids; `None`: the whole feed.
    pub ids: Option<(IdType, Vec<String>)>,
    /// How much of it.
    pub ask: Ask,
    /// Whether a resync of the whole feed goes on where it is, instead of starting over.
    pub is_continued: bool,
}

/// What was scheduled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResyncScheduled {
    /// Owners to assemble: products, categories, attributes, websites.
    pub owners: usize,
    /// Keys of theirs that we know of now.
    pub keys: usize,
    /// Ids that nothing is known of.
    pub unknown: Vec<String>,
    /// Nothing was scheduled: there is no resync to go on with.
    pub nothing_to_continue: bool,
}

/// Schedules a resync, durably. Unknown ids are reported and passed over.
///
/// # Errors
/// The store can't be read or written.
pub fn request_resync(
    store: &Store,
    request: &ResyncRequest,
) -> Result<ResyncScheduled, EngineError> {
    let (feed, sequence) = (request.feed, store.next_sequence());
    let mut scheduled = ResyncScheduled::default();
    let mut batch = WriteBatch::default();
    if let Some((id_type, ids)) = &request.ids {
        let (owners, unknown) = owners(store, feed, (*id_type, ids))?;
        for owner in &owners {
            let before = store.owner_resync(*owner).map_err(EngineError::Store)?;
            let ask = before.map_or(request.ask, |before| before.ask.max(request.ask));
            batch.resync_owner(*owner, &Resync { sequence, ask, after: None });
        }
        scheduled = counted(store, &owners)?;
        scheduled.unknown = unknown;
    } else {
        let before = store.feed_resync(feed).map_err(EngineError::Store)?;
        if request.is_continued && before.is_none() {
            return Ok(ResyncScheduled { nothing_to_continue: true, ..scheduled });
        }
        // Starting over must not lose what was asked for before.
        let ask = before.map_or(request.ask, |before| before.ask.max(request.ask));
        let goes_on = before.filter(|before| request.is_continued && before.ask == ask);
        let resync = goes_on.unwrap_or(Resync { sequence, ask, after: None });
        batch.resync_feed(feed, &resync);
        scheduled = counted(store, &owners_after(store, feed, resync.after)?)?;
    }
    if !batch.is_empty() {
        store.commit(batch).map_err(EngineError::Store)?;
        store.flush().map_err(EngineError::Store)?;
    }
    Ok(scheduled)
}

/// The owners of a feed beyond an id: those with rows, and those that had items but have no rows.
pub(crate) fn owners_after(
    store: &Store,
    feed: Feed,
    after: Option<u32>,
) -> Result<BTreeSet<FeedOwner>, EngineError> {
    let mut ids: BTreeSet<u32> =
        store.owner_ids(feed.owner_kind()).map_err(EngineError::Read)?.into_iter().collect();
    let known = store.ledger_owner_ids_after(feed, None, usize::MAX);
    ids.extend(known.map_err(EngineError::Store)?);
    let is_left = |id: &u32| after.is_none_or(|after| *id > after);
    Ok(ids.into_iter().filter(is_left).map(|id| FeedOwner { feed, id }).collect())
}

pub(crate) fn counted(
    store: &Store,
    owners: &BTreeSet<FeedOwner>,
) -> Result<ResyncScheduled, EngineError> {
    let mut keys = 0;
    for owner in owners {
        keys += store.owned_keys(*owner).map_err(EngineError::Store)?.len();
    }
    Ok(ResyncScheduled { owners: owners.len(), keys, ..ResyncScheduled::default() })
}

/// The owners that ids name, and the ids that name none. An owner that is gone is found by what was
/// sent of it.
pub(crate) fn owners(
    store: &Store,
    feed: Feed,
    (id_type, ids): (IdType, &[String]),
) -> Result<(BTreeSet<FeedOwner>, Vec<String>), EngineError> {
    let shop = Shop::read(store).map_err(EngineError::Read)?;
    let (mut owners, mut unknown) = (BTreeSet::new(), Vec::new());
    for id in ids {
        let found = match id_type {
            IdType::Sku => with_sku(store, feed, id)?,
            IdType::ProductId => with_id(store, feed, id)?,
            IdType::CategoryId => match with_id(store, feed, id)? {
                none if none.is_empty() => sent_as(store, feed, id)?,
                found => found,
            },
            IdType::AttributeCode => with_code(store, feed, id, &shop)?,
            IdType::PriceBook => with_book(store, feed, id, &shop)?,
        };
        if found.is_empty() {
            unknown.push(id.clone());
        }
        owners.extend(found.into_iter().map(|id| FeedOwner { feed, id }));
    }
    Ok((owners, unknown))
}

fn with_id(store: &Store, feed: Feed, id: &str) -> Result<BTreeSet<u32>, EngineError> {
    let Ok(id) = id.parse::<u32>() else { return Ok(BTreeSet::new()) };
    let has_rows = store.sheet(feed.owner_kind()(id)).map_err(EngineError::Read)?.is_some();
    let known = store.owned_keys(FeedOwner { feed, id }).map_err(EngineError::Store)?;
    Ok((has_rows || !known.is_empty()).then_some(id).into_iter().collect())
}

/// The owners of the keys that begin with this part.
fn sent_as(store: &Store, feed: Feed, part: &str) -> Result<BTreeSet<u32>, EngineError> {
    let known = store.ledger_beginning(feed, part).map_err(EngineError::Store)?;
    Ok(known.into_iter().map(|(_, record)| record.owner).collect())
}

fn with_sku(store: &Store, feed: Feed, sku: &str) -> Result<BTreeSet<u32>, EngineError> {
    let mut found = sent_as(store, feed, sku)?;
    let hash = sku_hash(sku);
    for id in store.referrers(Reference::Sku(hash)).map_err(EngineError::Read)? {
        let sheet = store.sheet(Owner::Product(id)).map_err(EngineError::Read)?;
        let row = sheet.as_ref().and_then(|sheet| sheet.first(Table::ProductEntity));
        let text = row.and_then(|row| row.get(product_entity::SKU)?.as_text());
        found.extend((text == Some(sku)).then_some(id));
    }
    Ok(found)
}

fn with_code(
    store: &Store,
    feed: Feed,
    code: &str,
    shop: &Shop,
) -> Result<BTreeSet<u32>, EngineError> {
    let attribute = match feed {
        Feed::CategoryAttributes => shop.category_attribute_by_code(code),
        Feed::ProductAttributes
        | Feed::Categories
        | Feed::Products
        | Feed::PriceBooks
        | Feed::Prices => shop.attribute_by_code(code),
    };
    let mut found = sent_as(store, feed, code)?;
    found.extend(attribute.map(|attribute| attribute.id));
    Ok(found)
}

fn with_book(
    store: &Store,
    feed: Feed,
    id: &str,
    shop: &Shop,
) -> Result<BTreeSet<u32>, EngineError> {
    let mut found = sent_as(store, feed, id)?;
    let websites = shop.websites.values().filter(|website| website.code == id);
    found.extend(websites.map(|website| website.id));
    Ok(found)
}
