//! The shop's dimension data: scopes, customer groups, configuration and attributes.
//!
//! Read once from the catalog copy and kept until a row of one of these tables changes; every
//! assembly looks things up here. Must not know what a body looks like.

mod inventory;

use std::collections::BTreeMap;

pub use self::inventory::{Inventory, SalesStock};
use crate::catalog::column::{
    catalog_eav_attribute, core_config_data, customer_group, eav_attribute, eav_attribute_label,
    eav_attribute_set, eav_entity_type, store, store_group, store_website, tax_class,
};
use crate::catalog::{CatalogRead, Owner, ReadError, Sheet, Table};
use crate::decode::{Row, Value};

/// `core_config_data` paths that items depend on.
pub mod config_path {
    /// The base currency of prices.
    pub const BASE_CURRENCY: &str = "currency/options/base";
    /// The time zone in which a website's days begin.
    pub const TIME_ZONE: &str = "general/locale/timezone";
    /// The unit of product weights.
    pub const WEIGHT_UNIT: &str = "general/locale/weight_unit";
    /// Below this quantity stock counts as low.
    pub const LOW_STOCK_QTY: &str = "cataloginventory/options/stock_threshold_qty";
    /// Whether stock is managed, for products that leave it to the configuration.
    pub const MANAGE_STOCK: &str = "cataloginventory/item_options/manage_stock";
    /// Where the shop is reached.
    pub const BASE_URL: &str = "web/unsecure/base_url";
    /// Where the shop is reached over TLS; other URLs may be written in terms of it.
    pub const SECURE_BASE_URL: &str = "web/secure/base_url";
    /// Where images are reached; empty means `media/` below the base URL.
    pub const BASE_MEDIA_URL: &str = "web/unsecure/base_media_url";
    /// Where pages are reached; written in terms of the base URL.
    pub const BASE_LINK_URL: &str = "web/unsecure/base_link_url";
    /// Whether the web server rewrites URLs, so that `index.php` is in none.
    pub const USE_REWRITES: &str = "web/seo/use_rewrites";
    /// Whether the URLs of pages begin with the store view's code.
    pub const STORE_CODE_IN_URLS: &str = "web/url/use_store";
    /// Whether products can be ordered that are not in stock: 0 no, 1 yes, 2 yes with notice.
    pub const BACKORDERS: &str = "cataloginventory/item_options/backorders";
    /// The quantity at which a product is out of stock.
    pub const MIN_QTY: &str = "cataloginventory/item_options/min_qty";
    /// The least quantity in a cart.
    pub const MIN_SALE_QTY: &str = "cataloginventory/item_options/min_sale_qty";
    /// The largest quantity in a cart.
    pub const MAX_SALE_QTY: &str = "cataloginventory/item_options/max_sale_qty";
    /// Whether quantities go up in steps.
    pub const ENABLE_QTY_INCREMENTS: &str = "cataloginventory/item_options/enable_qty_increments";
    /// The step in which quantities go up.
    pub const QTY_INCREMENTS: &str = "cataloginventory/item_options/qty_increments";
}

/// What `{{base_url}}` stands for: a process without a web request has no host name to offer.
pub const FALLBACK_BASE_URL: &str = "http://localhost/";

/// The configuration paths we use; rows with any other path need not be kept.
pub const CONFIG_PATHS: &[&str] = &[
    config_path::BASE_CURRENCY,
    config_path::TIME_ZONE,
    config_path::WEIGHT_UNIT,
    config_path::LOW_STOCK_QTY,
    config_path::MANAGE_STOCK,
    config_path::BASE_URL,
    config_path::SECURE_BASE_URL,
    config_path::BASE_MEDIA_URL,
    config_path::BASE_LINK_URL,
    config_path::USE_REWRITES,
    config_path::STORE_CODE_IN_URLS,
    config_path::BACKORDERS,
    config_path::MIN_QTY,
    config_path::MIN_SALE_QTY,
    config_path::MAX_SALE_QTY,
    config_path::ENABLE_QTY_INCREMENTS,
    config_path::QTY_INCREMENTS,
];

/// What applies when no row of `core_config_data` says anything: the shop's own module defaults,
/// which are files, not rows.
fn built_in(path: &str) -> &'static str {
    match path {
        config_path::BASE_CURRENCY => "USD",
        config_path::TIME_ZONE => "America/Los_Angeles",
        config_path::WEIGHT_UNIT => "lbs",
        config_path::BASE_URL | config_path::SECURE_BASE_URL => "{{base_url}}",
        config_path::BASE_LINK_URL => "{{unsecure_base_url}}",
        config_path::LOW_STOCK_QTY
        | config_path::USE_REWRITES
        | config_path::STORE_CODE_IN_URLS
        | config_path::BACKORDERS
        | config_path::MIN_QTY
        | config_path::ENABLE_QTY_INCREMENTS => "0",
        config_path::MANAGE_STOCK | config_path::MIN_SALE_QTY | config_path::QTY_INCREMENTS => "1",
        config_path::MAX_SALE_QTY => "10000",
        _ => "",
    }
}

