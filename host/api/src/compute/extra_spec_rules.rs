//! Which extra specs mean something, since 2.86 (`nova/api/validation/extra_specs/`). A key in a namespace that nobody knows, or
//! in none, may mean anything.

use regex::Regex;

/// What a value must be.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Boolean,
    /// A whole number from here on.
    AtLeast(i64),
    /// A whole number, this at most, not negative.
    UpTo(i64),
    Integer,
    OneOf(&'static [&'static str]),
    /// A pattern of the whole text.
    Pattern(&'static str),
}

use Kind::{Any, AtLeast, Boolean, Integer, OneOf, Pattern, UpTo};

/// Namespaces in which unknown keys are refused.
const NAMESPACES: [&str; 11] = [
    "accel",
    "aggregate_instance_extra_specs",
    "capabilities",
    "hw",
    "hw_rng",
    "hw_video",
    "os",
    "pci_passthrough",
    "quota",
    "resources",
    "vmware",
];

const CPUS: &str = r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*";
const SHARES: &[&str] = &["custom", "high", "normal", "low"];

/// Keys without parameters.
const RULES: &[(&str, Kind)] = &[
    ("accel:device_profile", Any),
    ("group_policy", OneOf(&["isolate", "none"])),
    ("hide_hypervisor_id", Boolean),
    ("hw:boot_menu", Boolean),
    ("hw:cpu_cores", AtLeast(1)),
    ("hw:cpu_dedicated_mask", Pattern(CPUS)),
    ("hw:cpu_max_cores", AtLeast(1)),
    ("hw:cpu_max_sockets", AtLeast(1)),
    ("hw:cpu_max_threads", AtLeast(1)),
    ("hw:cpu_policy", OneOf(&["dedicated", "shared", "mixed"])),
    ("hw:cpu_realtime", Boolean),
    ("hw:cpu_realtime_mask", Pattern(r"(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*")),
    ("hw:cpu_sockets", AtLeast(1)),
    ("hw:cpu_thread_policy", OneOf(&["prefer", "isolate", "require"])),
    ("hw:cpu_threads", AtLeast(1)),
    ("hw:emulator_threads_policy", OneOf(&["isolate", "share"])),
    ("hw:ephemeral_encryption", Boolean),
    ("hw:ephemeral_encryption_format", OneOf(&["plain", "luks", "luksv2"])),
    ("hw:hide_hypervisor_id", Boolean),
    ("hw:locked_memory", Boolean),
    ("hw:mem_encryption", Boolean),
    ("hw:mem_encryption_model", OneOf(&["amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"])),
    ("hw:mem_page_size", Pattern(r"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)")),
    ("hw:numa_nodes", AtLeast(1)),
    ("hw:pci_numa_affinity_policy", OneOf(&["required", "preferred", "legacy", "socket"])),
    ("hw:pmem", Pattern("([a-zA-Z0-9_]+(,)?)+")),
    ("hw:pmu", Boolean),
    ("hw:redirected_usb_ports", UpTo(15)),
    ("hw:serial_port_count", AtLeast(0)),
    ("hw:sound_model", OneOf(&["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"])),
    ("hw:tpm_model", OneOf(&["tpm-tis", "tpm-crb"])),
    ("hw:tpm_secret_security", OneOf(&["user", "host", "deployment"])),
    ("hw:tpm_version", OneOf(&["1.2", "2.0"])),
    ("hw:usb_model", OneOf(&["none", "nec-xhci", "qemu-xhci"])),
    ("hw:vif_multiqueue_enabled", Boolean),
    ("hw:viommu_model", OneOf(&["intel", "smmuv3", "virtio", "auto"])),
    ("hw:virtio_packed_ring", Boolean),
    ("hw:watchdog_action", OneOf(&["none", "pause", "poweroff", "reset", "disabled"])),
    ("hw_rng:allowed", Boolean),
    ("hw_rng:rate_bytes", AtLeast(0)),
    ("hw_rng:rate_period", AtLeast(0)),
    ("hw_video:ram_max_mb", AtLeast(0)),
    ("os:secure_boot", OneOf(&["disabled", "required"])),
    ("pci_passthrough:alias", Pattern(r"[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*")),
    ("quota:cpu_limit", AtLeast(0)),
    ("quota:cpu_period", AtLeast(0)),
    ("quota:cpu_quota", Integer),
    ("quota:cpu_reservation", Integer),
    ("quota:cpu_shares", AtLeast(0)),
    ("quota:cpu_shares_level", OneOf(SHARES)),
    ("quota:cpu_shares_share", AtLeast(0)),
    ("quota:disk_io_limit", AtLeast(0)),
    ("quota:disk_io_reservation", Integer),
    ("quota:disk_io_shares_level", OneOf(SHARES)),
    ("quota:disk_io_shares_share", AtLeast(0)),
    ("quota:disk_read_bytes_sec", AtLeast(0)),
    ("quota:disk_read_iops_sec", AtLeast(0)),
    ("quota:disk_total_bytes_sec", AtLeast(0)),
    ("quota:disk_total_iops_sec", AtLeast(0)),
    ("quota:disk_write_bytes_sec", AtLeast(0)),
    ("quota:disk_write_iops_sec", AtLeast(0)),
    ("quota:memory_limit", AtLeast(0)),
    ("quota:memory_reservation", Integer),
    ("quota:memory_shares_level", OneOf(SHARES)),
    ("quota:memory_shares_share", AtLeast(0)),
    ("quota:vif_inbound_average", AtLeast(0)),
    ("quota:vif_inbound_burst", AtLeast(0)),
    ("quota:vif_inbound_peak", AtLeast(0)),
    ("quota:vif_limit", AtLeast(0)),
    ("quota:vif_outbound_average", AtLeast(0)),
    ("quota:vif_outbound_burst", AtLeast(0)),
    ("quota:vif_outbound_peak", AtLeast(0)),
    ("quota:vif_reservation", Integer),
    ("quota:vif_shares_level", OneOf(SHARES)),
    ("quota:vif_shares_share", AtLeast(0)),
    ("vmware:hw_version", Any),
    ("vmware:storage_policy", Any),
];

