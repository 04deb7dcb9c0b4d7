//! What one fault does: found by trying every single fault on the built-in scenarios, and reviewed.

use super::reason::{COMPUTE_API, CONDUCTOR, MANAGER, NEUTRON, RESOURCE_TRACKER, observed, read};
use super::{By, Known, Reason};
use crate::run::RECOVERY;
use model::ExceptionClass;
use runtime::MessageFault;
use virt::Method;

/// Calls whose failure sends a build or a move to another host, or back.
const RESCHEDULED: &[Method] = &[
    Method::Spawn,
    Method::NodeIsAvailable,
    Method::GetAvailableNodes,
    Method::GetHostIpAddr,
    Method::NetworkBindingHostId,
    Method::UpdateProviderTree,
    Method::Capabilities,
    // What cleans up after a build that is to be aborted: if it fails, too, the build is tried elsewhere after all.
    Method::CleanNetworksPreparation,
    Method::FailedSpawnCleanup,
];

/// The steps of a move.
const MOVES: &[&str] = &[
    "prep_resize",
    "resize_instance",
    "finish_resize",
    "confirm_resize",
    "revert_resize",
    "finish_revert_resize",
];

/// What is cast to a compute or to the conductor, for an operation that has a task.
#[rustfmt::skip]
const CASTS: &[&str] = &[
    "schedule_and_build_instances", "build_instances", "build_and_run_instance", "terminate_instance", "soft_delete_instance",
    "restore_instance", "start_instance", "stop_instance", "reboot_instance", "pause_instance", "unpause_instance",
    "suspend_instance", "resume_instance", "rescue_instance", "unrescue_instance", "rebuild_instance", "snapshot_instance",
    "backup_instance", "shelve_instance", "shelve_offload_instance", "unshelve_instance", "migrate_server", "prep_resize",
    "resize_instance", "finish_resize", "confirm_resize", "revert_resize", "finish_revert_resize", "live_migrate_instance",
    "live_migration",
];

/// Why a lost message is never made good.
pub(super) const CAST: Reason = read(
    "a cast is sent once: nobody asks what became of it, and nobody sends it again",
    "nova/compute/rpcapi.py",
    &["build_and_run_instance", "resize_instance", "finish_resize"],
);

/// Why no handler is ready for a message that it has had already.
pub(super) const ONCE: Reason = read(
    "not Nova's: a listener of oslo.messaging drops what has the unique id of one of the last 16 messages, so no handler is written for a second",
    "oslo_messaging/_drivers/amqpdriver.py",
    &["AMQPListener"],
);

/// Why an allocation can be left that nobody takes away.
const AUDIT: Reason = read(
    "what a migration holds goes when the migration ends, not when its server is deleted: left to `nova-manage placement audit`",
    "nova/cmd/manage.py",
    &["_check_orphaned_allocations_for_provider"],
);

/// Why ports can be bound to the host that a server came from.
const MOVED_PORTS: Reason = read(
    "the record names the destination before `finish_resize` binds the ports there, and nobody else binds them",
    MANAGER,
    &["_resize_instance", "_finish_resize"],
);

/// The requests that delete a server.
pub(super) const DELETE: &[&str] = &["delete", "force_delete"];

/// Why a guest can be left of a server that is deleted while it moves.
const UNLOCKED: Reason = read(
    "the steps of a move take no lock: the server is deleted under them, and the guest that they make or leave elsewhere is for `_cleanup_running_deleted_instances`",
    MANAGER,
    &["finish_resize", "finish_revert_resize", "_cleanup_running_deleted_instances"],
);

/// Why a migration can hold something after its server was deleted.
pub(super) const ENDED_BY_NOBODY: Reason = read(
    "neither a deletion nor the step of a move that finds its server deleted ends the migration: what that holds is left to `nova-manage placement audit`",
    MANAGER,
    &["_delete_instance", "confirm_resize", "revert_resize", "_finish_revert_resize"],
);

/// Why a rebuild of a server without a guest has no end.
const REBUILT_WITHOUT_GUEST: Reason = observed(
    "a rebuild that finds no guest takes its server for deleted, and leaves it rebuilding",
    &["rebuild-same-image | host1:spawn#1 raises InstanceNotFound before"],
);

/// Why a rebuild costs a server its allocation.
pub(super) const REBUILD_EMPTIES: Reason = observed(
    "a rebuild that fails empties the allocation of a server that stays on its host",
    &[
        "rebuild-same-image | host1:get_info#1 raises NovaException before",
        "rebuild-same-image | host1:spawn#1 raises VirtualInterfaceCreateException before",
    ],
);

