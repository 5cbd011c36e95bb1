//! GTIDs of MariaDB: per replication domain the last transaction.

use std::collections::BTreeMap;
use std::fmt;

use crate::position::PositionError;

/// The GTID of one MariaDB transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MariadbGtid {
    /// The replication domain.
    pub domain: u32,
    /// The server that committed first.
    pub server_id: u32,
    /// The transaction's number within the domain.
    pub sequence: u64,
}

/// The last transaction of each replication domain, as in `@@gtid_binlog_pos`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MariadbGtidPosition {
    /// Per domain: server id and sequence of the last transaction.
    domains: BTreeMap<u32, (u32, u64)>,
}

impl MariadbGtidPosition {
    /// Reads `0-1-270,5-2-7`; spaces and newlines between the parts don't matter.
    pub fn parse(text: &str) -> Result<Self, PositionError> {
        let mut position = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let gtid = MariadbGtid::parse(part)
                .ok_or_else(|| PositionError::MariadbGtid { part: part.to_owned() })?;
            position.add(&gtid);
        }
        Ok(position)
    }

    /// Makes the transaction the last of its domain.
    pub fn add(&mut self, gtid: &MariadbGtid) {
        self.domains.insert(gtid.domain, (gtid.server_id, gtid.sequence));
    }

    /// Takes over, per domain, the later of the two positions.
    pub fn union(&mut self, other: &Self) {
        for gtid in other.gtids() {
            if !self.contains(&gtid) {
                self.add(&gtid);
            }
        }
    }

    /// Whether the transaction is at or before the position of its domain.
    pub fn contains(&self, gtid: &MariadbGtid) -> bool {
        self.domains.get(&gtid.domain).is_some_and(|(_, sequence)| *sequence >= gtid.sequence)
    }

    /// Whether every domain of `other` is at or before ours.
    pub fn contains_set(&self, other: &Self) -> bool {
        other.gtids().all(|gtid| self.contains(&gtid))
    }

    /// Whether there is no domain.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }

    /// The last transaction of each domain, by domain.
    pub fn gtids(&self) -> impl Iterator<Item = MariadbGtid> {
        self.domains.iter().map(|(&domain, &(server_id, sequence))| MariadbGtid {
            domain,
            server_id,
            sequence,
        })
    }
}

impl MariadbGtid {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(str::trim);
        let domain = parts.next()?.parse().ok()?;
        let server_id = parts.next()?.parse().ok()?;
        let sequence = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { domain, server_id, sequence })
    }
}

impl fmt::Display for MariadbGtid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}-{}", self.domain, self.server_id, self.sequence)
    }
}

impl fmt::Display for MariadbGtidPosition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, gtid) in self.gtids().enumerate() {
            if place > 0 {
                write!(out, ",")?;
            }
            write!(out, "{gtid}")?;
        }
        Ok(())
    }
}
