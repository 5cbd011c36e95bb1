//! Values, table maps and row events.

use proptest::prelude::*;

use crate::decode::tests::{cell, column, decode, decoder, rows, table, table_map};
use crate::decode::{
    ColumnKind, DecodeError, Decoded, Decoder, RowChange, TableId, Unreadable, Value, Watch,
    WatchedTable, event_type,
};

/// Integer types with their width in bytes.
const INTS: [(u8, usize); 5] = [(1, 1), (2, 2), (9, 3), (3, 4), (8, 8)];

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// A DECIMAL(20,6) as the servers pack it, from its value times 10^6.
fn packed_decimal(millionths: i128) -> Vec<u8> {
    let whole = millionths.unsigned_abs() / 1_000_000;
    let fraction = millionths.unsigned_abs() % 1_000_000;
    let mut bytes = Vec::new();
    // 14 digits: five in three bytes, nine in four; then six in three bytes.
    for (digits, width) in [(whole / 1_000_000_000, 3), (whole % 1_000_000_000, 4), (fraction, 3)] {
        bytes.extend(&digits.to_be_bytes()[16 - width..]);
    }
    bytes[0] ^= 0x80;
    if millionths < 0 {
        for byte in &mut bytes {
            *byte ^= 0xFF;
        }
    }
    bytes
}

/// Microseconds as the servers pack them for a column of so many digits.
fn packed_fraction(micros: u32, digits: u8) -> Vec<u8> {
    let (unit, width) = match digits {
        1 | 2 => (10_000, 1),
        3 | 4 => (100, 2),
        _ => (1, 3),
    };
    (micros / unit).to_be_bytes()[4 - width..].to_vec()
}

fn packed_datetime(parts: [u64; 6]) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = parts;
    let date = ((year * 13 + month) << 5 | day) << 17;
    let packed = 1 << 39 | date | hour << 12 | minute << 6 | second;
    packed.to_be_bytes()[3..].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integers_keep_value_and_sign(bits: u64, at in 0..5_usize) {
        let (kind, width) = INTS[at];
        let bytes = &bits.to_le_bytes()[..width];
        let unsigned = i128::from(bits) % (1 << (8 * width));
        let span = 1_i128 << (8 * width);
        let signed = if unsigned < span / 2 { unsigned } else { unsigned - span };
        prop_assert_eq!(cell("m2_ints", (kind, &[]), true, bytes).unwrap(), Value::Int(unsigned));
        prop_assert_eq!(cell("m2_ints", (kind, &[]), false, bytes).unwrap(), Value::Int(signed));
    }

    #[test]
    fn decimals_keep_value_and_scale(
        millionths in -99_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999,
    ) {
        let bytes = packed_decimal(millionths);
        let value = cell("m2_decimals", (246, &[20, 6]), false, &bytes).unwrap();
        let (sign, size) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
        let expected = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        prop_assert_eq!(value.to_char(), Some(expected));
    }

    #[test]
    fn datetimes_and_dates_keep_every_field(
        (year, month, day) in (0..=9999_u64, 0..=12_u64, 0..=31_u64),
        (hour, minute, second) in (0..24_u64, 0..60_u64, 0..60_u64),
        micros in 0..1_000_000_u32,
    ) {
        let bytes = packed_datetime([year, month, day, hour, minute, second]);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let time = format!("{date} {hour:02}:{minute:02}:{second:02}");
        let fraction = format!("{micros:06}");
        for digits in 1..=6_u8 {
            let kept: String = fraction.chars().take(usize::from(digits)).collect();
            let unit = 10_u32.pow(6 - u32::from(digits));
            let cell_bytes = [&bytes, &packed_fraction(micros / unit * unit, digits)[..]].concat();
            let value = cell("m2_times", (18, &[digits]), false, &cell_bytes).unwrap();
            prop_assert_eq!(value, text(&format!("{time}.{kept}")));
        }
        let value = cell("m2_times", (18, &[0]), false, &bytes[..5]).unwrap();
        prop_assert_eq!(value, text(&time));
        let packed = (year << 9 | month << 5 | day).to_le_bytes();
        let value = cell("m2_times", (10, &[]), false, &packed[..3]).unwrap();
        prop_assert_eq!(value, text(&date));
    }

    #[test]
    fn floats_read_back_the_same(bits: u32, wide: u64) {
        let float = f32::from_bits(bits);
        if let Value::Text(shown) = cell("m2_floats", (4, &[4]), false, &bits.to_le_bytes()).unwrap()
        {
            let read: f32 = shown.parse().unwrap();
            prop_assert!(float.is_nan() || read.to_bits() == bits, "{shown}");
        }
        let double = f64::from_bits(wide);
        if let Value::Text(shown) = cell("m2_floats", (5, &[8]), false, &wide.to_le_bytes()).unwrap()
        {
            let read: f64 = shown.parse().unwrap();
            prop_assert!(double.is_nan() || read.to_bits() == wide, "{shown}");
        }
    }

    #[test]
    fn texts_of_every_type_arrive_whole(value in "\\PC{0,60}") {
        let (bytes, length) = (value.as_bytes(), value.len().to_le_bytes());
        // VARCHAR and CHAR of up to and over 255 bytes, then the four sizes of TEXT.
        let types: [(u8, &[u8], usize); 8] = [
            (15, &[255, 0], 1),
            (15, &[0, 1], 2),
            (254, &[0xFE, 255], 1),
            (254, &[0xDE, 0xFC], 2),
            (252, &[1], 1),
            (252, &[2], 2),
            (252, &[3], 3),
            (252, &[4], 4),
        ];
        for (kind, metadata, width) in types {
            let cell_bytes = [&length[..width], bytes].concat();
            let value_read = cell("m2_texts", (kind, metadata), false, &cell_bytes).unwrap();
            prop_assert_eq!(value_read, text(&value));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        event_type in prop_oneof![Just(19_u8), 23..=25_u8, 30..=32_u8, any::<u8>()],
        body in prop::collection::vec(any::<u8>(), 0..60),
        names_table: bool,
    ) {
        let mut decoder = decoder();
        let map = table_map(9, "m2_texts", &[(252, &[4], "value"), (3, &[], "id")], true);
        decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
        let head = if names_table { &map[..23] } else { &[9, 0, 0, 0, 0, 0][..] };
        let outcome = decode(&mut decoder, event_type, &[head, &body].concat());
        prop_assert!(!format!("{outcome:?}").contains("RowParser"), "{outcome:?}");
    }
}

