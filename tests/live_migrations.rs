//! Live migration (instance-lifecycle.md, section 8). What failing driver calls leave is shown by the observed outcomes; here
//! is what they do not cover: where the server goes, abort and forced completion, the queue, and what is held meanwhile.

use crate::common::{raises, says_no};
use conductor::{ApiError, LiveMigrateServer};
use harness::{Simulation, TestCloud};
use model::{MigrationStatus, MigrationType, ServerId, ServerStatus, TaskState, VmState};
use std::time::Duration;
use virt::types::VirtError;
use virt::{Fault, When};

const FLAVOR: &str = "m1.small";

/// A migration of this driver takes five seconds.
const SLOW: &str = "fake+live-migrate";

fn three_hosts(stack: &str) -> Simulation {
    ["host1", "host2", "host3"].into_iter().fold(Simulation::new(), |made, host| made.host(host, stack))
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(FLAVOR, "host1").await
}

fn to(host: &str) -> LiveMigrateServer {
    LiveMigrateServer { host: Some(host.into()), ..LiveMigrateServer::default() }
}

fn forced_to(host: &str) -> LiveMigrateServer {
    LiveMigrateServer { force: true, ..to(host) }
}

/// Asserts that the server alone is charged, on this host, and that its guest is there only.
async fn assert_settled(cloud: &TestCloud, server: ServerId, host: &str) {
    for _ in 0..2 {
        for other in cloud.host_names() {
            let flavors = if other == *host { vec![FLAVOR] } else { Vec::new() };
            cloud.assert_flavor_matches_usage(other.as_str(), &flavors);
        }
        cloud.assert_flavor_matches_allocation(FLAVOR, server, host);
        cloud.assert_no_allocations(cloud.last_migration(server).id);
        cloud.run_periodics().await;
    }
    let record = cloud.server(server);
    assert!(record.is_on(&host.into()), "{record:?}");
    assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
    for port in cloud.network().ports_of(server) {
        assert_eq!(port.bindings.into_iter().collect::<Vec<_>>(), [(host.into(), true)]);
    }
    cloud.assert_hypervisor_usage(host, &[FLAVOR]);
    cloud.assert_guests(server, &[host]).await;
    cloud.assert_invariants().await;
}

#[test]
fn a_server_moves_where_it_is_sent_scheduled_named_or_forced() {
    three_hosts("fake").run(async |cloud| {
        let server = boot(cloud).await;
        for (request, host) in [(to("host3"), "host3"), (forced_to("host2"), "host2")] {
            cloud.api().live_migrate(server, request).await.unwrap();
            cloud.wait_for_migration_status(server, &[MigrationStatus::Completed]).await;
            cloud.at_rest().await;
            let migration = cloud.last_migration(server);
            assert_eq!(migration.kind, MigrationType::LiveMigration);
            assert_settled(cloud, server, host).await;
        }
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        let host = cloud.server(server).host.unwrap();
        assert_ne!(host, *"host2");
        assert_settled(cloud, server, host.as_str()).await;
    });
}

#[test]
fn while_it_moves_the_server_holds_the_destination_and_the_migration_the_source() {
    three_hosts(SLOW).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().live_migrate(server, to("host2")).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        let record = cloud.server(server);
        assert_eq!(
            (record.status(), record.task_state),
            (ServerStatus::Migrating, Some(TaskState::Migrating))
        );
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
        cloud.assert_flavor_matches_allocation(FLAVOR, cloud.last_migration(server).id, "host1");
        let bindings = cloud.network().ports_of(server).remove(0).bindings;
        assert_eq!(
            bindings.into_iter().collect::<Vec<_>>(),
            [("host1".into(), true), ("host2".into(), false)]
        );
        let busy = cloud.api().stop(server).await.unwrap_err();
        assert_eq!(
            busy.message,
            format!("Cannot 'stop' instance {server} while it is in task_state migrating")
        );
        cloud.at_rest().await;
        assert_settled(cloud, server, "host2").await;
    });
}

#[test]
fn an_aborted_live_migration_leaves_the_server_where_it_was() {
    three_hosts(SLOW).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().live_migrate(server, to("host2")).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        let mark = cloud.notification_mark();
        let number = cloud.last_migration(server).number;
        cloud.api().live_migration_abort(server, number).await.unwrap();
        cloud.wait_for_notification(mark, server, "instance.live_migration_rollback.end").await;
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Cancelled);
        assert_settled(cloud, server, "host1").await;
        let action = cloud.records().actions(server).pop().unwrap();
        assert_eq!((action.action.as_str(), action.message), ("live_migration_cancel", None));
    });
}

#[test]
fn a_forced_completion_ends_a_live_migration_before_its_time() {
    three_hosts(SLOW).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().live_migrate(server, to("host2")).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        let began = cloud.services().clock.now();
        let number = cloud.last_migration(server).number;
        cloud.api().live_migration_force_complete(server, number).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Completed]).await;
        assert!(cloud.services().clock.now().since(began) < Duration::from_secs(1));
        cloud.at_rest().await;
        assert_settled(cloud, server, "host2").await;
    });
}

