//! Old bugs of builds, deletions and rebuilds, with each and without.

use super::told::*;
use crate::common::says_no;
use compute::ServicePoint;
use conductor::{BootVolume, CreateServer, IMAGE_BACKED_VOL, UnshelveServer};
use harness::TestCloud;
use model::{Action, Bug, ExceptionClass, NovaError, ServerId};
use virt::types::VirtError;
use virt::{Fault, When};

async fn create(cloud: &TestCloud, request: CreateServer) -> ServerId {
    let server = cloud.api().create(request).await.unwrap();
    cloud.delete_in_tear_down(server);
    cloud.at_rest().await;
    server
}

fn from_volume(cloud: &TestCloud, flavor: &str) -> CreateServer {
    let root = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
    CreateServer { volumes: vec![root], ..cloud.build_server(flavor, None) }
}

const NOTHING_LEFT: &str = "Error on nowhere, holds [], guests []";
const ON_HOST2: &str = "Active on host2, holds [host2], guests [host2]";

#[test]
fn bug_1404867_the_volume_of_a_server_that_was_never_placed() {
    let attachments = with_bug_and_without(
        Bug::Bug1404867,
        || hosts(1),
        async |cloud| {
            let server = create(cloud, from_volume(cloud, "m1.xlarge")).await;
            cloud.api().delete(server).await.unwrap();
            cloud.at_rest().await;
            cloud.volumes().attachments().len()
        },
    );
    assert_eq!(attachments, (1, 0));
}

#[test]
fn bug_1671648_a_second_try_without_what_it_needs() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1671648,
        || hosts(2),
        async |cloud| {
            cloud.inject_fault("host1:spawn", says_no());
            let server = create(cloud, cloud.build_server(SMALL, None)).await;
            told(cloud, server).await
        },
    );
    assert_eq!((&*with, &*without), (NOTHING_LEFT, ON_HOST2));
}

#[test]
fn bug_1781286_the_zone_of_the_next_host() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1781286,
        || hosts(2),
        async |cloud| {
            cloud.inject_fault("host1:spawn", says_no());
            let server = create(cloud, cloud.build_server(SMALL, None)).await;
            told(cloud, server).await
        },
    );
    assert_eq!((&*with, &*without), ("Build scheduling on nowhere, holds [host2], guests []", ON_HOST2));
}

#[test]
fn bug_1784353_the_attachment_of_a_rescheduled_build() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1784353,
        || hosts(2),
        async |cloud| {
            cloud.inject_fault("host1:spawn", says_no());
            let server = create(cloud, from_volume(cloud, SMALL)).await;
            told(cloud, server).await
        },
    );
    assert_eq!((&*with, &*without), (NOTHING_LEFT, ON_HOST2));
}

#[test]
fn bug_1837955_a_rescheduled_build_whose_alternate_is_full() {
    let one = || {
        let full = "fake(vcpus=1,memory_mb=4096,local_gb=100)";
        stacks(&["fake+slow(method=spawn,ms=1000)", full]).set("cpu_allocation_ratio", "1.0")
    };
    let (with, without) = with_bug_and_without(Bug::Bug1837955, one, async |cloud| {
        let error = VirtError::Other("driver says no".to_owned());
        cloud.inject_fault("host1:spawn", Fault::Raise { error, when: When::After });
        let server = cloud.api().create(cloud.build_server(SMALL, None)).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.boot(SMALL, Some("host2")).await;
        told(cloud, server).await
    });
    assert_eq!((&*with, &*without), ("Build scheduling on nowhere, holds [], guests []", NOTHING_LEFT));
}

#[test]
fn bug_1852458_the_action_of_a_build_without_a_host() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1852458,
        || hosts(1),
        async |cloud| {
            let server = create(cloud, cloud.build_server("m1.xlarge", None)).await;
            let actions = cloud.records().actions(server);
            let events = |action: &Action| action.events.iter().map(|event| event.event.clone()).collect();
            actions.iter().map(|action| (action.action.clone(), events(action))).collect::<Vec<(_, Vec<_>)>>()
        },
    );
    assert!(with.is_empty(), "{with:?}");
    let event = "conductor_schedule_and_build_instances".to_owned();
    assert_eq!(without, [("create".to_owned(), vec![event])]);
}

#[test]
fn bug_1679750_the_allocation_of_a_server_deleted_while_its_host_is_down() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1679750,
        || hosts(1),
        async |cloud| {
            let server = cloud.boot_and_check_allocations(SMALL, "host1").await;
            lose(cloud, "host1").await;
            cloud.delete_server(server).await;
            let before = held(cloud, server);
            cloud.restart_compute(&"host1".into()).await.unwrap();
            (before, held(cloud, server))
        },
    );
    // The start of the host's service is what frees its room in the end.
    assert_eq!((&*with.0, &*with.1), ("host1", ""));
    assert_eq!((&*without.0, &*without.1), ("", ""));
}

#[test]
fn bug_1862633_the_ports_of_an_unshelved_server() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1862633,
        || hosts(1),
        async |cloud| {
            let server = cloud.boot_and_check_allocations(SMALL, "host1").await;
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            cloud.service_faults().reset_counts();
            let point = ServicePoint::new("network.setup_instance_network_on_host", 1);
            cloud.service_faults().add(point, NovaError::new(ExceptionClass::NovaException, "no network"));
            cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "ShelvedOffloaded on nowhere, holds [host1], guests []");
    assert_eq!(without, "ShelvedOffloaded on nowhere, holds [], guests []");
}

#[test]
fn bug_2025480_what_a_periodic_counts_during_an_unshelve() {
    let slow = || stacks(&["fake+slow(method=spawn,ms=60000)"]);
    let counted = with_bug_and_without(Bug::Bug2025480, slow, async |cloud| {
        let server = cloud.boot_and_check_allocations(SMALL, "host1").await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
        pass(cloud, 30_000).await;
        conductor::Cloud::run_periodics(cloud).await.unwrap();
        let counted = cloud.compute_node(&"host1".into()).unwrap().vcpus_used;
        assert!(told(cloud, server).await.starts_with("Active on host1"));
        counted
    });
    assert_eq!(counted, (0, 1));
}
