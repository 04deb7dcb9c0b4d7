//! A cloud as it stands: everything that invariants, expectations and reports look at, read at one moment.

use conductor::Cloud;
use model::{
    Action, ConsumerId, HostName, Migration, MigrationId, PowerState, ProviderId, ResourceAmounts,
    ResourceClass, Server, ServerId,
};
use placement::Inventory;
use std::collections::BTreeMap;
use virt::{CallError, Hypervisor, types};

/// What a consumer holds: provider to resource class to amount.
pub type Holding = BTreeMap<ProviderId, ResourceAmounts>;

/// A cloud as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CloudState {
    /// All servers, also deleted ones, in the order of their creation.
    pub servers: Vec<ServerState>,
    /// The root provider of each host's node.
    pub nodes: BTreeMap<HostName, ProviderId>,
    /// All resource providers, in the order of their creation.
    pub providers: Vec<ProviderState>,
    /// What each consumer holds; those that hold nothing are left out.
    pub allocations: BTreeMap<ConsumerId, Holding>,
    /// The guests of each host's hypervisor, or why they cannot be known.
    pub guests: BTreeMap<HostName, Result<Vec<Guest>, String>>,
    /// How many processors the record of each host's node counts as used.
    pub counted_vcpus: BTreeMap<HostName, u64>,
    /// How many images there are.
    pub images: usize,
}

/// A server with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerState {
    /// Its record.
    pub server: Server,
    /// Its migrations, oldest first.
    pub migrations: Vec<Migration>,
    /// What users asked of it, oldest first.
    pub actions: Vec<Action>,
    /// How many attachments the volume service has for it.
    pub volume_attachments: usize,
    /// How many ports the network service has for it.
    pub ports: usize,
}

impl ServerState {
    /// Its last migration.
    pub fn last_migration(&self) -> Option<&Migration> {
        self.migrations.last()
    }
}

/// A resource provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderState {
    /// Its id.
    pub id: ProviderId,
    /// Its name.
    pub name: String,
    /// What it has of each resource class, and how much of it is in use.
    pub inventories: BTreeMap<ResourceClass, (Inventory, u64)>,
}

impl ProviderState {
    /// How much of each class is in use; classes of which nothing is are left out.
    pub fn usages(&self) -> ResourceAmounts {
        self.inventories
            .iter()
            .filter(|(_, (_, used))| *used > 0)
            .map(|(class, (_, used))| (class.clone(), *used))
            .collect()
    }
}

/// A guest, as its hypervisor tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The uuid of its server, as the hypervisor has it.
    pub uuid: String,
    /// Its power state.
    pub power_state: PowerState,
}

impl Guest {
    /// Whether it is the guest of this server.
    pub fn is_of(&self, server: ServerId) -> bool {
        self.uuid.parse() == Ok(server)
    }
}

impl CloudState {
    /// Reads a cloud that is at rest, guests included. Its hypervisors are asked for them, which counts and is traced as
    /// any driver call; planned faults no longer strike from here on. So it is the last thing that is done with a cloud.
    pub async fn read(cloud: &Cloud) -> Self {
        cloud.faults().clear();
        Self::read_while_served(cloud).await
    }

    /// The same of a cloud that goes on: planned faults stay planned, and may strike while guests are listed.
    pub async fn read_while_served(cloud: &Cloud) -> Self {
        let mut state = Self::read_records(cloud);
        for host in cloud.host_names() {
            if let Ok(hypervisor) = cloud.hypervisor(&host) {
                let guests = guests_of(&hypervisor, &state.servers).await.map_err(|error| error.to_string());
                state.guests.insert(host, guests);
            }
        }
        state
    }

    /// Reads what the control plane itself knows: everything but the guests. Nothing notices.
    pub fn read_records(cloud: &Cloud) -> Self {
        let records = cloud.records();
        let servers: Vec<_> = records
            .servers_even_deleted()
            .into_iter()
            .map(|server| ServerState {
                migrations: records.migrations_of(server.id),
                actions: records.actions(server.id),
                volume_attachments: cloud.volumes().attachments_of(server.id).len(),
                ports: cloud.network().ports_of(server.id).len(),
                server,
            })
            .collect();
        let (mut nodes, mut counted_vcpus) = (BTreeMap::new(), BTreeMap::new());
        for node in records.compute_nodes() {
            counted_vcpus.insert(node.host.clone(), node.vcpus_used);
            nodes.insert(node.host, node.id);
        }
        let (providers, allocations) = {
            let placement = cloud.placement().get();
            let providers = placement.providers().map(|provider| ProviderState {
                id: provider.id(),
                name: provider.name().to_owned(),
                inventories: provider
                    .inventories()
                    .map(|(class, inventory, used)| (class.clone(), (inventory, used)))
                    .collect(),
            });
            let held = placement.consumers().map(|consumer| (consumer.id(), consumer.to_map()));
            let allocations = held.filter(|(_, held): &(_, Holding)| !held.is_empty()).collect();
            (providers.collect(), allocations)
        };
        let images = records.images().len();
        Self { servers, nodes, providers, allocations, guests: BTreeMap::new(), counted_vcpus, images }
    }

