//! The small shop's categories, the parts of its composite products, its rule prices and its inventory.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::database::Database;

/// Categories: id, parent, path, level, url key, active, anchor.
const CATEGORIES: [(u32, u32, &str, u32, &str, u32, u32); 4] = [
    (31, 1, "1/31", 1, "root", 1, 1),
    (32, 31, "1/31/32", 2, "home", 1, 1),
    (33, 32, "1/31/32/33", 3, "lamps", 1, 0),
    (34, 31, "1/31/34", 2, "deals", 0, 1),
];

impl Database {
    /// Categories three levels deep, with products in them.
    pub(super) fn categories(&mut self) {
        for (id, parent, path, level, url_key, active, anchor) in CATEGORIES {
            if self.is_staged() {
                self.put(Table::SequenceCategory, json!({"sequence_value": id}));
            }
            for version in self.category_versions(id) {
                self.category_version(version, (id, parent, path, level));
                let texts = [(401, json!(format!("Name of {url_key}"))), (402, json!(url_key))];
                for (attribute, value) in texts {
                    self.category_value(Table::CategoryVarchar, version, attribute, &value);
                }
                for (attribute, value) in [(403, active), (404, 1), (405, anchor), (406, 5)] {
                    self.category_value(Table::CategoryInt, version, attribute, &json!(value));
                }
                self.category_value(Table::CategoryText, version, 407, &json!("Text"));
            }
        }
        for (id, category, product) in [(100, 32, 12), (101, 33, 13), (102, 34, 12)] {
            let cells = json!({
                "entity_id": id, "category_id": category, "product_id": product, "position": 1,
            });
            self.put(Table::CategoryProduct, cells);
        }
    }

    /// The rows of a category: its own id, or, with content staging, its versions'. The second
    /// category has a version to come.
    fn category_versions(&self, id: u32) -> Vec<u32> {
        match (self.is_staged(), id) {
            (false, _) => vec![id],
            (true, 32) => vec![42, 46],
            (true, _) => vec![id + 10],
        }
    }

    fn category_version(&mut self, row: u32, (id, parent, path, level): (u32, u32, &str, u32)) {
        let mut cells = json!({
            "entity_id": id, "parent_id": parent, "path": path, "position": 1, "level": level,
        });
        if !self.is_staged() {
            self.put(Table::CategoryEntity, cells);
            return;
        }
        let (from, until) = match row {
            42 => (1, 1_800_000_000),
            46 => (1_800_000_000, 2_147_483_647_u32),
            _ => (1, 2_147_483_647),
        };
        cells["row_id"] = json!(row);
        cells["created_in"] = json!(from);
        cells["updated_in"] = json!(until);
        self.put(Table::StagedCategoryEntity, cells);
    }

    fn category_value(&mut self, plain: Table, row: u32, attribute: u32, value: &Json) {
        let (table, link) = self.twin(plain, "entity_id");
        let mut cells = json!({
            "value_id": row * 1000 + attribute, "attribute_id": attribute, "store_id": 0,
            "value": value,
        });
        cells[link] = json!(row);
        self.put(table, cells);
    }

    /// A table of this shop's layout, and the name of its link field.
    fn twin(&self, plain: Table, link: &'static str) -> (Table, &'static str) {
        if !self.is_staged() {
            return (plain, link);
        }
        let is_twin = |table: &Table| *table != plain && table.plain() == plain;
        let staged = Table::ALL.into_iter().find(is_twin).expect("there is a twin");
        (staged, if link == "entity_id" { "row_id" } else { link })
    }

