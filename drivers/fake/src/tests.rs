//! Where the guest is at each stage of its life, as far as a driver has a say in it.

use super::*;
use novarig_driver_sdk::testing::{self, flavor, no_disks, resize, run};

fn instance() -> Instance {
    testing::instance("a", flavor("m1.small", 1, 2048, 20))
}

fn image() -> ImageMeta {
    ImageMeta {
        id: None,
        name: None,
        status: None,
        container_format: None,
        disk_format: None,
        min_disk: 0,
        min_ram: 0,
        size: None,
        properties: vec![],
    }
}

fn spawn(power_on: bool) {
    let request = SpawnRequest {
        instance: instance(),
        image_meta: image(),
        injected_files: vec![],
        admin_password: None,
        allocations: vec![],
        network_info: vec![],
        block_device_info: no_disks(),
        power_on,
        accel_info: vec![],
    };
    run(Fake.spawn(request)).unwrap();
}

fn destroy() {
    let request = DestroyRequest {
        instance: instance(),
        network_info: vec![],
        block_device_info: no_disks(),
        destroy_disks: true,
        destroy_secrets: true,
    };
    run(Fake.destroy(request)).unwrap();
}

fn migrate_disk() -> Result<Option<String>, VirtError> {
    run(Fake.migrate_disk_and_power_off(MigrateDiskAndPowerOffRequest {
        instance: instance(),
        dest: "192.168.0.2".to_owned(),
        flavor: flavor("m1.medium", 2, 4096, 40),
        network_info: vec![],
        block_device_info: no_disks(),
        timeout: 0,
        retry_interval: 0,
    }))
}

fn migration(dest: &str) -> Migration {
    resize("host1", dest, flavor("m1.small", 1, 2048, 20), flavor("m1.medium", 2, 4096, 40))
}

fn finish(dest: &str) {
    let mut instance = instance();
    instance.flavor = flavor("m1.medium", 2, 4096, 40);
    run(Fake.finish_migration(FinishMigrationRequest {
        migration: migration(dest),
        instance,
        disk_info: None,
        network_info: vec![],
        image_meta: image(),
        resize_instance: true,
        allocations: vec![],
        block_device_info: no_disks(),
        power_on: true,
    }))
    .unwrap();
}

fn confirm(dest: &str) {
    run(Fake.confirm_migration(migration(dest), instance(), vec![])).unwrap();
}

fn revert(dest: &str) {
    run(Fake.finish_revert_migration(FinishRevertMigrationRequest {
        instance: instance(),
        network_info: vec![],
        migration: migration(dest),
        block_device_info: no_disks(),
        power_on: true,
    }))
    .unwrap();
}

/// The guest of this host, if there is one.
fn state() -> Option<PowerState> {
    match run(Fake.get_info(instance(), false)) {
        Ok(info) => Some(info.state),
        Err(VirtError::InstanceNotFound(uuid)) => {
            assert_eq!(uuid, "a");
            assert!(run(Fake.list_instances()).unwrap().is_empty());
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn vcpus_used() -> u32 {
    run(Fake.get_available_resource("host1".to_owned())).unwrap().unwrap().vcpus_used
}

#[test]
fn a_guest_is_spawned_stopped_started_and_destroyed() {
    spawn(true);
    assert_eq!(state(), Some(PowerState::Running));
    assert_eq!(run(Fake.list_instances()).unwrap(), ["instance-a"]);
    assert_eq!(run(Fake.list_instance_uuids()).unwrap(), ["a"]);
    assert!(run(Fake.instance_exists(instance())).unwrap());
    run(Fake.power_off(instance(), 60, 10)).unwrap();
    assert_eq!(state(), Some(PowerState::Shutdown));
    run(Fake.power_on(PowerOnRequest {
        instance: instance(),
        network_info: vec![],
        block_device_info: no_disks(),
        accel_info: vec![],
        share_info: vec![],
    }))
    .unwrap();
    assert_eq!(state(), Some(PowerState::Running));
    assert_eq!(vcpus_used(), 1);
    destroy();
    assert_eq!(state(), None);
    assert_eq!(vcpus_used(), 0);
    assert_eq!(run(Fake.power_off(instance(), 0, 0)), Err(VirtError::InstanceNotFound("a".to_owned())));
}

#[test]
fn destroying_an_unknown_guest_only_warns() {
    destroy();
    assert_eq!(testing::logged(), ["warning: Key 'a' not in instances"]);
}

#[test]
fn a_guest_that_moved_away_is_gone_from_its_source_when_the_move_is_confirmed() {
    spawn(true);
    migrate_disk().unwrap();
    assert_eq!(state(), None);
    confirm("host2");
    assert_eq!(state(), None);
    assert!(MOVED.uuids().is_empty());
    assert_eq!(vcpus_used(), 0);
}

#[test]
fn a_reverted_move_brings_the_guest_back() {
    spawn(true);
    migrate_disk().unwrap();
    revert("host2");
    assert_eq!(state(), Some(PowerState::Running));
    assert!(MOVED.uuids().is_empty());
    assert_eq!(vcpus_used(), 1);
}

#[test]
fn a_resize_on_the_same_host_has_one_guest_throughout() {
    spawn(true);
    migrate_disk().unwrap();
    finish("host1");
    assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 2));
    confirm("host1");
    assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 2));
    assert!(MOVED.uuids().is_empty());
}

