//! ImagePropertiesFilter: the hypervisor runs guests of the kind the image is for
//! (`nova/scheduler/filters/image_props_filter.py`).

use super::{Filter, image_property};
use crate::host_state::HostState;
use model::{Options, RequestSpec};
use std::cmp::Ordering;

pub(super) fn filter<'a>(request: &'a RequestSpec, options: &'a Options) -> Filter<'a> {
    let architecture = image_property(request, "hw_architecture")
        .or(options.image_properties_default_architecture.as_deref())
        .map(canonical_architecture);
    let hypervisor = image_property(request, "img_hv_type").map(canonical_hypervisor);
    let vm_mode = image_property(request, "hw_vm_mode").map(canonical_vm_mode);
    let wanted: Vec<String> = [architecture, hypervisor, vm_mode].into_iter().flatten().collect();
    let version = image_property(request, "img_hv_requested_version");
    let address_bits = image_property(request, "hw_maxphysaddr_bits");
    Filter::new(move |state| {
        supports(state, &wanted, version) && address_bits.is_none_or(|bits| has_address_bits(state, bits))
    })
    .once()
    .on_rebuild()
}

/// Whether one kind of guest of the host has all that is wanted; the version counts only when something is wanted.
fn supports(state: &HostState, wanted: &[String], version: Option<&str>) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let offered = state.supported_instances.iter().any(|kind| {
        let names = [&kind.architecture, &kind.hypervisor_type, &kind.vm_mode];
        wanted.iter().all(|name| names.contains(&name))
    });
    offered && version.is_none_or(|predicate| version_satisfies(state.hypervisor_version, predicate))
}

fn has_address_bits(state: &HostState, bits: &str) -> bool {
    let host_bits = state.cpu_info.as_ref().and_then(|info| info["maxphysaddr"]["bits"].as_u64());
    matches!((bits.parse::<u64>(), host_bits), (Ok(wanted), Some(bits)) if wanted <= bits)
}

fn canonical_architecture(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "i386" | "i486" | "i586" => "i686".to_owned(),
        "amd64" => "x86_64".to_owned(),
        other => other.to_owned(),
    }
}

fn canonical_hypervisor(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "xapi" => "xen".to_owned(),
        "powervm" => "phyp".to_owned(),
        other => other.to_owned(),
    }
}

fn canonical_vm_mode(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "pv" => "xen".to_owned(),
        "hv" | "baremetal" => "hvm".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether a version, given as one integer with three digits a part, meets a predicate such as `>=1.0,<2`. A version of
/// 0 is unknown and meets all; a predicate that cannot be read is met by none.
fn version_satisfies(version: u32, predicate: &str) -> bool {
    if version == 0 {
        return true;
    }
    let mut parts = Vec::new();
    let mut rest = version;
    while rest > 0 {
        parts.insert(0, u64::from(rest % 1000));
        rest /= 1000;
    }
    predicate.split(',').all(|condition| condition_holds(&parts, condition.trim()))
}

/// Whether an order is the one that is asked for.
type Holds = fn(Ordering) -> bool;

fn condition_holds(parts: &[u64], condition: &str) -> bool {
    // Longer operators first: `<=` begins with `<`.
    let operators: [(&str, Holds); 6] = [
        ("<=", Ordering::is_le),
        (">=", Ordering::is_ge),
        ("==", Ordering::is_eq),
        ("!=", Ordering::is_ne),
        ("<", Ordering::is_lt),
        (">", Ordering::is_gt),
    ];
    operators
        .iter()
        .find_map(|(operator, holds)| condition.strip_prefix(operator).map(|text| (text, holds)))
        .is_some_and(|(text, holds)| {
            let wanted: Result<Vec<u64>, _> = text.trim().split('.').map(str::parse).collect();
            wanted.is_ok_and(|wanted| holds(compare_versions(parts, &wanted)))
        })
}

/// Compares part by part; parts that are not there are 0.
fn compare_versions(a: &[u64], b: &[u64]) -> Ordering {
    let part = |version: &[u64], index: usize| version.get(index).copied().unwrap_or(0);
    (0..a.len().max(b.len()))
        .map(|index| part(a, index).cmp(&part(b, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use crate::SupportedInstance;
    use crate::filters::tests::{Case, host, passes, passes_with, request_with_image};
    use model::Options;
    use model::options::FilterName::ImagePropertiesFilter;
    use std::sync::Arc;

    fn kvm_host() -> crate::HostState {
        let mut state = host("host1");
        state.hypervisor_version = 6_002_000;
        state.cpu_info = Some(Arc::new(serde_json::json!({"maxphysaddr": {"bits": 46}})));
        state.supported_instances = vec![SupportedInstance {
            architecture: "x86_64".into(),
            hypervisor_type: "kvm".into(),
            vm_mode: "hvm".into(),
        }];
        state
    }

    #[test]
    fn image_properties_must_occur_in_one_kind_of_guest() {
        let cases: &[Case<&[(&str, &str)]>] = &[
            ("nothing wanted", &[], true),
            ("the architecture", &[("hw_architecture", "x86_64")], true),
            ("an alias of it", &[("hw_architecture", "AMD64")], true),
            ("another architecture", &[("hw_architecture", "aarch64")], false),
            (
                "all three",
                &[("hw_architecture", "x86_64"), ("img_hv_type", "kvm"), ("hw_vm_mode", "hvm")],
                true,
            ),
            ("another mode", &[("hw_vm_mode", "xen")], false),
            ("a version it has", &[("img_hv_type", "kvm"), ("img_hv_requested_version", ">=6.0,<7")], true),
            ("a version it lacks", &[("img_hv_type", "kvm"), ("img_hv_requested_version", ">6.2")], false),
            ("no version at all", &[("img_hv_type", "kvm"), ("img_hv_requested_version", "six")], false),
            ("a version alone counts for nothing", &[("img_hv_requested_version", ">=9")], true),
            ("address bits it has", &[("hw_maxphysaddr_bits", "46")], true),
            ("address bits it lacks", &[("hw_maxphysaddr_bits", "52")], false),
        ];
        for (what, properties, expected) in cases {
            let asked = request_with_image(properties);
            assert_eq!(passes(ImagePropertiesFilter, &asked, &kvm_host()), *expected, "{what}");
        }
    }

    #[test]
    fn a_host_that_advertises_nothing_fails_whoever_wants_something() {
        let silent = host("host1");
        assert!(passes(ImagePropertiesFilter, &request_with_image(&[]), &silent));
        assert!(!passes(ImagePropertiesFilter, &request_with_image(&[("hw_vm_mode", "hvm")]), &silent));
    }

    #[test]
    fn the_default_architecture_stands_in_for_an_image_without_one() {
        let mut options = Options::default();
        options.set_by_name("image_properties_default_architecture", "aarch64").unwrap();
        assert!(!passes_with(ImagePropertiesFilter, &request_with_image(&[]), &kvm_host(), &options));
        let named = request_with_image(&[("hw_architecture", "x86_64")]);
        assert!(passes_with(ImagePropertiesFilter, &named, &kvm_host(), &options));
    }
}
