//! Listing providers (`placement/objects/resource_provider.py`, `get_all_by_filters`). Every condition is on the
//! provider itself, and all of them must hold.

use crate::error::PlacementError;
use crate::index::seek::{Seek, next_of_all};
use crate::names::{ClassId, TraitId, TraitName};
use crate::state::{Placement, Slot};
use crate::view::ProviderRef;
use model::{AggregateId, ProviderId, ResourceAmounts};
use std::collections::BTreeSet;

/// Which providers to list; the default lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderFilter {
    /// With exactly this name.
    pub name: Option<String>,
    /// With this id.
    pub id: Option<ProviderId>,
    /// In the tree of this provider.
    pub in_tree: Option<ProviderId>,
    /// With room for each of these amounts.
    pub resources: ResourceAmounts,
    /// With at least one trait of each of these sets.
    pub required: Vec<BTreeSet<TraitName>>,
    /// With none of these traits.
    pub forbidden: BTreeSet<TraitName>,
    /// In at least one aggregate of each of these sets.
    pub member_of: Vec<BTreeSet<AggregateId>>,
    /// In none of these aggregates.
    pub not_member_of: BTreeSet<AggregateId>,
}

impl Placement {
    /// The providers that pass the filter, in order of creation. An unknown resource class or trait is an error; an
    /// unknown provider or aggregate only matches nothing.
    pub fn list_providers(&self, filter: &ProviderFilter) -> Result<Vec<ProviderRef<'_>>, PlacementError> {
        let resources: Vec<(ClassId, u64)> = (filter.resources.iter())
            .map(|(class, amount)| Ok((self.class_id(class)?, *amount)))
            .collect::<Result<_, PlacementError>>()?;
        let required: Vec<BTreeSet<TraitId>> =
            filter.required.iter().map(|any| self.trait_ids(any)).collect::<Result<_, _>>()?;
        let forbidden = self.trait_ids(&filter.forbidden)?;

        let mut seeks: Vec<Seek<'_>> = Vec::new();
        let named = filter.name.as_ref().map(|name| self.by_name.get(name.as_str()));
        for only in [named, filter.id.map(|id| self.by_id.get(&id))].into_iter().flatten() {
            seeks.push(Seek::AnyOf(only.map(|slot| Seek::Only(slot.0)).into_iter().collect()));
        }
        for (class, amount) in &resources {
            seeks.push(Seek::Room(&self.index.room(*class).own, saturated(*amount)));
        }
        for any in &required {
            seeks.push(Seek::AnyOf(any.iter().map(|id| Seek::In(&self.index.with_trait(*id).own)).collect()));
        }
        for any in &filter.member_of {
            seeks.push(Seek::AnyOf(
                any.iter().map(|id| Seek::In(&self.index.in_aggregate(*id).own)).collect(),
            ));
        }

        let passes = |slot: &Slot| {
            let provider = self.provider_at(*slot);
            resources.iter().all(|(class, amount)| self.can_supply(*slot, *class, *amount))
                && provider.traits.is_disjoint(&forbidden)
                && provider.aggregates.is_disjoint(&filter.not_member_of)
        };
        let found: Vec<Slot> = match filter.in_tree {
            Some(id) => {
                let tree = self.by_id.get(&id).map(|slot| self.tree_of(self.provider_at(*slot).root));
                let meets_all = |slot: &Slot| seeks.is_empty() || next_of_all(&seeks, slot.0) == Some(slot.0);
                tree.into_iter().flatten().filter(meets_all).filter(passes).collect()
            }
            None if seeks.is_empty() => {
                self.providers().map(|provider| provider.slot()).filter(passes).collect()
            }
            None => self.slots_meeting(&seeks).filter(passes).collect(),
        };
        Ok(found.into_iter().map(|slot| ProviderRef::new(self, slot)).collect())
    }

    fn slots_meeting<'a>(&self, seeks: &'a [Seek<'a>]) -> impl Iterator<Item = Slot> + use<'a> {
        let mut from = Some(0);
        std::iter::from_fn(move || {
            let found = next_of_all(seeks, from?)?;
            from = found.checked_add(1);
            Some(Slot(found))
        })
    }

    /// Whether the provider can supply this amount in one allocation, as things are.
    pub(crate) fn can_supply(&self, slot: Slot, class: ClassId, amount: u64) -> bool {
        self.provider_at(slot).stocks.get(&class).is_some_and(|stock| {
            stock.inventory.permits(amount) && stock.inventory.holds(stock.used.saturating_add(amount))
        })
    }
}

/// An amount as the index counts: what is beyond its range is more than any inventory can supply.
pub(crate) fn saturated(amount: u64) -> u32 {
    u32::try_from(amount).unwrap_or(u32::MAX)
}
