//! Column values in the one form that both a SELECT and the binlog give.

use rust_decimal::Decimal;

/// A column value.
///
/// Both readers must produce the same value for the same cell, so that a row read by the snapshot
/// equals the row image in the binlog:
/// - every integer type is [`Value::Int`], with its sign applied;
/// - DECIMAL is [`Value::Decimal`] and keeps the scale of the column (`12.500000`);
/// - CHAR, VARCHAR and TEXT are [`Value::Text`];
/// - DATETIME and TIMESTAMP are [`Value::Text`] `YYYY-MM-DD HH:MM:SS[.ffffff]`, DATE is
///   `YYYY-MM-DD`; a TIMESTAMP is in UTC; zero dates stay `0000-00-00 00:00:00`;
/// - FLOAT and DOUBLE are [`Value::Text`], the shortest decimal text that reads back the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// Any integer type, TINYINT to BIGINT UNSIGNED.
    Int(i128),
    /// DECIMAL with the column's scale.
    Decimal(Decimal),
    /// Text, and the types that have no better form; see the type's list.
    Text(String),
}

impl Value {
    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Null | Self::Decimal(_) | Self::Text(_) => None,
        }
    }

    /// The integer as an id, if it is one and lies within 0 to 4294967295.
    pub fn as_id(&self) -> Option<u32> {
        self.as_int().and_then(|int| u32::try_from(int).ok())
    }

    /// The decimal, if it is one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(decimal) => Some(*decimal),
            Self::Null | Self::Int(_) | Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Int(_) | Self::Decimal(_) => None,
        }
    }

    /// The value as MySQL's `CAST(value AS CHAR)` shows it; `None` for NULL.
    pub fn to_char(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Int(int) => Some(int.to_string()),
            Self::Decimal(decimal) => Some(decimal.to_string()),
            Self::Text(text) => Some(text.clone()),
        }
    }
}

/// A row: the watched columns of its table, in the order [`WatchedTable::columns`] lists them.
///
/// [`WatchedTable::columns`]: crate::decode::WatchedTable::columns
pub type Row = Vec<Value>;
