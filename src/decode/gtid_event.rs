//! Events that number transactions, of both servers.

use crate::decode::bytes::{Bytes, Short};
use crate::decode::event::EventHeader;
use crate::position::{
    Gtid, GtidSet, MariadbGtid, MariadbGtidPosition, MysqlGtid, MysqlGtidSet, Sid,
};

/// MariaDB: the transaction is one statement that no commit follows.
const STANDALONE: u8 = 1;
/// The high bits of the count in a GTID list are flags.
const GTID_LIST_COUNT: u32 = 0x0FFF_FFFF;

/// A MySQL GTID event.
pub(crate) fn mysql(body: &[u8]) -> Result<Gtid, Short> {
    let mut bytes = Bytes(body);
    let _flags = bytes.u8()?;
    let uuid = bytes.array()?;
    let sid = Sid { uuid, tag: String::new() };
    Ok(Gtid::Mysql(MysqlGtid { sid, sequence: bytes.u64()? }))
}

/// A tagged MySQL GTID event: a message of numbered fields, of which the first four are read.
///
/// Source: MySQL manual, MySQL serialization library, format version 1.
pub(crate) fn mysql_tagged(body: &[u8]) -> Result<Gtid, Short> {
    let mut bytes = Bytes(body);
    if variable_uint(&mut bytes)? != 1 {
        return Err(Short);
    }
    let _size = variable_uint(&mut bytes)?;
    let _last_required_field = variable_uint(&mut bytes)?;
    expect_field(&mut bytes, 0)?;
    let _flags = variable_uint(&mut bytes)?;
    expect_field(&mut bytes, 1)?;
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        *byte = u8::try_from(variable_uint(&mut bytes)?).map_err(|_too_wide| Short)?;
    }
    expect_field(&mut bytes, 2)?;
    // A signed number: its sign is the lowest bit, and transaction numbers are positive.
    let sequence = match variable_uint(&mut bytes)? {
        signed if signed % 2 == 0 => signed / 2,
        _ => return Err(Short),
    };
    expect_field(&mut bytes, 3)?;
    let tag = variable_text(&mut bytes)?;
    let sid = Sid::tagged(uuid, tag).ok_or(Short)?;
    Ok(Gtid::Mysql(MysqlGtid { sid, sequence }))
}

/// A MySQL `PREVIOUS_GTIDS` event: everything before its binlog file.
pub(crate) fn previous_gtids(body: &[u8]) -> Result<GtidSet, Short> {
    let mut bytes = Bytes(body);
    let head = bytes.u64()?;
    // Tagged sets say so in the highest byte and repeat it in the lowest, below the count.
    let is_tagged = head >> 56 != 0;
    let count = if is_tagged { (head >> 8) & 0xFFFF_FFFF_FFFF } else { head };
    let mut set = MysqlGtidSet::default();
    for _ in 0..count {
        let uuid = bytes.array()?;
        let tag = if is_tagged { variable_text(&mut bytes)? } else { "" };
        let sid = Sid::tagged(uuid, tag).ok_or(Short)?;
        for _ in 0..bytes.u64()? {
            let (start, end) = (bytes.u64()?, bytes.u64()?);
            if start == 0 || start >= end {
                return Err(Short);
            }
            set.add_interval(&sid, start, end);
        }
    }
    Ok(GtidSet::Mysql(set))
}

/// A MariaDB GTID event, and whether its transaction is one statement without commit.
pub(crate) fn mariadb(header: &EventHeader, body: &[u8]) -> Result<(Gtid, bool), Short> {
    let mut bytes = Bytes(body);
    let sequence = bytes.u64()?;
    let domain = bytes.u32()?;
    let flags = bytes.u8()?;
    let gtid = MariadbGtid { domain, server_id: header.server_id, sequence };
    Ok((Gtid::Mariadb(gtid), flags & STANDALONE != 0))
}

/// A MariaDB `GTID_LIST` event: everything before its binlog file. A domain may occur once per
/// server that wrote to it; its last entry is its last transaction.
pub(crate) fn gtid_list(body: &[u8]) -> Result<GtidSet, Short> {
    let mut bytes = Bytes(body);
    let mut position = MariadbGtidPosition::default();
    for _ in 0..bytes.u32()? & GTID_LIST_COUNT {
        let (domain, server_id, sequence) = (bytes.u32()?, bytes.u32()?, bytes.u64()?);
        position.add(&MariadbGtid { domain, server_id, sequence });
    }
    Ok(GtidSet::Mariadb(position))
}

fn expect_field(bytes: &mut Bytes<'_>, number: u64) -> Result<(), Short> {
    if variable_uint(bytes)? == number { Ok(()) } else { Err(Short) }
}

/// A number whose first byte's trailing one-bits tell how many bytes follow.
fn variable_uint(bytes: &mut Bytes<'_>) -> Result<u64, Short> {
    let first = bytes.u8()?;
    let more = first.trailing_ones();
    let rest = match usize::try_from(more) {
        Ok(0) => 0,
        Ok(more) => bytes.uint(more)?,
        Err(_) => return Err(Short),
    };
    // Eight one-bits leave none of the first byte; seven leave nothing but the marker.
    let low = if more >= 7 { 0 } else { u64::from(first) >> (more + 1) };
    Ok(low | (rest << (7 - more.min(7))))
}

fn variable_text<'a>(bytes: &mut Bytes<'a>) -> Result<&'a str, Short> {
    let length = usize::try_from(variable_uint(bytes)?).map_err(|_too_wide| Short)?;
    std::str::from_utf8(bytes.take(length)?).map_err(|_not_text| Short)
}
