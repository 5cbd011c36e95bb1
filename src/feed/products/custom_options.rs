//! `ac_customizable_options`: what customers say about the product that they want.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::catalog::column::{
    product_option as column, product_option_price, product_option_title,
    product_option_type_price, product_option_type_title, product_option_type_value as choice,
};
use crate::catalog::{Sheet, Table};
use crate::decode::{Row, Value};
use crate::feed::number::number;
use crate::feed::products::Scene;
use crate::feed::products::bundles::by_position;
use crate::feed::row;

/// The kinds of option with choices to select from.
const SELECTED: [&str; 4] = ["drop_down", "radio", "checkbox", "multiple"];
/// The kinds of option that take what a customer enters.
const ENTERED: [&str; 6] = ["field", "area", "file", "date", "date_time", "time"];

impl Scene<'_> {
    /// The custom options, by sort order, as JSON text:
    /// `{schemaVersion: 1, selectable: […], shopperInput: […]}`. A list is there only if it has
    /// something, and so is a key; `None` for a product without custom options. Options of kinds
    /// that extensions add are in neither list.
    pub(super) fn customizable_options(&self) -> Option<String> {
        let options = self.product.sheet.rows(Table::ProductOption);
        let options = by_position(options, column::SORT_ORDER, column::OPTION_ID);
        let (mut selectable, mut entered) = (Vec::new(), Vec::new());
        for option in options {
            let Some(id) = row::id(option, column::OPTION_ID) else { continue };
            let kind = row::text(option, column::TYPE).unwrap_or_default();
            if SELECTED.contains(&kind) {
                selectable.push(self.selectable(id, option));
            } else if ENTERED.contains(&kind) {
                entered.push(self.entered(id, option));
            }
        }
        let mut facts = Map::new();
        for (key, list) in [("selectable", selectable), ("shopperInput", entered)] {
            if !list.is_empty() {
                facts.insert(key.to_owned(), Json::Array(list));
            }
        }
        if facts.is_empty() {
            return None;
        }
        facts.insert("schemaVersion".to_owned(), json!(1));
        Some(Json::Object(facts).to_string())
    }

    /// `{id, label, renderType, required, sortOrder, type, values}`.
    fn selectable(&self, id: u32, option: &Row) -> Json {
        let choices = self.around.parts.options.get(&id);
        let choices = choices.into_iter().flat_map(|it| it.rows(Table::ProductOptionTypeValue));
        let choices = by_position(choices, choice::SORT_ORDER, choice::OPTION_TYPE_ID).into_iter();
        let values: Vec<Json> = choices.filter_map(|choice| self.choice(id, choice)).collect();
        present(json!({
            "id": id.to_string(),
            "label": self.option_title(id),
            "renderType": row::text(option, column::TYPE),
            "required": row::flag(option, column::IS_REQUIRE),
            "sortOrder": row::int(option, column::SORT_ORDER).unwrap_or_default(),
            "type": "custom_option",
            "values": values,
        }))
    }

    /// `{id, isDefault, label, price, priceType, sku, sortOrder}`.
    fn choice(&self, option: u32, choice: &Row) -> Option<Json> {
        use {product_option_type_price as price, product_option_type_title as title};
        let id = row::id(choice, choice::OPTION_TYPE_ID)?;
        let sheet = self.around.parts.choices.get(&id);
        let of_store = |table, columns| self.of_store(sheet, table, columns);
        let amount = of_store(Table::ProductOptionTypePrice, (price::STORE_ID, price::PRICE));
        let price_type =
            of_store(Table::ProductOptionTypePrice, (price::STORE_ID, price::PRICE_TYPE));
        let title = of_store(Table::ProductOptionTypeTitle, (title::STORE_ID, title::TITLE));
        Some(present(json!({
            "id": STANDARD.encode(format!("custom-option/{option}/{id}")),
            "isDefault": false,
            "label": title.and_then(Value::as_text),
            "price": amount.and_then(row::decimal_of).map(number),
            "priceType": price_type.and_then(Value::as_text),
            "sku": row::text(choice, choice::SKU),
            "sortOrder": row::int(choice, choice::SORT_ORDER).unwrap_or_default(),
        })))
    }

    /// `{fileExtension, id, imageSizeX, imageSizeY, label, price, priceType, productSku, range: {to},
    /// renderType, required, sku, sortOrder}`; the range is of characters.
    fn entered(&self, id: u32, option: &Row) -> Json {
        use product_option_price as price;
        let sheet = self.around.parts.options.get(&id);
        let of_store = |columns| self.of_store(sheet, Table::ProductOptionPrice, columns);
        let amount = of_store((price::STORE_ID, price::PRICE));
        let price_type = of_store((price::STORE_ID, price::PRICE_TYPE));
        present(json!({
            "fileExtension": row::text(option, column::FILE_EXTENSION),
            "id": STANDARD.encode(format!("custom-option/{id}")),
            "imageSizeX": row::int(option, column::IMAGE_SIZE_X),
            "imageSizeY": row::int(option, column::IMAGE_SIZE_Y),
            "label": self.option_title(id),
            "price": amount.and_then(row::decimal_of).map(number),
            "priceType": price_type.and_then(Value::as_text),
            "productSku": self.product.sku,
            "range": row::int(option, column::MAX_CHARACTERS).map(|to| json!({ "to": to })),
            "renderType": row::text(option, column::TYPE),
            "required": row::flag(option, column::IS_REQUIRE),
            "sku": row::text(option, column::SKU),
            "sortOrder": row::int(option, column::SORT_ORDER).unwrap_or_default(),
        }))
    }

    fn option_title(&self, option: u32) -> Option<&str> {
        use product_option_title as title;
        let sheet = self.around.parts.options.get(&option);
        self.of_store(sheet, Table::ProductOptionTitle, (title::STORE_ID, title::TITLE))?.as_text()
    }

    /// The value of the store view's row, else of the default one.
    fn of_store<'a>(
        &self,
        sheet: Option<&'a Sheet>,
        table: Table,
        columns: (usize, usize),
    ) -> Option<&'a Value> {
        let sheet = sheet?;
        row::of_scope(|| sheet.rows(table), columns, self.store.id)
    }
}

/// The object without the keys that have no value.
fn present(mut object: Json) -> Json {
    if let Json::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}
