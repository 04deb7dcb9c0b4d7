//! Messages that come twice, or too late, or to somebody who has no use for them.

use crate::common::{leave_in, pass, stacks};
use conductor::{AttachVolume, BootVolume, CreateServer, IMAGE_BACKED_VOL, LiveMigrateServer, SWAP_OLD_VOL};
use harness::{Simulation, TestCloud};
use model::rpc::{Address, Answer, Message, Method, RequestContext, Retry};
use model::{
    ExceptionClass, Migration, MigrationStatus, NovaError, Server, ServerId, ServerStatus, TaskState,
};

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    stacks(&["fake", "fake"])
}

async fn send(cloud: &TestCloud, to: Address, server: ServerId, method: Method) -> Result<Answer, NovaError> {
    let context = RequestContext {
        request: "req-again".into(),
        project_id: "demo".into(),
        user_id: "admin".into(),
        is_admin: true,
    };
    let message = Message { context, server, method };
    let answer = cloud.services().bus.call(&Address::Api, to, message).await;
    cloud.at_rest().await;
    answer
}

fn host(name: &str) -> Address {
    Address::Compute(name.into())
}

#[test]
fn what_is_meant_for_another_service_is_refused() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let before = cloud.server(server);
        let spec = || Box::new(cloud.records().request_spec(server).unwrap());
        let build = Method::ScheduleAndBuildInstances { request_specs: Vec::new() };
        for (to, method, message) in [
            (host("host1"), build, "schedule_and_build_instances is not for a compute"),
            (
                host("host1"),
                Method::UnshelveServer { request_spec: spec() },
                "unshelve_instance is not for a compute",
            ),
            (Address::Conductor, Method::StopInstance, "stop_instance is not for the conductor"),
        ] {
            let refused = send(cloud, to, server, method).await.unwrap_err();
            assert_eq!((refused.class, refused.message.as_str()), (ExceptionClass::Unexpected, message));
        }
        assert_eq!(cloud.server(server), before);
    });
}

#[test]
fn a_resize_that_is_confirmed_twice_is_confirmed_once() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.resize_server(server, "m1.medium").await;
        cloud.confirm_resize(server).await;
        let (before, migration) = (cloud.server(server), cloud.last_migration(server).id);
        let again = || send(cloud, host("host1"), server, Method::ConfirmResize { migration });
        assert_eq!(again().await, Ok(Answer::Done));
        assert_eq!(cloud.server(server), before);
        cloud.delete_server(server).await;
        assert_eq!(again().await, Ok(Answer::Done));
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Confirmed);
    });
}

#[test]
fn a_build_that_comes_back_for_a_server_that_is_gone_is_dropped() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let request_spec = Box::new(cloud.records().request_spec(server).unwrap());
        cloud.delete_server(server).await;
        let retry = Retry { hosts: vec!["host1".into()], reason: None };
        let method = Method::BuildInstances { request_spec, alternates: Vec::new(), retry };
        let gone = send(cloud, Address::Conductor, server, method).await.unwrap_err();
        assert_eq!(gone.class, ExceptionClass::InstanceNotFound);
        assert!(cloud.server(server).faults.is_empty());
        cloud.assert_no_allocations(server);
    });
}

#[test]
fn a_live_migration_that_is_over_cannot_be_called_off() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.wait_for_migration_status(server, &[MigrationStatus::Completed]).await;
        cloud.at_rest().await;
        let (before, migration) = (cloud.server(server), cloud.last_migration(server).id);
        let late = send(cloud, host("host1"), server, Method::LiveMigrationAbort { migration }).await;
        assert_eq!(late.unwrap_err().class, ExceptionClass::InvalidMigrationState);
        let after = cloud.server(server);
        assert_eq!(after.faults.len(), 1);
        assert_eq!(Server { faults: Vec::new(), ..after }, before);
        let sent = cloud.services().notifier.sent();
        let of_abort = sent.iter().map(|sent| sent.event_type.as_str());
        let of_abort: Vec<_> = of_abort.filter(|event| event.contains("live_migration_abort")).collect();
        assert_eq!(of_abort, ["instance.live_migration_abort.start"]);
    });
}

#[test]
fn a_volume_that_is_detached_twice_is_gone_the_second_time() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let wanted = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
        cloud.api().attach_volume(server, wanted).await.unwrap();
        cloud.at_rest().await;
        let detach = || send(cloud, host("host1"), server, Method::DetachVolume { volume: SWAP_OLD_VOL });
        assert_eq!(detach().await, Ok(Answer::Done));
        assert!(cloud.volumes().attachments().is_empty());
        let refused = detach().await.unwrap_err();
        assert_eq!(refused.message, format!("No volume Block Device Mapping with id {SWAP_OLD_VOL}."));
        assert_eq!(cloud.server(server).faults.last().unwrap().message, refused.message);
    });
}

#[test]
fn a_server_without_an_image_is_rescued_without_one() {
    two_hosts().run(async |cloud| {
        let root = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
        let request = CreateServer { volumes: vec![root], ..cloud.build_server(FLAVOR, Some("host1")) };
        let server = cloud.create_server(request, ServerStatus::Active).await.id;
        leave_in(cloud, server, |server| server.task_state = Some(TaskState::Rescuing)).await;
        let method = Method::RescueInstance { rescue_password: "secret".to_owned(), rescue_image: None };
        assert_eq!(send(cloud, host("host1"), server, method).await, Ok(Answer::Done));
        assert_eq!(cloud.server(server).status(), ServerStatus::Rescue);
    });
}

#[test]
fn a_resize_whose_destination_nobody_knows_is_taken_back() {
    stacks(&["fake+slow(method=migrate_disk_and_power_off,ms=1000)", "fake"]).run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.api().resize(server, "m1.medium").await.unwrap();
        pass(cloud, 500).await;
        let nowhere = &mut |migration: &mut Migration| migration.dest_compute = None;
        cloud.services().records.update_migration(cloud.last_migration(server).id, nowhere).await.unwrap();
        cloud.at_rest().await;
        let (record, migration) = (cloud.server(server), cloud.last_migration(server));
        assert_eq!((record.status(), migration.status), (ServerStatus::Error, MigrationStatus::Error));
        let fault = &record.faults.last().unwrap().message;
        assert_eq!(*fault, format!("Migration error: migration {} has no destination", migration.id));
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
    });
}

#[test]
fn a_server_that_is_on_no_host_any_more_is_not_resized() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let away = "host2".into();
        cloud.stop_compute(&away).await.unwrap();
        cloud.api().resize(server, "m1.medium").await.unwrap();
        cloud.at_rest().await;
        leave_in(cloud, server, |server| server.host = None).await;
        cloud.restart_compute(&away).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(record.status(), ServerStatus::Error);
        let fault = format!("Migration error: Instance {server} has no source host");
        assert!(record.faults.iter().any(|known| known.message == fault), "{:?}", record.faults);
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        leave_in(cloud, server, |server| server.host = Some("host1".into())).await;
    });
}
