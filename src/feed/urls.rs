//! Where a store view's media files are reached.

use crate::catalog::{ConfigScope, FALLBACK_BASE_URL, Shop, StoreView, config_path};

/// The URL of a file below `folder` of the store view's media.
pub(crate) fn media_url(shop: &Shop, store: &StoreView, folder: &str, file: &str) -> String {
    let base = media_base_url(shop, store);
    let separator = if file.starts_with('/') { "" } else { "/" };
    format!("{base}{folder}{separator}{file}")
}

/// The store view's media URL, with a slash at its end. Configured URLs may be written in terms of one
/// another, and the unsecure ones count, as in any process without a web request.
pub(crate) fn media_base_url(shop: &Shop, store: &StoreView) -> String {
    let config = |path| shop.config(path, ConfigScope::StoreView(store.id));
    let base = |path| {
        let url = config(path).replace("{{base_url}}", FALLBACK_BASE_URL);
        with_slash(if url.is_empty() { FALLBACK_BASE_URL.to_owned() } else { url })
    };
    let unsecure = base(config_path::BASE_URL);
    let media = config(config_path::BASE_MEDIA_URL);
    if media.is_empty() {
        return format!("{unsecure}media/");
    }
    let media = media
        .replace("{{unsecure_base_url}}", &unsecure)
        .replace("{{secure_base_url}}", &base(config_path::SECURE_BASE_URL))
        .replace("{{base_url}}", FALLBACK_BASE_URL);
    with_slash(media)
}

fn with_slash(mut url: String) -> String {
    if !url.ends_with('/') {
        url.push('/');
    }
    url
}
