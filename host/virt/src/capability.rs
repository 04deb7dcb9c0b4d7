//! What the contract's capabilities are called in Nova (`nova/virt/driver.py, CAPABILITY_TRAITS_MAP`).

use crate::bindings::types::Capability;

impl Capability {
    /// The trait of the node's provider that tells of it, if there is one.
    pub const fn provider_trait(self) -> Option<&'static str> {
        match self {
            Capability::HasImagecache
            | Capability::SupportsEvacuate
            | Capability::SupportsPcpus
            | Capability::SupportsVtpm => None,
            Capability::SupportsMigrateToSameHost => Some("COMPUTE_SAME_HOST_COLD_MIGRATE"),
            Capability::SupportsAttachInterface => Some("COMPUTE_NET_ATTACH_INTERFACE"),
            Capability::SupportsDeviceTagging => Some("COMPUTE_DEVICE_TAGGING"),
            Capability::SupportsTaggedAttachInterface => Some("COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG"),
            Capability::SupportsTaggedAttachVolume => Some("COMPUTE_VOLUME_ATTACH_WITH_TAG"),
            Capability::SupportsExtendVolume => Some("COMPUTE_VOLUME_EXTEND"),
            Capability::SupportsMultiattach => Some("COMPUTE_VOLUME_MULTI_ATTACH"),
            Capability::SupportsTrustedCerts => Some("COMPUTE_TRUSTED_CERTS"),
            Capability::SupportsAccelerators => Some("COMPUTE_ACCELERATORS"),
            Capability::SupportsBfvRescue => Some("COMPUTE_RESCUE_BFV"),
            Capability::SupportsSecureBoot => Some("COMPUTE_SECURITY_UEFI_SECURE_BOOT"),
            Capability::SupportsSocketPciNumaAffinity => Some("COMPUTE_SOCKET_PCI_NUMA_AFFINITY"),
            Capability::SupportsRemoteManagedPorts => Some("COMPUTE_REMOTE_MANAGED_PORTS"),
            Capability::SupportsAddressSpacePassthrough => Some("COMPUTE_ADDRESS_SPACE_PASSTHROUGH"),
            Capability::SupportsAddressSpaceEmulated => Some("COMPUTE_ADDRESS_SPACE_EMULATED"),
            Capability::SupportsStatelessFirmware => Some("COMPUTE_SECURITY_STATELESS_FIRMWARE"),
            Capability::SupportsVirtioFs => Some("COMPUTE_STORAGE_VIRTIO_FS"),
            Capability::SupportsMemBackingFile => Some("COMPUTE_MEM_BACKING_FILE"),
            Capability::SupportsEphemeralEncryption => Some("COMPUTE_EPHEMERAL_ENCRYPTION"),
            Capability::SupportsEphemeralEncryptionLuks => Some("COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"),
            Capability::SupportsEphemeralEncryptionPlain => Some("COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"),
            Capability::SupportsImageTypeAki => Some("COMPUTE_IMAGE_TYPE_AKI"),
            Capability::SupportsImageTypeAmi => Some("COMPUTE_IMAGE_TYPE_AMI"),
            Capability::SupportsImageTypeAri => Some("COMPUTE_IMAGE_TYPE_ARI"),
            Capability::SupportsImageTypeIso => Some("COMPUTE_IMAGE_TYPE_ISO"),
            Capability::SupportsImageTypeQcow2 => Some("COMPUTE_IMAGE_TYPE_QCOW2"),
            Capability::SupportsImageTypeRaw => Some("COMPUTE_IMAGE_TYPE_RAW"),
            Capability::SupportsImageTypeVdi => Some("COMPUTE_IMAGE_TYPE_VDI"),
            Capability::SupportsImageTypeVhd => Some("COMPUTE_IMAGE_TYPE_VHD"),
            Capability::SupportsImageTypeVhdx => Some("COMPUTE_IMAGE_TYPE_VHDX"),
            Capability::SupportsImageTypeVmdk => Some("COMPUTE_IMAGE_TYPE_VMDK"),
            Capability::SupportsImageTypePloop => Some("COMPUTE_IMAGE_TYPE_PLOOP"),
        }
    }

    /// Every capability, in the order of the contract.
    pub const ALL: &'static [Capability] = &[
        Capability::HasImagecache,
        Capability::SupportsEvacuate,
        Capability::SupportsMigrateToSameHost,
        Capability::SupportsAttachInterface,
        Capability::SupportsDeviceTagging,
        Capability::SupportsTaggedAttachInterface,
        Capability::SupportsTaggedAttachVolume,
        Capability::SupportsExtendVolume,
        Capability::SupportsMultiattach,
        Capability::SupportsTrustedCerts,
        Capability::SupportsPcpus,
        Capability::SupportsAccelerators,
        Capability::SupportsBfvRescue,
        Capability::SupportsVtpm,
        Capability::SupportsSecureBoot,
        Capability::SupportsSocketPciNumaAffinity,
        Capability::SupportsRemoteManagedPorts,
        Capability::SupportsAddressSpacePassthrough,
        Capability::SupportsAddressSpaceEmulated,
        Capability::SupportsStatelessFirmware,
        Capability::SupportsVirtioFs,
        Capability::SupportsMemBackingFile,
        Capability::SupportsEphemeralEncryption,
        Capability::SupportsEphemeralEncryptionLuks,
        Capability::SupportsEphemeralEncryptionPlain,
        Capability::SupportsImageTypeAki,
        Capability::SupportsImageTypeAmi,
        Capability::SupportsImageTypeAri,
        Capability::SupportsImageTypeIso,
        Capability::SupportsImageTypeQcow2,
        Capability::SupportsImageTypeRaw,
        Capability::SupportsImageTypeVdi,
        Capability::SupportsImageTypeVhd,
        Capability::SupportsImageTypeVhdx,
        Capability::SupportsImageTypeVmdk,
        Capability::SupportsImageTypePloop,
    ];
}
