//! Why an item that should exist can't be assembled: the key is parked with this message.

use rust_decimal::Decimal;
use thiserror::Error;

use crate::feed::Rule;

/// A rule that the shop's rows break, so that no body can be made that the service would take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssembleFault {
    /// A value that the service requires is NULL, empty or has no row.
    #[error("fill {field}: {table} has no {what} for {scope}, and the service requires one")]
    RequiredMissing {
        /// The field of the body.
        field: &'static str,
        /// Where the value is kept.
        table: &'static str,
        /// The attribute code or column.
        what: &'static str,
        /// The store view or website, for people.
        scope: String,
    },
    /// The status attribute holds a number without a meaning.
    #[error(
        "read the status: catalog_product_entity_int has {value} for store view {store}, \
         and only 1 (enabled) and 2 (disabled) have a meaning"
    )]
    StatusUnknown {
        /// What the row holds.
        value: String,
        /// The store view's code.
        store: String,
    },
    /// A tier price row asks for a percentage that the service refuses.
    #[error(
        "price by percentage: catalog_product_entity_tier_price value_id {value_id} has {percentage}, \
         and the service takes 0.01 to 99.99"
    )]
    PercentageOutOfRange {
        /// The row's primary key.
        value_id: i128,
        /// What it holds, in percent.
        percentage: Decimal,
    },
    /// A price is negative.
    #[error(
        "price from 0 on: {regular} in the rows of price in catalog_product_entity_decimal of \
         entity_id {id}, and the service takes no negative price"
    )]
    PriceNegative {
        /// The product.
        id: u32,
        /// The price.
        regular: Decimal,
    },
    /// A base currency is longer than the service takes.
    #[error(
        "name the currency of website {website}: currency/options/base in core_config_data is \
         {currency:?}, and the service takes {limit} characters"
    )]
    CurrencyTooLong {
        /// The website's code.
        website: String,
        /// The configured currency.
        currency: String,
        /// The service's limit in characters.
        limit: usize,
    },
    /// A tier price row has neither a price nor a percentage.
    #[error(
        "price by tier: catalog_product_entity_tier_price value_id {value_id} has neither value \
         nor percentage_value"
    )]
    TierWithoutPrice {
        /// The row's primary key.
        value_id: i128,
    },
    /// A special price has dates, or there are catalog rule prices, and the time zone of the website
    /// or of the default scope is not one we know.
    #[error(
        "find today's date in website {website}: general/locale/timezone is {time_zone:?}, which \
         is in no time zone database (hint: correct the name, or install the package tzdata)"
    )]
    TimeZoneUnknown {
        /// The website's code.
        website: String,
        /// The configured name.
        time_zone: String,
    },
    /// A price book id is longer than the service takes.
    #[error(
        "name the price book {price_book_id}: {length} characters, and the service takes {limit} \
         (hint: a website code in store_website may have 22 characters)"
    )]
    PriceBookIdTooLong {
        /// The id.
        price_book_id: String,
        /// Its length in characters.
        length: usize,
        /// The service's limit in characters.
        limit: usize,
    },
    /// A text is longer than the service takes.
    #[error(
        "shorten {field}: {table} has {length} characters for entity_id {id} in {scope}, and the \
         service takes {limit}"
    )]
    TextTooLong {
        /// The field of the body.
        field: &'static str,
        /// Where the text is kept.
        table: &'static str,
        /// The category.
        id: u32,
        /// The store view, for people.
        scope: String,
        /// Its length in characters.
        length: usize,
        /// The service's limit in characters.
        limit: usize,
    },
    /// A category's slug is not one that the service takes.
    #[error(
        "name the category by its slug {slug:?}: the url_key rows in \
         catalog_category_entity_varchar of entity_id {id} and those above it give it in store view \
         {store}, and the service takes a-z, 0-9 and - between slashes, up to {limit} characters"
    )]
    SlugInvalid {
        /// The slug.
        slug: String,
        /// The category.
        id: u32,
        /// The store view's code.
        store: String,
        /// The service's limit in characters.
        limit: usize,
    },
    /// The attribute's search weight is not a number.
    #[error("read search_weight: catalog_eav_attribute has {value:?}, which is no number")]
    SearchWeightUnreadable {
        /// What the row holds.
        value: String,
    },
    /// The body is larger than the service takes.
    #[error("fit the body: {bytes} bytes, and the service takes {limit}")]
    BodyTooLarge {
        /// The body's size in bytes.
        bytes: usize,
        /// The service's limit in bytes.
        limit: usize,
    },
}

impl AssembleFault {
    /// The rule of the service that is broken, which can be switched off; `None` if no body can be
    /// made at all.
    pub const fn rule(&self) -> Option<Rule> {
        match self {
            Self::BodyTooLarge { .. } => Some(Rule::BodySize),
            Self::TextTooLong { .. } => Some(Rule::CategoryName),
            Self::SlugInvalid { .. } => Some(Rule::CategorySlug),
            Self::CurrencyTooLong { .. } => Some(Rule::Currency),
            Self::PercentageOutOfRange { .. } => Some(Rule::Percentage),
            Self::PriceNegative { .. } => Some(Rule::Price),
            Self::PriceBookIdTooLong { .. } => Some(Rule::PriceBookId),
            Self::RequiredMissing { .. }
            | Self::StatusUnknown { .. }
            | Self::TierWithoutPrice { .. }
            | Self::TimeZoneUnknown { .. }
            | Self::SearchWeightUnreadable { .. } => None,
        }
    }

    /// The fault in words, with the name of the rule.
    pub fn message(&self) -> String {
        match self.rule() {
            Some(rule) => format!("{self} (rule {})", rule.name()),
            None => self.to_string(),
        }
    }
}
