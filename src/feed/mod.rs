//! Owns the assembly of feed items from the catalog copy: one file per feed, canonical form, digest.
//!
//! Pure: a [`CatalogRead`](crate::catalog::CatalogRead) goes in, bodies come out. Must not know
//! what was sent before.

mod key;

pub use key::{Digest, Feed, FeedItem, FeedKey, FeedOwner, Identity};
