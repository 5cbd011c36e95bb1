//! A shop written down as rows, for tests: rows go in by table and named columns, and what comes
//! out is a catalog copy to assemble from.
//!
//! Attribute ids are not the usual ones on purpose: nothing may rely on them.

mod staged;

use std::collections::BTreeSet;
use std::str::FromStr as _;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::catalog::{MemoryCatalog, Owner, RowKey, Shop, Table, references_of};
use crate::decode::{ColumnKind, Row, Value};
use crate::feed::{
    AssembleOptions, DisabledRules, ExtraAttributes, Feed, FeedOwner, SpecialPriceDates, assemble,
};

/// The product that most tests are about.
pub(crate) const PRODUCT: u32 = 11;

/// `catalog_product` attributes: id, code, backend type, frontend input.
const ATTRIBUTES: [(u32, &str, &str, &str); 21] = [
    (501, "name", "varchar", "text"),
    (502, "url_key", "varchar", "text"),
    (503, "description", "text", "textarea"),
    (504, "short_description", "text", "textarea"),
    (505, "status", "int", "select"),
    (506, "visibility", "int", "select"),
    (507, "price", "decimal", "price"),
    (508, "special_price", "decimal", "price"),
    (509, "special_from_date", "datetime", "date"),
    (510, "special_to_date", "datetime", "date"),
    (511, "weight", "decimal", "weight"),
    (512, "meta_title", "varchar", "text"),
    (513, "meta_keyword", "text", "textarea"),
    (514, "meta_description", "varchar", "textarea"),
    (515, "image", "varchar", "media_image"),
    (516, "small_image", "varchar", "media_image"),
    (517, "thumbnail", "varchar", "media_image"),
    (518, "swatch_image", "varchar", "media_image"),
    (519, "news_from_date", "datetime", "date"),
    (520, "news_to_date", "datetime", "date"),
    (521, "price_type", "int", ""),
];

/// Rows of a shop.
#[derive(Clone)]
pub(crate) struct ShopRows {
    catalog: MemoryCatalog,
    next_key: u32,
    pub(crate) options: AssembleOptions,
}

impl ShopRows {
    /// No rows at all.
    pub(crate) fn none() -> Self {
        let options = AssembleOptions {
            now: "2024-06-15T12:00:00Z".parse().unwrap(),
            special_price_dates: SpecialPriceDates::Respect,
            extra_attributes: ExtraAttributes::Registered,
            disabled_rules: DisabledRules::default(),
            disabled_store_views: BTreeSet::new(),
            disabled_websites: BTreeSet::new(),
            disabled_customer_groups: BTreeSet::new(),
        };
        Self { catalog: MemoryCatalog::default(), next_key: 9000, options }
    }

    /// Website `base` with store views `en` (its default) and `de`, website `outlet` with store
    /// view `out`, two customer groups, and the built-in attributes.
    pub(crate) fn two_websites() -> Self {
        let mut rows = Self::none()
            .row(
                Table::EavEntityType,
                json!({"entity_type_id": 3, "entity_type_code": "catalog_category"}),
            )
            .row(
                Table::EavEntityType,
                json!({"entity_type_id": 7, "entity_type_code": "catalog_product"}),
            );
        for (id, code, name) in
            [(0, "admin", "Admin"), (1, "base", "Main"), (2, "outlet", "Outlet")]
        {
            rows = rows.row(
                Table::StoreWebsite,
                json!({"website_id": id, "code": code, "name": name, "default_group_id": id}),
            );
        }
        for (id, default_store) in [(0, 0), (1, 1), (2, 3)] {
            rows = rows.row(
                Table::StoreGroup,
                json!({"group_id": id, "website_id": id, "default_store_id": default_store}),
            );
        }
        for (id, code, website) in [(0, "admin", 0), (1, "en", 1), (2, "de", 1), (3, "out", 2)] {
            rows = rows
                .row(Table::Store, json!({"store_id": id, "code": code, "website_id": website}));
        }
        for (id, name) in [(0, "NOT LOGGED IN"), (1, "General")] {
            rows = rows.row(
                Table::CustomerGroup,
                json!({"customer_group_id": id, "customer_group_code": name}),
            );
        }
        for (id, code, backend, input) in ATTRIBUTES {
            let input = if input.is_empty() { Json::Null } else { json!(input) };
            rows = rows.attribute(json!({
                "attribute_id": id, "attribute_code": code, "backend_type": backend,
                "frontend_input": input, "is_user_defined": 0,
            }));
        }
        rows
    }

    /// [`ShopRows::two_websites`] with an enabled simple product, sku `shirt`, in `base`.
    pub(crate) fn with_shirt() -> Self {
        Self::two_websites().product(PRODUCT, "simple", "shirt", &[1])
    }

    /// Inserts a row. Columns that are not named are NULL; the first key column gets a new number.
    pub(crate) fn row(mut self, table: Table, cells: Json) -> Self {
        let Json::Object(mut cells) = cells else { panic!("a row is an object of columns") };
        let mut values: Row = Vec::new();
        for column in table.watched().columns {
            let cell = cells.remove(column.name);
            values.push(cell.map_or(Value::Null, |cell| value(column.kind, &cell)));
        }
        assert!(cells.is_empty(), "{} has no columns {cells:?}", table.name());
        let key = table.watched().primary_key[0];
        if values[key].is_null() {
            values[key] = Value::Int(self.next_key.into());
            self.next_key += 1;
        }
        let owner = Owner::of(table, &values).unwrap();
        self.refer(table, owner, &values);
        let key = RowKey::of(table, &values).unwrap();
        self.catalog.sheets.entry(owner).or_default().insert(table, key, values);
        self
    }

