//! What a statement in the binlog means for the watched tables.
//!
//! Statements are recognised, not parsed. Where words leave it open, the answer errs towards "names a
//! watched table": a needless reload of column names is harmless, a missed one is not.

use std::collections::BTreeSet;

use crate::decode::sql::{Token, tokens};
use crate::decode::{Decoded, TableId, Watch};

/// A statement, seen from the watched tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// A savepoint within a transaction is set.
    Savepoint {
        /// Its name in lower case.
        name: String,
    },
    /// The changes since a savepoint are rolled back; the transaction goes on.
    RollbackToSavepoint {
        /// The savepoint's name in lower case.
        name: String,
    },
    /// A savepoint is released, or another step within a transaction that changes no rows.
    WithinTransaction,
    /// A definition or administration statement that names no watched table.
    UnwatchedDdl,
    /// Changes of rows in statement form, in tables that aren't watched.
    UnwatchedDml,
    /// A definition statement that names watched tables: their columns may have changed.
    WatchedDdl {
        /// The tables.
        tables: BTreeSet<TableId>,
    },
    /// Watched tables lost or exchanged their rows without row events.
    WatchedTruncateDropRename {
        /// The tables.
        tables: BTreeSet<TableId>,
    },
    /// Rows of watched tables were changed by a statement that the binlog has only as text.
    WatchedDml {
        /// The tables.
        tables: BTreeSet<TableId>,
    },
}

/// Finds out what a statement means; `schema` is the database it ran in.
pub(crate) fn classify(watch: &Watch, schema: &str, text: &str) -> Decoded {
    let all = tokens(text);
    let keyword = |place: usize| all.get(place).and_then(Token::name).unwrap_or_default();
    let (first, second) = (keyword(0).to_ascii_uppercase(), keyword(1).to_ascii_uppercase());
    let kind = match (first.as_str(), second.as_str()) {
        ("BEGIN", _) | ("START", "TRANSACTION") | ("XA", "START" | "BEGIN") => {
            return Decoded::Begin;
        }
        ("COMMIT", _) | ("XA", "COMMIT" | "ROLLBACK") => return Decoded::Commit,
        ("SAVEPOINT", _) => StatementKind::Savepoint { name: keyword(1).to_lowercase() },
        ("ROLLBACK", "TO") => {
            let place = if keyword(2).eq_ignore_ascii_case("SAVEPOINT") { 3 } else { 2 };
            StatementKind::RollbackToSavepoint { name: keyword(place).to_lowercase() }
        }
        ("ROLLBACK", _) => return Decoded::Rollback,
        ("RELEASE" | "XA", _) => StatementKind::WithinTransaction,
        verbs => Statement { watch, schema, tokens: &all }.kind(verbs),
    };
    Decoded::Statement { kind }
}

struct Statement<'a> {
    watch: &'a Watch,
    schema: &'a str,
    tokens: &'a [Token],
}

