//! What can be done to placement, and what is said of it afterwards. Commands are data: they are journaled, traced and
//! replayed, and the same commands in the same order give the same state.

use crate::inventory::Inventory;
use crate::names::{ConsumerType, TraitName};
use model::{AggregateId, ConsumerId, ProjectId, ProviderId, ResourceAmounts, ResourceClass, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One change. It is made whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// A new provider, a root unless it has a parent.
    CreateProvider {
        /// Its id, which no other provider may have.
        id: ProviderId,
        /// Its name, which no other provider may have.
        name: String,
        /// The provider it is part of.
        parent: Option<ProviderId>,
    },
    /// A new name for a provider, and possibly another place in another tree. The generation stays.
    UpdateProvider {
        /// The provider.
        id: ProviderId,
        /// Its name from now on.
        name: String,
        /// Its parent from now on.
        parent: Parent,
    },
    /// Ends a provider without children and allocations; its inventories, traits and aggregates go with it.
    DeleteProvider {
        /// The provider.
        id: ProviderId,
    },
    /// Replaces all inventories of a provider.
    SetInventories {
        /// The provider.
        provider: ProviderId,
        /// Its generation as the caller knows it.
        generation: u64,
        /// All its inventories from now on.
        inventories: BTreeMap<ResourceClass, Inventory>,
    },
    /// Adds one inventory that is not there yet.
    AddInventory {
        /// The provider.
        provider: ProviderId,
        /// The class of which it has no inventory yet.
        class: ResourceClass,
        /// The record.
        inventory: Inventory,
    },
    /// Replaces one inventory that is there.
    UpdateInventory {
        /// The provider.
        provider: ProviderId,
        /// Its generation as the caller knows it.
        generation: u64,
        /// The class.
        class: ResourceClass,
        /// The record from now on.
        inventory: Inventory,
    },
    /// Removes one inventory.
    DeleteInventory {
        /// The provider.
        provider: ProviderId,
        /// The class.
        class: ResourceClass,
    },
    /// Removes all inventories.
    DeleteInventories {
        /// The provider.
        provider: ProviderId,
    },
    /// Replaces all traits of a provider. The generation grows only if that changes anything.
    SetTraits {
        /// The provider.
        provider: ProviderId,
        /// Its generation as the caller knows it; none to take it as it is.
        generation: Option<u64>,
        /// All its traits from now on, each of which exists.
        traits: BTreeSet<TraitName>,
    },
    /// Replaces all aggregates of a provider.
    SetAggregates {
        /// The provider.
        provider: ProviderId,
        /// Its generation as the caller knows it, which then grows; none (before 1.19) to neither check nor change it.
        generation: Option<u64>,
        /// All its aggregates from now on.
        aggregates: BTreeSet<AggregateId>,
    },
    /// Replaces all allocations of each of these consumers, in one transaction. Room is judged after everything these
    /// consumers held has been taken away, so that an allocation can move from one to another.
    WriteAllocations {
        /// Each consumer once.
        consumers: Vec<ConsumerAllocations>,
    },
    /// Removes all allocations of a consumer, whatever its generation, and the consumer.
    DeleteAllocations {
        /// The consumer.
        consumer: ConsumerId,
    },
    /// Replaces inventories and allocations in one transaction, so that allocations can follow inventory that moves
    /// from one provider to another.
    Reshape {
        /// The complete inventories of the providers named.
        inventories: BTreeMap<ProviderId, ProviderInventories>,
        /// The complete allocations of the consumers named.
        allocations: Vec<ConsumerAllocations>,
    },
    /// A new custom trait.
    CreateTrait {
        /// Its name.
        name: TraitName,
    },
    /// Ends a custom trait that no provider has.
    DeleteTrait {
        /// Its name.
        name: TraitName,
    },
    /// A new custom resource class.
    CreateResourceClass {
        /// Its name.
        name: ResourceClass,
    },
    /// Renames a custom resource class (1.2–1.6).
    RenameResourceClass {
        /// Its name until now.
        name: ResourceClass,
        /// Its name from now on.
        new_name: ResourceClass,
    },
    /// Ends a custom resource class that no inventory is of.
    DeleteResourceClass {
        /// Its name.
        name: ResourceClass,
    },
}

/// What happens to a provider's place in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parent {
    /// It stays where it is.
    Keep,
    /// A root gets a parent; a provider that has another one is refused (before 1.37).
    Adopt(Option<ProviderId>),
    /// It is put under this parent with all that is below it, or becomes a root (from 1.37).
    Move(Option<ProviderId>),
}

/// All allocations of one consumer, as they shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerAllocations {
    /// The consumer.
    pub consumer: ConsumerId,
    /// What it takes from each provider; nothing at all ends it.
    pub allocations: BTreeMap<ProviderId, ResourceAmounts>,
    /// The project that is charged.
    pub project: ProjectId,
    /// The user who asked.
    pub user: UserId,
    /// What kind of consumer it is; none leaves that as it is (before 1.38).
    pub consumer_type: Option<ConsumerType>,
    /// What the caller knows of the consumer.
    pub generation: ExpectedGeneration,
}

/// What a caller knows of a consumer it is about to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpectedGeneration {
    /// Nothing: change it whatever its state (before 1.28).
    Any,
    /// That it does not exist.
    New,
    /// Its generation.
    Is(u64),
}

impl From<Option<u64>> for ExpectedGeneration {
    /// As the API has it: null for a consumer that is new.
    fn from(generation: Option<u64>) -> Self {
        generation.map_or(Self::New, Self::Is)
    }
}

/// All inventories of one provider, as they shall be after a reshape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderInventories {
    /// Its generation as the caller knows it.
    pub generation: u64,
    /// All its inventories.
    pub inventories: BTreeMap<ResourceClass, Inventory>,
}

/// What a command has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A provider exists, with generation 0.
    ProviderCreated {
        /// The provider.
        id: ProviderId,
    },
    /// A provider's name or place changed.
    ProviderUpdated {
        /// The provider.
        id: ProviderId,
    },
    /// A provider is gone.
    ProviderDeleted {
        /// The provider.
        id: ProviderId,
    },
    /// A provider's inventories, traits or aggregates were set.
    ProviderChanged {
        /// The provider.
        id: ProviderId,
        /// Its generation now.
        generation: u64,
    },
    /// Allocations, and possibly inventories, were replaced.
    AllocationsWritten {
        /// Every consumer named, with its generation now; none if it is gone.
        consumers: BTreeMap<ConsumerId, Option<u64>>,
        /// Every provider whose generation has grown, with its generation now.
        providers: BTreeMap<ProviderId, u64>,
    },
    /// A consumer and its allocations are gone.
    AllocationsDeleted {
        /// The consumer.
        consumer: ConsumerId,
    },
    /// A custom trait exists.
    TraitCreated {
        /// Its name.
        name: TraitName,
    },
    /// A custom trait is gone.
    TraitDeleted {
        /// Its name.
        name: TraitName,
    },
    /// A custom resource class exists.
    ResourceClassCreated {
        /// Its name.
        name: ResourceClass,
    },
    /// A custom resource class has another name.
    ResourceClassRenamed {
        /// Its name until now.
        name: ResourceClass,
        /// Its name from now on.
        new_name: ResourceClass,
    },
    /// A custom resource class is gone.
    ResourceClassDeleted {
        /// Its name.
        name: ResourceClass,
    },
}
