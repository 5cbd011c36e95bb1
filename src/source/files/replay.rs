//! The replay of several binlog files in order: from a position, up to a position or a time.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;

use crate::position::{BinlogOffset, Gtid, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position};
use crate::source::files::{BinlogFile, FileError, FileReplay};
use crate::source::framing::{Framed, SourceTransaction};
use crate::source::reader::EventReader;

/// A point between two transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayPoint {
    /// A place in a file of the server.
    Offset(BinlogOffset),
    /// Behind these transactions.
    Gtids(GtidSet),
}

/// Where a replay ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayEnd {
    /// At a point, which must be in the files.
    At(ReplayPoint),
    /// Before the first transaction that was committed after this time.
    Time(Timestamp),
}

/// Which part of the files is replayed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayRange {
    /// Behind this point; `None`: from the start.
    pub from: Option<ReplayPoint>,
    /// `None`: to the end.
    pub until: Option<ReplayEnd>,
}

/// A text is no point, and no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a GTID set nor a place FILE:OFFSET{}", if *.is_time_fine { ", nor a time like 2026-01-31T08:00:00Z" } else { "" })]
pub struct NoPoint {
    /// Whether a time would have been taken, too.
    is_time_fine: bool,
}

impl FromStr for ReplayPoint {
    type Err = NoPoint;

    fn from_str(text: &str) -> Result<Self, NoPoint> {
        if let Ok(gtids) = GtidSet::parse(text)
            && !gtids.is_empty()
        {
            return Ok(Self::Gtids(gtids));
        }
        let place = text.rsplit_once(':').filter(|(file, _)| !file.is_empty());
        let place = place.and_then(|(file, offset)| Some((file, offset.parse().ok()?)));
        let (file, offset) = place.ok_or(NoPoint { is_time_fine: false })?;
        Ok(Self::Offset(BinlogOffset { file: file.to_owned(), offset }))
    }
}

impl FromStr for ReplayEnd {
    type Err = NoPoint;

    fn from_str(text: &str) -> Result<Self, NoPoint> {
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        text.parse().map(Self::At).map_err(|_no_point| NoPoint { is_time_fine: true })
    }
}

impl fmt::Display for ReplayPoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => offset.fmt(out),
            Self::Gtids(gtids) => gtids.fmt(out),
        }
    }
}

/// Replays files in order.
pub struct Replay {
    files: VecDeque<PathBuf>,
    range: ReplayRange,
    reader: EventReader,
    current: Option<(FileReplay, PathBuf)>,
    /// The last file's name, and that of the one it goes on in where that is known.
    last: Option<(String, Option<String>)>,
    is_started: bool,
    is_done: bool,
}

impl Replay {
    /// A replay of these files, whose names are those they have on the server. The reader starts
    /// without GTIDs, whatever the range: the files say what was before them.
    pub fn new(files: &[PathBuf], range: ReplayRange, reader: EventReader) -> Self {
        let files = files.iter().cloned().collect();
        let (current, last) = (None, None);
        Self { files, range, reader, current, last, is_started: false, is_done: false }
    }

    /// The next transaction of the range; `None` at its end. One that a statement ended which
    /// redefines tables is among them.
    ///
    /// # Errors
    /// A file is truncated, damaged or missing: what came before is right.
    pub fn next_transaction(&mut self) -> Result<Option<SourceTransaction>, FileError> {
        while !self.is_done {
            let Some((file, path)) = &mut self.current else {
                if !self.open_next()? {
                    self.is_done = true;
                    self.check_end()?;
                }
                continue;
            };
            match file.next_framed(&mut self.reader)? {
                Some(Framed::Ddl { ended: None, .. }) => {}
                Some(
                    Framed::Transaction(transaction) | Framed::Ddl { ended: Some(transaction), .. },
                ) => {
                    let path = path.clone();
                    if self.is_wanted(&transaction, &path)? {
                        return Ok(Some(transaction));
                    }
                }
                None => {
                    let name = file.name().to_owned();
                    // A rotation at the end leads to the next file. Without one, the server was
                    // stopped or the file was copied while it was written.
                    let seen = &self.reader.framer().seen().file;
                    let next = if *seen == name { successor(&name) } else { Some(seen.clone()) };
                    self.last = Some((name, next));
                    self.current = None;
                }
            }
        }
        Ok(None)
    }

