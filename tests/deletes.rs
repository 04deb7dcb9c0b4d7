//! Deleting servers, in whatever state they are: nothing is left (instance-lifecycle.md, section 12).

use crate::common::{raises, says_no, strike_service};
use harness::{Leak, ServerExpectation, Simulation};
use model::{EventResult, ExceptionClass, MigrationStatus, ServerStatus, TaskState, VmState};
use runtime::MessageFault;
use std::time::Duration;
use virt::types::VirtError;
use virt::{Fault, When};

const OLD: &str = "m1.small";
const NEW: &str = "m1.medium";

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

#[test]
fn an_active_and_a_stopped_server_leave_nothing() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        assert_eq!(cloud.delete_and_check_allocations(server).await, None);
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.stop_server(server).await;
        cloud.delete_and_check_allocations(server).await;
        assert_eq!(cloud.network().ports(), []);
    });
}

#[test]
fn a_server_leaves_nothing_whatever_state_it_is_deleted_in() {
    let states = [
        ServerStatus::Paused,
        ServerStatus::Suspended,
        ServerStatus::Rescue,
        ServerStatus::Shelved,
        ServerStatus::ShelvedOffloaded,
        ServerStatus::Error,
    ];
    two_hosts().set("shelved_offload_time", "-1").run(async |cloud| {
        for state in states {
            let server = cloud.boot_and_check_allocations(OLD, "host1").await;
            let api = cloud.api();
            match state {
                ServerStatus::Paused => api.pause(server).await.unwrap(),
                ServerStatus::Suspended => api.suspend(server).await.unwrap(),
                ServerStatus::Rescue => drop(api.rescue(server, None, None, true).await.unwrap()),
                ServerStatus::Error => api.reset_state(server, false).await.unwrap(),
                _ => api.shelve(server).await.unwrap(),
            }
            cloud.at_rest().await;
            if state == ServerStatus::ShelvedOffloaded {
                api.shelve_offload(server).await.unwrap();
                cloud.at_rest().await;
            }
            assert_eq!(cloud.server(server).status(), state);
            cloud.run_periodics().await;
            cloud.delete_and_check_allocations(server).await;
            cloud.assert_guests(server, &[]).await;
            cloud.run_periodics().await;
            cloud.assert_no_allocations(server);
        }
        assert_eq!(cloud.network().ports(), []);
        cloud.assert_invariants().await;
    });
}

#[test]
fn a_server_in_verify_resize_is_confirmed_first() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.delete_and_check_allocations(server).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
        let actions: Vec<_> =
            cloud.records().actions(server).into_iter().map(|action| action.action).collect();
        assert_eq!(actions, ["create", "resize", "confirmResize", "delete"]);
    });
}

/// The confirmation that is under way is waited for: what it writes last comes before the deletion.
#[test]
fn a_server_whose_confirmation_is_under_way_is_deleted_after_it() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        let by = Duration::from_secs(30);
        cloud.inject_fault("host1:confirm_migration", Fault::Slow { by, when: When::Before });
        cloud.api().confirm_resize(server).await.unwrap();
        let begin = cloud.services().clock.elapsed();
        cloud.api().delete(server).await.unwrap();
        assert_eq!(cloud.services().clock.elapsed() - begin, by);
        cloud.at_rest().await;
        let actions: Vec<_> =
            cloud.records().actions(server).into_iter().map(|action| action.action).collect();
        assert_eq!(actions, ["create", "resize", "confirmResize", "confirmResize", "delete"]);
        cloud.assert_guests(server, &[]).await;
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_server_in_verify_resize_is_confirmed_before_it_is_soft_deleted() {
    two_hosts().set("reclaim_instance_interval", "3600").run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        let deleted = ServerExpectation::from(ServerStatus::SoftDeleted).host("host2").task_state(None);
        cloud.wait_for_server_parameter(server, deleted).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
        cloud.api().force_delete(server).await.unwrap();
    });
}

