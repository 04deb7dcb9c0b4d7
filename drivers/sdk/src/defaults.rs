//! What Nova's base class does where it does more than nothing (`nova/virt/driver.py, ComputeDriver`).

use crate::driver::{Bottom, Defaults, Driver};
use crate::host::config;
use crate::types::{
    Capability, CheckSourceDataRequest, Instance, LiveMigrateData, PostClaimRequest, Uuid, VirtError,
};

pub(crate) async fn get_nodenames_by_uuid<D: Driver<Bottom>>(
    _: &D,
    _refresh: bool,
) -> Result<Vec<(Uuid, String)>, VirtError> {
    Ok(Vec::new())
}

pub(crate) async fn node_is_available<D: Driver<Bottom>>(
    driver: &D,
    nodename: String,
) -> Result<bool, VirtError> {
    Ok(driver.get_available_nodes(false).await?.contains(&nodename)
        || driver.get_available_nodes(true).await?.contains(&nodename))
}

pub(crate) async fn is_node_deleted<D: Driver<Bottom>>(_: &D, _nodename: String) -> Result<bool, VirtError> {
    Ok(false)
}

pub(crate) async fn process_instances_at_startup<D: Driver<Bottom>>(
    _: &D,
    instances: Vec<Instance>,
) -> Result<Vec<Instance>, VirtError> {
    Ok(instances)
}

pub(crate) async fn capabilities<D: Driver<Bottom>>(_: &D) -> Result<Vec<Capability>, VirtError> {
    Ok(Vec::new())
}

/// From the driver's own capabilities: of a layer that changes them too.
pub(crate) async fn capabilities_as_traits<D: Driver<B>, B: Defaults>(
    driver: &D,
) -> Result<Vec<(String, bool)>, VirtError> {
    let capabilities = driver.capabilities().await?;
    let excluded = config::get().image_type_exclude_list;
    let traits = TRAITS.iter().map(|(capability, name)| {
        let is_excluded = match name.strip_prefix("COMPUTE_IMAGE_TYPE_") {
            Some(format) => excluded.iter().any(|excluded| excluded.eq_ignore_ascii_case(format)),
            None => false,
        };
        ((*name).to_owned(), capabilities.contains(capability) && !is_excluded)
    });
    Ok(traits.collect())
}

