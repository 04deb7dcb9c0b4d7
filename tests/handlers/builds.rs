//! Builds: what the driver or a service raises in them, and servers that are deleted or changed while they are built.

use crate::common::{leave_in, pass, raises, says_no, stacks, strike, strike_service};
use compute::ServicePoint;
use conductor::{BootVolume, CreateServer, IMAGE_BACKED_VOL, SWAP_OLD_VOL};
use harness::{Leak, Simulation, TestCloud};
use model::{ExceptionClass, Fix, NovaError, Server, ServerId, ServerStatus, TaskState};
use runtime::MessageFault;
use virt::nova_error;
use virt::types::{QosNetwork, VideoMemory, VirtError};

const FLAVOR: &str = "m1.small";
const SOME: &str = "3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c03";

fn two_hosts() -> Simulation {
    stacks(&["fake", "fake"])
}

async fn create(cloud: &TestCloud, request: CreateServer) -> ServerId {
    let server = cloud.api().create(request).await.unwrap();
    cloud.delete_in_tear_down(server);
    server
}

async fn built(cloud: &TestCloud) -> Server {
    let server = create(cloud, cloud.build_server(FLAVOR, None)).await;
    cloud.at_rest().await;
    cloud.server(server)
}

fn from_volume(cloud: &TestCloud, host: Option<&str>) -> CreateServer {
    let root = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: true };
    let data = BootVolume { volume: SWAP_OLD_VOL, boot_index: None, delete_on_termination: false };
    CreateServer { volumes: vec![root, data], ..cloud.build_server(FLAVOR, host) }
}

fn assert_aborted(server: &Server, reason: &str) {
    assert_eq!((server.status(), &server.host), (ServerStatus::Error, &None), "{reason}");
    let fault = server.visible_fault().unwrap();
    assert_eq!(fault.message, format!("Build of instance {} aborted: {reason}", server.id));
}

#[test]
fn what_a_spawn_raises_decides_whether_another_host_is_tried() {
    let network = || "Failed to allocate the network(s), not rescheduling.".to_owned();
    let video = VirtError::RequestedVramTooHigh(VideoMemory { requested: 64, maximum: 16 });
    let fixed_ips = VirtError::NoMoreFixedIps(SOME.to_owned());
    let no_address = format!(
        "Failed to allocate the network(s) with error {}, not rescheduling.",
        nova_error(&fixed_ips).message
    );
    let qos = QosNetwork { instance: SOME.to_owned(), network: SOME.to_owned() };
    for (error, reason) in [
        (fixed_ips, Some(no_address)),
        (VirtError::ExternalNetworkAttachForbidden(SOME.to_owned()), Some(network())),
        (VirtError::VirtualInterfaceMacAddress, Some(network())),
        (VirtError::FixedIpInvalidOnHost(SOME.to_owned()), Some(network())),
        (VirtError::UnableToAutoAllocateNetwork("demo".to_owned()), Some(network())),
        (VirtError::NetworksWithQosPolicyNotSupported(qos), Some(network())),
        (VirtError::VtpmSecretForbidden("no".to_owned()), Some(network())),
        (video.clone(), Some(nova_error(&video).message)),
        (VirtError::FlavorMemoryTooSmall, Some(nova_error(&VirtError::FlavorMemoryTooSmall).message)),
        (VirtError::ImageNotActive(SOME.to_owned()), Some(format!("Image {SOME} is not active."))),
        (VirtError::InstanceDeployFailure("no".to_owned()), None),
    ] {
        two_hosts().fix(Fix::RescheduledEventsFinish).run(async |cloud| {
            strike(cloud, "host1:spawn", raises(error.clone()));
            let server = built(cloud).await;
            match &reason {
                Some(reason) => assert_aborted(&server, reason),
                None => assert!(server.is_on(&"host2".into()), "{error:?}"),
            }
            cloud.assert_invariants().await;
        });
    }
}

