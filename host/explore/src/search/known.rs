//! What Nova 34.0.0 is known to break itself when something fails: a reviewed list, with the evidence.
//!
//! By default the control plane does what Nova does, so the explorer finds these too. They are told as known; whatever is
//! not in this list is either a mistake of this project or something nobody has looked at yet.
//!
//! What one fault does is in [`KNOWN`], what only two do in [`TOGETHER`], what a death does that another fault leads to in
//! [`DEATHS`]. The lists are complete for what single faults and pairs of
//! faults show of the built-in scenarios; of plans drawn at random much is not reviewed.

mod deaths;
mod together;

pub use deaths::DEATHS;
pub use together::TOGETHER;

use super::plans::{Plan, Strike};
use crate::run::RECOVERY;
use crate::scenario::{FaultKind, FaultSpec, Planned};
use model::ExceptionClass;
use runtime::MessageFault;
use virt::Method;

/// A way in which Nova 34.0.0 itself breaks an invariant.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The invariant.
    pub invariant: &'static str,
    /// The faults that do it.
    pub by: By,
    /// Why, and whether it was observed.
    pub reason: &'static str,
}

/// Which faults do it.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// A driver call that fails.
    Call {
        /// The methods.
        methods: &'static [Method],
        /// The exceptions after which it does; none named: whatever is raised.
        after: &'static [ExceptionClass],
    },
    /// A host that dies, also by being killed for a driver call that hangs.
    Crash {
        /// While it did this, by RPC method; none named: whatever it did. `-` is what a host does of itself.
        during: &'static [&'static str],
    },
    /// A message.
    Message {
        /// What became of it.
        faults: &'static [MessageFault],
        /// The RPC methods; none named: whichever.
        methods: &'static [&'static str],
    },
    /// A request of somebody else.
    Asked {
        /// What is asked for, by the name of the step; none named: whatever.
        asks: &'static [&'static str],
        /// While this was done, or before the message for it is delivered, by RPC method; `-` is what a host does of itself.
        during: &'static [&'static str],
    },
    /// A service that refuses a call.
    Service {
        /// The calls.
        calls: &'static [&'static str],
    },
    /// Two faults that do it together; neither of them is a pair itself. Which of them is named first in a plan does not matter:
    /// those that are drawn at random are not in the order in which they strike.
    Both(&'static By, &'static By),
}

impl By {
    /// Are the faults of this plan, or some of them, those that do it?
    fn fits(&self, plan: &Plan) -> bool {
        let others = |one: usize| plan.0.iter().enumerate().filter(move |(at, _)| *at != one);
        let mut strikes = plan.0.iter().enumerate();
        match self {
            By::Both(one, other) => {
                strikes.any(|(at, strike)| one.is(strike) && others(at).any(|(_, strike)| other.is(strike)))
            }
            one => strikes.any(|(_, strike)| one.is(strike)),
        }
    }

    fn is(&self, strike: &Strike) -> bool {
        let one_of = |names: &[&str], name: &str| names.is_empty() || names.contains(&name);
        let crash = strike.fault.ends_a_service();
        match (self, &strike.fault) {
            (By::Crash { during }, _) => crash && one_of(during, strike.during.unwrap_or("-")),
            (By::Call { .. }, Planned::Driver(FaultSpec { error: FaultKind::Slow(_), .. })) => false,
            (By::Asked { asks, during }, Planned::Meanwhile(other)) => {
                one_of(asks, &other.asks()) && one_of(during, strike.during.unwrap_or("-"))
            }
            (By::Call { methods, after }, Planned::Driver(fault)) => {
                let raises = |class: &ExceptionClass| fault.error == FaultKind::Raise(*class);
                !crash && methods.contains(&fault.at.method) && (after.is_empty() || after.iter().any(raises))
            }
            (By::Message { faults, methods }, Planned::Message(fault)) => {
                faults.contains(&fault.fault) && one_of(methods, &fault.at.method)
            }
            (By::Service { calls }, Planned::Service(fault)) => one_of(calls, &fault.at.call),
            _ => false,
        }
    }
}

