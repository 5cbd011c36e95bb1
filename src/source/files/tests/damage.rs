//! Recordings with bytes changed or cut off: plain and compressed ones of both servers.

use std::collections::BTreeMap;

use crate::decode::event_type;
use crate::position::BinlogOffset;
use crate::source::files::FileError;
use crate::source::files::tests::events::recorded;
use crate::source::files::tests::tables::columns;
use crate::source::files::tests::{MARIADB_FULL, MARIADB_NO_LOG, replay};
use crate::source::framing::SourceTransaction;

/// Where the flags of a file's first event are, the format description.
const FIRST_FLAGS: usize = 4 + 17;

/// Small files with every kind of row change, XA and DDL.
const RECORDINGS: [(&str, &str); 4] =
    [("xa", "mysql"), ("xa_compressed", "mysql"), ("xa", "mariadb"), ("xa_compressed", "mariadb")];

fn plain(name: &str, server: &str) -> Vec<u8> {
    zstd::decode_all(recorded(name, server).as_slice()).unwrap()
}

/// Replays a damaged file. What it gives is the start of what the whole file gives, and the error
/// says where it stopped.
fn damaged(bytes: &[u8], whole: &[SourceTransaction], what: &str) -> Result<(), FileError> {
    let (transactions, end, _) = replay(bytes, BTreeMap::new());
    assert!(whole.starts_with(&transactions), "{what}: rows that are not in the file");
    if let Err(error) = &end {
        let has_place = offset(error).is_some_and(|offset| offset <= bytes.len());
        assert!(
            has_place
                || matches!(error, FileError::NotABinlog { .. } | FileError::Encrypted { .. })
        );
    }
    end
}

/// Where the event begins at which the file could not be read any further.
fn offset(error: &FileError) -> Option<usize> {
    let offset = match error {
        FileError::Read { offset, .. }
        | FileError::Truncated { offset, .. }
        | FileError::Unfinished { offset, .. }
        | FileError::EventSize { offset, .. }
        | FileError::NoFormatDescription { offset, .. }
        | FileError::Checksum { offset, .. }
        | FileError::Decode { offset, .. }
        | FileError::Framing { offset, .. } => *offset,
        FileError::Open { .. }
        | FileError::NotABinlog { .. }
        | FileError::Encrypted { .. }
        | FileError::Gap { .. }
        | FileError::StartMissing { .. }
        | FileError::TransactionsMissing { .. }
        | FileError::NoGtid { .. }
        | FileError::EndMissing { .. } => return None,
    };
    usize::try_from(offset).ok()
}

/// One bit is free: the server sets the flag of a file in use without a new checksum, and clears it
/// when it is done.
fn every_bit_is_protected(name: &str, server: &str) {
    let mut bytes = plain(name, server);
    let whole = replay(&bytes, BTreeMap::new()).0;
    for place in 0..bytes.len() {
        let byte = bytes[place];
        for mask in [0xFF, 1, 2, 4, 8, 16, 32, 64, 128] {
            bytes[place] = byte ^ mask;
            let what = format!("{name} of {server}, byte {place}, bits {mask:02x}");
            let end = damaged(&bytes, &whole, &what);
            let is_flag_of_a_file_in_use = place == FIRST_FLAGS && mask == 1;
            assert_eq!(end.is_ok(), is_flag_of_a_file_in_use, "{what}: {end:?}");
        }
        bytes[place] = byte;
    }
}

#[test]
fn every_bit_of_a_file_of_mysql_is_protected() {
    every_bit_is_protected("xa", "mysql");
}

#[test]
fn every_bit_of_a_file_of_mysql_with_compressed_transactions_is_protected() {
    every_bit_is_protected("xa_compressed", "mysql");
}

#[test]
fn every_bit_of_a_file_of_mariadb_is_protected() {
    every_bit_is_protected("xa", "mariadb");
}

#[test]
fn every_bit_of_a_file_of_mariadb_with_compressed_events_is_protected() {
    every_bit_is_protected("xa_compressed", "mariadb");
}

