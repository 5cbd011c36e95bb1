//! Replay of recorded files of both servers: values, borders, damage.

mod damage;
mod events;
mod range;
mod tables;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;

use crate::decode::{ColumnDescription, Decoder, Row, RowChange, TableColumns, TableId, Value};
use crate::position::{GtidSet, Position};
use crate::source::files::tests::tables::{TABLES, columns, watch};
use crate::source::files::{BinlogFile, FileError, FileReplay};
use crate::source::framing::{Framed, Framer, SourceTransaction, XaStep};
use crate::source::reader::EventReader;

const MYSQL_FULL: &[u8] = include_bytes!("../../../fixtures/binlog/unit/mysql-full.000001");
const MYSQL_MINIMAL: &[u8] = include_bytes!("../../../fixtures/binlog/unit/mysql-minimal.000001");
const MARIADB_FULL: &[u8] = include_bytes!("../../../fixtures/binlog/unit/mariadb-full.000001");
const MARIADB_NO_LOG: &[u8] = include_bytes!("../../../fixtures/binlog/unit/mariadb-nolog.000001");
const MYSQL_BORDERS: &[u8] = include_bytes!("../../../fixtures/binlog/unit/mysql-borders.000008");
const MARIADB_BORDERS: &[u8] =
    include_bytes!("../../../fixtures/binlog/unit/mariadb-borders.000007");

/// What `work.sql` does to the watched tables, one line per change, `--` after each transaction.
const EXPECTED: &str = r#"+store [0, "admin", 0, 0, "Admin", 1]
+store [65535, "max", 65535, 32768, "Größe 🛒", 1]
--
--
+catalog_eav_attribute [1, 1, "0.1", NULL, "0.1"]
+catalog_eav_attribute [2, 0, "16777216", "{\"a\":1}", "1000000000000000000000"]
--
+catalog_product_entity [4294967295, 4, "simple", "SKU-🎁", "2024-02-29 10:00:00", "0000-00-00 00:00:00"]
--
+catalog_product_entity_int [-2147483648, 65535, 0, 18446744073709551615, -1]
+catalog_product_entity_int [2147483647, 1, 1, 9223372036854775808, NULL]
--
+catalog_product_entity_decimal [1, 77, 0, 1, 12.500000]
+catalog_product_entity_decimal [2, 77, 0, 1, -99999999999999.999999]
+catalog_product_entity_decimal [3, 77, 0, 1, 0.000000]
+catalog_product_entity_decimal [4, 77, 0, 1, NULL]
--
+catalog_product_entity_text [1, 75, 0, 1, "naïve – 日本語 🧦"]
+catalog_product_entity_text [2, 75, 0, 1, ""]
+catalog_product_entity_text [3, 75, 0, 1, "200 ä"]
--
+catalog_product_entity_datetime [1, 79, 0, 1, "0000-00-00 00:00:00.000", "0000-00-00"]
+catalog_product_entity_datetime [2, 79, 0, 1, "2038-01-19 03:14:07.125", "1000-01-01"]
+catalog_product_entity_datetime [3, 79, 0, 1, NULL, NULL]
--
-store [65535, "max", 65535, 32768, "Größe 🛒", 1]
+store [65535, "max", 65535, 32768, "Before", 1]
-store [65535, "max", 65535, 32768, "Before", 1]
+store [65535, "max", 65535, 32768, "After", 1]
--
--
-catalog_product_entity_decimal [2, 77, 0, 1, -99999999999999.999999]
-catalog_product_entity_decimal [3, 77, 0, 1, 0.000000]
--
"#;

/// Replays until the end or an error.
fn replay(
    bytes: &[u8],
    columns: BTreeMap<TableId, TableColumns>,
) -> (Vec<SourceTransaction>, Result<(), FileError>, EventReader) {
    let decoder = Decoder::new(watch(), columns);
    let mut events = EventReader::new(decoder, Framer::new(Position::default()));
    let mut found = Vec::new();
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    let mut file = match BinlogFile::from_reader(Path::new("dir/bin.000001.zst"), reader) {
        Ok(file) => FileReplay::new(file),
        Err(error) => return (found, Err(error), events),
    };
    loop {
        match file.next_framed(&mut events) {
            Ok(Some(
                Framed::Transaction(transaction) | Framed::Ddl { ended: Some(transaction), .. },
            )) => found.push(transaction),
            Ok(Some(Framed::Ddl { ended: None, .. })) => {}
            Ok(None) => return (found, Ok(()), events),
            Err(error) => return (found, Err(error), events),
        }
    }
}

