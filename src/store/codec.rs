//! The binary form of stored values: a sealed envelope around a payload.
//!
//! Envelope: format byte, flags byte (1: zstd), payload, CRC-32 of all before it.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

pub(crate) use crate::decode::codec::{Reader, Why, Writer};

/// The envelope's format; a value with another one is refused.
const FORMAT: u8 = 1;
const COMPRESSED: u8 = 1;
/// Payloads below this don't shrink enough to be worth it.
const COMPRESS_FROM_BYTES: usize = 512;
/// Most bytes a stored value may inflate to: a product's rows are far below it.
const PAYLOAD_BYTES_MAX: usize = 256 << 20;

thread_local! {
    // Each sheet would have one set up and torn down, with its tables: each thread keeps its own.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn pack(payload: &[u8]) -> Option<Vec<u8>> {
    PACKER.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Compressor::new(1).ok();
        }
        kept.as_mut()?.compress(payload).ok()
    })
}

fn unpack(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    UNPACKER.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Decompressor::new().ok();
        }
        kept.as_mut()?.decompress(packed, size).ok()
    })
}

/// Puts a payload into its envelope.
pub(crate) fn seal(payload: &[u8]) -> Vec<u8> {
    let mut sealed = vec![FORMAT, 0];
    let packed = (payload.len() >= COMPRESS_FROM_BYTES)
        .then(|| pack(payload))
        .flatten()
        .filter(|packed| packed.len() < payload.len());
    match packed {
        Some(packed) => {
            sealed = vec![FORMAT, COMPRESSED];
            sealed.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(0).to_be_bytes());
            sealed.extend_from_slice(&packed);
        }
        None => sealed.extend_from_slice(payload),
    }
    let crc = crc32fast::hash(&sealed);
    sealed.extend_from_slice(&crc.to_be_bytes());
    sealed
}

/// Takes a payload out of its envelope.
pub(crate) fn unseal(sealed: &[u8]) -> Result<Vec<u8>, Why> {
    let (rest, crc) = sealed.split_last_chunk::<4>().ok_or("it is too short")?;
    if crc32fast::hash(rest) != u32::from_be_bytes(*crc) {
        return Err("its checksum is wrong");
    }
    let (header, payload) = rest.split_first_chunk::<2>().ok_or("it is too short")?;
    match header {
        [FORMAT, 0] => Ok(payload.to_vec()),
        [FORMAT, COMPRESSED] => {
            let (size, packed) = payload.split_first_chunk::<4>().ok_or("it is too short")?;
            let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
            if size > PAYLOAD_BYTES_MAX {
                return Err("its size is absurd");
            }
            unpack(packed, size).ok_or("it does not inflate")
        }
        _ => Err("its format is unknown"),
    }
}
