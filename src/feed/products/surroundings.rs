//! Everything around a product that its items depend on, read once for all store views.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::column::{
    category_product, media_gallery_value_to_entity, product_entity, product_link,
    product_relation, product_super_attribute, product_super_link, product_website,
};
use crate::catalog::{CatalogRead, Owner, ReadError, Reference, RowKey, Sheet, Shop, Table};
use crate::decode::Value;
use crate::feed::categories::Branch;
use crate::feed::eav::{DEFAULTS, Values, stored_in};
use crate::feed::options::{Options, option_ids};
use crate::feed::products::parts::Parts;
use crate::feed::products::stock::Supply;
use crate::feed::{ExtraAttribute, row};

/// A product with its sheet: the one to assemble, or one that it is related to.
pub(super) struct Relative {
    /// `entity_id`.
    pub(super) id: u32,
    pub(super) sku: String,
    pub(super) type_id: String,
    pub(super) sheet: Sheet,
}

impl Relative {
    /// The product, if its main row exists and has a sku.
    pub(super) fn read<C: CatalogRead>(id: u32, catalog: &C) -> Result<Option<Self>, ReadError> {
        let Some(sheet) = catalog.sheet(Owner::Product(id))? else { return Ok(None) };
        let Some(main) = sheet.first(Table::ProductEntity) else { return Ok(None) };
        let Some(sku) = row::text(main, product_entity::SKU) else { return Ok(None) };
        let type_id = row::text(main, product_entity::TYPE_ID).unwrap_or_default();
        let (sku, type_id) = (sku.to_owned(), type_id.to_owned());
        Ok(Some(Self { id, sku, type_id, sheet }))
    }

    pub(super) fn is_configurable(&self) -> bool {
        self.type_id == "configurable"
    }

    pub(super) fn is_bundle(&self) -> bool {
        self.type_id == "bundle"
    }

    pub(super) fn is_downloadable(&self) -> bool {
        self.type_id == "downloadable"
    }

    /// Whether the product is assigned to the website.
    pub(super) fn is_on(&self, website_id: u32) -> bool {
        self.ids(Table::ProductWebsite, product_website::WEBSITE_ID).any(|id| id == website_id)
    }

    /// Whether this product is a parent of `child` by `catalog_product_relation`.
    pub(super) fn is_parent_of(&self, child: u32) -> bool {
        let key = RowKey(self.id.into(), child.into());
        self.sheet.get(Table::ProductRelation, key).is_some()
    }

    /// Whether `child` can be chosen as a variant of this product.
    fn has_variant(&self, child: u32) -> bool {
        self.ids(Table::ProductSuperLink, product_super_link::PRODUCT_ID).any(|id| id == child)
    }

    /// The attributes by which variants of this product differ.
    pub(super) fn super_attribute_ids(&self) -> impl Iterator<Item = u32> {
        self.ids(Table::ProductSuperAttribute, product_super_attribute::ATTRIBUTE_ID)
    }

    fn ids(&self, table: Table, column: usize) -> impl Iterator<Item = u32> {
        self.sheet.rows(table).filter_map(move |row| row::id(row, column))
    }
}

/// What is around a product.
pub(super) struct Surroundings {
    /// The products that this one belongs to.
    pub(super) parents: Vec<Relative>,
    /// A configurable's variants; empty for other types.
    pub(super) children: Vec<Relative>,
    /// The products that this one links to, by id.
    pub(super) linked: BTreeMap<u32, Relative>,
    /// The gallery files attached to the product, by `value_id`.
    pub(super) media: BTreeMap<u32, Sheet>,
    /// The categories that the product is directly in, with those above them, by id.
    pub(super) branches: BTreeMap<u32, Branch>,
    /// The products that are children of this one; read only if it is in a category.
    pub(super) members: Vec<Relative>,
    /// The attribute options that the product, or a variant's choice, refers to.
    pub(super) options: Options,
    /// What decides about the product's stock beyond its own rows.
    pub(super) supply: Supply,
    /// What the product consists of or is sold with.
    pub(super) parts: Parts,
}

impl Surroundings {
    pub(super) fn read<C: CatalogRead>(
        product: &Relative,
        values: &Values<'_>,
        shop: &Shop,
        extra: &BTreeSet<ExtraAttribute>,
        catalog: &C,
    ) -> Result<Self, ReadError> {
        let mut parents = read_all(catalog.referrers(Reference::Child(product.id))?, catalog)?;
        parents.retain(|it| it.is_parent_of(product.id) || it.has_variant(product.id));
        let children = if product.is_configurable() {
            let variants = product.ids(Table::ProductSuperLink, product_super_link::PRODUCT_ID);
            read_all(variants.collect::<BTreeSet<u32>>(), catalog)?
        } else {
            Vec::new()
        };
        let linked = product.ids(Table::ProductLink, product_link::LINKED_PRODUCT_ID);
        let linked = read_all(linked.collect::<BTreeSet<u32>>(), catalog)?;

        let mut media = BTreeMap::new();
        let attached = media_gallery_value_to_entity::VALUE_ID;
        for id in product.ids(Table::MediaGalleryValueToEntity, attached) {
            if let Some(sheet) = catalog.sheet(Owner::Media(id))? {
                media.insert(id, sheet);
            }
        }

        let mut wanted: BTreeSet<u32> =
            values.all().flat_map(|(attribute, value)| option_ids(attribute, value)).collect();
        for attribute_id in product.super_attribute_ids() {
            let chosen = children.iter().filter_map(|it| chosen_option(it, attribute_id, shop));
            wanted.extend(chosen);
        }
        let options = Options::read(wanted, catalog)?;
        let supply = Supply::read(product, &children, shop, catalog)?;
        let linked = linked.into_iter().map(|it| (it.id, it)).collect();
        let mut branches = BTreeMap::new();
        for id in product.ids(Table::CategoryProduct, category_product::CATEGORY_ID) {
            branches.extend(Branch::read(id, catalog)?.map(|branch| (id, branch)));
        }
        let members = product.ids(Table::ProductRelation, product_relation::CHILD_ID);
        let members: BTreeSet<u32> = members.filter(|_| !branches.is_empty()).collect();
        let members = read_all(members, catalog)?;
        let with_custom_options = extra.contains(&ExtraAttribute::CustomizableOptions);
        let parts = Parts::read(product, with_custom_options, catalog)?;
        Ok(Self { parents, children, linked, media, branches, members, options, supply, parts })
    }
}

/// The option by which a variant is chosen: the one in its default row, whatever store views say.
pub(super) fn chosen_option(variant: &Relative, attribute_id: u32, shop: &Shop) -> Option<u32> {
    let attribute = shop.attribute(attribute_id)?;
    stored_in(&variant.sheet, attribute, DEFAULTS).and_then(Value::as_id)
}

fn read_all<C: CatalogRead>(
    ids: impl IntoIterator<Item = u32>,
    catalog: &C,
) -> Result<Vec<Relative>, ReadError> {
    let read = ids.into_iter().map(|id| Relative::read(id, catalog));
    read.filter_map(Result::transpose).collect()
}
