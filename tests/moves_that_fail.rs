//! Resizes and cold migrations that fail at one of their steps: who holds what then (allocations.md, section 3.3). The
//! sweep over every call and error is in `outcomes.rs`; here each step is told once, with what follows from it.

use crate::common::{raises, says_no};
use harness::{Leak, ServerExpectation, Simulation, TestCloud};
use model::rpc::RebootType;
use model::{MigrationStatus, ServerId, ServerStatus, VmState};
use runtime::MessageFault;
use virt::types::{FlatError, VirtError};

const OLD: &str = "m1.small";
const NEW: &str = "m1.medium";

fn hosts(count: usize) -> Simulation {
    (1..=count).fold(Simulation::new().set("weight_classes", "HostNameWeigher"), |simulation, number| {
        simulation.host(&format!("host{number}"), "fake")
    })
}

/// Asks for a resize of a server on host1 and waits until it is over.
async fn resize(cloud: &TestCloud, server: ServerId) {
    cloud.faults().reset_counts();
    cloud.api().resize(server, NEW).await.unwrap();
    cloud.at_rest().await;
}

/// Asserts, before and after the periodics, that the server is on its source with what it had.
async fn assert_back_on_source(cloud: &TestCloud, server: ServerId) {
    for _ in 0..2 {
        cloud.assert_flavor_matches_allocation(OLD, server, "host1");
        cloud.assert_no_allocations(cloud.last_migration(server).id);
        cloud.assert_flavor_matches_usage("host1", &[OLD]);
        for other in cloud.host_names().into_iter().skip(1) {
            cloud.assert_flavor_matches_usage(other.as_str(), &[]);
        }
        cloud.run_periodics().await;
    }
    let record = cloud.server(server);
    assert!(record.is_on(&"host1".into()) && record.flavor.name == OLD, "{record:?}");
    assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
}

#[test]
fn without_a_valid_host_a_resize_changes_nothing_but_the_migration() {
    hosts(1).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        resize(cloud, server).await;
        cloud.assert_resize_migrate_action_fail(server, "resize", "No valid host was found").await;
        let unchanged = ServerExpectation::from(ServerStatus::Active).task_state(None);
        let record = cloud.wait_for_server_parameter(server, unchanged).await;
        assert_eq!(record.visible_fault(), None, "a fault is only shown in ERROR");
        assert!(record.faults.last().unwrap().message.starts_with("No valid host was found."), "{record:?}");
        assert_eq!(cloud.last_migration(server).dest_compute, None);
        assert_back_on_source(cloud, server).await;
    });
}

#[test]
fn a_resize_to_the_same_host_needs_room_for_both_flavors() {
    Simulation::new()
        .host("host1", "fake(vcpus=2)")
        .set("cpu_allocation_ratio", "1.0")
        .set("allow_resize_to_same_host", "true")
        .run(async |cloud| {
            // Bug 1790204, open by design: two processors would do, three are asked for.
            let server = cloud.boot_and_check_allocations(OLD, "host1").await;
            resize(cloud, server).await;
            cloud.assert_resize_migrate_action_fail(server, "resize", "No valid host was found").await;
            assert_back_on_source(cloud, server).await;
            assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        });
}

#[test]
fn a_destination_that_refuses_its_claim_is_replaced_by_an_alternate() {
    hosts(3).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:update_provider_tree", says_no());
        resize(cloud, server).await;
        let resized = ServerExpectation::from(ServerStatus::VerifyResize).host("host3").flavor(NEW);
        cloud.wait_for_server_parameter(server, resized).await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        for _ in 0..2 {
            cloud.assert_flavor_matches_allocation(NEW, server, "host3");
            cloud.assert_flavor_matches_allocation(OLD, migration, "host1");
            cloud.assert_flavor_matches_usage("host2", &[]);
            cloud.run_periodics().await;
        }
        cloud.confirm_resize(server).await;
        cloud.assert_no_allocations(migration);
    });
}

