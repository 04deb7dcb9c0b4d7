//! Moves: hosts that have changed meanwhile, evacuations that find something in their way, and servers nobody finds a place
//! for.

use crate::common::{leave_in, raises, says_no, stacks, strike};
use conductor::{CreateServer, CreateServerGroup, EvacuateServer, UnshelveServer};
use harness::{Leak, Simulation, TestCloud};
use model::rpc::RebootType;
use model::{Fix, GroupPolicy, HostName, MigrationStatus, ServerId, ServerStatus, TaskState, VmState};
use placement::{Command, TraitName};
use virt::types::VirtError;

const FLAVOR: &str = "m1.small";
const OTHER: &str = "m1.medium";

fn hosts(count: usize) -> Simulation {
    stacks(&vec!["fake"; count])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

async fn lose(cloud: &TestCloud, host: &str) {
    let host: HostName = host.into();
    cloud.stop_compute(&host).await.unwrap();
    cloud.api().force_down(&host, true).await.unwrap();
}

/// Evacuates a server, to host2 unasked if so, and waits for the end.
async fn evacuate(cloud: &TestCloud, server: ServerId, forced: bool) {
    let host = forced.then(|| "host2".into());
    let request = EvacuateServer { host, force: forced, ..EvacuateServer::default() };
    cloud.api().evacuate(server, request).await.unwrap();
    cloud.at_rest().await;
}

/// Lets the source of an evacuation start again.
async fn find_again(cloud: &TestCloud, host: &str) {
    cloud.restart_compute(&host.into()).await.unwrap();
    cloud.api().force_down(&host.into(), false).await.unwrap();
    cloud.at_rest().await;
}

fn fault(cloud: &TestCloud, server: ServerId) -> String {
    cloud.server(server).faults.last().unwrap().message.clone()
}

#[test]
fn a_server_that_is_larger_than_its_host_allows_by_now_stays() {
    hosts(2).run(async |cloud| {
        let server = cloud.boot(OTHER, Some("host1")).await;
        let smaller = harness::prepare("fake+liar(vcpus=1)").unwrap();
        cloud.swap_driver(&"host1".into(), smaller).await.unwrap();
        cloud.run_periodics().await;
        cloud.api().migrate(server, None).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        let migration = cloud.last_migration(server);
        assert_eq!(migration.status, MigrationStatus::Error);
        let expected =
            format!("Failed to move allocations from consumer {server} to consumer {}.", migration.id);
        assert!(fault(cloud, server).starts_with(&expected), "{}", fault(cloud, server));
        cloud.assert_flavor_matches_allocation(OTHER, server, "host1");
        cloud.assert_no_allocations(migration.id);
    });
}

#[test]
fn a_host_that_cannot_migrate_to_itself_refuses_though_placement_says_it_can() {
    hosts(1).run(async |cloud| {
        let server = boot(cloud).await;
        let node = cloud.compute_node(&"host1".into()).unwrap().id;
        cloud
            .placement()
            .update(|placement| {
                let provider = placement.provider(node).unwrap();
                let generation = Some(provider.generation());
                let can = TraitName::from("COMPUTE_SAME_HOST_COLD_MIGRATE");
                let traits = provider.traits().cloned().chain([can]).collect();
                placement.apply(&Command::SetTraits { provider: node, generation, traits })
            })
            .unwrap();
        cloud.api().migrate(server, None).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        let refused = format!("Unable to migrate instance ({server}) to current host (host1).");
        assert!(record.faults.iter().any(|known| known.message == refused), "{:?}", record.faults);
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
    });
}

#[test]
fn a_host_that_cannot_tell_who_is_on_it_is_passed_over() {
    hosts(3).run(async |cloud| {
        let request = CreateServerGroup {
            name: "apart".to_owned(),
            policy: GroupPolicy::AntiAffinity,
            max_server_per_host: None,
        };
        let group = cloud.api().create_server_group(request).await.unwrap();
        let scheduler_hints = [("group".to_owned(), vec![group.id.to_string()])].into();
        let request = CreateServer { scheduler_hints, ..cloud.build_server(FLAVOR, Some("host1")) };
        let server = cloud.create_server(request, ServerStatus::Active).await.id;
        strike(cloud, "host2:get_available_nodes", says_no());
        cloud.migrate_server(server, None).await;
        assert!(cloud.server(server).is_on(&"host3".into()));
        cloud.assert_flavor_matches_usage("host2", &[]);
    });
}

#[test]
fn a_confirmed_move_that_holds_nothing_any_more_is_confirmed_and_a_reverted_one_too() {
    for confirm in [true, false] {
        hosts(2).run(async |cloud| {
            let server = boot(cloud).await;
            cloud.migrate_server(server, None).await;
            let migration = cloud.last_migration(server).id;
            let writer = model::rpc::Address::Api;
            cloud.services().report_client.delete_allocations(&writer, migration.into());
            if confirm {
                cloud.confirm_resize(server).await;
            } else {
                cloud.revert_resize(server).await;
            }
            let host = if confirm { "host2" } else { "host1" };
            assert!(cloud.server(server).is_on(&host.into()));
            // Nobody knows that the share was the source's.
            cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
        });
    }
}

/// As in Nova: nobody looks whether the source is there to confirm. With the cure the server is deleted where it is.
#[test]
fn a_moved_server_whose_source_is_down_cannot_be_deleted_until_that_is_back() {
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, OTHER).await;
        cloud.at_rest().await;
        lose(cloud, "host1").await;
        let refused = cloud.api().delete(server).await.unwrap_err();
        assert_eq!(refused.code, 500);
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Deleting));
        find_again(cloud, "host1").await;
        cloud.at_rest().await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::Active, None));
        cloud.delete_server(server).await;
    });
    hosts(2).fix(Fix::DeleteVerifyResize).run(async |cloud| {
        let server = boot(cloud).await;
        cloud.resize_server(server, OTHER).await;
        cloud.at_rest().await;
        lose(cloud, "host1").await;
        cloud.delete_server(server).await;
        find_again(cloud, "host1").await;
        let provider = "host1".to_owned();
        let consumer = cloud.last_migration(server).id.into();
        cloud.expect_leak(Leak::Allocation { consumer, provider });
    });
}

