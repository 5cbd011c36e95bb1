//! The same scenario on every server, with every form of the binlog, in both layouts: it ends in the
//! same catalog copy, compared row by row with the database.
//!
//! Each server is started once; what makes the cells differ can be set while it runs.

use aco_stream::decode::TableLayout;

use crate::editions::{link, link_field, shop};
use crate::followed::{Followed, following};
use crate::servers::{Database, Flavour, OddServer, Server, User};
use crate::source_live::params;

/// How a server writes its binlog.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// `binlog_row_metadata`.
    pub(crate) metadata: &'static str,
    pub(crate) is_compressed: bool,
}

impl Form {
    /// Has the server write what comes in this form; MySQL: what new connections write.
    pub(crate) fn set(self, server: &Server) {
        let root = server.session(User::Root, "");
        root.exec(&format!("SET GLOBAL binlog_row_metadata = {}", self.metadata));
        let is_on = if self.is_compressed { "ON" } else { "OFF" };
        match server.flavour {
            Flavour::MariaDb | Flavour::MariaDb118 => root.exec(&format!(
                "SET GLOBAL log_bin_compress = {is_on}, GLOBAL log_bin_compress_min_len = 10"
            )),
            Flavour::MySql => {
                root.exec(&format!("SET GLOBAL binlog_transaction_compression = {is_on}"));
            }
        }
    }
}

