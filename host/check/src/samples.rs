//! What the driver is called with: servers, disks, interfaces, moves.

use virt::types::{
    AttachVolumeRequest, BlockDevice, BlockDeviceDestination, BlockDeviceInfo, BlockDeviceSource,
    CheckDestinationRequest, CheckSourceRequest, CleanupRequest, ComputeInfo, DestroyRequest,
    DetachVolumeRequest, FinishMigrationRequest, FinishRevertMigrationRequest, Flavor, ImageMeta, Instance,
    LiveMigrateData, LiveMigrationRequest, MigrateDiskAndPowerOffRequest, Migration, MigrationType, Network,
    NetworkInfo, NodeResources, PostAtDestinationRequest, PostLiveMigrationRequest, PowerOnRequest,
    PowerState, PreLiveMigrationRequest, Provider, ProviderAllocation, RebootRequest, RebootType,
    RebuildRequest, RescueRequest, ResourceAmount, ResumeRequest, RollbackAtDestinationRequest, ShareMapping,
    ShareProtocol, SpawnRequest, Subnet, Vif, VmState,
};

/// The uuid that ends in these letters.
pub(crate) fn uuid(last: &str) -> String {
    format!("00000000-0000-4000-8000-{last:0>12}")
}

/// A small flavor, with so many processors.
pub(crate) fn flavor(vcpus: u32) -> Flavor {
    Flavor {
        flavorid: vcpus.to_string(),
        name: format!("m{vcpus}"),
        vcpus,
        memory_mb: 512 * u64::from(vcpus),
        root_gb: 1,
        ephemeral_gb: 0,
        swap: 0,
        extra_specs: vec![],
    }
}

/// A server; `name` is a hexadecimal digit or several.
pub(crate) fn server(name: &str) -> Instance {
    Instance {
        uuid: uuid(name),
        name: format!("instance-{name:0>8}"),
        display_name: format!("server-{name}"),
        hostname: format!("server-{name}"),
        project_id: "6f70656e737461636b20342065766572".to_owned(),
        user_id: "user".to_owned(),
        host: Some("host1".to_owned()),
        node: Some("host1".to_owned()),
        vm_state: VmState::Active,
        task_state: None,
        power_state: PowerState::Running,
        flavor: flavor(1),
        image_ref: Some(uuid("1a6e")),
        root_device_name: Some("/dev/vda".to_owned()),
        metadata: vec![],
        system_metadata: vec![],
        availability_zone: Some("nova".to_owned()),
        config_drive: false,
        user_data: None,
        key_name: None,
        key_data: None,
        numa_topology: None,
        pci_devices: vec![],
    }
}

/// The image of every server.
pub(crate) fn image() -> ImageMeta {
    ImageMeta {
        id: Some(uuid("1a6e")),
        name: Some("image".to_owned()),
        status: Some("active".to_owned()),
        container_format: Some("bare".to_owned()),
        disk_format: Some("raw".to_owned()),
        min_disk: 0,
        min_ram: 0,
        size: Some(25_165_824),
        properties: vec![],
    }
}

/// No disks but the root disk.
pub(crate) fn disks() -> BlockDeviceInfo {
    BlockDeviceInfo { root_device_name: Some("/dev/vda".to_owned()), devices: vec![] }
}

/// The interfaces of a server.
pub(crate) fn network_info(server: &Instance) -> NetworkInfo {
    vec![vif(server, 1)]
}