#[test]
fn timestamps_are_utc_and_zero_is_the_zero_date() {
    let shown = |seconds: u32, digits: u8, fraction: &[u8]| {
        let bytes = [&seconds.to_be_bytes(), fraction].concat();
        cell("m2_times", (17, &[digits]), false, &bytes).unwrap()
    };
    assert_eq!(shown(0, 0, &[]), text("0000-00-00 00:00:00"));
    assert_eq!(shown(0, 3, &[0, 0]), text("0000-00-00 00:00:00.000"));
    assert_eq!(shown(1, 0, &[]), text("1970-01-01 00:00:01"));
    assert_eq!(shown(951_782_400, 1, &[70]), text("2000-02-29 00:00:00.7"));
    assert_eq!(shown(951_782_399, 2, &[7]), text("2000-02-28 23:59:59.07"));
    assert_eq!(shown(u32::MAX, 0, &[]), text("2106-02-07 06:28:15"));
}

#[test]
fn timestamps_keep_microseconds() {
    let bytes = [&951_782_399_u32.to_be_bytes(), &packed_fraction(7, 6)[..]].concat();
    let value = cell("m2_times", (17, &[6]), false, &bytes).unwrap();
    assert_eq!(value, text("2000-02-28 23:59:59.000007"));
    let value = cell("m2_times", (17, &[5]), false, &bytes).unwrap();
    assert_eq!(value, text("2000-02-28 23:59:59.00000"));
}

/// As tables have them that were made before MySQL 5.6 or MariaDB 10.1.
#[test]
fn old_datetimes_and_timestamps_are_read() {
    let shown = |kind, bytes: &[u8]| cell("m2_times", (kind, &[]), false, bytes).unwrap();
    let packed = 20_240_229_235_958_u64;
    assert_eq!(shown(12, &packed.to_le_bytes()), text("2024-02-29 23:59:58"));
    assert_eq!(shown(12, &[0; 8]), text("0000-00-00 00:00:00"));
    assert_eq!(shown(7, &951_782_400_u32.to_le_bytes()), text("2000-02-29 00:00:00"));
    assert_eq!(shown(7, &[0; 4]), text("0000-00-00 00:00:00"));
}

#[test]
fn dates_and_times_that_cannot_be_are_not_read() {
    for (kind, digits, bytes) in [
        // The sign of a negative DATETIME, hour 31, day and month 31 and 15, 1.7 seconds of micros.
        (18, &[0][..], vec![0x19, 0, 0, 0, 0]),
        (18, &[0], packed_datetime([2000, 1, 1, 31, 0, 0])),
        (10, &[], vec![0xFF, 0xD1, 0x0F]),
        (17, &[6], vec![1, 0, 0, 0, 0x19, 0xF0, 0xA0]),
        (12, &[], 20_001_301_000_000_u64.to_le_bytes().to_vec()),
    ] {
        let result = cell("m2_times", (kind, digits), false, &bytes);
        assert!(matches!(result, Err(Unreadable::ValueRange { .. })), "{kind}: {result:?}");
    }
}

