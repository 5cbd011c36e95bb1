//! Rows of the watched tables in resumable ranges, without any lock: each statement is its own
//! transaction, and none runs for long.
//!
//! Tables whose rows have the same owners are read in ranges of the chunk column that they share. A
//! table without an index on it is read in one piece.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mysql_async::prelude::Queryable;
use mysql_async::{BinaryProtocol, Params, QueryResult, Value as Cell};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::decode::{Row, TableId, Watch, WatchedTable};
use crate::source::cell::row_of;
use crate::source::connection::within;
use crate::source::params::{literal, quoted};
use crate::source::{Connection, SourceError, SourceParams};

const DOING: &str = "read rows of a watched table";

/// The rows of a table whose chunk column lies behind `after`, up to and including `upto`; `None`
/// leaves that end open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRange {
    /// The value that was read last.
    pub after: Option<u64>,
    /// The last value to read.
    pub upto: Option<u64>,
}

/// The watched tables that have an index to find ranges of their chunk column by.
pub async fn ranged_tables(
    conn: &mut Connection,
    watch: &Watch,
) -> Result<BTreeSet<TableId>, SourceError> {
    let sql = format!(
        "SELECT table_name AS t, column_name AS c FROM information_schema.statistics WHERE \
         table_schema = {} AND seq_in_index = 1",
        literal(&watch.schema)
    );
    let rows = conn.rows("read the watched tables' indexes", &sql).await?;
    let indexed: BTreeSet<(&str, String)> = rows
        .iter()
        .filter_map(|row| Some((row.get("t")?, row.get("c")?.to_ascii_lowercase())))
        .collect();
    let has_index = |table: &WatchedTable| {
        let name = watch.full_name(table);
        let column = table.columns.get(table.chunk_column);
        column.is_some_and(|column| indexed.contains(&(name.as_str(), column.name.to_owned())))
    };
    Ok(watch.tables().filter(|(_, table)| has_index(table)).map(|(id, _)| id).collect())
}

/// Where a range behind `after` shall end so that it holds about `rows_max` rows of none of the
/// tables more; `None` when everything that is left is no more than that.
pub async fn range_end(
    conn: &mut Connection,
    watch: &Watch,
    tables: &[TableId],
    (after, rows_max): (Option<u64>, usize),
) -> Result<Option<u64>, SourceError> {
    let mut sql = String::new();
    for table in tables.iter().filter_map(|id| watch.table(*id)) {
        let (name, chunk) = names_of(watch, table);
        let union = if sql.is_empty() { "" } else { " UNION ALL " };
        let behind = after.map(|after| format!(" WHERE {chunk} > {after}")).unwrap_or_default();
        let select = format!(
            "{union}SELECT MAX(c) AS c, COUNT(*) AS n FROM (SELECT {chunk} AS c FROM {name}{behind} \
             ORDER BY {chunk} LIMIT {}) AS part",
            rows_max.max(1)
        );
        // Writing to a string cannot fail.
        sql.write_str(&select).unwrap_or_default();
    }
    let rows = conn.rows(DOING, &sql).await?;
    let full = rows_max.max(1).to_string();
    let ends = rows.iter().filter(|row| row.get("n") == Some(full.as_str()));
    Ok(ends.filter_map(|row| row.get("c")?.parse().ok()).min())
}

/// Reads a range of a table.
pub async fn read_range(
    conn: &mut Connection,
    (params, watch): (&SourceParams, &Watch),
    table: &'static WatchedTable,
    range: RowRange,
) -> Result<Vec<Row>, SourceError> {
    let (sql, bounds) = range_sql(watch, table, range);
    let mut rows = Vec::new();
    let mut selected = select(conn, params, (table, &sql, bounds)).await?;
    while let Some(row) = next(&mut selected, params, table).await? {
        rows.push(row);
    }
    Ok(rows)
}

/// Reads a whole table with one statement and hands its rows out in parts, in the order in which the
/// server finds them. It ends early when nobody takes them.
pub async fn read_whole(
    conn: &mut Connection,
    (params, watch): (&SourceParams, &Watch),
    table: &'static WatchedTable,
    parts: mpsc::Sender<Vec<Row>>,
) -> Result<(), SourceError> {
    let sql = format!("SELECT {} FROM {}", columns_of(table), names_of(watch, table).0);
    let part_rows = params.snapshot.chunk_rows.max(1);
    let mut part = Vec::new();
    let mut selected = select(conn, params, (table, &sql, Params::Empty)).await?;
    while let Some(row) = next(&mut selected, params, table).await? {
        part.push(row);
        if part.len() >= part_rows && parts.send(std::mem::take(&mut part)).await.is_err() {
            return Ok(());
        }
    }
    if !part.is_empty() {
        // Nobody there: the rows are of no use any more.
        parts.send(part).await.unwrap_or_default();
    }
    Ok(())
}

