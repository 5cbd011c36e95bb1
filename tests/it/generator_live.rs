//! Random changes of rows and of definitions, on every server and in both layouts, while connections
//! break and the program is stopped and killed: at every quiet moment the catalog copy equals the
//! database.
//!
//! Each test has a server and a shop of its own and plays one history after the other, each with an
//! empty store. `ACO_STREAM_SEEDS` says how many times more of them, `ACO_STREAM_TEST_SEED` repeats a
//! run; a failure shows the statements of its history.

mod definitions;
mod found;
mod history;
mod rows;
mod tables;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use aco_stream::decode::TableLayout;

use crate::followed::Followed;
use crate::random::seed;
use crate::servers::{Flavour, OddServer, environment};
use crate::shop::fixture;
use history::{Chaos, Generator};

/// Histories of one test.
const HISTORIES: u64 = 23;
/// Failed histories after which a test ends.
const FAILURES_MAX: usize = 3;

fn histories(flavour: Flavour, layout: TableLayout, chaos: Chaos) {
    let Some(odd) = OddServer::start(flavour, &[]) else { return };
    let schema = match layout {
        TableLayout::Plain => "shop/schema-opensource.sql",
        TableLayout::Staged => "shop/schema-commerce.sql",
    };
    let database = odd.server.fresh_database(&[&fixture(schema)]);
    let seed = seed();
    let factor =
        environment("ACO_STREAM_SEEDS").map_or(1, |times| times.parse().expect("a number"));
    let mut generator = Generator::new(&odd, database, Followed::new(layout), chaos);
    let mut failed = Vec::new();
    for number in 0..HISTORIES * factor {
        let seed = seed.wrapping_add(number);
        let played = catch_unwind(AssertUnwindSafe(|| generator.play(seed)));
        if played.is_err() {
            failed.push(seed);
            eprintln!("the history of seed {seed}:\n{}", generator.log.lines.join("\n"));
            // What comes next may only fail because of the shop that this one left.
            if failed.len() >= FAILURES_MAX {
                break;
            }
        }
    }
    let (sent, refused) = (generator.log.sent, generator.log.refused);
    eprintln!("{} histories, {sent} statements, {refused} refused", HISTORIES * factor);
    assert!(failed.is_empty(), "the histories of these seeds failed: {failed:?}");
    assert!(refused * 3 < sent, "{refused} of {sent} statements were refused");
}

#[test]
fn random_histories_of_a_plain_shop_on_mariadb_10_11() {
    histories(Flavour::MariaDb, TableLayout::Plain, Chaos::Rough);
}

#[test]
fn random_histories_of_a_staged_shop_on_mariadb_10_11() {
    histories(Flavour::MariaDb, TableLayout::Staged, Chaos::Calm);
}

#[test]
fn random_histories_of_a_plain_shop_on_mariadb_11_8() {
    histories(Flavour::MariaDb118, TableLayout::Plain, Chaos::Calm);
}

#[test]
fn random_histories_of_a_staged_shop_on_mariadb_11_8() {
    histories(Flavour::MariaDb118, TableLayout::Staged, Chaos::Rough);
}

#[test]
fn random_histories_of_a_plain_shop_on_mysql_9_7() {
    histories(Flavour::MySql, TableLayout::Plain, Chaos::Calm);
}

#[test]
fn random_histories_of_a_staged_shop_on_mysql_9_7() {
    histories(Flavour::MySql, TableLayout::Staged, Chaos::Rough);
}

#[test]
fn random_histories_with_kills_of_a_plain_shop_on_mysql_9_7() {
    histories(Flavour::MySql, TableLayout::Plain, Chaos::Killed);
}

#[test]
fn random_histories_with_kills_of_a_staged_shop_on_mariadb_10_11() {
    histories(Flavour::MariaDb, TableLayout::Staged, Chaos::Killed);
}

#[test]
fn random_histories_with_kills_of_a_plain_shop_on_mariadb_11_8() {
    histories(Flavour::MariaDb118, TableLayout::Plain, Chaos::Killed);
}
