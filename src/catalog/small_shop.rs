//! A small shop with one of everything, for tests: a configurable product with two variants, links,
//! images, stock, tier prices, options with swatches, two websites and three store views; and the like
//! with content staging.

mod parts;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::database::Database;
use crate::decode::TableLayout;

/// `catalog_product` attributes: id, code, backend type.
const ATTRIBUTES: [(u32, &str, &str); 21] = [
    (501, "name", "varchar"),
    (502, "url_key", "varchar"),
    (503, "description", "text"),
    (505, "status", "int"),
    (506, "visibility", "int"),
    (507, "price", "decimal"),
    (508, "special_price", "decimal"),
    (509, "special_from_date", "datetime"),
    (510, "special_to_date", "datetime"),
    (511, "weight", "decimal"),
    (512, "meta_title", "varchar"),
    (513, "meta_keyword", "text"),
    (514, "meta_description", "varchar"),
    (515, "image", "varchar"),
    (519, "news_from_date", "datetime"),
    (521, "price_type", "int"),
    (601, "color", "int"),
    (602, "tags", "varchar"),
    (603, "note", "varchar"),
    (604, "flag", "int"),
    (605, "odd", "int"),
];

/// `catalog_category` attributes: id, code, backend type.
const CATEGORY_ATTRIBUTES: [(u32, &str, &str); 7] = [
    (401, "name", "varchar"),
    (402, "url_key", "varchar"),
    (403, "is_active", "int"),
    (404, "include_in_menu", "int"),
    (405, "is_anchor", "int"),
    (406, "season", "int"),
    (407, "description", "text"),
];

const TABLE_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Table";
const BOOLEAN_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";

impl Database {
    /// The small shop.
    pub(crate) fn small_shop() -> Self {
        let mut shop = Self::default();
        shop.scopes();
        shop.attributes();
        shop.gallery();
        shop.product(11, "configurable", "s1");
        shop.product(12, "simple", "s2");
        shop.product(13, "simple", "s3");
        shop.product(14, "bundle", "s4");
        shop.product(15, "simple", "s5");
        shop.around_products();
        shop.categories();
        shop.parts();
        shop.inventory();
        shop
    }

    /// A small shop with content staging: three products, of which one has a version to come.
    pub(crate) fn staged_shop() -> Self {
        let mut shop = Self::new(TableLayout::Staged);
        shop.scopes();
        shop.attributes();
        shop.gallery();
        for (product, versions) in [(11, vec![21]), (12, vec![22, 23]), (13, vec![24])] {
            shop.put(Table::SequenceProduct, json!({"sequence_value": product}));
            shop.put(Table::ProductWebsite, json!({"product_id": product, "website_id": 1}));
            let cells = json!({"item_id": 100 + product, "product_id": product, "stock_id": 1});
            shop.put(Table::StockItem, cells);
            for version in versions {
                shop.version(version, product);
            }
        }
        shop.put(Table::StagedProductRelation, json!({"parent_id": 21, "child_id": 12}));
        let cells = json!({"link_id": 112, "product_id": 12, "parent_id": 21});
        shop.put(Table::StagedProductSuperLink, cells);
        let cells =
            json!({"product_super_attribute_id": 100, "product_id": 21, "attribute_id": 601});
        shop.put(Table::StagedProductSuperAttribute, cells);
        let cells =
            json!({"link_id": 100, "product_id": 24, "linked_product_id": 12, "link_type_id": 1});
        shop.put(Table::StagedProductLink, cells);
        shop.categories();
        shop.parts();
        shop.inventory();
        shop
    }

