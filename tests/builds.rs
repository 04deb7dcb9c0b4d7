//! Building servers: where they go, and what is left where a build fails (instance-lifecycle.md, section 2).

use crate::common::{raises, says_no};
use compute::ExpectedTask;
use harness::{Leak, ServerExpectation, Simulation, TestCloud};
use model::{EventResult, PowerState, Server, ServerStatus, TaskState};
use std::time::Duration;
use virt::types::{InstanceReason, VirtError};
use virt::{Fault, When};

const FLAVOR: &str = "m1.small";

/// Hosts that are preferred in the order of their numbers.
fn hosts(count: usize) -> Simulation {
    (1..=count).fold(Simulation::new().set("weight_classes", "HostNameWeigher"), |simulation, number| {
        simulation.host(&format!("host{number}"), "fake(size=medium)")
    })
}

/// A server that failed to build: on no host, without port, guest and allocation.
async fn assert_nothing_left(cloud: &TestCloud, server: &Server) {
    assert_eq!((&server.host, &server.node), (&None, &None));
    assert_eq!(server.task_state, None);
    cloud.assert_no_allocations(server.id);
    assert_eq!(cloud.network().ports_of(server.id), []);
    cloud.assert_guests(server.id, &[]).await;
    cloud.run_periodics().await;
    for host in cloud.host_names() {
        cloud.assert_flavor_matches_usage(host.as_str(), &[]);
        cloud.assert_hypervisor_usage(host.as_str(), &[]);
    }
}

fn fault_of(server: &Server) -> (u16, &str) {
    server.visible_fault().map(|fault| (fault.code, fault.message.as_str())).unwrap()
}

#[test]
fn a_server_is_built_on_the_best_host_with_port_guest_and_allocation() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let active =
            ServerExpectation::from(ServerStatus::Active).host("host1").power_state(PowerState::Running);
        let record = cloud.wait_for_server_parameter(server, active).await;
        assert!(record.launched_at.is_some());
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        cloud.assert_flavor_matches_usage("host2", &[]);
        cloud.assert_guests(server, &["host1"]).await;
        let [port] = cloud.network().ports_of(server).try_into().unwrap();
        assert_eq!(port.bindings, [("host1".into(), true)].into());
        let event = "compute__do_build_and_run_instance";
        cloud.wait_for_instance_action_event(server, "create", event, EventResult::Success).await;
    });
}

#[test]
fn a_forced_host_is_taken_though_another_is_preferred() {
    hosts(2).run(async |cloud| {
        cloud.boot_and_check_allocations(FLAVOR, "host2").await;
    });
}

#[test]
fn servers_fill_a_host_before_they_go_to_the_next() {
    hosts(2).run(async |cloud| {
        // 7680 of 8192 MiB are not reserved: three times 2048 fit.
        let mut servers = Vec::new();
        for _ in 0..4 {
            servers.push(cloud.boot(FLAVOR, None).await);
        }
        cloud.assert_flavor_matches_usage("host1", &[FLAVOR; 3]);
        cloud.assert_flavor_matches_usage("host2", &[FLAVOR]);
        cloud.assert_flavor_matches_allocation(FLAVOR, servers[3], "host2");
    });
}

