//! Rows of watched tables that can't be decoded: told apart from damage, and never lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::tests::{decode, decoder, rows, table_map, table_map_without_metadata, watch};
use crate::decode::{
    ColumnDescription, DecodeError, Decoded, Decoder, RowChange, TableColumns, TableId, Unreadable,
    Value, event_type,
};

const INTS: TableId = TableId(0);
const TEXTS: TableId = TableId(2);

fn reason(meaning: Result<Decoded, DecodeError>, expected: TableId) -> Unreadable {
    match meaning.unwrap() {
        Decoded::Unreadable { table, reason, .. } if table == expected => reason,
        other => panic!("{other:?}"),
    }
}

fn described(name: &str, data_type: &str, charset: Option<&str>) -> TableColumns {
    let column = ColumnDescription {
        name: name.to_owned(),
        is_unsigned: true,
        data_type: data_type.to_owned(),
        charset: charset.map(str::to_owned),
    };
    TableColumns { columns: vec![column] }
}

fn decoder_with(table: TableId, columns: TableColumns) -> Decoder {
    Decoder::new(watch(), BTreeMap::from([(table, columns)]))
}

/// Rows of a table whose `TABLE_MAP` can't be used: in every kind of row event.
#[test]
fn a_table_map_that_cannot_be_used_changes_nothing_until_rows_come() {
    let mut decoder = decoder();
    let map = table_map(9, "m2_ints", &[(1, &[], "walue")], false);
    assert_eq!(decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap(), Decoded::Other);
    let expected = Unreadable::MissingColumn { column: "value" };
    for event_type in [
        event_type::WRITE_ROWS_V1,
        event_type::UPDATE_ROWS,
        event_type::PARTIAL_UPDATE_ROWS,
        event_type::DELETE_ROWS_COMPRESSED,
    ] {
        let body = rows(9, 1, 0xFF, &[0, 1]);
        assert_eq!(reason(decode(&mut decoder, event_type, &body), INTS), expected);
    }
    assert_eq!(expected.to_string(), "there is no column value");
}

#[test]
fn a_table_without_names_is_read_by_the_names_of_information_schema() {
    let map = table_map_without_metadata(9, "m2_ints", &[(1, &[], "?")]);
    let body = rows(9, 1, 0xFF, &[0, 255]);
    let read = |mut decoder: Decoder| {
        decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
        decode(&mut decoder, event_type::WRITE_ROWS_V1, &body)
    };
    let fitting = || described("value", "tinyint", None);
    let change = RowChange { cascades: true, ..RowChange::read(INTS, vec![Value::Int(255)]) };
    let meaning = read(decoder_with(INTS, fitting())).unwrap();
    assert_eq!(meaning, Decoded::Rows(vec![change]));

    assert_eq!(reason(read(decoder()), INTS), Unreadable::NoColumnNames);
    let wrong = read(decoder_with(INTS, described("value", "bigint", None)));
    let Unreadable::ColumnsDiffer { difference } = reason(wrong, INTS) else { panic!("{map:?}") };
    assert!(difference.contains("column value is bigint in information_schema"), "{difference}");
    let missing = read(decoder_with(INTS, described("other", "tinyint", None)));
    assert_eq!(reason(missing, INTS), Unreadable::MissingColumn { column: "value" });

    let mut unsettled = decoder_with(INTS, fitting());
    unsettled.set_unsettled(BTreeSet::from([INTS]));
    let reason = reason(read(unsettled), INTS);
    assert_eq!(reason, Unreadable::Unsettled);
    assert_eq!(reason.hint(), Some("set binlog_row_metadata=FULL on the server"));
}

#[test]
fn an_unsettled_table_that_names_its_columns_is_read() {
    let mut decoder = decoder_with(INTS, described("other", "bigint", None));
    decoder.set_unsettled(BTreeSet::from([INTS]));
    let map = table_map(9, "m2_ints", &[(1, &[], "value")], true);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(9, 1, 0xFF, &[0, 7]));
    assert!(matches!(meaning.unwrap(), Decoded::Rows(_)));
}

