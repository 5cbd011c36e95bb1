//! `bundles`: what a bundle is put together from.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::column::{bundle_option, bundle_option_value, bundle_selection};
use crate::decode::{Row, Value};
use crate::feed::number::number;
use crate::feed::products::Scene;
use crate::feed::row;

/// The group of an option that has no title.
const UNTITLED: &str = "Bundle group";

impl Scene<'_> {
    /// The options of a bundle, by position, each with the products to choose from. An option
    /// without any is left out. Status, websites and stock of the products don't matter: each has
    /// items of its own that say so.
    pub(super) fn bundles(&self) -> Vec<Json> {
        if !self.product.is_bundle() {
            return Vec::new();
        }
        let options = self.product.sheet.rows(Table::BundleOption);
        let options = by_position(options, bundle_option::POSITION, bundle_option::OPTION_ID);
        options.into_iter().filter_map(|option| self.bundle(option)).collect()
    }

    fn bundle(&self, option: &Row) -> Option<Json> {
        use bundle_selection as column;
        let option_id = row::id(option, bundle_option::OPTION_ID)?;
        let is_of_option = |row: &&Row| row::id(row, column::OPTION_ID) == Some(option_id);
        let selections = self.product.sheet.rows(Table::BundleSelection).filter(is_of_option);
        let mut seen = BTreeSet::new();
        let (mut items, mut default_skus) = (Vec::new(), Vec::new());
        for selection in by_position(selections, column::POSITION, column::SELECTION_ID) {
            let product = row::id(selection, column::PRODUCT_ID);
            let Some(sku) = product.and_then(|id| self.around.parts.bundle_skus.get(&id)) else {
                continue;
            };
            // The service refuses a whole item in which an option names a sku twice. The shop shows
            // both; of two choices that are the same product the first loses least.
            if !seen.insert(sku) {
                continue;
            }
            if row::flag(selection, column::IS_DEFAULT) {
                default_skus.push(sku);
            }
            items.push(json!({
                "sku": sku,
                "qty": number(row::decimal(selection, column::SELECTION_QTY).unwrap_or_default()),
                "userDefinedQty": row::flag(selection, column::SELECTION_CAN_CHANGE_QTY),
            }));
        }
        let kind = row::text(option, bundle_option::TYPE).unwrap_or_default();
        (!items.is_empty()).then(|| {
            json!({
                "group": self.bundle_group(option_id),
                "required": row::flag(option, bundle_option::REQUIRED),
                "multiSelect": matches!(kind, "checkbox" | "multi"),
                "defaultItemSkus": default_skus,
                "items": items,
            })
        })
    }

    fn bundle_group(&self, option_id: u32) -> &str {
        use bundle_option_value as column;
        let is_of_option = |row: &&Row| {
            row::id(row, column::OPTION_ID) == Some(option_id)
                && row::id(row, column::PARENT_PRODUCT_ID) == Some(self.product.id)
        };
        let titles = || self.product.sheet.rows(Table::BundleOptionValue).filter(is_of_option);
        let title = row::of_scope(titles, (column::STORE_ID, column::TITLE), self.store.id);
        title.and_then(Value::as_text).filter(|title| !title.is_empty()).unwrap_or(UNTITLED)
    }
}

/// Rows by their position, and by id where that is equal. NULL counts as 0.
pub(super) fn by_position<'a>(
    rows: impl Iterator<Item = &'a Row>,
    position: usize,
    id: usize,
) -> Vec<&'a Row> {
    let mut rows: Vec<&Row> = rows.collect();
    rows.sort_by_key(|row| (row::int(row, position).unwrap_or_default(), row::id(row, id)));
    rows
}
