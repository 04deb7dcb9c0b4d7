//! Faults of a scenario: which driver call fails, and how, by the names of Nova's exceptions.

use super::Span;
use model::ExceptionClass;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use virt::types::{FlatError, InstanceReason, UnexpectedError, VirtError};
use virt::{Fault, FaultPoint, When};

/// A planned fault. Calls are counted from the start of the run, as the trace numbers them; a fault whose call has been
/// made already, or is never made, does not strike, which the report says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// The driver call, as `HOST:METHOD#N`.
    pub at: FaultPoint,
    /// What it raises, by Nova's name of the exception; `trap` lets the driver die instead, `crash` the compute service; `hang`
    /// never answers, `slow 65s` so much later.
    pub error: Kind,
    /// The exception's text or, of exceptions whose text Nova forms, the reason in it. A default of its class if
    /// nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The server an exception names that names one (`InstanceNotFound`, `BuildAbortException`, …). It must have been
    /// booted before the fault is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Whether the call has its effect before it fails.
    #[serde(default = "before", skip_serializing_if = "is_before")]
    pub when: When,
}

pub(super) fn before() -> When {
    When::Before
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_before(when: &When) -> bool {
    *when == When::Before
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = match self.when {
            When::Before => "",
            When::After => " after its effect",
        };
        match &self.error {
            Kind::Trap => write!(f, "the driver dies in {}", self.at),
            Kind::Crash => write!(f, "the compute service dies in {}{after}", self.at),
            Kind::Hang => write!(f, "{} hangs{after}", self.at),
            Kind::Slow(by) if self.when == When::Before => write!(f, "{} begins {by} late", self.at),
            Kind::Slow(by) => write!(f, "{} answers {by} late", self.at),
            kind => write!(f, "{} raises {kind}{after}", self.at),
        }
    }
}

/// What happens instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The driver dies.
    Trap,
    /// The host's compute service dies; its guests stay.
    Crash,
    /// There is no answer: who has a time-out gives up, and after all time-outs somebody kills the host's compute service
    /// ([`virt::HANGS_FOR`]).
    Hang,
    /// It takes so much longer.
    Slow(Span),
    /// Nova's exception of this class is raised.
    Raise(ExceptionClass),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Trap => "trap",
            Kind::Crash => "crash",
            Kind::Hang => "hang",
            Kind::Slow(by) => return write!(f, "slow {by}"),
            Kind::Raise(class) => class.name(),
        })
    }
}

impl Kind {
    /// Everything that can happen instead of an answer.
    pub fn all() -> impl Iterator<Item = Self> {
        raisable().map(Kind::Raise).chain([Kind::Trap])
    }
}

