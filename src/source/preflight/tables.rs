//! Whether the watched tables are there and readable, and what `information_schema` says of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{TableLayout, WatchedTable};
use crate::source::connection::TextRow;
use crate::source::params::literal;
use crate::source::preflight::grants::quoted_account;
use crate::source::preflight::{Finding, columns, storage};
use crate::source::{Connection, Flavour, SourceError, SourceParams};

/// What was seen of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ColumnSeen {
    /// The type as declared, COMPRESSED included.
    pub(super) column_type: String,
    /// The character set and the collation; `None` for what is no text.
    pub(super) charset: Option<(String, String)>,
    pub(super) is_nullable: bool,
    /// As `information_schema` prints it.
    pub(super) default: Option<String>,
    pub(super) comment: String,
}

/// What was seen of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TableSeen {
    pub(super) columns: BTreeMap<String, ColumnSeen>,
    pub(super) engine: String,
    /// Whether it keeps its old rows (MariaDB: `WITH SYSTEM VERSIONING`).
    pub(super) is_versioned: bool,
    /// The server's estimate.
    pub(super) rows: u64,
    /// The first columns of the indexes that a range can use.
    pub(super) index_starts: BTreeSet<String>,
}

/// What was seen of the schema. Names are without the table prefix.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Tables that a SELECT may read.
    pub(super) readable: BTreeSet<String>,
    /// Tables that exist, but not for this account.
    pub(super) denied: BTreeSet<String>,
    /// What `information_schema` shows of the tables.
    pub(super) tables: BTreeMap<String, TableSeen>,
}

/// The watched tables of a shop, and what they are watched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) params: &'a SourceParams,
    pub(super) layout: TableLayout,
    pub(super) tables: &'a [WatchedTable],
}

impl<'a> Wanted<'a> {
    /// The tables that a shop of this layout has.
    pub(super) fn tables(self) -> impl Iterator<Item = &'a WatchedTable> {
        let layout = self.layout;
        self.tables.iter().filter(move |table| table.layout.is_none_or(|only| only == layout))
    }

    /// A condition for `information_schema`.
    fn condition(self) -> String {
        let prefix = &self.params.table_prefix;
        let names: Vec<String> =
            self.tables().map(|table| literal(&format!("{prefix}{}", table.name))).collect();
        let schema = literal(&self.params.database);
        format!("table_schema = {schema} AND table_name IN ({})", names.join(", "))
    }

    /// The table's name without prefix, from the column `t` of a row.
    fn name(self, row: &TextRow) -> Option<String> {
        let name = row.get("t")?;
        Some(name.strip_prefix(&self.params.table_prefix).unwrap_or(name).to_owned())
    }
}

impl Seen {
    pub(super) async fn read(
        conn: &mut Connection,
        wanted: Wanted<'_>,
    ) -> Result<Self, SourceError> {
        const DOING: &str = "look at the watched tables";
        let mut seen = Self::default();
        for table in wanted.tables() {
            let sql = format!("SELECT 1 FROM {} LIMIT 0", wanted.params.quoted_table(table.name));
            let name = table.name.to_owned();
            match conn.run(DOING, &sql).await {
                Ok(()) => seen.readable.insert(name),
                Err(SourceError::PrivilegeMissing { .. }) => seen.denied.insert(name),
                Err(error) if error.is_no_such_table() => false,
                Err(error) => return Err(error),
            };
        }
        seen.read_columns(conn, wanted).await?;
        seen.read_storage(conn, wanted).await?;
        Ok(seen)
    }

    async fn read_columns(
        &mut self,
        conn: &mut Connection,
        wanted: Wanted<'_>,
    ) -> Result<(), SourceError> {
        let sql = format!(
            "SELECT table_name AS t, column_name AS c, column_type AS k, character_set_name AS s, \
             collation_name AS o, is_nullable AS n, column_default AS d, column_comment AS m FROM \
             information_schema.columns WHERE {}",
            wanted.condition()
        );
        for row in conn.rows("look at the watched tables' columns", &sql).await? {
            let (Some(table), Some(column)) = (wanted.name(&row), row.get("c")) else {
                continue;
            };
            let text = |name: &str| row.get(name).unwrap_or_default().to_owned();
            let charset = row.get("s").map(|charset| (charset.to_ascii_lowercase(), text("o")));
            let seen = ColumnSeen {
                column_type: text("k"),
                charset,
                is_nullable: row.get("n") == Some("YES"),
                default: row.get("d").map(str::to_owned),
                comment: text("m"),
            };
            self.tables.entry(table).or_default().columns.insert(column.to_owned(), seen);
        }
        Ok(())
    }

