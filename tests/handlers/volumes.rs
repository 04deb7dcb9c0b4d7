//! Volumes: services and drivers that refuse, requests that come twice, and servers that are on no host.

use crate::common::{leave_in, raises, says_no, stacks, strike, strike_service};
use compute::ServicePoint;
use conductor::{
    AttachVolume, BootVolume, CreateServer, IMAGE_BACKED_VOL, LiveMigrateServer, RebuildServer, SWAP_NEW_VOL,
    SWAP_OLD_VOL, UnshelveServer, volume_named,
};
use harness::{Leak, Simulation, TestCloud};
use model::rpc::RebootType;
use model::{ExceptionClass, NovaError, ServerId, ServerStatus, VmState, VolumeId};
use std::collections::BTreeMap;
use virt::types::VirtError;

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    stacks(&["fake", "fake"])
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot(FLAVOR, Some("host1")).await
}

async fn attach(cloud: &TestCloud, server: ServerId, volume: VolumeId) {
    let wanted = AttachVolume { volume, device: None, delete_on_termination: false };
    cloud.api().attach_volume(server, wanted).await.unwrap();
    cloud.at_rest().await;
}

fn boots_from(cloud: &TestCloud, volume: VolumeId) -> CreateServer {
    let root = BootVolume { volume, boot_index: Some(0), delete_on_termination: true };
    CreateServer { volumes: vec![root], ..cloud.build_server(FLAVOR, Some("host1")) }
}

/// The attached volumes, each with the host it is connected from.
fn connected(cloud: &TestCloud, server: ServerId) -> Vec<(VolumeId, Option<String>)> {
    let attachments = cloud.volumes().attachments_of(server).into_iter();
    let mut all: Vec<_> =
        attachments.map(|kept| (kept.volume, kept.connector.map(|connector| connector.host))).collect();
    all.sort();
    all
}

fn on(host: &str, volumes: &[VolumeId]) -> Vec<(VolumeId, Option<String>)> {
    let mut all: Vec<_> = volumes.iter().map(|volume| (*volume, Some(host.to_owned()))).collect();
    all.sort();
    all
}

fn refuse_nth(cloud: &TestCloud, call: &str, n: u64) {
    cloud.service_faults().reset_counts();
    let refusal = NovaError::new(ExceptionClass::NovaException, "cinder says no");
    cloud.service_faults().add(ServicePoint::new(call, n), refusal);
}

#[test]
fn every_volume_of_a_server_follows_it() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        let volumes = [SWAP_OLD_VOL, SWAP_NEW_VOL];
        for volume in volumes {
            attach(cloud, server, volume).await;
        }
        cloud.migrate_server(server, None).await;
        cloud.confirm_resize(server).await;
        assert_eq!(connected(cloud, server), on("host2", &volumes));
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(connected(cloud, server), on("host1", &volumes));
    });
}

#[test]
fn a_volume_that_cannot_be_deleted_keeps_no_server_from_being_deleted() {
    for host_is_up in [true, false] {
        two_hosts().run(async |cloud| {
            let request = boots_from(cloud, IMAGE_BACKED_VOL);
            let server = cloud.create_server(request, ServerStatus::Active).await.id;
            if !host_is_up {
                cloud.stop_compute(&"host1".into()).await.unwrap();
                cloud.api().force_down(&"host1".into(), true).await.unwrap();
                cloud.expect_leak(Leak::Guest { host: "host1".into(), guest: server.to_string() });
            }
            refuse_nth(cloud, "volume.delete", 1);
            cloud.delete_server(server).await;
            assert!(!cloud.volumes().is_deleted(IMAGE_BACKED_VOL));
            assert!(cloud.volumes().attachments().is_empty());
        });
    }
}

#[test]
fn a_server_whose_deletion_failed_half_way_gets_its_volumes_anew_when_it_is_rebuilt() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        strike(cloud, "host1:update_provider_tree", says_no());
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Error);
        assert!(cloud.volumes().attachments().is_empty(), "they were let go with the guest");
        cloud.reboot_server(server, RebootType::Hard).await;
        cloud.api().rebuild(server, RebuildServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        assert_eq!(connected(cloud, server), on("host1", &[SWAP_OLD_VOL]));
    });
}

#[test]
fn a_volume_that_cannot_be_reserved_is_not_the_servers() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        let api = cloud.api();
        refuse_nth(cloud, "volume.attachment_create", 1);
        attach(cloud, server, SWAP_OLD_VOL).await;
        assert!(cloud.server(server).block_devices.is_empty());
        assert!(cloud.volumes().attachments().is_empty());
        refuse_nth(cloud, "volume.attachment_create", 2);
        let data = BootVolume { volume: SWAP_OLD_VOL, boot_index: None, delete_on_termination: false };
        let mut two = boots_from(cloud, IMAGE_BACKED_VOL);
        two.volumes.push(data);
        assert_eq!(api.create(two).await.unwrap_err().code, 500);
        assert!(cloud.volumes().attachments().is_empty(), "the first was let go");
        // Shelved without a host it could wait; ACTIVE without one it cannot.
        let (host, node) = (cloud.server(server).host, cloud.server(server).node);
        leave_in(cloud, server, |server| server.host = None).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        assert!(cloud.server(server).block_devices.is_empty());
        leave_in(cloud, server, |server| (server.host, server.node) = (host.clone(), node.clone())).await;
    });
}

