//! GTIDs of either server kind.

use std::fmt;

use crate::position::{MariadbGtid, MariadbGtidPosition, MysqlGtid, MysqlGtidSet, PositionError};

/// The GTID of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gtid {
    /// Of a MySQL server.
    Mysql(MysqlGtid),
    /// Of a MariaDB server.
    Mariadb(MariadbGtid),
}

/// Which transactions were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GtidSet {
    /// Of a MySQL server: a true set.
    Mysql(MysqlGtidSet),
    /// Of a MariaDB server: the last transaction of each domain.
    Mariadb(MariadbGtidPosition),
}

impl GtidSet {
    /// Reads either server's text form: a colon occurs in MySQL's only. An empty text, which both
    /// servers print for "nothing yet", is read as MySQL's; where the server kind is known, use
    /// [`MysqlGtidSet::parse`] or [`MariadbGtidPosition::parse`].
    pub fn parse(text: &str) -> Result<Self, PositionError> {
        if text.contains(':') || text.trim().is_empty() {
            MysqlGtidSet::parse(text).map(Self::Mysql)
        } else {
            MariadbGtidPosition::parse(text).map(Self::Mariadb)
        }
    }

    /// Adds one transaction; refused when it is of the other server kind.
    pub fn add(&mut self, gtid: &Gtid) -> Result<(), PositionError> {
        match (&mut *self, gtid) {
            (Self::Mysql(set), Gtid::Mysql(gtid)) => set.add(gtid),
            (Self::Mariadb(position), Gtid::Mariadb(gtid)) => position.add(gtid),
            (Self::Mysql(_), Gtid::Mariadb(_)) | (Self::Mariadb(_), Gtid::Mysql(_)) => {
                return Err(other_kind(self, gtid));
            }
        }
        Ok(())
    }

    /// Adds every transaction of `other`; refused when it is of the other server kind.
    pub fn union(&mut self, other: &Self) -> Result<(), PositionError> {
        match (&mut *self, other) {
            (Self::Mysql(set), Self::Mysql(other)) => set.union(other),
            (Self::Mariadb(position), Self::Mariadb(other)) => position.union(other),
            (Self::Mysql(_), Self::Mariadb(_)) | (Self::Mariadb(_), Self::Mysql(_)) => {
                return Err(other_kind(self, other));
            }
        }
        Ok(())
    }

    /// Whether the transaction is in the set; never for one of the other server kind.
    pub fn contains(&self, gtid: &Gtid) -> bool {
        match (self, gtid) {
            (Self::Mysql(set), Gtid::Mysql(gtid)) => set.contains(gtid),
            (Self::Mariadb(position), Gtid::Mariadb(gtid)) => position.contains(gtid),
            (Self::Mysql(_), Gtid::Mariadb(_)) | (Self::Mariadb(_), Gtid::Mysql(_)) => false,
        }
    }

    /// Whether every transaction of `other` is in the set; never for the other server kind.
    pub fn contains_set(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mysql(set), Self::Mysql(other)) => set.contains_set(other),
            (Self::Mariadb(position), Self::Mariadb(other)) => position.contains_set(other),
            (Self::Mysql(_), Self::Mariadb(_)) | (Self::Mariadb(_), Self::Mysql(_)) => false,
        }
    }

    /// Whether no transaction was seen.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Mysql(set) => set.is_empty(),
            Self::Mariadb(position) => position.is_empty(),
        }
    }
}

fn other_kind(left: &GtidSet, right: &impl fmt::Display) -> PositionError {
    PositionError::OtherServerKind { left: left.to_string(), right: right.to_string() }
}

impl fmt::Display for Gtid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mysql(gtid) => gtid.fmt(out),
            Self::Mariadb(gtid) => gtid.fmt(out),
        }
    }
}

impl fmt::Display for GtidSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mysql(set) => set.fmt(out),
            Self::Mariadb(position) => position.fmt(out),
        }
    }
}
