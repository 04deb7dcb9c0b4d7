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
    use model::ServerStatus;
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

    /// What the compute service of a host with the variant tells placement, and one with the plain driver does not.
    #[test]
    fn variants_are_seen_by_placement_as_those_of_novas_tests() {
        for (setting, expected) in [
            ("same_host_cold_migrate=true", vec!["COMPUTE_SAME_HOST_COLD_MIGRATE"]),
            ("rescue_bfv=true", vec!["COMPUTE_RESCUE_BFV"]),
            ("ephemeral_encryption=any", vec!["COMPUTE_EPHEMERAL_ENCRYPTION"]),
            (
                "ephemeral_encryption=luks",
                vec!["COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"],
            ),
            (
                "ephemeral_encryption=plain",
                vec!["COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"],
            ),
        ] {
            let variant = format!("fake(size=medium,{setting})");
            let hosts = Simulation::new().host("host1", &variant).host("host2", "fake(size=medium)");
            hosts.run(async |cloud| {
                let more: Vec<String> = cloud
                    .get_provider_traits("host1")
                    .difference(&cloud.get_provider_traits("host2"))
                    .cloned()
                    .collect();
                assert_eq!(more, expected, "{setting}");
            });
        }
    }

    #[test]
    fn a_cold_migration_stays_on_the_host_only_if_the_driver_can_do_that() {
        for (stack, status) in [
            ("fake(size=medium,same_host_cold_migrate=true)", ServerStatus::VerifyResize),
            ("fake(size=medium)", ServerStatus::Active),
        ] {
            Simulation::new().host("host1", stack).set("allow_resize_to_same_host", "true").run(
                async |cloud| {
                    let server = cloud.boot("m1.small", None).await;
                    // Refused at once, or failed later: the server stays where it was and as it was.
                    let _ = cloud.api().migrate(server, None).await;
                    cloud.at_rest().await;
                    assert_eq!(cloud.server(server).status(), status, "{stack}");
                },
            );
        }
    }

    /// `test_compute_mgr.py` and its like tell nodes by the name-based uuid.
    #[test]
    fn a_predictable_node_has_the_uuid_of_its_name() {
        Simulation::new().host("host1", "fake(size=small,node_uuid=predictable)").run(async |cloud| {
            let of_name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, b"host1");
            assert_eq!(cloud.get_provider_uuid_by_host("host1").to_string(), of_name.to_string());
        });
    }

    #[test]
    fn nested_custom_resources_are_a_child_of_the_nodes_provider() {
        Simulation::new().host("host1", "fake(size=medium,nested=true)").run(async |cloud| {
            assert!(cloud.get_all_providers().contains(&"host1-child".to_owned()));
            let child = cloud.get_provider_uuid_by_name("host1-child");
            let placement = cloud.placement().get();
            let provider = placement.providers().find(|provider| provider.id() == child).unwrap();
            let magic: Vec<_> = provider
                .inventories()
                .map(|(class, inventory, _)| (class.to_string(), inventory.total, inventory.max_unit))
                .collect();
            assert_eq!(magic, [("CUSTOM_MAGIC".to_owned(), 10, 10)]);
        });
    }

    #[test]
    fn pci_devices_caching_and_power_updates_are_offered_to_the_compute_service() {
        let stack = "fake(size=small,pci=true,caching=true,power_update=true)";
        Simulation::new().host("host1", stack).run(async |cloud| {
            let driver = cloud.hypervisor(&"host1".into()).unwrap();
            let node = driver.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
            assert_eq!(node.pci_passthrough_devices.len(), 6);
            assert_eq!(driver.cache_image("image".to_owned()).await, Ok(true));
            assert_eq!(driver.cache_image("image".to_owned()).await, Ok(false));
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

/// host1, on which the layer stands and which is tried first, and host2, which is healthy.
fn over_host1(layer: &str) -> Simulation {
    Simulation::new()
        .host("host1", &format!("fake+{layer}"))
        .host("host2", "fake")
        .set("weight_classes", "HostNameWeigher")
}

mod reschedule {
    use super::{Simulation, over_host1};

    /// As Nova's tests have it: every host of the cloud has the driver.
    #[test]
    fn over_every_host_a_build_fails_on_the_first_and_succeeds_on_the_next() {
        let stack = "fake+reschedule";
        let hosts = Simulation::new().host("host1", stack).host("host2", stack).host("host3", stack);
        hosts.set("weight_classes", "HostNameWeigher").run(async |cloud| {
            for _ in 0..2 {
                let server = cloud.boot("m1.small", None).await;
                cloud.assert_guests(server, &["host2"]).await;
                cloud.assert_flavor_matches_allocation("m1.small", server, "host2");
            }
            cloud.assert_flavor_matches_usage("host1", &[]);
        });
    }

    #[test]
    fn a_build_fails_on_the_first_host_and_succeeds_on_the_next() {
        over_host1("reschedule").run(async |cloud| {
            let server = cloud.boot("m1.small", None).await;
            cloud.assert_guests(server, &["host2"]).await;
            cloud.assert_flavor_matches_allocation("m1.small", server, "host2");
            cloud.assert_flavor_matches_usage("host1", &[]);
        });
    }
}

mod build_abort {
    use super::over_host1;
    use model::ServerStatus;

    #[test]
    fn a_build_fails_and_no_other_host_is_tried() {
        over_host1("build-abort").run(async |cloud| {
            let server = cloud.create_server(cloud.build_server("m1.small", None), ServerStatus::Error).await;
            let message = &server.visible_fault().unwrap().message;
            let expected = format!("Build of instance {} aborted: FakeBuildAbortDriver", server.id);
            assert_eq!(*message, expected);
            cloud.assert_guests(server.id, &[]).await;
            cloud.assert_no_allocations(server.id);
        });
    }
}

mod fail_unshelve_spawn {
    use super::over_host1;
    use model::ServerStatus;

    #[test]
    fn a_server_that_was_offloaded_stays_so_and_holds_nothing() {
        over_host1("fail-unshelve-spawn").set("shelved_offload_time", "0").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            cloud.api().unshelve(server, conductor::UnshelveServer::default()).await.unwrap();
            cloud.at_rest().await;
            assert_eq!(cloud.server(server).status(), ServerStatus::ShelvedOffloaded);
            cloud.assert_guests(server, &[]).await;
            cloud.assert_no_allocations(server);
        });
    }

    #[test]
    fn a_server_that_was_never_shelved_is_built() {
        over_host1("fail-unshelve-spawn").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.assert_guests(server, &["host1"]).await;
        });
    }
}

