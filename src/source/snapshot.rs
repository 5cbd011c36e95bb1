//! Positions to start and end with, and table rows in resumable chunks, without any lock.
//!
//! A transaction is in the binlog before a SELECT can see it. So the position to start the binlog
//! from ([`safe_start`]) is not simply the binlog's end ([`written_end`]): it is one whose every
//! transaction is already visible. Rows are read after it, and the binlog is then replayed over
//! them; full row images folded by primary key converge.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Params, Value as Cell};
use tokio::time::timeout;

use crate::decode::{Row, WatchedTable};
use crate::position::{BinlogOffset, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position};
use crate::source::cell::row_of;
use crate::source::connection::within;
use crate::source::params::quoted;
use crate::source::{Connection, Flavour, SourceError, SourceParams};

/// The first event of a binlog file follows the file's magic number.
const FIRST_OFFSET: u64 = 4;

/// The longest wait for one chunk.
const CHUNK_LIMIT: Duration = Duration::from_mins(10);

/// A position whose every transaction is visible to a SELECT that starts after this call.
///
/// `at` is always filled, and never later than the GTIDs.
pub async fn safe_start(conn: &mut Connection) -> Result<Position, SourceError> {
    match conn.flavour() {
        Flavour::Mysql => mysql_start(conn).await,
        Flavour::Mariadb => mariadb_start(conn).await,
    }
}

/// `gtid_executed` grows when a transaction becomes visible. Without GTIDs the start of the current
/// file serves: a rotation waits until everything in the old file is visible, and older is safe.
async fn mysql_start(conn: &mut Connection) -> Result<Position, SourceError> {
    const DOING: &str = "note the executed GTIDs";
    let end = written_end(conn).await?;
    let at = BinlogOffset { file: end.file, offset: FIRST_OFFSET };
    let mode = conn.text(DOING, "SELECT @@GLOBAL.gtid_mode").await?.unwrap_or_default();
    if mode != "ON" {
        return Ok(Position { gtid: None, at });
    }
    let text = conn.text(DOING, "SELECT @@GLOBAL.gtid_executed").await?.unwrap_or_default();
    let set = MysqlGtidSet::parse(&text)
        .map_err(|error| unexpected(DOING, &format!("{text:?}: {error}")))?;
    Ok(Position { gtid: Some(GtidSet::Mysql(set)), at })
}

/// A consistent snapshot is ordered with the commits, and names its own place in the binlog.
async fn mariadb_start(conn: &mut Connection) -> Result<Position, SourceError> {
    const DOING: &str = "note the position of a consistent snapshot";
    conn.run(DOING, "START TRANSACTION WITH CONSISTENT SNAPSHOT").await?;
    let rows = conn.rows(DOING, "SHOW SESSION STATUS LIKE 'binlog_snapshot_%'").await;
    conn.run(DOING, "COMMIT").await?;
    let rows = rows?;
    let status = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row.at(0).is_some_and(|variable| variable.eq_ignore_ascii_case(name)));
        row.and_then(|row| row.at(1)).unwrap_or_default()
    };
    let (file, offset) = (status("binlog_snapshot_file"), status("binlog_snapshot_position"));
    if file.is_empty() {
        return Err(SourceError::BinlogOff);
    }
    let at = BinlogOffset { file: file.to_owned(), offset: parse_offset(DOING, offset)? };
    let sql = format!(
        "SELECT BINLOG_GTID_POS({}, {})",
        crate::source::params::literal(&at.file),
        at.offset
    );
    // NULL: the file was purged in this moment. Then file and offset are no use either.
    let text = conn.text(DOING, &sql).await?.ok_or_else(|| unexpected(DOING, "no GTIDs"))?;
    let gtids = MariadbGtidPosition::parse(&text)
        .map_err(|error| unexpected(DOING, &format!("{text:?}: {error}")))?;
    Ok(Position { gtid: Some(GtidSet::Mariadb(gtids)), at })
}

/// The end of the binlog: everything that a SELECT before this call could see is at or before it.
pub async fn written_end(conn: &mut Connection) -> Result<BinlogOffset, SourceError> {
    const DOING: &str = "ask for the binlog's end";
    let sql = status_statement(conn.flavour(), conn.version());
    let rows = conn.rows(DOING, sql).await?;
    let row = rows.first().ok_or(SourceError::BinlogOff)?;
    let file = row.get("file").unwrap_or_default().to_owned();
    let offset = parse_offset(DOING, row.get("position").unwrap_or_default())?;
    Ok(BinlogOffset { file, offset })
}

/// The statement that shows the binlog's end.
pub(crate) fn status_statement(flavour: Flavour, version: (u16, u16, u16)) -> &'static str {
    match flavour {
        Flavour::Mysql if version >= (8, 2, 0) => "SHOW BINARY LOG STATUS",
        Flavour::Mysql | Flavour::Mariadb => "SHOW MASTER STATUS",
    }
}

/// Which rows to read next.
#[derive(Debug, Clone, Copy)]
pub struct ChunkRequest {
    /// The table.
    pub table: &'static WatchedTable,
    /// The last value of the chunk column that was read; `None` at the table's start.
    pub after: Option<u64>,
    /// About how many rows to read. A chunk never ends between two rows of one chunk column value,
    /// so it may hold more.
    pub rows_max: usize,
}

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The rows, by chunk column.
    pub rows: Vec<Row>,
    /// What to ask for next; `None` when the table is finished.
    pub next_after: Option<u64>,
}

