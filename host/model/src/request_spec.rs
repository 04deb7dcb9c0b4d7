//! What was asked of the scheduler, and what it answered (`nova/objects/request_spec.py`, `selection.py`).

use crate::flavor::Flavor;
use crate::ids::{HostName, ImageId, ProjectId, ProviderId, ServerId, UserId};
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