/// Why an event is never finished after a second try.
pub(super) const REPEATED_EVENT: Reason = observed(
    "a second try repeats the event's name, and finishing finds the first of that name both times",
    &[
        "create | host1:spawn#1 raises NovaException before",
        "resize | host2:update_provider_tree#1 raises NovaException before",
    ],
);

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
                Method::NetworkBindingHostId,
                Method::PrepareNetworksBeforeBlockDeviceMapping,
                Method::DefaultRootDeviceName,
                Method::DefaultDeviceNamesForInstance,
                Method::Spawn,
            ],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: observed(
            "taken for a server that was deleted meanwhile, whose state is left to the deletion",
            &["create | host1:spawn#1 raises InstanceNotFound before"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Call {
            methods: &[Method::UpdateProviderTree, Method::Capabilities],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: read(
            "the same, in the claim: the record has its host already, the allocation is deleted",
            RESOURCE_TRACKER,
            &["instance_claim"],
        ),
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Call { methods: &[Method::GetInfo], after: &[] },
        reason: observed(
            "right after the spawn: the claim is over, so nobody destroys the guest of the failed build",
            &["create | host1:get_info#1 raises NovaException before"],
        ),
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
        reason: observed(
            "taken for \"never mind\": the server is ACTIVE again although the work is half done",
            &[
                "resize | host2:finish_migration#1 raises NotImplementedError before",
                "resize | host2:finish_migration#1 raises InstanceFaultRollback before",
            ],
        ),
    },
    Known {
        invariant: "no_task_left",
        by: By::Call { methods: &[Method::Destroy], after: &[ExceptionClass::InstanceNotFound] },
        reason: observed(
            "a deletion that finds no guest takes the server for deleted, and leaves it deleting",
            &["delete | host1:destroy#1 raises InstanceNotFound before"],
        ),
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Call { methods: &[Method::Destroy], after: &[ExceptionClass::NovaException] },
        reason: observed(
            "an offload whose destroy had its effect and lost its reply: the server stays on its host without a guest",
            &["shelve-immediate | host1:destroy#1 raises NovaException after"],
        ),
    },
    // Requests of somebody else. Which methods take the lock of their server is read in `nova/compute/manager.py`.
    Known {
        invariant: "every_start_has_its_end",
        by: By::Asked { asks: DELETE, during: &["terminate_instance"] },
        reason: read(
            "a second deletion finds its server gone when it comes to delete it, and only the log tells of that",
            MANAGER,
            &["terminate_instance"],
        ),
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Asked { asks: DELETE, during: &["finish_resize", "finish_revert_resize"] },
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
        reason: read(
            "what a migration holds is swapped back to a server that was deleted meanwhile (bug 1848343)",
            MANAGER,
            &["_revert_allocation"],
        ),
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
        reason: observed(
            "right after the spawn: the build is given up, and only the log tells of it",
            &["create | host1:get_info#1 raises NovaException before"],
        ),
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Call {
            methods: &[Method::Destroy, Method::NodeIsAvailable, Method::UpdateProviderTree],
            after: &[ExceptionClass::InstanceNotFound],
        },
        reason: observed(
            "a deletion that finds no guest takes the server for deleted, and leaves it deleting",
            &["delete | host1:destroy#1 raises InstanceNotFound before"],
        ),
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Call { methods: &[Method::Destroy], after: &[] },
        reason: observed(
            "an offload unbinds the ports before it destroys the guest, and does not bind them again",
            &["shelve-immediate | host1:destroy#1 raises NovaException before"],
        ),
    },
    // Deaths of services: read in `nova/compute/manager.py`, `_init_instance`, which takes up what it finds on the host's own
    // servers: builds and rebuilds (to ERROR), `resize_prep`, `resize_migrating`, live migrations, deletions, reboots, `powering-on`,
    // `powering-off`, `pausing`, `unpausing`, snapshots. Whatever is in none of these states, or not on the host, stays, but for
    // builds that have an allocation on the host (`_error_out_instances_whose_build_was_interrupted`).
    Known {
        invariant: "every_event_finished",
        by: By::Crash { during: &[] },
        reason: read(
            "an event is finished by the process that began it, when it leaves `EventReporter`",
            "nova/compute/utils.py",
            &["EventReporter"],
        ),
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Crash { during: &[] },
        reason: read(
            "what began an operation is the only one that would notify of its end",
            MANAGER,
            &["_notify_about_instance_usage", "_init_instance"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: read(
            "a start puts a build that was interrupted into ERROR, and gives nothing of it back",
            MANAGER,
            &["_error_out_instances_whose_build_was_interrupted"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["unshelve_instance"] },
        reason: read(
            "the scheduler allocates, the host is recorded later: what has no host is found by no start of a host",
            MANAGER,
            &["_init_instance", "_unshelve_instance"],
        ),
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
        reason: read(
            "the record names the other host, whose start would take it up; or `_init_instance` knows no such task",
            MANAGER,
            &["_init_instance"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["prep_resize"] },
        reason: read(
            "the migration that was begun is at most taken up by a later resize, and its allocation returned by nobody",
            "nova/conductor/tasks/migrate.py",
            &["_preallocate_migration"],
        ),
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Crash {
            during: &["resize_instance", "finish_resize", "revert_resize", "finish_revert_resize"],
        },
        reason: read(
            "the guest is gone from one host and not yet on the other; `_init_instance` knows no such task",
            MANAGER,
            &["_init_instance"],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["confirm_resize", "revert_resize", "finish_revert_resize"] },
        reason: read(
            "a migration is recorded as ended before its allocation is returned",
            RESOURCE_TRACKER,
            &["drop_move_claim_at_source", "drop_move_claim_at_dest"],
        ),
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["resize_instance", "finish_resize"] },
        reason: MOVED_PORTS,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["finish_revert_resize"] },
        reason: read(
            "the record names the source before the ports are bound there again, and nobody else binds them",
            MANAGER,
            &["_finish_revert_resize"],
        ),
    },
    // Deaths between two writes to the state of record, or between one of them and what else is done.
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["schedule_and_build_instances"] },
        reason: read(
            "the scheduler has claimed for a server that no host was told of",
            CONDUCTOR,
            &["_schedule_instances", "schedule_and_build_instances"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["shelve_instance"] },
        reason: read(
            "an offload gives the allocation back before the record says that the server is on no host",
            MANAGER,
            &["_shelve_offload_instance"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["finish_revert_resize"] },
        reason: read(
            "the record names the source and the old flavor before `_revert_allocation`, which nobody else does",
            MANAGER,
            &["_finish_revert_resize"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["finish_resize"] },
        reason: read(
            "where it fails the record has the old flavor again, placement has not, and the event that tells of it is finished last",
            MANAGER,
            &["_finish_resize", "finish_resize"],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["finish_resize"] },
        reason: read(
            "where it fails what the migration holds is dropped before the migration is recorded as failed",
            MANAGER,
            &["finish_resize", "errors_out_migration"],
        ),
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: read(
            "ports are made before the record has them, and `_heal_instance_info_cache` is off by default",
            NEUTRON,
            &["allocate_for_instance"],
        ),
    },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Crash { during: &["build_and_run_instance"] },
        reason: read(
            "ports are given back before the record is without them, and `_heal_instance_info_cache` is off by default",
            NEUTRON,
            &["deallocate_for_instance"],
        ),
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Crash { during: &["shelve_instance", "unshelve_instance"] },
        reason: read(
            "an offload unbinds the ports before it destroys the guest, and an unshelve binds them after its claim",
            MANAGER,
            &["_shelve_offload_instance", "_unshelve_instance"],
        ),
    },
    Known {
        invariant: "no_task_left",
        by: By::Crash { during: &["shelve_instance"] },
        reason: read("`_init_instance` knows no task of shelving", MANAGER, &["_init_instance"]),
    },
    Known {
        invariant: "no_task_left",
        by: By::Crash { during: &["unshelve_instance"] },
        reason: read(
            "a server that is being brought back is on no host before its claim, so no start of a host finds it",
            MANAGER,
            &["_init_instance", "_unshelve_instance"],
        ),
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Crash { during: &["shelve_instance"] },
        reason: read(
            "offloading destroys the guest before the record says so",
            MANAGER,
            &["_shelve_offload_instance"],
        ),
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
        reason: read(
            "the request was in the conductor's memory alone, and no other conductor takes it up",
            CONDUCTOR,
            &["schedule_and_build_instances", "build_instances", "migrate_server", "_live_migrate"],
        ),
    },
    // Services.
    Known {
        invariant: "no_task_left",
        by: By::Service { calls: &["image.create"] },
        reason: read(
            "`shelve` of the API saves the task before it asks for the image, and takes nothing back",
            COMPUTE_API,
            &["shelve"],
        ),
    },
    Known {
        invariant: "no_task_left",
        by: By::Service { calls: &["image.get"] },
        reason: read(
            "an unshelving whose image cannot be read keeps its task: only a failure of the scheduling takes it back",
            CONDUCTOR,
            &["unshelve_instance"],
        ),
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Service { calls: &["network.migrate_instance_finish"] },
        reason: MOVED_PORTS,
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
        by: By::Message { faults: &[MessageFault::Lost], methods: CASTS },
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
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Message { faults: &[MessageFault::Twice], methods: &[] },
        reason: ONCE,
    },
    // What is left when an operator has started, deleted and run everything.
    Known { invariant: RECOVERY, by: By::Crash { during: MOVES }, reason: AUDIT },
    Known {
        invariant: RECOVERY,
        by: By::Asked { asks: DELETE, during: &["revert_resize", "finish_revert_resize"] },
        reason: AUDIT,
    },
    Known {
        invariant: RECOVERY,
        by: By::Message { faults: &[MessageFault::Lost], methods: MOVES },
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
];