#[test]
fn a_reverted_resize_on_the_same_host_has_the_old_guest_again() {
    spawn(true);
    migrate_disk().unwrap();
    finish("host1");
    destroy();
    assert_eq!(state(), None);
    revert("host1");
    assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 1));
}

#[test]
fn what_a_failed_move_left_behind_goes_with_the_server() {
    spawn(true);
    migrate_disk().unwrap();
    destroy();
    assert!(MOVED.uuids().is_empty());
    assert!(testing::logged().is_empty());
}

#[test]
fn an_unknown_guest_cannot_move_but_a_hard_reboot_makes_it() {
    assert_eq!(migrate_disk(), Err(VirtError::InstanceNotFound("a".to_owned())));
    let reboot = |reboot_type| {
        run(Fake.reboot(RebootRequest {
            instance: instance(),
            network_info: vec![],
            reboot_type,
            block_device_info: no_disks(),
            accel_info: vec![],
            share_info: vec![],
        }))
    };
    assert_eq!(reboot(RebootType::Soft), Err(VirtError::InstanceNotFound("a".to_owned())));
    reboot(RebootType::Hard).unwrap();
    assert_eq!(state(), Some(PowerState::Running));
}

#[test]
fn cleanup_refuses_a_guest_that_exists() {
    let cleanup = || {
        run(Fake.cleanup(CleanupRequest {
            instance: instance(),
            network_info: vec![],
            block_device_info: no_disks(),
            destroy_disks: true,
            destroy_vifs: true,
            destroy_secrets: true,
            migrate_data: None,
        }))
    };
    spawn(true);
    assert_eq!(cleanup(), Err(VirtError::InstanceExists("Instance a has not been destroyed.".to_owned())));
    destroy();
    assert_eq!(cleanup(), Ok(()));
}

#[test]
fn with_novas_quirks_the_guest_runs_on_at_the_source_until_the_move_is_confirmed() {
    testing::set("quirks", "nova");
    spawn(true);
    assert_eq!(migrate_disk(), Ok(None));
    assert_eq!(state(), Some(PowerState::Running));
    confirm("host2");
    assert_eq!(state(), None);
}

#[test]
fn with_novas_quirks_the_counter_drifts_in_a_resize_on_the_same_host() {
    testing::set("quirks", "nova");
    spawn(true);
    migrate_disk().unwrap();
    finish("host1");
    confirm("host1");
    assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 3));
}

#[test]
fn the_node_is_the_host_except_the_one_called_compute_and_keeps_its_uuid() {
    assert_eq!(run(Fake.get_available_nodes(false)).unwrap(), ["host1"]);
    let nodes = run(Fake.get_nodenames_by_uuid(false)).unwrap();
    assert_eq!(nodes, run(Fake.get_nodenames_by_uuid(true)).unwrap());
    let (uuid, _) = &nodes[0];
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert!(run(Fake.node_is_available("host1".to_owned())).unwrap());
    assert!(!run(Fake.node_is_available("host2".to_owned())).unwrap());
    assert_eq!(run(Fake.get_available_resource("host2".to_owned())).unwrap(), None);
}

