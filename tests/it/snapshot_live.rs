//! The snapshot, and tables that are read again, where a shop is not as it should be.

use std::time::Duration;

use aco_stream::decode::TableLayout;
use aco_stream::engine::request_reread;
use aco_stream::source::{SnapshotParams, SourceParams};

use crate::editions::shop;
use crate::followed::{Followed, following};
use crate::servers::{Database, Server, User, all_servers, both_servers};
use crate::source_live::params;

fn following_of(server: &Server, database: &Database) -> SourceParams {
    following(params(server, &database.schema))
}

/// Tables in which no index starts with the column that chunks are ranges of; one has no key at all.
fn without_keys(database: &Database) {
    let session = database.session(User::App);
    session.exec("SET foreign_key_checks = 0, sql_mode = ''");
    for table in ["eav_attribute_label", "catalog_product_entity_text"] {
        session.exec(&format!("CREATE TABLE bare AS SELECT * FROM {table}"));
        session.exec(&format!("DROP TABLE {table}"));
        session.exec(&format!("RENAME TABLE bare TO {table}"));
    }
    session.exec("ALTER TABLE catalog_product_entity_text ADD PRIMARY KEY (value_id)");
}

#[test]
fn a_table_without_a_usable_key_is_read_whole_and_read_again_whole() {
    all_servers(|server| {
        let database = shop(server, TableLayout::Plain);
        without_keys(&database);
        let mut followed = Followed::new(TableLayout::Plain);
        followed.start(&following_of(server, &database));
        followed.assert_copy_equals(&database, "the snapshot");
        database.exec("UPDATE eav_attribute_label SET value = 'followed' LIMIT 2");
        database.exec("TRUNCATE TABLE eav_attribute_label");
        database.exec(
            "INSERT INTO eav_attribute_label (attribute_label_id, attribute_id, store_id, value) \
             VALUES (7001, 173, 8, 'new'), (7002, 177, 8, 'newer')",
        );
        let names = ["eav_attribute_label", "catalog_product_entity_text", "store"];
        let names = names.map(str::to_owned);
        request_reread(followed.store(), &names).expect("the store takes it");
        followed.assert_copy_equals(&database, "what was read again");
    });
}

#[test]
fn an_xa_transaction_that_was_prepared_before_the_snapshot_counts_when_it_is_committed() {
    all_servers(|server| {
        let database = shop(server, TableLayout::Plain);
        let name = format!("'{}'", database.schema);
        let session = database.session(User::App);
        session.exec(&format!("XA START {name}"));
        session.exec("UPDATE store_website SET name = 'prepared' WHERE website_id = 1");
        session.exec(&format!("XA END {name}"));
        session.exec(&format!("XA PREPARE {name}"));
        let mut followed = Followed::new(TableLayout::Plain);
        followed.start(&following_of(server, &database));
        session.exec(&format!("XA COMMIT {name}"));
        followed.assert_copy_equals(&database, "what was prepared before");
        // Now one that is prepared while it is followed, and committed after a restart.
        session.exec(&format!("XA START {name}"));
        session.exec("UPDATE store_website SET name = 'prepared later' WHERE website_id = 1");
        session.exec(&format!("XA END {name}"));
        session.exec(&format!("XA PREPARE {name}"));
        followed.assert_copy_equals(&database, "what is only prepared does not count");
        followed.stop().expect("it follows well");
        followed.reopen();
        session.exec(&format!("XA COMMIT {name}"));
        followed.start(&following_of(server, &database));
        followed.assert_copy_equals(&database, "what was prepared before the restart");
    });
}

#[test]
fn one_connection_and_tiny_chunks_with_rests_read_the_same() {
    both_servers(|server| {
        let database = shop(server, TableLayout::Staged);
        let snapshot = SnapshotParams {
            connections: 1,
            rows_per_second: Some(100_000),
            pause: Duration::from_millis(1),
            chunk_rows: 30,
        };
        let params = SourceParams { snapshot, ..params(server, &database.schema) };
        let mut followed = Followed::new(TableLayout::Staged);
        followed.start(&params);
        followed.assert_copy_equals(&database, "one connection");
        let snapshot = SnapshotParams { connections: 7, chunk_rows: 13, ..params.snapshot.clone() };
        let mut followed = Followed::new(TableLayout::Staged);
        followed.start(&SourceParams { snapshot, ..params });
        followed.assert_copy_equals(&database, "seven connections");
    });
}
