//! The foreign keys between watched tables, of both layouts: all are ON DELETE CASCADE.
//!
//! MariaDB, and MySQL before 9.6, do not write the rows that go with their parent to the binlog. The
//! catalog copy applies these keys itself: narrow ones while it folds, wide ones in pages.

use crate::catalog::{Table, column};

/// A foreign key with ON DELETE CASCADE. It refers to the parent's primary key, which is one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    /// The table whose rows go with their parent.
    pub child: Table,
    /// The column of `child` that holds the parent's key, by its index in the watched columns.
    pub column: usize,
    /// The table that is referred to. A shop whose layout lacks it lacks the key, too.
    pub parent: Table,
}

/// Every foreign key between watched tables.
pub const FOREIGN_KEYS: &[ForeignKey] = {
    use Table as T;
    use column as c;
    &[
        key(T::StoreGroup, c::store_group::WEBSITE_ID, T::StoreWebsite),
        key(T::Store, c::store::GROUP_ID, T::StoreGroup),
        key(T::Store, c::store::WEBSITE_ID, T::StoreWebsite),
        key(T::EavAttribute, c::eav_attribute::ENTITY_TYPE_ID, T::EavEntityType),
        key(T::CatalogEavAttribute, c::catalog_eav_attribute::ATTRIBUTE_ID, T::EavAttribute),
        key(T::EavAttributeLabel, c::eav_attribute_label::ATTRIBUTE_ID, T::EavAttribute),
        key(T::EavAttributeLabel, c::eav_attribute_label::STORE_ID, T::Store),
        key(T::EavAttributeOption, c::eav_attribute_option::ATTRIBUTE_ID, T::EavAttribute),
        key(
            T::EavAttributeOptionValue,
            c::eav_attribute_option_value::OPTION_ID,
            T::EavAttributeOption,
        ),
        key(T::EavAttributeOptionValue, c::eav_attribute_option_value::STORE_ID, T::Store),
        key(
            T::EavAttributeOptionSwatch,
            c::eav_attribute_option_swatch::OPTION_ID,
            T::EavAttributeOption,
        ),
        key(T::EavAttributeOptionSwatch, c::eav_attribute_option_swatch::STORE_ID, T::Store),
        key(T::MediaGallery, c::media_gallery::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductWebsite, c::product_website::WEBSITE_ID, T::StoreWebsite),
        key(T::ProductWebsite, c::product_website::PRODUCT_ID, T::ProductEntity),
        key(T::ProductWebsite, c::product_website::PRODUCT_ID, T::SequenceProduct),
        key(T::StockItem, c::stock_item::STOCK_ID, T::Stock),
        key(T::StockItem, c::stock_item::PRODUCT_ID, T::ProductEntity),
        key(T::StockItem, c::stock_item::PRODUCT_ID, T::SequenceProduct),
        // Without content staging.
        key(T::ProductVarchar, c::product_varchar::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductVarchar, c::product_varchar::ENTITY_ID, T::ProductEntity),
        key(T::ProductVarchar, c::product_varchar::STORE_ID, T::Store),
        key(T::ProductInt, c::product_int::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductInt, c::product_int::ENTITY_ID, T::ProductEntity),
        key(T::ProductInt, c::product_int::STORE_ID, T::Store),
        key(T::ProductDecimal, c::product_decimal::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductDecimal, c::product_decimal::ENTITY_ID, T::ProductEntity),
        key(T::ProductDecimal, c::product_decimal::STORE_ID, T::Store),
        key(T::ProductText, c::product_text::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductText, c::product_text::ENTITY_ID, T::ProductEntity),
        key(T::ProductText, c::product_text::STORE_ID, T::Store),
        key(T::ProductDatetime, c::product_datetime::ATTRIBUTE_ID, T::EavAttribute),
        key(T::ProductDatetime, c::product_datetime::ENTITY_ID, T::ProductEntity),
        key(T::ProductDatetime, c::product_datetime::STORE_ID, T::Store),
        key(T::ProductRelation, c::product_relation::CHILD_ID, T::ProductEntity),
        key(T::ProductRelation, c::product_relation::PARENT_ID, T::ProductEntity),
        key(T::ProductSuperLink, c::product_super_link::PRODUCT_ID, T::ProductEntity),
        key(T::ProductSuperLink, c::product_super_link::PARENT_ID, T::ProductEntity),
        key(T::ProductSuperAttribute, c::product_super_attribute::PRODUCT_ID, T::ProductEntity),
        key(T::ProductLink, c::product_link::LINKED_PRODUCT_ID, T::ProductEntity),
        key(T::ProductLink, c::product_link::PRODUCT_ID, T::ProductEntity),
        key(T::ProductLink, c::product_link::LINK_TYPE_ID, T::ProductLinkType),
        key(T::ProductTierPrice, c::product_tier_price::CUSTOMER_GROUP_ID, T::CustomerGroup),
        key(T::ProductTierPrice, c::product_tier_price::ENTITY_ID, T::ProductEntity),
        key(T::ProductTierPrice, c::product_tier_price::WEBSITE_ID, T::StoreWebsite),
        key(T::MediaGalleryValue, c::media_gallery_value::VALUE_ID, T::MediaGallery),
        key(T::MediaGalleryValue, c::media_gallery_value::STORE_ID, T::Store),
        key(T::MediaGalleryValue, c::media_gallery_value::ENTITY_ID, T::ProductEntity),
        key(
            T::MediaGalleryValueToEntity,
            c::media_gallery_value_to_entity::VALUE_ID,
            T::MediaGallery,
        ),
        key(
            T::MediaGalleryValueToEntity,
            c::media_gallery_value_to_entity::ENTITY_ID,
            T::ProductEntity,
        ),
        // With content staging: the twins' columns, of which the owner's holds a `row_id`.
        key(T::StagedProductEntity, c::staged_product_entity::ENTITY_ID, T::SequenceProduct),
        key(T::StagedProductVarchar, c::product_varchar::ATTRIBUTE_ID, T::EavAttribute),
        key(T::StagedProductVarchar, c::product_varchar::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductVarchar, c::product_varchar::STORE_ID, T::Store),
        key(T::StagedProductInt, c::product_int::ATTRIBUTE_ID, T::EavAttribute),
        key(T::StagedProductInt, c::product_int::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductInt, c::product_int::STORE_ID, T::Store),
        key(T::StagedProductDecimal, c::product_decimal::ATTRIBUTE_ID, T::EavAttribute),
        key(T::StagedProductDecimal, c::product_decimal::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductDecimal, c::product_decimal::STORE_ID, T::Store),
        key(T::StagedProductText, c::product_text::ATTRIBUTE_ID, T::EavAttribute),
        key(T::StagedProductText, c::product_text::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductText, c::product_text::STORE_ID, T::Store),
        key(T::StagedProductDatetime, c::product_datetime::ATTRIBUTE_ID, T::EavAttribute),
        key(T::StagedProductDatetime, c::product_datetime::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductDatetime, c::product_datetime::STORE_ID, T::Store),
        key(T::StagedProductRelation, c::product_relation::CHILD_ID, T::SequenceProduct),
        key(T::StagedProductRelation, c::product_relation::PARENT_ID, T::StagedProductEntity),
        key(T::StagedProductSuperLink, c::product_super_link::PRODUCT_ID, T::SequenceProduct),
        key(T::StagedProductSuperLink, c::product_super_link::PARENT_ID, T::StagedProductEntity),
        key(
            T::StagedProductSuperAttribute,
            c::product_super_attribute::PRODUCT_ID,
            T::StagedProductEntity,
        ),
        key(T::StagedProductLink, c::product_link::LINKED_PRODUCT_ID, T::SequenceProduct),
        key(T::StagedProductLink, c::product_link::PRODUCT_ID, T::StagedProductEntity),
        key(T::StagedProductLink, c::product_link::LINK_TYPE_ID, T::ProductLinkType),
        key(T::StagedProductTierPrice, c::product_tier_price::CUSTOMER_GROUP_ID, T::CustomerGroup),
        key(T::StagedProductTierPrice, c::product_tier_price::ENTITY_ID, T::StagedProductEntity),
        key(T::StagedProductTierPrice, c::product_tier_price::WEBSITE_ID, T::StoreWebsite),
        key(T::StagedMediaGalleryValue, c::media_gallery_value::VALUE_ID, T::MediaGallery),
        key(T::StagedMediaGalleryValue, c::media_gallery_value::STORE_ID, T::Store),
        key(T::StagedMediaGalleryValue, c::media_gallery_value::ENTITY_ID, T::StagedProductEntity),
        key(
            T::StagedMediaGalleryValueToEntity,
            c::media_gallery_value_to_entity::VALUE_ID,
            T::MediaGallery,
        ),
        key(
            T::StagedMediaGalleryValueToEntity,
            c::media_gallery_value_to_entity::ENTITY_ID,
            T::StagedProductEntity,
        ),
    ]
};

