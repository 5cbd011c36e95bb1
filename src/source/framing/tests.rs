//! Borders of source transactions, event by event.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{
    Changes, ChecksumAlgorithm, Decoded, Effect, EventHeader, RowChange, StatementKind, TableId,
    Unreadable, Value,
};
use crate::position::{BinlogOffset, Gtid, GtidSet, MariadbGtid, MysqlGtid, Position, Sid, Xid};
use crate::source::framing::{
    Framed, Framer, FramingError, RereadReason, SourceTransaction, XaStep,
};

fn at(file: &str, offset: u64) -> BinlogOffset {
    BinlogOffset { file: file.to_owned(), offset }
}

fn framer_at(gtid: Option<&str>, offset: u64) -> Framer {
    let gtid = gtid.map(|text| GtidSet::parse(text).unwrap());
    Framer::new(Position { gtid, at: at("bin.000001", offset) })
}

fn ending_at(log_pos: u32) -> EventHeader {
    EventHeader { timestamp: 7, event_size: 10, log_pos, ..EventHeader::default() }
}

fn rows(id: i128) -> Decoded {
    Decoded::Rows(vec![change(id)])
}

fn unreadable() -> Decoded {
    Decoded::Unreadable { table: TableId(3), reason: Unreadable::NoColumnNames, is_cascade: false }
}

fn xid() -> Xid {
    Xid { format: 7, global: b"one".to_vec(), branch: b"br".to_vec() }
}

fn change(id: i128) -> RowChange {
    RowChange::read(TableId(0), vec![Value::Int(id)])
}

fn mariadb(sequence: u64, is_standalone: bool) -> Decoded {
    let gtid = Gtid::Mariadb(MariadbGtid { domain: 0, server_id: 1, sequence });
    Decoded::Gtid { gtid, is_standalone }
}

fn mysql(sequence: u64) -> Decoded {
    let sid = Sid::tagged([1; 16], "").unwrap();
    Decoded::Gtid { gtid: Gtid::Mysql(MysqlGtid { sid, sequence }), is_standalone: false }
}

fn rotate(file: &str, is_fake: bool) -> Decoded {
    Decoded::Rotate { file: file.to_owned(), offset: 4, is_fake }
}

fn file_head() -> Decoded {
    let checksum = ChecksumAlgorithm::Crc32;
    Decoded::FormatDescription { checksum, server_version: String::new() }
}

fn statement(kind: StatementKind) -> Decoded {
    Decoded::Statement { kind }
}

/// Pushes events that end at 10, 20, 30 … behind the framer's start.
fn push_all(
    framer: &mut Framer,
    events: impl IntoIterator<Item = Decoded>,
) -> Result<Vec<Framed>, FramingError> {
    let start = u32::try_from(framer.seen().offset).unwrap();
    let mut found = Vec::new();
    for (end, decoded) in (start + 10..).step_by(10).zip(events) {
        found.extend(framer.push(&ending_at(end), decoded)?);
    }
    Ok(found)
}

fn rolled_back() -> BTreeMap<TableId, RereadReason> {
    BTreeMap::from([(TableId(0), RereadReason::RolledBack)])
}

fn redefined(tables: &BTreeSet<TableId>) -> BTreeMap<TableId, RereadReason> {
    tables.iter().map(|table| (*table, RereadReason::Redefined(Effect::Altered))).collect()
}

/// The only transaction that came, which must be one.
fn only(found: Vec<Framed>) -> SourceTransaction {
    match <[Framed; 1]>::try_from(found) {
        Ok([Framed::Transaction(transaction)]) => transaction,
        other => panic!("{other:?}"),
    }
}

/// Transactions that ask for no table to be read again.
fn transactions(found: Vec<Framed>) -> Vec<(Vec<RowChange>, String)> {
    let parts = found.into_iter().map(|framed| match framed {
        Framed::Transaction(SourceTransaction {
            changes,
            position,
            committed_at_s: 7,
            xa: None,
            reread,
        }) if reread.is_empty() => (changes.into_iter().collect(), position.to_string()),
        other @ (Framed::Ddl { .. } | Framed::Transaction(_)) => panic!("{other:?}"),
    });
    parts.collect()
}