#[test]
fn without_a_valid_host_the_server_is_in_error_and_holds_nothing() {
    hosts(2).run(async |cloud| {
        let server = cloud.assert_build_schedule_failure("m1.xlarge", None).await;
        assert_eq!(fault_of(&server).0, 500);
        let event = "conductor_schedule_and_build_instances";
        cloud.wait_for_action_fail_completion(server.id, "create", event).await;
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_forced_host_that_does_not_exist_is_no_valid_host() {
    hosts(1).run(async |cloud| {
        let server = cloud.assert_build_schedule_failure(FLAVOR, Some("host7")).await;
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_failed_spawn_is_rescheduled_to_an_alternate_and_leaves_nothing_on_the_first_host() {
    hosts(2).run(async |cloud| {
        cloud.inject_fault("host1:spawn", says_no());
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        for _ in 0..2 {
            cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
            cloud.assert_flavor_matches_usage("host1", &[]);
            cloud.assert_hypervisor_usage("host1", &[]);
            cloud.run_periodics().await;
        }
        cloud.assert_guests(server, &["host2"]).await;
        let [port] = cloud.network().ports_of(server).try_into().unwrap();
        assert_eq!(port.bindings, [("host2".into(), true)].into());
    });
}

#[test]
fn when_every_alternate_fails_the_server_is_in_error_and_holds_nothing() {
    hosts(3).run(async |cloud| {
        for host in ["host1", "host2", "host3"] {
            cloud.inject_fault(&format!("{host}:spawn"), says_no());
        }
        let server = cloud.create_server(cloud.build_server(FLAVOR, None), ServerStatus::Error).await;
        let (code, message) = fault_of(&server);
        assert_eq!(code, 500);
        assert!(message.starts_with("Exceeded maximum number of retries."), "{message}");
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_forced_host_that_fails_is_not_replaced_by_another() {
    hosts(2).run(async |cloud| {
        cloud.inject_fault("host1:spawn", says_no());
        let server =
            cloud.create_server(cloud.build_server(FLAVOR, Some("host1")), ServerStatus::Error).await;
        assert_eq!(fault_of(&server), (500, "driver says no"));
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_build_that_the_driver_aborts_is_not_tried_elsewhere() {
    hosts(2).run(async |cloud| {
        // The server's id is not known yet; the driver names one all the same.
        let instance = "00000000-0000-4000-8000-000000000000".to_owned();
        let abort = VirtError::BuildAbort(InstanceReason { instance, reason: "no such luck".to_owned() });
        cloud.inject_fault("host1:spawn", raises(abort));
        let server = cloud.create_server(cloud.build_server(FLAVOR, None), ServerStatus::Error).await;
        let (code, message) = fault_of(&server);
        assert_eq!(code, 500);
        assert!(message.contains("aborted: no such luck"), "{message}");
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_network_failure_of_spawn_aborts_the_build() {
    hosts(2).run(async |cloud| {
        let failure = VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned());
        cloud.inject_fault("host1:spawn", raises(failure));
        let server = cloud.create_server(cloud.build_server(FLAVOR, None), ServerStatus::Error).await;
        let expected = format!(
            "Build of instance {} aborted: Failed to allocate the network(s), not rescheduling.",
            server.id
        );
        assert_eq!(fault_of(&server), (500, expected.as_str()));
        assert_nothing_left(cloud, &server).await;
    });
}

#[test]
fn a_failure_before_spawn_aborts_the_build() {
    for method in
        ["prepare_for_spawn", "prepare_networks_before_block_device_mapping", "default_root_device_name"]
    {
        hosts(2).run(async |cloud| {
            cloud.inject_fault(&format!("host1:{method}"), says_no());
            let server = cloud.create_server(cloud.build_server(FLAVOR, None), ServerStatus::Error).await;
            let expected = format!("Build of instance {} aborted: Failure prepping block device.", server.id);
            assert_eq!(fault_of(&server), (500, expected.as_str()), "{method}");
            assert_nothing_left(cloud, &server).await;
        });
    }
}

#[test]
fn a_guest_that_is_not_found_right_after_its_spawn_runs_on_without_a_server() {
    hosts(2).run(async |cloud| {
        cloud.inject_fault("host1:get_info", says_no());
        let server = cloud.create_server(cloud.build_server(FLAVOR, None), ServerStatus::Error).await;
        assert_eq!(server.host, None);
        cloud.assert_no_allocations(server.id);
        cloud.assert_guests(server.id, &["host1"]).await;
        cloud.expect_leak(Leak::guest("host1", server.id));
    });
}

#[test]
fn a_driver_that_knows_no_such_server_leaves_it_building_for_ever() {
    hosts(1).run(async |cloud| {
        let gone = "00000000-0000-4000-8000-000000000000".to_owned();
        cloud.inject_fault("host1:spawn", raises(VirtError::InstanceNotFound(gone)));
        let request = cloud.build_server(FLAVOR, None);
        let server = cloud.api().create(request).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.at_rest().await;
        let stuck =
            ServerExpectation::from(ServerStatus::Build).task_state(Some(TaskState::Spawning)).without_host();
        cloud.wait_for_server_parameter(server, stuck.without_fault()).await;
        cloud.assert_no_allocations(server);
    });
}

/// Two builds of one server can only come of a message that arrives twice, on hosts that do not wait for each other.
#[test]
fn a_build_whose_server_somebody_else_builds_already_is_aborted() {
    hosts(1).run(async |cloud| {
        let by = Duration::from_secs(30);
        cloud.faults().reset_counts();
        cloud.inject_fault("host1:update_provider_tree", Fault::Slow { by, when: When::Before });
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.services().clock.sleep(by / 2).await;
        let spawning = &mut |server: &mut Server| server.task_state = Some(TaskState::Spawning);
        cloud.services().records.update_server(server, ExpectedTask::Any, spawning).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(record.status(), ServerStatus::Error);
        let (code, message) = fault_of(&record);
        assert_eq!(code, 500);
        assert!(message.contains("Actual: {'task_state': spawning}"), "{message}");
        assert_nothing_left(cloud, &record).await;
    });
}

#[test]
fn a_build_whose_server_is_being_deleted_writes_how_far_it_came_and_leaves_the_rest_to_the_deletion() {
    hosts(1).run(async |cloud| {
        let by = Duration::from_secs(30);
        cloud.faults().reset_counts();
        cloud.inject_fault("host1:update_provider_tree", Fault::Slow { by, when: When::Before });
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.services().clock.sleep(by / 2).await;
        let deleting = &mut |server: &mut Server| server.task_state = Some(TaskState::Deleting);
        cloud.services().records.update_server(server, ExpectedTask::Any, deleting).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        // As in Nova, whose object keeps what could not be saved and writes it with the next save.
        assert_eq!((record.status(), record.task_state), (ServerStatus::Build, Some(TaskState::Networking)));
        cloud.assert_guests(server, &[]).await;
        cloud.assert_no_allocations(server);
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
    });
}
