//! Rules of the service that items are held to before they cost a request.
//!
//! An item that breaks one is parked, with a message that names the rule, the table and the row. Each
//! rule can be switched off: then the item is sent, and the service decides.

use std::collections::BTreeSet;

/// A rule of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The size of a body.
    BodySize,
    /// The length of a category's name.
    CategoryName,
    /// The characters and the length of a category's slug.
    CategorySlug,
    /// The length of a base price book's currency.
    Currency,
    /// The range of percentages in discounts and tier prices.
    Percentage,
    /// The length of a price book's id.
    PriceBookId,
    /// The sign of a price.
    Price,
}

impl Rule {
    /// Every one, by name.
    pub const ALL: [Self; 7] = [
        Self::BodySize,
        Self::CategoryName,
        Self::CategorySlug,
        Self::Currency,
        Self::Percentage,
        Self::Price,
        Self::PriceBookId,
    ];

    /// Its name in the configuration and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BodySize => "body-size",
            Self::CategoryName => "category-name",
            Self::CategorySlug => "category-slug",
            Self::Currency => "currency",
            Self::Percentage => "percentage",
            Self::Price => "price",
            Self::PriceBookId => "price-book-id",
        }
    }

    /// The rule with this name.
    pub fn with_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// What it asks.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::BodySize => "an item has up to 200,000 bytes",
            Self::CategoryName => "a category's name has up to 128 characters",
            Self::CategorySlug => {
                "a category's slug has up to 1,024 characters: a-z, 0-9 and - between slashes"
            }
            Self::Currency => "a base price book's currency has up to 5 characters",
            Self::Percentage => "percentages of discounts and tier prices are 0.01 to 99.99",
            Self::Price => "no price is negative",
            Self::PriceBookId => "a price book's id has up to 64 characters",
        }
    }

    /// Where it is written.
    pub const fn source(self) -> &'static str {
        match self {
            Self::BodySize => "Optimizer boundaries and limits",
            Self::CategoryName | Self::CategorySlug => "ingestion API: FeedCategory",
            Self::Currency | Self::PriceBookId => "ingestion API: PriceBookBase, PriceBookChild",
            Self::Percentage | Self::Price => "ingestion API: FeedPrices",
        }
    }
}

/// The rules that are switched off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisabledRules(pub BTreeSet<Rule>);

impl DisabledRules {
    /// Whether items are held to a rule.
    pub fn is_on(&self, rule: Rule) -> bool {
        !self.0.contains(&rule)
    }
}
