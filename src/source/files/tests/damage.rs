//! Recordings with bytes changed or cut off.

use std::collections::BTreeMap;

use crate::position::BinlogOffset;
use crate::source::files::FileError;
use crate::source::files::tests::tables::columns;
use crate::source::files::tests::{MARIADB_FULL, MARIADB_NO_LOG, MYSQL_FULL, replay};

#[test]
fn a_file_cut_off_anywhere_is_never_taken_for_whole() {
    let whole = replay(MARIADB_FULL, BTreeMap::new()).0;
    let mut ends = 0;
    for length in 0..MARIADB_FULL.len() {
        let (transactions, end, events) = replay(&MARIADB_FULL[..length], BTreeMap::new());
        assert!(whole.starts_with(&transactions), "cut to {length}");
        match end {
            // Between two transactions a cut can't be told from the end.
            Ok(()) => {
                ends += 1;
                let seen = u64::try_from(length).unwrap();
                assert_eq!(
                    events.framer().seen(),
                    &BinlogOffset { file: "bin.000001".into(), offset: seen }
                );
            }
            Err(FileError::NotABinlog { .. }) => assert!(length < 4, "cut to {length}"),
            Err(FileError::Truncated { .. } | FileError::Unfinished { .. }) => {}
            Err(error) => panic!("cut to {length}: {error}"),
        }
    }
    // After each of the four events of the file's head and of the eleven transactions.
    assert_eq!(ends, 15);
}

#[test]
fn a_changed_byte_never_changes_a_row() {
    let whole = replay(MYSQL_FULL, BTreeMap::new()).0;
    for place in 0..MYSQL_FULL.len() {
        let mut bytes = MYSQL_FULL.to_vec();
        bytes[place] ^= 1 << (place % 8);
        let (transactions, end, _) = replay(&bytes, BTreeMap::new());
        assert!(whole.starts_with(&transactions), "byte {place}");
        let is_in_use_flag = place == 4 + 17 && place % 8 == 0;
        assert!(end.is_err() || is_in_use_flag, "byte {place} went unnoticed");
    }
}

#[test]
fn a_changed_byte_under_a_true_checksum_never_panics() {
    let mut start = 4;
    while start < MARIADB_NO_LOG.len() {
        let size = u32::from_le_bytes(MARIADB_NO_LOG[start + 9..start + 13].try_into().unwrap());
        let end = start + usize::try_from(size).unwrap();
        for place in start..end - 4 {
            let mut bytes = MARIADB_NO_LOG.to_vec();
            bytes[place] ^= 1 << (place * 5 % 8);
            let crc = crc32fast::hash(&bytes[start..end - 4]);
            bytes[end - 4..end].copy_from_slice(&crc.to_le_bytes());
            let (_, outcome, _) = replay(&bytes, columns());
            let said = format!("{outcome:?}");
            assert!(!said.contains("RowParser"), "byte {place}: {said}");
        }
        start = end;
    }
}