    /// The server with this id.
    pub fn server(&self, id: ServerId) -> Option<&ServerState> {
        self.servers.iter().find(|state| state.server.id == id)
    }

    /// The server and the migration of it with this id.
    pub fn migration(&self, id: MigrationId) -> Option<(&ServerState, &Migration)> {
        self.servers
            .iter()
            .find_map(|state| Some((state, state.migrations.iter().find(|migration| migration.id == id)?)))
    }

    /// What a consumer holds.
    pub fn held_by(&self, consumer: ConsumerId) -> Holding {
        self.allocations.get(&consumer).cloned().unwrap_or_default()
    }

    /// The name of a provider; its id if there is no such provider.
    pub fn provider_name(&self, id: ProviderId) -> String {
        let provider = self.providers.iter().find(|provider| provider.id == id);
        provider.map_or_else(|| id.to_string(), |provider| provider.name.clone())
    }

    /// What is held where, as a person reads it: `2 VCPU, 4096 MEMORY_MB on host2`.
    pub fn show_holding(&self, holding: &Holding) -> String {
        let each = holding.iter().map(|(provider, amounts)| {
            format!("{} on {}", crate::scenario::show_amounts(amounts), self.provider_name(*provider))
        });
        let each: Vec<_> = each.collect();
        if each.is_empty() { "nothing".to_owned() } else { each.join("; ") }
    }
}

/// The guests of a hypervisor: by their uuids or, from a driver that does not list these, by the names of the servers
/// that are known.
async fn guests_of(hypervisor: &Hypervisor, servers: &[ServerState]) -> Result<Vec<Guest>, CallError> {
    let uuids = match hypervisor.list_instance_uuids().await {
        Err(CallError::Raised(types::VirtError::NotImplemented)) => {
            let names = hypervisor.list_instances().await?;
            let uuid_of = |name: String| {
                let known = servers.iter().find(|state| guest_name(&state.server) == name);
                known.map_or(name, |state| state.server.id.to_string())
            };
            names.into_iter().map(uuid_of).collect()
        }
        answer => answer?,
    };
    let mut guests = Vec::with_capacity(uuids.len());
    for uuid in uuids {
        let server = servers.iter().find(|state| uuid.parse() == Ok(state.server.id));
        let instance = instance(&uuid, server.map(|state| &state.server));
        let power_state = match hypervisor.get_info(instance, false).await {
            Ok(info) => power_state(info.state),
            // The guest is there; what it does is not known.
            Err(_) => PowerState::NoState,
        };
        guests.push(Guest { uuid, power_state });
    }
    Ok(guests)
}

/// The name by which hypervisors know the guest of a server.
fn guest_name(server: &Server) -> String {
    format!("instance-{:08x}", server.number)
}

/// As much of an instance as a driver needs to find its guest.
fn instance(uuid: &str, server: Option<&Server>) -> types::Instance {
    let flavor = server.map(|server| &server.flavor);
    types::Instance {
        uuid: uuid.to_owned(),
        name: server.map(guest_name).unwrap_or_default(),
        display_name: server.map(|server| server.name.clone()).unwrap_or_default(),
        hostname: server.map(|server| server.name.clone()).unwrap_or_default(),
        project_id: server.map(|server| server.project_id.to_string()).unwrap_or_default(),
        user_id: server.map(|server| server.user_id.to_string()).unwrap_or_default(),
        host: server.and_then(|server| server.host.as_ref()).map(ToString::to_string),
        node: server.and_then(|server| server.node.as_ref()).map(ToString::to_string),
        vm_state: types::VmState::Active,
        task_state: None,
        power_state: types::PowerState::Nostate,
        flavor: types::Flavor {
            flavorid: flavor.map(|flavor| flavor.id.to_string()).unwrap_or_default(),
            name: flavor.map(|flavor| flavor.name.clone()).unwrap_or_default(),
            vcpus: flavor.map_or(0, |flavor| flavor.vcpus),
            memory_mb: flavor.map_or(0, |flavor| flavor.memory_mb),
            root_gb: flavor.map_or(0, |flavor| flavor.root_gb),
            ephemeral_gb: flavor.map_or(0, |flavor| flavor.ephemeral_gb),
            swap: flavor.map_or(0, |flavor| flavor.swap_mb),
            extra_specs: Vec::new(),
        },
        image_ref: None,
        root_device_name: None,
        metadata: Vec::new(),
        system_metadata: Vec::new(),
        availability_zone: None,
        config_drive: false,
        user_data: None,
        key_name: None,
        key_data: None,
        numa_topology: None,
        pci_devices: Vec::new(),
    }
}

fn power_state(state: types::PowerState) -> PowerState {
    match state {
        types::PowerState::Nostate => PowerState::NoState,
        types::PowerState::Running => PowerState::Running,
        types::PowerState::Paused => PowerState::Paused,
        types::PowerState::Shutdown => PowerState::Shutdown,
        types::PowerState::Crashed => PowerState::Crashed,
        types::PowerState::Suspended => PowerState::Suspended,
    }
}
