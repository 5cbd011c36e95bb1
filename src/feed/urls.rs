//! Where a store view is reached: its pages and its media files.
//!
//! Configured URLs may be written in terms of one another, and the unsecure ones count, as in any
//! process without a web request.

use crate::catalog::{ConfigScope, FALLBACK_BASE_URL, Shop, StoreView, config_path};

/// The URLs of a store view. Each base URL has a slash at its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Urls<'a> {
    shop: &'a Shop,
    store: &'a StoreView,
}

impl<'a> Urls<'a> {
    pub(crate) const fn of(shop: &'a Shop, store: &'a StoreView) -> Self {
        Self { shop, store }
    }

    /// The base URL.
    pub(crate) fn base(self) -> String {
        self.plain(config_path::BASE_URL)
    }

    /// The base URL over TLS.
    pub(crate) fn secure_base(self) -> String {
        self.plain(config_path::SECURE_BASE_URL)
    }

    /// Where media files are.
    pub(crate) fn media(self) -> String {
        let media = self.config(config_path::BASE_MEDIA_URL);
        if media.is_empty() { format!("{}media/", self.base()) } else { self.filled(media) }
    }

    /// The URL of a file below `folder` of the media files.
    pub(crate) fn media_file(self, folder: &str, file: &str) -> String {
        let separator = if file.starts_with('/') { "" } else { "/" };
        format!("{}{folder}{separator}{file}", self.media())
    }

    /// Where pages are: below `index.php` unless the web server rewrites URLs, and below the store
    /// view's code if the shop adds it.
    pub(crate) fn link(self) -> String {
        let link = self.config(config_path::BASE_LINK_URL);
        let mut link = if link.is_empty() { self.base() } else { self.filled(link) };
        if self.config(config_path::USE_REWRITES) != "1" {
            link.push_str("index.php/");
        }
        if self.config(config_path::STORE_CODE_IN_URLS) == "1" {
            link.push_str(&self.store.code);
            link.push('/');
        }
        link
    }

    /// The configured value of a path in the store view.
    pub(crate) fn config(self, path: &str) -> &'a str {
        self.shop.config(path, ConfigScope::StoreView(self.store.id))
    }

    /// A URL that others are written in terms of.
    fn plain(self, path: &str) -> String {
        let url = self.config(path).replace("{{base_url}}", FALLBACK_BASE_URL);
        with_slash(if url.is_empty() { FALLBACK_BASE_URL.to_owned() } else { url })
    }

    fn filled(self, url: &str) -> String {
        let url = url
            .replace("{{unsecure_base_url}}", &self.base())
            .replace("{{secure_base_url}}", &self.secure_base())
            .replace("{{base_url}}", FALLBACK_BASE_URL);
        with_slash(url)
    }
}

fn with_slash(mut url: String) -> String {
    if !url.ends_with('/') {
        url.push('/');
    }
    url
}
