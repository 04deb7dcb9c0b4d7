//! Reading: providers, consumers, usages and names as they are.
//!
//! What the longest answers read of every provider is inlined into the crate that writes them.

use crate::error::PlacementError;
use crate::inventory::Inventory;
use crate::names::{ConsumerType, TraitName};
use crate::state::{Consumer, Placement, Provider, Slot};
use model::{AggregateId, ConsumerId, ProjectId, ProviderId, ResourceAmounts, ResourceClass, UserId};
use std::collections::BTreeMap;

/// A provider to read from.
#[derive(Clone, Copy, Debug)]
pub struct ProviderRef<'a> {
    state: &'a Placement,
    slot: Slot,
    provider: &'a Provider,
}

impl<'a> ProviderRef<'a> {
    #[inline]
    pub(crate) fn new(state: &'a Placement, slot: Slot) -> Self {
        Self { state, slot, provider: state.provider_at(slot) }
    }

    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    /// Its id.
    #[inline]
    pub fn id(&self) -> ProviderId {
        self.provider.id
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.provider.name
    }

    /// How often its inventories, traits, aggregates and allocations have changed.
    pub fn generation(&self) -> u64 {
        self.provider.generation
    }

    /// The provider it is part of; none for a root.
    #[inline]
    pub fn parent(&self) -> Option<ProviderId> {
        self.provider.parent.map(|slot| self.state.provider_at(slot).id)
    }

    /// The root of the tree it is in: itself if it has no parent.
    #[inline]
    pub fn root(&self) -> ProviderId {
        self.state.provider_at(self.provider.root).id
    }

    /// Everybody in its tree, itself included, in order of creation.
    pub fn tree(&self) -> impl Iterator<Item = ProviderRef<'a>> {
        let state = self.state;
        state.tree_of(self.provider.root).map(move |slot| ProviderRef::new(state, slot))
    }

    /// Its inventories, each with how much of it is in use.
    pub fn inventories(&self) -> impl Iterator<Item = (&'a ResourceClass, Inventory, u64)> {
        let state = self.state;
        self.provider
            .stocks
            .iter()
            .map(move |(class, stock)| (state.class_name(*class), stock.inventory, stock.used))
    }

    /// One inventory, and how much of it is in use.
    pub fn inventory(&self, class: &ResourceClass) -> Option<(Inventory, u64)> {
        let stock = self.provider.stocks.get(&self.state.classes.id(class)?)?;
        Some((stock.inventory, stock.used))
    }

    /// Its traits.
    pub fn traits(&self) -> impl Iterator<Item = &'a TraitName> {
        let state = self.state;
        self.provider.traits.iter().map(move |id| state.trait_name(*id))
    }

    /// Its aggregates.
    pub fn aggregates(&self) -> impl Iterator<Item = AggregateId> {
        self.provider.aggregates.iter().copied()
    }

    /// Who holds allocations of it.
    pub fn consumers(&self) -> impl Iterator<Item = ConsumerRef<'a>> {
        let state = self.state;
        self.provider.consumers.iter().filter_map(move |id| state.consumer(*id))
    }
}

/// A consumer to read from.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerRef<'a> {
    state: &'a Placement,
    id: ConsumerId,
    consumer: &'a Consumer,
}

impl<'a> ConsumerRef<'a> {
    /// Its id.
    pub fn id(&self) -> ConsumerId {
        self.id
    }

    /// How often its allocations have been written.
    pub fn generation(&self) -> u64 {
        self.consumer.generation
    }