    /// Opens the next file; false when there is none.
    fn open_next(&mut self) -> Result<bool, FileError> {
        while let Some(path) = self.files.pop_front() {
            let file = BinlogFile::open(&path)?;
            let name = file.name().to_owned();
            if let Some(ReplayPoint::Offset(from)) = &self.range.from
                && self.last.is_none()
                && from.file != name
            {
                continue;
            }
            if let Some((before, Some(expected))) = &self.last
                && *expected != name
            {
                let (before, expected) = (before.clone(), expected.clone());
                return Err(FileError::Gap { path, before, expected });
            }
            self.current = Some((FileReplay::new(file), path));
            return Ok(true);
        }
        match &self.range.from {
            Some(from @ ReplayPoint::Offset(_)) if self.last.is_none() => {
                Err(FileError::StartMissing { from: from.to_string() })
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Whether the transaction lies within the range; notes when everything of it was seen.
    fn is_wanted(
        &mut self,
        transaction: &SourceTransaction,
        path: &Path,
    ) -> Result<bool, FileError> {
        let position = &transaction.position;
        let is_first = !std::mem::replace(&mut self.is_started, true);
        let is_behind_start = match &self.range.from {
            None => true,
            Some(ReplayPoint::Offset(from)) => position.at > *from,
            Some(ReplayPoint::Gtids(from)) => {
                let gtid = self.gtid(position, path, from)?;
                if is_first {
                    check_start(position, &gtid, path, from)?;
                }
                !from.contains(&gtid)
            }
        };
        let is_before_end = match &self.range.until {
            None => true,
            Some(ReplayEnd::Time(time)) => transaction.committed_at_s <= time.as_second(),
            Some(ReplayEnd::At(ReplayPoint::Offset(until))) => position.at <= *until,
            Some(ReplayEnd::At(ReplayPoint::Gtids(until))) => {
                let is_within = until.contains(&self.gtid(position, path, until)?);
                self.is_done = position.gtid.as_ref().is_some_and(|seen| seen.contains_set(until));
                return Ok(is_within && is_behind_start);
            }
        };
        self.is_done = !is_before_end;
        Ok(is_behind_start && is_before_end)
    }

    /// The number of the transaction that just ended.
    fn gtid(&self, position: &Position, path: &Path, bound: &GtidSet) -> Result<Gtid, FileError> {
        self.reader.framer().last_gtid().cloned().ok_or_else(|| FileError::NoGtid {
            path: path.to_owned(),
            offset: position.at.offset,
            bound: bound.to_string(),
        })
    }

    /// Whether everything up to the end was in the files.
    fn check_end(&self) -> Result<(), FileError> {
        let Some(ReplayEnd::At(until)) = &self.range.until else { return Ok(()) };
        let framer = self.reader.framer();
        let is_reached = match until {
            ReplayPoint::Offset(until) => framer.seen() >= until,
            ReplayPoint::Gtids(until) => {
                let seen = framer.position().gtid.as_ref();
                seen.is_some_and(|seen| seen.contains_set(until))
            }
        };
        if is_reached {
            return Ok(());
        }
        let end = match until {
            ReplayPoint::Offset(_) => framer.seen().to_string(),
            ReplayPoint::Gtids(_) => framer.position().to_string(),
        };
        Err(FileError::EndMissing { until: until.to_string(), end })
    }
}

/// Everything before the first transaction must be before the start, or it would be left out.
fn check_start(
    position: &Position,
    first: &Gtid,
    path: &Path,
    from: &GtidSet,
) -> Result<(), FileError> {
    let mut known = match first {
        Gtid::Mysql(_) => GtidSet::Mysql(MysqlGtidSet::default()),
        Gtid::Mariadb(_) => GtidSet::Mariadb(MariadbGtidPosition::default()),
    };
    // Sets of the two kinds of servers contain nothing of each other.
    let is_known = known.add(first).and_then(|()| known.union(from)).is_ok();
    let before = position.gtid.as_ref();
    if is_known && before.is_some_and(|before| known.contains_set(before)) {
        return Ok(());
    }
    Err(FileError::TransactionsMissing {
        path: path.to_owned(),
        from: from.to_string(),
        before: before.map(ToString::to_string).unwrap_or_default(),
    })
}

/// The name of the file that follows one with this name; `None` when it has no number.
fn successor(name: &str) -> Option<String> {
    let (stem, number) = name.rsplit_once('.')?;
    let next = number.parse::<u64>().ok()?.checked_add(1)?;
    Some(format!("{stem}.{next:0width$}", width = number.len()))
}
