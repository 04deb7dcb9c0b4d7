//! What a host does by itself: its periodic tasks, and what it does with its servers when its service starts
//! (instance-lifecycle.md, section 13).

use crate::common::{leave_in, says_no};
use compute::{PeriodicTask, Records};
use conductor::CreateServer;
use harness::{Simulation, TestCloud};
use model::{MigrationStatus, MigrationType, PowerState, ServerId, ServerStatus, TaskState, VmState};
use std::time::Duration;

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(FLAVOR, "host1").await
}

async fn run(cloud: &TestCloud, task: PeriodicTask) {
    cloud.run_periodic(task).await.unwrap();
    cloud.at_rest().await;
}

async fn pass(cloud: &TestCloud, seconds: u64) {
    cloud.services().clock.sleep(Duration::from_secs(seconds)).await;
}

/// Has the hypervisor switch a guest off behind everybody's back.
async fn switch_off(cloud: &TestCloud, server: ServerId) {
    let hypervisor = cloud.hypervisor(&"host1".into()).unwrap();
    hypervisor.power_off(compute::driver_instance(&cloud.server(server)), 0, 0).await.unwrap();
}

async fn switch_on(cloud: &TestCloud, server: ServerId) {
    cloud.api().start(server).await.unwrap();
    cloud.at_rest().await;
    leave_in(cloud, server, |server| {
        server.vm_state = VmState::Stopped;
        server.power_state = PowerState::Shutdown;
    })
    .await;
}

#[test]
fn a_shelved_server_is_offloaded_once_its_time_is_over() {
    two_hosts().set("shelved_offload_time", "100").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        pass(cloud, 50).await;
        run(cloud, PeriodicTask::PollShelved).await;
        assert_eq!(cloud.server(server).vm_state, VmState::Shelved);
        pass(cloud, 50).await;
        run(cloud, PeriodicTask::PollShelved).await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.host), (VmState::ShelvedOffloaded, None));
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_resize_that_nobody_confirms_is_confirmed_once_its_time_is_over() {
    two_hosts().set("resize_confirm_window", "60").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, "m1.medium").await;
        cloud.at_rest().await;
        run(cloud, PeriodicTask::PollUnconfirmedResizes).await;
        assert_eq!(cloud.server(server).status(), ServerStatus::VerifyResize);
        pass(cloud, 61).await;
        run(cloud, PeriodicTask::PollUnconfirmedResizes).await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
        cloud.assert_no_allocations(cloud.last_migration(server).id);
        assert_eq!(cloud.records().actions(server).pop().unwrap().action, "confirmResize");
    });
}

#[test]
fn a_resize_that_cannot_be_confirmed_any_more_is_given_up() {
    two_hosts().set("resize_confirm_window", "60").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, "m1.medium").await;
        cloud.at_rest().await;
        leave_in(cloud, server, |server| server.vm_state = VmState::Error).await;
        pass(cloud, 61).await;
        run(cloud, PeriodicTask::PollUnconfirmedResizes).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        leave_in(cloud, server, |server| server.vm_state = VmState::Resized).await;
        let finished = &mut |migration: &mut model::Migration| migration.status = MigrationStatus::Finished;
        cloud.records().update_migration(cloud.last_migration(server).id, finished).await.unwrap();
    });
}

#[test]
fn a_guest_that_was_switched_off_behind_everybodys_back_is_recorded_as_stopped() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        switch_off(cloud, server).await;
        run(cloud, PeriodicTask::SyncPowerStates).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.power_state), (ServerStatus::Shutoff, PowerState::Shutdown));
        assert_eq!(cloud.records().actions(server).pop().unwrap().action, "stop");
    });
}

#[test]
fn a_guest_that_runs_although_it_is_stopped_is_stopped_again_and_one_with_a_task_is_left_alone() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.stop_server(server).await;
        switch_on(cloud, server).await;
        leave_in(cloud, server, |server| server.task_state = Some(TaskState::Rebuilding)).await;
        run(cloud, PeriodicTask::SyncPowerStates).await;
        assert_eq!(cloud.server(server).power_state, PowerState::Shutdown, "not looked at");
        leave_in(cloud, server, |server| server.task_state = None).await;
        run(cloud, PeriodicTask::SyncPowerStates).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.power_state), (ServerStatus::Shutoff, PowerState::Shutdown));
    });
}

