//! Owns the assembly of feed items from the catalog copy: one file per feed, canonical form, digest.
//!
//! [`assemble()`] takes the owner of a feed's items (a product, a category, an attribute, a website), the
//! [`Shop`](crate::catalog::Shop) and the catalog copy, and gives every item that should exist now.
//! Pure. Must not know what was sent before.
//!
//! **Canonical form.** Two items that mean the same are the same JSON, byte for byte, so that their
//! digests agree: object keys are sorted (`serde_json`'s map); every list has an order of its own,
//! by position, code, sku, quantity or id, and never the order in which rows were written; lists
//! and texts that the mapping always names are there even when empty; all else is absent rather
//! than `null`; a number is an integer when it is integral, else its shortest decimal text. Nothing
//! that changes by itself, such as the time of assembly, is part of an item.

mod assemble;
mod categories;
mod category_attributes;
mod directives;
mod eav;
mod extra;
mod fault;
mod key;
mod meta_tags;
mod number;
mod options;
mod price_books;
mod prices;
mod product_attributes;
mod products;
mod row;
mod rules;
mod urls;

#[cfg(test)]
mod shop_rows;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod touches_tests;

pub use assemble::{AssembleOptions, Assembled, Assembly, SpecialPriceDates, assemble};
pub use categories::categories_above;
pub use extra::{ExtraAttribute, ExtraAttributes};
pub use fault::AssembleFault;
pub use key::{Digest, Feed, FeedItem, FeedKey, FeedOwner, Identity};
pub use rules::{DisabledRules, Rule};