#[test]
fn savepoints_and_fake_rotations_end_nothing() {
    let mut framer = framer_at(Some("0-1-4"), 100);
    let savepoint = statement(StatementKind::Savepoint { name: "a".to_owned() });
    let release = statement(StatementKind::WithinTransaction);
    let events = [mariadb(5, false), rows(1), savepoint, rotate("bin.000001", true), release];
    assert_eq!(push_all(&mut framer, events).unwrap(), []);
    assert_eq!(framer.seen(), &at("bin.000001", 100));
    assert_eq!(framer.position().to_string(), "0-1-4 (bin.000001:100)");
    let end = [framer.push(&ending_at(160), Decoded::Commit).unwrap().unwrap()];
    assert_eq!(transactions(end.into()), [(vec![change(1)], "0-1-5 (bin.000001:160)".to_owned())]);
}

#[test]
fn changes_rolled_back_to_a_savepoint_are_dropped() {
    let set = |name: &str| statement(StatementKind::Savepoint { name: name.to_owned() });
    let back = |name: &str| statement(StatementKind::RollbackToSavepoint { name: name.to_owned() });
    let mut framer = framer_at(None, 4);
    let events = [
        Decoded::Begin,
        rows(1),
        set("a"),
        rows(2),
        set("b"),
        rows(3),
        back("a"),
        rows(4),
        back("a"),
        rows(5),
        Decoded::Commit,
    ];
    let mut found = push_all(&mut framer, events).unwrap();
    let [Framed::Transaction(transaction)] = &mut found[..] else { panic!("{found:?}") };
    // A table that knows no transactions would keep its rows, and no row says what table it is of.
    assert_eq!(std::mem::take(&mut transaction.reread), rolled_back());
    let after = "bin.000001:114".to_owned();
    assert_eq!(transactions(found), [(vec![change(1), change(5)], after)]);
    let unknown = [Decoded::Begin, rows(1), back("c")];
    let error = push_all(&mut framer, unknown).unwrap_err();
    assert!(matches!(error, FramingError::UnknownSavepoint { .. }));
}

#[test]
fn a_rolled_back_transaction_moves_the_position_without_changes() {
    let mut framer = framer_at(Some("01010101-0101-0101-0101-010101010101:1-3"), 4);
    let events = [mysql(4), Decoded::Begin, rows(1), Decoded::Rollback];
    let mut found = push_all(&mut framer, events).unwrap();
    let [Framed::Transaction(transaction)] = &mut found[..] else { panic!("{found:?}") };
    assert_eq!(std::mem::take(&mut transaction.reread), rolled_back());
    let found = transactions(found);
    let after = "01010101-0101-0101-0101-010101010101:1-4 (bin.000001:44)";
    assert_eq!(found, [(vec![], after.to_owned())]);
}

/// Both servers write an XA transaction as two: up to PREPARE, and what becomes of it.
#[test]
fn an_xa_transaction_is_two_with_its_name_in_both() {
    for (decided, expected) in [
        (Decoded::XaCommit(xid()), XaStep::Commit(xid())),
        (Decoded::XaRollback(xid()), XaStep::Rollback(xid())),
    ] {
        let mut framer = framer_at(Some("0-1-4"), 4);
        let events = [mariadb(5, false), rows(1), Decoded::XaPrepare(xid())];
        let prepared = only(push_all(&mut framer, events).unwrap());
        assert_eq!(prepared.xa, Some(XaStep::Prepare(xid())));
        assert_eq!(prepared.changes, vec![change(1)].into());
        assert_eq!(prepared.position.to_string(), "0-1-5 (bin.000001:34)");
        let other = [mariadb(6, false), rows(2), Decoded::Commit];
        assert_eq!(only(push_all(&mut framer, other).unwrap()).changes, vec![change(2)].into());
        let decided = only(push_all(&mut framer, [mariadb(7, true), decided]).unwrap());
        assert_eq!(decided.xa, Some(expected));
        assert!(decided.changes.is_empty() && !decided.is_empty());
        assert_eq!(decided.position.to_string(), "0-1-7 (bin.000001:84)");
    }
}

