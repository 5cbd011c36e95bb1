//! The watched tables as the generator sees them: which columns it writes, and what fits into them.
//!
//! Ids come from small pools, so that statements meet the rows of others.

use aco_stream::catalog::CONFIG_PATHS;
use aco_stream::decode::TableLayout;

use crate::editions::link_field;
use crate::random::Random;

/// Ids that rows of one kind may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    Website,
    Group,
    Store,
    CustomerGroup,
    EntityType,
    Attribute,
    Opt,
    Media,
    /// A product's `entity_id`.
    Product,
    /// What a product's rows belong to: its `entity_id`, or the `row_id` of a version.
    Link,
    LinkType,
    Stock,
    /// A row that nothing refers to.
    Value,
}

impl Pool {
    /// The lowest id, and how many there are.
    fn range(self) -> (u64, u64) {
        match self {
            Self::Website | Self::CustomerGroup => (0, 4),
            Self::Group | Self::Stock => (0, 5),
            Self::Store => (0, 6),
            Self::EntityType => (3, 3),
            Self::Attribute => (170, 9),
            Self::Opt => (500, 9),
            Self::Media => (40, 8),
            Self::Product | Self::Link => (101, 12),
            Self::LinkType => (1, 4),
            Self::Value => (1, 40),
        }
    }

    pub(crate) fn draw(self, random: &mut Random) -> u64 {
        let (first, count) = self.range();
        first + random.up_to(count) - 1
    }

    /// Every id, for the rows that each history begins with.
    pub(crate) fn all(self) -> std::ops::Range<u64> {
        let (first, count) = self.range();
        first..first + count
    }
}

/// What fits into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The row's own number.
    Own(Pool),
    /// The number of a row that this one belongs to.
    Of(Pool),
    Bool,
    Small,
    Unsigned,
    Signed,
    /// DECIMAL with so many digits, of which so many are behind the point.
    Decimal(usize, usize),
    Float,
    /// Text of up to so many characters.
    Text(usize),
    Nullable(&'static Self),
    /// A code that no two rows share.
    Code,
    ConfigScope,
    ConfigPath,
    Datetime,
    Timestamp,
    /// When a version begins or ends.
    Version,
}

/// Text that servers and clients like to get wrong.
const TEXTS: &[&str] = &[
    "''",
    "' '",
    "'a'",
    "'Grün'",
    "'café'",
    "'ž š č'",
    "'日本'",
    "'⛵ 🧭'",
    "'it''s'",
    "'a\\\\b\\nc'",
    "'null'",
    "'0'",
    "CONCAT('r', UUID())",
    "REPEAT('é', 30)",
];

impl Sort {
    pub(crate) fn draw(self, random: &mut Random) -> String {
        let mut of = |choices: &[&str]| (*random.of(choices)).to_owned();
        match self {
            Self::Own(pool) | Self::Of(pool) => pool.draw(random).to_string(),
            Self::Bool => of(&["0", "1"]),
            Self::Small => of(&["0", "1", "7", "32768", "65535"]),
            Self::Unsigned => of(&["0", "1", "2147483648", "4294967295"]),
            Self::Signed => of(&["0", "-1", "3", "-2147483648", "2147483647"]),
            Self::Decimal(digits, scale) => decimal(digits, scale, random),
            // No more digits than the server shows.
            Self::Float => of(&["0", "1", "2.5", "-0.125", "0.1", "65536", "123.456"]),
            Self::Text(width) => match random.up_to(20) {
                1 => format!("REPEAT('x', {width})"),
                _ => (*random.of(TEXTS)).to_owned(),
            },
            Self::Nullable(sort) => match random.up_to(6) {
                1 => "NULL".to_owned(),
                _ => sort.draw(random),
            },
            Self::Code => format!("'c{}'", random.up_to(12)),
            Self::ConfigScope => of(&["'default'", "'websites'", "'stores'"]),
            Self::ConfigPath => match random.up_to(4) {
                1 => "'some/other/path'".to_owned(),
                _ => format!("'{}'", random.of(CONFIG_PATHS)),
            },
            Self::Datetime => of(&[
                "'0000-00-00 00:00:00'",
                "'1000-01-01 00:00:00'",
                "'2024-02-29 23:59:59'",
                "'2024-00-00 00:00:00'",
                "'9999-12-31 23:59:59'",
            ]),
            Self::Timestamp => of(&[
                "'0000-00-00 00:00:00'",
                "'1970-01-01 00:00:01'",
                "'2024-03-31 01:30:00'",
                "'2038-01-19 03:14:07'",
            ]),
            Self::Version => of(&["1", "1600000000", "2000000000", "2147483647"]),
        }
    }
}

