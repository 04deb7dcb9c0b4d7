//! Server groups: how they are made and joined, where the scheduler puts their members, and what happens when a member
//! arrives on a host that has filled up meanwhile (scheduler.md, section 10).

use conductor::{CreateServer, CreateServerGroup, EvacuateServer, LiveMigrateServer};
use harness::{Simulation, TestCloud};
use model::{
    ExceptionClass, GroupPolicy, MigrationStatus, Server, ServerGroup, ServerGroupId, ServerId, ServerStatus,
};
use std::collections::BTreeSet;
use std::time::Duration;

const FLAVOR: &str = "m1.small";

/// Hosts that are preferred in the order of their numbers, with room for three servers each.
fn hosts(count: usize) -> Simulation {
    (1..=count).fold(Simulation::new().set("weight_classes", "HostNameWeigher"), |made, number| {
        made.host(&format!("host{number}"), "fake(size=medium)")
    })
}

async fn group(cloud: &TestCloud, policy: GroupPolicy, max_server_per_host: Option<u32>) -> ServerGroup {
    let request = CreateServerGroup { name: "group".to_owned(), policy, max_server_per_host };
    cloud.api().create_server_group(request).await.unwrap()
}

fn member(cloud: &TestCloud, group: &ServerGroup, host: Option<&str>) -> CreateServer {
    let scheduler_hints = [("group".to_owned(), vec![group.id.to_string()])].into();
    CreateServer { scheduler_hints, ..cloud.build_server(FLAVOR, host) }
}

async fn boot(cloud: &TestCloud, group: &ServerGroup) -> Server {
    cloud.create_server(member(cloud, group, None), ServerStatus::Active).await
}

async fn boot_on(cloud: &TestCloud, group: &ServerGroup, host: &str) -> ServerId {
    cloud.create_server(member(cloud, group, Some(host)), ServerStatus::Active).await.id
}

fn host_of(cloud: &TestCloud, server: ServerId) -> String {
    cloud.server(server).host.unwrap().to_string()
}

#[test]
fn members_that_must_not_share_a_host_are_spread_until_there_are_no_hosts_left() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let (first, second) = (boot(cloud, &apart).await, boot(cloud, &apart).await);
        assert_ne!(first.host, second.host);
        let third = cloud.create_server(member(cloud, &apart, None), ServerStatus::Error).await;
        let fault = third.visible_fault().unwrap();
        assert_eq!(fault.message, "No valid host was found. There are not enough hosts available.");
        assert_eq!(cloud.api().server_group(apart.id).unwrap().members, [first.id, second.id, third.id]);
    });
}

#[test]
fn so_many_members_share_a_host_as_the_rule_allows() {
    hosts(2).run(async |cloud| {
        let pairs = group(cloud, GroupPolicy::AntiAffinity, Some(2)).await;
        let mut used = Vec::new();
        for _ in 0..4 {
            used.push(boot(cloud, &pairs).await.host.unwrap().to_string());
        }
        used.sort();
        assert_eq!(used, ["host1", "host1", "host2", "host2"]);
        cloud.create_server(member(cloud, &pairs, None), ServerStatus::Error).await;
    });
}

#[test]
fn members_that_belong_together_go_where_the_first_went_and_nowhere_else() {
    hosts(2).run(async |cloud| {
        let together = group(cloud, GroupPolicy::Affinity, None).await;
        boot_on(cloud, &together, "host2").await;
        // host1 has more room and would be preferred.
        for _ in 0..2 {
            assert!(boot(cloud, &together).await.is_on(&"host2".into()));
        }
        // Three of them fill the host.
        let fourth = cloud.create_server(member(cloud, &together, None), ServerStatus::Error).await;
        assert_eq!(fourth.host, None);
    });
}

const ALL_WEIGHERS: &str = "nova.scheduler.weights.all_weighers";

#[test]
fn soft_policies_only_prefer() {
    hosts(2).set("weight_classes", ALL_WEIGHERS).run(async |cloud| {
        let near = group(cloud, GroupPolicy::SoftAffinity, None).await;
        boot_on(cloud, &near, "host2").await;
        cloud.set_option("soft_affinity_weight_multiplier", "100");
        for host in ["host2", "host2", "host1"] {
            assert_eq!(boot(cloud, &near).await.host.unwrap(), *host);
        }
    });
    hosts(2).set("weight_classes", ALL_WEIGHERS).run(async |cloud| {
        let far = group(cloud, GroupPolicy::SoftAntiAffinity, None).await;
        cloud.set_option("soft_anti_affinity_weight_multiplier", "100");
        let mut used = BTreeSet::new();
        for _ in 0..2 {
            used.insert(boot(cloud, &far).await.host.unwrap());
        }
        assert_eq!(used.len(), 2);
        boot(cloud, &far).await;
    });
}

