//! What must be true of server, account and shop before anything is read, each with its remedy.
//!
//! Facts are read first, judged by pure functions after; every finding of a run is reported at
//! once. Nothing here changes the server.

mod account;
mod settings;
mod shop;
mod tables;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::decode::WatchedTable;
use crate::source::{Connection, SourceError, SourceParams};

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works, but something will be missing or may break.
    Warning,
    /// It cannot work, or rows would be lost.
    Fatal,
}

/// One checked fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// The name of the check, stable across versions.
    pub check: &'static str,
    /// What was found.
    pub message: String,
    /// The SQL statement or setting that changes it, in one line.
    pub fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Ok, check, message: message.into(), fix: None }
    }

    fn warning(
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<Option<String>>,
    ) -> Self {
        let severity = Severity::Warning;
        Self { severity, check, message: message.into(), fix: fix.into() }
    }

    fn fatal(
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<Option<String>>,
    ) -> Self {
        let severity = Severity::Fatal;
        Self { severity, check, message: message.into(), fix: fix.into() }
    }
}

/// Checks server, account and shop. `now` is our own time, taken just before the call.
pub async fn preflight(
    conn: &mut Connection,
    params: &SourceParams,
    tables: &[WatchedTable],
    now: Timestamp,
) -> Result<Vec<Finding>, SourceError> {
    let mut findings = vec![shop::clock(conn, now).await?];
    findings.push(Finding::ok("version", format!("{} {}", conn.flavour(), conn.version_text())));
    let facts = settings::Facts::read(conn).await?;
    findings.extend(settings::judge(&facts));
    findings.extend(account::check(conn, params, &facts).await?);
    let (readable, table_findings) = tables::check(conn, params, tables).await?;
    findings.extend(table_findings);
    if readable {
        findings.extend(shop::check(conn, params).await?);
    }
    Ok(findings)
}

/// The rows of `sql`, or `None` when the table does not exist or is not for this account.
async fn rows_if_allowed(
    conn: &mut Connection,
    doing: &'static str,
    sql: &str,
) -> Result<Option<Vec<crate::source::connection::TextRow>>, SourceError> {
    match conn.rows(doing, sql).await {
        Ok(rows) => Ok(Some(rows)),
        Err(SourceError::PrivilegeMissing { .. }) => Ok(None),
        Err(error) if error.is_no_such_table() => Ok(None),
        Err(error) => Err(error),
    }
}
