//! From the values of `mysql_cdc` to ours.

use mysql_cdc::events::row_events::mysql_value::{DateTime, MySqlValue};
use rust_decimal::Decimal;

use crate::decode::Value;
use crate::decode::plan::Form;

/// Why a cell has no value.
#[derive(Debug)]
pub(crate) enum CellError {
    NotUtf8,
    /// The value as text.
    OutOfRange(String),
}

/// The value of a cell.
pub(crate) fn value(form: Form, cell: Option<MySqlValue>) -> Result<Value, CellError> {
    let Some(cell) = cell else { return Ok(Value::Null) };
    match (form, cell) {
        (Form::Int { is_unsigned }, MySqlValue::TinyInt(bits)) => {
            Ok(int(u64::from(bits), 8, is_unsigned))
        }
        (Form::Int { is_unsigned }, MySqlValue::SmallInt(bits)) => {
            Ok(int(u64::from(bits), 16, is_unsigned))
        }
        (Form::Int { is_unsigned }, MySqlValue::MediumInt(bits)) => {
            Ok(int(u64::from(bits), 24, is_unsigned))
        }
        (Form::Int { is_unsigned }, MySqlValue::Int(bits)) => {
            Ok(int(u64::from(bits), 32, is_unsigned))
        }
        (Form::Int { is_unsigned }, MySqlValue::BigInt(bits)) => Ok(int(bits, 64, is_unsigned)),
        (Form::Decimal, MySqlValue::Decimal(text)) => match Decimal::from_str_exact(&text) {
            Ok(decimal) => Ok(Value::Decimal(decimal)),
            Err(_) => Err(CellError::OutOfRange(text)),
        },
        (Form::Text, MySqlValue::Blob(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text)),
            Err(_) => Err(CellError::NotUtf8),
        },
        (Form::Date, MySqlValue::Date(date)) => {
            let (year, month, day) = (date.year, date.month, date.day);
            Ok(Value::Text(format!("{year:04}-{month:02}-{day:02}")))
        }
        (Form::DateTime { digits }, MySqlValue::DateTime(time)) => Ok(date_time(&time, digits)),
        (Form::Timestamp { digits }, MySqlValue::Timestamp(at_ms)) => timestamp(at_ms, digits),
        (Form::Float, MySqlValue::Float(float)) => Ok(Value::Text(float.to_string())),
        (Form::Float, MySqlValue::Double(float)) => Ok(Value::Text(float.to_string())),
        // The plan fixes which cells come; anything else is a row we don't understand.
        (_, cell) => Err(CellError::OutOfRange(format!("{cell:?}"))),
    }
}

/// An integer column's value from its bits.
fn int(bits: u64, width: u32, is_unsigned: bool) -> Value {
    let is_negative = !is_unsigned && (bits >> (width - 1)) & 1 == 1;
    let whole = i128::from(bits);
    Value::Int(if is_negative { whole - (1 << width) } else { whole })
}

fn date_time(time: &DateTime, digits: u16) -> Value {
    let DateTime { year, month, day, hour, minute, second, millis } = time;
    let fraction = fraction(u64::from(*millis), digits);
    Value::Text(format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}"
    ))
}

/// A TIMESTAMP in UTC; the instant zero is the zero date.
fn timestamp(at_ms: u64, digits: u16) -> Result<Value, CellError> {
    let fraction = fraction(at_ms % 1000, digits);
    if at_ms == 0 {
        return Ok(Value::Text(format!("0000-00-00 00:00:00{fraction}")));
    }
    let out_of_range = || CellError::OutOfRange(at_ms.to_string());
    let seconds = i64::try_from(at_ms / 1000).map_err(|_too_late| out_of_range())?;
    let at = jiff::Timestamp::from_second(seconds).map_err(|_too_late| out_of_range())?;
    let civil = jiff::tz::Offset::UTC.to_datetime(at);
    Ok(Value::Text(format!("{}{fraction}", civil.strftime("%Y-%m-%d %H:%M:%S"))))
}

fn fraction(millis: u64, digits: u16) -> String {
    match digits {
        0 => String::new(),
        1 => format!(".{}", millis / 100),
        2 => format!(".{:02}", millis / 10),
        _ => format!(".{millis:03}"),
    }
}