/// What keys in `capabilities` may name.
const CAPABILITIES: &[&str] = &[
    "aggregates",
    "cell_uuid",
    "cpu_allocation_ratio",
    "current_workload",
    "disk_allocation_ratio",
    "disk_available_least",
    "disk_mb_used",
    "failed_builds",
    "free_disk_gb",
    "free_disk_mb",
    "free_ram_mb",
    "host",
    "host_ip",
    "hypervisor_hostname",
    "hypervisor_type",
    "hypervisor_version",
    "id",
    "local_gb",
    "local_gb_used",
    "mapped",
    "memory_mb",
    "memory_mb_used",
    "num_instances",
    "num_io_ops",
    "ram_allocation_ratio",
    "running_vms",
    "service_id",
    "total_usable_disk_gb",
    "total_usable_ram_mb",
    "updated",
    "uuid",
    "vcpus",
    "vcpus_total",
    "vcpus_used",
];
/// Those below which more keys may be named.
const DEEP_CAPABILITIES: &[&str] = &[
    "cpu_info",
    "instances",
    "limits",
    "metrics",
    "nodename",
    "numa_topology",
    "pci_device_pools",
    "pci_stats",
    "stats",
    "supported_hv_specs",
    "supported_instances",
];

/// What placement knows by itself.
pub(super) struct Standard<'a> {
    /// Whether this is a resource class.
    pub(super) is_class: &'a dyn Fn(&str) -> bool,
    /// Whether this is a trait.
    pub(super) is_trait: &'a dyn Fn(&str) -> bool,
}

/// Whether an extra spec is one that means something.
pub(super) fn check(name: &str, value: &str, standard: &Standard<'_>) -> Result<(), String> {
    match kind_of(name, standard) {
        Some(kind) => kind.check(value),
        None => match name.split_once(':') {
            Some((namespace, _)) if is_known(namespace) => Err(format!(
                "Validation failed; extra spec '{name}' does not appear to be a valid extra spec."
            )),
            _ => Ok(()),
        },
    }
}

/// Namespaces of resources and traits have a group's suffix.
fn is_known(namespace: &str) -> bool {
    NAMESPACES.contains(&namespace) || group_of(namespace, "resources") || group_of(namespace, "trait")
}