    /// A bundle, things to download, custom options, and prices by catalog rules.
    pub(super) fn parts(&mut self) {
        let (parent, child) = if self.is_staged() { (21, 12) } else { (14, 13) };
        if self.is_staged() {
            self.put(Table::SequenceBundleOption, json!({"sequence_value": 1}));
            self.put(Table::SequenceBundleSelection, json!({"sequence_value": 100}));
        }
        let (table, _) = self.twin(Table::BundleOption, "parent_id");
        let cells = json!({
            "option_id": 1, "parent_id": parent, "required": 1, "position": 1, "type": "select",
        });
        self.put(table, cells);
        let (table, _) = self.twin(Table::BundleOptionValue, "parent_product_id");
        let cells = json!({
            "value_id": 100, "option_id": 1, "store_id": 0, "title": "One",
            "parent_product_id": parent,
        });
        self.put(table, cells);
        let (table, _) = self.twin(Table::BundleSelection, "parent_product_id");
        let cells = json!({
            "selection_id": 100, "option_id": 1, "parent_product_id": parent, "product_id": child,
            "position": 1, "is_default": 1, "selection_qty": "1.0000",
        });
        self.put(table, cells);
        let (table, _) = self.twin(Table::DownloadableLink, "product_id");
        self.put(table, json!({"link_id": 100, "product_id": parent, "sort_order": 1}));
        self.put(
            Table::DownloadableLinkTitle,
            json!({"title_id": 100, "link_id": 100, "store_id": 0, "title": "One"}),
        );
        self.put(
            Table::DownloadableLinkPrice,
            json!({"price_id": 100, "link_id": 100, "website_id": 0, "price": "1.0000"}),
        );
        let (table, _) = self.twin(Table::DownloadableSample, "product_id");
        self.put(table, json!({"sample_id": 100, "product_id": parent, "sort_order": 1}));
        self.put(
            Table::DownloadableSampleTitle,
            json!({"title_id": 100, "sample_id": 100, "store_id": 0, "title": "One"}),
        );
        self.custom_options(parent);
        self.put(
            Table::CatalogRuleProductPrice,
            json!({
                "rule_product_price_id": 100, "rule_date": "2024-06-15", "customer_group_id": 1,
                "product_id": 12, "rule_price": "4.000000", "website_id": 3,
            }),
        );
    }

    fn custom_options(&mut self, parent: u32) {
        let (table, _) = self.twin(Table::ProductOption, "product_id");
        self.put(table, json!({"option_id": 1, "product_id": parent, "type": "drop_down"}));
        self.put(
            Table::ProductOptionTitle,
            json!({"option_title_id": 100, "option_id": 1, "store_id": 0, "title": "One"}),
        );
        self.put(
            Table::ProductOptionPrice,
            json!({
                "option_price_id": 100, "option_id": 1, "store_id": 0, "price": "1.0000",
                "price_type": "fixed",
            }),
        );
        self.put(
            Table::ProductOptionTypeValue,
            json!({"option_type_id": 100, "option_id": 1, "sort_order": 1}),
        );
        self.put(
            Table::ProductOptionTypeTitle,
            json!({
                "option_type_title_id": 100, "option_type_id": 100, "store_id": 0, "title": "One",
            }),
        );
        self.put(
            Table::ProductOptionTypePrice,
            json!({
                "option_type_price_id": 100, "option_type_id": 100, "store_id": 0,
                "price": "1.0000", "price_type": "fixed",
            }),
        );
    }

    /// Two stocks with a source each; the second website sells from the second.
    pub(super) fn inventory(&mut self) {
        for (id, source) in [(1, "default"), (2, "harbour")] {
            self.put(Table::InventorySource, json!({"source_code": source, "enabled": 1}));
            self.put(Table::InventoryStock, json!({"stock_id": id, "name": "Stock"}));
            self.put(
                Table::InventorySourceStockLink,
                json!({"link_id": 100 + id, "stock_id": id, "source_code": source}),
            );
            self.put(
                Table::InventorySourceItem,
                json!({
                    "source_item_id": 100 + id, "source_code": source, "sku": "s2",
                    "quantity": "3.0000", "status": 1,
                }),
            );
        }
        for (code, stock) in [("base", 1), ("outlet", 2)] {
            let cells = json!({"type": "website", "code": code, "stock_id": stock});
            self.put(Table::InventoryStockSalesChannel, cells);
        }
        self.put(
            Table::InventoryReservation,
            json!({"reservation_id": 100, "stock_id": 2, "sku": "s2", "quantity": "-3.0000"}),
        );
    }
}