fn decimal(digits: usize, scale: usize, random: &mut Random) -> String {
    let whole = "9".repeat(digits - scale);
    match random.up_to(6) {
        1 => format!("{whole}.{}", "9".repeat(scale)),
        2 => format!("-{whole}.{}", "9".repeat(scale)),
        3 => "0".to_owned(),
        4 => format!("0.{}1", "0".repeat(scale - 1)),
        _ => format!("{}.{}", random.up_to(200), random.up_to(10_u64.pow(2)) - 1),
    }
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// The columns that are written; the first of them are the primary key.
    pub(crate) columns: Vec<(&'static str, Sort)>,
    /// How many columns the primary key has.
    pub(crate) key_width: usize,
    /// Whether rows of other tables belong to its rows.
    pub(crate) is_parent: bool,
}

impl Shape {
    /// Columns that name the row itself, or one that it belongs to.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&'static str, Pool)> {
        self.columns.iter().filter_map(|(name, sort)| match sort {
            Sort::Own(pool) | Sort::Of(pool) => Some((*name, *pool)),
            Sort::Bool
            | Sort::Small
            | Sort::Unsigned
            | Sort::Signed
            | Sort::Decimal(..)
            | Sort::Float
            | Sort::Text(_)
            | Sort::Nullable(_)
            | Sort::Code
            | Sort::ConfigScope
            | Sort::ConfigPath
            | Sort::Datetime
            | Sort::Timestamp
            | Sort::Version => None,
        })
    }

    /// Columns that hold no id and no code.
    pub(crate) fn values(&self) -> Vec<(&'static str, Sort)> {
        let is_value = |sort: &Sort| !matches!(sort, Sort::Own(_) | Sort::Of(_) | Sort::Code);
        self.columns.iter().copied().filter(|(_, sort)| is_value(sort)).collect()
    }
}

const NAME: Sort = Sort::Nullable(&Sort::Text(255));

fn parent(name: &'static str, columns: &[(&'static str, Sort)]) -> Shape {
    Shape { name, columns: columns.to_vec(), key_width: 1, is_parent: true }
}

fn child(name: &'static str, columns: &[(&'static str, Sort)]) -> Shape {
    Shape { name, columns: columns.to_vec(), key_width: 1, is_parent: false }
}

fn pairs(name: &'static str, columns: &[(&'static str, Sort)]) -> Shape {
    Shape { name, columns: columns.to_vec(), key_width: 2, is_parent: false }
}

/// The watched tables of a layout, parents first.
pub(crate) fn shapes(layout: TableLayout) -> Vec<Shape> {
    let mut shapes = scopes();
    shapes.extend(attributes());
    shapes.extend(labels());
    shapes.extend(products(layout));
    shapes.extend(relations(layout));
    shapes.extend(values(layout));
    shapes
}

