//! What older Novas got wrong, by Launchpad number. Which releases those are is read from Nova's history: the tags that hold
//! the commits which close each bug.

super::switches! {
    /// A historical defect of Nova.
    Bug:
    Bug1404867 = "1404867" {
        title: "the volume of a server that was never placed stays reserved after its deletion",
        scenario: "build-from-volume-without-room",
        when: "a server that boots from a volume finds no host and is deleted",
        wrong: "the attachment of the volume is left behind",
        right: "the volume is free again",
        releases: "before 17.0.0; mended in 16.1.1 too",
    }
    Bug1628606 = "1628606" {
        title: "a live migration whose end fails on the source leaves the server migrating on the source",
        scenario: "live-migrate-post-fails",
        when: "post_live_migration raises on the source after the guest has arrived",
        wrong: "the record names the source, with task migrating for ever",
        right: "the record names the destination, ERROR, the migration in error",
        releases: "before 27.0.0; mended in 26.1.0, 25.1.0 and 24.2.0 too",
    }
    Bug1669054 = "1669054" {
        title: "the hosts that a resize must not choose are remembered",
        scenario: "resize-then-evacuate",
        when: "resize from host1 to host2, then evacuate from host2 with only host1 left",
        wrong: "NoValidHost: host1 is still to be ignored",
        right: "the server is evacuated to host1",
        releases: "before 20.0.0; mended in 19.0.1, 18.2.1, 17.0.11 and 16.1.8 too",
    }
    Bug1671648 = "1671648" {
        title: "a new build is sent out without what a second try needs",
        scenario: "build-reschedules",
        when: "spawn fails on the first host",
        wrong: "ERROR at once",
        right: "the second host is tried, ACTIVE",
        releases: "15.0.0 and 15.0.1",
    }
    Bug1679750 = "1679750" {
        title: "a server deleted while its host is down keeps its allocation",
        scenario: "delete-while-host-is-down",
        when: "delete with the compute service forced down",
        wrong: "the allocation stays until the host starts again",
        right: "the allocation goes with the server",
        releases: "before 18.0.0; mended in 17.0.5 and 16.1.5 too",
    }
    Bug1702454 = "1702454" {
        title: "the host an evacuation names is not heeded",
        scenario: "evacuate-to-host",
        when: "evacuate to host2 while the scheduler prefers host3",
        wrong: "the server lands on host3",
        right: "the server lands on host2",
        releases: "before 17.0.0; mended in 16.0.3, 15.0.8 and 14.0.10 too",
    }
    Bug1713783 = "1713783" {
        title: "an evacuation without a valid host stays accepted",
        scenario: "evacuate-without-host",
        when: "evacuate without another host, then restart the source",
        wrong: "the source takes the server for evacuated and destroys its guest",
        right: "the migration is in error and the guest is left alone",
        releases: "before 17.0.0; mended in 16.0.1 and 15.1.1 too",
    }
    Bug1718512 = "1718512" {
        title: "the hosts that a move has tried are remembered",
        scenario: "resize-reschedules-live-migrate",
        when: "a resize fails on host2 and goes to host3; then live migrate to host2",
        wrong: "NoValidHost: host2 counts as tried",
        right: "the server moves to host2",
        releases: "before 18.0.0; mended in 17.0.3, 16.1.2 and 15.1.1 too",
    }
    Bug1764883 = "1764883" {
        title: "a source that starts again during an evacuation keeps its guest",
        scenario: "evacuate-source-returns",
        when: "the source's service is started while the destination still spawns",
        wrong: "two guests",
        right: "the source destroys its guest",
        releases: "before 18.0.0; mended in 17.0.9 and 16.1.7 too",
    }
    Bug1781286 = "1781286" {
        title: "a rescheduled build fails while the zone of its next host is looked up",
        scenario: "build-reschedules",
        when: "spawn fails on the first host, and the conductor of the cell does not reach the API database",
        wrong: "the server builds for ever and holds the second host",
        right: "the zone comes with the choice of the host; ACTIVE",
        releases: "before 21.0.0; since 20.0.1, 19.1.0 and 18.3.0 the server goes to ERROR at least",
    }
    Bug1784353 = "1784353" {
        title: "a rescheduled build from a volume finds its attachment deleted",
        scenario: "build-from-volume-reschedules",
        when: "spawn fails on the first host for a server that boots from a volume",
        wrong: "the second host gives the build up",
        right: "the second host makes a new attachment; ACTIVE",
        releases: "before 19.0.0; mended in 18.0.3 and 17.0.9 too",
    }
    Bug1794996 = "1794996" {
        title: "a source does not start after an evacuated server was deleted",
        scenario: "evacuate-delete-restart",
        when: "evacuate, delete the server, restart the source",
        wrong: "the compute service fails to start",
        right: "it starts and removes the old guest",
        releases: "before 19.0.0; mended in 18.1.0, 17.0.10 and 16.1.8 too",
    }
    Bug1797580 = "1797580" {
        title: "the host that a cold migration named is remembered",
        scenario: "migrate-then-live-migrate",
        when: "cold migrate to a named host, confirm, then live migrate without one",
        wrong: "NoValidHost: the scheduler is bound to the host the server is on",
        right: "the server moves to another host",
        releases: "before 19.0.0; mended in 18.1.0 and 17.0.10 too",
    }
    Bug1825020 = "1825020" {
        title: "a server that boots from a volume cannot be resized to a smaller disk",
        scenario: "resize-from-volume-smaller",
        when: "resize a server that boots from a volume to a flavor with a smaller root disk",
        wrong: "400",
        right: "resized: its disk is the volume",
        releases: "19.0.0",
    }
    Bug1825537 = "1825537" {
        title: "finish_resize failure reverts the allocations to the source host",
        scenario: "resize-fails",
        when: "finish_migration raises on the destination of a resize",
        wrong: "the server is on the destination and charged on the source",
        right: "the server is charged where its record says it is",
        releases: "17.0.1 to 17.0.12, 18.0.0 to 18.2.1, 19.0.0 and 19.0.1",
    }
    Bug1837955 = "1837955" {
        title: "a rescheduled build whose alternates are full is stuck",
        scenario: "build-alternate-full",
        when: "spawn fails on the first host, and no alternate has room any more",
        wrong: "BUILD for ever",
        right: "ERROR with MaxRetriesExceeded, nothing left",
        releases: "before 20.0.0; mended in 19.0.2, 18.2.2 and 17.0.12 too",
    }
    Bug1845291 = "1845291" {
        title: "the host forced at creation forbids later moves a second try",
        scenario: "forced-host-migrates",
        when: "create on a forced host, cold migrate, the first destination refuses",
        wrong: "ERROR at once",
        right: "the alternate is tried",
        releases: "before 21.0.0",
    }
    Bug1852458 = "1852458" {
        title: "a server without a valid host does not list the action create, nor an event that says why",
        scenario: "build-without-room",
        when: "create a server that no host has room for",
        wrong: "the server has no actions",
        right: "create, with conductor_schedule_and_build_instances that ends with Error",
        releases: "15.0.0 and later, before 21.0.0; mended in 20.2.0 and 19.3.0 too",
    }
    Bug1862633 = "1862633" {
        title: "an unshelve whose ports cannot be bound leaks its allocation",
        scenario: "unshelve-without-network",
        when: "the network service fails while an offloaded server is unshelved",
        wrong: "SHELVED_OFFLOADED with an allocation on the chosen host",
        right: "SHELVED_OFFLOADED without any",
        releases: "before 21.0.0; mended in 20.2.0 and 19.2.0 too",
    }
    Bug1889108 = "1889108" {
        title: "a live migration that cannot be prepared deletes the source's volume attachment",
        scenario: "live-migrate-prepare-fails",
        when: "pre_live_migration raises on the destination for a server with a volume",
        wrong: "the guest uses a volume that the volume service takes for free",
        right: "the source's attachment is kept",
        releases: "before 22.0.0; mended in 21.1.0, 20.4.1 and 19.3.1 too",
    }
    Bug1922053 = "1922053" {
        title: "a service can be forced up although its evacuations are not completed",
        scenario: "evacuate-force-up",
        when: "force the source up after an evacuation, before it was restarted",
        wrong: "accepted",
        right: "400 until the service was restarted",
        releases: "before 24.0.0",
    }
    Bug1938326 = "1938326" {
        title: "a server can be sent off from a host that is down, if that is disabled too",
        scenario: "migrate-from-lost-host",
        when: "cold migrate from a disabled host whose service is down",
        wrong: "accepted, and nothing happens for ever",
        right: "409",
        releases: "before 24.0.0",
    }
    Bug1944619 = "1944619" {
        title: "a live migration that cannot be prepared is rolled back on the source as if it had begun",
        scenario: "live-migrate-rollback-fails",
        when: "pre_live_migration raises on the destination, and the source cannot undo what it never did",
        wrong: "the source's roll-back fails: migrating for ever",
        right: "the source's driver is not asked; ACTIVE",
        releases: "before 26.0.0; mended in 25.0.1 and 24.1.1 too",
    }
    Bug1944759 = "1944759" {
        title: "between the two halves of a resize the source counts nothing for the server",
        scenario: "resize-counted-meanwhile",
        when: "the source's periodic runs after resize_instance and before finish_resize",
        wrong: "the source's node record shows the old flavor's room as free",
        right: "the old flavor counts until the resize is confirmed",
        releases: "before 25.0.0; mended in 24.1.0, 23.2.0 and 22.4.0 too",
    }
    Bug1978983 = "1978983" {
        title: "a server with a task cannot be evacuated",
        scenario: "evacuate-while-stopping",
        when: "evacuate a server whose task is powering-off",
        wrong: "409",
        right: "accepted",
        releases: "before 26.0.0; mended in 25.1.0, 24.2.0 and 23.2.2 too",
    }
    Bug2025480 = "2025480" {
        title: "a periodic run frees what an unshelve has claimed",
        scenario: "unshelve-counted-meanwhile",
        when: "the node is counted while an offloaded server is being spawned",
        wrong: "the node record does not count the server",
        right: "it counts from the claim on",
        releases: "before 29.0.0; mended in 28.1.0, 27.3.0 and 26.2.2 too",
    }
    Bug2044235 = "2044235" {
        title: "a source that cannot even be checked for a live migration puts the server into ERROR",
        scenario: "live-migrate-source-check-fails",
        when: "check_can_live_migrate_source raises an ordinary exception",
        wrong: "ERROR",
        right: "the next host is tried; without one the server stays ACTIVE",
        releases: "before 33.0.0; mended in 32.1.0, 31.2.0 and 30.2.1 too",
    }
}
