//! How much there is in the shop, for an estimate: a few counts in SQL, grouped so that their reader
//! can leave out what is not exported.

use std::collections::BTreeMap;

use crate::decode::TableLayout;
use crate::source::connection::TextRow;
use crate::source::{Connection, SourceError, SourceParams, table_layout};

const DOING: &str = "count what the shop has";

/// A store view, its website's code, and the root of its categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedStore {
    /// `store.code`.
    pub code: String,
    /// `store.website_id`.
    pub website_id: u64,
    /// `store_group.root_category_id`.
    pub root_category_id: u64,
}

/// What the shop has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopCounts {
    /// The store views but the admin's.
    pub stores: Vec<CountedStore>,
    /// The codes of the websites but the admin's, by id.
    pub websites: BTreeMap<u64, String>,
    /// The names of the customer groups, by id.
    pub groups: BTreeMap<u64, String>,
    /// Products by website.
    pub products: BTreeMap<u64, u64>,
    /// Products that have a price of their own in the base book, by website.
    pub priced_products: BTreeMap<u64, u64>,
    /// Product attributes.
    pub attributes: u64,
    /// Category attributes that the shop's people defined.
    pub category_attributes: u64,
    /// Categories below a root, by root.
    pub categories: BTreeMap<u64, u64>,
    /// Products that have prices of their own for a customer group, at most, by website and group.
    /// Website 0: in every website.
    pub group_prices: BTreeMap<(u64, u64), u64>,
}

/// Counts. Tables of modules that the shop does not have count for nothing.
///
/// # Errors
/// A question could not be asked or answered.
pub async fn shop_counts(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<ShopCounts, SourceError> {
    let table = |name: &str| params.quoted_table(name);
    let (product, website_of) = (table("catalog_product_entity"), table("catalog_product_website"));
    let stores = format!(
        "SELECT s.code, s.website_id, g.root_category_id FROM {} s JOIN {} g ON g.group_id = \
         s.group_id WHERE s.store_id <> 0",
        table("store"),
        table("store_group")
    );
    let products = format!("SELECT website_id, COUNT(*) FROM {website_of} GROUP BY website_id");
    let priced = format!(
        "SELECT w.website_id, COUNT(DISTINCT w.product_id) FROM {website_of} w JOIN {product} p ON \
         p.entity_id = w.product_id WHERE p.type_id NOT IN ('configurable', 'giftcard') GROUP BY \
         w.website_id"
    );
    let categories = format!(
        "SELECT SUBSTRING_INDEX(SUBSTRING_INDEX(path, '/', 2), '/', -1), COUNT(DISTINCT entity_id) \
         FROM {} WHERE path LIKE '1/%/%' GROUP BY 1",
        table("catalog_category_entity")
    );
    let mut counts = ShopCounts::default();
    for row in rows(conn, &stores).await? {
        let Some(code) = row.at(0) else { continue };
        let (website_id, root_category_id) = (number(&row, 1), number(&row, 2));
        counts.stores.push(CountedStore { code: code.to_owned(), website_id, root_category_id });
    }
    let websites =
        format!("SELECT website_id, code FROM {} WHERE website_id <> 0", table("store_website"));
    counts.websites = names(conn, &websites).await?;
    let groups =
        format!("SELECT customer_group_id, customer_group_code FROM {}", table("customer_group"));
    counts.groups = names(conn, &groups).await?;
    counts.products = by_id(conn, &products).await?;
    counts.priced_products = by_id(conn, &priced).await?;
    counts.categories = by_id(conn, &categories).await?;
    (counts.attributes, counts.category_attributes) = attributes(conn, params).await?;
    counts.group_prices = group_prices(conn, params).await?;
    Ok(counts)
}

/// Product attributes with a catalog row, and category attributes that people defined.
async fn attributes(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<(u64, u64), SourceError> {
    let sql = format!(
        "SELECT SUM(t.entity_type_code = 'catalog_product' AND c.attribute_id IS NOT NULL), \
         SUM(t.entity_type_code = 'catalog_category' AND a.is_user_defined = 1 AND \
         a.attribute_code <> 'automatic_sorting') FROM {} a JOIN {} t ON t.entity_type_id = \
         a.entity_type_id LEFT JOIN {} c ON c.attribute_id = a.attribute_id",
        params.quoted_table("eav_attribute"),
        params.quoted_table("eav_entity_type"),
        params.quoted_table("catalog_eav_attribute"),
    );
    let rows = rows(conn, &sql).await?;
    Ok(rows.first().map_or((0, 0), |row| (number(row, 0), number(row, 1))))
}

/// A product that has both a tier price and a rule's price counts twice.
async fn group_prices(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<BTreeMap<(u64, u64), u64>, SourceError> {
    let tiers = params.quoted_table("catalog_product_entity_tier_price");
    let rules = params.quoted_table("catalogrule_product_price");
    let is_staged = table_layout(conn, params).await? == Some(TableLayout::Staged);
    let owner = if is_staged { "row_id" } else { "entity_id" };
    let statements = [
        format!(
            "SELECT website_id, customer_group_id, COUNT(DISTINCT {owner}) FROM {tiers} WHERE \
             all_groups = 0 GROUP BY website_id, customer_group_id"
        ),
        format!(
            "SELECT website_id, customer_group_id, COUNT(DISTINCT product_id) FROM {rules} WHERE \
             rule_date = UTC_DATE() GROUP BY website_id, customer_group_id"
        ),
    ];
    let mut counts = BTreeMap::new();
    for statement in statements {
        for row in rows(conn, &statement).await? {
            let count: &mut u64 = counts.entry((number(&row, 0), number(&row, 1))).or_default();
            *count = count.saturating_add(number(&row, 2));
        }
    }
    Ok(counts)
}

/// The rows of a statement; none when its table does not exist.
async fn rows(conn: &mut Connection, sql: &str) -> Result<Vec<TextRow>, SourceError> {
    match conn.rows(DOING, sql).await {
        Err(error) if error.is_no_such_table() => Ok(Vec::new()),
        answer => answer,
    }
}

async fn by_id(conn: &mut Connection, sql: &str) -> Result<BTreeMap<u64, u64>, SourceError> {
    let rows = rows(conn, sql).await?;
    Ok(rows.iter().map(|row| (number(row, 0), number(row, 1))).collect())
}

async fn names(conn: &mut Connection, sql: &str) -> Result<BTreeMap<u64, String>, SourceError> {
    let rows = rows(conn, sql).await?;
    let pair = |row: &TextRow| (number(row, 0), row.at(1).unwrap_or_default().to_owned());
    Ok(rows.iter().map(pair).collect())
}

/// A whole number; 0 where there is none.
fn number(row: &TextRow, place: usize) -> u64 {
    row.at(place).and_then(|text| text.parse().ok()).unwrap_or(0)
}