/// Between two transactions a cut can't be told from the end; everywhere else it is told as one.
#[test]
fn a_file_cut_off_anywhere_is_never_taken_for_whole() {
    for (name, server) in RECORDINGS {
        let bytes = plain(name, server);
        let whole = replay(&bytes, BTreeMap::new()).0;
        let borders: Vec<_> = whole.iter().map(|transaction| &transaction.position.at).collect();
        let mut ends = 0;
        for length in 0..bytes.len() {
            let what = format!("{name} of {server}, cut to {length}");
            match damaged(&bytes[..length], &whole, &what) {
                Ok(()) => ends += 1,
                Err(FileError::NotABinlog { .. }) => assert!(length < 4, "{what}"),
                Err(error @ (FileError::Truncated { .. } | FileError::Unfinished { .. })) => {
                    let offset = u64::try_from(length).unwrap();
                    let at = BinlogOffset { file: "bin.000001".into(), offset };
                    assert!(!borders.contains(&&at), "{what}: {error}");
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
        // After the transactions, and after the first events of the file.
        let head = ends - borders.len();
        assert!((1..=5).contains(&head), "{name} of {server}: {head}");
    }
}

/// Each event of the file by its range.
fn events(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 4;
    while start < bytes.len() {
        let size = u32::from_le_bytes(bytes[start + 9..start + 13].try_into().unwrap());
        let end = start + usize::try_from(size).unwrap();
        found.push(start..end);
        start = end;
    }
    found
}

/// The file with one byte changed, and with a checksum that says it is right.
fn forged(bytes: &[u8], event: &std::ops::Range<usize>, place: usize, mask: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= mask;
    let crc = crc32fast::hash(&bytes[event.start..event.end - 4]);
    bytes[event.end - 4..event.end].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn a_changed_byte_under_a_true_checksum_never_panics() {
    let compressed = plain("xa_compressed", "mariadb");
    for bytes in [MARIADB_NO_LOG, &compressed] {
        for event in events(bytes) {
            for place in event.start..event.end - 4 {
                let forged = forged(bytes, &event, place, 1 << (place * 5 % 8));
                let (transactions, outcome, _) = replay(&forged, columns());
                let said = format!("{outcome:?} {transactions:?}");
                assert!(!said.contains("RowParser"), "byte {place}: {said}");
            }
        }
    }
}

/// MariaDB's zlib streams have a sum of their own.
#[test]
fn a_changed_byte_of_compressed_rows_is_noticed_without_a_checksum() {
    let bytes = plain("xa_compressed", "mariadb");
    let whole = replay(&bytes, BTreeMap::new()).0;
    let mut noticed = 0;
    for event in events(&bytes) {
        if bytes[event.start + 4] != event_type::UPDATE_ROWS_COMPRESSED_V1 {
            continue;
        }
        // Behind the header, the table, flags, columns and two bitmaps.
        for place in event.start + 19 + 8 + 3..event.end - 4 {
            for mask in [0xFF, 1, 16] {
                let (transactions, end, _) =
                    replay(&forged(&bytes, &event, place, mask), BTreeMap::new());
                assert!(whole.starts_with(&transactions), "byte {place}");
                match end {
                    Err(FileError::Decode { .. }) => noticed += 1,
                    // The last bits of a stream fill its last byte up.
                    Ok(()) => assert_eq!(transactions, whole, "byte {place}"),
                    Err(error) => panic!("byte {place}: {error}"),
                }
            }
        }
    }
    assert!(noticed > 50, "{noticed} changes noticed");
}

/// MySQL's payloads have none: a changed byte may give another row of the same size, but never a
/// panic, and never a transaction that does not end where it should.
#[test]
fn a_changed_byte_of_a_payload_never_panics() {
    let bytes = plain("xa_compressed", "mysql");
    let whole = replay(&bytes, BTreeMap::new()).0;
    let (mut refused, mut accepted) = (0, 0);
    for event in events(&bytes) {
        if bytes[event.start + 4] != event_type::TRANSACTION_PAYLOAD {
            continue;
        }
        for place in event.start + 19..event.end - 4 {
            for bit in 0..8 {
                let (transactions, end, _) =
                    replay(&forged(&bytes, &event, place, 1 << bit), BTreeMap::new());
                match end {
                    Ok(()) => {
                        accepted += 1;
                        let positions = |of: &[SourceTransaction]| {
                            of.iter().map(|one| one.position.clone()).collect::<Vec<_>>()
                        };
                        assert_eq!(positions(&transactions), positions(&whole));
                    }
                    Err(FileError::Decode { offset, .. } | FileError::Framing { offset, .. }) => {
                        refused += 1;
                        assert!(usize::try_from(offset).unwrap() >= event.start);
                    }
                    Err(error) => panic!("byte {place}, bit {bit}: {error}"),
                }
            }
        }
    }
    assert!(refused > 2 * accepted, "{refused} refused, {accepted} accepted");
}

/// The file's own compression protects nothing: the events' checksums do.
#[test]
fn every_byte_of_a_file_compressed_as_a_whole_is_protected() {
    let whole = replay(MARIADB_FULL, BTreeMap::new()).0;
    let compressed = zstd::encode_all(MARIADB_FULL, 3).unwrap();
    let mut unnoticed = 0;
    for place in 0..compressed.len() {
        let mut bytes = compressed.clone();
        bytes[place] ^= 1 << (place % 8);
        let (transactions, end, _) = replay(&bytes, BTreeMap::new());
        assert!(whole.starts_with(&transactions), "byte {place}");
        unnoticed += usize::from(end.is_ok() && transactions != whole);
    }
    assert_eq!(unnoticed, 0);
}