/// Reads the next rows of a table. An optional table that the shop lacks is finished at once.
///
/// Needs an index that starts with the chunk column to be quick; without one it is only slower.
pub async fn read_chunk(
    conn: &mut Connection,
    params: &SourceParams,
    request: ChunkRequest,
) -> Result<Chunk, SourceError> {
    let read = Box::pin(read_chunk_unbounded(conn, params, request));
    match timeout(CHUNK_LIMIT, read).await {
        Ok(Err(error)) if request.table.optional && error.is_no_such_table() => {
            Ok(Chunk { rows: Vec::new(), next_after: None })
        }
        Ok(chunk) => chunk,
        Err(_) => Err(SourceError::Timeout { doing: DOING_CHUNK, limit: CHUNK_LIMIT }),
    }
}

const DOING_CHUNK: &str = "read rows of a watched table";

async fn read_chunk_unbounded(
    conn: &mut Connection,
    params: &SourceParams,
    request: ChunkRequest,
) -> Result<Chunk, SourceError> {
    let sql = ChunkSql::new(params, request);
    let conn = conn.conn_mut();
    let after: Vec<Cell> = request.after.into_iter().map(Cell::UInt).collect();
    let bound: Option<(Option<u64>, u64)> =
        within(DOING_CHUNK, CHUNK_LIMIT, conn.exec_first(&*sql.bound, positional(after.clone())))
            .await?;
    let Some((Some(last), count)) = bound else {
        return Ok(Chunk { rows: Vec::new(), next_after: None });
    };
    let range = after.into_iter().chain([Cell::UInt(last)]).collect();
    let failed = |error| SourceError::of_query(DOING_CHUNK, error);
    let mut result = conn.exec_iter(&*sql.rows, positional(range)).await.map_err(failed)?;
    let mut rows = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    while let Some(row) = result.next().await.map_err(failed)? {
        rows.push(row_of(request.table, row)?);
    }
    let is_full = usize::try_from(count).unwrap_or(usize::MAX) >= request.rows_max;
    Ok(Chunk { rows, next_after: is_full.then_some(last) })
}

fn positional(values: Vec<Cell>) -> Params {
    if values.is_empty() { Params::Empty } else { Params::Positional(values) }
}

/// The two statements of a chunk: where it ends, and its rows.
#[derive(Debug, PartialEq, Eq)]
struct ChunkSql {
    bound: String,
    rows: String,
}

impl ChunkSql {
    fn new(params: &SourceParams, request: ChunkRequest) -> Self {
        let table = params.quoted_table(request.table.name);
        let names: Vec<String> =
            request.table.columns.iter().map(|column| quoted(column.name)).collect();
        let chunk = names.get(request.table.chunk_column).map_or("1", String::as_str);
        let (only_after, and_after) = match request.after {
            Some(_) => (format!(" WHERE {chunk} > ?"), format!("{chunk} > ? AND ")),
            None => (String::new(), String::new()),
        };
        let limit = request.rows_max.max(1);
        Self {
            bound: format!(
                "SELECT MAX(c), COUNT(*) FROM (SELECT {chunk} AS c FROM {table}{only_after} ORDER \
                 BY {chunk} LIMIT {limit}) AS chunk"
            ),
            rows: format!(
                "SELECT {} FROM {table} WHERE {and_after}{chunk} <= ? ORDER BY {chunk}",
                names.join(", ")
            ),
        }
    }
}

fn parse_offset(doing: &'static str, text: &str) -> Result<u64, SourceError> {
    text.parse().map_err(|error: std::num::ParseIntError| {
        unexpected(doing, &format!("{text:?} as an offset: {error}"))
    })
}

fn unexpected(doing: &'static str, answer: &str) -> SourceError {
    SourceError::UnexpectedAnswer { doing, answer: answer.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{ColumnKind, WatchedColumn};
    use crate::source::TlsMode;

    static TABLE: WatchedTable = WatchedTable {
        name: "catalog_product_entity_int",
        columns: &[
            WatchedColumn { name: "value_id", kind: ColumnKind::Int },
            WatchedColumn { name: "entity_id", kind: ColumnKind::Int },
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    };

    fn params() -> SourceParams {
        SourceParams {
            host: "db".to_owned(),
            port: 3306,
            user: "cdc".to_owned(),
            password: None,
            database: "shop".to_owned(),
            tls: TlsMode::Off,
            tls_ca_file: None,
            table_prefix: "m2_".to_owned(),
            server_id: 7,
            heartbeat: SourceParams::HEARTBEAT,
            connect_timeout: SourceParams::CONNECT_TIMEOUT,
        }
    }

    #[test]
    fn the_first_chunk_has_no_lower_bound_so_that_id_zero_is_read() {
        let sql =
            ChunkSql::new(&params(), ChunkRequest { table: &TABLE, after: None, rows_max: 10 });
        assert_eq!(
            sql.bound,
            "SELECT MAX(c), COUNT(*) FROM (SELECT `entity_id` AS c FROM \
             `shop`.`m2_catalog_product_entity_int` ORDER BY `entity_id` LIMIT 10) AS chunk"
        );
        assert_eq!(
            sql.rows,
            "SELECT `value_id`, `entity_id` FROM `shop`.`m2_catalog_product_entity_int` WHERE \
             `entity_id` <= ? ORDER BY `entity_id`"
        );
    }

    #[test]
    fn a_later_chunk_starts_behind_the_last_value() {
        let request = ChunkRequest { table: &TABLE, after: Some(4), rows_max: 10 };
        let sql = ChunkSql::new(&params(), request);
        assert!(sql.bound.contains("WHERE `entity_id` > ? ORDER BY"), "{}", sql.bound);
        assert!(sql.rows.contains("WHERE `entity_id` > ? AND `entity_id` <= ?"), "{}", sql.rows);
    }
}
