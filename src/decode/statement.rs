//! What a statement in the binlog means for the watched tables.
//!
//! Statements are recognised, not parsed. Where words leave it open, the answer errs towards "redefines
//! a watched table": a table that is read again needlessly is harmless, a change that is missed is not.

use std::collections::BTreeSet;

use crate::decode::sql::{Token, tokens};
use crate::decode::{TableId, Watch};

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
    /// A definition or administration statement that leaves the watched tables alone.
    UnwatchedDdl,
    /// Changes of rows in statement form, in tables that aren't watched.
    UnwatchedDml,
    /// Watched tables may have other columns from here on, or lost, gained or exchanged their rows
    /// without row events.
    Redefinition {
        /// The tables.
        tables: BTreeSet<TableId>,
        /// What became of their rows.
        effect: Effect,
    },
    /// Rows of watched tables were changed by a statement that the binlog has only as text.
    WatchedDml {
        /// The tables.
        tables: BTreeSet<TableId>,
    },
}

/// What became of the rows of a table that was redefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// There are none: it was truncated, dropped, or created anew.
    Emptied,
    /// They are the same ones, in another form perhaps.
    Altered,
    /// They may be others: those of a table that took its place, or of a partition.
    Exchanged,
}

/// What a statement means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Begin,
    Commit,
    Rollback,
    /// A prepared XA transaction is committed; the text names it.
    XaCommit,
    XaRollback,
    Statement(StatementKind),
}

/// Finds out what a statement means; `schema` is the database it ran in.
pub(crate) fn classify(watch: &Watch, schema: &str, text: &str) -> Meaning {
    let all = tokens(text);
    let own = own_statement(&all);
    let keyword = |place: usize| own.get(place).and_then(Token::name).unwrap_or_default();
    let (first, second) = (keyword(0).to_ascii_uppercase(), keyword(1).to_ascii_uppercase());
    let kind = match (first.as_str(), second.as_str()) {
        ("BEGIN", _) | ("START", "TRANSACTION") | ("XA", "START" | "BEGIN") => {
            return Meaning::Begin;
        }
        ("COMMIT", _) => return Meaning::Commit,
        ("XA", "COMMIT") if ends_with_one_phase(own) => return Meaning::Commit,
        ("XA", "COMMIT") => return Meaning::XaCommit,
        ("XA", "ROLLBACK") => return Meaning::XaRollback,
        ("SAVEPOINT", _) => StatementKind::Savepoint { name: keyword(1).to_lowercase() },
        ("ROLLBACK", "TO") => {
            let place = if keyword(2).eq_ignore_ascii_case("SAVEPOINT") { 3 } else { 2 };
            StatementKind::RollbackToSavepoint { name: keyword(place).to_lowercase() }
        }
        ("ROLLBACK", _) => return Meaning::Rollback,
        ("RELEASE" | "XA", _) => StatementKind::WithinTransaction,
        (verb, second) => Statement { watch, schema, tokens: own }.kind(verb, second),
    };
    Meaning::Statement(kind)
}

/// MariaDB's `SET STATEMENT variable = value, … FOR statement` is about the statement behind it.
fn own_statement(all: &[Token]) -> &[Token] {
    let is_wrapped = all.iter().zip(["SET", "STATEMENT"]).all(|(token, word)| token.is(word));
    let place = all.iter().position(|token| token.is("FOR")).filter(|_| is_wrapped);
    place.and_then(|place| all.get(place + 1..)).unwrap_or(all)
}

fn ends_with_one_phase(tokens: &[Token]) -> bool {
    let mut words = tokens.iter().rev();
    ["PHASE", "ONE"].iter().all(|word| words.next().is_some_and(|token| token.is(word)))
}

struct Statement<'a> {
    watch: &'a Watch,
    schema: &'a str,
    tokens: &'a [Token],
}

/// What a CREATE, ALTER or DROP is about, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Table,
    Database,
    /// A table of one session, which is not in the binlog, or none that a row can be in.
    Unwatched,
    Unknown,
}

