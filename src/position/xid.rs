//! The name of a distributed (XA) transaction.

use std::fmt;

/// The name under which a client prepared a distributed transaction; both servers write it alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Xid {
    /// `formatID`; 1 unless the client gave another one.
    pub format: u32,
    /// `gtrid`, up to 64 bytes: the global transaction.
    pub global: Vec<u8>,
    /// `bqual`, up to 64 bytes: the branch of it.
    pub branch: Vec<u8>,
}

impl fmt::Display for Xid {
    /// As the servers write it: `X'676c6f62616c',X'',1`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.global, &self.branch] {
            out.write_str("X'")?;
            for byte in part {
                write!(out, "{byte:02x}")?;
            }
            out.write_str("',")?;
        }
        write!(out, "{}", self.format)
    }
}