#[test]
fn deleted_servers_leave_their_group_and_make_room_in_it() {
    hosts(1).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let first = boot(cloud, &apart).await;
        cloud.create_server(member(cloud, &apart, None), ServerStatus::Error).await;
        cloud.delete_server(first.id).await;
        let second = boot(cloud, &apart).await;
        assert!(!cloud.api().server_group(apart.id).unwrap().members.contains(&first.id));
        assert!(cloud.api().server_group(apart.id).unwrap().members.contains(&second.id));
    });
}

#[test]
fn a_group_that_is_deleted_binds_nobody_any_more() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let servers = [boot(cloud, &apart).await.id, boot(cloud, &apart).await.id];
        let stuck = cloud.api().migrate(servers[0], None).await;
        assert!(stuck.is_ok(), "accepted, and then there is no host");
        cloud.at_rest().await;
        cloud.assert_resize_migrate_action_fail(servers[0], "migrate", "No valid host").await;
        cloud.api().delete_server_group(apart.id).await.unwrap();
        cloud.migrate_server(servers[0], None).await;
        assert_eq!(host_of(cloud, servers[0]), host_of(cloud, servers[1]));
    });
}

#[test]
fn what_the_api_refuses() {
    hosts(1).set("server_groups", "2").set("server_group_members", "1").run(async |cloud| {
        let api = cloud.api();
        let wanted =
            |policy, rule| CreateServerGroup { name: "group".to_owned(), policy, max_server_per_host: rule };
        let refused = api.create_server_group(wanted(GroupPolicy::Affinity, Some(2))).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (400, "Only anti-affinity policy supports rules.")
        );

        let made = api.create_server_group(wanted(GroupPolicy::AntiAffinity, Some(2))).await.unwrap();
        api.create_server_group(wanted(GroupPolicy::Affinity, None)).await.unwrap();
        let refused = api.create_server_group(wanted(GroupPolicy::Affinity, None)).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (403, "Quota exceeded, too many server groups.")
        );

        let nobody: ServerGroupId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        let text = format!("Instance group {nobody} could not be found.");
        assert_eq!(api.server_group(nobody).unwrap_err().to_string(), format!("{text} (404)"));
        assert_eq!(api.delete_server_group(nobody).await.unwrap_err().code, 404);
        let hinted = |value: String| CreateServer {
            scheduler_hints: [("group".to_owned(), vec![value])].into(),
            ..cloud.build_server(FLAVOR, None)
        };
        let refused = api.create(hinted(nobody.to_string())).await.unwrap_err();
        assert_eq!((refused.code, refused.message), (400, text));
        let refused = api.create(hinted("group".to_owned())).await.unwrap_err();
        let text = "Invalid input received: Server group scheduler hint must be a UUID.";
        assert_eq!((refused.code, refused.message.as_str()), (400, text));

        boot(cloud, &made).await;
        let refused = api.create(member(cloud, &made, None)).await.unwrap_err();
        let text = "Quota exceeded, too many servers in group";
        assert_eq!((refused.code, refused.message.as_str()), (403, text));
    });
}

#[test]
fn a_policy_without_its_filter_is_refused_by_the_scheduler() {
    hosts(1).set("enabled_filters", "ComputeFilter").run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let server = cloud.create_server(member(cloud, &apart, None), ServerStatus::Error).await;
        let fault = server.visible_fault().unwrap();
        let text =
            "ServerGroup policy is not supported: ServerGroupAntiAffinityFilter not configured".to_owned();
        assert_eq!((fault.code, &fault.message), (ExceptionClass::UnsupportedPolicy.fault_code(), &text));
    });
}

#[test]
fn a_member_that_arrives_too_late_is_built_on_the_next_host() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let requests = [member(cloud, &apart, None), member(cloud, &apart, None)];
        // Both are scheduled before either is built.
        let mut servers = Vec::new();
        for request in requests {
            servers.push(cloud.api().create(request).await.unwrap());
        }
        for server in &servers {
            cloud.delete_in_tear_down(*server);
        }
        cloud.at_rest().await;
        let hosts: BTreeSet<_> = servers.iter().map(|server| host_of(cloud, *server)).collect();
        assert_eq!(hosts.len(), 2, "{hosts:?}");
        for server in servers {
            let host = host_of(cloud, server);
            cloud.assert_flavor_matches_allocation(FLAVOR, server, &host);
            cloud.assert_guests(server, &[&host]).await;
        }
    });
}

