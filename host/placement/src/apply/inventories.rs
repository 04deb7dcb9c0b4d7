//! Inventories (`placement/objects/resource_provider.py`, `_set_inventory` and its relatives). Less inventory than is in
//! use is allowed; no inventory at all of a class in use is not.

use crate::command::Event;
use crate::error::{InventoryFault, PlacementError};
use crate::inventory::{Inventory, MAX_INT};
use crate::names::ClassId;
use crate::state::{Placement, Slot, Stock};
use model::{ProviderId, ResourceClass};
use std::collections::BTreeMap;

impl Placement {
    pub(crate) fn set_inventories(
        &mut self,
        provider: ProviderId,
        generation: u64,
        inventories: &BTreeMap<ResourceClass, Inventory>,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        self.check_generation(slot, generation)?;
        let numbered = self.checked_inventories(provider, inventories)?;
        for (class, inventory) in inventories {
            check_reserve(provider, class, inventory)?;
        }
        self.replace_inventories(slot, &numbered)?;
        Ok(self.changed(slot))
    }

    pub(crate) fn add_inventory(
        &mut self,
        provider: ProviderId,
        class: &ResourceClass,
        inventory: Inventory,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        let id = self.checked_inventory(provider, class, inventory)?;
        check_reserve(provider, class, &inventory)?;
        if self.provider_at(slot).stocks.contains_key(&id) {
            return Err(PlacementError::InventoryExists(class.clone()));
        }
        self.put_inventory(slot, id, inventory);
        Ok(self.changed(slot))
    }

    pub(crate) fn update_inventory(
        &mut self,
        provider: ProviderId,
        generation: u64,
        class: &ResourceClass,
        inventory: Inventory,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        self.check_generation(slot, generation)?;
        let id = self.checked_inventory(provider, class, inventory)?;
        check_reserve(provider, class, &inventory)?;
        if !self.provider_at(slot).stocks.contains_key(&id) {
            return Err(PlacementError::InventoryNotFound(class.clone()));
        }
        self.put_inventory(slot, id, inventory);
        Ok(self.changed(slot))
    }

    pub(crate) fn delete_inventory(
        &mut self,
        provider: ProviderId,
        class: &ResourceClass,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        let id = self.class_id(class)?;
        let stocks = &self.provider_at(slot).stocks;
        let used = stocks.get(&id).ok_or_else(|| PlacementError::InventoryNotFound(class.clone()))?.used;
        if used > 0 {
            return Err(PlacementError::InventoryInUse { classes: vec![class.clone()], provider });
        }
        self.provider_mut(slot).stocks.remove(&id);
        self.reindex_room(slot, id);
        Ok(self.changed(slot))
    }

    pub(crate) fn delete_inventories(&mut self, provider: ProviderId) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        self.replace_inventories(slot, &BTreeMap::new())?;
        Ok(self.changed(slot))
    }

    /// The inventories by number of class, once the class and the range of every field are known to be good.
    pub(crate) fn checked_inventories(
        &self,
        provider: ProviderId,
        inventories: &BTreeMap<ResourceClass, Inventory>,
    ) -> Result<BTreeMap<ClassId, Inventory>, PlacementError> {
        let checked = |(class, inventory): (&ResourceClass, &Inventory)| {
            Ok((self.checked_inventory(provider, class, *inventory)?, *inventory))
        };
        inventories.iter().map(checked).collect()
    }

    fn checked_inventory(
        &self,
        provider: ProviderId,
        class: &ResourceClass,
        inventory: Inventory,
    ) -> Result<ClassId, PlacementError> {
        let id = self.class_id(class)?;
        let units = [inventory.total, inventory.min_unit, inventory.max_unit, inventory.step_size];
        let in_range = units.iter().all(|n| (1..=MAX_INT).contains(n))
            && inventory.reserved <= MAX_INT
            && inventory.allocation_ratio.is_finite();
        if in_range {
            return Ok(id);
        }
        let reason = InventoryFault::OutOfRange;
        Err(PlacementError::InvalidInventory { class: class.clone(), provider, reason })
    }

    /// Makes these the provider's only inventories, unless one that would go is in use.
    pub(crate) fn replace_inventories(
        &mut self,
        slot: Slot,
        inventories: &BTreeMap<ClassId, Inventory>,
    ) -> Result<(), PlacementError> {
        let provider = self.provider_at(slot);
        let gone: Vec<(ClassId, u64)> = (provider.stocks.iter())
            .filter(|(class, _)| !inventories.contains_key(class))
            .map(|(class, stock)| (*class, stock.used))
            .collect();
        let in_use: Vec<_> = gone
            .iter()
            .filter(|(_, used)| *used > 0)
            .map(|(class, _)| self.class_name(*class).clone())
            .collect();
        if !in_use.is_empty() {
            return Err(PlacementError::InventoryInUse { classes: in_use, provider: provider.id });
        }
        for (class, _) in gone {
            self.provider_mut(slot).stocks.remove(&class);
            self.reindex_room(slot, class);
        }
        for (class, inventory) in inventories {
            self.put_inventory(slot, *class, *inventory);
        }
        Ok(())
    }

    fn put_inventory(&mut self, slot: Slot, class: ClassId, inventory: Inventory) {
        let stocks = &mut self.provider_mut(slot).stocks;
        stocks
            .entry(class)
            .and_modify(|stock| stock.inventory = inventory)
            .or_insert(Stock { inventory, used: 0 });
        self.reindex_room(slot, class);
    }
}

/// No more may be reserved than there is. The real service does not check that when it reshapes.
fn check_reserve(
    provider: ProviderId,
    class: &ResourceClass,
    inventory: &Inventory,
) -> Result<(), PlacementError> {
    if inventory.capacity() >= 0.0 {
        return Ok(());
    }
    let reason = InventoryFault::ReservedOverTotal;
    Err(PlacementError::InvalidInventory { class: class.clone(), provider, reason })
}
