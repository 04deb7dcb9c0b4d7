//! Bug 1825537: finish_resize fails on the destination, and the allocations are swapped back to the source although the
//! server's record already names the destination. A later hard reboot starts the guest on a host that placement believes
//! to be empty.
//!
//! Nova 17.0.1 to 19.0.1 did so, until 17.0.13, 18.2.2 and 19.0.2; the switch restores it. Without the switch the server keeps what it claimed on the
//! destination, and only what the migration held on the source is dropped.

use harness::{ServerExpectation, Simulation, TestCloud};
use model::{Bug, MigrationStatus, ServerId, ServerStatus};

const OLD: &str = "m1.small";
const NEW: &str = "m1.medium";

/// Two hosts, the second of which fails to finish migrations.
fn multi_host() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake+fail-finish-migration")
}

/// One host that fails to finish migrations, and may resize to itself.
fn same_host() -> Simulation {
    Simulation::new().host("host1", "fake+fail-finish-migration").set("allow_resize_to_same_host", "true")
}

/// Boots a server on host1 and resizes it, which fails on `destination`.
async fn boot_and_fail_to_resize(cloud: &TestCloud, destination: &str) -> ServerId {
    let server = cloud.boot_and_check_allocations(OLD, "host1").await;
    cloud.api().resize(server, NEW).await.unwrap();
    // The migration's status comes last: after vm_state, allocations and fault.
    cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
    let failed = ServerExpectation::from(ServerStatus::Error).host(destination).flavor(OLD).task_state(None);
    let record = cloud.wait_for_server_parameter(server, failed).await;
    let fault = record.visible_fault().unwrap();
    assert!(fault.message.contains("Virtual Interface creation failed"), "{fault:?}");
    assert_eq!(fault.code, 500);
    cloud.wait_for_action_fail_completion(server, "resize", "compute_finish_resize").await;
    server
}

/// The invariants that do not hold at the end.
async fn broken_invariants(cloud: &TestCloud) -> Vec<&'static str> {
    cloud.violations().await.into_iter().map(|violation| violation.invariant).collect()
}

/// Runs `check` before and after the periodics: they repair neither outcome.
async fn before_and_after_periodics(cloud: &TestCloud, check: impl Fn()) {
    check();
    cloud.run_periodics().await;
    check();
}

#[test]
fn with_the_bug_the_failed_server_is_charged_to_the_source_it_left() {
    multi_host().bug(Bug::Bug1825537).run(async |cloud| {
        let server = boot_and_fail_to_resize(cloud, "host2").await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        before_and_after_periodics(cloud, || {
            cloud.assert_flavor_matches_usage("host2", &[]);
            cloud.assert_flavor_matches_usage("host1", &[OLD]);
            cloud.assert_flavor_matches_allocation(OLD, server, "host1");
            cloud.assert_no_allocations(migration);
        })
        .await;
        assert_eq!(broken_invariants(cloud).await, ["server_holds_its_flavor_on_its_host"]);
    });
}

#[test]
fn without_the_bug_the_failed_server_is_charged_to_the_destination_it_is_on() {
    multi_host().run(async |cloud| {
        let server = boot_and_fail_to_resize(cloud, "host2").await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        before_and_after_periodics(cloud, || {
            cloud.assert_flavor_matches_usage("host2", &[NEW]);
            cloud.assert_flavor_matches_usage("host1", &[]);
            cloud.assert_flavor_matches_allocation(NEW, server, "host2");
            cloud.assert_no_allocations(migration);
        })
        .await;
        assert_eq!(broken_invariants(cloud).await, [""; 0]);
    });
}

#[test]
fn with_the_bug_the_server_that_failed_to_resize_on_its_host_keeps_the_old_flavors_share() {
    same_host().bug(Bug::Bug1825537).run(async |cloud| {
        let server = boot_and_fail_to_resize(cloud, "host1").await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        before_and_after_periodics(cloud, || {
            cloud.assert_flavor_matches_usage("host1", &[OLD]);
            cloud.assert_flavor_matches_allocation(OLD, server, "host1");
            cloud.assert_no_allocations(migration);
        })
        .await;
        assert_eq!(broken_invariants(cloud).await, ["server_holds_its_flavor_on_its_host"]);
    });
}

#[test]
fn without_the_bug_the_server_that_failed_to_resize_on_its_host_has_the_new_flavors_share() {
    same_host().run(async |cloud| {
        let server = boot_and_fail_to_resize(cloud, "host1").await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        before_and_after_periodics(cloud, || {
            cloud.assert_flavor_matches_usage("host1", &[NEW]);
            cloud.assert_flavor_matches_allocation(NEW, server, "host1");
            cloud.assert_no_allocations(migration);
        })
        .await;
        assert_eq!(broken_invariants(cloud).await, [""; 0]);
    });
}

#[test]
fn before_the_failure_both_hosts_are_charged() {
    Simulation::new().host("host1", "fake").host("host2", "fake").run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.assert_flavor_matches_usage("host1", &[OLD]);
        cloud.assert_flavor_matches_usage("host2", &[NEW]);
    });
}
