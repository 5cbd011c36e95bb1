//! `attributes`: stock and weight first, then the attributes that the shop's people defined.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::catalog::column::product_entity;
use crate::catalog::{Attribute, ConfigScope, Table, config_path};
use crate::decode::Value;
use crate::feed::number::number;
use crate::feed::options::variant_reference_id;
use crate::feed::products::Scene;
use crate::feed::products::surroundings::{Relative, chosen_option};
use crate::feed::row::decimal_of;
use crate::feed::{ExtraAttribute, row};

/// Built-in attributes that are sent along with the user-defined ones.
const ALSO_SENT: [&str; 2] = ["news_from_date", "news_to_date"];

/// Codes that the first attribute stands for, or that the official mapping keeps back.
const NOT_SENT: [&str; 5] = ["categories", "inStock", "lowStock", "weight", "weightType"];

/// The tax class of products that have none.
const NO_TAX_CLASS: &str = "no";

impl Scene<'_> {
    /// Stock and weight, and then every other attribute by code.
    pub(super) fn attributes(&self) -> Vec<Json> {
        let references = self.variant_reference_ids();
        let sent = self.shop.attributes_by_code().filter(|attribute| is_sent(attribute));
        let sent = sent.filter_map(|attribute| {
            let value = self.values.value(attribute, self.store.id)?;
            let values = self.around.options.texts(attribute, value, self.store.id);
            let mut element = json!({ "code": attribute.code, "values": values });
            if let (Json::Object(fields), Some(reference)) =
                (&mut element, references.get(&attribute.id))
            {
                fields.insert("variantReferenceId".to_owned(), json!(reference));
            }
            Some((attribute.code.as_str(), element))
        });
        let mut by_code: BTreeMap<&str, Json> = sent.collect();
        for (code, text) in self.made_attributes() {
            by_code.insert(code, json!({ "code": code, "values": [text] }));
        }
        [self.stock_and_weight()].into_iter().chain(by_code.into_values()).collect()
    }

    /// The attributes that are made of other data than attribute values.
    fn made_attributes(&self) -> Vec<(&'static str, String)> {
        let mut made = Vec::new();
        for attribute in self.extra {
            let text = match attribute {
                ExtraAttribute::AttributeSet => self.attribute_set(),
                ExtraAttribute::CustomizableOptions => self.customizable_options(),
                ExtraAttribute::Downloadable => {
                    self.product.is_downloadable().then(|| self.downloads())
                }
                ExtraAttribute::Inventory => self.inventory_settings(),
                ExtraAttribute::TaxClass => Some(self.tax_class()),
            };
            made.extend(text.map(|text| (attribute.code(), text)));
        }
        made
    }

    fn attribute_set(&self) -> Option<String> {
        let main = self.product.sheet.first(Table::ProductEntity)?;
        let id = row::id(main, product_entity::ATTRIBUTE_SET_ID)?;
        self.shop.attribute_sets.get(&id).filter(|name| !name.is_empty()).cloned()
    }

    fn tax_class(&self) -> String {
        let id = self.values.value_by_code("tax_class_id", self.store.id).and_then(Value::as_id);
        let name = id.and_then(|id| self.shop.tax_classes.get(&id));
        name.filter(|name| !name.is_empty()).map_or(NO_TAX_CLASS, String::as_str).to_owned()
    }

    /// The first attribute: one value, which is JSON text in itself.
    fn stock_and_weight(&self) -> Json {
        let text = |flag: bool| if flag { "true" } else { "false" };
        let mut facts = json!({
            "inStock": text(self.is_in_stock()), "lowStock": text(self.is_low_stock()),
        });
        let weight = self.values.value_by_code("weight", self.store.id).and_then(decimal_of);
        if let (Json::Object(facts), Some(weight)) = (&mut facts, weight) {
            let scope = ConfigScope::StoreView(self.store.id);
            let unit = self.shop.config(config_path::WEIGHT_UNIT, scope);
            facts.insert("weight".to_owned(), number(weight));
            facts.insert("weightType".to_owned(), json!(unit));
        }
        json!({ "code": "aco_ac_attributes", "values": [facts.to_string()] })
    }

    /// By attribute, the option of a parent by which this product is chosen as its variant.
    fn variant_reference_ids(&self) -> BTreeMap<u32, String> {
        let attributes = self.around.parents.iter().flat_map(Relative::super_attribute_ids);
        attributes
            .filter_map(|id| {
                let option = chosen_option(self.product, id, self.shop)?;
                Some((id, variant_reference_id(id, option)))
            })
            .collect()
    }
}

fn is_sent(attribute: &Attribute) -> bool {
    let code = attribute.code.as_str();
    ALSO_SENT.contains(&code)
        || (attribute.is_user_defined
            && attribute.backend_type != "static"
            && !NOT_SENT.contains(&code))
}
