//! `metaTags` of products and categories.

use serde_json::{Map, Value as Json, json};

use crate::feed::eav::Values;

/// Title, description and keywords, as far as there are any: the keywords of a text are its lines.
pub(crate) fn meta_tags(values: &Values<'_>, store: u32, keywords: &str) -> Map<String, Json> {
    let mut tags = Map::new();
    for (tag, code) in [("title", "meta_title"), ("description", "meta_description")] {
        if let Some(text) = values.text(code, store) {
            tags.insert(tag.to_owned(), Json::String(text));
        }
    }
    let text = values.text(keywords, store).unwrap_or_default();
    let keywords = text.split('\n').map(str::trim).filter(|keyword| !keyword.is_empty());
    let keywords: Vec<&str> = keywords.collect();
    if !keywords.is_empty() {
        tags.insert("keywords".to_owned(), json!(keywords));
    }
    tags
}
