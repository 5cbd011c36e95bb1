//! The binary form of numbers, texts, values and row changes: for the store, and for what waits in
//! memory.

use crate::decode::{Row, RowChange, TableId, Value};

/// Bytes that do not decode: the reason, for the error message.
pub(crate) type Why = &'static str;

/// Builds bytes.
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

/// Reads bytes.
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

impl Writer {
    /// A row change.
    pub(crate) fn change(&mut self, change: &RowChange) -> &mut Self {
        self.byte(change.table.0).byte(u8::from(change.cascades));
        for image in [&change.before, &change.after] {
            let Some(row) = image else {
                self.byte(0);
                continue;
            };
            self.byte(1).length(row.len());
            for value in row {
                self.value(value);
            }
        }
        self
    }
}

impl Reader<'_> {
    /// A row change.
    pub(crate) fn change(&mut self) -> Result<RowChange, Why> {
        let (table, cascades) = (TableId(self.byte()?), self.byte()? == 1);
        let (before, after) = (self.image()?, self.image()?);
        Ok(RowChange { table, before, after, cascades })
    }

    fn image(&mut self) -> Result<Option<Row>, Why> {
        if self.byte()? == 0 {
            return Ok(None);
        }
        let width: usize = self.number()?;
        (0..width).map(|_| self.value()).collect::<Result<Vec<_>, _>>().map(Some)
    }
}
