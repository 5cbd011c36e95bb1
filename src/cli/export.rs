//! `export`: a feed's items as the catalog copy gives them, sorted by key.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::catalog::{CatalogRead as _, Owner, Shop};
use crate::cli::args::ExportArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, status, wire};
use crate::engine::EngineError;
use crate::feed::{AssembleOptions, Assembled, Digest, Feed, FeedKey, FeedOwner, assemble};
use crate::store::Store;

pub(crate) fn export(path: &Path, args: &ExportArgs) -> Result<Exit, Failure> {
    let feed = status::feed_named(&args.feed)?;
    let config = wire::read_config(path)?;
    let store = wire::store(&config)?;
    let options = wire::deliver(&config).options(wire::clock().now());
    let mut outcome = Ok(());
    each_item(&store, feed, &options, &mut |item| {
        let parts = item.key.parts();
        let is_wanted = args.source.as_ref().is_none_or(|source| parts.last() == Some(source))
            && args.key.as_ref().is_none_or(|key| parts.first() == Some(key));
        if is_wanted && outcome.is_ok() {
            outcome = line(&store, &item).and_then(|line| output::line(&line));
        }
    })?;
    outcome.map(|()| Exit::Done)
}

/// One line of the export.
pub(crate) fn line(store: &Store, item: &Assembled) -> Result<String, Failure> {
    let record = store.ledger(&item.key)?;
    let state = record.map_or("pending", |record| record.state.name());
    let (digest, body) = match &item.body {
        Ok(body) => (json!(Digest::of(body).to_string()), body.clone()),
        Err(fault) => (json!(null), json!({ "fault": fault.message() })),
    };
    let line = json!({
        "feed": item.key.feed.name(),
        "key": item.key.parts(),
        "state": state,
        "digest": digest,
        "item": body,
    });
    Ok(line.to_string())
}

/// Assembles every item of a feed, in key order. Owners are assembled once for their keys and again
/// for their items, so that only keys are held in memory.
pub(crate) fn each_item(
    store: &Store,
    feed: Feed,
    options: &AssembleOptions,
    each: &mut dyn FnMut(Assembled),
) -> Result<(), Failure> {
    let shop = Shop::read(store).map_err(EngineError::Read)?;
    let kind = match feed {
        Feed::ProductAttributes | Feed::CategoryAttributes => Owner::Attribute,
        Feed::Categories => Owner::Category,
        Feed::Products | Feed::Prices => Owner::Product,
        Feed::PriceBooks => Owner::Website,
    };
    let assembled = |id| {
        let assembly = assemble(FeedOwner { feed, id }, &shop, store, options);
        Ok::<_, Failure>(assembly.map_err(EngineError::Read)?.items)
    };
    let mut keys: BTreeMap<FeedKey, u32> = BTreeMap::new();
    for id in store.owner_ids(kind).map_err(EngineError::Read)? {
        for item in assembled(id)? {
            // Of several owners that claim one key the one with the lowest id has it.
            keys.entry(item.key).or_insert(id);
        }
    }
    let mut held: (Option<u32>, BTreeMap<FeedKey, Assembled>) = (None, BTreeMap::new());
    for (key, id) in keys {
        if held.0 != Some(id) {
            let items = assembled(id)?.into_iter().map(|item| (item.key.clone(), item));
            held = (Some(id), items.collect());
        }
        if let Some(item) = held.1.remove(&key) {
            each(item);
        }
    }
    Ok(())
}
