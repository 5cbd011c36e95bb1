//! Owns the names of the ingestion API: feeds, verbs, paths, identities, batch limits, schemas.

use serde_json::Value as Json;

/// A feed as the service knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SandboxFeed {
    Products,
    ProductAttributes,
    Categories,
    CategoryAttributes,
    PriceBooks,
    Prices,
}

/// What a request does with its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Create,
    Delete,
}

impl Verb {
    pub(crate) const ALL: [Self; 2] = [Self::Create, Self::Delete];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }
}

/// The values that name an item within its feed, in the order in which listings are sorted.
pub(crate) type ItemIdentity = Vec<String>;

impl SandboxFeed {
    pub(crate) const ALL: [Self; 6] = [
        Self::Products,
        Self::ProductAttributes,
        Self::Categories,
        Self::CategoryAttributes,
        Self::PriceBooks,
        Self::Prices,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::ProductAttributes => "productAttributes",
            Self::Categories => "categories",
            Self::CategoryAttributes => "categoryAttributes",
            Self::PriceBooks => "priceBooks",
            Self::Prices => "prices",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.name() == name)
    }

    /// The path below `/{tenant}/v1/catalog/`.
    pub(crate) fn path(self, verb: Verb) -> String {
        let path = match self {
            Self::Products => "products",
            Self::ProductAttributes => "products/metadata",
            Self::Categories => "categories",
            Self::CategoryAttributes => "categories/metadata",
            Self::PriceBooks => "price-books",
            Self::Prices => "products/prices",
        };
        match verb {
            Verb::Create => path.to_owned(),
            Verb::Delete => format!("{path}/delete"),
        }
    }

    /// Most items in one request (ACO connector guide: batch limits).
    pub(crate) const fn items_max(self) -> usize {
        match self {
            Self::Products
            | Self::ProductAttributes
            | Self::Categories
            | Self::CategoryAttributes => 100,
            Self::PriceBooks | Self::Prices => 500,
        }
    }

    /// JSON pointers to the values that name an item.
    const fn identity_pointers(self) -> &'static [&'static str] {
        match self {
            Self::Products => &["/sku", "/source/locale"],
            Self::ProductAttributes | Self::CategoryAttributes => &["/code", "/source/locale"],
            Self::Categories => &["/slug", "/source/locale"],
            Self::PriceBooks => &["/priceBookId"],
            Self::Prices => &["/sku", "/priceBookId"],
        }
    }

    /// The identity of a body; a missing value counts as empty.
    pub(crate) fn identity(self, item: &Json) -> ItemIdentity {
        let value = |pointer: &&str| item.pointer(pointer).and_then(Json::as_str);
        self.identity_pointers().iter().map(|p| value(p).unwrap_or_default().to_owned()).collect()
    }

    /// The schema's file name and text.
    pub(crate) const fn schema(self, verb: Verb) -> (&'static str, &'static str) {
        macro_rules! schema {
            ($file:literal) => {
                ($file, include_str!(concat!("../../schemas/", $file)))
            };
        }
        match (self, verb) {
            (Self::Products, Verb::Create) => schema!("products.json"),
            (Self::Products, Verb::Delete) => schema!("products-delete.json"),
            (Self::ProductAttributes, Verb::Create) => schema!("product-metadata.json"),
            (Self::ProductAttributes, Verb::Delete) => schema!("product-metadata-delete.json"),
            (Self::Categories, Verb::Create) => schema!("categories.json"),
            (Self::Categories, Verb::Delete) => schema!("categories-delete.json"),
            (Self::CategoryAttributes, Verb::Create) => schema!("category-metadata.json"),
            (Self::CategoryAttributes, Verb::Delete) => schema!("category-metadata-delete.json"),
            (Self::PriceBooks, Verb::Create) => schema!("price-books.json"),
            (Self::PriceBooks, Verb::Delete) => schema!("price-books-delete.json"),
            (Self::Prices, Verb::Create) => schema!("prices.json"),
            (Self::Prices, Verb::Delete) => schema!("prices-delete.json"),
        }
    }
}
