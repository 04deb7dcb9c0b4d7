//! Resize and cold migration, confirmed and reverted, to another host and to the same one: what placement, the records
//! and the hypervisors hold at each stage, before and after the periodics (allocations.md, section 3).

use harness::{Simulation, TestCloud};
use model::{MigrationStatus, MigrationType, ServerId, ServerStatus, VmState};

const OLD: &str = "m1.small";
const NEW: &str = "m1.medium";

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

/// Asserts, before and after the periodics, that the server alone is charged, for this flavor on this host, and that its
/// guest is there and nowhere else.
async fn assert_settled(cloud: &TestCloud, server: ServerId, flavor: &str, host: &str) {
    for _ in 0..2 {
        for other in cloud.host_names() {
            let flavors = if other == *host { vec![flavor] } else { Vec::new() };
            cloud.assert_flavor_matches_usage(other.as_str(), &flavors);
            cloud.assert_hypervisor_usage(other.as_str(), &flavors);
        }
        cloud.assert_flavor_matches_allocation(flavor, server, host);
        cloud.assert_no_allocations(cloud.last_migration(server).id);
        cloud.run_periodics().await;
    }
    let record = cloud.server(server);
    assert!(record.is_on(&host.into()), "{record:?}");
    assert_eq!(record.flavor.name, flavor);
    assert_eq!((record.old_flavor, record.new_flavor, record.old_vm_state), (None, None, None));
    cloud.assert_guests(server, &[host]).await;
    cloud.assert_invariants().await;
}

#[test]
fn a_resize_charges_both_hosts_until_it_is_confirmed() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        let migration = cloud.last_migration(server);
        assert_eq!((migration.kind, migration.status), (MigrationType::Resize, MigrationStatus::Finished));
        cloud.assert_hypervisor_usage("host1", &[OLD]);
        cloud.assert_hypervisor_usage("host2", &[NEW]);
        let confirmed = cloud.confirm_resize(server).await;
        assert_eq!(confirmed.status(), ServerStatus::Active);
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
        assert_settled(cloud, server, NEW, "host2").await;
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_reverted_resize_gives_the_old_allocation_back() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        cloud.revert_resize(server).await;
        assert_settled(cloud, server, OLD, "host1").await;
        assert_eq!(cloud.records().request_spec(server).unwrap().flavor.name, OLD);
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_cold_migration_charges_both_hosts_for_the_one_flavor_until_it_is_confirmed() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.migrate_and_check_allocations(server, "host2").await;
        let migration = cloud.last_migration(server);
        assert_eq!((migration.kind, migration.status), (MigrationType::Migration, MigrationStatus::Finished));
        cloud.confirm_resize(server).await;
        assert_settled(cloud, server, OLD, "host2").await;
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_reverted_cold_migration_leaves_nothing_on_the_destination() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.migrate_and_check_allocations(server, "host2").await;
        cloud.revert_resize(server).await;
        assert_settled(cloud, server, OLD, "host1").await;
    });
}

#[test]
fn a_cold_migration_goes_to_the_host_that_was_named() {
    two_hosts().host("host3", "fake").run(async |cloud| {
        for destination in ["host2", "host3"] {
            let server = cloud.boot(OLD, Some("host1")).await;
            let moved = cloud.migrate_server(server, Some(destination)).await;
            assert!(moved.is_on(&destination.into()), "{moved:?}");
        }
    });
}

#[test]
fn a_resize_to_the_same_host_charges_it_twice_until_it_is_confirmed() {
    Simulation::new().host("host1", "fake").run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_to_same_host_and_check_allocations(server, NEW).await;
        cloud.assert_flavor_matches_usage("host1", &[OLD, NEW]);
        cloud.assert_hypervisor_usage("host1", &[OLD, NEW]);
        assert!(cloud.last_migration(server).same_host());
        cloud.confirm_resize(server).await;
        assert_settled(cloud, server, NEW, "host1").await;
        cloud.delete_and_check_allocations(server).await;
    });
}

#[test]
fn a_reverted_resize_to_the_same_host_leaves_the_old_flavors_share() {
    Simulation::new().host("host1", "fake").run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.resize_to_same_host_and_check_allocations(server, NEW).await;
        cloud.revert_resize(server).await;
        assert_settled(cloud, server, OLD, "host1").await;
    });
}

#[test]
fn a_resize_may_go_back_and_forth() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        for (flavor, host) in [(NEW, "host2"), (OLD, "host1"), (NEW, "host2")] {
            cloud.resize_and_check_allocations(server, flavor, host).await;
            cloud.confirm_resize(server).await;
            assert_settled(cloud, server, flavor, host).await;
        }
        assert_eq!(cloud.records().migrations_of(server).len(), 3);
    });
}

#[test]
fn a_stopped_server_is_stopped_again_after_confirm_and_after_revert() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.stop_server(server).await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        assert_eq!(cloud.server(server).old_vm_state, Some(VmState::Stopped));
        let reverted = cloud.revert_resize(server).await;
        assert_eq!(reverted.status(), ServerStatus::Shutoff);
        assert_settled(cloud, server, OLD, "host1").await;
        cloud.resize_and_check_allocations(server, NEW, "host2").await;
        let confirmed = cloud.confirm_resize(server).await;
        assert_eq!(confirmed.status(), ServerStatus::Shutoff);
        assert_settled(cloud, server, NEW, "host2").await;
    });
}

#[test]
fn neighbours_of_a_moved_server_keep_what_they_hold() {
    two_hosts().run(async |cloud| {
        let first = cloud.boot_and_check_allocations(OLD, "host1").await;
        let second = cloud.boot_and_check_allocations(OLD, "host2").await;
        cloud.resize_and_check_allocations(first, NEW, "host2").await;
        cloud.assert_flavor_matches_usage("host2", &[OLD, NEW]);
        cloud.assert_flavor_matches_allocation(OLD, second, "host2");
        cloud.revert_resize(first).await;
        cloud.assert_flavor_matches_usage("host1", &[OLD]);
        cloud.assert_flavor_matches_usage("host2", &[OLD]);
    });
}