#[test]
fn inventories_follow_settings_and_keep_a_ratio_that_is_there() {
    testing::set("size", "medium");
    testing::set("memory_mb", "4096");
    let root = Provider {
        uuid: "p".to_owned(),
        name: "host1".to_owned(),
        parent: None,
        inventories: vec![],
        traits: vec!["CUSTOM_OPERATORS".to_owned()],
        aggregates: vec![],
    };
    let mut tree = run(Fake.update_provider_tree(vec![root], "host1".to_owned(), None)).unwrap().tree;
    let numbers = |tree: &ProviderTree| -> Vec<(String, u64, u64, f64)> {
        let inventories = tree[0].inventories.iter();
        inventories.map(|i| (i.resource_class.clone(), i.total, i.reserved, i.allocation_ratio)).collect()
    };
    assert_eq!(
        numbers(&tree),
        [
            ("VCPU".to_owned(), 10, 0, 4.0),
            ("MEMORY_MB".to_owned(), 4096, 512, 1.0),
            ("DISK_GB".to_owned(), 1028, 0, 1.0)
        ]
    );
    assert_eq!(tree[0].traits, ["CUSTOM_OPERATORS"]);
    tree[0].inventories[0].allocation_ratio = 2.5;
    let tree = run(Fake.update_provider_tree(tree, "host1".to_owned(), None)).unwrap().tree;
    assert_eq!(numbers(&tree)[0].3, 2.5);
}

#[test]
fn settings_that_cannot_be_keep_the_service_from_starting() {
    testing::set("quirks", "other");
    assert_eq!(
        run(Fake.init_host("host1".to_owned())),
        Err(VirtError::InvalidInput("setting quirks cannot be other".to_owned()))
    );
}

/// A port on a network.
fn vif(port: &str) -> Vif {
    Vif {
        id: port.to_owned(),
        address: "fa:16:3e:00:00:01".to_owned(),
        network: Network {
            id: "n".to_owned(),
            label: "net".to_owned(),
            bridge: None,
            mtu: None,
            subnets: vec![],
        },
        vif_type: "ovs".to_owned(),
        vnic_type: "normal".to_owned(),
        devname: None,
        active: true,
        preserve_on_delete: false,
        details: vec![],
        profile: vec![],
    }
}

fn resume() -> ResumeRequest {
    ResumeRequest {
        instance: instance(),
        network_info: vec![],
        block_device_info: no_disks(),
        share_info: vec![],
    }
}

#[test]
fn a_guest_is_what_the_last_call_made_of_it() {
    spawn(true);
    run(Fake.pause(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Paused));
    run(Fake.unpause(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Running));
    run(Fake.suspend(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Suspended));
    run(Fake.resume(resume())).unwrap();
    assert_eq!(state(), Some(PowerState::Running));
    run(Fake.soft_delete(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Shutdown));
    run(Fake.restore(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Running));
    destroy();
    assert_eq!(run(Fake.pause(instance())), Err(VirtError::InstanceNotFound("a".to_owned())));
    assert_eq!(run(Fake.trigger_crash_dump(instance())), Err(VirtError::InstanceNotRunning("a".to_owned())));
    assert_eq!(
        run(Fake.snapshot(instance(), "i".to_owned())),
        Err(VirtError::InstanceNotRunning("a".to_owned()))
    );
}

#[test]
fn with_novas_quirks_pausing_and_suspending_do_nothing() {
    testing::set("quirks", "nova");
    run(Fake.pause(instance())).unwrap();
    spawn(true);
    run(Fake.suspend(instance())).unwrap();
    run(Fake.pause(instance())).unwrap();
    run(Fake.soft_delete(instance())).unwrap();
    assert_eq!(state(), Some(PowerState::Running));
}

#[test]
fn an_interface_is_plugged_in_once_and_taken_out_once() {
    for quirks in ["none", "nova"] {
        testing::set("quirks", quirks);
        spawn(true);
        let attach = || run(Fake.attach_interface(instance(), image(), vif("p")));
        let detach = || run(Fake.detach_interface(instance(), vif("p")));
        assert_eq!(attach(), Ok(()));
        assert_eq!(attach(), Err(VirtError::InterfaceAttachFailed("a".to_owned())));
        assert_eq!(detach(), Ok(()));
        assert_eq!(detach(), Err(VirtError::InterfaceDetachFailed("a".to_owned())));
        destroy();
    }
}

fn volume(mountpoint: &str) -> AttachVolumeRequest {
    AttachVolumeRequest {
        connection_info: "{}".to_owned(),
        instance: instance(),
        mountpoint: mountpoint.to_owned(),
        disk_bus: None,
        device_type: None,
        encryption: None,
    }
}

