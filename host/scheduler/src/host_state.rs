//! What the scheduler knows of one compute node (`nova/scheduler/host_manager.py, HostState`).

use crate::aggregate::Aggregate;
use crate::filters::pci_passthrough;
use crate::numa;
use model::{ComputeNode, Flavor, HostName, ProviderId, RequestSpec, ResourceAmounts, ServerId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One compute node with its service, its aggregates and the servers on it. The free amounts are signed: they say what
/// the node record says less what was chosen since, and decide nothing but weights.
#[derive(Clone, Debug, PartialEq)]
pub struct HostState {
    /// The host.
    pub host: HostName,
    /// The node; with one node a host, the same name.
    pub node: HostName,
    /// The node's uuid, which is that of its root provider.
    pub compute_node: ProviderId,
    /// The cell the host is in; none when there is only one.
    pub cell: Option<String>,
    /// Whether no operator took the service out of scheduling.
    pub service_enabled: bool,
    /// Whether the service was heard of lately and is not forced down.
    pub service_up: bool,
    /// The zone the host is in.
    pub availability_zone: String,
    /// The node's address.
    pub host_ip: Option<String>,
    /// `fake`, `QEMU`, …
    pub hypervisor_type: String,
    /// The version as one integer.
    pub hypervisor_version: u32,
    /// What the processors are, as the driver tells it: a JSON object.
    pub cpu_info: Option<Arc<serde_json::Value>>,
    /// What kinds of guests the hypervisor runs.
    pub supported_instances: Vec<SupportedInstance>,
    /// MiB of memory.
    pub total_usable_ram_mb: u64,
    /// MiB of memory not used.
    pub free_ram_mb: i64,
    /// GiB of disk.
    pub total_usable_disk_gb: u64,
    /// MiB of disk not used.
    pub free_disk_mb: i64,
    /// Processors.
    pub vcpus_total: u64,
    /// Processors used.
    pub vcpus_used: u64,
    /// How often processors may be handed out.
    pub cpu_allocation_ratio: f64,
    /// How often memory may be handed out.
    pub ram_allocation_ratio: f64,
    /// How often disk may be handed out.
    pub disk_allocation_ratio: f64,
    /// Servers on the node, as the node's statistics count them.
    pub num_instances: u64,
    /// Servers being built, rebuilt, resized, snapshot, backed up, rescued or unshelved.
    pub num_io_ops: u64,
    /// Builds that failed here since the last that did not.
    pub failed_builds: u64,
    /// NUMA cells, when the node reports them.
    pub numa: Option<HostNuma>,
    /// Free PCI devices.
    pub pci_pools: Vec<PciPool>,
    /// Metrics by name, when the node reports them.
    pub metrics: BTreeMap<String, f64>,
    /// Other statistics and capabilities the driver reports, by name.
    pub stats: BTreeMap<String, String>,
    /// Aggregates the host is in.
    pub aggregates: Vec<Arc<Aggregate>>,
    /// Servers on the host.
    pub instances: BTreeMap<ServerId, ResidentServer>,
    /// What placement offers on this node; the first is the one that is claimed.
    pub allocation_candidates: Vec<AllocationCandidate>,
}

/// A kind of guest a hypervisor runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportedInstance {
    /// `x86_64`, `aarch64`, …
    pub architecture: String,
    /// `kvm`, `fake`, …
    pub hypervisor_type: String,
    /// `hvm`, `exe`, …
    pub vm_mode: String,
}

/// What filters and weighers need to know of a server that is on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResidentServer {
    /// Properties of the image it was built from.
    pub image_properties: Arc<BTreeMap<String, String>>,
}

/// Free PCI devices that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PciPool {
    /// How many are free.
    pub count: u64,
    /// What they are: `vendor_id`, `product_id`, `dev_type`, `physical_network`, …
    pub tags: BTreeMap<String, String>,
    /// The NUMA cell they are attached to, when known.
    pub numa_node: Option<u32>,
}

/// The NUMA cells of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostNuma {
    /// The cells, by their ids.
    pub cells: Vec<NumaCell>,
}

