//! Compute services that are taken out of scheduling, and services beside the computes that fail.

use crate::common::says_no;
use compute::ServicePoint;
use harness::{Simulation, TestCloud};
use model::{ExceptionClass, HostName, NovaError, ServerStatus, TaskState, VmState};
use placement::TraitName;

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

fn is_marked(cloud: &TestCloud, host: &str) -> bool {
    let node = cloud.compute_node(&host.into()).unwrap().id;
    let disabled = TraitName::from("COMPUTE_STATUS_DISABLED");
    cloud.placement().get().provider(node).unwrap().traits().any(|name| *name == disabled)
}

async fn disable(cloud: &TestCloud, host: &str, disabled: bool) {
    let reason = Some("maintenance".to_owned());
    cloud.api().set_service_disabled(&host.into(), disabled, reason).await.unwrap();
}

#[test]
fn a_disabled_host_is_marked_in_placement_at_once_and_gets_no_servers_until_it_is_enabled() {
    two_hosts().run(async |cloud| {
        disable(cloud, "host1", true).await;
        assert!(is_marked(cloud, "host1") && !is_marked(cloud, "host2"));
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host2".into()));
        disable(cloud, "host2", true).await;
        let nowhere = cloud.assert_build_schedule_failure(FLAVOR, None).await;
        // Placement offers no host, of which Nova says nothing more.
        assert_eq!(nowhere.visible_fault().unwrap().message, "No valid host was found. ");
        disable(cloud, "host1", false).await;
        assert!(!is_marked(cloud, "host1"));
        let service = &cloud.records().services()[0];
        assert_eq!((service.disabled, &service.disabled_reason), (false, &None));
        let server = cloud.boot(FLAVOR, None).await;
        assert!(cloud.server(server).is_on(&"host1".into()));
    });
}

#[test]
fn the_mark_outlives_resource_updates_and_a_host_that_was_away_sets_it_when_it_starts() {
    two_hosts().run(async |cloud| {
        disable(cloud, "host1", true).await;
        cloud.run_periodics().await;
        assert!(is_marked(cloud, "host1"));
        let away: HostName = "host2".into();
        cloud.stop_compute(&away).await.unwrap();
        cloud.api().force_down(&away, true).await.unwrap();
        disable(cloud, "host2", true).await;
        assert!(!is_marked(cloud, "host2"), "nobody is there to do it");
        cloud.api().force_down(&away, false).await.unwrap();
        cloud.restart_compute(&away).await.unwrap();
        assert!(is_marked(cloud, "host2"));
    });
}

#[test]
fn a_driver_that_fails_to_disable_itself_fails_nobody_else() {
    two_hosts().run(async |cloud| {
        cloud.inject_fault("host1:set_host_enabled", says_no());
        disable(cloud, "host1", true).await;
        assert!(is_marked(cloud, "host1"));
        let unknown = cloud.api().set_service_disabled(&"host9".into(), true, None).await.unwrap_err();
        assert_eq!(unknown.code, 404);
    });
}

fn fail(cloud: &TestCloud, call: &str, class: ExceptionClass) {
    cloud.service_faults().reset_counts();
    cloud
        .service_faults()
        .add(ServicePoint::new(call, 1), NovaError::new(class, "the image service says no"));
}

#[test]
fn without_the_image_service_nothing_is_made_of_an_image() {
    two_hosts().run(async |cloud| {
        fail(cloud, "image.get", ExceptionClass::ImageNotFound);
        let refused = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap_err();
        assert_eq!(refused.code, 400);
        assert!(refused.message.starts_with("Can not find requested image"), "{refused}");
        fail(cloud, "image.get", ExceptionClass::NovaException);
        assert_eq!(cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap_err().code, 500);
        assert!(cloud.records().servers_even_deleted().is_empty());
    });
}

#[test]
fn a_snapshot_for_which_no_image_can_be_made_is_refused_and_the_server_stays_as_it_was() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        fail(cloud, "image.create", ExceptionClass::NovaException);
        assert_eq!(cloud.api().create_server_image(server, "snap").await.unwrap_err().code, 500);
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::Active, None));
        assert_eq!(cloud.records().images().len(), 1);
    });
}

/// Nova sets the task before it asks for the image.
#[test]
fn a_shelve_for_which_no_image_can_be_made_leaves_the_server_shelving() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        fail(cloud, "image.create", ExceptionClass::NovaException);
        assert_eq!(cloud.api().shelve(server).await.unwrap_err().code, 500);
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Shelving));
    });
}

#[test]
fn a_shelved_server_whose_image_is_gone_is_in_error_and_one_whose_image_cannot_be_read_keeps_unshelving() {
    for (class, expected) in [
        (ExceptionClass::ImageNotFound, (ServerStatus::Error, Some(TaskState::Unshelving))),
        (ExceptionClass::NovaException, (ServerStatus::ShelvedOffloaded, Some(TaskState::Unshelving))),
    ] {
        two_hosts().set("shelved_offload_time", "0").run(async |cloud| {
            let server = cloud.boot(FLAVOR, None).await;
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            fail(cloud, "image.get", class);
            cloud.api().unshelve(server, Default::default()).await.unwrap();
            cloud.at_rest().await;
            let record = cloud.server(server);
            assert_eq!((record.status(), record.task_state), expected);
            cloud.assert_no_allocations(server);
        });
    }
}

#[test]
fn an_image_that_cannot_be_deleted_keeps_nothing_from_ending() {
    two_hosts().set("shelved_offload_time", "0").run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        fail(cloud, "image.delete", ExceptionClass::Forbidden);
        cloud.api().unshelve(server, Default::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        assert_eq!(cloud.records().images().len(), 2, "the image is left behind");
    });
}

#[test]
fn a_rebuild_or_rescue_whose_image_cannot_be_read_ends_as_nova_ends_it() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        fail(cloud, "image.get", ExceptionClass::NovaException);
        cloud.api().rescue(server, None, None, true).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None), "nothing was begun");
        fail(cloud, "image.get", ExceptionClass::NovaException);
        cloud.api().rebuild(server, Default::default()).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Error, None));
    });
}

#[test]
fn backups_are_rotated_as_far_as_the_image_service_lets_them_go() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        for name in ["first", "second"] {
            fail(cloud, "image.delete", ExceptionClass::Forbidden);
            cloud.api().create_backup(server, name, "daily", 1).await.unwrap();
            cloud.at_rest().await;
        }
        assert_eq!(cloud.records().images().len(), 3, "the older one could not be deleted");
        fail(cloud, "image.get_all", ExceptionClass::NovaException);
        cloud.api().create_backup(server, "third", "daily", 1).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.records().images().len(), 4);
        assert_eq!(cloud.server(server).task_state, None);
    });
}
