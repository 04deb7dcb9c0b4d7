//! What the host has: Nova's FakeDriver's numbers (`nova/virt/fake.py`), and those of its variants.

use crate::guests::{used, used_by_guests};
use crate::identifiers::{random_uuid, uuid_of_name};
use crate::variants::{self, NodeUuid};
use novarig_driver_sdk::{
    Capability, CpuInfo, CpuTopology, Inventory, InventoryPolicy, NodeResources, PciDevice, PciDeviceStatus,
    PciDeviceType, Provider, ProviderTree, SupportedInstance, VirtError, config, durable, settings,
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
        let or = |key, default: u64| match settings::text(key) {
            Some(text) if !text.is_empty() => settings::get(key),
            _ => Ok(default),
        };
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

/// The node's identifier, if the driver fixes it. A drawn one is then always the same.
pub(crate) fn node_uuid() -> Result<Option<String>, VirtError> {
    Ok(match variants::node_uuid()? {
        NodeUuid::Random => Some(drawn_once("node-uuid")),
        NodeUuid::Predictable => Some(uuid_of_name(&nodename())),
        NodeUuid::Local => None,
    })
}

/// An identifier that is drawn when it is first asked for.
fn drawn_once(key: &str) -> String {
    durable::load(key).unwrap_or_else(|| {
        let uuid = random_uuid();
        durable::store(key, uuid.clone());
        uuid
    })
}

/// The numbers of the node.
pub(crate) fn node_resources(nodename: String) -> Result<NodeResources, VirtError> {
    let resources = Resources::from_settings()?;
    let used = if variants::quirks()? { used() } else { used_by_guests() };
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(NodeResources {
        vcpus: resources.vcpus,
        memory_mb: resources.memory_mb,
        local_gb: resources.local_gb,
        vcpus_used: u32::try_from(used.vcpus.max(0)).unwrap_or(u32::MAX),
        memory_mb_used: number(used.memory_mb),
        local_gb_used: number(used.root_gb),
        uuid: node_uuid()?,
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
        pci_passthrough_devices: if variants::pci()? { pci_devices() } else { vec![] },
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
    let root = node.uuid.clone();
    if variants::nested()? {
        nested(&mut tree, nodename, root);
    }
    Ok(tree)
}

/// The child provider of `MediumFakeDriverWithNestedCustomResources`.
fn nested(tree: &mut ProviderTree, nodename: &str, root: String) {
    let name = format!("{nodename}-child");
    let magic = Inventory {
        resource_class: "CUSTOM_MAGIC".to_owned(),
        total: 10,
        reserved: 0,
        min_unit: 1,
        max_unit: 10,
        step_size: 1,
        allocation_ratio: 1.0,
    };
    match tree.iter_mut().find(|provider| provider.name == name) {
        Some(child) => child.inventories = vec![magic],
        None => tree.push(Provider {
            uuid: drawn_once("child-uuid"),
            name,
            parent: Some(root),
            inventories: vec![magic],
            traits: vec![],
            aggregates: vec![],
        }),
    }
}

/// The devices of `FakeDriverWithPciResources`: three physical functions with one virtual function each.
fn pci_devices() -> Vec<PciDevice> {
    let host = config::get().host;
    let device = |slot: u32, function: u32| {
        let physical = format!("0000:0{slot}:00.0");
        let is_physical = function == 0;
        PciDevice {
            address: format!("0000:0{slot}:00.{function}"),
            vendor_id: "fake-vendor_id".to_owned(),
            product_id: "fake-product_id".to_owned(),
            dev_type: if is_physical { PciDeviceType::SriovPf } else { PciDeviceType::SriovVf },
            status: PciDeviceStatus::Available,
            numa_node: Some(0),
            dev_id: None,
            label: Some("fake-label".to_owned()),
            parent_addr: (!is_physical).then_some(physical),
            request_id: None,
            extra_info: if is_physical {
                vec![]
            } else {
                vec![("parent_ifname".to_owned(), format!("{host}-ens{slot}"))]
            },
        }
    };
    (1..=3).flat_map(|slot| [device(slot, 0), device(slot, 1)]).collect()
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

/// What Nova's fake driver can do, in every variant.
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
