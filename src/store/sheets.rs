//! The stored form of a sheet: rows in order, each as table number, column count, cells.

use crate::catalog::{RowKey, Sheet, Table};
use crate::decode::TableId;
use crate::store::codec::{Reader, Why, Writer, seal, unseal};

pub(crate) fn encode(sheet: &Sheet) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(sheet.row_count());
    for (table, _, row) in sheet.iter() {
        writer.byte(table.id().0).length(row.len());
        for value in row {
            writer.value(value);
        }
    }
    seal(&writer.0)
}

pub(crate) fn decode(sealed: &[u8]) -> Result<Sheet, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let row_count: usize = reader.number()?;
    let mut next = || {
        let table = Table::from_id(TableId(reader.byte()?)).ok_or("a row's table is unknown")?;
        let column_count: usize = reader.number()?;
        if column_count != table.watched().columns.len() {
            return Err("a row's column count is not its table's");
        }
        let mut row = Vec::with_capacity(column_count);
        for _ in 0..column_count {
            row.push(reader.value()?);
        }
        let key = RowKey::of(table, &row).ok_or("a row has no primary key")?;
        Ok((table, key, row))
    };
    let sheet = (0..row_count).map(|_| next()).collect::<Result<Sheet, Why>>()?;
    reader.end()?;
    Ok(sheet)
}