/// One interface of a server, by its number.
pub(crate) fn vif(server: &Instance, number: u8) -> Vif {
    let last = server.uuid.rsplit('-').next().unwrap_or_default();
    Vif {
        id: format!("00000000-0000-4000-80{number:02x}-{last}"),
        address: format!("fa:16:3e:00:00:{number:02x}"),
        network: Network {
            id: uuid("9e7"),
            label: "private".to_owned(),
            bridge: None,
            mtu: Some(1450),
            subnets: vec![Subnet {
                cidr: "192.168.1.0/24".to_owned(),
                gateway: Some("192.168.1.1".to_owned()),
                fixed_ips: vec![format!("192.168.1.{number}")],
                dns: vec![],
            }],
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

fn allocations(server: &Instance) -> Vec<ProviderAllocation> {
    let amount =
        |resource_class: &str, amount| ResourceAmount { resource_class: resource_class.to_owned(), amount };
    vec![ProviderAllocation {
        provider: uuid("90de"),
        resources: vec![
            amount("VCPU", u64::from(server.flavor.vcpus)),
            amount("MEMORY_MB", server.flavor.memory_mb),
            amount("DISK_GB", server.flavor.root_gb),
        ],
    }]
}

pub(crate) fn spawn(server: &Instance) -> SpawnRequest {
    SpawnRequest {
        instance: server.clone(),
        image_meta: image(),
        injected_files: vec![],
        admin_password: None,
        allocations: allocations(server),
        network_info: network_info(server),
        block_device_info: disks(),
        power_on: true,
        accel_info: vec![],
    }
}

pub(crate) fn destroy(server: &Instance) -> DestroyRequest {
    DestroyRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_device_info: disks(),
        destroy_disks: true,
        destroy_secrets: true,
    }
}

pub(crate) fn cleanup(server: &Instance) -> CleanupRequest {
    CleanupRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_device_info: disks(),
        destroy_disks: true,
        destroy_vifs: true,
        destroy_secrets: true,
        migrate_data: None,
    }
}

pub(crate) fn rebuild(server: &Instance) -> RebuildRequest {
    RebuildRequest {
        instance: server.clone(),
        image_meta: image(),
        injected_files: vec![],
        admin_password: None,
        allocations: allocations(server),
        bdms: vec![],
        network_info: network_info(server),
        evacuate: false,
        block_device_info: disks(),
        preserve_ephemeral: false,
        accel_uuids: vec![],
        reimage_boot_volume: false,
    }
}

pub(crate) fn reboot(server: &Instance, reboot_type: RebootType) -> RebootRequest {
    RebootRequest {
        instance: server.clone(),
        network_info: network_info(server),
        reboot_type,
        block_device_info: disks(),
        accel_info: vec![],
        share_info: vec![],
    }
}

pub(crate) fn power_on(server: &Instance) -> PowerOnRequest {
    PowerOnRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_device_info: disks(),
        accel_info: vec![],
        share_info: vec![],
    }
}

pub(crate) fn resume(server: &Instance) -> ResumeRequest {
    ResumeRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_device_info: disks(),
        share_info: vec![],
    }
}

pub(crate) fn rescue(server: &Instance) -> RescueRequest {
    RescueRequest {
        instance: server.clone(),
        network_info: network_info(server),
        image_meta: image(),
        rescue_password: "secret".to_owned(),
        block_device_info: disks(),
        share_info: vec![],
    }
}

const VOLUME: &str = r#"{"driver_volume_type":"fake","data":{}}"#;

pub(crate) fn attach_volume(server: &Instance, mountpoint: &str) -> AttachVolumeRequest {
    AttachVolumeRequest {
        connection_info: VOLUME.to_owned(),
        instance: server.clone(),
        mountpoint: mountpoint.to_owned(),
        disk_bus: None,
        device_type: None,
        encryption: None,
    }
}

pub(crate) fn detach_volume(server: &Instance, mountpoint: &str) -> DetachVolumeRequest {
    DetachVolumeRequest {
        connection_info: VOLUME.to_owned(),
        instance: server.clone(),
        mountpoint: mountpoint.to_owned(),
        encryption: None,
    }
}

/// A disk that is a volume and has no name yet.
pub(crate) fn volume(number: u8) -> BlockDevice {
    BlockDevice {
        uuid: uuid(&format!("b{number:02x}")),
        source_type: BlockDeviceSource::Volume,
        destination_type: BlockDeviceDestination::Volume,
        device_name: None,
        boot_index: None,
        size: Some(1),
        volume_id: Some(uuid(&format!("e{number:02x}"))),
        attachment_id: None,
        connection_info: Some(VOLUME.to_owned()),
        disk_bus: None,
        device_type: None,
        guest_format: None,
        tag: None,
        delete_on_termination: false,
        image_id: None,
        snapshot_id: None,
        volume_type: None,
        encryption: None,
    }
}

pub(crate) fn share(server: &Instance) -> ShareMapping {
    ShareMapping {
        uuid: uuid("5a1"),
        instance: server.uuid.clone(),
        share_id: uuid("5a2"),
        status: "attaching".to_owned(),
        tag: "share".to_owned(),
        export_location: "10.0.0.50:/share".to_owned(),
        share_proto: ShareProtocol::Nfs,
        access_type: None,
        access_to: None,
        access_key: None,
    }
}

