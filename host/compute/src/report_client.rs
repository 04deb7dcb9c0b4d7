//! Writes and reads of placement, as Nova's services make them (`nova/scheduler/client/report.py`). The rules that
//! never change are those of `move_allocations` and its siblings: both consumers of a move are written in one request,
//! so that nobody ever sees neither or both; a consumer is emptied with the generation that was read.

use crate::services::Shared;
use model::rpc::Address;
use model::{ConsumerId, ExceptionClass, NovaError, ProjectId, ProviderId, ResourceAmounts, UserId};
use placement::{Command, ConsumerAllocations, Event, ExpectedGeneration, Placement, PlacementError};
use runtime::{Trace, TraceEvent};
use std::collections::BTreeMap;

/// What a consumer holds: provider to resource class to amount.
pub type Allocations = BTreeMap<ProviderId, ResourceAmounts>;

/// The way to placement. Clones lead to the same placement.
#[derive(Clone)]
pub struct ReportClient {
    placement: Shared<Placement>,
    trace: Trace,
}

/// Whose allocation a write is accounted to: the server's owner, also when an administrator moves the server.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The project that is charged.
    pub project: ProjectId,
    /// Its user.
    pub user: UserId,
}

impl ReportClient {
    /// A client of this placement.
    pub fn new(placement: Shared<Placement>, trace: Trace) -> Self {
        Self { placement, trace }
    }

    /// Reads. Nothing else happens to placement meanwhile.
    pub fn read<T>(&self, look: impl FnOnce(&Placement) -> T) -> T {
        look(&self.placement.get())
    }

    /// Writes, and traces what was written.
    pub fn write(&self, writer: &Address, command: Command) -> Result<Event, PlacementError> {
        let outcome = self.placement.update(|placement| placement.apply(&command));
        self.trace.record(|| TraceEvent::PlacementWrite {
            writer: writer.clone(),
            command: serde_json::to_value(&command).unwrap_or_default(),
            error: outcome.as_ref().err().map(ToString::to_string),
        });
        outcome
    }

    /// What a consumer holds; empty when it holds nothing.
    pub fn allocations_of(&self, consumer: ConsumerId) -> Allocations {
        self.read(|placement| placement.consumer(consumer).map(|held| held.to_map()).unwrap_or_default())
    }

    /// Who holds something of a provider (`get_allocations_for_resource_provider`); nobody of one that placement does not know.
    pub fn consumers_of(&self, provider: ProviderId) -> Vec<ConsumerId> {
        self.read(|placement| {
            let provider = placement.provider(provider);
            provider.map(|provider| provider.consumers().map(|held| held.id()).collect()).unwrap_or_default()
        })
    }

    /// Claims `request` for a consumer. A consumer that already holds something keeps it, with its amounts, and gets the
    /// providers it does not have yet. Answers false when placement refuses for lack of room. Errors:
    /// `AllocationUpdateFailed` when somebody else changed the consumer meanwhile.
    pub fn claim_resources(
        &self,
        writer: &Address,
        consumer: ConsumerId,
        request: &Allocations,
        owner: &Owner,
    ) -> Result<bool, NovaError> {
        let (mut allocations, generation) = self.held(consumer);
        for (provider, amounts) in request {
            allocations.entry(*provider).or_insert_with(|| amounts.clone());
        }
        match self.replace(writer, consumer, allocations, generation, owner) {
            Ok(_) => Ok(true),
            Err(PlacementError::ConsumerGenerationConflict { .. }) => Err(NovaError::new(
                ExceptionClass::AllocationUpdateFailed,
                format!(
                    "Failed to update allocations for consumer {consumer}. Error: another process changed the \
                     consumer {consumer} during the claim"
                ),
            )),
            Err(_) => Ok(false),
        }
    }

    /// Gives everything `source` holds to `target`, whose own allocation is replaced, in one write. Errors:
    /// `AllocationMoveFailed`.
    pub fn move_allocations(
        &self,
        writer: &Address,
        source: ConsumerId,
        target: ConsumerId,
        owner: &Owner,
    ) -> Result<(), NovaError> {
        let (held, source_generation) = self.held(source);
        let (_, target_generation) = self.held(target);
        let consumers = vec![
            consumer(source, Allocations::new(), source_generation, owner),
            consumer(target, held, target_generation, owner),
        ];
        self.write(writer, Command::WriteAllocations { consumers }).map(drop).map_err(|error| {
            NovaError::new(
                ExceptionClass::AllocationMoveFailed,
                format!(
                    "Failed to move allocations from consumer {source} to consumer {target}. Error: {error}"
                ),
            )
        })
    }

    /// Takes everything from a consumer with the generation that was read. A consumer that holds nothing is not
    /// written. Errors: `AllocationDeleteFailed`.
    pub fn empty_allocations(
        &self,
        writer: &Address,
        id: ConsumerId,
        owner: &Owner,
    ) -> Result<(), NovaError> {
        let (held, generation) = self.held(id);
        if held.is_empty() {
            return Ok(());
        }
        self.replace(writer, id, Allocations::new(), generation, owner).map(drop).map_err(|error| {
            NovaError::new(
                ExceptionClass::AllocationDeleteFailed,
                format!("Failed to delete allocations for consumer {id}. Error: {error}"),
            )
        })
    }

    /// Takes what a consumer holds of the providers in the tree of `root`; the rest it keeps
    /// (`remove_provider_tree_from_instance_allocation`). When somebody else changed the consumer meanwhile nothing is
    /// taken, as in Nova, which only logs that.
    pub fn remove_provider_tree(
        &self,
        writer: &Address,
        consumer: ConsumerId,
        root: ProviderId,
        owner: &Owner,
    ) {
        let (mut held, generation) = self.held(consumer);
        let tree: Vec<_> = self.read(|placement| {
            let Ok(provider) = placement.provider(root) else { return Vec::new() };
            provider.tree().map(|member| member.id()).collect()
        });
        let before = held.len();
        held.retain(|provider, _| !tree.contains(provider));
        if held.len() < before {
            let _ = self.replace(writer, consumer, held, generation, owner);
        }
    }

    /// Takes everything from a consumer, whatever its generation. A consumer that does not exist counts as success.
    pub fn delete_allocations(&self, writer: &Address, consumer: ConsumerId) {
        // The only refusal there is says that nothing is held, which is what is wanted.
        let _ = self.write(writer, Command::DeleteAllocations { consumer });
    }

    fn held(&self, id: ConsumerId) -> (Allocations, ExpectedGeneration) {
        self.read(|placement| match placement.consumer(id) {
            Some(held) => (held.to_map(), ExpectedGeneration::Is(held.generation())),
            None => (Allocations::new(), ExpectedGeneration::New),
        })
    }

    fn replace(
        &self,
        writer: &Address,
        id: ConsumerId,
        allocations: Allocations,
        generation: ExpectedGeneration,
        owner: &Owner,
    ) -> Result<Event, PlacementError> {
        let consumers = vec![consumer(id, allocations, generation, owner)];
        self.write(writer, Command::WriteAllocations { consumers })
    }
}

fn consumer(
    id: ConsumerId,
    allocations: Allocations,
    generation: ExpectedGeneration,
    owner: &Owner,
) -> ConsumerAllocations {
    ConsumerAllocations {
        consumer: id,
        allocations,
        project: owner.project.clone(),
        user: owner.user.clone(),
        consumer_type: None,
        generation,
    }
}

impl Owner {
    /// The owner of a server.
    pub fn of(server: &model::Server) -> Self {
        Self { project: server.project_id.clone(), user: server.user_id.clone() }
    }
}
