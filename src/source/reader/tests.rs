//! Payloads of compressed transactions that are not what they should be.

use std::collections::BTreeMap;
use std::error::Error as _;

use crate::decode::{
    ColumnKind, Decoder, EventHeader, RawEvent, TableLayout, Watch, WatchedColumn, WatchedTable,
    event_type,
};
use crate::position::{BinlogOffset, Position};
use crate::source::framing::{Framed, Framer};
use crate::source::reader::EventReader;

static TABLES: [WatchedTable; 1] = [WatchedTable {
    name: "t",
    columns: &[WatchedColumn { name: "id", kind: ColumnKind::Int }],
    chunk_column: 0,
    primary_key: &[0],
    optional: false,
    layout: None,
}];

/// A field of a payload's header whose value is a number in three bytes, little-endian.
fn field(number: u8, value: usize) -> Vec<u8> {
    let [low, middle, high, ..] = value.to_le_bytes();
    vec![number, 4, 0xFD, low, middle, high]
}

/// An event as it stands within a payload.
fn inner(event_type: u8, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(19 + body.len()).unwrap().to_le_bytes();
    [&[7, 0, 0, 0, event_type, 9, 0, 0, 0], &size[..], &[0; 6], body].concat()
}

fn query(text: &str) -> Vec<u8> {
    let head = [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    inner(event_type::QUERY, &[&head, &b"shop\0"[..], text.as_bytes()].concat())
}

fn rows() -> [Vec<u8>; 2] {
    let map = b"\x09\0\0\0\0\0\x01\0\x04shop\0\x01t\0\x01\x03\0\xFF\x01\x01\x80\x04\x03\x02id";
    let write = b"\x09\0\0\0\0\0\x01\0\x02\0\x01\xFF\0\x07\0\0\0";
    [inner(event_type::TABLE_MAP, map), inner(event_type::WRITE_ROWS, write)]
}

fn commit() -> Vec<u8> {
    inner(event_type::XID, &[0; 8])
}

fn transaction() -> Vec<u8> {
    [vec![query("BEGIN")], rows().to_vec(), vec![commit()]].concat().concat()
}

/// The body of an event with a payload, which says that it inflates to `declared` bytes.
fn payload(events: &[u8], declared: usize) -> Vec<u8> {
    let compressed = zstd::encode_all(events, 3).unwrap();
    let size = field(1, compressed.len());
    [&[2, 1, 0], &field(3, declared)[..], &size, &[0], &compressed].concat()
}

fn honest(events: &[u8]) -> Vec<u8> {
    payload(events, events.len())
}

fn reader() -> EventReader {
    let (schema, table_prefix) = ("shop".to_owned(), String::new());
    let watch = Watch { schema, table_prefix, tables: &TABLES, layout: TableLayout::Plain };
    let at = BinlogOffset { file: "bin.000001".to_owned(), offset: 100 };
    let framer = Framer::new(Position { gtid: None, at });
    EventReader::new(Decoder::new(watch, BTreeMap::new()), framer)
}

/// Reads a body as the event that ends at 300, to its end. The error with its cause, if there is one.
fn read(reader: &mut EventReader, body: &[u8]) -> Result<Vec<Framed>, String> {
    let event_type = event_type::TRANSACTION_PAYLOAD;
    let header =
        EventHeader { event_type, event_size: 200, log_pos: 300, ..EventHeader::default() };
    let mut framed = reader.push(&RawEvent { header, body });
    let mut found = Vec::new();
    loop {
        match framed {
            Ok(Some(one)) => found.push(one),
            Ok(None) => return Ok(found),
            Err(error) => {
                let cause = error.source().map(|cause| format!(": {cause}"));
                return Err(format!("{error}{}", cause.unwrap_or_default()));
            }
        }
        framed = reader.go_on();
    }
}

fn refusal(body: &[u8]) -> String {
    let said = read(&mut reader(), body).unwrap_err();
    assert!(said.contains("before bin.000001:300"), "{said}");
    said
}

#[test]
fn a_payload_is_read_as_the_events_it_holds() {
    for body in [
        honest(&transaction()),
        // Not compressed at all, with and without its size.
        [&[2, 3, 0xFC, 255, 0], &field(1, transaction().len())[..], &[0], &transaction()].concat(),
        // A field that a later server may add.
        [&[77, 2, 1, 1], &honest(&transaction())[..]].concat(),
    ] {
        let mut reader = reader();
        let found = read(&mut reader, &body).unwrap();
        let [Framed::Transaction(transaction)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(transaction.changes.len(), 1);
        assert_eq!(transaction.committed_at_s, 7);
        assert_eq!(transaction.position.to_string(), "bin.000001:300");
        let headers = std::iter::from_fn(|| reader.next_inner_header());
        let types: Vec<u8> = headers.map(|header| header[4]).collect();
        assert_eq!(types, [2, 19, 30, 16]);
    }
}

/// The columns must be read again before the next event, though it is in the same payload.
#[test]
fn a_definition_within_a_payload_interrupts_it() {
    let events = [
        query("BEGIN"),
        query("CREATE TABLE t (id int) START TRANSACTION"),
        rows().concat(),
        commit(),
    ];
    let found = read(&mut reader(), &honest(&events.concat())).unwrap();
    let [Framed::Ddl { ended: None, .. }, Framed::Transaction(transaction)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((transaction.changes.len(), transaction.reread.len()), (1, 1));
}

#[test]
fn a_malformed_header_is_refused() {
    let good = honest(&transaction());
    for length in 0..16 {
        let said = refusal(&good[..length]);
        assert!(said.contains("its header is malformed"), "{length}: {said}");
    }
    // More and fewer bytes than the header says there are.
    assert!(refusal(&[&good[..], &[0]].concat()).contains("malformed"));
    assert!(refusal(&good[..good.len() - 1]).contains("malformed"));
    let unknown = [&[2, 1, 9], &field(1, 0)[..], &[0]].concat();
    assert!(refusal(&unknown).contains("its compression type 9 is not known"));
}

#[test]
fn a_payload_that_is_not_of_its_size_is_refused() {
    let events = transaction();
    let longer = refusal(&payload(&events, events.len() - 27));
    assert!(longer.contains("goes on") || longer.contains("more than"), "{longer}");
    let cut = refusal(&payload(&events, events.len() - 1));
    assert!(cut.contains("an event of 27 bytes within it has 26 bytes left"), "{cut}");
    let garbage_behind = [&events[..], &[1, 2, 3]].concat();
    let behind = refusal(&payload(&garbage_behind, events.len()));
    let said = format!("it has more than the {} bytes that it claims", events.len());
    assert!(behind.ends_with(&said), "{behind}");
    // The transaction ends before the payload does.
    let shorter = refusal(&payload(&events, events.len() + 1));
    assert!(shorter.contains("an event of 19 bytes within it has 1 bytes left"), "{shorter}");
    let open = [query("BEGIN"), rows().concat()].concat();
    let shorter = refusal(&payload(&open, open.len() + 40));
    let said = format!("it claims {} bytes and has {}", open.len() + 40, open.len());
    assert!(shorter.ends_with(&said), "{shorter}");
    let huge = [&[2, 1, 0, 3, 9, 0xFE, 1, 0, 0, 64, 0, 0, 0, 0], &field(1, 0)[..], &[0]].concat();
    let said = "it claims 1073741825 bytes (at most 1073741824)";
    assert!(refusal(&huge).ends_with(said));
}

#[test]
fn a_payload_that_cannot_be_inflated_is_refused() {
    let compressed = b"no zstd frame";
    let body = [&[2, 1, 0], &field(3, 99)[..], &field(1, compressed.len()), &[0], compressed];
    assert!(refusal(&body.concat()).contains("it can't be inflated: "));
    let good = honest(&transaction());
    let start = good.len() - zstd::encode_all(transaction().as_slice(), 3).unwrap().len();
    for length in 1..good.len() - start {
        let cut = &good[start..start + length];
        let head = [&[2, 1, 0], &field(3, transaction().len())[..], &field(1, length), &[0]];
        refusal(&[&head.concat(), cut].concat());
    }
}

#[test]
fn events_that_do_not_fill_a_payload_are_refused() {
    assert!(refusal(&honest(&[])).ends_with("it holds no event"));
    for size in [0_u8, 18, 255] {
        let mut events = transaction();
        events[9] = size;
        let said = refusal(&honest(&events));
        assert!(said.contains("an event of") || said.contains("malformed"), "{size}: {said}");
    }
}

#[test]
fn events_that_are_no_part_of_a_transaction_are_refused() {
    for (event_type, name) in [
        (event_type::TRANSACTION_PAYLOAD, "TRANSACTION_PAYLOAD"),
        (event_type::FORMAT_DESCRIPTION, "FORMAT_DESCRIPTION"),
        (event_type::ROTATE, "ROTATE"),
        (event_type::GTID, "GTID"),
        (event_type::ANONYMOUS_GTID, "ANONYMOUS_GTID"),
        (event_type::PREVIOUS_GTIDS, "PREVIOUS_GTIDS"),
        (event_type::GTID_TAGGED, "GTID_TAGGED"),
        (event_type::HEARTBEAT, "HEARTBEAT"),
        (event_type::HEARTBEAT_V2, "HEARTBEAT_V2"),
        (event_type::STOP, "STOP"),
        (event_type::INCIDENT, "INCIDENT"),
        (event_type::MARIADB_GTID, "MARIADB_GTID"),
    ] {
        let events = [query("BEGIN"), rows().concat(), inner(event_type, &[0; 40]), commit()];
        let said = refusal(&honest(&events.concat()));
        assert!(said.ends_with(&format!("it holds a {name} event")), "{said}");
    }
}

#[test]
fn a_payload_is_exactly_one_transaction() {
    let none = refusal(&honest(&[query("BEGIN"), rows().concat()].concat()));
    assert!(none.contains("has no end of a transaction"), "{none}");
    let two = refusal(&honest(&[transaction(), transaction()].concat()));
    assert!(two.contains("its payload goes on behind its end"), "{two}");
    let [map, write] = rows();
    let unbegun = refusal(&honest(&[map, write, commit()].concat()));
    assert!(unbegun.contains("no transaction was begun"), "{unbegun}");
}

#[test]
fn an_unreadable_event_within_a_payload_is_told_with_the_place_of_the_payload() {
    let body = honest(&[query("BEGIN"), inner(99, &[]), commit()].concat());
    let said = read(&mut reader(), &body).unwrap_err();
    assert_eq!(said, "decode the unknown event (type 99) before :300: it may carry changes");
}