#[test]
fn a_swap_of_a_volume_that_nobody_moves_any_more_ends_all_the_same() {
    // Of the volume service's answers the fifth says whether it moves the volume.
    for (swap_fails, left) in [(false, SWAP_NEW_VOL), (true, SWAP_OLD_VOL)] {
        two_hosts().run(async |cloud| {
            let server = boot(cloud).await;
            attach(cloud, server, SWAP_OLD_VOL).await;
            refuse_nth(cloud, "volume.get", 5);
            if swap_fails {
                strike(cloud, "host1:swap_volume", says_no());
            }
            cloud.api().swap_volume(server, SWAP_OLD_VOL, SWAP_NEW_VOL).await.unwrap();
            cloud.at_rest().await;
            assert_eq!(connected(cloud, server), on("host1", &[left]));
            assert_eq!(cloud.volumes().show(left).unwrap().status.to_string(), "in-use");
        });
    }
}

#[test]
fn a_driver_may_name_the_device_of_a_volume() {
    stacks(&["fake+answers(names=own)"]).run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        let device = cloud.server(server).block_devices.remove(0);
        assert_eq!(device.device_name.as_deref(), Some("/dev/xvdz"));
    });
}

#[test]
fn an_offloaded_server_loses_a_volume_at_once() {
    two_hosts().set("shelved_offload_time", "0").run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        cloud.api().detach_volume(server, SWAP_OLD_VOL).await.unwrap();
        assert!(cloud.server(server).block_devices.is_empty());
        assert!(cloud.volumes().attachments().is_empty());
        let action = cloud.records().actions(server).pop().unwrap();
        assert_eq!((action.action.as_str(), action.events.len()), ("detach_volume", 0));
    });
}

#[test]
fn a_server_that_boots_from_a_volume_is_put_away_without_an_image() {
    two_hosts().run(async |cloud| {
        let server = cloud.create_server(boots_from(cloud, IMAGE_BACKED_VOL), ServerStatus::Active).await.id;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.vm_state, record.host), (VmState::ShelvedOffloaded, None));
        assert_eq!(cloud.records().images().len(), 1);
        assert_eq!(connected(cloud, server), [(IMAGE_BACKED_VOL, None)]);
        cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
    });
}

#[test]
fn a_destination_that_cannot_undo_its_preparation_leaves_the_volumes_the_sources() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        strike(cloud, "host2:pre_live_migration", says_no());
        cloud.inject_fault("host2:detach_volume", raises(VirtError::Other("it stays".to_owned())));
        strike_service(cloud, "volume.attachment_delete", ExceptionClass::NovaException, "cinder says no");
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        for why in ["it stays", "cinder says no"] {
            cloud.wait_for_log(&format!("Ignoring error of volume {SWAP_OLD_VOL}: {why}")).await;
        }
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        let own = record.block_devices[0].attachment.unwrap();
        let attachments = cloud.volumes().attachments_of(server);
        let of_source = attachments.iter().find(|kept| kept.id == own).unwrap();
        assert_eq!(of_source.connector.as_ref().unwrap().host, "host1");
        assert_eq!(attachments.len(), 2, "the destination's stays");
        cloud.expect_leak(Leak::VolumeAttachment { volume: SWAP_OLD_VOL, server });
    });
}

#[test]
fn what_is_said_of_a_volume_is_heeded_as_if_it_were_said_of_an_image() {
    two_hosts().run(async |cloud| {
        let volume = volume_named("bootable");
        let image = cloud.records().images()[0].id;
        cloud.volumes().create(volume, 3, Some(image));
        let said = BTreeMap::from([("hw_disk_bus".to_owned(), "scsi".to_owned())]);
        cloud.volumes().set_image_properties(volume, said.clone());
        let server = cloud.create_server(boots_from(cloud, volume), ServerStatus::Active).await;
        let spec = cloud.records().request_spec(server.id).unwrap();
        assert_eq!((spec.image, spec.image_meta.unwrap().properties), (None, said));
        let root = &server.block_devices[0];
        assert_eq!((root.size_gb, cloud.volumes().show(volume).unwrap().image), (3, Some(image)));
        cloud.delete_server(server.id).await;
        cloud.volumes().create(SWAP_OLD_VOL, 2, None);
        cloud.volumes().forget(SWAP_OLD_VOL);
        assert_eq!(cloud.volumes().show(SWAP_OLD_VOL), None);
        let server = boot(cloud).await;
        let wanted = AttachVolume { volume: SWAP_OLD_VOL, device: None, delete_on_termination: false };
        let refused = cloud.api().attach_volume(server, wanted).await.unwrap_err();
        let message = format!("Volume {SWAP_OLD_VOL} could not be found.");
        assert_eq!((refused.code, refused.message), (404, message));
    });
}