/// Nova allocates the network beside the build, whose spawn raises what came of it.
#[test]
fn a_network_that_cannot_be_allocated_fails_the_spawn() {
    two_hosts().run(async |cloud| {
        let call = "network.allocate_for_instance";
        strike_service(cloud, call, ExceptionClass::NoMoreFixedIps, "no address is left");
        let server = built(cloud).await;
        let reason = "Failed to allocate the network(s) with error no address is left, not rescheduling.";
        assert_aborted(&server, reason);
        strike_service(cloud, call, ExceptionClass::NovaException, "neutron says no");
        let server = built(cloud).await;
        assert!(server.is_on(&"host2".into()));
        cloud.assert_guests(server.id, &["host2"]).await;
        cloud.assert_flavor_matches_allocation(FLAVOR, server.id, "host2");
        assert_eq!(cloud.network().ports_of(server.id).len(), 1);
    });
}

#[test]
fn a_claim_that_cannot_be_given_back_does_not_keep_the_build_from_the_next_host() {
    two_hosts().run(async |cloud| {
        strike(cloud, "host1:spawn", says_no());
        cloud.inject_fault("host1:update_provider_tree#2", says_no());
        let server = built(cloud).await;
        assert!(server.is_on(&"host2".into()));
        cloud.run_periodics().await;
        cloud.assert_flavor_matches_usage("host1", &[]);
        cloud.assert_hypervisor_usage("host1", &[]);
    });
}

#[test]
fn a_guest_that_cannot_be_destroyed_after_its_build_failed_is_told_in_the_log() {
    two_hosts().fix(Fix::BuildDestroysGuest).run(async |cloud| {
        strike(cloud, "host1:get_info", says_no());
        cloud.inject_fault("host1:destroy", says_no());
        let server = built(cloud).await;
        assert_eq!(server.status(), ServerStatus::Error);
        cloud.wait_for_log(&format!("Cannot destroy the guest of the failed build of {}", server.id)).await;
        cloud.assert_no_allocations(server.id);
        cloud.expect_leak(Leak::Guest { host: "host1".into(), guest: server.id.to_string() });
    });
}

#[test]
fn volumes_that_a_given_up_build_cannot_let_go_do_not_keep_it_from_ending() {
    two_hosts().run(async |cloud| {
        strike(cloud, "host1:prepare_for_spawn", says_no());
        strike_service(cloud, "volume.attachment_delete", ExceptionClass::NovaException, "cinder says no");
        let no = NovaError::new(ExceptionClass::NovaException, "cinder says no");
        cloud.service_faults().add(ServicePoint::new("volume.delete", 1), no);
        let server = create(cloud, from_volume(cloud, None)).await;
        cloud.at_rest().await;
        assert_aborted(&cloud.server(server), "Failure prepping block device.");
        for what in ["detach", "delete"] {
            cloud.wait_for_log(&format!("Failed to {what} volume {IMAGE_BACKED_VOL}: cinder says no")).await;
        }
        // What could not be let go is let go with the server.
        let left: Vec<_> = cloud.volumes().attachments_of(server).iter().map(|kept| kept.volume).collect();
        assert_eq!(left, [IMAGE_BACKED_VOL]);
    });
}

#[test]
fn a_server_that_is_deleted_before_its_build_begins_is_not_built() {
    two_hosts().run(async |cloud| {
        let host = "host1".into();
        cloud.stop_compute(&host).await.unwrap();
        let server = create(cloud, cloud.build_server(FLAVOR, Some("host1"))).await;
        cloud.at_rest().await;
        cloud.delete_server(server).await;
        cloud.restart_compute(&host).await.unwrap();
        cloud.at_rest().await;
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
        assert!(cloud.server(server).faults.is_empty());
    });
}

#[test]
fn a_build_leaves_a_server_alone_that_somebody_else_works_on() {
    for (task, faults) in [(TaskState::Deleting, 0), (TaskState::Rebuilding, 1)] {
        two_hosts().run(async |cloud| {
            let message = "compute.host1:build_and_run_instance#1".parse().unwrap();
            cloud.services().bus.faults().add(message, MessageFault::Late);
            let server = create(cloud, cloud.build_server(FLAVOR, Some("host1"))).await;
            pass(cloud, 100).await;
            leave_in(cloud, server, |server| server.task_state = Some(task)).await;
            cloud.at_rest().await;
            let record = cloud.server(server);
            assert_eq!((record.task_state, record.faults.len()), (Some(task), faults));
            cloud.assert_no_allocations(server);
            cloud.assert_guests(server, &[]).await;
        });
    }
}