    async fn read_storage(
        &mut self,
        conn: &mut Connection,
        wanted: Wanted<'_>,
    ) -> Result<(), SourceError> {
        const DOING: &str = "look at the watched tables' engines and indexes";
        if conn.flavour() == Flavour::Mysql && conn.version() >= (8, 0, 0) {
            // By default the figures may be a day old.
            conn.run(DOING, "SET SESSION information_schema_stats_expiry = 0").await?;
        }
        let condition = wanted.condition();
        let sql = format!(
            "SELECT table_name AS t, engine AS e, table_rows AS n, table_type AS k \
             FROM information_schema.tables WHERE {condition}"
        );
        for row in conn.rows(DOING, &sql).await? {
            let Some(table) = wanted.name(&row).and_then(|name| self.tables.get_mut(&name)) else {
                continue;
            };
            row.get("e").unwrap_or_default().clone_into(&mut table.engine);
            table.is_versioned = row.get("k") == Some("SYSTEM VERSIONED");
            table.rows = row.get("n").and_then(|count| count.parse().ok()).unwrap_or(0);
        }
        // Which columns there are beside these differs between servers.
        let sql = format!(
            "SELECT statistics.*, table_name AS t FROM information_schema.statistics WHERE \
             seq_in_index = 1 AND {condition}"
        );
        for row in conn.rows(DOING, &sql).await? {
            let is_used = row.get("index_type") == Some("BTREE")
                && row.get("is_visible") != Some("NO")
                && row.get("ignored") != Some("YES");
            if let Some(table) = wanted.name(&row).and_then(|name| self.tables.get_mut(&name))
                && let Some(column) = row.get("column_name").filter(|_| is_used)
            {
                table.index_starts.insert(column.to_owned());
            }
        }
        Ok(())
    }

    /// Whether every table that must be there can be read.
    pub(super) fn is_readable(&self, wanted: Wanted<'_>) -> bool {
        let mut tables = wanted.tables();
        tables.all(|table| table.optional || self.readable.contains(table.name))
    }

    /// The server's estimate of the rows that a snapshot reads.
    pub(super) fn rows(&self, wanted: Wanted<'_>) -> u64 {
        let tables = wanted.tables().filter_map(|table| self.tables.get(table.name));
        tables.map(|table| table.rows).fold(0, u64::saturating_add)
    }
}

/// Judges what was seen.
pub(super) fn judge(seen: &Seen, wanted: Wanted<'_>, account: &str) -> Vec<Finding> {
    let mut findings = vec![select(seen, wanted, account)];
    findings.extend(presence(seen, wanted));
    findings.push(edition(wanted));
    findings.extend(columns::judge(seen, wanted));
    findings.extend(storage::judge(seen, wanted));
    findings
}

fn select(seen: &Seen, wanted: Wanted<'_>, account: &str) -> Finding {
    const CHECK: &str = "grant_select";
    let names = wanted.tables().map(|table| table.name);
    let denied: Vec<&str> = names.filter(|name| seen.denied.contains(*name)).collect();
    if denied.is_empty() {
        return Finding::ok(CHECK, "the account may read the schema");
    }
    let message = format!("the account may not SELECT from {}", denied.join(", "));
    let database = &wanted.params.database;
    let sql = format!("GRANT SELECT ON `{database}`.* TO {};", quoted_account(account));
    Finding::fatal(CHECK, message, "let the account read the schema").with_sql(sql)
}

fn presence(seen: &Seen, wanted: Wanted<'_>) -> Vec<Finding> {
    let absent = |is_optional: bool| -> Vec<&str> {
        let tables = wanted.tables().filter(|table| {
            table.optional == is_optional
                && !seen.readable.contains(table.name)
                && !seen.denied.contains(table.name)
        });
        tables.map(|table| table.name).collect()
    };
    let missing = absent(false);
    let mut findings = vec![if missing.is_empty() {
        Finding::ok("tables", "all needed tables are there")
    } else {
        let fix = "in the configuration: [source] table_prefix and the database in url must be \
                   the shop's, as in app/etc/env.php";
        let message = format!(
            "tables missing in {} (with the prefix {:?}): {}",
            wanted.params.database,
            wanted.params.table_prefix,
            missing.join(", ")
        );
        Finding::fatal("tables", message, fix)
    }];
    let without = absent(true);
    if !without.is_empty() {
        let message = format!("optional tables that this shop lacks: {}", without.join(", "));
        findings.push(Finding::ok("optional_tables", message));
    }
    findings
}

fn edition(wanted: Wanted<'_>) -> Finding {
    let message = match wanted.layout {
        TableLayout::Plain => "tables without content staging",
        TableLayout::Staged => "tables with content staging (Adobe Commerce edition)",
    };
    Finding::ok("edition", message)
}
