//! How we introduce ourselves to the server as a replica, and what we ask it for.

use std::str::FromStr;

use mysql_async::{BinlogStreamRequest, Sid};
use sha1::{Digest, Sha1};

use crate::position::{GtidSet, MysqlGtidSet, Position};
use crate::source::params::literal;
use crate::source::{Flavour, SourceError, SourceParams};

/// The host name under which the server lists us among its replicas.
pub(crate) const REPORTED_HOST: &str = "aco-stream";

/// What a replica tells the server before it asks for the binlog. User variables only: they change
/// nothing on the server.
pub(crate) fn session_of_a_replica(
    params: &SourceParams,
    flavour: Flavour,
    from: &Position,
) -> Vec<String> {
    let heartbeat_ns = params.heartbeat.as_nanos();
    let uuid = reader_uuid(params);
    let mut statements = vec![
        format!(
            "SET @master_heartbeat_period = {heartbeat_ns}, @source_heartbeat_period = \
             {heartbeat_ns}"
        ),
        format!("SET @slave_uuid = '{uuid}', @replica_uuid = '{uuid}'"),
    ];
    if flavour == Flavour::Mariadb {
        // 4: GTID events are understood; without it the server sends a plain BEGIN instead.
        statements.push("SET @mariadb_slave_capability = 4".to_owned());
        if let Some(GtidSet::Mariadb(position)) = &from.gtid {
            statements.push(format!(
                "SET @slave_connect_state = {}, @slave_gtid_strict_mode = 0, \
                 @slave_gtid_ignore_duplicates = 0",
                literal(&position.to_string())
            ));
        }
    }
    statements
}

/// Where the server shall start, in the transport's terms.
pub(crate) struct Request {
    server_id: u32,
    file: Vec<u8>,
    offset: u64,
    gtids: Option<Vec<Sid<'static>>>,
}

impl Request {
    pub(crate) fn new(params: &SourceParams, from: &Position) -> Result<Self, SourceError> {
        let server_id = params.server_id;
        Ok(match &from.gtid {
            Some(GtidSet::Mysql(set)) => {
                Self { server_id, file: Vec::new(), offset: 4, gtids: Some(sids_of(set)?) }
            }
            // MariaDB takes the GTIDs from a session variable and ignores file and offset.
            Some(GtidSet::Mariadb(_)) => {
                Self { server_id, file: Vec::new(), offset: 4, gtids: None }
            }
            None => {
                // The protocol has 32 bits for the offset. Behind them the file is read from its
                // start: rows that are seen twice do no harm.
                let offset = from.at.offset;
                let offset = if u32::try_from(offset).is_ok() { offset.max(4) } else { 4 };
                Self { server_id, file: from.at.file.clone().into_bytes(), offset, gtids: None }
            }
        })
    }

    pub(crate) fn borrow(&self) -> BinlogStreamRequest<'_> {
        let request = BinlogStreamRequest::new(self.server_id)
            .with_hostname(REPORTED_HOST.as_bytes())
            .with_filename(&self.file)
            .with_pos(self.offset);
        match &self.gtids {
            Some(sids) => request.with_gtid().with_gtid_set(sids.iter().cloned()),
            None => request,
        }
    }
}

/// The transport reads its GTID sets, tags included, from text.
fn sids_of(set: &MysqlGtidSet) -> Result<Vec<Sid<'static>>, SourceError> {
    let mut sids = Vec::new();
    for (sid, intervals) in set.sids() {
        let mut one = MysqlGtidSet::default();
        for &(start, end) in intervals {
            one.add_interval(sid, start, end);
        }
        let text = one.to_string();
        let parsed = Sid::from_str(&text).map_err(|error| SourceError::UnexpectedAnswer {
            doing: "turn the GTID set into a request",
            answer: format!("{text:?}: {error}"),
        })?;
        sids.push(parsed);
    }
    Ok(sids)
}

/// The UUID under which we register: the same after every restart, so that the server drops a
/// forgotten connection of ours when we come back.
pub(crate) fn reader_uuid(params: &SourceParams) -> String {
    let name = format!("{REPORTED_HOST}:{}:{}", params.server_id, params.database);
    let mut uuid = String::with_capacity(36);
    for (place, byte) in Sha1::digest(name.as_bytes()).iter().take(16).enumerate() {
        let byte = match place {
            6 => (byte & 0x0f) | 0x50,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        if matches!(place, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        uuid.extend(
            [byte >> 4, byte & 0x0f]
                .map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('0')),
        );
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{BinlogOffset, MariadbGtidPosition};
    use crate::source::TlsMode;

    fn params(server_id: u32) -> SourceParams {
        SourceParams {
            host: "db".to_owned(),
            port: 3306,
            user: "cdc".to_owned(),
            password: None,
            database: "shop".to_owned(),
            tls: TlsMode::Off,
            tls_ca_file: None,
            table_prefix: String::new(),
            server_id,
            heartbeat: SourceParams::HEARTBEAT,
            connect_timeout: SourceParams::CONNECT_TIMEOUT,
            net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
            statement_timeout: SourceParams::STATEMENT_TIMEOUT,
            snapshot: crate::source::SnapshotParams::default(),
        }
    }

    fn at(offset: u64) -> BinlogOffset {
        BinlogOffset { file: "bin.000007".to_owned(), offset }
    }

    #[test]
    fn reader_keeps_its_uuid_and_shares_it_with_no_other_number() {
        let uuid = reader_uuid(&params(7));
        assert_eq!(uuid, reader_uuid(&params(7)));
        assert_ne!(uuid, reader_uuid(&params(8)));
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.chars().nth(14), Some('5'), "{uuid}");
    }

    #[test]
    fn request_carries_tagged_gtids_and_intervals() {
        let text = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:9:nightly:1-3";
        let sids = sids_of(&MysqlGtidSet::parse(text).unwrap()).unwrap();
        let texts: Vec<String> = sids.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:9",
                "3e11fa47-71ca-11e1-9e33-c80aa9429562:nightly:1-3",
            ]
        );
    }

    #[test]
    fn request_by_file_starts_over_where_the_protocol_has_no_bits_for_the_offset() {
        let offset_for = |offset| {
            let from = Position { gtid: None, at: at(offset) };
            Request::new(&params(7), &from).unwrap().offset
        };
        assert_eq!(offset_for(120), 120);
        assert_eq!(offset_for(0), 4);
        assert_eq!(offset_for(u64::from(u32::MAX)), u64::from(u32::MAX));
        assert_eq!(offset_for(u64::from(u32::MAX) + 1), 4);
    }

    #[test]
    fn mariadb_is_told_where_to_start_and_mysql_is_not() {
        let gtids = MariadbGtidPosition::parse("0-1-270").unwrap();
        let from = Position { gtid: Some(GtidSet::Mariadb(gtids)), at: at(4) };
        let statements = session_of_a_replica(&params(7), Flavour::Mariadb, &from).join("; ");
        assert!(statements.contains("@slave_connect_state = '0-1-270'"), "{statements}");
        assert!(statements.contains("@master_heartbeat_period = 5000000000"), "{statements}");
        let from = Position { gtid: None, at: at(4) };
        let statements = session_of_a_replica(&params(7), Flavour::Mysql, &from).join("; ");
        assert!(!statements.contains("slave_connect_state"), "{statements}");
    }
}
