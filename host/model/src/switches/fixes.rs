//! What Nova 34.0.0 still gets wrong. The defects were observed on it; the cures are this project's.

super::switches! {
    /// The cure of a defect that Nova 34.0.0 has.
    Fix:
    AbortStaysAbort = "abort-stays-abort" {
        title: "a build that is to be aborted is tried elsewhere if its clean-up fails",
        scenario: "build-clean-up-fails",
        when: "prepare_for_spawn raises, and then failed_spawn_cleanup",
        wrong: "the build is rescheduled",
        right: "the build is aborted",
        releases: "34.0.0",
    }
    AttachInterfaceNotImplemented = "attach-interface-not-implemented" {
        title: "a port stays attached although the driver cannot attach interfaces",
        scenario: "attach-interface-not-offered",
        when: "attach_interface raises NotImplementedError",
        wrong: "500, and the port stays with the server",
        right: "500, and the port is let go",
        releases: "34.0.0",
    }
    BuildDestroysGuest = "build-destroys-guest" {
        title: "a build that fails after its spawn leaves its guest running",
        scenario: "build-unseen",
        when: "get_info raises right after a spawn that went well",
        wrong: "ERROR on no host, and a guest that nobody knows",
        right: "ERROR, and the guest is destroyed",
        releases: "34.0.0",
    }
    BuildInstanceNotFound = "build-instance-not-found" {
        title: "a build whose driver raises InstanceNotFound hangs for ever",
        scenario: "build-not-found",
        when: "spawn raises InstanceNotFound although nobody deleted the server",
        wrong: "BUILD with task spawning for ever",
        right: "ERROR with a fault",
        releases: "34.0.0",
    }
    ConductorWorkGoesOn = "conductor-work-goes-on" {
        title: "what a conductor was asked for is lost when its worker dies",
        scenario: "resize-conductor-dies",
        when: "the worker dies as it takes the message for a resize",
        wrong: "task resize_prep for ever",
        right: "the worker in its place does what was asked: VERIFY_RESIZE",
        releases: "34.0.0",
    }
    DeleteInstanceNotFound = "delete-instance-not-found" {
        title: "a server whose guest is gone cannot be deleted",
        scenario: "delete-not-found",
        when: "destroy raises InstanceNotFound",
        wrong: "the server stays with task deleting, and keeps its allocation",
        right: "what is gone is destroyed: the server is deleted; one that is not gone is in ERROR",
        releases: "34.0.0",
    }
    DeleteDespiteInventory = "delete-despite-inventory" {
        title: "a deletion fails because the node's inventory cannot be read",
        scenario: "delete-inventory-fails",
        when: "update_provider_tree raises after the guest was destroyed",
        wrong: "ERROR, with an allocation for a guest that is gone",
        right: "the server is deleted, and the node record follows at the next periodic",
        releases: "34.0.0",
    }
    DeleteVerifyResize = "delete-verify-resize" {
        title: "a server in VERIFY_RESIZE cannot be deleted when its source does not confirm",
        scenario: "delete-verify-resize",
        when: "confirm_migration raises while a server in VERIFY_RESIZE is deleted",
        wrong: "500, and ERROR with task deleting",
        right: "204, and the server is deleted",
        releases: "34.0.0",
    }
    DeletedServerGetsNothingBack = "deleted-server-gets-nothing-back" {
        title: "a move that fails after its server was deleted gives the allocation back to it (bug 1848343)",
        scenario: "delete-during-resize",
        when: "delete while migrate_disk_and_power_off runs",
        wrong: "an allocation of a deleted server",
        right: "what the migration holds is dropped",
        releases: "34.0.0",
    }
    EvacuateDestroysFailedGuest = "evacuate-destroys-failed-guest" {
        title: "an evacuation that fails after its spawn leaves a guest that no record knows",
        scenario: "evacuate-fails",
        when: "spawn raises on the destination after its effect",
        wrong: "the guest runs on the destination, the record names the source",
        right: "the guest is destroyed",
        releases: "34.0.0",
    }
    HostRestarts = "host-restarts" {
        title: "a host does not start because an evacuated guest cannot be destroyed",
        scenario: "evacuate-restart-fails",
        when: "destroy raises while the source of an evacuation starts",
        wrong: "the compute service does not start, nor can it be forced up",
        right: "it starts, and tries again at the next start",
        releases: "34.0.0",
    }
    HostWorkGoesOn = "host-work-goes-on" {
        title: "what a compute service was doing when it died is never brought to an end",
        scenario: "resize-host-dies",
        when: "the service of the destination dies in finish_migration, and is started again",
        wrong: "no guest anywhere, task resize_finish for ever, an event and a notification without an end",
        right: "the step has failed: ERROR with a fault, no task, and whatever was begun has its end",
        releases: "34.0.0",
    }
    InstanceNotFoundFault = "instance-not-found-fault" {
        title: "a server in ERROR does not say why",
        scenario: "suspend-not-found",
        when: "suspend raises InstanceNotFound",
        wrong: "ERROR without a fault, or with an older one",
        right: "ERROR with the fault",
        releases: "34.0.0",
    }
    LiveMigrationChecksNextHost = "live-migration-checks-next-host" {
        title: "a destination that cannot be checked for a live migration puts the server into ERROR",
        scenario: "live-migrate-check-fails",
        when: "check_can_live_migrate_destination raises an ordinary exception",
        wrong: "ERROR, and no other host is tried",
        right: "the next host is tried; without one the server stays ACTIVE",
        releases: "34.0.0",
    }
    LiveMigrationPostReleasesSource = "live-migration-post-releases-source" {
        title: "a live migration whose end fails leaks its allocation on the source",
        scenario: "live-migrate-post-fails",
        when: "post_live_migration raises on the source",
        wrong: "the migration holds the source for ever",
        right: "the server holds the destination, the migration nothing",
        releases: "34.0.0",
    }
    LiveMigrationRollsBack = "live-migration-rolls-back" {
        title: "a driver that raises from live_migration leaves everything half done",
        scenario: "live-migrate-fails",
        when: "live_migration raises",
        wrong: "ERROR without a fault; the server holds the destination, the migration the source",
        right: "rolled back: ACTIVE on the source, with a stored fault and its allocation",
        releases: "34.0.0",
    }
    MessagesArrive = "messages-arrive" {
        title: "a message that is lost is never sent again",
        scenario: "message-is-lost",
        when: "the message finish_resize is lost on its way to the destination",
        wrong: "RESIZE with task resize_migrated for ever, on a host that has no guest",
        right: "it is sent again, and the resize ends",
        releases: "34.0.0",
    }
    MessagesComeOnce = "messages-come-once" {
        title: "a message that arrives twice is carried out twice (34.0.0 leaves it to oslo.messaging to drop the second)",
        scenario: "message-comes-twice",
        when: "the message prep_resize arrives twice at the destination",
        wrong: "both copies claim, and what one of them gives back the other goes on with",
        right: "the second one is dropped",
        releases: "34.0.0",
    }
    MovesEndWithTheirServer = "moves-end-with-their-server" {
        title: "a server that is deleted under a step of its move leaves a guest or an allocation behind",
        scenario: "delete-during-finish-resize",
        when: "delete while finish_migration runs on the destination",
        wrong: "the guest of a deleted server runs there; in other steps the migration holds the source for ever",
        right: "the step destroys what it made, and drops what the migration holds",
        releases: "34.0.0",
    }
    MovesFaultRollback = "moves-fault-rollback" {
        title: "a driver that says a step of a move was rolled back leaves the server ACTIVE without a guest",
        scenario: "resize-rolled-back",
        when: "finish_migration raises InstanceFaultRollback, when the guest has left its source",
        wrong: "ACTIVE on the destination, where there is no guest",
        right: "ERROR with a fault",
        releases: "34.0.0",
    }
    MovesNotImplemented = "moves-not-implemented" {
        title: "a driver that does not offer a step of a move leaves the server ACTIVE without a guest",
        scenario: "resize-not-offered",
        when: "finish_migration raises NotImplementedError",
        wrong: "ACTIVE on the destination, where there is no guest",
        right: "ERROR with a fault",
        releases: "34.0.0",
    }
    NetworkIsAskedAgain = "network-is-asked-again" {
        title: "a deletion or a resize fails for good when the network service refuses once",
        scenario: "delete-refused-port",
        when: "the network service refuses deallocate_for_instance while a server is deleted",
        wrong: "ERROR with its ports and without a guest; after a refused migrate_instance_finish, ERROR with ports on the source",
        right: "the network service is asked again",
        releases: "34.0.0",
    }
    OffloadLooksAgain = "offload-looks-again" {
        title: "an offload whose destroy lost its answer leaves a shelved server without a guest",
        scenario: "offload-loses-answer",
        when: "destroy raises after its effect while a shelved server is offloaded",
        wrong: "SHELVED on its host, where there is no guest any more",
        right: "what is gone is destroyed: SHELVED_OFFLOADED",
        releases: "34.0.0",
    }
    RebuildInstanceNotFound = "rebuild-instance-not-found" {
        title: "a rebuild or evacuation whose driver raises InstanceNotFound hangs for ever",
        scenario: "rebuild-not-found",
        when: "spawn raises InstanceNotFound during a rebuild",
        wrong: "REBUILD for ever; after an evacuation the server holds both hosts",
        right: "ERROR with a fault",
        releases: "34.0.0",
    }
    RebuildKeepsAllocation = "rebuild-keeps-allocation" {
        title: "a failed rebuild empties the allocation of a server that stays on its host",
        scenario: "rebuild-fails",
        when: "spawn raises during a rebuild",
        wrong: "ERROR on its host, without an allocation",
        right: "ERROR on its host, with its allocation",
        releases: "34.0.0",
    }
    RescheduledEventsFinish = "rescheduled-events-finish" {
        title: "the event of a second try never finishes",
        scenario: "build-reschedules",
        when: "a build is rescheduled, which repeats the name of an event",
        wrong: "the first event finishes twice, the second never",
        right: "each event finishes once",
        releases: "34.0.0",
    }
    RevertReleasesSource = "revert-releases-source" {
        title: "a failed revert leaks the allocation on the source",
        scenario: "revert-fails",
        when: "destroy raises on the destination while a resize is reverted",
        wrong: "ERROR on the destination, and the migration holds the source for ever",
        right: "ERROR on the destination, and the migration holds nothing",
        releases: "34.0.0",
    }
    SecondDeletionEnds = "second-deletion-ends" {
        title: "a second deletion never notifies of its end",
        scenario: "delete-twice",
        when: "delete while another deletion has all but removed the record",
        wrong: "delete.start twice, delete.end once",
        right: "delete.end twice",
        releases: "34.0.0",
    }
    ShelveDeletesImage = "shelve-deletes-image" {
        title: "a failed shelve leaves its image behind",
        scenario: "shelve-fails",
        when: "snapshot raises while a server is shelved",
        wrong: "an image that nobody knows",
        right: "the image is deleted",
        releases: "34.0.0",
    }
    ShelveTakesTaskBack = "shelve-takes-task-back" {
        title: "a shelve whose image cannot be made leaves its task behind",
        scenario: "shelve-without-image",
        when: "the image service refuses image.create while a server is shelved",
        wrong: "500, and task shelving for ever",
        right: "500, and no task",
        releases: "34.0.0",
    }
    SnapshotInstanceNotFound = "snapshot-instance-not-found" {
        title: "a snapshot whose driver raises InstanceNotFound never ends",
        scenario: "snapshot-not-found",
        when: "snapshot raises InstanceNotFound",
        wrong: "task image_snapshot for ever",
        right: "no task, and the image is deleted",
        releases: "34.0.0",
    }
    UnshelveGoesOn = "unshelve-goes-on" {
        title: "an unshelved guest that cannot be looked at runs on as offloaded",
        scenario: "unshelve-unseen",
        when: "get_info raises right after the spawn of an offloaded server",
        wrong: "SHELVED_OFFLOADED, with a host, an allocation and a running guest",
        right: "ACTIVE: what was spawned runs",
        releases: "34.0.0",
    }
    UnshelveNeedsImage = "unshelve-needs-image" {
        title: "an unshelve whose image cannot be read leaves its task behind",
        scenario: "unshelve-without-image",
        when: "the image service refuses image.get while an offloaded server is unshelved",
        wrong: "task unshelving for ever",
        right: "no task: SHELVED_OFFLOADED, or ERROR if there is no such image",
        releases: "34.0.0",
    }
    UnshelveReleasesClaim = "unshelve-releases-claim" {
        title: "an unshelve whose volumes cannot be connected leaks its allocation",
        scenario: "unshelve-without-volume",
        when: "get_volume_connector raises while an offloaded server with a volume is unshelved",
        wrong: "SHELVED_OFFLOADED with an allocation on the chosen host",
        right: "SHELVED_OFFLOADED without any",
        releases: "34.0.0",
    }
}
