//! The stretches of binlog that are read: what a shop writes, each in a binlog file of its own.

use std::path::Path;

use aco_stream::position::{BinlogOffset, Position};
use aco_stream::source::{safe_start, written_end};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::reading::{connection, run};
use crate::servers::Server;

/// The schema that everything is written to.
pub(crate) const SCHEMA: &str = "shop_bench";
/// Values of a product: 20 texts, 15 integers, 5 prices.
const VALUES_PER_PRODUCT: u64 = 40;
/// Products that one transaction writes: 1000 rows.
const PRODUCTS_PER_TRANSACTION: u64 = 25;

/// What is to be written.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) is_watched: bool,
    pub(crate) is_compressed: bool,
    statement: String,
    rows: u64,
}

/// A stretch of binlog: one file, from its head to its end.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) from: Position,
    pub(crate) until: BinlogOffset,
    pub(crate) rows: u64,
    /// The stretch before all others, with the shop that they change.
    pub(crate) shop: Option<(Position, BinlogOffset)>,
}

impl Plan {
    /// Every stretch, of about so many rows in large transactions and in transactions of one row.
    pub(crate) fn all(rows: u64, single_rows: u64) -> Vec<Self> {
        let block = VALUES_PER_PRODUCT * PRODUCTS_PER_TRANSACTION;
        // Inserted, updated, deleted.
        let blocks = rows.div_ceil(3 * block);
        let saves = (
            format!("CALL save_products({blocks}, {PRODUCTS_PER_TRANSACTION})"),
            3 * block * blocks,
        );
        let single = single_rows.div_ceil(4);
        let singles = (format!("CALL save_values({single})"), 4 * single);
        let quotes = rows.div_ceil(1000);
        let carts = (format!("CALL fill_carts({quotes})"), 1000 * quotes);
        let items = (format!("CALL add_items({single_rows})"), single_rows);
        let large = "1000-row transactions";
        let small = "one-row transactions";
        [
            (format!("watched, {large}"), true, false, saves.clone()),
            (format!("watched, {small}"), true, false, singles),
            (format!("unwatched, {large}"), false, false, carts.clone()),
            (format!("unwatched, {small}"), false, false, items),
            (format!("watched, {large}, compressed"), true, true, saves),
            (format!("unwatched, {large}, compressed"), false, true, carts),
        ]
        .into_iter()
        .map(|(name, is_watched, is_compressed, (statement, rows))| Self {
            name,
            is_watched,
            is_compressed,
            statement,
            rows,
        })
        .collect()
    }
}

/// The stretch of a plan: written now, or by a run before on the same server.
pub(crate) fn written(server: &Server, plan: &Plan) -> Stretch {
    run(async {
        let mut root = server.root().await;
        let made = root.exec_first::<String, _, _>(
            "SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?",
            (SCHEMA,),
        );
        if made.await.expect("schemata").is_none() {
            make_shop(server, &mut root).await;
        }
        root.query_drop(format!("USE {SCHEMA}")).await.expect("the schema is there");
        let shop = recorded(&mut root, "shop").await.expect("the shop was written first");
        let key = format!("{} {}", plan.name, plan.statement);
        let found = match recorded(&mut root, &key).await {
            Some(found) => found,
            None => write(server, &mut root, &key, plan).await,
        };
        let (from, until) = found;
        Stretch { from, until, rows: plan.rows, shop: Some(shop) }
    })
}

async fn make_shop(server: &Server, root: &mut Conn) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop");
    root.query_drop(format!("CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")).await.expect("made");
    server.load(SCHEMA, &fixtures.join("schema-opensource.sql"));
    root.query_drop(format!("USE {SCHEMA}")).await.expect("used");
    for statement in include_str!("shop.sql").split(";;\n").map(str::trim).filter(|s| !s.is_empty())
    {
        root.query_drop(statement).await.unwrap_or_else(|error| panic!("{error}, in: {statement}"));
    }
    let from = next_file(server, root).await;
    server.load(SCHEMA, &fixtures.join("shop.sql"));
    root.query_drop("CALL make_products()").await.expect("products");
    record(server, root, "shop", from).await;
}

async fn write(
    server: &Server,
    root: &mut Conn,
    key: &str,
    plan: &Plan,
) -> (Position, BinlogOffset) {
    println!("    writing: {}", plan.name);
    let is_on = u8::from(plan.is_compressed);
    let compress = if server.is_mariadb() {
        format!("SET GLOBAL log_bin_compress = {is_on}")
    } else {
        format!("SET SESSION binlog_transaction_compression = {is_on}")
    };
    // The next file begins with the setting.
    root.query_drop(compress).await.expect("compression is set");
    root.query_drop("TRUNCATE quote_item").await.expect("emptied");
    let from = next_file(server, root).await;
    root.query_drop(&plan.statement).await.unwrap_or_else(|error| panic!("{error}"));
    record(server, root, key, from).await
}

/// Begins a binlog file and tells where.
async fn next_file(server: &Server, root: &mut Conn) -> Position {
    root.query_drop("FLUSH BINARY LOGS").await.expect("flushed");
    let mut connection = connection(server.port, &server.ca_file, &server.password).await;
    safe_start(&mut connection).await.expect("a position")
}

/// Ends the binlog file, and notes where it began and ended.
async fn record(
    server: &Server,
    root: &mut Conn,
    key: &str,
    from: Position,
) -> (Position, BinlogOffset) {
    let mut connection = connection(server.port, &server.ca_file, &server.password).await;
    let until = written_end(&mut connection).await.expect("an end");
    assert_eq!(from.at.file, until.file, "a stretch must lie in one file: fewer rows, please");
    root.query_drop("FLUSH BINARY LOGS").await.expect("flushed");
    root.exec_drop(
        "INSERT INTO bench_stretch VALUES (?, ?, ?, ?)",
        (key, from.encode(), &until.file, until.offset),
    )
    .await
    .expect("noted");
    (from, until)
}

async fn recorded(root: &mut Conn, key: &str) -> Option<(Position, BinlogOffset)> {
    let row = root
        .exec_first::<(String, String, u64), _, _>(
            "SELECT starts, file, ends FROM bench_stretch WHERE name = ?",
            (key,),
        )
        .await
        .expect("the notes can be read");
    let (from, file, offset) = row?;
    Some((Position::decode(&from).expect("a position"), BinlogOffset { file, offset }))
}
