//! Values of watched columns through real servers: a SELECT, the binlog and the server's own words
//! must say the same.

#![expect(clippy::indexing_slicing, reason = "a test reports what it did not expect by panicking")]

use std::cell::RefCell;
use std::fmt::Write as _;

use aco_stream::catalog::Table;
use aco_stream::decode::{Row, RowChange, Value};
use aco_stream::source::{Connection, RowRange, SourceParams, Stream, read_range, written_end};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::random::seed;
use crate::servers::{Database, both_servers};
use crate::shop::fixture;
use crate::source_live::{changes_until, open_stream, params, start_of, watched_shop};

/// Each case sends some sixty statements.
const CASES: u32 = 40;

/// An SQL expression of a column's value.
type Literal = String;

/// A row of one table: its watched columns in order, as inserted and as updated.
#[derive(Debug, Clone)]
struct Written {
    table: Table,
    first: Vec<Literal>,
    second: Vec<Literal>,
}

fn unsigned(max: u64) -> BoxedStrategy<Literal> {
    let edges = prop::sample::select(vec![0, 1, max / 2, max / 2 + 1, max - 1, max]);
    prop_oneof![edges, 0..=max].prop_map(|number| number.to_string()).boxed()
}

fn signed() -> BoxedStrategy<Literal> {
    let edges = prop::sample::select(vec![0, -1, i32::MIN, i32::MAX]);
    prop_oneof![edges, any::<i32>()].prop_map(|number| number.to_string()).boxed()
}

/// DECIMAL with so many digits, of which so many are behind the point.
fn decimal(digits: u32, scale: u32) -> BoxedStrategy<Literal> {
    let max = 10_i128.pow(digits) - 1;
    let edges = prop::sample::select(vec![0, 1, -1, max, -max, 10_i128.pow(scale)]);
    let any = (0..=digits, any::<i128>()).prop_map(|(digits, any)| any % 10_i128.pow(digits));
    let literal = move |units: i128| {
        let (sign, one) = (if units < 0 { "-" } else { "" }, 10_u128.pow(scale));
        let (whole, rest) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
        let width = usize::try_from(scale).expect("a small number");
        format!("{sign}{whole}.{rest:0width$}")
    };
    prop_oneof![edges.prop_map(literal), any.prop_map(literal), Just("-0.0".to_owned())].boxed()
}

fn datetime() -> BoxedStrategy<Literal> {
    let edges = prop::sample::select(vec![
        "0000-00-00 00:00:00",
        "0000-01-01 00:00:00",
        "0001-01-01 00:00:00",
        "1000-01-01 00:00:00",
        "1969-12-31 23:59:59",
        "2024-00-00 00:00:00",
        "2024-02-29 23:59:59",
        "9999-12-31 23:59:59",
    ]);
    let any = (0..=9999, 1..=12, 1..=28, 0..=23, 0..=59, 0..=59).prop_map(
        |(year, month, day, hour, minute, second)| {
            format!("'{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}'")
        },
    );
    prop_oneof![edges.prop_map(|text| format!("'{text}'")), any].boxed()
}

/// TIMESTAMP ends in January 2038.
fn timestamp() -> BoxedStrategy<Literal> {
    let edges = prop::sample::select(vec![1, i64::from(i32::MAX), 1_711_846_800, 1_000_000_000]);
    let any = prop_oneof![edges, 1..=i64::from(i32::MAX)].prop_map(|second| {
        let instant = jiff::Timestamp::from_second(second).expect("an instant");
        instant.strftime("'%F %T'").to_string()
    });
    prop_oneof![1 => Just("'0000-00-00 00:00:00'".to_owned()), 4 => any].boxed()
}

