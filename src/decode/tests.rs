//! Decoding of hand-built events; recorded files are replayed in the tests of `source`.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever else comes fails the test")]

mod charsets;
mod compressed;
mod events;
mod rows;
mod statements;
mod unreadable;

use std::collections::BTreeMap;

use crate::decode::{
    ColumnKind, DecodeError, Decoded, Decoder, EventHeader, RawEvent, RowChange, TableColumns,
    TableId, Unreadable, Value, Watch, WatchedColumn, WatchedTable, event_type,
};

const fn column(name: &'static str, kind: ColumnKind) -> WatchedColumn {
    WatchedColumn { name, kind }
}

const fn table(name: &'static str, columns: &'static [WatchedColumn]) -> WatchedTable {
    WatchedTable {
        name,
        columns,
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    }
}

/// One table for each kind of value, and two more for statements.
static TABLES: [WatchedTable; 7] = [
    table("ints", &[column("value", ColumnKind::Int)]),
    table("decimals", &[column("value", ColumnKind::Decimal)]),
    table("texts", &[column("value", ColumnKind::Text)]),
    table("times", &[column("value", ColumnKind::Temporal)]),
    table("floats", &[column("value", ColumnKind::Float)]),
    table("store", &[column("store_id", ColumnKind::Int)]),
    table("store_group", &[column("group_id", ColumnKind::Int)]),
];

fn watch() -> Watch {
    Watch {
        schema: "shop".to_owned(),
        table_prefix: "m2_".to_owned(),
        tables: &TABLES,
        layout: crate::decode::TableLayout::Plain,
    }
}

fn decoder() -> Decoder {
    Decoder::new(watch(), BTreeMap::<TableId, TableColumns>::new())
}

fn decode(decoder: &mut Decoder, event_type: u8, body: &[u8]) -> Result<Decoded, DecodeError> {
    let header = EventHeader { event_type, log_pos: 99, server_id: 5, ..EventHeader::default() };
    decoder.decode(&RawEvent { header, body })
}

/// A column of a hand-built table: type, metadata bytes, name.
type BuiltColumn<'a> = (u8, &'a [u8], &'a str);

/// utf8mb4's first collation.
const UTF8MB4: u8 = 45;

/// The body of a `TABLE_MAP` with names; numeric columns are unsigned if `is_unsigned`, text is utf8mb4.
fn table_map(id: u8, name: &str, columns: &[BuiltColumn<'_>], is_unsigned: bool) -> Vec<u8> {
    let signs = [1, 2, if is_unsigned { 0xFF } else { 0 }, 0];
    let charset = [2, 1, UTF8MB4];
    let names: Vec<u8> = columns
        .iter()
        .flat_map(|column| [&[length(column.2.len())], column.2.as_bytes()].concat())
        .collect();
    let names = [&[4, length(names.len())], names.as_slice()].concat();
    [table_map_without_metadata(id, name, columns).as_slice(), &signs, &charset, &names].concat()
}

fn length(length: usize) -> u8 {
    u8::try_from(length).unwrap()
}

/// The same without names, signs and character sets, as with `binlog_row_metadata=NO_LOG`.
fn table_map_without_metadata(id: u8, name: &str, columns: &[BuiltColumn<'_>]) -> Vec<u8> {
    let mut body = vec![id, 0, 0, 0, 0, 0, 1, 0, 4];
    body.extend(b"shop\0");
    body.push(length(name.len()));
    body.extend(name.as_bytes());
    body.extend([0, length(columns.len())]);
    body.extend(columns.iter().map(|column| column.0));
    let metadata: Vec<u8> = columns.iter().flat_map(|column| column.1).copied().collect();
    body.push(length(metadata.len()));
    body.extend(metadata);
    body.extend(vec![0xFF; columns.len().div_ceil(8)]);
    body
}

/// The body of a version 1 write event: column count, presence bits, then `images`.
fn rows(id: u8, count: u8, present: u8, images: &[u8]) -> Vec<u8> {
    [&[id, 0, 0, 0, 0, 0, 1, 0, count, present], images].concat()
}

/// The value of the watched column of a one-row insert into a table that has just that column.
fn cell(
    name: &str,
    wire: (u8, &[u8]),
    is_unsigned: bool,
    bytes: &[u8],
) -> Result<Value, Unreadable> {
    let map = table_map(9, name, &[(wire.0, wire.1, "value")], is_unsigned);
    only_value(&mut decoder(), &map, bytes)
}

/// The value of the watched column of a one-row insert into the table of this `TABLE_MAP`, which has
/// just that column.
fn only_value(decoder: &mut Decoder, map: &[u8], bytes: &[u8]) -> Result<Value, Unreadable> {
    decode(decoder, event_type::TABLE_MAP, map).unwrap();
    let body = rows(map[0], 1, 0xFF, &[&[0], bytes].concat());
    match decode(decoder, event_type::WRITE_ROWS_V1, &body).unwrap() {
        Decoded::Rows(rows) => match rows.as_slice() {
            [RowChange { before: None, after: Some(row), .. }] => Ok(row[0].clone()),
            other => panic!("{other:?}"),
        },
        Decoded::Unreadable { reason, .. } => Err(reason),
        other => panic!("{other:?}"),
    }
}