/// Statements for one layout: `{LINK}` is the link field, `{101}` a product's link.
fn statements(layout: TableLayout, text: &str) -> Vec<String> {
    let mut text = text.replace("{LINK}", link_field(layout));
    for entity_id in 100..400 {
        let (mark, link) = (format!("{{{entity_id}}}"), link(layout, entity_id).to_string());
        text = text.replace(&mark, &link);
    }
    let statements = text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

/// Rows of every kind, in transactions of every form.
const ROWS: &str = "
UPDATE catalog_product_entity_decimal SET value = 12.345678 WHERE attribute_id = 177 AND {LINK} = {101};
UPDATE catalog_product_entity_varchar SET value = CONCAT(value, ' ⛵ é') WHERE attribute_id = 173;
INSERT INTO catalog_product_entity_text (attribute_id, store_id, {LINK}, value) VALUES (236, 0, {102}, REPEAT('long text ', 9000)) ON DUPLICATE KEY UPDATE value = REPEAT('long text ', 9000);
UPDATE catalog_product_entity_int SET value = -2147483648 WHERE attribute_id = 202 AND {LINK} = {103};
UPDATE catalog_product_entity_int SET value = 2147483647 WHERE attribute_id = 202 AND {LINK} = {104};
UPDATE catalog_product_entity_varchar SET value = NULL WHERE attribute_id = 203 AND {LINK} = {105};
UPDATE catalog_product_entity_varchar SET value = '' WHERE attribute_id = 203 AND {LINK} = {106};
UPDATE catalog_product_entity_datetime SET value = '0000-00-00 00:00:00' LIMIT 3;
UPDATE catalog_product_entity SET updated_at = '2038-01-19 03:14:07', created_at = '1970-01-01 00:00:01' WHERE sku LIKE 'H%';
START TRANSACTION;
INSERT INTO catalog_product_entity_tier_price ({LINK}, all_groups, customer_group_id, qty, value, website_id) VALUES ({101}, 1, 0, 99999999.9999, 99999999999999.999999, 1);
SAVEPOINT one;
DELETE FROM catalog_product_entity_tier_price WHERE {LINK} = {101};
ROLLBACK TO SAVEPOINT one;
UPDATE cataloginventory_stock_item SET qty = -1.5 WHERE product_id = 101;
COMMIT;
START TRANSACTION;
DELETE FROM catalog_product_website WHERE product_id = 102;
ROLLBACK;
DELETE FROM catalog_product_website WHERE product_id = 103;
REPLACE INTO catalog_product_website (product_id, website_id) VALUES (104, 3), (105, 3);
UPDATE IGNORE catalog_product_website SET product_id = product_id + 1 WHERE product_id > 300 AND website_id = 3 ORDER BY product_id DESC;
UPDATE IGNORE catalog_product_website SET website_id = 3 WHERE website_id = 1 AND product_id IN (106, 109, 110);
INSERT INTO eav_attribute_option_value (option_id, store_id, value) VALUES (501, 8, 'Grün') ON DUPLICATE KEY UPDATE value = 'Grün';
UPDATE store SET name = 'Läden', sort_order = 7 WHERE store_id = 8;
UPDATE core_config_data SET value = 'EUR' WHERE path = 'currency/options/base';
INSERT INTO core_config_data (scope, scope_id, path, value) VALUES ('default', 0, 'some/other/path', 'x');
UPDATE catalog_eav_attribute SET search_weight = 2.5, is_searchable = 1 WHERE attribute_id = 173;
";

/// Deletes whose children a server may leave out of its binlog.
const CASCADES: &str = "
DELETE FROM eav_attribute_option WHERE option_id = 502;
DELETE FROM catalog_product_entity_media_gallery ORDER BY value_id LIMIT 2;
DELETE FROM eav_attribute WHERE attribute_code = 'material';
DELETE FROM customer_group WHERE customer_group_id = 2;
DELETE FROM store WHERE store_id = 5;
SET foreign_key_checks = 0;
DELETE FROM eav_attribute_option WHERE option_id = 503;
SET foreign_key_checks = 1;
";

/// A product goes: in the staged layout with its sequence number.
const PRODUCT_GOES: &str = "
DELETE FROM catalog_product_entity WHERE {LINK} = {107};
";

/// Tables are redefined between changes of their rows.
const DEFINITIONS: &str = "
ALTER TABLE catalog_product_entity_varchar ADD COLUMN extra INT UNSIGNED NULL DEFAULT 7 FIRST;
UPDATE catalog_product_entity_varchar SET value = 'after add' WHERE attribute_id = 173 AND {LINK} = {108};
ALTER TABLE catalog_product_entity_varchar RENAME COLUMN extra TO more, MODIFY COLUMN store_id SMALLINT UNSIGNED NOT NULL DEFAULT 0 AFTER value;
UPDATE catalog_product_entity_varchar SET value = 'after move' WHERE attribute_id = 173 AND {LINK} = {109};
ALTER TABLE catalog_product_entity_varchar DROP COLUMN more, ADD COLUMN note VARCHAR(20) CHARACTER SET latin1 NULL, ADD COLUMN raw VARBINARY(9) NULL;
UPDATE catalog_product_entity_varchar SET note = 'caf\u{e9}', raw = x'00ff80' WHERE {LINK} = {101};
ALTER TABLE catalog_product_entity_decimal MODIFY COLUMN value DECIMAL(24,8) NULL;
UPDATE catalog_product_entity_decimal SET value = 0.12345678 WHERE attribute_id = 177 AND {LINK} = {110};
ALTER TABLE eav_attribute_label CONVERT TO CHARACTER SET latin1;
UPDATE eav_attribute_label SET value = 'Gr\u{f6}\u{df}e' ORDER BY attribute_label_id LIMIT 3;
CREATE TRIGGER watched_trigger AFTER UPDATE ON store FOR EACH ROW SET @seen = 1;
UPDATE store SET name = 'with trigger' WHERE store_id = 1;
DROP TRIGGER watched_trigger;
CREATE INDEX by_value ON catalog_product_entity_int (value);
UPDATE catalog_product_entity_int SET value = 3 WHERE attribute_id = 202 AND {LINK} = {111};
TRUNCATE TABLE eav_attribute_option_swatch;
INSERT INTO eav_attribute_option_swatch (option_id, store_id, type, value) VALUES (501, 0, 1, '#00ff00');
";

/// Tables are exchanged, as online schema changes do it.
const SWAPS: &str = "
CREATE TABLE _catalog_product_entity_int_gho LIKE catalog_product_entity_int;
ALTER TABLE _catalog_product_entity_int_gho ADD COLUMN ghost INT NULL FIRST;
INSERT INTO _catalog_product_entity_int_gho (value_id, attribute_id, store_id, {LINK}, value) SELECT value_id, attribute_id, store_id, {LINK}, value + 1 FROM catalog_product_entity_int;
RENAME TABLE catalog_product_entity_int TO _catalog_product_entity_int_del, _catalog_product_entity_int_gho TO catalog_product_entity_int;
UPDATE catalog_product_entity_int SET value = 4 WHERE attribute_id = 202 AND {LINK} = {112};
DROP TABLE _catalog_product_entity_int_del;
CREATE TABLE _eav_attribute_label_new LIKE eav_attribute_label;
INSERT INTO _eav_attribute_label_new SELECT * FROM eav_attribute_label LIMIT 2;
RENAME TABLE eav_attribute_label TO _eav_attribute_label_old, _eav_attribute_label_new TO eav_attribute_label;
DROP TABLE _eav_attribute_label_old;
DROP TABLE eav_attribute_option_swatch;
UPDATE store SET name = 'without swatches' WHERE store_id = 1;
";

/// Plays a scenario on a connection of its own.
fn play(database: &Database, layout: TableLayout, scenario: &str) {
    let session = database.session(User::App);
    session.exec("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'");
    for statement in statements(layout, scenario) {
        session.exec(&statement);
    }
}

fn cell(server: &Server, form: Form, layout: TableLayout) {
    form.set(server);
    let database = shop(server, layout);
    let params = following(params(server, &database.schema));
    let mut followed = Followed::new(layout);
    followed.start(&params);
    followed.assert_copy_equals(&database, "after the snapshot");
    play(&database, layout, ROWS);
    followed.assert_copy_equals(&database, "rows");
    play(&database, layout, PRODUCT_GOES);
    if layout == TableLayout::Staged {
        database.exec("DELETE FROM sequence_product WHERE sequence_value = 108");
    }
    play(&database, layout, CASCADES);
    followed.assert_copy_equals(&database, "cascades");
    play(&database, layout, DEFINITIONS);
    followed.assert_copy_equals(&database, "definitions");
    // The rest happens while nobody follows: names in the binlog or not, each row must be read as it
    // was written.
    followed.stop().expect("it follows well");
    play(&database, layout, SWAPS);
    let undone = "
        ALTER TABLE catalog_product_entity_varchar DROP COLUMN note, DROP COLUMN raw;
        UPDATE catalog_product_entity_varchar SET value = 'after drop' WHERE attribute_id = 173;
        ALTER TABLE eav_attribute_option ADD COLUMN first_one INT NOT NULL DEFAULT 9 FIRST;
        UPDATE eav_attribute_option SET sort_order = sort_order + 1;
        ALTER TABLE eav_attribute_option DROP COLUMN first_one;
        UPDATE eav_attribute_option SET sort_order = sort_order + 1;\n";
    play(&database, layout, undone);
    followed.reopen();
    followed.start(&params);
    followed.assert_copy_equals(&database, "what happened while nobody followed");
    followed.stop().expect("it follows well");
}

fn row(flavour: Flavour, metadata: [&'static str; 2]) {
    let Some(odd) = OddServer::start(flavour, &[]) else { return };
    for metadata in metadata {
        for is_compressed in [false, true] {
            for layout in [TableLayout::Plain, TableLayout::Staged] {
                let form = Form { metadata, is_compressed };
                eprintln!("{} {form:?} {layout:?}", odd.server.version);
                cell(&odd.server, form, layout);
            }
        }
    }
}

#[test]
fn every_form_of_the_binlog_gives_the_same_copy_on_mariadb_10_11() {
    row(Flavour::MariaDb, ["FULL", "NO_LOG"]);
}

#[test]
fn every_form_of_the_binlog_gives_the_same_copy_on_mariadb_11_8() {
    row(Flavour::MariaDb118, ["FULL", "NO_LOG"]);
}

#[test]
fn every_form_of_the_binlog_gives_the_same_copy_on_mysql_9_7() {
    row(Flavour::MySql, ["FULL", "MINIMAL"]);
}
