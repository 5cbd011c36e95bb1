//! Feeds, feed keys and feed items.

use std::fmt;

use serde_json::Value as Json;
use sha1::{Digest as _, Sha1};

use crate::catalog::Owner;

/// A feed: one kind of payload that the service takes.
///
/// The order is the order of a first sync: what others refer to goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feed {
    /// Product attribute metadata.
    ProductAttributes,
    /// Category attribute metadata.
    CategoryAttributes,
    /// Categories.
    Categories,
    /// Products.
    Products,
    /// Price books.
    PriceBooks,
    /// Prices.
    Prices,
}

impl Feed {
    /// Every feed, in first-sync order.
    pub const ALL: [Self; 6] = [
        Self::ProductAttributes,
        Self::CategoryAttributes,
        Self::Categories,
        Self::Products,
        Self::PriceBooks,
        Self::Prices,
    ];

    /// The feed's name in commands, config and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProductAttributes => "productAttributes",
            Self::CategoryAttributes => "categoryAttributes",
            Self::Categories => "categories",
            Self::Products => "products",
            Self::PriceBooks => "priceBooks",
            Self::Prices => "prices",
        }
    }

    /// The feed with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.name() == name)
    }

    /// The feed's number in stored keys: never change one.
    pub const fn code(self) -> u8 {
        match self {
            Self::ProductAttributes => 1,
            Self::CategoryAttributes => 2,
            Self::Categories => 3,
            Self::Products => 4,
            Self::PriceBooks => 5,
            Self::Prices => 6,
        }
    }

    /// The feed with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.code() == code)
    }

    /// The kind of owner that its items are assembled from, by the owner's id.
    pub const fn owner_kind(self) -> fn(u32) -> Owner {
        match self {
            Self::ProductAttributes | Self::CategoryAttributes => Owner::Attribute,
            Self::Categories => Owner::Category,
            Self::Products | Self::Prices => Owner::Product,
            Self::PriceBooks => Owner::Website,
        }
    }

    /// Most items in one request (ACO connector guide: batch limits).
    pub const fn batch_items_max(self) -> usize {
        match self {
            Self::ProductAttributes
            | Self::CategoryAttributes
            | Self::Categories
            | Self::Products => 100,
            Self::PriceBooks | Self::Prices => 500,
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What names an item within its feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// `productAttributes`: attribute code and store view code.
    Attribute {
        /// `eav_attribute.attribute_code`.
        code: String,
        /// `store.code`, sent as `source.locale`.
        store: String,
    },
    /// `categoryAttributes`: attribute code and store view code.
    CategoryAttribute {
        /// `eav_attribute.attribute_code`.
        code: String,
        /// `store.code`, sent as `source.locale`.
        store: String,
    },
    /// `categories`: slug and store view code.
    Category {
        /// The url keys from below the store's root on, joined by `/`.
        slug: String,
        /// `store.code`, sent as `source.locale`.
        store: String,
    },
    /// `products`: sku and store view code.
    Product {
        /// `catalog_product_entity.sku`, byte for byte.
        sku: String,
        /// `store.code`, sent as `source.locale`.
        store: String,
    },
    /// `priceBooks`: the price book id. Sorts a base book before its children.
    PriceBook {
        /// `<website code>` or `<website code>::<sha1 of the customer group id>`.
        id: String,
    },
    /// `prices`: sku and price book id.
    Price {
        /// `catalog_product_entity.sku`, byte for byte.
        sku: String,
        /// The price book's id.
        price_book: String,
    },
}

/// Feed and identity: the name of one item at the service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedKey {
    /// The feed.
    pub feed: Feed,
    /// The identity's parts, one or two, in the order of the feed's [`Identity`].
    parts: Vec<String>,
}

impl FeedKey {
    /// The key of an identity.
    pub fn new(identity: Identity) -> Self {
        match identity {
            Identity::Attribute { code, store } => {
                Self { feed: Feed::ProductAttributes, parts: vec![code, store] }
            }
            Identity::CategoryAttribute { code, store } => {
                Self { feed: Feed::CategoryAttributes, parts: vec![code, store] }
            }
            Identity::Category { slug, store } => {
                Self { feed: Feed::Categories, parts: vec![slug, store] }
            }
            Identity::Product { sku, store } => {
                Self { feed: Feed::Products, parts: vec![sku, store] }
            }
            Identity::PriceBook { id } => Self { feed: Feed::PriceBooks, parts: vec![id] },
            Identity::Price { sku, price_book } => {
                Self { feed: Feed::Prices, parts: vec![sku, price_book] }
            }
        }
    }

    /// The key with these parts; `None` if their number is not the feed's.
    pub fn from_parts(feed: Feed, parts: Vec<String>) -> Option<Self> {
        let expected = if feed == Feed::PriceBooks { 1 } else { 2 };
        (parts.len() == expected).then_some(Self { feed, parts })
    }

    /// The identity's parts.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The identity.
    pub fn identity(&self) -> Identity {
        let part = |n: usize| self.parts.get(n).cloned().unwrap_or_default();
        match self.feed {
            Feed::ProductAttributes => Identity::Attribute { code: part(0), store: part(1) },
            Feed::CategoryAttributes => {
                Identity::CategoryAttribute { code: part(0), store: part(1) }
            }
            Feed::Categories => Identity::Category { slug: part(0), store: part(1) },
            Feed::Products => Identity::Product { sku: part(0), store: part(1) },
            Feed::PriceBooks => Identity::PriceBook { id: part(0) },
            Feed::Prices => Identity::Price { sku: part(0), price_book: part(1) },
        }
    }

    /// The body of the delete request for this key (ACO ingestion API: delete schemas).
    pub fn delete_body(&self) -> Json {
        use serde_json::json;
        match self.identity() {
            Identity::Attribute { code, store } | Identity::CategoryAttribute { code, store } => {
                json!({ "code": code, "source": { "locale": store } })
            }
            Identity::Category { slug, store } => {
                json!({ "slug": slug, "source": { "locale": store } })
            }
            Identity::Product { sku, store } => {
                json!({ "sku": sku, "source": { "locale": store } })
            }
            Identity::PriceBook { id } => json!({ "priceBookId": id }),
            Identity::Price { sku, price_book } => {
                json!({ "sku": sku, "priceBookId": price_book })
            }
        }
    }
}

impl fmt::Display for FeedKey {
    /// The parts joined by ` | `: for people, not for parsing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join(" | "))
    }
}

/// The hash of an item's canonical form: sha1 of its JSON bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 20]);

impl Digest {
    /// The digest of a body. `serde_json` keeps object keys sorted, so equal bodies have equal
    /// bytes.
    pub fn of(body: &Json) -> Self {
        Self(Sha1::digest(body.to_string().as_bytes()).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An assembled item: its key and the body to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// The key.
    pub key: FeedKey,
    /// The body, in canonical form.
    pub body: Json,
}

/// The source of a feed's items: a product for products and prices, an attribute for
/// productAttributes and categoryAttributes, a category, a website for priceBooks. Dirty marks are kept per feed owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedOwner {
    /// The feed.
    pub feed: Feed,
    /// `entity_id`, `attribute_id` or `website_id`.
    pub id: u32,
}
