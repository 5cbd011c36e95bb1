//! What `information_schema` says about the watched tables: columns, and about how many rows.

use std::collections::BTreeMap;

use crate::decode::{ColumnDescription, TableColumns, TableId, TableLayout, Watch};
use crate::source::connection::TextRow;
use crate::source::params::literal;
use crate::source::{Connection, Flavour, SourceError, SourceParams};

/// The columns of the watched tables, for binlogs that do not name them. Tables that the shop lacks
/// are left out.
pub async fn table_columns(
    conn: &mut Connection,
    watch: &Watch,
) -> Result<BTreeMap<TableId, TableColumns>, SourceError> {
    let sql = format!(
        "SELECT table_name AS t, column_name AS c, column_type AS k, data_type AS d, \
         character_set_name AS s FROM information_schema.columns WHERE {} ORDER BY table_name, \
         ordinal_position",
        these_tables(watch)
    );
    let ids = ids_by_name(watch);
    let mut all: BTreeMap<TableId, TableColumns> = BTreeMap::new();
    for row in conn.rows("read the watched tables' columns", &sql).await? {
        if let Some(id) = row.get("t").and_then(|table| ids.get(table))
            && let Some(column) = description(&row)
        {
            all.entry(*id).or_default().columns.push(column);
        }
    }
    Ok(all)
}

/// Which layout the shop's tables have. `None`: the product table, which tells, is not there; while it
/// is swapped for another, that lasts a moment.
///
/// # Errors
/// The columns can't be asked for.
pub async fn table_layout(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<Option<TableLayout>, SourceError> {
    let sql = format!(
        "SELECT MAX(column_name = 'row_id') FROM information_schema.columns WHERE table_schema = {} \
         AND table_name = {}",
        literal(&params.database),
        literal(&format!("{}catalog_product_entity", params.table_prefix))
    );
    let has_row_id = conn.text("look for content staging", &sql).await?;
    let layout = |has: String| if has == "0" { TableLayout::Plain } else { TableLayout::Staged };
    Ok(has_row_id.map(layout))
}

/// About how many rows each table has: good for a progress bar only.
pub async fn estimate_rows(
    conn: &mut Connection,
    watch: &Watch,
) -> Result<BTreeMap<TableId, u64>, SourceError> {
    const DOING: &str = "estimate the watched tables' rows";
    if conn.flavour() == Flavour::Mysql && conn.version() >= (8, 0, 0) {
        // By default the figures may be a day old.
        conn.run(DOING, "SET SESSION information_schema_stats_expiry = 0").await?;
    }
    let sql = format!(
        "SELECT table_name AS t, table_rows AS n FROM information_schema.tables WHERE {}",
        these_tables(watch)
    );
    let ids = ids_by_name(watch);
    let rows = conn.rows(DOING, &sql).await?;
    let estimate = |row: &TextRow| {
        let id = *ids.get(row.get("t")?)?;
        Some((id, row.get("n").and_then(|count| count.parse().ok()).unwrap_or(0)))
    };
    Ok(rows.iter().filter_map(estimate).collect())
}

fn these_tables(watch: &Watch) -> String {
    let names: Vec<String> =
        watch.tables().map(|(_, table)| literal(&watch.full_name(table))).collect();
    let schema = literal(&watch.schema);
    format!("table_schema = {schema} AND table_name IN ({})", names.join(", "))
}

fn ids_by_name(watch: &Watch) -> BTreeMap<String, TableId> {
    watch.tables().map(|(id, table)| (watch.full_name(table), id)).collect()
}

fn description(row: &TextRow) -> Option<ColumnDescription> {
    Some(ColumnDescription {
        name: row.get("c")?.to_owned(),
        is_unsigned: row.get("k")?.to_ascii_lowercase().contains("unsigned"),
        data_type: row.get("d")?.to_ascii_lowercase(),
        charset: row.get("s").map(str::to_ascii_lowercase),
    })
}
