//! A place in the server's binlog files, and the position that is stored.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::position::{GtidSet, MariadbGtidPosition, MysqlGtidSet, PositionError};

/// A place between two events of a server's binlog files.
///
/// Ordered by the file's number (`bin.999999` before `bin.1000000`), then by offset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BinlogOffset {
    /// The file's name on the server, without folder; empty when not known yet.
    pub file: String,
    /// Bytes from the start of the file.
    pub offset: u64,
}

impl BinlogOffset {
    /// The file name's stem and its number without leading zeros.
    fn numbered(&self) -> (&str, &str) {
        match self.file.rsplit_once('.') {
            Some((stem, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => {
                (stem, number.trim_start_matches('0'))
            }
            Some(_) | None => (&self.file, ""),
        }
    }
}

impl Ord for BinlogOffset {
    fn cmp(&self, other: &Self) -> Ordering {
        let (stem, number) = self.numbered();
        let (other_stem, other_number) = other.numbered();
        stem.cmp(other_stem)
            .then(number.len().cmp(&other_number.len()))
            .then_with(|| number.cmp(other_number))
            .then_with(|| self.file.cmp(&other.file))
            .then(self.offset.cmp(&other.offset))
    }
}

impl PartialOrd for BinlogOffset {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for BinlogOffset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file, self.offset)
    }
}

/// A binlog file, and when the server began it: one of the same name that was begun at another time is
/// another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinlogFile {
    /// The file's name on the server, without folder.
    pub name: String,
    /// Seconds since 1970, by the server's clock.
    pub begun_at_s: u32,
}

impl BinlogFile {
    /// The stable text form for the store; [`BinlogFile::decode`] reads it.
    pub fn encode(&self) -> String {
        // A struct of a string and a number always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`BinlogFile::encode`] wrote.
    ///
    /// # Errors
    /// [`PositionError::Encoding`] when it is something else.
    pub fn decode(text: &str) -> Result<Self, PositionError> {
        serde_json::from_str(text)
            .map_err(|_unreadable| PositionError::Encoding { text: text.to_owned() })
    }
}

/// A point between two source transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// The transactions before the point, where the server numbers them.
    pub gtid: Option<GtidSet>,
    /// The place in the binlog files of the server that was read.
    pub at: BinlogOffset,
}

/// The stored form. A GTID set is stored with its server kind, because an empty text fits both.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mysql_gtid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mariadb_gtid: Option<String>,
    file: String,
    offset: u64,
}

impl Position {
    /// Whether every transaction before `target` is also before this point. Compares by GTID where
    /// both have one, else by file and offset.
    pub fn covers(&self, target: &Self) -> bool {
        match (&self.gtid, &target.gtid) {
            (Some(ours), Some(theirs)) => ours.contains_set(theirs),
            (None, _) | (_, None) => self.at >= target.at,
        }
    }

    /// The stable text form for the store; [`Position::decode`] reads it.
    pub fn encode(&self) -> String {
        let (mut mysql_gtid, mut mariadb_gtid) = (None, None);
        match &self.gtid {
            Some(GtidSet::Mysql(set)) => mysql_gtid = Some(set.to_string()),
            Some(GtidSet::Mariadb(position)) => mariadb_gtid = Some(position.to_string()),
            None => {}
        }
        let (file, offset) = (self.at.file.clone(), self.at.offset);
        let stored = Stored { mysql_gtid, mariadb_gtid, file, offset };
        // A struct of strings and a number always has a JSON form.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads what [`Position::encode`] wrote.
    pub fn decode(text: &str) -> Result<Self, PositionError> {
        let wrong = || PositionError::Encoding { text: text.to_owned() };
        let stored: Stored = serde_json::from_str(text).map_err(|_unreadable| wrong())?;
        let gtid = match (stored.mysql_gtid, stored.mariadb_gtid) {
            (Some(set), None) => Some(GtidSet::Mysql(MysqlGtidSet::parse(&set)?)),
            (None, Some(position)) => {
                Some(GtidSet::Mariadb(MariadbGtidPosition::parse(&position)?))
            }
            (None, None) => None,
            (Some(_), Some(_)) => return Err(wrong()),
        };
        Ok(Self { gtid, at: BinlogOffset { file: stored.file, offset: stored.offset } })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.gtid {
            Some(gtid) => write!(out, "{gtid} ({})", self.at),
            None => self.at.fmt(out),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decode(&text).map_err(serde::de::Error::custom)
    }
}
