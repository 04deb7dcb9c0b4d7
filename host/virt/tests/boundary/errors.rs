//! Every error of the contract is an exception of Nova's: class, code in a fault, and message.

use model::{ExceptionClass, NovaError};
use std::collections::BTreeSet;
use std::path::Path;
use virt::nova_error;
use virt::types::{
    DeviceReason, EncryptedVolume, FlatError, ImageReason, InstanceHost, InstanceReason, OptionConflict,
    PathReason, QosNetwork, ShareReason, StateConflict, TaskStateConflict, UnexpectedError, VideoMemory,
    VirtError,
};
use wit_parser::{Resolve, TypeDefKind};

fn flat(class_name: &str, message: &str, code: u16) -> FlatError {
    FlatError { class_name: class_name.to_owned(), message: message.to_owned(), code }
}

fn conflict() -> TaskStateConflict {
    TaskStateConflict { instance: "uuid".into(), expected: "spawning".into(), actual: "deleting".into() }
}

fn instance() -> InstanceReason {
    InstanceReason { instance: "uuid".into(), reason: "why".into() }
}

fn share() -> ShareReason {
    ShareReason { share: "share".into(), instance: "uuid".into(), reason: "why".into() }
}

fn path() -> PathReason {
    PathReason { path: "/path".into(), reason: "why".into() }
}

