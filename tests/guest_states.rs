//! Pausing, suspending, rescuing, soft-deleting, shelving and what is asked of a guest meanwhile (instance-lifecycle.md,
//! sections 1.5, 3, 4, 10 and 12). What failures leave is shown by the observed outcomes; here is what they do not cover:
//! refusals, time, and answers.

use compute::PeriodicTask;
use conductor::{EvacuateServer, RebuildServer, UnshelveServer};
use harness::{Simulation, TestCloud};
use model::{ServerId, ServerStatus, VmState};
use std::time::Duration;

const FLAVOR: &str = "m1.small";

fn one_host() -> Simulation {
    Simulation::new().host("host1", "fake")
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(FLAVOR, "host1").await
}

#[test]
fn operations_refuse_a_server_in_the_wrong_state_and_change_nothing() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        let before = cloud.server(server);
        let unshelve = api.unshelve(server, UnshelveServer::default()).await;
        for (action, answer) in [
            ("unpause", api.unpause(server).await),
            ("resume", api.resume(server).await),
            ("unrescue", api.unrescue(server).await),
            ("restore", api.restore(server).await),
            ("shelveOffload", api.shelve_offload(server).await),
            ("unshelve", unshelve),
        ] {
            let refused = answer.unwrap_err();
            assert_eq!(refused.code, 409, "{action}");
            assert_eq!(
                refused.message,
                format!("Cannot '{action}' instance {server} while it is in vm_state active")
            );
        }
        assert_eq!(cloud.server(server), before);
        api.pause(server).await.unwrap();
        cloud.at_rest().await;
        let refused = [
            ("suspend", api.suspend(server).await),
            ("rescue", api.rescue(server, None, None, true).await.map(drop)),
            ("changePassword", api.change_password(server, None).await),
            ("rebuild", api.rebuild(server, RebuildServer::default()).await),
        ];
        for (action, answer) in refused {
            let message = answer.unwrap_err().message;
            assert_eq!(
                message,
                format!("Cannot '{action}' instance {server} while it is in vm_state paused")
            );
        }
    });
}

#[test]
fn a_server_whose_host_is_up_is_not_evacuated() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let evacuate = |host: Option<&str>| {
            let request = EvacuateServer { host: host.map(Into::into), ..EvacuateServer::default() };
            cloud.api().evacuate(server, request)
        };
        let refused = evacuate(None).await.unwrap_err();
        assert_eq!(refused.message, "Compute service of host1 is still in use.");
        assert_eq!(evacuate(Some("nowhere")).await.unwrap_err().code, 404);
        let refused = evacuate(Some("host1")).await.unwrap_err();
        assert_eq!(refused.message, "The target host can't be the same one.");
    });
}

#[test]
fn a_soft_deleted_server_is_reclaimed_once_its_time_is_over() {
    one_host().run(async |cloud| {
        cloud.set_option("reclaim_instance_interval", "3600");
        let server = boot(cloud).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::SoftDeleted);
        cloud.run_periodic(PeriodicTask::ReclaimQueuedDeletes).await.unwrap();
        assert_eq!(cloud.server(server).status(), ServerStatus::SoftDeleted);
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        cloud.services().clock.sleep(Duration::from_secs(3601)).await;
        cloud.run_periodic(PeriodicTask::ReclaimQueuedDeletes).await.unwrap();
        assert!(cloud.server(server).deleted());
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
    });
}

#[test]
fn a_restored_server_is_not_reclaimed() {
    one_host().run(async |cloud| {
        cloud.set_option("reclaim_instance_interval", "3600");
        let server = boot(cloud).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        cloud.api().restore(server).await.unwrap();
        cloud.at_rest().await;
        cloud.services().clock.sleep(Duration::from_secs(3601)).await;
        cloud.run_periodic(PeriodicTask::ReclaimQueuedDeletes).await.unwrap();
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        cloud.set_option("reclaim_instance_interval", "0");
    });
}

#[test]
fn locking_and_resetting_change_the_record_alone() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        api.lock(server).await.unwrap();
        assert!(cloud.server(server).locked);
        api.unlock(server).await.unwrap();
        assert!(!cloud.server(server).locked);
        api.reset_state(server, false).await.unwrap();
        assert_eq!(cloud.server(server).vm_state, VmState::Error);
        api.reset_state(server, true).await.unwrap();
        assert_eq!(cloud.server(server).vm_state, VmState::Active);
        let actions: Vec<(String, Vec<String>)> = cloud
            .records()
            .actions(server)
            .into_iter()
            .map(|action| (action.action, action.events.into_iter().map(|event| event.event).collect()))
            .collect();
        let event = |name: &str| vec![name.to_owned()];
        let expected: [(&str, Vec<String>); 4] = [
            ("lock", event("api_lock")),
            ("unlock", event("api_unlock")),
            ("resetState", vec![]),
            ("resetState", vec![]),
        ];
        assert_eq!(actions[1..], expected.map(|(action, events)| (action.to_owned(), events)));
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
    });
}

#[test]
fn a_guest_tells_of_itself_while_it_runs() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        let console = api.console_output(server, None).await.unwrap();
        let last = api.console_output(server, Some(1)).await.unwrap();
        assert!(!console.is_empty() && console.ends_with(&last), "{console:?} {last:?}");
        let numbers = api.diagnostics(server, true).await.unwrap();
        assert_eq!(numbers["state"], "running");
        assert!(api.diagnostics(server, false).await.unwrap().is_object());
        cloud.stop_server(server).await;
        let refused = api.diagnostics(server, true).await.unwrap_err();
        assert_eq!(refused.code, 409);
        assert_eq!(
            refused.message,
            format!("Cannot 'get_diagnostics' instance {server} while it is in power state shutdown")
        );
    });
}

#[test]
fn a_shelved_server_comes_back_where_there_is_room() {
    Simulation::new().host("host1", "fake").host("host2", "fake").run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        api.shelve(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::ShelvedOffloaded);
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
        let request = UnshelveServer { host: Some("host2".into()), ..UnshelveServer::default() };
        api.unshelve(server, request).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host2");
        cloud.assert_guests(server, &["host2"]).await;
    });
}
