//! Random rows of a small shop, for tests: every watched table, every column, and so few ids that
//! rows refer to one another.
//!
//! [`Database`] is the shop's database: it obeys foreign keys and writes what a binlog would hold.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::{CONFIG_PATHS, RowKey, Table};
use crate::decode::{ColumnKind, Row, RowChange, Value};

/// The products of the small shop.
pub(crate) const PRODUCTS: std::ops::RangeInclusive<u32> = 11..=16;

/// How often to try: `count` times by default, in proportion to `PROPTEST_CASES` where it is set.
pub(crate) fn cases(count: u32) -> u32 {
    (count * ProptestConfig::default().cases / 256).max(1)
}

/// A row with these columns; all others are NULL.
pub(crate) fn row(table: Table, cells: Json) -> Row {
    let Json::Object(mut cells) = cells else { panic!("a row is an object of columns") };
    let columns = table.watched().columns.iter();
    let row = columns
        .map(|column| {
            cells.remove(column.name).map_or(Value::Null, |cell| value(column.kind, &cell))
        })
        .collect();
    assert!(cells.is_empty(), "{} has no columns {cells:?}", table.name());
    row
}

fn value(kind: ColumnKind, cell: &Json) -> Value {
    match (kind, cell) {
        (_, Json::Null) => Value::Null,
        (ColumnKind::Int, Json::Number(int)) => Value::Int(int.as_i64().unwrap().into()),
        (ColumnKind::Decimal, Json::String(text)) => {
            Value::Decimal(Decimal::from_str(text).unwrap())
        }
        (ColumnKind::Text | ColumnKind::Temporal | ColumnKind::Float, Json::String(text)) => {
            Value::Text(text.clone())
        }
        _ => panic!("{cell} is no {kind:?}"),
    }
}

/// One statement's effect.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Inserts the row, or updates the one with its key.
    Put(Table, Row),
    /// Sets one column of some row of a table.
    Set(Table, Index, usize, Value),
    /// Deletes some row of a table.
    Delete(Table, Index),
}

/// Any edit of any table.
pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    select(Table::ALL.to_vec()).prop_flat_map(edit_of)
}

fn edit_of(table: Table) -> impl Strategy<Value = Edit> {
    let columns = table.watched().columns;
    let row: Vec<_> = columns.iter().map(|column| select(pool(table, column.name))).collect();
    let set = (0..columns.len()).prop_flat_map(move |at| {
        (any::<Index>(), select(pool(table, table.watched().columns[at].name)))
            .prop_map(move |(nth, value)| Edit::Set(table, nth, at, value))
    });
    prop_oneof![
        3 => row.prop_map(move |row| Edit::Put(table, row)),
        6 => set,
        1 => any::<Index>().prop_map(move |nth| Edit::Delete(table, nth)),
    ]
}