/// Error, name of its class, code, message.
fn table() -> Vec<(VirtError, &'static str, u16, &'static str)> {
    use VirtError as E;
    vec![
        (E::NotImplemented, "NotImplementedError", 500, ""),
        (E::InstanceNotFound("uuid".into()), "InstanceNotFound", 404, "Instance uuid could not be found."),
        (E::InstanceExists("there".into()), "InstanceExists", 500, "there"),
        (
            E::InstancePowerOffFailure("why".into()),
            "InstancePowerOffFailure",
            500,
            "Failed to power off instance: why",
        ),
        (
            E::InstanceFaultRollback(flat("ResizeError", "Resize error: why", 500)),
            "InstanceFaultRollback",
            500,
            "Instance rollback performed due to: Resize error: why",
        ),
        (
            E::ComputeResourcesUnavailable("why".into()),
            "ComputeResourcesUnavailable",
            400,
            "Insufficient compute resources: why.",
        ),
        (E::BuildAbort(instance()), "BuildAbortException", 500, "Build of instance uuid aborted: why"),
        (
            E::UnexpectedTaskState(conflict()),
            "UnexpectedTaskStateError",
            500,
            "Conflict updating instance uuid. Expected: spawning. Actual: deleting",
        ),
        (
            E::UnexpectedDeletingTaskState(conflict()),
            "UnexpectedDeletingTaskStateError",
            500,
            "Conflict updating instance uuid. Expected: spawning. Actual: deleting",
        ),
        (
            E::NoMoreFixedIps("net".into()),
            "NoMoreFixedIps",
            500,
            "No fixed IP addresses available for network: net",
        ),
        (
            E::ExternalNetworkAttachForbidden("net".into()),
            "ExternalNetworkAttachForbidden",
            403,
            "It is not allowed to create an interface on external network net",
        ),
        (E::VirtualInterfaceCreate("why".into()), "VirtualInterfaceCreateException", 500, "why"),
        (
            E::VirtualInterfaceMacAddress,
            "VirtualInterfaceMacAddressException",
            500,
            "Creation of virtual interface with unique mac address failed",
        ),
        (E::VirtualInterfacePlug("why".into()), "VirtualInterfacePlugException", 500, "why"),
        (
            E::FixedIpInvalidOnHost("port".into()),
            "FixedIpInvalidOnHost",
            400,
            "The fixed IP associated with port port is not compatible with the host.",
        ),
        (
            E::UnableToAutoAllocateNetwork("project".into()),
            "UnableToAutoAllocateNetwork",
            400,
            "Unable to automatically allocate a network for project project",
        ),
        (
            E::NetworksWithQosPolicyNotSupported(QosNetwork {
                instance: "uuid".into(),
                network: "net".into(),
            }),
            "NetworksWithQoSPolicyNotSupported",
            400,
            "Using networks with QoS policy is not supported for instance uuid. (Network ID is net)",
        ),
        (E::VtpmSecretForbidden("why".into()), "VTPMSecretForbidden", 403, "why"),
        (E::FlavorDiskTooSmall("why".into()), "FlavorDiskTooSmall", 500, "why"),
        (
            E::FlavorMemoryTooSmall,
            "FlavorMemoryTooSmall",
            500,
            "Flavor's memory is too small for requested image.",
        ),
        (E::ImageNotActive("image".into()), "ImageNotActive", 500, "Image image is not active."),
        (
            E::ImageUnacceptable(ImageReason { image: "image".into(), reason: "why".into() }),
            "ImageUnacceptable",
            400,
            "Image image is unacceptable: why",
        ),
        (E::InvalidDiskInfo("why".into()), "InvalidDiskInfo", 400, "Disk info file is invalid: why"),
        (E::InvalidDiskFormat("vdi".into()), "InvalidDiskFormat", 400, "Disk format vdi is not acceptable"),
        (
            E::SignatureVerification("why".into()),
            "SignatureVerificationError",
            500,
            "Signature verification for the image failed: why.",
        ),
        (E::CertificateValidationFailed("why".into()), "CertificateValidationFailed", 500, "why"),
        (
            E::VolumeEncryptionNotSupported(EncryptedVolume {
                volume_type: "fast".into(),
                volume: "volume".into(),
            }),
            "VolumeEncryptionNotSupported",
            400,
            "Volume encryption is not supported for fast volume volume",
        ),
        (E::InvalidInput("why".into()), "InvalidInput", 400, "Invalid input received: why"),
        (
            E::RequestedVramTooHigh(VideoMemory { requested: 64, maximum: 32 }),
            "RequestedVRamTooHigh",
            500,
            "The requested amount of video memory 64 is higher than the maximum allowed by flavor 32.",
        ),
        (E::VirtDriverNotReady, "VirtDriverNotReady", 500, "Virt driver is not ready."),
        (
            E::ReshapeNeeded,
            "ReshapeNeeded",
            500,
            "Virt driver indicates that provider inventories need to be moved.",
        ),
        (
            E::ReshapeFailed("why".into()),
            "ReshapeFailed",
            500,
            "Resource provider inventory and allocation data migration failed: why",
        ),
        (E::Other("why".into()), "NovaException", 500, "why"),
        (
            E::Unexpected(UnexpectedError { class_name: "libvirtError".into(), message: "why".into() }),
            "Unexpected",
            500,
            "libvirtError: why",
        ),
        (E::Nova(flat("PciDeviceInUse", "why", 400)), "Invalid", 400, "why"),
        (E::Nova(flat("PolicyNotAuthorized", "why", 403)), "Forbidden", 403, "why"),
        (E::Nova(flat("VGPUNotFound", "why", 404)), "NotFound", 404, "why"),
        (E::Nova(flat("InternalError", "why", 500)), "NovaException", 500, "why"),
        (E::Nova(flat("VolumeNotFound", "why", 404)), "VolumeNotFound", 404, "why"),
        (E::InstanceNotRunning("uuid".into()), "InstanceNotRunning", 400, "Instance uuid is not running."),
        (E::InstanceNotReady("uuid".into()), "InstanceNotReady", 400, "Instance uuid is not ready"),
        (
            E::InstanceInvalidState(StateConflict {
                instance: "uuid".into(),
                attr: "power_state".into(),
                state: "shutdown".into(),
                method: "pause".into(),
            }),
            "InstanceInvalidState",
            400,
            "Instance uuid in power_state shutdown. Cannot pause while the instance is in this state.",
        ),
        (
            E::InstanceUnacceptable(instance()),
            "InstanceUnacceptable",
            400,
            "Instance uuid is unacceptable: why",
        ),
        (
            E::InstanceDeployFailure("why".into()),
            "InstanceDeployFailure",
            400,
            "Failed to deploy instance: why",
        ),
        (
            E::PreserveEphemeralNotSupported,
            "PreserveEphemeralNotSupported",
            400,
            "The current driver does not support preserving ephemeral partitions.",
        ),
        (E::InvalidConfiguration("why".into()), "InvalidConfiguration", 400, "why"),
        (
            E::HypervisorUnavailable,
            "HypervisorUnavailable",
            500,
            "Connection to the hypervisor is broken on host",
        ),
        (
            E::InstanceNotRescuable(instance()),
            "InstanceNotRescuable",
            400,
            "Instance uuid cannot be rescued: why",
        ),
        (
            E::UnsupportedRescueImage("image".into()),
            "UnsupportedRescueImage",
            400,
            "Requested rescue image 'image' is not supported",
        ),
        (
            E::TriggerCrashDumpNotSupported,
            "TriggerCrashDumpNotSupported",
            400,
            "Triggering crash dump is not supported",
        ),
        (E::ImageNotFound("image".into()), "ImageNotFound", 404, "Image image could not be found."),
        (
            E::InstanceQuiesceNotSupported("uuid".into()),
            "InstanceQuiesceNotSupported",
            400,
            "Quiescing is not supported in instance uuid",
        ),
        (E::QemuGuestAgentNotEnabled, "QemuGuestAgentNotEnabled", 400, "QEMU guest agent is not enabled"),
        (
            E::InstanceAgentNotEnabled,
            "InstanceAgentNotEnabled",
            400,
            "Guest agent is not enabled for the instance",
        ),
        (
            E::SetAdminPasswdNotSupported,
            "SetAdminPasswdNotSupported",
            400,
            "Set admin password is not supported",
        ),
        (
            E::NotSupportedWithOption(OptionConflict {
                operation: "nbd".into(),
                option_name: "tunnelled".into(),
            }),
            "NotSupportedWithOption",
            400,
            "nbd is not supported in conjunction with the current tunnelled setting.  Please refer to the nova \
             config-reference.",
        ),
        (E::ConsoleNotAvailable, "ConsoleNotAvailable", 404, "Guest does not have a console available."),
        (E::ConsoleTypeInvalid("x".into()), "ConsoleTypeInvalid", 400, "Invalid console type x"),
        (E::ConsoleTypeUnavailable("x".into()), "ConsoleTypeUnavailable", 400, "Unavailable console type x."),
        (
            E::SocketPortRangeExhausted("host1".into()),
            "SocketPortRangeExhaustedException",
            500,
            "Not able to acquire a free port for host1",
        ),
        (
            E::ImageSerialPortNumberInvalid("x".into()),
            "ImageSerialPortNumberInvalid",
            400,
            "Number of serial ports specified in flavor is invalid: expected an integer, got 'x'",
        ),
        (
            E::ImageSerialPortNumberExceedFlavorValue,
            "ImageSerialPortNumberExceedFlavorValue",
            400,
            "Forbidden to exceed flavor value of number of serial ports passed in image meta.",
        ),
        (E::VolumeNotFound("volume".into()), "VolumeNotFound", 404, "Volume volume could not be found."),
        (
            E::VolumeAttachmentNotFound("x".into()),
            "VolumeAttachmentNotFound",
            404,
            "Volume attachment x could not be found.",
        ),
        (E::DiskNotFound("/place".into()), "DiskNotFound", 404, "No disk at /place"),
        (E::DeviceNotFound("vdb".into()), "DeviceNotFound", 404, "Device 'vdb' not found."),
        (
            E::DeviceDetachFailed(DeviceReason { device: "vdb".into(), reason: "why".into() }),
            "DeviceDetachFailed",
            500,
            "Device detach failed for vdb: why",
        ),
        (
            E::ExtendVolumeNotSupported,
            "ExtendVolumeNotSupported",
            400,
            "Volume size extension is not supported by the hypervisor.",
        ),
        (
            E::MultiattachNotSupportedByVirtDriver("volume".into()),
            "MultiattachNotSupportedByVirtDriver",
            400,
            "Volume volume has 'multiattach' set, which is not supported for this instance.",
        ),
        (
            E::TooManyDiskDevices(26),
            "TooManyDiskDevices",
            403,
            "The maximum allowed number of disk devices (26) to attach to a single instance has been exceeded.",
        ),
        (
            E::InterfaceAttachFailed("uuid".into()),
            "InterfaceAttachFailed",
            500,
            "Failed to attach network adapter device to uuid",
        ),
        (
            E::InterfaceDetachFailed("uuid".into()),
            "InterfaceDetachFailed",
            400,
            "Failed to detach network adapter device from uuid",
        ),
        (E::PciDeviceNotFoundById("x".into()), "PciDeviceNotFoundById", 404, "PCI device x not found"),
        (E::ShareNotFound("share".into()), "ShareNotFound", 404, "Share share could not be found."),
        (
            E::ShareProtocolNotSupported("x".into()),
            "ShareProtocolNotSupported",
            404,
            "Share protocol x is not supported.",
        ),
        (
            E::ShareMountError(share()),
            "ShareMountError",
            500,
            "Share id share mount error from server uuid.\nReason: why.",
        ),
        (
            E::ShareUmountError(share()),
            "ShareUmountError",
            500,
            "Share id share umount error from server uuid.\nReason: why.",
        ),
        (E::ResizeError("why".into()), "ResizeError", 500, "Resize error: why"),
        (E::MigrationError("why".into()), "MigrationError", 500, "Migration error: why"),
        (
            E::MigrationPreCheckError("why".into()),
            "MigrationPreCheckError",
            500,
            "Migration pre-check error: why",
        ),
        (E::InvalidSharedStorage(path()), "InvalidSharedStorage", 500, "/path is not on shared storage: why"),
        (E::InvalidLocalStorage(path()), "InvalidLocalStorage", 500, "/path is not on local storage: why"),
        (E::InvalidCpuInfo("why".into()), "InvalidCPUInfo", 400, "Unacceptable CPU info: why"),
        (
            E::InvalidHypervisorType,
            "InvalidHypervisorType",
            400,
            "The supplied hypervisor type of is invalid.",
        ),
        (
            E::DestinationHypervisorTooOld,
            "DestinationHypervisorTooOld",
            400,
            "The instance requires a newer hypervisor version than has been provided.",
        ),
        (
            E::UnableToMigrateToSelf(InstanceHost { instance: "uuid".into(), host: "host1".into() }),
            "UnableToMigrateToSelf",
            400,
            "Unable to migrate instance (uuid) to current host (host1).",
        ),
        (
            E::LiveMigrationUriNotAvailable("xen".into()),
            "LiveMigrationURINotAvailable",
            500,
            "No live migration URI configured and no default available for \"xen\" hypervisor virtualization type.",
        ),
    ]
}