/// Text of up to so many characters, all kinds of them.
fn text(chars_max: usize) -> BoxedStrategy<Literal> {
    let awkward = vec![
        '\'',
        '"',
        '\\',
        '%',
        '_',
        ';',
        '`',
        ' ',
        '\t',
        '\n',
        '\r',
        '\u{1}',
        '\u{1a}',
        '\u{7f}',
        '\u{85}',
        '\u{301}',
        '\u{200d}',
        '\u{202e}',
        '\u{feff}',
        '\u{fffd}',
        '\u{ffff}',
        'ß',
        'é',
        'İ',
        '中',
        '⛵',
        '🧭',
        '👩',
        '𝔼',
        '\u{10ffff}',
    ];
    let char = prop_oneof![
        prop::sample::select(awkward),
        any::<char>().prop_filter("the property is about text without NUL", |char| *char != '\0'),
        prop::char::range('a', 'z'),
    ];
    let short = prop::collection::vec(char.clone(), 0..=chars_max.min(40));
    let whole = prop::collection::vec(char, chars_max.min(2000)..=chars_max.min(2000));
    let literal = |repeat: usize| {
        move |chars: Vec<char>| {
            let mut hex = String::new();
            for byte in chars.into_iter().collect::<String>().into_bytes() {
                write!(hex, "{byte:02x}").expect("a String takes all");
            }
            format!("REPEAT(CONVERT(X'{hex}' USING utf8mb4), {repeat})")
        }
    };
    // Up to 240 KB, past every border of a length.
    let repeat = (chars_max / 2000).clamp(1, 30);
    prop_oneof![4 => short.prop_map(literal(1)), 1 => whole.prop_map(literal(repeat))].boxed()
}

fn nullable(of: BoxedStrategy<Literal>) -> BoxedStrategy<Literal> {
    prop_oneof![1 => Just("NULL".to_owned()), 5 => of].boxed()
}

/// The tables, with what fits into each watched column.
fn columns() -> Vec<(Table, Vec<BoxedStrategy<Literal>>)> {
    const INT: u64 = 4_294_967_295;
    const SMALL: u64 = 65_535;
    let signed_id = || unsigned(INT / 2);
    let value = |id, value| vec![id, unsigned(SMALL), unsigned(SMALL), unsigned(INT), value];
    vec![
        (Table::CustomerGroup, vec![unsigned(INT), text(32)]),
        (
            Table::CoreConfigData,
            vec![unsigned(INT), text(8), signed(), text(255), nullable(text(16_000))],
        ),
        (
            Table::ProductEntity,
            vec![unsigned(INT), unsigned(SMALL), text(32), text(64), timestamp(), timestamp()],
        ),
        (Table::ProductVarchar, value(signed_id(), nullable(text(255)))),
        (Table::ProductInt, value(signed_id(), nullable(signed()))),
        (Table::ProductDecimal, value(unsigned(INT), nullable(decimal(20, 6)))),
        (Table::ProductText, value(signed_id(), nullable(text(1_000_000)))),
        (Table::ProductDatetime, value(signed_id(), nullable(datetime()))),
        (
            Table::ProductTierPrice,
            vec![
                signed_id(),
                unsigned(INT),
                unsigned(1),
                unsigned(INT),
                decimal(12, 4),
                decimal(20, 6),
                unsigned(SMALL),
                nullable(decimal(5, 2)),
            ],
        ),
        (
            Table::StockItem,
            vec![
                unsigned(INT),
                unsigned(INT),
                unsigned(SMALL),
                nullable(decimal(12, 4)),
                decimal(12, 4),
                unsigned(1),
                unsigned(SMALL),
                unsigned(1),
                unsigned(1),
                unsigned(SMALL),
                unsigned(1),
                unsigned(SMALL),
                decimal(12, 4),
                unsigned(1),
                decimal(12, 4),
                unsigned(1),
                unsigned(1),
                unsigned(1),
                decimal(12, 4),
                unsigned(1),
            ],
        ),
    ]
}

fn written() -> impl Strategy<Value = Vec<Written>> {
    let rows: Vec<_> = columns()
        .into_iter()
        .map(|(table, columns)| {
            assert_eq!(columns.len(), table.watched().columns.len(), "{}", table.name());
            (columns.clone(), columns).prop_map(move |(first, mut second)| {
                for &key in table.watched().primary_key {
                    second[key].clone_from(&first[key]);
                }
                Written { table, first, second }
            })
        })
        .collect();
    rows
}

