//! What is asked of a guest: by users, by other services, and what becomes of it when the driver does not do it.

use crate::common::{leave_in, pass, raises, says_no, stacks, strike};
use conductor::{BootVolume, Caller, CreateServer, IMAGE_BACKED_VOL, RebuildServer};
use harness::{Simulation, TestCloud};
use model::rpc::{ExternalEvent, POWER_UPDATE, RebootType};
use model::{ImageMeta, PortId, PowerState, ServerId, ServerStatus, TaskState, VmState};
use uuid::uuid;
use virt::types::{TaskStateConflict, VirtError};

const FLAVOR: &str = "m1.small";

fn one_host() -> Simulation {
    stacks(&["fake"])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

fn image(id: &str, properties: &[(&str, &str)]) -> ImageMeta {
    ImageMeta {
        id: id.parse().unwrap(),
        name: "another".to_owned(),
        disk_format: "raw".to_owned(),
        min_disk_gb: 0,
        min_ram_mb: 0,
        properties: properties.iter().map(|(key, said)| ((*key).to_owned(), (*said).to_owned())).collect(),
    }
}

const OTHER: &str = "a2459075-d96c-40d5-893e-577ff92e721c";

fn somebody_else(cloud: &TestCloud, is_admin: bool) -> conductor::ComputeApi {
    let caller = Caller { project: "other".into(), user: "stranger".into(), is_admin, request: None };
    cloud.api().of(caller)
}

#[test]
fn a_password_that_cannot_be_set_leaves_the_server_as_it_was() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let conflict = TaskStateConflict {
            instance: server.to_string(),
            expected: "updating_password".to_owned(),
            actual: "None".to_owned(),
        };
        for (error, code, message) in [
            (VirtError::InstanceAgentNotEnabled, 409, "Guest agent is not enabled for the instance"),
            (VirtError::SetAdminPasswdNotSupported, 409, "Set admin password is not supported"),
            (VirtError::NotImplemented, 501, "Unable to set password on instance"),
            (VirtError::Other("it is 1234".to_owned()), 409, "because error setting admin password"),
            (VirtError::UnexpectedTaskState(conflict), 500, "Unexpected API Error."),
        ] {
            let is_preempted = matches!(error, VirtError::UnexpectedTaskState(_));
            strike(cloud, "host1:set_admin_password", raises(error.clone()));
            let refused = cloud.api().change_password(server, None).await.unwrap_err();
            assert_eq!(refused.code, code, "{refused}");
            assert!(refused.message.contains(message) && !refused.message.contains("1234"), "{refused}");
            let record = cloud.server(server);
            // Of a server that somebody else works on the task is left alone.
            let left = match is_preempted {
                true => (ServerStatus::Password, Some(TaskState::UpdatingPassword)),
                false => (ServerStatus::Active, None),
            };
            assert_eq!((record.status(), record.task_state), left);
        }
        leave_in(cloud, server, |server| server.task_state = None).await;
    });
}

#[test]
fn what_a_driver_does_not_tell_is_not_implemented() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let message = "The requested functionality is not supported.";
        let api = cloud.api();
        strike(cloud, "host1:get_console_output", raises(VirtError::NotImplemented));
        let refused = api.console_output(server, None).await.unwrap_err();
        assert_eq!((refused.code, refused.message.as_str()), (501, message));
        for (common_form, method) in [(true, "get_instance_diagnostics"), (false, "get_diagnostics")] {
            strike(cloud, &format!("host1:{method}"), raises(VirtError::NotImplemented));
            let refused = api.diagnostics(server, common_form).await.unwrap_err();
            assert_eq!((refused.code, refused.message.as_str()), (501, message));
        }
    });
}

#[test]
fn addresses_are_written_into_a_guest_unless_somebody_locked_it() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host1:inject_network_info", says_no());
        cloud.api().inject_network_info(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.faults().struck().len(), 1, "the driver was asked");
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        cloud.api().inject_network_info(server).await.unwrap();
        cloud.at_rest().await;
        cloud.api().lock(server).await.unwrap();
        let owner = cloud.server(server).project_id;
        let caller = Caller { project: owner, user: "user".into(), is_admin: false, request: None };
        let refused = cloud.api().of(caller).inject_network_info(server).await.unwrap_err();
        assert_eq!((refused.code, refused.message), (409, format!("Instance {server} is locked")));
    });
}