impl Statement<'_> {
    /// What a statement with these first two words does to the watched tables.
    fn kind(&self, verbs: (&str, &str)) -> StatementKind {
        match verbs {
            ("INSERT" | "REPLACE" | "LOAD", _) => dml(self.target(&["INTO"])),
            ("UPDATE", _) => dml(self.named_before("SET")),
            ("DELETE", _) => dml(self.named_before("WHERE")),
            ("WITH" | "CALL" | "DO", _) => dml(self.named_before("")),
            ("TRUNCATE" | "RENAME", _) | ("DROP", "TABLE" | "TABLES") => {
                self.swept(self.named_before(""))
            }
            ("DROP", "DATABASE" | "SCHEMA") if self.names_schema() => {
                self.swept(self.watch.full_names().map(|(_, table)| table).collect())
            }
            ("CREATE" | "DROP", "TEMPORARY") => StatementKind::UnwatchedDdl,
            ("CREATE", "OR") if self.is_table_replaced() => self.swept(self.target(&["TABLE"])),
            ("ALTER", _) => self.alter(),
            ("CREATE" | "DROP", _) => ddl(self.named_before("")),
            _ => StatementKind::UnwatchedDdl,
        }
    }

    /// The statement takes rows from these tables; if from none, it may still define something.
    fn swept(&self, tables: BTreeSet<TableId>) -> StatementKind {
        if tables.is_empty() {
            ddl(self.named_before(""))
        } else {
            StatementKind::WatchedTruncateDropRename { tables }
        }
    }

    /// ALTER TABLE may rename a table, and may drop or exchange the rows of a partition.
    fn alter(&self) -> StatementKind {
        let target = self.target(&["TABLE"]);
        let mut moved = BTreeSet::new();
        let pairs = self.tokens.iter().zip(self.tokens.iter().skip(1)).enumerate();
        for (place, (token, next)) in pairs {
            let is_column = ["COLUMN", "INDEX", "KEY"].iter().any(|word| next.is(word));
            if token.is("RENAME") && !is_column {
                moved.extend(&target);
                moved.extend(self.name_from(place + 1, &["TO", "AS"]));
            }
            let is_part = next.is("PARTITION") || next.is("TABLESPACE");
            let sweeps = ["TRUNCATE", "DROP", "EXCHANGE", "DISCARD", "IMPORT"];
            if is_part && sweeps.iter().any(|word| token.is(word)) {
                moved.extend(&target);
                moved.extend(self.target(&["WITH"]));
            }
        }
        self.swept(moved)
    }

    /// Whether the statement is CREATE OR REPLACE TABLE.
    fn is_table_replaced(&self) -> bool {
        let words = self.tokens.iter().skip(2);
        words.zip(["REPLACE", "TABLE"]).all(|(token, word)| token.is(word))
    }

    /// Whether the schema we watch is named.
    fn names_schema(&self) -> bool {
        let mut names = self.tokens.iter().filter_map(Token::name);
        names.any(|name| name.eq_ignore_ascii_case(&self.watch.schema))
    }

    /// The watched table behind the first of these keywords; without the keyword, behind the verb.
    fn target(&self, keywords: &[&str]) -> BTreeSet<TableId> {
        let is_keyword = |token: &Token| keywords.iter().any(|word| token.is(word));
        let start = self.tokens.iter().position(is_keyword).map_or(1, |place| place + 1);
        self.name_from(start, TARGET_FILLERS).into_iter().collect()
    }

    /// The watched table named at `start`, after any of the `fillers`.
    fn name_from(&self, start: usize, fillers: &[&str]) -> Option<TableId> {
        let is_filler =
            |token: &Token| *token == Token::Sign('=') || fillers.iter().any(|word| token.is(word));
        let rest = self.tokens.get(start..)?;
        let skipped = rest.iter().take_while(|token| is_filler(token)).count();
        self.table_at(start + skipped).map(|(table, _)| table)?
    }

    /// Every watched table named before this keyword.
    fn named_before(&self, keyword: &str) -> BTreeSet<TableId> {
        let end = self.tokens.iter().position(|token| token.is(keyword));
        let end = end.unwrap_or(self.tokens.len());
        let mut found = BTreeSet::new();
        let mut place = 1;
        while place < end {
            match self.table_at(place) {
                Some((table, next)) => {
                    found.extend(table);
                    place = next;
                }
                None => place += 1,
            }
        }
        found
    }

    /// The watched table named at this place, if it is one, and the place behind the name.
    fn table_at(&self, place: usize) -> Option<(Option<TableId>, usize)> {
        let name = self.tokens.get(place)?.name()?;
        if self.tokens.get(place + 1) == Some(&Token::Sign('.')) {
            let table = self.tokens.get(place + 2)?.name()?;
            let is_ours = name.eq_ignore_ascii_case(&self.watch.schema);
            // The first name may also be a table's, in front of a column's.
            let found = if is_ours { self.watched(table) } else { self.unqualified(name) };
            return Some((found, place + 3));
        }
        Some((self.unqualified(name), place + 1))
    }

    fn unqualified(&self, name: &str) -> Option<TableId> {
        let is_ours =
            self.schema.is_empty() || self.schema.eq_ignore_ascii_case(&self.watch.schema);
        is_ours.then(|| self.watched(name)).flatten()
    }

    fn watched(&self, name: &str) -> Option<TableId> {
        let prefix = self.watch.table_prefix.len();
        let (head, tail) = name.split_at_checked(prefix)?;
        if !head.eq_ignore_ascii_case(&self.watch.table_prefix) {
            return None;
        }
        let mut tables = self.watch.tables();
        tables.find(|(_, table)| table.name.eq_ignore_ascii_case(tail)).map(|(id, _)| id)
    }
}

fn dml(tables: BTreeSet<TableId>) -> StatementKind {
    if tables.is_empty() {
        StatementKind::UnwatchedDml
    } else {
        StatementKind::WatchedDml { tables }
    }
}

fn ddl(tables: BTreeSet<TableId>) -> StatementKind {
    if tables.is_empty() {
        StatementKind::UnwatchedDdl
    } else {
        StatementKind::WatchedDdl { tables }
    }
}

/// Words that may stand between a statement's verb and its table.
const TARGET_FILLERS: &[&str] =
    &["TABLE", "IF", "NOT", "EXISTS", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"];
