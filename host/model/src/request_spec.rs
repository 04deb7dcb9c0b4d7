//! What was asked of the scheduler, and what it answered (`nova/objects/request_spec.py`, `selection.py`).

use crate::flavor::Flavor;
use crate::ids::{AggregateId, HostName, ImageId, ProjectId, ProviderId, ServerId, UserId};
use crate::image::ImageMeta;
use crate::resources::ResourceAmounts;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A request for hosts, kept with its server so that later moves know what the user wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSpec {
    /// The server hosts are sought for.
    pub server: ServerId,
    /// The owner's project, under which allocations are written.
    pub project_id: ProjectId,
    /// The owner.
    pub user_id: UserId,
    /// The flavor wanted.
    pub flavor: Flavor,
    /// The image.
    pub image: Option<ImageId>,
    /// Whether the server boots from a volume.
    pub is_bfv: bool,
    /// Servers asked for together.
    pub num_instances: u32,
    /// The zone the user named.
    pub availability_zone: Option<String>,
    /// Hosts an administrator forced (`zone:host`); filters are skipped.
    pub force_hosts: Vec<HostName>,
    /// One host that was asked for, filters applied. Not stored: it is of one operation only.
    pub requested_destination: Option<HostName>,
    /// Hosts not to be used, for this operation only. Not stored.
    pub ignore_hosts: BTreeSet<HostName>,
    /// Scheduler hints of the create request.
    #[serde(default)]
    pub scheduler_hints: BTreeMap<String, Vec<String>>,
    /// The image's record, whose properties filters and the placement query read.
    #[serde(default)]
    pub image_meta: Option<ImageMeta>,
    /// The server group the server belongs to, as it was when the request was made.
    #[serde(default)]
    pub instance_group: Option<InstanceGroup>,
    /// Nodes an administrator forced (`zone:host:node`); filters are skipped.
    #[serde(default)]
    pub force_nodes: Vec<HostName>,
    /// One node that was asked for, filters applied. Not stored.
    #[serde(default)]
    pub requested_node: Option<HostName>,
    /// What ports and device profiles ask of placement, each in a group of its own.
    #[serde(default)]
    pub requested_resources: Vec<RequestedGroup>,
    /// Groups that must be met within one subtree, by their ids.
    #[serde(default)]
    pub same_subtree: Vec<BTreeSet<String>>,
    /// PCI devices asked for.
    #[serde(default)]
    pub pci_requests: Vec<PciRequest>,
    /// Whether a port has the vnic type remote-managed.
    #[serde(default)]
    pub remote_managed_ports: bool,
    /// The cell the server is in, when it moves and may leave it.
    #[serde(default)]
    pub preferred_cell: Option<String>,
}

impl RequestSpec {
    /// A request for one host that wants no more than the flavor.
    pub fn new(server: ServerId, project_id: ProjectId, user_id: UserId, flavor: Flavor) -> Self {
        Self {
            server,
            project_id,
            user_id,
            flavor,
            image: None,
            is_bfv: false,
            num_instances: 1,
            availability_zone: None,
            force_hosts: Vec::new(),
            requested_destination: None,
            ignore_hosts: BTreeSet::new(),
            scheduler_hints: BTreeMap::new(),
            image_meta: None,
            instance_group: None,
            force_nodes: Vec::new(),
            requested_node: None,
            requested_resources: Vec::new(),
            same_subtree: Vec::new(),
            pci_requests: Vec::new(),
            remote_managed_ports: false,
            preferred_cell: None,
        }
    }
}

/// How the members of a server group are to be spread (`nova/objects/instance_group.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupPolicy {
    /// All on one host.
    Affinity,
    /// At most `max_server_per_host` on a host.
    AntiAffinity,
    /// On few hosts if possible.
    SoftAffinity,
    /// On many hosts if possible.
    SoftAntiAffinity,
}

impl GroupPolicy {
    /// Every policy.
    pub const ALL: &'static [GroupPolicy] =
        &[Self::Affinity, Self::AntiAffinity, Self::SoftAffinity, Self::SoftAntiAffinity];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affinity => "affinity",
            Self::AntiAffinity => "anti-affinity",
            Self::SoftAffinity => "soft-affinity",
            Self::SoftAntiAffinity => "soft-anti-affinity",
        }
    }
}

/// A server group as the scheduler sees it: its members and the hosts they are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceGroup {
    /// Its policy.
    pub policy: GroupPolicy,
    /// The rule of anti-affinity; 1 when it is not given.
    #[serde(default)]
    pub max_server_per_host: Option<u32>,
    /// Servers in it that are not deleted, the one to be scheduled included.
    pub members: BTreeSet<ServerId>,
    /// Hosts its members are on.
    pub hosts: BTreeSet<HostName>,
}

/// What a port or a device profile asks of one resource provider (`nova/objects/request_spec.py, RequestGroup`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedGroup {
    /// The group's suffix in the placement query: the port's uuid, or `device_profile_<n>`.
    pub id: String,
    /// Amounts.
    pub resources: ResourceAmounts,
    /// Traits the provider must have.
    #[serde(default)]
    pub required_traits: BTreeSet<String>,
    /// Traits it must not have.
    #[serde(default)]
    pub forbidden_traits: BTreeSet<String>,
    /// Sets of aggregates, of each of which it must be in at least one.
    #[serde(default)]
    pub aggregates: Vec<BTreeSet<AggregateId>>,
}

/// PCI devices asked for by an alias of the flavor or by a port (`nova/objects/instance_pci_requests.py`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PciRequest {
    /// The request's id.
    pub id: String,
    /// How many devices.
    pub count: u64,
    /// Alternatives: a device fits when its tags include all of one of these (`vendor_id`, `product_id`, …).
    pub spec: Vec<BTreeMap<String, String>>,
}

/// A host the scheduler chose or offers as an alternate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Its root provider.
    pub compute_node: ProviderId,
    /// The host.
    pub host: HostName,
    /// The zone it is in.
    pub availability_zone: String,
    /// What has to be claimed on which provider.
    pub allocation_request: BTreeMap<ProviderId, ResourceAmounts>,
}
