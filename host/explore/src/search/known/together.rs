//! What only two faults do together: found by trying all pairs of faults on the built-in scenarios, and some plans drawn at
//! random, and reviewed.
//!
//! Often the first of them is a request of somebody else that the scenario does not make itself, and the second a fault that
//! does it wherever the request is made.

use super::reason::{COMPUTE_API, CONDUCTOR, MANAGER, observed, read};
use super::single::{CAST, DELETE, ENDED_BY_NOBODY, ONCE, REBUILD_EMPTIES, REPEATED_EVENT};
use super::{By, Known, Reason};
use model::ExceptionClass;
use runtime::MessageFault;
use virt::Method;

/// A second user deletes a server that waits to be confirmed, or is about to.
const DELETED_IN_VERIFY_RESIZE: By =
    By::Asked { asks: DELETE, during: &["resize_instance", "finish_resize", "-"] };

/// A second user deletes a server that is being built.
const DELETED_IN_BUILD: By = By::Asked { asks: DELETE, during: &["build_and_run_instance"] };

/// A second user deletes a server whose move is being taken back.
const DELETED_IN_REVERT: By = By::Asked { asks: DELETE, during: &["revert_resize", "finish_revert_resize"] };

/// A second user deletes a server that may be on no host.
const DELETED_ON_NO_HOST: By = By::Asked { asks: DELETE, during: &["unshelve_instance", "-"] };

/// A second user deletes a server that is being shelved.
const DELETED_IN_SHELVE: By = By::Asked { asks: DELETE, during: &["shelve_instance"] };

const LIVE_MIGRATED: By = By::Asked { asks: &["live_migrate"], during: &[] };

const REBUILT: By = By::Asked { asks: &["rebuild"], during: &[] };

const SHELVED: By = By::Asked { asks: &["shelve"], during: &[] };

/// The network service does not take ports back, or does not tell of them.
const PORTS_NOT_GIVEN_BACK: By =
    By::Service { calls: &["network.deallocate_for_instance", "network.get_instance_nw_info"] };

/// What a deletion asks the driver for after which it fails.
pub(super) const DELETION_RAISES: By =
    By::Call { methods: &[Method::Destroy, Method::NodeIsAvailable, Method::UpdateProviderTree], after: &[] };

/// What keeps a deletion from its end.
pub(super) const DELETION_FAILS: By =
    By::OneOf(&[DELETION_LOST, DIED_DELETING, PORTS_NOT_GIVEN_BACK, DELETION_RAISES]);

/// What keeps a build from its end on one host.
const BUILD_FAILS: By = By::OneOf(&[
    By::Call {
        methods: &[
            Method::NodeIsAvailable,
            Method::GetAvailableNodes,
            Method::UpdateProviderTree,
            Method::NetworkBindingHostId,
            Method::PrepareForSpawn,
            Method::PrepareNetworksBeforeBlockDeviceMapping,
            Method::DefaultRootDeviceName,
            Method::DefaultDeviceNamesForInstance,
            Method::Spawn,
            Method::GetInfo,
        ],
        after: &[],
    },
    By::Service { calls: &["network.allocate_for_instance"] },
]);

const DIED_BUILDING: By = By::Crash { during: &["build_and_run_instance"] };

/// A host does not start, or does not know its node.
const NO_VALID_HOST: By = By::OneOf(&[
    STARTING,
    By::Call {
        methods: &[Method::GetAvailableNodes, Method::GetAvailableResource, Method::Capabilities],
        after: &[],
    },
]);

/// A build is asked for twice.
const BUILT_TWICE: By = By::Message {
    faults: &[MessageFault::Twice],
    methods: &["schedule_and_build_instances", "build_and_run_instance"],
};

/// A move is asked for twice.
const MOVED_TWICE: By = By::Message {
    faults: &[MessageFault::Twice],
    methods: &["migrate_server", "prep_resize", "revert_resize"],
};

const DELETION_LOST: By = By::Message { faults: &[MessageFault::Lost], methods: &["terminate_instance"] };

const LIVE_MIGRATION_LOST: By = By::Message { faults: &[MessageFault::Lost], methods: &["live_migration"] };

pub(super) const DIED_DELETING: By = By::Crash { during: &["terminate_instance"] };

/// What a host asks its driver for as it starts, without which it does not start.
const STARTING: By = By::Call {
    methods: &[Method::InitHost, Method::GetNodenamesByUuid, Method::ProcessInstancesAtStartup],
    after: &[],
};

