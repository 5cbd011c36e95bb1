//! Touch completeness: whatever row changes, every item that differs afterwards was touched. A hole
//! here is an update that never reaches the service.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use crate::catalog::database::{Database, absorb};
use crate::catalog::random_rows::{CATEGORIES, Edit, PRODUCTS, cases, edit_in};
use crate::catalog::{FoldMode, MemoryCatalog, Shop, Table, Touch, references_in};
use crate::decode::TableLayout;
use crate::feed::{
    AssembleOptions, Assembled, Assembly, DisabledRules, ExtraAttribute, ExtraAttributes, Feed,
    FeedOwner, SpecialPriceDates, assemble,
};

type Items = BTreeMap<FeedOwner, Vec<Assembled>>;

/// The instant for which items are assembled at first: noon of 15 June 2024, UTC.
const NOON_S: i64 = 1_718_452_800;

fn options(now_s: i64) -> AssembleOptions {
    AssembleOptions {
        now: Timestamp::from_second(now_s).unwrap(),
        special_price_dates: SpecialPriceDates::Respect,
        extra_attributes: ExtraAttributes::These(ExtraAttribute::ALL.into()),
        disabled_rules: DisabledRules::default(),
        disabled_store_views: ["off".to_owned()].into(),
        disabled_websites: ["dark".to_owned()].into(),
        disabled_customer_groups: ["secret".to_owned()].into(),
    }
}

/// Every owner that the small shop may have.
fn owners() -> Vec<FeedOwner> {
    let ids = |feed: Feed| -> Vec<u32> {
        match feed {
            Feed::ProductAttributes | Feed::CategoryAttributes => (400..710).collect(),
            Feed::Categories => CATEGORIES.collect(),
            Feed::Products | Feed::Prices => PRODUCTS.collect(),
            Feed::PriceBooks => (0..4).collect(),
        }
    };
    let of = |feed| ids(feed).into_iter().map(move |id| FeedOwner { feed, id });
    Feed::ALL.into_iter().flat_map(of).collect()
}

fn assemblies(
    owners: &[FeedOwner],
    catalog: &MemoryCatalog,
    now_s: i64,
) -> BTreeMap<FeedOwner, Assembly> {
    let (shop, options) = (Shop::read(catalog).unwrap(), options(now_s));
    let of = |owner: &FeedOwner| (*owner, assemble(*owner, &shop, catalog, &options).unwrap());
    owners.iter().map(of).collect()
}

fn items(catalog: &MemoryCatalog, now_s: i64) -> Items {
    let assemblies = assemblies(&owners(), catalog, now_s).into_iter();
    assemblies.map(|(it, of)| (it, of.items)).filter(|(_, items)| !items.is_empty()).collect()
}

fn copy_of(database: &Database) -> MemoryCatalog {
    let mut catalog = MemoryCatalog::default();
    absorb(&mut catalog, &database.snapshot(), FoldMode::GateClosed);
    catalog
}

/// What happens to a shop.
#[derive(Debug, Clone)]
enum Event {
    /// A statement.
    Edit(Edit),
    /// Time goes on to a Unix second, unless it is past.
    Time(i64),
}

/// A shop of either edition, and what happens to it.
fn histories() -> impl Strategy<Value = (Database, Vec<Event>)> {
    let layout = prop::sample::select(vec![TableLayout::Plain, TableLayout::Staged]);
    layout.prop_flat_map(|layout| {
        let time = prop::sample::select(vec![
            NOON_S + 12 * 3600,
            NOON_S + 19 * 3600,
            1_735_700_000,
            1_799_999_999,
            1_800_000_000,
            1_900_000_000,
        ]);
        let event = prop_oneof![
            12 => edit_in(layout).prop_map(Event::Edit),
            1 => time.prop_map(Event::Time),
        ];
        let shop = match layout {
            TableLayout::Plain => Database::small_shop(),
            TableLayout::Staged => Database::staged_shop(),
        };
        (Just(shop), proptest::collection::vec(event, 1..60))
    })
}

/// Whether a walk follows that puts index entries which an attribute's new kind brings.
fn refreshes(touches: &BTreeMap<Touch, Table>) -> bool {
    touches.contains_key(&Touch::EveryProduct) || touches.contains_key(&Touch::EveryCategory)
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
        let references = references_in(sheet, catalog).unwrap();
        found.extend(references.into_iter().map(|reference| (reference, owner.id())));
    }
    catalog.references.extend(found);
}

#[test]
fn small_shop_has_items_of_every_kind_and_no_faults() {
    let items = items(&copy_of(&Database::small_shop()), NOON_S);
    let items: Vec<Assembled> = items.into_values().flatten().collect();
    let count = |feed| items.iter().filter(|item| item.key.feed == feed).count();
    assert_eq!(Feed::ALL.map(count), [21 * 3, 3, 3 * 3, 5 * 2, 2 * 3, 5]);
    assert!(items.iter().all(|item| item.body.is_ok()), "{items:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(24), max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_item_that_differs_after_a_change_was_touched(
        (mut database, edits) in histories(), logs_cascades in any::<bool>(),
    ) {
        database.logs_cascades = logs_cascades;
        let mut catalog = copy_of(&database);
        let mut before = items(&catalog, NOON_S);
        for edit in edits {
            let Event::Edit(edit) = edit else { continue };
            let changes = database.edit(&edit);
            if changes.is_empty() {
                continue;
            }
            let touches = absorb(&mut catalog, &changes, FoldMode::GateOpen);
            if refreshes(&touches) {
                refresh_references(&mut catalog);
            }
            let after = items(&catalog, NOON_S);
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

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(500), max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    /// A failing history is printed at its shortest.
    #[test]
    fn items_after_following_equal_those_of_a_fresh_snapshot_byte_for_byte(
        (mut database, events) in histories(), logs_cascades in any::<bool>(),
    ) {
        database.logs_cascades = logs_cascades;
        let mut catalog = copy_of(&database);
        let mut now_s = NOON_S;
        let mut held = assemblies(&owners(), &catalog, now_s);
        for event in events {
            let mut stale: Vec<FeedOwner> = Vec::new();
            match event {
                Event::Edit(edit) => {
                    let touches = absorb(&mut catalog, &database.edit(&edit), FoldMode::GateOpen);
                    if refreshes(&touches) {
                        refresh_references(&mut catalog);
                    }
                    stale.extend(owners().into_iter().filter(|it| is_touched(*it, &touches)));
                }
                Event::Time(to_s) => {
                    now_s = now_s.max(to_s);
                    let has_rung = |assembly: &Assembly| {
                        assembly.until.is_some_and(|until| until.as_second() <= now_s)
                    };
                    stale.extend(held.iter().filter(|(_, it)| has_rung(it)).map(|(it, _)| *it));
                }
            }
            held.extend(assemblies(&stale, &catalog, now_s));
        }
        let fresh = assemblies(&owners(), &copy_of(&database), now_s);
        for (owner, assembly) in &fresh {
            prop_assert_eq!(&held[owner].items, &assembly.items, "{:?}", owner);
        }
    }
}
