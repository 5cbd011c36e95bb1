//! Text in every character set that is read.

use crate::decode::charset::Charset;
use crate::decode::tests::{decode, decoder, only_value, table_map_without_metadata};
use crate::decode::{Decoder, Unreadable, Value, event_type};

/// A `TABLE_MAP` of `m2_texts` whose column has this type and collation.
fn map(wire: (u8, &[u8]), collation: &[u8]) -> Vec<u8> {
    let mut body = table_map_without_metadata(9, "m2_texts", &[(wire.0, wire.1, "value")]);
    body.extend([3, u8::try_from(collation.len()).unwrap()]);
    body.extend(collation);
    body.extend(b"\x04\x06\x05value");
    body
}

/// A VARCHAR's value on MySQL.
fn read(collation: &[u8], bytes: &[u8]) -> Result<Value, Unreadable> {
    read_by(&mut decoder(), collation, bytes)
}

fn read_by(decoder: &mut Decoder, collation: &[u8], bytes: &[u8]) -> Result<Value, Unreadable> {
    let cell = [&[u8::try_from(bytes.len()).unwrap()], bytes].concat();
    only_value(decoder, &map((15, &[80, 0]), collation), &cell)
}

fn mariadb() -> Decoder {
    let mut decoder = decoder();
    let mut body = vec![4, 0];
    body.extend(b"10.11.19-MariaDB");
    body.resize(52, 0);
    body.extend([0, 0, 0, 0, 19, 56, 13, 0, 1]);
    decode(&mut decoder, event_type::FORMAT_DESCRIPTION, &body).unwrap();
    decoder
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn text_is_read_in_each_character_set() {
    for (collation, bytes, expected) in [
        (&[33][..], "Größe".as_bytes(), "Größe"),
        (&[45], "🧦".as_bytes(), "🧦"),
        (&[0xFC, 255, 0], "日本".as_bytes(), "日本"),
        (&[11], b"plain", "plain"),
        (&[8], b"Gr\xF6\xDFe \x80\x99", "Größe €™"),
        (&[35], b"\0\xE4\x65\xE5", "ä日"),
        (&[54], b"\0\xE4\xD8\x3E\xDD\xE6", "ä🧦"),
        (&[56], b"\xE4\0\x3E\xD8\xE6\xDD", "ä🧦"),
        (&[60], b"\0\0\0\xE4\0\x01\xF9\xE6", "ä🧦"),
        (&[63], "naïve".as_bytes(), "naïve"),
    ] {
        assert_eq!(read(collation, bytes).unwrap(), text(expected), "{collation:?}");
        assert_eq!(read(collation, b"").unwrap(), text(""), "{collation:?}");
    }
}

/// What both servers answer to `SELECT CONVERT(CHAR(n USING latin1) USING utf8mb4)`.
#[test]
fn latin1_is_code_page_1252_with_its_holes_filled() {
    let high: Vec<u8> = (0x80..=0xFF).collect();
    let Value::Text(read) = read(&[8], &high).unwrap() else { panic!("no text") };
    let mut letters = read.chars();
    let special: String = letters.by_ref().take(32).collect();
    assert_eq!(special, "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ");
    assert!(letters.eq('\u{A0}'..='\u{FF}'));
}

#[test]
fn bytes_that_are_no_text_are_not_read() {
    for (collation, bytes, charset) in [
        (45, &b"\xE9"[..], "utf8mb4"),
        (11, b"\xE9", "ascii"),
        (35, b"\0", "ucs2"),
        // Half of a pair.
        (35, b"\xD8\x3E\xDD\xE6", "ucs2"),
        (54, b"\xD8\x3E", "utf16"),
        (56, b"\xE6\xDD", "utf16le"),
        (60, b"\0\x11\0\0", "utf32"),
        (60, b"\0\0\0", "utf32"),
        (63, b"\xFF\0\xFE", "binary"),
    ] {
        let expected = Unreadable::NotText { column: "value", charset };
        assert_eq!(read(&[collation], bytes), Err(expected));
    }
}

#[test]
fn character_sets_that_are_not_read_are_named() {
    let latin2 = read(&[9], b"x").unwrap_err();
    let said = "column value is in the collation of number 9, which is not read";
    assert_eq!(latin2.to_string(), said);
    assert_eq!(latin2.hint(), Some("convert the table to utf8mb4"));
    let nameless = table_map_without_metadata(9, "m2_texts", &[(15, &[80, 0], "value")]);
    let nameless = [nameless.as_slice(), b"\x04\x06\x05value"].concat();
    let error = only_value(&mut decoder(), &nameless, b"\x01x").unwrap_err();
    assert!(error.to_string().contains("a character set that nobody names"), "{error}");
}

#[test]
fn numbers_of_mariadbs_own_collations_are_known_on_mariadb_only() {
    // utf8mb4_uca1400_ai_ci and latin1_swedish_nopad_ci.
    for (number, bytes) in [(2304_u16, "ä".as_bytes()), (1032, b"\xE4")] {
        let [low, high] = number.to_le_bytes();
        let collation = [0xFC, low, high];
        assert_eq!(read_by(&mut mariadb(), &collation, bytes).unwrap(), text("ä"), "{number}");
        let on_mysql = read(&collation, bytes);
        assert!(matches!(on_mysql, Err(Unreadable::Charset { .. })), "{on_mysql:?}");
    }
}

/// From `information_schema` of MariaDB 10.11 and MySQL 9.7, with the names of their character sets.
const COLLATIONS: &str = "\
ascii 11 65 1035 1089
binary 63
latin1 5 8 15 31 47-49 94 1032 1071
ucs2 35 90 128-151 159 640-642 1059 1114 1152 1174 2560-2759
utf16 54-55 101-124 672-674 1078-1079 1125 1147 2816-3015
utf16le 56 62 1080 1086
utf32 60-61 160-183 736-738 1084-1085 1184 1206 3072-3271
utf8mb4 33 76 83 192-215 223 576-578 1057 1107 1216 1238 2048-2247
utf8mb4 45-46 224-247 255-271 273-275 277-294 296-298 300 303-323
utf8mb4 608-610 1069-1070 1248 1270 2304-2503";

/// Of every other character set of both servers one, and numbers that nobody uses.
const OTHERS: &str = "1 2 3 4 6 7 9 10 12 13 14 16 18 19 20 22 24 25 26 28 29 30 32 36 37 38 39 40 41 57 \
                      59 92 95 97 248 0 1000 1033 1536 9999";

#[test]
fn every_collation_of_both_servers_has_its_character_set() {
    let number = |text: &str| text.parse::<usize>().unwrap();
    for line in COLLATIONS.lines() {
        let (name, ranges) = line.split_once(' ').unwrap();
        for range in ranges.split(' ') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            for number in number(first)..=number(last) {
                let found = Charset::of_collation(number, true).map(Charset::name);
                assert_eq!(found, Some(name), "{number}");
            }
        }
    }
    for other in OTHERS.split_whitespace() {
        assert_eq!(Charset::of_collation(number(other), true), None, "{other}");
    }
}