#[test]
fn a_deletion_whose_ports_are_not_taken_back_fails_on_its_host_and_in_the_api() {
    two_hosts().set("shelved_offload_time", "0").run(async |cloud| {
        let refuse = || {
            let refused = ExceptionClass::NovaException;
            strike_service(cloud, "network.deallocate_for_instance", refused, "neutron says no");
        };
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        refuse();
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Error, None));
        assert_eq!(record.network_info.len(), 1, "its interfaces are not forgotten");
        cloud.assert_flavor_matches_allocation(OLD, server, "host1");
        cloud.delete_and_check_allocations(server).await;

        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        refuse();
        let error = cloud.api().delete(server).await.unwrap_err();
        assert_eq!(error.code, 500, "{error:?}");
        let record = cloud.server(server);
        assert_eq!(
            (record.status(), record.task_state),
            (ServerStatus::ShelvedOffloaded, Some(TaskState::Deleting))
        );
        let deletions =
            cloud.records().actions(server).into_iter().filter(|action| action.action == "delete");
        assert_eq!(deletions.count(), 0, "an action is recorded once the server is gone");
        cloud.api().delete(server).await.unwrap();
        assert_eq!(cloud.network().ports(), []);
    });
}

#[test]
fn a_server_that_never_got_a_host_is_deleted_by_the_api() {
    two_hosts().run(async |cloud| {
        let server = cloud.assert_build_schedule_failure(OLD, Some("host7")).await;
        cloud.delete_and_check_allocations(server.id).await;
        let sent = cloud.wait_for_versioned_notifications("instance.delete.end", 1).await;
        assert_eq!(sent[0].publisher_id, "nova-api:api");
    });
}

#[test]
fn a_server_whose_resize_failed_leaves_nothing_in_placement() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:finish_migration", says_no());
        cloud.api().resize(server, NEW).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_delete_whose_destroy_fails_keeps_the_allocation_and_can_be_repeated() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host1:destroy", says_no());
        cloud.api().delete(server).await.unwrap();
        let failed = ServerExpectation::from(ServerStatus::Error).host("host1").task_state(None);
        cloud.wait_for_server_parameter(server, failed).await;
        cloud.assert_flavor_matches_allocation(OLD, server, "host1");
        assert_eq!(
            cloud.network().ports_of(server),
            [],
            "the ports are released though the guest may still run"
        );
        cloud.assert_guests(server, &["host1"]).await;
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_driver_that_knows_no_such_server_leaves_it_deleting_with_its_allocation() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host1:destroy", raises(VirtError::InstanceNotFound(server.to_string())));
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        let stuck = ServerExpectation::from(ServerStatus::Active).task_state(Some(TaskState::Deleting));
        cloud.wait_for_server_parameter(server, stuck).await;
        cloud.assert_flavor_matches_allocation(OLD, server, "host1");
        // Nobody gets rid of it: a further delete finds one under way. So tear-down cannot either.
        cloud.expect_leak(Leak::Server { server });
        cloud.expect_leak(Leak::allocation("host1", server));
        cloud.expect_leak(Leak::guest("host1", server));
    });
}

#[test]
fn a_server_whose_host_is_down_is_deleted_by_the_api_and_its_guest_stays() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.stop_compute(&"host1".into()).await.unwrap();
        let down_time = cloud.options().service_down_time;
        cloud.services().clock.sleep(down_time * 2).await;
        cloud.delete_and_check_allocations(server).await;
        cloud.assert_guests(server, &["host1"]).await;
        cloud.expect_leak(Leak::guest("host1", server));
    });
}

