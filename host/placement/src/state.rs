//! The state itself: providers, consumers, names, and the indexes that follow them.
//!
//! A provider lives in a slot, a small integer that is never used again; slots in ascending order are providers in
//! the order of their creation, which is the order of every list this engine gives.

use crate::command::{Command, Event};
use crate::error::PlacementError;
use crate::index::Index;
use crate::inventory::Inventory;
use crate::names::{ClassId, Classes, STANDARD_CLASSES, STANDARD_TRAITS, TraitId, Traits};
use crate::names::{ConsumerType, SHARES_VIA_AGGREGATE, TraitName};
use model::{AggregateId, ConsumerId, ProjectId, ProviderId, ResourceClass, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A provider's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub(crate) u32);

/// An inventory and the sum of the allocations against it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stock {
    pub(crate) inventory: Inventory,
    pub(crate) used: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) id: ProviderId,
    pub(crate) name: Arc<str>,
    pub(crate) generation: u64,
    pub(crate) parent: Option<Slot>,
    pub(crate) root: Slot,
    pub(crate) children: BTreeSet<Slot>,
    /// For a root, everybody in the tree, itself included; else empty.
    pub(crate) tree: BTreeSet<Slot>,
    pub(crate) stocks: BTreeMap<ClassId, Stock>,
    pub(crate) traits: BTreeSet<TraitId>,
    pub(crate) aggregates: BTreeSet<AggregateId>,
    /// Who holds allocations here.
    pub(crate) consumers: BTreeSet<ConsumerId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consumer {
    pub(crate) project: ProjectId,
    pub(crate) user: UserId,
    pub(crate) consumer_type: Option<ConsumerType>,
    pub(crate) generation: u64,
    pub(crate) allocations: Allocations,
}

/// Amounts by provider and class; every amount is at least 1.
pub(crate) type Allocations = BTreeMap<Slot, BTreeMap<ClassId, u64>>;

/// The placement service as a state machine: [`apply`](Self::apply) changes it, everything else reads it. It does no
/// I/O and knows no clock, and the same commands in the same order always lead to the same state.
///
/// A clone shares the providers with the original until one of the two changes them.
#[derive(Clone, Debug)]
pub struct Placement {
    pub(crate) classes: Arc<Classes>,
    pub(crate) traits: Arc<Traits>,
    pub(crate) slots: Vec<Option<Arc<Provider>>>,
    pub(crate) by_id: BTreeMap<ProviderId, Slot>,
    pub(crate) by_name: BTreeMap<Arc<str>, Slot>,
    pub(crate) consumers: BTreeMap<ConsumerId, Consumer>,
    pub(crate) by_project: BTreeMap<ProjectId, BTreeSet<ConsumerId>>,
    pub(crate) index: Index,
    /// The trait that makes a provider a sharing one.
    pub(crate) sharing: TraitId,
}

impl Default for Placement {
    fn default() -> Self {
        let traits = Arc::clone(&STANDARD_TRAITS);
        Self {
            sharing: traits.id(&TraitName::from(SHARES_VIA_AGGREGATE)).unwrap_or(TraitId(u32::MAX)),
            classes: Arc::clone(&STANDARD_CLASSES),
            traits,
            slots: Vec::new(),
            by_id: BTreeMap::new(),
            by_name: BTreeMap::new(),
            consumers: BTreeMap::new(),
            by_project: BTreeMap::new(),
            index: Index::default(),
        }
    }
}

