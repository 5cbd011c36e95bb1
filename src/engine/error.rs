//! What ends a loop.

use thiserror::Error;

use crate::catalog::{FoldError, ReadError};
use crate::outbox::StopReason;
use crate::position::{Position, Xid};
use crate::source::files::FileError;
use crate::source::{Finding, SourceError};
use crate::store::StoreError;
use crate::submit::SubmitError;

/// A loop can't go on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The source failed.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// The preflight found what makes a complete catalog copy impossible.
    #[error("use {database}: {}", describe(findings))]
    Unfit {
        /// The schema and its server.
        database: String,
        /// The fatal findings.
        findings: Vec<Finding>,
    },
    /// The source no longer has our position.
    #[error(transparent)]
    LostPosition(Box<SourceError>),
    /// A binlog file could not be replayed.
    #[error(transparent)]
    File(Box<FileError>),
    /// Row changes could not be folded.
    #[error("fold row changes")]
    Fold(#[source] FoldError),
    /// Rows of a watched table were changed in a way that its binlog does not tell, and the server
    /// can't tell which of its answers include them.
    #[error("absorb changes of {table} before {position}: {reason}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The position behind them.
        position: Position,
        /// Why they can't be taken from the binlog.
        reason: String,
    },
    /// A distributed transaction was committed that had been prepared before the position, and the
    /// server can't tell which of its answers include it.
    #[error("absorb the transaction {xid} before {position}: it was prepared before the snapshot")]
    UnknownXa {
        /// Its name.
        xid: Xid,
        /// The position behind its commit.
        position: Position,
    },
    /// What happened to a table is not in the files that are replayed.
    #[error("replay changes of {table} before {position}: {reason}")]
    ServerNeeded {
        /// The table.
        table: &'static str,
        /// The position behind them.
        position: Position,
        /// Why they can't be taken from the binlog.
        reason: String,
    },
    /// The files' tables have another layout than those in the store.
    #[error("replay: the tables in the files have another layout than those in the store")]
    OtherLayout,
    /// Items of a shop with content staging were to be delivered.
    #[error(
        "deliver from tables with content staging (Adobe Commerce), which this version does not"
    )]
    StagedDelivery,
    /// There is no complete catalog copy to compare with.
    #[error("compare: there is no complete copy of the catalog yet")]
    NoCopy,
    /// The catalog copy could not be read.
    #[error("assemble feed items")]
    Read(#[source] ReadError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The service could not be reached, or refused us, at start.
    #[error(transparent)]
    Submit(SubmitError),
    /// The service refused us while delivering.
    #[error("deliver: {}", stop_text(*.0))]
    Stopped(StopReason),
    /// Another process delivers, and this one was to end when everything is settled.
    #[error("deliver to {tenant}: another process does so now")]
    NotLeading {
        /// The tenant.
        tenant: String,
    },
    /// The system gave no thread's runtime.
    #[error("start the runtime that asks who delivers")]
    Runtime(#[source] std::io::Error),
    /// A task of ours ended by a panic: a bug.
    #[error("run: a task ended unexpectedly")]
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
    /// What a person can do about it, each in one line.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unfit { findings, .. } => {
                return findings.iter().filter_map(Finding::remedy).collect();
            }
            Self::Source(error) | Self::LostPosition(error) => error.hint(),
            Self::File(error) => error.hint().map(str::to_owned),
            Self::Store(error) => Some(error.hint()),
            Self::Submit(error) => Some(error.hint()),
            Self::Stopped(reason) => Some(reason.hint().to_owned()),
            Self::NotLeading { .. } => Some(
                "stop it first, or start this one without --once: it stands by then and takes over"
                    .to_owned(),
            ),
            Self::Task(_) => Some("this is a bug; please report it".to_owned()),
            Self::Unreadable { .. } | Self::UnknownXa { .. } => Some(
                "set gtid_mode=ON on the server, so that tables can be read again while it is \
                 followed; then take a new snapshot"
                    .to_owned(),
            ),
            Self::ServerNeeded { .. } => Some(
                "only the server has the table's rows: follow it with `aco-stream run`".to_owned(),
            ),
            Self::OtherLayout => Some("replay into an empty store".to_owned()),
            Self::StagedDelivery => Some("add --dry-run to absorb them".to_owned()),
            Self::NoCopy => Some("let `aco-stream run` take the snapshot first".to_owned()),
            Self::Fold(_) | Self::Read(_) | Self::Runtime(_) => None,
        };
        hint.into_iter().collect()
    }

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
            Self::Unfit { .. } | Self::StagedDelivery => Fate::Config,
            Self::File(_)
            | Self::Fold(_)
            | Self::Unreadable { .. }
            | Self::UnknownXa { .. }
            | Self::ServerNeeded { .. }
            | Self::OtherLayout
            | Self::Runtime(_)
            | Self::NoCopy => Fate::Failed,
            Self::Read(_) | Self::Store(_) => Fate::Store,
            Self::Submit(error) => match error {
                SubmitError::CredentialsRefused { .. } => Fate::Credentials,
                SubmitError::Address { .. }
                | SubmitError::TenantRefused { .. }
                | SubmitError::Protocol { .. } => Fate::Config,
                SubmitError::Client { .. }
                | SubmitError::Unreachable { .. }
                | SubmitError::Unavailable { .. } => Fate::Unavailable,
            },
            Self::Stopped(reason) => match reason {
                StopReason::TokenRefused | StopReason::Forbidden => Fate::Credentials,
                StopReason::NoSuchEndpoint => Fate::Config,
            },
            Self::NotLeading { .. } => Fate::Unavailable,
            Self::Task(_) => Fate::Bug,
        }
    }
}

fn describe(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| finding.message.as_str());
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
