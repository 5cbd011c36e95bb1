//! Several files in order, and parts of them: from a position, up to a position or a time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::decode::{Decoder, TableLayout};
use crate::position::{BinlogOffset, Position};
use crate::source::files::tests::events::recorded;
use crate::source::files::tests::tables::watch;
use crate::source::files::tests::{MARIADB_FULL, replay};
use crate::source::files::{FileError, Replay, ReplayEnd, ReplayPoint, ReplayRange, find_layout};
use crate::source::framing::{Framer, SourceTransaction};
use crate::source::reader::EventReader;

/// Files under the names that their server gave them, as far as they must fit together.
struct Files {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    /// Two recordings of a server: the first leads to the second.
    fn two(server: &str) -> Self {
        let mut files = Self { folder: tempfile::tempdir().unwrap(), paths: Vec::new() };
        let first = recorded("xa", server);
        let next = replay(&first, BTreeMap::new()).2.framer().seen().file.clone();
        files.add("log.000001", &first);
        files.add(&next, &recorded("redefinitions", server));
        files
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(format!("{name}.zst"));
        std::fs::write(&path, bytes).unwrap();
        self.paths.push(path);
    }

    fn replay(&self, range: ReplayRange) -> (Vec<SourceTransaction>, Result<(), FileError>) {
        let decoder = Decoder::new(watch(), BTreeMap::new());
        let reader = EventReader::new(decoder, Framer::new(Position::default()));
        let mut replay = Replay::new(&self.paths, range, reader);
        let mut found = Vec::new();
        loop {
            match replay.next_transaction() {
                Ok(Some(transaction)) => found.push(transaction),
                Ok(None) => return (found, Ok(())),
                Err(error) => return (found, Err(error)),
            }
        }
    }

    fn whole(&self) -> Vec<SourceTransaction> {
        let (found, end) = self.replay(ReplayRange::default());
        end.unwrap();
        found
    }

    fn error(&self, range: ReplayRange) -> FileError {
        self.replay(range).1.unwrap_err()
    }
}

fn from(point: &str) -> ReplayRange {
    ReplayRange { from: Some(point.parse().unwrap()), until: None }
}

fn until(end: &str) -> ReplayRange {
    ReplayRange { from: None, until: Some(end.parse().unwrap()) }
}

#[test]
fn files_are_replayed_in_order() {
    for server in ["mariadb", "mysql"] {
        let files = Files::two(server);
        let parts =
            ["xa", "redefinitions"].map(|name| replay(&recorded(name, server), BTreeMap::new()).0);
        let changes = |of: &[SourceTransaction]| {
            of.iter().map(|one| (one.changes.clone(), one.reread.clone())).collect::<Vec<_>>()
        };
        assert_eq!(changes(&files.whole()), changes(&parts.concat()), "{server}");
    }
}

#[test]
fn files_that_do_not_follow_one_another_are_refused_by_name() {
    let mut files = Files::two("mysql");
    let expected = files.paths[1].file_stem().unwrap().to_string_lossy().into_owned();
    files.paths.truncate(1);
    files.add("log.999999", &recorded("redefinitions", "mysql"));
    let error = files.error(ReplayRange::default());
    let said = error.to_string();
    assert!(said.contains("log.999999.zst: log.000001 goes on in"), "{said}");
    assert!(said.ends_with(&expected), "{said}");
    assert_eq!(
        error.hint(),
        Some("give every file, in order, under the names they have on the server")
    );
    // The same file twice is not in order either.
    files.paths.truncate(1);
    files.paths.push(files.paths[0].clone());
    assert!(matches!(files.error(ReplayRange::default()), FileError::Gap { .. }));
}

/// The server was stopped, or the file was copied while it was written: the next number follows.
#[test]
fn a_file_without_a_rotation_is_followed_by_the_next_number() {
    let mut files = Files { folder: tempfile::tempdir().unwrap(), paths: Vec::new() };
    let plain = zstd::decode_all(recorded("xa", "mariadb").as_slice()).unwrap();
    // The rotation is the last event.
    let without = &plain[..plain.len() - 41];
    files.add("log.000009", without);
    files.add("log.000010", without);
    assert_eq!(files.whole().len(), 2 * replay(without, BTreeMap::new()).0.len());
    files.add("log.000012", without);
    assert!(matches!(files.error(ReplayRange::default()), FileError::Gap { .. }));
}

/// Every position of every transaction, by file and offset and by GTIDs: what is before it and what is
/// behind it are together everything.
#[test]
fn a_replay_starts_and_ends_at_any_position() {
    for server in ["mariadb", "mysql"] {
        let files = Files::two(server);
        let whole = files.whole();
        for (place, transaction) in whole.iter().enumerate() {
            let (before, behind) = whole.split_at(place + 1);
            let position = &transaction.position;
            let gtids = position.gtid.as_ref().unwrap().to_string();
            for point in [position.at.to_string(), gtids] {
                // Positions in the first file are not known to a replay that leaves it out.
                let (found, end) = files.replay(from(&point));
                end.unwrap_or_else(|error| panic!("from {point} of {server}: {error}"));
                let changes = |of: &[SourceTransaction]| {
                    of.iter()
                        .map(|one| (one.position.at.clone(), one.changes.clone()))
                        .collect::<Vec<_>>()
                };
                assert_eq!(changes(&found), changes(behind), "from {point} of {server}");
                let (found, end) = files.replay(until(&point));
                end.unwrap_or_else(|error| panic!("until {point} of {server}: {error}"));
                assert_eq!(found, before, "until {point} of {server}");
            }
        }
    }
}

