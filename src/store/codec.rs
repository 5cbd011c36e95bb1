//! The binary form of stored values: varints, lengths, and a sealed envelope.
//!
//! Envelope: format byte, flags byte (1: zstd), payload, CRC-32 of all before it.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use crate::decode::Value;

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

/// A value that does not decode: the reason, for the error message.
pub(crate) type Why = &'static str;

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

/// Builds a payload.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn number(&mut self, number: impl Into<u128>) -> &mut Self {
        let mut rest: u128 = number.into();
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                self.0.push(low & 0x7f);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    pub(crate) fn signed(&mut self, number: impl Into<i128>) -> &mut Self {
        let number: i128 = number.into();
        // Zigzag: small magnitudes of either sign become small numbers.
        let zigzag = (number << 1) ^ (number >> 127);
        self.number(u128::from_ne_bytes(zigzag.to_ne_bytes()))
    }

    pub(crate) fn length(&mut self, length: usize) -> &mut Self {
        self.number(u128::try_from(length).unwrap_or(u128::MAX))
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.byte(0),
            Value::Int(int) => self.byte(1).signed(*int),
            Value::Decimal(decimal) => {
                self.byte(2).number(decimal.scale()).signed(decimal.mantissa())
            }
            Value::Text(text) => self.byte(3).text(text),
        }
    }
}

/// Reads a payload.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

const SHORT: Why = "it ends too early";

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, Why> {
        let (byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(crate) fn number<T: TryFrom<u128>>(&mut self) -> Result<T, Why> {
        let mut number = 0u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return T::try_from(number).map_err(|_lost| "a number is too large");
            }
        }
        Err("a number is too long")
    }

    pub(crate) fn signed<T: TryFrom<i128>>(&mut self) -> Result<T, Why> {
        let zigzag: u128 = self.number()?;
        let magnitude = i128::try_from(zigzag >> 1).map_err(|_lost| "a number is too large")?;
        let number = if zigzag & 1 == 0 { magnitude } else { !magnitude };
        T::try_from(number).map_err(|_lost| "a number is too large")
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Why> {
        let length: usize = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<String, Why> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_lost| "a text is not UTF-8")
    }

    pub(crate) fn value(&mut self) -> Result<Value, Why> {
        match self.byte()? {
            0 => Ok(Value::Null),
            1 => Ok(Value::Int(self.signed()?)),
            2 => {
                let scale = self.number()?;
                let mantissa: i128 = self.signed()?;
                rust_decimal::Decimal::try_from_i128_with_scale(mantissa, scale)
                    .map(Value::Decimal)
                    .map_err(|_lost| "a decimal is out of range")
            }
            3 => Ok(Value::Text(self.text()?)),
            _ => Err("a cell's kind is unknown"),
        }
    }

    pub(crate) fn end(&self) -> Result<(), Why> {
        if self.0.is_empty() { Ok(()) } else { Err("bytes are left over") }
    }
}
