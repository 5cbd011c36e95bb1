//! The tables of the recordings: what is watched, and what `information_schema` says of them.

use std::collections::BTreeMap;

use crate::decode::{
    ColumnDescription, ColumnKind, TableColumns, TableId, TableLayout, Watch, WatchedColumn,
    WatchedTable,
};

const fn column(name: &'static str, kind: ColumnKind) -> WatchedColumn {
    WatchedColumn { name, kind }
}

const fn table(name: &'static str, columns: &'static [WatchedColumn]) -> WatchedTable {
    WatchedTable {
        name,
        columns,
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: None,
    }
}

macro_rules! eav {
    ($kind:ident $(, $more:expr)*) => {
        &[
            column("value_id", ColumnKind::Int),
            column("attribute_id", ColumnKind::Int),
            column("store_id", ColumnKind::Int),
            column("entity_id", ColumnKind::Int),
            column("value", ColumnKind::$kind),
            $($more,)*
        ]
    };
}

pub(super) static TABLES: [WatchedTable; 16] = [
    table(
        "store",
        &[
            column("store_id", ColumnKind::Int),
            column("code", ColumnKind::Text),
            column("website_id", ColumnKind::Int),
            column("group_id", ColumnKind::Int),
            column("name", ColumnKind::Text),
            column("is_active", ColumnKind::Int),
        ],
    ),
    table(
        "catalog_eav_attribute",
        &[
            column("attribute_id", ColumnKind::Int),
            column("is_visible", ColumnKind::Int),
            column("search_weight", ColumnKind::Float),
            column("additional_data", ColumnKind::Text),
            column("exact_weight", ColumnKind::Float),
        ],
    ),
    table(
        "catalog_product_entity",
        &[
            column("entity_id", ColumnKind::Int),
            column("attribute_set_id", ColumnKind::Int),
            column("type_id", ColumnKind::Text),
            column("sku", ColumnKind::Text),
            column("created_at", ColumnKind::Temporal),
            column("updated_at", ColumnKind::Temporal),
        ],
    ),
    table("catalog_product_entity_int", eav!(Int)),
    table("catalog_product_entity_decimal", eav!(Decimal)),
    table("catalog_product_entity_text", eav!(Text)),
    table("catalog_product_entity_datetime", eav!(Temporal, column("since", ColumnKind::Temporal))),
    table(
        "texts",
        &[
            column("id", ColumnKind::Int),
            column("narrow", ColumnKind::Text),
            column("fixed", ColumnKind::Text),
            column("plain", ColumnKind::Text),
            column("three", ColumnKind::Text),
            column("four", ColumnKind::Text),
            column("two", ColumnKind::Text),
            column("sixteen", ColumnKind::Text),
            column("little", ColumnKind::Text),
            column("wide", ColumnKind::Text),
            column("raw", ColumnKind::Text),
            column("padded", ColumnKind::Text),
            column("blob_", ColumnKind::Text),
        ],
    ),
    table("other_texts", &[column("id", ColumnKind::Int), column("note", ColumnKind::Text)]),
    table(
        "moments",
        &[
            column("id", ColumnKind::Int),
            column("whole", ColumnKind::Temporal),
            column("tenth", ColumnKind::Temporal),
            column("milli", ColumnKind::Temporal),
            column("micro", ColumnKind::Temporal),
            column("stamp", ColumnKind::Temporal),
            column("day", ColumnKind::Temporal),
        ],
    ),
    table(
        "limits",
        &[
            column("id", ColumnKind::Int),
            column("tiny", ColumnKind::Int),
            column("small", ColumnKind::Int),
            column("medium", ColumnKind::Int),
            column("big", ColumnKind::Int),
            column("utiny", ColumnKind::Int),
            column("usmall", ColumnKind::Int),
            column("umedium", ColumnKind::Int),
            column("ubig", ColumnKind::Int),
            column("amount", ColumnKind::Decimal),
            column("exact", ColumnKind::Decimal),
            column("ratio", ColumnKind::Float),
            column("fine", ColumnKind::Float),
        ],
    ),
    table("huge", &[column("id", ColumnKind::Int), column("amount", ColumnKind::Decimal)]),
    table(
        "odd",
        &[
            column("id", ColumnKind::Int),
            column("name", ColumnKind::Text),
            column("title", ColumnKind::Text),
        ],
    ),
    table("documents", &[column("id", ColumnKind::Int), column("name", ColumnKind::Text)]),
    table("loose", &[column("id", ColumnKind::Int), column("n", ColumnKind::Int)]),
    table("tight", &[column("id", ColumnKind::Int), column("n", ColumnKind::Int)]),
];