/// Where a configuration value is asked for; a narrower scope falls back to the wider ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigScope {
    /// The whole shop.
    Default,
    /// A website, by `website_id`.
    Website(u32),
    /// A store view, by `store_id`.
    StoreView(u32),
}

/// A `store_website` row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website {
    /// `website_id`; 0 is the admin's.
    pub id: u32,
    /// `code`; empty for NULL.
    pub code: String,
    /// `name`; empty for NULL.
    pub name: String,
    /// `default_group_id`.
    pub default_group_id: u32,
}

/// A `store_group` row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreGroup {
    /// `group_id`.
    pub id: u32,
    /// `website_id`.
    pub website_id: u32,
    /// `default_store_id`.
    pub default_store_id: u32,
    /// `root_category_id`.
    pub root_category_id: u32,
}

/// A `store` row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreView {
    /// `store_id`; 0 is the admin's, whose values are everybody's defaults.
    pub id: u32,
    /// `code`; empty for NULL.
    pub code: String,
    /// `website_id`.
    pub website_id: u32,
    /// `group_id`.
    pub group_id: u32,
}

/// A `customer_group` row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerGroup {
    /// `customer_group_id`; 0 is a real group: visitors who are not logged in.
    pub id: u32,
    /// `customer_group_code`, which is its name.
    pub name: String,
}

/// What has an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeOf {
    /// Products: entity type `catalog_product`.
    Products,
    /// Categories: entity type `catalog_category`.
    Categories,
}

/// An attribute of products or categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What has it.
    pub of: AttributeOf,
    /// `attribute_id`.
    pub id: u32,
    /// `attribute_code`.
    pub code: String,
    /// `backend_type` as stored: `static`, `int`, `varchar`, `text`, `decimal`, `datetime`.
    pub backend_type: String,
    /// `frontend_input`; empty for NULL.
    pub frontend_input: String,
    /// `source_model` without a leading backslash; empty for NULL.
    pub source_model: String,
    /// `is_user_defined`.
    pub is_user_defined: bool,
    /// Whether `catalog_eav_attribute.additional_data` holds anything: its options have swatches.
    pub has_swatches: bool,
    /// `frontend_label`.
    default_label: Option<String>,
    /// `eav_attribute_label`, by store.
    labels: BTreeMap<u32, String>,
}

impl Attribute {
    /// The table that holds the attribute's values; `None` for a static attribute.
    pub fn value_table(&self) -> Option<Table> {
        let (of_products, of_categories) = match self.backend_type.as_str() {
            "varchar" => (Table::ProductVarchar, Table::CategoryVarchar),
            "int" => (Table::ProductInt, Table::CategoryInt),
            "decimal" => (Table::ProductDecimal, Table::CategoryDecimal),
            "text" => (Table::ProductText, Table::CategoryText),
            "datetime" => (Table::ProductDatetime, Table::CategoryDatetime),
            _ => return None,
        };
        Some(match self.of {
            AttributeOf::Products => of_products,
            AttributeOf::Categories => of_categories,
        })
    }

    /// The label in a store view: its own, else the default one, else the code.
    pub fn label(&self, store_id: u32) -> &str {
        self.labels.get(&store_id).or(self.default_label.as_ref()).unwrap_or(&self.code)
    }

    fn read(sheet: &Sheet, types: &BTreeMap<u32, AttributeOf>) -> Option<Self> {
        let row = sheet.first(Table::EavAttribute)?;
        let of = *types.get(&id(row, eav_attribute::ENTITY_TYPE_ID))?;
        let mut labels = BTreeMap::new();
        for label in sheet.rows(Table::EavAttributeLabel) {
            // Nothing keeps a store from having two labels: the oldest counts.
            if let Some(value) = text(label, eav_attribute_label::VALUE) {
                labels.entry(id(label, eav_attribute_label::STORE_ID)).or_insert(value);
            }
        }
        let source_model = text(row, eav_attribute::SOURCE_MODEL).unwrap_or_default();
        Some(Self {
            of,
            id: id(row, eav_attribute::ATTRIBUTE_ID),
            code: text(row, eav_attribute::ATTRIBUTE_CODE)?,
            backend_type: text(row, eav_attribute::BACKEND_TYPE).unwrap_or_default(),
            frontend_input: text(row, eav_attribute::FRONTEND_INPUT).unwrap_or_default(),
            source_model: source_model.trim_start_matches('\\').to_owned(),
            is_user_defined: id(row, eav_attribute::IS_USER_DEFINED) == 1,
            has_swatches: sheet
                .first(Table::CatalogEavAttribute)
                .and_then(|row| text(row, catalog_eav_attribute::ADDITIONAL_DATA))
                .is_some(),
            default_label: text(row, eav_attribute::FRONTEND_LABEL),
            labels,
        })
    }
}

