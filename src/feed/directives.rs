//! Directives in texts, `{{name key="value"}}`, which the shop replaces when it shows a page.
//!
//! Field mapping: products, categories. What can be told from the configuration is filled in as the
//! store view would:
//!
//! - `{{media url="a/b.jpg"}}`: the file below the media URL;
//! - `{{store url="contact"}}`: the page below the link URL, with a slash at its end;
//!   `{{store direct_url="a.html"}}`: the same, as it is written;
//! - `{{config path="web/unsecure/base_url"}}`: the value, if it is of a path that the catalog copy
//!   keeps ([`CONFIG_PATHS`]), else nothing.
//!
//! Widgets, blocks and the like can only be made by the shop's own code; their directives are
//! instructions and no text, so they leave nothing behind. A name that no such directive has stays
//! as it is written, as in the shop: other software uses double braces, too.

use crate::catalog::{CONFIG_PATHS, Shop, StoreView, config_path};
use crate::feed::urls::Urls;

/// Directives of which nothing can be said without the shop's own code.
const SILENT: [&str; 12] = [
    "block",
    "css",
    "customvar",
    "include",
    "inlinecss",
    "layout",
    "protocol",
    "template",
    "trans",
    "var",
    "view",
    "widget",
];

/// The text with its directives replaced, for a store view. A text without any is given back as it
/// came.
pub(crate) fn expand(text: String, shop: &Shop, store: &StoreView) -> String {
    if !text.contains("{{") {
        return text;
    }
    let urls = Urls::of(shop, store);
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, opened)) = rest.split_once("{{") {
        expanded.push_str(before);
        let Some((inside, after)) = opened.split_once("}}") else {
            expanded.push_str("{{");
            rest = opened;
            break;
        };
        if let Some(replacement) = replacement(inside, urls) {
            expanded.push_str(&replacement);
        } else {
            expanded.push_str("{{");
            expanded.push_str(inside);
            expanded.push_str("}}");
        }
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

/// What stands in the place of a directive; `None` for what is none.
fn replacement(inside: &str, urls: Urls<'_>) -> Option<String> {
    let (name, parameters) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let name = name.to_ascii_lowercase();
    if SILENT.contains(&name.as_str()) {
        return Some(String::new());
    }
    let parameters = parameters_of(parameters);
    let value = |key: &str| {
        let mut found = parameters.iter().filter(|(name, _)| name == key);
        found.next().map(|(_, value)| value.as_str())
    };
    Some(match name.as_str() {
        "media" => value("url").map(|file| media(file, urls)).unwrap_or_default(),
        "store" => match (value("direct_url"), value("url")) {
            (Some(path), _) => urls.link() + path.trim_start_matches('/'),
            (None, path) => page(path.unwrap_or_default(), urls),
        },
        "config" => value("path").map(|path| config(path, urls)).unwrap_or_default(),
        _ => return None,
    })
}

/// The shop refuses to leave the media folder; so do we, and show nothing.
fn media(file: &str, urls: Urls<'_>) -> String {
    if file.contains("://") || file.contains("../") {
        return String::new();
    }
    urls.media() + file.trim_start_matches('/')
}

fn page(path: &str, urls: Urls<'_>) -> String {
    let path = path.trim_start_matches('/');
    let has_end = path.is_empty() || path.ends_with('/') || path.contains(['?', '#']);
    format!("{}{path}{}", urls.link(), if has_end { "" } else { "/" })
}

fn config(path: &str, urls: Urls<'_>) -> String {
    match path {
        config_path::BASE_URL => urls.base(),
        config_path::SECURE_BASE_URL => urls.secure_base(),
        config_path::BASE_MEDIA_URL => urls.media(),
        config_path::BASE_LINK_URL => urls.link(),
        _ if CONFIG_PATHS.contains(&path) => urls.config(path).to_owned(),
        _ => String::new(),
    }
}

/// The `key=value` pairs of a directive, values with or without quotes, in the order of the text.
/// Editors write quotes as entities inside of attributes.
fn parameters_of(text: &str) -> Vec<(String, String)> {
    let mut text = text.to_owned();
    for (entity, character) in [("&quot;", "\""), ("&#039;", "'"), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, character);
    }
    let mut pairs = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        let key = before.split_whitespace().next_back().unwrap_or_default();
        let after = after.trim_start();
        let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
        let value = match quote {
            Some(quote) => {
                let inside = after.strip_prefix(quote).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        pairs.push((key.to_owned(), value.0.to_owned()));
        rest = value.1;
    }
    pairs
}

#[cfg(test)]
mod tests;
