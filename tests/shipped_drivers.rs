//! Every driver and layer in `drivers/`, in a cloud. A new one without a module of tests here does not compile.

use harness::{Simulation, TestCloud};

macro_rules! has_tests {
    ($driver:ident) => {
        #[expect(
            unused_imports,
            reason = "a shipped driver has a module of tests in this file, by its name"
        )]
        use self::$driver as _;
    };
}
drivers::foreach_driver!(has_tests);

fn inventory(cloud: &TestCloud, host: &str) -> Vec<(String, u32, u32, f64)> {
    let inventories = cloud.get_provider_inventory(host).into_iter();
    inventories
        .map(|(class, inventory)| {
            (class.to_string(), inventory.total, inventory.reserved, inventory.allocation_ratio)
        })
        .collect()
}

fn classes(disk: u32, memory: u32, vcpus: u32) -> Vec<(String, u32, u32, f64)> {
    vec![
        ("DISK_GB".to_owned(), disk, 0, 1.0),
        ("MEMORY_MB".to_owned(), memory, 512, 1.0),
        ("VCPU".to_owned(), vcpus, 0, 4.0),
    ]
}

mod fake {
    use super::{Simulation, classes, inventory};
    use model::rpc::RebootType;

    #[test]
    fn its_size_is_that_of_one_of_novas_fake_drivers_unless_settings_say_more() {
        Simulation::new()
            .host("host1", "fake")
            .host("host2", "fake(size=small)")
            .host("host3", "fake(size=medium)")
            .host("host4", "fake(size=small,vcpus=8,memory_mb=4096,local_gb=100)")
            .run(async |cloud| {
                assert_eq!(inventory(cloud, "host1"), classes(600_000, 800_000, 1000));
                assert_eq!(inventory(cloud, "host2"), classes(1028, 8192, 2));
                assert_eq!(inventory(cloud, "host3"), classes(1028, 8192, 10));
                assert_eq!(inventory(cloud, "host4"), classes(100, 4096, 8));
            });
    }

    #[test]
    fn its_capabilities_are_traits_of_its_provider() {
        Simulation::new().host("host1", "fake").run(async |cloud| {
            let traits = cloud.get_provider_traits("host1");
            for expected in
                ["COMPUTE_NODE", "COMPUTE_IMAGE_TYPE_RAW", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_EXTEND"]
            {
                assert!(traits.contains(expected), "{expected} is not among {traits:?}");
            }
            assert!(!traits.contains("COMPUTE_SAME_HOST_COLD_MIGRATE"), "{traits:?}");
        });
    }

    #[test]
    fn as_a_hypervisor_it_has_no_guest_on_the_source_of_a_move() {
        Simulation::new().host("host1", "fake").host("host2", "fake").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.resize_server(server, "m1.medium").await;
            cloud.assert_guests(server, &["host2"]).await;
            cloud.confirm_resize(server).await;
            cloud.assert_guests(server, &["host2"]).await;
            cloud.resize_server(server, "m1.small").await;
            cloud.revert_resize(server).await;
            cloud.assert_guests(server, &["host2"]).await;
        });
    }

    #[test]
    fn with_novas_quirks_the_guest_runs_on_both_hosts_until_the_move_is_confirmed() {
        let stack = "fake(quirks=nova)";
        Simulation::new().host("host1", stack).host("host2", stack).run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.resize_server(server, "m1.medium").await;
            cloud.assert_guests(server, &["host1", "host2"]).await;
            cloud.confirm_resize(server).await;
            cloud.assert_guests(server, &["host2"]).await;
        });
    }

    #[test]
    fn guests_outlive_the_compute_service() {
        Simulation::new().host("host1", "fake").run(async |cloud| {
            let server = cloud.boot("m1.small", None).await;
            cloud.restart_compute(&"host1".into()).await.unwrap();
            cloud.assert_guests(server, &["host1"]).await;
            cloud.reboot_server(server, RebootType::Soft).await;
            cloud.assert_flavor_matches_allocation("m1.small", server, "host1");
        });
    }
}

mod fail_finish_migration {
    use super::Simulation;
    use harness::{Leak, ServerExpectation};
    use model::{MigrationStatus, ServerStatus};

    #[test]
    fn it_fails_migrations_to_its_host_and_forwards_everything_else() {
        Simulation::new().host("host1", "fake").host("host2", "fake+fail-finish-migration").run(
            async |cloud| {
                // Away from its host nothing is different.
                let server = cloud.boot_and_check_allocations("m1.small", "host2").await;
                cloud.resize_and_check_allocations(server, "m1.medium", "host1").await;
                cloud.confirm_resize(server).await;
                // Back to it, the resize fails.
                cloud.api().resize(server, "m1.small").await.unwrap();
                let failed = ServerExpectation::from(ServerStatus::Error).host("host2");
                let record = cloud.wait_for_server_parameter(server, failed).await;
                assert_eq!(record.visible_fault().unwrap().message, "Virtual Interface creation failed");
                cloud.assert_guests(server, &[]).await;
            },
        );
    }

    #[test]
    fn over_novas_fake_driver_the_guest_stays_on_the_source() {
        Simulation::new()
            .host("host1", "fake(quirks=nova)")
            .host("host2", "fake(quirks=nova)+fail-finish-migration")
            .run(async |cloud| {
                let server = cloud.boot("m1.small", Some("host1")).await;
                cloud.api().resize(server, "m1.medium").await.unwrap();
                cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
                cloud.assert_guests(server, &["host1"]).await;
                // Deleting the server does not reach the host it came from.
                cloud.expect_leak(Leak::guest("host1", server));
            });
    }
}
