//! The filter chain (`nova/filters.py`, `nova/scheduler/filters/`): one file a filter, or a few that read alike.

pub(crate) mod aggregates;
mod attributes;
mod compute;
mod compute_capabilities;
mod extra_specs_ops;
mod hints;
mod image_properties;
mod isolated_hosts;
mod json;
mod load;
mod metrics;
mod numa_topology;
pub(crate) mod pci_passthrough;
mod server_group;
#[cfg(test)]
mod tests;

use crate::decision::Refused;
use crate::host_state::HostState;
use crate::schedule::{Round, is_rebuild_check};
use model::options::FilterName;
use model::{Options, RequestSpec};

/// Whether a host passes.
type Test<'a> = Box<dyn Fn(&HostState) -> bool + 'a>;

/// A filter made ready for one request.
struct Filter<'a> {
    test: Test<'a>,
    /// Whether it runs only for the first server of a request for several.
    once: bool,
    /// Whether it runs when a server is rebuilt where it is.
    on_rebuild: bool,
}

impl<'a> Filter<'a> {
    /// A filter that runs for each server of a request, and not on rebuild.
    fn new(test: impl Fn(&HostState) -> bool + 'a) -> Self {
        Self { test: Box::new(test), once: false, on_rebuild: false }
    }

    /// Its answer is the same for every server of a request.
    fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// It also runs when a server is rebuilt where it is.
    fn on_rebuild(self) -> Self {
        Self { on_rebuild: true, ..self }
    }
}

/// Runs the enabled filters one after the other; each sees the hosts that all before it passed.
pub(crate) fn run(
    request: &RequestSpec,
    mut hosts: Vec<HostState>,
    options: &Options,
    round: Round,
    refused: &mut Vec<Refused>,
) -> Vec<HostState> {
    let rebuild = is_rebuild_check(request);
    for name in &options.enabled_filters {
        if hosts.is_empty() {
            break;
        }
        let filter = prepare(*name, request, options);
        if (filter.once && round == Round::Later) || (rebuild && !filter.on_rebuild) {
            continue;
        }
        hosts.retain(|state| {
            let passes = (filter.test)(state);
            if !passes {
                let (host, node) = (state.host.clone(), state.node.clone());
                refused.push(Refused { host, node, filter: name.as_str() });
            }
            passes
        });
    }
    hosts
}

fn prepare<'a>(name: FilterName, request: &'a RequestSpec, options: &'a Options) -> Filter<'a> {
    match name {
        FilterName::AggregateImagePropertiesIsolation => aggregates::image_properties(request, options),
        FilterName::AggregateInstanceExtraSpecsFilter => aggregates::extra_specs(request),
        FilterName::AggregateIoOpsFilter => load::aggregate_io_ops(options),
        FilterName::AggregateMultiTenancyIsolation => aggregates::tenants(request),
        FilterName::AggregateNumInstancesFilter => load::aggregate_num_instances(options),
        FilterName::AggregateTypeAffinityFilter => aggregates::flavors(request),
        FilterName::AllHostsFilter => Filter::new(|_| true).once(),
        FilterName::ComputeCapabilitiesFilter => compute_capabilities::filter(request),
        FilterName::ComputeFilter => compute::filter(),
        FilterName::DifferentHostFilter => hints::different_host(request),
        FilterName::ImagePropertiesFilter => image_properties::filter(request, options),
        FilterName::IoOpsFilter => load::io_ops(options),
        FilterName::IsolatedHostsFilter => isolated_hosts::filter(request, options),
        FilterName::JsonFilter => json::filter(request),
        FilterName::MetricsFilter => metrics::filter(options),
        FilterName::NUMATopologyFilter => numa_topology::filter(request),
        FilterName::NumInstancesFilter => load::num_instances(options),
        FilterName::PciPassthroughFilter => pci_passthrough::filter(request),
        FilterName::SameHostFilter => hints::same_host(request),
        FilterName::ServerGroupAffinityFilter => server_group::affinity(request),
        FilterName::ServerGroupAntiAffinityFilter => server_group::anti_affinity(request),
        FilterName::SimpleCIDRAffinityFilter => hints::near_address(request),
    }
}

/// A property of the request's image.
fn image_property<'a>(request: &'a RequestSpec, name: &str) -> Option<&'a str> {
    request.image_meta.as_ref()?.properties.get(name).map(String::as_str)
}