#[test]
fn a_stranger_finds_no_server_and_an_administrators_image_names_its_owner() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let refused = somebody_else(cloud, false).stop(server).await.unwrap_err();
        assert_eq!((refused.code, refused.message), (404, format!("Instance {server} could not be found.")));
        let image = somebody_else(cloud, true).create_server_image(server, "theirs").await.unwrap();
        cloud.at_rest().await;
        let image = cloud.records().image(image).unwrap();
        let said = |key: &str| image.properties.get(key).map(String::as_str);
        assert_eq!((said("owner_id"), said("instance_owner")), (Some("other"), Some("demo")));
    });
}

async fn power_is(cloud: &TestCloud, server: ServerId, tag: &str) {
    let event = ExternalEvent { name: POWER_UPDATE.to_owned(), tag: tag.to_owned(), failed: false };
    cloud.api().external_event(server, event).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn a_machine_that_somebody_else_switches_is_recorded_as_it_is() {
    stacks(&["fake(power_update=true)"]).run(async |cloud| {
        let server = boot(cloud).await;
        let state = || {
            let record = cloud.server(server);
            (record.status(), record.power_state, record.task_state)
        };
        let actions = || cloud.records().actions(server).len();
        let (on, off) = (
            (ServerStatus::Active, PowerState::Running, None),
            (ServerStatus::Shutoff, PowerState::Shutdown, None),
        );
        power_is(cloud, server, "POWER_SIDEWAYS").await;
        assert_eq!((state(), actions()), (on, 1), "that is no power state");
        for (tag, expected) in [("POWER_ON", on), ("POWER_OFF", off), ("POWER_OFF", off), ("POWER_ON", on)] {
            power_is(cloud, server, tag).await;
            assert_eq!(state(), expected, "{tag}");
        }
        let no_op = format!("The power-update POWER_ON event for instance {server} is a no-op");
        cloud.wait_for_log(&no_op).await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn a_power_update_that_somebody_comes_before_is_told_in_the_log_and_one_that_fails_in_the_action() {
    let stack = "fake(power_update=true)+slow(method=power_update_event,ms=1000)";
    stacks(&[stack, "fake"]).run(async |cloud| {
        let server = boot(cloud).await;
        let event =
            ExternalEvent { name: POWER_UPDATE.to_owned(), tag: "POWER_OFF".to_owned(), failed: false };
        cloud.api().external_event(server, event).await.unwrap();
        pass(cloud, 500).await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::PoweringOff));
        cloud.api().reset_state(server, true).await.unwrap();
        cloud.at_rest().await;
        cloud.wait_for_log("The power-update event was possibly preempted").await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        let other = cloud.boot(FLAVOR, Some("host2")).await;
        power_is(cloud, other, "POWER_OFF").await;
        let record = cloud.server(other);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        let action = cloud.records().actions(other).pop().unwrap();
        assert_eq!((action.action.as_str(), action.message.as_deref()), ("stop", Some("Error")));
    });
}

#[test]
fn a_driver_without_soft_delete_switches_off_and_on() {
    one_host().set("reclaim_instance_interval", "3600").run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host1:soft_delete", raises(VirtError::NotImplemented));
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.power_state), (ServerStatus::SoftDeleted, PowerState::Shutdown));
        strike(cloud, "host1:restore", raises(VirtError::NotImplemented));
        cloud.api().restore(server).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.power_state), (ServerStatus::Active, PowerState::Running));
        // One that is on no host has no guest to bring back.
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        leave_in(cloud, server, |server| server.host = None).await;
        cloud.api().restore(server).await.unwrap();
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.task_state), (VmState::Active, None));
        leave_in(cloud, server, |server| server.host = Some("host1".into())).await;
        cloud.set_option("reclaim_instance_interval", "0");
    });
}

#[test]
fn a_server_that_boots_from_a_volume_is_rescued_with_an_image_that_says_how_where_the_host_can() {
    stacks(&["fake", "fake(rescue_bfv=true)"]).run(async |cloud| {
        let how = [("hw_rescue_bus", "usb"), ("hw_rescue_device", "disk")];
        cloud.records().put_image(image(OTHER, &how));
        let said = Some(OTHER.parse().unwrap());
        let cannot =
            |server: ServerId, reason: &str| format!("Instance {server} cannot be rescued: {reason}");
        for host in ["host1", "host2"] {
            let root =
                BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
            let request = CreateServer { volumes: vec![root], ..cloud.build_server(FLAVOR, Some(host)) };
            let server = cloud.create_server(request, ServerStatus::Active).await.id;
            let api = cloud.api();
            for (image, from_volume) in [(None, true), (said, false)] {
                let refused = api.rescue(server, None, image, from_volume).await.unwrap_err();
                let reason = cannot(server, "Cannot rescue a volume-backed instance");
                assert_eq!((refused.code, refused.message), (400, reason));
            }
            let rescued = api.rescue(server, None, said, true).await;
            cloud.at_rest().await;
            if host == "host2" {
                assert_eq!(rescued.unwrap().len(), 12);
                assert_eq!(cloud.server(server).status(), ServerStatus::Rescue);
            } else {
                let reason = cannot(server, "Host unable to rescue a volume-backed instance");
                assert_eq!(rescued.unwrap_err().message, reason);
            }
            cloud.delete_server(server).await;
        }
        let server = boot(cloud).await;
        let unknown = "3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c03";
        let refused =
            cloud.api().rescue(server, None, Some(unknown.parse().unwrap()), true).await.unwrap_err();
        let message = format!("Requested rescue image '{unknown}' is not available");
        assert_eq!((refused.code, refused.message), (400, message));
    });
}

