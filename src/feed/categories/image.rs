//! The URL of a category's image, which the shop stores in several forms.

use crate::catalog::{Shop, StoreView};
use crate::feed::urls::Urls;

/// Folders that stand for the media folder, as paths of the shop begin.
const MEDIA_FOLDERS: [&str; 2] = ["media/", "pub/media/"];

/// The URL of a stored value: a path or URL within the media folder, a bare file name, or a path of
/// its own, which is left alone.
pub(super) fn url(value: &str, shop: &Shop, store: &StoreView) -> String {
    let urls = Urls::of(shop, store);
    let path = below(path_of(&urls.base()), path_of(value)).trim_start_matches('/');
    let in_media = MEDIA_FOLDERS.iter().find_map(|folder| path.strip_prefix(folder));
    if let Some(file) = in_media {
        return format!("{}{file}", urls.media());
    }
    if value.starts_with('/') {
        return value.to_owned();
    }
    let file = value.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    urls.media_file("catalog/category", file)
}

/// The path in a URL, or in a path itself: without scheme, host, query and fragment.
fn path_of(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let behind_scheme = url.split_once("://").map(|(_, rest)| rest);
    let Some(rest) = behind_scheme.or_else(|| url.strip_prefix("//")) else { return url };
    rest.find('/').map_or("", |at| rest.split_at(at).1)
}

/// What of `path` is below `folder`, where the shop may be; all of it, if it is not below.
fn below<'a>(folder: &str, path: &'a str) -> &'a str {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
}
