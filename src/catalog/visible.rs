//! The catalog copy as it counts at an instant: of every product and category the version that the
//! shop shows then, in the form of a shop without content staging.
//!
//! A version counts from `created_in` on and no more at `updated_in`, both Unix seconds. Nothing is
//! written when one version gives way to the next; so whoever reads is told until when what was read
//! holds.

use std::cell::Cell;

use crate::catalog::versions::{entity_of, of_versions, plain_rows, span};
use crate::catalog::{CatalogRead, ForeignKey, Owner, ReadError, Reference, Sheet};

/// The end of time for versions that nothing follows (the shop writes 2147483647).
const OPEN_END_S: i128 = 2_147_483_647;

/// The first instant at which something that was read may be different without any row having
/// changed.
#[derive(Debug, Default)]
pub struct Horizon(Cell<Option<i64>>);

impl Horizon {
    /// Something changes at this Unix second; one that is past does not count.
    pub fn note(&self, at_s: i64, now_s: i64) {
        if at_s > now_s && self.0.get().is_none_or(|known| at_s < known) {
            self.0.set(Some(at_s));
        }
    }

    /// The Unix second of the first change, if any is known.
    pub fn first_change_s(&self) -> Option<i64> {
        self.0.get()
    }
}

/// A catalog copy at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Visible<'a, C> {
    catalog: &'a C,
    now_s: i64,
    horizon: &'a Horizon,
}

impl<'a, C: CatalogRead> Visible<'a, C> {
    /// `catalog` at the Unix second `now_s`; versions that begin or end later are noted.
    pub const fn new(catalog: &'a C, now_s: i64, horizon: &'a Horizon) -> Self {
        Self { catalog, now_s, horizon }
    }

    /// The version of a product or category that counts, if it has any.
    fn version(&self, entity: u32, versions: Reference) -> Result<Option<Sheet>, ReadError> {
        let ids = self.catalog.referrers(versions)?;
        let mut chosen: Option<(i128, Sheet)> = None;
        for id in ids {
            let owner = versions.referrer(id);
            let Some(sheet) = self.catalog.sheet(owner)? else { continue };
            if entity_of(owner, &sheet) != Some(entity) {
                continue;
            }
            let Some((from, until)) = span(owner, &sheet) else { continue };
            for at in [from, until] {
                if at < OPEN_END_S {
                    self.horizon.note(i64::try_from(at).unwrap_or(i64::MAX), self.now_s);
                }
            }
            let now = i128::from(self.now_s);
            let counts = from <= now && (now < until || until >= OPEN_END_S);
            // Of two that claim the same instant, which the shop rules out, the later one.
            if counts && chosen.as_ref().is_none_or(|(known, _)| *known <= from) {
                chosen = Some((from, sheet));
            }
        }
        Ok(chosen.map(|(_, sheet)| sheet))
    }
}

impl<C: CatalogRead> CatalogRead for Visible<'_, C> {
    fn sheet(&self, owner: Owner) -> Result<Option<Sheet>, ReadError> {
        let shared = self.catalog.sheet(owner)?;
        #[expect(clippy::wildcard_enum_match_arm, reason = "other owners have no versions")]
        let (entity, versions) = match owner {
            Owner::Product(id) => (id, Reference::EntityVersion(id)),
            Owner::Category(id) => (id, Reference::CategoryVersionOf(id)),
            _ => return Ok(shared),
        };
        let Some(version) = self.version(entity, versions)? else { return Ok(shared) };
        let mut sheet = shared.unwrap_or_default();
        for (table, key, row) in plain_rows(entity, &version) {
            sheet.insert(table, key, row);
        }
        Ok((!sheet.is_empty()).then_some(sheet))
    }

    /// May name one that refers by a version that does not count now: its sheet tells.
    fn referrers(&self, reference: Reference) -> Result<Vec<u32>, ReadError> {
        let mut found = self.catalog.referrers(reference)?;
        let Some(versions) = of_versions(reference) else { return Ok(found) };
        for id in self.catalog.referrers(versions)? {
            let owner = versions.referrer(id);
            let sheet = self.catalog.sheet(owner)?;
            found.extend(sheet.and_then(|sheet| entity_of(owner, &sheet)));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn lacks(&self, key: &ForeignKey) -> bool {
        self.catalog.lacks(key)
    }

    fn owner_ids_after(&self, after: Owner, limit: usize) -> Result<Vec<u32>, ReadError> {
        self.catalog.owner_ids_after(after, limit)
    }
}

#[cfg(test)]
mod tests;