type Selected<'c> = QueryResult<'c, 'static, BinaryProtocol>;

async fn select<'c>(
    conn: &'c mut Connection,
    params: &SourceParams,
    (table, sql, bounds): (&WatchedTable, &str, Params),
) -> Result<Selected<'c>, SourceError> {
    let asked = within(DOING, params.statement_timeout, conn.conn_mut().exec_iter(sql, bounds));
    asked.await.map_err(|error| error.with_table(table.name))
}

/// Waits for a row, but not for ever: a frozen server keeps its connections.
async fn next(
    selected: &mut Selected<'_>,
    params: &SourceParams,
    table: &'static WatchedTable,
) -> Result<Option<Row>, SourceError> {
    let limit = params.statement_timeout;
    match timeout(limit, selected.next()).await {
        Ok(Ok(row)) => row.map(|row| row_of(table, row)).transpose(),
        Ok(Err(error)) => Err(SourceError::of_query(DOING, error).with_table(table.name)),
        Err(_elapsed) => Err(SourceError::Timeout { doing: DOING, limit }),
    }
}

fn range_sql(watch: &Watch, table: &WatchedTable, range: RowRange) -> (String, Params) {
    let (name, chunk) = names_of(watch, table);
    let mut conditions = Vec::new();
    let mut bounds = Vec::new();
    for (bound, sign) in [(range.after, ">"), (range.upto, "<=")] {
        if let Some(bound) = bound {
            conditions.push(format!("{chunk} {sign} ?"));
            bounds.push(Cell::UInt(bound));
        }
    }
    let only = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    let bounds = if bounds.is_empty() { Params::Empty } else { Params::Positional(bounds) };
    (format!("SELECT {} FROM {name}{only}", columns_of(table)), bounds)
}

fn columns_of(table: &WatchedTable) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| quoted(column.name)).collect();
    names.join(", ")
}

/// The table's name and its chunk column, quoted.
fn names_of(watch: &Watch, table: &WatchedTable) -> (String, String) {
    let name = format!("{}.{}", quoted(&watch.schema), quoted(&watch.full_name(table)));
    let chunk = table.columns.get(table.chunk_column);
    (name, chunk.map_or_else(|| "1".to_owned(), |column| quoted(column.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{ColumnKind, TableLayout, WatchedColumn};

    static TABLES: [WatchedTable; 1] = [WatchedTable {
        name: "catalog_product_entity_int",
        columns: &[
            WatchedColumn { name: "value_id", kind: ColumnKind::Int },
            WatchedColumn { name: "entity_id", kind: ColumnKind::Int },
        ],
        chunk_column: 1,
        primary_key: &[0],
        optional: false,
        layout: None,
    }];

    fn sql(after: Option<u64>, upto: Option<u64>) -> (String, Params) {
        let watch = Watch {
            schema: "shop".to_owned(),
            table_prefix: "m2_".to_owned(),
            tables: &TABLES,
            layout: TableLayout::Plain,
        };
        range_sql(&watch, &TABLES[0], RowRange { after, upto })
    }

    #[test]
    fn the_first_range_has_no_lower_bound_so_that_id_zero_is_read() {
        let (text, bounds) = sql(None, Some(9));
        assert_eq!(
            text,
            "SELECT `value_id`, `entity_id` FROM `shop`.`m2_catalog_product_entity_int` WHERE \
             `entity_id` <= ?"
        );
        assert_eq!(bounds, Params::Positional(vec![Cell::UInt(9)]));
    }

    #[test]
    fn the_last_range_has_no_upper_bound_so_that_new_rows_are_read() {
        let (text, bounds) = sql(Some(4), None);
        assert!(text.ends_with(" WHERE `entity_id` > ?"), "{text}");
        assert_eq!(bounds, Params::Positional(vec![Cell::UInt(4)]));
        let (text, bounds) = sql(None, None);
        assert!(text.ends_with("_int`"), "{text}");
        assert_eq!(bounds, Params::Empty);
    }
}
