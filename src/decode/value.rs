//! Column values in the one form that both a SELECT and the binlog give.

use std::cmp::Ordering;

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
#[derive(Debug, Clone, Eq)]
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

/// Decimals are equal only with the same scale: 1.0 is another cell than 1.00.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b).then(a.scale().cmp(&b.scale())),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Value {
    /// The order of the kinds.
    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Int(_) => 1,
            Self::Decimal(_) => 2,
            Self::Text(_) => 3,
        }
    }

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
