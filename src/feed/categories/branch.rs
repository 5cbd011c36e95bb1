//! A category together with those above it: slug, flags, and what store views it is below.

use crate::catalog::column::category_entity;
use crate::catalog::{CatalogRead, Owner, ReadError, Sheet, Shop, StoreView, Table};
use crate::decode::Value;
use crate::feed::eav::{DEFAULTS, indexed_in, stored_in};
use crate::feed::row;

/// Where the path of a category in a shop's tree begins: behind the root of all categories and the
/// root of a store group.
const FIRST_LEVEL: usize = 2;

/// A category and its rows.
#[derive(Debug, Clone)]
pub(crate) struct Category {
    /// `entity_id`.
    pub(crate) id: u32,
    pub(crate) sheet: Sheet,
}

impl Category {
    pub(crate) fn read<C: CatalogRead>(id: u32, catalog: &C) -> Result<Self, ReadError> {
        let sheet = catalog.sheet(Owner::Category(id))?.unwrap_or_default();
        Ok(Self { id, sheet })
    }

    /// The row that counts for an attribute in a store view: its own, else the admin's; NULL too.
    fn row(&self, code: &str, shop: &Shop, store: u32) -> Option<&Value> {
        let attribute = shop.category_attribute_by_code(code)?;
        stored_in(&self.sheet, attribute, store)
            .or_else(|| stored_in(&self.sheet, attribute, DEFAULTS))
    }

    /// The url key: the store view's, else, where that is NULL too, the admin's.
    fn url_key(&self, shop: &Shop, store: u32) -> Option<String> {
        let attribute = shop.category_attribute_by_code("url_key")?;
        let of = |store| stored_in(&self.sheet, attribute, store).and_then(Value::to_char);
        of(store).or_else(|| of(DEFAULTS))
    }

    /// Whether an attribute is 1 in a store view.
    fn is_set(&self, code: &str, shop: &Shop, store: u32) -> bool {
        self.row(code, shop, store).and_then(Value::as_int) == Some(1)
    }

    /// Whether the shop's category index takes it: it is active.
    pub(crate) fn is_indexed(&self, shop: &Shop, store: u32) -> bool {
        self.is_set_for_index("is_active", shop, store)
    }

    /// Whether the shop's category index has in it the products of the categories below it.
    pub(crate) fn is_anchor(&self, shop: &Shop, store: u32) -> bool {
        self.is_set_for_index("is_anchor", shop, store)
    }

    /// Whether an attribute is 1 for the shop's category index.
    fn is_set_for_index(&self, code: &str, shop: &Shop, store: u32) -> bool {
        let attribute = shop.category_attribute_by_code(code);
        attribute.and_then(|it| indexed_in(&self.sheet, it, store)) == Some(1)
    }
}

/// The ids in a category's `path`, from the root of all categories down to itself.
pub(crate) fn path_of(sheet: &Sheet) -> Vec<u32> {
    let main = sheet.first(Table::CategoryEntity);
    let path = main.and_then(|main| row::text(main, category_entity::PATH)).unwrap_or_default();
    path.split('/').filter_map(|id| id.parse().ok()).collect()
}

/// A category and those above it, from the root of all categories down.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    above: Vec<Category>,
    category: Category,
}

impl Branch {
    /// The category with this id and those in its path; `None` if it does not exist.
    pub(crate) fn read<C: CatalogRead>(id: u32, catalog: &C) -> Result<Option<Self>, ReadError> {
        let category = Category::read(id, catalog)?;
        let mut path = path_of(&category.sheet);
        // The path ends with the category's own id.
        if path.pop() != Some(id) {
            return Ok(None);
        }
        let above = path.into_iter().map(|id| Category::read(id, catalog));
        let above = above.collect::<Result<_, _>>()?;
        Ok(Some(Self { above, category }))
    }

    pub(crate) const fn category(&self) -> &Category {
        &self.category
    }

    /// The categories from the root of all down to this one.
    fn path(&self) -> impl Iterator<Item = &Category> {
        self.above.iter().chain([&self.category])
    }

    /// The categories of the shop's tree, from the first level down to this one.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &Category> {
        self.path().skip(FIRST_LEVEL)
    }

    /// The path down to a category of this branch.
    fn path_to(&self, id: u32) -> impl Iterator<Item = &Category> {
        let at = self.path().position(|category| category.id == id);
        self.path().take(at.map_or(0, |at| at.saturating_add(1)))
    }

    /// Whether a category of this branch is below the root of the store view's group, or is that root.
    pub(crate) fn is_in(&self, id: u32, shop: &Shop, store: &StoreView) -> bool {
        let group = shop.store_groups.get(&store.group_id);
        group.is_some_and(|group| self.path_to(id).any(|it| it.id == group.root_category_id))
    }

    /// The slug of a category of this branch in a store view; `None` for a root, for a category of
    /// another tree, and where no level has a url key.
    pub(crate) fn slug(&self, id: u32, shop: &Shop, store: &StoreView) -> Option<String> {
        if !self.is_in(id, shop, store) {
            return None;
        }
        let levels = self.path_to(id).skip(FIRST_LEVEL);
        let keys: Vec<String> = levels.filter_map(|level| level.url_key(shop, store.id)).collect();
        let slug = keys.join("/");
        (!slug.is_empty()).then_some(slug)
    }

    /// Whether the category is active and in the menu, and so is the one of the second level above it:
    /// nothing between the two counts.
    pub(super) fn is_in_menu(&self, shop: &Shop, store: &StoreView) -> bool {
        const FLAGS: [&str; 2] = ["is_active", "include_in_menu"];
        let is_set =
            |category: &Category| FLAGS.iter().all(|code| category.is_set(code, shop, store.id));
        let ancestor = self.above.get(FIRST_LEVEL);
        let is_hidden = ancestor.is_some_and(|ancestor| {
            let has_rows = FLAGS.iter().any(|code| ancestor.row(code, shop, store.id).is_some());
            has_rows && !is_set(ancestor)
        });
        is_set(&self.category) && !is_hidden
    }
}
