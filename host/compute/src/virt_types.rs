//! The control plane's nouns as the driver contract has them, and back. The control plane keeps its own types, so that
//! the contract can get a new version without the rest noticing.

mod nodes;
#[cfg(test)]
mod tests;
mod volumes;

pub(crate) use nodes::{compute_info, from_message, to_message};
pub(crate) use volumes::{block_device, block_device_info, volume_connector};

use crate::report_client::Allocations;
use crate::resource_tracker::Provider;
use model::compute_node::SupportedInstance;
use model::resources::Ratio;
use model::{
    ComputeNode, ExceptionClass, Flavor, HostName, ImageMeta, Migration, MigrationType, NetworkInfo,
    NovaError, Options, PowerState, ProviderId, ResourceClass, Server, Timestamp, VmState,
};
use placement::{Inventory, TraitName};
use virt::types;

/// The address of every compute host (`my_ip`), as in Nova's functional tests.
const MY_IP: &str = "127.0.0.1";
/// The bridge every interface of the in-memory network service is plugged into.
const BRIDGE: &str = "br-int";

/// How long interfaces may take to be plugged (`vif_plugging_timeout`, Nova's default).
const VIF_PLUGGING_TIMEOUT_S: u32 = 300;

pub(crate) fn flavor(flavor: &Flavor) -> types::Flavor {
    types::Flavor {
        flavorid: flavor.id.to_string(),
        name: flavor.name.clone(),
        vcpus: flavor.vcpus,
        memory_mb: flavor.memory_mb,
        root_gb: flavor.root_gb,
        ephemeral_gb: flavor.ephemeral_gb,
        swap: flavor.swap_mb,
        extra_specs: flavor.extra_specs.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}

/// A server as drivers are shown it.
pub fn instance(server: &Server) -> types::Instance {
    types::Instance {
        uuid: server.id.to_string(),
        name: format!("instance-{:08x}", server.number),
        display_name: server.name.clone(),
        hostname: server.name.to_lowercase(),
        project_id: server.project_id.to_string(),
        user_id: server.user_id.to_string(),
        host: server.host.as_ref().map(ToString::to_string),
        node: server.node.as_ref().map(ToString::to_string),
        vm_state: vm_state(server.vm_state),
        task_state: server.task_state.map(|task| task.to_string()),
        power_state: power_state(server.power_state),
        flavor: flavor(&server.flavor),
        image_ref: server.image.map(|image| image.to_string()),
        root_device_name: server.root_device_name.clone(),
        metadata: Vec::new(),
        system_metadata: Vec::new(),
        availability_zone: server.availability_zone.clone(),
        config_drive: false,
        user_data: None,
        key_name: None,
        key_data: None,
        numa_topology: None,
        pci_devices: Vec::new(),
    }
}

fn vm_state(state: VmState) -> types::VmState {
    match state {
        VmState::Active => types::VmState::Active,
        VmState::Building => types::VmState::Building,
        VmState::Paused => types::VmState::Paused,
        VmState::Suspended => types::VmState::Suspended,
        VmState::Stopped => types::VmState::Stopped,
        VmState::Rescued => types::VmState::Rescued,
        VmState::Resized => types::VmState::Resized,
        VmState::SoftDeleted => types::VmState::SoftDelete,
        VmState::Deleted => types::VmState::Deleted,
        VmState::Error => types::VmState::Error,
        VmState::Shelved => types::VmState::Shelved,
        VmState::ShelvedOffloaded => types::VmState::ShelvedOffloaded,
    }
}

fn power_state(state: PowerState) -> types::PowerState {
    match state {
        PowerState::NoState => types::PowerState::Nostate,
        PowerState::Running => types::PowerState::Running,
        PowerState::Paused => types::PowerState::Paused,
        PowerState::Shutdown => types::PowerState::Shutdown,
        PowerState::Crashed => types::PowerState::Crashed,
        PowerState::Suspended => types::PowerState::Suspended,
    }
}

pub(crate) fn power_state_from(state: types::PowerState) -> PowerState {
    match state {
        types::PowerState::Nostate => PowerState::NoState,
        types::PowerState::Running => PowerState::Running,
        types::PowerState::Paused => PowerState::Paused,
        types::PowerState::Shutdown => PowerState::Shutdown,
        types::PowerState::Crashed => PowerState::Crashed,
        types::PowerState::Suspended => PowerState::Suspended,
    }
}

pub(crate) fn image_meta(image: Option<&ImageMeta>) -> types::ImageMeta {
    types::ImageMeta {
        id: image.map(|image| image.id.to_string()),
        name: image.map(|image| image.name.clone()),
        status: image.map(|_| "active".to_owned()),
        container_format: image.map(|image| image.disk_format.clone()),
        disk_format: image.map(|image| image.disk_format.clone()),
        min_disk: image.map_or(0, |image| image.min_disk_gb),
        min_ram: image.map_or(0, |image| image.min_ram_mb),
        size: None,
        properties: image.iter().flat_map(|image| image.properties.clone()).collect(),
    }
}

pub(crate) fn network_info(info: &NetworkInfo) -> types::NetworkInfo {
    info.iter().map(vif).collect()
}

pub(crate) fn vif(vif: &model::Vif) -> types::Vif {
    types::Vif {
        id: vif.port.to_string(),
        address: vif.mac_address.clone(),
        network: types::Network {
            id: vif.network.to_string(),
            label: "private".to_owned(),
            bridge: Some(BRIDGE.to_owned()),
            mtu: None,
            subnets: vec![types::Subnet {
                cidr: "192.168.1.0/24".to_owned(),
                gateway: Some("192.168.1.1".to_owned()),
                fixed_ips: vif.fixed_ips.clone(),
                dns: Vec::new(),
            }],
        },
        vif_type: "ovs".to_owned(),
        vnic_type: "normal".to_owned(),
        devname: None,
        active: true,
        preserve_on_delete: false,
        details: Vec::new(),
        profile: Vec::new(),
    }
}

/// The request to remove a guest for good, its secrets included; its disks stay where they may be another host's too.
pub(crate) fn destroy_request(
    server: &Server,
    network_info: &NetworkInfo,
    destroy_disks: bool,
) -> types::DestroyRequest {
    types::DestroyRequest {
        instance: instance(server),
        network_info: self::network_info(network_info),
        block_device_info: block_device_info(server),
        destroy_disks,
        destroy_secrets: true,
    }
}

pub(crate) fn migration(migration: &Migration) -> types::Migration {
    let destination = migration.dest_compute.as_ref().map(ToString::to_string).unwrap_or_default();
    types::Migration {
        uuid: migration.id.to_string(),
        migration_type: match migration.kind {
            MigrationType::Resize => types::MigrationType::Resize,
            MigrationType::Migration => types::MigrationType::Migration,
            MigrationType::LiveMigration => types::MigrationType::LiveMigration,
            MigrationType::Evacuation => types::MigrationType::Evacuation,
        },
        status: migration.status.to_string(),
        source_compute: migration.source_compute.to_string(),
        source_node: migration.source_compute.to_string(),
        dest_compute: destination.clone(),
        dest_node: destination,
        dest_host: migration.dest_host.clone().unwrap_or_default(),
        old_flavor: flavor(&migration.old_flavor),
        new_flavor: flavor(&migration.new_flavor),
    }
}

pub(crate) fn allocations(allocations: &Allocations) -> Vec<types::ProviderAllocation> {
    allocations
        .iter()
        .map(|(provider, amounts)| types::ProviderAllocation {
            provider: provider.to_string(),
            resources: amounts
                .iter()
                .map(|(class, amount)| types::ResourceAmount {
                    resource_class: class.to_string(),
                    amount: *amount,
                })
                .collect(),
        })
        .collect()
}

/// The node record a driver's numbers make. Ratios come from the configuration, else from the record as it was, else
/// from the initial values of the configuration.
pub(crate) fn compute_node(
    host: &HostName,
    nodename: &str,
    id: ProviderId,
    resources: types::NodeResources,
    former: Option<ComputeNode>,
    options: &Options,
    now: Timestamp,
) -> ComputeNode {
    let ratio = |fixed: Option<Ratio>, kept: Option<Ratio>, initial: f64| {
        fixed.or(kept).or(Ratio::try_from(initial).ok()).unwrap_or(Ratio::ONE)
    };
    let kept = former.as_ref();
    ComputeNode {
        id,
        host: host.clone(),
        hypervisor_hostname: nodename.into(),
        hypervisor_type: resources.hypervisor_type,
        hypervisor_version: u32::try_from(resources.hypervisor_version).unwrap_or(u32::MAX),
        // Nova takes the configured address, not what the driver says (`get_host_ip_addr` is for migrations).
        host_ip: Some(MY_IP.to_owned()),
        vcpus: u64::from(resources.vcpus),
        vcpus_used: 0,
        memory_mb: resources.memory_mb,
        memory_mb_used: 0,
        local_gb: resources.local_gb,
        local_gb_used: 0,
        disk_available_least: resources.disk_available_least,
        supported_instances: resources
            .supported_instances
            .into_iter()
            .map(|kind| SupportedInstance {
                architecture: kind.arch,
                hypervisor_type: kind.hypervisor_type,
                vm_mode: kind.vm_mode,
            })
            .collect(),
        running_vms: 0,
        cpu_allocation_ratio: ratio(
            options.cpu_allocation_ratio,
            kept.map(|node| node.cpu_allocation_ratio),
            options.initial_cpu_allocation_ratio,
        ),
        ram_allocation_ratio: ratio(
            options.ram_allocation_ratio,
            kept.map(|node| node.ram_allocation_ratio),
            options.initial_ram_allocation_ratio,
        ),
        disk_allocation_ratio: ratio(
            options.disk_allocation_ratio,
            kept.map(|node| node.disk_allocation_ratio),
            options.initial_disk_allocation_ratio,
        ),
        created_at: kept.map_or(now, |node| node.created_at),
    }
}

/// A provider as the driver is shown it.
pub(crate) fn provider(provider: &Provider) -> types::Provider {
    types::Provider {
        uuid: provider.id.to_string(),
        name: provider.name.clone(),
        parent: provider.parent.map(|parent| parent.to_string()),
        inventories: provider
            .inventories
            .iter()
            .map(|(class, inventory)| types::Inventory {
                resource_class: class.to_string(),
                total: u64::from(inventory.total),
                reserved: u64::from(inventory.reserved),
                min_unit: u64::from(inventory.min_unit),
                max_unit: u64::from(inventory.max_unit),
                step_size: u64::from(inventory.step_size),
                allocation_ratio: inventory.allocation_ratio,
            })
            .collect(),
        traits: provider.traits.iter().map(ToString::to_string).collect(),
        aggregates: provider.aggregates.iter().map(ToString::to_string).collect(),
    }
}

/// A provider as the driver wants it. Errors: `InvalidInput` for an id or a number that placement cannot hold.
pub(crate) fn wanted_provider(provider: types::Provider) -> Result<Provider, NovaError> {
    let invalid = |what: &str| {
        NovaError::new(
            ExceptionClass::InvalidInput,
            format!("Invalid input received: provider {}: {what}", provider.name),
        )
    };
    let number = |amount: u64| u32::try_from(amount).map_err(|_| invalid(&format!("{amount} is too large")));
    let id = |text: &str| text.parse().map_err(|_| invalid(&format!("{text:?} is no uuid")));
    let inventory = |wanted: &types::Inventory| {
        Ok::<_, NovaError>((
            ResourceClass::new(&*wanted.resource_class),
            Inventory {
                total: number(wanted.total)?,
                reserved: number(wanted.reserved)?,
                min_unit: number(wanted.min_unit)?,
                max_unit: number(wanted.max_unit)?,
                step_size: number(wanted.step_size)?,
                allocation_ratio: wanted.allocation_ratio,
            },
        ))
    };
    Ok(Provider {
        id: ProviderId(id(&provider.uuid)?),
        parent: provider.parent.as_deref().map(id).transpose()?.map(ProviderId),
        inventories: provider.inventories.iter().map(inventory).collect::<Result<_, _>>()?,
        traits: provider.traits.iter().map(|name| TraitName::from(&**name)).collect(),
        aggregates: provider
            .aggregates
            .iter()
            .map(|text| id(text).map(Into::into))
            .collect::<Result<_, _>>()?,
        name: provider.name,
    })
}

macro_rules! capabilities {
    ($($capability:ident => $name:expr,)*) => {
        /// Every capability a driver can have.
        pub(crate) const ALL_CAPABILITIES: &[types::Capability] = &[$(types::Capability::$capability,)*];

        /// The trait that tells users of placement about a capability; some have none (`nova/virt/driver.py,
        /// CAPABILITY_TRAITS_MAP`).
        pub(crate) fn capability_trait(capability: types::Capability) -> Option<&'static str> {
            match capability {
                $(types::Capability::$capability => $name,)*
            }
        }
    };
}

