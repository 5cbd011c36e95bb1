//! Whether the watched tables exist, are readable, and have the columns that we read.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::WatchedTable;
use crate::source::params::literal;
use crate::source::preflight::Finding;
use crate::source::preflight::account::quoted_account;
use crate::source::{Connection, SourceError, SourceParams};

/// What a table's columns look like: name to the type as declared.
pub(super) type Columns = BTreeMap<String, String>;

/// What was seen of the schema.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Tables that a SELECT may read.
    pub(super) readable: BTreeSet<String>,
    /// Tables that exist, but not for this account.
    pub(super) denied: BTreeSet<String>,
    /// The columns of the readable tables.
    pub(super) columns: BTreeMap<String, Columns>,
}

/// Checks the tables; also says whether all that must be there can be read.
pub(super) async fn check(
    conn: &mut Connection,
    params: &SourceParams,
    tables: &[WatchedTable],
) -> Result<(bool, Vec<Finding>), SourceError> {
    const DOING: &str = "look at the watched tables";
    let mut seen = Seen::default();
    for table in tables {
        let sql = format!("SELECT 1 FROM {} LIMIT 0", params.quoted_table(table.name));
        match conn.run(DOING, &sql).await {
            Ok(()) => seen.readable.insert(table.name.to_owned()),
            Err(SourceError::PrivilegeMissing { .. }) => seen.denied.insert(table.name.to_owned()),
            Err(error) if error.is_no_such_table() => false,
            Err(error) => return Err(error),
        };
    }
    let names: Vec<String> = tables
        .iter()
        .map(|table| literal(&format!("{}{}", params.table_prefix, table.name)))
        .collect();
    let sql = format!(
        "SELECT table_name AS t, column_name AS c, column_type AS k FROM \
         information_schema.columns WHERE table_schema = {} AND table_name IN ({})",
        literal(&params.database),
        names.join(", ")
    );
    for row in conn.rows(DOING, &sql).await? {
        let (Some(table), Some(column), Some(kind)) = (row.get("t"), row.get("c"), row.get("k"))
        else {
            continue;
        };
        let table = table.strip_prefix(&params.table_prefix).unwrap_or(table).to_owned();
        seen.columns.entry(table).or_default().insert(column.to_owned(), kind.to_owned());
    }
    let account = conn.text(DOING, "SELECT CURRENT_USER()").await?.unwrap_or_default();
    let findings = judge(&seen, tables, params, &account);
    let readable = tables.iter().all(|table| table.optional || seen.readable.contains(table.name));
    Ok((readable, findings))
}

/// Judges what was seen.
pub(super) fn judge(
    seen: &Seen,
    tables: &[WatchedTable],
    params: &SourceParams,
    account: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names = |wanted: &dyn Fn(&WatchedTable) -> bool| -> Vec<&str> {
        tables.iter().filter(|table| wanted(table)).map(|table| table.name).collect()
    };
    let denied = names(&|table| seen.denied.contains(table.name));
    if denied.is_empty() {
        findings.push(Finding::ok("grant_select", "the account may read the schema"));
    } else {
        let fix =
            format!("GRANT SELECT ON `{}`.* TO {};", params.database, quoted_account(account));
        let message = format!("the account may not SELECT from {}", denied.join(", "));
        findings.push(Finding::fatal("grant_select", message, fix));
    }
    let absent =
        |table: &WatchedTable| !seen.readable.contains(table.name) && !denied.contains(&table.name);
    let missing = names(&|table| !table.optional && absent(table));
    if missing.is_empty() {
        findings.push(Finding::ok("tables", "all needed tables are there"));
    } else {
        let fix = "[source] table_prefix and the database in url must be the shop's (see \
                   app/etc/env.php)";
        let message = format!(
            "tables missing in {} (with the prefix {:?}): {}",
            params.database,
            params.table_prefix,
            missing.join(", ")
        );
        findings.push(Finding::fatal("tables", message, fix.to_owned()));
    }
    let without = names(&|table| table.optional && absent(table));
    if !without.is_empty() {
        let message = format!("optional tables that this shop lacks: {}", without.join(", "));
        findings.push(Finding::ok("optional_tables", message));
    }
    findings.extend(judge_columns(seen, tables));
    findings
}

fn judge_columns(seen: &Seen, tables: &[WatchedTable]) -> Vec<Finding> {
    let product = seen.columns.get("catalog_product_entity");
    if product.is_some_and(|columns| columns.contains_key("row_id")) {
        let message = "content staging (Adobe Commerce edition) tables are not supported by this \
                       version";
        let fix = "follow a shop without content staging: Magento Open Source, or Adobe Commerce \
                   without the staging modules";
        return vec![Finding::fatal("edition", message, fix.to_owned())];
    }
    let mut findings = vec![Finding::ok("edition", "tables without content staging")];
    let mut missing = Vec::new();
    let mut compressed = Vec::new();
    for table in tables {
        let Some(columns) = seen.columns.get(table.name) else {
            continue;
        };
        for column in table.columns {
            match columns.get(column.name) {
                None => missing.push(format!("{}.{}", table.name, column.name)),
                Some(kind) if kind.to_ascii_uppercase().contains("COMPRESSED") => {
                    compressed.push(format!("{}.{}", table.name, column.name));
                }
                Some(_) => {}
            }
        }
    }
    if missing.is_empty() {
        findings.push(Finding::ok("columns", "all needed columns are there"));
    } else {
        let message = format!("missing columns: {}", missing.join(", "));
        findings.push(Finding::fatal("columns", message, None));
    }
    if !compressed.is_empty() {
        let message = format!("COMPRESSED columns are not supported: {}", compressed.join(", "));
        let fix = "ALTER TABLE … MODIFY the column without COMPRESSED".to_owned();
        findings.push(Finding::fatal("compressed_columns", message, fix));
    }
    findings
}