/// What a column may hold.
fn pool(table: Table, column: &str) -> Vec<Value> {
    let ints = |ints: &[i64]| ints.iter().map(|int| json!(int)).collect::<Vec<_>>();
    let words = |words: &[&str]| words.iter().map(|word| json!(word)).collect::<Vec<_>>();
    let or_null = |mut cells: Vec<Json>| {
        cells.push(Json::Null);
        cells
    };
    let cells = match (table, column) {
        (Table::ProductVarchar, "attribute_id") => ints(&[501, 502, 512, 515, 602, 603, 701]),
        (Table::ProductInt, "attribute_id") => ints(&[505, 506, 521, 601, 604, 605, 701]),
        (Table::ProductDecimal, "attribute_id") => ints(&[507, 508, 511]),
        (Table::ProductText, "attribute_id") => ints(&[503, 513, 602, 603]),
        (Table::ProductDatetime, "attribute_id") => ints(&[509, 510, 519]),
        (Table::EavAttribute, "attribute_id") => ints(&[701, 702, 703]),
        (_, "attribute_id") => ints(&[505, 601, 602, 603, 604, 605, 701, 702]),
        (Table::MediaGallery, "value") => words(&["/i/one.jpg", "/i/two.jpg", ""]),
        (Table::MediaGallery | Table::MediaGalleryValue, "value_id") => ints(&[1, 2, 3]),
        (Table::MediaGalleryValueToEntity, "value_id") => ints(&[1, 2, 3]),
        (_, "value_id" | "link_id" | "attribute_label_id" | "swatch_id" | "item_id")
        | (_, "product_super_attribute_id" | "record_id") => (100..130).map(|id| json!(id)).collect(),
        (_, "entity_id" | "product_id" | "parent_id" | "child_id" | "linked_product_id") => {
            PRODUCTS.map(|id| json!(id)).collect()
        }
        (_, "website_id") => ints(&[0, 1, 2, 3]),
        (_, "group_id" | "default_group_id") => ints(&[0, 1, 2, 3]),
        (_, "store_id" | "default_store_id") => ints(&[0, 1, 2, 3, 4]),
        (_, "customer_group_id") => ints(&[0, 1, 2, 3]),
        (_, "entity_type_id") => ints(&[3, 7]),
        (_, "option_id") => ints(&[1, 2, 3, 4, 5, 6]),
        (_, "config_id" | "scope_id") => ints(&[0, 1, 2, 3, 4, 5]),
        (_, "scope") => words(&["default", "websites", "stores"]),
        (_, "path") => CONFIG_PATHS.iter().chain(&["unused/path"]).map(|it| json!(it)).collect(),
        (Table::CoreConfigData, "value") => {
            or_null(words(&["EUR", "kgs", "0", "1", "5", "Europe/Berlin", "http://a.test/"]))
        }
        (Table::StoreWebsite, "code") => words(&["base", "outlet", "third", "dark"]),
        (_, "code") => words(&["en", "de", "out", "fr", "off"]),
        (_, "customer_group_code") => words(&["General", "Retail", "secret"]),
        (_, "entity_type_code") => words(&["catalog_product", "catalog_category"]),
        (_, "attribute_code") => words(&["color", "tags", "note", "flag", "x1", "x2"]),
        (_, "backend_type") => words(&["static", "int", "varchar", "text", "decimal", "datetime"]),
        (_, "frontend_input") => {
            or_null(words(&["text", "select", "multiselect", "boolean", "price"]))
        }
        (_, "source_model") => or_null(words(&[
            r"Magento\Eav\Model\Entity\Attribute\Source\Table",
            r"Magento\Eav\Model\Entity\Attribute\Source\Boolean",
            r"Vendor\Module\Source",
        ])),
        (_, "type_id") => words(&["simple", "configurable", "bundle", "grouped"]),
        (_, "sku") => words(&["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"]),
        (_, "created_at" | "updated_at") => words(&["2024-01-01 00:00:00", "2024-05-01 10:00:00"]),
        (Table::ProductInt, "value") => or_null(ints(&[0, 1, 2, 3, 4, 5, 6])),
        (Table::ProductDatetime, "value") => or_null(words(&[
            "2024-01-01 00:00:00",
            "2024-12-31 00:00:00",
            "0000-00-00 00:00:00",
        ])),
        (Table::ProductVarchar | Table::ProductText, "value") => {
            or_null(words(&["", "a", "b", "/i/one.jpg", "/i/two.jpg", "1,2", "3", "2,9"]))
        }
        (Table::ProductTierPrice, "percentage_value") => or_null(words(&["10.00", "100.00"])),
        (Table::StockItem | Table::ProductTierPrice, "qty") => {
            words(&["1.0000", "5.0000", "0.0000"])
        }
        (Table::ProductDecimal | Table::ProductTierPrice, "value") => {
            or_null(words(&["10.000000", "7.500000", "0.000000"]))
        }
        (_, "link_type_id") => ints(&[1, 3, 4, 5]),
        (_, "media_type") => words(&["image", "external-video"]),
        (_, "additional_data") => or_null(words(&["{}"])),
        (_, "search_weight") => or_null(words(&["1", "5.5", "much"])),
        (_, "min_qty") => words(&["0.0000"]),
        (_, "type") => ints(&[0, 1, 2]),
        (_, "stock_id") => ints(&[1, 2]),
        _ => {
            let column = table.watched().columns.iter().find(|it| it.name == column).unwrap();
            match column.kind {
                ColumnKind::Int => or_null(ints(&[0, 1])),
                ColumnKind::Decimal => or_null(words(&["1.0000"])),
                ColumnKind::Text | ColumnKind::Temporal | ColumnKind::Float => {
                    or_null(words(&["One", "Two"]))
                }
            }
        }
    };
    let kind = table.watched().columns.iter().find(|it| it.name == column).unwrap().kind;
    cells.iter().map(|cell| value(kind, cell)).collect()
}