mod live_migrate {
    use super::over_host1;

    #[test]
    fn whatever_is_no_live_migration_is_as_ever() {
        over_host1("live-migrate").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.resize_server(server, "m1.medium").await;
            cloud.confirm_resize(server).await;
            cloud.assert_guests(server, &["host2"]).await;
        });
    }
}

mod fail {
    use super::over_host1;
    use model::ServerStatus;

    #[test]
    fn the_chosen_server_fails_with_the_chosen_error() {
        let layer = "fail(method=spawn,error=build-abort,message=no such luck,server=server-2)";
        over_host1(layer).run(async |cloud| {
            let lucky = cloud.boot("m1.small", Some("host1")).await;
            let server = cloud.create_server(cloud.build_server("m1.small", None), ServerStatus::Error).await;
            let message = &server.visible_fault().unwrap().message;
            assert_eq!(*message, format!("Build of instance {} aborted: no such luck", server.id));
            cloud.assert_guests(lucky, &["host1"]).await;
        });
    }
}

mod slow {
    use super::over_host1;
    use std::time::Duration;

    #[test]
    fn a_build_takes_as_long_as_it_is_told() {
        over_host1("slow(method=spawn,ms=90000)").run(async |cloud| {
            let before = cloud.services().clock.now();
            cloud.boot("m1.small", Some("host1")).await;
            assert!(cloud.services().clock.now() >= before.after(Duration::from_secs(90)));
        });
    }
}

mod lost_reply {
    use super::over_host1;

    #[test]
    fn a_build_whose_answer_is_lost_is_undone_and_tried_on_the_next_host() {
        over_host1("lost-reply").run(async |cloud| {
            let server = cloud.boot("m1.small", None).await;
            cloud.assert_guests(server, &["host2"]).await;
        });
    }
}

mod flaky {
    use super::over_host1;

    #[test]
    fn what_fails_once_works_when_it_is_tried_again() {
        over_host1("flaky(method=power_off,times=1)").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.api().stop(server).await.unwrap();
            cloud.at_rest().await;
            cloud.stop_server(server).await;
        });
    }
}

mod hang {
    use super::over_host1;

    #[test]
    fn a_build_goes_on_when_the_hypervisor_answers_at_last() {
        over_host1("hang(seconds=200)").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.assert_guests(server, &["host1"]).await;
        });
    }
}

mod trap {
    use super::over_host1;

    #[test]
    fn a_build_goes_to_the_next_host_when_the_agent_dies() {
        over_host1("trap").run(async |cloud| {
            let server = cloud.boot("m1.small", None).await;
            cloud.assert_guests(server, &["host2"]).await;
            assert_eq!(cloud.hypervisor(&"host1".into()).unwrap().deaths(), 1);
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.assert_guests(server, &["host1"]).await;
        });
    }
}

mod amnesia {
    use super::over_host1;

    #[test]
    fn a_restart_of_the_service_makes_the_driver_forget() {
        over_host1("amnesia").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.assert_guests(server, &["host1"]).await;
            cloud.restart_compute(&"host1".into()).await.unwrap();
            cloud.assert_guests(server, &[]).await;
        });
    }
}

mod zombie {
    use super::over_host1;
    use harness::Leak;

    #[test]
    fn a_deleted_server_leaves_its_guest() {
        over_host1("zombie").run(async |cloud| {
            let server = cloud.boot("m1.small", Some("host1")).await;
            cloud.delete_server(server).await;
            cloud.assert_guests(server, &["host1"]).await;
            cloud.assert_no_allocations(server);
            cloud.expect_leak(Leak::guest("host1", server));
        });
    }
}

mod liar {
    use super::{Simulation, classes, inventory};

    #[test]
    fn placement_believes_it() {
        Simulation::new().host("host1", "fake(size=small)+liar(percent=300,vcpus=64)").run(async |cloud| {
            assert_eq!(inventory(cloud, "host1"), classes(3 * 1028, 3 * 8192, 64));
        });
    }
}