#[test]
fn an_evacuation_cannot_be_forced_where_there_is_no_room_or_nothing_is_held_or_too_much() {
    // No room.
    stacks(&["fake", "fake(vcpus=1)"]).set("cpu_allocation_ratio", "1.0").run(async |cloud| {
        let server = cloud.boot(OTHER, Some("host1")).await;
        lose(cloud, "host1").await;
        evacuate(cloud, server, true).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        let reason = "There is not enough capacity on the host for the instance.";
        let refused = format!("Unable to move instance {server} to host host2. {reason}");
        assert_eq!(fault(cloud, server), format!("No valid host was found. {refused}"));
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        cloud.assert_flavor_matches_allocation(OTHER, server, "host1");
        find_again(cloud, "host1").await;
    });
    // Shares of two providers.
    stacks(&["fake(nested=true)", "fake(nested=true)"]).run(async |cloud| {
        let mut flavor = cloud.create_flavor("magic", 1, 512, 1);
        flavor.extra_specs.insert("resources:CUSTOM_MAGIC".to_owned(), "5".to_owned());
        cloud.records().put_flavor(flavor);
        let server = cloud.boot("magic", Some("host1")).await;
        lose(cloud, "host1").await;
        evacuate(cloud, server, true).await;
        let reason = "The instance has complex allocations on the source host so move cannot be forced.";
        assert!(fault(cloud, server).ends_with(reason), "{}", fault(cloud, server));
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        find_again(cloud, "host1").await;
    });
    // Nothing: a failed rebuild has taken it.
    hosts(2).run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host1:destroy", says_no());
        cloud.api().rebuild(server, Default::default()).await.unwrap();
        cloud.at_rest().await;
        cloud.assert_no_allocations(server);
        lose(cloud, "host1").await;
        evacuate(cloud, server, true).await;
        // Nova foresees it nowhere.
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Rebuilding));
        let action = cloud.records().actions(server).pop().unwrap();
        let details = action.events[0].details.clone().unwrap();
        assert!(details.contains("Retry the operation without forcing a destination host."), "{details}");
        find_again(cloud, "host1").await;
    });
}

