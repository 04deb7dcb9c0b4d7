//! What fault layers have in common: which calls they strike, and which error they raise, by settings.

use crate::types::{
    DeviceReason, EncryptedVolume, FlatError, ImageReason, Instance, InstanceHost, InstanceReason,
    OptionConflict, PathReason, QosNetwork, ShareReason, StateConflict, TaskStateConflict, UnexpectedError,
    VideoMemory, VirtError,
};
use crate::{Call, CallInstance, durable, random, settings};

/// Which calls a fault strikes. By these settings; what is not given does not restrict:
///
/// * `method`: Nova's name of it, `spawn`; `*` stands for anything, `*_live_migration`;
/// * `server`: name or identifier of the server that the call is about, with `*` likewise. Calls that are about no server
///   are only struck if it is `*`;
/// * `on`: the first call that is struck, counted among those that the two settings above choose, from 1;
/// * `times`: how many are struck; 0: no limit;
/// * `probability`: how likely each of them is struck, from 0 to 1.
///
/// The count outlives the driver's agent, so that a fault that ends it does not begin anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    method: String,
    server: String,
    on: u64,
    times: u64,
    probability: f64,
}

impl Aim {
    /// As the settings say; `method` if they say nothing of a method.
    ///
    /// # Errors
    /// `InvalidInput` for one that cannot be.
    pub fn from_settings(method: &str) -> Result<Aim, VirtError> {
        let text = |key: &str, default: &str| {
            settings::text(key).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let number = |key: &str, default: u64| match settings::text(key) {
            None => Ok(default),
            Some(text) if text.is_empty() => Ok(default),
            Some(_) => settings::get(key),
        };
        let probability = text("probability", "1");
        let probability =
            probability.parse().ok().filter(|number: &f64| (0.0..=1.0).contains(number)).ok_or_else(
                || VirtError::InvalidInput(format!("setting probability cannot be {probability}")),
            )?;
        Ok(Aim {
            method: text("method", method),
            server: text("server", "*"),
            on: number("on", 1)?,
            times: number("times", 0)?,
            probability,
        })
    }

    /// Is this call struck? Counts it.
    pub fn strikes(&self, call: &Call) -> bool {
        self.chooses(call.method, call.instance.as_ref()) && self.counts()
    }

    /// The same, where the method is known.
    pub fn strikes_server(&self, instance: &Instance) -> bool {
        (matches(&self.server, &instance.display_name)
            || matches(&self.server, &instance.name)
            || matches(&self.server, &instance.uuid))
            && self.counts()
    }

    fn chooses(&self, method: &str, instance: Option<&CallInstance>) -> bool {
        matches(&self.method, method)
            && match instance {
                None => self.server == "*",
                Some(instance) => [&instance.display_name, &instance.name, &instance.uuid]
                    .into_iter()
                    .any(|name| matches(&self.server, name)),
            }
    }

    fn counts(&self) -> bool {
        let number = count("aim/calls");
        if number < self.on {
            return false;
        }
        if self.times > 0 && durable::load::<u64>("aim/strikes").unwrap_or(0) >= self.times {
            return false;
        }
        // The upper 53 bits are all that a float can tell apart.
        let struck = self.probability >= 1.0
            || (random::next_u64() >> 11) as f64 / (1_u64 << 53) as f64 <= self.probability
                && self.probability > 0.0;
        if struck {
            count("aim/strikes");
        }
        struck
    }
}

/// Counts one more, durably.
fn count(key: &str) -> u64 {
    let number = durable::load::<u64>(key).unwrap_or(0).saturating_add(1);
    durable::store(key, number);
    number
}

/// Is this text one of a pattern in which `*` stands for anything?
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            let Some(at) = rest.find(previous) else { return false };
            rest = &rest[at + previous.len()..];
        }
    }
    match last {
        None => rest.is_empty(),
        Some(last) => rest.ends_with(last),
    }
}