const fn key(child: Table, column: usize, parent: Table) -> ForeignKey {
    ForeignKey { child, column, parent }
}

/// The foreign keys that refer to `parent`.
pub(crate) fn keys_to(parent: Table) -> impl Iterator<Item = &'static ForeignKey> {
    FOREIGN_KEYS.iter().filter(move |key| key.parent == parent)
}

/// Every table of which rows may go with a row of `table`, however far down; tables of both layouts,
/// in the order of their numbers. When a second reading of `table` finds rows gone, these must be
/// read again as well.
pub fn cascade_children(table: Table) -> Vec<Table> {
    let mut found = std::collections::BTreeSet::new();
    let mut open = vec![table];
    while let Some(parent) = open.pop() {
        for key in keys_to(parent) {
            if found.insert(key.child) {
                open.push(key.child);
            }
        }
    }
    found.into_iter().collect()
}

/// Whether the rows that go with a row of `table` are found by its owner and the reverse indexes:
/// few of them, removed while folding.
pub(crate) fn is_narrow(table: Table) -> bool {
    matches!(
        table,
        Table::EavAttributeOption
            | Table::MediaGallery
            | Table::ProductEntity
            | Table::SequenceProduct
            | Table::StagedProductEntity
    )
}

/// The tables whose rows may take rows along from anywhere in the copy, parents before children.
pub(crate) const WIDE: [Table; 8] = [
    Table::StoreWebsite,
    Table::StoreGroup,
    Table::Store,
    Table::CustomerGroup,
    Table::EavEntityType,
    Table::EavAttribute,
    Table::ProductLinkType,
    Table::Stock,
];

/// The tables of rows that take rows along and may go along themselves. Nobody logs when they do:
/// that one is missing is how we learn of it.
pub(crate) const BETWEEN: [Table; 6] = [
    Table::StoreGroup,
    Table::Store,
    Table::EavAttribute,
    Table::EavAttributeOption,
    Table::MediaGallery,
    Table::StagedProductEntity,
];

/// The foreign keys of `child` to tables in [`BETWEEN`].
pub(crate) fn keys_to_between(child: Table) -> impl Iterator<Item = &'static ForeignKey> {
    let is_between = |key: &&ForeignKey| BETWEEN.contains(&key.parent);
    FOREIGN_KEYS.iter().filter(move |key| key.child == child).filter(is_between)
}

/// Whether rows that go with a row of `table` may be anywhere in the copy.
pub(crate) fn is_wide(table: Table) -> bool {
    WIDE.contains(&table)
}

#[cfg(test)]
mod tests;
