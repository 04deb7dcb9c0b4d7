//! Where the guest is at each stage of its life, as far as a driver has a say in it.

use super::*;
use novarig_driver_sdk::testing::{self, flavor, no_disks, resize, run};
use novarig_driver_sdk::{ImageMeta, PowerState, Provider};

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
