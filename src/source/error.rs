//! What can go wrong between us and the shop's database, and what follows from it.

use std::path::PathBuf;
use std::time::Duration;

use mysql_async::Error as MysqlError;

use crate::decode::{ChecksumMismatch, DecodeError};
use crate::source::framing::FramingError;

/// A failure of the source; reads after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No TCP connection, or the name does not resolve.
    #[error("reach the database server at {host}:{port}: {reason}")]
    Unreachable {
        /// The configured host.
        host: String,
        /// The configured port.
        port: u16,
        /// What the system said.
        reason: String,
    },
    /// The server does not accept the account.
    #[error("log in to {server} as {user}: {answer}")]
    CredentialsRefused {
        /// The configured host and port.
        server: String,
        /// The configured account.
        user: String,
        /// The server's words.
        answer: String,
    },
    /// The account may not do what is needed.
    #[error("{doing}: the account lacks a privilege: {answer}")]
    PrivilegeMissing {
        /// What was tried.
        doing: &'static str,
        /// The server's words.
        answer: String,
    },
    /// The schema does not exist, or the account may not see it.
    #[error("open the database {database} on {server}: {answer}")]
    UnknownDatabase {
        /// The configured host and port.
        server: String,
        /// The configured schema.
        database: String,
        /// The server's words.
        answer: String,
    },
    /// No acceptable TLS with this server.
    #[error("agree on TLS with {host}: {reason}")]
    TlsRefused {
        /// The configured host.
        host: String,
        /// What the TLS library or the server said.
        reason: String,
    },
    /// The file with the trusted authority is of no use.
    #[error("read the certificate authority from {}: {reason}", path.display())]
    CaFile {
        /// The configured file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The server no longer has, or never had, the position to continue from.
    #[error("continue the binlog from {position}: {answer}")]
    LostPosition {
        /// The position asked for.
        position: String,
        /// The server's words.
        answer: String,
    },
    /// Another replica registered with our number.
    #[error("stay registered as server_id {server_id}: {answer}")]
    ServerIdTaken {
        /// Our number.
        server_id: u32,
        /// The server's words.
        answer: String,
    },
    /// The server cannot read its own binlog any further.
    #[error("read the binlog behind {position}: {answer}")]
    BinlogUnreadable {
        /// The last position that was read.
        position: String,
        /// The server's words.
        answer: String,
    },
    /// The server writes no binlog.
    #[error("find the binlog's end: the server writes no binlog")]
    BinlogOff,
    /// A statement failed.
    #[error("{doing}")]
    Query {
        /// What was tried.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Box<MysqlError>,
    },
    /// The connection broke.
    #[error("{doing}: the connection broke")]
    ConnectionLost {
        /// What was going on.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Box<MysqlError>,
    },
    /// The server ended the binlog stream: it shuts down, or someone killed the dump thread.
    #[error("follow the binlog: the server ended the stream")]
    StreamEnded,
    /// The transport met bytes that are no binlog event.
    #[error("follow the binlog behind {position}: the server sent bytes that are no event")]
    Garbled {
        /// The last position that was read.
        position: String,
    },
    /// The transport and we found different events in a compressed transaction.
    #[error("follow the binlog behind {position}: a compressed transaction was read in two ways")]
    PayloadDiffers {
        /// The last position that was read.
        position: String,
    },
    /// The server stayed silent for too long.
    #[error("{doing}: the server did not answer within {} s", limit.as_secs())]
    Timeout {
        /// What was going on.
        doing: &'static str,
        /// How long we waited.
        limit: Duration,
    },
    /// A watched table is not there, or is not for this account.
    #[error("read {table}: {answer}")]
    TableUnreadable {
        /// The table, without prefix.
        table: &'static str,
        /// Whether it does not exist.
        is_missing: bool,
        /// The server's words.
        answer: String,
    },
    /// A row read by a SELECT holds something that the column cannot hold.
    #[error("read {table}.{column}: expected {expected}, found {found}")]
    Cell {
        /// The table, without prefix.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What the column is decoded to.
        expected: &'static str,
        /// The value, shortened.
        found: String,
    },
    /// An answer of the server makes no sense.
    #[error("{doing}: unexpected answer {answer}")]
    UnexpectedAnswer {
        /// What was asked.
        doing: &'static str,
        /// The answer.
        answer: String,
    },
    /// An event's bytes are not those that the server wrote.
    #[error("follow the binlog behind {position}")]
    Checksum {
        /// The last position that was read.
        position: String,
        /// The cause.
        #[source]
        source: ChecksumMismatch,
    },
    /// An event cannot be decoded.
    #[error("follow the binlog behind {position}")]
    Decode {
        /// The last position that was read.
        position: String,
        /// The cause.
        #[source]
        source: Box<DecodeError>,
    },
    /// The events do not form source transactions.
    #[error("follow the binlog behind {position}")]
    Framing {
        /// The last position that was read.
        position: String,
        /// The cause.
        #[source]
        source: Box<FramingError>,
    },
}

