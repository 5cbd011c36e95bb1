//! Attributes that are made of other data than attribute values, and what their metadata says.
//!
//! Their codes begin with `ac_`. The shop's packages that make them register each as an attribute
//! without values of its own; `ac_downloadable` belongs to the shop's export itself and is sent for a
//! downloadable product unless the configuration lists others only.

use std::collections::BTreeSet;

use crate::catalog::Shop;

/// An attribute that is sent only where it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtraAttribute {
    /// The name of the product's attribute set.
    AttributeSet,
    /// The product's custom options, as JSON text.
    CustomizableOptions,
    /// The links and samples of a downloadable product, as JSON text.
    Downloadable,
    /// The product's stock settings, as JSON text.
    Inventory,
    /// The name of the product's tax class.
    TaxClass,
}

impl ExtraAttribute {
    /// Every one, by code.
    pub const ALL: [Self; 5] = [
        Self::AttributeSet,
        Self::CustomizableOptions,
        Self::Downloadable,
        Self::Inventory,
        Self::TaxClass,
    ];

    /// Its attribute code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AttributeSet => "ac_attribute_set",
            Self::CustomizableOptions => "ac_customizable_options",
            Self::Downloadable => "ac_downloadable",
            Self::Inventory => "ac_inventory",
            Self::TaxClass => "ac_tax_class",
        }
    }

    /// The one with this attribute code.
    pub fn with_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.code() == code)
    }
}

/// Which extra attributes products carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExtraAttributes {
    /// `ac_downloadable`, and those that are registered in the shop's `eav_attribute`, as its packages
    /// do.
    #[default]
    Registered,
    /// These, registered or not. The service shows only what has metadata, and only a registered
    /// one has.
    These(BTreeSet<ExtraAttribute>),
}

impl ExtraAttributes {
    /// Those that this shop's products carry.
    pub(crate) fn of(&self, shop: &Shop) -> BTreeSet<ExtraAttribute> {
        match self {
            Self::Registered => {
                let is_sent = |it: &ExtraAttribute| {
                    *it == ExtraAttribute::Downloadable
                        || shop.attribute_by_code(it.code()).is_some()
                };
                ExtraAttribute::ALL.into_iter().filter(is_sent).collect()
            }
            Self::These(attributes) => attributes.clone(),
        }
    }
}

/// Whether the attribute's values are JSON text that stands for an object.
pub(crate) fn is_object(code: &str) -> bool {
    use ExtraAttribute::{CustomizableOptions, Downloadable, Inventory};
    [Downloadable, Inventory, CustomizableOptions].map(ExtraAttribute::code).contains(&code)
}

/// Whether the attribute is shown on product pages and not in search results, whatever its flags
/// say.
pub(crate) fn is_for_product_pages(code: &str) -> bool {
    is_object(code) || code == ExtraAttribute::AttributeSet.code()
}