#[test]
fn without_metadata_the_character_set_is_that_of_information_schema() {
    let map = table_map_without_metadata(9, "m2_texts", &[(15, &[80, 0], "?")]);
    let read = |data_type: &str, charset: Option<&str>, bytes: &[u8]| {
        let mut decoder = decoder_with(TEXTS, described("value", data_type, charset));
        decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
        let cell = [&[0, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(9, 1, 0xFF, &cell))
    };
    for (data_type, charset, bytes) in [
        ("varchar", Some("latin1"), &b"\xE4"[..]),
        ("varchar", Some("utf8mb4"), "ä".as_bytes()),
        ("varchar", Some("utf8mb3"), "ä".as_bytes()),
        ("varchar", Some("ucs2"), b"\0\xE4"),
        ("varbinary", None, "ä".as_bytes()),
    ] {
        let meaning = read(data_type, charset, bytes).unwrap();
        let row = vec![Value::Text("ä".to_owned())];
        let change = RowChange { cascades: true, ..RowChange::read(TEXTS, row) };
        assert_eq!(meaning, Decoded::Rows(vec![change]), "{data_type} {charset:?}");
    }
    let unread = reason(read("varchar", Some("latin2"), b"x"), TEXTS);
    assert_eq!(unread.to_string(), "column value is in character set latin2, which is not read");
    let nameless = reason(read("varchar", None, b"x"), TEXTS);
    assert!(matches!(nameless, Unreadable::Charset { .. }), "{nameless}");
}

/// MariaDB's UUID is text in a SELECT, and sixteen bytes in the binlog.
#[test]
fn a_type_that_a_select_shows_otherwise_is_not_read_as_text() {
    let mut decoder = decoder_with(TEXTS, described("value", "uuid", None));
    let map = table_map(9, "m2_texts", &[(254, &[254, 16], "value")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(9, 1, 0xFF, &[0, 1, 65]));
    assert!(matches!(reason(meaning, TEXTS), Unreadable::ColumnType { column_type: 254, .. }));
}

#[test]
fn a_column_type_that_nobody_knows_makes_its_table_unreadable() {
    let mut decoder = decoder();
    let map = table_map(9, "m2_ints", &[(1, &[], "value"), (200, &[], "new")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS, &rows(9, 2, 0xFF, &[0, 1]));
    let expected = Unreadable::UnknownType { column_type: 200 };
    assert_eq!(reason(meaning, INTS), expected);
    // The length of a cell of a known type may be one that no server writes.
    let map = table_map(9, "m2_ints", &[(1, &[], "value"), (252, &[9], "odd")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS, &rows(9, 2, 0xFF, &[0, 1]));
    assert!(matches!(reason(meaning, INTS), Unreadable::ColumnType { column_type: 252, .. }));
}

/// One row of several can't be decoded: none of the event is handed on, so none is taken for all.
#[test]
fn an_event_with_one_unreadable_row_is_unreadable_as_a_whole() {
    let mut decoder = decoder();
    let map = table_map(9, "m2_texts", &[(15, &[80, 0], "value")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let body = rows(9, 1, 0xFF, &[0, 1, b'a', 0, 1, 0xE9]);
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_V1, &body);
    let expected = Unreadable::NotText { column: "value", charset: "utf8mb4" };
    assert_eq!(reason(meaning, TEXTS), expected);
    let next = decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(9, 1, 0xFF, &[0, 1, b'b']));
    assert!(matches!(next.unwrap(), Decoded::Rows(_)), "the next event is read again");
}

#[test]
fn malformed_table_maps_of_watched_tables_stop_the_stream() {
    let map = table_map(9, "m2_ints", &[(1, &[], "value")], false);
    for length in 0..map.len() {
        let cut = decode(&mut decoder(), event_type::TABLE_MAP, &map[..length]);
        // Cut behind the columns, or behind a field of metadata, it is one with less metadata.
        let columns = map.len() - 15;
        let is_shorter = [columns, columns + 4, columns + 7].contains(&length);
        assert_eq!(cut.is_ok(), is_shorter, "{length}: {cut:?}");
    }
}
