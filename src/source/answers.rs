//! What the server's refusals and the transport's failures mean.
//!
//! Error numbers are MySQL's and MariaDB's own (server error reference); where one number covers
//! many situations, as 1236 does for the binlog, the words decide.

use mysql_async::{DriverError, Error as MysqlError, IoError, ServerError};

use crate::source::SourceError;

impl SourceError {
    /// Whether a statement named a table that does not exist.
    pub(crate) fn is_no_such_table(&self) -> bool {
        let Self::Query { source, .. } = self else { return false };
        matches!(&**source, MysqlError::Server(answer) if answer.code == 1146)
    }

    /// Whether a table was away that was there at the start: while it is swapped for another, that
    /// lasts a moment.
    pub(crate) fn is_table_away(&self) -> bool {
        matches!(self, Self::TableUnreadable { is_missing: true, .. }) || self.is_no_such_table()
    }

    /// Names the table where the server says that the statement does not fit it.
    pub(crate) fn with_table(self, table: &'static str) -> Self {
        if let Self::Query { source, .. } = &self
            && let MysqlError::Server(answer) = &**source
            // No such table, no such column.
            && matches!(answer.code, 1146 | 1054)
        {
            let (is_missing, answer) = (answer.code == 1146, answer.to_string());
            return Self::TableUnreadable { table, is_missing, answer };
        }
        self
    }

    /// The failure of a statement on an open connection.
    pub(crate) fn of_query(doing: &'static str, error: MysqlError) -> Self {
        match &error {
            MysqlError::Server(answer) => match answer.code {
                1044 | 1045 | 1142 | 1143 | 1227 | 1370 => {
                    Self::PrivilegeMissing { doing, answer: answer.to_string() }
                }
                // Shutdown, killed, no room for a connection, statement limits of the server. And a
                // query that was empty, which ours never are: MariaDB 11.8 has been seen to say so
                // while connections were cut and tables swapped.
                1040 | 1053 | 1065 | 1077 | 1079 | 1203 | 1226 | 1317 | 1927 | 1969 | 3024
                | 4031 => Self::ConnectionLost { doing, source: Box::new(error) },
                _ => Self::Query { doing, source: Box::new(error) },
            },
            MysqlError::Io(_)
            | MysqlError::Driver(
                DriverError::ConnectionClosed
                | DriverError::PacketOutOfOrder
                | DriverError::UnexpectedPacket { .. },
            ) => Self::ConnectionLost { doing, source: Box::new(error) },
            MysqlError::Driver(_) | MysqlError::Other(_) | MysqlError::Url(_) => {
                Self::Query { doing, source: Box::new(error) }
            }
        }
    }

    /// The failure of the binlog stream behind `position`.
    pub(crate) fn of_stream(position: String, server_id: u32, error: MysqlError) -> Self {
        const DOING: &str = "follow the binlog";
        if let MysqlError::Server(answer) = &error
            && matches!(answer.code, 1236 | 1373 | 1789 | 1955)
        {
            return Self::of_dump_answer(position, server_id, answer);
        }
        let error = Self::of_query(DOING, error);
        if let Self::Query { source, .. } = &error {
            // No answer to a request for the binlog, as far as anybody knows.
            return Self::BinlogUnreadable { position, answer: source.to_string() };
        }
        error
    }

    fn of_dump_answer(position: String, server_id: u32, answer: &ServerError) -> Self {
        let text = answer.message.to_ascii_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let answer = answer.to_string();
        if any(&["same server_uuid", "same server_id", "same server-id", "server id"]) {
            return Self::ServerIdTaken { server_id, answer };
        }
        if any(&["binary log is not open"]) {
            return Self::BinlogOff;
        }
        if any(&[
            "purged",
            // The position has GTIDs and the server does not.
            "auto_position mode",
            "first log file name",
            "could not find",
            "not in the master's binlog",
            "not in the binlog",
            "missing the gtid",
            "log file size",
            "impossible position",
            "file size",
            "does not have all",
            "more gtids than",
            "has more gtids",
            "not found in binlog",
        ]) {
            return Self::LostPosition { position, answer };
        }
        Self::BinlogUnreadable { position, answer }
    }
}