/// Whether this is the namespace of an unnumbered or numbered group.
fn group_of(namespace: &str, kind: &str) -> bool {
    let suffix = namespace.strip_prefix(kind);
    suffix.is_some_and(|suffix| {
        suffix.len() <= 64 && suffix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

fn is_custom(name: &str) -> bool {
    name.strip_prefix("CUSTOM_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

fn kind_of(name: &str, standard: &Standard<'_>) -> Option<Kind> {
    if let Ok(at) = RULES.binary_search_by_key(&name, |(known, _)| *known) {
        return RULES.get(at).map(|(_, kind)| *kind);
    }
    let (namespace, key) = name.split_once(':')?;
    let numbered = |prefix: &str| {
        key.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    match namespace {
        "aggregate_instance_extra_specs" if !key.is_empty() => Some(Any),
        "capabilities" => {
            let first = key.split(':').next().unwrap_or_default();
            (CAPABILITIES.contains(&key) || DEEP_CAPABILITIES.contains(&first)).then_some(Any)
        }
        "hw" if numbered("numa_cpus.") => Some(Pattern(CPUS)),
        "hw" if numbered("numa_mem.") => Some(AtLeast(1)),
        _ if group_of(namespace, "resources") => {
            (is_custom(key) || (standard.is_class)(key)).then_some(Integer)
        }
        _ if group_of(namespace, "trait") => {
            (is_custom(key) || (standard.is_trait)(key)).then_some(OneOf(&["required", "forbidden"]))
        }
        _ => None,
    }
}

impl Kind {
    fn check(self, value: &str) -> Result<(), String> {
        let number = || {
            let read = value.trim().parse::<i64>();
            read.map_err(|_| format!("Validation failed; '{value}' is not a valid integer value."))
        };
        let at_least = |least: i64, number: i64| match number < least {
            true => Err(format!("Validation failed; '{value}' is less than the min value of '{least}'.")),
            false => Ok(()),
        };
        match self {
            Any => Ok(()),
            Integer => number().map(drop),
            AtLeast(least) => at_least(least, number()?),
            UpTo(most) if number()? > most => {
                Err(format!("Validation failed; '{value}' is greater than the max value of '{most}'."))
            }
            UpTo(_) => at_least(0, number()?),
            Boolean => {
                let word = value.trim().to_lowercase();
                let words = ["1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"];
                match words.contains(&word.as_str()) {
                    true => Ok(()),
                    false => Err(format!("Validation failed; '{value}' is not a valid boolean-like value.")),
                }
            }
            OneOf(words) if words.contains(&value) => Ok(()),
            OneOf(words) => Err(format!("Validation failed; '{value}' is not one of: {}.", words.join(", "))),
            Pattern(pattern) => {
                let fits = Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value));
                match fits {
                    true => Ok(()),
                    false => Err(format!("Validation failed; '{value}' is not of the format '{pattern}'.")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RULES, Standard, check};

    fn outcome(name: &str, value: &str) -> Result<(), String> {
        let standard =
            Standard { is_class: &|name| name == "VCPU", is_trait: &|name| name == "HW_CPU_X86_SGX" };
        check(name, value, &standard)
    }

    #[test]
    fn rules_are_sorted_by_their_keys() {
        assert!(RULES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn known_keys_are_checked_and_unknown_ones_refused_within_known_namespaces() {
        for (name, value) in [
            ("hw:cpu_policy", "dedicated"),
            ("hw:numa_cpus.0", "0-3,^2"),
            ("hw:boot_menu", "yes"),
            ("resources:VCPU", "2"),
            ("resources_A1:CUSTOM_FPGA", "1"),
            ("trait:HW_CPU_X86_SGX", "required"),
            ("trait1:CUSTOM_GOLD", "forbidden"),
            ("aggregate_instance_extra_specs:ssd", "true"),
            ("capabilities:cpu_info:vendor", "intel"),
            ("foo", "bar"),
            ("foo:bar", "baz"),
        ] {
            assert_eq!(outcome(name, value), Ok(()), "{name}");
        }
        let unknown = |name: &str| {
            format!("Validation failed; extra spec '{name}' does not appear to be a valid extra spec.")
        };
        for (name, value, message) in [
            (
                "hw:cpu_policy",
                "sharrred",
                "Validation failed; 'sharrred' is not one of: dedicated, shared, mixed.",
            ),
            ("hw:numa_nodes", "0", "Validation failed; '0' is less than the min value of '1'."),
            ("hw:numa_nodes", "foo", "Validation failed; 'foo' is not a valid integer value."),
            (
                "hw:redirected_usb_ports",
                "16",
                "Validation failed; '16' is greater than the max value of '15'.",
            ),
            ("hw:boot_menu", "maybe", "Validation failed; 'maybe' is not a valid boolean-like value."),
            ("hw:bad_spec", "1", &unknown("hw:bad_spec")),
            ("resources:GOLD", "1", &unknown("resources:GOLD")),
            ("trait:GOLD", "required", &unknown("trait:GOLD")),
        ] {
            assert_eq!(outcome(name, value), Err(message.to_owned()));
        }
    }
}
