//! What a compute service finds when it starts, beyond what the table of interrupted tasks in `host_life` tells.

use crate::common::{leave_in, raises, says_no, stacks, strike};
use conductor::{EvacuateServer, HostError, LiveMigrateServer};
use harness::{Leak, Simulation, TestCloud};
use model::{HostName, MigrationStatus, PowerState, Server, ServerId, ServerStatus, TaskState, VmState};
use runtime::MessageFault;
use virt::types::VirtError;
use virt::{Fault, When};

const FLAVOR: &str = "m1.small";
const DIES: Fault = Fault::Crash { when: When::Before };

fn one_host() -> Simulation {
    stacks(&["fake"])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

/// Stops the service of host1, lets something happen, and starts it again with this driver call failing.
async fn away(cloud: &TestCloud, fault: Option<(&str, Fault)>, meanwhile: impl AsyncFnOnce()) {
    let host: HostName = "host1".into();
    cloud.stop_compute(&host).await.unwrap();
    meanwhile().await;
    cloud.faults().reset_counts();
    if let Some((method, fault)) = fault {
        cloud.inject_fault(&format!("host1:{method}"), fault);
    }
    cloud.restart_compute(&host).await.unwrap();
    cloud.at_rest().await;
}

/// Has the hypervisor do something behind everybody's back.
async fn switch_off(cloud: &TestCloud, server: ServerId) {
    let guest = compute::driver_instance(&cloud.server(server));
    cloud.hypervisor(&"host1".into()).unwrap().power_off(guest, 0, 0).await.unwrap();
}

fn state(cloud: &TestCloud, server: ServerId) -> (ServerStatus, Option<TaskState>, PowerState) {
    let record = cloud.server(server);
    (record.status(), record.task_state, record.power_state)
}

/// As in Nova nobody gives back what the migration holds on the source, and the server on the destination.
fn assert_held_by_migration(cloud: &TestCloud, server: ServerId) {
    let migration = cloud.last_migration(server).id;
    cloud.assert_flavor_matches_allocation(FLAVOR, migration, "host1");
    assert_eq!(cloud.get_allocations(server).into_keys().collect::<Vec<_>>(), ["host2"]);
    cloud.expect_leak(Leak::Allocation { consumer: migration.into(), provider: "host1".to_owned() });
}

#[test]
fn an_interrupted_reboot_is_begun_again_as_far_as_the_guest_needs_it() {
    use TaskState as T;
    for (vm_state, task, runs, rebooted) in [
        (VmState::Active, T::RebootPending, true, true),
        (VmState::Active, T::RebootPending, false, true),
        (VmState::Active, T::RebootStarted, false, true),
        (VmState::Active, T::RebootStartedHard, false, true),
        (VmState::Active, T::RebootStarted, true, false),
        (VmState::Paused, T::RebootPendingHard, true, true),
    ] {
        one_host().run(async |cloud| {
            let server = boot(cloud).await;
            away(cloud, None, async || {
                if !runs {
                    switch_off(cloud, server).await;
                }
                leave_in(cloud, server, |server| {
                    (server.vm_state, server.task_state) = (vm_state, Some(task));
                })
                .await;
            })
            .await;
            assert_eq!(state(cloud, server), (ServerStatus::Active, None, PowerState::Running), "{task}");
            let again = cloud.services().notifier.sent().into_iter();
            let again = again.filter(|sent| sent.event_type == "instance.reboot.end").count();
            assert_eq!(again, usize::from(rebooted), "{vm_state} {task} {runs}");
        });
    }
}

#[test]
fn the_task_of_a_backup_is_not_among_those_that_a_start_takes_away() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        away(cloud, None, async || {
            leave_in(cloud, server, |server| server.task_state = Some(TaskState::ImageBackup)).await;
        })
        .await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::ImageBackup));
    });
}

#[test]
fn a_build_that_did_not_come_to_its_claim_is_given_up_when_its_host_starts() {
    one_host().run(async |cloud| {
        let message = "compute.host1:build_and_run_instance#1".parse().unwrap();
        cloud.services().bus.faults().add(message, MessageFault::Lost);
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Scheduling));
        away(cloud, None, async || {}).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state, record.host), (ServerStatus::Error, None, None));
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_driver_that_is_not_ready_yet_does_not_keep_its_service_from_starting() {
    for method in ["get_nodenames_by_uuid", "get_available_nodes"] {
        one_host().run(async |cloud| {
            let server = boot(cloud).await;
            away(cloud, Some((method, raises(VirtError::VirtDriverNotReady))), async || {}).await;
            cloud.wait_for_log("Virt driver is not ready.").await;
            assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        });
    }
}

#[test]
fn only_the_servers_that_the_driver_answers_are_taken_up_and_only_those_of_the_host() {
    stacks(&["fake+answers(startup=other)"]).run(async |cloud| {
        let server = boot(cloud).await;
        away(cloud, None, async || {
            leave_in(cloud, server, |server| server.task_state = Some(TaskState::ResizePrep)).await;
        })
        .await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::ResizePrep));
        cloud.wait_for_log("which is not one of host1").await;
    });
}

#[test]
fn a_guest_that_is_still_paused_is_let_go_on_where_that_was_interrupted() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().pause(server).await.unwrap();
        cloud.at_rest().await;
        away(cloud, None, async || {
            leave_in(cloud, server, |server| server.task_state = Some(TaskState::Unpausing)).await;
        })
        .await;
        assert_eq!(state(cloud, server), (ServerStatus::Active, None, PowerState::Running));
    });
}

