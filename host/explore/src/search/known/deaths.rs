//! What is left where a service dies in what only another fault, or somebody else's request, leads to: found by trying pairs of
//! faults and plans drawn at random on the built-in scenarios, and reviewed.

use super::reason::{CONDUCTOR, MANAGER, observed, read};
use super::single::{DELETE, ENDED_BY_NOBODY};
use super::together::{DELETION_FAILS, DELETION_RAISES, DIED_DELETING, POST_LEAKS};
use super::{By, Known, Reason};
use virt::Method;

const DELETED: By = By::Asked { asks: DELETE, during: &[] };

/// Anybody asks for anything while a server is being built.
const ASKED_IN_BUILD: By = By::Asked { asks: &[], during: &["build_and_run_instance"] };

const DIED: By = By::Crash { during: &[] };

const DIED_LIVE_MIGRATING: By = By::Crash { during: &["live_migration"] };

/// A step of a move is interrupted, or the deletion that comes after it.
const DIED_MOVING_OR_DELETING: By = By::Crash {
    during: &["prep_resize", "resize_instance", "finish_resize", "confirm_resize", "terminate_instance"],
};

/// A driver call after whose failure a resize goes no further.
const RESIZE_REFUSED: By = By::Call {
    methods: &[
        Method::NodeIsAvailable,
        Method::GetAvailableNodes,
        Method::GetHostIpAddr,
        Method::UpdateProviderTree,
        Method::Capabilities,
        Method::MigrateDiskAndPowerOff,
        Method::FinishMigration,
    ],
    after: &[],
};

/// What a host asks its driver for as it starts with servers on it, without which it does not start.
const STARTING: By = By::Call {
    methods: &[
        Method::InitHost,
        Method::GetNodenamesByUuid,
        Method::ProcessInstancesAtStartup,
        Method::GetInfo,
        Method::PlugVifs,
        Method::GetAvailableNodes,
    ],
    after: &[],
};

/// Why nobody goes on with what a conductor was doing.
const IN_ITS_MEMORY: Reason = read(
    "the request was in the conductor's memory alone, and no other conductor takes it up",
    CONDUCTOR,
    &["build_instances", "rebuild_instance", "migrate_server", "_live_migrate"],
);

/// Why a live migration has no end.
const LIVE_MIGRATION_INTERRUPTED: Reason = read(
    "a start clears the task, aborts a migration that runs and gives nothing back: what the migration holds stays",
    MANAGER,
    &["_init_instance", "_reset_live_migration"],
);

/// Why a move that was interrupted leaves something.
const MOVE_INTERRUPTED: Reason = read(
    "a failed step records its migration and gives back what that holds one after the other, and a start takes back the server alone",
    MANAGER,
    &["prep_resize", "resize_instance", "_init_instance"],
);

/// Why what waits for a host is not done.
const NOT_STARTED: Reason = read(
    "a host that cannot be started takes nothing up, and what waits for it waits on",
    MANAGER,
    &["init_host", "_init_instance", "pre_start_hook"],
);

/// Why no start takes up a deletion.
const OVERWRITTEN: Reason = read(
    "who was at work on the server writes its own task or none over that of the deletion, so that no start takes it up",
    MANAGER,
    &["_build_resources", "_confirm_resize", "_set_instance_obj_error_state", "reverts_task_state"],
);

/// Why a task stays of a server in ERROR.
const IN_ERROR: Reason = read(
    "a start leaves a server in ERROR alone, unless it was being deleted or its disk was on its way",
    MANAGER,
    &["_init_instance"],
);

/// Why a task comes back.
const TASK_COMES_BACK: Reason = read(
    "a step that does not find the task it expects writes the task it could not begin with ERROR",
    MANAGER,
    &["_set_instance_obj_error_state", "reverts_task_state"],
);

/// Why a death in one operation leaves another half done.
const STRIKES_ALL: Reason = read(
    "a host dies with all that it does: a build beside it is put into ERROR by the next start, and nothing of it given back",
    MANAGER,
    &["_error_out_instances_whose_build_was_interrupted"],
);