    /// The project that is charged.
    pub fn project(&self) -> &'a ProjectId {
        &self.consumer.project
    }

    /// The user who asked.
    pub fn user(&self) -> &'a UserId {
        &self.consumer.user
    }

    /// What kind of consumer it is, if anybody has said so.
    pub fn consumer_type(&self) -> Option<&'a ConsumerType> {
        self.consumer.consumer_type.as_ref()
    }

    /// What it holds, by provider in order of creation.
    pub fn allocations(
        &self,
    ) -> impl Iterator<Item = (ProviderRef<'a>, impl Iterator<Item = (&'a ResourceClass, u64)>)> {
        let state = self.state;
        self.consumer.allocations.iter().map(move |(slot, amounts)| {
            let amounts = amounts.iter().map(move |(class, amount)| (state.class_name(*class), *amount));
            (ProviderRef::new(state, *slot), amounts)
        })
    }

    /// What it holds of one provider; empty if nothing.
    pub fn of_provider(&self, provider: &ProviderRef<'a>) -> impl Iterator<Item = (&'a ResourceClass, u64)> {
        let state = self.state;
        let amounts = self.consumer.allocations.get(&provider.slot());
        amounts.into_iter().flatten().map(move |(class, amount)| (state.class_name(*class), *amount))
    }

    /// What it holds, as it would be written back.
    pub fn to_map(&self) -> BTreeMap<ProviderId, ResourceAmounts> {
        let owned = |(provider, amounts): (ProviderRef<'a>, _)| (provider.id(), own(amounts));
        self.allocations().map(owned).collect()
    }
}

fn own<'a>(amounts: impl Iterator<Item = (&'a ResourceClass, u64)>) -> ResourceAmounts {
    amounts.map(|(class, amount)| (class.clone(), amount)).collect()
}

/// Whose usage is summed up, and under which key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// Amounts by class.
    pub resources: ResourceAmounts,
    /// How many consumers they are of.
    pub consumers: u64,
}

impl Placement {
    /// The provider with this id.
    pub fn provider(&self, id: ProviderId) -> Result<ProviderRef<'_>, PlacementError> {
        Ok(ProviderRef::new(self, self.slot(id)?))
    }

    /// All providers, in order of creation.
    pub fn providers(&self) -> impl Iterator<Item = ProviderRef<'_>> {
        (0u32..)
            .zip(&self.slots)
            .filter(|(_, held)| held.is_some())
            .map(|(n, _)| ProviderRef::new(self, Slot(n)))
    }

    /// The consumer with this id, if it is known.
    pub fn consumer(&self, id: ConsumerId) -> Option<ConsumerRef<'_>> {
        self.consumers.get(&id).map(|consumer| ConsumerRef { state: self, id, consumer })
    }

    /// All consumers, in the order of their ids.
    pub fn consumers(&self) -> impl Iterator<Item = ConsumerRef<'_>> {
        self.consumers.iter().map(|(id, consumer)| ConsumerRef { state: self, id: *id, consumer })
    }

    /// What the consumers of a project hold, in total by type of consumer (none: without a type). Consumers that hold
    /// nothing do not count.
    pub fn usages(
        &self,
        project: &ProjectId,
        user: Option<&UserId>,
    ) -> BTreeMap<Option<ConsumerType>, UsageTotals> {
        let mut totals: BTreeMap<Option<ConsumerType>, UsageTotals> = BTreeMap::new();
        let consumers =
            self.by_project.get(project).into_iter().flatten().filter_map(|id| self.consumers.get(id));
        for consumer in
            consumers.filter(|c| !c.allocations.is_empty() && user.is_none_or(|user| c.user == *user))
        {
            let total = totals.entry(consumer.consumer_type.clone()).or_default();
            total.consumers += 1;
            for (class, amount) in consumer.allocations.values().flatten() {
                *total.resources.entry(self.class_name(*class).clone()).or_default() += amount;
            }
        }
        totals
    }

    /// All resource classes, the standard ones first.
    pub fn resource_classes(&self) -> impl Iterator<Item = &ResourceClass> {
        self.classes.iter().map(|(_, name)| name)
    }

    /// Whether there is such a resource class.
    pub fn has_resource_class(&self, name: &ResourceClass) -> bool {
        self.classes.id(name).is_some()
    }

    /// All traits, the standard ones first, each with whether a provider has it.
    pub fn traits(&self) -> impl Iterator<Item = (&TraitName, bool)> {
        self.traits.iter().map(|(id, name)| (name, !self.index.with_trait(id).own.is_empty()))
    }

    /// Whether there is such a trait.
    pub fn has_trait(&self, name: &TraitName) -> bool {
        self.traits.id(name).is_some()
    }
}