/// A text's place among the text columns decides, and the servers count differently: MariaDB counts
/// geometries and compressed columns, MySQL vectors. Their own bytes, for a table with all of these.
#[test]
fn collations_are_those_of_the_right_columns() {
    let columns: [(u8, &[u8], &str); 3] =
        [(255, &[4], "where"), (15, &[80, 0], "value"), (15, &[80, 0], "other")];
    let body = |collations: &[u8]| {
        let mut body = table_map_without_metadata(9, "m2_texts", &columns);
        body.extend(collations);
        body.extend(b"\x04\x12\x05where\x05value\x05other");
        body
    };
    let read = |mut decoder: Decoder, map: &[u8]| {
        decode(&mut decoder, event_type::TABLE_MAP, map).unwrap();
        let row = b"\x09\0\0\0\0\0\x01\0\x03\xFF\x01\x01\xE4\0";
        match decode(&mut decoder, event_type::WRITE_ROWS_V1, row).unwrap() {
            crate::decode::Decoded::Rows(rows) => rows[0].after.clone().unwrap()[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    // One for each: latin1 is that of `value`. By exceptions from the default: its place is told.
    assert_eq!(read(decoder(), &body(&[3, 2, 8, 45])), text("ä"));
    assert_eq!(read(mariadb(), &body(&[3, 3, 63, 8, 45])), text("ä"));
    assert_eq!(read(decoder(), &body(&[2, 3, 45, 0, 8])), text("ä"));
    assert_eq!(read(mariadb(), &body(&[2, 5, 45, 0, 63, 1, 8])), text("ä"));
}

/// The binlog leaves out the zeros at the end of a BINARY column, a SELECT shows them.
#[test]
fn binary_columns_are_filled_up_as_a_select_shows_them() {
    let value = only_value(&mut decoder(), &map((254, &[254, 4]), &[63]), b"\x02ab").unwrap();
    assert_eq!(value, text("ab\0\0"));
    let value = only_value(&mut decoder(), &map((254, &[254, 4]), &[45]), b"\x02ab").unwrap();
    assert_eq!(value, text("ab"));
}