/// As in Nova a stop holds the lock of its server, for which a deletion waits.
#[test]
fn a_deletion_waits_for_the_stop_that_is_under_way() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(OLD, Some("host1")).await;
        let by = Duration::from_secs(30);
        cloud.inject_fault("host1:power_off", Fault::Slow { by, when: When::Before });
        let begin = cloud.services().clock.elapsed();
        cloud.api().stop(server).await.unwrap();
        cloud.api().delete(server).await.unwrap();
        cloud.services().clock.sleep(by / 2).await;
        cloud.assert_guests(server, &["host1"]).await;
        cloud.at_rest().await;
        assert_eq!(cloud.services().clock.elapsed() - begin, by);
        cloud.assert_guests(server, &[]).await;
        cloud.assert_no_allocations(server);
    });
}

/// As in Nova the destination learns that the server is gone when it saves it, and swaps the allocation back to it.
#[test]
fn what_a_move_holds_goes_back_to_a_server_that_was_deleted_before_the_move_began() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(OLD, Some("host1")).await;
        let slow = "compute.host2:prep_resize".parse().unwrap();
        cloud.services().bus.faults().add(slow, MessageFault::Slow);
        cloud.api().resize(server, NEW).await.unwrap();
        cloud.services().clock.sleep(Duration::from_secs(1)).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        cloud.assert_flavor_matches_allocation(OLD, server, "host1");
        cloud.run_periodics().await;
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_build_whose_server_is_deleted_during_its_claim_goes_no_further() {
    two_hosts().run(async |cloud| {
        cloud.faults().reset_counts();
        let by = Duration::from_secs(30);
        cloud.inject_fault("host1:node_is_available", Fault::Slow { by, when: When::Before });
        let server = cloud.api().create(cloud.build_server(OLD, Some("host1"))).await.unwrap();
        cloud.services().clock.sleep(by / 2).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        let sent = cloud.services().notifier.sent();
        let of_build = sent.iter().map(|sent| sent.event_type.as_str());
        let of_build: Vec<_> = of_build.filter(|event| event.starts_with("instance.create.")).collect();
        assert_eq!(of_build, ["instance.create.start", "instance.create.error"]);
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_step_of_a_resize_whose_server_is_being_deleted_writes_its_own_task_over_that_of_the_deletion() {
    // Which call is slow, and what its step would have written: in Nova the object keeps that when it cannot be saved, and the
    // save of ERROR writes it.
    for (slow, task) in [
        ("host2:finish_migration", None),
        ("host1:migrate_disk_and_power_off", Some(TaskState::ResizeMigrated)),
    ] {
        two_hosts().run(async |cloud| {
            let server = cloud.boot(OLD, Some("host1")).await;
            let fault = |seconds| Fault::Slow { by: Duration::from_secs(seconds), when: When::Before };
            cloud.inject_fault(slow, fault(5));
            cloud.inject_fault("host1:destroy", fault(20));
            cloud.inject_fault("host2:destroy", fault(20));
            cloud.api().resize(server, NEW).await.unwrap();
            cloud.services().clock.sleep(Duration::from_secs(1)).await;
            cloud.api().delete(server).await.unwrap();
            assert_eq!(cloud.server(server).task_state, Some(TaskState::Deleting));
            cloud.services().clock.sleep(Duration::from_secs(10)).await;
            let record = cloud.server(server);
            assert_eq!((record.vm_state, record.task_state), (VmState::Error, task), "{slow}");
            cloud.at_rest().await;
            assert!(cloud.server(server).deleted());
            cloud.assert_no_allocations(server);
        });
    }
}

/// A server that is to be built on another host is on none: the API destroys it at once. As in Nova the conductor claims for it
/// all the same, which the other host finds out when it counts.
#[test]
fn a_server_between_two_builds_is_destroyed_at_once() {
    let hosts = Simulation::new().set("weight_classes", "HostNameWeigher");
    hosts.host("host1", "fake").host("host2", "fake").run(async |cloud| {
        cloud.inject_fault("host1:spawn", says_no());
        let slow = "conductor:build_instances".parse().unwrap();
        cloud.services().bus.faults().add(slow, MessageFault::Slow);
        let server = cloud.api().create(cloud.build_server(OLD, None)).await.unwrap();
        cloud.services().clock.sleep(Duration::from_secs(1)).await;
        let record = cloud.server(server);
        assert_eq!((record.host, record.task_state), (None, Some(TaskState::Scheduling)));
        cloud.api().delete(server).await.unwrap();
        let record = cloud.server(server);
        assert!(record.deleted() && record.task_state == Some(TaskState::Scheduling), "{record:?}");
        cloud.assert_no_allocations(server);
        cloud.at_rest().await;
        cloud.assert_flavor_matches_allocation(OLD, server, "host2");
        cloud.run_periodics().await;
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
        let actions = cloud.records().actions(server);
        assert_eq!(actions.iter().map(|action| action.action.as_str()).collect::<Vec<_>>(), ["create"]);
        let deleted = cloud.wait_for_versioned_notifications("instance.delete.end", 1).await;
        assert_eq!(deleted[0].publisher_id, "nova-api:api");
    });
}

#[test]
fn a_destination_that_refuses_writes_its_task_over_that_of_a_deletion() {
    let hosts = Simulation::new().set("weight_classes", "HostNameWeigher");
    hosts.host("host1", "fake").host("host2", "fake").host("host3", "fake").run(async |cloud| {
        let server = cloud.boot(OLD, Some("host1")).await;
        cloud.faults().reset_counts();
        let slow = |seconds| Fault::Slow { by: Duration::from_secs(seconds), when: When::Before };
        cloud.inject_fault("host2:node_is_available", slow(5));
        cloud.inject_fault("host2:update_provider_tree", says_no());
        cloud.inject_fault("host3:node_is_available", slow(20));
        cloud.inject_fault("host1:destroy", slow(60));
        cloud.api().resize(server, NEW).await.unwrap();
        cloud.services().clock.sleep(Duration::from_secs(1)).await;
        cloud.api().delete(server).await.unwrap();
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Deleting));
        cloud.services().clock.sleep(Duration::from_secs(10)).await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::ResizePrep));
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        // The move takes no lock, so that the deletion does not end it.
        cloud.expect_leak(Leak::Guest { host: "host3".into(), guest: server.to_string() });
        cloud.expect_leak(Leak::allocation("host1", cloud.get_migration_uuid_for_instance(server)));
    });
}

