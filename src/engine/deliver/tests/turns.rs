//! No owner waits for ever while others keep changing.

use serde_json::json;

use super::world::World;
use crate::catalog::Table;
use crate::catalog::database::Database;
use crate::feed::{Feed, FeedKey, Identity};

fn rename(world: &mut World, ids: std::ops::RangeInclusive<u32>, name: &str) {
    for id in ids {
        let changes = world.database.value(Table::ProductVarchar, id, 501, 0, &json!(name));
        world.write(changes);
    }
    world.absorb(usize::MAX >> 1);
}

#[test]
fn product_with_a_high_id_has_its_turn_while_those_before_it_keep_changing() {
    let mut database = Database::small_shop();
    for id in 10_001..=10_450 {
        database.product(id, "simple", &format!("m{id}"));
    }
    let mut world = World::new(database);
    world.settle_down();
    rename(&mut world, 10_001..=10_450, "first");
    let last = FeedKey::new(Identity::Product { sku: "m10450".into(), store: "en".into() });
    let mut rounds = 0;
    while world.delivery().outbox.get(&last).is_none() {
        world.prepare();
        rename(&mut world, 10_001..=10_300, &format!("round {rounds}"));
        rounds += 1;
        assert!(rounds <= 4, "the last of 450 products is not looked at");
    }
    assert!(world.delivery().outbox.waiting_count(Feed::Products) > 0);
}
