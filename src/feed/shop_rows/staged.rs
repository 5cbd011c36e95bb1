//! The same shop with content staging, for tests: every product and category becomes a version of
//! itself whose `row_id` is not its `entity_id`, and has another version to come that must not show.

use crate::catalog::{MemoryCatalog, Owner, RowKey, Sheet, Table, references_of};
use crate::decode::{Row, Value};
use crate::feed::shop_rows::ShopRows;

/// What is added to an `entity_id` to make the `row_id` of the version that counts.
const CURRENT: u32 = 5000;
/// The same for the version to come.
const TO_COME: u32 = 9000;
/// When one gives way to the other: 18 May 2033.
const CHANGE_S: i128 = 2_000_000_000;

impl ShopRows {
    /// The shop, and the same shop with content staging.
    pub(crate) fn editions(self) -> [Self; 2] {
        let staged = self.clone().staged();
        [self, staged]
    }

    /// Whether it has content staging.
    pub(super) fn is_staged(&self) -> bool {
        let is_version =
            |owner: &Owner| matches!(owner, Owner::ProductVersion(_) | Owner::CategoryVersion(_));
        self.catalog.sheets.keys().any(is_version)
    }

    /// The same shop with content staging.
    pub(crate) fn staged(self) -> Self {
        let mut catalog = MemoryCatalog::default();
        for (owner, sheet) in &self.catalog.sheets {
            let is_product = matches!(owner, Owner::Product(_));
            if !is_product && !matches!(owner, Owner::Category(_)) {
                for (table, _, row) in sheet.iter() {
                    put(&mut catalog, table, *owner, row.clone());
                }
                continue;
            }
            let (sequence, version): (Table, fn(u32) -> Owner) = if is_product {
                (Table::SequenceProduct, Owner::ProductVersion)
            } else {
                (Table::SequenceCategory, Owner::CategoryVersion)
            };
            let id = owner.id();
            put(&mut catalog, sequence, *owner, vec![Value::Int(id.into())]);
            for (table, _, row) in sheet.iter() {
                match twin(table) {
                    None => put(&mut catalog, table, *owner, row.clone()),
                    Some(staged) => {
                        let row_id = id + CURRENT;
                        let row = staged_row(table, row, row_id, (1, CHANGE_S));
                        put(&mut catalog, staged, version(row_id), row);
                    }
                }
            }
            to_come(&mut catalog, version(id + TO_COME), sheet);
        }
        Self { catalog, ..self }
    }
}

/// A version that begins later, with texts of its own.
fn to_come(catalog: &mut MemoryCatalog, version: Owner, sheet: &Sheet) {
    for (table, _, row) in sheet.iter() {
        let Some(staged) = twin(table) else { continue };
        let mut row = staged_row(table, row, version.id(), (CHANGE_S, 2_147_483_647));
        if matches!(table, Table::ProductVarchar | Table::CategoryVarchar) {
            row[4] = Value::Text("to come".to_owned());
        }
        // Each row of a version has a key of its own.
        let watched = staged.watched();
        if watched.primary_key.len() == 1 && watched.primary_key[0] != watched.chunk_column {
            let key = row[watched.primary_key[0]].as_int().unwrap();
            row[watched.primary_key[0]] = Value::Int(key + 1_000_000_000);
        }
        put(catalog, staged, version, row);
    }
}

fn twin(plain: Table) -> Option<Table> {
    Table::ALL.into_iter().find(|table| *table != plain && table.plain() == plain)
}

fn staged_row(plain: Table, row: &Row, row_id: u32, (from, until): (i128, i128)) -> Row {
    if matches!(plain, Table::ProductEntity | Table::CategoryEntity) {
        let mut staged = vec![Value::Int(row_id.into())];
        staged.extend(row.iter().cloned());
        staged.extend([Value::Int(from), Value::Int(until)]);
        return staged;
    }
    let mut row = row.clone();
    row[plain.watched().chunk_column] = Value::Int(row_id.into());
    row
}

fn put(catalog: &mut MemoryCatalog, table: Table, owner: Owner, row: Row) {
    let entries = references_of(table, &row).map(|reference| (reference, owner.id()));
    catalog.references.extend(entries);
    let key = RowKey::of(table, &row).unwrap();
    catalog.sheets.entry(owner).or_default().insert(table, key, row);
}