fn show(transactions: &[SourceTransaction]) -> String {
    let mut text = String::new();
    for transaction in transactions {
        for RowChange { table, before, after, .. } in transaction.changes.clone() {
            let name = TABLES[usize::from(table.0)].name;
            for (sign, row) in [('-', before), ('+', after)] {
                if let Some(row) = row {
                    writeln!(text, "{sign}{name} {}", show_row(&row)).unwrap();
                }
            }
        }
        for (table, reason) in &transaction.reread {
            writeln!(text, "~{}: {reason}", TABLES[usize::from(table.0)].name).unwrap();
        }
        match &transaction.xa {
            None => {}
            Some(XaStep::Prepare(xid)) => writeln!(text, "prepared {xid}").unwrap(),
            Some(XaStep::Commit(xid)) => writeln!(text, "committed {xid}").unwrap(),
            Some(XaStep::Rollback(xid)) => writeln!(text, "rolled back {xid}").unwrap(),
        }
        text.push_str("--\n");
    }
    text
}

fn show_row(row: &Row) -> String {
    let cells = row.iter().map(|value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(int) => int.to_string(),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Text(text) if text.chars().count() == 200 => "\"200 ä\"".to_owned(),
        Value::Text(text) if text.len() > 60 => match text.parse::<f64>() {
            Ok(float) => format!("{float:e}"),
            Err(_) => format!("{text:?}"),
        },
        Value::Text(text) => format!("{text:?}"),
    });
    format!("[{}]", cells.collect::<Vec<_>>().join(", "))
}

#[test]
fn both_servers_give_the_same_changes_with_and_without_column_names() {
    for (bytes, columns) in [
        (MYSQL_FULL, BTreeMap::new()),
        (MARIADB_FULL, BTreeMap::new()),
        (MYSQL_FULL, columns()),
        (MYSQL_MINIMAL, columns()),
        (MARIADB_NO_LOG, columns()),
    ] {
        let (transactions, end, _) = replay(bytes, columns);
        end.unwrap();
        assert_eq!(show(&transactions), EXPECTED);
        assert!(transactions.iter().all(|transaction| transaction.committed_at_s > 1_700_000_000));
    }
}

#[test]
fn positions_rise_and_hold_what_was_before_the_file() {
    for bytes in [MYSQL_FULL, MARIADB_FULL, MYSQL_BORDERS, MARIADB_BORDERS] {
        let (transactions, end, events) = replay(bytes, columns());
        let framer = events.framer();
        end.unwrap();
        for pair in transactions.windows(2) {
            let (earlier, later) = (&pair[0].position, &pair[1].position);
            assert!(later.covers(earlier) && !earlier.covers(later), "{earlier} {later}");
            assert!(later.at > earlier.at, "{earlier} {later}");
        }
        // The rotation at the end leads to the server's next file.
        assert_eq!(framer.position().at.offset, 4);
        assert_eq!(framer.seen(), &framer.position().at);
        assert_ne!(framer.seen().file, "bin.000001");
        let end = framer.position().gtid.clone().unwrap();
        assert_eq!(Some(end), transactions.last().unwrap().position.gtid);
    }
}

#[test]
fn gtid_positions_equal_those_the_servers_reported() {
    let gtid = |bytes| replay(bytes, columns()).2.framer().position().gtid.clone().unwrap();
    let mysql = "ffc64788-e769-11f1-9f08-02fc00000001:1-54:blue_1:1-2";
    assert_eq!(gtid(MYSQL_BORDERS), GtidSet::parse(mysql).unwrap());
    assert_eq!(gtid(MARIADB_BORDERS), GtidSet::parse("0-41-54").unwrap());
}

