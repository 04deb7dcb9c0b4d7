//! Volumes: attached, detached, exchanged, extended, booted from, and along in every move (instance-lifecycle.md, section 11).
//! What failing driver calls leave is shown by the observed outcomes; here is what they do not cover: refusals, the volume
//! service failing, and that no attachment is lost or left behind.

use compute::ServicePoint;
use conductor::{
    AttachVolume, BootVolume, CreateServer, EvacuateServer, IMAGE_BACKED_VOL, LiveMigrateServer,
    MULTIATTACH_VOL, RebuildServer, SWAP_ERR_NEW_VOL, SWAP_ERR_OLD_VOL, SWAP_NEW_VOL, SWAP_OLD_VOL,
    UnshelveServer,
};
use harness::{Leak, Simulation, TestCloud};
use model::{ExceptionClass, ImageMeta, NovaError, ServerId, ServerStatus, VmState, VolumeId};

const FLAVOR: &str = "m1.small";
const OTHER_FLAVOR: &str = "m1.medium";

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(FLAVOR, "host1").await
}

fn volume(volume: VolumeId) -> AttachVolume {
    AttachVolume { volume, device: None, delete_on_termination: false }
}

async fn attach(cloud: &TestCloud, server: ServerId, wanted: VolumeId) {
    cloud.api().attach_volume(server, volume(wanted)).await.unwrap();
    cloud.at_rest().await;
}

/// Asserts that the server has exactly this volume, by one attachment, connected from this host.
fn assert_connected(cloud: &TestCloud, server: ServerId, volume: VolumeId, host: Option<&str>) {
    let record = cloud.server(server);
    let devices: Vec<_> = record.block_devices.iter().map(|device| device.volume).collect();
    assert_eq!(devices, [volume], "the record's volumes");
    let attachments = cloud.volumes().attachments_of(server);
    let connected: Vec<_> = attachments
        .iter()
        .map(|kept| (kept.volume, kept.connector.as_ref().map(|connector| connector.host.as_str())))
        .collect();
    assert_eq!(connected, [(volume, host)], "the volume service's attachments");
    assert_eq!(record.block_devices[0].attachment, Some(attachments[0].id));
}

fn from_volume(cloud: &TestCloud, host: &str, delete_on_termination: bool) -> CreateServer {
    let root = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination };
    CreateServer { volumes: vec![root], ..cloud.build_server(FLAVOR, Some(host)) }
}

#[test]
fn a_volume_is_attached_under_the_next_free_name_and_detached_again() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        for (wanted, name) in [(SWAP_OLD_VOL, "/dev/sdb"), (SWAP_NEW_VOL, "/dev/sdc")] {
            attach(cloud, server, wanted).await;
            let device = cloud.server(server).block_device(wanted).cloned().unwrap();
            assert_eq!(device.device_name.as_deref(), Some(name));
            assert!(cloud.volumes().attachments_of(server).iter().all(|kept| kept.completed));
        }
        cloud.api().detach_volume(server, SWAP_OLD_VOL).await.unwrap();
        cloud.at_rest().await;
        assert_connected(cloud, server, SWAP_NEW_VOL, Some("host1"));
        attach(cloud, server, SWAP_OLD_VOL).await;
        let device = cloud.server(server).block_device(SWAP_OLD_VOL).cloned().unwrap();
        assert_eq!(device.device_name.as_deref(), Some("/dev/sdb"), "the name is free again");
    });
}

#[test]
fn volumes_are_refused_as_the_api_refuses_them() {
    two_hosts().run(async |cloud| {
        let (first, second) = (boot(cloud).await, boot(cloud).await);
        let api = cloud.api();
        attach(cloud, first, SWAP_NEW_VOL).await;
        let taken = api.attach_volume(second, volume(SWAP_NEW_VOL)).await.unwrap_err();
        assert_eq!(taken.code, 400);
        assert!(taken.message.starts_with("Invalid volume: "), "{}", taken.message);
        attach(cloud, first, MULTIATTACH_VOL).await;
        attach(cloud, second, MULTIATTACH_VOL).await;
        let unknown = api.detach_volume(second, SWAP_NEW_VOL).await.unwrap_err();
        let message = format!("Instance {second} is not attached to volume {SWAP_NEW_VOL}");
        assert_eq!((unknown.code, unknown.message), (404, message));
        let calm = api.swap_volume(first, SWAP_NEW_VOL, SWAP_ERR_NEW_VOL).await.unwrap_err();
        assert_eq!(calm.code, 409);
        assert!(calm.message.contains("is not migrating"), "{}", calm.message);
        api.suspend(first).await.unwrap();
        cloud.at_rest().await;
        let message = format!("Cannot 'attach_volume' instance {first} while it is in vm_state suspended");
        let refused = api.attach_volume(first, volume(SWAP_OLD_VOL)).await.unwrap_err();
        assert_eq!((refused.code, refused.message), (409, message));
    });
}

