//! Telling placement what a node has: its provider tree, inventories and traits
//! (`ResourceTracker._update_to_placement`, `SchedulerReportClient.update_from_provider_tree`).

use crate::instance_events::COMPUTE_STATUS_DISABLED;
use crate::services::Services;
use crate::virt_types::{self, capability_trait};
use model::rpc::Address;
use model::{AggregateId, ComputeNode, ExceptionClass, NovaError, ProviderId, ResourceClass};
use placement::{Command, Inventory, Placement, PlacementError, TraitName};
use std::collections::{BTreeMap, BTreeSet};
use virt::Hypervisor;

/// The trait of every compute node's root provider.
const COMPUTE_NODE: &str = "COMPUTE_NODE";

/// Makes sure the node's provider exists, lets the driver change the tree, and writes what differs.
pub(super) async fn update_to_placement(
    services: &Services,
    writer: &Address,
    driver: &Hypervisor,
    node: &ComputeNode,
    managed: &ManagedTraits,
) -> Result<(), NovaError> {
    if services.report_client.read(|placement| placement.provider(node.id).is_err()) {
        let name = node.hypervisor_hostname.to_string();
        services
            .report_client
            .write(writer, Command::CreateProvider { id: node.id, name, parent: None })
            .map_err(placement_failed)?;
    }
    let present =
        services.report_client.read(|placement| tree_of(placement, node.id)).map_err(placement_failed)?;
    let wanted = driver
        .update_provider_tree(
            present.iter().map(virt_types::provider).collect(),
            node.hypervisor_hostname.to_string(),
            // Allocations are handed over only when a driver asks to move inventories.
            None,
        )
        .await?;
    let mut wanted: Vec<Provider> =
        wanted.tree.into_iter().map(virt_types::wanted_provider).collect::<Result<_, _>>()?;
    if let Some(root) = wanted.iter_mut().find(|provider| provider.id == node.id) {
        managed.set(&mut root.traits, services.records.service_disabled(&node.host));
    }
    flush(services, writer, &present, &wanted).map_err(placement_failed)
}

/// A provider, as it is or as it shall be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Provider {
    pub(crate) id: ProviderId,
    pub(crate) name: String,
    pub(crate) parent: Option<ProviderId>,
    pub(crate) inventories: BTreeMap<ResourceClass, Inventory>,
    pub(crate) traits: BTreeSet<TraitName>,
    pub(crate) aggregates: BTreeSet<AggregateId>,
}

fn tree_of(placement: &Placement, root: ProviderId) -> Result<Vec<Provider>, PlacementError> {
    Ok(placement
        .provider(root)?
        .tree()
        .map(|provider| Provider {
            id: provider.id(),
            name: provider.name().to_owned(),
            parent: provider.parent(),
            inventories: provider
                .inventories()
                .map(|(class, inventory, _used)| (class.clone(), inventory))
                .collect(),
            traits: provider.traits().cloned().collect(),
            aggregates: provider.aggregates().collect(),
        })
        .collect())
}

/// The traits the tracker manages itself: those of capabilities, that of a compute node, and that of a disabled one.
/// What operators set besides is kept.
pub(super) struct ManagedTraits {
    present: Vec<TraitName>,
    absent: Vec<TraitName>,
    disabled: TraitName,
}

impl ManagedTraits {
    /// Those of a node whose driver has these capabilities. As in Nova, capabilities are not asked for with every change
    /// of the node.
    pub(super) fn of(capabilities: &[virt::types::Capability]) -> Self {
        let mut traits = Self {
            present: vec![TraitName::from(COMPUTE_NODE)],
            absent: Vec::new(),
            disabled: TraitName::from(COMPUTE_STATUS_DISABLED),
        };
        for capability in virt_types::ALL_CAPABILITIES {
            let Some(name) = capability_trait(*capability) else { continue };
            let list =
                if capabilities.contains(capability) { &mut traits.present } else { &mut traits.absent };
            list.push(TraitName::from(name));
        }
        traits
    }

    fn set(&self, traits: &mut BTreeSet<TraitName>, disabled: bool) {
        for name in &self.absent {
            traits.remove(name);
        }
        for name in self.present.iter().chain(disabled.then_some(&self.disabled)) {
            if !traits.contains(name) {
                traits.insert(name.clone());
            }
        }
        if !disabled {
            traits.remove(&self.disabled);
        }
    }
}

/// Writes the differences: new providers parents first, then inventories, traits and aggregates, then the removal of
/// providers that are no longer wanted, children first.
fn flush(
    services: &Services,
    writer: &Address,
    present: &[Provider],
    wanted: &[Provider],
) -> Result<(), PlacementError> {
    let client = &services.report_client;
    let former = |id| present.iter().find(|provider| provider.id == id);
    for provider in wanted {
        if former(provider.id).is_none() {
            let (id, name, parent) = (provider.id, provider.name.clone(), provider.parent);
            client.write(writer, Command::CreateProvider { id, name, parent })?;
        }
        let before = former(provider.id);
        if before
            .map_or(!provider.inventories.is_empty(), |before| before.inventories != provider.inventories)
        {
            create_custom_classes(services, writer, provider)?;
            let generation = generation_of(services, provider.id)?;
            let inventories = provider.inventories.clone();
            client
                .write(writer, Command::SetInventories { provider: provider.id, generation, inventories })?;
        }
        if before.map_or(!provider.traits.is_empty(), |before| before.traits != provider.traits) {
            create_custom_traits(services, writer, provider)?;
            let generation = Some(generation_of(services, provider.id)?);
            let traits = provider.traits.clone();
            client.write(writer, Command::SetTraits { provider: provider.id, generation, traits })?;
        }
        if before.map_or(!provider.aggregates.is_empty(), |before| before.aggregates != provider.aggregates) {
            let generation = Some(generation_of(services, provider.id)?);
            let aggregates = provider.aggregates.clone();
            client.write(writer, Command::SetAggregates { provider: provider.id, generation, aggregates })?;
        }
    }
    for provider in present.iter().rev() {
        if !wanted.iter().any(|kept| kept.id == provider.id) {
            client.write(writer, Command::DeleteProvider { id: provider.id })?;
        }
    }
    Ok(())
}

fn generation_of(services: &Services, id: ProviderId) -> Result<u64, PlacementError> {
    services.report_client.read(|placement| placement.provider(id).map(|provider| provider.generation()))
}

fn create_custom_classes(
    services: &Services,
    writer: &Address,
    provider: &Provider,
) -> Result<(), PlacementError> {
    for class in provider.inventories.keys() {
        if !services.report_client.read(|placement| placement.has_resource_class(class)) {
            services.report_client.write(writer, Command::CreateResourceClass { name: class.clone() })?;
        }
    }
    Ok(())
}

fn create_custom_traits(
    services: &Services,
    writer: &Address,
    provider: &Provider,
) -> Result<(), PlacementError> {
    for name in &provider.traits {
        if !services.report_client.read(|placement| placement.has_trait(name)) {
            services.report_client.write(writer, Command::CreateTrait { name: name.clone() })?;
        }
    }
    Ok(())
}

fn placement_failed(error: PlacementError) -> NovaError {
    NovaError::new(ExceptionClass::PlacementApiError, error.to_string())
}
