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

use crate::cloud_state::CloudState;
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
    /// What is not so, a sentence for each.
    pub check: fn(&CloudState) -> Vec<String>,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// What is not as it must be, with both sides.
    pub message: String,
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
}

/// Checks every invariant.
pub fn check_all(state: &CloudState) -> Vec<Violation> {
    ALL.iter()
        .flat_map(|invariant| {
            let broken = (invariant.check)(state).into_iter();
            broken.map(|message| Violation { invariant: invariant.name, message })
        })
        .collect()
}

#[cfg(test)]
mod tests;
