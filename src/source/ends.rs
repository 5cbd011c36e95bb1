//! Positions to start and end with, found without any lock.
//!
//! A transaction is in the binlog before a SELECT can see it. So the position to start the binlog
//! from ([`safe_start`]) is not simply the binlog's end ([`written_end`]): it is one whose every
//! transaction is already visible. Rows are read after it, and the binlog is then replayed over
//! them; full row images folded by primary key converge.

use crate::position::{BinlogOffset, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position};
use crate::source::params::literal;
use crate::source::{Connection, Flavour, SourceError};

/// The first event of a binlog file follows the file's magic number.
const FIRST_OFFSET: u64 = 4;

/// A position whose every transaction is visible to a SELECT that starts after this call.
///
/// `at` is always filled, and never later than the GTIDs.
pub async fn safe_start(conn: &mut Connection) -> Result<Position, SourceError> {
    match conn.flavour() {
        Flavour::Mysql => mysql_start(conn).await,
        Flavour::Mariadb => mariadb_start(conn).await,
    }
}

/// `gtid_executed` grows when a transaction becomes visible. Without GTIDs the start of the current
/// file serves: a rotation waits until everything in the old file is visible, and older is safe.
async fn mysql_start(conn: &mut Connection) -> Result<Position, SourceError> {
    const DOING: &str = "note the executed GTIDs";
    let end = written_end(conn).await?;
    let at = BinlogOffset { file: end.file, offset: FIRST_OFFSET };
    let mode = conn.text(DOING, "SELECT @@GLOBAL.gtid_mode").await?.unwrap_or_default();
    if mode != "ON" {
        return Ok(Position { gtid: None, at });
    }
    let text = conn.text(DOING, "SELECT @@GLOBAL.gtid_executed").await?.unwrap_or_default();
    let set = MysqlGtidSet::parse(&text)
        .map_err(|error| unexpected(DOING, &format!("{text:?}: {error}")))?;
    Ok(Position { gtid: Some(GtidSet::Mysql(set)), at })
}

/// A consistent snapshot is ordered with the commits, and names its own place in the binlog.
async fn mariadb_start(conn: &mut Connection) -> Result<Position, SourceError> {
    const DOING: &str = "note the position of a consistent snapshot";
    conn.run(DOING, "START TRANSACTION WITH CONSISTENT SNAPSHOT").await?;
    let rows = conn.rows(DOING, "SHOW SESSION STATUS LIKE 'binlog_snapshot_%'").await;
    conn.run(DOING, "COMMIT").await?;
    let rows = rows?;
    let status = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row.at(0).is_some_and(|variable| variable.eq_ignore_ascii_case(name)));
        row.and_then(|row| row.at(1)).unwrap_or_default()
    };
    let (file, offset) = (status("binlog_snapshot_file"), status("binlog_snapshot_position"));
    if file.is_empty() {
        return Err(SourceError::BinlogOff);
    }
    let at = BinlogOffset { file: file.to_owned(), offset: parse_offset(DOING, offset)? };
    let sql = format!("SELECT BINLOG_GTID_POS({}, {})", literal(&at.file), at.offset);
    // NULL: the file was purged in this moment. Then file and offset are no use either.
    let text = conn.text(DOING, &sql).await?.ok_or_else(|| unexpected(DOING, "no GTIDs"))?;
    let gtids = MariadbGtidPosition::parse(&text)
        .map_err(|error| unexpected(DOING, &format!("{text:?}: {error}")))?;
    Ok(Position { gtid: Some(GtidSet::Mariadb(gtids)), at })
}

/// The end of the binlog: everything that a SELECT before this call could see is at or before it.
pub async fn written_end(conn: &mut Connection) -> Result<BinlogOffset, SourceError> {
    const DOING: &str = "ask for the binlog's end";
    let sql = status_statement(conn.flavour(), conn.version());
    let rows = conn.rows(DOING, sql).await?;
    let row = rows.first().ok_or(SourceError::BinlogOff)?;
    let file = row.get("file").unwrap_or_default().to_owned();
    let offset = parse_offset(DOING, row.get("position").unwrap_or_default())?;
    Ok(BinlogOffset { file, offset })
}

/// The statement that shows the binlog's end.
pub(crate) fn status_statement(flavour: Flavour, version: (u16, u16, u16)) -> &'static str {
    match flavour {
        Flavour::Mysql if version >= (8, 2, 0) => "SHOW BINARY LOG STATUS",
        Flavour::Mysql | Flavour::Mariadb => "SHOW MASTER STATUS",
    }
}

fn parse_offset(doing: &'static str, text: &str) -> Result<u64, SourceError> {
    text.parse().map_err(|error: std::num::ParseIntError| {
        unexpected(doing, &format!("{text:?} as an offset: {error}"))
    })
}

fn unexpected(doing: &'static str, answer: &str) -> SourceError {
    SourceError::UnexpectedAnswer { doing, answer: answer.to_owned() }
}
