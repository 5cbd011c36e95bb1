//! `routes`: the categories in which a store view shows the product.
//!
//! The shop keeps an index of this, which is swapped by renames and lags behind; it is computed here
//! from the rows that the index is made of (Commerce feeds: category product index).

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::column::category_product;
use crate::feed::eav::indexed_in;
use crate::feed::products::Scene;
use crate::feed::products::surroundings::Relative;
use crate::feed::row;

/// What an anchor adds to the position that a product has in a category below it.
const BELOW: i128 = 10_000;

impl Scene<'_> {
    /// The routes, by path.
    pub(super) fn routes(&self) -> Vec<Json> {
        if !self.is_indexed() {
            return Vec::new();
        }
        let mut routes: BTreeMap<String, i128> = BTreeMap::new();
        for (id, position) in self.positions() {
            let mut branches = self.around.branches.values();
            let slug = branches.find_map(|branch| branch.slug(id, self.shop, self.store));
            let Some(path) = slug else { continue };
            let place = routes.entry(path).or_insert(position);
            *place = position.min(*place);
        }
        let route = |(path, position): (String, i128)| json!({ "path": path, "position": i64::try_from(position).unwrap_or_default() });
        routes.into_iter().map(route).collect()
    }

    /// The categories that show the product, and its position there.
    fn positions(&self) -> BTreeMap<u32, i128> {
        let store = self.store.id;
        let rows = self.product.sheet.rows(Table::CategoryProduct);
        let direct: BTreeMap<u32, i128> = rows
            .filter_map(|row| {
                let position = row::int(row, category_product::POSITION).unwrap_or_default();
                Some((row::id(row, category_product::CATEGORY_ID)?, position))
            })
            .collect();
        let (mut own, mut below) = (BTreeMap::new(), BTreeMap::new());
        for (id, position) in &direct {
            let Some(branch) = self.around.branches.get(id) else { continue };
            if !branch.is_in(*id, self.shop, self.store)
                || !branch.category().is_indexed(self.shop, store)
            {
                continue;
            }
            for level in branch.levels().filter(|level| level.is_indexed(self.shop, store)) {
                if level.id == *id {
                    own.insert(*id, *position);
                } else if branch.is_in(level.id, self.shop, self.store)
                    && level.is_anchor(self.shop, store)
                {
                    let least = below.entry(level.id).or_insert(*position);
                    *least = (*least).min(*position);
                }
            }
        }
        let anchored = below.into_iter().map(|(id, least)| {
            (id, direct.get(&id).copied().unwrap_or_else(|| least.saturating_add(BELOW)))
        });
        let mut positions: BTreeMap<u32, i128> = anchored.collect();
        positions.extend(own);
        positions
    }

    /// Whether the shop's index takes the product: enabled, visible, and, if it consists of others,
    /// with one that is enabled.
    fn is_indexed(&self) -> bool {
        let has = |code: &str, wanted: &[i128]| {
            self.indexed_value(self.product, code).is_some_and(|value| wanted.contains(&value))
        };
        let consists_of_others = self.product.sheet.first(Table::ProductRelation).is_some();
        let mut parts = self.around.members.iter();
        let is_complete =
            !consists_of_others || parts.any(|part| self.indexed_value(part, "status") == Some(1));
        has("status", &[1]) && has("visibility", &[2, 3, 4]) && is_complete
    }

    fn indexed_value(&self, product: &Relative, code: &str) -> Option<i128> {
        indexed_in(&product.sheet, self.shop.attribute_by_code(code)?, self.store.id)
    }
}
