//! Placement as a state machine: resource providers and their trees, inventories, traits, aggregates, consumers and
//! their allocations, and the search for allocation candidates. There is no I/O here, no clock and no randomness.
//!
//! [`Placement::apply`] makes one [`Command`] happen, whole or not at all, and says what changed. Everything else
//! reads. The semantics are those of Placement's newest microversion (1.39 in 16.0.0); what differs between
//! microversions is the business of the HTTP face, apart from the few rules that older ones lack and a command can
//! leave out (see [`ExpectedGeneration`], [`Parent`], [`Command::SetAggregates`]).
//!
//! ```
//! use model::{ConsumerId, ProviderId, ResourceClass};
//! use novarig_placement::{Command, ConsumerAllocations, ExpectedGeneration, Inventory, Placement};
//! use uuid::Uuid;
//!
//! let mut placement = Placement::new();
//! let (host, server) = (ProviderId(Uuid::from_u128(1)), ConsumerId(Uuid::from_u128(2)));
//! placement.apply(&Command::CreateProvider { id: host, name: "host1".into(), parent: None })?;
//! placement.apply(&Command::SetInventories {
//!     provider: host,
//!     generation: 0,
//!     inventories: [(ResourceClass::VCPU, Inventory::of(8))].into(),
//! })?;
//! placement.apply(&Command::WriteAllocations {
//!     consumers: vec![ConsumerAllocations {
//!         consumer: server,
//!         allocations: [(host, [(ResourceClass::VCPU, 2)].into())].into(),
//!         project: "demo".into(),
//!         user: "alice".into(),
//!         consumer_type: None,
//!         generation: ExpectedGeneration::New,
//!     }],
//! })?;
//! let (_, used) = placement.provider(host)?.inventory(&ResourceClass::VCPU).unwrap();
//! assert_eq!(used, 2);
//! # Ok::<(), novarig_placement::PlacementError>(())
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod apply;
mod candidates;
mod command;
mod error;
mod filter;
mod index;
mod inventory;
mod names;
mod state;
mod view;

pub use candidates::{
    AllocationCandidates, AllocationRequest, Candidate, CandidateSet, CandidatesRequest, GroupPolicy,
    ProviderSummary, RequestGroup,
};
pub use command::{Command, ConsumerAllocations, Event, ExpectedGeneration, Parent, ProviderInventories};
pub use error::{InventoryFault, PlacementError};
pub use filter::ProviderFilter;
pub use inventory::{Inventory, MAX_INT};
pub use names::{
    ConsumerType, MAX_NAME_LENGTH, SHARES_VIA_AGGREGATE, TraitName, is_custom_name, is_upper_name,
};
pub use state::Placement;
pub use view::{ConsumerRef, ProviderRef, UsageTotals};
