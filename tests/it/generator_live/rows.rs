//! Random statements that change rows.

use super::tables::Shape;
use super::values::Sort;
use crate::random::Random;

/// Text that makes a statement of rows about one of the tables.
pub(crate) fn change(shapes: &[Shape], random: &mut Random) -> String {
    let shape = table(shapes, random);
    let deletes = if shape.is_parent { 1 } else { 4 };
    match random.up_to(20 + deletes) {
        1..=4 => insert("INSERT", shape, random),
        5..=6 => insert("INSERT IGNORE", shape, random),
        7 => insert("REPLACE", shape, random),
        8..=11 => upsert(shape, random),
        12..=15 => update(shape, random),
        16 => update_many(shape, random),
        17..=18 => move_to_parent(shape, random),
        19..=20 => renumber(shape, random),
        _ => delete(shape, random),
    }
}

/// Rows for every table, as many of them as do not collide: what each history begins with.
pub(crate) fn restock(shapes: &[Shape], random: &mut Random) -> Vec<String> {
    let mut statements = Vec::new();
    for shape in shapes {
        let rows: Vec<String> = match shape.columns.first() {
            Some((_, Sort::Own(pool))) if shape.is_parent => {
                pool.all().map(|id| row(shape, Some(id), random)).collect()
            }
            Some(_) | None => (0..6).map(|_| row(shape, None, random)).collect(),
        };
        statements.push(format!(
            "INSERT IGNORE INTO {} ({}) VALUES {}",
            shape.name,
            names(shape).join(", "),
            rows.join(", ")
        ));
    }
    statements
}

/// A table; those whose rows take most of the shop along come rarely.
fn table<'a>(shapes: &'a [Shape], random: &mut Random) -> &'a Shape {
    loop {
        let shape = random.of(shapes);
        if shape.name != "eav_entity_type" || random.up_to(6) == 1 {
            return shape;
        }
    }
}

fn names(shape: &Shape) -> Vec<&'static str> {
    shape.columns.iter().map(|(name, _)| *name).collect()
}

/// Values for one row.
fn row(shape: &Shape, id: Option<u64>, random: &mut Random) -> String {
    let mut cells = Vec::new();
    for (place, (_, sort)) in shape.columns.iter().enumerate() {
        cells.push(match (id, sort) {
            (Some(id), _) if place == 0 => id.to_string(),
            // Codes of rows that every history begins with are their own.
            (Some(id), Sort::Code) => format!("'base{id}'"),
            _ => sort.draw(random),
        });
    }
    format!("({})", cells.join(", "))
}

fn rows(shape: &Shape, random: &mut Random) -> String {
    let rows: Vec<String> = (0..random.up_to(4)).map(|_| row(shape, None, random)).collect();
    format!("{} ({}) VALUES {}", shape.name, names(shape).join(", "), rows.join(", "))
}

fn insert(verb: &str, shape: &Shape, random: &mut Random) -> String {
    format!("{verb} INTO {}", rows(shape, random))
}

fn upsert(shape: &Shape, random: &mut Random) -> String {
    let columns = shape.columns.iter().skip(shape.key_width);
    let mut sets: Vec<String> =
        columns.map(|(name, _)| format!("{name} = VALUES({name})")).collect();
    if sets.is_empty() {
        sets.extend(shape.columns.first().map(|(name, _)| format!("{name} = VALUES({name})")));
    }
    let ignore = if random.up_to(2) == 1 { " IGNORE" } else { "" };
    let rows = rows(shape, random);
    format!("INSERT{ignore} INTO {rows} ON DUPLICATE KEY UPDATE {}", sets.join(", "))
}

/// A condition on ids that holds for some rows.
fn condition(shape: &Shape, random: &mut Random) -> String {
    let ids: Vec<_> = shape.ids().collect();
    let (name, pool) = *random.of(&ids);
    match random.up_to(3) {
        1 => format!("{name} = {}", pool.draw(random)),
        2 => format!("{name} IN ({}, {})", pool.draw(random), pool.draw(random)),
        _ => format!("{name} >= {} ORDER BY {name} DESC LIMIT 2", pool.draw(random)),
    }
}

fn update(shape: &Shape, random: &mut Random) -> String {
    let values = shape.values();
    if values.is_empty() {
        return move_to_parent(shape, random);
    }
    let sets: Vec<String> = (0..random.up_to(2))
        .map(|_| {
            let (name, sort) = random.of(&values);
            format!("{name} = {}", sort.draw(random))
        })
        .collect();
    format!("UPDATE {} SET {} WHERE {}", shape.name, sets.join(", "), condition(shape, random))
}

fn update_many(shape: &Shape, random: &mut Random) -> String {
    let values = shape.values();
    if values.is_empty() {
        return move_to_parent(shape, random);
    }
    let (name, sort) = *random.of(&values);
    format!("UPDATE IGNORE {} SET {name} = {}", shape.name, sort.draw(random))
}

/// Rows that come to belong to others.
fn move_to_parent(shape: &Shape, random: &mut Random) -> String {
    let ids: Vec<_> = shape.ids().collect();
    let (name, pool) = *random.of(ids.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&ids));
    let condition = condition(shape, random);
    format!("UPDATE IGNORE {} SET {name} = {} WHERE {condition}", shape.name, pool.draw(random))
}

/// A row that gets another number.
fn renumber(shape: &Shape, random: &mut Random) -> String {
    let ids: Vec<_> = shape.ids().collect();
    let Some((name, pool)) = ids.first() else { return update(shape, random) };
    let (old, new) = (pool.draw(random), pool.draw(random));
    format!("UPDATE IGNORE {} SET {name} = {new} WHERE {name} = {old}", shape.name)
}

fn delete(shape: &Shape, random: &mut Random) -> String {
    format!("DELETE FROM {} WHERE {}", shape.name, condition(shape, random))
}
