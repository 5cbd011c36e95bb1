//! Every kind of event as the servers write it, from the recordings of `fixtures/record events`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::decode::{TableColumns, TableId};
use crate::source::files::FileError;
use crate::source::files::tests::tables::columns_on;
use crate::source::files::tests::{EXPECTED, replay, show};
use crate::source::framing::SourceTransaction;

/// The bytes of a recording.
fn recorded(name: &str, server: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/binlog/events");
    std::fs::read(folder.join(format!("{name}-{server}.bin.zst"))).unwrap()
}

/// Replays a recording to its end, without asking any server for columns.
fn replayed(name: &str, server: &str) -> Vec<SourceTransaction> {
    replayed_with(name, server, BTreeMap::new())
}

/// The same with the columns that `information_schema` would describe.
fn replayed_with(
    name: &str,
    server: &str,
    columns: BTreeMap<TableId, TableColumns>,
) -> Vec<SourceTransaction> {
    let (transactions, end, _) = replay(&recorded(name, server), columns);
    end.unwrap_or_else(|error| panic!("{name} of {server}: {}", causes(&error)));
    transactions
}

fn causes(error: &FileError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Checks what a recording of each of these servers holds.
fn assert_story(name: &str, servers: &[&str], expected: &str) {
    for server in servers {
        assert_eq!(show(&replayed(name, server)), expected, "{name} of {server}");
    }
}

/// The same for a recording that does not name columns.
fn assert_story_without_names(name: &str, expected: &str) {
    for server in ["mariadb", "mysql"] {
        let found = replayed_with(name, server, columns_on(server == "mariadb"));
        assert_eq!(show(&found), expected, "{name} of {server}");
    }
}

const BOTH: &[&str] = &["mariadb", "mysql"];

#[test]
fn story() {
    for name in [
        "xa",
        "xa_compressed",
        "tagged_gtids",
        "gtid_domains",
        "anonymous",
        "savepoints",
        "nontransactional",
        "failing_nontransactional",
        "texts",
        "texts_without_names",
        "moments",
        "limits",
        "limits_without_names",
        "odd_columns",
        "odd_columns_without_names",
        "partial_json",
        "partial_json_compressed",
        "redefinitions",
        "created_from_a_query",
        "created_from_a_query_compressed",
        "incident",
        "compressed",
        "compressed_without_names",
        "minimal_names",
        "checksum_none",
    ] {
        let mut last = String::new();
        for server in BOTH {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/binlog/events");
            if !folder.join(format!("{name}-{server}.bin.zst")).exists() {
                continue;
            }
            let (t, end, _) = replay(&recorded(name, server), columns_on(*server == "mariadb"));
            let s = show(&t);
            if s == last {
                println!("=== {name} {server} same");
            } else {
                println!("=== {name} {server}\n{s}");
            }
            last = s;
            if let Err(e) = end {
                println!("ERR {}", causes(&e));
            }
            if last == EXPECTED {
                println!("== EXPECTED");
            }
        }
    }
}