#[test]
fn a_snapshot_whose_image_is_gone_is_over_and_one_whose_server_is_gone_does_not_begin() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        strike(cloud, "host1:snapshot", raises(VirtError::ImageNotFound(OTHER.to_owned())));
        cloud.api().create_server_image(server, "picture").await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.task_state, record.faults.len()), (None, 0));
        let host = "host1".into();
        cloud.stop_compute(&host).await.unwrap();
        cloud.api().create_server_image(server, "another").await.unwrap();
        cloud.api().force_down(&host, true).await.unwrap();
        cloud.delete_server(server).await;
        cloud.restart_compute(&host).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).faults.is_empty());
        cloud.run_periodic(compute::PeriodicTask::CleanupRunningDeleted).await.unwrap();
    });
}

#[test]
fn ports_that_are_not_there_are_neither_attached_nor_detached() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let unknown = PortId(uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c03"));
        let refused = cloud.api().attach_interface(server, Some(unknown)).await.unwrap_err();
        assert_eq!((refused.code, refused.message), (404, format!("Port {unknown} could not be found.")));
        let own = cloud.network().create_port().unwrap();
        assert_eq!(cloud.api().attach_interface(server, Some(own)).await, Ok(own));
        for _ in 0..2 {
            cloud.api().detach_interface(server, own).await.unwrap();
            cloud.at_rest().await;
        }
        let record = cloud.server(server);
        assert_eq!(record.network_info.len(), 1);
        assert_eq!(record.faults.last().unwrap().message, format!("Port {own} is not attached"));
        assert!(cloud.network().delete_port(own), "it is a user's own and was kept");
    });
}

#[test]
fn a_rebuild_that_is_to_keep_what_the_driver_cannot_keep_fails() {
    one_host().run(async |cloud| {
        let server = boot(cloud).await;
        let request = RebuildServer { preserve_ephemeral: true, ..RebuildServer::default() };
        cloud.api().rebuild(server, request).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(record.status(), ServerStatus::Error);
        let message = "The current driver does not support preserving ephemeral partitions.";
        assert_eq!(record.visible_fault().unwrap().message, message);
        cloud.assert_guests(server, &["host1"]).await;
        cloud.reboot_server(server, RebootType::Hard).await;
    });
}

#[test]
fn a_rebuild_from_an_image_that_asks_for_too_much_leaves_the_server_its_own() {
    one_host().run(async |cloud| {
        let forbidden = "Image traits are part of forbidden traits in flavor associated with the server. \
                         Either specify a different image during rebuild or create a new server with the \
                         specified image and a compatible flavor.";
        let missing = "Image traits cannot be satisfied by the current resource providers. Either specify a \
                       different image during rebuild or create a new server with the specified image.";
        let mut flavor = cloud.create_flavor("plain", 1, 512, 1);
        flavor.extra_specs.insert("trait:HW_CPU_X86_AVX".to_owned(), "forbidden".to_owned());
        cloud.records().put_flavor(flavor);
        cloud.records().put_image(image(OTHER, &[("trait:HW_CPU_X86_AVX", "required")]));
        for (flavor, reason) in [("plain", forbidden), (FLAVOR, missing)] {
            let server = cloud.boot(flavor, None).await;
            let before = cloud.server(server).image;
            let request = RebuildServer { image: Some(OTHER.parse().unwrap()), ..RebuildServer::default() };
            cloud.api().rebuild(server, request).await.unwrap();
            cloud.at_rest().await;
            let record = cloud.server(server);
            assert_eq!((record.status(), record.image), (ServerStatus::Error, before));
            let fault = &record.visible_fault().unwrap().message;
            assert_eq!(*fault, format!("No valid host was found. {reason}"));
            cloud.assert_guests(server, &["host1"]).await;
        }
    });
}