fn scopes() -> Vec<Shape> {
    use Sort::{Bool, Code, ConfigPath, ConfigScope, Nullable, Of, Own, Small, Text, Unsigned};
    vec![
        parent(
            "store_website",
            &[
                ("website_id", Own(Pool::Website)),
                ("code", Code),
                ("name", Nullable(&Text(64))),
                ("default_group_id", Of(Pool::Group)),
                ("is_default", Bool),
            ],
        ),
        parent(
            "store_group",
            &[
                ("group_id", Own(Pool::Group)),
                ("website_id", Of(Pool::Website)),
                ("code", Code),
                ("name", Text(255)),
                ("root_category_id", Unsigned),
            ],
        ),
        parent(
            "store",
            &[
                ("store_id", Own(Pool::Store)),
                ("website_id", Of(Pool::Website)),
                ("group_id", Of(Pool::Group)),
                ("code", Code),
                ("name", Text(255)),
                ("is_active", Bool),
            ],
        ),
        parent(
            "customer_group",
            &[
                ("customer_group_id", Own(Pool::CustomerGroup)),
                ("customer_group_code", Text(32)),
                ("tax_class_id", Unsigned),
            ],
        ),
        parent(
            "cataloginventory_stock",
            &[
                ("stock_id", Own(Pool::Stock)),
                ("website_id", Of(Pool::Website)),
                ("stock_name", NAME),
            ],
        ),
        parent(
            "catalog_product_link_type",
            &[("link_type_id", Own(Pool::LinkType)), ("code", Code)],
        ),
        child(
            "core_config_data",
            &[
                ("config_id", Own(Pool::Value)),
                ("scope", ConfigScope),
                ("scope_id", Small),
                ("path", ConfigPath),
                ("value", Nullable(&Text(4000))),
            ],
        ),
    ]
}

fn attributes() -> Vec<Shape> {
    use Sort::{Bool, Code, Float, Nullable, Of, Own, Text};
    vec![
        parent(
            "eav_entity_type",
            &[
                ("entity_type_id", Own(Pool::EntityType)),
                ("entity_type_code", Text(50)),
                ("entity_model", Text(255)),
            ],
        ),
        parent(
            "eav_attribute",
            &[
                ("attribute_id", Own(Pool::Attribute)),
                ("entity_type_id", Of(Pool::EntityType)),
                ("attribute_code", Code),
                ("frontend_label", NAME),
                ("source_model", NAME),
                ("is_user_defined", Bool),
            ],
        ),
        child(
            "catalog_eav_attribute",
            &[
                ("attribute_id", Own(Pool::Attribute)),
                ("is_searchable", Bool),
                ("search_weight", Float),
                ("additional_data", Nullable(&Text(9000))),
            ],
        ),
    ]
}

/// What hangs on attributes.
fn labels() -> Vec<Shape> {
    use Sort::{Of, Own, Small, Text};
    vec![
        child(
            "eav_attribute_label",
            &[
                ("attribute_label_id", Own(Pool::Value)),
                ("attribute_id", Of(Pool::Attribute)),
                ("store_id", Of(Pool::Store)),
                ("value", NAME),
            ],
        ),
        parent(
            "eav_attribute_option",
            &[
                ("option_id", Own(Pool::Opt)),
                ("attribute_id", Of(Pool::Attribute)),
                ("sort_order", Small),
            ],
        ),
        child(
            "eav_attribute_option_value",
            &[
                ("value_id", Own(Pool::Value)),
                ("option_id", Of(Pool::Opt)),
                ("store_id", Of(Pool::Store)),
                ("value", NAME),
            ],
        ),
        child(
            "eav_attribute_option_swatch",
            &[
                ("swatch_id", Own(Pool::Value)),
                ("option_id", Of(Pool::Opt)),
                ("store_id", Of(Pool::Store)),
                ("type", Small),
                ("value", NAME),
            ],
        ),
        parent(
            "catalog_product_entity_media_gallery",
            &[
                ("value_id", Own(Pool::Media)),
                ("attribute_id", Of(Pool::Attribute)),
                ("value", NAME),
                ("media_type", Text(32)),
            ],
        ),
    ]
}

fn products(layout: TableLayout) -> Vec<Shape> {
    use Sort::{Of, Own, Small, Text, Timestamp, Version};
    let mut entity = match layout {
        TableLayout::Plain => vec![("entity_id", Own(Pool::Product))],
        TableLayout::Staged => vec![
            ("row_id", Own(Pool::Link)),
            ("entity_id", Of(Pool::Product)),
            ("created_in", Version),
            ("updated_in", Version),
        ],
    };
    entity.extend([
        ("attribute_set_id", Small),
        ("sku", Text(64)),
        ("created_at", Timestamp),
        ("updated_at", Timestamp),
    ]);
    let mut shapes = Vec::new();
    if layout == TableLayout::Staged {
        shapes.push(parent("sequence_product", &[("sequence_value", Own(Pool::Product))]));
    }
    shapes.push(parent("catalog_product_entity", &entity));
    shapes
}

