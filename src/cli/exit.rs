//! Exit codes, and how an error becomes one with a message.

use std::error::Error;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::engine::{EngineError, Fate};
use crate::sandbox::SandboxError;
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
    /// The configuration is wrong.
    Config,
}

impl Exit {
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
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn runtime(source: std::io::Error) -> Self {
        Self { exit: Exit::Failed, error: Box::new(source), hint: None }
    }

    pub(crate) fn bug() -> Self {
        let error = "go on: aco-stream met a state that it holds to be impossible".into();
        let hint = "please report the lines above; killing and starting again is safe".to_owned();
        Self { exit: Exit::Bug, error, hint: Some(hint) }
    }

    pub(crate) fn usage(message: String) -> Self {
        Self { exit: Exit::Usage, error: message.into(), hint: None }
    }

    pub(crate) fn failed(message: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Failed, error: message.into(), hint: None }
    }

    pub(crate) fn config(message: String) -> Self {
        Self { exit: Exit::Config, error: message.into(), hint: None }
    }

    /// The error with its causes, one text, and what to do.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("failed to {}", self.error);
        let mut source = self.error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        if let Some(hint) = &self.hint {
            text.push_str("\n  hint: ");
            text.push_str(hint);
        }
        text
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { exit: Exit::Config, error: Box::new(error), hint: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { exit: Exit::Store, error: Box::new(error), hint: None }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self { exit: Exit::Unavailable, error: Box::new(error), hint: None }
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
        let hint = match &error {
            EngineError::Source(source) | EngineError::LostPosition(source) => source.hint(),
            EngineError::File { source, .. } => source.hint().map(str::to_owned),
            EngineError::Unfit(_)
            | EngineError::Submit(_)
            | EngineError::FileDdl { .. }
            | EngineError::Fold(_)
            | EngineError::Read(_)
            | EngineError::Store(_)
            | EngineError::Stopped(_)
            | EngineError::Task(_) => None,
        };
        Self { exit, error: Box::new(error), hint }
    }
}
