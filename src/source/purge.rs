//! How long the server still has what we have not read yet.
//!
//! A server purges whole binlog files, oldest first, never the newest, and by age: so long after a
//! file was last written. That is never before the time of an event in it, and an event that we have
//! not read is no older than the last one that we have.

use std::time::Duration;

use jiff::Timestamp;

use crate::position::{BinlogOffset, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position};
use crate::source::params::literal;
use crate::source::preflight::{self, Retention};
use crate::source::{Connection, SourceError};

const DOING: &str = "ask which binlog files there are";

/// How long the server still has what we have not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeOutlook {
    /// It has been purged: a reader that connects now finds its position lost.
    Purged,
    /// It is there.
    Kept {
        /// The shortest time until it may be purged by age; `None` when the server keeps binlogs
        /// until they are purged by hand, or does not say how long it keeps them, or when it is not
        /// known how old what is unread may be.
        left: Option<Duration>,
        /// Files after the one that we read.
        files_behind: u64,
        /// Bytes that we have not read, other schemas' included.
        bytes_behind: u64,
    },
}

/// One line of `SHOW BINARY LOGS`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BinlogFile {
    name: String,
    bytes: u64,
}

/// What the GTIDs say about transactions that we have not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// There are none.
    None,
    /// There are some, and the server has them all.
    Kept,
    /// There are some that the server has purged.
    Purged,
    /// There are no GTIDs.
    Unknown,
}

/// Asks how long the server still has what follows `position`. `last_event_at` is the time of the
/// last event that was absorbed, `None` when that is not known; `now` is our own time. Cheap enough
/// for once a minute.
///
/// # Errors
/// A question could not be asked or answered; the account needs what following the binlog needs.
pub async fn purge_outlook(
    conn: &mut Connection,
    position: &Position,
    last_event_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<PurgeOutlook, SourceError> {
    let mut files = Vec::new();
    for row in conn.rows(DOING, "SHOW BINARY LOGS").await? {
        let (name, bytes) = (row.at(0).unwrap_or_default(), row.at(1).unwrap_or_default());
        let bytes = bytes.parse().map_err(|_no_number| unexpected(format!("{bytes:?}")))?;
        files.push(BinlogFile { name: name.to_owned(), bytes });
    }
    let unread = match (&position.gtid, files.first()) {
        (Some(gtids), Some(oldest)) => unread(conn, gtids, oldest).await?,
        (_, _) => Unread::Unknown,
    };
    let retention = preflight::retention(conn).await?;
    // An event from our future is a clock's fault, and new.
    let age =
        |at| Duration::from_secs(u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0));
    Ok(judge(&files, &position.at, unread, retention, last_event_at.map(age)))
}

async fn unread(
    conn: &mut Connection,
    read: &GtidSet,
    oldest: &BinlogFile,
) -> Result<Unread, SourceError> {
    let sql = match read {
        GtidSet::Mysql(_) => "SELECT @@GLOBAL.gtid_purged, @@GLOBAL.gtid_executed".to_owned(),
        GtidSet::Mariadb(_) => {
            let file = literal(&oldest.name);
            format!("SELECT BINLOG_GTID_POS({file}, 4), @@GLOBAL.gtid_binlog_pos")
        }
    };
    let rows = conn.rows(DOING, &sql).await?;
    let set = |place: usize| -> Result<GtidSet, SourceError> {
        // NULL: the oldest file was purged in this moment. What it held is not known to be there.
        let text = rows.first().and_then(|row| row.at(place));
        let text = text.ok_or_else(|| unexpected("no GTIDs".to_owned()))?;
        let set = match read {
            GtidSet::Mysql(_) => MysqlGtidSet::parse(text).map(GtidSet::Mysql),
            GtidSet::Mariadb(_) => MariadbGtidPosition::parse(text).map(GtidSet::Mariadb),
        };
        set.map_err(|error| unexpected(format!("{text:?}: {error}")))
    };
    Ok(judge_gtids(read, &set(0)?, &set(1)?))
}

fn judge_gtids(read: &GtidSet, purged: &GtidSet, written: &GtidSet) -> Unread {
    if !read.contains_set(purged) {
        Unread::Purged
    } else if read.contains_set(written) {
        Unread::None
    } else {
        Unread::Kept
    }
}

/// `age` is how long ago the last absorbed event was written, as far as that is known.
fn judge(
    files: &[BinlogFile],
    at: &BinlogOffset,
    unread: Unread,
    retention: Retention,
    age: Option<Duration>,
) -> PurgeOutlook {
    let ours = files.iter().position(|file| file.name == at.file);
    if unread == Unread::Purged || (unread == Unread::Unknown && ours.is_none()) {
        return PurgeOutlook::Purged;
    }
    let kept = match retention {
        Retention::For(kept) => Some(kept),
        Retention::Forever | Retention::Unknown => None,
    };
    if unread == Unread::None {
        return PurgeOutlook::Kept { left: kept, files_behind: 0, bytes_behind: 0 };
    }
    // Another server's file names mean nothing here: then all may be unread.
    let (first, offset) = ours.map_or((0, 0), |place| (place, at.offset));
    let unread = files.iter().skip(first);
    let files_behind = unread.len().saturating_sub(1);
    let bytes = unread.map(|file| file.bytes).fold(0, u64::saturating_add);
    let is_newest = ours.is_some() && files_behind == 0;
    let left = match kept {
        Some(kept) if is_newest => Some(kept),
        Some(kept) => age.map(|age| kept.saturating_sub(age)),
        None => None,
    };
    PurgeOutlook::Kept {
        left,
        files_behind: u64::try_from(files_behind).unwrap_or(u64::MAX),
        bytes_behind: bytes.saturating_sub(offset),
    }
}

