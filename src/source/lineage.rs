//! Whether a server still is the one that a position belongs to.
//!
//! A file and an offset mean something on one server only. And a server whose binlogs were reset
//! numbers its transactions from 1 again: once it has more of them than before, it would pass over
//! the new ones that bear old numbers, without a word.

use std::collections::BTreeSet;

use crate::decode::{Definitions, Watch};
use crate::position::{BinlogFile, BinlogOffset, GtidSet, MariadbGtidPosition, Position};
use crate::source::connection::TextRow;
use crate::source::params::literal;
use crate::source::{Connection, Flavour, SourceError, SourceParams, Stream, StreamEvent};

const DOING: &str = "find out which server this is";
/// The first event of a binlog file follows the file's magic number.
const FIRST_OFFSET: u64 = 4;

/// A name for the server, which another server does not have.
pub async fn server_identity(conn: &mut Connection) -> Result<String, SourceError> {
    let sql = match conn.flavour() {
        Flavour::Mysql => "SELECT @@GLOBAL.server_uuid",
        // MariaDB has no such id before 11.5; a server that moved is taken for another one, which
        // costs nothing where positions are GTIDs.
        Flavour::Mariadb => "SELECT CONCAT(@@hostname, ':', @@port, ':', @@GLOBAL.server_id)",
    };
    let identity = conn.text(DOING, sql).await?;
    identity
        .ok_or_else(|| SourceError::UnexpectedAnswer { doing: DOING, answer: "NULL".to_owned() })
}

/// Claims our number among the readers of this server for as long as the connection lives; where that
/// is done, the connection's own number on the server.
///
/// MariaDB cuts off a reader when another one comes with its number, and does not say why: both would
/// come back again and again, each at the other's cost. So the reader that comes back and finds its
/// number claimed by a connection that is none of `own`, the ones this process has had, gives way. The
/// first connection of a process does not: what holds the number may be what is left of the process
/// before it. MySQL tells the reader, and needs no claim.
///
/// # Errors
/// [`SourceError::ServerIdTaken`] when another reader has claimed the number.
pub async fn claim_number(
    conn: &mut Connection,
    server_id: u32,
    own: &BTreeSet<u64>,
) -> Result<Option<u64>, SourceError> {
    if conn.flavour() == Flavour::Mysql {
        return Ok(None);
    }
    let name = literal(&format!("aco-stream {server_id}"));
    let sql = format!("SELECT CONNECTION_ID(), GET_LOCK({name}, 0), IS_USED_LOCK({name})");
    let rows = match conn.rows("claim our number among the server's readers", &sql).await {
        // Some clusters have no such locks.
        Err(SourceError::Query { .. }) => return Ok(None),
        rows => rows?,
    };
    let number = |place| rows.first()?.at(place)?.parse::<u64>().ok();
    let (id, holder) = (number(0), number(2));
    let is_rival = |holder: &u64| Some(*holder) != id && !own.is_empty() && !own.contains(holder);
    match holder.filter(is_rival) {
        None => Ok(id),
        Some(holder) => {
            let answer = format!("connection {holder} of the server has come with the same number");
            Err(SourceError::ServerIdTaken { server_id, answer })
        }
    }
}

/// When the server began one of its binlog files: its first event says so, and nothing else does.
///
/// # Errors
/// [`SourceError::LostPosition`] when the server has no such file.
pub async fn binlog_file(
    params: &SourceParams,
    watch: &Watch,
    name: &str,
) -> Result<BinlogFile, SourceError> {
    let at = BinlogOffset { file: name.to_owned(), offset: FIRST_OFFSET };
    let start = Position { gtid: None, at };
    // A reader without a number throws nobody out.
    let params = SourceParams { server_id: 0, ..params.clone() };
    let mut stream = Stream::open(&params, &start, watch, Definitions::default()).await?;
    loop {
        if let StreamEvent::File(file) = stream.next().await? {
            return Ok(file);
        }
    }
}

/// Checks that the server still has `known`, or purged it: a server whose binlogs were reset begins
/// files of the same names anew.
///
/// # Errors
/// [`SourceError::LostPosition`] when the server's binlogs were reset since.
pub async fn check_file(
    conn: &mut Connection,
    (params, watch): (&SourceParams, &Watch),
    known: &BinlogFile,
    position: &Position,
) -> Result<(), SourceError> {
    let lost =
        |answer: String| SourceError::LostPosition { position: position.to_string(), answer };
    let files = binlog_files(conn).await?;
    if !files.iter().any(|(name, _)| *name == known.name) {
        let file = BinlogOffset { file: known.name.clone(), offset: 0 };
        return match files.last() {
            Some((newest, _)) if BinlogOffset { file: newest.clone(), offset: 0 } < file => {
                Err(lost(format!("the newest binlog is {newest}: the server's binlogs were reset")))
            }
            Some(_) | None => Ok(()),
        };
    }
    match binlog_file(params, watch, &known.name).await {
        Ok(found) if found == *known => Ok(()),
        Ok(found) => Err(lost(format!(
            "{} was begun at {} s, and at {} s when it was read: the server's binlogs were reset",
            known.name, found.begun_at_s, known.begun_at_s
        ))),
        // Purged in this moment.
        Err(SourceError::LostPosition { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The binlog files, oldest first, with their sizes in bytes.
async fn binlog_files(conn: &mut Connection) -> Result<Vec<(String, u64)>, SourceError> {
    let rows = conn.rows("list the binlog files", "SHOW BINARY LOGS").await?;
    let file = |row: &TextRow| Some((row.at(0)?.to_owned(), row.at(1)?.parse().ok()?));
    Ok(rows.iter().filter_map(file).collect())
}

/// Checks that `position`, which was reached on this very server, still means what it meant.
///
/// # Errors
/// [`SourceError::LostPosition`] when the server's binlogs were reset since.
pub async fn check_lineage(conn: &mut Connection, position: &Position) -> Result<(), SourceError> {
    let lost =
        |answer: String| SourceError::LostPosition { position: position.to_string(), answer };
    let files = binlog_files(conn).await?;
    let newest =
        files.last().map(|(file, offset)| BinlogOffset { file: file.clone(), offset: *offset });
    let newest = newest.unwrap_or_default();
    let ours = files.iter().find(|(file, _)| *file == position.at.file);
    match ours.map(|(_, size)| *size) {
        Some(size) if size >= position.at.offset => {}
        Some(size) => {
            return Err(lost(format!(
                "{} is {size} bytes long now: the server's binlogs were reset",
                position.at.file
            )));
        }
        None if newest < position.at => {
            return Err(lost(format!(
                "the newest binlog is {}: the server's binlogs were reset",
                newest.file
            )));
        }
        // Purged: whether anything is missing, the server says when the stream is asked for.
        None => return Ok(()),
    }
    if let Some(GtidSet::Mariadb(ours)) = &position.gtid {
        let sql = format!(
            "SELECT BINLOG_GTID_POS({}, {})",
            literal(&position.at.file),
            position.at.offset
        );
        // NULL where the server can't tell.
        if let Some(text) = conn.text(DOING, &sql).await?
            && let Ok(theirs) = MariadbGtidPosition::parse(&text)
            && !theirs.is_empty()
            && theirs != *ours
        {
            return Err(lost(format!(
                "at {} the server is at {theirs}: its binlogs were reset",
                position.at
            )));
        }
    }
    Ok(())
}
