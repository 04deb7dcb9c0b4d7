//! Server groups: servers that are to be kept together or apart (`nova/objects/instance_group.py`).

use crate::ids::{HostName, ProjectId, ServerGroupId, ServerId, UserId};
use crate::request_spec::{GroupPolicy, InstanceGroup};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The record of a server group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerGroup {
    /// Its uuid, which the scheduler hint `group` names when a server is made.
    pub id: ServerGroupId,
    /// The name users see.
    pub name: String,
    /// Whom it belongs to.
    pub project_id: ProjectId,
    /// Who made it.
    pub user_id: UserId,
    /// How its members are to be spread.
    pub policy: GroupPolicy,
    /// How many members may share a host; 1 when nothing is said. Only anti-affinity has this rule.
    pub max_server_per_host: Option<u32>,
    /// Servers that were made with it as their hint and are not deleted, in the order they joined.
    pub members: Vec<ServerId>,
}

impl ServerGroup {
    /// The group as the scheduler sees it, with the hosts its members are on.
    pub fn for_scheduler(&self, hosts: BTreeSet<HostName>) -> InstanceGroup {
        InstanceGroup {
            policy: self.policy,
            max_server_per_host: self.max_server_per_host,
            members: self.members.iter().copied().collect(),
            hosts,
        }
    }
}
