//! Random rows of a small shop, for tests: every watched table, every column, and so few ids that
//! rows refer to one another.
//!
//! [`Database`](crate::catalog::database::Database) takes them.

use std::str::FromStr as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::{CONFIG_PATHS, Table};
use crate::decode::{ColumnKind, Row, RowChange, TableLayout, Value};

/// The products of the small shop.
pub(crate) const PRODUCTS: std::ops::RangeInclusive<u32> = 11..=16;

/// The versions of products in the small shop with content staging, by `row_id`.
pub(crate) const VERSIONS: std::ops::RangeInclusive<u32> = 21..=28;

/// The categories of the small shop; the first is the root of its store groups.
pub(crate) const CATEGORIES: std::ops::RangeInclusive<u32> = 31..=36;

/// The versions of categories in the small shop with content staging, by `row_id`.
pub(crate) const CATEGORY_VERSIONS: std::ops::RangeInclusive<u32> = 41..=48;

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

/// Any edit of any table of a shop without content staging.
pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    edit_in(TableLayout::Plain)
}

/// Any edit of any table of a shop of this layout.
pub(crate) fn edit_in(layout: TableLayout) -> impl Strategy<Value = Edit> {
    select(Table::of_layout(layout).collect::<Vec<_>>()).prop_flat_map(edit_of)
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
    let column = table.watched().columns.iter().find(|it| it.name == column).unwrap();
    let (cells, may_be_null): (Vec<Json>, bool) = match ids(table, column.name) {
        Some(ids) => (ids.iter().map(|id| json!(id)).collect(), false),
        None => match (column.kind, words(table, column.name)) {
            (_, (words, may_be_null)) if !words.is_empty() => {
                (words.iter().map(|word| json!(word)).collect(), may_be_null)
            }
            (ColumnKind::Int, _) if column.name == "value" => {
                ((0..7).map(|int| json!(int)).collect(), true)
            }
            (ColumnKind::Int, _) => (vec![json!(0), json!(1)], true),
            (ColumnKind::Decimal, _) => (vec![json!("1.0000")], true),
            (ColumnKind::Text | ColumnKind::Temporal | ColumnKind::Float, _) => {
                (vec![json!("One"), json!("Two")], true)
            }
        },
    };
    let null = may_be_null.then_some(Value::Null);
    cells.iter().map(|cell| value(column.kind, cell)).chain(null).collect()
}

/// The ids that a column of a category's table may hold.
fn category_ids(table: Table, column: &str) -> Option<Vec<u32>> {
    let is_staged = table.plain() != table;
    Some(match (table.plain(), column) {
        (Table::SequenceCategory, _)
        | (_, "category_id")
        | (Table::CategoryEntity, "entity_id" | "parent_id")
        | (
            Table::CategoryVarchar
            | Table::CategoryInt
            | Table::CategoryDecimal
            | Table::CategoryText
            | Table::CategoryDatetime,
            "entity_id",
        ) => CATEGORIES.collect(),
        (Table::CategoryEntity, "level") => vec![1, 2, 3],
        (Table::CategoryEntity, "position") => vec![0, 1, 2],
        (Table::CategoryVarchar, "attribute_id") => vec![401, 402],
        (Table::CategoryInt, "attribute_id") => vec![403, 404, 405, 406],
        (Table::CategoryText, "attribute_id") => vec![407],
        (
            Table::CategoryEntity
            | Table::CategoryVarchar
            | Table::CategoryInt
            | Table::CategoryDecimal
            | Table::CategoryText
            | Table::CategoryDatetime,
            "row_id",
        ) if is_staged => CATEGORY_VERSIONS.collect(),
        (Table::CategoryProduct, "entity_id") => (100..130).collect(),
        _ => return None,
    })
}

