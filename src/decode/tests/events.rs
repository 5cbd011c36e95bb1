//! Events other than rows.

use crate::decode::tests::{decode, decoder};
use crate::decode::{
    ChecksumAlgorithm, ChecksumMismatch, DecodeError, Decoded, EventHeader, RawEvent, event_type,
    verify_crc32,
};
use crate::position::{BinlogOffset, GtidSet, Xid};

const UUID: &str = "ffc64788-e769-11f1-9f08-02fc00000001";

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn gtid_text(event_type: u8, hex: &str) -> String {
    match decode(&mut decoder(), event_type, &bytes(hex)).unwrap() {
        Decoded::Gtid { gtid, is_standalone } => {
            format!("{gtid}{}", if is_standalone { " alone" } else { "" })
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn gtids_of_both_servers_are_read() {
    let mysql =
        "00ffc64788e76911f19f0802fc0000000132000000000000000201000000000000000300000000000000";
    assert_eq!(gtid_text(event_type::GTID, mysql), format!("{UUID}:50"));
    let tagged =
        "027600000002fd0319038e21029d03d222c5037d021004f103000000020408060c626c75655f3108040a\
        080c7f623457f2f56006108d041283120b"
            .replace(' ', "");
    assert_eq!(gtid_text(event_type::GTID_TAGGED, &tagged), format!("{UUID}:blue_1:2"));
    let transaction = "2f00000000000000000000004c01000000010071";
    assert_eq!(gtid_text(event_type::MARIADB_GTID, transaction), "0-5-47");
    let standalone = "33000000000000000700000029000000000000";
    assert_eq!(gtid_text(event_type::MARIADB_GTID, standalone), "7-5-51 alone");
}

#[test]
fn what_was_before_a_file_is_read() {
    let set = |event_type, hex| match decode(&mut decoder(), event_type, &bytes(hex)).unwrap() {
        Decoded::PreviousGtids(set) => set.to_string(),
        other => panic!("{other:?}"),
    };
    let plain = "0100000000000000ffc64788e76911f19f0802fc000000010100000000000000\
        01000000000000003200000000000000";
    assert_eq!(set(event_type::PREVIOUS_GTIDS, plain), format!("{UUID}:1-49"));
    let tagged = "0102000000000001ffc64788e76911f19f0802fc0000000100010000000000000001000000000000\
        003700000000000000ffc64788e76911f19f0802fc000000010c626c75655f31010000000000000001000000\
        000000000300000000000000";
    let expected = format!("{UUID}:1-54:blue_1:1-2");
    assert_eq!(set(event_type::PREVIOUS_GTIDS, tagged), expected);
    assert_eq!(set(event_type::PREVIOUS_GTIDS, "0000000000000000"), "");
    // The last entry of a domain is its position, whichever server wrote it.
    let list = "030000f0\
        00000000010000000900000000000000\
        00000000020000000800000000000000\
        05000000010000000400000000000000";
    assert_eq!(set(event_type::GTID_LIST, list), "0-2-8,5-1-4");
}

#[test]
fn malformed_gtid_events_are_refused() {
    for (event_type, hex) in [
        (event_type::GTID, "00ffc6"),
        (event_type::GTID_TAGGED, "04"),
        (event_type::GTID_TAGGED, "02760000"),
        (event_type::MARIADB_GTID, "2f0000000000000000000000"),
        (event_type::PREVIOUS_GTIDS, "ffffffffffffff00"),
        (event_type::GTID_LIST, "ffffff0f"),
    ] {
        let error = decode(&mut decoder(), event_type, &bytes(hex)).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{hex}");
    }
}

#[test]
fn events_that_may_carry_changes_unread_stop_the_stream() {
    for (event_type, hint) in [
        (event_type::INCIDENT, Some("new snapshot")),
        (event_type::START_ENCRYPTION, Some("from the server")),
        (event_type::PRE_GA_WRITE_ROWS, None),
        (event_type::PARTIAL_ROW_DATA, None),
        (0, None),
        (99, None),
    ] {
        let error = decode(&mut decoder(), event_type, &[0; 40]).unwrap_err();
        assert!(matches!(error, DecodeError::UnsupportedEvent { .. }), "{error}");
        match hint {
            Some(hint) => assert!(error.hint().unwrap().contains(hint), "{event_type}"),
            None => assert_eq!(error.hint(), None),
        }
    }
    let said = decode(&mut decoder(), event_type::INCIDENT, &[]).unwrap_err().to_string();
    assert_eq!(said, "decode the INCIDENT event (type 26) before :99: it may carry changes");
}

#[test]
fn an_unknown_event_that_says_it_is_ignorable_is_ignored() {
    let header =
        EventHeader { event_type: 200, flags: EventHeader::IGNORABLE, ..EventHeader::default() };
    let meaning = decoder().decode(&RawEvent { header, body: &[] }).unwrap();
    assert_eq!(meaning, Decoded::Other);
}

#[test]
fn errors_name_the_file_that_the_rotation_named() {
    let mut decoder = decoder();
    let rotate = decode(&mut decoder, event_type::ROTATE, b"\x04\0\0\0\0\0\0\0bin.000007").unwrap();
    let file = "bin.000007".to_owned();
    assert_eq!(rotate, Decoded::Rotate { file, offset: 4, is_fake: false });
    let said = decode(&mut decoder, event_type::INCIDENT, &[]).unwrap_err().to_string();
    assert!(said.contains("bin.000007:99"), "{said}");
    // Without a place in a file, or flagged: made up for the connection.
    for (log_pos, flags) in [(0, 0), (99, EventHeader::ARTIFICIAL)] {
        let event_type = event_type::ROTATE;
        let header = EventHeader { event_type, log_pos, flags, ..EventHeader::default() };
        let event = RawEvent { header, body: b"\x04\0\0\0\0\0\0\0bin.000008" };
        let meaning = decoder.decode(&event).unwrap();
        assert!(matches!(meaning, Decoded::Rotate { is_fake: true, .. }));
    }
}

#[test]
fn file_heads_tell_checksum_and_version() {
    let head = |algorithm: u8, header_size: u8| {
        let mut body = vec![4, 0];
        body.extend(b"9.7.4");
        body.resize(52, 0);
        body.extend([0, 0, 0, 0, header_size, 56, 13, 0, algorithm]);
        decode(&mut decoder(), event_type::FORMAT_DESCRIPTION, &body)
    };
    let expected =
        |checksum| Decoded::FormatDescription { checksum, server_version: "9.7.4".to_owned() };
    assert_eq!(head(1, 19).unwrap(), expected(ChecksumAlgorithm::Crc32));
    assert_eq!(head(0, 19).unwrap(), expected(ChecksumAlgorithm::None));
    assert!(head(2, 19).is_err());
    assert!(head(1, 20).is_err());
}

#[test]
fn heartbeats_say_where_the_server_is() {
    let place = |offset| Some(BinlogOffset { file: "bin.000007".to_owned(), offset });
    let first = decode(&mut decoder(), event_type::HEARTBEAT, b"bin.000007").unwrap();
    assert_eq!(first, Decoded::Heartbeat { at: place(99) });
    let body = b"\x01\x0abin.000007\x02\x03\xfc\x34\x12\x00";
    let second = decode(&mut decoder(), event_type::HEARTBEAT_V2, body).unwrap();
    assert_eq!(second, Decoded::Heartbeat { at: place(0x1234) });
    let unclear = decode(&mut decoder(), event_type::HEARTBEAT_V2, b"\x01\x20").unwrap();
    assert_eq!(unclear, Decoded::Heartbeat { at: None });
}

/// Both servers' own bytes for `XA PREPARE 'one','br',7`.
#[test]
fn xa_transactions_end_at_once_or_wait() {
    let one = || Xid { format: 7, global: b"one".to_vec(), branch: b"br".to_vec() };
    let prepare = |hex| decode(&mut decoder(), event_type::XA_PREPARE, &bytes(hex));
    let prepared = prepare("000700000003000000020000006f6e656272").unwrap();
    assert_eq!(prepared, Decoded::XaPrepare(one()));
    let at_once = prepare("010700000003000000020000006f6e656272").unwrap();
    assert_eq!(at_once, Decoded::Commit);
    for hex in
        ["", "0007000000", "00070000000300000002000000", "000700000003000000020000006f6e65627200"]
    {
        assert!(matches!(prepare(hex), Err(DecodeError::Malformed { .. })), "{hex}");
    }
    let too_long = format!("000100000041000000000000{}", "00".repeat(67));
    assert!(matches!(prepare(&too_long), Err(DecodeError::Malformed { .. })));
}

#[test]
fn checksums_leave_out_the_flag_of_a_file_in_use() {
    let mut header = [0; 19];
    header[4] = event_type::FORMAT_DESCRIPTION;
    let expected = crc32fast::hash(&[&header[..], b"body"].concat());
    header[17] = 1;
    assert_eq!(verify_crc32(&header, b"body", expected), Ok(()));
    header[4] = event_type::QUERY;
    let computed = crc32fast::hash(&[&header[..], b"body"].concat());
    let mismatch = ChecksumMismatch { expected, computed };
    assert_eq!(verify_crc32(&header, b"body", expected), Err(mismatch));
    assert!(GtidSet::parse("").unwrap().is_empty());
}