/// The dimension data of a shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shop {
    /// Websites by id, the admin's included.
    pub websites: BTreeMap<u32, Website>,
    /// Store groups by id.
    pub store_groups: BTreeMap<u32, StoreGroup>,
    /// Store views by id, the admin's included.
    pub store_views: BTreeMap<u32, StoreView>,
    /// Customer groups by id.
    pub customer_groups: BTreeMap<u32, CustomerGroup>,
    /// The names of tax classes, by id.
    pub tax_classes: BTreeMap<u32, String>,
    /// The names of attribute sets, by id.
    pub attribute_sets: BTreeMap<u32, String>,
    /// Multi-source inventory.
    pub inventory: Inventory,
    config: BTreeMap<ConfigScope, BTreeMap<String, String>>,
    attributes: BTreeMap<u32, Attribute>,
    attribute_ids: BTreeMap<String, u32>,
    category_attribute_ids: BTreeMap<String, u32>,
}

impl Shop {
    /// Reads the shop's dimension data.
    ///
    /// # Errors
    /// The catalog copy could not be read.
    pub fn read(catalog: &impl CatalogRead) -> Result<Self, ReadError> {
        let websites = read_rows(catalog, Owner::Website, Table::StoreWebsite, |row| Website {
            id: id(row, store_website::WEBSITE_ID),
            code: text(row, store_website::CODE).unwrap_or_default(),
            name: text(row, store_website::NAME).unwrap_or_default(),
            default_group_id: id(row, store_website::DEFAULT_GROUP_ID),
        })?;
        let store_groups = read_rows(catalog, Owner::StoreGroup, Table::StoreGroup, |row| {
            let website_id = id(row, store_group::WEBSITE_ID);
            let default_store_id = id(row, store_group::DEFAULT_STORE_ID);
            let root_category_id = id(row, store_group::ROOT_CATEGORY_ID);
            let id = id(row, store_group::GROUP_ID);
            StoreGroup { id, website_id, default_store_id, root_category_id }
        })?;
        let store_views = read_rows(catalog, Owner::Store, Table::Store, |row| StoreView {
            id: id(row, store::STORE_ID),
            code: text(row, store::CODE).unwrap_or_default(),
            website_id: id(row, store::WEBSITE_ID),
            group_id: id(row, store::GROUP_ID),
        })?;
        let customer_groups =
            read_rows(catalog, Owner::CustomerGroup, Table::CustomerGroup, |row| CustomerGroup {
                id: id(row, customer_group::CUSTOMER_GROUP_ID),
                name: text(row, customer_group::CUSTOMER_GROUP_CODE).unwrap_or_default(),
            })?;
        let tax_classes = read_rows(catalog, Owner::TaxClass, Table::TaxClass, |row| {
            text(row, tax_class::CLASS_NAME).unwrap_or_default()
        })?;
        let attribute_sets =
            read_rows(catalog, Owner::AttributeSet, Table::EavAttributeSet, |row| {
                text(row, eav_attribute_set::ATTRIBUTE_SET_NAME).unwrap_or_default()
            })?;
        let attributes = read_attributes(catalog)?;
        let ids_of = |of: AttributeOf| {
            let wanted = attributes.iter().filter(move |(_, it)| it.of == of);
            wanted.map(|(id, it)| (it.code.clone(), *id)).collect()
        };
        let attribute_ids = ids_of(AttributeOf::Products);
        let category_attribute_ids = ids_of(AttributeOf::Categories);
        let config = read_config(catalog)?;
        let inventory = Inventory::read(catalog)?;
        Ok(Self {
            websites,
            store_groups,
            store_views,
            customer_groups,
            tax_classes,
            attribute_sets,
            inventory,
            config,
            attributes,
            attribute_ids,
            category_attribute_ids,
        })
    }

    /// The value of a configuration path: of the scope, else of the next wider one that has a row
    /// (a row that holds NULL counts, and reads as empty), else the built-in default.
    pub fn config(&self, path: &str, scope: ConfigScope) -> &str {
        let website = match scope {
            ConfigScope::StoreView(id) => {
                self.store_views.get(&id).map(|store| ConfigScope::Website(store.website_id))
            }
            ConfigScope::Website(_) | ConfigScope::Default => None,
        };
        [Some(scope), website, Some(ConfigScope::Default)]
            .into_iter()
            .flatten()
            .find_map(|scope| self.config.get(&scope)?.get(path))
            .map_or_else(|| built_in(path), String::as_str)
    }

