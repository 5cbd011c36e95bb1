//! MariaDB's compressed events: the plain event with its text or its rows deflated.
//!
//! Source: MariaDB's documentation of `log_bin_compress`. One byte says how many bytes the length
//! has, the length follows with its highest byte first, then a zlib stream.

use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::decode::bytes::{Bytes, Short};

/// The largest text or rows that are inflated, in bytes: the servers' own limit for an event.
const INFLATED_SIZE_MAX: u64 = 1 << 30;

/// Set in the first byte of everything compressed; zlib is 0 in the three bits below.
const ZLIB: u8 = 0x80;
const ALGORITHM: u8 = 0xF0;
const LENGTH_WIDTH: u8 = 0x0F;

/// What is wrong with the compressed part of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It can't be read, or doesn't inflate to exactly what it claims.
    Malformed,
    /// It claims more bytes than an event may have.
    TooLarge { size: u64, limit: u64 },
}

impl From<Short> for Fault {
    fn from(_: Short) -> Self {
        Self::Malformed
    }
}

/// Inflates behind what `into` holds.
pub(crate) fn inflate(compressed: &[u8], into: &mut Vec<u8>) -> Result<(), Fault> {
    let mut bytes = Bytes(compressed);
    let head = bytes.u8()?;
    let width = usize::from(head & LENGTH_WIDTH);
    if head & ALGORITHM != ZLIB || !(1..=4).contains(&width) {
        return Err(Fault::Malformed);
    }
    let size = bytes.take(width)?.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    if size > INFLATED_SIZE_MAX {
        return Err(Fault::TooLarge { size, limit: INFLATED_SIZE_MAX });
    }
    let before = into.len();
    let mut zlib = ZlibDecoder::new(bytes.0);
    // One byte more, so that a stream that goes on is noticed. The buffer grows as bytes come.
    let read = zlib.by_ref().take(size + 1).read_to_end(into);
    let is_whole = read.is_ok_and(|read| u64::try_from(read) == Ok(size));
    let is_all_used = u64::try_from(bytes.0.len()) == Ok(zlib.total_in());
    if is_whole && is_all_used {
        return Ok(());
    }
    into.truncate(before);
    Err(Fault::Malformed)
}
