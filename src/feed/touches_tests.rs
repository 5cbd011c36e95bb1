//! Touch completeness: whatever row changes, every item that differs afterwards was touched. A hole
//! here is an update that never reaches the service.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::catalog::database::{Database, absorb};
use crate::catalog::random_rows::{PRODUCTS, cases, edit};
use crate::catalog::{
    FoldMode, MemoryCatalog, Owner, Shop, Table, Touch, fold, product_references,
};
use crate::feed::{
    AssembleOptions, Assembled, ExtraAttribute, ExtraAttributes, Feed, FeedOwner,
    SpecialPriceDates, assemble,
};

type Items = BTreeMap<FeedOwner, Vec<Assembled>>;

fn options() -> AssembleOptions {
    AssembleOptions {
        now: "2024-06-15T12:00:00Z".parse().unwrap(),
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::These(ExtraAttribute::ALL.into()),
        disabled_store_views: ["off".to_owned()].into(),
        disabled_websites: ["dark".to_owned()].into(),
        disabled_customer_groups: ["secret".to_owned()].into(),
    }
}

fn items(catalog: &MemoryCatalog) -> Items {
    let (shop, options) = (Shop::read(catalog).unwrap(), options());
    let ids = |feed: Feed| -> Vec<u32> {
        match feed {
            Feed::ProductAttributes | Feed::CategoryAttributes => (500..710).collect(),
            Feed::Categories => (0..50).collect(),
            Feed::Products | Feed::Prices => PRODUCTS.collect(),
            Feed::PriceBooks => (0..4).collect(),
        }
    };
    let owners = Feed::ALL
        .into_iter()
        .flat_map(|feed| ids(feed).into_iter().map(move |id| FeedOwner { feed, id }));
    let of = |owner| (owner, assemble(owner, &shop, catalog, &options).unwrap().items);
    owners.map(of).filter(|(_, items)| !items.is_empty()).collect()
}

fn is_touched(owner: FeedOwner, touches: &BTreeMap<Touch, Table>) -> bool {
    let (one, every) = match owner.feed {
        Feed::ProductAttributes | Feed::CategoryAttributes => {
            (Touch::Attribute(owner.id), Touch::EveryAttribute)
        }
        Feed::Categories => (Touch::Category(owner.id), Touch::EveryCategory),
        Feed::Products => (Touch::Product(owner.id), Touch::EveryProduct),
        Feed::PriceBooks => (Touch::PriceBooks(owner.id), Touch::EveryPriceBook),
        Feed::Prices => (Touch::Price(owner.id), Touch::EveryPrice),
    };
    touches.contains_key(&one) || touches.contains_key(&every)
}

/// What the walk over every product does besides assembling.
fn refresh_references(catalog: &mut MemoryCatalog) {
    let mut found = BTreeSet::new();
    for (owner, sheet) in &catalog.sheets {
        if let Owner::Product(id) = owner {
            let references = product_references(sheet, catalog).unwrap();
            found.extend(references.into_iter().map(|reference| (reference, *id)));
        }
    }
    catalog.references.extend(found);
}

#[test]
fn small_shop_has_items_of_every_kind_and_no_faults() {
    let mut catalog = MemoryCatalog::default();
    let changes = Database::small_shop().snapshot();
    fold(&changes, &catalog, FoldMode::GateClosed).unwrap().apply_to(&mut catalog);
    let items: Vec<Assembled> = items(&catalog).into_values().flatten().collect();
    let count = |feed| items.iter().filter(|item| item.key.feed == feed).count();
    assert_eq!(Feed::ALL.map(count), [21 * 3, 0, 0, 5 * 2, 2 * 3, 5]);
    assert!(items.iter().all(|item| item.body.is_ok()), "{items:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(24), max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_item_that_differs_after_a_change_was_touched(
        edits in proptest::collection::vec(edit(), 1..60), logs_cascades in any::<bool>(),
    ) {
        let mut database = Database::small_shop();
        database.logs_cascades = logs_cascades;
        let mut catalog = MemoryCatalog::default();
        fold(&database.snapshot(), &catalog, FoldMode::GateClosed).unwrap().apply_to(&mut catalog);
        let mut before = items(&catalog);
        for edit in edits {
            let changes = database.edit(&edit);
            if changes.is_empty() {
                continue;
            }
            let touches = absorb(&mut catalog, &changes, FoldMode::GateOpen);
            if touches.contains_key(&Touch::EveryProduct) {
                refresh_references(&mut catalog);
            }
            let after = items(&catalog);
            for owner in before.keys().chain(after.keys()) {
                prop_assert!(
                    before.get(owner) == after.get(owner) || is_touched(*owner, &touches),
                    "{:?} changed untouched by {:?}: {:?} -> {:?}; touched {:?}",
                    owner, edit, before.get(owner), after.get(owner), touches
                );
            }
            before = after;
        }
    }
}