/// Foreign keys that delete with their parent: child table, its column, parent table.
const CASCADES: &[(Table, &str, Table)] = &[
    (Table::ProductVarchar, "entity_id", Table::ProductEntity),
    (Table::ProductInt, "entity_id", Table::ProductEntity),
    (Table::ProductDecimal, "entity_id", Table::ProductEntity),
    (Table::ProductText, "entity_id", Table::ProductEntity),
    (Table::ProductDatetime, "entity_id", Table::ProductEntity),
    (Table::ProductWebsite, "product_id", Table::ProductEntity),
    (Table::ProductRelation, "parent_id", Table::ProductEntity),
    (Table::ProductRelation, "child_id", Table::ProductEntity),
    (Table::ProductSuperLink, "parent_id", Table::ProductEntity),
    (Table::ProductSuperLink, "product_id", Table::ProductEntity),
    (Table::ProductSuperAttribute, "product_id", Table::ProductEntity),
    (Table::ProductLink, "product_id", Table::ProductEntity),
    (Table::ProductLink, "linked_product_id", Table::ProductEntity),
    (Table::ProductTierPrice, "entity_id", Table::ProductEntity),
    (Table::MediaGalleryValue, "entity_id", Table::ProductEntity),
    (Table::MediaGalleryValueToEntity, "entity_id", Table::ProductEntity),
    (Table::StockItem, "product_id", Table::ProductEntity),
    (Table::ProductVarchar, "attribute_id", Table::EavAttribute),
    (Table::ProductInt, "attribute_id", Table::EavAttribute),
    (Table::ProductDecimal, "attribute_id", Table::EavAttribute),
    (Table::ProductText, "attribute_id", Table::EavAttribute),
    (Table::ProductDatetime, "attribute_id", Table::EavAttribute),
];

/// Columns that hold a value once: the second statement fails.
const UNIQUE: &[(Table, &str)] = &[
    (Table::StoreWebsite, "code"),
    (Table::Store, "code"),
    (Table::ProductEntity, "sku"),
    (Table::EavAttribute, "attribute_code"),
    (Table::EavEntityType, "entity_type_code"),
];

/// The shop's database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database {
    rows: BTreeMap<(Table, RowKey), Row>,
    /// Keys that were given away once; `AUTO_INCREMENT` gives none twice.
    spent: BTreeSet<(Table, RowKey)>,
    /// Whether deletes by foreign key are in the binlog, ahead of their parent's.
    pub(crate) logs_cascades: bool,
}