#[test]
fn volumes_belong_to_their_guest() {
    assert_eq!(run(Fake.attach_volume(volume("/dev/vdb"))), Err(VirtError::InstanceNotFound("a".to_owned())));
    spawn(true);
    run(Fake.attach_volume(volume("/dev/vdb"))).unwrap();
    run(Fake.attach_volume(volume("/dev/vdc"))).unwrap();
    let detach = || {
        run(Fake.detach_volume(DetachVolumeRequest {
            connection_info: "{}".to_owned(),
            instance: instance(),
            mountpoint: "/dev/vdb".to_owned(),
            encryption: None,
        }))
    };
    detach().unwrap();
    let volumes = GUESTS.get("a").unwrap().volumes;
    assert_eq!(volumes.iter().map(|volume| volume.mountpoint.as_str()).collect::<Vec<_>>(), ["/dev/vdc"]);
    assert_eq!(detach(), Ok(()), "it counts as detached");
    assert_eq!(testing::logged(), ["warning: no volume of a is at /dev/vdb"]);
}

fn live_data() -> LiveMigrateData {
    live::check_destination(&CheckDestinationRequest {
        instance: instance(),
        src_compute_info: compute_info(),
        dst_compute_info: compute_info(),
        block_migration: Some(false),
        disk_over_commit: None,
    })
}

fn compute_info() -> ComputeInfo {
    let node = run(Fake.get_available_resource("host1".to_owned())).unwrap().unwrap();
    ComputeInfo { host: "host1".to_owned(), host_ip: None, node }
}

fn live_migrate() -> Result<LiveMigrationOutcome, VirtError> {
    run(Fake.live_migration(LiveMigrationRequest {
        instance: instance(),
        dest: "host2".to_owned(),
        block_migration: false,
        migrate_data: live_data(),
    }))
}

#[test]
fn a_live_migration_takes_the_guest_from_its_source_to_its_destination() {
    assert_eq!(live_migrate(), Err(VirtError::InstanceNotFound("a".to_owned())));
    spawn(true);
    assert_eq!(live_migrate(), Ok(LiveMigrationOutcome::Completed));
    assert_eq!((state(), vcpus_used()), (None, 0));
    run(Fake.post_live_migration_at_destination(PostAtDestinationRequest {
        instance: instance(),
        network_info: vec![],
        block_migration: false,
        block_device_info: no_disks(),
    }))
    .unwrap();
    assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 1));
}

#[test]
fn nobody_has_to_clean_up_after_a_live_migration() {
    let data = live_data();
    assert!(data.is_shared_instance_path && data.is_shared_block_storage);
    assert_eq!(
        (data.disk_available_mb, data.block_migration, data.disk_over_commit),
        (Some(100_000), Some(false), None)
    );
    assert_eq!(data.properties, [("filename".to_owned(), "fake".to_owned())]);
}

#[test]
fn with_novas_quirks_a_live_migration_leaves_the_guest_on_its_source_too() {
    testing::set("quirks", "nova");
    spawn(true);
    assert_eq!(live_migrate(), Ok(LiveMigrationOutcome::Completed));
    assert_eq!(state(), Some(PowerState::Running));
}

/// All that another instance of the driver can be asked is the same.
#[test]
fn another_instance_takes_over_all_that_was_saved() {
    spawn(true);
    run(Fake.attach_volume(volume("/dev/vdb"))).unwrap();
    let uuid = run(Fake.get_nodenames_by_uuid(false)).unwrap();
    let saved = run(Fake.save_state()).unwrap();
    assert_eq!(saved.guests.len(), 1);
    destroy();
    for key in durable::keys("") {
        durable::delete(&key);
    }
    for _ in 0..2 {
        run(Fake.restore_state(saved.clone())).unwrap();
        assert_eq!((state(), vcpus_used()), (Some(PowerState::Running), 1));
        assert_eq!(GUESTS.get("a").unwrap().volumes.len(), 1);
        assert_eq!(run(Fake.get_nodenames_by_uuid(false)).unwrap(), uuid);
    }
    // From a driver that only knows guests.
    run(Fake.restore_state(DriverState { guests: vec![], entries: vec![] })).unwrap();
    assert_eq!((state(), vcpus_used()), (None, 0));
}

fn root() -> Provider {
    Provider {
        uuid: "p".to_owned(),
        name: "host1".to_owned(),
        parent: None,
        inventories: vec![],
        traits: vec![],
        aggregates: vec![],
    }
}

