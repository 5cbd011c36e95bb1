//! What is stored reads back, and what is damaged is noticed.

use super::*;

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|int| Value::Int(int.into())),
        any::<u64>().prop_map(|int| Value::Int(int.into())),
        any::<i128>().prop_map(Value::Int),
        (any::<i64>(), 0..=28_u32)
            .prop_map(|(int, scale)| Value::Decimal(Decimal::new(int, scale))),
        ".{0,40}".prop_map(Value::Text),
        "\\PC{600}".prop_map(Value::Text),
    ]
}

/// Rows whose key columns hold ids and whose other columns hold anything.
fn any_sheet() -> impl Strategy<Value = Sheet> {
    let row = prop::sample::select(Table::ALL.to_vec()).prop_flat_map(|table| {
        let watched = table.watched();
        let cells: Vec<_> = (0..watched.columns.len())
            .map(|column| {
                if watched.primary_key.contains(&column) {
                    any::<u32>().prop_map(|id| Value::Int(id.into())).boxed()
                } else {
                    any_value().boxed()
                }
            })
            .collect();
        cells.prop_map(move |row| (table, row))
    });
    proptest::collection::vec(row, 0..12).prop_map(|rows| {
        let mut sheet = Sheet::default();
        for (table, row) in rows {
            sheet.insert(table, RowKey::of(table, &row).unwrap(), row);
        }
        sheet
    })
}

fn any_digest() -> impl Strategy<Value = Option<Digest>> {
    proptest::option::of(any::<[u8; 20]>().prop_map(Digest))
}

fn any_cause() -> impl Strategy<Value = Cause> {
    let texts = (".{0,20}", ".{0,20}", ".{0,20}");
    (texts, any::<i64>()).prop_map(|((table, key, position), committed_at_s)| Cause {
        table,
        key,
        position,
        committed_at_s,
    })
}

/// Whole milliseconds: what is stored.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (-1_000_000_000_000..10_000_000_000_000_i64)
        .prop_map(|at| Timestamp::from_millisecond(at).unwrap())
}

fn any_state() -> impl Strategy<Value = ItemState> {
    use ItemState::{Accepted, Deleted, Parked, Pending, Retrying};
    prop::sample::select(vec![Pending, Accepted, Deleted, Retrying, Parked])
}

fn any_record() -> impl Strategy<Value = LedgerRecord> {
    let about = (any::<u32>(), any_state(), any_digest(), any_digest());
    let answer = (any::<u16>(), ".{0,700}", ".{0,30}", any::<u32>());
    (about, answer, any_instant(), any_instant(), any_cause()).prop_map(
        |((owner, state, accepted, refused), answer, first_at, last_at, cause)| {
            let (code, message, request_id, attempts) = answer;
            LedgerRecord {
                owner,
                state,
                accepted,
                refused,
                code,
                message,
                request_id,
                attempts,
                first_at,
                last_at,
                cause,
            }
        },
    )
}

fn any_entry() -> impl Strategy<Value = OutboxEntry> {
    let about = (any::<u32>(), any_digest(), any::<bool>(), any::<bool>());
    let waits = (any::<u64>(), any::<u32>(), proptest::option::of(any_instant()), any::<u32>());
    (any_key(), about, waits, any_cause()).prop_map(|(key, about, waits, cause)| {
        let (owner, digest, is_live, is_first) = about;
        let (sequence, attempts, not_before, suspect_group) = waits;
        OutboxEntry {
            key,
            owner,
            intent: digest.map_or(Intent::Delete, Intent::Replace),
            lane: if is_live { Lane::Live } else { Lane::Mass },
            is_first,
            sequence,
            attempts,
            not_before,
            suspect_group,
            cause,
        }
    })
}

fn any_pace() -> impl Strategy<Value = PaceState> {
    let family = prop::sample::select(vec![Family::Products, Family::Prices, Family::RequestOnly]);
    let send = (any::<i64>(), family, any::<u32>()).prop_map(|(at_ms, family, items)| RecentSend {
        at_ms,
        family,
        items,
    });
    let sends = proptest::collection::vec(send, 0..200);
    (sends, any::<i64>(), any::<u32>(), proptest::option::of(any_instant())).prop_map(
        |(sends, day, products_sent, closed_until)| PaceState {
            sends,
            day,
            products_sent,
            closed_until,
        },
    )
}

fn any_group() -> impl Strategy<Value = TableGroup> {
    let progress = prop_oneof![
        Just(GroupProgress::Unread),
        any::<u64>().prop_map(GroupProgress::After),
        Just(GroupProgress::Read),
    ];
    let tables = proptest::collection::vec(any::<u8>().prop_map(TableId), 0..4);
    (tables, any::<bool>(), progress).prop_map(|(tables, is_ranged, progress)| TableGroup {
        tables,
        is_ranged,
        progress,
    })
}

fn any_snapshot() -> impl Strategy<Value = SnapshotState> {
    let phase = prop_oneof![
        proptest::collection::vec(any_group(), 0..4).prop_map(|groups| Phase::Reading { groups }),
        ("[a-z.0-9]{1,12}", any::<u64>())
            .prop_map(|(file, offset)| Phase::CatchingUp { until: BinlogOffset { file, offset } }),
        Just(Phase::Open),
    ];
    (any::<u64>(), phase, any::<u64>()).prop_map(|(offset, phase, rows_read)| SnapshotState {
        start: position(offset),
        layout: if rows_read % 2 == 0 { TableLayout::Plain } else { TableLayout::Staged },
        phase,
        rows_read,
    })
}