#[test]
fn an_xa_transaction_without_watched_rows_is_told_all_the_same() {
    let sid = "01010101-0101-0101-0101-010101010101";
    let mut framer = framer_at(Some(&format!("{sid}:1-3")), 4);
    let events = [mysql(4), Decoded::Begin, Decoded::SkippedRows, Decoded::XaPrepare(xid())];
    let prepared = only(push_all(&mut framer, events).unwrap());
    assert_eq!((prepared.xa, prepared.changes), (Some(XaStep::Prepare(xid())), Changes::default()));
    let decided = only(push_all(&mut framer, [mysql(5), Decoded::XaCommit(xid())]).unwrap());
    assert_eq!(decided.xa, Some(XaStep::Commit(xid())));
    assert_eq!(decided.position.to_string(), format!("{sid}:1-5 (bin.000001:64)"));
}

#[test]
fn what_is_unreadable_in_an_xa_transaction_waits_for_its_commit_too() {
    let mut framer = framer_at(None, 4);
    let events = [Decoded::Begin, unreadable(), Decoded::XaPrepare(xid())];
    let prepared = only(push_all(&mut framer, events).unwrap());
    assert_eq!(prepared.xa, Some(XaStep::Prepare(xid())));
    assert!(prepared.changes.is_empty() && prepared.reread.contains_key(&TableId(3)));
}

#[test]
fn an_unreadable_delete_outweighs_what_else_happened_to_its_table() {
    let reason = Unreadable::NoColumnNames;
    let deleted = Decoded::Unreadable { table: TableId(3), reason, is_cascade: true };
    let events = [Decoded::Begin, unreadable(), deleted, unreadable(), Decoded::Commit];
    let transaction = only(push_all(&mut framer_at(None, 4), events).unwrap());
    let reason = RereadReason::UnreadableDelete(Unreadable::NoColumnNames);
    assert_eq!(transaction.reread, BTreeMap::from([(TableId(3), reason)]));
}

#[test]
fn a_table_with_unreadable_rows_is_to_be_read_again() {
    let mut framer = framer_at(None, 4);
    let events = [Decoded::Begin, rows(1), unreadable(), rows(2), unreadable(), Decoded::Commit];
    let transaction = only(push_all(&mut framer, events).unwrap());
    assert_eq!(transaction.changes, vec![change(1), change(2)].into());
    let reason = RereadReason::Unreadable(Unreadable::NoColumnNames);
    assert_eq!(reason.to_string(), "the names of its columns are not known");
    assert_eq!(reason.hint(), Some("set binlog_row_metadata=FULL on the server"));
    assert_eq!(transaction.reread, BTreeMap::from([(TableId(3), reason)]));
    assert_eq!(transaction.position.to_string(), "bin.000001:64");
    // The next one asks for nothing.
    let next = only(push_all(&mut framer, [Decoded::Begin, Decoded::Commit]).unwrap());
    assert!(next.is_empty());
    let outside = framer.push(&ending_at(99), unreadable()).unwrap_err();
    assert!(matches!(outside, FramingError::RowsOutsideTransaction { .. }));
}

/// What was unreadable before a rollback is read again all the same: it does no harm.
#[test]
fn a_rollback_drops_no_request_to_read_a_table_again() {
    let events = [Decoded::Begin, unreadable(), Decoded::Rollback];
    let transaction = only(push_all(&mut framer_at(None, 4), events).unwrap());
    assert!(transaction.reread.contains_key(&TableId(3)));
}

