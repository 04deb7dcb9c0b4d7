//! Filters that hold a request against the metadata of a host's aggregates
//! (`nova/scheduler/filters/aggregate_image_properties_isolation.py`, `aggregate_instance_extra_specs.py`,
//! `aggregate_multitenancy_isolation.py`, `type_filter.py`).

use super::extra_specs_ops::matches;
use super::{Filter, image_property};
use crate::host_state::HostState;
use model::{Options, RequestSpec};
use std::collections::{BTreeMap, BTreeSet};

/// All metadata of the host's aggregates: by key, the parts of its comma-separated values.
fn metadata(state: &HostState) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, value) in state.aggregates.iter().flat_map(|aggregate| &aggregate.metadata) {
        all.entry(key).or_default().extend(value.split(',').map(str::trim));
    }
    all
}

/// The beginnings of the image properties that Nova knows; what else aggregates name is not held against an image.
const KNOWN_PREFIXES: [&str; 3] = ["hw_", "img_", "os_"];

/// AggregateImagePropertiesIsolation: an image property that an aggregate names must have one of its values.
pub(super) fn image_properties<'a>(request: &'a RequestSpec, options: &'a Options) -> Filter<'a> {
    let separator = &options.aggregate_image_properties_isolation_separator;
    let prefix = (options.aggregate_image_properties_isolation_namespace.as_ref())
        .map(|namespace| format!("{namespace}{separator}"));
    Filter::new(move |state| {
        metadata(state)
            .iter()
            .filter(|(key, _)| prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix.as_str())))
            .filter(|(key, _)| KNOWN_PREFIXES.iter().any(|known| key.starts_with(known)))
            .all(|(key, values)| image_property(request, key).is_none_or(|value| values.contains(value)))
    })
    .once()
    .on_rebuild()
}

/// AggregateInstanceExtraSpecsFilter: each extra spec without a scope, or with the filter's own, must match.
pub(super) fn extra_specs<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let wanted: Vec<(&str, &str)> = (request.flavor.extra_specs.iter())
        .filter_map(|(key, wanted)| match key.split_once(':') {
            None => Some((key.as_str(), wanted.as_str())),
            Some(("aggregate_instance_extra_specs", key)) => Some((key, wanted.as_str())),
            Some(_) => None,
        })
        .collect();
    Filter::new(move |state| {
        let metadata = metadata(state);
        wanted.iter().all(|(key, wanted)| {
            metadata.get(key).is_some_and(|values| values.iter().any(|value| matches(value, wanted)))
        })
    })
    .once()
}

/// The beginning of the metadata keys that name the projects an aggregate is for.
pub(crate) const TENANT_KEY: &str = "filter_tenant_id";

/// AggregateMultiTenancyIsolation: a host in aggregates that name projects takes servers of those only.
pub(super) fn tenants<'a>(request: &'a RequestSpec) -> Filter<'a> {
    Filter::new(move |state| {
        let metadata = metadata(state);
        let mut named = metadata.iter().filter(|(key, _)| key.starts_with(TENANT_KEY)).peekable();
        named.peek().is_none() || named.any(|(_, projects)| projects.contains(request.project_id.as_str()))
    })
    .once()
}

/// AggregateTypeAffinityFilter: a host in aggregates that name flavors takes those only.
pub(super) fn flavors<'a>(request: &'a RequestSpec) -> Filter<'a> {
    Filter::new(move |state| {
        let values = state.aggregate_values("instance_type");
        values.is_empty()
            || values.iter().any(|value| value.split(',').any(|name| name.trim() == request.flavor.name))
    })
    .once()
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{Case, host, in_aggregate, passes, passes_with, request, request_with_image};
    use model::Options;
    use model::options::FilterName::{
        AggregateImagePropertiesIsolation, AggregateInstanceExtraSpecsFilter, AggregateMultiTenancyIsolation,
        AggregateTypeAffinityFilter,
    };

    #[test]
    fn image_properties_that_aggregates_name_must_have_one_of_their_values() {
        let mut state = host("host1");
        in_aggregate(&mut state, &[("os_distro", "debian, fedora"), ("unrelated", "x")]);
        let cases: &[Case<&[(&str, &str)]>] = &[
            ("an image without the property", &[], true),
            ("one of the values", &[("os_distro", "fedora")], true),
            ("another value", &[("os_distro", "windows")], false),
            ("a property no aggregate names", &[("hw_disk_bus", "scsi")], true),
            ("a property Nova does not know", &[("unrelated", "y")], true),
        ];
        for (what, properties, expected) in cases {
            let asked = request_with_image(properties);
            assert_eq!(passes(AggregateImagePropertiesIsolation, &asked, &state), *expected, "{what}");
        }
        let mut options = Options::default();
        options.set_by_name("aggregate_image_properties_isolation_namespace", "os").unwrap();
        let windows = request_with_image(&[("os_distro", "windows")]);
        assert!(
            passes_with(AggregateImagePropertiesIsolation, &windows, &state, &options),
            "outside the namespace"
        );
        options.set_by_name("aggregate_image_properties_isolation_separator", "_").unwrap();
        assert!(
            !passes_with(AggregateImagePropertiesIsolation, &windows, &state, &options),
            "inside the namespace"
        );
    }

    #[test]
    fn extra_specs_must_match_some_aggregate() {
        let mut state = host("host1");
        in_aggregate(&mut state, &[("ssd", "true"), ("cores", "4")]);
        in_aggregate(&mut state, &[("cores", "8,16")]);
        let cases: &[Case<(&str, &str)>] = &[
            ("a match without scope", ("ssd", "true"), true),
            ("no match", ("ssd", "false"), false),
            ("a match with scope", ("aggregate_instance_extra_specs:cores", ">= 16"), true),
            ("no match with scope", ("aggregate_instance_extra_specs:cores", ">= 17"), false),
            ("a key no aggregate has", ("gpu", "true"), false),
            ("another scope", ("hw:cpu_policy", "dedicated"), true),
        ];
        for (what, (key, wanted), expected) in cases {
            let mut asked = request();
            asked.flavor.extra_specs.insert((*key).into(), (*wanted).into());
            assert_eq!(passes(AggregateInstanceExtraSpecsFilter, &asked, &state), *expected, "{what}");
        }
        assert!(passes(AggregateInstanceExtraSpecsFilter, &request(), &host("host1")));
    }

    #[test]
    fn hosts_kept_for_projects_take_those_of_all_their_aggregates() {
        let mut state = host("host1");
        assert!(passes(AggregateMultiTenancyIsolation, &request(), &state));
        in_aggregate(&mut state, &[("filter_tenant_id", "other, third")]);
        assert!(!passes(AggregateMultiTenancyIsolation, &request(), &state));
        in_aggregate(&mut state, &[("filter_tenant_id2", "project")]);
        assert!(passes(AggregateMultiTenancyIsolation, &request(), &state));
    }

    #[test]
    fn hosts_kept_for_flavors_take_those_only() {
        let mut state = host("host1");
        assert!(passes(AggregateTypeAffinityFilter, &request(), &state));
        in_aggregate(&mut state, &[("instance_type", "m1.small")]);
        assert!(!passes(AggregateTypeAffinityFilter, &request(), &state));
        in_aggregate(&mut state, &[("instance_type", "m1.large, m1.tiny")]);
        assert!(passes(AggregateTypeAffinityFilter, &request(), &state));
    }
}