#[test]
fn one_live_migration_leaves_a_host_at_a_time_and_those_that_wait_can_be_called_off() {
    three_hosts(SLOW).run(async |cloud| {
        let (first, second, third) = (boot(cloud).await, boot(cloud).await, boot(cloud).await);
        for server in [first, second, third] {
            cloud.api().live_migrate(server, to("host2")).await.unwrap();
        }
        cloud.wait_for_migration_status(first, &[MigrationStatus::Running]).await;
        for waiting in [second, third] {
            cloud.wait_for_migration_status(waiting, &[MigrationStatus::Queued]).await;
        }
        let mark = cloud.notification_mark();
        let number = cloud.last_migration(second).number;
        cloud.api().live_migration_abort(second, number).await.unwrap();
        cloud.wait_for_migration_status(second, &[MigrationStatus::Cancelled]).await;
        cloud.wait_for_notification(mark, second, "instance.live_migration_abort.end").await;
        assert_eq!(cloud.last_migration(first).status, MigrationStatus::Running, "nobody waited for it");
        cloud.at_rest().await;
        for (server, host) in [(first, "host2"), (second, "host1"), (third, "host2")] {
            let record = cloud.server(server);
            assert!(record.is_on(&host.into()), "{record:?}");
            assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
            cloud.assert_flavor_matches_allocation(FLAVOR, server, host);
            cloud.assert_no_allocations(cloud.last_migration(server).id);
        }
        cloud.run_periodics().await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn without_a_limit_live_migrations_leave_a_host_together() {
    three_hosts(SLOW).set("max_concurrent_live_migrations", "0").run(async |cloud| {
        let (first, second) = (boot(cloud).await, boot(cloud).await);
        for server in [first, second] {
            cloud.api().live_migrate(server, to("host2")).await.unwrap();
        }
        for server in [first, second] {
            cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        }
        assert_eq!(cloud.last_migration(first).status, MigrationStatus::Running);
        cloud.at_rest().await;
    });
}

#[test]
fn a_paused_server_stays_paused_when_it_moves() {
    three_hosts("fake").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().pause(server).await.unwrap();
        cloud.at_rest().await;
        cloud.api().live_migrate(server, to("host2")).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert!(record.is_on(&"host2".into()));
        assert_eq!(record.vm_state, VmState::Paused);
    });
}

#[test]
fn a_host_that_fails_the_checks_is_passed_over_and_a_named_one_is_not_replaced() {
    three_hosts("fake").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.inject_fault("host1:check_can_live_migrate_source", says_no());
        cloud.api().live_migrate(server, to("host2")).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        assert_eq!(cloud.last_migration(server).dest_compute, None);
        assert_settled(cloud, server, "host1").await;
        cloud.inject_fault("host1:check_can_live_migrate_source", says_no());
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        let host = cloud.server(server).host.unwrap();
        assert_ne!(host, *"host1");
        assert_settled(cloud, server, host.as_str()).await;
    });
}

#[test]
fn a_forced_destination_must_have_room_and_be_another_host() {
    three_hosts("fake(vcpus=1,memory_mb=4096,local_gb=100)").set("cpu_allocation_ratio", "1.0").run(
        async |cloud| {
            let server = boot(cloud).await;
            let other = cloud.boot_and_check_allocations(FLAVOR, "host2").await;
            cloud.api().live_migrate(server, forced_to("host2")).await.unwrap();
            cloud.at_rest().await;
            let fault = cloud.server(server).faults.pop().unwrap().message;
            assert_eq!(
                fault,
                format!(
                    "No valid host was found. Unable to move instance {server} to host host2. There is not enough \
                     capacity on the host for the instance."
                )
            );
            cloud.api().live_migrate(server, forced_to("host1")).await.unwrap();
            cloud.at_rest().await;
            let fault = cloud.server(server).faults.pop().unwrap().message;
            assert_eq!(fault, format!("Unable to migrate instance ({server}) to current host (host1)."));
            let record = cloud.server(server);
            assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
            for (server, host) in [(server, "host1"), (other, "host2")] {
                cloud.assert_flavor_matches_allocation(FLAVOR, server, host);
            }
        },
    );
}

#[test]
fn a_forced_destination_is_claimed_before_it_is_checked_and_let_go_when_the_checks_fail() {
    three_hosts("fake").run(async |cloud| {
        let server = boot(cloud).await;
        let slow = Fault::Slow { by: Duration::from_secs(5), when: When::Before };
        cloud.inject_fault("host2:check_can_live_migrate_destination", slow);
        let full = VirtError::ComputeResourcesUnavailable("memory".to_owned());
        cloud.inject_fault("host1:check_can_live_migrate_source", raises(full));
        cloud.api().live_migrate(server, forced_to("host2")).await.unwrap();
        cloud.services().clock.sleep(Duration::from_secs(1)).await;
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        assert_settled(cloud, server, "host1").await;
    });
}

#[test]
fn live_migrations_are_refused_as_the_api_refuses_them() {
    three_hosts(SLOW).run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        let unknown = api.live_migrate(server, to("nowhere")).await.unwrap_err();
        let message = "Compute host nowhere could not be found.".to_owned();
        assert_eq!(unknown, ApiError { code: 400, message });
        let idle = api.live_migration_abort(server, 1).await.unwrap_err();
        let message =
            format!("Cannot 'abort live migration' instance {server} while it is in task_state None");
        assert_eq!(idle, ApiError { code: 409, message });
        cloud.stop_server(server).await;
        let stopped = api.live_migrate(server, LiveMigrateServer::default()).await.unwrap_err();
        let message = format!("Cannot 'os-migrateLive' instance {server} while it is in vm_state stopped");
        assert_eq!(stopped, ApiError { code: 409, message });
        cloud.start_server(server).await;
        api.live_migrate(server, to("host2")).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        let other = api.live_migration_force_complete(server, 7).await.unwrap_err();
        let message = format!("Migration 7 not found for instance {server}");
        assert_eq!(other, ApiError { code: 404, message });
        cloud.at_rest().await;
    });
}
