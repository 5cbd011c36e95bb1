//! Preflight: judgements of facts that no server has to be asked for.

mod accounts;
mod schema;
mod servers;

use crate::source::preflight::{Finding, Severity};

/// The findings that are not fine, as severity and check.
fn not_ok(findings: &[Finding]) -> Vec<(Severity, &'static str)> {
    let bad = findings.iter().filter(|finding| finding.severity != Severity::Ok);
    bad.map(|finding| (finding.severity, finding.check)).collect()
}

/// The finding of this check; it must be there exactly once.
fn of<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.check == check).collect();
    let [finding] = found.as_slice() else { panic!("{check} in {findings:?}") };
    finding
}

/// Whatever is not fine must say what to do, in one line each.
fn assert_remedies(findings: &[Finding]) {
    for finding in findings {
        assert_eq!(finding.fix.is_some(), finding.severity != Severity::Ok, "{finding:?}");
        assert!(finding.sql.is_none() || finding.fix.is_some(), "{finding:?}");
        assert!(!finding.message.contains('\n'), "{finding:?}");
        for statement in finding.sql.iter().flat_map(|sql| sql.lines()) {
            assert!(statement.ends_with(';'), "{finding:?}");
        }
    }
}

#[test]
fn remedy_has_the_words_and_the_statements_in_one_line() {
    let plain = Finding::warning("clock", "the clocks differ", "synchronise them");
    assert_eq!(plain.remedy().as_deref(), Some("synchronise them"));
    let with_sql = plain.with_sql("SET a = 1;\nSET b = 2;");
    assert_eq!(with_sql.remedy().as_deref(), Some("synchronise them: SET a = 1; SET b = 2;"));
    assert_eq!(Finding::ok("clock", "the clocks agree").remedy(), None);
}
