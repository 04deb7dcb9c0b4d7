//! Writing allocations (`placement/objects/allocation.py`, `replace_all`; the order of the checks is that of
//! `placement/handlers/allocation.py`).

use crate::command::{ConsumerAllocations, Event, ExpectedGeneration};
use crate::error::PlacementError;
use crate::names::ClassId;
use crate::state::{Allocations, Consumer, Placement, Slot};
use model::{ConsumerId, ProjectId};
use std::collections::{BTreeMap, BTreeSet};

/// What each consumer shall hold, resolved to slots and classes, in the order of the command.
pub(crate) struct Plan<'a> {
    consumers: Vec<(&'a ConsumerAllocations, Allocations)>,
}

impl Placement {
    pub(crate) fn write_allocations(
        &mut self,
        consumers: &[ConsumerAllocations],
    ) -> Result<Event, PlacementError> {
        let plan = self.plan_allocations(consumers)?;
        self.check_room(&plan)?;
        Ok(self.carry_out(plan))
    }

    pub(crate) fn delete_allocations(&mut self, consumer: ConsumerId) -> Result<Event, PlacementError> {
        if self.consumers.get(&consumer).is_none_or(|held| held.allocations.is_empty()) {
            return Err(PlacementError::NoAllocations(consumer));
        }
        self.release(consumer);
        self.forget(consumer);
        Ok(Event::AllocationsDeleted { consumer })
    }