/// What follows from a [`SourceError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The server cannot be reached now: try again later.
    Unavailable,
    /// The account is refused: an operator must act.
    Credentials,
    /// Our settings or the server's are wrong, the account's privileges included: an operator must
    /// act.
    Config,
    /// Going on would lose or distort rows: an operator must act.
    Fatal,
    /// The connection broke: reconnect.
    Transient,
}

impl SourceError {
    /// What follows from it.
    pub fn kind(&self) -> SourceErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => SourceErrorKind::Unavailable,
            Self::CredentialsRefused { .. } => SourceErrorKind::Credentials,
            Self::PrivilegeMissing { .. }
            | Self::UnknownDatabase { .. }
            | Self::TlsRefused { .. }
            | Self::CaFile { .. }
            | Self::ServerIdTaken { .. }
            | Self::TableUnreadable { .. }
            | Self::BinlogOff => SourceErrorKind::Config,
            Self::LostPosition { .. }
            | Self::BinlogUnreadable { .. }
            | Self::Query { .. }
            | Self::Cell { .. }
            | Self::UnexpectedAnswer { .. }
            | Self::Decode { .. }
            | Self::Garbled { .. }
            | Self::PayloadDiffers { .. }
            | Self::Checksum { .. }
            | Self::Framing { .. } => SourceErrorKind::Fatal,
            Self::ConnectionLost { .. } | Self::StreamEnded => SourceErrorKind::Transient,
        }
    }

    /// What a person can do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                "check source.url, the server's bind_address and the firewall".to_owned()
            }
            Self::CredentialsRefused { user, .. } => {
                format!(
                    "check ACO_STREAM_SOURCE_PASSWORD (or source.password_file), and that '{user}' \
                     may log in from this host"
                )
            }
            Self::PrivilegeMissing { .. } => "run `aco-stream check`: it prints the GRANT \
                                              statements that are missing"
                .to_owned(),
            Self::UnknownDatabase { database, .. } => format!(
                "check the schema's name in source.url, or GRANT SELECT ON `{database}`.* to the \
                 account"
            ),
            Self::TlsRefused { .. } => "set source.tls_ca_file to the authority that signed the \
                                        server's certificate; verify-full also needs the host \
                                        name in the certificate, verify-ca does not"
                .to_owned(),
            Self::CaFile { .. } => "source.tls_ca_file must be a PEM or DER certificate".to_owned(),
            Self::LostPosition { .. } => "the binlog was purged or this is another server: take a \
                                          new snapshot (on_lost_position = \"resnapshot\"), and \
                                          keep binlogs for longer than the longest outage"
                .to_owned(),
            Self::ServerIdTaken { .. } => {
                "choose another source.server_id, unique among the server's replicas".to_owned()
            }
            Self::BinlogUnreadable { .. } | Self::Checksum { .. } => {
                "check the server's binlog files; if they are damaged, take a new snapshot"
                    .to_owned()
            }
            Self::BinlogOff => {
                "set log_bin, binlog_format = ROW and a server_id, and restart the server"
                    .to_owned()
            }
            Self::TableUnreadable { .. } => {
                "run `aco-stream check`: it says what the shop's tables \
                                             lack"
                    .to_owned()
            }
            Self::Cell { .. } => "the column's type differs from the shop's schema".to_owned(),
            Self::Query { .. }
            | Self::ConnectionLost { .. }
            | Self::StreamEnded
            | Self::Garbled { .. }
            | Self::PayloadDiffers { .. }
            | Self::UnexpectedAnswer { .. } => return None,
            Self::Framing { source, .. } => return source.hint().map(str::to_owned),
            Self::Decode { source, .. } => return source.hint().map(str::to_owned),
        };
        Some(hint)
    }
}
