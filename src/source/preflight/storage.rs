//! Whether the watched tables can be read in passing, without making writers wait, piece by piece, and
//! whether their rows come and go as they should.

use crate::decode::WatchedTable;
use crate::source::params::quoted;
use crate::source::preflight::Finding;
use crate::source::preflight::tables::{Seen, TableSeen, Wanted};

pub(super) fn judge(seen: &Seen, wanted: Wanted<'_>) -> Vec<Finding> {
    vec![engines(seen, wanted), versioning(seen, wanted), chunk_indexes(seen, wanted)]
}

/// Tables of the shop that fail a test, with what was seen of them.
fn failing<'a>(
    seen: &'a Seen,
    wanted: Wanted<'a>,
    fails: impl Fn(&WatchedTable, &TableSeen) -> bool,
) -> Vec<(&'a WatchedTable, &'a TableSeen)> {
    let seen = wanted.tables().filter_map(|table| Some((table, seen.tables.get(table.name)?)));
    seen.filter(|(table, seen)| fails(table, seen)).collect()
}

fn engines(seen: &Seen, wanted: Wanted<'_>) -> Finding {
    const CHECK: &str = "engine";
    let other = failing(seen, wanted, |_, seen| !seen.engine.eq_ignore_ascii_case("InnoDB"));
    if other.is_empty() {
        return Finding::ok(CHECK, "the watched tables are InnoDB tables");
    }
    let listed: Vec<String> =
        other.iter().map(|(table, seen)| format!("{} ({})", table.name, seen.engine)).collect();
    let message =
        format!("not InnoDB, so that reading them makes writers wait: {}", listed.join(", "));
    let statements: Vec<String> = other
        .iter()
        .map(|(table, _)| {
            format!("ALTER TABLE {} ENGINE = InnoDB;", wanted.params.quoted_table(table.name))
        })
        .collect();
    Finding::warning(CHECK, message, "store these tables in InnoDB, as Magento does")
        .with_sql(statements.join("\n"))
}

/// A table with system versioning keeps its old rows, and logs a delete as an update of the row's end
/// (MariaDB manual: system-versioned tables), so a deleted row would stay in the catalog copy.
fn versioning(seen: &Seen, wanted: Wanted<'_>) -> Finding {
    const CHECK: &str = "versioning";
    let versioned = failing(seen, wanted, |_, seen| seen.is_versioned);
    if versioned.is_empty() {
        return Finding::ok(CHECK, "the watched tables keep no old rows");
    }
    let listed: Vec<&str> = versioned.iter().map(|(table, _)| table.name).collect();
    let message = format!(
        "system versioning logs deletes as updates, so deleted rows would stay: {}",
        listed.join(", ")
    );
    let statement = |table: &WatchedTable| {
        format!("ALTER TABLE {} DROP SYSTEM VERSIONING;", wanted.params.quoted_table(table.name))
    };
    let statements: Vec<String> = versioned.iter().map(|(table, _)| statement(table)).collect();
    Finding::fatal(CHECK, message, "end the versioning of these tables, which Magento does not use")
        .with_sql(statements.join("\n"))
}

/// Tables that Magento itself creates without an index on the column by which they are read.
const WITHOUT_INDEX: [&str; 3] =
    ["catalog_product_bundle_option_value", "catalog_product_bundle_selection", "inventory_source"];

fn chunk_indexes(seen: &Seen, wanted: Wanted<'_>) -> Finding {
    const CHECK: &str = "chunk_index";
    let column = |table: &WatchedTable| table.columns.get(table.chunk_column).map(|it| it.name);
    let lacking = failing(seen, wanted, |table, seen| {
        if WITHOUT_INDEX.contains(&table.name) {
            return false;
        }
        let has_column =
            |column: &str| seen.columns.keys().any(|it| it.eq_ignore_ascii_case(column));
        let is_indexed =
            |column: &str| seen.index_starts.iter().any(|it| it.eq_ignore_ascii_case(column));
        column(table).is_some_and(|column| has_column(column) && !is_indexed(column))
    });
    if lacking.is_empty() {
        return Finding::ok(CHECK, "the watched tables can be read piece by piece");
    }
    let keyed = lacking.iter().filter_map(|(table, _)| Some((*table, column(table)?)));
    let (mut listed, mut statements) = (Vec::new(), Vec::new());
    for (table, column) in keyed {
        listed.push(format!("{} ({column})", table.name));
        let name = wanted.params.quoted_table(table.name);
        statements.push(format!("ALTER TABLE {name} ADD INDEX ({});", quoted(column)));
    }
    let message = format!(
        "no index starts with the column by which the table is read, so it is read in one piece: {}",
        listed.join(", ")
    );
    Finding::warning(CHECK, message, "add the indexes that the shop's schema has")
        .with_sql(statements.join("\n"))
}
