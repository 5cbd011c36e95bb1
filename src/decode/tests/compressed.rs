//! MariaDB's compressed events, and MySQL's partial updates: written anew as plain ones.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::decode::tests::{decode, decoder, rows, table_map};
use crate::decode::{DecodeError, Decoded, Decoder, RowChange, Value, event_type};

/// As MariaDB compresses: the width of the length, the length, a zlib stream.
fn compressed(plain: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(plain).unwrap();
    let length = u32::try_from(plain.len()).unwrap().to_be_bytes();
    [&[0x84], &length[..], &zlib.finish().unwrap()].concat()
}

fn with_table() -> Decoder {
    let mut decoder = decoder();
    let map = table_map(9, "m2_texts", &[(252, &[2], "value")], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    decoder
}

/// Images of a row that holds so many times the letter.
fn image(letter: u8, count: u16) -> Vec<u8> {
    let [low, high] = count.to_le_bytes();
    [&[0, low, high], vec![letter; usize::from(count)].as_slice()].concat()
}

fn values(meaning: Decoded) -> Vec<[Option<usize>; 2]> {
    let Decoded::Rows(changes) = meaning else { panic!("{meaning:?}") };
    let length = |row: &Option<Vec<Value>>| row.as_ref().map(|row| row[0].as_text().unwrap().len());
    changes.iter().map(|RowChange { before, after, .. }| [length(before), length(after)]).collect()
}

#[test]
fn compressed_rows_of_both_versions_are_read() {
    let plain = image(b'a', 300);
    let pair = [plain.clone(), image(b'b', 20)].concat();
    for (event_type, is_second, images, expected) in [
        (event_type::WRITE_ROWS_COMPRESSED_V1, false, &plain, [None, Some(300)]),
        (event_type::UPDATE_ROWS_COMPRESSED_V1, false, &pair, [Some(300), Some(20)]),
        (event_type::DELETE_ROWS_COMPRESSED_V1, false, &plain, [Some(300), None]),
        (event_type::WRITE_ROWS_COMPRESSED, true, &plain, [None, Some(300)]),
        (event_type::UPDATE_ROWS_COMPRESSED, true, &pair, [Some(300), Some(20)]),
        (event_type::DELETE_ROWS_COMPRESSED, true, &plain, [Some(300), None]),
    ] {
        let mut body = vec![9, 0, 0, 0, 0, 0, 1, 0];
        body.extend(if is_second { &[2, 0][..] } else { &[] });
        body.push(1);
        body.extend(if expected[0].is_some() && expected[1].is_some() {
            &[1, 1][..]
        } else {
            &[1]
        });
        body.extend(compressed(images));
        let meaning = decode(&mut with_table(), event_type, &body).unwrap();
        assert_eq!(values(meaning), [expected], "{event_type}");
    }
}

#[test]
fn compressed_rows_of_unwatched_tables_are_not_inflated() {
    let mut decoder = with_table();
    let map = table_map(8, "other", &[], false);
    decode(&mut decoder, event_type::TABLE_MAP, &map).unwrap();
    let body = rows(8, 1, 1, b"no zlib stream");
    let meaning = decode(&mut decoder, event_type::WRITE_ROWS_COMPRESSED_V1, &body).unwrap();
    assert_eq!(meaning, Decoded::SkippedRows);
}

#[test]
fn compressed_rows_that_do_not_inflate_to_their_length_stop_the_stream() {
    let good = compressed(&image(b'a', 300));
    let with = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let longer = [&good[..], &[0]].concat();
    let end = good.len() - 1;
    for bytes in [
        with(4, good[4] - 1),
        with(4, good[4] + 1),
        // Another algorithm, a length of five bytes, a wrong sum at the end.
        with(0, 0x94),
        with(0, 0x85),
        with(end, good[end] ^ 1),
        longer,
        good[..end].to_vec(),
        Vec::new(),
    ] {
        let body = rows(9, 1, 1, &bytes);
        let result = decode(&mut with_table(), event_type::WRITE_ROWS_COMPRESSED_V1, &body);
        assert!(matches!(result, Err(DecodeError::Malformed { .. })), "{result:?} {bytes:02x?}");
    }
    let body = rows(9, 1, 1, &with(1, 0x41));
    let error = decode(&mut with_table(), event_type::WRITE_ROWS_COMPRESSED_V1, &body).unwrap_err();
    let said = "decode the WRITE_ROWS_COMPRESSED_V1 event before :99: it inflates to 1090519343 \
                bytes (at most 1073741824)";
    assert_eq!(error.to_string(), said);
}

#[test]
fn compressed_statements_are_read() {
    let body = |text: &[u8]| {
        let mut body = vec![1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0];
        body.extend(b"shop\0");
        body.extend(text);
        body
    };
    let query = |text: &[u8]| decode(&mut decoder(), event_type::QUERY_COMPRESSED, &body(text));
    assert_eq!(query(&compressed(b"COMMIT")).unwrap(), Decoded::Commit);
    let swept = query(&compressed(b"TRUNCATE TABLE m2_store")).unwrap();
    assert!(format!("{swept:?}").contains("Redefinition"), "{swept:?}");
    assert!(matches!(query(b"COMMIT"), Err(DecodeError::Malformed { .. })));
}

/// A table with two JSON columns, of which a partial update says only what changed. The images of a
/// second row follow whole.
#[test]
fn partial_json_updates_are_read_as_updates() {
    let columns: [(u8, &[u8], &str); 3] = [(245, &[4], "a"), (3, &[], "value"), (245, &[4], "b")];
    let mut decoder = decoder();
    decode(&mut decoder, event_type::TABLE_MAP, &table_map(9, "m2_ints", &columns, true)).unwrap();
    let json = |bytes: &[u8]| [&[u8::try_from(bytes.len()).unwrap(), 0, 0, 0], bytes].concat();
    let image =
        |a: &[u8], value: u8, b: &[u8]| [&[0][..], &json(a), &[value, 0, 0, 0], &json(b)].concat();
    let head = [9, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 7, 7];
    let rows = [
        &image(b"{long}", 1, b"{x}")[..],
        // Some are partial: the first column, not the second.
        &[1, 0b01],
        &image(b"diff", 2, b"{x}"),
        &image(b"{}", 3, b"{}"),
        &[0],
        &image(b"{}", 4, b"{}"),
    ]
    .concat();
    let body = [&head[..], &rows].concat();
    let Decoded::Rows(changes) =
        decode(&mut decoder, event_type::PARTIAL_UPDATE_ROWS, &body).unwrap()
    else {
        panic!("no rows")
    };
    let ints = |change: &RowChange| {
        [&change.before, &change.after].map(|row| row.as_ref().unwrap()[0].as_int().unwrap())
    };
    assert_eq!(changes.iter().map(ints).collect::<Vec<_>>(), [[1, 2], [3, 4]]);
    for length in 13..body.len() {
        let cut = decode(&mut decoder, event_type::PARTIAL_UPDATE_ROWS, &body[..length]);
        let is_between = length == 13
            || length
                == 13 + image(b"{long}", 1, b"{x}").len() + 2 + image(b"diff", 2, b"{x}").len();
        assert_eq!(cut.is_ok(), is_between, "{length}: {cut:?}");
    }
}

#[test]
fn partial_row_images_stop_the_stream_in_every_form() {
    let body = rows(9, 1, 0, &compressed(&[]));
    let result = decode(&mut with_table(), event_type::WRITE_ROWS_COMPRESSED_V1, &body);
    assert!(matches!(result, Err(DecodeError::PartialRowImage { .. })), "{result:?}");
    let body = [9, 0, 0, 0, 0, 0, 1, 0, 2, 0, 1, 1, 0];
    let result = decode(&mut with_table(), event_type::PARTIAL_UPDATE_ROWS, &body);
    assert!(matches!(result, Err(DecodeError::PartialRowImage { .. })), "{result:?}");
}
