//! Everything placement refuses, each with the message and the error code of the real service
//! (`placement/exception.py`, `placement/errors.py`). Nova recognises some of these by parts of the message.

use crate::names::TraitName;
use model::{ConsumerId, ProviderId, ResourceClass};
use serde::{Deserialize, Serialize};

/// Why a command or a query was refused. Nothing has changed when a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PlacementError {
    /// No provider has this id.
    #[error("No resource provider with uuid {0} found")]
    ProviderNotFound(ProviderId),
    /// Another provider has this name.
    #[error("Conflicting resource provider name: {0} already exists.")]
    DuplicateName(String),
    /// A provider has this id already.
    #[error("Conflicting resource provider uuid: {0} already exists.")]
    DuplicateProvider(ProviderId),
    /// A provider was to be created below itself.
    #[error(
        "Object action create failed because: parent provider UUID cannot be same as UUID. \
         Please set parent provider UUID to None if there is no parent."
    )]
    ParentIsSelf,
    /// The parent named does not exist.
    #[error("Object action create failed because: parent provider UUID does not exist.")]
    ParentNotFound,
    /// The provider has another parent, and the caller may not change that.
    #[error("Object action update failed because: re-parenting a provider is not currently allowed.")]
    ReparentingNotAllowed,
    /// The provider has a parent, and the caller may not take it away.
    #[error("Object action update failed because: un-parenting a provider is not currently allowed.")]
    UnparentingNotAllowed,
    /// The new parent is the provider itself or below it.
    #[error("Object action update failed because: creating loop in the provider tree is not allowed.")]
    ParentLoop,
    /// A provider with children cannot be deleted.
    #[error("Cannot delete resource provider that is a parent of another. Delete child providers first.")]
    ProviderHasChildren,
    /// A provider with allocations cannot be deleted.
    #[error("Resource provider has allocations.")]
    ProviderInUse,
    /// Somebody else has changed the provider since the caller read it.
    #[error("resource provider generation conflict")]
    ProviderGenerationConflict {
        /// The provider.
        provider: ProviderId,
        /// Its generation.
        current: u64,
        /// The generation the caller sent.
        given: u64,
    },
    /// Somebody else has changed the consumer since the caller read it.
    #[error(
        "consumer generation conflict - expected {} but got {}",
        shown(expected, "null"),
        shown(given, "None")
    )]
    ConsumerGenerationConflict {
        /// The consumer.
        consumer: ConsumerId,
        /// Its generation; none when there is no such consumer.
        expected: Option<u64>,
        /// The generation the caller sent; none when it expected no such consumer.
        given: Option<u64>,
    },
    /// No such resource class.
    #[error("No such resource class {0}.")]
    ResourceClassNotFound(ResourceClass),
    /// A custom class of this name exists.
    #[error("Resource class {0} already exists.")]
    ResourceClassExists(ResourceClass),
    /// An inventory is of this class.
    #[error("Cannot delete resource class {0}. Class is in use in inventory.")]
    ResourceClassInUse(ResourceClass),
    /// A standard class cannot be deleted.
    #[error("Cannot delete standard resource class {0}.")]
    CannotDeleteStandardClass(ResourceClass),
    /// A standard class cannot be renamed.
    #[error("Cannot update standard resource class {0}.")]
    CannotUpdateStandardClass(ResourceClass),
    /// A name that is neither standard nor a well-formed custom one.
    #[error("{0} is no name for a custom trait or resource class")]
    InvalidCustomName(String),
    /// No such traits, in alphabetical order.
    #[error("No such trait(s): {}.", joined(.0))]
    TraitsNotFound(Vec<TraitName>),
    /// A custom trait of this name exists.
    #[error("The Trait {0} already exists")]
    TraitExists(TraitName),
    /// A provider has this trait.
    #[error("The trait {0} is in use by a resource provider.")]
    TraitInUse(TraitName),
    /// A standard trait cannot be deleted.
    #[error("Cannot delete standard trait {0}.")]
    CannotDeleteStandardTrait(TraitName),
    /// The provider has no inventory of this class.
    #[error("No inventory of class {0} found.")]
    InventoryNotFound(ResourceClass),
    /// The provider has an inventory of this class already.
    #[error("Update conflict: Inventory of class {0} already exists.")]
    InventoryExists(ResourceClass),
    /// An inventory field is out of its range: zero total, zero units, a ratio that is no number.
    #[error("Invalid inventory for '{class}' on resource provider '{provider}'. {reason}")]
    InvalidInventory {
        /// The class.
        class: ResourceClass,
        /// The provider.
        provider: ProviderId,
        /// What is wrong.
        reason: InventoryFault,
    },
    /// Inventories of these classes cannot go: there are allocations against them.
    #[error("Inventory for '{}' on resource provider '{provider}' in use.", joined(classes))]
    InventoryInUse {
        /// The classes in use.
        classes: Vec<ResourceClass>,
        /// The provider.
        provider: ProviderId,
    },
    /// An allocation names a provider that does not exist.
    #[error("Allocation for resource provider '{0}' that does not exist.")]
    AllocationProviderNotFound(ProviderId),
    /// An allocation is against classes the providers have no inventory of.
    #[error("Inventory for '{}' on resource provider '{}' invalid.", joined(classes), joined(providers))]
    NoInventory {
        /// The classes asked for.
        classes: Vec<ResourceClass>,
        /// The providers that lack them.
        providers: Vec<ProviderId>,
    },
    /// An allocation is more than what is left.
    #[error(
        "Unable to create allocation for '{class}' on resource provider '{provider}'. \
         The requested amount would exceed the capacity."
    )]
    CapacityExceeded {
        /// The class.
        class: ResourceClass,
        /// The provider.
        provider: ProviderId,
    },
    /// An allocation breaks `min_unit`, `max_unit` or `step_size`.
    #[error(
        "Unable to create allocation for '{class}' on resource provider '{provider}'. \
         The requested amount would violate inventory constraints."
    )]
    ConstraintsViolated {
        /// The class.
        class: ResourceClass,
        /// The provider.
        provider: ProviderId,
    },
    /// The consumer has no allocations to delete.
    #[error("No allocations for consumer '{0}'")]
    NoAllocations(ConsumerId),
    /// The same consumer twice in one command.
    #[error("consumer {0} is named twice")]
    DuplicateConsumer(ConsumerId),
    /// A reshape names the inventory of a provider that does not exist.
    #[error("Resource provider {0} in inventories not found: No resource provider with uuid {0} found ")]
    ReshapeProviderNotFound(ProviderId),
    /// The candidates are too many to list.
    #[error(
        "The request matches too many combinations of resource providers. \
         Narrow it down, or ask for fewer with the limit parameter."
    )]
    TooManyCandidates,
}