/// The exceptions that a driver can raise.
fn raisable() -> impl Iterator<Item = ExceptionClass> {
    ExceptionClass::ALL.iter().copied().filter(|class| raise(*class, None, None).is_some())
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match name.as_str() {
            "trap" => return Ok(Kind::Trap),
            "crash" => return Ok(Kind::Crash),
            "hang" => return Ok(Kind::Hang),
            _ => {}
        }
        if let Some(by) = name.strip_prefix("slow ") {
            return by.trim().parse().map(Kind::Slow).map_err(D::Error::custom);
        }
        raisable().find(|class| class.name() == name).map(Kind::Raise).ok_or_else(|| {
            let known: Vec<&str> = raisable().map(ExceptionClass::name).collect();
            D::Error::custom(format!(
                "no driver can raise `{name}`, expected trap, crash, hang, slow with a span of time (slow 65s), or one of Nova's \
                 exceptions: {}",
                known.join(", ")
            ))
        })
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FaultSpec {
    /// The fault, as the boundary wants it. `instance` is the uuid of the server it names.
    pub fn fault(&self, instance: Option<&str>) -> Fault {
        match &self.error {
            Kind::Trap => Fault::Trap,
            Kind::Crash => Fault::Crash { when: self.when },
            Kind::Hang => Fault::Hang { when: self.when },
            Kind::Slow(by) => Fault::Slow { by: by.0, when: self.when },
            Kind::Raise(class) => match raise(*class, self.message.as_deref(), instance) {
                Some(error) => Fault::Raise { error, when: self.when },
                // Only a class that was not read from a file; it is raised as what it is, an exception nobody foresaw.
                None => Fault::Raise {
                    error: VirtError::Unexpected(UnexpectedError {
                        class_name: class.name().to_owned(),
                        message: self.message.clone().unwrap_or_default(),
                    }),
                    when: self.when,
                },
            },
        }
    }

    /// Whether the exception names a server.
    pub(crate) fn names_server(&self) -> bool {
        matches!(
            self.error,
            Kind::Raise(
                ExceptionClass::InstanceNotFound
                    | ExceptionClass::BuildAbortException
                    | ExceptionClass::InstanceNotRunning
                    | ExceptionClass::InstanceNotReady
                    | ExceptionClass::InstanceUnacceptable
                    | ExceptionClass::InstanceNotRescuable
                    | ExceptionClass::InstanceQuiesceNotSupported
                    | ExceptionClass::InterfaceAttachFailed
                    | ExceptionClass::InterfaceDetachFailed
            )
        )
    }
}

/// The contract's error of a class, if a driver may raise that class and it can be said with one text. Without a text
/// it is Nova's own where Nova has one.
fn raise(class: ExceptionClass, message: Option<&str>, instance: Option<&str>) -> Option<VirtError> {
    use ExceptionClass as Class;
    let text = |default: &str| message.unwrap_or(default).to_owned();
    let instance = || instance.unwrap_or("00000000-0000-0000-0000-000000000000").to_owned();
    let reason = || InstanceReason { instance: instance(), reason: text("driver says no") };
    Some(match class {
        Class::NovaException => VirtError::Other(text("driver says no")),
        Class::Unexpected => VirtError::Unexpected(UnexpectedError {
            class_name: "RuntimeError".to_owned(),
            message: text("driver says no"),
        }),
        Class::NotImplementedError => VirtError::NotImplemented,
        Class::InstanceNotFound => VirtError::InstanceNotFound(instance()),
        Class::InstanceExists => VirtError::InstanceExists(text("Instance exists already.")),
        Class::InstancePowerOffFailure => VirtError::InstancePowerOffFailure(text("driver says no")),
        Class::InstanceFaultRollback => VirtError::InstanceFaultRollback(FlatError {
            class_name: Class::NovaException.name().to_owned(),
            message: text("driver says no"),
            code: Class::NovaException.code(),
        }),
        Class::ComputeResourcesUnavailable => VirtError::ComputeResourcesUnavailable(text("driver says no")),
        Class::BuildAbortException => VirtError::BuildAbort(reason()),
        Class::VirtualInterfaceCreateException => {
            VirtError::VirtualInterfaceCreate(text("Virtual Interface creation failed"))
        }
        Class::VirtualInterfacePlugException => {
            VirtError::VirtualInterfacePlug(text("Virtual interface plugin failed"))
        }
        Class::VirtualInterfaceMacAddressException => VirtError::VirtualInterfaceMacAddress,
        Class::NoMoreFixedIps => VirtError::NoMoreFixedIps(text("private")),
        Class::FlavorDiskTooSmall => {
            VirtError::FlavorDiskTooSmall(text("The created instance's disk would be too small."))
        }
        Class::FlavorMemoryTooSmall => VirtError::FlavorMemoryTooSmall,
        Class::InvalidDiskInfo => VirtError::InvalidDiskInfo(text("driver says no")),
        Class::InvalidInput => VirtError::InvalidInput(text("driver says no")),
        Class::SignatureVerificationError => VirtError::SignatureVerification(text("driver says no")),
        Class::CertificateValidationFailed => VirtError::CertificateValidationFailed(text("driver says no")),
        Class::VTPMSecretForbidden => VirtError::VtpmSecretForbidden(text("driver says no")),
        Class::VirtDriverNotReady => VirtError::VirtDriverNotReady,
        Class::ReshapeNeeded => VirtError::ReshapeNeeded,
        Class::ReshapeFailed => VirtError::ReshapeFailed(text("driver says no")),
        Class::Invalid | Class::Forbidden | Class::NotFound => VirtError::Nova(FlatError {
            class_name: class.name().to_owned(),
            message: text("driver says no"),
            code: class.code(),
        }),
        Class::InstanceNotRunning => VirtError::InstanceNotRunning(instance()),
        Class::InstanceNotReady => VirtError::InstanceNotReady(instance()),
        Class::InstanceUnacceptable => VirtError::InstanceUnacceptable(reason()),
        Class::InstanceDeployFailure => VirtError::InstanceDeployFailure(text("driver says no")),
        Class::PreserveEphemeralNotSupported => VirtError::PreserveEphemeralNotSupported,
        Class::InvalidConfiguration => VirtError::InvalidConfiguration(text("Configuration is Invalid.")),
        Class::HypervisorUnavailable => VirtError::HypervisorUnavailable,
        Class::InstanceNotRescuable => VirtError::InstanceNotRescuable(reason()),
        Class::TriggerCrashDumpNotSupported => VirtError::TriggerCrashDumpNotSupported,
        Class::InstanceQuiesceNotSupported => VirtError::InstanceQuiesceNotSupported(instance()),
        Class::QemuGuestAgentNotEnabled => VirtError::QemuGuestAgentNotEnabled,
        Class::InstanceAgentNotEnabled => VirtError::InstanceAgentNotEnabled,
        Class::SetAdminPasswdNotSupported => VirtError::SetAdminPasswdNotSupported,
        Class::ConsoleNotAvailable => VirtError::ConsoleNotAvailable,
        Class::ImageSerialPortNumberExceedFlavorValue => VirtError::ImageSerialPortNumberExceedFlavorValue,
        Class::ExtendVolumeNotSupported => VirtError::ExtendVolumeNotSupported,
        Class::InterfaceAttachFailed => VirtError::InterfaceAttachFailed(instance()),
        Class::InterfaceDetachFailed => VirtError::InterfaceDetachFailed(instance()),
        Class::ResizeError => VirtError::ResizeError(text("driver says no")),
        Class::MigrationError => VirtError::MigrationError(text("driver says no")),
        Class::MigrationPreCheckError => VirtError::MigrationPreCheckError(text("driver says no")),
        Class::InvalidCPUInfo => VirtError::InvalidCpuInfo(text("driver says no")),
        Class::InvalidHypervisorType => VirtError::InvalidHypervisorType,
        Class::DestinationHypervisorTooOld => VirtError::DestinationHypervisorTooOld,
        // What no driver raises, or what takes more than a text to say.
        Class::FlavorNotFound
        | Class::ImageNotFound
        | Class::MigrationNotFound
        | Class::MigrationNotFoundByStatus
        | Class::ComputeHostNotFound
        | Class::PortNotFound
        | Class::UnexpectedTaskState
        | Class::UnexpectedDeletingTaskState
        | Class::InstanceInvalidState
        | Class::InstanceIsLocked
        | Class::ServiceUnavailable
        | Class::CannotResizeToSameFlavor
        | Class::CannotMigrateToSameHost
        | Class::NoValidHost
        | Class::MaxRetriesExceeded
        | Class::UnableToMigrateToSelf
        | Class::RescheduledException
        | Class::GroupAffinityViolation
        | Class::UnsupportedPolicy
        | Class::InstanceGroupNotFound
        | Class::OverQuota
        | Class::TooManyInstances
        | Class::AllocationUpdateFailed
        | Class::AllocationMoveFailed
        | Class::AllocationDeleteFailed
        | Class::ConsumerAllocationRetrievalFailed
        | Class::ResourceProviderUpdateConflict
        | Class::PlacementApiError
        | Class::MessagingTimeout
        | Class::InvalidMigrationState
        | Class::PortBindingDeletionFailed
        | Class::ExternalNetworkAttachForbidden
        | Class::FixedIpInvalidOnHost
        | Class::UnableToAutoAllocateNetwork
        | Class::NetworksWithQoSPolicyNotSupported
        | Class::ImageNotActive
        | Class::ImageUnacceptable
        | Class::InvalidDiskFormat
        | Class::VolumeEncryptionNotSupported
        | Class::RequestedVRamTooHigh
        | Class::UnsupportedRescueImage
        | Class::NotSupportedWithOption
        | Class::ConsoleTypeInvalid
        | Class::ConsoleTypeUnavailable
        | Class::SocketPortRangeExhausted
        | Class::ImageSerialPortNumberInvalid
        | Class::VolumeNotFound
        | Class::VolumeAttachmentNotFound
        | Class::DiskNotFound
        | Class::DeviceNotFound
        | Class::DeviceDetachFailed
        | Class::MultiattachNotSupportedByVirtDriver
        | Class::TooManyDiskDevices
        | Class::PciDeviceNotFoundById
        | Class::ShareNotFound
        | Class::ShareProtocolNotSupported
        | Class::ShareMountError
        | Class::ShareUmountError
        | Class::InvalidSharedStorage
        | Class::InvalidLocalStorage
        | Class::LiveMigrationURINotAvailable
        | Class::InstancePasswordSetFailed
        | Class::InstanceEvacuateNotSupported
        | Class::AttachInterfaceNotSupported
        | Class::UnshelveException
        | Class::InstanceEventTimeout
        | Class::VolumeBDMNotFound
        | Class::InvalidVolume
        | Class::InvalidBdm
        | Class::ComputeServiceUnavailable => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use virt::nova_error;

    #[test]
    fn an_error_raised_by_class_is_of_that_class() {
        for class in ExceptionClass::ALL {
            if let Some(error) = raise(*class, Some("text"), Some("uuid")) {
                assert_eq!(nova_error(&error).class, *class);
            }
        }
    }

    #[test]
    fn without_a_text_nova_says_what_it_says_itself() {
        let error = raise(ExceptionClass::VirtualInterfaceCreateException, None, None).unwrap();
        assert_eq!(nova_error(&error).message, "Virtual Interface creation failed");
    }
}
