//! Old bugs of live migrations, with each and without.

use super::told::*;
use crate::common::says_no;
use conductor::{AttachVolume, LiveMigrateServer, SWAP_OLD_VOL};
use harness::TestCloud;
use model::{Bug, ServerId};

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(SMALL, "host1").await
}

async fn live_migrate(cloud: &TestCloud, server: ServerId) {
    cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn bug_1628606_the_end_on_the_source_fails() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1628606,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:post_live_migration", says_no());
            live_migrate(cloud, server).await;
            told(cloud, server).await
        },
    );
    assert!(with.starts_with("Migrating migrating on host1, holds [host2]"), "{with}");
    assert!(without.starts_with("Error on host2, holds [host2]"), "{without}");
}

#[test]
fn bug_1889108_the_sources_volume_attachment() {
    let attachments = with_bug_and_without(
        Bug::Bug1889108,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            let volume = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
            cloud.api().attach_volume(server, volume).await.unwrap();
            cloud.at_rest().await;
            strike(cloud, "host2:pre_live_migration", says_no());
            live_migrate(cloud, server).await;
            cloud.volumes().attachments_of(server).len()
        },
    );
    assert_eq!(attachments, (0, 1));
}

#[test]
fn bug_1944619_the_sources_roll_back() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1944619,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host2:pre_live_migration", says_no());
            cloud.inject_fault("host1:rollback_live_migration_at_source", says_no());
            live_migrate(cloud, server).await;
            told(cloud, server).await
        },
    );
    assert!(with.starts_with("Migrating migrating on host1"), "{with}");
    assert_eq!(without, "Active on host1, holds [host1], guests [host1]");
}

#[test]
fn bug_2044235_the_source_cannot_be_checked() {
    let (with, without) = with_bug_and_without(
        Bug::Bug2044235,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:check_can_live_migrate_source", says_no());
            live_migrate(cloud, server).await;
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Error on host1, holds [host1], guests [host1]");
    assert_eq!(without, "Active on host1, holds [host1], guests [host1]");
}
