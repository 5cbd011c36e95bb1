//! The cells of a SELECT as [`Value`]s: the same forms that the binlog's rows are decoded to.

use mysql_async::consts::ColumnType;
use mysql_async::{Column, Row as SelectedRow, Value as Cell};
use rust_decimal::Decimal;

use crate::decode::{ColumnKind, Row, Value, WatchedColumn, WatchedTable};
use crate::source::SourceError;

/// How much of a puzzling value an error shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Converts a row of a prepared SELECT of exactly the table's watched columns, in their order.
pub(crate) fn row_of(table: &WatchedTable, row: SelectedRow) -> Result<Row, SourceError> {
    let columns = row.columns();
    let cells = row.unwrap();
    let mut values = Vec::with_capacity(cells.len());
    for ((watched, column), cell) in table.columns.iter().zip(columns.iter()).zip(cells) {
        let value = value_of(watched.kind, column, cell).map_err(|cell| {
            let found: String = cell.as_sql(true).chars().take(SHOWN_CHARS_MAX).collect();
            wrong_cell(table, watched, found)
        })?;
        values.push(value);
    }
    Ok(values)
}

fn wrong_cell(table: &WatchedTable, watched: &WatchedColumn, found: String) -> SourceError {
    let expected = match watched.kind {
        ColumnKind::Int => "an integer",
        ColumnKind::Decimal => "a decimal",
        ColumnKind::Text => "UTF-8 text",
        ColumnKind::Temporal => "a date or time",
        ColumnKind::Float => "a floating-point number",
    };
    SourceError::Cell { table: table.name, column: watched.name, expected, found }
}

/// The value, or the cell back when it does not fit.
fn value_of(kind: ColumnKind, column: &Column, cell: Cell) -> Result<Value, Cell> {
    match (kind, cell) {
        (_, Cell::NULL) => Ok(Value::Null),
        (ColumnKind::Int, Cell::Int(int)) => Ok(Value::Int(int.into())),
        (ColumnKind::Int, Cell::UInt(int)) => Ok(Value::Int(int.into())),
        (ColumnKind::Decimal, Cell::Bytes(bytes)) => decimal(&bytes).ok_or(Cell::Bytes(bytes)),
        (ColumnKind::Text, Cell::Bytes(bytes)) => String::from_utf8(bytes)
            .map(Value::Text)
            .map_err(|error| Cell::Bytes(error.into_bytes())),
        (ColumnKind::Temporal, cell @ Cell::Date(..)) => temporal(column, &cell).ok_or(cell),
        (ColumnKind::Float, Cell::Float(float)) => Ok(Value::Text(float.to_string())),
        (ColumnKind::Float, Cell::Double(float)) => Ok(Value::Text(float.to_string())),
        (_, other) => Err(other),
    }
}

fn decimal(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    Decimal::from_str_exact(text).ok().map(Value::Decimal)
}

fn temporal(column: &Column, cell: &Cell) -> Option<Value> {
    let Cell::Date(year, month, day, hour, minute, second, micros) = cell else {
        return None;
    };
    let date = format!("{year:04}-{month:02}-{day:02}");
    if column.column_type() == ColumnType::MYSQL_TYPE_DATE {
        return Some(Value::Text(date));
    }
    let mut text = format!("{date} {hour:02}:{minute:02}:{second:02}");
    let digits = usize::from(column.decimals());
    if (1..=6).contains(&digits) {
        let fraction = format!("{micros:06}");
        text.push('.');
        text.extend(fraction.chars().take(digits));
    }
    Some(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(kind: ColumnType) -> Column {
        Column::new(kind)
    }

    fn read(kind: ColumnKind, column: &Column, cell: Cell) -> Value {
        value_of(kind, column, cell).unwrap()
    }

    #[test]
    fn integers_keep_their_sign_and_full_range() {
        let column = plain(ColumnType::MYSQL_TYPE_LONGLONG);
        assert_eq!(read(ColumnKind::Int, &column, Cell::Int(-5)), Value::Int(-5));
        let largest = read(ColumnKind::Int, &column, Cell::UInt(u64::MAX));
        assert_eq!(largest, Value::Int(u64::MAX.into()));
    }

    #[test]
    fn decimals_keep_their_scale() {
        let column = plain(ColumnType::MYSQL_TYPE_NEWDECIMAL);
        let value = read(ColumnKind::Decimal, &column, Cell::Bytes(b"12.500000".to_vec()));
        assert_eq!(value.to_char().as_deref(), Some("12.500000"));
    }

    #[test]
    fn dates_and_times_have_the_columns_own_precision() {
        let datetime = Cell::Date(2026, 1, 2, 3, 4, 5, 678_000);
        let whole = plain(ColumnType::MYSQL_TYPE_DATETIME);
        let text = |value: Value| value.to_char().unwrap();
        assert_eq!(
            text(read(ColumnKind::Temporal, &whole, datetime.clone())),
            "2026-01-02 03:04:05"
        );
        let millis = plain(ColumnType::MYSQL_TYPE_DATETIME).with_decimals(3);
        assert_eq!(text(read(ColumnKind::Temporal, &millis, datetime)), "2026-01-02 03:04:05.678");
        let zero = Cell::Date(0, 0, 0, 0, 0, 0, 0);
        assert_eq!(text(read(ColumnKind::Temporal, &whole, zero.clone())), "0000-00-00 00:00:00");
        let date = plain(ColumnType::MYSQL_TYPE_DATE);
        assert_eq!(text(read(ColumnKind::Temporal, &date, zero)), "0000-00-00");
    }

    #[test]
    fn floats_have_the_shortest_text_of_their_own_width() {
        let column = plain(ColumnType::MYSQL_TYPE_FLOAT);
        let float = read(ColumnKind::Float, &column, Cell::Float(0.1));
        assert_eq!(float, Value::Text("0.1".to_owned()));
    }

    #[test]
    fn a_cell_of_another_type_is_refused() {
        let column = plain(ColumnType::MYSQL_TYPE_VARCHAR);
        assert!(value_of(ColumnKind::Int, &column, Cell::Bytes(b"7".to_vec())).is_err());
        assert!(value_of(ColumnKind::Text, &column, Cell::Bytes(vec![0xff])).is_err());
    }
}
