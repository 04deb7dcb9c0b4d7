//! Extra specs that speak of placement: `resources<S>:CLASS`, `trait<S>:TRAIT` and `group_policy`. What is malformed is
//! passed over, as Nova does with a warning.

use super::{GroupPolicy, RequestGroup, ResourceRequest};
use model::ResourceClass;
use std::collections::{BTreeMap, BTreeSet};

/// Most characters a suffix may have.
const MAX_SUFFIX_LENGTH: usize = 64;

/// Adds what the extra specs state, and gives the classes for which the group without suffix has a stated amount, 0
/// included.
pub(super) fn apply(
    extra_specs: &BTreeMap<String, String>,
    asked: &mut ResourceRequest,
) -> BTreeSet<ResourceClass> {
    let mut stated = BTreeSet::new();
    for (key, value) in extra_specs {
        if key == "group_policy" {
            match value.as_str() {
                "none" => asked.group_policy = Some(GroupPolicy::None),
                "isolate" => asked.group_policy = Some(GroupPolicy::Isolate),
                _ => {}
            }
        } else if let Some((suffix, class)) = split(key, "resources") {
            if let (true, Ok(amount)) = (is_class_name(class), value.parse::<u64>()) {
                let class = ResourceClass::new(class);
                if suffix.is_empty() {
                    stated.insert(class.clone());
                }
                group(asked, suffix).resources.insert(class, amount);
            }
        } else if let Some((suffix, name)) = split(key, "trait") {
            match value.as_str() {
                "required" => group(asked, suffix).required.insert(name.to_owned()),
                "forbidden" => group(asked, suffix).forbidden.insert(name.to_owned()),
                _ => false,
            };
        }
    }
    stated
}

fn group<'a>(asked: &'a mut ResourceRequest, suffix: &str) -> &'a mut RequestGroup {
    if suffix.is_empty() {
        &mut asked.unsuffixed
    } else {
        asked.granular.entry(suffix.to_owned()).or_default()
    }
}

/// Suffix and name of a key `WORD<suffix>:NAME`.
fn split<'a>(key: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (suffix, name) = key.strip_prefix(word)?.split_once(':')?;
    let is_suffix = suffix.len() <= MAX_SUFFIX_LENGTH
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    (is_suffix && !name.is_empty()).then_some((suffix, name))
}

/// The classes that os-resource-classes 1.1.0 names; any other must begin with `CUSTOM_`.
const STANDARD_CLASSES: [&str; 21] = [
    "DISK_GB",
    "FPGA",
    "IPV4_ADDRESS",
    "MEMORY_MB",
    "MEM_ENCRYPTION_CONTEXT",
    "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC",
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "NUMA_CORE",
    "NUMA_MEMORY_MB",
    "NUMA_SOCKET",
    "NUMA_THREAD",
    "PCI_DEVICE",
    "PCPU",
    "PGPU",
    "SRIOV_NET_VF",
    "VCPU",
    "VGPU",
    "VGPU_DISPLAY_HEAD",
];

fn is_class_name(name: &str) -> bool {
    name.starts_with("CUSTOM_") || STANDARD_CLASSES.binary_search(&name).is_ok()
}
