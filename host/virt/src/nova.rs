//! What the contract's errors are in Nova: class, message and code (`nova/exception.py`).

use crate::bindings::types::{FlatError, VirtError};
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
        VirtError::InstanceFaultRollback(inner) => NovaError::instance_fault_rollback(flattened(inner)),
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
        VirtError::Nova(flat) => flattened(flat),
        VirtError::InstanceNotRunning(instance) => {
            new(Class::InstanceNotRunning, format!("Instance {instance} is not running."))
        }
        VirtError::InstanceNotReady(instance) => {
            new(Class::InstanceNotReady, format!("Instance {instance} is not ready"))
        }
        VirtError::InstanceInvalidState(conflict) => new(
            Class::InstanceInvalidState,
            format!(
                "Instance {} in {} {}. Cannot {} while the instance is in this state.",
                conflict.instance, conflict.attr, conflict.state, conflict.method
            ),
        ),
        VirtError::InstanceUnacceptable(instance) => new(
            Class::InstanceUnacceptable,
            format!("Instance {} is unacceptable: {}", instance.instance, instance.reason),
        ),
        VirtError::InstanceDeployFailure(reason) => {
            new(Class::InstanceDeployFailure, format!("Failed to deploy instance: {reason}"))
        }
        VirtError::PreserveEphemeralNotSupported => new(
            Class::PreserveEphemeralNotSupported,
            "The current driver does not support preserving ephemeral partitions.".to_owned(),
        ),
        VirtError::InvalidConfiguration(message) => new(Class::InvalidConfiguration, message.clone()),
        VirtError::HypervisorUnavailable => {
            new(Class::HypervisorUnavailable, "Connection to the hypervisor is broken on host".to_owned())
        }
        VirtError::InstanceNotRescuable(instance) => new(
            Class::InstanceNotRescuable,
            format!("Instance {} cannot be rescued: {}", instance.instance, instance.reason),
        ),
        VirtError::UnsupportedRescueImage(image) => {
            new(Class::UnsupportedRescueImage, format!("Requested rescue image '{image}' is not supported"))
        }
        VirtError::TriggerCrashDumpNotSupported => {
            new(Class::TriggerCrashDumpNotSupported, "Triggering crash dump is not supported".to_owned())
        }
        VirtError::ImageNotFound(image) => {
            new(Class::ImageNotFound, format!("Image {image} could not be found."))
        }
        VirtError::InstanceQuiesceNotSupported(instance) => new(
            Class::InstanceQuiesceNotSupported,
            format!("Quiescing is not supported in instance {instance}"),
        ),
        VirtError::QemuGuestAgentNotEnabled => {
            new(Class::QemuGuestAgentNotEnabled, "QEMU guest agent is not enabled".to_owned())
        }
        VirtError::InstanceAgentNotEnabled => {
            new(Class::InstanceAgentNotEnabled, "Guest agent is not enabled for the instance".to_owned())
        }
        VirtError::SetAdminPasswdNotSupported => {
            new(Class::SetAdminPasswdNotSupported, "Set admin password is not supported".to_owned())
        }
        VirtError::NotSupportedWithOption(conflict) => new(
            Class::NotSupportedWithOption,
            format!(
                "{} is not supported in conjunction with the current {} setting.  Please refer to the nova \
                 config-reference.",
                conflict.operation, conflict.option_name
            ),
        ),
        VirtError::ConsoleNotAvailable => {
            new(Class::ConsoleNotAvailable, "Guest does not have a console available.".to_owned())
        }
        VirtError::ConsoleTypeInvalid(console) => {
            new(Class::ConsoleTypeInvalid, format!("Invalid console type {console}"))
        }
        VirtError::ConsoleTypeUnavailable(console) => {
            new(Class::ConsoleTypeUnavailable, format!("Unavailable console type {console}."))
        }
        VirtError::SocketPortRangeExhausted(host) => {
            new(Class::SocketPortRangeExhausted, format!("Not able to acquire a free port for {host}"))
        }
        VirtError::ImageSerialPortNumberInvalid(given) => new(
            Class::ImageSerialPortNumberInvalid,
            format!(
                "Number of serial ports specified in flavor is invalid: expected an integer, got '{given}'"
            ),
        ),
        VirtError::ImageSerialPortNumberExceedFlavorValue => new(
            Class::ImageSerialPortNumberExceedFlavorValue,
            "Forbidden to exceed flavor value of number of serial ports passed in image meta.".to_owned(),
        ),
        VirtError::VolumeNotFound(volume) => {
            new(Class::VolumeNotFound, format!("Volume {volume} could not be found."))
        }
        VirtError::VolumeAttachmentNotFound(attachment) => new(
            Class::VolumeAttachmentNotFound,
            format!("Volume attachment {attachment} could not be found."),
        ),
        VirtError::DiskNotFound(place) => new(Class::DiskNotFound, format!("No disk at {place}")),
        VirtError::DeviceNotFound(device) => {
            new(Class::DeviceNotFound, format!("Device '{device}' not found."))
        }
        VirtError::DeviceDetachFailed(device) => new(
            Class::DeviceDetachFailed,
            format!("Device detach failed for {}: {}", device.device, device.reason),
        ),
        VirtError::ExtendVolumeNotSupported => new(
            Class::ExtendVolumeNotSupported,
            "Volume size extension is not supported by the hypervisor.".to_owned(),
        ),
        VirtError::MultiattachNotSupportedByVirtDriver(volume) => new(
            Class::MultiattachNotSupportedByVirtDriver,
            format!("Volume {volume} has 'multiattach' set, which is not supported for this instance."),
        ),
        VirtError::TooManyDiskDevices(maximum) => NovaError::too_many_disk_devices(maximum),
        VirtError::InterfaceAttachFailed(instance) => new(
            Class::InterfaceAttachFailed,
            format!("Failed to attach network adapter device to {instance}"),
        ),
        VirtError::InterfaceDetachFailed(instance) => new(
            Class::InterfaceDetachFailed,
            format!("Failed to detach network adapter device from {instance}"),
        ),
        VirtError::PciDeviceNotFoundById(device) => {
            new(Class::PciDeviceNotFoundById, format!("PCI device {device} not found"))
        }
        VirtError::ShareNotFound(share) => {
            new(Class::ShareNotFound, format!("Share {share} could not be found."))
        }
        VirtError::ShareProtocolNotSupported(protocol) => {
            new(Class::ShareProtocolNotSupported, format!("Share protocol {protocol} is not supported."))
        }
        VirtError::ShareMountError(share) => new(
            Class::ShareMountError,
            format!(
                "Share id {} mount error from server {}.\nReason: {}.",
                share.share, share.instance, share.reason
            ),
        ),
        VirtError::ShareUmountError(share) => new(
            Class::ShareUmountError,
            format!(
                "Share id {} umount error from server {}.\nReason: {}.",
                share.share, share.instance, share.reason
            ),
        ),
        VirtError::ResizeError(reason) => new(Class::ResizeError, format!("Resize error: {reason}")),
        VirtError::MigrationError(reason) => new(Class::MigrationError, format!("Migration error: {reason}")),
        VirtError::MigrationPreCheckError(reason) => {
            new(Class::MigrationPreCheckError, format!("Migration pre-check error: {reason}"))
        }
        VirtError::InvalidSharedStorage(path) => new(
            Class::InvalidSharedStorage,
            format!("{} is not on shared storage: {}", path.path, path.reason),
        ),
        VirtError::InvalidLocalStorage(path) => {
            new(Class::InvalidLocalStorage, format!("{} is not on local storage: {}", path.path, path.reason))
        }
        VirtError::InvalidCpuInfo(reason) => {
            new(Class::InvalidCPUInfo, format!("Unacceptable CPU info: {reason}"))
        }
        VirtError::InvalidHypervisorType => new(
            Class::InvalidHypervisorType,
            // So it reads in Nova.
            "The supplied hypervisor type of is invalid.".to_owned(),
        ),
        VirtError::DestinationHypervisorTooOld => new(
            Class::DestinationHypervisorTooOld,
            "The instance requires a newer hypervisor version than has been provided.".to_owned(),
        ),
        VirtError::UnableToMigrateToSelf(place) => new(
            Class::UnableToMigrateToSelf,
            format!("Unable to migrate instance ({}) to current host ({}).", place.instance, place.host),
        ),
        VirtError::LiveMigrationUriNotAvailable(kind) => new(
            Class::LiveMigrationURINotAvailable,
            format!(
                "No live migration URI configured and no default available for \"{kind}\" hypervisor virtualization \
                 type."
            ),
        ),
    }
}

/// An exception that was flattened: its class by name. Of a class that nobody treats in a way of its own the code tells the
/// kind, which is all that is treated.
fn flattened(flat: &FlatError) -> NovaError {
    let named = ExceptionClass::ALL.iter().copied().find(|class| class.name() == flat.class_name);
    let class = named.unwrap_or(match flat.code {
        400 => ExceptionClass::Invalid,
        403 => ExceptionClass::Forbidden,
        404 => ExceptionClass::NotFound,
        _ => ExceptionClass::NovaException,
    });
    NovaError::new(class, flat.message.clone())
}

impl From<&VirtError> for NovaError {
    fn from(error: &VirtError) -> NovaError {
        nova_error(error)
    }
}
