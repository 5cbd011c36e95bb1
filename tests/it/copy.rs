//! The catalog copy against the database it is a copy of, row by row.
//!
//! The program's rows are read from its store, the database's by plain SQL on a connection of the
//! shop's own, in the server's own words: neither knows of the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use aco_stream::catalog::tables::watch;
use aco_stream::catalog::{CONFIG_PATHS, Table, rows};
use aco_stream::decode::{ColumnKind, TableLayout, Value, WatchedTable};
use aco_stream::store::{Store, StoreParams};

use crate::servers::Session;

/// Rows by table and primary key, each cell as `CAST(… AS CHAR)` shows it.
pub(crate) type Rows = BTreeMap<(&'static str, Vec<String>), Vec<Option<String>>>;

/// How many differences a failing test shows.
const SHOWN_MAX: usize = 12;

/// What a store that nobody has open holds.
pub(crate) fn rows_of_store(path: &Path, layout: TableLayout) -> Rows {
    let params = StoreParams { path: path.to_owned(), cache_bytes: 16 << 20 };
    let store = Store::open(&params).expect("the store opens");
    rows_of(&store, layout)
}

/// What an open store holds.
pub(crate) fn rows_of(store: &Store, layout: TableLayout) -> Rows {
    let mut found = Rows::new();
    for (id, watched) in watch("", "", layout).tables() {
        let table = Table::from_id(id).expect("a watched table");
        let mut each = |row: &Vec<Value>| {
            let key = |place: &usize| row.get(*place).and_then(Value::to_char).expect("a key");
            let key: Vec<String> = watched.primary_key.iter().map(key).collect();
            let cells = row.iter().map(Value::to_char).collect();
            let before = found.insert((watched.name, key), cells);
            assert!(before.is_none(), "{}: a row is in the copy twice", watched.name);
        };
        rows(store, table, &mut each).expect("the copy is readable");
    }
    found
}

/// What the database holds of the watched tables.
pub(crate) fn rows_of_database(session: &Session, schema: &str, layout: TableLayout) -> Rows {
    let sql =
        format!("SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'");
    let there: Vec<String> = session
        .query(&sql)
        .into_iter()
        .flatten()
        .flatten()
        .map(|name| name.to_lowercase())
        .collect();
    let mut found = Rows::new();
    for (_, watched) in watch("", "", layout).tables() {
        if !there.iter().any(|name| name == watched.name) {
            continue;
        }
        for mut row in session.query(&select(watched, schema)) {
            let cells = row.split_off(watched.primary_key.len());
            let key = row.into_iter().map(|key| key.expect("a key"));
            found.insert((watched.name, key.collect()), cells);
        }
    }
    found
}

/// Panics with the first differences unless the two are the same.
pub(crate) fn assert_same(copy: &Rows, database: &Rows, what: &str) {
    let mut text = String::new();
    let mut count = 0_usize;
    for key in copy.keys().chain(database.keys().filter(|key| !copy.contains_key(key))) {
        let (ours, theirs) = (copy.get(key), database.get(key));
        if ours != theirs {
            count += 1;
            if count <= SHOWN_MAX {
                writeln!(text, "{key:?}\n  copy     {ours:?}\n  database {theirs:?}")
                    .expect("text");
            }
        }
    }
    assert!(
        count == 0,
        "{what}: {count} rows differ ({} in the copy, {} in the database)\n{text}",
        copy.len(),
        database.len()
    );
}

fn select(watched: &WatchedTable, schema: &str) -> String {
    let names: Vec<&str> = watched.columns.iter().map(|column| column.name).collect();
    let keys = watched.primary_key.iter().filter_map(|place| names.get(*place).copied());
    let mut cells: Vec<String> = keys.map(str::to_owned).collect();
    for column in watched.columns {
        let name = column.name;
        cells.push(match column.kind {
            // What a column of another character set holds, in ours.
            ColumnKind::Text => format!("CONVERT({name} USING utf8mb4)"),
            ColumnKind::Int | ColumnKind::Decimal | ColumnKind::Temporal | ColumnKind::Float => {
                format!("CAST({name} AS CHAR)")
            }
        });
    }
    let only = if watched.name == "core_config_data" {
        format!(" WHERE BINARY path IN ('{}')", CONFIG_PATHS.join("', '"))
    } else {
        String::new()
    };
    format!("SELECT {} FROM `{schema}`.`{}`{only}", cells.join(", "), watched.name)
}