/// What became of the rows of one case.
#[derive(Default)]
struct Seen {
    /// Each row as a SELECT shows it, and as the server itself casts its values.
    selected: Vec<(Row, Vec<Option<String>>)>,
    /// What the binlog must tell, in the words of the SELECTs.
    expected: Vec<RowChange>,
    /// What it tells.
    changes: Vec<RowChange>,
}

struct Shop<'a> {
    database: &'a Database,
    params: &'a SourceParams,
    connection: Connection,
    stream: Stream,
}

impl Shop<'_> {
    /// Inserts, updates and deletes the rows; nothing of them is left.
    async fn write(&mut self, rows: &[Written]) -> Seen {
        let mut seen = Seen::default();
        for Written { table, first, second } in rows {
            let watched = table.watched();
            let names: Vec<_> = watched.columns.iter().map(|column| column.name).collect();
            let (name, key) = (watched.name, &names[watched.primary_key[0]]);
            let key = format!("{key} = {}", first[watched.primary_key[0]]);
            let (columns, values) = (names.join(", "), first.join(", "));
            self.database.exec(&format!("INSERT INTO {name} ({columns}) VALUES ({values})"));
            let before = self.select(*table, first, &mut seen).await;
            let sets: Vec<_> =
                names.iter().zip(second).map(|(name, value)| format!("{name} = {value}")).collect();
            self.database.exec(&format!("UPDATE {name} SET {} WHERE {key}", sets.join(", ")));
            let after = self.select(*table, second, &mut seen).await;
            self.database.exec(&format!("DELETE FROM {name} WHERE {key}"));
            let change =
                |before, after| RowChange { table: table.id(), before, after, cascades: false };
            seen.expected.push(change(None, Some(before.clone())));
            if before != after {
                seen.expected.push(change(Some(before), Some(after.clone())));
            }
            seen.expected.push(change(Some(after), None));
        }
        let end = written_end(&mut self.connection).await.expect("the end");
        seen.changes = changes_until(&mut self.stream, &end).await;
        seen
    }

    /// The only row of a table.
    async fn select(&mut self, table: Table, written: &[Literal], seen: &mut Seen) -> Row {
        let watched = table.watched();
        let owner: u64 = written[watched.chunk_column].parse().expect("a number");
        let range = RowRange { after: owner.checked_sub(1), upto: Some(owner) };
        let watch = watched_shop(self.params);
        let reading = (self.params, &watch);
        let read = read_range(&mut self.connection, reading, watched, range).await;
        let read = read.expect("a range");
        assert_eq!(read.len(), 1, "{}", watched.name);
        let casts: Vec<_> =
            watched.columns.iter().map(|column| format!("CAST({} AS CHAR)", column.name)).collect();
        let sql = format!("SELECT {} FROM {}", casts.join(", "), watched.name);
        let words = self.database.query(&sql).remove(0);
        seen.selected.push((read[0].clone(), words));
        read[0].clone()
    }
}

#[test]
fn every_value_is_the_same_by_select_by_binlog_and_in_the_servers_own_words() {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    both_servers(|server| {
        let database = server.fresh_database(&[&fixture("shop/schema-opensource.sql")]);
        database.exec("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'");
        database.exec("SET time_zone = '+00:00', foreign_key_checks = 0");
        let params = params(server, &database.schema);
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            max_shrink_iters: 100,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let shop = runtime.block_on(async {
            let from = start_of(&params).await;
            let connection = Connection::connect(&params).await.expect("connected");
            let stream = open_stream(&params, &from).await.expect("a stream");
            RefCell::new(Shop { database: &database, params: &params, connection, stream })
        });
        let outcome = TestRunner::new_with_rng(config, rng).run(&written(), |rows| {
            let seen = runtime.block_on(shop.borrow_mut().write(&rows));
            for (row, words) in seen.selected {
                let ours: Vec<_> = row.iter().map(Value::to_char).collect();
                prop_assert_eq!(ours, words);
            }
            prop_assert_eq!(seen.changes, seen.expected);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("on {}: {failure}", server.flavour.name());
        }
    });
}
