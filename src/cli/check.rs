//! `check`: is everything in place for a run?

mod licence;
mod service;

use std::path::Path;

use serde_json::json;

use crate::catalog::tables::WATCHED_TABLES;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, wire};
use crate::engine::EngineError;
use crate::source::{self, Connection, Finding, Severity};

pub(crate) async fn check(path: &Path, json: bool) -> Result<Exit, Failure> {
    let config = wire::read_config(path)?;
    let params = wire::source(&config);
    let source_error = |error| EngineError::Source(Box::new(error));
    let mut connection = Connection::connect(&params).await.map_err(source_error)?;
    let now = wire::clock().now();
    let preflight = source::preflight(&mut connection, &params, WATCHED_TABLES, now).await;
    let mut findings = preflight.map_err(source_error)?.findings;
    let is_taken = source::is_lead_taken(&mut connection, &wire::tenant(&config)).await;
    let message = if is_taken.map_err(source_error)? {
        "a process delivers to this tenant now; another one would stand by"
    } else {
        "no process delivers to this tenant now"
    };
    findings.push(Finding::ok("delivery", message));
    drop(connection);
    findings.extend(licence::findings(&config)?);
    // The findings about the source are worth seeing even when the service refuses us.
    let (of_service, failure) = service::findings(&config).await;
    findings.extend(of_service);
    print(&mut findings, json)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let is_unfit = findings.iter().any(|finding| finding.severity == Severity::Fatal);
    Ok(if is_unfit { Exit::Config } else { Exit::Done })
}

/// What stops a run comes first, what is well last.
fn print(findings: &mut [Finding], json: bool) -> Result<(), Failure> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let severity = finding.severity.name();
        if json {
            let line = json!({
                "severity": severity,
                "check": finding.check,
                "message": finding.message,
                "fix": finding.fix,
                "sql": finding.sql,
            });
            output::line(&line.to_string())?;
            continue;
        }
        output::line(&format!("{severity:<8} {}: {}", finding.check, finding.message))?;
        if let Some(fix) = &finding.fix {
            output::line(&format!("         hint: {fix}"))?;
        }
        for statement in finding.sql.iter().flat_map(|sql| sql.lines()) {
            output::line(&format!("         sql:  {statement}"))?;
        }
    }
    Ok(())
}
