//! Nova's exceptions, as far as some part of the control plane treats them differently (`nova/exception.py`).
//!
//! An error that travels between services is a [`NovaError`]: its class, by which handlers choose, and its formatted
//! message, which users see in a server's fault. The class knows Nova's name and code.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! exception_classes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $code:literal;)*) => {
        /// The class of an exception. Each has the name Nova gives it and the code it is stored with in a fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ExceptionClass {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl ExceptionClass {
            /// Every class, in the order of declaration.
            pub const ALL: &'static [ExceptionClass] = &[$(ExceptionClass::$variant,)*];

            /// Nova's name of the class.
            pub const fn name(self) -> &'static str {
                match self { $(ExceptionClass::$variant => $name,)* }
            }

            /// The code a fault of this class is stored with: 400 for invalid requests, 404 for things not found, else
            /// 500.
            pub const fn code(self) -> u16 {
                match self { $(ExceptionClass::$variant => $code,)* }
            }
        }
    };
}

exception_classes! {
    /// The base class: any exception of Nova's own that nobody treats specially.
    NovaException = "NovaException", 500;
    /// Any other exception; the message is its class name and text.
    Unexpected = "Unexpected", 500;
    /// The driver does not offer this method.
    NotImplementedError = "NotImplementedError", 500;
    /// A wrapper that asks the manager to put the server back into its former state and go on with the inner error.
    InstanceFaultRollback = "InstanceFaultRollback", 500;

    InstanceNotFound = "InstanceNotFound", 404;
    FlavorNotFound = "FlavorNotFound", 404;
    ImageNotFound = "ImageNotFound", 404;
    MigrationNotFound = "MigrationNotFound", 404;
    MigrationNotFoundByStatus = "MigrationNotFoundByStatus", 404;
    ComputeHostNotFound = "ComputeHostNotFound", 404;
    PortNotFound = "PortNotFound", 404;

    UnexpectedTaskState = "UnexpectedTaskStateError", 500;
    UnexpectedDeletingTaskState = "UnexpectedDeletingTaskStateError", 500;

    /// The server is not in a state the operation may start from.
    InstanceInvalidState = "InstanceInvalidState", 409;
    InstanceNotReady = "InstanceNotReady", 409;
    InstanceIsLocked = "InstanceIsLocked", 409;
    ServiceUnavailable = "ServiceUnavailable", 409;
    CannotResizeToSameFlavor = "CannotResizeToSameFlavor", 400;
    InvalidInput = "InvalidInput", 400;
    CannotMigrateToSameHost = "CannotMigrateToSameHost", 400;

    NoValidHost = "NoValidHost", 500;
    MaxRetriesExceeded = "MaxRetriesExceeded", 500;
    ComputeResourcesUnavailable = "ComputeResourcesUnavailable", 400;
    UnableToMigrateToSelf = "UnableToMigrateToSelf", 400;
    BuildAbortException = "BuildAbortException", 500;
    RescheduledException = "RescheduledException", 500;
    MigrationPreCheckError = "MigrationPreCheckError", 400;
    MigrationError = "MigrationError", 500;
    /// The migration is not in a state in which this can be done with it.
    InvalidMigrationState = "InvalidMigrationState", 400;
    GroupAffinityViolation = "GroupAffinityViolation", 500;
    /// A server group's policy needs a filter or weigher that is not configured.
    UnsupportedPolicy = "UnsupportedPolicyException", 400;
    InstanceGroupNotFound = "InstanceGroupNotFound", 404;
    /// More is asked for than the project may have.
    OverQuota = "OverQuota", 403;
    TooManyInstances = "TooManyInstances", 403;

    AllocationUpdateFailed = "AllocationUpdateFailed", 500;
    AllocationMoveFailed = "AllocationMoveFailed", 500;
    /// A consumer that ought to hold something holds nothing.
    ConsumerAllocationRetrievalFailed = "ConsumerAllocationRetrievalFailed", 500;
    AllocationDeleteFailed = "AllocationDeleteFailed", 500;
    ResourceProviderUpdateConflict = "ResourceProviderUpdateConflict", 500;
    PlacementApiError = "PlacementAPIConflict", 500;

    MessagingTimeout = "MessagingTimeout", 500;

    InstanceExists = "InstanceExists", 500;
    InstancePowerOffFailure = "InstancePowerOffFailure", 500;
    VirtDriverNotReady = "VirtDriverNotReady", 500;
    ReshapeNeeded = "ReshapeNeeded", 500;
    ReshapeFailed = "ReshapeFailed", 500;
    /// A binding of a port that is not in use any more is not deleted.
    PortBindingDeletionFailed = "PortBindingDeletionFailed", 500;
    VirtualInterfaceCreateException = "VirtualInterfaceCreateException", 500;
    VirtualInterfacePlugException = "VirtualInterfacePlugException", 500;
    VirtualInterfaceMacAddressException = "VirtualInterfaceMacAddressException", 500;
    NoMoreFixedIps = "NoMoreFixedIps", 500;
    ExternalNetworkAttachForbidden = "ExternalNetworkAttachForbidden", 403;
    FixedIpInvalidOnHost = "FixedIpInvalidOnHost", 400;
    UnableToAutoAllocateNetwork = "UnableToAutoAllocateNetwork", 400;
    NetworksWithQoSPolicyNotSupported = "NetworksWithQoSPolicyNotSupported", 400;
    VTPMSecretForbidden = "VTPMSecretForbidden", 403;
    FlavorDiskTooSmall = "FlavorDiskTooSmall", 400;
    FlavorMemoryTooSmall = "FlavorMemoryTooSmall", 400;
    ImageNotActive = "ImageNotActive", 500;
    ImageUnacceptable = "ImageUnacceptable", 400;
    InvalidDiskInfo = "InvalidDiskInfo", 400;
    InvalidDiskFormat = "InvalidDiskFormat", 400;
    SignatureVerificationError = "SignatureVerificationError", 500;
    CertificateValidationFailed = "CertificateValidationFailed", 400;
    VolumeEncryptionNotSupported = "VolumeEncryptionNotSupported", 400;
    RequestedVRamTooHigh = "RequestedVRamTooHigh", 400;
    InstanceEventTimeout = "InstanceEventTimeout", 500;

    /// Any exception of the kind of code 400 that nobody treats specially.
    Invalid = "Invalid", 400;
    /// Any exception of the kind of code 403 that nobody treats specially.
    Forbidden = "Forbidden", 403;
    /// Any exception of the kind of code 404 that nobody treats specially.
    NotFound = "NotFound", 404;
    InstanceNotRunning = "InstanceNotRunning", 400;
    InstanceUnacceptable = "InstanceUnacceptable", 400;
    InstanceDeployFailure = "InstanceDeployFailure", 400;
    PreserveEphemeralNotSupported = "PreserveEphemeralNotSupported", 400;
    InvalidConfiguration = "InvalidConfiguration", 400;
    HypervisorUnavailable = "HypervisorUnavailable", 500;
    InstanceNotRescuable = "InstanceNotRescuable", 400;
    UnsupportedRescueImage = "UnsupportedRescueImage", 400;
    TriggerCrashDumpNotSupported = "TriggerCrashDumpNotSupported", 400;
    InstanceQuiesceNotSupported = "InstanceQuiesceNotSupported", 400;
    QemuGuestAgentNotEnabled = "QemuGuestAgentNotEnabled", 400;
    InstanceAgentNotEnabled = "InstanceAgentNotEnabled", 400;
    SetAdminPasswdNotSupported = "SetAdminPasswdNotSupported", 400;
    NotSupportedWithOption = "NotSupportedWithOption", 400;
    ConsoleNotAvailable = "ConsoleNotAvailable", 404;
    ConsoleTypeInvalid = "ConsoleTypeInvalid", 400;
    ConsoleTypeUnavailable = "ConsoleTypeUnavailable", 400;
    SocketPortRangeExhausted = "SocketPortRangeExhaustedException", 500;
    ImageSerialPortNumberInvalid = "ImageSerialPortNumberInvalid", 400;
    ImageSerialPortNumberExceedFlavorValue = "ImageSerialPortNumberExceedFlavorValue", 400;
    VolumeNotFound = "VolumeNotFound", 404;
    VolumeAttachmentNotFound = "VolumeAttachmentNotFound", 404;
    VolumeBDMNotFound = "VolumeBDMNotFound", 404;
    InvalidVolume = "InvalidVolume", 400;
    InvalidBdm = "InvalidBDM", 400;
    ComputeServiceUnavailable = "ComputeServiceUnavailable", 500;
    DiskNotFound = "DiskNotFound", 404;
    DeviceNotFound = "DeviceNotFound", 404;
    DeviceDetachFailed = "DeviceDetachFailed", 500;
    ExtendVolumeNotSupported = "ExtendVolumeNotSupported", 400;
    MultiattachNotSupportedByVirtDriver = "MultiattachNotSupportedByVirtDriver", 400;
    TooManyDiskDevices = "TooManyDiskDevices", 403;
    InterfaceAttachFailed = "InterfaceAttachFailed", 500;
    InterfaceDetachFailed = "InterfaceDetachFailed", 400;
    PciDeviceNotFoundById = "PciDeviceNotFoundById", 404;
    ShareNotFound = "ShareNotFound", 404;
    ShareProtocolNotSupported = "ShareProtocolNotSupported", 404;
    ShareMountError = "ShareMountError", 500;
    ShareUmountError = "ShareUmountError", 500;
    ResizeError = "ResizeError", 500;
    InvalidSharedStorage = "InvalidSharedStorage", 500;
    InvalidLocalStorage = "InvalidLocalStorage", 500;
    InvalidCPUInfo = "InvalidCPUInfo", 400;
    InvalidHypervisorType = "InvalidHypervisorType", 400;
    DestinationHypervisorTooOld = "DestinationHypervisorTooOld", 400;
    LiveMigrationURINotAvailable = "LiveMigrationURINotAvailable", 500;

    InstancePasswordSetFailed = "InstancePasswordSetFailed", 409;
    AttachInterfaceNotSupported = "AttachInterfaceNotSupported", 400;
    UnshelveException = "UnshelveException", 500;
    InstanceEvacuateNotSupported = "InstanceEvacuateNotSupported", 400;
}