#[test]
fn settings_make_it_each_of_novas_variants() {
    testing::set("nested", "true");
    testing::set("pci", "true");
    testing::set("caching", "true");
    testing::set("node_uuid", "predictable");
    testing::set("same_host_cold_migrate", "true");
    testing::set("rescue_bfv", "true");
    testing::set("power_update", "true");
    testing::set("ephemeral_encryption", "luks");

    let update = |tree| run(Fake.update_provider_tree(tree, "host1".to_owned(), None)).unwrap().tree;
    let tree = update(vec![root()]);
    assert_eq!((tree[1].name.as_str(), tree[1].parent.as_deref()), ("host1-child", Some("p")));
    let magic = &tree[1].inventories[0];
    assert_eq!((magic.resource_class.as_str(), magic.total, magic.max_unit), ("CUSTOM_MAGIC", 10, 10));
    assert_eq!(update(tree.clone()), tree, "the child is not made twice");

    let node = run(Fake.get_available_resource("host1".to_owned())).unwrap().unwrap();
    assert_eq!(node.uuid.as_deref(), Some(identifiers::uuid_of_name("host1").as_str()));
    let devices = node.pci_passthrough_devices;
    assert_eq!(devices.len(), 6);
    assert_eq!((devices[3].address.as_str(), devices[3].dev_type), ("0000:02:00.1", PciDeviceType::SriovVf));
    assert_eq!(devices[3].parent_addr.as_deref(), Some("0000:02:00.0"));
    assert_eq!(devices[3].extra_info, [("parent_ifname".to_owned(), "host1-ens2".to_owned())]);

    assert_eq!(run(Fake.cache_image("i".to_owned())), Ok(true));
    assert_eq!(run(Fake.cache_image("i".to_owned())), Ok(false));

    let capabilities = run(Fake.capabilities()).unwrap();
    for capability in [
        Capability::SupportsMigrateToSameHost,
        Capability::SupportsBfvRescue,
        Capability::SupportsEphemeralEncryption,
        Capability::SupportsEphemeralEncryptionLuks,
    ] {
        assert!(capabilities.contains(&capability), "{capability:?}");
    }
    let traits = run(Fake.capabilities_as_traits()).unwrap();
    assert!(traits.contains(&("COMPUTE_RESCUE_BFV".to_owned(), true)));
    assert!(traits.contains(&("COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN".to_owned(), false)));
    assert!(traits.contains(&("COMPUTE_IMAGE_TYPE_RAW".to_owned(), true)));

    spawn(true);
    run(Fake.power_update_event(instance(), TargetPowerState::PowerOff)).unwrap();
    assert_eq!(state(), Some(PowerState::Shutdown));
}

#[test]
fn without_settings_it_is_none_of_the_variants() {
    assert_eq!(run(Fake.cache_image("i".to_owned())), Err(VirtError::NotImplemented));
    let update = run(Fake.power_update_event(instance(), TargetPowerState::PowerOff));
    assert_eq!(update, Err(VirtError::NotImplemented));
    assert_eq!(run(Fake.capabilities()).unwrap(), CAPABILITIES);
    let tree = run(Fake.update_provider_tree(vec![root()], "host1".to_owned(), None)).unwrap().tree;
    assert_eq!(tree.len(), 1);
    testing::set("node_uuid", "local");
    assert_eq!(run(Fake.get_nodenames_by_uuid(false)), Ok(vec![]));
}

#[test]
fn what_it_says_of_guests_and_host_is_what_novas_says() {
    let vnc = run(Fake.get_vnc_console(instance())).unwrap();
    assert_eq!((vnc.host.as_str(), vnc.port, vnc.tls_port), ("fakevncconsole.com", 6969, None));
    assert_eq!(run(Fake.get_spice_console(instance())).unwrap().tls_port, Some(6970));
    assert_eq!(run(Fake.get_console_output(instance())).unwrap(), b"FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE");
    let diagnostics = run(Fake.get_diagnostics(instance())).unwrap();
    assert!(diagnostics.contains(&("vda_errors".to_owned(), DiagnosticValue::Integer(-1))));
    assert_eq!(run(Fake.get_instance_diagnostics(instance())).unwrap().nic_details[0].tx_rate, Some(600));
    assert_eq!(run(Fake.host_power_action(HostPower::Reboot)).unwrap(), "reboot");
    assert_eq!(run(Fake.host_maintenance_mode("host1".to_owned(), true)).unwrap(), "on_maintenance");
    assert_eq!(run(Fake.set_host_enabled(false)).unwrap(), "disabled");
    let bdms = InstanceVolumes { instance: instance(), bdms: vec![] };
    assert_eq!(run(Fake.get_all_volume_usage(vec![bdms])), Ok(vec![]));
    assert_eq!(run(Fake.get_host_uptime()), Err(VirtError::NotImplemented));
}
