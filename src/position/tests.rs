//! Positions: text forms of both servers, set algebra, order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::position::{
    BinlogFile, BinlogOffset, Gtid, GtidSet, MariadbGtid, MariadbGtidPosition, MysqlGtid,
    MysqlGtidSet, Position, PositionError, Sid,
};

const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const OTHER: &str = "f442510a-2881-11ea-b1dd-27916133dbb2";

fn mysql(text: &str) -> MysqlGtidSet {
    MysqlGtidSet::parse(text).unwrap()
}

fn at(file: &str, offset: u64) -> BinlogOffset {
    BinlogOffset { file: file.to_owned(), offset }
}

#[test]
fn mysql_set_prints_as_the_server_does_and_joins_neighbours() {
    let set = mysql(&format!(" {OTHER}:7 ,\n{UUID}:1-3:5:4 : 9-12\n"));
    assert_eq!(set.to_string(), format!("{UUID}:1-5:9-12,{OTHER}:7"));
    assert_eq!(mysql("").to_string(), "");
}

#[test]
fn tagged_gtids_are_apart_from_untagged_ones() {
    let set = mysql(&format!("{UUID}:1-3:blue:1-5:Red:2"));
    assert_eq!(set.to_string(), format!("{UUID}:1-3:blue:1-5:red:2"));
    assert_eq!(mysql(&set.to_string()), set);
    assert!(set.contains_set(&mysql(&format!("{UUID}:blue:4-5"))));
    assert!(!set.contains_set(&mysql(&format!("{UUID}:4"))));
    let (sid, intervals) = set.sids().nth(1).unwrap();
    assert_eq!((sid.tag.as_str(), intervals), ("blue", [(1, 6)].as_slice()));
}

#[test]
fn malformed_gtid_sets_are_refused() {
    for text in [
        "x:1",
        UUID,
        &format!("{UUID}:"),
        &format!("{UUID}:0-4"),
        &format!("{UUID}:5-4"),
        &format!("{UUID}:9223372036854775807"),
        &format!("{UUID}:18446744073709551615"),
        &format!("{UUID}:bad-tag:1"),
        &format!("{UUID}:1:tag"),
        "3e11fa4771-ca-11e1-9e33-c80aa9429562:1",
    ] {
        assert!(MysqlGtidSet::parse(text).is_err(), "{text}");
    }
    for text in ["0-1", "0-1-2-3", "a-1-2", "0-1-99999999999999999999"] {
        assert!(MariadbGtidPosition::parse(text).is_err(), "{text}");
    }
}

#[test]
fn mariadb_position_keeps_the_last_transaction_of_each_domain() {
    let mut position = MariadbGtidPosition::parse("5-2-7,\n0-1-270").unwrap();
    assert_eq!(position.to_string(), "0-1-270,5-2-7");
    position.add(&MariadbGtid { domain: 0, server_id: 3, sequence: 271 });
    assert_eq!(position.to_string(), "0-3-271,5-2-7");
    assert!(position.contains_set(&MariadbGtidPosition::parse("0-1-270").unwrap()));
    assert!(!position.contains_set(&MariadbGtidPosition::parse("1-1-1").unwrap()));
    position.union(&MariadbGtidPosition::parse("0-1-4,1-1-1").unwrap());
    assert_eq!(position.to_string(), "0-3-271,1-1-1,5-2-7");
}

#[test]
fn sets_of_different_servers_are_not_joined() {
    let mut set = GtidSet::parse("0-1-2").unwrap();
    let other = GtidSet::parse(&format!("{UUID}:1")).unwrap();
    assert!(matches!(set.union(&other), Err(PositionError::OtherServerKind { .. })));
    assert!(!set.contains_set(&other));
    let sid = Sid::tagged([1; 16], "").unwrap();
    assert!(set.add(&Gtid::Mysql(MysqlGtid { sid, sequence: 1 })).is_err());
}

#[test]
fn offsets_are_ordered_by_file_number_then_offset() {
    let sorted = [
        at("", 0),
        at("bin.000009", 900),
        at("bin.000010", 4),
        at("bin.000010", 5),
        at("bin.999999", 4),
        at("bin.1000000", 4),
    ];
    for pair in sorted.windows(2) {
        assert!(pair[0] < pair[1], "{} < {}", pair[0], pair[1]);
    }
}

