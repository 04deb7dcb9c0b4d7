//! What the contract's errors and capabilities are called in Nova (`nova/exception.py`, `nova/virt/driver.py`).

use crate::bindings::types::{Capability, FlatError, VirtError};
use model::{ExceptionClass, NovaError};

/// The exception a driver's error stands for: class, message and, through the class, code.
pub fn nova_error(error: &VirtError) -> NovaError {
    use ExceptionClass as Class;
    let new = |class, message: String| NovaError::new(class, message);
    match error {
        VirtError::NotImplemented => new(Class::NotImplementedError, String::new()),
        VirtError::InstanceNotFound(instance) => NovaError::instance_not_found(instance),
        VirtError::InstanceExists(message) => new(Class::InstanceExists, message.clone()),
        VirtError::InstancePowerOffFailure(reason) => {
            new(Class::InstancePowerOffFailure, format!("Failed to power off instance: {reason}"))
        }
        VirtError::InstanceFaultRollback(inner) => NovaError::instance_fault_rollback(inner_error(inner)),
        VirtError::ComputeResourcesUnavailable(reason) => NovaError::compute_resources_unavailable(reason),
        VirtError::BuildAbort(build) => NovaError::build_abort(&build.instance, &build.reason),
        VirtError::UnexpectedTaskState(conflict) => new(
            Class::UnexpectedTaskState,
            format!(
                "Conflict updating instance {}. Expected: {}. Actual: {}",
                conflict.instance, conflict.expected, conflict.actual
            ),
        ),
        VirtError::UnexpectedDeletingTaskState(conflict) => new(
            Class::UnexpectedDeletingTaskState,
            format!(
                "Conflict updating instance {}. Expected: {}. Actual: {}",
                conflict.instance, conflict.expected, conflict.actual
            ),
        ),
        VirtError::NoMoreFixedIps(network) => {
            new(Class::NoMoreFixedIps, format!("No fixed IP addresses available for network: {network}"))
        }
        VirtError::ExternalNetworkAttachForbidden(network) => new(
            Class::ExternalNetworkAttachForbidden,
            format!("It is not allowed to create an interface on external network {network}"),
        ),
        VirtError::VirtualInterfaceCreate(message) => {
            new(Class::VirtualInterfaceCreateException, message.clone())
        }
        VirtError::VirtualInterfaceMacAddress => new(
            Class::VirtualInterfaceMacAddressException,
            "Creation of virtual interface with unique mac address failed".to_owned(),
        ),
        VirtError::VirtualInterfacePlug(message) => {
            new(Class::VirtualInterfacePlugException, message.clone())
        }
        VirtError::FixedIpInvalidOnHost(port) => new(
            Class::FixedIpInvalidOnHost,
            format!("The fixed IP associated with port {port} is not compatible with the host."),
        ),
        VirtError::UnableToAutoAllocateNetwork(project) => new(
            Class::UnableToAutoAllocateNetwork,
            format!("Unable to automatically allocate a network for project {project}"),
        ),
        VirtError::NetworksWithQosPolicyNotSupported(qos) => new(
            Class::NetworksWithQoSPolicyNotSupported,
            format!(
                "Using networks with QoS policy is not supported for instance {}. (Network ID is {})",
                qos.instance, qos.network
            ),
        ),
        VirtError::VtpmSecretForbidden(message) => new(Class::VTPMSecretForbidden, message.clone()),
        VirtError::FlavorDiskTooSmall(message) => new(Class::FlavorDiskTooSmall, message.clone()),
        VirtError::FlavorMemoryTooSmall => {
            new(Class::FlavorMemoryTooSmall, "Flavor's memory is too small for requested image.".to_owned())
        }
        VirtError::ImageNotActive(image) => {
            new(Class::ImageNotActive, format!("Image {image} is not active."))
        }
        VirtError::ImageUnacceptable(image) => {
            new(Class::ImageUnacceptable, format!("Image {} is unacceptable: {}", image.image, image.reason))
        }
        VirtError::InvalidDiskInfo(reason) => {
            new(Class::InvalidDiskInfo, format!("Disk info file is invalid: {reason}"))
        }
        VirtError::InvalidDiskFormat(format) => {
            new(Class::InvalidDiskFormat, format!("Disk format {format} is not acceptable"))
        }
        VirtError::SignatureVerification(reason) => new(
            Class::SignatureVerificationError,
            format!("Signature verification for the image failed: {reason}."),
        ),
        VirtError::CertificateValidationFailed(message) => {
            new(Class::CertificateValidationFailed, message.clone())
        }
        VirtError::VolumeEncryptionNotSupported(volume) => new(
            Class::VolumeEncryptionNotSupported,
            format!("Volume encryption is not supported for {} volume {}", volume.volume_type, volume.volume),
        ),
        VirtError::InvalidInput(reason) => {
            new(Class::InvalidInput, format!("Invalid input received: {reason}"))
        }
        VirtError::RequestedVramTooHigh(memory) => new(
            Class::RequestedVRamTooHigh,
            format!(
                "The requested amount of video memory {} is higher than the maximum allowed by flavor {}.",
                memory.requested, memory.maximum
            ),
        ),
        VirtError::VirtDriverNotReady => {
            new(Class::VirtDriverNotReady, "Virt driver is not ready.".to_owned())
        }
        VirtError::ReshapeNeeded => new(
            Class::ReshapeNeeded,
            "Virt driver indicates that provider inventories need to be moved.".to_owned(),
        ),
        VirtError::ReshapeFailed(error) => new(
            Class::ReshapeFailed,
            format!("Resource provider inventory and allocation data migration failed: {error}"),
        ),
        VirtError::Other(message) => new(Class::NovaException, message.clone()),
        VirtError::Unexpected(error) => {
            new(Class::Unexpected, format!("{}: {}", error.class_name, error.message))
        }
    }
}

/// An exception that was flattened: its class by name, or Nova's base class when nobody treats it in a way of its own.
fn inner_error(flat: &FlatError) -> NovaError {
    let class = ExceptionClass::ALL
        .iter()
        .copied()
        .find(|class| class.name() == flat.class_name)
        .unwrap_or(ExceptionClass::NovaException);
    NovaError::new(class, flat.message.clone())
}

impl From<&VirtError> for NovaError {
    fn from(error: &VirtError) -> NovaError {
        nova_error(error)
    }
}

impl Capability {
    /// The trait of the node's provider that tells of it, if there is one (`nova/virt/driver.py, CAPABILITY_TRAITS_MAP`).
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