    /// Keeps the reverse indexes that assembly reads: all but which products hold an option.
    fn refer(&mut self, table: Table, owner: Owner, values: &Row) {
        let entries = references_of(table, values).map(|reference| (reference, owner.id()));
        self.catalog.references.extend(entries);
    }

    /// Inserts a product attribute; the cells are columns of `eav_attribute`.
    pub(crate) fn attribute(self, mut cells: Json) -> Self {
        cells["entity_type_id"] = json!(7);
        self.row(Table::EavAttribute, cells)
    }

    /// Inserts a product with a name, a slug, enabled and visible everywhere.
    pub(crate) fn product(self, id: u32, kind: &str, sku: &str, websites: &[u32]) -> Self {
        let mut rows = self
            .row(Table::ProductEntity, json!({"entity_id": id, "type_id": kind, "sku": sku}))
            .eav_of(id, "name", 0, &json!(format!("Name of {sku}")))
            .eav_of(id, "url_key", 0, &json!(sku))
            .eav_of(id, "status", 0, &json!(1))
            .eav_of(id, "visibility", 0, &json!(4));
        for website in websites {
            let cells = json!({"product_id": id, "website_id": website});
            rows = rows.row(Table::ProductWebsite, cells);
        }
        rows
    }

    /// Inserts or replaces the attribute value of [`PRODUCT`] in a store.
    pub(crate) fn eav(self, code: &str, store: u32, value: impl Into<Json>) -> Self {
        self.eav_of(PRODUCT, code, store, &value.into())
    }

    /// Inserts or replaces an attribute value of a product in a store.
    pub(crate) fn eav_of(self, product: u32, code: &str, store: u32, value: &Json) -> Self {
        let shop = self.shop();
        let attribute = shop.attribute_by_code(code).unwrap();
        let value_id = product * 1_000_000 + attribute.id * 100 + store;
        let cells = json!({
            "value_id": value_id, "attribute_id": attribute.id, "store_id": store,
            "entity_id": product, "value": value,
        });
        self.row(attribute.value_table().unwrap(), cells)
    }

    /// Inserts a row of `core_config_data`.
    pub(crate) fn config(
        self,
        scope: &str,
        scope_id: u32,
        path: &str,
        value: impl Into<Json>,
    ) -> Self {
        let value: Json = value.into();
        let cells = json!({"scope": scope, "scope_id": scope_id, "path": path, "value": value});
        self.row(Table::CoreConfigData, cells)
    }

    /// Inserts a select attribute with options, labelled for the admin store.
    pub(crate) fn select(self, id: u32, code: &str, options: &[(u32, &str)]) -> Self {
        let mut rows = self.attribute(json!({
            "attribute_id": id, "attribute_code": code, "backend_type": "int",
            "frontend_input": "select", "frontend_label": code.to_uppercase(), "is_user_defined": 1,
        }));
        for (option, label) in options {
            rows = rows
                .row(Table::EavAttributeOption, json!({"option_id": option, "attribute_id": id}))
                .label(*option, 0, json!(label));
        }
        rows
    }

    /// Inserts an option's label in a store.
    pub(crate) fn label(self, option: u32, store: u32, label: impl Into<Json>) -> Self {
        let label: Json = label.into();
        let cells = json!({"option_id": option, "store_id": store, "value": label});
        self.row(Table::EavAttributeOptionValue, cells)
    }

    /// The rows, as a catalog copy.
    pub(crate) const fn catalog(&self) -> &MemoryCatalog {
        &self.catalog
    }

    /// The shop's dimension data.
    pub(crate) fn shop(&self) -> Shop {
        Shop::read(&self.catalog).unwrap()
    }

    /// Every item of an owner: its key's parts, and its body or its fault's message as a string.
    ///
    /// # Panics
    /// If the same shop with content staging has other items: every test is one of both editions.
    pub(crate) fn items(&self, feed: Feed, id: u32) -> Vec<(Vec<String>, Json)> {
        let items = self.items_of_edition(feed, id);
        if !self.is_staged() {
            assert_eq!(self.clone().staged().items_of_edition(feed, id), items, "with staging");
        }
        items
    }

    fn items_of_edition(&self, feed: Feed, id: u32) -> Vec<(Vec<String>, Json)> {
        let owner = FeedOwner { feed, id };
        let items = assemble(owner, &self.shop(), &self.catalog, &self.options).unwrap();
        let items = items.items.into_iter().map(|item| {
            assert_eq!(item.key.feed, feed);
            let body = item.body.unwrap_or_else(|fault| json!(fault.message()));
            (item.key.parts().to_vec(), body)
        });
        items.collect()
    }

    /// Until when an owner's items hold if no row changes.
    pub(crate) fn until(&self, feed: Feed, id: u32) -> Option<Timestamp> {
        let owner = FeedOwner { feed, id };
        assemble(owner, &self.shop(), &self.catalog, &self.options).unwrap().until
    }

    /// The last part of every key of an owner: store view codes or price book ids.
    pub(crate) fn last_parts(&self, feed: Feed, id: u32) -> Vec<String> {
        let items = self.items(feed, id);
        items.into_iter().map(|(parts, _)| parts.last().unwrap().clone()).collect()
    }

    /// The body of the owner's item whose key ends with `last`.
    pub(crate) fn body(&self, feed: Feed, id: u32, last: &str) -> Json {
        let mut items = self.items(feed, id).into_iter();
        items.find(|(parts, _)| parts.last().unwrap() == last).expect("there is such an item").1
    }
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