#[test]
fn the_source_does_not_revive_a_server_that_is_being_deleted() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.faults().reset_counts();
        let slow = "compute.host1:finish_revert_resize".parse().unwrap();
        cloud.services().bus.faults().add(slow, MessageFault::Slow);
        let slow = Fault::Slow { by: Duration::from_secs(600), when: When::Before };
        cloud.inject_fault("host2:destroy#2", slow);
        cloud.api().revert_resize(server).await.unwrap();
        cloud.services().clock.sleep(Duration::from_secs(1)).await;
        cloud.api().delete(server).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::Error, Some(TaskState::Deleting)));
        assert!(record.is_on(&"host1".into()) && record.flavor.name == OLD, "{record:?}");
        cloud.assert_guests(server, &[]).await;
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        cloud.assert_guests(server, &[]).await;
        cloud.expect_leak(Leak::allocation("host1", cloud.get_migration_uuid_for_instance(server)));
    });
}

/// As in Nova: it has the server as it was sent.
#[test]
fn a_destination_takes_a_server_back_that_was_deleted_before_the_revert_began() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        let slow = "compute.host2:revert_resize".parse().unwrap();
        cloud.services().bus.faults().add(slow, MessageFault::Slow);
        cloud.api().revert_resize(server).await.unwrap();
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        let events = cloud.records().actions(server).into_iter().flat_map(|action| action.events);
        let finished = events.filter(|event| event.event == "compute_finish_revert_resize");
        assert_eq!(finished.map(|event| event.result).collect::<Vec<_>>(), [Some(EventResult::Error)]);
        cloud.expect_leak(Leak::allocation("host1", cloud.get_migration_uuid_for_instance(server)));
    });
}
