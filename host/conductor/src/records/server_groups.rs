//! The records of server groups (`nova/objects/instance_group.py`).

use super::StateOfRecord;
use model::{HostName, ServerGroup, ServerGroupId, ServerId};
use std::collections::BTreeSet;

impl StateOfRecord {
    /// Adds a server group.
    pub fn create_server_group(&self, group: ServerGroup) {
        self.tables.borrow_mut().server_groups.push(group);
    }

    /// A server group.
    pub fn server_group(&self, id: ServerGroupId) -> Option<ServerGroup> {
        self.tables.borrow().server_groups.iter().find(|group| group.id == id).cloned()
    }

    /// All server groups, oldest first.
    pub fn server_groups(&self) -> Vec<ServerGroup> {
        self.tables.borrow().server_groups.clone()
    }

    /// Removes a server group; its members are in none then.
    pub fn remove_server_group(&self, id: ServerGroupId) {
        self.tables.borrow_mut().server_groups.retain(|group| group.id != id);
    }

    /// Makes a server a member of a group.
    pub fn join_server_group(&self, id: ServerGroupId, server: ServerId) {
        let groups = &mut self.tables.borrow_mut().server_groups;
        if let Some(group) = groups.iter_mut().find(|group| group.id == id) {
            group.members.push(server);
        }
    }

    /// The group a server is in.
    pub(super) fn group_of(&self, server: ServerId) -> Option<ServerGroup> {
        let tables = self.tables.borrow();
        tables.server_groups.iter().find(|group| group.members.contains(&server)).cloned()
    }

    /// The hosts the members of a group are on, but for one member's.
    pub(super) fn hosts_of_members(&self, group: &ServerGroup, but: Option<ServerId>) -> BTreeSet<HostName> {
        let tables = self.tables.borrow();
        let members = group.members.iter().filter(|member| Some(**member) != but);
        members.filter_map(|member| tables.servers.get(member)?.host.clone()).collect()
    }
}