    /// Inserts a version of a product, with its values, a tier price and an image.
    fn version(&mut self, id: u32, product: u32) {
        self.put(
            Table::StagedProductEntity,
            json!({
                "row_id": id, "entity_id": product, "type_id": "simple", "sku": "s1",
                "created_in": 1, "updated_in": 2_147_483_647,
            }),
        );
        for (table, attribute, store, value) in [
            (Table::StagedProductVarchar, 501, 0, json!("Name")),
            (Table::StagedProductVarchar, 501, 2, json!("Other name")),
            (Table::StagedProductInt, 601, 0, json!(1)),
            (Table::StagedProductDecimal, 507, 0, json!("10.000000")),
            (Table::StagedProductText, 503, 1, json!("Text")),
            (Table::StagedProductDatetime, 509, 3, json!("2024-01-01 00:00:00")),
        ] {
            let value_id = id * 100_000 + attribute * 100 + store;
            let cells = json!({
                "value_id": value_id, "attribute_id": attribute, "store_id": store,
                "row_id": id, "value": value,
            });
            self.put(table, cells);
        }
        self.put(
            Table::StagedProductTierPrice,
            json!({
                "value_id": 100 + id, "row_id": id, "all_groups": 0, "customer_group_id": 1,
                "qty": "5.0000", "value": "8.000000", "website_id": 0,
            }),
        );
        self.put(Table::StagedMediaGalleryValueToEntity, json!({"value_id": 1, "row_id": id}));
        self.put(
            Table::StagedMediaGalleryValue,
            json!({"record_id": 100 + id, "value_id": 1, "store_id": 0, "row_id": id}),
        );
    }

    fn gallery(&mut self) {
        for (id, path) in [(1, "/i/one.jpg"), (2, "/i/two.jpg")] {
            let cells = json!({"value_id": id, "value": path, "media_type": "image"});
            self.put(Table::MediaGallery, cells);
        }
    }

    fn scopes(&mut self) {
        for (id, code) in [(3, "catalog_category"), (7, "catalog_product")] {
            self.put(Table::EavEntityType, json!({"entity_type_id": id, "entity_type_code": code}));
        }
        for (id, code, name) in
            [(0, "admin", "Admin"), (1, "base", "Main"), (2, "outlet", "Outlet")]
        {
            let cells =
                json!({"website_id": id, "code": code, "name": name, "default_group_id": id});
            self.put(Table::StoreWebsite, cells);
        }
        for (id, default_store) in [(0, 0), (1, 1), (2, 3)] {
            let cells = json!({
                "group_id": id, "website_id": id, "default_store_id": default_store,
                "root_category_id": if id == 0 { 0 } else { 31 },
            });
            self.put(Table::StoreGroup, cells);
        }
        for (id, code, website) in [(0, "admin", 0), (1, "en", 1), (2, "de", 1), (3, "out", 2)] {
            let cells =
                json!({"store_id": id, "code": code, "website_id": website, "group_id": website});
            self.put(Table::Store, cells);
        }
        for (id, name) in [(0, "NOT LOGGED IN"), (1, "General")] {
            let cells = json!({"customer_group_id": id, "customer_group_code": name});
            self.put(Table::CustomerGroup, cells);
        }
        let cells = json!({
            "config_id": 1, "scope": "default", "scope_id": 0,
            "path": "general/locale/weight_unit", "value": "kgs",
        });
        self.put(Table::CoreConfigData, cells);
        for (id, code) in [(1, "relation"), (3, "super"), (4, "up_sell"), (5, "cross_sell")] {
            self.put(Table::ProductLinkType, json!({"link_type_id": id, "code": code}));
        }
        for (id, name) in [(2, "Taxable"), (3, "Free")] {
            self.put(Table::TaxClass, json!({"class_id": id, "class_name": name}));
        }
        for (id, name) in [(4, "Default"), (5, "Lamps")] {
            let cells = json!({
                "attribute_set_id": id, "entity_type_id": 7, "attribute_set_name": name,
            });
            self.put(Table::EavAttributeSet, cells);
        }
        for id in 1..=2 {
            self.put(Table::Stock, json!({"stock_id": id, "stock_name": "Default"}));
        }
    }

