//! Exit codes, and how an error becomes one with a message.

use std::error::Error;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::engine::{EngineError, Fate};
use crate::sandbox::{FailRuleError, SandboxError};
use crate::store::StoreError;
use crate::submit::SubmitError;

/// How a command ended. The numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Settled, but items are parked.
    Parked,
    /// Wrong usage.
    Usage,
    /// The source or the service is unavailable.
    Unavailable,
    /// A bug.
    Bug,
    /// The store failed.
    Store,
    /// Credentials were refused.
    Credentials,
    /// The configuration is wrong: ours, or the server's settings and privileges.
    Config,
}

impl Exit {
    /// Every way to end, by number.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Parked,
        Self::Usage,
        Self::Unavailable,
        Self::Bug,
        Self::Store,
        Self::Credentials,
        Self::Config,
    ];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Parked => 3,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Bug => 70,
            Self::Store => 74,
            Self::Credentials => 77,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Failure {
    fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// We panicked.
    pub(crate) fn bug() -> Self {
        Self::new(Exit::Bug, "go on: aco-stream met a state that it holds to be impossible")
            .hint("please report the lines above; starting again is safe")
    }

    /// The system refused something; `doing` reads after "failed to …".
    pub(crate) fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::new(Exit::Failed, format!("{doing}: {error}"))
    }

    /// The command line asks for what there is not.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message.into()).hint(hint)
    }

    /// The work was done and its result is not what it has to be.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message.into())
    }

    /// Something is missing in the configuration.
    pub(crate) fn config(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Config, message.into()).hint(hint)
    }

    /// What to do, in one line.
    pub(crate) fn first_hint(&self) -> String {
        self.hints.first().cloned().unwrap_or_else(|| "see the message".to_owned())
    }

    /// The error with its causes in one line.
    pub(crate) fn message(&self) -> String {
        self.to_text().lines().next().unwrap_or_default().to_owned()
    }

    /// The error with its causes in one line, then what to do, one line each.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("failed to {}", self.error);
        let mut source = self.error.source();
        while let Some(cause) = source {
            let words = cause.to_string();
            // Many errors of libraries repeat their cause.
            if !text.contains(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            source = cause.source();
        }
        for hint in &self.hints {
            text.push_str("\n  hint: ");
            text.push_str(hint);
        }
        text
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Config, error).hint(hint)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        EngineError::Store(error).into()
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Unavailable, error).hint(hint)
    }
}

impl From<FailRuleError> for Failure {
    fn from(error: FailRuleError) -> Self {
        Self::new(Exit::Usage, error).hint(FailRuleError::HINT)
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        EngineError::Submit(error).into()
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let exit = match error.fate() {
            Fate::Failed => Exit::Failed,
            Fate::Unavailable => Exit::Unavailable,
            Fate::Bug => Exit::Bug,
            Fate::Store => Exit::Store,
            Fate::Credentials => Exit::Credentials,
            Fate::Config => Exit::Config,
        };
        let hints = error.hints();
        Self { exit, error: Box::new(error), hints }
    }
}