#[test]
fn a_place_within_a_transaction_starts_before_it_and_ends_before_it() {
    let files = Files::two("mysql");
    let whole = files.whole();
    let BinlogOffset { file, offset } = &whole[3].position.at;
    let within = format!("{file}:{}", offset - 1);
    assert_eq!(files.replay(from(&within)).0, &whole[3..]);
    assert_eq!(files.replay(until(&within)).0, &whole[..3]);
}

#[test]
fn a_replay_ends_before_what_was_committed_after_a_time() {
    let files = Files::two("mariadb");
    let whole = files.whole();
    let last_s = whole.iter().map(|one| one.committed_at_s).max().unwrap();
    let time = |second| jiff::Timestamp::from_second(second).unwrap().to_string();
    assert_eq!(files.replay(until(&time(last_s))).0, whole);
    let first_s = whole[0].committed_at_s;
    assert_eq!(files.replay(until(&time(first_s - 1))).0, []);
    let kept = whole.iter().take_while(|one| one.committed_at_s <= first_s).count();
    assert_eq!(files.replay(until(&time(first_s))).0, &whole[..kept]);
}

#[test]
fn bounds_that_are_not_in_the_files_are_refused() {
    let files = Files::two("mysql");
    let missing = files.error(from("log.000000:4"));
    assert!(matches!(missing, FileError::StartMissing { .. }), "{missing}");
    for end in ["log.999999:4", "0-10-999999", "00000000-0000-0000-0000-000000000001:1-5"] {
        let error = files.error(until(end));
        assert!(matches!(error, FileError::EndMissing { .. }), "{end}: {error}");
        assert_eq!(error.hint(), Some("give the later files too, in order"));
    }
    // A position that lacks what was before the first file.
    for start in ["00000000-0000-0000-0000-000000000001:1-5", "0-10-1"] {
        let error = files.error(from(start));
        assert!(matches!(error, FileError::TransactionsMissing { .. }), "{start}: {error}");
    }
}

#[test]
fn gtid_bounds_need_gtids() {
    let mut files = Files { folder: tempfile::tempdir().unwrap(), paths: Vec::new() };
    files.add("log.000001", &recorded("anonymous", "mysql"));
    for range in [from("0-10-1"), until("0-10-1")] {
        let error = files.error(range);
        assert!(matches!(error, FileError::NoGtid { .. }), "{error}");
    }
}

/// Replaying up to a point does not depend on what is behind it.
#[test]
fn what_is_behind_the_end_is_not_read() {
    let mut files = Files { folder: tempfile::tempdir().unwrap(), paths: Vec::new() };
    files.add("log.000001", &MARIADB_FULL[..MARIADB_FULL.len() - 50]);
    let (found, end) = files.replay(ReplayRange::default());
    assert!(matches!(end, Err(FileError::Truncated { .. } | FileError::Unfinished { .. })));
    let last = &found.last().unwrap().position.at;
    let (again, end) = files.replay(until(&last.to_string()));
    // The next transaction is not whole, so whether the point is its start can't be known.
    assert_eq!(again, found);
    assert!(end.is_err());
    let before = &found[found.len() - 2].position.at;
    let (again, end) = files.replay(until(&before.to_string()));
    end.unwrap();
    assert_eq!(again, &found[..found.len() - 1]);
}

#[test]
fn points_are_read_from_text() {
    let point = |text: &str| text.parse::<ReplayPoint>();
    for text in
        ["log.000001:154", "0-10-5,5-77-2", "00000000-0000-0000-0000-000000000001:1-5:blue_1:1-2"]
    {
        assert_eq!(point(text).unwrap().to_string(), text);
    }
    assert!(matches!(point("log.000001:154").unwrap(), ReplayPoint::Offset(_)));
    for text in ["", "log.000001", "log.000001:", ":4", "log:x", "2026-01-31T08:00:00Z"] {
        assert!(point(text).is_err(), "{text}");
    }
    let end = |text: &str| text.parse::<ReplayEnd>();
    assert!(matches!(end("2026-01-31T08:00:00Z").unwrap(), ReplayEnd::Time(_)));
    assert!(matches!(end("2026-01-31 08:00:00+02").unwrap(), ReplayEnd::Time(_)));
    assert!(matches!(end("0-10-5").unwrap(), ReplayEnd::At(ReplayPoint::Gtids(_))));
    assert!(matches!(end("log.000001:4").unwrap(), ReplayEnd::At(ReplayPoint::Offset(_))));
    let said = end("yesterday").unwrap_err().to_string();
    assert_eq!(
        said,
        "neither a GTID set nor a place FILE:OFFSET, nor a time like 2026-01-31T08:00:00Z"
    );
}

#[test]
fn the_layout_is_that_of_the_product_table_in_the_files() {
    let layout = |names: &[(&str, &str)]| {
        let mut files = Files { folder: tempfile::tempdir().unwrap(), paths: Vec::new() };
        for (place, (name, server)) in names.iter().enumerate() {
            files.add(&format!("log.00000{place}"), &recorded(name, server));
        }
        find_layout(&files.paths, "shop", "").unwrap()
    };
    for server in ["mariadb", "mysql"] {
        assert_eq!(layout(&[("staged", server)]), Some(TableLayout::Staged));
        assert_eq!(layout(&[("compressed", server)]), Some(TableLayout::Plain));
        // Other tables, and tables without names, tell nothing.
        assert_eq!(layout(&[("xa", server)]), None);
        assert_eq!(layout(&[("compressed_without_names", server)]), None);
        let several = [("xa", server), ("staged", server), ("compressed", server)];
        assert_eq!(layout(&several), Some(TableLayout::Staged));
    }
    assert_eq!(layout(&[("staged_compressed", "mysql")]), Some(TableLayout::Staged));
}