/// What is wrong with an inventory record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum InventoryFault {
    /// More is reserved than there is.
    #[error("The reserved value is greater than total.")]
    ReservedOverTotal,
    /// A field is outside of its range.
    #[error("A value is outside of its range.")]
    OutOfRange,
}

impl PlacementError {
    /// The code that clients tell errors apart by, from microversion 1.23 on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateName(_) | Self::DuplicateProvider(_) => "placement.duplicate_name",
            Self::ProviderHasChildren => "placement.resource_provider.cannot_delete_parent",
            Self::ProviderInUse => "placement.resource_provider.inuse",
            Self::ProviderGenerationConflict { .. }
            | Self::ConsumerGenerationConflict { .. }
            | Self::InventoryExists(_) => "placement.concurrent_update",
            Self::InventoryInUse { .. } => "placement.inventory.inuse",
            Self::ReshapeProviderNotFound(_) => "placement.resource_provider.not_found",
            Self::ProviderNotFound(_)
            | Self::ParentIsSelf
            | Self::ParentNotFound
            | Self::ReparentingNotAllowed
            | Self::UnparentingNotAllowed
            | Self::ParentLoop
            | Self::ResourceClassNotFound(_)
            | Self::ResourceClassExists(_)
            | Self::ResourceClassInUse(_)
            | Self::CannotDeleteStandardClass(_)
            | Self::CannotUpdateStandardClass(_)
            | Self::InvalidCustomName(_)
            | Self::TraitsNotFound(_)
            | Self::TraitExists(_)
            | Self::TraitInUse(_)
            | Self::CannotDeleteStandardTrait(_)
            | Self::InventoryNotFound(_)
            | Self::InvalidInventory { .. }
            | Self::AllocationProviderNotFound(_)
            | Self::NoInventory { .. }
            | Self::CapacityExceeded { .. }
            | Self::ConstraintsViolated { .. }
            | Self::NoAllocations(_)
            | Self::DuplicateConsumer(_)
            | Self::TooManyCandidates => "placement.undefined_code",
        }
    }
}

fn joined<T: ToString>(names: &[T]) -> String {
    names.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn shown(generation: &Option<u64>, none: &str) -> String {
    generation.map_or_else(|| none.to_string(), |n| n.to_string())
}
