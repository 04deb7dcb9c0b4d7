//! What no shipped driver answers, and what none asks of its manager: a layer of the tests' own does (`tests/answers`).

use crate::common::{pass, says_no, stacks, strike};
use conductor::{LiveMigrateServer, RebuildServer};
use harness::TestCloud;
use model::rpc::ExternalEvent;
use model::{
    MigrationStatus, PowerState, ProviderId, ResourceClass, ServerId, ServerStatus, TaskState, VmState,
};
use placement::{Command, TraitName};
use uuid::{Uuid, uuid};

const FLAVOR: &str = "m1.small";

/// As in the layer.
const PART: Uuid = uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c01");

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

#[test]
fn a_driver_may_set_every_task_of_a_snapshot_and_of_a_rebuild() {
    stacks(&["fake+answers(tasks=all)"]).set("shelved_offload_time", "-1").run(async |cloud| {
        let server = boot(cloud).await;
        let idle = |status| {
            let record = cloud.server(server);
            assert_eq!((record.status(), record.task_state), (status, None), "{:?}", record.faults);
        };
        cloud.api().create_server_image(server, "picture").await.unwrap();
        cloud.at_rest().await;
        idle(ServerStatus::Active);
        assert_eq!(cloud.records().images().len(), 2);
        cloud.api().create_backup(server, "copy", "daily", 1).await.unwrap();
        cloud.at_rest().await;
        idle(ServerStatus::Active);
        cloud.api().rebuild(server, RebuildServer::default()).await.unwrap();
        cloud.at_rest().await;
        idle(ServerStatus::Active);
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        idle(ServerStatus::Shelved);
    });
}

#[test]
fn a_driver_that_expects_another_task_fails_its_snapshot_and_the_task_is_somebody_elses() {
    stacks(&["fake+answers(tasks=wrong)"]).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().create_server_image(server, "picture").await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(
            (record.status(), record.task_state),
            (ServerStatus::Active, Some(TaskState::ImageSnapshot))
        );
        let fault = &record.faults.last().unwrap().message;
        assert!(fault.contains("rebuild_spawning") && fault.contains("image_snapshot"), "{fault}");
        assert_eq!(cloud.records().images().len(), 1, "the image is deleted");
    });
}

#[test]
fn a_driver_may_say_of_its_provider_whether_it_is_to_be_used() {
    stacks(&["fake+answers(status=tell)"]).run(async |cloud| {
        let host = "host1".into();
        cloud.api().set_service_disabled(&host, true, None).await.unwrap();
        cloud.wait_for_log("the status is false: Ok(())").await;
        cloud.wait_for_log(&format!("the status of {PART}: Err(")).await;
        cloud.wait_for_log(r#"the status of nonsense: Err("\"nonsense\" is no uuid")"#).await;
        let node = cloud.compute_node(&host).unwrap().id;
        let disabled = TraitName::from("COMPUTE_STATUS_DISABLED");
        let is_marked =
            || cloud.placement().get().provider(node).unwrap().traits().any(|name| *name == disabled);
        assert!(is_marked());
        cloud.api().set_service_disabled(&host, false, None).await.unwrap();
        cloud.wait_for_log("the status is true: Ok(())").await;
        assert!(!is_marked());
    });
}

#[test]
fn a_spawn_waits_until_its_interfaces_are_plugged_in_or_it_knows_that_they_are_not() {
    let network = "Failed to allocate the network(s), not rescheduling.";
    for (how, failed, seconds, status) in [
        ("plugged", Some(false), 1, ServerStatus::Active),
        ("plugged", Some(true), 1, ServerStatus::Error),
        ("plugged", None, 10, ServerStatus::Error),
        ("early", None, 0, ServerStatus::Active),
    ] {
        stacks(&[&format!("fake+answers(waits={how})")]).run(async |cloud| {
            let began = cloud.services().clock.now();
            let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
            cloud.delete_in_tear_down(server);
            pass(cloud, 1000).await;
            if let Some(failed) = failed {
                let tag = cloud.network().ports_of(server)[0].id.to_string();
                let event = ExternalEvent { name: "network-vif-plugged".to_owned(), tag, failed };
                cloud.api().external_event(server, event.clone()).await.unwrap();
                cloud.at_rest().await;
                if status == ServerStatus::Active {
                    cloud.api().external_event(server, event.clone()).await.unwrap();
                    let unexpected = "Received unexpected event network-vif-plugged-";
                    cloud.wait_for_log(&format!("{unexpected}{} for instance {server}", event.tag)).await;
                }
            }
            cloud.at_rest().await;
            let record = cloud.server(server);
            assert_eq!(record.status(), status, "{how} {failed:?}");
            let ended = record.launched_at.unwrap_or_else(|| record.faults[0].created_at);
            let took = ended.since(began).as_secs();
            assert!(took == seconds, "{how} {failed:?} took {took} s");
            if status == ServerStatus::Error {
                let fault = &record.visible_fault().unwrap().message;
                assert_eq!(*fault, format!("Build of instance {server} aborted: {network}"));
            }
        });
    }
}

#[test]
fn a_host_without_a_node_starts_and_gets_no_servers() {
    stacks(&["fake+answers(node=gone)", "fake"]).run(async |cloud| {
        cloud.run_periodics().await;
        assert_eq!(cloud.compute_node(&"host1".into()), None);
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        let nowhere = cloud.assert_build_schedule_failure(FLAVOR, Some("host1")).await;
        assert_eq!(nowhere.host, None);
    });
}

#[test]
fn a_node_that_may_not_be_claimed_is_passed_over() {
    stacks(&["fake+answers(node=busy)", "fake"]).run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let record = cloud.server(server);
        assert!(record.is_on(&"host2".into()));
        cloud.assert_flavor_matches_usage("host1", &[]);
    });
}