/// Why this plan is known to break this invariant, if it is: for one of its faults, or else for two of them.
pub fn of(invariant: &str, plan: &Plan) -> Option<&'static Known> {
    let mut known = KNOWN.iter().chain(TOGETHER).chain(DEATHS);
    known.find(|known| known.invariant == invariant && known.by.fits(plan))
}

/// Calls whose failure sends a build or a move to another host, or back.
const RESCHEDULED: &[Method] = &[
    Method::Spawn,
    Method::NodeIsAvailable,
    Method::GetAvailableNodes,
    Method::GetHostIpAddr,
    Method::UpdateProviderTree,
    Method::Capabilities,
    // What cleans up after a build that is to be aborted: if it fails, too, the build is tried elsewhere after all.
    Method::CleanNetworksPreparation,
    Method::FailedSpawnCleanup,
];

/// Why a lost message is never made good (`nova/compute/rpcapi.py`, `nova/conductor/rpcapi.py`).
const CAST: &str = "a cast is sent once: nobody asks what became of it, and nobody sends it again";

/// Why no handler is ready for a message that it has had already.
const ONCE: &str = "not Nova's: oslo.messaging drops a message whose unique id it has seen, so no handler is written for a second";

/// Why an allocation can be left that nobody takes away (`nova/cmd/manage.py, placement audit`).
const AUDIT: &str = "what a migration holds goes when the migration ends, not when its server is deleted: left to `nova-manage placement audit`";

/// Why ports can be bound to the host that a server came from (`nova/compute/manager.py, _finish_resize`).
const MOVED_PORTS: &str = "the record names the destination before `finish_resize` binds the ports there, and nobody else binds them";

/// Why a server that was given up can keep its ports (`nova/compute/manager.py, _try_deallocate_network`).
const KEPT_PORTS: &str =
    "a port that the network service does not delete is logged, and its server deleted all the same";

/// The requests that delete a server.
const DELETE: &[&str] = &["delete", "force_delete"];

/// Why a guest can be left of a server that is deleted while it moves.
const UNLOCKED: &str = "the steps of a move take no lock: the server is deleted under them, and the guest that they make or leave elsewhere is for `_cleanup_running_deleted_instances`";

/// Why a migration can hold something after its server was deleted.
const ENDED_BY_NOBODY: &str = "a step of a move that finds its server deleted gives up, and what the migration holds is left to `nova-manage placement audit`";

/// Why a rebuild of a server without a guest has no end.
const REBUILT_WITHOUT_GUEST: &str =
    "a rebuild that finds no guest takes its server for deleted, and leaves it rebuilding (observed)";

/// Why a rebuild costs a server its allocation (`nova/compute/manager.py, rebuild_instance`).
const REBUILD_EMPTIES: &str =
    "a rebuild that fails empties the allocation of a server that stays on its host (observed)";

/// Why an event is never finished after a second try (`nova/db/main/api.py, action_event_finish`).
const REPEATED_EVENT: &str =
    "a second try repeats the event's name, and finishing finds the first of that name both times";

