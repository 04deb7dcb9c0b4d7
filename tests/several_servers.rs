//! Several servers in one request: scheduled together, all or none, as many as the quota has room for.

use conductor::{ApiError, BootVolume, Count, CreateServer, CreateServerGroup, Created};
use harness::{Simulation, TestCloud};
use model::{GroupPolicy, Server, ServerStatus};

const FLAVOR: &str = "m1.small";

/// Hosts that are preferred in the order of their numbers, with room for three servers each.
fn hosts(count: usize) -> Simulation {
    (1..=count).fold(Simulation::new().set("weight_classes", "HostNameWeigher"), |made, number| {
        made.host(&format!("host{number}"), "fake(size=medium)")
    })
}

fn web(cloud: &TestCloud) -> CreateServer {
    CreateServer { name: "web".to_owned(), ..cloud.build_server(FLAVOR, None) }
}

async fn create(cloud: &TestCloud, min: u32, max: u32) -> Result<Created, ApiError> {
    let made = cloud.api().create_servers(web(cloud), Count { min, max }).await?;
    for server in &made.servers {
        cloud.delete_in_tear_down(*server);
    }
    cloud.at_rest().await;
    Ok(made)
}

fn records(cloud: &TestCloud, made: &Created) -> Vec<Server> {
    made.servers.iter().map(|server| cloud.server(*server)).collect()
}

#[test]
fn they_are_numbered_share_a_reservation_and_fill_the_hosts_as_they_are_chosen() {
    hosts(2).run(async |cloud| {
        let made = create(cloud, 5, 5).await.unwrap();
        let servers = records(cloud, &made);
        let names: Vec<_> = servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["web-1", "web-2", "web-3", "web-4", "web-5"]);
        assert!(made.reservation_id.starts_with("r-") && made.reservation_id.len() == 10);
        for (place, server) in (0..).zip(&servers) {
            assert_eq!(server.reservation_id, made.reservation_id);
            assert_eq!(server.launch_index, place);
            assert_eq!(server.status(), ServerStatus::Active);
            let host = server.host.clone().unwrap();
            cloud.assert_flavor_matches_allocation(FLAVOR, server.id, host.as_str());
        }
        // Three fit on a host.
        let places: Vec<_> = servers.iter().map(|server| server.host.clone().unwrap().to_string()).collect();
        assert_eq!(places, ["host1", "host1", "host1", "host2", "host2"]);
        cloud.assert_invariants().await;
    });
}

#[test]
fn one_alone_keeps_its_name() {
    hosts(1).run(async |cloud| {
        let made = create(cloud, 1, 1).await.unwrap();
        assert_eq!(records(cloud, &made)[0].name, "web");
    });
}

#[test]
fn when_one_finds_no_host_all_are_in_error_and_hold_nothing() {
    hosts(1).run(async |cloud| {
        let made = create(cloud, 4, 4).await.unwrap();
        for server in records(cloud, &made) {
            assert_eq!(server.status(), ServerStatus::Error);
            let fault = server.visible_fault().unwrap();
            assert_eq!(fault.message, "No valid host was found. There are not enough hosts available.");
            cloud.assert_no_allocations(server.id);
        }
        cloud.assert_flavor_matches_usage("host1", &[]);
    });
}

#[test]
fn each_is_rescheduled_on_its_own() {
    hosts(3).run(async |cloud| {
        cloud.inject_fault("host1:spawn", crate::common::says_no());
        let made = create(cloud, 2, 2).await.unwrap();
        for server in records(cloud, &made) {
            assert_eq!(server.status(), ServerStatus::Active);
            let host = server.host.clone().unwrap();
            cloud.assert_flavor_matches_allocation(FLAVOR, server.id, host.as_str());
            cloud.assert_guests(server.id, &[host.as_str()]).await;
        }
    });
}

#[test]
fn as_many_are_made_as_the_quota_has_room_for_unless_that_is_fewer_than_must_be() {
    hosts(2).set("instances", "4").run(async |cloud| {
        let made = create(cloud, 1, 3).await.unwrap();
        assert_eq!(made.servers.len(), 3);
        let refused = create(cloud, 2, 3).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (403, "Quota exceeded for instances: Requested 2-3, but already used 3 of 4 instances")
        );
        let made = create(cloud, 1, 3).await.unwrap();
        assert_eq!(made.servers.len(), 1);
        assert_eq!(records(cloud, &made)[0].name, "web");
    });
}

#[test]
fn processors_and_memory_are_under_quota_too_and_no_limit_is_none() {
    hosts(2).set("cores", "3").set("ram", "5000").run(async |cloud| {
        let refused = create(cloud, 4, 4).await.unwrap_err();
        assert_eq!(
            refused.message,
            "Quota exceeded for cores, ram: Requested 4, 8192, but already used 0, 0 of 3, 5000 cores, ram"
        );
        assert_eq!(create(cloud, 1, 4).await.unwrap().servers.len(), 2);
        cloud.set_option("cores", "-1");
        cloud.set_option("ram", "-1");
        assert_eq!(create(cloud, 4, 4).await.unwrap().servers.len(), 4);
    });
}

#[test]
fn what_makes_no_sense_for_several_is_refused() {
    hosts(1).run(async |cloud| {
        for (min, max) in [(0, 1), (2, 1)] {
            assert_eq!(create(cloud, min, max).await.unwrap_err().message, "min_count must be <= max_count");
        }
        let volume = BootVolume {
            volume: conductor::volume_named("disk"),
            boot_index: Some(0),
            delete_on_termination: false,
        };
        let request = CreateServer { volumes: vec![volume], ..web(cloud) };
        let refused = cloud.api().create_servers(request, Count { min: 2, max: 2 }).await.unwrap_err();
        assert_eq!(refused.message, "Cannot attach one or more volumes to multiple instances");
        assert!(cloud.records().servers_even_deleted().is_empty());
    });
}

#[test]
fn members_of_a_group_that_are_made_together_see_each_other() {
    hosts(3).run(async |cloud| {
        let apart = CreateServerGroup {
            name: "apart".to_owned(),
            policy: GroupPolicy::AntiAffinity,
            max_server_per_host: None,
        };
        let group = cloud.api().create_server_group(apart).await.unwrap();
        let hint = [("group".to_owned(), vec![group.id.to_string()])].into();
        let request = CreateServer { scheduler_hints: hint, ..web(cloud) };
        let made = cloud.api().create_servers(request, Count { min: 3, max: 3 }).await.unwrap();
        for server in &made.servers {
            cloud.delete_in_tear_down(*server);
        }
        cloud.at_rest().await;
        let mut places: Vec<_> = records(cloud, &made).into_iter().filter_map(|server| server.host).collect();
        places.sort();
        assert_eq!(places, ["host1", "host2", "host3"]);
        assert_eq!(cloud.api().server_group(group.id).unwrap().members, made.servers);
    });
}
