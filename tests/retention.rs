//! What a cloud that is left running keeps of what is over: so much and no more, and never too little of what is in use.

use conductor::{BootVolume, Count, CreateServer, Retention, volume_named};
use harness::{Simulation, TestCloud};
use model::ServerId;
use model::rpc::RebootType;
use std::collections::BTreeMap;
use virt::types::VirtError;
use virt::{Fault, When};

/// Little of everything.
const LITTLE: Retention = Retention {
    deleted_servers: 4,
    migrations: 3,
    actions: 5,
    faults: 2,
    notifications: 30,
    trace_records: 200,
};

fn two_hosts(retention: Retention) -> Simulation {
    Simulation::new().retention(retention).host("host1", "fake").host("host2", "fake")
}

/// Makes servers, a volume each, moves one of them, and deletes them.
async fn a_day(cloud: &TestCloud, day: usize) {
    let volume = |number: usize| BootVolume {
        volume: volume_named(&format!("day {day}, disk {number}")),
        boot_index: Some(0),
        delete_on_termination: true,
    };
    let request = CreateServer {
        volumes: vec![volume(1)],
        volumes_of_others: vec![vec![volume(2)], vec![volume(3)]],
        ..cloud.build_server("m1.small", None)
    };
    let made = cloud.api().create_servers(request, Count { min: 3, max: 3 }).await.unwrap().servers;
    cloud.at_rest().await;
    cloud.api().resize(made[0], "m1.medium").await.unwrap();
    cloud.at_rest().await;
    cloud.api().confirm_resize(made[0]).await.unwrap();
    cloud.at_rest().await;
    for server in made {
        cloud.api().delete(server).await.unwrap();
    }
    cloud.at_rest().await;
}

/// The census but for the records of the trace, of which there may be up to twice as many.
fn census(cloud: &TestCloud) -> BTreeMap<&'static str, usize> {
    let mut census = cloud.census();
    let traced = census.remove("trace records").unwrap();
    assert!(traced < 2 * LITTLE.trace_records, "{traced} records of the trace");
    census
}

#[test]
fn a_cloud_that_is_left_running_does_not_grow() {
    two_hosts(LITTLE).run(async |cloud| {
        let mut seen = Vec::new();
        for day in 0..9 {
            a_day(cloud, day).await;
            let mut census = census(cloud);
            // These are remembered longer: some thousands.
            census.retain(|kind, _| !["askers", "deleted volumes"].contains(kind));
            seen.push(census);
        }
        assert_eq!(seen[4], seen[8]);
        assert_eq!((seen[8]["deleted servers"], seen[8]["notifications"]), (4, 30));
        assert_eq!(seen[8]["servers"] + seen[8]["consumers"] + seen[8]["ports"] + seen[8]["tasks"], 0);
        cloud.assert_invariants().await;
    });
}

#[test]
fn of_a_server_that_lives_the_newest_actions_and_migrations_are_kept_and_numbers_go_on() {
    two_hosts(LITTLE).run(async |cloud| {
        a_day(cloud, 0).await;
        a_day(cloud, 1).await;
        let server = cloud.boot("m1.small", None).await;
        assert_eq!(cloud.server(server).number, 7, "numbers are never used again");
        for _ in 0..5 {
            cloud.api().resize(server, "m1.medium").await.unwrap();
            cloud.at_rest().await;
            cloud.api().revert_resize(server).await.unwrap();
            cloud.at_rest().await;
        }
        let actions: Vec<_> =
            cloud.records().actions(server).into_iter().map(|action| action.action).collect();
        assert_eq!(actions, ["revertResize", "resize", "revertResize", "resize", "revertResize"]);
        let migrations = cloud.records().migrations();
        let numbers: Vec<_> = migrations.iter().map(|migration| migration.number).collect();
        // The first is the only one of a deleted server that is still known.
        assert_eq!(numbers, [2, 6, 7]);
        assert!(
            migrations.iter().all(|migration| cloud.records().asker_of_migration(migration.id).is_some())
        );
        cloud.assert_invariants().await;
    });
}

#[test]
fn deleted_servers_are_archived_in_the_order_of_their_deletion_with_all_that_is_known_of_them() {
    two_hosts(Retention { deleted_servers: 1, ..Retention::EVERYTHING }).run(async |cloud| {
        let mut servers: Vec<ServerId> = Vec::new();
        for _ in 0..3 {
            servers.push(cloud.boot("m1.small", None).await);
        }
        for index in [1, 0] {
            cloud.delete_server(servers[index]).await;
        }
        let known = |id: ServerId| {
            let records = cloud.records();
            (cloud.show_server(id).is_some(), records.actions(id).len(), records.request_spec(id).is_some())
        };
        assert_eq!(known(servers[1]), (false, 0, false), "deleted first");
        assert_eq!(known(servers[0]), (true, 2, true));
        assert_eq!(known(servers[2]), (true, 1, true));
        cloud.reboot_server(servers[2], RebootType::Soft).await;
    });
}

#[test]
fn of_the_faults_of_a_server_the_newest_are_kept_and_no_move_that_is_under_way_is_forgotten() {
    two_hosts(Retention { migrations: 1, ..LITTLE }).run(async |cloud| {
        let server = cloud.boot("m1.small", Some("host1")).await;
        cloud.resize_server(server, "m1.medium").await;
        // Neither of the two that wait to be confirmed is over.
        let other = cloud.boot("m1.small", Some("host2")).await;
        cloud.resize_server(other, "m1.medium").await;
        assert_eq!(cloud.records().migrations().len(), 2);
        cloud.confirm_resize(server).await;
        cloud.confirm_resize(other).await;
        let refuses =
            Fault::Raise { error: VirtError::Other("driver says no".to_owned()), when: When::Before };
        for n in 1..=3 {
            cloud.inject_fault(&format!("host2:reboot#{n}"), refuses.clone());
            cloud.inject_fault(&format!("host1:reboot#{n}"), refuses.clone());
            cloud.api().reset_state(server, true).await.unwrap();
            cloud.api().reboot(server, RebootType::Hard).await.unwrap();
            cloud.at_rest().await;
        }
        assert_eq!(cloud.server(server).faults.len(), LITTLE.faults);
    });
}
