//! Starting, stopping and rebooting (instance-lifecycle.md, section 3).

use crate::common::says_no;
use harness::{ServerExpectation, Simulation, TestCloud};
use model::rpc::RebootType;
use model::{EventResult, PowerState, ServerId, ServerStatus};

const FLAVOR: &str = "m1.small";

fn one_host() -> Simulation {
    Simulation::new().host("host1", "fake")
}

async fn boot(cloud: &TestCloud) -> ServerId {
    let server = cloud.boot_and_check_allocations(FLAVOR, "host1").await;
    cloud.faults().reset_counts();
    server
}

#[test]
fn a_stopped_server_keeps_its_allocation_and_starts_again() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let stopped = cloud.stop_server(server).await;
        assert_eq!((stopped.power_state, stopped.task_state), (PowerState::Shutdown, None));
        cloud
            .wait_for_instance_action_event(server, "stop", "compute_stop_instance", EventResult::Success)
            .await;
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        let started = cloud.start_server(server).await;
        assert_eq!(started.power_state, PowerState::Running);
        cloud
            .wait_for_instance_action_event(server, "start", "compute_start_instance", EventResult::Success)
            .await;
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
    });
}

#[test]
fn a_server_that_is_not_stopped_cannot_be_started() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let refused = cloud.api().start(server).await.unwrap_err();
        assert_eq!(refused.code, 409);
        assert_eq!(
            refused.message,
            format!("Cannot 'start' instance {server} while it is in vm_state active")
        );
    });
}

#[test]
fn a_power_operation_that_fails_leaves_the_server_as_it_was() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.inject_fault("host1:power_off", says_no());
        cloud.api().stop(server).await.unwrap();
        cloud.wait_for_action_fail_completion(server, "stop", "compute_stop_instance").await;
        let unchanged = ServerExpectation::from(ServerStatus::Active).task_state(None);
        cloud.wait_for_server_parameter(server, unchanged.without_fault()).await;
        cloud.stop_server(server).await;
        cloud.inject_fault("host1:power_on", says_no());
        cloud.api().start(server).await.unwrap();
        cloud.wait_for_action_fail_completion(server, "start", "compute_start_instance").await;
        let unchanged = ServerExpectation::from(ServerStatus::Shutoff).task_state(None);
        let record = cloud.wait_for_server_parameter(server, unchanged).await;
        assert_eq!(record.faults.len(), 2, "both faults are stored though not shown");
    });
}

#[test]
fn a_reboot_soft_or_hard_ends_active() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        for reboot_type in [RebootType::Soft, RebootType::Hard] {
            let rebooted = cloud.reboot_server(server, reboot_type).await;
            assert_eq!(rebooted.power_state, PowerState::Running);
        }
        cloud.stop_server(server).await;
        let refused = cloud.api().reboot(server, RebootType::Soft).await.unwrap_err();
        assert_eq!(refused.code, 409);
        let rebooted = cloud.reboot_server(server, RebootType::Hard).await;
        assert_eq!(rebooted.power_state, PowerState::Running);
    });
}

#[test]
fn a_reboot_that_fails_while_the_guest_runs_leaves_it_active() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.inject_fault("host1:reboot", says_no());
        let rebooted = cloud.reboot_server(server, RebootType::Hard).await;
        assert_eq!(rebooted.status(), ServerStatus::Active);
        assert_eq!(rebooted.faults.last().unwrap().message, "driver says no");
        let sent = cloud.wait_for_versioned_notifications("instance.reboot.error", 1).await;
        assert_eq!(sent.len(), 1);
    });
}

#[test]
fn a_reboot_that_fails_while_the_guest_is_off_is_an_error_that_another_one_repairs() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.stop_server(server).await;
        cloud.inject_fault("host1:reboot", says_no());
        cloud.api().reboot(server, RebootType::Hard).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::Error).await;
        cloud.at_rest().await;
        let repaired = cloud.reboot_server(server, RebootType::Hard).await;
        assert_eq!(repaired.power_state, PowerState::Running);
    });
}