/// What a host asks its driver for after a guest is destroyed, to count what is left.
const COUNTING: By = By::Call { methods: &[Method::NodeIsAvailable, Method::UpdateProviderTree], after: &[] };

/// Why a deletion in VERIFY_RESIZE can end halfway.
const UNCONFIRMED: Reason = observed(
    "a deletion whose resize cannot be confirmed is given up, and its task stays",
    &["delete-verify-resize | host1:confirm_migration#1 raises VirtualInterfaceCreateException before"],
);

/// Why a server that is being deleted can hold nothing.
const LEFT_TO_DELETION: Reason = read(
    "a build that finds its server being deleted gives the allocation back and leaves the rest to the deletion, which fails",
    MANAGER,
    &["_locked_do_build_and_run_instance", "_do_build_and_run_instance"],
);

/// Why a server can be on its former host with what it has on the other.
const LEFT_TO_DELETION_BY_REVERT: Reason = read(
    "a source that finds its server being deleted writes itself and the old flavor with ERROR and leaves the rest to the deletion, which fails",
    MANAGER,
    &["_revert_instance_flavor_host_node", "_set_instance_obj_error_state"],
);

/// Why so much is gone of a server that was to be offloaded.
const OFFLOADED_ALREADY: Reason = read(
    "an offload learns last that its server is being deleted: guest, bindings and allocation are gone, and the deletion fails",
    MANAGER,
    &["_shelve_offload_instance"],
);

/// Why the end of a live migration leaks.
pub(super) const POST_LEAKS: Reason = observed(
    "a live migration whose end fails is never ended: what it holds stays",
    &["live-migrate | host1:post_live_migration#1 raises NovaException before"],
);

/// Why a live migration is left half done.
const NOT_ROLLED_BACK: Reason = observed(
    "a driver that raises from live_migration is not rolled back",
    &["live-migrate | host1:live_migration#1 raises NovaException before"],
);

/// Why an offloaded server can stay on its host.
const STILL_NAMES_ITS_HOST: Reason = observed(
    "an offload counts its node before the record names no host any more: if that fails the host stays",
    &["shelve-immediate | host1:update_provider_tree#1 raises NovaException before"],
);

/// Why a server without a host can have a guest.
const ABORTED_WITH_GUEST: Reason = read(
    "a build that cannot destroy its guest is aborted, and its server is on no host",
    MANAGER,
    &["_build_resources", "_do_build_and_run_instance"],
);

/// Why nothing ends what was interrupted.
const NOT_TAKEN_UP: Reason = read(
    "a deletion that a start takes up is tried once at each start, and by no host that cannot be started",
    MANAGER,
    &["init_host", "_init_instance"],
);

/// Why the death of an agent strikes another server.
const DIES_FOR_ALL: Reason = read(
    "an agent that dies fails the get_info right after the spawn of another server: nobody destroys that guest",
    MANAGER,
    &["_build_and_run_instance"],
);

/// Calls that end a live migration on either host.
const POST_LIVE_MIGRATION: &[Method] = &[
    Method::PostLiveMigration,
    Method::PostLiveMigrationAtSource,
    Method::PostLiveMigrationAtDestination,
    Method::GetInfo,
    Method::GetAvailableNodes,
];