#[test]
fn a_node_that_is_not_available_has_a_record_and_no_resource_provider() {
    stacks(&["fake+answers(node=away)", "fake"]).run(async |cloud| {
        let node = cloud.compute_node(&"host1".into()).unwrap();
        assert_eq!((node.vcpus_used, node.memory_mb_used), (0, 512));
        cloud.run_periodics().await;
        assert!(cloud.placement().get().provider(node.id).is_err());
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host2".into()));
    });
}

#[test]
fn ports_are_bound_where_the_driver_says() {
    stacks(&["fake+answers(binding=host2)", "fake"]).run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let bindings = cloud.network().ports_of(server).remove(0).bindings;
        assert_eq!(bindings.into_iter().collect::<Vec<_>>(), [("host2".into(), true)]);
        cloud.delete_server(server).await;
    });
}

#[test]
fn a_build_whose_driver_cannot_say_where_ports_are_bound_goes_to_another_host() {
    stacks(&["fake", "fake"]).set("weight_classes", "HostNameWeigher").run(async |cloud| {
        strike(cloud, "host1:network_binding_host_id", says_no());
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        assert_eq!(cloud.network().ports_of(server).len(), 1);
    });
}

#[test]
fn what_a_driver_reports_of_its_node_is_in_placement_and_what_it_does_not_goes() {
    stacks(&["fake+answers(tree=child)", "fake+answers(tree=bare)"]).run(async |cloud| {
        let part = ProviderId(PART);
        {
            let placement = cloud.placement().get();
            let provider = placement.provider(part).unwrap();
            assert_eq!(provider.parent(), Some(cloud.compute_node(&"host1".into()).unwrap().id));
            let classes: Vec<_> = provider.inventories().map(|(class, ..)| class.clone()).collect();
            assert_eq!(classes, [ResourceClass::new("CUSTOM_PART")]);
            let traits: Vec<_> = provider.traits().map(ToString::to_string).collect();
            assert_eq!(traits, ["CUSTOM_SHINY"]);
            assert_eq!(provider.aggregates().count(), 1);
        }
        let node = cloud.compute_node(&"host2".into()).unwrap().id;
        let other = ProviderId(uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c09"));
        let (name, parent) = ("left behind".to_owned(), Some(node));
        let command = Command::CreateProvider { id: other, name, parent };
        cloud.placement().update(|placement| placement.apply(&command)).unwrap();
        cloud.run_periodics().await;
        assert!(cloud.placement().get().provider(other).is_err());
        assert!(cloud.placement().get().provider(part).is_ok());
    });
}

#[test]
fn interfaces_are_attached_only_where_the_driver_can() {
    stacks(&["fake+answers(without=attach_interface)"]).run(async |cloud| {
        let server = boot(cloud).await;
        let refused = cloud.api().attach_interface(server, None).await.unwrap_err();
        let message = format!("Attaching interfaces is not supported for instance {server}.");
        assert_eq!((refused.code, refused.message), (400, message));
        assert_eq!(cloud.network().ports_of(server).len(), 1);
    });
}

#[test]
fn a_guest_that_crashed_is_stopped_and_tells_no_numbers() {
    for (power, state, name) in
        [("crashed", PowerState::Crashed, "crashed"), ("nostate", PowerState::NoState, "pending")]
    {
        stacks(&[&format!("fake+answers(power={power})")]).run(async |cloud| {
            let server = boot(cloud).await;
            assert_eq!(cloud.server(server).power_state, state);
            let refused = cloud.api().diagnostics(server, true).await.unwrap_err();
            let message =
                format!("Cannot 'get_diagnostics' instance {server} while it is in power state {name}");
            assert_eq!((refused.code, refused.message), (409, message));
            cloud.run_periodic(compute::PeriodicTask::SyncPowerStates).await.unwrap();
            cloud.at_rest().await;
            let stopped = state == PowerState::Crashed;
            let expected = if stopped { VmState::Stopped } else { VmState::Active };
            assert_eq!(cloud.server(server).vm_state, expected);
        });
    }
}

#[test]
fn a_revert_keeps_the_disks_that_both_hosts_see() {
    for (disks, destroyed) in [("shared", false), ("below", true)] {
        let stack = format!("fake+answers(disks={disks})");
        stacks(&[&stack, &stack]).run(async |cloud| {
            let server = boot(cloud).await;
            cloud.migrate_server(server, None).await;
            cloud.revert_resize(server).await;
            cloud.wait_for_log(&format!("destroys disks: {destroyed}")).await;
            if !destroyed {
                cloud.wait_for_log(&format!("sees the disks of {server}")).await;
            }
            cloud.assert_guests(server, &["host1"]).await;
        });
    }
}

#[test]
fn a_live_migration_with_disks_of_its_own_cleans_up_where_the_guest_is_not() {
    stacks(&["fake+answers(disks=local,live=fails)", "fake+answers(disks=local)"]).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        cloud.wait_for_log("rolls back and destroys disks: true").await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Failed);
        for port in cloud.network().ports_of(server) {
            assert_eq!(port.bindings.into_iter().collect::<Vec<_>>(), [("host1".into(), true)]);
        }
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn a_node_that_placement_does_not_take_is_told_of_and_the_host_is_in_service_without_it() {
    stacks(&["fake+answers(tree=child)"]).run(async |cloud| {
        // The part has the same id, and is there already.
        cloud.start_compute("host2", "fake+answers(tree=child)").await;
        let told = cloud.wait_for_log("Error updating resources for node host2").await;
        assert!(told.contains(&PART.to_string()), "{told}");
        assert!(cloud.placement().get().provider(ProviderId(PART)).is_ok());
        cloud.boot(FLAVOR, Some("host1")).await;
    });
}
