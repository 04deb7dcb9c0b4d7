//! Compute nodes: what the resource tracker knows of a host's hypervisor (`nova/objects/compute_node.py`).

use crate::ids::{HostName, ProviderId};
use crate::resources::Ratio;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The record of one node. Amounts are what the node has and what servers and migrations use of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputeNode {
    /// Its uuid, which is also that of its root resource provider.
    pub id: ProviderId,
    /// The host it belongs to.
    pub host: HostName,
    /// The node's own name.
    pub hypervisor_hostname: HostName,
    /// `fake`, `QEMU`, …
    pub hypervisor_type: String,
    /// The version as one integer.
    pub hypervisor_version: u32,
    /// The node's address.
    pub host_ip: Option<String>,
    /// Processors.
    pub vcpus: u64,
    /// Processors used.
    pub vcpus_used: u64,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Memory used in MiB, what is reserved for the host included.
    pub memory_mb_used: u64,
    /// Disk in GiB.
    pub local_gb: u64,
    /// Disk used in GiB, what is reserved for the host included.
    pub local_gb_used: u64,
    /// GiB of disk the driver says are left at least, when it says so; it may be less than the difference of the two.
    pub disk_available_least: Option<i64>,
    /// What kinds of guests the hypervisor runs.
    pub supported_instances: Vec<SupportedInstance>,
    /// Guests counted.
    pub running_vms: u64,
    /// How often processors may be handed out.
    pub cpu_allocation_ratio: Ratio,
    /// How often memory may be handed out.
    pub ram_allocation_ratio: Ratio,
    /// How often disk may be handed out.
    pub disk_allocation_ratio: Ratio,
    /// When the record was made.
    pub created_at: Timestamp,
}

/// A kind of guest a hypervisor runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportedInstance {
    /// `x86_64`, `aarch64`, …
    pub architecture: String,
    /// `kvm`, `fake`, …
    pub hypervisor_type: String,
    /// `hvm`, `exe`, …
    pub vm_mode: String,
}
