//! `priceBooks`: a base book per website and a child book per website and customer group.
//!
//! Field mapping: price books. The owner is the website.

use serde_json::{Value as Json, json};
use sha1::{Digest as _, Sha1};

use crate::catalog::{ConfigScope, CustomerGroup, Shop, Website, config_path};
use crate::feed::{
    AssembleFault, AssembleOptions, Assembled, DisabledRules, FeedKey, Identity, Rule,
};

/// The longest price book id that the service takes, in characters.
const ID_LENGTH_MAX: usize = 64;
/// The longest currency that the service takes, in characters.
const CURRENCY_LENGTH_MAX: usize = 5;

/// The price books of a website.
pub(crate) fn assemble(website_id: u32, shop: &Shop, options: &AssembleOptions) -> Vec<Assembled> {
    let Some(website) = exported_website(website_id, shop, options) else { return Vec::new() };
    let base = base_id(website);
    let rules = &options.disabled_rules;
    let mut books = vec![assembled(base.clone(), base_body(website, shop, &base, rules))];
    for group in exported_groups(shop, options) {
        let id = group_id(website, group.id);
        let body = child_body(website, group, &id, rules);
        books.push(assembled(id, body));
    }
    books
}

/// The website, if it exists, is not the admin's and is not disabled.
pub(crate) fn exported_website<'a>(
    website_id: u32,
    shop: &'a Shop,
    options: &AssembleOptions,
) -> Option<&'a Website> {
    let website = shop.websites.get(&website_id).filter(|website| website.id != 0)?;
    (!options.disabled_websites.contains(&website.code)).then_some(website)
}

/// The customer groups that are not disabled, by id.
pub(crate) fn exported_groups<'a>(
    shop: &'a Shop,
    options: &'a AssembleOptions,
) -> impl Iterator<Item = &'a CustomerGroup> {
    let groups = shop.customer_groups.values();
    groups.filter(|group| !options.disabled_customer_groups.contains(&group.name))
}

/// The id of a website's base book, which holds the prices of everybody.
pub(crate) fn base_id(website: &Website) -> String {
    website.code.clone()
}

/// The id of a website's book for a customer group. Group 0, visitors, is a group like any other.
pub(crate) fn group_id(website: &Website, group: u32) -> String {
    let hash = Sha1::digest(group.to_string().as_bytes());
    let hex: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}::{}", website.code, hex.concat())
}

/// Refuses an id that the service would refuse.
pub(crate) fn check_id(id: &str, rules: &DisabledRules) -> Result<(), AssembleFault> {
    let length = id.chars().count();
    if length <= ID_LENGTH_MAX || !rules.is_on(Rule::PriceBookId) {
        return Ok(());
    }
    let price_book_id = id.to_owned();
    Err(AssembleFault::PriceBookIdTooLong { price_book_id, length, limit: ID_LENGTH_MAX })
}

fn assembled(id: String, body: Result<Json, AssembleFault>) -> Assembled {
    Assembled { key: FeedKey::new(Identity::PriceBook { id }), body }
}

fn base_body(
    website: &Website,
    shop: &Shop,
    id: &str,
    rules: &DisabledRules,
) -> Result<Json, AssembleFault> {
    check_id(id, rules)?;
    require(website, "priceBookId", "code", &website.code)?;
    require(website, "name", "name", &website.name)?;
    let scope = ConfigScope::Website(website.id);
    let currency = match shop.config(config_path::BASE_CURRENCY, scope) {
        // A shop can't do without a currency: an emptied row means the default.
        "" => "USD",
        configured => configured,
    };
    if currency.chars().count() > CURRENCY_LENGTH_MAX && rules.is_on(Rule::Currency) {
        let (website, currency) = (website.code.clone(), currency.to_owned());
        let limit = CURRENCY_LENGTH_MAX;
        return Err(AssembleFault::CurrencyTooLong { website, currency, limit });
    }
    Ok(json!({ "priceBookId": id, "name": website.name, "currency": currency }))
}

fn child_body(
    website: &Website,
    group: &CustomerGroup,
    id: &str,
    rules: &DisabledRules,
) -> Result<Json, AssembleFault> {
    check_id(id, rules)?;
    require(website, "parentId", "code", &website.code)?;
    let name = format!("{} ({})", group.name, website.name);
    Ok(json!({ "priceBookId": id, "name": name, "parentId": base_id(website) }))
}

fn require(
    website: &Website,
    field: &'static str,
    what: &'static str,
    value: &str,
) -> Result<(), AssembleFault> {
    if !value.is_empty() {
        return Ok(());
    }
    let scope = format!("website_id {}", website.id);
    Err(AssembleFault::RequiredMissing { field, table: "store_website", what, scope })
}