#[test]
fn a_swapped_volume_takes_the_place_of_the_other_and_a_failed_swap_changes_nothing() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        let name = cloud.server(server).block_devices[0].device_name.clone();
        let mark = cloud.notification_mark();
        cloud.api().swap_volume(server, SWAP_OLD_VOL, SWAP_NEW_VOL).await.unwrap();
        cloud.wait_for_notification(mark, server, "instance.volume_swap.end").await;
        cloud.at_rest().await;
        assert_connected(cloud, server, SWAP_NEW_VOL, Some("host1"));
        assert_eq!(cloud.server(server).block_devices[0].device_name, name);
        cloud.api().detach_volume(server, SWAP_NEW_VOL).await.unwrap();
        cloud.at_rest().await;
        attach(cloud, server, SWAP_ERR_OLD_VOL).await;
        let mark = cloud.notification_mark();
        cloud.api().swap_volume(server, SWAP_ERR_OLD_VOL, SWAP_ERR_NEW_VOL).await.unwrap();
        cloud.wait_for_notification(mark, server, "instance.volume_swap.error").await;
        cloud.at_rest().await;
        assert_connected(cloud, server, SWAP_ERR_OLD_VOL, Some("host1"));
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
    });
}

#[test]
fn a_server_is_told_that_its_volume_has_grown() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        cloud.volumes().extend(SWAP_OLD_VOL, 7);
        cloud.api().volume_extended(server, SWAP_OLD_VOL).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).block_devices[0].size_gb, 7);
        let action = cloud.records().actions(server).pop().unwrap();
        assert_eq!((action.action.as_str(), action.message), ("extend_volume", None));
    });
}

#[test]
fn a_server_that_boots_from_a_volume_needs_no_disk_of_its_host_and_its_volume_goes_with_it() {
    two_hosts().run(async |cloud| {
        let request = from_volume(cloud, "host1", true);
        let server = cloud.create_server(request, ServerStatus::Active).await;
        assert_eq!((server.image, server.root_device_name.is_some()), (None, true));
        assert_connected(cloud, server.id, IMAGE_BACKED_VOL, Some("host1"));
        let used = cloud.get_provider_usages("host1");
        assert_eq!(used.get(&model::ResourceClass::DISK_GB).copied().unwrap_or(0), 0);
        assert_eq!(cloud.compute_node(&"host1".into()).unwrap().local_gb_used, 0);
        let root = cloud.api().detach_volume(server.id, IMAGE_BACKED_VOL).await.unwrap_err();
        assert_eq!((root.code, root.message.as_str()), (400, "Cannot detach a root device volume"));
        cloud.delete_server(server.id).await;
        assert!(cloud.volumes().is_deleted(IMAGE_BACKED_VOL));
        assert!(cloud.volumes().attachments().is_empty());
    });
}