capabilities! {
    HasImagecache => None,
    SupportsEvacuate => None,
    SupportsMigrateToSameHost => Some("COMPUTE_SAME_HOST_COLD_MIGRATE"),
    SupportsAttachInterface => Some("COMPUTE_NET_ATTACH_INTERFACE"),
    SupportsDeviceTagging => Some("COMPUTE_DEVICE_TAGGING"),
    SupportsTaggedAttachInterface => Some("COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG"),
    SupportsTaggedAttachVolume => Some("COMPUTE_VOLUME_ATTACH_WITH_TAG"),
    SupportsExtendVolume => Some("COMPUTE_VOLUME_EXTEND"),
    SupportsMultiattach => Some("COMPUTE_VOLUME_MULTI_ATTACH"),
    SupportsTrustedCerts => Some("COMPUTE_TRUSTED_CERTS"),
    SupportsPcpus => None,
    SupportsAccelerators => Some("COMPUTE_ACCELERATORS"),
    SupportsBfvRescue => Some("COMPUTE_RESCUE_BFV"),
    SupportsVtpm => None,
    SupportsSecureBoot => Some("COMPUTE_SECURITY_UEFI_SECURE_BOOT"),
    SupportsSocketPciNumaAffinity => Some("COMPUTE_SOCKET_PCI_NUMA_AFFINITY"),
    // Only shown when a suitable PCI device pool exists, and there is none here.
    SupportsRemoteManagedPorts => None,
    SupportsAddressSpacePassthrough => Some("COMPUTE_ADDRESS_SPACE_PASSTHROUGH"),
    SupportsAddressSpaceEmulated => Some("COMPUTE_ADDRESS_SPACE_EMULATED"),
    SupportsStatelessFirmware => Some("COMPUTE_SECURITY_STATELESS_FIRMWARE"),
    SupportsVirtioFs => Some("COMPUTE_STORAGE_VIRTIO_FS"),
    SupportsMemBackingFile => Some("COMPUTE_MEM_BACKING_FILE"),
    SupportsEphemeralEncryption => Some("COMPUTE_EPHEMERAL_ENCRYPTION"),
    SupportsEphemeralEncryptionLuks => Some("COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"),
    SupportsEphemeralEncryptionPlain => Some("COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"),
    SupportsImageTypeAki => Some("COMPUTE_IMAGE_TYPE_AKI"),
    SupportsImageTypeAmi => Some("COMPUTE_IMAGE_TYPE_AMI"),
    SupportsImageTypeAri => Some("COMPUTE_IMAGE_TYPE_ARI"),
    SupportsImageTypeIso => Some("COMPUTE_IMAGE_TYPE_ISO"),
    SupportsImageTypeQcow2 => Some("COMPUTE_IMAGE_TYPE_QCOW2"),
    SupportsImageTypeRaw => Some("COMPUTE_IMAGE_TYPE_RAW"),
    SupportsImageTypeVdi => Some("COMPUTE_IMAGE_TYPE_VDI"),
    SupportsImageTypeVhd => Some("COMPUTE_IMAGE_TYPE_VHD"),
    SupportsImageTypeVhdx => Some("COMPUTE_IMAGE_TYPE_VHDX"),
    SupportsImageTypeVmdk => Some("COMPUTE_IMAGE_TYPE_VMDK"),
    SupportsImageTypePloop => Some("COMPUTE_IMAGE_TYPE_PLOOP"),
}

/// The configuration a driver is shown.
pub(crate) fn compute_config(host: &HostName, options: &Options) -> types::ComputeConfig {
    let policy = |fixed: Option<Ratio>, initial: f64, reserved: u64| types::InventoryPolicy {
        allocation_ratio: fixed.map(Ratio::get),
        initial_allocation_ratio: initial,
        reserved,
    };
    types::ComputeConfig {
        host: host.to_string(),
        my_ip: MY_IP.to_owned(),
        my_block_storage_ip: MY_IP.to_owned(),
        vcpu: policy(
            options.cpu_allocation_ratio,
            options.initial_cpu_allocation_ratio,
            options.reserved_host_cpus,
        ),
        memory_mb: policy(
            options.ram_allocation_ratio,
            options.initial_ram_allocation_ratio,
            options.reserved_host_memory_mb,
        ),
        disk_gb: policy(
            options.disk_allocation_ratio,
            options.initial_disk_allocation_ratio,
            options.reserved_host_disk_mb.div_ceil(1024),
        ),
        image_type_exclude_list: Vec::new(),
        live_migration_wait_for_vif_plug: true,
        vif_plugging_timeout: VIF_PLUGGING_TIMEOUT_S,
        vif_plugging_is_fatal: true,
    }
}