#[test]
fn a_decimal_too_long_for_the_value_is_not_read() {
    // DECIMAL(65,0): 7 groups of nine digits and one of two.
    let mut bytes = vec![0x80 | 0x63];
    bytes.extend([0x3B, 0x9A, 0xC9, 0xFF].repeat(7));
    let result = cell("m2_decimals", (246, &[65, 0]), false, &bytes);
    assert!(matches!(result, Err(Unreadable::ValueRange { .. })), "{result:?}");
}

#[test]
fn columns_of_the_wrong_type_are_not_read() {
    for (name, kind, metadata) in [
        ("m2_ints", 15, &[9_u8, 0][..]),
        ("m2_ints", 246, &[9, 0]),
        ("m2_texts", 3, &[]),
        ("m2_texts", 245, &[4]),
        ("m2_texts", 140, &[4]),
        ("m2_times", 19, &[0]),
        ("m2_floats", 246, &[9, 0]),
        ("m2_decimals", 5, &[8]),
    ] {
        let result = cell(name, (kind, metadata), true, &[0; 9]);
        let column = "value".to_owned();
        let expected = Unreadable::ColumnType { column, column_type: kind };
        assert_eq!(result, Err(expected), "{name} {kind}");
    }
}

/// Columns that are not read are passed over, whatever they hold: here invalid UTF-8, a negative
/// TIME, BIT(10), ENUM, YEAR, JSON, VECTOR, a microsecond DATETIME, GEOMETRY, and MariaDB's compressed
/// BLOB and VARCHAR.
#[test]
fn columns_that_are_not_read_never_disturb() {
    let columns: [(u8, &[u8], &str); 12] = [
        (15, &[255, 0], "a"),
        (19, &[3], "b"),
        (16, &[2, 1], "c"),
        (254, &[247, 1], "d"),
        (13, &[], "e"),
        (245, &[4], "f"),
        (242, &[4], "g"),
        (18, &[6], "h"),
        (255, &[4], "i"),
        (140, &[2], "j"),
        (141, &[0, 1], "k"),
        (2, &[], "VALUE"),
    ];
    let mut decoder = decoder();
    decode(&mut decoder, event_type::TABLE_MAP, &table_map(9, "m2_ints", &columns, true)).unwrap();
    let row: Vec<u8> = [
        &[0, 0][..],
        &[1, 0xFF],
        &[0x7F, 0xFF, 0xFF, 0, 1],
        &[2, 1],
        &[1],
        &[0],
        &[1, 0, 0, 0, 9],
        &[2, 0, 0, 0, 9, 9],
        &[0x80, 0, 0, 0, 0, 0, 0, 1],
        &[1, 0, 0, 0, 7],
        &[2, 0, 0, 7],
        &[1, 0, 7],
        &[0xFF, 0xFF],
    ]
    .concat();
    let body = [&[9, 0, 0, 0, 0, 0, 1, 0, 12, 0xFF, 0x0F][..], &row, &row].concat();
    let change =
        RowChange { cascades: true, ..RowChange::read(TableId(0), vec![Value::Int(65535)]) };
    let expected = Decoded::Rows(vec![change.clone(), change]);
    assert_eq!(decode(&mut decoder, event_type::WRITE_ROWS_V1, &body).unwrap(), expected);
}

/// Both servers' own bytes for `t(a year, b int unsigned, c int, d year, e int unsigned, f
/// decimal(9,2) unsigned)`, database `y`: their signedness bits count YEAR columns.
#[test]
fn year_columns_count_in_the_signedness_bits() {
    static WATCHED: [WatchedTable; 1] = [table(
        "t",
        &[column("b", ColumnKind::Int), column("c", ColumnKind::Int), column("e", ColumnKind::Int)],
    )];
    let map = b"\x12\0\0\0\0\0\x01\0\x01y\0\x01t\0\x06\x0d\x03\x03\x0d\x03\xf6\x02\x09\x02\x3f\
        \x01\x01\xdc\x04\x0c\x01a\x01b\x01c\x01d\x01e\x01f";
    let watch = Watch {
        schema: "y".to_owned(),
        table_prefix: String::new(),
        tables: &WATCHED,
        layout: crate::decode::TableLayout::Plain,
    };
    let mut decoder = Decoder::new(watch, std::collections::BTreeMap::new());
    decode(&mut decoder, event_type::TABLE_MAP, map).unwrap();
    let ones = [0xFF; 4];
    let image = [&[0, 124][..], &ones, &ones, &[100], &ones, &[0x80, 0, 0, 1, 0]].concat();
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(0x12, 6, 0xFF, &image));
    let row = [4_294_967_295, -1, 4_294_967_295].map(Value::Int).to_vec();
    let change = RowChange { cascades: true, ..RowChange::read(TableId(0), row) };
    assert_eq!(meaning.unwrap(), Decoded::Rows(vec![change]));
}