/// As in Nova, whose object keeps what could not be saved and writes it with the next save.
#[test]
fn a_build_that_finds_its_server_being_deleted_after_the_spawn_writes_that_the_guest_runs() {
    stacks(&["fake+slow(method=get_info,ms=1000)"]).run(async |cloud| {
        let server = create(cloud, cloud.build_server(FLAVOR, None)).await;
        pass(cloud, 500).await;
        leave_in(cloud, server, |server| server.task_state = Some(TaskState::Deleting)).await;
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert!(record.launched_at.is_some() && record.network_info.is_empty());
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn ports_that_are_not_taken_back_after_a_failed_build_go_with_its_server() {
    two_hosts().run(async |cloud| {
        strike(cloud, "host1:spawn", raises(VirtError::FlavorMemoryTooSmall));
        strike_service(
            cloud,
            "network.deallocate_for_instance",
            ExceptionClass::NovaException,
            "neutron says no",
        );
        let server = built(cloud).await;
        assert_eq!((server.status(), server.network_info.len()), (ServerStatus::Error, 1));
        cloud.wait_for_log(&format!("Failed to deallocate networks of {}", server.id)).await;
        cloud.delete_server(server.id).await;
        assert_eq!(cloud.network().ports_of(server.id), []);
    });
}

#[test]
fn a_build_without_interfaces_that_fails_asks_for_its_ports_and_leaves_them_if_there_is_no_answer() {
    stacks(&["fake"]).run(async |cloud| {
        let refused = ExceptionClass::NovaException;
        strike_service(cloud, "network.allocate_for_instance", refused, "neutron says no");
        let unanswered = NovaError::new(refused, "neutron does not answer");
        // The first is asked by the deletion of what was spawned, the second by the clean-up.
        cloud.service_faults().add(ServicePoint::new("network.get_instance_nw_info", 2), unanswered);
        let server = built(cloud).await;
        assert_eq!((server.status(), server.host), (ServerStatus::Error, None));
        cloud.wait_for_log(&format!("Stale VIFs may be left of {} on this host", server.id)).await;
    });
}

#[test]
fn a_server_that_is_deleted_before_it_is_scheduled_holds_nothing() {
    two_hosts().run(async |cloud| {
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
    });
}

#[test]
fn a_server_that_is_deleted_while_its_guest_is_looked_at_is_gone() {
    stacks(&["fake+slow(method=get_info,ms=1000)"]).run(async |cloud| {
        let server = create(cloud, cloud.build_server(FLAVOR, None)).await;
        pass(cloud, 500).await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Spawning));
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert!(cloud.server(server).deleted());
        cloud.assert_no_allocations(server);
        cloud.assert_guests(server, &[]).await;
        let errors = cloud.services().notifier.sent();
        assert!(errors.iter().any(|sent| sent.event_type == "instance.create.error"));
    });
}

#[test]
fn a_server_that_is_reset_while_it_is_built_is_built_on_the_next_host() {
    stacks(&["fake+slow(method=get_volume_connector,ms=1000)", "fake"]).run(async |cloud| {
        let server = create(cloud, from_volume(cloud, None)).await;
        pass(cloud, 500).await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::BlockDeviceMapping));
        cloud.api().reset_state(server, false).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!(record.status(), ServerStatus::Active);
        assert!(record.is_on(&"host2".into()));
        cloud.assert_guests(server, &["host2"]).await;
    });
}

#[test]
fn devices_without_a_name_get_the_drivers_or_the_next_that_is_free() {
    for (stack, name) in [("fake", "/dev/sdb"), ("fake+answers(names=own)", "/dev/xvdq")] {
        stacks(&[stack]).run(async |cloud| {
            let server = cloud.create_server(from_volume(cloud, None), ServerStatus::Active).await;
            let data = server.block_device(SWAP_OLD_VOL).unwrap();
            assert_eq!(data.device_name.as_deref(), Some(name));
            assert_eq!(server.root_device_name.as_deref(), Some("/dev/sda"));
        });
    }
}
