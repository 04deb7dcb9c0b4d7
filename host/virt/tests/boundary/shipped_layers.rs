//! The shipped layers, each over a driver, through the boundary. See `shipped_drivers.rs`.

use crate::common::{destroy, engine, env, finish_migration, instance, library, simulate, spawn, start};
use virt::types::{LiveMigrateData, LiveMigrationOutcome, LiveMigrationRequest, VirtError, VmState};
use virt::{CallError, Hypervisor};

fn raised<T>(error: VirtError) -> Result<T, CallError> {
    Err(CallError::Raised(error))
}

fn driver_says_no<T>() -> Result<T, CallError> {
    raised(VirtError::Other("driver says no".to_owned()))
}

/// Every method of the contract goes through a layer that has none of them.
#[test]
fn a_layer_hands_on_what_it_does_not_have_and_answers_come_back() {
    simulate(async {
        let (plain, _) = start("fake");
        let (layered, _) = start("fake+fail(method=none)+amnesia");
        for host in [&plain, &layered] {
            host.init_host("host1".to_owned()).await.unwrap();
        }
        layered.finish_migration(finish_migration("a", "host1")).await.unwrap();
        plain.finish_migration(finish_migration("a", "host1")).await.unwrap();
        let unavailable = layered.get_host_uptime().await;
        assert_eq!(unavailable, plain.get_host_uptime().await);
        assert_eq!(layered.list_instances().await, plain.list_instances().await);
        assert_eq!(layered.get_info(instance("a"), true).await, plain.get_info(instance("a"), true).await);
        assert_eq!(layered.get_info(instance("b"), true).await, plain.get_info(instance("b"), true).await);
        assert_eq!(layered.get_diagnostics(instance("a")).await, plain.get_diagnostics(instance("a")).await);
        assert_eq!(
            layered.get_instance_diagnostics(instance("a")).await,
            plain.get_instance_diagnostics(instance("a")).await
        );
        assert_eq!(layered.get_host_cpu_stats().await, plain.get_host_cpu_stats().await);
        assert_eq!(
            layered.block_stats(instance("a"), "vda".to_owned()).await,
            plain.block_stats(instance("a"), "vda".to_owned()).await
        );
        assert_eq!(layered.capabilities_as_traits().await, plain.capabilities_as_traits().await);
        assert_eq!(
            layered.host_maintenance_mode("host1".to_owned(), true).await,
            Ok("on_maintenance".to_owned())
        );
        let node = |resources: Result<Option<virt::types::NodeResources>, CallError>| {
            resources.unwrap().map(|node| (node.vcpus, node.cpu_info, node.supported_instances))
        };
        assert_eq!(
            node(layered.get_available_resource("host1".to_owned()).await),
            node(plain.get_available_resource("host1".to_owned()).await)
        );
        assert_eq!(layered.get_available_resource("other".to_owned()).await, Ok(None));
        // More numbers than a call that goes out may have, fewer than one that comes in.
        let tree = layered.update_provider_tree(vec![], "host1".to_owned(), None).await;
        assert_eq!(tree, raised(VirtError::Other("No such provider host1".to_owned())));
        let saved = layered.save_state().await.unwrap();
        assert_eq!(saved.guests[0].network_info, crate::common::network_info());
        layered.restore_state(saved).await.unwrap();
        assert_eq!((layered.deaths(), plain.deaths()), (0, 0));
    });
}

#[test]
fn layers_need_little_memory_however_often_they_are_called() {
    simulate(async {
        let stack = "fake+fail(method=none)+amnesia";
        let mut env = env();
        env.trace = runtime::Trace::off(env.clock);
        env.limits = virt::Limits { memory: 8 << 20, ..virt::Limits::DEFAULT };
        let host = Hypervisor::start(engine().prepare(&stack.parse().unwrap(), &library()).unwrap(), env);
        host.init_host("host1".to_owned()).await.unwrap();
        for _ in 0..3_000 {
            host.spawn(spawn("a")).await.unwrap();
            host.get_info(instance("a"), true).await.unwrap();
            host.get_info(instance("unknown"), true).await.unwrap_err();
            host.get_available_resource("host1".to_owned()).await.unwrap();
            host.list_instances().await.unwrap();
            host.update_provider_tree(vec![], "host1".to_owned(), None).await.unwrap_err();
            host.destroy(destroy("a")).await.unwrap();
        }
        assert_eq!(host.deaths(), 0);
    });
}

pub(crate) mod reschedule {
    use super::*;

