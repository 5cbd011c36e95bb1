//! Which foreign keys of the watched tables delete rows along with their parent.
//!
//! `SHOW CREATE TABLE` tells, to an account with SELECT on the table; the views of
//! `information_schema` that do are empty for such an account on MariaDB.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{TableId, Watch};
use crate::source::params::quoted;
use crate::source::{Connection, SourceError};

/// Per table that the shop has: the columns whose foreign keys say ON DELETE CASCADE, each with the
/// watched table that it refers to.
pub type CascadingKeys = BTreeMap<TableId, BTreeSet<(String, TableId)>>;

/// Reads the foreign keys of the watched tables.
pub async fn cascading_keys(
    conn: &mut Connection,
    watch: &Watch,
) -> Result<CascadingKeys, SourceError> {
    let ids: BTreeMap<String, TableId> =
        watch.tables().map(|(id, table)| (watch.full_name(table), id)).collect();
    let mut keys = CascadingKeys::new();
    for (name, id) in &ids {
        let sql = format!("SHOW CREATE TABLE {}.{}", quoted(&watch.schema), quoted(name));
        let rows = match conn.rows("read the foreign keys of the watched tables", &sql).await {
            Ok(rows) => rows,
            Err(error) if error.is_no_such_table() => continue,
            Err(error) => return Err(error),
        };
        let definition = rows.first().and_then(|row| row.at(1)).unwrap_or_default();
        let found = definition.lines().filter_map(cascading_key);
        let watched = found.filter_map(|(column, parent)| Some((column, *ids.get(&parent)?)));
        keys.insert(*id, watched.collect());
    }
    Ok(keys)
}

/// Column and parent of a line like
/// `` CONSTRAINT `k` FOREIGN KEY (`store_id`) REFERENCES `store` (`store_id`) ON DELETE CASCADE ``.
fn cascading_key(line: &str) -> Option<(String, String)> {
    let (_, key) = line.trim().split_once("FOREIGN KEY (")?;
    let (column, rest) = key.split_once(") REFERENCES ")?;
    let (parent, actions) = rest.split_once(" (")?;
    let name = |quoted: &str| quoted.trim_matches('`').replace("``", "`");
    actions.contains("ON DELETE CASCADE").then(|| (name(column).to_lowercase(), name(parent)))
}

#[cfg(test)]
mod tests {
    use super::cascading_key;

    #[test]
    fn only_keys_that_delete_along_are_found() {
        let key = |line: &str| cascading_key(line);
        let cascading = "  CONSTRAINT `a` FOREIGN KEY (`store_id`) REFERENCES `m2_store` \
                         (`store_id`) ON DELETE CASCADE ON UPDATE NO ACTION,";
        assert_eq!(key(cascading), Some(("store_id".to_owned(), "m2_store".to_owned())));
        assert_eq!(key("CONSTRAINT `a` FOREIGN KEY (`x`) REFERENCES `t` (`x`)"), None);
        assert_eq!(
            key("CONSTRAINT `a` FOREIGN KEY (`x`) REFERENCES `t` (`x`) ON DELETE SET NULL"),
            None
        );
        assert_eq!(key("  PRIMARY KEY (`store_id`),"), None);
        // Another schema's table is none of ours.
        let foreign = "FOREIGN KEY (`x`) REFERENCES `other`.`store` (`x`) ON DELETE CASCADE";
        assert_eq!(key(foreign), Some(("x".to_owned(), "other`.`store".to_owned())));
    }
}