/// What hangs on products, but for their attributes' values.
fn relations(layout: TableLayout) -> Vec<Shape> {
    use Sort::{Decimal, Nullable, Of, Own, Small, Unsigned};
    vec![
        pairs(
            "catalog_product_website",
            &[("product_id", Of(Pool::Product)), ("website_id", Of(Pool::Website))],
        ),
        pairs(
            "catalog_product_relation",
            &[("parent_id", Of(Pool::Link)), ("child_id", Of(Pool::Product))],
        ),
        child(
            "catalog_product_super_link",
            &[
                ("link_id", Own(Pool::Value)),
                ("product_id", Of(Pool::Product)),
                ("parent_id", Of(Pool::Link)),
            ],
        ),
        child(
            "catalog_product_super_attribute",
            &[
                ("product_super_attribute_id", Own(Pool::Value)),
                ("product_id", Of(Pool::Link)),
                ("attribute_id", Of(Pool::Attribute)),
                ("position", Small),
            ],
        ),
        child(
            "catalog_product_link",
            &[
                ("link_id", Own(Pool::Value)),
                ("product_id", Of(Pool::Link)),
                ("linked_product_id", Of(Pool::Product)),
                ("link_type_id", Of(Pool::LinkType)),
            ],
        ),
        child(
            "cataloginventory_stock_item",
            &[
                ("item_id", Own(Pool::Value)),
                ("product_id", Of(Pool::Product)),
                ("stock_id", Of(Pool::Stock)),
                ("qty", Nullable(&Decimal(12, 4))),
                ("min_qty", Decimal(12, 4)),
                ("website_id", Small),
            ],
        ),
        child(
            "catalog_product_entity_tier_price",
            &[
                ("value_id", Own(Pool::Value)),
                (link_field(layout), Of(Pool::Link)),
                ("customer_group_id", Of(Pool::CustomerGroup)),
                ("website_id", Of(Pool::Website)),
                ("qty", Decimal(12, 4)),
                ("value", Decimal(20, 6)),
                ("percentage_value", Nullable(&Decimal(5, 2))),
            ],
        ),
        child(
            "catalog_product_entity_media_gallery_value",
            &[
                ("record_id", Own(Pool::Value)),
                ("value_id", Of(Pool::Media)),
                ("store_id", Of(Pool::Store)),
                (link_field(layout), Of(Pool::Link)),
                ("label", NAME),
                ("position", Nullable(&Unsigned)),
            ],
        ),
        pairs(
            "catalog_product_entity_media_gallery_value_to_entity",
            &[("value_id", Of(Pool::Media)), (link_field(layout), Of(Pool::Link))],
        ),
    ]
}

/// The tables of attribute values.
fn values(layout: TableLayout) -> impl Iterator<Item = Shape> {
    use Sort::{Datetime, Decimal, Nullable, Of, Own, Signed, Text};
    let tables = [
        ("catalog_product_entity_varchar", NAME),
        ("catalog_product_entity_int", Nullable(&Signed)),
        ("catalog_product_entity_decimal", Nullable(&Decimal(20, 6))),
        ("catalog_product_entity_text", Nullable(&Text(70_000))),
        ("catalog_product_entity_datetime", Nullable(&Datetime)),
    ];
    tables.into_iter().map(move |(name, value)| {
        let ids = [
            ("value_id", Own(Pool::Value)),
            ("attribute_id", Of(Pool::Attribute)),
            ("store_id", Of(Pool::Store)),
            (link_field(layout), Of(Pool::Link)),
        ];
        let columns: Vec<_> = ids.into_iter().chain([("value", value)]).collect();
        child(name, &columns)
    })
}