impl Placement {
    /// An empty placement: no providers, no consumers, the standard traits and resource classes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes one change, whole or not at all.
    pub fn apply(&mut self, command: &Command) -> Result<Event, PlacementError> {
        match command {
            Command::CreateProvider { id, name, parent } => self.create_provider(*id, name, *parent),
            Command::UpdateProvider { id, name, parent } => self.update_provider(*id, name, *parent),
            Command::DeleteProvider { id } => self.delete_provider(*id),
            Command::SetInventories { provider, generation, inventories } => {
                self.set_inventories(*provider, *generation, inventories)
            }
            Command::AddInventory { provider, class, inventory } => {
                self.add_inventory(*provider, class, *inventory)
            }
            Command::UpdateInventory { provider, generation, class, inventory } => {
                self.update_inventory(*provider, *generation, class, *inventory)
            }
            Command::DeleteInventory { provider, class } => self.delete_inventory(*provider, class),
            Command::DeleteInventories { provider } => self.delete_inventories(*provider),
            Command::SetTraits { provider, generation, traits } => {
                self.set_traits(*provider, *generation, traits)
            }
            Command::SetAggregates { provider, generation, aggregates } => {
                self.set_aggregates(*provider, *generation, aggregates)
            }
            Command::WriteAllocations { consumers } => self.write_allocations(consumers),
            Command::DeleteAllocations { consumer } => self.delete_allocations(*consumer),
            Command::Reshape { inventories, allocations } => self.reshape(inventories, allocations),
            Command::CreateTrait { name } => self.create_trait(name),
            Command::DeleteTrait { name } => self.delete_trait(name),
            Command::CreateResourceClass { name } => self.create_class(name),
            Command::RenameResourceClass { name, new_name } => self.rename_class(name, new_name),
            Command::DeleteResourceClass { name } => self.delete_class(name),
        }
    }

    pub(crate) fn slot(&self, id: ProviderId) -> Result<Slot, PlacementError> {
        self.by_id.get(&id).copied().ok_or(PlacementError::ProviderNotFound(id))
    }

    #[expect(
        clippy::expect_used,
        reason = "a slot is only ever taken from a live provider or from an index of them"
    )]
    #[inline]
    pub(crate) fn provider_at(&self, slot: Slot) -> &Provider {
        self.slots.get(slot.0 as usize).and_then(Option::as_deref).expect("the slot holds a provider")
    }

    #[expect(
        clippy::expect_used,
        reason = "a slot is only ever taken from a live provider or from an index of them"
    )]
    pub(crate) fn provider_mut(&mut self, slot: Slot) -> &mut Provider {
        let held = self.slots.get_mut(slot.0 as usize).and_then(Option::as_mut);
        Arc::make_mut(held.expect("the slot holds a provider"))
    }

    pub(crate) fn class_id(&self, class: &ResourceClass) -> Result<ClassId, PlacementError> {
        self.classes.id(class).ok_or_else(|| PlacementError::ResourceClassNotFound(class.clone()))
    }

    #[expect(clippy::expect_used, reason = "a class in use by an inventory cannot be deleted")]
    #[inline]
    pub(crate) fn class_name(&self, class: ClassId) -> &ResourceClass {
        self.classes.name(class).expect("the class exists")
    }

    #[expect(clippy::expect_used, reason = "a trait in use by a provider cannot be deleted")]
    pub(crate) fn trait_name(&self, id: TraitId) -> &TraitName {
        self.traits.name(id).expect("the trait exists")
    }

    /// The numbers of these traits, or all of them that do not exist.
    pub(crate) fn trait_ids(&self, names: &BTreeSet<TraitName>) -> Result<BTreeSet<TraitId>, PlacementError> {
        let missing: Vec<_> = names.iter().filter(|name| self.traits.id(name).is_none()).cloned().collect();
        if !missing.is_empty() {
            return Err(PlacementError::TraitsNotFound(missing));
        }
        Ok(names.iter().filter_map(|name| self.traits.id(name)).collect())
    }

    /// Refuses a caller that has not seen the provider's last change.
    pub(crate) fn check_generation(&self, slot: Slot, given: u64) -> Result<(), PlacementError> {
        let provider = self.provider_at(slot);
        if provider.generation == given {
            return Ok(());
        }
        Err(PlacementError::ProviderGenerationConflict {
            provider: provider.id,
            current: provider.generation,
            given,
        })
    }

    /// Counts a change of the provider and reports it.
    pub(crate) fn changed(&mut self, slot: Slot) -> Event {
        let provider = self.provider_mut(slot);
        provider.generation += 1;
        Event::ProviderChanged { id: provider.id, generation: provider.generation }
    }
}