#[test]
fn without_an_alternate_a_refused_claim_leaves_the_server_in_error_on_its_source() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:update_provider_tree", says_no());
        resize(cloud, server).await;
        cloud.wait_for_state_change(server, ServerStatus::Error).await;
        assert_back_on_source(cloud, server).await;
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn a_source_that_cannot_hand_over_keeps_server_and_allocation() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host1:migrate_disk_and_power_off", says_no());
        resize(cloud, server).await;
        let failed = cloud.wait_for_state_change(server, ServerStatus::Error).await;
        assert_eq!(failed.visible_fault().unwrap().message, "driver says no");
        cloud.wait_for_action_fail_completion(server, "resize", "compute_resize_instance").await;
        assert_back_on_source(cloud, server).await;
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn a_source_that_rolled_back_leaves_the_server_as_it_was() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        let inner = FlatError {
            class_name: "NovaException".to_owned(),
            message: "disk too small".to_owned(),
            code: 500,
        };
        cloud.inject_fault(
            "host1:migrate_disk_and_power_off",
            raises(VirtError::InstanceFaultRollback(inner)),
        );
        resize(cloud, server).await;
        let unchanged = ServerExpectation::from(ServerStatus::Active).task_state(None);
        let record = cloud.wait_for_server_parameter(server, unchanged).await;
        assert_eq!(record.faults.last().unwrap().message, "disk too small");
        assert_back_on_source(cloud, server).await;
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn a_cold_migration_that_fails_to_finish_is_charged_on_the_destination() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:finish_migration", says_no());
        cloud.api().migrate(server, None).await.unwrap();
        let failed = ServerExpectation::from(ServerStatus::Error).host("host2");
        cloud.wait_for_server_parameter(server, failed).await;
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        for _ in 0..2 {
            cloud.assert_flavor_matches_allocation(OLD, server, "host2");
            cloud.assert_flavor_matches_usage("host1", &[]);
            cloud.run_periodics().await;
        }
    });
}

#[test]
fn after_a_failed_finish_a_hard_reboot_brings_the_server_up_where_it_is_charged() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:finish_migration", says_no());
        resize(cloud, server).await;
        cloud.wait_for_state_change(server, ServerStatus::Error).await;
        let repaired = cloud.reboot_server(server, RebootType::Hard).await;
        assert!(repaired.is_on(&"host2".into()) && repaired.flavor.name == OLD, "{repaired:?}");
        cloud.run_periodics().await;
        cloud.assert_flavor_matches_allocation(NEW, server, "host2");
        cloud.assert_guests(server, &["host2"]).await;
    });
}

#[test]
fn a_confirm_that_fails_drops_the_migrations_allocation_all_the_same() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.inject_fault("host1:confirm_migration", says_no());
        cloud.api().confirm_resize(server).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        let failed = ServerExpectation::from(ServerStatus::Error).host("host2").flavor(NEW);
        cloud.wait_for_server_parameter(server, failed).await;
        cloud.assert_no_allocations(cloud.get_migration_uuid_for_instance(server));
        cloud.assert_flavor_matches_allocation(NEW, server, "host2");
        cloud.assert_flavor_matches_usage("host1", &[]);
        let record = cloud.server(server);
        assert_eq!((record.old_flavor, record.new_flavor, record.old_vm_state), (None, None, None));
    });
}

#[test]
fn a_resize_whose_destination_was_never_told_is_begun_anew_by_the_next_with_the_same_migration() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.services().bus.faults().add("compute.host2:prep_resize".parse().unwrap(), MessageFault::Lost);
        resize(cloud, server).await;
        let lost = cloud.last_migration(server);
        assert_eq!(lost.status, MigrationStatus::PreMigrating);
        cloud.api().reset_state(server, true).await.unwrap();
        resize(cloud, server).await;
        let migration = cloud.last_migration(server);
        assert_eq!((migration.id, migration.status), (lost.id, MigrationStatus::Finished));
        cloud.assert_flavor_matches_allocation(NEW, server, "host2");
        cloud.assert_flavor_matches_allocation(OLD, migration.id, "host1");
        cloud.confirm_resize(server).await;
        cloud.assert_no_allocations(migration.id);
    });
}

#[test]
fn a_revert_whose_destroy_fails_leaks_the_migrations_allocation_on_the_source() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.faults().reset_counts();
        cloud.inject_fault("host2:destroy", says_no());
        cloud.api().revert_resize(server).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        let failed = ServerExpectation::from(ServerStatus::Error).host("host2");
        cloud.wait_for_server_parameter(server, failed).await;
        let migration = cloud.get_migration_uuid_for_instance(server);
        for _ in 0..2 {
            cloud.assert_flavor_matches_allocation(NEW, server, "host2");
            cloud.assert_flavor_matches_allocation(OLD, migration, "host1");
            cloud.run_periodics().await;
        }
        // A migration in error does not count in the node record while its server is in ERROR.
        cloud.assert_hypervisor_usage("host1", &[]);
        cloud.expect_leak(Leak::allocation("host1", migration));
    });
}

#[test]
fn a_revert_that_the_source_cannot_finish_has_given_the_allocation_back() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.inject_fault("host1:finish_revert_migration", says_no());
        cloud.api().revert_resize(server).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::Error).await;
        assert_back_on_source(cloud, server).await;
    });
}

#[test]
fn a_driver_without_finish_migration_leaves_an_active_server_without_a_guest() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.inject_fault("host2:finish_migration", raises(VirtError::NotImplemented));
        resize(cloud, server).await;
        cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::Active, None));
        assert!(record.is_on(&"host2".into()) && record.flavor.name == OLD, "{record:?}");
        cloud.assert_flavor_matches_allocation(NEW, server, "host2");
        cloud.assert_guests(server, &[]).await;
    });
}