#[test]
fn a_statement_outside_a_transaction_is_one() {
    for numbered in [mariadb(5, true), mariadb(5, false)] {
        let is_standalone = numbered == mariadb(5, true);
        let mut framer = framer_at(Some("0-1-4"), 4);
        let ddl = statement(StatementKind::UnwatchedDdl);
        let found = push_all(&mut framer, [numbered, ddl]).unwrap();
        assert_eq!(found.len(), usize::from(is_standalone));
    }
}

#[test]
fn a_definition_change_is_reported_with_the_position_behind_it() {
    let tables = BTreeSet::from([TableId(3)]);
    let ddl = || {
        statement(StatementKind::Redefinition { tables: tables.clone(), effect: Effect::Altered })
    };
    let mut framer = framer_at(Some("0-1-4"), 4);
    let found = push_all(&mut framer, [mariadb(5, true), ddl()]).unwrap();
    let position = framer.position().clone();
    assert_eq!(position.to_string(), "0-1-5 (bin.000001:24)");
    let ended = SourceTransaction {
        changes: Changes::default(),
        reread: redefined(&tables),
        xa: None,
        position,
        committed_at_s: 7,
    };
    assert_eq!(found, [Framed::Ddl { tables: tables.clone(), ended: Some(ended) }]);
    // Within a transaction, as MySQL writes CREATE TABLE … SELECT, the position waits.
    let found = push_all(&mut framer, [mariadb(6, false), ddl()]).unwrap();
    assert_eq!(found, [Framed::Ddl { tables: tables.clone(), ended: None }]);
    let found = push_all(&mut framer, [Decoded::Commit]).unwrap();
    let [Framed::Transaction(transaction)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(transaction.reread, redefined(&tables));
}

#[test]
fn a_statement_that_changes_rows_of_watched_tables_stops_the_stream() {
    let tables = BTreeSet::from([TableId(0)]);
    let dml = statement(StatementKind::WatchedDml { tables });
    let error = push_all(&mut framer_at(None, 4), [Decoded::Begin, dml]).unwrap_err();
    assert!(error.hint().unwrap().contains("binlog_format=ROW"));
}

#[test]
fn tables_that_lost_or_exchanged_their_rows_are_to_be_read_again() {
    let tables = BTreeSet::from([TableId(0)]);
    let swept =
        statement(StatementKind::Redefinition { tables: tables.clone(), effect: Effect::Altered });
    let found = push_all(&mut framer_at(None, 4), [swept]).unwrap();
    let [Framed::Ddl { ended: Some(ended), .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(ended.reread, redefined(&tables));
}

#[test]
fn rows_of_watched_tables_must_be_in_a_transaction_that_is_committed_at_once() {
    let error = |events| push_all(&mut framer_at(None, 4), events).unwrap_err();
    let outside = error(vec![mysql(1), rows(1)]);
    assert!(matches!(outside, FramingError::RowsOutsideTransaction { .. }));
    let commit = Decoded::XaCommit(xid());
    let prepared = error(vec![Decoded::Begin, rows(1), commit]);
    assert!(matches!(prepared, FramingError::UnfinishedTransaction { .. }));
    let unfinished = error(vec![Decoded::Begin, rows(1), Decoded::Begin]);
    assert!(matches!(unfinished, FramingError::UnfinishedTransaction { .. }));
    let unfinished = error(vec![Decoded::Begin, rotate("bin.000002", false)]);
    assert!(matches!(unfinished, FramingError::UnfinishedTransaction { .. }));
}

#[test]
fn the_head_of_the_next_file_drops_what_a_dead_server_left_open() {
    let mut framer = framer_at(Some("0-1-4"), 4);
    let events = [mariadb(5, false), rows(1), rotate("bin.000002", true)];
    push_all(&mut framer, events).unwrap();
    framer.push(&ending_at(256), file_head()).unwrap();
    assert_eq!(framer.seen(), &at("bin.000002", 256));
    assert_eq!(framer.position().to_string(), "0-1-4 (bin.000001:4)");
    let again = [mariadb(5, false), rows(2), Decoded::Commit];
    let found = transactions(push_all(&mut framer, again).unwrap());
    assert_eq!(found, [(vec![change(2)], "0-1-5 (bin.000002:286)".to_owned())]);
}

#[test]
fn gtids_are_used_only_when_what_was_before_is_known() {
    let before = || Decoded::PreviousGtids(GtidSet::parse("0-1-4,3-1-9").unwrap());
    let transaction = || [mariadb(5, true), statement(StatementKind::UnwatchedDdl)];
    // In the middle of a file the head's list lacks what was since the head.
    let mut framer = framer_at(None, 500);
    framer.push(&ending_at(295), before()).unwrap();
    push_all(&mut framer, transaction()).unwrap();
    assert_eq!(framer.position().to_string(), "bin.000001:520");
    // From the head on it is whole.
    framer.push(&ending_at(530), rotate("bin.000002", false)).unwrap();
    assert_eq!(framer.position().to_string(), "bin.000002:4");
    framer.push(&ending_at(256), file_head()).unwrap();
    framer.push(&ending_at(295), before()).unwrap();
    push_all(&mut framer, transaction()).unwrap();
    assert_eq!(framer.position().to_string(), "0-1-5,3-1-9 (bin.000002:315)");
}

#[test]
fn an_empty_list_at_the_head_does_not_make_a_server_without_gtids_have_some() {
    let mut framer = framer_at(None, 4);
    framer.push(&ending_at(30), Decoded::PreviousGtids(GtidSet::parse("").unwrap())).unwrap();
    push_all(&mut framer, [Decoded::Begin, rows(1), Decoded::Commit]).unwrap();
    assert_eq!(framer.position().to_string(), "bin.000001:60");
}

#[test]
fn a_gtid_of_the_other_server_kind_is_refused() {
    let mut framer = framer_at(Some("0-1-4"), 4);
    let error = push_all(&mut framer, [mysql(5), Decoded::Begin, Decoded::Commit]).unwrap_err();
    assert!(matches!(error, FramingError::Gtid { .. }));
}

#[test]
fn offsets_go_on_beyond_four_gigabytes() {
    let start = u64::from(u32::MAX) - 100;
    let mut framer = framer_at(None, start);
    framer.push(&ending_at(u32::MAX - 50), Decoded::Begin).unwrap();
    framer.push(&ending_at(30), rows(1)).unwrap();
    framer.push(&ending_at(60), Decoded::Commit).unwrap();
    assert_eq!(framer.position().at.offset, (1 << 32) + 60);
    push_all_from(&mut framer, 90);
    assert_eq!(framer.position().at.offset, (1 << 32) + 110);
}

fn push_all_from(framer: &mut Framer, log_pos: u32) {
    framer.push(&ending_at(log_pos), Decoded::Begin).unwrap();
    // Left out by the server within the transaction: counted by size.
    framer.push(&ending_at(0), rows(2)).unwrap();
    framer.push(&ending_at(0), Decoded::Commit).unwrap();
}

#[test]
fn heartbeats_move_what_was_seen_but_not_the_position() {
    let heartbeat = || Decoded::Heartbeat { at: Some(at("bin.000001", 900)) };
    let mut framer = framer_at(None, 4);
    framer.push(&ending_at(900), heartbeat()).unwrap();
    assert_eq!(framer.seen(), &at("bin.000001", 900));
    assert_eq!(framer.position().at, at("bin.000001", 4));
    let mut framer = framer_at(None, 4);
    framer.push(&ending_at(14), Decoded::Begin).unwrap();
    framer.push(&ending_at(900), heartbeat()).unwrap();
    assert_eq!(framer.seen(), &at("bin.000001", 4));
}

#[test]
fn artificial_events_do_not_move_the_offset() {
    let mut framer = framer_at(None, 500);
    let header = EventHeader { flags: EventHeader::ARTIFICIAL, ..ending_at(900) };
    framer.push(&header, Decoded::Other).unwrap();
    framer.push(&EventHeader::default(), file_head()).unwrap();
    assert_eq!(framer.seen(), &at("bin.000001", 500));
}
