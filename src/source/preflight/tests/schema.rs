//! The shop: its tables, columns, engines, indexes, extensions.

use super::{assert_remedies, not_ok, of};
use crate::decode::{ColumnKind, TableLayout, WatchedColumn, WatchedTable};
use crate::source::preflight::shop::{judge_extensions, judge_websites};
use crate::source::preflight::tables::{self, ColumnSeen, Seen, TableSeen, Wanted};
use crate::source::preflight::{Finding, Severity};
use crate::source::{SourceParams, TlsMode};

static TABLES: [WatchedTable; 3] = [
    WatchedTable {
        name: "catalog_product_entity",
        columns: &[
            WatchedColumn { name: "entity_id", kind: ColumnKind::Int },
            WatchedColumn { name: "sku", kind: ColumnKind::Text },
        ],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: Some(TableLayout::Plain),
    },
    WatchedTable {
        name: "cataloginventory_stock_item",
        columns: &[WatchedColumn { name: "item_id", kind: ColumnKind::Int }],
        chunk_column: 0,
        primary_key: &[0],
        optional: true,
        layout: None,
    },
    WatchedTable {
        name: "catalog_product_entity",
        columns: &[WatchedColumn { name: "row_id", kind: ColumnKind::Int }],
        chunk_column: 0,
        primary_key: &[0],
        optional: false,
        layout: Some(TableLayout::Staged),
    },
];

pub(super) fn params() -> SourceParams {
    SourceParams {
        host: "db".to_owned(),
        port: 3306,
        user: "cdc".to_owned(),
        password: None,
        database: "shop".to_owned(),
        tls: TlsMode::Off,
        tls_ca_file: None,
        table_prefix: "m2_".to_owned(),
        server_id: 7,
        heartbeat: SourceParams::HEARTBEAT,
        connect_timeout: SourceParams::CONNECT_TIMEOUT,
        net_write_timeout: SourceParams::NET_WRITE_TIMEOUT,
        statement_timeout: SourceParams::STATEMENT_TIMEOUT,
        snapshot: crate::source::SnapshotParams::default(),
    }
}

fn column(column_type: &str, charset: &str) -> ColumnSeen {
    let charset = (!charset.is_empty()).then(|| (charset.to_owned(), format!("{charset}_bin")));
    ColumnSeen { column_type: column_type.to_owned(), charset, ..ColumnSeen::default() }
}

/// The product table with these columns, indexed by the first of them.
fn seen(columns: &[(&str, ColumnSeen)]) -> Seen {
    let mut seen = Seen::default();
    let name = "catalog_product_entity".to_owned();
    seen.readable.insert(name.clone());
    let table = TableSeen {
        columns: columns.iter().map(|(name, seen)| ((*name).to_owned(), seen.clone())).collect(),
        engine: "InnoDB".to_owned(),
        is_versioned: false,
        rows: 2_000,
        index_starts: columns.iter().take(1).map(|(name, _)| (*name).to_owned()).collect(),
    };
    seen.tables.insert(name, table);
    seen
}

fn plain_shop() -> Seen {
    seen(&[
        ("entity_id", column("int unsigned", "")),
        ("sku", column("varchar(64)", "utf8mb4")),
        ("swatch", column("text /*M!100301 COMPRESSED*/", "greek")),
    ])
}

fn judge_as(seen: &Seen, layout: TableLayout) -> Vec<Finding> {
    let params = params();
    let wanted = Wanted { params: &params, layout, tables: &TABLES };
    let findings = tables::judge(seen, wanted, "cdc@%");
    assert_remedies(&findings);
    findings
}

fn judge(seen: &Seen) -> Vec<Finding> {
    judge_as(seen, TableLayout::Plain)
}

#[test]
fn an_optional_table_may_be_missing_and_a_needed_one_may_not() {
    assert_eq!(not_ok(&judge(&plain_shop())), []);
    let missing = judge(&Seen::default());
    assert_eq!(not_ok(&missing), [(Severity::Fatal, "tables")]);
    let message = &of(&missing, "tables").message;
    assert_eq!(message, "tables missing in shop (with the prefix \"m2_\"): catalog_product_entity");
    let mut denied = Seen::default();
    denied.denied.insert("catalog_product_entity".to_owned());
    let denied = judge(&denied);
    assert_eq!(not_ok(&denied), [(Severity::Fatal, "grant_select")]);
    let sql = of(&denied, "grant_select").sql.as_deref();
    assert_eq!(sql, Some("GRANT SELECT ON `shop`.* TO 'cdc'@'%';"));
}

#[test]
fn tables_of_either_edition_are_taken() {
    let staged = seen(&[("row_id", column("int unsigned", ""))]);
    assert_eq!(not_ok(&judge_as(&staged, TableLayout::Staged)), []);
    assert_eq!(not_ok(&judge_as(&plain_shop(), TableLayout::Plain)), []);
}

#[test]
fn only_tables_of_the_shops_own_layout_are_asked_for() {
    let found = judge_as(&plain_shop(), TableLayout::Staged);
    assert_eq!(
        of(&found, "columns").message.rsplit(' ').next(),
        Some("catalog_product_entity.row_id")
    );
}

