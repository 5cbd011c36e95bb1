//! `images`: the gallery files of a product.

use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::column::{media_gallery, media_gallery_value as gallery};
use crate::decode::{Row, Value};
use crate::feed::eav::DEFAULTS;
use crate::feed::products::Scene;
use crate::feed::row;

/// The role attributes: a file has the role if the attribute's value is exactly the file's.
const ROLES: [(&str, &str); 4] = [
    ("image", "BASE"),
    ("small_image", "SMALL"),
    ("thumbnail", "THUMBNAIL"),
    ("swatch_image", "SWATCH"),
];

/// The role of images that the product page must not show; other uses may.
const HIDDEN: &str = "hide_from_pdp";

impl Scene<'_> {
    /// The images, by position and then by age.
    pub(super) fn images(&self) -> Vec<Json> {
        let mut images: Vec<(i128, u32, Json)> = Vec::new();
        for (value_id, sheet) in &self.around.media {
            let Some(file) = sheet.first(Table::MediaGallery) else { continue };
            if row::text(file, media_gallery::MEDIA_TYPE) != Some("image") {
                continue;
            }
            let path = row::text(file, media_gallery::VALUE).unwrap_or_default();
            if path.is_empty() {
                continue;
            }
            let position = self.gallery_value(*value_id, gallery::POSITION);
            let position = position.and_then(Value::as_int).unwrap_or_default();
            images.push((position, *value_id, self.image(*value_id, path)));
        }
        images.sort_by_key(|(position, value_id, _)| (*position, *value_id));
        images.into_iter().map(|(_, _, image)| image).collect()
    }

    fn image(&self, value_id: u32, path: &str) -> Json {
        let label = self.gallery_value(value_id, gallery::LABEL).and_then(Value::as_text);
        let disabled = self.gallery_value(value_id, gallery::DISABLED).and_then(Value::as_int);
        let custom_roles: &[&str] = if disabled == Some(1) { &[HIDDEN] } else { &[] };
        let roles = ROLES.iter().filter(|(code, _)| self.text(code).as_deref() == Some(path));
        json!({
            "url": self.urls().media_file("catalog/product", path),
            "label": label.unwrap_or_default(),
            "roles": roles.map(|(_, role)| *role).collect::<Vec<_>>(),
            "customRoles": custom_roles,
        })
    }

    /// A column of the file's gallery rows: the store view's, else, where that is NULL, the default
    /// one. Each column falls back on its own.
    fn gallery_value(&self, value_id: u32, column: usize) -> Option<&Value> {
        let of = |store: u32| {
            let is_wanted = |row: &&Row| {
                row::id(row, gallery::VALUE_ID) == Some(value_id)
                    && row::id(row, gallery::STORE_ID) == Some(store)
            };
            let mut rows = self.product.sheet.rows(Table::MediaGalleryValue).filter(is_wanted);
            rows.find_map(|row| row.get(column).filter(|value| !value.is_null()))
        };
        of(self.store.id).or_else(|| of(DEFAULTS))
    }
}