#[test]
fn a_deletion_that_fails_again_leaves_the_server_in_error() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        away(cloud, Some(("destroy", says_no())), async || {
            leave_in(cloud, server, |server| server.task_state = Some(TaskState::Deleting)).await;
        })
        .await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Error);
        cloud.wait_for_log(&format!("Failed to complete a deletion of instance {server}")).await;
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        // As in Nova its task keeps it from being deleted once more.
        cloud.api().reset_state(server, false).await.unwrap();
    });
}

#[test]
fn interfaces_that_cannot_be_plugged_in_again_cost_their_server_alone() {
    let cannot = VirtError::VirtualInterfacePlug("Virtual interface plugin failed".to_owned());
    for (error, status) in [(VirtError::NotImplemented, ServerStatus::Active), (cannot, ServerStatus::Error)]
    {
        one_host().run(async |cloud| {
            let (server, other) = (boot(cloud).await, boot(cloud).await);
            away(cloud, Some(("plug_vifs", raises(error.clone()))), async || {}).await;
            assert_eq!(cloud.server(server).status(), status, "{error:?}");
            assert_eq!(cloud.server(other).status(), ServerStatus::Active);
        });
    }
}

#[test]
fn a_guest_that_cannot_be_let_run_again_leaves_its_server_in_error_unless_the_driver_never_does_that() {
    let fails = VirtError::Other("driver says no".to_owned());
    for (error, status) in [(VirtError::NotImplemented, ServerStatus::Active), (fails, ServerStatus::Error)] {
        one_host().set("resume_guests_state_on_host_boot", "true").run(async |cloud| {
            let server = boot(cloud).await;
            let fault = Some(("resume_state_on_host_boot", raises(error.clone())));
            away(cloud, fault, async || switch_off(cloud, server).await).await;
            assert_eq!(cloud.server(server).status(), status, "{error:?}");
        });
    }
}

#[test]
fn a_resize_that_was_interrupted_on_its_source_is_taken_back_as_far_as_the_driver_can() {
    for fault in [None, Some(says_no())] {
        stacks(&["fake", "fake"]).run(async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:migrate_disk_and_power_off", DIES);
            cloud.api().resize(server, "m1.medium").await.unwrap();
            cloud.at_rest().await;
            assert_eq!(cloud.server(server).task_state, Some(TaskState::ResizeMigrating));
            let fails = fault.is_some();
            let fault = fault.clone().map(|fault| ("finish_revert_migration", fault));
            away(cloud, fault, async || {}).await;
            let said =
                if fails { "Failed to revert crashed migration of" } else { "found in migrating state" };
            cloud.wait_for_log(said).await;
            assert_eq!(cloud.server(server).task_state, None);
            assert_held_by_migration(cloud, server);
        });
    }
}

#[test]
fn a_resize_that_was_interrupted_on_its_source_leaves_a_guest_off_that_was_off_and_needs_no_migration() {
    stacks(&["fake", "fake"]).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.stop_server(server).await;
        strike(cloud, "host1:migrate_disk_and_power_off", DIES);
        cloud.api().resize(server, "m1.medium").await.unwrap();
        cloud.at_rest().await;
        // What the record says of the guest does not count, but what the server was before.
        let running = |server: &mut Server| server.power_state = PowerState::Running;
        away(cloud, None, async || leave_in(cloud, server, running).await).await;
        let guest = compute::driver_instance(&cloud.server(server));
        let info = cloud.hypervisor(&"host1".into()).unwrap().get_info(guest, false).await.unwrap();
        assert_eq!(info.state, virt::types::PowerState::Shutdown);
        assert_held_by_migration(cloud, server);

        let other = boot(cloud).await;
        away(cloud, None, async || {
            leave_in(cloud, other, |server| server.task_state = Some(TaskState::ResizeMigrating)).await;
        })
        .await;
        cloud.wait_for_log(&format!("Failed to revert crashed migration of {other}")).await;
        assert_eq!(cloud.server(other).task_state, None);
    });
}

#[test]
fn a_live_migration_that_was_interrupted_on_its_source_is_called_off() {
    stacks(&["fake", "fake"]).run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host1:live_migration", DIES);
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Running);
        away(cloud, None, async || {}).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_held_by_migration(cloud, server);
    });
}

#[test]
fn a_guest_that_is_gone_before_its_evacuated_host_starts_needs_no_destruction() {
    stacks(&["fake", "fake"]).run(async |cloud| {
        let server = boot(cloud).await;
        let host: HostName = "host1".into();
        cloud.stop_compute(&host).await.unwrap();
        cloud.api().force_down(&host, true).await.unwrap();
        cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
        cloud.at_rest().await;
        // The hypervisor has lost its guests.
        cloud.renew_compute(&host, harness::prepare("fake").unwrap()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Completed);
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
        cloud.assert_guests(server, &["host2"]).await;
    });
}

#[test]
fn a_service_that_was_deleted_starts_only_on_a_hypervisor_without_guests() {
    one_host().run(async |cloud| {
        let host: HostName = "host1".into();
        let forget = async |fault: Option<Fault>| {
            cloud.stop_compute(&host).await.unwrap();
            cloud.api().delete_service(&host);
            cloud.faults().clear();
            cloud.faults().reset_counts();
            if let Some(fault) = fault {
                cloud.inject_fault("host1:list_instance_uuids", fault);
            }
            cloud.restart_compute(&host).await.map_err(|error| error.to_string())
        };
        forget(None).await.unwrap();
        let refused = forget(Some(says_no())).await.unwrap_err();
        assert!(refused.contains("host1") && refused.contains("driver says no"), "{refused}");
        cloud.restart_compute(&host).await.unwrap();
        let server = boot(cloud).await;
        assert_eq!(forget(None).await.unwrap_err(), HostError::Stranger(host.clone()).to_string());
        cloud.expect_leak(Leak::guest("host1", server));
    });
}