/// The failure to open a connection.
pub(crate) fn of_connect(
    host: &str,
    port: u16,
    user: &str,
    database: &str,
    error: MysqlError,
) -> SourceError {
    const DOING: &str = "open a connection";
    let host_owned = host.to_owned();
    let server = format!("{host}:{port}");
    match error {
        MysqlError::Server(answer) => {
            let text = answer.to_string();
            match answer.code {
                1044 | 1049 => {
                    let database = database.to_owned();
                    SourceError::UnknownDatabase { server, database, answer: text }
                }
                1045 | 1130 | 1129 | 1251 | 1524 | 1698 | 1862 | 1820 | 3118 | 3955 | 4151 => {
                    SourceError::CredentialsRefused { server, user: user.to_owned(), answer: text }
                }
                3159 => SourceError::TlsRefused { host: host_owned, reason: text },
                _ => SourceError::of_query(DOING, MysqlError::Server(answer)),
            }
        }
        MysqlError::Io(IoError::Tls(tls)) => {
            let reason = deepest(&tls);
            if is_tls_verdict(&reason) {
                SourceError::TlsRefused { host: host_owned, reason }
            } else {
                SourceError::Unreachable { host: host_owned, port, reason }
            }
        }
        MysqlError::Io(IoError::Io(io)) => {
            SourceError::Unreachable { host: host_owned, port, reason: io.to_string() }
        }
        MysqlError::Driver(DriverError::NoClientSslFlagFromServer) => SourceError::TlsRefused {
            host: host_owned,
            reason: "the server offers no TLS".to_owned(),
        },
        MysqlError::Driver(
            driver @ (DriverError::UnknownAuthPlugin { .. }
            | DriverError::MysqlOldPasswordDisabled
            | DriverError::CleartextPluginDisabled),
        ) => SourceError::CredentialsRefused {
            server,
            user: user.to_owned(),
            answer: driver.to_string(),
        },
        other @ (MysqlError::Driver(_) | MysqlError::Other(_) | MysqlError::Url(_)) => {
            SourceError::of_query(DOING, other)
        }
    }
}

/// Whether TLS itself said no. A handshake cut short by a dying server is no such verdict.
fn is_tls_verdict(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    [
        "certificate",
        "hostname",
        "ip address",
        "protocol",
        "alert",
        "version",
        "cipher",
        "handshake failure",
    ]
    .iter()
    .any(|word| reason.contains(word))
}

/// The whole chain of causes: the TLS libraries keep the useful words at its end.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceErrorKind;

    fn dump(message: &str) -> SourceError {
        let answer =
            ServerError { code: 1236, message: message.to_owned(), state: "HY000".to_owned() };
        SourceError::of_stream("mysql-bin.000001:4".to_owned(), 7, MysqlError::Server(answer))
    }

    #[test]
    fn purged_or_unknown_positions_are_lost_positions() {
        for message in [
            "Could not find first log file name in binary log index file",
            "Cannot replicate because the source purged required binary logs. Replicate the \
             missing transactions from elsewhere",
            "Client requested source to start replication from position > file size",
            "Error: connecting slave requested to start from GTID 0-1-9999, which is not in the \
             master's binlog",
            "Slave has more GTIDs than the source has, using the source's SERVER_UUID.",
        ] {
            let error = dump(message);
            assert!(matches!(error, SourceError::LostPosition { .. }), "{message}: {error}");
            assert!(error.hint().unwrap().contains("snapshot"), "{message}");
        }
    }

    #[test]
    fn a_rival_replica_and_a_damaged_binlog_are_told_apart_from_a_lost_position() {
        let rival = dump(
            "A slave with the same server_uuid/server_id as this slave has connected to the \
             master; the first event '' at 4",
        );
        assert_eq!(rival.kind(), SourceErrorKind::Config);
        let damaged = dump("log event entry exceeded max_allowed_packet; bogus data in log event");
        assert!(matches!(damaged, SourceError::BinlogUnreadable { .. }), "{damaged}");
        assert_eq!(damaged.kind(), SourceErrorKind::Fatal);
    }

    #[test]
    fn an_answer_that_no_server_gives_names_the_place_where_it_came() {
        let code = 0x4242;
        let answer =
            ServerError { code, message: "\u{fffd}".to_owned(), state: "HY000".to_owned() };
        let error = SourceError::of_stream("bin.000001:4".to_owned(), 7, answer.into());
        let SourceError::BinlogUnreadable { position, .. } = &error else { panic!("{error:?}") };
        assert_eq!(position, "bin.000001:4");
    }

    #[test]
    fn a_server_without_room_for_a_connection_is_asked_again() {
        for code in [1040, 1203, 1226] {
            let answer = ServerError { code, message: "many".to_owned(), state: String::new() };
            let error = of_connect("db", 3306, "cdc", "shop", MysqlError::Server(answer));
            assert_eq!(error.kind(), SourceErrorKind::Transient, "{code}: {error:?}");
        }
    }

    #[test]
    fn a_killed_statement_means_reconnect() {
        let answer = ServerError {
            code: 1317,
            message: "Query execution was interrupted".to_owned(),
            state: "70100".to_owned(),
        };
        let error = SourceError::of_query("read rows", MysqlError::Server(answer));
        assert_eq!(error.kind(), SourceErrorKind::Transient);
    }

    #[test]
    fn a_schema_refused_at_login_is_a_settings_error_and_a_password_is_not() {
        let refuse = |code| {
            let answer = ServerError { code, message: "denied".to_owned(), state: String::new() };
            of_connect("db", 3306, "cdc", "shop", MysqlError::Server(answer)).kind()
        };
        assert_eq!(refuse(1049), SourceErrorKind::Config);
        assert_eq!(refuse(1044), SourceErrorKind::Config);
        assert_eq!(refuse(1045), SourceErrorKind::Credentials);
    }
}
