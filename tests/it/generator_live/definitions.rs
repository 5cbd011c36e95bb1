//! Random statements that redefine tables, made of what the tables are now.

use super::tables::Shape;
use crate::random::Random;
use crate::servers::{Flavour, Session};

/// Columns that no feed reads, of types that a binlog reader must pass over.
const EXTRA_TYPES: &[&str] = &[
    "INT UNSIGNED NULL DEFAULT 7",
    "TINYINT NOT NULL DEFAULT -1",
    "BIGINT NULL DEFAULT -9",
    "VARCHAR(20) CHARACTER SET latin1 NULL DEFAULT 'caf\u{e9}'",
    "VARCHAR(20) CHARACTER SET cp1250 NULL DEFAULT '\u{17e}'",
    "CHAR(9) CHARACTER SET sjis NULL DEFAULT '\u{65e5}'",
    "VARCHAR(300) CHARACTER SET utf16 NULL DEFAULT 'u'",
    "VARBINARY(9) NULL DEFAULT x'00ff80'",
    "BINARY(4) NULL DEFAULT 'b'",
    "DECIMAL(30,3) NULL DEFAULT -12.5",
    "DATETIME(6) NULL DEFAULT '2024-02-29 01:02:03.456789'",
    "TIMESTAMP(3) NULL DEFAULT '2024-02-29 01:02:03.456'",
    "TIME(2) NULL DEFAULT '-01:02:03.45'",
    "DATE NULL DEFAULT '2024-02-29'",
    "YEAR NULL DEFAULT 2024",
    "ENUM('a', 'b') NULL DEFAULT 'b'",
    "SET('a', 'b', 'c') NULL DEFAULT 'a,c'",
    "BIT(13) NULL DEFAULT b'1010'",
    "JSON NULL",
    "MEDIUMBLOB NULL",
    "TEXT CHARACTER SET cp1250 NULL",
    "GEOMETRY NULL",
    "DOUBLE NULL DEFAULT 0.1",
    "INT AS (1 + 1) VIRTUAL",
    "INT AS (2 + 2) STORED",
];

/// Types that only MariaDB has.
const MARIADB_TYPES: &[&str] =
    &["UUID NULL", "INET6 NULL DEFAULT '::1'", "VARCHAR(50) COMPRESSED NULL"];

/// New types for watched columns, by what they are in the shop's own schema.
const TEXT_TYPES: &[&str] = &[
    "VARCHAR(255) CHARACTER SET latin1 NULL",
    "VARCHAR(255) CHARACTER SET cp1250 NULL",
    "VARCHAR(255) CHARACTER SET sjis NULL",
    "VARCHAR(255) CHARACTER SET utf8mb3 NULL",
    "VARCHAR(255) CHARACTER SET ascii NULL",
    "VARCHAR(255) CHARACTER SET utf16 NULL",
    "TEXT CHARACTER SET utf8mb4 NULL",
    "MEDIUMTEXT CHARACTER SET cp1250 NULL",
    "VARCHAR(255) CHARACTER SET utf8mb4 NULL",
];
const OTHER_TYPES: &[(&str, &[&str])] = &[
    ("catalog_product_entity_int", &["BIGINT NULL", "INT NULL", "BIGINT UNSIGNED NULL"]),
    (
        "catalog_product_entity_decimal",
        &["DECIMAL(24,8) NULL", "DECIMAL(12,2) NULL", "DECIMAL(20,6) NULL"],
    ),
    (
        "catalog_product_entity_datetime",
        &["DATETIME(6) NULL", "DATETIME NULL", "TIMESTAMP NULL", "DATE NULL"],
    ),
];

/// Tables of a shop that may be missing.
const OPTIONAL: &[&str] = &["eav_attribute_option_swatch", "cataloginventory_stock_item"];

/// Statements that belong together, with nothing of ours in between.
pub(crate) type Group = Vec<String>;

/// Redefines one of the tables. The session tells what the tables are now.
pub(crate) fn redefine(
    shapes: &[Shape],
    flavour: Flavour,
    session: &Session,
    random: &mut Random,
) -> Group {
    let shape = random.of(shapes);
    let name = shape.name;
    let one = |statement: String| vec![statement];
    match random.up_to(16) {
        1..=3 => one(add(name, flavour, session, random)),
        4 => one(drop_or_rename(name, session, random)),
        5..=7 => one(retype(random, session)),
        8 => one(reorder(shape, session, random)),
        9 => truncate(shape),
        10 => {
            let name = random.of(OPTIONAL);
            let create = create_statement(session, name, name);
            let mut group = one(format!("DROP TABLE {name}"));
            group.extend(create);
            group
        }
        11..=13 => swap(shape, session, random),
        14 => {
            let (column, number) = (random.of(&shape.columns).0, random.up_to(3));
            one(format!("CREATE INDEX extra_{number} ON {name} ({column})"))
        }
        15 => one(format!("DROP INDEX extra_{} ON {name}", random.up_to(3))),
        _ => vec![
            format!("CREATE TABLE _{name}_copy LIKE {name}"),
            format!("INSERT INTO _{name}_copy SELECT * FROM {name}"),
            format!("DROP TABLE _{name}_copy"),
        ],
    }
}

/// The columns of a table that are ours, not the shop's, and all of its columns.
fn columns(session: &Session, name: &str) -> (Vec<String>, Vec<String>) {
    let sql = format!(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND \
         table_name = '{name}' ORDER BY ordinal_position"
    );
    let all: Vec<String> = session.query(&sql).into_iter().flatten().flatten().collect();
    (all.iter().filter(|name| name.starts_with("extra")).cloned().collect(), all)
}

