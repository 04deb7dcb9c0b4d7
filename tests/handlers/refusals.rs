//! What the API refuses, and that nothing has changed then.

use crate::common::{leave_in, says_no, stacks};
use conductor::{
    ApiError, AttachVolume, BootVolume, Caller, CreateServer, CreateServerGroup, IMAGE_BACKED_VOL,
    SWAP_NEW_VOL, SWAP_OLD_VOL, UnshelveServer,
};
use harness::{Simulation, TestCloud};
use model::{GroupPolicy, ServerId, ServerStatus, VmState};

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    stacks(&["fake", "fake"])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

fn told<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> (u16, String) {
    let refused = answer.unwrap_err();
    (refused.code, refused.message)
}

fn says(code: u16, message: &str) -> (u16, String) {
    (code, message.to_owned())
}

#[test]
fn servers_that_cannot_be_made() {
    two_hosts().run(async |cloud| {
        let api = cloud.api();
        let request = || cloud.build_server(FLAVOR, None);
        let zone = Some("nova:host1:node1:more".to_owned());
        let answer = api.create(CreateServer { availability_zone: zone, ..request() }).await;
        assert_eq!(told(answer), says(400, "Unable to parse availability_zone"));
        let mut flavor = cloud.create_flavor("accelerated", 1, 512, 1);
        flavor.extra_specs.insert("accel:device_profile".to_owned(), "fpga".to_owned());
        cloud.records().put_flavor(flavor);
        let answer = api.create(CreateServer { flavor: "accelerated".to_owned(), ..request() }).await;
        assert_eq!(told(answer), says(400, "Device profile name fpga: there is no such device profile."));
        for image in cloud.records().images() {
            cloud.records().delete_image(image.id);
        }
        assert_eq!(told(api.create(request()).await), says(400, "There is no image to build a server from"));
        assert!(cloud.records().servers_even_deleted().is_empty());
    });
}

#[test]
fn groups_and_services_that_are_not_as_they_must_be() {
    two_hosts().run(async |cloud| {
        let nobody = CreateServerGroup {
            name: "nobody".to_owned(),
            policy: GroupPolicy::AntiAffinity,
            max_server_per_host: Some(0),
        };
        let answer = cloud.api().create_server_group(nobody).await;
        assert_eq!(told(answer), says(400, "max_server_per_host must be a positive number"));
        let answer = cloud.api().force_down(&"host9".into(), true).await;
        assert_eq!(told(answer), says(400, "Host 'host9' is not mapped to any cell"));
    });
}

#[test]
fn servers_that_are_not_as_they_must_be() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        let before = cloud.server(server);
        assert_eq!(
            told(api.resize(server, FLAVOR).await),
            says(400, "When resizing, instances must change flavor!")
        );
        leave_in(cloud, server, |server| server.vm_state = VmState::Resized).await;
        for answer in [api.confirm_resize(server).await, api.revert_resize(server).await] {
            assert_eq!(told(answer), says(400, "Instance has not been resized."));
        }
        leave_in(cloud, server, |server| (server.vm_state, server.host) = (VmState::Active, None)).await;
        let not_ready = says(409, &format!("Instance {server} is not ready"));
        for answer in [api.stop(server).await, api.resize(server, "m1.medium").await] {
            assert_eq!(told(answer), not_ready);
        }
        leave_in(cloud, server, |server| server.host = Some("host1".into())).await;
        assert_eq!(cloud.server(server), before);
        api.lock(server).await.unwrap();
        let (project, user) = (before.project_id.clone(), before.user_id.clone());
        let owner = api.of(Caller { project, user, is_admin: false, request: None });
        let locked = says(409, &format!("Instance {server} is locked"));
        let volume = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
        for answer in [
            owner.stop(server).await,
            owner.delete(server).await,
            owner.migrate(server, None).await,
            owner.attach_volume(server, volume).await,
        ] {
            assert_eq!(told(answer), locked);
        }
        let answer = api.swap_volume(server, SWAP_OLD_VOL, SWAP_NEW_VOL).await;
        let unattached = format!("Instance {server} is not attached to volume {SWAP_OLD_VOL}");
        assert_eq!(told(answer), says(404, &unattached));
    });
}

#[test]
fn backups_of_servers_that_boot_from_volumes() {
    two_hosts().run(async |cloud| {
        let root = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
        let request = CreateServer { volumes: vec![root], ..cloud.build_server(FLAVOR, None) };
        let server = cloud.create_server(request, ServerStatus::Active).await.id;
        let answer = cloud.api().create_backup(server, "copy", "daily", 1).await;
        assert_eq!(told(answer), says(400, "Backup is not supported for volume-backed instances."));
        assert_eq!(cloud.records().images().len(), 1);
    });
}