/// The trait that stands for a capability (`nova/virt/driver.py, CAPABILITY_TRAITS_MAP`). The others have none.
const TRAITS: &[(Capability, &str)] = &[
    (Capability::SupportsMigrateToSameHost, "COMPUTE_SAME_HOST_COLD_MIGRATE"),
    (Capability::SupportsAttachInterface, "COMPUTE_NET_ATTACH_INTERFACE"),
    (Capability::SupportsDeviceTagging, "COMPUTE_DEVICE_TAGGING"),
    (Capability::SupportsTaggedAttachInterface, "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG"),
    (Capability::SupportsTaggedAttachVolume, "COMPUTE_VOLUME_ATTACH_WITH_TAG"),
    (Capability::SupportsExtendVolume, "COMPUTE_VOLUME_EXTEND"),
    (Capability::SupportsMultiattach, "COMPUTE_VOLUME_MULTI_ATTACH"),
    (Capability::SupportsTrustedCerts, "COMPUTE_TRUSTED_CERTS"),
    (Capability::SupportsAccelerators, "COMPUTE_ACCELERATORS"),
    (Capability::SupportsBfvRescue, "COMPUTE_RESCUE_BFV"),
    (Capability::SupportsSecureBoot, "COMPUTE_SECURITY_UEFI_SECURE_BOOT"),
    (Capability::SupportsSocketPciNumaAffinity, "COMPUTE_SOCKET_PCI_NUMA_AFFINITY"),
    (Capability::SupportsRemoteManagedPorts, "COMPUTE_REMOTE_MANAGED_PORTS"),
    (Capability::SupportsAddressSpacePassthrough, "COMPUTE_ADDRESS_SPACE_PASSTHROUGH"),
    (Capability::SupportsAddressSpaceEmulated, "COMPUTE_ADDRESS_SPACE_EMULATED"),
    (Capability::SupportsStatelessFirmware, "COMPUTE_SECURITY_STATELESS_FIRMWARE"),
    (Capability::SupportsVirtioFs, "COMPUTE_STORAGE_VIRTIO_FS"),
    (Capability::SupportsMemBackingFile, "COMPUTE_MEM_BACKING_FILE"),
    (Capability::SupportsEphemeralEncryption, "COMPUTE_EPHEMERAL_ENCRYPTION"),
    (Capability::SupportsEphemeralEncryptionLuks, "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"),
    (Capability::SupportsEphemeralEncryptionPlain, "COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"),
    (Capability::SupportsImageTypeAki, "COMPUTE_IMAGE_TYPE_AKI"),
    (Capability::SupportsImageTypeAmi, "COMPUTE_IMAGE_TYPE_AMI"),
    (Capability::SupportsImageTypeAri, "COMPUTE_IMAGE_TYPE_ARI"),
    (Capability::SupportsImageTypeIso, "COMPUTE_IMAGE_TYPE_ISO"),
    (Capability::SupportsImageTypeQcow2, "COMPUTE_IMAGE_TYPE_QCOW2"),
    (Capability::SupportsImageTypeRaw, "COMPUTE_IMAGE_TYPE_RAW"),
    (Capability::SupportsImageTypeVdi, "COMPUTE_IMAGE_TYPE_VDI"),
    (Capability::SupportsImageTypeVhd, "COMPUTE_IMAGE_TYPE_VHD"),
    (Capability::SupportsImageTypeVhdx, "COMPUTE_IMAGE_TYPE_VHDX"),
    (Capability::SupportsImageTypeVmdk, "COMPUTE_IMAGE_TYPE_VMDK"),
    (Capability::SupportsImageTypePloop, "COMPUTE_IMAGE_TYPE_PLOOP"),
];

pub(crate) async fn get_num_instances<D: Driver<Bottom>>(driver: &D) -> Result<u32, VirtError> {
    let count = driver.list_instances().await?.len();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

pub(crate) async fn instance_exists<D: Driver<Bottom>>(
    driver: &D,
    instance: Instance,
) -> Result<bool, VirtError> {
    match driver.list_instance_uuids().await {
        Ok(uuids) => Ok(uuids.contains(&instance.uuid)),
        Err(VirtError::NotImplemented) => Ok(driver.list_instances().await?.contains(&instance.name)),
        Err(error) => Err(error),
    }
}

pub(crate) async fn instance_on_disk<D: Driver<Bottom>>(
    _: &D,
    _instance: Instance,
) -> Result<bool, VirtError> {
    Ok(false)
}

pub(crate) async fn delete_instance_files<D: Driver<Bottom>>(
    _: &D,
    _instance: Instance,
) -> Result<bool, VirtError> {
    Ok(true)
}

pub(crate) async fn cleanup_lingering_instance_resources<D: Driver<Bottom>>(
    _: &D,
    _instance: Instance,
) -> Result<bool, VirtError> {
    Ok(true)
}

pub(crate) async fn is_supported_fs_format<D: Driver<Bottom>>(
    _: &D,
    _fs_type: String,
) -> Result<bool, VirtError> {
    Ok(false)
}

pub(crate) async fn network_binding_host_id<D: Driver<Bottom>>(
    _: &D,
    instance: Instance,
) -> Result<Option<String>, VirtError> {
    Ok(instance.host)
}

pub(crate) async fn manages_network_binding_host_id<D: Driver<Bottom>>(_: &D) -> Result<bool, VirtError> {
    Ok(false)
}

pub(crate) async fn post_claim_migrate_data<D: Driver<Bottom>>(
    _: &D,
    request: PostClaimRequest,
) -> Result<LiveMigrateData, VirtError> {
    Ok(request.migrate_data)
}

pub(crate) async fn check_source_migrate_data_at_dest<D: Driver<Bottom>>(
    _: &D,
    request: CheckSourceDataRequest,
) -> Result<LiveMigrateData, VirtError> {
    Ok(request.migrate_data)
}
