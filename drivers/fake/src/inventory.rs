//! What the host has: Nova's FakeDriver's numbers (`nova/virt/fake.py`), and its Small and Medium variants.

use crate::guests::{GUESTS, Size, used};
use crate::quirks;
use novarig_driver_sdk::{
    Capability, CpuInfo, CpuTopology, Inventory, InventoryPolicy, NodeResources, ProviderTree,
    SupportedInstance, VirtError, config, durable, random, settings,
};

/// The size of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) vcpus: u32,
    pub(crate) memory_mb: u64,
    pub(crate) local_gb: u64,
}

impl Resources {
    /// As the settings say.
    pub(crate) fn from_settings() -> Result<Resources, VirtError> {
        let class = match settings::text("size").as_deref() {
            Some("small") => Resources { vcpus: 2, memory_mb: 8192, local_gb: 1028 },
            Some("medium") => Resources { vcpus: 10, memory_mb: 8192, local_gb: 1028 },
            _ => Resources { vcpus: 1000, memory_mb: 800_000, local_gb: 600_000 },
        };
        let or =
            |key, default: u64| if settings::text(key).is_some() { settings::get(key) } else { Ok(default) };
        let vcpus = or("vcpus", u64::from(class.vcpus))?;
        Ok(Resources {
            vcpus: u32::try_from(vcpus)
                .map_err(|_| VirtError::InvalidInput(format!("setting vcpus cannot be {vcpus}")))?,
            memory_mb: or("memory_mb", class.memory_mb)?,
            local_gb: or("local_gb", class.local_gb)?,
        })
    }
}

/// The one node of the host.
pub(crate) fn nodename() -> String {
    let host = config::get().host;
    if host == "compute" { "fake-mini".to_owned() } else { host }
}

/// The node's identifier: random, and then always the same.
pub(crate) fn node_uuid() -> String {
    const KEY: &str = "node-uuid";
    if let Some(uuid) = durable::get(KEY).and_then(|bytes| String::from_utf8(bytes).ok()) {
        return uuid;
    }
    // Version 4 of RFC 9562: 122 random bits around a fixed version and variant.
    let high = random::next_u64() & !0xf000 | 0x4000;
    let low = random::next_u64() & !(0b11 << 62) | 0b10 << 62;
    let uuid = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    );
    durable::set(KEY, uuid.as_bytes());
    uuid
}

/// The numbers of the node.
pub(crate) fn node_resources(nodename: String) -> Result<NodeResources, VirtError> {
    let resources = Resources::from_settings()?;
    let used = if quirks()? {
        used()
    } else {
        GUESTS.all().iter().fold(Size::default(), |sum, guest| sum.plus(guest.size))
    };
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(NodeResources {
        vcpus: resources.vcpus,
        memory_mb: resources.memory_mb,
        local_gb: resources.local_gb,
        vcpus_used: u32::try_from(used.vcpus.max(0)).unwrap_or(u32::MAX),
        memory_mb_used: number(used.memory_mb),
        local_gb_used: number(used.root_gb),
        uuid: Some(node_uuid()),
        hypervisor_type: "fake".to_owned(),
        hypervisor_version: 1000,
        hypervisor_hostname: nodename,
        disk_available_least: Some(0),
        cpu_info: CpuInfo {
            arch: "x86_64".to_owned(),
            model: "Nehalem".to_owned(),
            vendor: "Intel".to_owned(),
            features: vec!["pge".to_owned(), "clflush".to_owned()],
            topology: CpuTopology { sockets: 4, cores: 1, threads: 1 },
        },
        supported_instances: vec![SupportedInstance {
            arch: "x86_64".to_owned(),
            hypervisor_type: "fake".to_owned(),
            vm_mode: "hvm".to_owned(),
        }],
        stats: vec![],
        numa_topology: None,
        pci_passthrough_devices: vec![],
    })
}

/// Gives the node's provider its inventories and leaves all else as it is.
pub(crate) fn update_provider_tree(
    mut tree: ProviderTree,
    nodename: &str,
) -> Result<ProviderTree, VirtError> {
    let resources = Resources::from_settings()?;
    let config = config::get();
    let Some(node) = tree.iter_mut().find(|provider| provider.name == nodename) else {
        return Err(VirtError::Other(format!("No such provider {nodename}")));
    };
    let classes = [
        ("VCPU", u64::from(resources.vcpus), config.vcpu),
        ("MEMORY_MB", resources.memory_mb, config.memory_mb),
        ("DISK_GB", resources.local_gb, config.disk_gb),
    ];
    node.inventories = classes
        .map(|(class, total, policy)| {
            let present = node.inventories.iter().find(|inventory| inventory.resource_class == class);
            inventory(class, total, &policy, present)
        })
        .into();
    Ok(tree)
}

/// The ratio is the operator's if there is one, else what the inventory has already, else the initial one.
fn inventory(class: &str, total: u64, policy: &InventoryPolicy, present: Option<&Inventory>) -> Inventory {
    Inventory {
        resource_class: class.to_owned(),
        total,
        reserved: policy.reserved,
        min_unit: 1,
        max_unit: total,
        step_size: 1,
        allocation_ratio: policy
            .allocation_ratio
            .or(present.map(|inventory| inventory.allocation_ratio))
            .unwrap_or(policy.initial_allocation_ratio),
    }
}

/// What Nova's fake driver can do.
pub(crate) const CAPABILITIES: &[Capability] = &[
    Capability::HasImagecache,
    Capability::SupportsEvacuate,
    Capability::SupportsAttachInterface,
    Capability::SupportsDeviceTagging,
    Capability::SupportsTaggedAttachInterface,
    Capability::SupportsTaggedAttachVolume,
    Capability::SupportsExtendVolume,
    Capability::SupportsMultiattach,
    Capability::SupportsTrustedCerts,
    Capability::SupportsAccelerators,
    Capability::SupportsRemoteManagedPorts,
    Capability::SupportsAddressSpacePassthrough,
    Capability::SupportsAddressSpaceEmulated,
    Capability::SupportsStatelessFirmware,
    Capability::SupportsVirtioFs,
    Capability::SupportsMemBackingFile,
    Capability::SupportsImageTypeRaw,
];
