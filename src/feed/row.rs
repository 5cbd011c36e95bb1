//! Typed access to the columns of a row. A column that is missing reads as NULL.

use rust_decimal::Decimal;

use crate::decode::{Row, Value};

/// The id in a column.
pub(crate) fn id(row: &Row, column: usize) -> Option<u32> {
    row.get(column)?.as_id()
}

/// The integer in a column.
pub(crate) fn int(row: &Row, column: usize) -> Option<i128> {
    row.get(column)?.as_int()
}

/// Whether a column holds anything but 0 and NULL.
pub(crate) fn flag(row: &Row, column: usize) -> bool {
    int(row, column).is_some_and(|int| int != 0)
}

/// The text in a column.
pub(crate) fn text(row: &Row, column: usize) -> Option<&str> {
    row.get(column)?.as_text()
}

/// The number in a column.
pub(crate) fn decimal(row: &Row, column: usize) -> Option<Decimal> {
    row.get(column).and_then(decimal_of)
}

/// A value as a number, if it is one.
pub(crate) fn decimal_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(decimal) => Some(*decimal),
        Value::Int(int) => Decimal::try_from_i128_with_scale(*int, 0).ok(),
        Value::Null | Value::Text(_) => None,
    }
}

/// Of rows that hold a value per scope (a store or a website): the scope's value, else the default
/// scope's, 0. A NULL counts as no row.
pub(crate) fn of_scope<'a, I: Iterator<Item = &'a Row>>(
    rows: impl Fn() -> I,
    (scope_id, value): (usize, usize),
    scope: u32,
) -> Option<&'a Value> {
    let of = |wanted: u32| {
        let mut rows = rows().filter(|row| id(row, scope_id) == Some(wanted));
        rows.find_map(|row| row.get(value).filter(|value| !value.is_null()))
    };
    of(scope).or_else(|| of(0))
}