/// The list.
pub const KNOWN: &[Known] = &[
    Known {
        invariant: "every_event_finished",
        by: By::Call { methods: RESCHEDULED, after: &[] },
        reason: REPEATED_EVENT,
    },
    Known {
        invariant: "every_event_finished",
        by: By::Service { calls: &["network.allocate_for_instance"] },
        reason: REPEATED_EVENT,
    },
    Known {
        invariant: "no_task_left",
        by: By::Call {
            methods: &[
                Method::PrepareForSpawn,
                Method::PrepareNetworksBeforeBlockDeviceMapping,
                Method::DefaultRootDeviceName,
                Method::DefaultDeviceNamesForInstance,
                Method::Spawn,
            ],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: "taken for a server that was deleted meanwhile, whose state is left to the deletion (observed)",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Call {
            methods: &[Method::UpdateProviderTree, Method::Capabilities],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: "the same, in the claim: the record has its host already, the allocation is deleted",
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Call { methods: &[Method::GetInfo], after: &[] },
        reason: "right after the spawn: the claim is over, so nobody destroys the guest of the failed build (observed)",
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Call {
            methods: &[
                Method::FinishMigration,
                Method::FinishRevertMigration,
                Method::UpdateProviderTree,
                Method::Capabilities,
            ],
            after: &[ExceptionClass::NotImplementedError, ExceptionClass::InstanceFaultRollback],
        },
        reason: "taken for \"never mind\": the server is ACTIVE again although the work is half done (observed)",
    },
    Known {
        invariant: "no_task_left",
        by: By::Call { methods: &[Method::Destroy], after: &[ExceptionClass::InstanceNotFound] },
        reason: "a deletion that finds no guest takes the server for deleted, and leaves it deleting (observed)",
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Call { methods: &[Method::Destroy], after: &[ExceptionClass::NovaException] },
        reason: "an offload whose destroy had its effect and lost its reply: the server stays on its host without a guest",
    },
    // Requests of somebody else. Which methods take the lock of their server is read in `nova/compute/manager.py`.
    Known {
        invariant: "every_start_has_its_end",
        by: By::Asked { asks: DELETE, during: &["terminate_instance"] },
        reason: "a second deletion finds its server gone when it comes to delete it, and only the log tells of that",
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Asked { asks: DELETE, during: &["finish_resize", "revert_resize", "finish_revert_resize"] },
        reason: UNLOCKED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Asked { asks: DELETE, during: &["revert_resize", "finish_revert_resize"] },
        reason: ENDED_BY_NOBODY,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Asked { asks: DELETE, during: &["prep_resize", "resize_instance"] },
        reason: "what a migration holds is swapped back to a server that was deleted meanwhile (bug 1848343)",
    },
    Known {
        invariant: "every_event_finished",
        by: By::Asked { asks: &["resize", "migrate", "live_migrate"], during: &["build_and_run_instance"] },
        reason: REPEATED_EVENT,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Asked { asks: &["rebuild"], during: &["finish_resize", "-"] },
        reason: REBUILT_WITHOUT_GUEST,
    },
    Known {
        invariant: "no_task_left",
        by: By::Asked { asks: &["rebuild"], during: &["finish_resize", "-"] },
        reason: REBUILT_WITHOUT_GUEST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Asked { asks: &["rebuild"], during: &["stop_instance", "-"] },
        reason: REBUILD_EMPTIES,
    },
    // Notifications, ports.
    Known {
        invariant: "every_start_has_its_end",
        by: By::Call { methods: &[Method::GetInfo], after: &[] },
        reason: "right after the spawn: the build is given up, and only the log tells of it (observed)",
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Call {
            methods: &[Method::Destroy, Method::NodeIsAvailable, Method::UpdateProviderTree],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: "a deletion that finds no guest takes the server for deleted, and leaves it deleting (observed)",
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Call { methods: &[Method::Destroy], after: &[] },
        reason: "an offload unbinds the ports before it destroys the guest, and does not bind them again (observed)",
    },
    // Deaths of services: read in `nova/compute/manager.py`, `_init_instance`, which takes up what it finds on the host's own
    // servers: builds (to ERROR), `resize_prep`, `resize_migrating`, deletions, reboots, `powering-on`, `powering-off`,
    // snapshots. Whatever is in none of these states, or not on the host, stays.
    Known {
        invariant: "every_event_finished",
        by: By::Crash { during: &[] },
        reason: "an event is finished by the process that began it, when it leaves `EventReporter`",
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Crash { during: &[] },
        reason: "what began an operation is the only one that would notify of its end",
    },
    Known {
        invariant: "no_task_left",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: "a server has no host before its claim and after the claim is given up, so no start of a host finds it",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["build_and_run_instance", "unshelve_instance"] },
        reason: "the scheduler allocates, the host is recorded later: what has no host is found by no start of a host",
    },
    Known {
        invariant: "no_task_left",
        by: By::Crash {
            during: &[
                "prep_resize",
                "resize_instance",
                "finish_resize",
                "revert_resize",
                "finish_revert_resize",
            ],
        },
        reason: "the destination died and the server is the source's; or `_init_instance` knows no such task",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["prep_resize"] },
        reason: "the migration that was begun is ended by nobody, and its allocation returned by nobody",
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Crash {
            during: &["resize_instance", "finish_resize", "revert_resize", "finish_revert_resize"],
        },
        reason: "the guest is gone from one host and not yet on the other; `_init_instance` knows no such task",
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["confirm_resize", "revert_resize", "finish_revert_resize"] },
        reason: "a migration is recorded as ended before its allocation is returned",
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["resize_instance", "finish_resize"] },
        reason: MOVED_PORTS,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["finish_revert_resize"] },
        reason: "the record names the source before the ports are bound there again, and nobody else binds them",
    },
    // Deaths between two writes to the state of record, or between one of them and what else is done.
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["schedule_and_build_instances"] },
        reason: "the scheduler has claimed for a server that no host was told of",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["shelve_instance"] },
        reason: "an offload gives the allocation back before the record says that the server is on no host",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["finish_revert_resize"] },
        reason: "the record names the source and the old flavor before `_revert_allocation`, which nobody else does",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["finish_resize"] },
        reason: "where it fails the record has the old flavor again, placement has not, and the migration that tells of it is recorded last",
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["finish_resize"] },
        reason: "where it fails what the migration holds is dropped before the migration is recorded as failed",
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: "ports are made before the record has them, and `_heal_instance_info_cache` is off by default",
    },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: "ports are given back before the record is without them, and `_heal_instance_info_cache` is off by default",
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["shelve_instance", "unshelve_instance"] },
        reason: "an offload unbinds the ports before it destroys the guest, and an unshelve binds them after its claim",
    },
    Known {
        invariant: "no_task_left",
        by: By::Crash { during: &["shelve_instance", "unshelve_instance"] },
        reason: "`_init_instance` knows no task of shelving",
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Crash { during: &["shelve_instance"] },
        reason: "offloading destroys the guest before the record says so",
    },
    // The conductor has no periodic task, and keeps nothing on disk.
    Known {
        invariant: "no_task_left",
        by: By::Crash {
            during: &[
                "schedule_and_build_instances",
                "build_instances",
                "migrate_server",
                "live_migrate_instance",
            ],
        },
        reason: "the request was in the conductor's memory alone, and no other conductor takes it up",
    },
    // Services.
    Known {
        invariant: "no_task_left",
        by: By::Service { calls: &["image.create"] },
        reason: "`shelve` of the API saves the task before it asks for the image, and takes nothing back",
    },
    Known {
        invariant: "no_task_left",
        by: By::Service { calls: &["image.get"] },
        reason: "an unshelving whose image cannot be read is given up only where the image is not found",
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Service { calls: &["network.migrate_instance_finish"] },
        reason: MOVED_PORTS,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Service { calls: &["network.deallocate_for_instance"] },
        reason: KEPT_PORTS,
    },
    // Messages.
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Message { faults: &[MessageFault::Lost], methods: &["finish_resize"] },
        reason: CAST,
    },
    Known {
        invariant: "no_task_left",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "no_task_left",
        by: By::Message { faults: &[MessageFault::Lost], methods: &[] },
        reason: CAST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Message {
            faults: &[MessageFault::Lost],
            methods: &["build_and_run_instance", "prep_resize", "unshelve_instance"],
        },
        reason: CAST,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Message {
            faults: &[MessageFault::Lost],
            methods: &["finish_resize", "finish_revert_resize"],
        },
        reason: CAST,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Message { faults: &[MessageFault::Lost], methods: &["finish_revert_resize"] },
        reason: CAST,
    },
    Known {
        invariant: "every_event_finished",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    // What is left when an operator has started, deleted and run everything.
    Known { invariant: RECOVERY, by: By::Crash { during: &[] }, reason: AUDIT },
    Known {
        invariant: RECOVERY,
        by: By::Asked { asks: DELETE, during: &["revert_resize", "finish_revert_resize"] },
        reason: AUDIT,
    },
    Known {
        invariant: RECOVERY,
        by: By::Message { faults: &[MessageFault::Twice], methods: &["migrate_server"] },
        reason: ONCE,
    },
    Known {
        invariant: RECOVERY,
        by: By::Message { faults: &[MessageFault::Lost], methods: &[] },
        reason: AUDIT,
    },
    Known {
        invariant: RECOVERY,
        by: By::Call { methods: &[Method::Destroy, Method::UpdateProviderTree], after: &[] },
        reason: AUDIT,
    },
    Known {
        invariant: RECOVERY,
        by: By::Service { calls: &["network.get_instance_nw_info"] },
        reason: AUDIT,
    },
    Known {
        invariant: RECOVERY,
        by: By::Service { calls: &["network.deallocate_for_instance"] },
        reason: KEPT_PORTS,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const DELETED: &str = "{at: 'host1:spawn#1', meanwhile: {delete: {server: web}}}";
    const DESTROYED: &str = "{at: 'host1:destroy#1', error: NovaException}";

    fn plan(faults: &[(&str, &'static str)]) -> Plan {
        let strike = |&(fault, during): &(&str, _)| Strike {
            fault: serde_saphyr::from_str(fault).unwrap(),
            during: Some(during),
        };
        Plan(faults.iter().map(strike).collect())
    }

    #[test]
    fn two_faults_are_known_together_in_either_order_and_neither_alone() {
        let deleted = (DELETED, "build_and_run_instance");
        let destroyed = (DESTROYED, "terminate_instance");
        let slow = ("{at: 'compute.host1:stop_instance#1', fault: late}", "stop_instance");
        let reason = |plan| of("server_holds_its_flavor_on_its_host", &plan).map(|known| known.reason);
        for faults in [vec![deleted, destroyed], vec![destroyed, deleted], vec![deleted, slow, destroyed]] {
            let reason = reason(plan(&faults));
            assert!(reason.is_some_and(|reason| reason.contains("leaves the rest to the deletion")));
        }
        for faults in [vec![deleted], vec![destroyed], vec![deleted, slow], vec![destroyed, destroyed]] {
            assert_eq!(reason(plan(&faults)), None, "{faults:?}");
        }
        // While something else was done it is another matter, and so is another invariant.
        assert_eq!(reason(plan(&[(DELETED, "stop_instance"), destroyed])), None);
        assert!(of("usages_within_capacity", &plan(&[deleted, destroyed])).is_none());
    }

    #[test]
    fn one_strike_is_not_two_faults() {
        const DESTROYS: By = By::Call { methods: &[Method::Destroy], after: &[] };
        let twice = By::Both(&DESTROYS, &DESTROYS);
        let destroyed = (DESTROYED, "terminate_instance");
        assert!(!twice.fits(&plan(&[destroyed])));
        assert!(twice.fits(&plan(&[destroyed, destroyed])));
    }

    #[test]
    fn what_one_fault_does_is_listed_apart_from_what_two_do() {
        let pair = |known: &Known| matches!(known.by, By::Both(..));
        assert!(!KNOWN.iter().any(pair));
        assert!(TOGETHER.iter().all(pair));
    }
}
