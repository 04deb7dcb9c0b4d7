//! What older Novas got wrong, by Launchpad number.

super::switches! {
    /// A historical defect of Nova.
    Bug:
    Bug1404867 = "1404867" {
        title: "the volume of a server that was never placed stays reserved after its deletion",
        scenario: "a server that boots from a volume finds no host and is deleted",
        wrong: "the attachment of the volume is left behind",
        right: "the volume is free again",
        releases: "up to about Rocky (18)",
    }
    Bug1628606 = "1628606" {
        title: "a live migration whose end fails on the source leaves the server migrating on the source",
        scenario: "post_live_migration raises on the source after the guest has arrived",
        wrong: "the record names the source, with task migrating for ever",
        right: "the record names the destination, ERROR, the migration in error",
        releases: "up to about Ocata (15)",
    }
    Bug1669054 = "1669054" {
        title: "the hosts that a resize must not choose are remembered",
        scenario: "resize from host1 to host2, then evacuate from host2 with only host1 left",
        wrong: "NoValidHost: host1 is still to be ignored",
        right: "the server is evacuated to host1",
        releases: "up to about Rocky (18)",
    }
    Bug1671648 = "1671648" {
        title: "a new build is sent out without what a second try needs",
        scenario: "spawn fails on the first host",
        wrong: "ERROR at once",
        right: "the second host is tried, ACTIVE",
        releases: "about Ocata (15)",
    }
    Bug1679750 = "1679750" {
        title: "a server deleted while its host is down keeps its allocation",
        scenario: "delete with the compute service forced down",
        wrong: "the allocation stays until the host starts again",
        right: "the allocation goes with the server",
        releases: "up to about Queens (17)",
    }
    Bug1702454 = "1702454" {
        title: "the host an evacuation names is not heeded",
        scenario: "evacuate to host2 while the scheduler prefers host3",
        wrong: "the server lands on host3",
        right: "the server lands on host2",
        releases: "up to about Ocata (15)",
    }
    Bug1713783 = "1713783" {
        title: "an evacuation without a valid host stays accepted",
        scenario: "evacuate without another host, then restart the source",
        wrong: "the source takes the server for evacuated and destroys its guest",
        right: "the migration is in error and the guest is left alone",
        releases: "up to about Pike (16)",
    }
    Bug1718512 = "1718512" {
        title: "the hosts that a move has tried are remembered",
        scenario: "a resize fails on host2 and goes to host3; then live migrate to host2",
        wrong: "NoValidHost: host2 counts as tried",
        right: "the server moves to host2",
        releases: "up to about Queens (17)",
    }
    Bug1732947 = "1732947" {
        title: "a server that boots from a volume and is rebuilt with its own image is scheduled anew",
        scenario: "rebuild with the image of its volume on a host without room for a second one",
        wrong: "NoValidHost, ERROR",
        right: "the scheduler is not asked",
        releases: "up to about Pike (16)",
    }
    Bug1764883 = "1764883" {
        title: "a source that starts again during an evacuation keeps its guest",
        scenario: "the source's service is started while the destination still spawns",
        wrong: "two guests",
        right: "the source destroys its guest",
        releases: "up to about Queens (17)",
    }
    Bug1781286 = "1781286" {
        title: "a rescheduled build fails while the zone of its next host is looked up",
        scenario: "spawn fails on the first host, and the conductor of the cell does not reach the API database",
        wrong: "the server builds for ever and holds the second host",
        right: "the zone comes with the choice of the host; ACTIVE",
        releases: "about Pike (16) to Rocky (18)",
    }
    Bug1784353 = "1784353" {
        title: "a rescheduled build from a volume finds its attachment deleted",
        scenario: "spawn fails on the first host for a server that boots from a volume",
        wrong: "the second host gives the build up",
        right: "the second host makes a new attachment; ACTIVE",
        releases: "about Queens (17) and Rocky (18)",
    }
    Bug1794996 = "1794996" {
        title: "a source does not start after an evacuated server was deleted",
        scenario: "evacuate, delete the server, restart the source",
        wrong: "the compute service fails to start",
        right: "it starts and removes the old guest",
        releases: "up to about Rocky (18)",
    }
    Bug1797580 = "1797580" {
        title: "the host that a cold migration named is remembered",
        scenario: "cold migrate to a named host, confirm, then live migrate without one",
        wrong: "NoValidHost: the scheduler is bound to the host the server is on",
        right: "the server moves to another host",
        releases: "about Queens (17) and Rocky (18)",
    }
    Bug1825020 = "1825020" {
        title: "a server that boots from a volume cannot be resized to a smaller disk",
        scenario: "resize a server that boots from a volume to a flavor with a smaller root disk",
        wrong: "400",
        right: "resized: its disk is the volume",
        releases: "about Rocky (18) and Stein (19)",
    }
    Bug1825537 = "1825537" {
        title: "finish_resize failure reverts the allocations to the source host",
        scenario: "finish_migration raises on the destination of a resize",
        wrong: "the server is on the destination and charged on the source",
        right: "the server is charged where its record says it is",
        releases: "17.0.1 to 19.0.1; mended in 20.0.0",
    }
    Bug1837955 = "1837955" {
        title: "a rescheduled build whose alternates are full is stuck",
        scenario: "spawn fails on the first host, and no alternate has room any more",
        wrong: "BUILD for ever",
        right: "ERROR with MaxRetriesExceeded, nothing left",
        releases: "up to about Stein (19)",
    }
    Bug1845291 = "1845291" {
        title: "the host forced at creation forbids later moves a second try",
        scenario: "create on a forced host, cold migrate, the first destination refuses",
        wrong: "ERROR at once",
        right: "the alternate is tried",
        releases: "up to about Stein (19)",
    }
    Bug1852458 = "1852458" {
        title: "a server without a valid host has no event that says so",
        scenario: "create a server that no host has room for",
        wrong: "the action create has no event",
        right: "conductor_schedule_and_build_instances ends with Error",
        releases: "up to about Train (20)",
    }
    Bug1862633 = "1862633" {
        title: "an unshelve whose ports cannot be bound leaks its allocation",
        scenario: "the network service fails while an offloaded server is unshelved",
        wrong: "SHELVED_OFFLOADED with an allocation on the chosen host",
        right: "SHELVED_OFFLOADED without any",
        releases: "up to about Train (20)",
    }
    Bug1889108 = "1889108" {
        title: "a live migration that cannot be prepared deletes the source's volume attachment",
        scenario: "pre_live_migration raises on the destination for a server with a volume",
        wrong: "the guest uses a volume that the volume service takes for free",
        right: "the source's attachment is kept",
        releases: "up to about Ussuri (21)",
    }
    Bug1922053 = "1922053" {
        title: "a service can be forced up although its evacuations are not completed",
        scenario: "force the source up after an evacuation, before it was restarted",
        wrong: "accepted",
        right: "400 until the service was restarted",
        releases: "up to about Wallaby (23)",
    }
    Bug1934770 = "1934770" {
        title: "the zone given with a forced host of another zone is remembered",
        scenario: "create in zone elsewhere with a forced host of the default zone, then cold migrate",
        wrong: "NoValidHost: no host is in that zone",
        right: "the zone is dropped and the server moves",
        releases: "up to about Wallaby (23)",
    }
    Bug1938326 = "1938326" {
        title: "a server can be sent off from a host that is down, if that is disabled too",
        scenario: "cold migrate from a disabled host whose service is down",
        wrong: "accepted, and nothing happens for ever",
        right: "409",
        releases: "up to about Wallaby (23)",
    }
    Bug1944619 = "1944619" {
        title: "a live migration that cannot be prepared is rolled back on the source as if it had begun",
        scenario: "pre_live_migration raises on the destination, and the source cannot undo what it never did",
        wrong: "the source's roll-back fails: migrating for ever",
        right: "the source's driver is not asked; ACTIVE",
        releases: "up to about Xena (24)",
    }
    Bug1944759 = "1944759" {
        title: "between the two halves of a resize the source counts nothing for the server",
        scenario: "the source's periodic runs after resize_instance and before finish_resize",
        wrong: "the source's node record shows the old flavor's room as free",
        right: "the old flavor counts until the resize is confirmed",
        releases: "up to about Xena (24)",
    }
    Bug1978983 = "1978983" {
        title: "a server with a task cannot be evacuated",
        scenario: "evacuate a server whose task is powering-off",
        wrong: "409",
        right: "accepted",
        releases: "up to about Yoga (25)",
    }
    Bug2025480 = "2025480" {
        title: "a periodic run frees what an unshelve has claimed",
        scenario: "the node is counted while an offloaded server is being spawned",
        wrong: "the node record does not count the server",
        right: "it counts from the claim on",
        releases: "up to about 2023.1 (27)",
    }
    Bug2044235 = "2044235" {
        title: "a source that cannot even be checked for a live migration puts the server into ERROR",
        scenario: "check_can_live_migrate_source raises an ordinary exception",
        wrong: "ERROR",
        right: "the next host is tried; without one the server stays ACTIVE",
        releases: "up to about 2023.2 (28)",
    }
}