/// The list.
pub const DEATHS: &[Known] = &[
    // The conductor.
    Known {
        invariant: "no_task_left",
        by: By::ConductorCrash { during: &["rebuild_instance"] },
        reason: IN_ITS_MEMORY,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["build_instances", "migrate_server", "live_migrate_instance"] },
        reason: IN_ITS_MEMORY,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["migrate_server", "live_migrate_instance"] },
        reason: IN_ITS_MEMORY,
    },
    // Live migrations, which no built-in scenario makes itself.
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["live_migration"] },
        reason: LIVE_MIGRATION_INTERRUPTED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["live_migration"] },
        reason: LIVE_MIGRATION_INTERRUPTED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["post_live_migration_at_destination"] },
        reason: POST_LEAKS,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Both(&By::Asked { asks: &["live_migrate"], during: &[] }, &DIED_LIVE_MIGRATING),
        reason: LIVE_MIGRATION_INTERRUPTED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&By::Asked { asks: &["live_migrate"], during: &["-"] }, &DIED),
        reason: LIVE_MIGRATION_INTERRUPTED,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(&By::Asked { asks: DELETE, during: &["-"] }, &DIED_LIVE_MIGRATING),
        reason: read(
            "a start that clears the task of a live migration expects it: a deletion meanwhile keeps the service from starting",
            MANAGER,
            &["_reset_live_migration"],
        ),
    },
    // Moves.
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Crash { during: &["resize_instance"] },
        reason: MOVE_INTERRUPTED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Crash { during: &["prep_resize", "resize_instance"] },
        reason: MOVE_INTERRUPTED,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(&By::Asked { asks: &["resize", "migrate"], during: &["build_and_run_instance"] }, &DIED),
        reason: TASK_COMES_BACK,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&RESIZE_REFUSED, &By::Asked { asks: &["live_migrate"], during: &[] }),
        reason: read(
            "the request spec has the flavor of a resize that failed after it was scheduled, and a live migration claims by it",
            "nova/conductor/tasks/live_migrate.py",
            &["_find_destination"],
        ),
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &By::Asked { asks: &["stop", "rebuild", "reboot"], during: &[] },
            &By::Crash { during: &["stop_instance", "rebuild_instance", "reboot_instance"] },
        ),
        reason: IN_ERROR,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&ASKED_IN_BUILD, &DIED),
        reason: STRIKES_ALL,
    },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Both(&ASKED_IN_BUILD, &DIED),
        reason: OVERWRITTEN,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&ASKED_IN_BUILD, &DIED),
        reason: OVERWRITTEN,
    },
    // Hosts that do not start again.
    Known { invariant: "no_task_left", by: By::Both(&DIED, &STARTING), reason: NOT_STARTED },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DIED, &STARTING),
        reason: NOT_STARTED,
    },
    Known { invariant: "one_guest_on_its_host", by: By::Both(&DIED, &STARTING), reason: NOT_STARTED },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&DIED, &STARTING),
        reason: NOT_STARTED,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&DIED, &STARTING),
        reason: NOT_STARTED,
    },
    // Deletions.
    Known { invariant: "one_guest_on_its_host", by: By::Both(&DELETED, &DIED_DELETING), reason: OVERWRITTEN },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Both(&DELETED, &DIED_DELETING),
        reason: OVERWRITTEN,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DELETED, &DIED_DELETING),
        reason: OVERWRITTEN,
    },
    Known { invariant: "no_task_left", by: By::Both(&DELETED, &DIED_DELETING), reason: OVERWRITTEN },
    Known {
        invariant: "no_task_left",
        by: By::Both(&DELETED, &By::Crash { during: &["confirm_resize"] }),
        reason: observed(
            "a deletion whose resize cannot be confirmed is given up, and its task stays",
            &[
                "delete-verify-resize | host1:confirm_migration#1 raises VirtualInterfaceCreateException before",
            ],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&DELETED, &DIED_MOVING_OR_DELETING),
        reason: ENDED_BY_NOBODY,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&DELETED, &DELETION_RAISES),
        reason: ENDED_BY_NOBODY,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&DELETED, &By::Service { calls: &["network.get_instance_nw_info"] }),
        reason: ENDED_BY_NOBODY,
    },
    Known { invariant: "no_task_left", by: By::Both(&DELETED, &DELETION_RAISES), reason: TASK_COMES_BACK },
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &By::Asked { asks: DELETE, during: &["migrate_server", "prep_resize", "resize_instance"] },
            &By::Service { calls: &["network.deallocate_for_instance"] },
        ),
        reason: TASK_COMES_BACK,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&By::Asked { asks: DELETE, during: &["resize_instance"] }, &DELETION_FAILS),
        reason: read(
            "a source that finds its server being deleted writes the destination with ERROR, where nobody binds the ports",
            MANAGER,
            &["_resize_instance", "_set_instance_obj_error_state"],
        ),
    },
];
