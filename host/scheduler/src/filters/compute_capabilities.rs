//! ComputeCapabilitiesFilter: extra specs that speak of what the host can do
//! (`nova/scheduler/filters/compute_capabilities_filter.py`).

use super::extra_specs_ops::matches;
use super::{Filter, attributes};
use crate::host_state::HostState;
use model::RequestSpec;

/// A requirement: a path of names from the host's state on, and what must be found there.
struct Requirement<'a> {
    path: Vec<&'a str>,
    wanted: String,
    /// Whether a host that knows no such name passes.
    optional: bool,
}

pub(super) fn filter<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let requirements: Vec<Requirement<'a>> =
        request.flavor.extra_specs.iter().filter_map(|(key, wanted)| requirement(key, wanted)).collect();
    Filter::new(move |state| requirements.iter().all(|requirement| satisfies(state, requirement))).once()
}

/// What an extra spec asks of the host, if anything. A key without a scope counts only if the host has such a name.
fn requirement<'a>(key: &'a str, wanted: &str) -> Option<Requirement<'a>> {
    if key == "hw:maxphysaddr_bits" {
        let path = vec!["cpu_info", "maxphysaddr", "bits"];
        return Some(Requirement { path, wanted: format!(">= {wanted}"), optional: false });
    }
    match key.split_once(':') {
        None => Some(Requirement { path: vec![key], wanted: wanted.to_owned(), optional: true }),
        Some(("capabilities", path)) => {
            Some(Requirement { path: path.split(':').collect(), wanted: wanted.to_owned(), optional: false })
        }
        Some(_) => None,
    }
}

fn satisfies(state: &HostState, requirement: &Requirement<'_>) -> bool {
    if requirement.optional && !requirement.path.iter().all(|name| attributes::is_known(state, name)) {
        return true;
    }
    attributes::at_path(state, &requirement.path)
        .is_some_and(|value| matches(&attributes::as_text(&value), &requirement.wanted))
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{Case, host, passes, request};
    use model::options::FilterName::ComputeCapabilitiesFilter;
    use std::sync::Arc;

    #[test]
    fn extra_specs_are_held_against_attributes_statistics_and_processor_information() {
        let mut state = host("host1");
        state.hypervisor_type = "QEMU".into();
        state.stats.insert("speed".into(), "fast".into());
        state.cpu_info = Some(Arc::new(serde_json::json!({"vendor": "Intel", "maxphysaddr": {"bits": 46}})));
        let cases: &[Case<(&str, &str)>] = &[
            ("an attribute that matches", ("capabilities:hypervisor_type", "QEMU"), true),
            ("an attribute that does not", ("capabilities:hypervisor_type", "s== fake"), false),
            ("a number", ("capabilities:vcpus_total", ">= 2"), true),
            ("a statistic", ("capabilities:speed", "<or> slow <or> fast"), true),
            ("a path into the processor information", ("capabilities:cpu_info:vendor", "Intel"), true),
            ("a name nobody knows", ("capabilities:luck", "good"), false),
            ("a path past its end", ("capabilities:speed:unit", "km/h"), false),
            ("no scope, a known name", ("hypervisor_type", "fake"), false),
            ("no scope, an unknown name", ("luck", "good"), true),
            ("another scope", ("quota:cpu_shares", "1"), true),
            ("address bits the host has", ("hw:maxphysaddr_bits", "46"), true),
            ("address bits the host lacks", ("hw:maxphysaddr_bits", "47"), false),
        ];
        for (what, (key, wanted), expected) in cases {
            let mut asked = request();
            asked.flavor.extra_specs.insert((*key).into(), (*wanted).into());
            assert_eq!(passes(ComputeCapabilitiesFilter, &asked, &state), *expected, "{what}");
        }
    }
}
