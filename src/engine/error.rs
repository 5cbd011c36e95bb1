//! What ends a loop.

use thiserror::Error;

use crate::catalog::{FoldError, ReadError};
use crate::outbox::StopReason;
use crate::source::files::FileError;
use crate::source::{Finding, SourceError};
use crate::store::StoreError;
use crate::submit::SubmitError;

/// A loop can't go on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The source failed.
    #[error("follow the source")]
    Source(#[source] Box<SourceError>),
    /// The preflight found what makes a complete catalog copy impossible.
    #[error("start: the source is not fit: {}", describe(.0))]
    Unfit(Vec<Finding>),
    /// The source no longer has our position.
    #[error(
        "follow the source: it no longer has our position (hint: set source.on_lost_position = \
         \"resnapshot\", or remove the store, to take a new snapshot)"
    )]
    LostPosition(#[source] Box<SourceError>),
    /// A binlog file could not be replayed.
    #[error("replay the binlog file {path}")]
    File {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: Box<FileError>,
    },
    /// A watched table's definition changed in a binlog file, which has no server to ask.
    #[error(
        "replay the binlog: a DDL statement changed {tables} (hint: record with \
         binlog_row_metadata=FULL)"
    )]
    FileDdl {
        /// The tables.
        tables: String,
    },
    /// Row changes could not be folded.
    #[error("fold row changes")]
    Fold(#[source] FoldError),
    /// The catalog copy could not be read.
    #[error("assemble feed items")]
    Read(#[source] ReadError),
    /// The store failed.
    #[error("keep state")]
    Store(#[source] StoreError),
    /// The service could not be reached, or refused us, at start.
    #[error("sign in to the service")]
    Submit(#[source] SubmitError),
    /// The service refused us while delivering.
    #[error("deliver: {} (hint: {})", stop_text(*.0), .0.hint())]
    Stopped(StopReason),
    /// A task of ours ended by a panic: a bug.
    #[error("run: a task ended unexpectedly (hint: this is a bug; please report it)")]
    Task(#[source] tokio::task::JoinError),
}

/// What an error means for the process: decides its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The work failed.
    Failed,
    /// The source or the service is unavailable.
    Unavailable,
    /// A bug.
    Bug,
    /// The store failed.
    Store,
    /// Credentials were refused.
    Credentials,
    /// The configuration, ours or the server's, does not allow the work.
    Config,
}

impl EngineError {
    /// What it means for the process.
    pub fn fate(&self) -> Fate {
        use crate::source::SourceErrorKind;
        match self {
            Self::Source(error) | Self::LostPosition(error) => match error.kind() {
                SourceErrorKind::Unavailable | SourceErrorKind::Transient => Fate::Unavailable,
                SourceErrorKind::Credentials => Fate::Credentials,
                SourceErrorKind::Config => Fate::Config,
                SourceErrorKind::Fatal => Fate::Failed,
            },
            Self::Unfit(_) => Fate::Config,
            Self::File { .. } | Self::FileDdl { .. } | Self::Fold(_) => Fate::Failed,
            Self::Read(_) | Self::Store(_) => Fate::Store,
            Self::Submit(error) => match error {
                SubmitError::CredentialsRefused { .. } | SubmitError::TenantRefused { .. } => {
                    Fate::Credentials
                }
                SubmitError::Address { .. } => Fate::Config,
                SubmitError::Client { .. }
                | SubmitError::Unreachable { .. }
                | SubmitError::Unavailable { .. }
                | SubmitError::Protocol { .. } => Fate::Unavailable,
            },
            Self::Stopped(reason) => match reason {
                StopReason::TokenRefused | StopReason::Forbidden => Fate::Credentials,
                StopReason::NoSuchEndpoint => Fate::Config,
            },
            Self::Task(_) => Fate::Bug,
        }
    }
}

fn describe(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| match &finding.fix {
        Some(fix) => format!("{}: {} (hint: {fix})", finding.check, finding.message),
        None => format!("{}: {}", finding.check, finding.message),
    });
    lines.collect::<Vec<_>>().join("; ")
}

const fn stop_text(reason: StopReason) -> &'static str {
    match reason {
        StopReason::TokenRefused => "the service refuses our token",
        StopReason::Forbidden => "the service forbids us this tenant",
        StopReason::NoSuchEndpoint => "the service has no such endpoint or tenant",
    }
}

/// The error as a value for a log line, which prints its causes too.
pub(crate) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    error
}