#[test]
fn every_error_is_novas_class_with_its_code_and_message() {
    for (error, class, code, message) in table() {
        let nova = nova_error(&error);
        let found = (nova.class.name(), nova.class.fault_code(), nova.message.as_str());
        assert_eq!(found, (class, code, message), "{error:?}");
    }
}

#[test]
fn the_table_has_every_error_of_the_contract() {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/v1.0");
    let (package, _) = resolve.push_dir(&folder).unwrap();
    let errors = &resolve.interfaces[resolve.packages[package].interfaces["errors"]];
    let TypeDefKind::Variant(variant) = &resolve.types[errors.types["virt-error"]].kind else { panic!() };
    let contract: BTreeSet<String> = variant.cases.iter().map(|case| case.name.replace('-', "")).collect();
    let listed: BTreeSet<String> = table()
        .iter()
        .map(|(error, ..)| {
            // `VirtError::NotFound("…")`
            let text = format!("{error:?}");
            let name = text.rsplit_once("VirtError::").map_or(text.as_str(), |(_, name)| name);
            name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_lowercase()
        })
        .collect();
    assert_eq!(listed, contract);
}

#[test]
fn a_rollback_keeps_the_class_of_what_caused_it() {
    let rollback = VirtError::InstanceFaultRollback(flat("ResizeError", "Resize error: why", 500));
    assert_eq!(
        nova_error(&rollback).inner.as_deref(),
        Some(&NovaError::new(ExceptionClass::ResizeError, "Resize error: why"))
    );
}