#[test]
fn the_volume_a_server_boots_from_is_written_anew_when_it_is_rebuilt_from_another_image() {
    two_hosts().run(async |cloud| {
        let server = cloud.create_server(from_volume(cloud, "host1", false), ServerStatus::Active).await.id;
        let image = ImageMeta {
            id: "a2459075-d96c-40d5-893e-577ff92e721c".parse().unwrap(),
            name: "another".to_owned(),
            disk_format: "raw".to_owned(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties: Default::default(),
        };
        let other = image.id;
        cloud.records().put_image(image);
        let request = RebuildServer { image: Some(other), ..RebuildServer::default() };
        let old_version = cloud.api().rebuild(server, request).await.unwrap_err();
        assert_eq!(
            old_version.message,
            "Unable to rebuild with a different image for a volume-backed server."
        );
        let request = RebuildServer { reimage_boot_volume: true, ..request };
        cloud.api().rebuild(server, request).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        assert_eq!(cloud.volumes().image_on(IMAGE_BACKED_VOL), Some(other));
        assert_connected(cloud, server, IMAGE_BACKED_VOL, Some("host1"));
    });
}

#[test]
fn a_volume_follows_its_server_in_every_move_by_exactly_one_attachment() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        let on = |host| assert_connected(cloud, server, SWAP_OLD_VOL, host);
        cloud.resize_server(server, OTHER_FLAVOR).await;
        cloud.at_rest().await;
        on(Some("host2"));
        cloud.revert_resize(server).await;
        on(Some("host1"));
        cloud.migrate_server(server, None).await;
        cloud.confirm_resize(server).await;
        on(Some("host2"));
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        on(Some("host1"));
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).vm_state, VmState::ShelvedOffloaded);
        on(None);
        cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
        cloud.at_rest().await;
        let host = cloud.server(server).host.unwrap();
        on(Some(host.as_str()));
        cloud.api().rebuild(server, RebuildServer::default()).await.unwrap();
        cloud.at_rest().await;
        on(Some(host.as_str()));
        cloud.stop_compute(&host).await.unwrap();
        cloud.api().force_down(&host, true).await.unwrap();
        cloud.api().evacuate(server, EvacuateServer::default()).await.unwrap();
        cloud.at_rest().await;
        let moved = cloud.server(server).host.unwrap();
        assert_ne!(moved, host);
        on(Some(moved.as_str()));
        cloud.restart_compute(&host).await.unwrap();
        cloud.assert_invariants().await;
    });
}

#[test]
fn an_offloaded_server_gets_a_volume_that_is_connected_when_it_is_brought_back() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        cloud.api().shelve(server).await.unwrap();
        cloud.at_rest().await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        assert_connected(cloud, server, SWAP_OLD_VOL, None);
        let action = cloud.records().actions(server).pop().unwrap();
        assert_eq!((action.action.as_str(), action.events.len()), ("attach_volume", 0));
        cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
        cloud.at_rest().await;
        let host = cloud.server(server).host.unwrap();
        assert_connected(cloud, server, SWAP_OLD_VOL, Some(host.as_str()));
    });
}

#[test]
fn a_volume_service_that_refuses_is_dealt_with_like_a_driver_that_does() {
    two_hosts().run(async |cloud| {
        let refusal = || NovaError::new(ExceptionClass::NovaException, "cinder says no");
        let fail_next = |call: &str| {
            cloud.service_faults().reset_counts();
            cloud.service_faults().add(ServicePoint::new(call, 1), refusal());
        };
        let server = boot(cloud).await;
        fail_next("volume.attachment_update");
        attach(cloud, server, SWAP_OLD_VOL).await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.block_devices.len()), (ServerStatus::Active, 0));
        assert_eq!(record.faults.last().unwrap().message, "cinder says no");
        assert!(cloud.volumes().attachments().is_empty(), "nothing is left behind");

        attach(cloud, server, SWAP_OLD_VOL).await;
        fail_next("volume.attachment_delete");
        cloud.api().detach_volume(server, SWAP_OLD_VOL).await.unwrap();
        cloud.at_rest().await;
        assert_connected(cloud, server, SWAP_OLD_VOL, Some("host1"));

        fail_next("volume.attachment_update");
        let failed = cloud.create_server(from_volume(cloud, "host2", false), ServerStatus::Error).await;
        let fault = format!("Build of instance {} aborted: cinder says no", failed.id);
        assert_eq!(failed.visible_fault().unwrap().message, fault);
        assert!(cloud.volumes().attachments_of(failed.id).is_empty());

        fail_next("volume.attachment_create");
        let refused = cloud.api().create(from_volume(cloud, "host2", false)).await.unwrap_err();
        assert_eq!(refused.code, 500);
    });
}

#[test]
fn a_source_lets_go_of_its_volumes_although_the_ports_of_a_live_migration_cannot_be_activated() {
    two_hosts().run(async |cloud| {
        let server = boot(cloud).await;
        attach(cloud, server, SWAP_OLD_VOL).await;
        let refusal = NovaError::new(ExceptionClass::NovaException, "neutron says no");
        cloud.service_faults().reset_counts();
        cloud.service_faults().add(ServicePoint::new("network.migrate_instance_start", 1), refusal);
        cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Error);
        assert_connected(cloud, server, SWAP_OLD_VOL, Some("host2"));
        // What it had is nobody's any more (`live-migration-post-releases-source`).
        let migration = cloud.last_migration(server).id;
        cloud.assert_flavor_matches_allocation(FLAVOR, migration, "host1");
        cloud.expect_leak(Leak::allocation("host1", migration));
    });
}
