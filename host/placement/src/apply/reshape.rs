//! Replacing inventories and allocations together (`placement/objects/reshaper.py`).
//!
//! The inventories go first to the union of old and new, so that allocations can leave the old and enter the new, and
//! then to what was asked for. Each step counts as a change of the provider.

use crate::command::{ConsumerAllocations, Event, ProviderInventories};
use crate::error::PlacementError;
use crate::inventory::Inventory;
use crate::names::ClassId;
use crate::state::{Placement, Provider, Slot};
use model::ProviderId;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Placement {
    pub(crate) fn reshape(
        &mut self,
        inventories: &BTreeMap<ProviderId, ProviderInventories>,
        allocations: &[ConsumerAllocations],
    ) -> Result<Event, PlacementError> {
        for (id, each) in inventories {
            let slot = self.slot(*id).map_err(|_| PlacementError::ReshapeProviderNotFound(*id))?;
            self.check_generation(slot, each.generation)?;
        }
        let plan = self.plan_allocations(allocations)?;
        let mut wanted: Vec<(Slot, BTreeMap<ClassId, Inventory>)> = Vec::with_capacity(inventories.len());
        for (id, each) in inventories {
            wanted.push((self.slot(*id)?, self.checked_inventories(*id, &each.inventories)?));
        }

        // The room for the allocations shows only in the union, so that is set up first and taken back if they do not
        // fit.
        let before: Vec<(Slot, Option<Arc<Provider>>)> =
            wanted.iter().map(|(slot, _)| (*slot, self.slots[slot.0 as usize].clone())).collect();
        let checked = (self.set_union(&wanted))
            .and_then(|()| self.check_room(&plan))
            .and_then(|()| self.check_unused(&wanted, allocations));
        if let Err(refused) = checked {
            self.restore(before);
            return Err(refused);
        }
        let mut written = self.carry_out(plan);
        for (slot, inventories) in &wanted {
            self.replace_inventories(*slot, inventories)?;
            let provider = self.provider_mut(*slot);
            provider.generation += 1;
            if let Event::AllocationsWritten { providers, .. } = &mut written {
                providers.insert(provider.id, provider.generation);
            }
        }
        Ok(written)
    }

    fn set_union(&mut self, wanted: &[(Slot, BTreeMap<ClassId, Inventory>)]) -> Result<(), PlacementError> {
        for (slot, new) in wanted.iter().filter(|(_, new)| !new.is_empty()) {
            let old = self.provider_at(*slot).stocks.iter().map(|(class, stock)| (*class, stock.inventory));
            let union = old.chain(new.iter().map(|(class, inventory)| (*class, *inventory))).collect();
            self.replace_inventories(*slot, &union)?;
            self.provider_mut(*slot).generation += 1;
        }
        Ok(())
    }

    /// Refuses if a class that shall go would still be in use once the allocations are replaced.
    fn check_unused(
        &self,
        wanted: &[(Slot, BTreeMap<ClassId, Inventory>)],
        allocations: &[ConsumerAllocations],
    ) -> Result<(), PlacementError> {
        let given: BTreeMap<_, _> =
            allocations.iter().map(|each| (each.consumer, &each.allocations)).collect();
        for (slot, new) in wanted {
            let provider = self.provider_at(*slot);
            let still_used = |class: &ClassId| {
                let name = self.class_name(*class);
                let by_given = given.values().any(|providers| takes(providers, provider.id, name));
                let by_others = provider.consumers.iter().filter(|id| !given.contains_key(id)).any(|id| {
                    let held = self.consumers.get(id).and_then(|consumer| consumer.allocations.get(slot));
                    held.is_some_and(|classes| classes.contains_key(class))
                });
                by_given || by_others
            };
            let classes: Vec<_> = (provider.stocks.keys())
                .filter(|class| !new.contains_key(class) && still_used(class))
                .map(|class| self.class_name(*class).clone())
                .collect();
            if !classes.is_empty() {
                return Err(PlacementError::InventoryInUse { classes, provider: provider.id });
            }
        }
        Ok(())
    }

    /// Puts the inventories back; nothing but them and the generations has been changed.
    fn restore(&mut self, before: Vec<(Slot, Option<Arc<Provider>>)>) {
        for (slot, provider) in before {
            let interim: Vec<ClassId> = self.provider_at(slot).stocks.keys().copied().collect();
            self.slots[slot.0 as usize] = provider;
            for class in interim {
                self.reindex_room(slot, class);
            }
        }
    }
}

fn takes(
    providers: &BTreeMap<ProviderId, model::ResourceAmounts>,
    provider: ProviderId,
    class: &model::ResourceClass,
) -> bool {
    providers.get(&provider).and_then(|resources| resources.get(class)).is_some_and(|amount| *amount > 0)
}
