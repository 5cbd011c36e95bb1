//! Events about the stream itself: format description, rotation, heartbeats; and statements' text.

use std::borrow::Cow;

use crate::decode::ChecksumAlgorithm;
use crate::decode::bytes::{Bytes, Short};
use crate::decode::compressed::{Fault, inflate};
use crate::decode::event::EventHeader;
use crate::position::BinlogOffset;

const SERVER_VERSION_WIDTH: usize = 50;
/// The head of `EXECUTE_LOAD_QUERY` has these many bytes more than that of QUERY.
const LOAD_QUERY_EXTRA: usize = 13;

/// The checksum algorithm and server version of a format description event.
pub(crate) fn format_description(body: &[u8]) -> Result<(ChecksumAlgorithm, String), Short> {
    let mut bytes = Bytes(body);
    let format = bytes.u16()?;
    let version = bytes.take(SERVER_VERSION_WIDTH)?;
    let _created = bytes.u32()?;
    let header_size = usize::from(bytes.u8()?);
    if format != 4 || header_size != EventHeader::SIZE {
        return Err(Short);
    }
    let checksum = match bytes.0.last() {
        Some(0) => ChecksumAlgorithm::None,
        Some(1) => ChecksumAlgorithm::Crc32,
        Some(_) | None => return Err(Short),
    };
    let version = version.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok((checksum, String::from_utf8_lossy(version).into_owned()))
}

/// The first two numbers of a server's version; zeros where there are none.
pub(crate) fn version(text: &str) -> (u16, u16) {
    let mut numbers = text.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The next file and where to start in it.
pub(crate) fn rotate(body: &[u8]) -> Result<BinlogOffset, Short> {
    let mut bytes = Bytes(body);
    let offset = bytes.u64()?;
    Ok(BinlogOffset { file: file_name(bytes.0)?, offset })
}

/// Where a heartbeat says the server's sender is.
pub(crate) fn heartbeat(header: &EventHeader, body: &[u8]) -> Result<BinlogOffset, Short> {
    Ok(BinlogOffset { file: file_name(body)?, offset: u64::from(header.log_pos) })
}

/// The same of MySQL's second form: fields of type, length and value.
pub(crate) fn heartbeat_v2(body: &[u8]) -> Result<BinlogOffset, Short> {
    let mut bytes = Bytes(body);
    let mut at = BinlogOffset::default();
    loop {
        let field = if bytes.is_empty() { 0 } else { bytes.u8()? };
        if field == 0 {
            return if at.file.is_empty() { Err(Short) } else { Ok(at) };
        }
        let value = bytes.prefixed()?;
        match field {
            1 => at.file = file_name(value)?,
            2 => {
                let offset = Bytes(value).length()?;
                at.offset = u64::try_from(offset).map_err(|_too_wide| Short)?;
            }
            _ => {}
        }
    }
}

/// The database a statement ran in, and its text. Text in another character set than UTF-8 loses
/// only characters outside ASCII, which no watched table's name has.
pub(crate) fn query(body: &[u8], is_load: bool) -> Result<(Cow<'_, str>, Cow<'_, str>), Short> {
    let (schema, text) = split_query(body, is_load)?;
    Ok((String::from_utf8_lossy(schema), String::from_utf8_lossy(text)))
}

/// The same of MariaDB's compressed form.
pub(crate) fn query_compressed(body: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Fault> {
    let (schema, compressed) = split_query(body, false)?;
    let mut text = Vec::new();
    inflate(compressed, &mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok((String::from_utf8_lossy(schema), text.into()))
}

fn split_query(body: &[u8], is_load: bool) -> Result<(&[u8], &[u8]), Short> {
    let mut bytes = Bytes(body);
    let _thread = bytes.u32()?;
    let _duration_s = bytes.u32()?;
    let schema_length = bytes.u8()?;
    let _error = bytes.u16()?;
    let variables_length = bytes.u16()?;
    if is_load {
        bytes.take(LOAD_QUERY_EXTRA)?;
    }
    bytes.take(usize::from(variables_length))?;
    let schema = bytes.take(usize::from(schema_length))?;
    if bytes.u8()? != 0 {
        return Err(Short);
    }
    Ok((schema, bytes.0))
}

fn file_name(bytes: &[u8]) -> Result<String, Short> {
    match std::str::from_utf8(bytes) {
        Ok(name) if !name.is_empty() && !name.contains('\0') => Ok(name.to_owned()),
        Ok(_) | Err(_) => Err(Short),
    }
}
