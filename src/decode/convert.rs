//! From the values of `mysql_cdc` to ours.

use mysql_cdc::events::row_events::mysql_value::MySqlValue;
use rust_decimal::Decimal;

use crate::decode::Value;
use crate::decode::charset::Charset;
use crate::decode::plan::Form;

/// Why a cell has no value.
#[derive(Debug)]
pub(crate) enum CellError {
    /// The bytes are no text in the column's character set.
    NotText(Charset),
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
        (Form::Text { charset }, MySqlValue::Blob(bytes)) => text(charset, bytes),
        (Form::Padded { width }, MySqlValue::Blob(mut bytes)) => {
            // The binlog leaves out the zeros that fill a BINARY column up.
            bytes.resize(bytes.len().max(usize::from(width)), 0);
            text(Charset::Binary, bytes)
        }
        (Form::Temporal(temporal), MySqlValue::Set(bits)) => temporal.text(bits).map(Value::Text),
        (Form::Float, MySqlValue::Float(float)) => Ok(Value::Text(float.to_string())),
        (Form::Float, MySqlValue::Double(float)) => Ok(Value::Text(float.to_string())),
        // The plan fixes which cells come; anything else is a row we don't understand.
        (_, cell) => Err(CellError::OutOfRange(format!("{cell:?}"))),
    }
}

fn text(charset: Charset, bytes: Vec<u8>) -> Result<Value, CellError> {
    charset.text(bytes).map(Value::Text).ok_or(CellError::NotText(charset))
}

/// An integer column's value from its bits.
fn int(bits: u64, width: u32, is_unsigned: bool) -> Value {
    let is_negative = !is_unsigned && (bits >> (width - 1)) & 1 == 1;
    let whole = i128::from(bits);
    Value::Int(if is_negative { whole - (1 << width) } else { whole })
}
