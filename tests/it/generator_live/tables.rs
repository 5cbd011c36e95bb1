//! The watched tables as the generator sees them: which columns it writes, and what fits into them.

use aco_stream::decode::TableLayout;

use super::values::{Pool, Sort};
use crate::editions::link_field;

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
    shapes.extend(gallery(layout));
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
    use Sort::{Decimal, Nullable, Of, Own, Small};
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
    ]
}

/// What hangs on products and on the files of the gallery.
fn gallery(layout: TableLayout) -> Vec<Shape> {
    use Sort::{Nullable, Of, Own, Unsigned};
    vec![
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