/// The error that the settings `error` and `message` ask for, in a call. An error that is about a server is about that of the
/// call; every text in it is the message, or if there is none `otherwise`.
///
/// # Errors
/// `InvalidInput` if there is no such error.
pub fn error_from_settings(default: &str, otherwise: &str, call: &Call) -> Result<VirtError, VirtError> {
    let text = |key: &str| settings::text(key).filter(|text| !text.is_empty());
    let name = text("error").unwrap_or_else(|| default.to_owned());
    let server = call.instance.as_ref().map(|instance| instance.uuid.as_str()).unwrap_or_default();
    let message = text("message");
    error(&name, server, message.as_deref(), otherwise).ok_or_else(|| {
        VirtError::InvalidInput(format!("setting error cannot be {name}: the contract has no such error"))
    })
}

/// The error of this name in the contract, `compute-resources-unavailable`.
fn error(name: &str, server: &str, message: Option<&str>, otherwise: &str) -> Option<VirtError> {
    use VirtError as E;
    let server = || server.to_owned();
    let text = || message.unwrap_or(otherwise).to_owned();
    // Nova's own text, where the whole text is the driver's.
    let own = |nova: &str| message.unwrap_or(nova).to_owned();
    let reason = || InstanceReason { instance: server(), reason: text() };
    let conflict = || TaskStateConflict { instance: server(), expected: text(), actual: "None".to_owned() };
    Some(match name {
        "not-implemented" => E::NotImplemented,
        "instance-not-found" => E::InstanceNotFound(server()),
        "instance-exists" => E::InstanceExists(text()),
        "instance-power-off-failure" => E::InstancePowerOffFailure(text()),
        "instance-fault-rollback" => E::InstanceFaultRollback(flat(text())),
        "compute-resources-unavailable" => E::ComputeResourcesUnavailable(text()),
        "build-abort" => E::BuildAbort(reason()),
        "unexpected-task-state" => E::UnexpectedTaskState(conflict()),
        "unexpected-deleting-task-state" => E::UnexpectedDeletingTaskState(conflict()),
        "no-more-fixed-ips" => E::NoMoreFixedIps(text()),
        "external-network-attach-forbidden" => E::ExternalNetworkAttachForbidden(text()),
        "virtual-interface-create" => E::VirtualInterfaceCreate(own("Virtual Interface creation failed")),
        "virtual-interface-mac-address" => E::VirtualInterfaceMacAddress,
        "virtual-interface-plug" => E::VirtualInterfacePlug(own("Virtual interface plugin failed")),
        "fixed-ip-invalid-on-host" => E::FixedIpInvalidOnHost(text()),
        "unable-to-auto-allocate-network" => E::UnableToAutoAllocateNetwork(text()),
        "networks-with-qos-policy-not-supported" => {
            E::NetworksWithQosPolicyNotSupported(QosNetwork { instance: server(), network: text() })
        }
        "vtpm-secret-forbidden" => E::VtpmSecretForbidden(text()),
        "flavor-disk-too-small" => {
            E::FlavorDiskTooSmall(own("The created instance's disk would be too small."))
        }
        "flavor-memory-too-small" => E::FlavorMemoryTooSmall,
        "image-not-active" => E::ImageNotActive(text()),
        "image-unacceptable" => E::ImageUnacceptable(ImageReason { image: server(), reason: text() }),
        "invalid-disk-info" => E::InvalidDiskInfo(text()),
        "invalid-disk-format" => E::InvalidDiskFormat(text()),
        "signature-verification" => E::SignatureVerification(text()),
        "certificate-validation-failed" => E::CertificateValidationFailed(text()),
        "volume-encryption-not-supported" => {
            E::VolumeEncryptionNotSupported(EncryptedVolume { volume_type: text(), volume: text() })
        }
        "invalid-input" => E::InvalidInput(text()),
        "requested-vram-too-high" => E::RequestedVramTooHigh(VideoMemory { requested: 2, maximum: 1 }),
        "virt-driver-not-ready" => E::VirtDriverNotReady,
        "reshape-needed" => E::ReshapeNeeded,
        "reshape-failed" => E::ReshapeFailed(text()),
        "other" => E::Other(text()),
        "unexpected" => {
            E::Unexpected(UnexpectedError { class_name: "RuntimeError".to_owned(), message: text() })
        }
        "nova" => E::Nova(flat(text())),
        "instance-not-running" => E::InstanceNotRunning(server()),
        "instance-not-ready" => E::InstanceNotReady(server()),
        "instance-invalid-state" => E::InstanceInvalidState(StateConflict {
            instance: server(),
            attr: "power_state".to_owned(),
            state: "crashed".to_owned(),
            method: text(),
        }),
        "instance-unacceptable" => E::InstanceUnacceptable(reason()),
        "instance-deploy-failure" => E::InstanceDeployFailure(text()),
        "preserve-ephemeral-not-supported" => E::PreserveEphemeralNotSupported,
        "invalid-configuration" => E::InvalidConfiguration(own("Configuration is Invalid.")),
        "hypervisor-unavailable" => E::HypervisorUnavailable,
        "instance-not-rescuable" => E::InstanceNotRescuable(reason()),
        "unsupported-rescue-image" => E::UnsupportedRescueImage(text()),
        "trigger-crash-dump-not-supported" => E::TriggerCrashDumpNotSupported,
        "image-not-found" => E::ImageNotFound(text()),
        "instance-quiesce-not-supported" => E::InstanceQuiesceNotSupported(server()),
        "qemu-guest-agent-not-enabled" => E::QemuGuestAgentNotEnabled,
        "instance-agent-not-enabled" => E::InstanceAgentNotEnabled,
        "set-admin-passwd-not-supported" => E::SetAdminPasswdNotSupported,
        "not-supported-with-option" => {
            E::NotSupportedWithOption(OptionConflict { operation: text(), option_name: "option".to_owned() })
        }
        "console-not-available" => E::ConsoleNotAvailable,
        "console-type-invalid" => E::ConsoleTypeInvalid(text()),
        "console-type-unavailable" => E::ConsoleTypeUnavailable(text()),
        "socket-port-range-exhausted" => E::SocketPortRangeExhausted(text()),
        "image-serial-port-number-invalid" => E::ImageSerialPortNumberInvalid(text()),
        "image-serial-port-number-exceed-flavor-value" => E::ImageSerialPortNumberExceedFlavorValue,
        "volume-not-found" => E::VolumeNotFound(text()),
        "volume-attachment-not-found" => E::VolumeAttachmentNotFound(text()),
        "disk-not-found" => E::DiskNotFound(text()),
        "device-not-found" => E::DeviceNotFound(text()),
        "device-detach-failed" => {
            E::DeviceDetachFailed(DeviceReason { device: "device".to_owned(), reason: text() })
        }
        "extend-volume-not-supported" => E::ExtendVolumeNotSupported,
        "multiattach-not-supported-by-virt-driver" => E::MultiattachNotSupportedByVirtDriver(text()),
        "too-many-disk-devices" => E::TooManyDiskDevices(26),
        "interface-attach-failed" => E::InterfaceAttachFailed(server()),
        "interface-detach-failed" => E::InterfaceDetachFailed(server()),
        "pci-device-not-found-by-id" => E::PciDeviceNotFoundById(text()),
        "share-not-found" => E::ShareNotFound(text()),
        "share-protocol-not-supported" => E::ShareProtocolNotSupported(text()),
        "share-mount-error" => E::ShareMountError(share(server(), text())),
        "share-umount-error" => E::ShareUmountError(share(server(), text())),
        "resize-error" => E::ResizeError(text()),
        "migration-error" => E::MigrationError(text()),
        "migration-pre-check-error" => E::MigrationPreCheckError(text()),
        "invalid-shared-storage" => E::InvalidSharedStorage(path(text())),
        "invalid-local-storage" => E::InvalidLocalStorage(path(text())),
        "invalid-cpu-info" => E::InvalidCpuInfo(text()),
        "invalid-hypervisor-type" => E::InvalidHypervisorType,
        "destination-hypervisor-too-old" => E::DestinationHypervisorTooOld,
        "unable-to-migrate-to-self" => {
            E::UnableToMigrateToSelf(InstanceHost { instance: server(), host: crate::config::get().host })
        }
        "live-migration-uri-not-available" => E::LiveMigrationUriNotAvailable(text()),
        _ => return None,
    })
}