/// A move from host1.
pub(crate) fn migration(kind: MigrationType, dest: &str) -> Migration {
    Migration {
        uuid: uuid("30e"),
        migration_type: kind,
        status: "migrating".to_owned(),
        source_compute: "host1".to_owned(),
        source_node: "host1".to_owned(),
        dest_compute: dest.to_owned(),
        dest_node: dest.to_owned(),
        dest_host: "192.168.0.1".to_owned(),
        old_flavor: flavor(1),
        new_flavor: flavor(2),
    }
}

pub(crate) fn migrate_disk(server: &Instance) -> MigrateDiskAndPowerOffRequest {
    MigrateDiskAndPowerOffRequest {
        instance: server.clone(),
        dest: "192.168.0.1".to_owned(),
        flavor: flavor(2),
        network_info: network_info(server),
        block_device_info: disks(),
        timeout: 60,
        retry_interval: 10,
    }
}

/// The end of a resize on its destination, with the server in its new size.
pub(crate) fn finish_migration(
    server: &Instance,
    dest: &str,
    disk_info: Option<String>,
) -> FinishMigrationRequest {
    let mut instance = server.clone();
    instance.flavor = flavor(2);
    FinishMigrationRequest {
        migration: migration(MigrationType::Resize, dest),
        allocations: allocations(&instance),
        instance,
        disk_info,
        network_info: network_info(server),
        image_meta: image(),
        resize_instance: true,
        block_device_info: disks(),
        power_on: true,
    }
}

pub(crate) fn finish_revert(server: &Instance) -> FinishRevertMigrationRequest {
    FinishRevertMigrationRequest {
        instance: server.clone(),
        network_info: network_info(server),
        migration: migration(MigrationType::Resize, "host2"),
        block_device_info: disks(),
        power_on: true,
    }
}

/// A question to the destination of a live migration.
pub(crate) fn check_destination(
    server: &Instance,
    source: NodeResources,
    dest: NodeResources,
) -> CheckDestinationRequest {
    let info = |host: &str, node| ComputeInfo {
        host: host.to_owned(),
        host_ip: Some("192.168.0.1".to_owned()),
        node,
    };
    CheckDestinationRequest {
        instance: server.clone(),
        src_compute_info: info("host1", source),
        dst_compute_info: info("host2", dest),
        block_migration: Some(false),
        disk_over_commit: Some(false),
    }
}

pub(crate) fn check_source(server: &Instance, dest_check_data: LiveMigrateData) -> CheckSourceRequest {
    CheckSourceRequest { instance: server.clone(), dest_check_data, block_device_info: disks() }
}

pub(crate) fn pre_live_migration(
    server: &Instance,
    migrate_data: LiveMigrateData,
) -> PreLiveMigrationRequest {
    PreLiveMigrationRequest {
        instance: server.clone(),
        block_device_info: disks(),
        network_info: network_info(server),
        disk_info: None,
        migrate_data,
    }
}

pub(crate) fn live_migration(server: &Instance, migrate_data: LiveMigrateData) -> LiveMigrationRequest {
    LiveMigrationRequest {
        instance: server.clone(),
        dest: "host2".to_owned(),
        block_migration: false,
        migrate_data,
    }
}

pub(crate) fn post_live_migration(
    server: &Instance,
    migrate_data: LiveMigrateData,
) -> PostLiveMigrationRequest {
    PostLiveMigrationRequest { instance: server.clone(), block_device_info: disks(), migrate_data }
}

pub(crate) fn post_at_destination(server: &Instance) -> PostAtDestinationRequest {
    PostAtDestinationRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_migration: false,
        block_device_info: disks(),
    }
}

pub(crate) fn rollback_at_destination(
    server: &Instance,
    migrate_data: LiveMigrateData,
) -> RollbackAtDestinationRequest {
    RollbackAtDestinationRequest {
        instance: server.clone(),
        network_info: network_info(server),
        block_device_info: disks(),
        destroy_disks: true,
        migrate_data: Some(migrate_data),
    }
}

/// The provider of a node as placement has it before the driver has said anything, with a trait and an aggregate that an
/// operator has given it.
pub(crate) fn root_provider(node: &str) -> Provider {
    Provider {
        uuid: uuid("90de"),
        name: node.to_owned(),
        parent: None,
        inventories: vec![],
        traits: vec!["CUSTOM_OF_THE_OPERATOR".to_owned()],
        aggregates: vec![uuid("a66")],
    }
}
