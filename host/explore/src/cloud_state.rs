//! A cloud as it stands: everything that invariants, expectations and reports look at, read at one moment.

use conductor::{Attachment, Cloud, Port};
use model::{
    Action, ComputeNode, ConsumerId, HostName, Migration, MigrationId, Options, PowerState, ProjectId,
    ProviderId, ResourceAmounts, ResourceClass, Server, ServerId,
};
use placement::Inventory;
use std::collections::BTreeMap;
use std::fmt;
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
    /// What the record of each host's node counts as used.
    pub counted: BTreeMap<HostName, Counted>,
    /// What each node counts although no server uses it: what the hosts keep for themselves.
    pub reserved: Counted,
    /// What the resource tracker of each host whose compute service runs will count at its next update. Until then the record
    /// follows only the claims that the host hears of.
    pub recounted: BTreeMap<HostName, Counted>,
    /// Every port of the network service, by id.
    pub ports: Vec<Port>,
    /// Every attachment of the volume service, in the order of their creation.
    pub attachments: Vec<Attachment>,
    /// What each project with servers is said to use, by Nova's names of the resources.
    pub quota_usage: BTreeMap<ProjectId, BTreeMap<&'static str, i64>>,
    /// Whether processors and memory of that usage are counted by placement, not by the servers' records.
    pub quota_by_placement: bool,
    /// Notifications that something began, without one that it ended or failed.
    pub unended: Vec<Unended>,
    /// How many images there are.
    pub images: usize,
}

/// What the record of a node counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Processors.
    pub vcpus: u64,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Disk in GiB.
    pub local_gb: u64,
}

impl Counted {
    fn of(node: &ComputeNode) -> Self {
        Self { vcpus: node.vcpus_used, memory_mb: node.memory_mb_used, local_gb: node.local_gb_used }
    }

    fn reserved(options: &Options) -> Self {
        Self {
            vcpus: options.reserved_host_cpus,
            memory_mb: options.reserved_host_memory_mb,
            local_gb: options.reserved_host_disk_mb.div_ceil(1024),
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vcpus, memory_mb, local_gb } = self;
        write!(f, "{vcpus} VCPU, {memory_mb} MiB of memory and {local_gb} GiB of disk")
    }
}

/// A notification that something began, without one that it ended or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unended {
    /// The server it is about.
    pub server: ServerId,
    /// Its type without the phase: `instance.resize_prep`.
    pub event: String,
    /// Who sent it: `nova-compute:host1`.
    pub publisher: String,
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
                server,
            })
            .collect();
        let (mut nodes, mut counted) = (BTreeMap::new(), BTreeMap::new());
        for node in records.compute_nodes() {
            counted.insert(node.host.clone(), Counted::of(&node));
            nodes.insert(node.host, node.id);
        }
        let recounted = cloud.recounted_nodes().into_iter();
        let recounted = recounted.map(|node| (node.host.clone(), Counted::of(&node))).collect();
        let mut quota_usage = BTreeMap::new();
        for state in servers.iter().filter(|state| !state.server.deleted()) {
            let project = &state.server.project_id;
            if !quota_usage.contains_key(project) {
                quota_usage.insert(project.clone(), cloud.api().quota_usage(project, None));
            }
        }
        let options = cloud.services().options.get();
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
        Self {
            servers,
            nodes,
            providers,
            allocations,
            guests: BTreeMap::new(),
            counted,
            reserved: Counted::reserved(&options),
            recounted,
            ports: cloud.network().ports(),
            attachments: cloud.volumes().attachments(),
            quota_usage,
            quota_by_placement: options.count_usage_from_placement,
            unended: unended(cloud),
            images: records.images().len(),
        }
    }

    /// The ports that are plugged into a server.
    pub fn ports_of(&self, server: ServerId) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(move |port| port.device == Some(server))
    }

    /// The attachments of volumes to a server.
    pub fn attachments_of(&self, server: ServerId) -> impl Iterator<Item = &Attachment> {
        self.attachments.iter().filter(move |attachment| attachment.server == server)
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

/// The notifications that something began, as far as they are kept, that have no match. Whatever a service has begun with a
/// server is also ended by its `compute.exception`, by which it tells of every failure that has no notification of its own
/// (`nova/exception_wrapper.py`). The error of an operation is also that of the steps that it had begun: a build whose clean-up
/// fails as well tells of `create.error` alone (observed).
fn unended(cloud: &Cloud) -> Vec<Unended> {
    let mut open: Vec<Unended> = Vec::new();
    cloud.services().notifier.for_each(|sent| {
        let Some(server) = sent.server else { return };
        if sent.event_type == "compute.exception" {
            open.retain(|begun| begun.server != server || begun.publisher != sent.publisher_id);
        } else if let Some((event, phase)) = sent.event_type.rsplit_once('.') {
            match phase {
                // The scheduler's search for a host is told to begin, and when it finds none nothing more is told of it
                // (`nova/scheduler/manager.py, _select_destinations`).
                "start" if event.starts_with("instance.") => open.push(Unended {
                    server,
                    event: event.to_owned(),
                    publisher: sent.publisher_id.clone(),
                }),
                "end" | "error" => {
                    let begun = open.iter().rposition(|begun| begun.server == server && begun.event == event);
                    let Some(begun) = begun else { return };
                    let whole = open.remove(begun);
                    if phase == "error" {
                        let of_it =
                            |step: &Unended| step.server == whole.server && step.publisher == whole.publisher;
                        let steps = open.split_off(begun);
                        open.extend(steps.into_iter().filter(|step| !of_it(step)));
                    }
                }
                _ => {}
            }
        }
    });
    open
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