#[test]
fn places_to_which_a_server_cannot_be_brought_back() {
    two_hosts().set("shelved_offload_time", "-1").run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        let to = |zone: Option<&str>, host: Option<&str>| UnshelveServer {
            availability_zone: zone.map(str::to_owned),
            host: host.map(Into::into),
            unpin: false,
        };
        api.shelve(server).await.unwrap();
        cloud.at_rest().await;
        let (code, message) = told(api.unshelve(server, to(Some("nova"), None)).await);
        assert_eq!(code, 409);
        assert!(message.ends_with("The server status must be SHELVED_OFFLOADED."), "{message}");
        assert!(message.contains("with status \"SHELVED\""), "{message}");
        api.shelve_offload(server).await.unwrap();
        cloud.at_rest().await;
        // host2 is in a zone of its own.
        let metadata = [("availability_zone".to_owned(), "far".to_owned())].into();
        let id = uuid::uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c04").into();
        let far =
            cloud.records().aggregates().create(id, "far".to_owned(), metadata, cloud.services().clock.now());
        api.set_aggregate_member(far.number, &"host2".into(), true).unwrap();
        let answer = api.unshelve(server, to(Some("far"), Some("host1"))).await;
        assert_eq!(told(answer), says(409, "Host \"host1\" is not in the availability zone \"far\"."));
        let answer = api.unshelve(server, to(Some("nearby"), None)).await;
        assert_eq!(told(answer), says(400, "The requested availability zone is not available"));
        assert_eq!(cloud.server(server).task_state, None);
        api.unshelve(server, to(Some("far"), None)).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert!(record.is_on(&"host2".into()));
        assert_eq!(cloud.records().request_spec(server).unwrap().availability_zone.as_deref(), Some("far"));
    });
}

#[test]
fn more_than_a_project_or_a_user_or_a_server_may_have() {
    two_hosts().set("server_groups", "0").set("instances", "1").run(async |cloud| {
        let group = || CreateServerGroup {
            name: "group".to_owned(),
            policy: GroupPolicy::Affinity,
            max_server_per_host: None,
        };
        let api = cloud.api();
        assert_eq!(
            told(api.create_server_group(group()).await),
            says(403, "Quota exceeded, too many server groups.")
        );
        assert_eq!(api.check_metadata_quota(128), Ok(()));
        let over = says(403, "Maximum number of metadata items exceeds 128");
        assert_eq!(told(api.check_metadata_quota(129)), over);
        // A class's limit takes the place of the option's, a user's that of both.
        let limits = cloud.records().limits();
        limits.borrow_mut().set_class("instances", 0);
        let more = || api.create(cloud.build_server(FLAVOR, None));
        let none = says(403, "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances");
        assert_eq!(told(more().await), none);
        limits.borrow_mut().set("demo".into(), None, "instances", 10);
        limits.borrow_mut().set("demo".into(), Some("admin".into()), "instances", 0);
        assert_eq!(told(more().await), none);
        limits.borrow_mut().forget(&"demo".into(), Some(&"admin".into()));
        boot(cloud).await;
        limits.borrow_mut().forget(&"demo".into(), None);
        assert_eq!(told(more().await).0, 403);
        // Another quota driver heeds none of them.
        cloud.set_option("quota.driver", "nova.quota.NoopQuotaDriver");
        api.create_server_group(group()).await.unwrap();
        boot(cloud).await;
    });
}

#[test]
fn what_must_have_a_limit_that_the_identity_service_does_not_know() {
    two_hosts().set("quota.driver", "nova.quota.UnifiedLimitsDriver").run(async |cloud| {
        let create = || cloud.api().create(cloud.build_server(FLAVOR, None));
        let unconfigured = "Unexpected API Error. Please contact the administrator\n<class 'ValueError'>";
        assert_eq!(told(create().await), says(500, unconfigured));
        cloud.set_option("oslo_limit.endpoint_id", "compute");
        let over = |resource: &str, amount: u64| {
            format!("Resource {resource} is over limit of 0 due to current usage 0 and delta {amount}")
        };
        let refused =
            |over: &[String]| says(403, &format!("Project demo is over a limit for [{}]", over.join(", ")));
        assert_eq!(told(create().await), refused(&[over("servers", 1)]));
        cloud.set_option("quota.unified_limits_resource_list", "class:VCPU");
        cloud.set_option("quota.unified_limits_resource_strategy", "ignore");
        let classes = [over("class:DISK_GB", 20), over("class:MEMORY_MB", 2048), over("servers", 1)];
        assert_eq!(told(create().await), refused(&classes));
        cloud.set_option("quota.unified_limits_resource_strategy", "require");
        cloud.set_option("quota.unified_limits_resource_list", "class:PGPU");
        let server = boot(cloud).await;
        cloud.set_option("quota.unified_limits_resource_list", "class:VCPU");
        assert_eq!(told(cloud.api().resize(server, "m1.medium").await), refused(&[over("class:VCPU", 2)]));
    });
}

#[test]
fn a_server_that_never_ran_is_not_worked_on_although_it_is_said_to_be_active() {
    stacks(&["fake"]).run(async |cloud| {
        cloud.inject_fault("host1:spawn", says_no());
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.wait_for_state_change(server, ServerStatus::Error).await;
        cloud.api().reset_state(server, true).await.unwrap();
        let refused = cloud.api().pause(server).await.unwrap_err();
        let message = format!("Instance {server} is in an invalid state for 'pause'");
        assert_eq!((refused.code, refused.message), (409, message));
    });
}