    fn attributes(&mut self) {
        for (id, code, backend) in ATTRIBUTES {
            let (input, source) = match code {
                "color" => (json!("select"), json!(TABLE_SOURCE)),
                "tags" => (json!("multiselect"), Json::Null),
                "flag" => (json!("boolean"), json!(BOOLEAN_SOURCE)),
                "odd" => (json!("select"), json!(r"Vendor\Module\Source")),
                _ => (json!("text"), Json::Null),
            };
            let cells = json!({
                "attribute_id": id, "entity_type_id": 7, "attribute_code": code,
                "backend_type": backend, "frontend_input": input, "source_model": source,
                "frontend_label": code.to_uppercase(), "is_user_defined": u8::from(id > 600),
            });
            self.put(Table::EavAttribute, cells);
            self.put(
                Table::CatalogEavAttribute,
                json!({"attribute_id": id, "is_visible": 1, "search_weight": "1"}),
            );
        }
        for (id, code, backend) in CATEGORY_ATTRIBUTES {
            let input = if code == "season" { "select" } else { "text" };
            let cells = json!({
                "attribute_id": id, "entity_type_id": 3, "attribute_code": code,
                "backend_type": backend, "frontend_input": input,
                "frontend_label": code.to_uppercase(), "is_user_defined": u8::from(code == "season"),
            });
            self.put(Table::EavAttribute, cells);
            self.put(Table::CatalogEavAttribute, json!({"attribute_id": id, "search_weight": "1"}));
        }
        for (option, attribute) in [(1, 601), (2, 601), (3, 602), (4, 605), (5, 406)] {
            self.put(
                Table::EavAttributeOption,
                json!({"option_id": option, "attribute_id": attribute}),
            );
            self.put(
                Table::EavAttributeOptionValue,
                json!({
                    "value_id": 100 + option, "option_id": option, "store_id": 0,
                    "value": format!("Option {option}"),
                }),
            );
        }
        self.put(
            Table::EavAttributeOptionSwatch,
            json!({"swatch_id": 101, "option_id": 1, "store_id": 0, "type": 1, "value": "#ff0000"}),
        );
    }

    /// Inserts a product with a name, a slug, a price, enabled and visible, in website 1.
    pub(crate) fn product(&mut self, id: u32, kind: &str, sku: &str) {
        self.put(
            Table::ProductEntity,
            json!({
                "entity_id": id, "attribute_set_id": 4, "type_id": kind, "sku": sku,
                "updated_at": "2024-01-01 00:00:00",
            }),
        );
        for (table, attribute, value) in [
            (Table::ProductVarchar, 501, json!(format!("Name of {sku}"))),
            (Table::ProductVarchar, 502, json!(sku)),
            (Table::ProductInt, 505, json!(1)),
            (Table::ProductInt, 506, json!(4)),
            (Table::ProductDecimal, 507, json!("10.000000")),
        ] {
            self.value(table, id, attribute, 0, &value);
        }
        self.put(Table::ProductWebsite, json!({"product_id": id, "website_id": 1}));
    }

    /// Inserts or replaces an attribute value.
    pub(crate) fn value(
        &mut self,
        table: Table,
        product: u32,
        attribute: u32,
        store: u32,
        value: &Json,
    ) -> Vec<crate::decode::RowChange> {
        let value_id =
            u64::from(product) * 1_000_000 + u64::from(attribute) * 100 + u64::from(store);
        self.put(
            table,
            json!({
                "value_id": value_id, "attribute_id": attribute, "store_id": store,
                "entity_id": product, "value": value,
            }),
        )
    }

    fn around_products(&mut self) {
        for (child, option) in [(12, 1), (13, 2)] {
            self.put(Table::ProductRelation, json!({"parent_id": 11, "child_id": child}));
            let cells = json!({"link_id": 100 + child, "product_id": child, "parent_id": 11});
            self.put(Table::ProductSuperLink, cells);
            self.value(Table::ProductInt, child, 601, 0, &json!(option));
            let cells = json!({
                "item_id": 100 + child, "product_id": child, "stock_id": 1, "website_id": 0,
                "qty": "5.0000", "is_in_stock": 1, "use_config_manage_stock": 1,
            });
            self.put(Table::StockItem, cells);
        }
        self.put(
            Table::ProductSuperAttribute,
            json!({"product_super_attribute_id": 100, "product_id": 11, "attribute_id": 601}),
        );
        self.put(
            Table::ProductLink,
            json!({"link_id": 100, "product_id": 15, "linked_product_id": 12, "link_type_id": 1}),
        );
        self.value(Table::ProductVarchar, 15, 602, 0, &json!("3,4"));
        self.value(Table::ProductVarchar, 15, 515, 0, &json!("/i/one.jpg"));
        self.value(Table::ProductInt, 15, 605, 0, &json!(4));
        self.put(Table::MediaGalleryValueToEntity, json!({"value_id": 1, "entity_id": 15}));
        self.put(
            Table::MediaGalleryValue,
            json!({"record_id": 100, "value_id": 1, "store_id": 0, "entity_id": 15, "position": 1}),
        );
        self.put(
            Table::ProductTierPrice,
            json!({
                "value_id": 100, "entity_id": 15, "all_groups": 0, "customer_group_id": 1,
                "qty": "5.0000", "value": "8.000000", "website_id": 0,
            }),
        );
    }
}