#[test]
fn position_covers_by_gtid_where_there_is_one_else_by_offset() {
    let gtid = |text: &str| Some(GtidSet::parse(text).unwrap());
    let ours = Position { gtid: gtid("0-1-9"), at: at("a.000001", 4) };
    let theirs = Position { gtid: gtid("0-1-8"), at: at("b.000007", 4) };
    assert!(ours.covers(&theirs) && !theirs.covers(&ours));
    let bare = Position { gtid: None, at: at("a.000001", 5) };
    assert!(bare.covers(&ours) && !ours.covers(&bare));
}

#[test]
fn stored_file_is_read_back_and_nothing_else_is_taken_for_one() {
    let file = BinlogFile { name: "a.000001".to_owned(), begun_at_s: u32::MAX };
    assert_eq!(file.encode(), r#"{"name":"a.000001","begun_at_s":4294967295}"#);
    assert_eq!(BinlogFile::decode(&file.encode()).unwrap(), file);
    for text in ["", "a.000001", r#"{"name":"a.000001"}"#, r#"{"name":"a","begun_at_s":-1}"#] {
        assert!(matches!(BinlogFile::decode(text), Err(PositionError::Encoding { .. })), "{text}");
    }
}

#[test]
fn place_that_is_not_known_yet_is_stored_and_before_every_other() {
    let gtid = Some(GtidSet::Mysql(mysql(&format!("{UUID}:1-3"))));
    let position = Position { gtid, at: BinlogOffset::default() };
    assert_eq!(Position::decode(&position.encode()).unwrap(), position);
    assert!(position.at < at("a.000001", 4));
}

#[test]
fn stored_position_keeps_the_server_kind_of_an_empty_set() {
    let gtid = Some(GtidSet::Mariadb(MariadbGtidPosition::default()));
    let position = Position { gtid, at: at("a.000001", 4) };
    assert_eq!(position.encode(), r#"{"mariadb_gtid":"","file":"a.000001","offset":4}"#);
    assert_eq!(Position::decode(&position.encode()).unwrap(), position);
    assert!(Position::decode("{}").is_err());
    let json = serde_json::to_string(&position).unwrap();
    assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), position);
}

fn numbers() -> impl Strategy<Value = BTreeSet<(u8, u64)>> {
    prop::collection::btree_set((0..3_u8, 1..40_u64), 0..60)
}

fn set_of(numbers: &BTreeSet<(u8, u64)>) -> MysqlGtidSet {
    let mut set = MysqlGtidSet::default();
    // Backwards, so that joining to the right is exercised too.
    for &(server, sequence) in numbers.iter().rev() {
        set.add(&gtid(server, sequence));
    }
    set
}

fn gtid(server: u8, sequence: u64) -> MysqlGtid {
    let tag = if server == 2 { "tag" } else { "" };
    MysqlGtid { sid: Sid::tagged([server.min(1); 16], tag).unwrap(), sequence }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gtid_sets_behave_like_sets_of_numbers(left in numbers(), right in numbers()) {
        let (set, other) = (set_of(&left), set_of(&right));
        for server in 0..3 {
            for sequence in 1..41 {
                let expected = left.contains(&(server, sequence));
                prop_assert_eq!(set.contains(&gtid(server, sequence)), expected);
            }
        }
        prop_assert_eq!(set.contains_set(&other), right.is_subset(&left));
        let mut joined = set;
        joined.union(&other);
        prop_assert_eq!(&joined, &set_of(&left.union(&right).copied().collect()));
        prop_assert_eq!(&mysql(&joined.to_string()), &joined);
        for (_, list) in joined.sids() {
            prop_assert!(list.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn stored_positions_are_read_back(
        left in numbers(),
        file in "[a-z-]{0,9}\\.[0-9]{6,7}",
        offset: u64,
        kind in 0..3,
        sequence: u64,
    ) {
        let gtid = match kind {
            0 => None,
            1 => Some(GtidSet::Mysql(set_of(&left))),
            _ => {
                let mut position = MariadbGtidPosition::default();
                position.add(&MariadbGtid { domain: 1, server_id: 2, sequence });
                Some(GtidSet::Mariadb(position))
            }
        };
        let position = Position { gtid, at: BinlogOffset { file, offset } };
        prop_assert_eq!(Position::decode(&position.encode()).unwrap(), position);
    }

    #[test]
    fn offset_order_is_total(
        left in ("[ab]\\.[0-9]{1,7}|[ab0-9.]{0,4}", 0..3_u64),
        right in ("[ab]\\.[0-9]{1,7}|[ab0-9.]{0,4}", 0..3_u64),
    ) {
        let (left, right) = (at(&left.0, left.1), at(&right.0, right.1));
        prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
        prop_assert_eq!(left.cmp(&right).is_eq(), left == right);
    }
}
