//! Present defects of what is done to a server on its host, as they are and cured.

use super::told::*;
use crate::common::{raises, says_no, strike_service};
use conductor::{AttachVolume, RebuildServer, SWAP_OLD_VOL, UnshelveServer};
use harness::TestCloud;
use model::{ExceptionClass, Fix, ServerId};
use virt::types::VirtError;
use virt::{Fault, When};

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(SMALL, "host1").await
}

fn not_found(server: ServerId) -> Fault {
    raises(VirtError::InstanceNotFound(server.to_string()))
}

async fn build_with(cloud: &TestCloud, faults: &[(&str, Fault)]) -> ServerId {
    faults.iter().for_each(|(point, fault)| cloud.inject_fault(point, fault.clone()));
    let server = cloud.api().create(cloud.build_server(SMALL, None)).await.unwrap();
    cloud.delete_in_tear_down(server);
    cloud.at_rest().await;
    server
}

#[test]
fn abort_stays_abort() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::AbortStaysAbort,
        || hosts(2),
        async |cloud| {
            let faults = [("host1:prepare_for_spawn", says_no()), ("host1:failed_spawn_cleanup", says_no())];
            let server = build_with(cloud, &faults).await;
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Active on host2, holds [host2], guests [host2]");
    assert_eq!(fixed, "Error on nowhere, holds [], guests []");
}

#[test]
fn build_destroys_guest() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::BuildDestroysGuest,
        || hosts(2),
        async |cloud| {
            let server = build_with(cloud, &[("host1:get_info", says_no())]).await;
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Error on nowhere, holds [], guests [host1]");
    assert_eq!(fixed, "Error on nowhere, holds [], guests []");
}

#[test]
fn build_instance_not_found() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::BuildInstanceNotFound,
        || hosts(1),
        async |cloud| {
            let gone = raises(VirtError::InstanceNotFound("00000000-0000-4000-8000-000000000000".to_owned()));
            let server = build_with(cloud, &[("host1:spawn", gone)]).await;
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Build spawning on nowhere, holds [], guests []");
    assert_eq!(fixed, "Error on nowhere, holds [], guests []");
}

#[test]
fn rescheduled_events_finish() {
    let unfinished = as_is_and_fixed(
        Fix::RescheduledEventsFinish,
        || hosts(2),
        async |cloud| {
            let server = build_with(cloud, &[("host1:spawn", says_no())]).await;
            let events = cloud.records().actions(server).remove(0).events;
            events.iter().filter(|event| event.finish.is_none()).count()
        },
    );
    assert_eq!(unfinished, (1, 0));
}

#[test]
fn attach_interface_not_implemented() {
    let ports = as_is_and_fixed(
        Fix::AttachInterfaceNotImplemented,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:attach_interface", raises(VirtError::NotImplemented));
            assert_eq!(cloud.api().attach_interface(server, None).await.unwrap_err().code, 500);
            cloud.network().ports_of(server).len()
        },
    );
    assert_eq!(ports, (2, 1));
}

#[test]
fn delete_instance_not_found() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::DeleteInstanceNotFound,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            let error = VirtError::InstanceNotFound(server.to_string());
            strike(cloud, "host1:destroy", Fault::Raise { error, when: When::After });
            cloud.api().delete(server).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Active deleting on host1, holds [host1]"), "{as_is}");
    assert!(fixed.starts_with("deleted on host1, holds []"), "{fixed}");
}

#[test]
fn a_guest_that_its_driver_denies_is_not_taken_for_gone() {
    let (_, fixed) = as_is_and_fixed(
        Fix::DeleteInstanceNotFound,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:destroy", not_found(server));
            cloud.api().delete(server).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(fixed, "Error on host1, holds [host1], guests [host1]");
}

#[test]
fn delete_despite_inventory() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::DeleteDespiteInventory,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:update_provider_tree", says_no());
            cloud.api().delete(server).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Error") && as_is.ends_with("holds [host1], guests []"), "{as_is}");
    assert_eq!(fixed, "deleted on host1, holds [], guests []");
}

#[test]
fn instance_not_found_fault() {
    let faults = as_is_and_fixed(
        Fix::InstanceNotFoundFault,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:suspend", not_found(server));
            cloud.api().suspend(server).await.unwrap();
            assert!(told(cloud, server).await.starts_with("Error on host1"));
            cloud.server(server).faults.len()
        },
    );
    assert_eq!(faults, (0, 1));
}

#[test]
fn rebuild_instance_not_found() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::RebuildInstanceNotFound,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:spawn", not_found(server));
            cloud.api().rebuild(server, RebuildServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Rebuild rebuild_spawning on host1"), "{as_is}");
    assert!(fixed.starts_with("Error on host1"), "{fixed}");
}

#[test]
fn rebuild_keeps_allocation() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::RebuildKeepsAllocation,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:spawn", says_no());
            cloud.api().rebuild(server, RebuildServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Error on host1, holds [], guests []");
    assert_eq!(fixed, "Error on host1, holds [host1], guests []");
}

#[test]
fn shelve_deletes_image() {
    let images = as_is_and_fixed(
        Fix::ShelveDeletesImage,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:snapshot", says_no());
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            cloud.records().images().len()
        },
    );
    assert_eq!(images, (2, 1));
}

#[test]
fn snapshot_instance_not_found() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::SnapshotInstanceNotFound,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike(cloud, "host1:snapshot", not_found(server));
            cloud.api().create_server_image(server, "picture").await.unwrap();
            told(cloud, server).await
        },
    );
    assert!(as_is.starts_with("Active image_snapshot on host1"), "{as_is}");
    assert!(fixed.starts_with("Active on host1"), "{fixed}");
}

#[test]
fn unshelve_releases_claim() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::UnshelveReleasesClaim,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            let volume = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
            cloud.api().attach_volume(server, volume).await.unwrap();
            cloud.at_rest().await;
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            strike(cloud, "host1:get_volume_connector", says_no());
            cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "ShelvedOffloaded on nowhere, holds [host1], guests []");
    assert_eq!(fixed, "ShelvedOffloaded on nowhere, holds [], guests []");
}

#[test]
fn offload_looks_again() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::OffloadLooksAgain,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            let error = VirtError::Other("driver says no".to_owned());
            strike(cloud, "host1:destroy", Fault::Raise { error, when: When::After });
            cloud.api().shelve(server).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Shelved on host1, holds [host1], guests []");
    assert_eq!(fixed, "ShelvedOffloaded on nowhere, holds [], guests []");
}

/// The guest is gone before its ports are let go, so that the offload has no way back.
#[test]
fn an_offload_ends_although_ports_cannot_be_unbound() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::OffloadLooksAgain,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            let refused = ExceptionClass::NovaException;
            strike_service(cloud, "network.unbind_ports", refused, "neutron says no");
            cloud.api().shelve(server).await.unwrap();
            let server_is = told(cloud, server).await;
            let trace = format!("{:?}", cloud.services().trace.records());
            (server_is, trace.contains("Cannot unbind the ports of"))
        },
    );
    assert_eq!(as_is, ("Shelved on host1, holds [host1], guests [host1]".to_owned(), false));
    assert_eq!(fixed, ("ShelvedOffloaded on nowhere, holds [], guests []".to_owned(), true));
}

#[test]
fn unshelve_goes_on() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::UnshelveGoesOn,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.api().shelve(server).await.unwrap();
            cloud.at_rest().await;
            strike(cloud, "host1:get_info", says_no());
            cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "ShelvedOffloaded on host1, holds [host1], guests [host1]");
    assert_eq!(fixed, "Active on host1, holds [host1], guests [host1]");
}
