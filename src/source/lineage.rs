//! Whether a server still is the one that a position belongs to.
//!
//! A file and an offset mean something on one server only. And a server whose binlogs were reset
//! numbers its transactions from 1 again: once it has more of them than before, it would pass over
//! the new ones that bear old numbers, without a word.

use crate::position::{BinlogOffset, GtidSet, MariadbGtidPosition, Position};
use crate::source::params::literal;
use crate::source::{Connection, Flavour, SourceError};

const DOING: &str = "find out which server this is";

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

/// Checks that `position`, which was reached on this very server, still means what it meant.
///
/// # Errors
/// [`SourceError::LostPosition`] when the server's binlogs were reset since.
pub async fn check_lineage(conn: &mut Connection, position: &Position) -> Result<(), SourceError> {
    let lost =
        |answer: String| SourceError::LostPosition { position: position.to_string(), answer };
    let files = conn.rows("list the binlog files", "SHOW BINARY LOGS").await?;
    let mut sizes = files.iter().filter_map(|row| Some((row.at(0)?, row.at(1)?.parse().ok()?)));
    let mut newest = BinlogOffset::default();
    let size: Option<u64> = sizes.find_map(|(file, size)| {
        newest = BinlogOffset { file: file.to_owned(), offset: size };
        (file == position.at.file).then_some(size)
    });
    match size {
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
