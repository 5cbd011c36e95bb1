//! What must be true of server, account and shop before anything is read, and what may cease to be
//! while we follow, each with its remedy.
//!
//! Facts are read first, judged by pure functions after; every finding of a run is reported at
//! once. Nothing here changes the server.

mod account;
mod columns;
mod facts;
mod finding;
mod grants;
mod retention;
mod settings;
mod shop;
mod storage;
mod tables;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::decode::{TableLayout, WatchedTable};
use crate::source::connection::TextRow;
use crate::source::preflight::facts::{Facts, Variables};
use crate::source::preflight::retention::Estimate;
use crate::source::preflight::tables::{Seen, Wanted};
use crate::source::{Connection, SourceError, SourceParams, table_layout};

pub use finding::{Finding, Severity};
pub use retention::Retention;

/// What a preflight saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// Which layout the shop's tables have.
    pub layout: TableLayout,
    /// All findings, in the order in which they are read best.
    pub findings: Vec<Finding>,
}

/// Checks server, account and shop before a snapshot. `tables` are the watched tables of every
/// layout; `now` is our own time, taken just before the call.
///
/// # Errors
/// A question could not be asked or answered. What the account may not ask is a finding, no error.
pub async fn preflight(
    conn: &mut Connection,
    params: &SourceParams,
    tables: &'static [WatchedTable],
    now: Timestamp,
) -> Result<Preflight, SourceError> {
    let mut findings = vec![shop::clock(conn, now).await?];
    let facts = Facts::read(conn).await?;
    findings.extend(settings::judge(&facts));
    let account = account(conn).await?;
    let grants = grants::read(conn).await?;
    findings.extend(grants::judge(&grants, &facts, params, &account));
    findings.push(account::tls(conn, params).await?);
    findings.push(account::server_id(conn, params, &facts).await?);
    let layout = table_layout(conn, params).await?.unwrap_or(TableLayout::Plain);
    let wanted = Wanted { params, layout, tables };
    let seen = Seen::read(conn, wanted).await?;
    if facts.is_on("log_bin") {
        let snapshot = Estimate::new(seen.rows(wanted), &params.snapshot);
        findings.extend(retention::judge(&facts, snapshot));
    }
    findings.extend(tables::judge(&seen, wanted, &account));
    if seen.is_readable(wanted) {
        findings.extend(shop::check(conn, params).await?);
    }
    Ok(Preflight { layout, findings })
}

/// Checks what an operator may change while we follow: the settings of the binlog, its retention,
/// the account's replication privileges, our number. Cheap enough for once a minute.
///
/// # Errors
/// As for [`preflight`].
pub async fn recheck(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<Vec<Finding>, SourceError> {
    let facts = Facts::read(conn).await?;
    let mut findings = settings::judge_running(&facts);
    if facts.is_on("log_bin") {
        findings.extend(retention::judge_running(&facts));
    }
    let account = account(conn).await?;
    let grants = grants::read(conn).await?;
    findings.extend(grants::judge_running(&grants, &facts, &account));
    findings.push(account::server_id(conn, params, &facts).await?);
    Ok(findings)
}

/// How long the server keeps its binlog.
pub(crate) async fn retention(conn: &mut Connection) -> Result<Retention, SourceError> {
    Ok(retention::retention(&Variables::read(conn).await?))
}

/// Whose grants count, as `user@host`.
async fn account(conn: &mut Connection) -> Result<String, SourceError> {
    let account = conn.text("read the account's privileges", "SELECT CURRENT_USER()").await?;
    Ok(account.unwrap_or_default())
}

/// The rows of `sql`, or `None` when the table does not exist or is not for this account.
async fn rows_if_allowed(
    conn: &mut Connection,
    doing: &'static str,
    sql: &str,
) -> Result<Option<Vec<TextRow>>, SourceError> {
    match conn.rows(doing, sql).await {
        Ok(rows) => Ok(Some(rows)),
        Err(SourceError::PrivilegeMissing { .. }) => Ok(None),
        Err(error) if error.is_no_such_table() => Ok(None),
        Err(error) => Err(error),
    }
}
