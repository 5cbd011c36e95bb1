//! Whether a server still is the one that a position belongs to.
//!
//! A file and an offset mean something on one server only. And a server whose binlogs were reset
//! numbers its transactions from 1 again: once it has more of them than before, it would pass over
//! the new ones that bear old numbers, without a word.

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