/// The list.
pub const TOGETHER: &[Known] = &[
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &DELETED_IN_VERIFY_RESIZE,
            &By::Call { methods: &[Method::ConfirmMigration, Method::UpdateProviderTree], after: &[] },
        ),
        reason: UNCONFIRMED,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &DELETED_IN_VERIFY_RESIZE,
            &By::Service { calls: &["network.teardown_networks_on_host", "network.get_instance_nw_info"] },
        ),
        reason: UNCONFIRMED,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DELETED_IN_BUILD, &DELETION_FAILS),
        reason: LEFT_TO_DELETION,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&DELETED_IN_BUILD, &PORTS_NOT_GIVEN_BACK),
        reason: read(
            "a server that is on no host is deleted at once, without the ports that its failed build could not give back",
            COMPUTE_API,
            &["_delete"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(
            &By::Asked { asks: DELETE, during: &["build_instances"] },
            &By::Call {
                methods: &[
                    Method::GetAvailableNodes,
                    Method::GetAvailableResource,
                    Method::NodeIsAvailable,
                    Method::UpdateProviderTree,
                ],
                after: &[],
            },
        ),
        reason: read(
            "a server deleted meanwhile is claimed for, which the host finds out at its next count: this one fails",
            CONDUCTOR,
            &["build_instances"],
        ),
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Both(&DELETED_IN_BUILD, &By::Asked { asks: &["snapshot"], during: &["terminate_instance"] }),
        reason: read(
            "a snapshot that finds its server deleted only says so in the log",
            MANAGER,
            &["_snapshot_instance"],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&DELETED_IN_BUILD, &DELETION_FAILS),
        reason: LEFT_TO_DELETION,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DELETED_IN_REVERT, &DELETION_FAILS),
        reason: LEFT_TO_DELETION_BY_REVERT,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&DELETED_IN_REVERT, &DELETION_FAILS),
        reason: LEFT_TO_DELETION_BY_REVERT,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DELETED_IN_SHELVE, &DELETION_FAILS),
        reason: OFFLOADED_ALREADY,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Both(&DELETED_IN_SHELVE, &DELETION_FAILS),
        reason: OFFLOADED_ALREADY,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&DELETED_IN_SHELVE, &DELETION_FAILS),
        reason: OFFLOADED_ALREADY,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &By::OneOf(&[BUILD_FAILS, NO_VALID_HOST, DIED_BUILDING, DELETED_ON_NO_HOST]),
            &PORTS_NOT_GIVEN_BACK,
        ),
        reason: read(
            "a deletion in the API whose ports are not taken back ends there, and its task stays",
            COMPUTE_API,
            &["_delete", "_local_delete"],
        ),
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Both(&By::Asked { asks: DELETE, during: &["confirm_resize"] }, &DELETION_FAILS),
        reason: read(
            "a confirmation writes its state last, over the ERROR of a deletion that failed meanwhile without its guest",
            MANAGER,
            &["_confirm_resize"],
        ),
    },
    Known {
        invariant: "every_event_finished",
        by: By::Both(
            &By::Asked { asks: DELETE, during: &["prep_resize"] },
            // The agent dies in it, and so prep_resize fails, too.
            &By::Call { methods: &[Method::Destroy], after: &[] },
        ),
        reason: REPEATED_EVENT,
    },
    // Messages that come twice, before a build or a move that fails.
    Known { invariant: "no_guest_astray", by: By::Both(&BUILT_TWICE, &BUILD_FAILS), reason: ONCE },
    Known { invariant: "one_guest_on_its_host", by: By::Both(&BUILT_TWICE, &BUILD_FAILS), reason: ONCE },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(
            &MOVED_TWICE,
            &By::OneOf(&[
                By::Call {
                    methods: &[Method::NodeIsAvailable, Method::GetHostIpAddr, Method::UpdateProviderTree],
                    after: &[],
                },
                By::Service { calls: &["network.get_instance_nw_info"] },
            ]),
        ),
        reason: ONCE,
    },
    // Live migrations.
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&LIVE_MIGRATED, &By::Call { methods: POST_LIVE_MIGRATION, after: &[] }),
        reason: POST_LEAKS,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(
            &LIVE_MIGRATED,
            &By::Service {
                calls: &[
                    "network.migrate_instance_start",
                    "network.migrate_instance_finish",
                    "network.get_instance_nw_info",
                    "network.teardown_networks_on_host",
                ],
            },
        ),
        reason: POST_LEAKS,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(
            &LIVE_MIGRATED,
            &By::Message { faults: &[MessageFault::Lost], methods: &["post_live_migration_at_destination"] },
        ),
        reason: POST_LEAKS,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&LIVE_MIGRATED, &By::Service { calls: &["network.migrate_instance_start"] }),
        reason: read(
            "that the network service refuses to activate a port on the destination ends the move, and nobody asks again",
            MANAGER,
            &["_post_live_migration"],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&LIVE_MIGRATED, &By::Call { methods: &[Method::LiveMigration], after: &[] }),
        reason: NOT_ROLLED_BACK,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&LIVE_MIGRATED, &By::Call { methods: &[Method::LiveMigration], after: &[] }),
        reason: NOT_ROLLED_BACK,
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(&LIVE_MIGRATED, &LIVE_MIGRATION_LOST),
        reason: CAST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&LIVE_MIGRATED, &LIVE_MIGRATION_LOST),
        reason: CAST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(
            &LIVE_MIGRATED,
            &By::Asked { asks: DELETE, during: &["check_can_live_migrate_destination"] },
        ),
        reason: read(
            "what a live migration holds is swapped back to a server that was deleted meanwhile",
            MANAGER,
            &["_revert_allocation", "_rollback_live_migration"],
        ),
    },
    Known {
        invariant: "migrations_hold_only_while_they_last",
        by: By::Both(
            &By::Asked { asks: DELETE, during: &[] },
            &By::Message {
                faults: &[MessageFault::Lost],
                methods: &["prep_resize", "resize_instance", "finish_resize"],
            },
        ),
        reason: ENDED_BY_NOBODY,
    },
    // Shelving, rebuilding.
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(
            &COUNTING,
            &By::Message { faults: &[MessageFault::Lost], methods: &["unshelve_instance"] },
        ),
        reason: STILL_NAMES_ITS_HOST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&COUNTING, &By::Service { calls: &["image.get"] }),
        reason: STILL_NAMES_ITS_HOST,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&COUNTING, &By::Service { calls: &["image.get"] }),
        reason: STILL_NAMES_ITS_HOST,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(&LIVE_MIGRATED, &By::Service { calls: &["network.teardown_networks_on_host"] }),
        reason: read(
            "a rollback of a live migration goes no further where the network service does not tell of the ports, and the task stays",
            MANAGER,
            &["_rollback_live_migration"],
        ),
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&SHELVED, &COUNTING),
        reason: STILL_NAMES_ITS_HOST,
    },
    Known {
        invariant: "ports_are_bound_where_their_servers_are",
        by: By::Both(&SHELVED, &COUNTING),
        reason: STILL_NAMES_ITS_HOST,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(
            &REBUILT,
            &By::Call {
                methods: &[
                    Method::GetInfo,
                    Method::PowerOff,
                    Method::Rebuild,
                    Method::Destroy,
                    Method::Spawn,
                ],
                after: &[],
            },
        ),
        reason: REBUILD_EMPTIES,
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&REBUILT, &By::Service { calls: &["image.get"] }),
        reason: REBUILD_EMPTIES,
    },
    // Builds.
    Known {
        invariant: "no_guest_astray",
        by: By::Both(
            &By::Call { methods: &[Method::Spawn], after: &[] },
            &By::Call { methods: &[Method::Destroy], after: &[] },
        ),
        reason: ABORTED_WITH_GUEST,
    },
    Known {
        invariant: "no_task_left",
        by: By::Both(
            &By::Call {
                methods: &[
                    Method::PrepareForSpawn,
                    Method::PrepareNetworksBeforeBlockDeviceMapping,
                    Method::DefaultRootDeviceName,
                    Method::DefaultDeviceNamesForInstance,
                ],
                after: &[],
            },
            &By::Call {
                methods: &[Method::CleanNetworksPreparation, Method::FailedSpawnCleanup],
                after: &[ExceptionClass::InstanceNotFound],
            },
        ),
        reason: read(
            "the error of the clean-up takes the place of that of the build, and tells of a server that was deleted",
            MANAGER,
            &["_build_resources", "_build_resources_cleanup"],
        ),
    },
    Known {
        invariant: "no_guest_astray",
        by: By::Both(&SHELVED, &By::Call { methods: &[Method::UpdateProviderTree], after: &[] }),
        reason: DIES_FOR_ALL,
    },
    Known {
        invariant: "every_start_has_its_end",
        by: By::Both(&SHELVED, &By::Call { methods: &[Method::UpdateProviderTree], after: &[] }),
        reason: DIES_FOR_ALL,
    },
    // Deaths of services.
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        by: By::Both(&DIED_DELETING, &STARTING),
        reason: NOT_TAKEN_UP,
    },
    Known {
        invariant: "one_guest_on_its_host",
        by: By::Both(&DIED_DELETING, &STARTING),
        reason: NOT_TAKEN_UP,
    },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Both(&DIED_DELETING, &STARTING),
        reason: NOT_TAKEN_UP,
    },
    Known { invariant: "no_task_left", by: By::Both(&DIED_DELETING, &STARTING), reason: NOT_TAKEN_UP },
    Known { invariant: "no_task_left", by: By::Both(&DIED_DELETING, &DELETION_FAILS), reason: NOT_TAKEN_UP },
    Known {
        invariant: "every_interface_has_its_port",
        by: By::Both(&DIED_DELETING, &PORTS_NOT_GIVEN_BACK),
        reason: NOT_TAKEN_UP,
    },
];