    #[test]
    fn where_a_server_is_built_first_its_first_spawn_fails() {
        simulate(async {
            let (host, _) = start("fake+reschedule");
            let named = host.default_root_device_name(instance("a"), crate::common::no_image(), None).await;
            assert_eq!(named, raised(VirtError::NotImplemented));
            let no = VirtError::ComputeResourcesUnavailable("FakeRescheduleDriver".to_owned());
            assert_eq!(host.spawn(spawn("a")).await, raised(no));
            host.spawn(spawn("a")).await.unwrap();
            // Built elsewhere first.
            host.spawn(spawn("b")).await.unwrap();
            assert_eq!(host.list_instances().await.unwrap(), ["a", "b"]);
        });
    }
}

pub(crate) mod build_abort {
    use super::*;

    #[test]
    fn every_spawn_is_aborted() {
        simulate(async {
            let (host, _) = start("fake+build-abort");
            let Err(CallError::Raised(VirtError::BuildAbort(reason))) = host.spawn(spawn("a")).await else {
                panic!("it is not aborted")
            };
            assert_eq!((reason.instance.as_str(), reason.reason.as_str()), ("a", "FakeBuildAbortDriver"));
            assert!(host.list_instances().await.unwrap().is_empty());
        });
    }
}

pub(crate) mod fail_unshelve_spawn {
    use super::*;

    #[test]
    fn only_an_offloaded_server_cannot_be_spawned() {
        simulate(async {
            let (host, _) = start("fake+fail-unshelve-spawn");
            host.spawn(spawn("a")).await.unwrap();
            let mut request = spawn("b");
            request.instance.vm_state = VmState::ShelvedOffloaded;
            let no = VirtError::VirtualInterfaceCreate("FakeUnshelveSpawnFailDriver".to_owned());
            assert_eq!(host.spawn(request).await, raised(no));
        });
    }
}

pub(crate) mod live_migrate {
    use super::*;

    pub(crate) fn request() -> LiveMigrationRequest {
        LiveMigrationRequest {
            instance: instance("a"),
            dest: "host2".to_owned(),
            block_migration: false,
            migrate_data: LiveMigrateData {
                is_shared_instance_path: true,
                is_shared_block_storage: true,
                is_volume_backed: None,
                block_migration: None,
                disk_over_commit: None,
                disk_available_mb: None,
                migration: None,
                old_vol_attachment_ids: vec![],
                wait_for_vif_plugged: None,
                vifs: None,
                pci_dev_map_src_dst: None,
                src_supports_numa_live_migration: None,
                dst_supports_numa_live_migration: None,
                dst_numa_info: None,
                dst_supports_mdev_live_migration: None,
                source_mdev_types: vec![],
                target_mdevs: None,
                vtpm_secret: None,
                properties: vec![],
            },
        }
    }

    #[test]
    fn it_is_aborted_by_a_call_that_comes_while_it_waits() {
        simulate(async {
            let (host, env) = start("fake+live-migrate");
            host.spawn(spawn("a")).await.unwrap();
            let abort = async {
                env.clock.sleep(std::time::Duration::from_secs(1)).await;
                host.live_migration_abort(instance("a")).await
            };
            let (outcome, aborted) = tokio::join!(host.live_migration(request()), abort);
            aborted.unwrap();
            assert!(matches!(outcome, Ok(LiveMigrationOutcome::RolledBack(_))), "{outcome:?}");
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        });
    }

    #[test]
    fn it_completes_after_a_while_and_the_guest_is_gone_from_its_source() {
        simulate(async {
            let (host, _) = start("fake+live-migrate(steps=3)");
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(host.live_migration(request()).await, Ok(LiveMigrationOutcome::Completed));
            assert!(host.list_instances().await.unwrap().is_empty());
        });
    }
}

pub(crate) mod fail {
    use super::*;

    #[test]
    fn the_chosen_call_raises_the_chosen_error_and_has_no_effect() {
        simulate(async {
            let (host, _) = start(
                "fake+fail(method=spawn,error=instance-power-off-failure,message=no,on=2,times=1,server=web*)",
            );
            host.init_host("host1".to_owned()).await.unwrap();
            host.spawn(spawn("web1")).await.unwrap();
            host.spawn(spawn("db")).await.unwrap();
            let no = VirtError::InstancePowerOffFailure("no".to_owned());
            assert_eq!(host.spawn(spawn("web2")).await, raised(no));
            assert_eq!(host.list_instances().await.unwrap(), ["db", "web1"]);
            host.spawn(spawn("web2")).await.unwrap();
        });
    }