#[test]
fn a_member_that_is_forced_where_another_is_ends_in_error() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        boot_on(cloud, &apart, "host1").await;
        let second = cloud.create_server(member(cloud, &apart, Some("host1")), ServerStatus::Error).await;
        assert_eq!(
            second.visible_fault().unwrap().message,
            "Anti-affinity instance group policy was violated"
        );
        cloud.assert_no_allocations(second.id);

        let together = group(cloud, GroupPolicy::Affinity, None).await;
        boot_on(cloud, &together, "host1").await;
        let second = cloud.create_server(member(cloud, &together, Some("host2")), ServerStatus::Error).await;
        assert_eq!(second.visible_fault().unwrap().message, "Affinity instance group policy was violated");

        cloud.set_option("disable_group_policy_check_upcall", "true");
        boot_on(cloud, &apart, "host1").await;
    });
}

#[test]
fn a_cold_migration_keeps_members_apart_and_leaves_no_choice_to_those_that_belong_together() {
    hosts(3).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let (first, second) = (boot_on(cloud, &apart, "host1").await, boot_on(cloud, &apart, "host2").await);
        cloud.migrate_server(first, None).await;
        assert_eq!((host_of(cloud, first), host_of(cloud, second)), ("host3".into(), "host2".into()));

        let together = group(cloud, GroupPolicy::Affinity, None).await;
        let alone = boot_on(cloud, &together, "host1").await;
        cloud.api().migrate(alone, None).await.unwrap();
        cloud.assert_resize_migrate_action_fail(alone, "migrate", "No valid host").await;
    });
}

#[test]
fn a_migration_that_is_sent_where_another_member_has_come_goes_to_the_next_host() {
    // Between a migration's arrival and its claim there is a second.
    let slow = "fake(size=medium)+slow(method=get_available_nodes,ms=1000)";
    hosts(2).host("host3", slow).host("host4", "fake(size=medium)").run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let (first, second) = (boot_on(cloud, &apart, "host1").await, boot_on(cloud, &apart, "host2").await);
        // The second is scheduled to host3 before the first claims it, and comes there after.
        cloud.api().migrate(first, None).await.unwrap();
        cloud.services().clock.sleep(Duration::from_millis(500)).await;
        cloud.api().migrate(second, None).await.unwrap();
        cloud.at_rest().await;
        for (server, host) in [(first, "host3"), (second, "host4")] {
            assert_eq!(host_of(cloud, server), host);
            assert_eq!(cloud.server(server).status(), ServerStatus::VerifyResize);
            cloud.assert_flavor_matches_allocation(FLAVOR, server, host);
        }
    });
}

#[test]
fn a_live_migration_to_a_host_with_another_member_is_refused_before_it_begins() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let (first, second) = (boot_on(cloud, &apart, "host1").await, boot_on(cloud, &apart, "host2").await);
        let forced = LiveMigrateServer { host: Some("host2".into()), force: true, ..Default::default() };
        cloud.api().live_migrate(first, forced).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(first);
        assert!(record.is_on(&"host1".into()));
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(cloud.last_migration(first).status, MigrationStatus::Error);
        assert_eq!(
            record.faults.last().unwrap().message,
            "Migration pre-check error: Failed to validate instance group policy due to: Anti-affinity \
             instance group policy was violated"
        );
        cloud.assert_flavor_matches_allocation(FLAVOR, first, "host1");
        assert_eq!(host_of(cloud, second), "host2");
        cloud.assert_invariants().await;
    });
}

#[test]
fn an_evacuation_to_a_host_with_another_member_leaves_the_server_as_it_was() {
    hosts(2).run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let (first, _) = (boot_on(cloud, &apart, "host1").await, boot_on(cloud, &apart, "host2").await);
        cloud.stop_compute(&"host1".into()).await.unwrap();
        cloud.api().force_down(&"host1".into(), true).await.unwrap();
        let forced = EvacuateServer { host: Some("host2".into()), force: true, stop: false };
        cloud.api().evacuate(first, forced).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(first);
        assert!(record.is_on(&"host1".into()));
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(cloud.last_migration(first).status, MigrationStatus::Failed);
        let text =
            format!("Build of instance {first} aborted: Anti-affinity instance group policy was violated");
        assert_eq!(record.faults.last().unwrap().message, text);
        cloud.assert_flavor_matches_allocation(FLAVOR, first, "host1");
        cloud.assert_flavor_matches_usage("host2", &[FLAVOR]);
        cloud.api().force_down(&"host1".into(), false).await.unwrap();
        cloud.restart_compute(&"host1".into()).await.unwrap();
    });
}

#[test]
fn an_unshelved_member_goes_where_no_other_is() {
    hosts(2).set("shelved_offload_time", "0").run(async |cloud| {
        let apart = group(cloud, GroupPolicy::AntiAffinity, None).await;
        let first = boot_on(cloud, &apart, "host1").await;
        cloud.api().shelve(first).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(first).status(), ServerStatus::ShelvedOffloaded);
        boot_on(cloud, &apart, "host1").await;
        cloud.api().unshelve(first, Default::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(host_of(cloud, first), "host2");
        cloud.assert_invariants().await;
    });
}
