//! Attribute options: their labels, swatches and the ids by which variants are chosen.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::catalog::column::{
    eav_attribute_option, eav_attribute_option_swatch, eav_attribute_option_value,
};
use crate::catalog::{Attribute, CatalogRead, Owner, ReadError, Sheet, Table};
use crate::decode::{Row, Value};
use crate::feed::eav::DEFAULTS;
use crate::feed::row;

const BOOLEAN_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Boolean";
const OPTION_TABLE_SOURCE: &str = r"Magento\Eav\Model\Entity\Attribute\Source\Table";

/// The number of a swatch that is a colour.
const SWATCH_COLOR: i128 = 1;
/// The number of a swatch that is an image.
const SWATCH_IMAGE: i128 = 2;

/// A swatch that the service can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Swatch {
    /// A colour, as `#rrggbb`.
    Color(String),
    /// An image, as a path below the swatch folder.
    Image(String),
}

/// Whether the attribute's values 0 and 1 mean no and yes.
pub(crate) fn is_boolean(attribute: &Attribute) -> bool {
    attribute.source_model == BOOLEAN_SOURCE
}

/// Whether the attribute's values may be ids of options.
fn takes_options(attribute: &Attribute) -> bool {
    let input = attribute.frontend_input.as_str();
    matches!(input, "select" | "multiselect") && !is_boolean(attribute)
}

/// The option ids that a value may stand for: one, or several with commas between them.
pub(crate) fn option_ids(attribute: &Attribute, value: &Value) -> Vec<u32> {
    if !takes_options(attribute) {
        return Vec::new();
    }
    let raw = value.to_char().unwrap_or_default();
    raw.split(',').filter_map(|id| id.parse().ok()).collect()
}

/// The id by which a variant refers to the option of its parent.
pub(crate) fn variant_reference_id(attribute_id: u32, option_id: u32) -> String {
    STANDARD.encode(format!("configurable/{attribute_id}/{option_id}"))
}

/// Attribute options by id.
pub(crate) struct Options(BTreeMap<u32, Sheet>);

impl Options {
    /// Reads these options; ids that are no option are left out.
    pub(crate) fn read<C: CatalogRead>(
        ids: impl IntoIterator<Item = u32>,
        catalog: &C,
    ) -> Result<Self, ReadError> {
        let mut options = BTreeMap::new();
        for id in ids {
            if let Some(sheet) = catalog.sheet(Owner::AttributeOption(id))? {
                options.insert(id, sheet);
            }
        }
        Ok(Self(options))
    }

    /// The option, if it exists and is one of the attribute's.
    pub(crate) fn of_attribute(&self, attribute_id: u32, option_id: u32) -> Option<&Sheet> {
        let sheet = self.0.get(&option_id)?;
        let row = sheet.first(Table::EavAttributeOption)?;
        (row::id(row, eav_attribute_option::ATTRIBUTE_ID) == Some(attribute_id)).then_some(sheet)
    }

    /// An attribute's value as texts: yes or no, option labels, or the value as it is stored.
    pub(crate) fn texts(&self, attribute: &Attribute, value: &Value, store: u32) -> Vec<String> {
        let raw = value.to_char().unwrap_or_default();
        if is_boolean(attribute) {
            let text = match raw.as_str() {
                "0" => "no",
                "1" => "yes",
                other => other,
            };
            return vec![text.to_owned()];
        }
        if !takes_options(attribute) {
            return vec![raw];
        }
        let option = |raw: &str| self.of_attribute(attribute.id, raw.parse().ok()?);
        let has_options = matches!(attribute.source_model.as_str(), "" | OPTION_TABLE_SOURCE);
        // A source model of an extension gives meanings that are in no table, unless the attribute
        // has options all the same.
        if !has_options && !raw.split(',').any(|id| option(id).is_some()) {
            return vec![raw];
        }
        let label = |id: &str| option(id).and_then(|sheet| label(sheet, store));
        raw.split(',').map(|id| label(id).unwrap_or_else(|| id.to_owned())).collect()
    }
}

/// The option's label: the store view's, else the default one.
pub(crate) fn label(option: &Sheet, store: u32) -> Option<String> {
    use eav_attribute_option_value as column;
    let labels = || option.rows(Table::EavAttributeOptionValue);
    let row = row_with_value(labels, (column::STORE_ID, column::VALUE), store)?;
    row::text(row, column::VALUE).map(str::to_owned)
}

/// The option's swatch: the store view's if it has a value, else the default one.
pub(crate) fn swatch(option: &Sheet, store: u32) -> Option<Swatch> {
    use eav_attribute_option_swatch as column;
    let swatches = || option.rows(Table::EavAttributeOptionSwatch);
    let row = row_with_value(swatches, (column::STORE_ID, column::VALUE), store)?;
    let value = row::text(row, column::VALUE).filter(|value| !value.is_empty())?.to_owned();
    match row::int(row, column::TYPE)? {
        SWATCH_COLOR => Some(Swatch::Color(value)),
        SWATCH_IMAGE => Some(Swatch::Image(value)),
        _ => None,
    }
}

/// The row of the store, else of the defaults, whose value is not NULL.
fn row_with_value<'a, I: Iterator<Item = &'a Row>>(
    rows: impl Fn() -> I,
    (store_id, value): (usize, usize),
    store: u32,
) -> Option<&'a Row> {
    let of = |wanted: u32| {
        let has_value =
            |row: &&Row| row::id(row, store_id) == Some(wanted) && row::text(row, value).is_some();
        rows().find(has_value)
    };
    of(store).or_else(|| of(DEFAULTS))
}
