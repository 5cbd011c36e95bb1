//! Distributed (XA) transactions: their names in events and in statements.

use crate::decode::bytes::{Bytes, Short};
use crate::position::Xid;

/// The longest part of a name, in bytes.
const PART_LENGTH_MAX: usize = 64;

/// What the body of an `XA_PREPARE` event says.
pub(crate) struct Prepared {
    pub(crate) xid: Xid,
    /// Prepared and committed at once.
    pub(crate) is_one_phase: bool,
}

/// Reads the body of an `XA_PREPARE` event.
pub(crate) fn prepared(body: &[u8]) -> Result<Prepared, Short> {
    let mut bytes = Bytes(body);
    let is_one_phase = bytes.u8()? != 0;
    let format = bytes.u32()?;
    let (global_length, branch_length) = (bytes.u32()?, bytes.u32()?);
    let mut part = |length: u32| {
        let length = usize::try_from(length).map_err(|_too_wide| Short)?;
        let part = if length <= PART_LENGTH_MAX { bytes.take(length) } else { Err(Short) };
        part.map(<[u8]>::to_vec)
    };
    let (global, branch) = (part(global_length)?, part(branch_length)?);
    if bytes.is_empty() {
        Ok(Prepared { xid: Xid { format, global, branch }, is_one_phase })
    } else {
        Err(Short)
    }
}

/// The name in `XA COMMIT X'676c6f62616c',X'',1` and its like, as both servers write it; `None` when
/// it has another form.
pub(crate) fn named(statement: &str) -> Option<Xid> {
    let (_, name) = statement.split_once("X'")?;
    let (global, rest) = name.split_once('\'')?;
    let (branch, format) = rest.strip_prefix(",X'")?.split_once("',")?;
    let format = format.trim().parse().ok()?;
    Some(Xid { format, global: bytes_of(global)?, branch: bytes_of(branch)? })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let is_whole = rest.is_empty() && pairs.len() <= PART_LENGTH_MAX;
    is_whole.then(|| pairs.iter().map(byte).collect())?
}