    /// An answer that has to be in memory, and one that has not.
    #[test]
    fn any_method_can_be_struck() {
        simulate(async {
            let (host, _) = start("fake+fail(method=*)");
            assert_eq!(host.get_available_resource("host1".to_owned()).await, driver_says_no());
            assert_eq!(host.capabilities().await, driver_says_no());
            assert_eq!(host.list_instances().await, driver_says_no());
            assert_eq!(host.get_info(instance("a"), true).await, driver_says_no());
        });
    }

    #[test]
    fn a_setting_that_cannot_be_keeps_the_service_from_starting() {
        simulate(async {
            let (host, _) = start("fake+fail(error=nonsense)");
            let error = host.init_host("host1".to_owned()).await.unwrap_err();
            assert!(matches!(error, CallError::Raised(VirtError::InvalidInput(_))), "{error:?}");
        });
    }
}

pub(crate) mod slow {
    use super::*;

    #[test]
    fn chosen_calls_take_longer() {
        simulate(async {
            let (host, env) = start("fake+slow(method=spawn,ms=2500)");
            let before = env.clock.now();
            host.list_instances().await.unwrap();
            assert_eq!(env.clock.now(), before);
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(env.clock.now(), before.after(std::time::Duration::from_millis(2500)));
        });
    }
}

pub(crate) mod lost_reply {
    use super::*;

    #[test]
    fn the_guest_is_there_and_the_caller_thinks_it_is_not() {
        simulate(async {
            let (host, _) = start("fake+lost-reply(times=1)");
            let lost = VirtError::Other("the answer was lost".to_owned());
            assert_eq!(host.spawn(spawn("a")).await, raised(lost));
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            host.spawn(spawn("b")).await.unwrap();
        });
    }
}

pub(crate) mod flaky {
    use super::*;

    #[test]
    fn the_third_attempt_succeeds() {
        simulate(async {
            let (host, _) = start("fake+flaky");
            host.spawn(spawn("a")).await.unwrap_err();
            host.spawn(spawn("a")).await.unwrap_err();
            host.spawn(spawn("a")).await.unwrap();
        });
    }
}

pub(crate) mod hang {
    use super::*;

    #[test]
    fn a_call_that_hangs_leaves_the_others_alone() {
        simulate(async {
            let (host, env) = start("fake+hang(server=web)");
            let before = env.clock.now();
            let hangs = tokio::time::timeout(std::time::Duration::from_secs(3600), host.spawn(spawn("web")));
            let (hangs, other) = tokio::join!(hangs, host.spawn(spawn("db")));
            assert!(hangs.is_err());
            other.unwrap();
            assert!(env.clock.now() >= before.after(std::time::Duration::from_secs(3600)));
            assert_eq!(host.list_instances().await.unwrap(), ["db"]);
        });
    }
}

pub(crate) mod trap {
    use super::*;

    #[test]
    fn the_agent_dies_once_and_its_guests_live_on() {
        simulate(async {
            let (host, _) = start("fake+trap(when=after)");
            let error = host.spawn(spawn("a")).await.unwrap_err();
            assert!(format!("{error:?}").contains("in spawn: the agent was killed"), "{error:?}");
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            host.spawn(spawn("b")).await.unwrap();
            assert_eq!(host.deaths(), 1);
        });
    }
}

pub(crate) mod amnesia {
    use super::*;

    #[test]
    fn guests_are_forgotten_when_the_agent_restarts() {
        simulate(async {
            let (host, _) = start("fake+amnesia");
            host.init_host("host1".to_owned()).await.unwrap();
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            host.init_host("host1".to_owned()).await.unwrap();
            assert!(host.list_instances().await.unwrap().is_empty());
            let gone = VirtError::InstanceNotFound("a".to_owned());
            assert_eq!(host.get_info(instance("a"), true).await, raised(gone));
            host.destroy(destroy("a")).await.unwrap();
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        });
    }
}

pub(crate) mod zombie {
    use super::*;

    #[test]
    fn a_destroyed_guest_runs_on() {
        simulate(async {
            let (host, _) = start("fake+zombie(server=a)");
            host.init_host("host1".to_owned()).await.unwrap();
            for name in ["a", "b"] {
                host.spawn(spawn(name)).await.unwrap();
                host.destroy(destroy(name)).await.unwrap();
            }
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        });
    }
}

pub(crate) mod liar {
    use super::*;

    #[test]
    fn the_host_has_what_it_says_it_has() {
        simulate(async {
            let (host, _) = start("fake(size=small)+liar(percent=50,vcpus=64)");
            let node = host.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
            assert_eq!((node.vcpus, node.memory_mb, node.local_gb), (64, 4096, 514));
        });
    }
}
