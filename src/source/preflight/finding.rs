//! One checked fact and its remedy.

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

impl Severity {
    /// The name, as `check` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        }
    }
}

/// One checked fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// The name of the check, stable across versions.
    pub check: &'static str,
    /// What was found, in one line.
    pub message: String,
    /// What to do about it, in one line; `None` exactly when all is well.
    pub fix: Option<String>,
    /// The statements that do it, one a line, for an account that may; `None` where SQL can't.
    pub sql: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Ok, check, message: message.into(), fix: None, sql: None }
    }

    /// It works, but not as it should.
    pub(crate) fn warning(
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let (message, fix) = (message.into(), Some(fix.into()));
        Self { severity: Severity::Warning, check, message, fix, sql: None }
    }

    /// It cannot work.
    pub(crate) fn fatal(
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Fatal, ..Self::warning(check, message, fix) }
    }

    pub(super) fn with_sql(self, sql: impl Into<String>) -> Self {
        Self { sql: Some(sql.into()), ..self }
    }

    /// What to do about it and the statements for it, in one line.
    pub fn remedy(&self) -> Option<String> {
        let fix = self.fix.as_ref()?;
        Some(match &self.sql {
            None => fix.clone(),
            Some(sql) => format!("{fix}: {}", sql.replace('\n', " ")),
        })
    }
}