impl ExceptionClass {
    /// The code a fault stores for an exception of this class: Nova's own. Some classes have another one as the answer to
    /// a request, which [`code`](Self::code) tells, because the API translates them.
    pub const fn fault_code(self) -> u16 {
        match self {
            Self::InstanceInvalidState | Self::InstanceNotReady => 400,
            Self::FlavorDiskTooSmall
            | Self::FlavorMemoryTooSmall
            | Self::CertificateValidationFailed
            | Self::RequestedVRamTooHigh
            | Self::MigrationPreCheckError
            | Self::InstancePasswordSetFailed => 500,
            _ => self.code(),
        }
    }
}

/// An error of the control plane: what class it is of and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NovaError {
    /// The class, by which handlers choose what to do.
    pub class: ExceptionClass,
    /// The formatted message. For a class outside Nova's own (not implemented, unexpected) it may be empty.
    pub message: String,
    /// The wrapped error of an [`ExceptionClass::InstanceFaultRollback`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<Box<NovaError>>,
}

impl NovaError {
    /// An error of this class with this message.
    pub fn new(class: ExceptionClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), inner: None }
    }

    /// The wrapper that asks for a rollback to the former state, around `inner`.
    pub fn instance_fault_rollback(inner: NovaError) -> Self {
        Self {
            class: ExceptionClass::InstanceFaultRollback,
            message: format!("Instance rollback performed due to: {inner}"),
            inner: Some(Box::new(inner)),
        }
    }

    /// The server is gone.
    pub fn instance_not_found(id: impl fmt::Display) -> Self {
        Self::new(ExceptionClass::InstanceNotFound, format!("Instance {id} could not be found."))
    }

    /// No host can take the server, for `reason` (a full sentence).
    pub fn no_valid_host(reason: &str) -> Self {
        Self::new(ExceptionClass::NoValidHost, format!("No valid host was found. {reason}"))
    }

    /// A server would have more disks than it may.
    pub fn too_many_disk_devices(maximum: impl fmt::Display) -> Self {
        Self::new(
            ExceptionClass::TooManyDiskDevices,
            format!(
                "The maximum allowed number of disk devices ({maximum}) to attach to a single instance has been exceeded."
            ),
        )
    }

    /// No alternate is left.
    pub fn max_retries_exceeded(reason: &str) -> Self {
        Self::new(ExceptionClass::MaxRetriesExceeded, format!("Exceeded maximum number of retries. {reason}"))
    }

    /// The host cannot take the server's resources.
    pub fn compute_resources_unavailable(reason: &str) -> Self {
        Self::new(
            ExceptionClass::ComputeResourcesUnavailable,
            format!("Insufficient compute resources: {reason}."),
        )
    }

    /// The build of a server is given up, and no other host is to be tried.
    pub fn build_abort(id: impl fmt::Display, reason: &str) -> Self {
        Self::new(ExceptionClass::BuildAbortException, format!("Build of instance {id} aborted: {reason}"))
    }

    /// The build of a server failed on one host and another is to be tried.
    pub fn rescheduled(id: impl fmt::Display, reason: &str) -> Self {
        Self::new(
            ExceptionClass::RescheduledException,
            format!("Build of instance {id} was re-scheduled: {reason}"),
        )
    }

    /// Whether this is an error of this class.
    pub fn is(&self, class: ExceptionClass) -> bool {
        self.class == class
    }

    /// Whether the task of a server was not the one that was expected, for whatever is done with it now: `UnexpectedTaskStateError`,
    /// of which `UnexpectedDeletingTaskStateError` is one.
    pub fn is_preempted(&self) -> bool {
        matches!(
            self.class,
            ExceptionClass::UnexpectedTaskState | ExceptionClass::UnexpectedDeletingTaskState
        )
    }

    /// What the exception itself says (`str`): nothing for a method that a driver does not offer, whose message here is
    /// the contract's.
    pub fn text(&self) -> &str {
        match self.class {
            ExceptionClass::NotImplementedError => "",
            _ => &self.message,
        }
    }

    /// What a fault made from this error says: the formatted message of one of Nova's own exceptions, else the class
    /// name; at most 255 characters (`nova/compute/utils.py, exception_to_dict`).
    pub fn fault_message(&self) -> String {
        let text = match self.class {
            ExceptionClass::NotImplementedError => self.class.name(),
            _ if self.message.is_empty() => self.class.name(),
            _ => &self.message,
        };
        text.chars().take(255).collect()
    }
}

impl fmt::Display for NovaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { f.write_str(self.class.name()) } else { f.write_str(&self.message) }
    }
}

impl std::error::Error for NovaError {}