#[test]
fn transactions_end_at_commits_only() {
    let counts = |bytes| {
        let (transactions, end, _) = replay(bytes, columns());
        end.unwrap();
        transactions.iter().map(|transaction| transaction.changes.len()).collect::<Vec<_>>()
    };
    // Two tagged inserts, a savepoint rolled back, XA prepare and commit, XA at once, a new table.
    assert_eq!(counts(MYSQL_BORDERS), [0, 0, 1, 0, 0, 0, 0]);
    // The same without tags, then DDL and three transactions with MyISAM rows.
    assert_eq!(counts(MARIADB_BORDERS), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
}

/// What was asked to be read again, as text.
fn reread(transactions: &[SourceTransaction]) -> Vec<(TableId, String)> {
    let reasons = transactions.iter().flat_map(|transaction| &transaction.reread);
    reasons.map(|(table, reason)| (*table, reason.to_string())).collect()
}

#[test]
fn without_column_names_every_changed_table_is_read_again() {
    for bytes in [MYSQL_MINIMAL, MARIADB_NO_LOG] {
        let (transactions, end, _) = replay(bytes, BTreeMap::new());
        end.unwrap();
        assert!(transactions.iter().all(|transaction| transaction.changes.is_empty()));
        let reread = reread(&transactions);
        let tables: std::collections::BTreeSet<_> =
            reread.iter().map(|(table, _)| *table).collect();
        assert!(tables.into_iter().eq((0..7).map(TableId)), "{reread:?}");
        assert!(reread.iter().all(|(_, why)| why == "the names of its columns are not known"));
    }
}

#[test]
fn a_table_whose_column_names_do_not_fit_is_read_again() {
    type Change = fn(&mut Vec<ColumnDescription>);
    let changes: [Change; 2] = [|columns| drop(columns.pop()), |columns| columns.swap(0, 1)];
    for change in changes {
        let mut columns = columns();
        change(&mut columns.get_mut(&TableId(0)).unwrap().columns);
        let (found, end, _) = replay(MARIADB_NO_LOG, columns);
        end.unwrap();
        let reread = reread(&found);
        assert_eq!(reread.len(), 2, "{reread:?}");
        for (table, why) in reread {
            assert_eq!(table, TableId(0));
            assert!(why.contains("in information_schema") || why.contains("columns"), "{why}");
        }
        let others = show(&found);
        let expected = EXPECTED.lines().filter(|line| !line.contains("store ["));
        assert!(others.lines().filter(|line| !line.starts_with('~')).eq(expected), "{others}");
    }
}

#[test]
fn compressed_files_are_told_by_their_bytes() {
    let compressed = zstd::encode_all(MYSQL_FULL, 3).unwrap();
    let (transactions, end, _) = replay(&compressed, BTreeMap::new());
    end.unwrap();
    assert_eq!(show(&transactions), EXPECTED);
    for length in [4, 100, compressed.len() - 1] {
        let (_, end, _) = replay(&compressed[..length], BTreeMap::new());
        assert!(end.is_err(), "cut to {length}");
    }
}

#[test]
fn files_that_are_no_plain_binlog_are_named_as_such() {
    let end = |bytes: &[u8]| replay(bytes, BTreeMap::new()).1;
    assert!(matches!(end(b"\xfdbin\x01"), Err(FileError::Encrypted { .. })));
    assert!(matches!(end(b"\xfebi"), Err(FileError::NotABinlog { .. })));
    assert!(matches!(end(b"PK\x03\x04"), Err(FileError::NotABinlog { .. })));
    let headless = [b"\xfebin", &MYSQL_FULL[127..]].concat();
    assert!(matches!(end(&headless), Err(FileError::NoFormatDescription { .. })));
}

#[test]
fn the_flag_of_a_file_in_use_does_not_break_its_checksum() {
    let mut bytes = MYSQL_FULL.to_vec();
    assert_eq!(bytes[4 + 17], 0);
    bytes[4 + 17] = 1;
    let (transactions, end, _) = replay(&bytes, BTreeMap::new());
    end.unwrap();
    assert_eq!(show(&transactions), EXPECTED);
}
