//! Dates and times as the servers pack them, to the text that a SELECT gives.
//!
//! Source: MySQL manual, date and time data type representation; MariaDB packs the same. The cells
//! come as the little-endian number that `mysql_cdc` makes of their bytes.

use crate::decode::convert::CellError;

/// A temporal type with the digits of its fraction of a second, 0 to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporal {
    Date,
    DateTime {
        digits: u8,
    },
    Timestamp {
        digits: u8,
    },
    /// The form of tables made before MySQL 5.6 or MariaDB 10.1: decimal digits.
    OldDateTime,
    OldTimestamp,
}

/// Date, time of day, and fraction in microseconds.
struct Fields {
    date: [u64; 3],
    time: [u64; 3],
    micros: u64,
}

impl Temporal {
    /// The text of a cell.
    pub(crate) fn text(self, cell: u64) -> Result<String, CellError> {
        let bytes = cell.to_le_bytes();
        let wrong = || CellError::OutOfRange(format!("the bytes {bytes:02x?}"));
        match self {
            Self::Date => {
                let date = [cell >> 9, (cell >> 5) & 0xF, cell & 0x1F];
                let [year, month, day] = date;
                let text = || format!("{year:04}-{month:02}-{day:02}");
                is_date(date).then(text).ok_or_else(wrong)
            }
            Self::OldDateTime => {
                let part = |unit: u64| cell / unit % 100;
                let date = [cell / 10_000_000_000, part(100_000_000), part(1_000_000)];
                let time = [part(10_000), part(100), part(1)];
                Fields { date, time, micros: 0 }.text(0).ok_or_else(wrong)
            }
            Self::DateTime { digits } => {
                let (whole, micros) = split(bytes, 5, digits);
                let fields = date_time(whole, micros);
                fields.and_then(|fields| fields.text(digits)).ok_or_else(wrong)
            }
            Self::OldTimestamp => timestamp(cell, 0, 0).ok_or_else(wrong),
            Self::Timestamp { digits } => {
                let (whole, micros) = split(bytes, 4, digits);
                timestamp(whole, micros, digits).ok_or_else(wrong)
            }
        }
    }
}

/// The whole part of `width` bytes, then the fraction in microseconds; highest byte first, both.
fn split(bytes: [u8; 8], width: usize, digits: u8) -> (u64, u64) {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (whole, rest) = bytes.split_at_checked(width).unwrap_or_default();
    let fraction_width = usize::from(digits.div_ceil(2));
    let fraction = number(rest.get(..fraction_width).unwrap_or_default());
    let unit = match fraction_width {
        1 => 10_000,
        2 => 100,
        _ => 1,
    };
    (number(whole), fraction * unit)
}

/// One bit that is set, 17 bits of year * 13 + month, 5 of day, 5 of hour, 6 of minute and second.
fn date_time(packed: u64, micros: u64) -> Option<Fields> {
    let packed = packed.checked_sub(1 << 39)?;
    let (month, day) = (packed >> 22, (packed >> 17) & 0x1F);
    let date = [month / 13, month % 13, day];
    let time = [(packed >> 12) & 0x1F, (packed >> 6) & 0x3F, packed & 0x3F];
    Some(Fields { date, time, micros })
}

/// A TIMESTAMP in UTC; the instant zero is the zero date.
fn timestamp(seconds: u64, micros: u64, digits: u8) -> Option<String> {
    if seconds == 0 && micros == 0 {
        return Fields { date: [0; 3], time: [0; 3], micros }.text(digits);
    }
    let at = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let civil = jiff::tz::Offset::UTC.to_datetime(at);
    let wide = |part: i8| u64::try_from(part).ok();
    let year = u64::try_from(civil.year()).ok()?;
    let date = [year, wide(civil.month())?, wide(civil.day())?];
    let time = [wide(civil.hour())?, wide(civil.minute())?, wide(civil.second())?];
    Fields { date, time, micros }.text(digits)
}

impl Fields {
    fn text(&self, digits: u8) -> Option<String> {
        let [hour, minute, second] = self.time;
        let is_time = hour < 24 && minute < 60 && second < 60 && self.micros < 1_000_000;
        if !is_time || !is_date(self.date) {
            return None;
        }
        let [year, month, day] = self.date;
        let mut text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        if digits > 0 {
            let fraction = format!(".{:06}", self.micros);
            text.extend(fraction.chars().take(1 + usize::from(digits)));
        }
        Some(text)
    }
}

/// Servers store dates with zeros in them, and days that their month doesn't have.
fn is_date([year, month, day]: [u64; 3]) -> bool {
    year <= 9999 && month <= 12 && day <= 31
}
