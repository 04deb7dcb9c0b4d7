//! Names that placement hands out numbers for: traits and resource classes, standard and custom.
//!
//! Inside the engine a trait or a class is a small integer, so that inventories and indexes are arrays and bitsets;
//! its name appears at the edge only. The standard names are those of the Python distributions os-traits 3.9.0 and
//! os-resource-classes 1.1.0, in their order, and can be neither deleted nor renamed.

use model::ResourceClass;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

macro_rules! name_types {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

name_types! {
    /// A trait, standard (`HW_CPU_X86_AVX2`) or custom (`CUSTOM_GOLD`). Whether it exists is the engine's to say.
    TraitName,
    /// The type of a consumer, such as `INSTANCE`. A consumer without one is reported as `unknown`.
    ConsumerType,
}

/// The trait of a provider whose whole inventory is shared with the trees it has an aggregate in common with.
pub const SHARES_VIA_AGGREGATE: &str = "MISC_SHARES_VIA_AGGREGATE";

/// The prefix every name that is not standard must have.
const CUSTOM_PREFIX: &str = "CUSTOM_";

/// Longest name of a trait, a resource class or a consumer type, in bytes.
pub const MAX_NAME_LENGTH: usize = 255;

/// Whether a custom trait or resource class may have this name: `CUSTOM_` and then upper-case letters, digits
/// and underscores, at most 255 in all.
pub fn is_custom_name(name: &str) -> bool {
    name.len() <= MAX_NAME_LENGTH
        && name.strip_prefix(CUSTOM_PREFIX).is_some_and(|rest| !rest.is_empty() && is_upper_name(rest))
}

/// Whether these are upper-case letters, digits and underscores only.
pub fn is_upper_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The number of a resource class; the standard ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassId(pub(crate) u32);

/// The number of a trait; the standard ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TraitId(pub(crate) u32);

macro_rules! dense_ids {
    ($($name:ident),*) => {$(
        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }
        impl From<$name> for usize {
            fn from(id: $name) -> usize {
                id.0 as usize
            }
        }
    )*};
}
dense_ids!(ClassId, TraitId);

/// Names and their numbers. A number is never given to a second name.
#[derive(Clone, Debug)]
pub(crate) struct Names<N, I> {
    by_id: Vec<Option<N>>,
    ids: BTreeMap<N, I>,
    standard: usize,
}

impl<N: Ord + Clone, I: Copy + From<u32> + Into<usize>> Names<N, I> {
    fn standard(names: impl Iterator<Item = N>) -> Self {
        let mut table = Self { by_id: Vec::new(), ids: BTreeMap::new(), standard: 0 };
        for name in names {
            table.add(name);
        }
        table.standard = table.by_id.len();
        table
    }

    pub(crate) fn id(&self, name: &N) -> Option<I> {
        self.ids.get(name).copied()
    }

    /// The name with this number, which must be in use: numbers come from `id` and die with their name.
    pub(crate) fn name(&self, id: I) -> Option<&N> {
        self.by_id.get(id.into()).and_then(Option::as_ref)
    }

    pub(crate) fn is_standard(&self, id: I) -> bool {
        id.into() < self.standard
    }

    /// Gives the name a number of its own. The caller has made sure that it has none yet.
    pub(crate) fn add(&mut self, name: N) -> I {
        let number = u32::try_from(self.by_id.len()).unwrap_or(u32::MAX);
        self.by_id.push(Some(name.clone()));
        self.ids.insert(name, I::from(number));
        I::from(number)
    }

    pub(crate) fn rename(&mut self, id: I, name: N) {
        if let Some(old) = self.by_id[id.into()].replace(name.clone()) {
            self.ids.remove(&old);
        }
        self.ids.insert(name, id);
    }

    pub(crate) fn remove(&mut self, id: I) {
        if let Some(name) = self.by_id[id.into()].take() {
            self.ids.remove(&name);
        }
    }

    /// All names in the order they came to be, with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &N)> {
        (0u32..)
            .zip(&self.by_id)
            .filter_map(|(number, name)| name.as_ref().map(|name| (I::from(number), name)))
    }
}

pub(crate) type Classes = Names<ResourceClass, ClassId>;
pub(crate) type Traits = Names<TraitName, TraitId>;

/// The standard resource classes; shared by every engine until it adds one of its own.
pub(crate) static STANDARD_CLASSES: LazyLock<Arc<Classes>> = LazyLock::new(|| {
    let names = include_str!("../data/os-resource-classes.txt").lines();
    Arc::new(Names::standard(names.filter(|n| !n.is_empty()).map(ResourceClass::from_static)))
});

/// The standard traits; shared by every engine until it adds one of its own.
pub(crate) static STANDARD_TRAITS: LazyLock<Arc<Traits>> = LazyLock::new(|| {
    let names = include_str!("../data/os-traits.txt").lines();
    Arc::new(Names::standard(names.filter(|n| !n.is_empty()).map(TraitName::from)))
});

#[cfg(test)]
mod tests {
    use super::{STANDARD_CLASSES, STANDARD_TRAITS, is_custom_name};
    use model::ResourceClass;

    #[test]
    fn the_standard_names_are_those_of_the_python_distributions() {
        assert_eq!(STANDARD_CLASSES.iter().count(), 21);
        assert_eq!(STANDARD_TRAITS.iter().count(), 377);
        assert_eq!(STANDARD_CLASSES.id(&ResourceClass::VCPU).map(|id| id.0), Some(0));
    }

    #[test]
    fn custom_names_are_prefixed_upper_case_and_bounded() {
        assert!(is_custom_name("CUSTOM_GOLD_2"));
        for bad in ["CUSTOM_", "GOLD", "CUSTOM_gold", "CUSTOM_A-B", &format!("CUSTOM_{}", "A".repeat(249))] {
            assert!(!is_custom_name(bad), "{bad}");
        }
    }
}