impl Statement<'_> {
    /// What a statement that begins with these words does to the watched tables.
    fn kind(&self, verb: &str, second: &str) -> StatementKind {
        match verb {
            "INSERT" | "REPLACE" | "LOAD" => dml(self.target(&["INTO"])),
            "UPDATE" => dml(self.named_before("SET")),
            "DELETE" => dml(self.named_before("WHERE")),
            "WITH" | "CALL" | "DO" | "SELECT" => dml(self.named_before("")),
            "RENAME" if second == "USER" => StatementKind::UnwatchedDdl,
            "TRUNCATE" => redefinition(self.named_before(""), Effect::Emptied),
            "CREATE" | "ALTER" | "DROP" => self.definition(verb),
            word if HARMLESS.contains(&word) => StatementKind::UnwatchedDdl,
            // RENAME; REPAIR, which may drop rows; and words that nobody knows yet.
            _ => redefinition(self.named_before(""), Effect::Exchanged),
        }
    }

    fn definition(&self, verb: &str) -> StatementKind {
        match (self.object(), verb) {
            (Object::Table, "CREATE") => {
                // What was there before is there still.
                let is_kept = self.tokens.iter().take(4).any(|token| token.is("IF"));
                let effect = if is_kept { Effect::Altered } else { Effect::Emptied };
                redefinition(self.target(&["TABLE"]), effect)
            }
            (Object::Table, "ALTER") if self.is_about_keys() => StatementKind::UnwatchedDdl,
            (Object::Table, "ALTER") => {
                let moves = self.tokens.iter().any(|token| MOVES.iter().any(|word| token.is(word)));
                let effect = if moves { Effect::Exchanged } else { Effect::Altered };
                redefinition(self.altered(), effect)
            }
            (Object::Table, _) => redefinition(self.named_before(""), Effect::Emptied),
            (Object::Database, "DROP") => redefinition(self.of_named_schema(), Effect::Emptied),
            (Object::Database, "CREATE") if self.replaces() => {
                redefinition(self.of_named_schema(), Effect::Emptied)
            }
            (Object::Database | Object::Unwatched, _) => StatementKind::UnwatchedDdl,
            (Object::Unknown, _) => redefinition(self.named_before(""), Effect::Exchanged),
        }
    }

    /// ALTER TABLE … DISABLE KEYS and ENABLE KEYS, which a loaded dump is full of: no row and no column
    /// changes.
    fn is_about_keys(&self) -> bool {
        let mut words = self.tokens.iter().rev();
        let is_last = |words: &mut dyn Iterator<Item = &Token>, all: &[&str]| {
            words.next().is_some_and(|token| all.iter().any(|word| token.is(word)))
        };
        is_last(&mut words, &["KEYS"])
            && is_last(&mut words, &["DISABLE", "ENABLE"])
            && words.all(|token| *token != Token::Sign(','))
    }

    /// What kind of object is defined: the first word that names one.
    fn object(&self) -> Object {
        for token in self.tokens.iter().skip(1) {
            let Token::Word(word) = token else { continue };
            match word.to_ascii_uppercase().as_str() {
                "TABLE" | "TABLES" => return Object::Table,
                "DATABASE" | "SCHEMA" => return Object::Database,
                word if OTHER_OBJECTS.contains(&word) => return Object::Unwatched,
                _ => {}
            }
        }
        Object::Unknown
    }

    /// The tables of an ALTER TABLE: its own, the one that it becomes, and those that partitions are
    /// exchanged with, come from or become.
    fn altered(&self) -> BTreeSet<TableId> {
        let mut found = BTreeSet::new();
        for (place, token) in self.tokens.iter().enumerate() {
            if token.is("TABLE") {
                found.extend(self.name_from(place + 1, TARGET_FILLERS));
            }
            let next = self.tokens.get(place + 1);
            let is_part = ["COLUMN", "INDEX", "KEY", "CONSTRAINT"];
            let renames_part = next.is_some_and(|next| is_part.iter().any(|word| next.is(word)));
            if token.is("RENAME") && !renames_part {
                found.extend(self.name_from(place + 1, &["TO", "AS"]));
            }
        }
        found
    }

    /// Whether the statement is CREATE OR REPLACE.
    fn replaces(&self) -> bool {
        let words = self.tokens.iter().skip(1);
        words.zip(["OR", "REPLACE"]).all(|(token, word)| token.is(word))
    }

    /// Every watched table, if the schema we watch is named.
    fn of_named_schema(&self) -> BTreeSet<TableId> {
        let mut names = self.tokens.iter().filter_map(Token::name);
        let is_ours = names.any(|name| name.eq_ignore_ascii_case(&self.watch.schema));
        self.watch.tables().map(|(table, _)| table).filter(|_| is_ours).collect()
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

fn redefinition(tables: BTreeSet<TableId>, effect: Effect) -> StatementKind {
    if tables.is_empty() {
        StatementKind::UnwatchedDdl
    } else {
        StatementKind::Redefinition { tables, effect }
    }
}

/// Words that may stand between a statement's verb and its table.
const TARGET_FILLERS: &[&str] =
    &["TABLE", "IF", "NOT", "EXISTS", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"];

/// What a definition may be about besides tables and databases. A view, a trigger or an index of a
/// watched table leaves its columns and rows as they are.
const OTHER_OBJECTS: &[&str] = &[
    "TEMPORARY",
    "VIEW",
    "TRIGGER",
    "INDEX",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "USER",
    "ROLE",
    "SERVER",
    "SEQUENCE",
    "PACKAGE",
    "TABLESPACE",
    "LOGFILE",
    "RESOURCE",
    "REFERENCE",
    "LIBRARY",
    "INSTANCE",
];

/// Words of an ALTER TABLE that may bring other rows.
const MOVES: &[&str] =
    &["RENAME", "PARTITION", "PARTITIONS", "PARTITIONING", "TABLESPACE", "CONVERT", "EXCHANGE"];

/// First words of statements that change neither definitions nor rows.
const HARMLESS: &[&str] = &[
    "GRANT",
    "REVOKE",
    "ANALYZE",
    "OPTIMIZE",
    "CHECK",
    "CHECKSUM",
    "FLUSH",
    "SET",
    "KILL",
    "RESET",
    "PURGE",
    "INSTALL",
    "UNINSTALL",
    "CHANGE",
    "START",
    "STOP",
    "LOCK",
    "UNLOCK",
    "CACHE",
    "USE",
    "BACKUP",
    "SIGNAL",
];
