//! What is kept of the network beside what the workflows use: the names of ports, floating addresses, and security groups,
//! which nothing enforces.

use super::floating_ips::FloatingIp;
use model::{PortId, ProjectId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::{Uuid, uuid};

/// The group every project has (`nova/tests/fixtures/neutron.py`).
pub(crate) const DEFAULT_GROUP: Uuid = uuid!("aec9df91-db1f-4e04-8ac6-e761d8461c53");
/// Its rules: id, direction, family, and whether they are for members of the group only.
const DEFAULT_RULES: [(Uuid, &str, &str, bool); 4] = [
    (uuid!("e62268aa-1a17-4ff4-ae77-ab348bfe13a7"), "ingress", "IPv4", true),
    (uuid!("adf54daf-2ff9-4462-a0b0-f226abd1db28"), "egress", "IPv4", false),
    (uuid!("c4194b5c-3b50-4d35-9247-7850766aee2b"), "ingress", "IPv6", true),
    (uuid!("16ce6a83-a1db-4d66-a10d-9481d493b072"), "egress", "IPv6", false),
];

/// What users say of a port.
#[derive(Clone, Debug, Default)]
pub(super) struct PortNote {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) project: Option<ProjectId>,
}

/// The records of one cloud's network service.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    pub(super) ports: BTreeMap<PortId, PortNote>,
    pub(super) floating: Vec<FloatingIp>,
    /// Security groups that were made, without their rules.
    groups: Vec<Value>,
    rules: Vec<Value>,
}

impl Networks {
    /// How many ports something is said of.
    pub(crate) fn notes(&self) -> usize {
        self.ports.len()
    }

    /// The rules a project sees.
    pub(super) fn rules(&self, project: &ProjectId) -> Vec<Value> {
        let preset = DEFAULT_RULES.iter().map(|(id, direction, family, within)| {
            rule(
                *id,
                project,
                &json!({
                    "security_group_id": DEFAULT_GROUP, "direction": direction, "ethertype": family,
                    "remote_group_id": within.then_some(DEFAULT_GROUP),
                }),
            )
        });
        let own = self.rules.iter().filter(|rule| rule["project_id"] == project.as_str());
        preset.chain(own.cloned()).collect()
    }

    /// The groups a project sees, with their rules.
    pub(super) fn groups(&self, project: &ProjectId) -> Vec<Value> {
        let preset = group(DEFAULT_GROUP, project, "default", "Default security group");
        let own = self.groups.iter().filter(|group| group["project_id"] == project.as_str());
        let rules = self.rules(project);
        let mut all: Vec<Value> = std::iter::once(preset).chain(own.cloned()).collect();
        for group in &mut all {
            let of = rules.iter().filter(|rule| rule["security_group_id"] == group["id"]);
            group["security_group_rules"] = of.cloned().collect();
        }
        all
    }

    /// Makes a group.
    pub(super) fn make_group(&mut self, project: &ProjectId, name: &str, description: &str) -> Value {
        let made = group(Uuid::new_v4(), project, name, description);
        self.groups.push(made.clone());
        for family in ["IPv4", "IPv6"] {
            let wanted = json!({"security_group_id": made["id"], "direction": "egress", "ethertype": family});
            self.rules.push(rule(Uuid::new_v4(), project, &wanted));
        }
        let groups = self.groups(project);
        groups.into_iter().find(|group| group["id"] == made["id"]).unwrap_or(made)
    }

    /// How many groups and rules were made.
    pub(super) fn group_records(&self) -> usize {
        self.groups.len() + self.rules.len()
    }

    /// Changes a group that was made.
    pub(super) fn update_group(
        &mut self,
        project: &ProjectId,
        id: &str,
        name: Option<String>,
        description: Option<String>,
    ) {
        let own = |group: &&mut Value| group["id"] == id && group["project_id"] == project.as_str();
        for group in self.groups.iter_mut().filter(own) {
            for (key, text) in [("name", &name), ("description", &description)] {
                if let Some(text) = text {
                    group[key] = json!(text);
                }
            }
        }
    }

    /// Makes a rule.
    pub(super) fn make_rule(&mut self, project: &ProjectId, given: &Value) -> Value {
        let made = rule(Uuid::new_v4(), project, given);
        self.rules.push(made.clone());
        made
    }

    /// Deletes a group or a rule of a project. Answers whether there was one that can be deleted.
    pub(super) fn delete(&mut self, project: &ProjectId, id: &str) -> bool {
        let before = self.groups.len() + self.rules.len();
        let other = |record: &Value| record["id"] != id || record["project_id"] != project.as_str();
        self.groups.retain(other);
        self.rules.retain(|rule| other(rule));
        let after = self.groups.len() + self.rules.len();
        self.rules.retain(|rule| rule["security_group_id"] != id);
        after < before
    }
}

fn group(id: Uuid, project: &ProjectId, name: &str, description: &str) -> Value {
    json!({
        "id": id, "name": name, "description": description, "project_id": project, "tenant_id": project,
        "stateful": true, "shared": false, "tags": [], "security_group_rules": [],
    })
}

fn rule(id: Uuid, project: &ProjectId, given: &Value) -> Value {
    let or = |key: &str, otherwise: &str| given[key].as_str().unwrap_or(otherwise).to_owned();
    json!({
        "id": id, "security_group_id": given["security_group_id"], "project_id": project, "tenant_id": project,
        "direction": or("direction", "ingress"), "ethertype": or("ethertype", "IPv4"), "description": or("description", ""),
        "protocol": given["protocol"], "port_range_min": given["port_range_min"],
        "port_range_max": given["port_range_max"], "remote_ip_prefix": given["remote_ip_prefix"],
        "remote_group_id": given["remote_group_id"], "remote_address_group_id": null,
    })
}