/// The ids that a column of the tables of composite products, rules and inventory may hold.
fn part_ids(table: Table, column: &str) -> Option<Vec<u32>> {
    let is_staged = table.plain() != table;
    Some(match (table.plain(), column) {
        (
            Table::BundleOption
            | Table::BundleOptionValue
            | Table::BundleSelection
            | Table::DownloadableLink
            | Table::DownloadableSample
            | Table::ProductOption,
            _,
        ) if is_staged && column == table.watched().columns[table.watched().chunk_column].name => {
            VERSIONS.collect()
        }
        (Table::SequenceBundleOption, _) => vec![1, 2, 3, 4, 5, 6],
        (
            Table::BundleOption | Table::ProductOption | Table::InventoryStockSalesChannel,
            "type",
        ) => {
            return None;
        }
        (_, "parent_product_id") => PRODUCTS.collect(),
        (Table::SequenceBundleSelection, _)
        | (
            _,
            "title_id"
            | "price_id"
            | "option_title_id"
            | "option_price_id"
            | "option_type_id"
            | "option_type_title_id"
            | "option_type_price_id"
            | "selection_id"
            | "sample_id"
            | "rule_product_price_id"
            | "source_item_id"
            | "reservation_id",
        ) => (100..130).collect(),
        (_, "created_in" | "updated_in") => {
            vec![1, 1_700_000_000, 1_718_000_000, 1_800_000_000, 2_147_483_647]
        }
        (_, "attribute_set_id") => vec![4, 5],
        (_, "class_id") => vec![2, 3],
        (_, "root_category_id") => vec![31, 32],
        (_, "enabled" | "status" | "is_default" | "required") => vec![0, 1],
        _ => return None,
    })
}

/// The ids that a column may hold.
fn ids(table: Table, column: &str) -> Option<Vec<u32>> {
    let is_text = |column: &str| {
        let column = table.watched().columns.iter().find(|it| it.name == column);
        column.is_some_and(|it| it.kind != ColumnKind::Int)
    };
    if is_text(column) {
        return None;
    }
    if let Some(ids) = category_ids(table, column).or_else(|| part_ids(table, column)) {
        return Some(ids);
    }
    Some(match (table, column) {
        (_, "row_id")
        | (Table::StagedProductRelation | Table::StagedProductSuperLink, "parent_id")
        | (Table::StagedProductSuperAttribute | Table::StagedProductLink, "product_id") => {
            VERSIONS.collect()
        }
        (_, "sequence_value") => PRODUCTS.collect(),
        (Table::ProductVarchar | Table::StagedProductVarchar, "attribute_id") => {
            vec![501, 502, 512, 515, 602, 603, 701]
        }
        (Table::ProductInt | Table::StagedProductInt, "attribute_id") => {
            vec![505, 506, 521, 601, 604, 605, 701]
        }
        (Table::ProductDecimal | Table::StagedProductDecimal, "attribute_id") => {
            vec![507, 508, 511]
        }
        (Table::ProductText | Table::StagedProductText, "attribute_id") => vec![503, 513, 602, 603],
        (Table::ProductDatetime | Table::StagedProductDatetime, "attribute_id") => {
            vec![509, 510, 519]
        }
        (Table::EavAttribute, "attribute_id") => vec![701, 702, 703],
        (Table::MediaGallery, "attribute_id") => vec![601, 701],
        (_, "attribute_id") => vec![505, 601, 602, 603, 604, 605, 701, 702],
        (
            Table::MediaGallery
            | Table::MediaGalleryValue
            | Table::MediaGalleryValueToEntity
            | Table::StagedMediaGalleryValue
            | Table::StagedMediaGalleryValueToEntity,
            "value_id",
        ) => vec![1, 2, 3],
        (
            _,
            "value_id"
            | "link_id"
            | "attribute_label_id"
            | "swatch_id"
            | "item_id"
            | "record_id"
            | "product_super_attribute_id",
        ) => (100..130).collect(),
        (_, "entity_id" | "product_id" | "parent_id" | "child_id" | "linked_product_id") => {
            PRODUCTS.collect()
        }
        (_, "website_id" | "group_id" | "default_group_id" | "customer_group_id") => {
            vec![0, 1, 2, 3]
        }
        (_, "store_id" | "default_store_id") => vec![0, 1, 2, 3, 4],
        (_, "entity_type_id") => vec![3, 7],
        (_, "option_id") => vec![1, 2, 3, 4, 5, 6],
        (_, "config_id" | "scope_id") => vec![0, 1, 2, 3, 4, 5],
        (_, "link_type_id") => vec![1, 3, 4, 5],
        (_, "type") => vec![0, 1, 2],
        (_, "stock_id") => vec![1, 2],
        _ => return None,
    })
}

