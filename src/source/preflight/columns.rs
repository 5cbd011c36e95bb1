//! Whether the watched tables have the columns that we read, in a form that the binlog gives away.

use crate::decode::{Charset, ColumnKind, WatchedTable};
use crate::source::params::{literal, quoted};
use crate::source::preflight::Finding;
use crate::source::preflight::tables::{ColumnSeen, Seen, Wanted};

/// A column that we read.
struct Needed<'a> {
    table: &'static str,
    column: &'static str,
    kind: ColumnKind,
    seen: &'a ColumnSeen,
}

pub(super) fn judge(seen: &Seen, wanted: Wanted<'_>) -> Vec<Finding> {
    let mut needed = Vec::new();
    let mut missing = Vec::new();
    for table in wanted.tables() {
        let Some(table_seen) = seen.tables.get(table.name) else {
            continue;
        };
        let WatchedTable { name, columns, .. } = *table;
        for column in columns {
            let found = table_seen
                .columns
                .iter()
                .find(|(candidate, _)| candidate.eq_ignore_ascii_case(column.name));
            match found {
                None => missing.push(format!("{name}.{}", column.name)),
                Some((_, seen)) => needed.push(Needed {
                    table: name,
                    column: column.name,
                    kind: column.kind,
                    seen,
                }),
            }
        }
    }
    vec![presence(&missing), compressed(&needed, wanted), charsets(&needed, wanted)]
}

fn presence(missing: &[String]) -> Finding {
    const CHECK: &str = "columns";
    if missing.is_empty() {
        return Finding::ok(CHECK, "all needed columns are there");
    }
    let message =
        format!("columns missing, or not readable by the account: {}", missing.join(", "));
    let fix = "bring the shop's tables to the schema of Magento 2.4 (`bin/magento setup:upgrade`), \
               and grant SELECT on whole tables";
    Finding::fatal(CHECK, message, fix)
}

/// The binlog holds what the server compressed, in a form of its own.
fn compressed(needed: &[Needed<'_>], wanted: Wanted<'_>) -> Finding {
    const CHECK: &str = "compressed_columns";
    let is_compressed =
        |column: &&Needed<'_>| column.seen.column_type.to_ascii_uppercase().contains("COMPRESSED");
    let columns: Vec<&Needed<'_>> = needed.iter().filter(is_compressed).collect();
    if columns.is_empty() {
        return Finding::ok(CHECK, "no needed column is COMPRESSED");
    }
    let message = format!(
        "COMPRESSED columns, whose tables are read again at each change: {}",
        names(&columns)
    );
    let fix = "store these columns uncompressed; the ALTER copies the table";
    Finding::warning(CHECK, message, fix).with_sql(statements(&columns, wanted, |column| {
        let charset = column.charset.as_ref();
        charset.map(|(charset, collation)| (charset.clone(), Some(collation.clone())))
    }))
}

/// A table with text in a character set that the decoder does not convert is read again at each
/// change, which is right but slow.
fn charsets(needed: &[Needed<'_>], wanted: Wanted<'_>) -> Finding {
    const CHECK: &str = "charsets";
    let is_foreign = |column: &&Needed<'_>| {
        let charset = column.seen.charset.as_ref();
        column.kind == ColumnKind::Text
            && charset.is_some_and(|(charset, _)| Charset::named(charset).is_none())
    };
    let columns: Vec<&Needed<'_>> = needed.iter().filter(is_foreign).collect();
    if columns.is_empty() {
        return Finding::ok(CHECK, "all needed texts are in character sets that are converted");
    }
    let message = format!(
        "columns in a character set that is not converted, whose tables are read again at each \
         change: {}",
        names(&columns)
    );
    let fix = "convert these columns to utf8mb4; the ALTER copies the table";
    let sql = statements(&columns, wanted, |_| Some(("utf8mb4".to_owned(), None)));
    Finding::warning(CHECK, message, fix).with_sql(sql)
}

fn names(columns: &[&Needed<'_>]) -> String {
    let names: Vec<String> =
        columns.iter().map(|Needed { table, column, .. }| format!("{table}.{column}")).collect();
    names.join(", ")
}

/// A character set and perhaps a collation.
type WantedCharset = Option<(String, Option<String>)>;

/// The `ALTER` for each column: as it is, but plain and in this character set.
fn statements(
    columns: &[&Needed<'_>],
    wanted: Wanted<'_>,
    charset: impl Fn(&ColumnSeen) -> WantedCharset,
) -> String {
    let statement = |needed: &&Needed<'_>| {
        let seen = needed.seen;
        let mut parts = vec![quoted(needed.column), plain_type(&seen.column_type)];
        if let Some((charset, collation)) = charset(seen) {
            parts.push(format!("CHARACTER SET {charset}"));
            parts.extend(collation.map(|collation| format!("COLLATE {collation}")));
        }
        parts.push(if seen.is_nullable { "NULL" } else { "NOT NULL" }.to_owned());
        parts.extend(seen.default.as_deref().and_then(default_clause));
        if !seen.comment.is_empty() {
            parts.push(format!("COMMENT {}", literal(&seen.comment)));
        }
        let table = wanted.params.quoted_table(needed.table);
        format!("ALTER TABLE {table} MODIFY {};", parts.join(" "))
    };
    columns.iter().map(statement).collect::<Vec<_>>().join("\n")
}

/// `mediumtext /*M!100301 COMPRESSED*/` as `mediumtext`.
fn plain_type(column_type: &str) -> String {
    column_type.split("/*").next().unwrap_or_default().trim().to_owned()
}

/// MariaDB prints an expression, its texts in quotes and no default as `NULL`; MySQL prints the bare
/// text.
fn default_clause(default: &str) -> Option<String> {
    if default.eq_ignore_ascii_case("NULL") {
        return None;
    }
    let is_quoted = default.len() >= 2 && default.starts_with('\'') && default.ends_with('\'');
    Some(format!("DEFAULT {}", if is_quoted { default.to_owned() } else { literal(default) }))
}
