//! Foreign keys that a shop should have and lacks: an online schema change leaves them out, a dump
//! may have been loaded without them.
//!
//! The catalog copy deletes rows along with their parents as the foreign keys of Commerce do. Where
//! one is missing the shop keeps such rows, so their tables are read again.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{FOREIGN_KEYS, cascade_children};
use crate::decode::{RowChange, TableId};
use crate::source::CascadingKeys;

/// Tables that must be read again when a row of the table before them is deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MissingKeys {
    children: BTreeMap<TableId, BTreeSet<TableId>>,
}

impl MissingKeys {
    /// What the shop lacks, given the foreign keys of the tables that it has.
    pub(crate) fn of(there: &CascadingKeys) -> Self {
        let mut missing = Self::default();
        for key in FOREIGN_KEYS {
            let (child, parent) = (key.child.id(), key.parent.id());
            let column = key.child.watched().columns.get(key.column);
            let (Some(keys), Some(column)) = (there.get(&child), column) else { continue };
            let is_there = keys.contains(&(column.name.to_owned(), parent));
            if there.contains_key(&parent) && !is_there {
                let children = missing.children.entry(parent).or_default();
                let below = cascade_children(key.child).into_iter().map(crate::catalog::Table::id);
                children.extend(below.filter(|below| there.contains_key(below)));
                children.insert(child);
            }
        }
        missing
    }

    /// The tables that `change` leaves in doubt.
    pub(crate) fn doubted_by(&self, change: &RowChange) -> impl Iterator<Item = TableId> {
        let deletes = change.cascades && change.before.is_some() && change.after.is_none();
        let children = self.children.get(&change.table).filter(|_| deletes);
        children.into_iter().flatten().copied()
    }

    /// The tables whose rows may be deleted without those below them.
    pub(crate) fn parents(&self) -> impl Iterator<Item = TableId> {
        self.children.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Table;
    use crate::decode::Value;

    fn all_but(absent: impl Fn(&crate::catalog::ForeignKey) -> bool) -> CascadingKeys {
        let mut keys = CascadingKeys::new();
        for table in Table::of_layout(crate::decode::TableLayout::Plain) {
            keys.entry(table.id()).or_default();
        }
        for key in FOREIGN_KEYS.iter().filter(|key| !absent(key)) {
            let column = key.child.watched().columns[key.column].name.to_owned();
            if let Some(columns) = keys.get_mut(&key.child.id()) {
                columns.insert((column, key.parent.id()));
            }
        }
        keys
    }

    #[test]
    fn a_shop_with_all_its_keys_lacks_none() {
        assert_eq!(MissingKeys::of(&all_but(|_| false)), MissingKeys::default());
    }

    #[test]
    fn a_delete_puts_in_doubt_what_a_missing_key_would_have_deleted_and_what_is_below() {
        let missing = MissingKeys::of(&all_but(|key| {
            key.child == Table::EavAttributeOption && key.parent == Table::EavAttribute
        }));
        let change = |table: Table, cascades| RowChange {
            table: table.id(),
            before: Some(vec![Value::Int(1)]),
            after: None,
            cascades,
        };
        let doubted: Vec<_> = missing.doubted_by(&change(Table::EavAttribute, true)).collect();
        let expected = [
            Table::EavAttributeOption,
            Table::EavAttributeOptionValue,
            Table::EavAttributeOptionSwatch,
        ];
        assert_eq!(doubted, expected.map(Table::id));
        assert_eq!(missing.doubted_by(&change(Table::EavAttribute, false)).count(), 0);
        assert_eq!(missing.doubted_by(&change(Table::Store, true)).count(), 0);
    }
}
