//! `attributes`: stock and weight first, then the attributes that the shop's people defined.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::catalog::{Attribute, ConfigScope, config_path};
use crate::feed::number::number;
use crate::feed::options::variant_reference_id;
use crate::feed::products::Scene;
use crate::feed::products::surroundings::{Relative, chosen_option};
use crate::feed::row::decimal_of;

/// Built-in attributes that are sent along with the user-defined ones.
const ALSO_SENT: [&str; 2] = ["news_from_date", "news_to_date"];

impl Scene<'_> {
    pub(super) fn attributes(&self) -> Vec<Json> {
        let references = self.variant_reference_ids();
        let sent = self.shop.attributes_by_code().filter(|attribute| is_sent(attribute));
        let sent = sent.filter_map(|attribute| {
            let value = self.values.value(attribute, self.store.id)?;
            let values = self.around.options.texts(attribute, value, self.store.id);
            Some(match references.get(&attribute.id) {
                Some(reference) => json!({
                    "code": attribute.code, "values": values, "variantReferenceId": reference,
                }),
                None => json!({ "code": attribute.code, "values": values }),
            })
        });
        [self.stock_and_weight()].into_iter().chain(sent).collect()
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
    ALSO_SENT.contains(&attribute.code.as_str())
        || (attribute.is_user_defined && attribute.backend_type != "static")
}