#[test]
fn the_guest_of_a_server_that_was_deleted_while_its_host_was_down_is_reaped() {
    two_hosts().run(async |cloud| {
        let (gone, stays) = (boot(cloud).await, boot(cloud).await);
        let host = "host1".into();
        cloud.stop_compute(&host).await.unwrap();
        cloud.api().force_down(&host, true).await.unwrap();
        cloud.delete_server(gone).await;
        cloud.restart_compute(&host).await.unwrap();
        cloud.api().force_down(&host, false).await.unwrap();
        cloud.assert_guests(gone, &["host1"]).await;
        let mark = cloud.services().notifier.sent().len();
        cloud.inject_fault("host1:destroy", says_no());
        run(cloud, PeriodicTask::CleanupRunningDeleted).await;
        cloud.assert_guests(gone, &["host1"]).await;
        run(cloud, PeriodicTask::CleanupRunningDeleted).await;
        cloud.assert_guests(gone, &[]).await;
        cloud.assert_guests(stays, &["host1"]).await;
        assert_eq!(cloud.services().notifier.sent().len(), mark, "nobody is told");
    });
}

#[test]
fn a_host_that_starts_ends_what_was_interrupted() {
    two_hosts().run(async |cloud| {
        use TaskState as T;
        let host = "host1".into();
        for (vm_state, task, status) in [
            (VmState::Building, Some(T::Spawning), ServerStatus::Error),
            (VmState::Active, Some(T::RebuildSpawning), ServerStatus::Error),
            (VmState::Active, Some(T::ImageSnapshot), ServerStatus::Active),
            (VmState::Active, Some(T::ImageSnapshotPending), ServerStatus::Active),
            (VmState::Active, Some(T::ImagePendingUpload), ServerStatus::Active),
            (VmState::Active, Some(T::ImageUploading), ServerStatus::Active),
            (VmState::Active, Some(T::ResizePrep), ServerStatus::Active),
            (VmState::Active, Some(T::RebootStarted), ServerStatus::Active),
            (VmState::Active, Some(T::Pausing), ServerStatus::Active),
            (VmState::Active, Some(T::PoweringOff), ServerStatus::Shutoff),
            (VmState::Stopped, Some(T::PoweringOn), ServerStatus::Active),
            (VmState::Active, Some(T::RebootPendingHard), ServerStatus::Active),
            (VmState::Active, Some(T::Migrating), ServerStatus::Active),
        ] {
            let server = boot(cloud).await;
            cloud.stop_compute(&host).await.unwrap();
            leave_in(cloud, server, |server| {
                server.vm_state = vm_state;
                server.task_state = task;
            })
            .await;
            cloud.restart_compute(&host).await.unwrap();
            cloud.at_rest().await;
            let record = cloud.server(server);
            assert_eq!((record.status(), record.task_state), (status, None), "{vm_state} {task:?}");
            cloud.delete_server(server).await;
        }
        let server = boot(cloud).await;
        cloud.stop_compute(&host).await.unwrap();
        leave_in(cloud, server, |server| server.task_state = Some(T::Deleting)).await;
        cloud.restart_compute(&host).await.unwrap();
        assert!(cloud.show_server(server).is_none_or(|record| record.deleted()));
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn guests_that_ran_are_let_run_again_when_the_option_says_so() {
    use virt::types::PowerState::{Running, Shutdown};
    for (option, state) in [("True", Running), ("False", Shutdown)] {
        two_hosts().set("resume_guests_state_on_host_boot", option).run(async |cloud| {
            let server = boot(cloud).await;
            let host = "host1".into();
            cloud.stop_compute(&host).await.unwrap();
            switch_off(cloud, server).await;
            cloud.restart_compute(&host).await.unwrap();
            let guest = compute::driver_instance(&cloud.server(server));
            let info = cloud.hypervisor(&host).unwrap().get_info(guest, false).await.unwrap();
            assert_eq!(info.state, state, "{option}");
        });
    }
}

#[test]
fn a_server_goes_to_the_host_that_was_asked_for_and_is_not_bound_to_it_later() {
    two_hosts().run(async |cloud| {
        let request = CreateServer { host: Some("host2".into()), ..cloud.build_server(FLAVOR, None) };
        let server = cloud.create_server(request, ServerStatus::Active).await;
        assert!(server.is_on(&"host2".into()));
        let moved = cloud.migrate_server(server.id, None).await;
        assert!(moved.is_on(&"host1".into()));
        assert_eq!(cloud.last_migration(server.id).kind, MigrationType::Migration);
        let request = CreateServer { host: Some("nowhere".into()), ..cloud.build_server(FLAVOR, None) };
        let refused = cloud.api().create(request).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (400, "Compute host nowhere could not be found.")
        );
    });
}
