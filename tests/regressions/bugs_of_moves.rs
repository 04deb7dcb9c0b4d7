//! Old bugs of resizes and cold migrations, with each and without.

use super::told::*;
use crate::common::says_no;
use conductor::{BootVolume, CreateServer, EvacuateServer, IMAGE_BACKED_VOL, LiveMigrateServer};
use harness::TestCloud;
use model::{Bug, ServerId, ServerStatus};

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(SMALL, "host1").await
}

#[test]
fn bug_1669054_the_host_a_resize_must_not_choose() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1669054,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.resize_server(server, MEDIUM).await;
            cloud.confirm_resize(server).await;
            lose(cloud, "host2").await;
            cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Error on host2, holds [host2], guests [host2]");
    assert_eq!(without, "Active on host1, holds [host1 host2], guests [host1 host2]");
}

#[test]
fn bug_1718512_the_hosts_a_resize_has_tried() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1718512,
        || hosts(3),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:update_provider_tree", says_no());
            assert!(cloud.resize_server(server, MEDIUM).await.is_on(&"host3".into()));
            cloud.confirm_resize(server).await;
            let there = LiveMigrateServer { host: Some("host2".into()), ..LiveMigrateServer::default() };
            cloud.api().live_migrate(server, there).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Active on host3, holds [host3], guests [host3]");
    assert_eq!(without, "Active on host2, holds [host2], guests [host2]");
}

#[test]
fn bug_1797580_the_host_a_cold_migration_named() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1797580,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.migrate_server(server, Some("host2")).await;
            cloud.confirm_resize(server).await;
            cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Active on host2, holds [host2], guests [host2]");
    assert_eq!(without, "Active on host1, holds [host1], guests [host1]");
}

#[test]
fn bug_1825020_a_smaller_disk_for_a_server_that_boots_from_a_volume() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1825020,
        || hosts(2),
        async |cloud| {
            let root =
                BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
            let request = CreateServer { volumes: vec![root], ..cloud.build_server(MEDIUM, None) };
            let server = cloud.create_server(request, ServerStatus::Active).await.id;
            let answer = cloud.api().resize(server, SMALL).await.map_err(|refused| refused.code);
            cloud.at_rest().await;
            (answer, cloud.server(server).flavor.name)
        },
    );
    assert_eq!(with, (Err(400), MEDIUM.to_owned()));
    assert_eq!(without, (Ok(()), SMALL.to_owned()));
}

#[test]
fn bug_1845291_the_host_forced_at_creation() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1845291,
        || hosts(3),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:update_provider_tree", says_no());
            cloud.api().migrate(server, None).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Error on host1, holds [host1], guests [host1]");
    assert!(without.starts_with("VerifyResize on host3, holds [host3]"), "{without}");
}

#[test]
fn bug_1938326_a_source_that_is_disabled_and_down() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1938326,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            lose(cloud, "host1").await;
            cloud.records().update_service(&"host1".into(), |service| service.disabled = true);
            let answer = cloud.api().migrate(server, None).await.map_err(|refused| refused.code);
            cloud.at_rest().await;
            (answer, cloud.server(server).task_state.map(|task| task.to_string()))
        },
    );
    assert_eq!(with, (Ok(()), Some("resize_prep".to_owned())));
    assert_eq!(without, (Err(409), None));
}

#[test]
fn bug_1944759_what_the_source_counts_between_the_halves_of_a_resize() {
    let slow = || stacks(&["fake+slow(method=migrate_disk_and_power_off,ms=1000)", "fake"]);
    let counted = with_bug_and_without(Bug::Bug1944759, slow, async |cloud| {
        let server = boot(cloud).await;
        cloud.api().resize(server, MEDIUM).await.unwrap();
        pass(cloud, 500).await;
        // What the destination is to do waits until it is back.
        cloud.stop_compute(&"host2".into()).await.unwrap();
        cloud.at_rest().await;
        cloud.run_periodics().await;
        let counted = cloud.compute_node(&"host1".into()).unwrap().vcpus_used;
        cloud.restart_compute(&"host2".into()).await.unwrap();
        assert!(told(cloud, server).await.starts_with("VerifyResize on host2"));
        counted
    });
    assert_eq!(counted, (0, 1));
}
