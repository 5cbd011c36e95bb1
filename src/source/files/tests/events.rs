//! Every kind of event as the servers write it, from the recordings of `fixtures/record events`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::decode::{TableColumns, TableId, event_type};
use crate::source::files::FileError;
use crate::source::files::tests::tables::columns_on;
use crate::source::files::tests::{EXPECTED, replay, show};
use crate::source::framing::SourceTransaction;

/// The bytes of a recording.
pub(super) fn recorded(name: &str, server: &str) -> Vec<u8> {
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

/// The changes of `work.sql`, which the other recordings of it hold too.
fn assert_work(name: &str, servers: &[&str]) {
    for server in servers {
        let transactions = replayed_with(name, server, columns_on(server.starts_with("mariadb")));
        assert_eq!(show(&transactions), EXPECTED, "{name} of {server}");
        assert!(transactions.iter().all(|transaction| transaction.committed_at_s > 1_700_000_000));
    }
}

/// A recording's last position as text, without file and offset.
fn last_gtids(name: &str, server: &str) -> Option<String> {
    let last = replayed(name, server).pop().unwrap();
    last.position.gtid.map(|gtids| gtids.to_string())
}

#[test]
fn compressed_transactions_and_events() {
    assert_work("compressed", BOTH);
}

#[test]
fn compressed_transactions_and_events_without_column_names() {
    assert_work("compressed_without_names", BOTH);
}

#[test]
fn row_metadata_minimal_of_mariadb() {
    assert_work("minimal_names", &["mariadb"]);
}

/// MariaDB from 11.4 on does not say where events within a transaction end.
#[test]
fn log_pos_zero_within_transactions() {
    const MARIADB_11_8: &[&str] = &["mariadb118"];
    for name in ["log_pos_zero", "log_pos_zero_compressed"] {
        let bytes = zstd::decode_all(recorded(name, "mariadb118").as_slice()).unwrap();
        assert!(events(&bytes).any(|event| event.log_pos == 0), "{name}");
        assert_work(name, MARIADB_11_8);
    }
    assert_story("log_pos_zero_xa", MARIADB_11_8, XA);
    let texts = TEXTS.replace("character set latin2", "the collation of number 9");
    let texts = format!("~texts: a statement altered it\n--\n{texts}");
    assert_story("log_pos_zero_texts", MARIADB_11_8, &texts);
}

/// Every position is where an event of the file ends, and errors say where theirs does.
#[test]
fn positions_are_right_though_events_do_not_say_them() {
    let mut bytes = zstd::decode_all(recorded("log_pos_zero", "mariadb118").as_slice()).unwrap();
    let ends: Vec<u64> = events(&bytes).map(|event| event.end.try_into().unwrap()).collect();
    for transaction in replayed("log_pos_zero", "mariadb118") {
        assert!(ends.contains(&transaction.position.at.offset), "{}", transaction.position);
    }
    let event = events(&bytes).find(|event| event.log_pos == 0).unwrap();
    let (start, end) = (event.start, event.end);
    // An event of a type that nobody knows, under a true checksum.
    bytes[start + 4] = 99;
    let crc = crc32fast::hash(&bytes[start..end - 4]);
    bytes[end - 4..end].copy_from_slice(&crc.to_le_bytes());
    let error = replay(&bytes, BTreeMap::new()).1.unwrap_err();
    let said = causes(&error);
    assert!(said.contains(&format!("(type 99) before bin.000001:{end}")), "{said}");
}

#[test]
fn checksum_none() {
    assert_work("checksum_none", BOTH);
}

/// The events of a payload have no place of their own in the file: positions are those behind it.
#[test]
fn positions_of_compressed_transactions_are_those_of_their_event() {
    let bytes = zstd::decode_all(recorded("compressed", "mysql").as_slice()).unwrap();
    for transaction in replayed("compressed", "mysql") {
        let at = usize::try_from(transaction.position.at.offset).unwrap();
        let next = bytes[at + 4];
        let is_border = matches!(next, event_type::GTID | event_type::ROTATE);
        assert!(is_border, "{} is before an event of type {next}", transaction.position);
    }
}

const XA: &str = "\
+tight [1, 1]
+tight [2, 1]
prepared X'6f6e65',X'6272',7
--
committed X'6f6e65',X'6272',7
--
+tight [3, 1]
prepared X'74776f',X'',1
--
rolled back X'74776f',X'',1
--
+tight [4, 1]
--
-tight [1, 1]
+tight [1, 2]
prepared X'00ff27',X'',1
--
+tight [6, 1]
--
committed X'00ff27',X'',1
--
prepared X'66697665',X'',1
--
committed X'66697665',X'',1
--
";

#[test]
fn xa() {
    assert_story("xa", BOTH, XA);
}

#[test]
fn xa_in_compressed_transactions() {
    assert_story("xa_compressed", BOTH, XA);
}

#[test]
fn tagged_gtids() {
    let expected =
        "+tight [1, 1]\n--\n+tight [2, 1]\n--\n+tight [3, 1]\n--\n--\n-tight [1, 1]\n--\n";
    assert_story("tagged_gtids", &["mysql"], expected);
    let gtids = last_gtids("tagged_gtids", "mysql").unwrap();
    assert!(gtids.contains(":blue_1:1-2") && gtids.ends_with(":green:1-2"), "{gtids}");
}

#[test]
fn gtid_domains_of_mariadb() {
    let expected = "+tight [1, 1]\n--\n+tight [2, 1]\n--\n--\n-tight [1, 1]\n--\n";
    assert_story("gtid_domains", &["mariadb"], expected);
    let gtids = last_gtids("gtid_domains", "mariadb").unwrap();
    assert!(gtids.starts_with("0-77-") && gtids.ends_with(",5-77-2"), "{gtids}");
}

#[test]
fn transactions_that_the_server_does_not_number() {
    let expected = "+tight [1, 1]\n--\n+tight [2, 1]\n-tight [1, 1]\n+tight [1, 2]\n--\n--\n\
                    -tight [1, 2]\n--\n";
    assert_story("anonymous", &["mysql"], expected);
}

/// The same savepoints on both: MySQL leaves out what is rolled back, MariaDB writes it when a
/// temporary table was in the transaction.
#[test]
fn savepoints() {
    let on_mysql = "+tight [1, 1]\n+tight [3, 1]\n--\n+tight [5, 1]\n+tight [7, 1]\n--\n";
    assert_story("savepoints", &["mysql"], on_mysql);
    let rolled_back = "~tight: changes of it were rolled back in the binlog\n--\n";
    let on_mariadb = format!(
        "+tight [1, 1]\n+tight [3, 1]\n--\n+tight [5, 1]\n+tight [7, 1]\n{rolled_back}{rolled_back}"
    );
    assert_story("savepoints", &["mariadb"], &on_mariadb);
}

/// Both servers write the rows of a table without transactions as a committed transaction of its own,
/// before what it was in; so a rollback never takes them along.
#[test]
fn rows_of_a_table_without_transactions_stay_when_a_transaction_is_rolled_back() {
    for server in BOTH {
        let story = show(&replayed("nontransactional", server));
        let of = |name: &str| {
            let lines = story
                .lines()
                .filter(|line| line.get(1..).is_some_and(|line| line.starts_with(name)));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let loose = [
            "+loose [1, 1]",
            "+loose [3, 1]",
            "+loose [5, 1]",
            "-loose [1, 1]",
            "+loose [1, 2]",
            "-loose [5, 1]",
            "+loose [5, 2]",
            "-loose [1, 2]",
            "+loose [1, 3]",
            "-loose [5, 2]",
            "+loose [5, 3]",
            "-loose [1, 3]",
            "+loose [1, 4]",
            "-loose [5, 3]",
            "+loose [5, 4]",
        ];
        assert_eq!(of("loose"), loose, "{server}");
        let tight = [
            "+tight [1, 1]",
            "+tight [2, 1]",
            "+tight [5, 1]",
            "+tight [7, 1]",
            "-tight [1, 1]",
            "+tight [1, 2]",
            "-tight [5, 1]",
            "+tight [5, 2]",
            "+tight [8, 1]",
        ];
        let mut found = of("tight");
        found.retain(|line| !line.starts_with('~'));
        assert_eq!(found, tight, "{server}");
    }
}

#[test]
fn rows_before_the_failure_of_a_statement_stay_in_a_table_without_transactions() {
    assert_story("failing_nontransactional", BOTH, "+loose [1, 1]\n--\n");
}

const TEXTS: &str = r#"+texts [1, "Größe €", "ä", "plain", "naïve 日本", "🧦", "ä日", "ä🧦", "ä🧦", "ä🧦", "ä", "ab\0\0\0\0", "blöb"]
--
-texts [1, "Größe €", "ä", "plain", "naïve 日本", "🧦", "ä日", "ä🧦", "ä🧦", "ä🧦", "ä", "ab\0\0\0\0", "blöb"]
+texts [1, "€\u{81}ÿ", "", "", "", "", "", "", "", "", "", "\0\0\0\0\0\0", ""]
--
+texts [2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL]
--
-texts [2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL]
--
~texts: column raw holds bytes that are no text in binary
--
+texts [4, "again", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL]
--
~texts: column blob_ holds bytes that are no text in binary
--
~other_texts: column note is in character set latin2, which is not read
--
"#;

/// Latin1 and varbinary columns among them.
#[test]
fn texts_in_every_character_set() {
    let nobody_names = "the collation of number 9";
    let expected = TEXTS.replace("character set latin2", nobody_names);
    assert_story("texts", BOTH, &expected);
}

#[test]
fn texts_in_every_character_set_without_column_names() {
    assert_story_without_names("texts_without_names", TEXTS);
}

#[test]
fn dates_and_times_with_fractions_and_zeros() {
    let expected = r#"+moments [1, "2024-02-29 23:59:58", "2024-02-29 23:59:58.7", "2024-02-29 23:59:58.123", "2024-02-29 23:59:58.123456", "2024-02-29 21:59:58.000001", "2024-02-29"]
+moments [2, "0000-00-00 00:00:00", "0000-00-00 00:00:00.0", "0000-00-00 00:00:00.000", "0000-00-00 00:00:00.000000", "0000-00-00 00:00:00.000000", "0000-00-00"]
+moments [3, "9999-12-31 23:59:59", "1000-01-01 00:00:00.0", "9999-12-31 23:59:59.999", "9999-12-31 23:59:59.999999", "2038-01-19 03:14:07.999999", "9999-12-31"]
+moments [4, "2024-00-00 00:00:00", "2024-01-00 00:00:00.0", NULL, NULL, NULL, "2024-00-15"]
+moments [5, NULL, NULL, NULL, NULL, "1970-01-01 00:00:01.000000", NULL]
--
"#;
    assert_story("moments", BOTH, expected);
}

const LIMITS: &str = r#"+limits [1, -128, -32768, -8388608, -9223372036854775808, 0, 0, 0, 0, -99999999999999.999999, -999999999999999999999999.9999, "-340000000000000000000000000000000000000", -1.7976931348623157e308]
+limits [2, 127, 32767, 8388607, 9223372036854775807, 255, 65535, 16777215, 18446744073709551615, 99999999999999.999999, 999999999999999999999999.9999, "340000000000000000000000000000000000000", 1.7976931348623157e308]
+limits [3, -1, -1, -1, -1, 1, 1, 1, 1, 0.000001, -0.0001, "0.000000000000000000000000000001", 2.2250738585072014e-308]
+limits [4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL]
--
~huge: column amount holds 1.500000000000000000000000000000, which has no form here
--
~huge: column amount holds 99999999999999999999999999999999999.999999999999999999999999999999, which has no form here
--
"#;

#[test]
fn numbers_at_the_limits_of_their_types() {
    assert_story("limits", BOTH, LIMITS);
}

#[test]
fn numbers_at_the_limits_of_their_types_without_column_names() {
    assert_story_without_names("limits_without_names", LIMITS);
}

const ODD: &str = r#"+odd [1, "Größe", "Größe"]
--
-odd [1, "Größe", "Größe"]
+odd [1, "ß", "Größe"]
--
+odd [2, NULL, NULL]
--
"#;

/// VECTOR, JSON, GEOMETRY, BIT, ENUM, SET, YEAR, negative TIME, VARBINARY, generated columns, and
/// MariaDB's COMPRESSED and UUID.
#[test]
fn columns_of_odd_types_that_are_not_read() {
    assert_story("odd_columns", BOTH, ODD);
}

#[test]
fn columns_of_odd_types_that_are_not_read_without_column_names() {
    assert_story_without_names("odd_columns_without_names", ODD);
}

const DOCUMENTS: &str = r#"+documents [1, "one"]
+documents [2, "two"]
--
-documents [1, "one"]
+documents [1, "eins"]
--
-documents [1, "eins"]
+documents [1, "eins"]
--
-documents [2, "two"]
+documents [2, "drei"]
--
"#;

#[test]
fn partial_update_rows() {
    let bytes = zstd::decode_all(recorded("partial_json", "mysql").as_slice()).unwrap();
    assert!(events(&bytes).any(|event| event.event_type == event_type::PARTIAL_UPDATE_ROWS));
    assert_story("partial_json", &["mysql"], DOCUMENTS);
}

#[test]
fn partial_update_rows_in_compressed_transactions() {
    assert_story("partial_json_compressed", &["mysql"], DOCUMENTS);
}

/// An event of a file.
struct EventAt {
    start: usize,
    end: usize,
    event_type: u8,
    log_pos: u32,
}

fn events(file: &[u8]) -> impl Iterator<Item = EventAt> {
    let mut start = 4;
    std::iter::from_fn(move || {
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let at = start;
        let event_type = *file.get(at + 4)?;
        start += usize::try_from(number(at + 9)).unwrap();
        Some(EventAt { start: at, end: start, event_type, log_pos: number(at + 13) })
    })
}

/// ALTER, TRUNCATE, DROP, CREATE, a swap by RENAME; and what leaves the tables alone.
#[test]
fn redefinitions() {
    let altered = "~tight: a statement altered it\n--\n";
    let emptied = "~tight: a statement emptied it\n--\n";
    let exchanged = "~tight: a statement may have exchanged its rows\n--\n";
    let alone = "--\n";
    let expected = [
        "+tight [1, 1]\n--\n",
        altered,
        "+tight [2, 1]\n--\n",
        altered,
        altered,
        "+tight [3, 3000000000]\n--\n",
        emptied,
        "+tight [4, 1]\n--\n",
        // A table like it, and its rows.
        alone,
        alone,
        exchanged,
        "-tight [4, 1]\n+tight [4, 2]\n--\n",
        // A row of the old table and its end; a trigger, an index, a view, ANALYZE, OPTIMIZE.
        &alone.repeat(9),
        emptied,
        emptied,
        "+tight [6, 1]\n--\n",
    ];
    assert_story("redefinitions", BOTH, &expected.concat());
}

const CREATED: &str = r#"~tight: a statement emptied it
--
+store [7, NULL, 0, 0, "seven", 0]
--
+tight [7, 1]
~tight: a statement emptied it
--
+tight [8, 1]
--
"#;

#[test]
fn a_table_created_from_a_query() {
    assert_story("created_from_a_query", BOTH, CREATED);
}

#[test]
fn a_table_created_from_a_query_in_compressed_transactions() {
    assert_story("created_from_a_query_compressed", BOTH, CREATED);
}

/// A statement whose rows the server could not write to its binlog.
#[test]
fn an_incident_stops_the_stream() {
    for server in BOTH {
        let (transactions, end, _) = replay(&recorded("incident", server), BTreeMap::new());
        assert_eq!(show(&transactions), "--\n+tight [1, 1]\n--\n", "{server}");
        let error = end.unwrap_err();
        assert!(causes(&error).contains("decode the INCIDENT event (type 26) before"), "{error}");
        let hint = "the server says that its binlog lacks changes: take a new snapshot";
        assert_eq!(error.hint(), Some(hint));
    }
}
