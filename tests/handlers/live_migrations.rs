//! Live migrations: called off at every stage, refused in the wrong one, waited for, and tried on host after host.

use crate::common::{pass, raises, says_no, stacks, strike, strike_service};
use conductor::{AttachVolume, CreateServer, CreateServerGroup, LiveMigrateServer, SWAP_OLD_VOL};
use harness::{Leak, Simulation, TestCloud};
use model::{ExceptionClass, GroupPolicy, HostName, Migration, MigrationStatus, ServerId, ServerStatus};
use virt::types::VirtError;

const FLAVOR: &str = "m1.small";

/// When every host has been tried.
const NOBODY_LEFT: &str = "No valid host was found. There are not enough hosts available.";

/// A migration away from such a host takes five seconds.
const SLOW: &str = "fake+live-migrate";

fn hosts(count: usize) -> Simulation {
    stacks(&vec!["fake"; count])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

async fn begin(cloud: &TestCloud, server: ServerId, request: LiveMigrateServer) {
    cloud.api().live_migrate(server, request).await.unwrap();
}

fn fault(cloud: &TestCloud, server: ServerId) -> String {
    cloud.server(server).faults.last().unwrap().message.clone()
}

fn assert_on_source(cloud: &TestCloud, server: ServerId, status: ServerStatus, migration: MigrationStatus) {
    let record = cloud.server(server);
    assert!(record.is_on(&"host1".into()), "{record:?}");
    assert_eq!((record.status(), record.task_state), (status, None), "{:?}", record.faults);
    assert_eq!(cloud.last_migration(server).status, migration);
    cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
    cloud.assert_no_allocations(cloud.last_migration(server).id);
}

#[test]
fn one_that_is_called_off_while_its_destination_prepares_is_taken_back_when_that_is_done() {
    stacks(&["fake", "fake+slow(method=pre_live_migration,ms=1000)"]).run(async |cloud| {
        let server = boot(cloud).await;
        begin(cloud, server, LiveMigrateServer::default()).await;
        pass(cloud, 500).await;
        let migration = cloud.last_migration(server);
        assert_eq!(migration.status, MigrationStatus::Preparing);
        let early = cloud.api().live_migration_force_complete(server, migration.number).await.unwrap_err();
        let refused = |what: &str, status: &str| {
            format!(
                "Migration {} state of instance {server} is {status}. Cannot {what} while the migration is in this state.",
                migration.number
            )
        };
        assert_eq!((early.code, early.message), (400, refused("force complete", "preparing")));
        cloud.api().live_migration_abort(server, migration.number).await.unwrap();
        cloud.at_rest().await;
        assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Cancelled);
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn one_that_is_nearly_over_cannot_be_called_off() {
    stacks(&[SLOW, "fake"]).run(async |cloud| {
        let server = boot(cloud).await;
        begin(cloud, server, LiveMigrateServer::default()).await;
        let migration = cloud.wait_for_migration_status(server, &[MigrationStatus::Running]).await;
        let set = async |status| {
            let set = &mut |migration: &mut Migration| migration.status = status;
            cloud.services().records.update_migration(migration.id, set).await.unwrap();
        };
        set(MigrationStatus::PostMigrating).await;
        let late = cloud.api().live_migration_abort(server, migration.number).await.unwrap_err();
        assert_eq!(late.code, 400);
        assert!(late.message.contains("is post-migrating. Cannot abort live migration"), "{late}");
        set(MigrationStatus::Running).await;
        cloud.at_rest().await;
        assert!(cloud.server(server).is_on(&"host2".into()));
    });
}

#[test]
fn disks_that_are_to_be_copied_are_asked_for_first() {
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        let copied = LiveMigrateServer { block_migration: Some(true), ..LiveMigrateServer::default() };
        strike(cloud, "host1:get_instance_disk_info", says_no());
        begin(cloud, server, copied.clone()).await;
        cloud.at_rest().await;
        assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Failed);
        begin(cloud, server, copied).await;
        cloud.at_rest().await;
        assert!(cloud.server(server).is_on(&"host2".into()));
    });
}

#[test]
fn who_waits_until_it_is_scheduled_learns_why_it_is_not() {
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        let once_scheduled = || cloud.api().live_migrate_once_scheduled(server, LiveMigrateServer::default());
        let full = VirtError::ComputeResourcesUnavailable("memory".to_owned());
        strike(cloud, "host2:check_can_live_migrate_destination", raises(full));
        let refused = once_scheduled().await.unwrap_err();
        assert_eq!((refused.code, refused.message.as_str()), (400, NOBODY_LEFT));
        assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Error);
        strike(cloud, "host2:check_can_live_migrate_destination", says_no());
        let refused = once_scheduled().await.unwrap_err();
        assert_eq!(refused.code, 500);
        assert_on_source(cloud, server, ServerStatus::Error, MigrationStatus::Error);
        cloud.api().reset_state(server, true).await.unwrap();
        once_scheduled().await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).is_on(&"host2".into()));
    });
}