fn unexpected(answer: String) -> SourceError {
    SourceError::UnexpectedAnswer { doing: DOING, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const HOUR: Duration = Duration::from_hours(1);
    const DAY_LESS_AN_HOUR: Duration = Duration::from_hours(23);

    fn outlook(at: (&str, u64), unread: Unread, retention: Retention) -> PurgeOutlook {
        let file = |name: &str, bytes| BinlogFile { name: name.to_owned(), bytes };
        let files = [file("bin.000004", 1000), file("bin.000005", 500), file("bin.000006", 300)];
        let at = BinlogOffset { file: at.0.to_owned(), offset: at.1 };
        judge(&files, &at, unread, retention, Some(HOUR))
    }

    fn kept(left: Option<Duration>, files_behind: u64, bytes_behind: u64) -> PurgeOutlook {
        PurgeOutlook::Kept { left, files_behind, bytes_behind }
    }

    #[test]
    fn the_newest_file_is_purged_no_sooner_than_a_whole_retention_from_now() {
        let found = outlook(("bin.000006", 100), Unread::Unknown, Retention::For(DAY));
        assert_eq!(found, kept(Some(DAY), 0, 200));
    }

    #[test]
    fn an_older_file_is_purged_no_sooner_than_a_retention_after_the_last_event_read() {
        for unread in [Unread::Unknown, Unread::Kept] {
            let found = outlook(("bin.000004", 900), unread, Retention::For(DAY));
            assert_eq!(found, kept(Some(DAY_LESS_AN_HOUR), 2, 900));
        }
        let found = outlook(("bin.000004", 900), Unread::Kept, Retention::For(HOUR / 2));
        assert_eq!(found, kept(Some(Duration::ZERO), 2, 900));
    }

    #[test]
    fn an_older_file_has_no_figure_when_nobody_knows_how_old_it_is() {
        let file = |name: &str| BinlogFile { name: name.to_owned(), bytes: 10 };
        let files = [file("bin.000004"), file("bin.000005")];
        let outlook = |name: &str| {
            let at = BinlogOffset { file: name.to_owned(), offset: 10 };
            judge(&files, &at, Unread::Unknown, Retention::For(DAY), None)
        };
        assert_eq!(outlook("bin.000004"), kept(None, 1, 10));
        assert_eq!(outlook("bin.000005"), kept(Some(DAY), 0, 0));
    }

    #[test]
    fn servers_that_never_purge_or_do_not_say_when_leave_no_figure() {
        for retention in [Retention::Forever, Retention::Unknown] {
            let found = outlook(("bin.000005", 500), Unread::Unknown, retention);
            assert_eq!(found, kept(None, 1, 300));
        }
    }

    #[test]
    fn a_file_that_is_gone_is_a_loss_only_when_something_unread_went_with_it() {
        let gone = |unread| outlook(("bin.000003", 700), unread, Retention::For(DAY));
        assert_eq!(gone(Unread::Unknown), PurgeOutlook::Purged);
        assert_eq!(gone(Unread::Purged), PurgeOutlook::Purged);
        assert_eq!(gone(Unread::None), kept(Some(DAY), 0, 0));
        assert_eq!(gone(Unread::Kept), kept(Some(DAY_LESS_AN_HOUR), 2, 1800));
    }

    #[test]
    fn a_file_that_is_there_does_not_outweigh_purged_gtids() {
        // After a failover the file is another server's, of the same name.
        let found = outlook(("bin.000006", 100), Unread::Purged, Retention::Forever);
        assert_eq!(found, PurgeOutlook::Purged);
    }

    #[test]
    fn gtids_say_what_is_unread() {
        let mysql = |text: &str| GtidSet::Mysql(MysqlGtidSet::parse(text).unwrap());
        let sid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let upto = |end: u64| mysql(&format!("{sid}:1-{end}"));
        assert_eq!(judge_gtids(&upto(9), &upto(5), &upto(9)), Unread::None);
        assert_eq!(judge_gtids(&upto(7), &upto(5), &upto(9)), Unread::Kept);
        assert_eq!(judge_gtids(&upto(3), &upto(5), &upto(9)), Unread::Purged);
        assert_eq!(judge_gtids(&upto(3), &mysql(""), &upto(9)), Unread::Kept);
        let mariadb = |text: &str| GtidSet::Mariadb(MariadbGtidPosition::parse(text).unwrap());
        let read = mariadb("0-1-7,5-1-2");
        assert_eq!(judge_gtids(&read, &mariadb("0-1-5"), &mariadb("0-1-7,5-1-2")), Unread::None);
        assert_eq!(judge_gtids(&read, &mariadb("0-1-5"), &mariadb("0-1-9,5-1-2")), Unread::Kept);
        assert_eq!(judge_gtids(&read, &mariadb("0-1-8"), &mariadb("0-1-9")), Unread::Purged);
    }
}