fn place(all: &[String], random: &mut Random) -> String {
    match random.up_to(3) {
        1 => " FIRST".to_owned(),
        2 if !all.is_empty() => format!(" AFTER `{}`", random.of(all)),
        _ => String::new(),
    }
}

fn add(name: &str, flavour: Flavour, session: &Session, random: &mut Random) -> String {
    let (extra, all) = columns(session, name);
    if extra.len() >= 4 {
        return drop_or_rename(name, session, random);
    }
    let number = random.up_to(9);
    let types = [EXTRA_TYPES, if flavour.is_mariadb() { MARIADB_TYPES } else { &[] }].concat();
    let kind = random.of(&types);
    format!("ALTER TABLE {name} ADD COLUMN extra{number} {kind}{}", place(&all, random))
}

fn drop_or_rename(name: &str, session: &Session, random: &mut Random) -> String {
    let (extra, all) = columns(session, name);
    if extra.is_empty() {
        return format!("ALTER TABLE {name} ADD COLUMN extra1 INT NULL{}", place(&all, random));
    }
    let (old, number) = (random.of(&extra), random.up_to(9));
    match random.up_to(2) {
        1 => format!("ALTER TABLE {name} DROP COLUMN {old}"),
        _ => format!("ALTER TABLE {name} RENAME COLUMN {old} TO extra{number}"),
    }
}

/// A watched column gets another type.
fn retype(random: &mut Random, session: &Session) -> String {
    const TEXTS: &[&str] = &[
        "catalog_product_entity_varchar",
        "eav_attribute_label",
        "eav_attribute_option_value",
        "catalog_product_entity_media_gallery",
    ];
    let (name, types) = match random.up_to(2) {
        1 => (*random.of(TEXTS), TEXT_TYPES),
        _ => *random.of(OTHER_TYPES),
    };
    let (_, all) = columns(session, name);
    let kind = random.of(types);
    let all: Vec<String> = all.into_iter().filter(|column| column != "value").collect();
    format!("ALTER TABLE {name} MODIFY COLUMN value {kind}{}", place(&all, random))
}

/// A column moves to the front: rows before and after it have the same number of columns.
fn reorder(shape: &Shape, session: &Session, random: &mut Random) -> String {
    let name = shape.name;
    let wanted = random.of(&shape.columns).0;
    let definition = definitions(session, name)
        .into_iter()
        .find(|line| line.starts_with(&format!("`{wanted}` ")))
        .unwrap_or_else(|| format!("`{wanted}` INT"));
    format!("ALTER TABLE {name} MODIFY COLUMN {definition} FIRST")
}

/// What stands between the parentheses of CREATE TABLE, line by line.
fn definitions(session: &Session, name: &str) -> Vec<String> {
    let text = show_create(session, name).unwrap_or_default();
    text.lines().map(|line| line.trim().trim_end_matches(',').to_owned()).collect()
}

fn show_create(session: &Session, name: &str) -> Option<String> {
    let rows = session.try_query(&format!("SHOW CREATE TABLE {name}")).ok()?;
    rows.into_iter().next()?.into_iter().nth(1)?
}

/// How `name` is created, under another name. Constraints get names of their own.
pub(crate) fn create_statement(session: &Session, name: &str, new_name: &str) -> Option<String> {
    let text = show_create(session, name)?;
    let mut created = String::new();
    for line in text.lines() {
        let foreign = line.find("FOREIGN KEY").filter(|_| line.trim().starts_with("CONSTRAINT"));
        created.push_str(foreign.and_then(|at| line.get(at..)).unwrap_or(line));
        created.push('\n');
    }
    let (old, new) = (format!("CREATE TABLE `{name}`"), format!("CREATE TABLE `{new_name}`"));
    Some(created.replacen(&old, &new, 1))
}

fn truncate(shape: &Shape) -> Group {
    let truncate = format!("TRUNCATE TABLE {}", shape.name);
    if !shape.is_parent {
        return vec![truncate];
    }
    vec!["SET foreign_key_checks = 0".to_owned(), truncate, "SET foreign_key_checks = 1".to_owned()]
}

/// Another table takes the place of this one, as online schema changes do it: by RENAME, or where
/// others refer to it, by DROP and RENAME.
fn swap(shape: &Shape, session: &Session, random: &mut Random) -> Group {
    let name = shape.name;
    let create = match random.up_to(4) {
        // Without its foreign keys.
        1 => Some(format!("CREATE TABLE _{name}_new LIKE {name}")),
        _ => create_statement(session, name, &format!("_{name}_new")),
    };
    let Some(create) = create else { return Vec::new() };
    let (extra, all) = columns(session, name);
    // Values that the server works out can't be written.
    let written: Vec<&String> = all.iter().filter(|column| !extra.contains(column)).collect();
    let list = written.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let limit = match random.up_to(3) {
        1 => " LIMIT 3",
        _ => "",
    };
    let mut group = vec![
        "SET foreign_key_checks = 0".to_owned(),
        format!("DROP TABLE IF EXISTS _{name}_new, _{name}_old"),
        create,
        format!("INSERT INTO _{name}_new ({list}) SELECT {list} FROM {name}{limit}"),
    ];
    if shape.is_parent {
        group.push(format!("DROP TABLE {name}"));
        group.push(format!("RENAME TABLE _{name}_new TO {name}"));
    } else {
        group.push(format!("RENAME TABLE {name} TO _{name}_old, _{name}_new TO {name}"));
        group.push(format!("DROP TABLE _{name}_old"));
    }
    group.push("SET foreign_key_checks = 1".to_owned());
    group
}