#[test]
fn a_missing_column_is_fatal() {
    let missing = judge(&seen(&[("entity_id", column("int unsigned", ""))]));
    assert_eq!(not_ok(&missing), [(Severity::Fatal, "columns")]);
    assert!(of(&missing, "columns").message.ends_with("catalog_product_entity.sku"));
}

#[test]
fn a_needed_column_that_is_compressed_costs_reading_its_table_again() {
    let sku = ColumnSeen {
        comment: "SKU, the shop's".to_owned(),
        ..column("varchar(64) /*M!100301 COMPRESSED*/", "utf8mb4")
    };
    let found = judge(&seen(&[("entity_id", column("int unsigned", "")), ("sku", sku)]));
    assert_eq!(not_ok(&found), [(Severity::Warning, "compressed_columns")]);
    assert_eq!(
        of(&found, "compressed_columns").sql.as_deref(),
        Some(
            "ALTER TABLE `shop`.`m2_catalog_product_entity` MODIFY `sku` varchar(64) CHARACTER SET \
             utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'SKU, the shop''s';"
        )
    );
}

#[test]
fn character_sets_are_converted_or_warned_of() {
    let with = |charset: &str, default: Option<&str>| {
        let default = default.map(str::to_owned);
        let sku = ColumnSeen { default, is_nullable: true, ..column("varchar(64)", charset) };
        judge(&seen(&[("entity_id", column("int unsigned", "")), ("sku", sku)]))
    };
    for charset in [
        "utf8", "utf8mb3", "utf8mb4", "ascii", "latin1", "ucs2", "utf16", "utf16le", "utf32",
        "binary", "",
    ] {
        assert_eq!(not_ok(&with(charset, None)), [], "{charset}");
    }
    for (default, clause) in [
        (None, ""),
        (Some("NULL"), ""),
        (Some("'none'"), " DEFAULT 'none'"),
        (Some("none"), " DEFAULT 'none'"),
        (Some(""), " DEFAULT ''"),
    ] {
        let found = with("cp1251", default);
        assert_eq!(not_ok(&found), [(Severity::Warning, "charsets")]);
        let statement = format!(
            "ALTER TABLE `shop`.`m2_catalog_product_entity` MODIFY `sku` varchar(64) CHARACTER SET \
             utf8mb4 NULL{clause};"
        );
        assert_eq!(of(&found, "charsets").sql.as_ref(), Some(&statement));
    }
}

#[test]
fn a_table_that_is_not_innodb_is_warned_of() {
    let mut other = plain_shop();
    other.tables.get_mut("catalog_product_entity").unwrap().engine = "MyISAM".to_owned();
    let found = judge(&other);
    assert_eq!(not_ok(&found), [(Severity::Warning, "engine")]);
    let sql = of(&found, "engine").sql.as_deref();
    assert_eq!(sql, Some("ALTER TABLE `shop`.`m2_catalog_product_entity` ENGINE = InnoDB;"));
}

#[test]
fn a_table_with_system_versioning_is_refused() {
    let mut versioned = plain_shop();
    versioned.tables.get_mut("catalog_product_entity").unwrap().is_versioned = true;
    let found = judge(&versioned);
    assert_eq!(not_ok(&found), [(Severity::Fatal, "versioning")]);
    let sql = of(&found, "versioning").sql.as_deref();
    let statement = "ALTER TABLE `shop`.`m2_catalog_product_entity` DROP SYSTEM VERSIONING;";
    assert_eq!(sql, Some(statement));
}

#[test]
fn a_table_without_an_index_to_read_it_by_is_warned_of() {
    let mut other = plain_shop();
    let table = other.tables.get_mut("catalog_product_entity").unwrap();
    table.index_starts = ["sku".to_owned()].into();
    let found = judge(&other);
    assert_eq!(not_ok(&found), [(Severity::Warning, "chunk_index")]);
    assert_eq!(
        of(&found, "chunk_index").sql.as_deref(),
        Some("ALTER TABLE `shop`.`m2_catalog_product_entity` ADD INDEX (`entity_id`);")
    );
}

#[test]
fn rows_to_read_are_those_of_the_watched_tables() {
    let params = params();
    let wanted = |layout| Wanted { params: &params, layout, tables: &TABLES };
    assert_eq!(plain_shop().rows(wanted(TableLayout::Plain)), 2_000);
    assert!(plain_shop().is_readable(wanted(TableLayout::Plain)));
    assert!(!Seen::default().is_readable(wanted(TableLayout::Plain)));
}

#[test]
fn modules_that_send_the_same_catalog_are_recognised() {
    assert_eq!(judge_extensions(&["Magento_CatalogSearch"]).severity, Severity::Ok);
    let found = judge_extensions(&["Magento_LiveSearchAdapter", "Magento_CatalogSearch"]);
    assert_eq!(found.severity, Severity::Warning);
    let fix = "bin/magento module:disable Magento_LiveSearchAdapter";
    assert_eq!(found.fix.as_deref(), Some(fix));
}

#[test]
fn what_the_service_would_hold_otherwise_is_warned_of() {
    let none = judge_websites(&[]);
    let some = judge_websites(&["a_website_of_23_letters"]);
    assert_eq!(none.severity, Severity::Ok);
    assert_eq!(some.severity, Severity::Warning);
    assert!(some.message.contains("a_website_of"), "{}", some.message);
    assert_remedies(&[none, some]);
}