#[test]
fn updates_and_deletes_carry_their_row_before() {
    let mut decoder = decoder();
    let map = table_map(9, "m2_ints", &[(1, &[], "value")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let row = |value: i128| Some(vec![Value::Int(value)]);
    // Version 2 events have an extra part, here of one byte.
    let update = [9, 0, 0, 0, 0, 0, 1, 0, 3, 0, 77, 1, 0xFF, 0xFF, 0, 1, 0, 0xFE];
    let change = RowChange { table: TableId(0), before: row(1), after: row(-2), cascades: true };
    let meaning = decode(&mut decoder, event_type::UPDATE_ROWS, &update).unwrap();
    assert_eq!(meaning, Decoded::Rows(vec![change]));
    let delete = rows(9, 1, 0xFF, &[0, 5, 1]);
    let changes = [row(5), Some(vec![Value::Null])].map(|before| RowChange {
        table: TableId(0),
        before,
        after: None,
        cascades: true,
    });
    let meaning = decode(&mut decoder, event_type::DELETE_ROWS_V1, &delete).unwrap();
    assert_eq!(meaning, Decoded::Rows(changes.into()));
}

#[test]
fn row_events_that_are_not_whole_are_refused() {
    let mut decoder = decoder();
    let map = table_map(9, "m2_texts", &[(252, &[4], "value")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let mut error = |kind, body: &[u8]| decode(&mut decoder, kind, body).unwrap_err();
    let write = event_type::WRITE_ROWS_V1;
    let partial = error(write, &rows(9, 1, 0, &[]));
    assert_eq!(partial.hint(), Some("set binlog_row_image=FULL on the server"));
    for body in [
        rows(9, 2, 0xFF, &[]),
        rows(9, 0, 0xFF, &[]),
        // A text of 4 GiB in an event of a few bytes.
        rows(9, 1, 0xFF, &[0, 0xFF, 0xFF, 0xFF, 0xFF, b'x']),
        rows(9, 1, 0xFF, &[0]),
    ] {
        assert!(matches!(error(write, &body), DecodeError::Malformed { .. }), "{body:?}");
    }
    let half = [&rows(9, 1, 0xFF, &[])[..], &[0xFF, 1]].concat();
    let half = error(event_type::UPDATE_ROWS_V1, &half);
    assert!(half.to_string().contains("without its row after the change"), "{half}");
}

#[test]
fn rows_of_unannounced_tables_stop_the_stream() {
    let mut decoder = decoder();
    let body = rows(9, 1, 0xFF, &[1]);
    let error = decode(&mut decoder, event_type::WRITE_ROWS_V1, &body).unwrap_err();
    assert!(matches!(error, DecodeError::MissingTableMap { table_id: 9, .. }));
    // The event that only ends a statement belongs to no table; with a row it can't be that.
    let mut end = vec![0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0];
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_V1, &end).unwrap();
    assert_eq!(meaning, Decoded::SkippedRows);
    end.push(1);
    assert!(decode(&mut decoder, event_type::WRITE_ROWS_V1, &end).is_err());
}

#[test]
fn tables_that_are_not_watched_are_never_looked_into() {
    let mut decoder = decoder();
    for name in ["other", "ints", "m2_other", "M2_INTS"] {
        // Nothing but the head: the rest would be malformed.
        let map = table_map(9, name, &[], false);
        let head = &map[..16 + name.len()];
        assert_eq!(decode(&mut decoder, event_type::TABLE_MAP, head).unwrap(), Decoded::Other);
        for kind in [event_type::WRITE_ROWS, event_type::PARTIAL_UPDATE_ROWS] {
            let meaning = decode(&mut decoder, kind, &rows(9, 7, 0, &[7; 7])).unwrap();
            assert_eq!(meaning, Decoded::SkippedRows, "{name}");
        }
    }
    let mut map = table_map(9, "m2_ints", &[], false);
    map[9] = b'S';
    assert_eq!(decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap(), Decoded::Other);
}

#[test]
fn a_changed_table_under_the_same_number_is_planned_again() {
    let mut decoder = decoder();
    let mut value = |columns: &[(u8, &[u8], &str)], image: &[u8]| {
        let map = table_map(9, "m2_ints", columns, true);
        decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
        let count = u8::try_from(columns.len()).unwrap();
        match decode(&mut decoder, event_type::WRITE_ROWS_V1, &rows(9, count, 0xFF, image)) {
            Ok(Decoded::Rows(rows)) => rows[0].after.clone().unwrap()[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(value(&[(1, &[], "value")], &[0, 7]), Value::Int(7));
    assert_eq!(value(&[(1, &[], "new"), (2, &[], "value")], &[0, 7, 1, 1]), Value::Int(257));
}
