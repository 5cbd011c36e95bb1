//! `demo`: what a new user sees first.

use crate::program::{Aco, Finished};
use crate::shop::FEEDS;

fn demo(fail: &[&str]) -> Finished {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut arguments = vec!["demo"];
    arguments.extend(fail.iter().flat_map(|rule| ["--fail", *rule]));
    Aco::new(directory.path(), "").run(&arguments)
}

/// The table's cells, its header first.
fn table(stdout: &str) -> Vec<Vec<&str>> {
    stdout.lines().take(7).map(|line| line.split_whitespace().collect()).collect()
}

/// The figure of a feed in a column.
fn figure(stdout: &str, feed: &str, column: &str) -> u32 {
    let table = table(stdout);
    let header = table.first().expect("a header");
    let place = header.iter().position(|name| *name == column).expect("a column of the table");
    let row = table.iter().find(|row| row.first() == Some(&feed)).expect("a feed of the table");
    row.get(place).and_then(|cell| cell.parse().ok()).expect("a figure")
}

#[test]
fn demo_ends_with_a_table_of_every_feed() {
    let finished = demo(&[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let cells = table(&finished.stdout);
    assert_eq!(cells[0], ["feed", "assembled", "accepted", "parked", "requests", "seconds"]);
    let feeds: Vec<&str> = cells.iter().skip(1).map(|row| row[0]).collect();
    assert_eq!(feeds, FEEDS);
    for feed in feeds {
        let of = |column| figure(&finished.stdout, feed, column);
        assert_eq!(of("assembled"), of("accepted") + of("parked"), "{feed}: every item is settled");
        assert!(of("accepted") >= 6 && of("requests") >= 1, "{feed}: {}", finished.stdout);
    }
    // Two products of the shop lack what the service requires, in each of the three store views.
    assert_eq!(figure(&finished.stdout, "products", "parked"), 6);
    let last = finished.stdout.lines().last();
    assert_eq!(last, Some("the sandbox holds exactly what the fixture shop contains"));
    assert!(!finished.stderr.contains("WARN"), "{}", finished.stderr);
}

#[test]
fn demo_fails_and_names_the_items_that_the_sandbox_lacks() {
    let finished = demo(&["sku=LAN-001"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(figure(&finished.stdout, "products", "parked") > 6, "{}", finished.stdout);
    assert!(!finished.stdout.contains("exactly"), "{}", finished.stdout);
    let (_, error) = finished.stderr.split_once("error: ").expect("an error");
    assert!(error.starts_with("failed to find in the sandbox what the fixture shop contains: "));
    for line in ["products LAN-001 | default: missing", "prices LAN-001 | base: missing"] {
        assert!(error.contains(line), "{line} is not in: {error}");
    }
    assert!(!error.contains("LAN-002"), "the others are there: {error}");
}

#[test]
fn demo_bears_a_service_that_fails_for_a_while() {
    let finished = demo(&["503:2", "429:1", "html:1"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("code=503"), "it was said: {}", finished.stderr);
}
