//! The URL of a category's image, which the shop stores in several forms.

use crate::catalog::{Shop, StoreView};
use crate::feed::urls::Urls;

/// Folders that stand for the media folder, as paths of the shop begin.
const MEDIA_FOLDERS: [&str; 2] = ["media/", "pub/media/"];

/// The URL of a stored value: a path or URL within the media folder, a bare file name, or a path of
/// its own, which is left alone.
pub(super) fn url(value: &str, shop: &Shop, store: &StoreView) -> String {
    let path = value
        .split_once("://")
        .map_or(value, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.trim_start_matches('/');
    let in_media = MEDIA_FOLDERS.iter().find_map(|folder| path.strip_prefix(folder));
    if let Some(file) = in_media {
        return format!("{}{file}", Urls::of(shop, store).media());
    }
    if value.starts_with('/') {
        return value.to_owned();
    }
    let file = value.rsplit('/').next().unwrap_or_default();
    Urls::of(shop, store).media_file("catalog/category", file)
}