impl Database {
    /// Every row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Table, &Row)> {
        self.rows.iter().map(|((table, _), row)| (*table, row))
    }

    /// Every row, as a snapshot reads them: inserts.
    pub(crate) fn snapshot(&self) -> Vec<RowChange> {
        self.rows().map(|(table, row)| inserted(table, row.clone())).collect()
    }

    /// Inserts or replaces a row by named columns.
    pub(crate) fn put(&mut self, table: Table, cells: Json) -> Vec<RowChange> {
        let row = row(table, cells);
        let key = RowKey::of(table, &row).unwrap();
        self.write(table, key, row)
    }

    /// Carries out a statement; nothing comes of one that breaks a constraint.
    pub(crate) fn edit(&mut self, edit: &Edit) -> Vec<RowChange> {
        match edit {
            Edit::Put(table, row) => {
                let key = RowKey::of(*table, row).unwrap();
                self.write(*table, key, row.clone())
            }
            Edit::Set(table, nth, column, value) => {
                let Some(key) = self.nth(*table, nth) else { return Vec::new() };
                let mut row = self.rows[&(*table, key)].clone();
                row[*column] = value.clone();
                self.write(*table, key, row)
            }
            Edit::Delete(table, nth) => {
                let Some(key) = self.nth(*table, nth) else { return Vec::new() };
                self.delete(*table, key)
            }
        }
    }

    fn nth(&self, table: Table, nth: &Index) -> Option<RowKey> {
        let keys: Vec<RowKey> =
            self.rows.keys().filter(|(of, _)| *of == table).map(|(_, key)| *key).collect();
        (!keys.is_empty()).then(|| keys[nth.index(keys.len())])
    }

    /// Puts `row` in the place of the row with `key`, if there is one.
    fn write(&mut self, table: Table, key: RowKey, row: Row) -> Vec<RowChange> {
        let new_key = RowKey::of(table, &row).unwrap();
        let before = self.rows.get(&(table, key)).cloned();
        if before.as_ref() == Some(&row) || !self.is_allowed(table, key, new_key, &row) {
            return Vec::new();
        }
        self.rows.remove(&(table, key));
        self.rows.insert((table, new_key), row.clone());
        vec![RowChange { table: table.id(), before, after: Some(row) }]
    }

    fn is_allowed(&self, table: Table, key: RowKey, new_key: RowKey, row: &Row) -> bool {
        let is_parent = table.watched().chunk_column == table.watched().primary_key[0]
            && table.watched().primary_key.len() == 1
            && table != Table::CoreConfigData;
        let is_known = self.rows.contains_key(&(table, key));
        if key != new_key && (is_parent || self.rows.contains_key(&(table, new_key))) {
            return false;
        }
        if is_parent && !is_known && self.spent.contains(&(table, key)) {
            return false;
        }
        let at = |of: Table, name: &str| {
            of.watched().columns.iter().position(|column| column.name == name).unwrap()
        };
        let has_parents = CASCADES.iter().filter(|(child, ..)| *child == table).all(
            |(child, column, parent)| {
                let id = row[at(*child, column)].as_id().unwrap();
                self.rows.contains_key(&(*parent, RowKey(id.into(), 0)))
            },
        );
        has_parents
            && UNIQUE.iter().filter(|(of, _)| *of == table).all(|(of, column)| {
                let column = at(*of, column);
                !self.rows.iter().any(|((other, other_key), held)| {
                    other == of && *other_key != key && held[column] == row[column]
                })
            })
    }

    /// Deletes a row and what refers to it.
    pub(crate) fn delete(&mut self, table: Table, key: RowKey) -> Vec<RowChange> {
        let mut changes = Vec::new();
        for (child, column, parent) in CASCADES {
            if *parent != table {
                continue;
            }
            let columns = child.watched().columns;
            let at = columns.iter().position(|it| it.name == *column).unwrap();
            let doomed: Vec<RowKey> = self
                .rows
                .iter()
                .filter(|((of, _), row)| {
                    of == child && row[at].as_id().map(u64::from) == Some(key.0)
                })
                .map(|((_, key), _)| *key)
                .collect();
            for key in doomed {
                let deleted = self.delete(*child, key);
                if self.logs_cascades {
                    changes.extend(deleted);
                }
            }
        }
        self.spent.insert((table, key));
        let before = self.rows.remove(&(table, key));
        changes.push(RowChange { table: table.id(), before, after: None });
        changes
    }
}

/// The change that an insert makes.
pub(crate) fn inserted(table: Table, row: Row) -> RowChange {
    RowChange { table: table.id(), before: None, after: Some(row) }
}