#[test]
fn so_many_hosts_are_tried_as_the_option_says() {
    let over = |server: ServerId| {
        format!(
            "Exceeded maximum number of retries. Exceeded max scheduling retries 0 for instance {server} during \
             live migration"
        )
    };
    for (retries, asked) in [("-1", 2), ("0", 1)] {
        hosts(3).set("migrate_max_retries", retries).run(async |cloud| {
            let server = boot(cloud).await;
            cloud.faults().reset_counts();
            for host in ["host2", "host3"] {
                let full = VirtError::ComputeResourcesUnavailable("memory".to_owned());
                let point = format!("{host}:check_can_live_migrate_destination");
                cloud.inject_fault(&point, raises(full));
            }
            begin(cloud, server, LiveMigrateServer::default()).await;
            cloud.at_rest().await;
            assert_eq!(cloud.faults().struck().len(), asked);
            assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Error);
            let expected = if retries == "0" { over(server) } else { NOBODY_LEFT.to_owned() };
            assert_eq!(fault(cloud, server), expected);
        });
    }
}

#[test]
fn a_source_or_a_forced_destination_that_is_down_takes_no_part() {
    for down in ["host1", "host2"] {
        hosts(2).run(async |cloud| {
            let server = boot(cloud).await;
            let host: HostName = down.into();
            cloud.stop_compute(&host).await.unwrap();
            cloud.api().force_down(&host, true).await.unwrap();
            let request =
                LiveMigrateServer { host: Some("host2".into()), force: true, ..LiveMigrateServer::default() };
            begin(cloud, server, request).await;
            cloud.at_rest().await;
            assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Error);
            let expected = format!("Compute service of {down} is unavailable at this time.");
            assert_eq!(fault(cloud, server), expected);
            cloud.restart_compute(&host).await.unwrap();
            cloud.api().force_down(&host, false).await.unwrap();
        });
    }
}

#[test]
fn what_is_left_on_the_source_is_cleaned_up_where_disks_are_not_shared() {
    let stack = "fake+answers(disks=local)";
    stacks(&[stack, stack]).run(async |cloud| {
        let server = boot(cloud).await;
        begin(cloud, server, LiveMigrateServer::default()).await;
        cloud.at_rest().await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Completed);
        cloud.wait_for_log("cleans up and destroys disks: true").await;
        cloud.assert_guests(server, &["host2"]).await;
    });
}

#[test]
fn a_volume_that_the_source_cannot_let_go_keeps_no_guest_from_arriving() {
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        let wanted = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
        cloud.api().attach_volume(server, wanted).await.unwrap();
        cloud.at_rest().await;
        strike_service(cloud, "volume.attachment_delete", ExceptionClass::NovaException, "cinder says no");
        begin(cloud, server, LiveMigrateServer::default()).await;
        cloud.at_rest().await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        let told = format!("Connection for volume {SWAP_OLD_VOL} not deleted on host1: cinder says no");
        cloud.wait_for_log(&told).await;
        cloud.expect_leak(Leak::VolumeAttachment { volume: SWAP_OLD_VOL, server });
    });
}

#[test]
fn a_check_that_fails_as_nobody_foresaw_leaves_the_server_in_error_and_a_foreseen_one_as_it_was() {
    hosts(2).run(async |cloud| {
        let request = CreateServerGroup {
            name: "apart".to_owned(),
            policy: GroupPolicy::AntiAffinity,
            max_server_per_host: None,
        };
        let group = cloud.api().create_server_group(request).await.unwrap();
        let scheduler_hints = [("group".to_owned(), vec![group.id.to_string()])].into();
        let request = CreateServer { scheduler_hints, ..cloud.build_server(FLAVOR, Some("host1")) };
        let server = cloud.create_server(request, ServerStatus::Active).await.id;
        // The destination cannot tell who is on it.
        strike(cloud, "host2:get_available_nodes", says_no());
        begin(cloud, server, LiveMigrateServer::default()).await;
        cloud.at_rest().await;
        assert_on_source(cloud, server, ServerStatus::Error, MigrationStatus::Error);
        cloud.api().reset_state(server, true).await.unwrap();
        // The source has a service and no node.
        cloud.records().remove_host(&"host1".into());
        cloud.records().update_service(&"host1".into(), |service| service.running = true);
        begin(cloud, server, LiveMigrateServer::default()).await;
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(fault(cloud, server), "Compute host host1 could not be found.");
        cloud.run_periodics().await;
    });
}

#[test]
fn a_binding_that_is_not_deleted_on_the_destination_is_told_in_the_log_and_all_else_taken_back() {
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host2:pre_live_migration", says_no());
        let refused = ExceptionClass::PortBindingDeletionFailed;
        strike_service(cloud, "network.teardown_networks_on_host", refused, "neutron says no");
        begin(cloud, server, LiveMigrateServer::default()).await;
        cloud.at_rest().await;
        assert_on_source(cloud, server, ServerStatus::Active, MigrationStatus::Failed);
        cloud.wait_for_log("Network cleanup failed for host host2: ").await;
    });
}
