//! What must be true of any cloud at rest, whatever happened in it.
//!
//! Each invariant is a function of the [`CloudState`] alone and independent of the others: where one is broken, the
//! others still say what they have to say. They state what is right. Nova 34.0.0 itself breaks some of them when a driver
//! fails in the right place; a run in which that happens fails, which is the point. The only exceptions made are for what
//! Nova does on purpose when a move fails; they are data, in [`moves`].

mod actions_and_tasks;
mod allocations;
mod capacity;
mod guests;
pub mod moves;
mod nodes;
mod notifications;
mod ports;
mod quotas;
mod volumes;

use crate::cloud_state::CloudState;
use crate::run::Since;
use model::Server;
use serde::Serialize;

/// Something that must be true.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its name, that of the function that checks it.
    pub name: &'static str,
    /// What must be true.
    pub statement: &'static str,
    /// Where that comes from, in Nova or Placement.
    pub source: &'static str,
    /// What is not so.
    pub check: fn(&CloudState) -> Vec<Broken>,
}

/// Something that is not as an invariant wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it is about, by which it is told apart from what else breaks the invariant: `server web`.
    pub about: String,
    /// What is not as it must be, with both sides: a sentence.
    pub message: String,
}

impl Broken {
    fn new(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { about: about.into(), message: message.into() }
    }

    fn of_server(server: &Server, message: impl Into<String>) -> Self {
        Self::new(format!("server {}", server.name), message)
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// What it is about: `server web`.
    pub about: String,
    /// What is not as it must be, with both sides.
    pub message: String,
    /// Since when it is so; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

impl Violation {
    /// A violation of which it is not known since when.
    pub fn new(invariant: &'static str, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { invariant, about: about.into(), message: message.into(), since: None }
    }
}

macro_rules! invariants {
    ($($module:ident::$name:ident: $statement:literal, $source:literal;)*) => {
        /// Every invariant.
        pub const ALL: &[Invariant] = &[
            $(Invariant {
                name: stringify!($name),
                statement: $statement,
                source: $source,
                check: $module::$name,
            },)*
        ];
    };
}

invariants! {
    allocations::server_holds_its_flavor_on_its_host:
        "a server's allocation lies on the provider of the host it is on, and is that of its flavor",
        "nova/scheduler/client/report.py, claim_resources; nova/compute/manager.py, _error_out_instance_on_exception";
    allocations::every_consumer_exists:
        "no allocation is without a consumer that exists",
        "nova/cmd/manage.py, placement audit";
    allocations::migrations_hold_only_while_they_last:
        "no migration holds an allocation after it ended",
        "nova/compute/manager.py, _delete_allocation_after_move and _revert_allocation";
    capacity::usages_within_capacity:
        "no more of an inventory is used than may be handed out",
        "placement/objects/allocation.py, _check_capacity_exceeded";
    guests::no_guest_astray:
        "no guest is on a host that neither its server's record nor its server's last migration names",
        "nova/compute/manager.py, _cleanup_running_deleted_instances and _destroy_evacuated_instances";
    guests::one_guest_on_its_host:
        "a server that is not in ERROR has exactly one guest, on its host",
        "nova/compute/manager.py, _sync_power_states";
    actions_and_tasks::no_task_left:
        "no server is left in a task state",
        "nova/compute/task_states.py";
    actions_and_tasks::every_event_finished:
        "every event of an instance action is finished",
        "nova/compute/utils.py, EventReporter";
    nodes::nodes_count_their_servers:
        "a resource tracker counts what is reserved, the servers on its node and those that move from or to it, and nothing else",
        "nova/compute/resource_tracker.py, _update_usage_from_instances and _update_usage_from_migrations";
    ports::ports_are_bound_where_their_servers_are:
        "a port that is plugged in belongs to a server that has it, and is bound actively to the server's host",
        "nova/network/neutron.py, update_instance_vnic_profile and setup_networks_on_host";
    ports::every_interface_has_its_port:
        "every interface of a server is a port that is plugged into it",
        "nova/compute/manager.py, _heal_instance_info_cache";
    volumes::volumes_are_attached_as_recorded:
        "every volume of a server has the attachment that the server's record names, connected from the server's host",
        "nova/virt/block_device.py, DriverVolumeBlockDevice";
    volumes::no_attachment_without_its_server:
        "no attachment of a volume is left without a server that has the volume",
        "nova/compute/manager.py, _cleanup_volumes; nova/cmd/manage.py, volume_attachment";
    quotas::quota_usage_is_what_servers_hold:
        "what a project is said to use is what its servers are",
        "nova/quota.py, _instances_cores_ram_count";
    notifications::every_start_has_its_end:
        "every notification that an operation on a server began is followed by one that it ended or failed",
        "nova/compute/utils.py, notify_about_instance_action; nova/exception_wrapper.py, wrap_exception";
}

impl Invariant {
    /// Whether it looks at guests, which only hypervisors know.
    pub(crate) fn of_guests(&self) -> bool {
        ["no_guest_astray", "one_guest_on_its_host"].contains(&self.name)
    }
}

/// Checks every invariant.
pub fn check_all(state: &CloudState) -> Vec<Violation> {
    check_only(state, |_| true)
}

/// Checks the invariants of some names.
pub(crate) fn check_only(state: &CloudState, wanted: impl Fn(&'static str) -> bool) -> Vec<Violation> {
    ALL.iter()
        .filter(|invariant| wanted(invariant.name))
        .flat_map(|invariant| {
            let broken = (invariant.check)(state).into_iter();
            broken.map(|broken| Violation::new(invariant.name, broken.about, broken.message))
        })
        .collect()
}

#[cfg(test)]
mod tests;
