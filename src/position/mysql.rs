//! GTIDs of MySQL, tagged ones (8.4 and later) included.

use std::collections::BTreeMap;
use std::fmt;

use crate::position::PositionError;

/// One more than the largest transaction number that MySQL gives.
const SEQUENCE_END: u64 = i64::MAX.unsigned_abs();
const TAG_LENGTH_MAX: usize = 32;

/// Who numbers the transactions: a server's UUID and, from MySQL 8.4 on, a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    /// The server's UUID.
    pub uuid: [u8; 16],
    /// The tag in lower case; empty for an untagged GTID.
    pub tag: String,
}

/// The GTID of one MySQL transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MysqlGtid {
    /// Who numbered the transaction.
    pub sid: Sid,
    /// The transaction's number, 1 to 9223372036854775806.
    pub sequence: u64,
}

/// A set of MySQL GTIDs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MysqlGtidSet {
    /// Per numberer: intervals `[start, end)`, sorted, neither empty, overlapping nor adjacent.
    intervals: BTreeMap<Sid, Vec<(u64, u64)>>,
}

impl Sid {
    /// The numberer with this tag; `None` when the tag is not one MySQL allows.
    pub fn tagged(uuid: [u8; 16], tag: &str) -> Option<Self> {
        let tag = tag.to_ascii_lowercase();
        (tag.is_empty() || is_tag(&tag)).then_some(Self { uuid, tag })
    }
}

impl MysqlGtidSet {
    /// Reads `uuid:1-5:9:tag:1-3, uuid:…`; spaces and newlines between the parts don't matter.
    pub fn parse(text: &str) -> Result<Self, PositionError> {
        let mut set = Self::default();
        for group in text.split(',').map(str::trim).filter(|group| !group.is_empty()) {
            let mut parts = group.split(':').map(str::trim);
            let uuid = parts.next().unwrap_or_default();
            let uuid = parse_uuid(uuid).ok_or_else(|| wrong(group, "not a UUID"))?;
            let mut sid = Sid { uuid, tag: String::new() };
            let mut is_sid_used = false;
            for part in parts {
                if part.starts_with(|first: char| first.is_ascii_digit()) {
                    let (start, end) = parse_interval(part)
                        .ok_or_else(|| wrong(part, "not a range of transaction numbers"))?;
                    set.add_interval(&sid, start, end);
                    is_sid_used = true;
                } else {
                    sid = Sid::tagged(uuid, part)
                        .filter(|sid| !sid.tag.is_empty())
                        .ok_or_else(|| wrong(part, "neither a tag nor a transaction number"))?;
                    is_sid_used = false;
                }
            }
            if !is_sid_used {
                return Err(wrong(group, "a UUID or tag without transaction numbers"));
            }
        }
        Ok(set)
    }

    /// Adds one transaction.
    pub fn add(&mut self, gtid: &MysqlGtid) {
        let end = gtid.sequence.saturating_add(1);
        // The usual case, the next transaction of a known server, without a search.
        if let Some(last) = self.intervals.get_mut(&gtid.sid).and_then(|list| list.last_mut())
            && last.1 == gtid.sequence
        {
            last.1 = end;
            return;
        }
        self.add_interval(&gtid.sid, gtid.sequence, end);
    }

    /// Adds the transactions `start` to `end - 1`; does nothing when there are none.
    pub fn add_interval(&mut self, sid: &Sid, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let list = self.intervals.entry(sid.clone()).or_default();
        let (mut start, mut end) = (start, end);
        list.retain(|&(other_start, other_end)| {
            let is_apart = other_end < start || end < other_start;
            if !is_apart {
                start = start.min(other_start);
                end = end.max(other_end);
            }
            is_apart
        });
        let place = list.partition_point(|&(other_start, _)| other_start < start);
        list.insert(place, (start, end));
    }

    /// Adds every transaction of `other`.
    pub fn union(&mut self, other: &Self) {
        for (sid, list) in &other.intervals {
            for &(start, end) in list {
                self.add_interval(sid, start, end);
            }
        }
    }

    /// Whether the transaction is in the set.
    pub fn contains(&self, gtid: &MysqlGtid) -> bool {
        self.contains_interval(&gtid.sid, gtid.sequence, gtid.sequence.saturating_add(1))
    }

    /// Whether every transaction of `other` is in the set.
    pub fn contains_set(&self, other: &Self) -> bool {
        other.sids().all(|(sid, list)| {
            list.iter().all(|&(start, end)| self.contains_interval(sid, start, end))
        })
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Who numbered, with intervals `(start, end)` where `end` is the first number not in the set.
    pub fn sids(&self) -> impl Iterator<Item = (&Sid, &[(u64, u64)])> {
        self.intervals.iter().map(|(sid, list)| (sid, list.as_slice()))
    }

    fn contains_interval(&self, sid: &Sid, start: u64, end: u64) -> bool {
        let Some(list) = self.intervals.get(sid) else { return false };
        let next = list.partition_point(|&(other_start, _)| other_start <= start);
        next.checked_sub(1).and_then(|last| list.get(last)).is_some_and(|found| end <= found.1)
    }
}

impl fmt::Display for MysqlGtidSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last_uuid = None;
        for (sid, list) in &self.intervals {
            if last_uuid != Some(sid.uuid) {
                if last_uuid.is_some() {
                    write!(out, ",")?;
                }
                write_uuid(out, &sid.uuid)?;
                last_uuid = Some(sid.uuid);
            }
            if !sid.tag.is_empty() {
                write!(out, ":{}", sid.tag)?;
            }
            for &(start, end) in list {
                match end.saturating_sub(1) {
                    last if last == start => write!(out, ":{start}")?,
                    last => write!(out, ":{start}-{last}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for MysqlGtid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_uuid(out, &self.sid.uuid)?;
        if !self.sid.tag.is_empty() {
            write!(out, ":{}", self.sid.tag)?;
        }
        write!(out, ":{}", self.sequence)
    }
}

fn wrong(part: &str, reason: &'static str) -> PositionError {
    PositionError::MysqlGtid { part: part.to_owned(), reason }
}

fn is_tag(tag: &str) -> bool {
    let is_word = |letter: char| letter == '_' || letter.is_ascii_lowercase();
    tag.len() <= TAG_LENGTH_MAX
        && tag.starts_with(is_word)
        && tag.chars().all(|letter| is_word(letter) || letter.is_ascii_digit())
}

fn parse_interval(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let start: u64 = first.trim().parse().ok()?;
    let end = last.trim().parse::<u64>().ok()?.checked_add(1)?;
    (start >= 1 && start < end && end <= SEQUENCE_END).then_some((start, end))
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let is_dash_placed = |(at, byte): (usize, u8)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23);
    if text.len() != 36 || !text.bytes().enumerate().all(is_dash_placed) {
        return None;
    }
    let mut digits = text.chars().filter(|digit| *digit != '-').map(|digit| digit.to_digit(16));
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        let value = digits.next()?? * 16 + digits.next()??;
        *byte = u8::try_from(value).ok()?;
    }
    Some(uuid)
}

fn write_uuid(out: &mut fmt::Formatter<'_>, uuid: &[u8; 16]) -> fmt::Result {
    for (at, byte) in uuid.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            write!(out, "-")?;
        }
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}
