//! Present defects of moves and evacuations, as they are and cured.

use super::told::*;
use crate::common::{raises, says_no};
use conductor::{EvacuateServer, LiveMigrateServer};
use harness::TestCloud;
use model::{Fix, ServerId};
use runtime::MessageFault;
use virt::types::{FlatError, VirtError};
use virt::{Fault, When};

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(SMALL, "host1").await
}

async fn live_migrate(cloud: &TestCloud, server: ServerId) {
    cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
    cloud.at_rest().await;
}

async fn evacuate(cloud: &TestCloud, server: ServerId) {
    cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn delete_verify_resize() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::DeleteVerifyResize,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.resize_server(server, MEDIUM).await;
            cloud.at_rest().await;
            strike(cloud, "host1:confirm_migration", says_no());
            let answer = cloud.api().delete(server).await.map_err(|refused| refused.code);
            (answer, told(cloud, server).await)
        },
    );
    assert_eq!(as_is.0, Err(500));
    assert!(as_is.1.starts_with("Error deleting on host2, holds [host2]"), "{}", as_is.1);
    assert_eq!(fixed.0, Ok(()));
    assert!(fixed.1.starts_with("deleted on host2, holds []"), "{}", fixed.1);
}

#[test]
fn deleted_server_gets_nothing_back() {
    let slow = || stacks(&["fake+slow(method=migrate_disk_and_power_off,ms=1000)", "fake"]);
    let (as_is, fixed) = as_is_and_fixed(Fix::DeletedServerGetsNothingBack, slow, async |cloud| {
        let server = boot(cloud).await;
        cloud.api().resize(server, MEDIUM).await.unwrap();
        pass(cloud, 500).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        (held(cloud, server), held(cloud, cloud.last_migration(server).id))
    });
    assert_eq!(as_is, ("host1".to_owned(), String::new()));
    assert_eq!(fixed, (String::new(), String::new()));
}

#[test]
fn evacuate_destroys_failed_guest() {
    let guests = as_is_and_fixed(
        Fix::EvacuateDestroysFailedGuest,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            lose(cloud, "host1").await;
            let error = VirtError::Other("driver says no".to_owned());
            strike(cloud, "host2:spawn", Fault::Raise { error, when: When::After });
            evacuate(cloud, server).await;
            guests(cloud, server).await
        },
    );
    assert_eq!(guests, ("host1 host2".to_owned(), "host1".to_owned()));
}

#[test]
fn conductor_work_goes_on() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::ConductorWorkGoesOn,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            let faults = cloud.services().bus.faults();
            faults.add("conductor:migrate_server".parse().unwrap(), MessageFault::Crash);
            cloud.api().resize(server, MEDIUM).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Resize resize_prep on host1, holds [host1], guests [host1]");
    assert_eq!(fixed, "VerifyResize on host2, holds [host2], guests [host2]");
}

#[test]
fn host_work_goes_on() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::HostWorkGoesOn,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:finish_migration", Fault::Crash { when: When::Before });
            cloud.api().resize(server, MEDIUM).await.unwrap();
            cloud.at_rest().await;
            cloud.restart_compute(&"host2".into()).await.unwrap();
            let told = told(cloud, server).await;
            let broken = cloud.violations().await.into_iter().map(|violation| violation.invariant);
            (told, cloud.server(server).faults.len(), broken.collect::<Vec<_>>())
        },
    );
    assert_eq!(as_is.0, "Resize resize_finish on host2, holds [host2], guests []");
    let broken = ["one_guest_on_its_host", "no_task_left", "every_event_finished", "every_start_has_its_end"];
    assert_eq!((as_is.1, as_is.2.as_slice()), (0, broken.as_slice()));
    assert_eq!(fixed, ("Error on host2, holds [host2], guests []".to_owned(), 1, Vec::new()));
}

#[test]
fn host_restarts() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::HostRestarts,
        || hosts(2),
        async |cloud| {
            let (server, host1) = (boot(cloud).await, "host1".into());
            lose(cloud, "host1").await;
            evacuate(cloud, server).await;
            strike(cloud, "host1:destroy", says_no());
            let started = cloud.restart_compute(&host1).await.is_ok();
            let left = guests(cloud, server).await;
            cloud.restart_compute(&host1).await.unwrap();
            (started, left, guests(cloud, server).await)
        },
    );
    assert_eq!(as_is, (false, "host1 host2".to_owned(), "host2".to_owned()));
    assert_eq!(fixed, (true, "host1 host2".to_owned(), "host2".to_owned()));
}

#[test]
fn live_migration_checks_next_host() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::LiveMigrationChecksNextHost,
        || hosts(3),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:check_can_live_migrate_destination", says_no());
            live_migrate(cloud, server).await;
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Error on host1, holds [host1], guests [host1]");
    assert_eq!(fixed, "Active on host3, holds [host3], guests [host3]");
}

#[test]
fn live_migration_post_releases_source() {
    let held = as_is_and_fixed(
        Fix::LiveMigrationPostReleasesSource,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:post_live_migration", says_no());
            live_migrate(cloud, server).await;
            (held(cloud, server), held(cloud, cloud.last_migration(server).id))
        },
    );
    assert_eq!(held.0, ("host2".to_owned(), "host1".to_owned()));
    assert_eq!(held.1, ("host2".to_owned(), String::new()));
}

#[test]
fn live_migration_rolls_back() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::LiveMigrationRollsBack,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:live_migration", says_no());
            live_migrate(cloud, server).await;
            (told(cloud, server).await, cloud.server(server).faults.len())
        },
    );
    assert!(as_is.0.starts_with("Error on host1, holds [host2]") && as_is.1 == 0, "{as_is:?}");
    assert_eq!(fixed, ("Active on host1, holds [host1], guests [host1]".to_owned(), 1));
}

#[test]
fn moves_fault_rollback() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::MovesFaultRollback,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            let inner =
                FlatError { class_name: "NovaException".to_owned(), message: "no".to_owned(), code: 500 };
            strike(cloud, "host2:finish_migration", raises(VirtError::InstanceFaultRollback(inner)));
            cloud.api().resize(server, MEDIUM).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Active on host2"), "{as_is}");
    assert!(fixed.starts_with("Error on host2"), "{fixed}");
}

#[test]
fn moves_not_implemented() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::MovesNotImplemented,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:finish_migration", raises(VirtError::NotImplemented));
            cloud.api().resize(server, MEDIUM).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Active on host2"), "{as_is}");
    assert!(fixed.starts_with("Error on host2"), "{fixed}");
}

#[test]
fn revert_releases_source() {
    let held = as_is_and_fixed(
        Fix::RevertReleasesSource,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.resize_server(server, MEDIUM).await;
            cloud.at_rest().await;
            strike(cloud, "host2:destroy", says_no());
            cloud.api().revert_resize(server).await.unwrap();
            cloud.at_rest().await;
            (held(cloud, server), held(cloud, cloud.last_migration(server).id))
        },
    );
    assert_eq!(held.0, ("host2".to_owned(), "host1".to_owned()));
    assert_eq!(held.1, ("host2".to_owned(), String::new()));
}
