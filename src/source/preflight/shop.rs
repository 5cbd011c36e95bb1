//! Facts of the shop itself that change what the service will hold.

use jiff::Timestamp;

use crate::source::connection::TextRow;
use crate::source::preflight::{Finding, rows_if_allowed};
use crate::source::{Connection, SourceError, SourceParams};

/// A price book's id is the website's code; the service allows so many characters of it, because
/// a child book's id adds a colon and a hash.
const WEBSITE_CODE_CHARS_MAX: usize = 22;

const CLOCK_OFFSET_MAX_MS: u64 = 5_000;

/// Parts of module names whose features send the same catalog by another way.
const RIVAL_MODULES: &[&str] = &[
    "LiveSearch",
    "ProductRecommendation",
    "CatalogServiceInstaller",
    "CatalogSyncAdmin",
    "CommerceOptimizer",
    "SaasExportAdapter",
    "DataExporterAdapter",
    "CommerceAcoExporter",
    "SaasPriceBook",
];

/// Compares the server's clock with ours.
pub(super) async fn clock(conn: &mut Connection, now: Timestamp) -> Result<Finding, SourceError> {
    const DOING: &str = "read the server's clock";
    let sql = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000 AS SIGNED)";
    let answer = conn.text(DOING, sql).await?.unwrap_or_default();
    let Ok(server_ms) = answer.parse() else {
        return Err(SourceError::UnexpectedAnswer { doing: DOING, answer });
    };
    Ok(judge_clock(server_ms, now))
}

pub(super) fn judge_clock(server_ms: i64, now: Timestamp) -> Finding {
    const CHECK: &str = "clock";
    let offset_ms = server_ms.saturating_sub(now.as_millisecond());
    if offset_ms.unsigned_abs() <= CLOCK_OFFSET_MAX_MS {
        return Finding::ok(CHECK, format!("the server's clock is {offset_ms} ms ahead of ours"));
    }
    let (seconds, way) =
        (offset_ms.unsigned_abs() / 1000, if offset_ms > 0 { "ahead of" } else { "behind" });
    let message = format!(
        "the server's clock is {seconds} s {way} ours: lag and dated prices will be off by that"
    );
    Finding::warning(CHECK, message, "synchronise both clocks (NTP)")
}

pub(super) async fn check(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<Vec<Finding>, SourceError> {
    let mut findings = vec![websites(conn, params).await?];
    findings.push(extensions(conn, params).await?);
    Ok(findings)
}

async fn websites(conn: &mut Connection, params: &SourceParams) -> Result<Finding, SourceError> {
    let sql = format!(
        "SELECT code FROM {} WHERE CHAR_LENGTH(code) > {WEBSITE_CODE_CHARS_MAX}",
        params.quoted_table("store_website")
    );
    let rows = conn.rows("read the websites", &sql).await?;
    Ok(judge_websites(&first_cells(&rows)))
}

/// `long` are the codes that are too long.
pub(super) fn judge_websites(long: &[&str]) -> Finding {
    const CHECK: &str = "website_codes";
    if long.is_empty() {
        Finding::ok(CHECK, "every website's code is short enough for a price book")
    } else {
        let message = format!(
            "website codes over {WEBSITE_CODE_CHARS_MAX} characters, whose price books the service \
             may refuse: {}",
            long.join(", ")
        );
        Finding::warning(CHECK, message, "shorten the codes in the Admin")
    }
}

async fn extensions(conn: &mut Connection, params: &SourceParams) -> Result<Finding, SourceError> {
    let sql = format!("SELECT module FROM {}", params.quoted_table("setup_module"));
    let rows = rows_if_allowed(conn, "read the shop's modules", &sql).await?.unwrap_or_default();
    Ok(judge_extensions(&first_cells(&rows)))
}

pub(super) fn judge_extensions(modules: &[&str]) -> Finding {
    const CHECK: &str = "extensions";
    let is_rival = |module: &&str| RIVAL_MODULES.iter().any(|part| module.contains(part));
    let rivals: Vec<&str> = modules.iter().copied().filter(is_rival).collect();
    if rivals.is_empty() {
        Finding::ok(CHECK, "no extension that sends the same catalog")
    } else {
        let message = format!(
            "extensions that send the same catalog or conflict with it: {}",
            rivals.join(", ")
        );
        let fix = format!("bin/magento module:disable {}", rivals.join(" "));
        Finding::warning(CHECK, message, fix)
    }
}

fn first_cells(rows: &[TextRow]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.at(0)).collect()
}