/// One NUMA cell of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumaCell {
    /// Its id.
    pub id: u32,
    /// Processors that guests share.
    pub cpuset: BTreeSet<u32>,
    /// Processors that guests get for themselves.
    pub pcpuset: BTreeSet<u32>,
    /// Shared processors handed out.
    pub cpu_usage: u64,
    /// Dedicated processors handed out.
    pub pinned_cpus: BTreeSet<u32>,
    /// MiB of memory.
    pub memory_mb: u64,
    /// MiB of memory handed out.
    pub memory_usage_mb: u64,
}

/// One way to meet the placement query on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationCandidate {
    /// What to claim on which provider.
    pub allocations: BTreeMap<ProviderId, ResourceAmounts>,
    /// Which providers meet which request group, by suffix.
    pub mappings: BTreeMap<String, Vec<ProviderId>>,
}

impl HostState {
    /// The state of a node as its record has it: enabled, up, in no aggregate and in the default zone, with no server.
    /// The caller sets what it knows better.
    pub fn new(node: &ComputeNode) -> Self {
        let free_ram_mb = signed(node.memory_mb) - signed(node.memory_mb_used);
        let free_disk_gb = signed(node.local_gb) - signed(node.local_gb_used);
        Self {
            host: node.host.clone(),
            node: node.hypervisor_hostname.clone(),
            compute_node: node.id,
            cell: None,
            service_enabled: true,
            service_up: true,
            availability_zone: "nova".to_owned(),
            host_ip: node.host_ip.clone(),
            hypervisor_type: node.hypervisor_type.clone(),
            hypervisor_version: node.hypervisor_version,
            cpu_info: None,
            supported_instances: Vec::new(),
            total_usable_ram_mb: node.memory_mb,
            free_ram_mb,
            total_usable_disk_gb: node.local_gb,
            free_disk_mb: free_disk_gb.saturating_mul(1024),
            vcpus_total: node.vcpus,
            vcpus_used: node.vcpus_used,
            cpu_allocation_ratio: node.cpu_allocation_ratio.get(),
            ram_allocation_ratio: node.ram_allocation_ratio.get(),
            disk_allocation_ratio: node.disk_allocation_ratio.get(),
            num_instances: node.running_vms,
            num_io_ops: 0,
            failed_builds: 0,
            numa: None,
            pci_pools: Vec::new(),
            metrics: BTreeMap::new(),
            stats: BTreeMap::new(),
            aggregates: Vec::new(),
            instances: BTreeMap::new(),
            allocation_candidates: Vec::new(),
        }
    }

    /// Lowers the free disk to what the driver says is left at least, in GiB (`disk_available_least`).
    pub fn limit_free_disk(&mut self, available_least_gb: i64) {
        self.free_disk_mb = self.free_disk_mb.min(available_least_gb.saturating_mul(1024));
    }

    /// Counts in a server that was chosen for this host, so that the next choice of the same request sees it. Nothing
    /// is checked: placement did.
    pub fn consume(&mut self, flavor: &Flavor) {
        self.free_ram_mb = self.free_ram_mb.saturating_sub(signed(flavor.memory_mb));
        self.free_disk_mb = self.free_disk_mb.saturating_sub(signed(flavor.local_gb()).saturating_mul(1024));
        self.vcpus_used = self.vcpus_used.saturating_add(u64::from(flavor.vcpus));
        self.num_instances = self.num_instances.saturating_add(1);
        self.num_io_ops = self.num_io_ops.saturating_add(1);
    }

    /// As [`HostState::consume`], and also puts the server on the host with the NUMA cells and PCI devices it asks for.
    pub fn place(&mut self, request: &RequestSpec) {
        self.consume(&request.flavor);
        let image_properties = request.image_meta.as_ref().map(|image| image.properties.clone());
        let resident = ResidentServer { image_properties: Arc::new(image_properties.unwrap_or_default()) };
        self.instances.insert(request.server, resident);
        if let (Some(wanted), Some(host)) = (numa::wanted_cells(request), &mut self.numa)
            && let Some(places) =
                numa::fit(host, &wanted, self.cpu_allocation_ratio, self.ram_allocation_ratio)
        {
            numa::take(host, &wanted, &places);
        }
        pci_passthrough::take(&mut self.pci_pools, &request.pci_requests);
    }

    /// The values that the host's aggregates have for a metadata key, each once, in order.
    pub(crate) fn aggregate_values(&self, key: &str) -> BTreeSet<&str> {
        self.aggregates
            .iter()
            .filter_map(|aggregate| aggregate.metadata.get(key))
            .map(String::as_str)
            .collect()
    }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
