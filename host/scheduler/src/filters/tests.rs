//! What the tests of the filters share, and the tests of the chain itself.

use super::{prepare, run};
use crate::host_state::HostState;
use crate::schedule::Round;
pub(super) use crate::testing::{host, host_with, in_aggregate, request, request_with_image, server};
use model::options::FilterName;
use model::{Options, RequestSpec};

/// What is tried, with what, and whether the host should pass.
pub(crate) type Case<T> = (&'static str, T, bool);

pub(crate) fn passes(name: FilterName, request: &RequestSpec, state: &HostState) -> bool {
    passes_with(name, request, state, &Options::default())
}

pub(crate) fn passes_with(
    name: FilterName,
    request: &RequestSpec,
    state: &HostState,
    options: &Options,
) -> bool {
    (prepare(name, request, options).test)(state)
}

#[test]
fn which_filters_run_once_and_which_on_rebuild() {
    let (request, options) = (request(), Options::default());
    let each_time = [
        "AggregateIoOpsFilter",
        "AggregateNumInstancesFilter",
        "IoOpsFilter",
        "JsonFilter",
        "MetricsFilter",
        "NUMATopologyFilter",
        "NumInstancesFilter",
        "PciPassthroughFilter",
        "ServerGroupAffinityFilter",
        "ServerGroupAntiAffinityFilter",
    ];
    let on_rebuild = ["AggregateImagePropertiesIsolation", "ImagePropertiesFilter", "IsolatedHostsFilter"];
    for name in FilterName::ALL {
        let filter = prepare(*name, &request, &options);
        assert_eq!(filter.once, !each_time.contains(&name.as_str()), "{name:?}");
        assert_eq!(filter.on_rebuild, on_rebuild.contains(&name.as_str()), "{name:?}");
    }
}

#[test]
fn each_host_is_refused_by_the_first_filter_that_does_not_pass_it() {
    let mut options = Options::default();
    options.set_by_name("enabled_filters", "ComputeFilter,NumInstancesFilter").unwrap();
    let (mut down, mut full, mut both) = (host("down"), host("full"), host("both"));
    (down.service_up, both.service_up) = (false, false);
    (full.num_instances, both.num_instances) = (50, 50);
    let mut refused = Vec::new();
    let hosts = vec![both, down, full, host("good")];
    let passed = run(&request(), hosts, &options, Round::First, &mut refused);
    let names: Vec<_> = passed.iter().map(|state| state.host.as_str()).collect();
    assert_eq!(names, ["good"]);
    let reasons: Vec<_> = refused.iter().map(|one| (one.host.as_str(), one.filter)).collect();
    assert_eq!(
        reasons,
        [("both", "ComputeFilter"), ("down", "ComputeFilter"), ("full", "NumInstancesFilter")]
    );
}

#[test]
fn later_rounds_and_rebuild_checks_leave_out_the_filters_that_are_not_for_them() {
    let mut options = Options::default();
    options.set_by_name("enabled_filters", "ComputeFilter,NumInstancesFilter,ImagePropertiesFilter").unwrap();
    let mut state = host("host1");
    (state.service_up, state.num_instances) = (false, 50);
    let refusal = |request: &RequestSpec, round| {
        let mut refused = Vec::new();
        run(request, vec![state.clone()], &options, round, &mut refused);
        refused.first().map(|one| one.filter)
    };
    assert_eq!(refusal(&request(), Round::First), Some("ComputeFilter"));
    assert_eq!(refusal(&request(), Round::Later), Some("NumInstancesFilter"));
    let mut rebuild = request_with_image(&[("hw_vm_mode", "hvm")]);
    rebuild.scheduler_hints.insert("_nova_check_type".into(), vec!["rebuild".into()]);
    assert_eq!(refusal(&rebuild, Round::First), Some("ImagePropertiesFilter"));
}
