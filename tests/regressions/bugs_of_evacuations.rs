//! Old bugs of evacuations, with each and without.

use super::told::*;
use compute::{ExpectedTask, Records};
use conductor::EvacuateServer;
use harness::TestCloud;
use model::{Bug, Server, ServerId, TaskState};

/// A server whose host was lost.
async fn stranded(cloud: &TestCloud) -> ServerId {
    let server = cloud.boot_and_check_allocations(SMALL, "host1").await;
    lose(cloud, "host1").await;
    server
}

async fn evacuate(cloud: &TestCloud, server: ServerId) {
    cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn bug_1702454_the_host_an_evacuation_names() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1702454,
        || hosts(3),
        async |cloud| {
            let server = stranded(cloud).await;
            let there = EvacuateServer { host: Some("host3".into()), ..EvacuateServer::default() };
            cloud.api().evacuate(server, there).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(with.starts_with("Active on host2"), "{with}");
    assert!(without.starts_with("Active on host3"), "{without}");
}

#[test]
fn bug_1713783_an_evacuation_without_a_host() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1713783,
        || hosts(1),
        async |cloud| {
            let server = stranded(cloud).await;
            evacuate(cloud, server).await;
            cloud.restart_compute(&"host1".into()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(with, "Error on host1, holds [], guests []");
    assert_eq!(without, "Error on host1, holds [host1], guests [host1]");
}

#[test]
fn bug_1764883_a_source_that_returns_during_the_evacuation() {
    let slow = || stacks(&["fake", "fake+slow(method=spawn,ms=60000)"]);
    let (with, without) = with_bug_and_without(Bug::Bug1764883, slow, async |cloud| {
        let server = stranded(cloud).await;
        cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
        pass(cloud, 30_000).await;
        cloud.restart_compute(&"host1".into()).await.unwrap();
        told(cloud, server).await
    });
    assert!(with.starts_with("Error on host1") && with.contains("guests [host1"), "{with}");
    assert_eq!(without, "Active on host2, holds [host2], guests [host2]");
}

#[test]
fn bug_1794996_a_source_whose_evacuated_server_was_deleted() {
    let (with, without) = with_bug_and_without(
        Bug::Bug1794996,
        || hosts(2),
        async |cloud| {
            let server = stranded(cloud).await;
            evacuate(cloud, server).await;
            cloud.delete_server(server).await;
            let started = cloud.restart_compute(&"host1".into()).await.is_ok();
            (started, guests(cloud, server).await)
        },
    );
    assert_eq!(with, (false, "host1".to_owned()));
    assert_eq!(without, (true, String::new()));
}

#[test]
fn bug_1922053_a_source_that_is_forced_up_too_early() {
    let answers = with_bug_and_without(
        Bug::Bug1922053,
        || hosts(2),
        async |cloud| {
            let server = stranded(cloud).await;
            evacuate(cloud, server).await;
            cloud.api().force_down(&"host1".into(), false).await.map_err(|refused| refused.code)
        },
    );
    assert_eq!(answers, (Ok(()), Err(400)));
}

#[test]
fn bug_1978983_a_server_that_is_being_switched_off() {
    let answers = with_bug_and_without(
        Bug::Bug1978983,
        || hosts(2),
        async |cloud| {
            let server = stranded(cloud).await;
            let stopping = &mut |server: &mut Server| server.task_state = Some(TaskState::PoweringOff);
            cloud.records().update_server(server, ExpectedTask::Any, stopping).await.unwrap();
            let asked = cloud.api().evacuate(server, EvacuateServer::default()).await;
            cloud.at_rest().await;
            asked.map_err(|refused| refused.code)
        },
    );
    assert_eq!(answers, (Err(409), Ok(())));
}