/// The columns of the schema as `information_schema` describes them; `+` marks unsigned ones, and
/// behind a colon is the character set of those that are not utf8mb4.
const COLUMNS: [&str; 16] = [
    "store_id smallint+, code varchar, website_id smallint+, group_id smallint+, name varchar, \
     sort_order smallint+, is_active smallint+",
    "attribute_id smallint+, noted varbinary, kind enum, took time, is_visible smallint+, made year, \
     search_weight float, additional_data text, mask bit, exact_weight double",
    "entity_id int+, attribute_set_id smallint+, type_id varchar, sku varchar, \
     has_options smallint, created_at timestamp, updated_at timestamp",
    "value_id int, attribute_id smallint+, store_id smallint+, entity_id bigint+, value int",
    "value_id int, attribute_id smallint+, store_id smallint+, value decimal, entity_id int+",
    "value_id int, attribute_id smallint+, store_id smallint+, entity_id int+, value mediumtext",
    "value_id int, attribute_id smallint+, store_id smallint+, entity_id int+, value datetime, \
     since date",
    "id int, narrow varchar:latin1, fixed char:latin1, plain varchar:ascii, three text:utf8mb3, \
     four longtext, two varchar:ucs2, sixteen text:utf16, little varchar:utf16le, wide varchar:utf32, \
     raw varbinary, padded binary, blob_ blob",
    "id int, note varchar:latin2",
    "id int, whole datetime, tenth datetime, milli datetime, micro datetime, stamp timestamp, day date",
    "id int, tiny tinyint, small smallint, medium mediumint, big bigint, utiny tinyint+, \
     usmall smallint+, umedium mediumint+, ubig bigint+, amount decimal, exact decimal, ratio float, \
     fine double",
    "id int, amount decimal",
    "",
    "id int, a json, name varchar, b json",
    "id int, n int",
    "id int, n int",
];

/// The columns of `odd`, which the servers have in part.
const ODD_ON_MYSQL: &str = "id int, place point, doc json, flags bit, kind enum:latin1, many set, \
    made year, took time, bytes varbinary, doubled int, tripled int, direction vector, \
    name varchar:latin1, place2 geometry, title varchar";
const ODD_ON_MARIADB: &str = "id int, place point, doc longtext, flags bit, kind enum:latin1, many set, \
    made year, took time, bytes varbinary, doubled int, tripled int, squeezed varchar:latin1, \
    pressed text, ident uuid, name varchar:latin1, place2 geometry, title varchar";

/// The columns of the schema, on MariaDB or on MySQL.
pub(super) fn columns_on(is_mariadb: bool) -> BTreeMap<TableId, TableColumns> {
    let odd = if is_mariadb { ODD_ON_MARIADB } else { ODD_ON_MYSQL };
    let described = COLUMNS.map(|text| {
        let text = if text.is_empty() { odd } else { text };
        TableColumns { columns: text.split(", ").map(described).collect() }
    });
    (0..).map(TableId).zip(described).collect()
}

/// The same, of the tables that both have alike.
pub(super) fn columns() -> BTreeMap<TableId, TableColumns> {
    columns_on(false)
}

fn described(text: &str) -> ColumnDescription {
    let (name, data_type) = text.split_once(' ').unwrap();
    let is_unsigned = data_type.ends_with('+');
    let data_type = data_type.trim_end_matches('+');
    let (data_type, charset) = data_type.split_once(':').unwrap_or((data_type, "utf8mb4"));
    let has_charset = ["char", "text", "enum", "set"].iter().any(|part| data_type.ends_with(part));
    ColumnDescription {
        name: name.to_owned(),
        is_unsigned,
        data_type: data_type.to_owned(),
        charset: has_charset.then(|| charset.to_owned()),
    }
}

pub(super) fn watch() -> Watch {
    Watch {
        schema: "shop".to_owned(),
        table_prefix: String::new(),
        tables: &TABLES,
        layout: TableLayout::Plain,
    }
}
