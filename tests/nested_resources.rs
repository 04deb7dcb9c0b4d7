//! A flavor that also asks for a custom class, which only a child provider of each host has: in every kind of move the child's
//! share goes where the host's own goes, before and after the periodics.

use conductor::{EvacuateServer, LiveMigrateServer, UnshelveServer};
use harness::{Simulation, TestCloud};
use model::{ConsumerId, ResourceClass, ServerId, ServerStatus};
use std::collections::BTreeMap;

/// An m1.small that needs half of what the child provider has.
const MAGIC: &str = "m1.magic";
const STACK: &str = "fake(size=medium,nested=true)";

fn hosts() -> Simulation {
    let named = Simulation::new().set("weight_classes", "HostNameWeigher");
    named.host("host1", STACK).host("host2", STACK).host("host3", STACK)
}

async fn boot(cloud: &TestCloud) -> ServerId {
    let mut flavor = cloud.create_flavor(MAGIC, 1, 2048, 20);
    flavor.extra_specs = BTreeMap::from([("resources:CUSTOM_MAGIC".to_owned(), "5".to_owned())]);
    cloud.records().put_flavor(flavor);
    let server = cloud.boot(MAGIC, Some("host1")).await;
    assert_held(cloud, server, &["host1"]).await;
    server
}

/// Asserts, before and after the periodics, that the consumer holds the flavor's share of these hosts and of their children,
/// and nothing else.
async fn assert_held(cloud: &TestCloud, consumer: impl Into<ConsumerId>, hosts: &[&str]) {
    let consumer = consumer.into();
    let share = [("VCPU", 1), ("MEMORY_MB", 2048), ("DISK_GB", 20)];
    let share: BTreeMap<_, u64> =
        share.iter().map(|(class, amount)| (ResourceClass::new(*class), *amount)).collect();
    let magic = BTreeMap::from([(ResourceClass::new("CUSTOM_MAGIC"), 5)]);
    let expected: BTreeMap<_, _> = hosts
        .iter()
        .flat_map(|host| [((*host).to_owned(), share.clone()), (format!("{host}-child"), magic.clone())])
        .collect();
    for _ in 0..2 {
        assert_eq!(cloud.get_allocations(consumer), expected);
        cloud.run_periodics().await;
    }
}

/// Deletes the server and asserts that nothing is used anywhere any more.
async fn delete(cloud: &TestCloud, server: ServerId) {
    cloud.delete_server(server).await;
    for host in ["host1", "host2", "host3"] {
        let used = cloud.get_tree_usages(host);
        assert!(used.values().all(|amount| *amount == 0), "{host}: {used:?}");
    }
    cloud.assert_invariants().await;
}

#[test]
fn a_cold_migration_holds_both_trees_until_it_is_confirmed_or_reverted() {
    hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.migrate_server(server, None).await;
        assert_held(cloud, server, &["host2"]).await;
        assert_held(cloud, cloud.last_migration(server).id, &["host1"]).await;
        cloud.revert_resize(server).await;
        assert_held(cloud, server, &["host1"]).await;
        assert_held(cloud, cloud.last_migration(server).id, &[]).await;

        cloud.migrate_server(server, Some("host3")).await;
        cloud.confirm_resize(server).await;
        assert_held(cloud, server, &["host3"]).await;
        assert_held(cloud, cloud.last_migration(server).id, &[]).await;
        delete(cloud, server).await;
    });
}

#[test]
fn a_resize_to_a_flavor_without_the_class_gives_the_childs_share_back() {
    hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, "m1.medium").await;
        cloud.confirm_resize(server).await;
        cloud.assert_flavor_matches_allocation("m1.medium", server, "host2");
        delete(cloud, server).await;
    });
}

#[test]
fn a_live_migration_takes_the_childs_share_along() {
    hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_held(cloud, server, &["host2"]).await;
        assert_held(cloud, cloud.last_migration(server).id, &[]).await;
        delete(cloud, server).await;
    });
}

#[test]
fn an_evacuated_server_holds_both_trees_until_its_source_starts_again() {
    hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.stop_compute(&"host1".into()).await.unwrap();
        cloud.api().force_down(&"host1".into(), true).await.unwrap();
        let to_host3 = EvacuateServer { host: Some("host3".into()), ..EvacuateServer::default() };
        cloud.api().evacuate(server, to_host3).await.unwrap();
        cloud.at_rest().await;
        assert_held(cloud, server, &["host1", "host3"]).await;
        cloud.restart_compute(&"host1".into()).await.unwrap();
        assert_held(cloud, server, &["host3"]).await;
        cloud.api().force_down(&"host1".into(), false).await.unwrap();
        delete(cloud, server).await;
    });
}

#[test]
fn a_server_that_is_put_away_holds_nothing_and_comes_back_with_the_childs_share() {
    hosts().set("shelved_offload_time", "0").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::ShelvedOffloaded).await;
        cloud.at_rest().await;
        assert_held(cloud, server, &[]).await;
        let to_host2 = UnshelveServer { host: Some("host2".into()), ..UnshelveServer::default() };
        cloud.api().unshelve(server, to_host2).await.unwrap();
        cloud.at_rest().await;
        assert_held(cloud, server, &["host2"]).await;
        delete(cloud, server).await;
    });
}

#[test]
fn where_the_childs_share_is_used_up_nobody_is_sent() {
    hosts().run(async |cloud| {
        boot(cloud).await;
        let second = cloud.boot(MAGIC, None).await;
        assert_held(cloud, second, &["host1"]).await;
        let third = cloud.boot(MAGIC, None).await;
        assert_held(cloud, third, &["host2"]).await;
    });
}
