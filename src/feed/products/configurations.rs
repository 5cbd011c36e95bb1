//! `configurations`: what can be chosen of a configurable product.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::column::product_super_attribute as super_attribute;
use crate::catalog::{Attribute, Sheet, Table};
use crate::decode::Value;
use crate::feed::eav::{DEFAULTS, stored_in};
use crate::feed::options::{Swatch, label, swatch, variant_reference_id};
use crate::feed::products::Scene;
use crate::feed::products::surroundings::{Relative, chosen_option};
use crate::feed::row;

impl Scene<'_> {
    /// The attributes to choose by, by position, each with the options that some enabled variant
    /// has. An attribute without such an option is left out.
    pub(super) fn configurations(&self) -> Vec<Json> {
        if !self.product.is_configurable() {
            return Vec::new();
        }
        let mut rows: Vec<_> = self.product.sheet.rows(Table::ProductSuperAttribute).collect();
        rows.sort_by_key(|row| {
            let id = row::id(row, super_attribute::PRODUCT_SUPER_ATTRIBUTE_ID);
            (row::int(row, super_attribute::POSITION).unwrap_or_default(), id)
        });
        let ids = rows.into_iter().filter_map(|row| row::id(row, super_attribute::ATTRIBUTE_ID));
        ids.filter_map(|id| self.configuration(self.shop.attribute(id)?)).collect()
    }

    fn configuration(&self, attribute: &Attribute) -> Option<Json> {
        let variants = self.around.children.iter().filter(|it| self.is_enabled(it));
        let chosen = variants.filter_map(|it| chosen_option(it, attribute.id, self.shop));
        let chosen: BTreeSet<u32> = chosen.collect();
        let of_attribute =
            |id: &u32| Some((*id, self.around.options.of_attribute(attribute.id, *id)?));
        let options = chosen.iter().filter_map(of_attribute);
        let values: Vec<Json> =
            options.map(|(id, option)| self.option_value(attribute.id, id, option)).collect();
        (!values.is_empty()).then(|| {
            json!({
                "attributeCode": attribute.code,
                "label": attribute.label(self.store.id),
                "type": if attribute.has_swatches { "SWATCH" } else { "CONFIGURABLE" },
                "values": values,
            })
        })
    }

    fn option_value(&self, attribute_id: u32, option_id: u32, option: &Sheet) -> Json {
        let store = self.store.id;
        let mut value = json!({
            "variantReferenceId": variant_reference_id(attribute_id, option_id),
            "label": label(option, store).unwrap_or_else(|| option_id.to_string()),
        });
        if let Json::Object(fields) = &mut value {
            match swatch(option, store) {
                Some(Swatch::Color(hex)) => {
                    fields.insert("colorHex".to_owned(), Json::String(hex));
                }
                Some(Swatch::Image(file)) => {
                    let url = self.urls().media_file("attribute/swatch", &file);
                    fields.insert("imageUrl".to_owned(), Json::String(url));
                }
                None => {}
            }
        }
        value
    }

    /// Whether a variant or part is enabled in this store view. Its stock and its websites don't matter.
    pub(super) fn is_enabled(&self, variant: &Relative) -> bool {
        let Some(status) = self.shop.attribute_by_code("status") else { return false };
        let row = stored_in(&variant.sheet, status, self.store.id)
            .or_else(|| stored_in(&variant.sheet, status, DEFAULTS));
        row.and_then(Value::as_int) == Some(1)
    }
}