#[test]
fn an_evacuation_that_its_host_cannot_do_leaves_the_server_on_its_source() {
    let fails = |stack: &str| stacks(&["fake", stack]);
    // A driver that cannot.
    fails("fake+answers(without=evacuate)").run(async |cloud| {
        let server = boot(cloud).await;
        lose(cloud, "host1").await;
        evacuate(cloud, server, false).await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Error);
        assert_eq!(fault(cloud, server), "Instance evacuate is not supported.");
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Failed);
        find_again(cloud, "host1").await;
    });
    // A driver that has no room after all.
    fails("fake").run(async |cloud| {
        let server = boot(cloud).await;
        lose(cloud, "host1").await;
        let full = VirtError::ComputeResourcesUnavailable("memory".to_owned());
        strike(cloud, "host2:spawn", raises(full));
        evacuate(cloud, server, false).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(fault(cloud, server), "Insufficient compute resources: memory.");
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        find_again(cloud, "host1").await;
    });
    // A guest that an earlier evacuation has left there.
    fails("fake").run(async |cloud| {
        let server = boot(cloud).await;
        lose(cloud, "host1").await;
        strike(cloud, "host2:get_info#2", says_no());
        evacuate(cloud, server, false).await;
        cloud.assert_guests(server, &["host1", "host2"]).await;
        evacuate(cloud, server, false).await;
        let record = cloud.server(server);
        assert_eq!(record.status(), ServerStatus::Error);
        assert_eq!(fault(cloud, server), format!("Instance instance-{:08x} already exists.", record.number));
        find_again(cloud, "host1").await;
        cloud.expect_leak(Leak::Guest { host: "host2".into(), guest: server.to_string() });
    });
}

#[test]
fn what_a_failed_evacuation_cannot_destroy_is_told_in_the_log() {
    hosts(2).fix(Fix::EvacuateDestroysFailedGuest).run(async |cloud| {
        let server = boot(cloud).await;
        lose(cloud, "host1").await;
        strike(cloud, "host2:spawn", says_no());
        cloud.inject_fault("host2:destroy", says_no());
        evacuate(cloud, server, false).await;
        let told = format!("Cannot destroy the guest of the failed evacuation of {server}: driver says no");
        cloud.wait_for_log(&told).await;
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Failed);
        find_again(cloud, "host1").await;
        cloud.reboot_server(server, RebootType::Hard).await;
    });
}

async fn unshelve(cloud: &TestCloud, server: ServerId) {
    cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn a_shelved_server_for_which_there_is_no_place_stays_where_it_is() {
    stacks(&["fake(vcpus=2)"]).set("cpu_allocation_ratio", "1.0").run(async |cloud| {
        let server = cloud.boot(OTHER, None).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        cloud.boot(OTHER, None).await;
        unshelve(cloud, server).await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::ShelvedOffloaded, None));
        cloud.assert_no_allocations(server);
    });
    // The scheduler does not know its group's policy any more.
    hosts(1).run(async |cloud| {
        let request = CreateServerGroup {
            name: "together".to_owned(),
            policy: GroupPolicy::Affinity,
            max_server_per_host: None,
        };
        let group = cloud.api().create_server_group(request).await.unwrap();
        let scheduler_hints = [("group".to_owned(), vec![group.id.to_string()])].into();
        let request = CreateServer { scheduler_hints, ..cloud.build_server(FLAVOR, None) };
        let server = cloud.create_server(request, ServerStatus::Active).await.id;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        cloud.set_option("enabled_filters", "ComputeFilter");
        unshelve(cloud, server).await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::ShelvedOffloaded, None));
        let event = cloud.records().actions(server).pop().unwrap().events.pop().unwrap();
        assert_eq!(event.error_class, Some(model::ExceptionClass::UnsupportedPolicy));
    });
}

#[test]
fn a_server_that_is_shelved_on_no_host_cannot_be_brought_back() {
    hosts(1).set("shelved_offload_time", "-1").run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        leave_in(cloud, server, |server| server.host = None).await;
        unshelve(cloud, server).await;
        assert_eq!(cloud.server(server).vm_state, VmState::Error);
        leave_in(cloud, server, |server| server.host = Some("host1".into())).await;
    });
}