/// Keys of every feed, with zero bytes, nothing, and bytes above ASCII in their parts.
fn any_key() -> impl Strategy<Value = FeedKey> {
    let part = || prop_oneof![4 => "[a\u{0}\u{1}\u{ff}é\u{10ffff}]{0,4}", 1 => ".{0,8}"];
    (prop::sample::select(Feed::ALL.to_vec()), part(), part()).prop_map(|(feed, one, other)| {
        let parts = if feed == Feed::PriceBooks { vec![one] } else { vec![one, other] };
        FeedKey::from_parts(feed, parts).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: cases(96), ..ProptestConfig::default()
    })]

    #[test]
    fn value_reads_back_as_it_was_written(value in any_value()) {
        let mut writer = Writer::default();
        writer.value(&value);
        let mut reader = Reader(&writer.0);
        prop_assert_eq!(reader.value(), Ok(value));
        prop_assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn sheet_reads_back_as_it_was_written(sheet in any_sheet()) {
        prop_assert_eq!(sheets::decode(&sheets::encode(&sheet)), Ok(sheet));
    }

    #[test]
    fn ledger_record_reads_back_as_it_was_written(record in any_record()) {
        prop_assert_eq!(records::decode_ledger(&records::encode_ledger(&record)), Ok(record));
    }

    #[test]
    fn outbox_entry_reads_back_as_it_was_written(entry in any_entry()) {
        let sealed = records::encode_outbox(&entry);
        prop_assert_eq!(records::decode_outbox(entry.key.clone(), &sealed), Ok(entry));
    }

    #[test]
    fn budgets_and_snapshot_state_read_back_as_they_were_written(
        pace in any_pace(), snapshot in any_snapshot(),
    ) {
        prop_assert_eq!(records::decode_pace(&records::encode_pace(&pace)), Ok(pace));
        let sealed = source_records::encode_snapshot(&snapshot);
        prop_assert_eq!(source_records::decode_snapshot(&sealed), Ok(snapshot));
    }

    #[test]
    fn marks_and_ranges_read_back_as_they_were_written(
        sequence in any::<u64>(), after in proptest::option::of(any::<u32>()), cause in any_cause(),
    ) {
        let mark = DirtyMark { sequence, cause: cause.clone() };
        prop_assert_eq!(records::decode_dirty(&records::encode_dirty(&mark)), Ok(mark));
        let range = Range { sequence, after, cause };
        prop_assert_eq!(records::decode_range(&records::encode_range(&range)), Ok(range));
    }

    #[test]
    fn feed_keys_read_back_and_keep_their_order(one in any_key(), other in any_key()) {
        let (a, b) = (keys::feed_key(&one), keys::feed_key(&other));
        prop_assert_eq!(keys::parse_feed_key(&a), Some(one.clone()));
        prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        let owner = FeedOwner { feed: one.feed, id: 7 };
        let owned = keys::owned_key(owner, &one);
        prop_assert_eq!(keys::parse_feed_owner(&owned[..5]), Some(owner));
        prop_assert_eq!(keys::parse_feed_key(&owned[5..]), Some(one));
    }

    #[test]
    fn any_bytes_for_a_key_are_refused_or_are_that_key(bytes in proptest::collection::vec(0..4_u8, 0..12)) {
        if let Some(key) = keys::parse_feed_key(&bytes) {
            prop_assert_eq!(keys::feed_key(&key), bytes);
        }
    }

    #[test]
    fn damaged_value_is_refused(record in any_record(), at in any::<Index>(), flip in 1..=255_u8) {
        let mut sealed = records::encode_ledger(&record);
        let at = at.index(sealed.len());
        sealed[at] ^= flip;
        prop_assert!(records::decode_ledger(&sealed).is_err());
    }

    #[test]
    fn sealed_nonsense_is_refused_without_a_panic(payload in proptest::collection::vec(any::<u8>(), 0..60)) {
        let sealed = seal(&payload);
        prop_assert_eq!(unseal(&sealed), Ok(payload));
        // Whatever they give, they must give something.
        drop((sheets::decode(&sealed), records::decode_ledger(&sealed)));
        drop((records::decode_outbox(sku("x"), &sealed), records::decode_pace(&sealed)));
        drop((source_records::decode_snapshot(&sealed), source_records::decode_position(&sealed)));
        drop((records::decode_dirty(&sealed), records::decode_range(&sealed)));
    }
}

#[test]
fn every_flipped_bit_of_a_stored_sheet_is_noticed() {
    let mut catalog = MemoryCatalog::default();
    let changes = Database::small_shop().snapshot();
    fold(&changes, &catalog, FoldMode::GateClosed).unwrap().apply_to(&mut catalog);
    for owner in [Owner::Product(15), Owner::Config] {
        let sealed = sheets::encode(&catalog.sheets[&owner]);
        assert_eq!(sheets::decode(&sealed).as_ref(), Ok(&catalog.sheets[&owner]));
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1 << bit;
                assert!(sheets::decode(&damaged).is_err(), "byte {at}, bit {bit}");
            }
            assert!(sheets::decode(&sealed[..at]).is_err(), "cut at {at}");
        }
    }
}

#[test]
fn columns_of_every_kind_are_in_the_sheets_that_are_tested() {
    let kinds: Vec<ColumnKind> = Table::ALL
        .iter()
        .flat_map(|table| table.watched().columns.iter().map(|column| column.kind))
        .collect();
    for kind in [ColumnKind::Int, ColumnKind::Decimal, ColumnKind::Text, ColumnKind::Float] {
        assert!(kinds.contains(&kind));
    }
}