    /// Checks what can be refused without regard to room: generations first, then providers, then classes.
    pub(crate) fn plan_allocations<'a>(
        &self,
        consumers: &'a [ConsumerAllocations],
    ) -> Result<Plan<'a>, PlacementError> {
        let mut seen = BTreeSet::new();
        for wanted in consumers {
            if !seen.insert(wanted.consumer) {
                return Err(PlacementError::DuplicateConsumer(wanted.consumer));
            }
            self.check_consumer(wanted)?;
        }
        for provider in consumers.iter().flat_map(|wanted| wanted.allocations.keys()) {
            if !self.by_id.contains_key(provider) {
                return Err(PlacementError::AllocationProviderNotFound(*provider));
            }
        }
        let mut planned = Vec::with_capacity(consumers.len());
        for wanted in consumers {
            let mut allocations = Allocations::new();
            for (provider, resources) in &wanted.allocations {
                let mut amounts = BTreeMap::new();
                for (class, amount) in resources.iter().filter(|(_, amount)| **amount > 0) {
                    amounts.insert(self.class_id(class)?, *amount);
                }
                if !amounts.is_empty() {
                    allocations.insert(self.slot(*provider)?, amounts);
                }
            }
            planned.push((wanted, allocations));
        }
        Ok(Plan { consumers: planned })
    }

    fn check_consumer(&self, wanted: &ConsumerAllocations) -> Result<(), PlacementError> {
        let expected = self.consumers.get(&wanted.consumer).map(|consumer| consumer.generation);
        let given = match wanted.generation {
            ExpectedGeneration::Any => return Ok(()),
            ExpectedGeneration::New => None,
            ExpectedGeneration::Is(generation) => Some(generation),
        };
        if expected == given {
            return Ok(());
        }
        Err(PlacementError::ConsumerGenerationConflict { consumer: wanted.consumer, expected, given })
    }

    /// Checks that everything planned fits, once what the consumers hold now has been taken away. A provider that is
    /// over its capacity already takes what does not make it worse.
    pub(crate) fn check_room(&self, plan: &Plan<'_>) -> Result<(), PlacementError> {
        self.check_inventories(plan)?;
        let mut released: BTreeMap<(Slot, ClassId), u64> = BTreeMap::new();
        for (wanted, _) in &plan.consumers {
            let held = self.consumers.get(&wanted.consumer).map(|consumer| &consumer.allocations);
            for (slot, class, amount) in held.into_iter().flat_map(amounts) {
                *released.entry((slot, class)).or_default() += amount;
            }
        }
        let mut needed: BTreeMap<(Slot, ClassId), u64> = BTreeMap::new();
        for (slot, class, amount) in plan.consumers.iter().flat_map(|(_, allocations)| amounts(allocations)) {
            let provider = self.provider_at(slot);
            let id = provider.id;
            let name = || self.class_name(class).clone();
            let Some(stock) = provider.stocks.get(&class) else {
                return Err(PlacementError::NoInventory { classes: vec![name()], providers: vec![id] });
            };
            if !stock.inventory.permits(amount) {
                return Err(PlacementError::ConstraintsViolated { class: name(), provider: id });
            }
            let all = needed.entry((slot, class)).or_default();
            *all = all.saturating_add(amount);
            let kept = stock.used - released.get(&(slot, class)).copied().unwrap_or(0);
            let total = kept.saturating_add(*all);
            if !stock.inventory.holds(total) && total > stock.used {
                return Err(PlacementError::CapacityExceeded { class: name(), provider: id });
            }
        }
        Ok(())
    }

    /// A provider that has none of the classes asked for is reported before anything else, together with its like.
    fn check_inventories(&self, plan: &Plan<'_>) -> Result<(), PlacementError> {
        let all = || plan.consumers.iter().flat_map(|(_, allocations)| amounts(allocations));
        let classes: BTreeSet<ClassId> = all().map(|(_, class, _)| class).collect();
        let slots: BTreeSet<Slot> = all().map(|(slot, _, _)| slot).collect();
        let bare: Vec<_> = (slots.into_iter())
            .map(|slot| self.provider_at(slot))
            .filter(|provider| !classes.iter().any(|class| provider.stocks.contains_key(class)))
            .map(|provider| provider.id)
            .collect();
        if bare.is_empty() {
            return Ok(());
        }
        let classes = classes.into_iter().map(|class| self.class_name(class).clone()).collect();
        Err(PlacementError::NoInventory { classes, providers: bare })
    }

    /// Replaces the allocations. The plan has been checked.
    pub(crate) fn carry_out(&mut self, plan: Plan<'_>) -> Event {
        // The generation grows of every provider that supplies something now, and of every provider of a consumer that
        // is to hold nothing; a provider merely dropped from a consumer's allocations does not notice.
        let mut touched: BTreeSet<Slot> = BTreeSet::new();
        let mut generations: BTreeMap<ConsumerId, Option<u64>> = BTreeMap::new();
        let mut visited: Vec<bool> = Vec::with_capacity(plan.consumers.len());
        for (wanted, allocations) in &plan.consumers {
            let held = self.release(wanted.consumer);
            let source = if allocations.is_empty() { &held } else { allocations };
            touched.extend(source.keys().copied());
            visited.push(!source.is_empty());
        }
        for ((wanted, allocations), visited) in plan.consumers.into_iter().zip(visited) {
            let generation = self.update_consumer(wanted, allocations, visited);
            generations.insert(wanted.consumer, generation);
        }
        let mut providers = BTreeMap::new();
        for slot in touched {
            let provider = self.provider_mut(slot);
            provider.generation += 1;
            providers.insert(provider.id, provider.generation);
        }
        Event::AllocationsWritten { consumers: generations, providers }
    }

    /// Sets what the consumer is and holds, and says its generation; none if it is gone. A consumer that had nothing
    /// and gets nothing is recorded all the same, with its generation as it was, as the real service does.
    fn update_consumer(
        &mut self,
        wanted: &ConsumerAllocations,
        allocations: Allocations,
        visited: bool,
    ) -> Option<u64> {
        let id = wanted.consumer;
        if visited && allocations.is_empty() {
            self.forget(id);
            return None;
        }
        for (slot, class, amount) in amounts(&allocations) {
            let provider = self.provider_mut(slot);
            provider.consumers.insert(id);
            if let Some(stock) = provider.stocks.get_mut(&class) {
                stock.used += amount;
            }
            self.reindex_room(slot, class);
        }
        let consumer = self.consumers.entry(id).or_insert_with(|| Consumer {
            project: wanted.project.clone(),
            user: wanted.user.clone(),
            consumer_type: None,
            generation: 0,
            allocations: Allocations::new(),
        });
        let old_project = std::mem::replace(&mut consumer.project, wanted.project.clone());
        consumer.user = wanted.user.clone();
        if wanted.consumer_type.is_some() {
            consumer.consumer_type.clone_from(&wanted.consumer_type);
        }
        consumer.generation += u64::from(visited);
        consumer.allocations = allocations;
        let generation = consumer.generation;
        if old_project != wanted.project {
            self.leave_project(&old_project, id);
        }
        self.by_project.entry(wanted.project.clone()).or_default().insert(id);
        Some(generation)
    }

    /// Takes away what a consumer holds, and says what that was. The consumer itself stays.
    pub(crate) fn release(&mut self, consumer: ConsumerId) -> Allocations {
        let held = self.consumers.get_mut(&consumer).map(|held| std::mem::take(&mut held.allocations));
        let held = held.unwrap_or_default();
        for (slot, class, amount) in amounts(&held) {
            let provider = self.provider_mut(slot);
            provider.consumers.remove(&consumer);
            if let Some(stock) = provider.stocks.get_mut(&class) {
                stock.used -= amount;
            }
            self.reindex_room(slot, class);
        }
        held
    }

    fn forget(&mut self, consumer: ConsumerId) {
        if let Some(gone) = self.consumers.remove(&consumer) {
            self.leave_project(&gone.project, consumer);
        }
    }

    fn leave_project(&mut self, project: &ProjectId, consumer: ConsumerId) {
        if let Some(consumers) = self.by_project.get_mut(project) {
            consumers.remove(&consumer);
            if consumers.is_empty() {
                self.by_project.remove(project);
            }
        }
    }
}

fn amounts(allocations: &Allocations) -> impl Iterator<Item = (Slot, ClassId, u64)> {
    allocations
        .iter()
        .flat_map(|(slot, classes)| classes.iter().map(|(class, amount)| (*slot, *class, *amount)))
}
