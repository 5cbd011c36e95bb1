//! What a product consists of or is sold with, beyond its own rows: the products in a bundle, the
//! downloads, the custom options.

use std::collections::BTreeMap;

use crate::catalog::column::{
    bundle_selection, downloadable_link, downloadable_sample, product_option,
    product_option_type_value,
};
use crate::catalog::{CatalogRead, Owner, ReadError, Sheet, Table};
use crate::feed::products::surroundings::Relative;
use crate::feed::row;

/// The parts of a product, read once for all store views.
#[derive(Default)]
pub(super) struct Parts {
    /// The skus of the products that a bundle's selections name, by `product_id`; one that does not
    /// exist is not in it.
    pub(super) bundle_skus: BTreeMap<u32, String>,
    /// Titles and prices of a downloadable product's links, by `link_id`.
    pub(super) links: BTreeMap<u32, Sheet>,
    /// Titles of a downloadable product's samples, by `sample_id`.
    pub(super) samples: BTreeMap<u32, Sheet>,
    /// Titles, prices and choices of custom options, by `option_id`.
    pub(super) options: BTreeMap<u32, Sheet>,
    /// Titles and prices of the choices of custom options, by `option_type_id`.
    pub(super) choices: BTreeMap<u32, Sheet>,
}

impl Parts {
    /// Reads what the product's type has. Custom options, which any type may have, are read only
    /// where they are sent.
    pub(super) fn read<C: CatalogRead>(
        product: &Relative,
        with_custom_options: bool,
        catalog: &C,
    ) -> Result<Self, ReadError> {
        let mut parts = Self::default();
        let sheet = &product.sheet;
        if product.is_bundle() {
            for id in ids(sheet, Table::BundleSelection, bundle_selection::PRODUCT_ID) {
                if let Some(part) = Relative::read(id, catalog)? {
                    parts.bundle_skus.insert(id, part.sku);
                }
            }
        }
        if product.is_downloadable() {
            let links = ids(sheet, Table::DownloadableLink, downloadable_link::LINK_ID);
            parts.links = sheets(links, Owner::DownloadableLink, catalog)?;
            let samples = ids(sheet, Table::DownloadableSample, downloadable_sample::SAMPLE_ID);
            parts.samples = sheets(samples, Owner::DownloadableSample, catalog)?;
        }
        if with_custom_options {
            let options = ids(sheet, Table::ProductOption, product_option::OPTION_ID);
            parts.options = sheets(options, Owner::CustomOption, catalog)?;
            let choice = product_option_type_value::OPTION_TYPE_ID;
            let choices = parts.options.values();
            let choices = choices.flat_map(|it| ids(it, Table::ProductOptionTypeValue, choice));
            parts.choices = sheets(choices, Owner::CustomOptionValue, catalog)?;
        }
        Ok(parts)
    }
}

fn ids(sheet: &Sheet, table: Table, column: usize) -> impl Iterator<Item = u32> {
    sheet.rows(table).filter_map(move |row| row::id(row, column))
}

fn sheets<C: CatalogRead>(
    ids: impl Iterator<Item = u32>,
    owner: fn(u32) -> Owner,
    catalog: &C,
) -> Result<BTreeMap<u32, Sheet>, ReadError> {
    let mut found = BTreeMap::new();
    for id in ids {
        found.extend(catalog.sheet(owner(id))?.map(|sheet| (id, sheet)));
    }
    Ok(found)
}
