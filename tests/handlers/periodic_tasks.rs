//! Periodic tasks: switched off, with one server in trouble among others, and with something done to a server meanwhile.

use crate::common::{leave_in, pass, says_no, stacks, strike};
use compute::PeriodicTask;
use harness::{Simulation, TestCloud};
use model::{MigrationStatus, PowerState, ServerId, ServerStatus, TaskState, VmState};

const FLAVOR: &str = "m1.small";

fn one_host() -> Simulation {
    stacks(&["fake"])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

async fn run(cloud: &TestCloud, task: PeriodicTask) {
    cloud.run_periodic(task).await.unwrap();
    cloud.at_rest().await;
}

/// Runs a task on its own, so that something else can happen meanwhile.
fn begin(cloud: &TestCloud, task: PeriodicTask) {
    let running = cloud.clone();
    cloud.services().tasks.spawn(async move { running.run_periodic(task).await.unwrap() });
}

#[test]
fn a_task_whose_time_is_not_set_looks_after_nobody() {
    stacks(&["fake", "fake"]).set("shelved_offload_time", "-1").run(async |cloud| {
        let (shelved, resized, deleted) = (boot(cloud).await, boot(cloud).await, boot(cloud).await);
        cloud.api().shelve(shelved).await.unwrap();
        cloud.resize_server(resized, "m1.medium").await;
        cloud.set_option("reclaim_instance_interval", "60");
        cloud.api().delete(deleted).await.unwrap();
        cloud.at_rest().await;
        cloud.set_option("reclaim_instance_interval", "0");
        pass(cloud, 100_000_000).await;
        let status = || [shelved, resized, deleted].map(|server| cloud.server(server).status());
        let before = status();
        assert_eq!(before, [ServerStatus::Shelved, ServerStatus::VerifyResize, ServerStatus::SoftDeleted]);
        for task in PeriodicTask::ALL {
            run(cloud, *task).await;
        }
        assert_eq!(status(), before);
    });
}

#[test]
fn a_soft_deleted_server_that_cannot_be_reclaimed_is_tried_again() {
    one_host().set("reclaim_instance_interval", "60").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        pass(cloud, 61_000).await;
        strike(cloud, "host1:destroy", says_no());
        run(cloud, PeriodicTask::ReclaimQueuedDeletes).await;
        cloud.wait_for_log(&format!("Periodic reclaim failed to delete instance {server}")).await;
        assert_eq!(cloud.server(server).status(), ServerStatus::SoftDeleted);
        run(cloud, PeriodicTask::ReclaimQueuedDeletes).await;
        assert!(cloud.server(server).deleted());
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_resize_whose_server_is_being_deleted_is_not_confirmed() {
    stacks(&["fake", "fake"]).set("resize_confirm_window", "60").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, "m1.medium").await;
        pass(cloud, 61_000).await;
        leave_in(cloud, server, |server| server.task_state = Some(TaskState::Deleting)).await;
        run(cloud, PeriodicTask::PollUnconfirmedResizes).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Finished);
        leave_in(cloud, server, |server| server.task_state = None).await;
    });
}

#[test]
fn a_paused_guest_that_is_off_is_recorded_as_stopped_and_one_that_is_not_is_left_alone() {
    one_host().run(async |cloud| {
        let servers = [boot(cloud).await, boot(cloud).await];
        for server in servers {
            cloud.api().pause(server).await.unwrap();
        }
        cloud.at_rest().await;
        let guest = compute::driver_instance(&cloud.server(servers[0]));
        cloud.hypervisor(&"host1".into()).unwrap().power_off(guest, 0, 0).await.unwrap();
        run(cloud, PeriodicTask::SyncPowerStates).await;
        let states = servers.map(|server| {
            let record = cloud.server(server);
            (record.vm_state, record.power_state)
        });
        assert_eq!(states, [(VmState::Stopped, PowerState::Shutdown), (VmState::Paused, PowerState::Paused)]);
    });
}

#[test]
fn a_server_for_which_something_is_begun_meanwhile_is_not_stopped() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let guest = compute::driver_instance(&cloud.server(server));
        cloud.hypervisor(&"host1".into()).unwrap().power_off(guest, 0, 0).await.unwrap();
        let slow = harness::prepare("fake+slow(method=get_info,ms=1000,times=1)").unwrap();
        cloud.swap_driver(&"host1".into(), slow).await.unwrap();
        begin(cloud, PeriodicTask::SyncPowerStates);
        pass(cloud, 500).await;
        leave_in(cloud, server, |server| server.task_state = Some(TaskState::Rebuilding)).await;
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(
            (record.power_state, record.task_state),
            (PowerState::Running, Some(TaskState::Rebuilding))
        );
        leave_in(cloud, server, |server| server.task_state = None).await;
    });
}

#[test]
fn a_shelved_server_that_is_deleted_meanwhile_is_not_offloaded() {
    stacks(&["fake+slow(method=destroy,ms=1000)"]).set("shelved_offload_time", "60").run(async |cloud| {
        let servers = [boot(cloud).await, boot(cloud).await];
        for server in servers {
            cloud.api().shelve(server).await.unwrap();
        }
        cloud.at_rest().await;
        pass(cloud, 61_000).await;
        begin(cloud, PeriodicTask::PollShelved);
        pass(cloud, 500).await;
        // The one is still being offloaded when the other begins to go.
        cloud.api().delete(servers[1]).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(servers[0]).status(), ServerStatus::ShelvedOffloaded);
        cloud.wait_for_log(&format!("Periodic task failed to offload instance {}", servers[1])).await;
        assert!(cloud.server(servers[1]).deleted());
    });
}

#[test]
fn a_hypervisor_that_does_not_tell_its_guests_keeps_those_of_deleted_servers() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let host = "host1".into();
        cloud.stop_compute(&host).await.unwrap();
        cloud.api().force_down(&host, true).await.unwrap();
        cloud.delete_server(server).await;
        cloud.restart_compute(&host).await.unwrap();
        strike(cloud, "host1:list_instance_uuids", says_no());
        run(cloud, PeriodicTask::CleanupRunningDeleted).await;
        cloud.wait_for_log("Cannot list the guests of host1: driver says no").await;
        cloud.assert_guests(server, &["host1"]).await;
        run(cloud, PeriodicTask::CleanupRunningDeleted).await;
        cloud.assert_guests(server, &[]).await;
    });
}