    /// The store view that stands for a website: the default one of its default group.
    pub fn default_store_view(&self, website_id: u32) -> Option<&StoreView> {
        let website = self.websites.get(&website_id)?;
        let group = self.store_groups.get(&website.default_group_id)?;
        self.store_views.get(&group.default_store_id)
    }

    /// The store views of a website, by id.
    pub fn store_views_of(&self, website_id: u32) -> impl Iterator<Item = &StoreView> {
        self.store_views.values().filter(move |store| store.website_id == website_id)
    }

    /// The product attribute with this id.
    pub fn attribute(&self, id: u32) -> Option<&Attribute> {
        self.attributes.get(&id).filter(|attribute| attribute.of == AttributeOf::Products)
    }

    /// The category attribute with this id.
    pub fn category_attribute(&self, id: u32) -> Option<&Attribute> {
        self.attributes.get(&id).filter(|attribute| attribute.of == AttributeOf::Categories)
    }

    /// The category attribute with this code.
    pub fn category_attribute_by_code(&self, code: &str) -> Option<&Attribute> {
        self.attributes.get(self.category_attribute_ids.get(code)?)
    }

    /// Every category attribute, by code.
    pub fn category_attributes_by_code(&self) -> impl Iterator<Item = &Attribute> {
        self.category_attribute_ids.values().filter_map(|id| self.attributes.get(id))
    }

    /// The product attribute with this code.
    pub fn attribute_by_code(&self, code: &str) -> Option<&Attribute> {
        self.attributes.get(self.attribute_ids.get(code)?)
    }

    /// Every product attribute, by code.
    pub fn attributes_by_code(&self) -> impl Iterator<Item = &Attribute> {
        self.attribute_ids.values().filter_map(|id| self.attributes.get(id))
    }
}

fn read_rows<T>(
    catalog: &impl CatalogRead,
    kind: fn(u32) -> Owner,
    table: Table,
    read: impl Fn(&Row) -> T,
) -> Result<BTreeMap<u32, T>, ReadError> {
    let mut found = BTreeMap::new();
    for id in catalog.owner_ids(kind)? {
        if let Some(row) = catalog.sheet(kind(id))?.as_ref().and_then(|sheet| sheet.first(table)) {
            found.insert(id, read(row));
        }
    }
    Ok(found)
}

fn read_attributes(catalog: &impl CatalogRead) -> Result<BTreeMap<u32, Attribute>, ReadError> {
    let types = read_rows(catalog, Owner::EntityType, Table::EavEntityType, |row| {
        text(row, eav_entity_type::ENTITY_TYPE_CODE)
    })?;
    let of = |code: &str| match code {
        "catalog_product" => Some(AttributeOf::Products),
        "catalog_category" => Some(AttributeOf::Categories),
        _ => None,
    };
    let types = types.into_iter().filter_map(|(id, code)| Some((id, of(code?.as_str())?)));
    let types: BTreeMap<u32, AttributeOf> = types.collect();
    let mut attributes = BTreeMap::new();
    for id in catalog.owner_ids(Owner::Attribute)? {
        let sheet = catalog.sheet(Owner::Attribute(id))?;
        if let Some(attribute) = sheet.and_then(|sheet| Attribute::read(&sheet, &types)) {
            attributes.insert(id, attribute);
        }
    }
    Ok(attributes)
}

type Config = BTreeMap<ConfigScope, BTreeMap<String, String>>;

fn read_config(catalog: &impl CatalogRead) -> Result<Config, ReadError> {
    let mut config = Config::new();
    let Some(sheet) = catalog.sheet(Owner::Config)? else { return Ok(config) };
    for row in sheet.rows(Table::CoreConfigData) {
        let scope_id = id(row, core_config_data::SCOPE_ID);
        let scope = match text(row, core_config_data::SCOPE).as_deref() {
            Some("default") => ConfigScope::Default,
            Some("websites") => ConfigScope::Website(scope_id),
            Some("stores") => ConfigScope::StoreView(scope_id),
            // Extensions may invent scopes; no lookup reaches them.
            _ => continue,
        };
        let path = text(row, core_config_data::PATH).unwrap_or_default();
        let value = text(row, core_config_data::VALUE).unwrap_or_default();
        config.entry(scope).or_default().insert(path, value);
    }
    Ok(config)
}

/// The text of a column; `None` for NULL.
fn text(row: &Row, column: usize) -> Option<String> {
    row.get(column)?.as_text().map(str::to_owned)
}

/// The id in a column; 0 where there is none, which is what the columns default to.
fn id(row: &Row, column: usize) -> u32 {
    row.get(column).and_then(Value::as_id).unwrap_or_default()
}

#[cfg(test)]
mod tests;