fn flat(message: String) -> FlatError {
    FlatError { class_name: "NovaException".to_owned(), message, code: 500 }
}

fn share(instance: String, reason: String) -> ShareReason {
    ShareReason { share: "share".to_owned(), instance, reason }
}

fn path(reason: String) -> PathReason {
    PathReason { path: "/var/lib/nova/instances".to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::{Aim, error_from_settings, matches};
    use crate::abi::Abi;
    use crate::testing::{call, flavor, instance, set};
    use crate::types::{Instance, InstanceReason, VirtError};

    fn server(name: &str) -> Instance {
        instance(name, flavor("m1.small", 1, 2048, 20))
    }

    #[test]
    fn a_star_in_a_pattern_stands_for_anything() {
        for (pattern, text) in [
            ("*", ""),
            ("spawn", "spawn"),
            ("*_migration", "finish_migration"),
            ("pre*", "pre_live_migration"),
            ("*live*", "pre_live_migration"),
            ("a*b*c", "axxbyyc"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("spawn", "spawned"), ("a*a", "a"), ("*b", "abc"), ("", "a"), ("a*b*c", "acb")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn it_strikes_from_the_nth_chosen_call_on_as_often_as_it_may() {
        set("on", "2");
        set("times", "2");
        set("server", "web*");
        let aim = Aim::from_settings("spawn").unwrap();
        let strikes = |method, name| aim.strikes(&call(method, Some(&server(name))));
        assert!(!strikes("spawn", "web1"), "the first");
        assert!(!strikes("destroy", "web1"), "another method");
        assert!(!strikes("spawn", "db"), "another server");
        assert!(strikes("spawn", "web2"));
        assert!(strikes("spawn", "web3"));
        assert!(!strikes("spawn", "web4"), "no more");
        assert!(!aim.strikes(&call("spawn", None)), "no server");
    }

    #[test]
    fn a_probability_of_a_quarter_strikes_about_every_fourth_call() {
        set("probability", "0.25");
        let aim = Aim::from_settings("*").unwrap();
        let struck = (0..1000).filter(|_| aim.strikes(&call("init_host", None))).count();
        assert!((200..300).contains(&struck), "{struck}");
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        set("probability", "2");
        let error = Aim::from_settings("*").unwrap_err();
        assert_eq!(error, VirtError::InvalidInput("setting probability cannot be 2".to_owned()));
        set("error", "none-of-these");
        let error = error_from_settings("other", "x", &call("spawn", None)).unwrap_err();
        let text = "setting error cannot be none-of-these: the contract has no such error";
        assert_eq!(error, VirtError::InvalidInput(text.to_owned()));
    }

    #[test]
    fn every_error_of_the_contract_has_a_name_and_knows_the_server() {
        let source = include_str!("faults.rs");
        let names = source.lines().filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix('"')?.split_once("\" =>")?;
            (rest.contains("E::") || rest.trim() == "{").then_some(name)
        });
        let numbers: std::collections::BTreeSet<Vec<u8>> = names
            .map(|name| {
                set("error", name);
                let error = error_from_settings("other", "x", &call("spawn", Some(&server("a")))).unwrap();
                crate::abi::to_bytes(error)[..1].to_vec()
            })
            .collect();
        let crate::abi::Kind::Variant(cases) = VirtError::SHAPE.kind else { unreachable!() };
        assert_eq!(numbers.len(), cases.len());
        set("error", "build-abort");
        set("message", "so");
        assert_eq!(
            error_from_settings("other", "x", &call("spawn", Some(&server("a")))),
            Ok(VirtError::BuildAbort(InstanceReason { instance: "a".to_owned(), reason: "so".to_owned() }))
        );
    }
}
