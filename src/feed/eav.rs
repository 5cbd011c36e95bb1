//! Attribute values of a product or category, with the fallback from a store view to the defaults.

use std::collections::BTreeMap;

// The value tables have the same columns.
use crate::catalog::column::product_varchar as value_row;
use crate::catalog::{Attribute, AttributeOf, Sheet, Shop, Table};
use crate::decode::{Row, Value};
use crate::feed::row;

// An owner has rows in the tables of its own kind only.
const VALUE_TABLES: [Table; 10] = [
    Table::ProductVarchar,
    Table::ProductInt,
    Table::ProductDecimal,
    Table::ProductText,
    Table::ProductDatetime,
    Table::CategoryVarchar,
    Table::CategoryInt,
    Table::CategoryDecimal,
    Table::CategoryText,
    Table::CategoryDatetime,
];

/// The store id of rows that hold for every store view without a row of its own.
pub(crate) const DEFAULTS: u32 = 0;

/// The attribute values of one product or category, found by attribute and store.
pub(crate) struct Values<'a> {
    of: AttributeOf,
    shop: &'a Shop,
    by_place: BTreeMap<(Table, u32, u32), &'a Value>,
}

impl<'a> Values<'a> {
    /// The values in a product's sheet.
    pub(crate) fn of(sheet: &'a Sheet, shop: &'a Shop) -> Self {
        Self::of_kind(AttributeOf::Products, sheet, shop)
    }

    /// The values in a category's sheet.
    pub(crate) fn of_category(sheet: &'a Sheet, shop: &'a Shop) -> Self {
        Self::of_kind(AttributeOf::Categories, sheet, shop)
    }

    fn of_kind(of: AttributeOf, sheet: &'a Sheet, shop: &'a Shop) -> Self {
        let mut by_place = BTreeMap::new();
        for table in VALUE_TABLES {
            for row in sheet.rows(table) {
                if let Some((attribute, store, value)) = parts(row) {
                    by_place.insert((table, attribute, store), value);
                }
            }
        }
        Self { of, shop, by_place }
    }

    /// What the row of exactly this store holds, NULL too; `None` without a row.
    pub(crate) fn stored(&self, attribute: &Attribute, store: u32) -> Option<&'a Value> {
        self.by_place.get(&(attribute.value_table()?, attribute.id, store)).copied()
    }

    /// The value that counts in a store view: its own row's, even when that is NULL, else the
    /// default row's. `None` for NULL.
    pub(crate) fn value(&self, attribute: &Attribute, store: u32) -> Option<&'a Value> {
        let row = self.stored(attribute, store).or_else(|| self.stored(attribute, DEFAULTS))?;
        (!row.is_null()).then_some(row)
    }

    /// [`Values::stored`] of the attribute with this code.
    pub(crate) fn stored_by_code(&self, code: &str, store: u32) -> Option<&'a Value> {
        self.stored(self.attribute(code)?, store)
    }

    /// [`Values::value`] of the attribute with this code.
    pub(crate) fn value_by_code(&self, code: &str, store: u32) -> Option<&'a Value> {
        self.value(self.attribute(code)?, store)
    }

    fn attribute(&self, code: &str) -> Option<&'a Attribute> {
        match self.of {
            AttributeOf::Products => self.shop.attribute_by_code(code),
            AttributeOf::Categories => self.shop.category_attribute_by_code(code),
        }
    }

    /// [`Values::value_by_code`] as text.
    pub(crate) fn text(&self, code: &str, store: u32) -> Option<String> {
        self.value_by_code(code, store)?.to_char()
    }

    /// Every value of every store, with the attribute that it belongs to.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a Attribute, &'a Value)> {
        let (of, shop) = (self.of, self.shop);
        self.by_place.iter().filter_map(move |((table, attribute, _), value)| {
            let attribute = match of {
                AttributeOf::Products => shop.attribute(*attribute)?,
                AttributeOf::Categories => shop.category_attribute(*attribute)?,
            };
            (attribute.value_table() == Some(*table)).then_some((attribute, *value))
        })
    }
}

/// [`Values::stored`] for a sheet of which only one or two values are wanted.
pub(crate) fn stored_in<'a>(
    sheet: &'a Sheet,
    attribute: &Attribute,
    store: u32,
) -> Option<&'a Value> {
    sheet
        .rows(attribute.value_table()?)
        .filter_map(parts)
        .find(|(found, at, _)| *found == attribute.id && *at == store)
        .map(|(_, _, value)| value)
}

/// An attribute as the shop's category index reads it, which differs from how a store view does: the
/// default row must exist, and counts wherever the store view's is NULL (Commerce feeds: category
/// product index).
pub(crate) fn indexed_in(sheet: &Sheet, attribute: &Attribute, store: u32) -> Option<i128> {
    let default = stored_in(sheet, attribute, DEFAULTS)?;
    let own = stored_in(sheet, attribute, store).filter(|value| !value.is_null());
    own.unwrap_or(default).as_int()
}

fn parts(row: &Row) -> Option<(u32, u32, &Value)> {
    let attribute = row::id(row, value_row::ATTRIBUTE_ID)?;
    Some((attribute, row::id(row, value_row::STORE_ID)?, row.get(value_row::VALUE)?))
}
