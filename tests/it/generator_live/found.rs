//! What random histories found, each as a scenario of its own.

use aco_stream::decode::TableLayout;

use crate::editions::shop;
use crate::followed::{Followed, following};
use crate::servers::all_servers;
use crate::source_live::params;

#[test]
fn table_that_lost_its_foreign_keys_keeps_its_rows_when_their_parents_go() {
    all_servers(|server| {
        let database = shop(server, TableLayout::Plain);
        let params = following(params(server, &database.schema));
        let mut followed = Followed::new(TableLayout::Plain);
        followed.start(&params);
        // CREATE TABLE LIKE copies no foreign keys.
        for table in ["eav_attribute_option", "catalog_product_entity_int"] {
            database.exec(&format!(
                "CREATE TABLE _new LIKE {table}; INSERT INTO _new SELECT * FROM {table}"
            ));
            if table == "eav_attribute_option" {
                // Others refer to it: only so they go on to refer to what has its name.
                database.exec("SET foreign_key_checks = 0");
                database.exec(&format!("DROP TABLE {table}; RENAME TABLE _new TO {table}"));
                database.exec("SET foreign_key_checks = 1");
            } else {
                database.exec(&format!("RENAME TABLE {table} TO _old, _new TO {table}"));
                database.exec("DROP TABLE _old");
            }
        }
        followed.assert_copy_equals(&database, "exchanged");
        database.exec("DELETE FROM catalog_product_entity WHERE entity_id = 101");
        database.exec("DELETE FROM eav_attribute WHERE attribute_code = 'color'");
        database.exec("DELETE FROM store WHERE store_id = 8");
        followed.assert_copy_equals(&database, "their parents went");
        followed.stop().expect("it follows well");
        followed.reopen();
        followed.start(&params);
        database.exec("DELETE FROM catalog_product_entity WHERE entity_id IN (102, 103)");
        followed.assert_copy_equals(&database, "their parents went after a restart");
        followed.stop().expect("it follows well");
    });
}

#[test]
fn rows_of_a_table_with_a_virtual_column_are_deleted_and_changed() {
    all_servers(|server| {
        let database = shop(server, TableLayout::Plain);
        let params = following(params(server, &database.schema));
        let mut followed = Followed::new(TableLayout::Plain);
        followed.start(&params);
        for table in ["cataloginventory_stock_item", "store"] {
            database.exec(&format!("ALTER TABLE {table} ADD COLUMN extra INT AS (1 + 1) VIRTUAL"));
        }
        database.exec("UPDATE cataloginventory_stock_item SET qty = 3 WHERE product_id = 101");
        database.exec("DELETE FROM cataloginventory_stock_item WHERE product_id = 102");
        database.exec("DELETE FROM store WHERE store_id = 8");
        followed.assert_copy_equals(&database, "deleted and changed");
        followed.stop().expect("it follows well");
    });
}

#[test]
fn rows_that_went_with_a_row_that_nobody_can_read_and_that_came_again_are_gone() {
    all_servers(|server| {
        let database = shop(server, TableLayout::Plain);
        let params = following(params(server, &database.schema));
        let mut followed = Followed::new(TableLayout::Plain);
        database.exec(
            "ALTER TABLE store MODIFY COLUMN name VARCHAR(255) CHARACTER SET cp1250 NOT NULL",
        );
        followed.start(&params);
        followed.assert_copy_equals(&database, "before");
        // A delete, which takes the store view's values along, and an insert.
        database.exec(
            "REPLACE INTO store (store_id, code, website_id, group_id, name, is_active) VALUES (8, \
             'outlet', 3, 4, 'again', 1)",
        );
        if server.flavour.is_mariadb() {
            let values = "SELECT COUNT(*) FROM catalog_product_entity_varchar WHERE store_id = 8";
            assert_eq!(database.query(values), vec![vec![Some("0".to_owned())]]);
        }
        followed.assert_copy_equals(&database, "after");
        followed.stop().expect("it follows well");
    });
}