/// Texts and numbers of the tables of categories, composite products, rules and inventory.
fn part_words(table: Table, column: &str) -> Option<(&'static [&'static str], bool)> {
    Some(match (table, column) {
        (Table::CategoryEntity | Table::StagedCategoryEntity, "path") => {
            (&["1/31", "1/31/32", "1/31/32/33", "1/31/34", "1/31/34/35", "1/31/32/36"], false)
        }
        (Table::CategoryVarchar | Table::StagedCategoryVarchar, "value") => {
            (&["deals", "home", "lamps", "a"], true)
        }
        (Table::CategoryText | Table::StagedCategoryText, "value") => (&["", "Text"], true),
        (Table::InventoryStockSalesChannel, "type") => (&["website", "other"], false),
        (Table::InventoryStockSalesChannel, "code") => (&["base", "outlet"], false),
        (_, "source_code") => (&["default", "harbour"], false),
        (_, "quantity") => (&["0.0000", "3.0000", "-3.0000"], false),
        (_, "rule_date") => (&["2024-06-14", "2024-06-15", "2024-06-16"], false),
        (_, "rule_price") => (&["4.000000", "0.000000"], false),
        (_, "price_type") => (&["fixed", "percent"], false),
        (Table::BundleOption | Table::StagedBundleOption, "type") => {
            (&["select", "checkbox"], true)
        }
        (Table::ProductOption | Table::StagedProductOption, "type") => {
            (&["drop_down", "field", "file"], true)
        }
        (_, "class_name" | "attribute_set_name" | "title") => (&["One", "Two", ""], true),
        _ => return None,
    })
}

/// The texts and numbers that a column may hold, and whether it may be NULL; empty for any.
fn words(table: Table, column: &str) -> (Vec<&'static str>, bool) {
    let sources = [
        r"Magento\Eav\Model\Entity\Attribute\Source\Table",
        r"Magento\Eav\Model\Entity\Attribute\Source\Boolean",
        r"Vendor\Module\Source",
    ];
    if let Some((words, may_be_null)) = part_words(table, column) {
        return (words.to_vec(), may_be_null);
    }
    let words: (&[&str], bool) = match (table, column) {
        (_, "scope") => (&["default", "websites", "stores"], false),
        (_, "path") => {
            return (CONFIG_PATHS.iter().copied().chain(["unused/path"]).collect(), false);
        }
        (Table::CoreConfigData, "value") => {
            (&["EUR", "kgs", "0", "1", "5", "Europe/Berlin", "http://a.test/"], true)
        }
        (Table::StoreWebsite, "code") => (&["base", "outlet", "third", "dark"], false),
        (_, "code") => (&["en", "de", "out", "fr", "off"], false),
        (_, "customer_group_code") => (&["General", "Retail", "secret"], false),
        (_, "entity_type_code") => (&["catalog_product", "catalog_category"], false),
        (_, "attribute_code") => (&["color", "tags", "note", "flag", "x1", "season"], false),
        (_, "backend_type") => {
            (&["static", "int", "varchar", "text", "decimal", "datetime"], false)
        }
        (_, "frontend_input") => (&["text", "select", "multiselect", "boolean", "price"], true),
        (_, "source_model") => (&sources, true),
        (_, "type_id") => (&["simple", "configurable", "bundle", "grouped"], false),
        (_, "sku") => (&["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"], false),
        (_, "created_at" | "updated_at") => {
            (&["2024-01-01 00:00:00", "2024-05-01 10:00:00"], false)
        }
        (Table::MediaGallery, "value") => (&["/i/one.jpg", "/i/two.jpg", ""], false),
        (Table::ProductDatetime | Table::StagedProductDatetime, "value") => {
            (&["2024-01-01 00:00:00", "2024-12-31 00:00:00", "0000-00-00 00:00:00"], true)
        }
        (
            Table::ProductVarchar
            | Table::ProductText
            | Table::StagedProductVarchar
            | Table::StagedProductText,
            "value",
        ) => (&["", "a", "b", "/i/one.jpg", "/i/two.jpg", "1,2", "3", "2,9"], true),
        (Table::ProductTierPrice | Table::StagedProductTierPrice, "percentage_value") => {
            (&["10.00", "100.00"], true)
        }
        (Table::StockItem | Table::ProductTierPrice | Table::StagedProductTierPrice, "qty") => {
            (&["1.0000", "5.0000", "0.0000"], false)
        }
        (
            Table::ProductDecimal
            | Table::ProductTierPrice
            | Table::StagedProductDecimal
            | Table::StagedProductTierPrice,
            "value",
        ) => (&["10.000000", "7.500000", "0.000000"], true),
        (_, "media_type") => (&["image", "external-video"], false),
        (_, "additional_data") => (&["{}"], true),
        (_, "search_weight") => (&["1", "5.5", "much"], true),
        _ => (&[], true),
    };
    (words.0.to_vec(), words.1)
}

/// The change that an insert makes.
pub(crate) fn inserted(table: Table, row: Row) -> RowChange {
    RowChange::read(table.id(), row)
}
